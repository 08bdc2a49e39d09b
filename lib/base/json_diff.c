/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/base/json_diff.h"

#include <stdio.h>
#include <string.h>

enum { PATH_TEXT_MAX = 1024 };

/* Two objects, one of which may be NULL, or two lists of objects, and how far they have been compared. */
struct level {
	const struct json *a, *b;
	const struct json *next_a, *next_b; /* a's next child; b's of the same place, or, once a's are through, the next of all */
	unsigned place;
	size_t length; /* of the path to them */
	bool is_list;
};

struct diff {
	struct level levels[JSON_MAX_DEPTH + 1];
	unsigned depth;
	char path[PATH_TEXT_MAX]; /* cut where it does not fit */
	json_differs *each;
	void *data;
	struct error *err;
};

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "compare two documents: out of memory");
}

/* --- lists that are sets --- */

struct element {
	char *text;
	const struct json *node;
};
struct set {
	struct element *list;
	size_t count;
};

static void set_close(struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->list[i].text);
	free(set->list);
}

static int compare_elements(const void *a, const void *b)
{
	return strcmp(((const struct element *)a)->text, ((const struct element *)b)->text);
}

static int set_open(const struct json *array, struct set *set, struct error *err)
{
	size_t count = 0, length;

	json_each(element, array)
		count++;
	set->list = calloc(count + 1, sizeof *set->list);
	if (!set->list)
		return no_memory(err);
	json_each(element, array) {
		if (json_write(element, false, &set->list[set->count].text, &length, err) < 0)
			return no_memory(err);
		set->list[set->count++].node = element;
	}
	qsort(set->list, set->count, sizeof *set->list, compare_elements);
	return 0;
}

static int tell(struct diff *diff, const struct json *a, const struct json *b)
{
	return diff->each(diff->path, a, b, diff->data, diff->err);
}

static int diff_sets(struct diff *diff, const struct json *a, const struct json *b)
{
	_cleanup_(set_close) struct set of_a = {0}, of_b = {0};
	size_t i = 0, k = 0;
	int r = set_open(a, &of_a, diff->err);

	if (r == 0)
		r = set_open(b, &of_b, diff->err);
	while (r == 0 && (i < of_a.count || k < of_b.count)) {
		int order = i == of_a.count ? 1 : k == of_b.count ? -1 : compare_elements(&of_a.list[i], &of_b.list[k]);

		if (order != 0)
			r = order < 0 ? tell(diff, of_a.list[i].node, NULL) : tell(diff, NULL, of_b.list[k].node);
		i += order <= 0;
		k += order >= 0;
	}
	return r;
}

/* --- the rest --- */

static bool is_list_of_objects(const struct json *node)
{
	if (!json_is(node, JSON_ARRAY) || !node->first)
		return false;
	json_each(element, node)
		if (!json_is(element, JSON_OBJECT))
			return false;
	return true;
}

static int go_down(struct diff *diff, const struct json *a, const struct json *b)
{
	if (diff->depth == ARRAY_SIZE(diff->levels))
		return error_set(diff->err, E2BIG, "compare two documents: they are more than %d deep", JSON_MAX_DEPTH);
	diff->levels[diff->depth++] = (struct level){.a = a, .b = b, .next_a = a ? a->first : NULL, .next_b = b ? b->first : NULL,
						     .length = strlen(diff->path), .is_list = json_is(a ? a : b, JSON_ARRAY)};
	return 0;
}

static int compare(struct diff *diff, const struct json *a, const struct json *b)
{
	bool alone = !a || !b;

	if ((json_is(a, JSON_OBJECT) && json_is(b, JSON_OBJECT)) || (is_list_of_objects(a) && is_list_of_objects(b)) ||
	    (alone && json_is(a ? a : b, JSON_OBJECT) && (a ? a : b)->first))
		return go_down(diff, a, b);
	if (json_is(a, JSON_ARRAY) && json_is(b, JSON_ARRAY))
		return diff_sets(diff, a, b);
	return a && b && json_equal(a, b) ? 0 : tell(diff, a, b);
}

static void name(struct diff *diff, const struct level *level, const struct json *child)
{
	size_t room = sizeof diff->path - level->length;
	char *end = diff->path + level->length;

	if (level->is_list)
		(void)snprintf(end, room, "[%u]", level->place);
	else
		(void)snprintf(end, room, "%s%s", level->length ? "." : "", child->key);
}

static int next_of_lists(struct diff *diff, struct level *level)
{
	const struct json *a = level->next_a, *b = level->next_b;

	name(diff, level, NULL);
	level->next_a = a ? a->next : NULL;
	level->next_b = b ? b->next : NULL;
	level->place++;
	return compare(diff, a, b);
}

static int next_of_objects(struct diff *diff, struct level *level)
{
	const struct json *child = level->next_a;

	if (child) {
		level->next_a = child->next;
		name(diff, level, child);
		return compare(diff, child, json_get(level->b, child->key));
	}
	child = level->next_b;
	level->next_b = child->next;
	name(diff, level, child);
	return json_get(level->a, child->key) ? 0 : compare(diff, NULL, child);
}

int json_diff(const struct json *a, const struct json *b, json_differs *each, void *data, struct error *err)
{
	struct diff diff = {.each = each, .data = data, .err = err};
	int r = compare(&diff, a, b);

	while (r == 0 && diff.depth) {
		struct level *level = &diff.levels[diff.depth - 1];

		if (!level->next_a && !level->next_b)
			diff.depth--;
		else
			r = level->is_list ? next_of_lists(&diff, level) : next_of_objects(&diff, level);
	}
	return r;
}
