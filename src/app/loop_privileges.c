// SPDX-License-Identifier: BSD-2-Clause
/* A run's privileges only become less, and that once. */
#include <inttypes.h>

#include "app/log.h"
#include "app/loop_internal.h"
#include "app/privileges.h"

/* privileges_try_fn */
static int try_counting(void *handle)
{
	return xdptail_check_rights(handle);
}

void loop_drop_privileges(struct loop *l, const struct privileges_user *user)
{
	const struct privileges_need need = {
		.keep = xdptail_capabilities(l->handle),
		.fn = try_counting,
		.arg = l->handle,
	};
	struct reason why = { 0 };
	int err;

	if (l->stop_reason)
		return;
	err = privileges_drop(user, &need, &why);
	if (err) {
		log_error("%s", why.text);
		loop_stop(l, "cannot drop privileges",
			  exit_code_of_error(err, EXIT_CODE_PERMISSION));
		return;
	}
	log_debug("privileges are dropped; capabilities left: 0x%" PRIx64, privileges_left());
}
