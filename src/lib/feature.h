/* SPDX-License-Identifier: BSD-2-Clause */
/* What this kernel can do, found by trying: versions lie, as distributions backport. Each answers
 * 0, or -errno: -EPERM where the rights to try are missing, so that nothing is known. They leave
 * nothing behind.
 */
#ifndef LIB_FEATURE_H
#define LIB_FEATURE_H

int feature_programs(void); /* XDP programs at all */
int feature_frags(void); /* those for frames in several buffers, 5.18 */
int feature_unaligned(void); /* those that read words where frames begin */
int feature_ring_buffer(void); /* 5.8, and one that we can read */
int feature_batch(void); /* operations on many elements of a hash at once, 5.6 */
int feature_links(void); /* that end with their process, for XDP, 5.9 */
int feature_memcg(void); /* maps count against the control group, not RLIMIT_MEMLOCK, 5.11 */

#endif
