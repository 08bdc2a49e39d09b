/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/tally.h"

#include "lib/base/cleanup.h"

static int order_entries(const void *a, const void *b)
{
	return need_order(((const struct tally_entry *)a)->need, ((const struct tally_entry *)b)->need);
}

/* Equal ones, which are neighbours, become one. */
static size_t merge_equal(struct tally_entry *list, size_t count)
{
	size_t merged = 0;

	for (size_t i = 0; i < count; i++) {
		if (merged && need_order(list[merged - 1].need, list[i].need) == 0)
			list[merged - 1].runs++;
		else
			list[merged++] = list[i];
	}
	return merged;
}

int tally_make(const struct recording *const *runs, size_t count, struct tally *ret_tally, struct error *err)
{
	size_t total = 0, n = 0;
	struct tally_entry *list;

	for (size_t i = 0; i < count; i++)
		total += runs[i]->needs.count;
	list = calloc(total + 1, sizeof *list);
	if (!list)
		return error_set(err, ENOMEM, "compare %zu recordings: out of memory", count);
	for (size_t i = 0; i < count; i++)
		for (unsigned j = 0; j < runs[i]->needs.count; j++)
			list[n++] = (struct tally_entry){&runs[i]->needs.list[j], 1};
	qsort(list, n, sizeof *list, order_entries);
	*ret_tally = (struct tally){list, merge_equal(list, n)};
	return 0;
}

void tally_close(struct tally *tally)
{
	free(tally->list);
	*tally = (struct tally){0};
}

static struct tally_entry *find(const struct tally *tally, const struct need *need)
{
	const struct tally_entry key = {.need = need};

	return bsearch(&key, tally->list, tally->count, sizeof *tally->list, order_entries);
}

/* Together the others have `many` of the values of this call's arguments: then they have any. */
static bool others_have_many(const struct tally *tally, const struct tally_entry *of_call, const struct needs *of_run)
{
	const struct tally_entry *entry = of_call, *end = tally->list + tally->count;
	unsigned values = 0;

	while (entry > tally->list && need_is_alike(entry[-1].need, of_call->need))
		entry--;
	for (; entry < end && need_is_alike(entry->need, of_call->need); entry++) {
		if (entry->runs == 0 || (entry->runs == 1 && needs_have(of_run, entry->need)))
			continue;
		if (entry->need->many || ++values > NEEDS_VALUES_MAX)
			return true;
	}
	return false;
}

bool tally_is_alone(const struct tally *tally, const struct needs *of_run)
{
	for (unsigned i = 0; i < of_run->count; i++) {
		const struct tally_entry *entry = find(tally, &of_run->list[i]);

		if (entry->runs == 1 &&
		    !(entry->need->kind == NEED_ARGUMENTS && others_have_many(tally, entry, of_run)))
			return true;
	}
	return false;
}

void tally_take_out(struct tally *tally, const struct needs *of_run)
{
	for (unsigned i = 0; i < of_run->count; i++)
		find(tally, &of_run->list[i])->runs--;
}
