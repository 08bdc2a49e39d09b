/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree without its text: arena, looking, numbers, editing. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json_internal.h"
#include "lib/base/utf8.h"

/* Small documents take little, large ones few chunks: each is twice the one before. */
enum { CHUNK_FIRST = 8 << 10, CHUNK_LARGEST = 256 << 10 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t data[];
};

/* `align` is a power of two; text needs none, and nodes are many. */
static void *take(struct json_doc *doc, size_t size, size_t align)
{
	struct chunk *chunk = doc->chunks;
	size_t at = chunk ? (chunk->used + align - 1) & ~(align - 1) : 0;

	if (!chunk || at > chunk->size || chunk->size - at < size) {
		size_t want = chunk ? chunk->size * 2 : CHUNK_FIRST;

		if (want > CHUNK_LARGEST)
			want = CHUNK_LARGEST;
		if (want < size)
			want = size;
		chunk = malloc(sizeof *chunk + want);
		if (!chunk)
			return NULL;
		*chunk = (struct chunk){.next = doc->chunks, .size = want};
		doc->chunks = chunk;
		at = 0;
	}
	chunk->used = at + size;
	return (char *)chunk->data + at;
}

char *json_text(struct json_doc *doc, const char *text, size_t length)
{
	char *copy = take(doc, length + 1, 1);

	if (!copy)
		return NULL;
	if (length)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

int json_doc_make(struct json_doc **ret_doc)
{
	struct json_doc *doc = calloc(1, sizeof *doc);

	if (!doc)
		return -ENOMEM;
	*ret_doc = doc;
	return 0;
}

int json_doc_new(struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	if (json_doc_make(&doc) < 0 || !(doc->root = json_new(doc, JSON_OBJECT)))
		return error_set(err, ENOMEM, "make a JSON document: out of memory");
	*ret_doc = steal_ptr(&doc);
	return 0;
}

void json_doc_free(struct json_doc *doc)
{
	struct chunk *chunk = doc ? doc->chunks : NULL;

	while (chunk) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	free(doc);
}

struct json *json_root(struct json_doc *doc)
{
	return doc ? doc->root : NULL;
}

void json_set_root(struct json_doc *doc, struct json *node)
{
	doc->root = node;
}

bool json_is(const struct json *node, enum json_type type)
{
	return node && node->type == type;
}

static struct json *get(const struct json *object, const char *key, size_t length)
{
	if (!json_is(object, JSON_OBJECT))
		return NULL;
	json_each(member, object)
		if (strncmp(member->key, key, length) == 0 && member->key[length] == '\0')
			return member;
	return NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
	return get(object, key, strlen(key));
}

struct json *json_find(const struct json *object, const char *path)
{
	const struct json *node = object;

	while (node && *path) {
		size_t length = strcspn(path, ".");

		node = get(node, path, length);
		path += length + (path[length] == '.');
	}
	return (struct json *)(uintptr_t)node;
}

/* One character of a key as Go's reader, runc's, takes it: letters without case, and with them
 * U+017F (long s) and U+212A (Kelvin sign), which Unicode folds into "s" and "k": to runc
 * "\u017feccomp" is "seccomp". Other letters fold too, but no key of ours has them. */
static int next_folded(const char **text)
{
	unsigned char c = (unsigned char)**text;

	if (c == '\0')
		return 0;
	++*text;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 'a';
	if (c == 0xc5 && strncmp(*text, "\xbf", 1) == 0) {
		*text += 1;
		return 's';
	}
	if (c == 0xe2 && strncmp(*text, "\x84\xaa", 2) == 0) {
		*text += 2;
		return 'k';
	}
	return c;
}

int json_compare_folded(const char *a, const char *b)
{
	int x, y;

	do {
		x = next_folded(&a);
		y = next_folded(&b);
	} while (x == y && x);
	return x - y;
}

const char *json_string(const struct json *node)
{
	return json_is(node, JSON_STRING) ? node->text : NULL;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",	    [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_ARRAY] = "an array",	   [JSON_OBJECT] = "an object",
	};

	return (size_t)type < ARRAY_SIZE(names) ? names[type] : "nothing known";
}

