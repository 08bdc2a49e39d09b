/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/call_names.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/architecture.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add(struct call_names *names, uint32_t token, uint32_t number, struct error *err)
{
	enum { STEP = 256 };
	char *name = architecture_call_name(token, number);

	if (name && names->count % STEP == 0) {
		char **more = reallocarray(names->list, names->count + STEP, sizeof *more);

		if (!more) {
			free(name);
			return error_set(err, ENOMEM, "list the system calls: out of memory");
		}
		names->list = more;
	}
	if (name)
		names->list[names->count++] = name;
	return 0;
}

static void leave_each_once(struct call_names *names)
{
	unsigned kept = 0;

	if (names->count)
		qsort(names->list, names->count, sizeof *names->list, by_name);
	for (unsigned i = 0; i < names->count; i++) {
		if (kept && strcmp(names->list[kept - 1], names->list[i]) == 0)
			free(names->list[i]);
		else
			names->list[kept++] = names->list[i];
	}
	names->count = kept;
}

int call_names_of(const uint32_t *tokens, unsigned count, struct call_names *ret_names, struct error *err)
{
	_cleanup_call_names_ struct call_names names = {0};
	int r = 0;

	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < ARCHITECTURE_NUMBERS && tokens[i]; k++)
			for (uint32_t n = architecture_numbers[k].from; n <= architecture_numbers[k].to && r == 0; n++)
				r = add(&names, tokens[i], n, err);
	if (r < 0)
		return r;
	leave_each_once(&names);
	*ret_names = names;
	names = (struct call_names){0};
	return 0;
}

int call_names_find(const struct call_names *names, const char *name)
{
	char *const *found = names->count ? bsearch(&name, names->list, names->count, sizeof *names->list, by_name) : NULL;

	return found ? (int)(found - names->list) : -1;
}

void call_names_close(struct call_names *names)
{
	for (unsigned i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct call_names){0};
}
