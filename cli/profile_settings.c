/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two profiles differ in besides their filters: any key there is, by its path. */
#include <stdio.h>

#include "cli/profile_side.h"
#include "lib/base/cleanup.h"
#include "lib/base/json_diff.h"
#include "lib/plan/plan.h"
#include "lib/report/fields.h"

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "compare profiles: out of memory");
}

static int add(const char *path, const struct json *a, const struct json *b, void *data, struct error *err)
{
	struct settings_diff *diff = data;
	struct json *entry = json_new(diff->doc, JSON_OBJECT);

	if (!entry || json_set(diff->doc, entry, "path", json_new_string(diff->doc, path)) < 0 ||
	    (a && json_set(diff->doc, entry, "a", json_copy(diff->doc, a)) < 0) ||
	    (b && json_set(diff->doc, entry, "b", json_copy(diff->doc, b)) < 0) || json_append(diff->array, entry) < 0)
		return no_memory(err);
	diff->count++;
	return 0;
}

/* Of what `other` is not known to have or not to have nothing is said. */
static int take_known(const struct profile_side *side, const struct profile_side *other, struct json_doc *doc, struct json *to)
{
	json_each(member, json_root(side->settings))
		if ((!other->partial || json_get(json_root(other->settings), member->key)) &&
		    json_set(doc, to, member->key, json_copy(doc, member)) < 0)
			return -ENOMEM;
	return 0;
}

int settings_diff(const struct profile_side *a, const struct profile_side *b, struct settings_diff *ret_diff, struct error *err)
{
	_cleanup_(settings_diff_close) struct settings_diff diff = {0};
	struct json *of_a, *of_b;
	int r = json_doc_new(&diff.doc, err);

	if (r < 0)
		return r;
	of_a = json_new(diff.doc, JSON_OBJECT);
	of_b = json_new(diff.doc, JSON_OBJECT);
	diff.array = json_new(diff.doc, JSON_ARRAY);
	if (!of_a || !of_b || !diff.array || take_known(a, b, diff.doc, of_a) < 0 || take_known(b, a, diff.doc, of_b) < 0)
		return no_memory(err);
	r = json_diff(of_a, of_b, add, &diff, err);
	if (r < 0)
		return r;
	*ret_diff = diff;
	diff.doc = NULL;
	return 0;
}

static void print_side(const char *letter, const char *path, const struct json *value)
{
	_cleanup_free_ char *text = NULL;

	printf("    %s  ", letter);
	print_clean(stdout, !value ? "-" : plan_value_text(path, value, &text, NULL) == 0 ? text : "?");
	(void)putchar('\n');
}

void settings_diff_print(const struct settings_diff *diff)
{
	if (diff->count)
		printf("\nBesides the filter (%u)\n", diff->count);
	json_each(entry, diff->array) {
		const char *path = json_string(json_get(entry, "path"));

		printf("  ");
		print_clean(stdout, path);
		(void)putchar('\n');
		print_side("A", path, json_get(entry, "a"));
		print_side("B", path, json_get(entry, "b"));
	}
}

void settings_diff_close(struct settings_diff *diff)
{
	json_doc_free(diff->doc);
	*diff = (struct settings_diff){0};
}
