/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON text to tree and back: the only file that knows yajl. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "lib/base/json_internal.h"

struct reader {
	yajl_handle yajl;
	struct json_doc *doc;
	struct json *open; /* the object or array that is being read; NULL outside */
	const char *key;   /* of the value that comes next */
	unsigned key_line, key_column;
	unsigned depth;
	const char *name, *text;
	size_t length;
	/* How far lines have been counted: the end of the last token. */
	size_t at;
	unsigned line, column;
	struct error *err;
	int failed; /* ours, in `err` already */
};

static void advance(struct reader *reader, size_t to)
{
	for (; reader->at < to && reader->at < reader->length; reader->at++) {
		if (reader->text[reader->at] == '\n') {
			reader->line++;
			reader->column = 1;
		} else if ((reader->text[reader->at] & 0xc0) != 0x80) {
			reader->column++;
		}
	}
}

/* To where the token begins whose end yajl has reached: what lies between is space and punctuation. */
static void begin_token(struct reader *reader, unsigned *ret_line, unsigned *ret_column)
{
	size_t start = reader->at + strspn(reader->text + reader->at, " \t\r\n,:");

	advance(reader, start);
	*ret_line = reader->line;
	*ret_column = reader->column;
	advance(reader, yajl_get_bytes_consumed(reader->yajl));
}

static int refuse(struct reader *reader, int code, unsigned line, unsigned column, const char *what)
{
	reader->failed = error_set(reader->err, code, "%s, line %u, column %u: %s", reader->name, line, column, what);
	return 0;
}

static struct json *add(struct reader *reader, enum json_type type)
{
	struct json *node = json_new(reader->doc, type);
	unsigned line, column;

	begin_token(reader, &line, &column);
	if (!node) {
		(void)refuse(reader, ENOMEM, line, column, "out of memory");
		return NULL;
	}
	node->line = line;
	node->column = column;
	node->key = reader->key;
	reader->key = NULL;
	if (reader->open)
		json_link(reader->open, node);
	else
		reader->doc->root = node;
	return node;
}

static int on_null(void *context)
{
	return add(context, JSON_NULL) != NULL;
}

static int on_boolean(void *context, int value)
{
	struct json *node = add(context, JSON_BOOL);

	if (node)
		node->boolean = value != 0;
	return node != NULL;
}

static int on_text(struct reader *reader, enum json_type type, const char *text, size_t length)
{
	struct json *node = add(reader, type);

	if (!node)
		return 0;
	node->text = json_text(reader->doc, text, length);
	return node->text ? 1 : refuse(reader, ENOMEM, node->line, node->column, "out of memory");
}

