/* SPDX-License-Identifier: BSD-2-Clause */
/* The subcommand doctor: would counting work here, and if not, why? */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

/* argv[0] is "doctor". Returns the exit code, which is that of a run that would be cut short by
 * what was found.
 */
int doctor_main(int argc, char *const argv[]);

#endif
