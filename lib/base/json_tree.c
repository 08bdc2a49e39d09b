/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree without its text: arena, looking, editing. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json_internal.h"

enum { CHUNK_SIZE = 16 << 10 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t data[];
};

void *json_alloc(struct json_doc *doc, size_t size)
{
	struct chunk *chunk = doc->chunks;
	void *at;

	size = (size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		size_t want = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		chunk = malloc(sizeof *chunk + want);
		if (!chunk)
			return NULL;
		chunk->used = 0;
		chunk->size = want;
		chunk->next = doc->chunks;
		doc->chunks = chunk;
	}
	at = (char *)chunk->data + chunk->used;
	chunk->used += size;
	return at;
}

char *json_text(struct json_doc *doc, const char *text, size_t length)
{
	char *copy = json_alloc(doc, length + 1);

	if (!copy)
		return NULL;
	if (length)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

int json_doc_make(struct json_doc **ret_doc)
{
	*ret_doc = calloc(1, sizeof **ret_doc);
	return *ret_doc ? 0 : -ENOMEM;
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
	if (!doc)
		return;
	while (doc->chunks) {
		struct chunk *next = doc->chunks->next;

		free(doc->chunks);
		doc->chunks = next;
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

const char *json_string(const struct json *node)
{
	return json_is(node, JSON_STRING) ? node->text : NULL;
}

bool json_is(const struct json *node, enum json_type type)
{
	return node && node->type == type;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {"null", "true or false", "a number", "a string", "an array", "an object"};

	return names[type];
}

/* Innermost name last, so it is built from the end of the buffer. */
const char *json_where(const struct json *node, char text[256])
{
	char path[200], part[96];
	size_t at = sizeof path - 1;

	path[at] = '\0';
	for (const struct json *n = node; n && n->parent; n = n->parent) {
		size_t length;

		if (n->key) {
			(void)snprintf(part, sizeof part, "%s%.80s", n->parent->parent ? "." : "", n->key);
		} else {
			unsigned index = 0;

			for (const struct json *e = n->parent->first; e && e != n; e = e->next)
				index++;
			(void)snprintf(part, sizeof part, "[%u]", index);
		}
		length = strlen(part);
		if (length > at)
			break;
		at -= length;
		memcpy(path + at, part, length);
	}
	if (node && node->line)
		(void)snprintf(text, 256, "%s (line %u, column %u)", path[at] ? path + at : "the document", node->line,
			       node->column);
	else
		(void)snprintf(text, 256, "%s", path[at] ? path + at : "the document");
	return text;
}

static int not_integer(const struct json *node, int code, const char *wanted, struct error *err)
{
	char where[256];

	if (!node)
		return error_set(err, code, "a number is missing");
	return error_set(err, code, "%s: %s is wanted, not %.40s", json_where(node, where), wanted,
			 node->type == JSON_NUMBER ? node->text : json_type_name(node->type));
}

static bool is_integer(const struct json *node)
{
	const char *digits;

	if (!json_is(node, JSON_NUMBER))
		return false;
	digits = node->text + (node->text[0] == '-');
	return *digits && strspn(digits, "0123456789") == strlen(digits);
}

int json_int64(const struct json *node, int64_t *ret_value, struct error *err)
{
	intmax_t value;

	if (!is_integer(node))
		return not_integer(node, EINVAL, "a whole number", err);
	errno = 0;
	value = strtoimax(node->text, NULL, 10);
	if (errno)
		return not_integer(node, ERANGE, "a number of 64 bits", err);
	*ret_value = value;
	return 0;
}

int json_uint64(const struct json *node, uint64_t *ret_value, struct error *err)
{
	uintmax_t value;

	if (!is_integer(node))
		return not_integer(node, EINVAL, "a whole number", err);
	if (node->text[0] == '-' && strcmp(node->text, "-0") != 0)
		return not_integer(node, ERANGE, "a number not below zero", err);
	errno = 0;
	value = strtoumax(node->text, NULL, 10);
	if (errno)
		return not_integer(node, ERANGE, "a number of 64 bits", err);
	*ret_value = value;
	return 0;
}

struct json *json_new(struct json_doc *doc, enum json_type type)
{
	struct json *node = json_alloc(doc, sizeof *node);

	if (node)
		*node = (struct json){.type = type};
	return node;
}

static struct json *new_text(struct json_doc *doc, enum json_type type, const char *text)
{
	struct json *node = json_new(doc, type);

	if (!node)
		return NULL;
	node->text = json_text(doc, text, strlen(text));
	return node->text ? node : NULL;
}

struct json *json_new_string(struct json_doc *doc, const char *value)
{
	return value ? new_text(doc, JSON_STRING, value) : NULL;
}

struct json *json_new_uint64(struct json_doc *doc, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, value);
	return new_text(doc, JSON_NUMBER, text);
}

struct json *json_new_int64(struct json_doc *doc, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRId64, value);
	return new_text(doc, JSON_NUMBER, text);
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

/* In document order, without recursion. */
struct json *json_copy(struct json_doc *doc, const struct json *node)
{
	struct json *root = node ? copy_one(doc, node) : NULL, *at = root;
	const struct json *from = node;

	if (!root)
		return NULL;
	root->key = NULL;
	while (from) {
		struct json *made;

		if (from->first) {
			from = from->first;
		} else {
			while (from != node && !from->next) {
				from = from->parent;
				at = at->parent;
			}
			if (from == node)
				break;
			from = from->next;
			at = at->parent;
		}
		made = copy_one(doc, from);
		if (!made)
			return NULL;
		json_link(at, made);
		at = made;
	}
	return root;
}

int json_set(struct json_doc *doc, struct json *object, const char *key, struct json *value)
{
	struct json *old = json_get(object, key);

	if (!object || !value)
		return -ENOMEM;
	value->key = old ? old->key : json_text(doc, key, strlen(key));
	if (!value->key)
		return -ENOMEM;
	if (!old) {
		json_link(object, value);
		return 0;
	}
	value->parent = object;
	value->next = old->next;
	if (object->first == old) {
		object->first = value;
	} else {
		struct json *before = object->first;

		while (before->next != old)
			before = before->next;
		before->next = value;
	}
	if (object->last == old)
		object->last = value;
	old->parent = NULL;
	return 0;
}

int json_append(struct json *array, struct json *value)
{
	if (!array || !value)
		return -ENOMEM;
	json_link(array, value);
	return 0;
}

void json_remove(struct json *node)
{
	struct json *parent = node ? node->parent : NULL, *before = NULL;

	if (!parent)
		return;
	for (struct json *n = parent->first; n != node; n = n->next)
		before = n;
	if (before)
		before->next = node->next;
	else
		parent->first = node->next;
	if (parent->last == node)
		parent->last = before;
	node->parent = NULL;
	node->next = NULL;
}

struct json *json_ensure_object(struct json_doc *doc, struct json *object, const char *key)
{
	struct json *there = json_get(object, key);

	if (there && there->type != JSON_NULL)
		return there->type == JSON_OBJECT ? there : NULL;
	there = json_new(doc, JSON_OBJECT);
	return json_set(doc, object, key, there) < 0 ? NULL : there;
}