static int on_number(void *context, const char *text, size_t length)
{
	return on_text(context, JSON_NUMBER, text, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	return on_text(context, JSON_STRING, (const char *)text, length);
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct reader *reader = context;

	begin_token(reader, &reader->key_line, &reader->key_column);
	reader->key = json_text(reader->doc, (const char *)text, length);
	return reader->key ? 1 : refuse(reader, ENOMEM, reader->key_line, reader->key_column, "out of memory");
}

static int on_start(struct reader *reader, enum json_type type)
{
	struct json *node = add(reader, type);

	if (!node)
		return 0;
	if (++reader->depth > JSON_MAX_DEPTH)
		return refuse(reader, E2BIG, node->line, node->column, "nested too deep");
	reader->open = node;
	return 1;
}

static int on_start_map(void *context)
{
	return on_start(context, JSON_OBJECT);
}

static int on_start_array(void *context)
{
	return on_start(context, JSON_ARRAY);
}

static int on_end(void *context)
{
	struct reader *reader = context;

	advance(reader, yajl_get_bytes_consumed(reader->yajl));
	reader->depth--;
	reader->open = reader->open->parent;
	return 1;
}

static int compare_keys(const void *a, const void *b)
{
	return strcasecmp((*(const struct json *const *)a)->key, (*(const struct json *const *)b)->key);
}

static int refuse_twins(struct reader *reader, const struct json *a, const struct json *b)
{
	char what[256];
	const struct json *second = a->line > b->line || (a->line == b->line && a->column > b->column) ? a : b;

	(void)snprintf(what, sizeof what, "the key \"%.80s\" is there twice%s, and runtimes differ on which one counts",
		       second->key, strcmp(a->key, b->key) == 0 ? "" : " (but for case)");
	return refuse(reader, EINVAL, second->line, second->column, what);
}

static int on_end_map(void *context)
{
	struct reader *reader = context;
	struct json *object = reader->open, **members;
	size_t count = 0, i = 0;
	int ok = 1;

	json_each(member, object)
		count++;
	if (count > 1) {
		members = malloc(count * sizeof *members);
		if (!members)
			return refuse(reader, ENOMEM, object->line, object->column, "out of memory");
		json_each(member, object)
			members[i++] = member;
		qsort(members, count, sizeof *members, compare_keys);
		for (i = 1; i < count && ok; i++)
			if (compare_keys(&members[i - 1], &members[i]) == 0)
				ok = refuse_twins(reader, members[i - 1], members[i]);
		free(members);
	}
	return ok && on_end(context);
}

static int hex(const char *text, size_t left, unsigned *ret_value)
{
	unsigned value = 0;

	if (left < 4)
		return -EINVAL;
	for (int i = 0; i < 4; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return -EINVAL;
		value = value << 4 | (unsigned)digit;
	}
	*ret_value = value;
	return 0;
}

/* What yajl lets pass: an escaped NUL, which cuts a C string short, and half a surrogate pair. A backslash
 * that begins an escape exists in strings only, so they need not be told apart. Returns the offset
 * of the offence, or `length`. */
static size_t find_bad_escape(const char *text, size_t length, const char **ret_what)
{
	for (size_t i = 0; i + 1 < length; i++) {
		unsigned value, low;

		if (text[i] != '\\')
			continue;
		i++;
		if (text[i] != 'u' || hex(text + i + 1, length - i - 1, &value) < 0)
			continue; /* yajl refuses a bad one itself */
		*ret_what = value == 0 ? "a NUL character in a string" : "half a surrogate pair in a string";
		if (value == 0 || (value >= 0xdc00 && value < 0xe000))
			return i - 1;
		if (value < 0xd800 || value >= 0xdc00)
			continue;
		if (length - i < 11 || text[i + 5] != '\\' || text[i + 6] != 'u' ||
		    hex(text + i + 7, length - i - 7, &low) < 0 || low < 0xdc00 || low >= 0xe000)
			return i - 1;
		i += 6;
	}
	return length;
}

static int syntax_error(struct reader *reader)
{
	unsigned char *text = yajl_get_error(reader->yajl, 0, (const unsigned char *)reader->text, reader->length);
	const char *what = text ? (const char *)text : "syntax error";
	size_t length;

	if (strncmp(what, "parse error: ", 13) == 0)
		what += 13;
	else if (strncmp(what, "lexical error: ", 15) == 0)
		what += 15;
	length = strcspn(what, "\n");
	advance(reader, yajl_get_bytes_consumed(reader->yajl));
	reader->failed = error_set(reader->err, EINVAL, "%s, line %u, column %u: not valid JSON: %.*s", reader->name,
				   reader->line, reader->column, (int)length, what);
	if (text)
		yajl_free_error(reader->yajl, text);
	return reader->failed;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null, .yajl_boolean = on_boolean, .yajl_number = on_number, .yajl_string = on_string,
	.yajl_start_map = on_start_map, .yajl_map_key = on_key, .yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array, .yajl_end_array = on_end,
};

static int read_all(struct reader *reader)
{
	const char *what = NULL;
	size_t bad = find_bad_escape(reader->text, reader->length, &what);
	yajl_status status = yajl_parse(reader->yajl, (const unsigned char *)reader->text, reader->length);

	if (status == yajl_status_ok)
		status = yajl_complete_parse(reader->yajl);
	if (reader->failed)
		return reader->failed;
	if (status != yajl_status_ok)
		return syntax_error(reader);
	if (bad < reader->length) {
		reader->at = 0;
		reader->line = reader->column = 1;
		advance(reader, bad);
		(void)refuse(reader, EINVAL, reader->line, reader->column, what);
		return reader->failed;
	}
	return 0;
}

int json_parse(const char *name, const char *text, size_t length, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *copy = NULL;
	struct reader reader = {.name = name, .length = length, .line = 1, .column = 1, .err = err};
	int r;

	if (length > JSON_MAX_BYTES)
		return error_set(err, EFBIG, "%s: larger than %d bytes", name, JSON_MAX_BYTES);
	copy = malloc(length + 1);
	if (!copy || json_doc_make(&doc) < 0)
		return error_set(err, ENOMEM, "%s: out of memory", name);
	if (length)
		memcpy(copy, text, length);
	copy[length] = '\0'; /* so that strspn ends */
	reader.text = copy;
	reader.doc = doc;
	reader.yajl = yajl_alloc(&callbacks, NULL, &reader);
	if (!reader.yajl)
		return error_set(err, ENOMEM, "%s: out of memory", name);
	r = read_all(&reader);
	yajl_free(reader.yajl);
	if (r < 0)
		return r;
	*ret_doc = steal_ptr(&doc);
	return 0;
}

static yajl_gen_status write_one(yajl_gen gen, const struct json *node, bool keyed)
{
	if (keyed && node->key) {
		yajl_gen_status s = yajl_gen_string(gen, (const unsigned char *)node->key, strlen(node->key));

		if (s != yajl_gen_status_ok)
			return s;
	}
	switch (node->type) {
	case JSON_BOOL:
		return yajl_gen_bool(gen, node->boolean);
	case JSON_NUMBER:
		return yajl_gen_number(gen, node->text, strlen(node->text));
	case JSON_STRING:
		return yajl_gen_string(gen, (const unsigned char *)node->text, strlen(node->text));
	case JSON_ARRAY:
		return yajl_gen_array_open(gen);
	case JSON_OBJECT:
		return yajl_gen_map_open(gen);
	default:
		return yajl_gen_null(gen);
	}
}

static yajl_gen_status close_one(yajl_gen gen, const struct json *node)
{
	if (node->type == JSON_ARRAY)
		return yajl_gen_array_close(gen);
	if (node->type == JSON_OBJECT)
		return yajl_gen_map_close(gen);
	return yajl_gen_status_ok;
}

static yajl_gen_status write_tree(yajl_gen gen, const struct json *root)
{
	const struct json *node = root;
	yajl_gen_status status = write_one(gen, node, false);

	while (status == yajl_gen_status_ok) {
		if (node->first) {
			node = node->first;
		} else {
			status = close_one(gen, node);
			while (status == yajl_gen_status_ok && node != root && !node->next) {
				node = node->parent;
				status = close_one(gen, node);
			}
			if (node == root || status != yajl_gen_status_ok)
				return status;
			node = node->next;
		}
		status = write_one(gen, node, true);
	}
	return status;
}

int json_write(const struct json *node, bool pretty, char **ret_text, size_t *ret_length, struct error *err)
{
	yajl_gen gen = yajl_gen_alloc(NULL);
	const unsigned char *text;
	size_t length;
	char *copy = NULL;

	if (!gen || !node)
		return error_set(err, ENOMEM, "write JSON: out of memory");
	(void)yajl_gen_config(gen, yajl_gen_beautify, pretty ? 1 : 0);
	(void)yajl_gen_config(gen, yajl_gen_indent_string, "  ");
	if (write_tree(gen, node) == yajl_gen_status_ok &&
	    yajl_gen_get_buf(gen, &text, &length) == yajl_gen_status_ok) {
		while (length && text[length - 1] == '\n')
			length--;
		copy = malloc(length + 2);
	}
	if (copy) {
		memcpy(copy, text, length);
		copy[length] = '\n';
		copy[length + 1] = '\0';
	}
	yajl_gen_free(gen);
	if (!copy)
		return error_set(err, ENOMEM, "write JSON: out of memory, or nested too deep");
	*ret_text = copy;
	*ret_length = length + 1;
	return 0;
}
