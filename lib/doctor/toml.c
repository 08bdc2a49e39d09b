/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/doctor/toml.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_LENGTH_MAX = 512, VALUE_MAX = 4096, NESTING_MAX = 16 };

struct reader {
	const char *at;
	char path[PATH_LENGTH_MAX];
	char value[VALUE_MAX];
	void (*each)(const char *path, const char *value, void *data);
	void *data;
};

static void skip_blanks(struct reader *r, bool newlines)
{
	for (;;) {
		r->at += strspn(r->at, newlines ? " \t\r\n" : " \t\r");
		if (*r->at != '#')
			return;
		r->at += strcspn(r->at, "\n");
	}
}

/* Only the escapes that a path or a name has. */
static char unescaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

/* Both kinds of quotes, once or three times. False when it has no end. */
static bool read_string(struct reader *r)
{
	char quote = *r->at;
	bool block = r->at[1] == quote && r->at[2] == quote;
	size_t used = 0;

	r->at += block ? 3 : 1;
	for (; *r->at; r->at++) {
		char c = *r->at;

		if (c == quote && (!block || (r->at[1] == quote && r->at[2] == quote))) {
			r->at += block ? 3 : 1;
			r->value[used] = '\0';
			return true;
		}
		if (c == '\n' && !block)
			return false;
		if (c == '\\' && quote == '"' && r->at[1])
			c = unescaped(*++r->at);
		if (used < VALUE_MAX - 1)
			r->value[used++] = c;
	}
	return false;
}

/* Appends "a.b.'c d'" to the path, which may be full: then nothing matches it any more. */
static bool read_key(struct reader *r)
{
	for (;;) {
		size_t length = strlen(r->path), word;

		skip_blanks(r, false);
		if (*r->at == '"' || *r->at == '\'') {
			if (!read_string(r))
				return false;
			word = strlen(r->value);
		} else {
			word = strspn(r->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
			if (!word)
				return false;
			(void)snprintf(r->value, sizeof r->value, "%.*s", word < VALUE_MAX ? (int)word : VALUE_MAX - 1, r->at);
			r->at += word;
		}
		if (length + 1 + word >= PATH_LENGTH_MAX)
			return false;
		(void)snprintf(r->path + length, PATH_LENGTH_MAX - length, "%s%.*s", length ? "/" : "", PATH_LENGTH_MAX - 2, r->value);
		skip_blanks(r, false);
		if (*r->at != '.')
			return true;
		r->at++;
	}
}

/* "KEY =" */
static bool read_assignment(struct reader *r)
{
	if (!read_key(r) || *r->at != '=')
		return false;
	r->at++;
	return true;
}

/* A value with all that is in it. `ends`: for each open bracket how long the path was outside of it. */
static bool read_value(struct reader *r)
{
	struct {
		size_t path;
		bool table;
	} open[NESTING_MAX];
	int depth = 0;

	do {
		skip_blanks(r, depth > 0);
		switch (*r->at) {
		case '\0':
			return false;
		case '"':
		case '\'':
			if (!read_string(r))
				return false;
			r->each(r->path, r->value, r->data);
			break;
		case '[':
		case '{':
			if (depth == NESTING_MAX)
				return false;
			open[depth].path = strlen(r->path);
			open[depth++].table = *r->at == '{';
			r->at++;
			break;
		case ']':
		case '}':
			if (!depth)
				return false;
			r->path[open[--depth].path] = '\0';
			r->at++;
			break;
		case ',':
			if (!depth)
				return false;
			r->path[open[depth - 1].path] = '\0';
			r->at++;
			break;
		default: /* a key in a table, or what is no string */
			if (depth && open[depth - 1].table && strlen(r->path) == open[depth - 1].path) {
				if (!read_assignment(r))
					return false;
				continue;
			}
			if (!strcspn(r->at, ",]}# \t\r\n"))
				return false;
			r->at += strcspn(r->at, ",]}# \t\r\n");
		}
	} while (depth);
	return true;
}

/* "[a.b]" or "[[a.b]]" */
static bool read_header(struct reader *r)
{
	r->at += strspn(r->at, "[");
	r->path[0] = '\0';
	return read_key(r) && *r->at == ']';
}

void toml_each_string(const char *text, void (*each)(const char *path, const char *value, void *data), void *data)
{
	struct reader r = {.at = text, .each = each, .data = data};
	size_t table = 0;

	for (;;) {
		r.path[table] = '\0';
		skip_blanks(&r, true);
		if (!*r.at)
			return;
		if (*r.at == '[') {
			if (!read_header(&r)) /* what follows is in no table that anybody asks for */
				(void)snprintf(r.path, sizeof r.path, "?");
			table = strlen(r.path);
		} else if (read_assignment(&r)) {
			(void)read_value(&r);
		}
		r.at += strcspn(r.at, "\n");
	}
}
