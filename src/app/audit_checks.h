/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict on a run of which everything was read: what is missing, who accounts for it, and
 * whether the sums agree.
 *
 * A missing record is accounted for when an output says that it dropped or filtered as many, or
 * when a line of the run is truncated. Which output has written what is audited is not known, so
 * the one that dropped most is taken.
 */
#ifndef APP_AUDIT_CHECKS_H
#define APP_AUDIT_CHECKS_H

#include "app/audit_run.h"

/* To be called once. unread: there was a file that could not be read, so that what is missing may
 * be in it. The verdict is the worst of the run's findings.
 */
void audit_checks_run(struct audit_run *run, bool unread);

#endif