static unsigned index_of(const struct json *element)
{
	unsigned index = 0;

	json_each(sibling, element->parent) {
		if (sibling == element)
			break;
		index++;
	}
	return index;
}

/* Written from its end; what does not fit of a long path is its beginning. */
const char *json_where(const struct json *node, char text[256])
{
	char path[200], part[80];
	size_t at = sizeof path - 1;
	const char *name;

	path[at] = '\0';
	for (const struct json *n = node; n && n->parent; n = n->parent) {
		size_t length;

		if (n->parent->type == JSON_OBJECT)
			(void)snprintf(part, sizeof part, "%s%.60s", n->parent->parent ? "." : "", n->key);
		else
			(void)snprintf(part, sizeof part, "[%u]", index_of(n));
		length = strlen(part);
		if (length > at)
			break;
		at -= length;
		memcpy(path + at, part, length);
	}
	name = !node ? "nothing" : path[at] ? path + at : "the document";
	if (node && node->line)
		(void)snprintf(text, 256, "%s (line %u, column %u)", name, node->line, node->column);
	else
		(void)snprintf(text, 256, "%s", name);
	return text;
}

static int not_number(const struct json *node, int code, const char *wanted, struct error *err)
{
	char where[256];

	if (!node)
		return error_set(err, code, "%s is wanted, and nothing is there", wanted);
	return error_set(err, code, "%s: %s is wanted, not %.40s", json_where(node, where), wanted,
			 node->type == JSON_NUMBER ? node->text : json_type_name(node->type));
}

static bool is_integer(const struct json *node)
{
	const char *digits;

	if (!json_is(node, JSON_NUMBER))
		return false;
	digits = node->text + (node->text[0] == '-');
	return *digits && digits[strspn(digits, "0123456789")] == '\0';
}

int json_int64(const struct json *node, int64_t *ret_value, struct error *err)
{
	intmax_t value;

	if (!is_integer(node))
		return not_number(node, EINVAL, "a whole number", err);
	errno = 0;
	value = strtoimax(node->text, NULL, 10);
	if (errno)
		return not_number(node, ERANGE, "a whole number of 64 bits", err);
	*ret_value = value;
	return 0;
}

int json_uint64(const struct json *node, uint64_t *ret_value, struct error *err)
{
	uintmax_t value;

	if (!is_integer(node))
		return not_number(node, EINVAL, "a whole number", err);
	errno = 0;
	value = strtoumax(node->text, NULL, 10);
	if (errno || node->text[0] == '-') /* which strtoumax would wrap */
		return not_number(node, ERANGE, "a whole number from 0 to 2^64 - 1", err);
	*ret_value = value;
	return 0;
}

struct json *json_new(struct json_doc *doc, enum json_type type)
{
	struct json *node = take(doc, sizeof *node, _Alignof(struct json));

	if (node)
		*node = (struct json){.type = type};
	return node;
}

/* The program's own text may hold what JSON cannot (a path, a cut message): bytes that are no UTF-8
 * become U+FFFD, so that a report is never lost to one of them. */
static char *new_text(struct json_doc *doc, const char *value)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t bad = 0, length = strlen(value);
	char *copy, *to;

	for (const char *at = value; *at;) {
		size_t n = utf8_length(at, SIZE_MAX);

		bad += n == 0;
		at += n ? n : 1;
	}
	if (bad == 0)
		return json_text(doc, value, length);
	to = copy = take(doc, length + bad * 2 + 1, 1);
	for (const char *at = value; copy && *at;) {
		size_t n = utf8_length(at, SIZE_MAX);

		memcpy(to, n ? at : replacement, n ? n : 3);
		to += n ? n : 3;
		at += n ? n : 1;
	}
	if (copy)
		*to = '\0';
	return copy;
}

static struct json *new_with_text(struct json_doc *doc, enum json_type type, const char *text)
{
	struct json *node = json_new(doc, type);

