/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the loaded program on frames, one at a time, without an interface (BPF_PROG_RUN). */
#ifndef LIB_PROG_RUN_H
#define LIB_PROG_RUN_H

#include <stddef.h>

#include "abi.h"
#include "lib/capture_file.h"
#include "lib/object.h"
#include "base/reason.h"

/* Bytes of a frame that a program can reach: a page, less what the kernel keeps in it. A longer
 * frame is cut to this for a program for one buffer (6.18), without an error.
 */
#define PROG_RUN_REACH 3072

struct prog_run;

/* o is borrowed and must outlive it. Returns 0, or -errno with the reason set. */
int prog_run_open(struct prog_run **ret, const struct object *o, struct reason *r);
void prog_run_close(struct prog_run *p); /* NULL is fine */

/* Pins the calling thread to one CPU, always the same one, up to prog_run_end(), because samples
 * are counted per CPU. Returns 0, or -errno with the reason set.
 */
int prog_run_begin(struct prog_run *p, struct reason *r);
void prog_run_end(struct prog_run *p);

unsigned int prog_run_cpu(const struct prog_run *p); /* the CPU of prog_run_begin() */

/* Runs the program for Ethernet, or its sibling if the frame's Ethernet header is made up and IP is
 * behind it. Bytes that were cut from the frame, or replaced by that header, count in its length
 * but are out of the program's reach. That needs a program for several buffers, and a kernel that
 * splits its input (6.18). Returns 1: the program has seen the frame; 0: it cannot be given to the
 * program; or -errno with the reason set.
 */
int prog_run_frame(struct prog_run *p, const struct capture_frame *frame, struct reason *r);

/* These functions read and write the program's sample counter of that CPU, to count a frame in
 * place of the program. They return 0, or -errno with the reason set.
 */
int prog_run_get_counter(struct prog_run *p, struct sample_counter *ret, struct reason *r);
int prog_run_set_counter(struct prog_run *p, const struct sample_counter *counter,
			 struct reason *r);

#endif
