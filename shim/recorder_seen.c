/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/recorder_seen.h"

#include <stdio.h>
#include <string.h>

static const struct seen_values *values_at(const struct seen_calls *seen, const struct seen_place *at)
{
	return at->arguments < 0 ? NULL : &seen->values[at->place >> CALL_BITS][at->arguments];
}

static unsigned find_values(const struct seen_values *values, const unsigned wanted[2])
{
	unsigned i = 0;

	while (i < values->count && memcmp(values->list[i].values, wanted, sizeof values->list[i].values) != 0)
		i++;
	return i;
}

bool seen_is_known(const struct seen_calls *seen, const struct seen_place *at)
{
	const struct seen_values *values = values_at(seen, at);

	return seen->calls[at->place].seen.is && (!values || values->many || find_values(values, at->values) < values->count);
}

static void add(struct refused *by, const char *program)
{
	if (!by->seen.is)
		(void)snprintf(by->seen.program, sizeof by->seen.program, "%s", program);
	by->seen.is = 1;
	by->count++;
}

void seen_add(struct seen_calls *seen, const struct seen_place *at, const char *program)
{
	struct seen_values *values;
	unsigned i;

	add(&seen->calls[at->place], program);
	if (at->arguments < 0)
		return;
	values = &seen->values[at->place >> CALL_BITS][at->arguments];
	i = find_values(values, at->values);
	if (i == VALUES_MAX) {
		values->many = true;
		return;
	}
	if (i == values->count) {
		memcpy(values->list[i].values, at->values, sizeof at->values);
		values->count++;
	}
	add(&values->list[i].by, program);
}

/* --- as needs --- */

static int each_value(const struct seen_values *values, unsigned place,
		      int (*each)(const struct need *need, unsigned count, void *data, struct error *err), void *data,
		      struct error *err)
{
	char name[NEED_NAME_MAX], program[PROGRAM_NAME];
	int r = 0;

	for (unsigned i = 0; i < values->count && r == 0; i++) {
		struct need need = call_need(place, values->list[i].values, values->list[i].by.seen.program, name, program);

		if (values->many) {
			need.many = true;
			need.count = 0;
		}
		r = each(&need, values->list[i].by.count, data, err);
	}
	return r;
}

/* A call whose arguments were looked at is told of by them alone. */
int seen_each(const struct seen_calls *seen, int (*each)(const struct need *need, unsigned count, void *data, struct error *err),
	      void *data, struct error *err)
{
	char name[NEED_NAME_MAX], program[PROGRAM_NAME];
	int r = 0;

	for (unsigned place = 0; place < CALL_PLACES && r == 0; place++) {
		const struct refused *by = &seen->calls[place];
		const struct recorded_arguments *which;
		const struct seen_values *values;
		struct need need;

		if (!by->seen.is)
			continue;
		need = call_need(place, NULL, by->seen.program, name, program);
		which = recorded_arguments_find(name);
		values = which ? &seen->values[need.abi][which - recorded_arguments] : NULL;
		r = values && values->count ? each_value(values, place, each, data, err) : each(&need, by->count, data, err);
	}
	return r;
}

static int add_need(const struct need *need, unsigned count, void *data, struct error *err)
{
	(void)count;
	return needs_add(data, need, err);
}

int seen_read(const struct seen_calls *seen, struct recording *recording, struct error *err)
{
	int r = seen_each(seen, add_need, &recording->needs, err);
	char name[NEED_NAME_MAX];

	for (unsigned place = 0; place < CALL_PLACES && r == 0; place++) {
		struct need need = {.kind = NEED_CALL, .abi = place >> CALL_BITS, .name = name};

		if (!seen->runtime[place])
			continue;
		call_name(place, name);
		r = needs_add(&recording->runtime_needs, &need, err);
	}
	return r;
}