	if (!node)
		return NULL;
	node->text = new_text(doc, text);
	return node->text ? node : NULL;
}

struct json *json_new_string(struct json_doc *doc, const char *value)
{
	return value ? new_with_text(doc, JSON_STRING, value) : NULL;
}

struct json *json_new_uint64(struct json_doc *doc, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, value);
	return new_with_text(doc, JSON_NUMBER, text);
}

struct json *json_new_int64(struct json_doc *doc, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRId64, value);
	return new_with_text(doc, JSON_NUMBER, text);
}

struct json *json_new_bool(struct json_doc *doc, bool value)
{
	struct json *node = json_new(doc, JSON_BOOL);

	if (node)
		node->boolean = value;
	return node;
}

void json_link(struct json *parent, struct json *child)
{
	child->parent = parent;
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

static struct json *copy_one(struct json_doc *doc, const struct json *from)
{
	struct json *to = json_new(doc, from->type);

	if (!to)
		return NULL;
	to->boolean = from->boolean;
	to->line = from->line;
	to->column = from->column;
	if (from->key && !(to->key = json_text(doc, from->key, strlen(from->key))))
		return NULL;
	if (from->text && !(to->text = json_text(doc, from->text, strlen(from->text))))
		return NULL;
	return to;
}

/* In document order: `from` walks the original, `at` is always its copy. */
struct json *json_copy(struct json_doc *doc, const struct json *node)
{
	struct json *root = node ? copy_one(doc, node) : NULL, *at = root;
	const struct json *from = node;

	if (!root)
		return NULL;
	root->key = NULL;
	for (;;) {
		struct json *parent = at, *made;

		if (from->first) {
			from = from->first;
		} else {
			while (from != node && !from->next) {
				from = from->parent;
				parent = parent->parent;
			}
			if (from == node)
				return root;
			from = from->next;
			parent = parent->parent;
		}
		made = copy_one(doc, from);
		if (!made)
			return NULL;
		json_link(parent, made);
		at = made;
	}
}

/* The link that points to `node`: its parent's `first` or a sibling's `next`. */
static struct json **link_to(struct json *node, struct json **ret_before)
{
	struct json **link = &node->parent->first;

	*ret_before = NULL;
	while (*link != node) {
		*ret_before = *link;
		link = &(*link)->next;
	}
	return link;
}

/* Takes `node` out; `value`, if any, takes its place. */
static void replace(struct json *node, struct json *value)
{
	struct json *before, **link = link_to(node, &before);

	if (value) {
		value->parent = node->parent;
		value->next = node->next;
	}
	*link = value ? value : node->next;
	if (node->parent->last == node)
		node->parent->last = value ? value : before;
	node->parent = NULL;
	node->next = NULL;
}

int json_set(struct json_doc *doc, struct json *object, const char *key, struct json *value)
{
	struct json *old;

	if (!object || !value)
		return -ENOMEM;
	if (object->type != JSON_OBJECT)
		return -EINVAL;
	old = json_get(object, key);
	if (old == value)
		return 0;
	value->key = old ? old->key : new_text(doc, key);
	if (!value->key)
		return -ENOMEM;
	if (old)
		replace(old, value);
	else
		json_link(object, value);
	return 0;
}

int json_append(struct json *array, struct json *value)
{
	if (!array || !value)
		return -ENOMEM;
	if (array->type != JSON_ARRAY)
		return -EINVAL;
	value->key = NULL;
	json_link(array, value);
	return 0;
}

void json_remove(struct json *node)
{
	if (node && node->parent)
		replace(node, NULL);
}

struct json *json_ensure_object(struct json_doc *doc, struct json *object, const char *key)
{
	struct json *there = json_get(object, key);

	if (there && there->type != JSON_NULL)
		return there->type == JSON_OBJECT ? there : NULL;
	there = json_new(doc, JSON_OBJECT);
	return json_set(doc, object, key, there) < 0 ? NULL : there;
}
