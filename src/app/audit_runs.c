// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_runs.h"

#include <errno.h>
#include <stdlib.h>

#define CAP_MIN 16

void audit_runs_free(struct audit_runs *runs)
{
	struct audit_run *next;

	for (struct audit_run *run = runs->first; run; run = next) {
		next = run->next;
		audit_run_free(run);
	}
	free(runs->table);
	*runs = (struct audit_runs){ 0 };
}

/* Where it is, or the free place where it would be. Ids are random, but somebody may have made
 * them.
 */
static struct audit_run **find_run(const struct audit_runs *runs, uint64_t id)
{
	size_t i = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (i &= runs->cap - 1; runs->table[i] && runs->table[i]->id != id;)
		i = (i + 1) & (runs->cap - 1);
	return &runs->table[i];
}

static int grow_runs(struct audit_runs *runs)
{
	size_t cap = runs->cap ? runs->cap * 2 : CAP_MIN;
	struct audit_run **table = calloc(cap, sizeof(struct audit_run *));

	if (!table)
		return -ENOMEM;
	free(runs->table);
	runs->table = table;
	runs->cap = cap;
	for (struct audit_run *run = runs->first; run; run = run->next)
		*find_run(runs, run->id) = run;
	return 0;
}

static int insert_run(struct audit_runs *runs, uint64_t id)
{
	struct audit_run *run;
	int err = runs->n >= runs->cap / 2 ? grow_runs(runs) : 0;

	if (!err)
		err = audit_run_new(&run, id);
	if (err)
		return err;
	if (runs->last)
		runs->last->next = run;
	else
		runs->first = run;
	runs->last = run;
	runs->n++;
	*find_run(runs, id) = run;
	runs->found = run;
	return 0;
}

int audit_runs_get(struct audit_runs *runs, uint64_t id, struct audit_run **ret)
{
	struct audit_run *run = runs->found;
	int err = 0;

	if (!run || run->id != id) {
		run = runs->cap ? *find_run(runs, id) : NULL;
		if (run)
			runs->found = run;
		else
			err = insert_run(runs, id);
	}
	if (!err)
		*ret = runs->found;
	return err;
}
