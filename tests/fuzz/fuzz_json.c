/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as JSON: what is accepted is written as JSON that is accepted again, to the same bytes;
 * it is flat enough, has no two keys that a runtime could take for one, no NUL, only valid UTF-8;
 * and a copy of the tree is the tree. What is refused is refused with a place.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By other means than the reader's: the C library's comparison, each with each. */
static void check_keys(const struct json *object)
{
	unsigned count = 0;

	json_each(member, object) {
		for (const struct json *other = object->first; other != member; other = other->next)
			if (strcasecmp(other->key, member->key) == 0)
				abort();
		if (++count == 1000)
			return; /* enough of that */
	}
}

static const struct json *next_node(const struct json *node, unsigned *depth)
{
	if (node->first) {
		++*depth;
		return node->first;
	}
	while (node->parent && !node->next) {
		node = node->parent;
		--*depth;
	}
	return node->next;
}

static void check_tree(const struct json *root, size_t size)
{
	unsigned depth = 1;
	size_t nodes = 0;

	for (const struct json *node = root; node; node = next_node(node, &depth)) {
		if (depth > JSON_MAX_DEPTH + 1 || ++nodes > JSON_MAX_NODES || nodes > size)
			abort();
		if (node->line == 0 || node->column == 0 || node->line > size + 1 || node->column > size + 1)
			abort();
		if (node->parent && node->parent->type == JSON_OBJECT ? !node->key : node->key != NULL)
			abort();
		if ((node->type == JSON_STRING || node->type == JSON_NUMBER) != (node->text != NULL))
			abort();
		if (node->type == JSON_OBJECT)
			check_keys(node);
	}
}

static char *written(const struct json *node, size_t *ret_length)
{
	char *text = NULL;

	if (json_write(node, false, &text, ret_length, NULL) < 0 || strlen(text) != *ret_length)
		abort();
	return text;
}

static void check_accepted(struct json_doc *doc, size_t size)
{
	_cleanup_json_ struct json_doc *again = NULL, *other = NULL;
	_cleanup_free_ char *first = NULL, *second = NULL, *third = NULL;
	size_t first_length, second_length, third_length;
	struct json *copy;

	check_tree(json_root(doc), size);
	first = written(json_root(doc), &first_length);
	if (first_length > JSON_MAX_BYTES)
		return; /* escapes can grow */
	if (json_parse("again", first, first_length, &again, NULL) < 0)
		abort();
	second = written(json_root(again), &second_length);
	if (json_doc_new(&other, NULL) < 0 || !(copy = json_copy(other, json_root(doc))))
		abort();
	third = written(copy, &third_length);
	if (first_length != second_length || memcmp(first, second, first_length) != 0 ||
	    first_length != third_length || memcmp(first, third, first_length) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct error err = {0};

	if (json_parse("fuzz", (const char *)data, size, &doc, &err) == 0)
		check_accepted(doc, size);
	else if (doc || err.code <= 0 || (size <= JSON_MAX_BYTES && !strstr(err.text, "line ")))
		abort();
	return 0;
}
