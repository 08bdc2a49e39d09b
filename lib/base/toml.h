/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TOML 1.0 as a list of what stands where, for looking at a configuration and for editing its text without
 * touching the rest: tables and key/value pairs, each with its whole path and its place. Values stay text. What is not
 * TOML, or not understood, is an error with its line; that a key is not there twice is the engine's to say.
 */
#ifndef STINT_BASE_TOML_H
#define STINT_BASE_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"

enum { TOML_PATH_SIZE = 512, TOML_MAX_ITEMS = 1 << 16 };

enum toml_kind { TOML_TABLE, TOML_ARRAY_TABLE, TOML_PAIR };

struct toml_item {
	enum toml_kind kind;
	/* Segments joined by dots; one that is no bare key is in double quotes: `plugins."io.x.v1".name`. The tables of
	 * an array are `name[0]`, `name[1]`. */
	char *path;
	size_t start, end;	 /* its lines, with the newline */
	size_t value, value_end; /* of a pair */
	unsigned line;
};

struct toml {
	char *text; /* a copy */
	size_t length, count;
	struct toml_item *items; /* as they come in the text */
};

/* `name` is what errors call it. -EINVAL, -E2BIG (too many items, a path that is too long), -ENOMEM. */
int toml_parse(const char *name, const char *text, size_t length, struct toml **ret_toml, struct error *err);
void toml_free(struct toml *toml);
static inline void toml_freep(struct toml **toml)
{
	toml_free(*toml);
}
#define _cleanup_toml_ _cleanup_(toml_freep)

/* NULL when there is none. */
const struct toml_item *toml_find(const struct toml *toml, enum toml_kind kind, const char *path);
/* `path` is `above`, or something in it. */
bool toml_below(const char *path, const char *above);
/* Whether anything at or below `path` is there. */
bool toml_has(const struct toml *toml, const char *path);

/* A string's value, malloc'ed. NULL: it is none, or has escapes other than \" \\ \n \t, or several lines. */
char *toml_string(const struct toml *toml, const struct toml_item *pair);
/* The strings of an array, NULL-terminated, to be freed with toml_strings_free. NULL: it is something else, or one of
 * them is what toml_string does not read. */
char **toml_strings(const struct toml *toml, const struct toml_item *pair);
void toml_strings_free(char **strings);
static inline void toml_strings_freep(char ***strings)
{
	toml_strings_free(*strings);
}

/* `text` as a basic string, quotes included, malloc'ed. NULL without memory, or when it has control characters. */
char *toml_quote(const char *text);

#endif
