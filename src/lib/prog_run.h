/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames through the loaded program, one at a time, without an interface (BPF_PROG_RUN). */
#ifndef LIB_PROG_RUN_H
#define LIB_PROG_RUN_H

#include <stddef.h>

#include "abi.h"
#include "lib/capture_file.h"
#include "lib/object.h"
#include "base/reason.h"

/* Bytes of a frame that a program can reach: a page, less what the kernel keeps in it. A program
 * for one buffer is given no more of a longer frame (6.18), without a word.
 */
#define PROG_RUN_REACH 3072

struct prog_run;

/* o is borrowed and must outlive it. 0 or -errno with the reason set. */
int prog_run_open(struct prog_run **ret, const struct object *o, struct reason *r);
void prog_run_close(struct prog_run *p); /* NULL is fine */

/* Between these two the calling thread stays on one CPU, always the same: samples are counted on
 * each. 0 or -errno with the reason set.
 */
int prog_run_begin(struct prog_run *p, struct reason *r);
void prog_run_end(struct prog_run *p);

unsigned int prog_run_cpu(const struct prog_run *p); /* that one */

/* Through the program for Ethernet, or its sibling where the frame's Ethernet header is made up and
 * IP is behind it. What was cut from a frame, or stood there in place of that header, counts in its
 * length and is out of the program's reach; that takes a program for several buffers, and a kernel
 * that splits what it is given (6.18).
 * 1: the program has seen the frame; 0: it can't be given to it, and has not; or -errno with the
 * reason set.
 */
int prog_run_frame(struct prog_run *p, const struct capture_frame *frame, struct reason *r);

/* The program's sample counter of that CPU: to count a frame in its place, and go on. 0 or -errno
 * with the reason set.
 */
int prog_run_get_counter(struct prog_run *p, struct sample_counter *ret, struct reason *r);
int prog_run_set_counter(struct prog_run *p, const struct sample_counter *counter,
			 struct reason *r);

#endif
