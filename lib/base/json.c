/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON from text to tree and back; the only file that knows yajl.
 *
 * Reading goes over the text twice. First a scan for what yajl lets pass: UTF-8 that only looks
 * well-formed, halves of surrogate pairs, NUL escapes, form feeds as white space. Then yajl's
 * callbacks build the tree; they hold the caps and refuse keys that two readers would take
 * differently. yajl also takes the beginning of a token after the document ("{} \"") for its end.
 */
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "lib/base/json_internal.h"
#include "lib/base/utf8.h"

struct reader {
	yajl_handle yajl;
	struct json_doc *doc;
	struct json *open; /* the object or array that is being read; NULL outside */
	const char *key;   /* of the value that comes next */
	unsigned key_line, key_column;
	unsigned depth;
	size_t nodes, max_nodes;
	const char *name, *text;
	size_t length;
	bool ended; /* yajl has been given all of it */
	size_t at;  /* the end of the last token, and where that is: */
	unsigned line, column;
	struct error *err;
	int failed; /* ours, in `err` already */
};

static void advance(struct reader *reader, size_t to)
{
	const char *newline;

	if (to > reader->length)
		to = reader->length;
	while (reader->at < to && (newline = memchr(reader->text + reader->at, '\n', to - reader->at))) {
		reader->at = (size_t)(newline - reader->text) + 1;
		reader->line++;
		reader->column = 1;
	}
	for (; reader->at < to; reader->at++)
		reader->column += ((unsigned char)reader->text[reader->at] & 0xc0) != 0x80;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Between tokens there is only this. */
static size_t token_start(const struct reader *reader)
{
	size_t at = reader->at;

	while (at < reader->length &&
	       (is_space(reader->text[at]) || reader->text[at] == ',' || reader->text[at] == ':'))
		at++;
	return at;
}

/* To the token whose end yajl has reached, noting where it begins, and behind it. A number that ends
 * the text is seen only when yajl is told of the end; it counts bytes anew then. */
static void pass_token(struct reader *reader, unsigned *ret_line, unsigned *ret_column)
{
	advance(reader, token_start(reader));
	*ret_line = reader->line;
	*ret_column = reader->column;
	advance(reader, reader->ended ? reader->length : yajl_get_bytes_consumed(reader->yajl));
}

/* Returns 0, which is how a callback tells yajl to stop. */
static int refuse(struct reader *reader, int code, unsigned line, unsigned column, const char *what)
{
	reader->failed = error_set(reader->err, code, "read %s, line %u, column %u: %s", reader->name,
				   line, column, what);
	return 0;
}

static int no_memory(struct reader *reader)
{
	return refuse(reader, ENOMEM, reader->line, reader->column, "out of memory");
}

static struct json *add(struct reader *reader, enum json_type type)
{
	unsigned line, column;
	struct json *node;

	pass_token(reader, &line, &column);
	if (++reader->nodes > reader->max_nodes) {
		(void)refuse(reader, E2BIG, line, column, "too many values");
		return NULL;
	}
	node = json_new(reader->doc, type);
	if (!node) {
		(void)no_memory(reader);
		return NULL;
	}
	node->line = reader->key ? reader->key_line : line;
	node->column = reader->key ? reader->key_column : column;
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
	return node->text ? 1 : no_memory(reader);
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

	pass_token(reader, &reader->key_line, &reader->key_column);
	reader->key = json_text(reader->doc, (const char *)text, length);
	return reader->key ? 1 : no_memory(reader);
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

static bool comes_before(const struct json *a, const struct json *b)
{
	return a->line < b->line || (a->line == b->line && a->column < b->column);
}

static int refuse_twins(struct reader *reader, const struct json *a, const struct json *b)
{
	const struct json *first = comes_before(a, b) ? a : b, *second = first == a ? b : a;
	char what[320];

	if (strcmp(a->key, b->key) == 0)
		(void)snprintf(what, sizeof what, "the key \"%.80s\" is there twice, the first time in "
			       "line %u; keep one", second->key, first->line);
	else
		(void)snprintf(what, sizeof what, "the key \"%.80s\" is \"%.80s\" (line %u) but for "
			       "case, and runtimes differ on which one counts; keep one", second->key,
			       first->key, first->line);
	return refuse(reader, EINVAL, second->line, second->column, what);
}

static int compare_members(const void *a, const void *b)
{
	return json_compare_folded((*(const struct json *const *)a)->key,
				   (*(const struct json *const *)b)->key);
}

/* Sorted, since an object may have 100,000 members and each be compared with each. */
static int check_many(struct reader *reader, const struct json *object, size_t count)
{
	_cleanup_free_ const struct json **members = malloc(count * sizeof(struct json *));
	size_t i = 0;

	if (!members)
		return no_memory(reader);
	json_each(member, object)
		members[i++] = member;
	qsort(members, count, sizeof *members, compare_members);
	for (i = 1; i < count; i++)
		if (compare_members(&members[i - 1], &members[i]) == 0)
			return refuse_twins(reader, members[i - 1], members[i]);
	return 1;
}

static int check_few(struct reader *reader, const struct json *object)
{
	json_each(member, object)
		for (const struct json *other = object->first; other != member; other = other->next)
			if (json_compare_folded(other->key, member->key) == 0)
				return refuse_twins(reader, other, member);
	return 1;
}

static int on_end_map(void *context)
{
	struct reader *reader = context;
	const struct json *object = reader->open;
	size_t count = 0;
	int ok;

	json_each(member, object)
		count++;
	ok = count > 16 ? check_many(reader, object, count) : check_few(reader, object);
	return ok ? on_end(context) : 0;
}

/* The value of four hexadecimal digits, or -1. */
static int hex4(const char *text, size_t left)
{
	int value = 0;

	if (left < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* The length of the escape at `text`; what is wrong with it goes to *ret_what. Malformed ones, and
 * backslashes outside strings, are yajl's to refuse. */
static size_t scan_escape(const char *text, size_t left, const char **ret_what)
{
	int unit = left > 2 && text[1] == 'u' ? hex4(text + 2, left - 2) : -1, low;

	if (unit < 0)
		return left > 1 && (unsigned char)text[1] < 0x80 ? 2 : 1;
	if (unit == 0)
		*ret_what = "a NUL character in a string; take \\u0000 out";
	if (unit < 0xd800 || unit > 0xdfff)
		return 6;
	low = left > 8 && text[6] == '\\' && text[7] == 'u' ? hex4(text + 8, left - 8) : -1;
	if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
		*ret_what = "half of a surrogate pair in a string";
	return 12;
}

/* The offset of the first thing that yajl would let pass, or `length`. */
static size_t scan(const char *text, size_t length, const char **ret_what)
{
	size_t at = 0, step;

	*ret_what = NULL;
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		*ret_what = "a byte order mark; save it as UTF-8 without one";
	for (; at < length && !*ret_what; at += step) {
		unsigned char c = (unsigned char)text[at];

		step = 1;
		if (c >= ' ' && c < 0x80 && c != '\\')
			continue;
		if (c == '\\')
			step = scan_escape(text + at, length - at, ret_what);
		else if (c >= 0x80)
			step = utf8_length(text + at, length - at);
		else if (c < 0x20 && c != '\n' && c != '\r' && c != '\t')
			*ret_what = c ? "a control character" : "a NUL byte";
		if (step == 0)
			*ret_what = "bytes that are not valid UTF-8";
		if (*ret_what)
			break;
	}
	return at;
}

/* At the offset `at` of the text. */
static int syntax_error(struct reader *reader, size_t at)
{
	unsigned char *text = yajl_get_error(reader->yajl, 0, (const unsigned char *)reader->text,
					     reader->length);
	const char *what = text ? (const char *)text : "syntax error";
	const char *colon = strstr(what, "error: ");

	if (colon)
		what = colon + strlen("error: ");
	advance(reader, strncmp(what, "premature EOF", 13) == 0 ? reader->length : at);
	reader->failed = error_set(reader->err, EINVAL, "read %s, line %u, column %u: not valid JSON: %.*s",
				   reader->name, reader->line, reader->column,
				   (int)strcspn(what, ".\n"), what);
	if (text)
		yajl_free_error(reader->yajl, text);
	return reader->failed;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

static int build(struct reader *reader)
{
	yajl_status status = yajl_parse(reader->yajl, (const unsigned char *)reader->text,
					reader->length);

	size_t consumed = yajl_get_bytes_consumed(reader->yajl);

	if (reader->failed)
		return reader->failed;
	if (status != yajl_status_ok) /* it has consumed the byte that it stumbled over */
		return syntax_error(reader, consumed ? consumed - 1 : 0);
	reader->ended = true;
	status = yajl_complete_parse(reader->yajl);
	if (reader->failed)
		return reader->failed;
	if (status != yajl_status_ok)
		return syntax_error(reader, token_start(reader));
	if (token_start(reader) == reader->length)
		return 0;
	advance(reader, token_start(reader));
	(void)refuse(reader, EINVAL, reader->line, reader->column,
		     "not valid JSON: something comes after the document");
	return reader->failed;
}

static int parse(const char *name, const char *text, size_t length, size_t max_bytes, size_t max_nodes,
		 struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct reader reader = {
		.name = name, .text = text, .length = length, .line = 1, .column = 1, .err = err, .max_nodes = max_nodes,
	};
	const char *what;
	size_t bad;
	int r;

	if (length > max_bytes)
		return error_set(err, EFBIG, "read %s: it has %zu bytes, and at most %zu are accepted", name, length, max_bytes);
	bad = scan(text, length, &what);
	if (what) {
		advance(&reader, bad);
		(void)refuse(&reader, EINVAL, reader.line, reader.column, what);
		return reader.failed;
	}
	if (json_doc_make(&doc) < 0)
		return error_set(err, ENOMEM, "read %s: out of memory", name);
	reader.doc = doc;
	reader.yajl = yajl_alloc(&callbacks, NULL, &reader);
	if (!reader.yajl)
		return error_set(err, ENOMEM, "read %s: out of memory", name);
	r = build(&reader);
	yajl_free(reader.yajl);
	if (r < 0)
		return r;
	*ret_doc = steal_ptr(&doc);
	return 0;
}

int json_parse(const char *name, const char *text, size_t length, struct json_doc **ret_doc, struct error *err)
{
	return parse(name, text, length, JSON_MAX_BYTES, JSON_MAX_NODES, ret_doc, err);
}

int json_parse_large(const char *name, const char *text, size_t length, struct json_doc **ret_doc, struct error *err)
{
	return parse(name, text, length, JSON_LARGE_BYTES, JSON_LARGE_NODES, ret_doc, err);
}

static yajl_gen_status write_string(yajl_gen gen, const char *text)
{
	return text ? yajl_gen_string(gen, (const unsigned char *)text, strlen(text)) :
		      yajl_gen_invalid_string;
}

static yajl_gen_status write_one(yajl_gen gen, const struct json *node)
{
	switch (node->type) {
	case JSON_BOOL:
		return yajl_gen_bool(gen, node->boolean);
	case JSON_NUMBER:
		return yajl_gen_number(gen, node->text, strlen(node->text));
	case JSON_STRING:
		return write_string(gen, node->text);
	case JSON_ARRAY:
		return yajl_gen_array_open(gen);
	case JSON_OBJECT:
		return yajl_gen_map_open(gen);
	case JSON_NULL:
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
	yajl_gen_status status = write_one(gen, node);

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
		if (node->parent->type == JSON_OBJECT)
			status = write_string(gen, node->key);
		if (status == yajl_gen_status_ok)
			status = write_one(gen, node);
	}
	return status;
}

static void gen_freep(yajl_gen *gen)
{
	if (*gen)
		yajl_gen_free(*gen);
}

int json_write(const struct json *node, bool pretty, char **ret_text, size_t *ret_length,
	       struct error *err)
{
	_cleanup_(gen_freep) yajl_gen gen = yajl_gen_alloc(NULL);
	const unsigned char *written;
	yajl_gen_status status;
	size_t length;
	char *text;

	if (!gen || !node)
		return error_set(err, ENOMEM, "write JSON: out of memory");
	if (pretty && (!yajl_gen_config(gen, yajl_gen_beautify, 1) ||
		       !yajl_gen_config(gen, yajl_gen_indent_string, "  ")))
		return error_set(err, EINVAL, "write JSON: the library cannot indent it");
	status = write_tree(gen, node);
	if (status == yajl_gen_status_ok)
		status = yajl_gen_get_buf(gen, &written, &length);
	if (status == yajl_max_depth_exceeded)
		return error_set(err, E2BIG, "write JSON: nested too deep");
	if (status != yajl_gen_status_ok)
		return error_set(err, EINVAL, "write JSON: a node without its key or text");
	if (length && written[length - 1] == '\n') /* indented text has one of its own */
		length--;
	text = malloc(length + 2);
	if (!text)
		return error_set(err, ENOMEM, "write JSON: out of memory");
	memcpy(text, written, length);
	memcpy(text + length, "\n", 2);
	*ret_text = text;
	*ret_length = length + 1;
	return 0;
}

int json_order(const struct json *a, const struct json *b)
{
	_cleanup_free_ char *text_a = NULL, *text_b = NULL;
	size_t length;

	if (a == b)
		return 0;
	if (!a || !b || json_write(a, false, &text_a, &length, NULL) < 0 || json_write(b, false, &text_b, &length, NULL) < 0)
		return a ? 1 : -1;
	return strcmp(text_a, text_b); /* without NUL bytes, which JSON escapes */
}

bool json_equal(const struct json *a, const struct json *b)
{
	return json_order(a, b) == 0;
}
