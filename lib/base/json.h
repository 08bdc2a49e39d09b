/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON as an editable tree. The tree is built from yajl's callbacks, without recursion, inside caps
 * on size, depth and the number of values, and is stricter than any runtime's reader (RFC 8259
 * leaves these open and runc and crun take them differently): it refuses duplicate keys and keys
 * that are equal when case is ignored as runc ignores it, comments, bytes after the document, NUL
 * bytes and NUL escapes, lone surrogates, bad UTF-8 and a byte order mark. Numbers are kept letter
 * for letter. Errors name line and column (from 1; a column is a character).
 *
 * All nodes of a document live in its arena and die with it; a node that was removed or replaced
 * stays valid until then. Strings returned are owned by the document.
 */
#ifndef STINT_BASE_JSON_H
#define STINT_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

enum {
	JSON_MAX_BYTES = 1 << 20, /* a config.json with Docker's whole seccomp profile is 40 kB */
	JSON_MAX_DEPTH = 64,
	JSON_MAX_NODES = 1 << 17, /* a node is larger than the two bytes of text that make one */
	/* Of documents that root wrote: a profile may have 100,000 network rules, and a plan has them twice. */
	JSON_LARGE_BYTES = 16 << 20,
	JSON_LARGE_NODES = 1 << 20,
};

struct json {
	enum json_type type;
	bool boolean;
	unsigned line, column;	     /* where it began; 0 for nodes made by the program */
	const char *key;	     /* in an object; NULL elsewhere */
	const char *text;	     /* a string's value; a number's literal; NULL elsewhere */
	struct json *parent, *next;  /* next: the sibling in its object or array */
	struct json *first, *last;   /* members or elements */
};

struct json_doc;

/* Reads a whole document. EINVAL: not valid or not accepted; EFBIG: too large; E2BIG: too deep, or too
 * many values; ENOMEM. `name` is what errors call it ("config.json"). `text` needs no terminating
 * NUL. */
int json_parse(const char *name, const char *text, size_t length, struct json_doc **ret_doc,
	       struct error *err);
/* The same with the larger caps. */
int json_parse_large(const char *name, const char *text, size_t length, struct json_doc **ret_doc, struct error *err);
/* A document with an empty object as its root, to build on. */
int json_doc_new(struct json_doc **ret_doc, struct error *err);
/* Size caps are the caller's when it reads the bytes: file_read(…, JSON_MAX_BYTES, …). */
void json_doc_free(struct json_doc *doc);
static inline void json_doc_freep(struct json_doc **doc)
{
	json_doc_free(*doc);
}
#define _cleanup_json_ _cleanup_(json_doc_freep)

struct json *json_root(struct json_doc *doc);
void json_set_root(struct json_doc *doc, struct json *node);

/* Looking. NULL in, NULL out, so that look-ups can be chained. */
struct json *json_get(const struct json *object, const char *key);
/* Keys joined by dots, for keys that hold none: json_find(root, "linux.resources.memory"). */
struct json *json_find(const struct json *object, const char *path);
#define json_each(child, node) \
	for (struct json *child = (node) ? (node)->first : NULL; child; child = child->next)
/* The text of a string node, or NULL when it is absent or no string. */
const char *json_string(const struct json *node);
bool json_is(const struct json *node, enum json_type type); /* false for NULL */
const char *json_type_name(enum json_type type);	    /* "an object", "a string", … */
/* Strictly integers: no fraction, no exponent, no leading plus, in range. -EINVAL, -ERANGE; the
 * error names `node`'s path and place. */
int json_int64(const struct json *node, int64_t *ret_value, struct error *err);
int json_uint64(const struct json *node, uint64_t *ret_value, struct error *err);
/* "linux.resources.memory.limit (line 12, column 9)": where a node is, for messages. */
const char *json_where(const struct json *node, char text[256]);

/* Editing. Making nodes returns NULL only without memory; the setters take NULL values and then
 * return -ENOMEM, so that calls can be nested. Values are copied into the document; bytes that are
 * no UTF-8, which JSON cannot hold, become U+FFFD. */
struct json *json_new(struct json_doc *doc, enum json_type type); /* null, {}, [], false */
struct json *json_new_string(struct json_doc *doc, const char *value);
struct json *json_new_uint64(struct json_doc *doc, uint64_t value);
struct json *json_new_int64(struct json_doc *doc, int64_t value);
struct json *json_new_bool(struct json_doc *doc, bool value);
/* A copy of `node` and all below it, from any document. */
struct json *json_copy(struct json_doc *doc, const struct json *node);
/* Replaces the member or appends it. `value` must not be in a tree already. -EINVAL when `object`
 * (or `array`) is something else. */
int json_set(struct json_doc *doc, struct json *object, const char *key, struct json *value);
int json_append(struct json *array, struct json *value);
void json_remove(struct json *node); /* from its parent */
/* The object below `key`, made when it is absent or null; NULL without memory or when something
 * else is there. */
struct json *json_ensure_object(struct json_doc *doc, struct json *object, const char *key);

/* Writing, by yajl_gen: what is written parses again to the same tree. *ret_text is NUL-terminated
 * and malloc'ed; a newline ends it. */
int json_write(const struct json *node, bool pretty, char **ret_text, size_t *ret_length,
	       struct error *err);

/* By their texts as they are written: below 0, 0 when they are equal, above 0. NULL comes first. Without memory they
 * are different. */
int json_order(const struct json *a, const struct json *b);
bool json_equal(const struct json *a, const struct json *b);

#endif
