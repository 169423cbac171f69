/* SPDX-License-Identifier: BSD-2-Clause */
/* What this kernel can do, found by trying, because distributions backport features. Each function
 * returns 0, or -errno: -EPERM if the process may not try, so that the answer is unknown. They
 * leave nothing behind.
 */
#ifndef LIB_FEATURE_H
#define LIB_FEATURE_H

int feature_programs(void); /* XDP programs at all */
int feature_frags(void); /* XDP programs for frames in several buffers, 5.18 */
int feature_unaligned(void); /* programs that read words at the start of a frame */
int feature_ring_buffer(void); /* a ring buffer (5.8) that this process can read */
int feature_batch(void); /* operations on many elements of a hash at once, 5.6 */
int feature_links(void); /* XDP links, which end with their process, 5.9 */
int feature_memcg(void); /* maps count against the control group, not RLIMIT_MEMLOCK, 5.11 */

#endif
