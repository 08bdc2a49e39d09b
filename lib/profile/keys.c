/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/profile/keys.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 32, NAMES_TEXT_MAX = 400 };

int refuse(const struct reader *reader, const struct json *node, const char *format, ...)
{
	char where[256], text[ERROR_TEXT_MAX / 2];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return error_set(reader->err, EINVAL, "read %.300s: %s: %s", reader->file, json_where(node, where), text);
}

static const char *list_names(const char *const *names, char text[NAMES_TEXT_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	for (; *names; names++) {
		int n = snprintf(text + used, NAMES_TEXT_MAX - used, "%s%s", used ? ", " : "", *names);

		if (n < 0 || (size_t)n >= NAMES_TEXT_MAX - used)
			break;
		used += (size_t)n;
	}
	return text;
}

int refuse_name(const struct reader *reader, const struct json *node, const char *what, const char *name,
		const char *const *names)
{
	const char *nearest = nearest_name(name, names);
	char text[NAMES_TEXT_MAX];

	if (nearest)
		return refuse(reader, node, "unknown %s \"%.64s\"; did you mean \"%s\"?", what, name, nearest);
	return refuse(reader, node, "unknown %s \"%.64s\"; known here: %s", what, name, list_names(names, text));
}

static int unknown_key(const struct reader *reader, const struct json *node, const struct key *keys, size_t count)
{
	const char *names[KEYS_MAX + 1] = {NULL};

	for (size_t i = 0; i < count && i < KEYS_MAX; i++)
		names[i] = keys[i].name;
	return refuse_name(reader, node, "key", node->key, names);
}

static int wrong_type(const struct reader *reader, const struct json *node, unsigned types)
{
	char wanted[100] = "";

	for (int type = JSON_NULL; type <= JSON_OBJECT; type++)
		if (types & TYPE(type))
			(void)snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%s%s",
				       *wanted ? " or " : "", json_type_name((enum json_type)type));
	return refuse(reader, node, "%s is wanted, not %s", wanted, json_type_name(node->type));
}

int read_object(struct reader *reader, const struct json *object, const struct key *keys, size_t count)
{
	if (!json_is(object, JSON_OBJECT))
		return wrong_type(reader, object, TYPE(JSON_OBJECT));
	json_each(member, object) {
		const struct key *key = NULL;
		int r;

		for (size_t i = 0; i < count && !key; i++)
			if (strcmp(keys[i].name, member->key) == 0)
				key = &keys[i];
		if (!key)
			return unknown_key(reader, member, keys, count);
		if (!(key->types & TYPE(member->type)))
			return wrong_type(reader, member, key->types);
		r = key->read(reader, member, key);
		if (r < 0)
			return r;
	}
	return 0;
}

int read_amount(const struct reader *reader, const struct json *node, enum unit unit, uint64_t *ret_value)
{
	struct error err = {0};
	int r = unit_parse(unit, node->text, ret_value, &err);

	return r < 0 ? refuse(reader, node, "%s", err.text) : 0;
}

int read_number(const struct reader *reader, const struct json *node, const struct key *key, uint64_t *ret_value)
{
	uint64_t value;

	if (json_uint64(node, &value, NULL) < 0 || value < key->min || value > key->max)
		return refuse(reader, node, "a whole number from %" PRIu64 " to %" PRIu64 " is wanted, not %.40s",
			      key->min, key->max, node->text);
	*ret_value = value;
	return 0;
}

int read_choice(const struct reader *reader, const struct json *node, const char *what, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], node->text) == 0)
			return i;
	return refuse_name(reader, node, what, node->text, names);
}

/* Quadratic, and so capped: no list of a profile is longer. */
enum { STRINGS_MAX = 1024 };

int check_strings(const struct reader *reader, const struct json *array)
{
	unsigned count = 0;

	json_each(element, array) {
		if (element->type != JSON_STRING)
			return wrong_type(reader, element, TYPE(JSON_STRING));
		if (++count > STRINGS_MAX)
			return refuse(reader, element, "there are more than %d", STRINGS_MAX);
		for (const struct json *before = array->first; before != element; before = before->next)
			if (strcmp(before->text, element->text) == 0)
				return refuse(reader, element, "\"%.64s\" is there twice", element->text);
	}
	return 0;
}
