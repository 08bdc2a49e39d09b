/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TOML, line by line: where each table and each pair stands. Nothing recurses. */
#include "lib/base/toml.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/utf8.h"

enum { NESTED_MAX = 64 };

struct scanner {
	const char *name;
	const char *text; /* NUL-terminated, without a NUL in it */
	size_t at;
	unsigned line;
	struct toml *toml;
	size_t room;
	char table[TOML_PATH_SIZE]; /* that pairs belong to */
	struct error *err;
};

static int refuse(const struct scanner *s, const char *what)
{
	return error_set(s->err, EINVAL, "read %s, line %u: %s", s->name, s->line, what);
}

static void skip_blanks(struct scanner *s)
{
	s->at += strspn(s->text + s->at, " \t");
}

static bool at_newline(const struct scanner *s)
{
	return s->text[s->at] == '\n' || (s->text[s->at] == '\r' && s->text[s->at + 1] == '\n');
}

static void pass_newline(struct scanner *s)
{
	s->at += s->text[s->at] == '\r' ? 2 : 1;
	s->line++;
}

static void skip_comment(struct scanner *s)
{
	if (s->text[s->at] != '#')
		return;
	s->at += strcspn(s->text + s->at, "\n");
	if (s->text[s->at - 1] == '\r')
		s->at--;
}

/* Between the values of an array: also newlines and comments. */
static void skip_space(struct scanner *s)
{
	for (;;) {
		skip_blanks(s);
		skip_comment(s);
		if (!at_newline(s))
			return;
		pass_newline(s);
	}
}

/* The rest of a line is a comment at most. */
static int end_line(struct scanner *s)
{
	skip_blanks(s);
	skip_comment(s);
	if (s->text[s->at] == '\0')
		return 0;
	if (!at_newline(s))
		return refuse(s, "not valid TOML: something comes after the value or the table's name");
	pass_newline(s);
	return 0;
}

/* To the end of a string in one line, whose quote is at `at`. */
static int skip_line_string(struct scanner *s)
{
	char quote = s->text[s->at++];

	for (; s->text[s->at] != quote; s->at++) {
		if (s->text[s->at] == '\0' || s->text[s->at] == '\n')
			return refuse(s, "not valid TOML: a string does not end in its line");
		if (s->text[s->at] == '\\' && quote == '"' && s->text[s->at + 1] != '\0' && s->text[s->at + 1] != '\n')
			s->at++;
	}
	s->at++;
	return 0;
}

/* And of one in three quotes. */
static int skip_long_string(struct scanner *s)
{
	char quote = s->text[s->at];
	unsigned first = s->line;

	for (s->at += 3; s->text[s->at]; s->at++) {
		const char *here = s->text + s->at;

		if (*here == '\n') {
			s->line++;
		} else if (*here == '\\' && quote == '"' && here[1] == '\\') {
			s->at++;
		} else if (*here == '\\' && quote == '"' && here[1] == quote) {
			s->at++;
		} else if (*here == quote && here[1] == quote && here[2] == quote) {
			/* Up to two more quotes are its last characters. */
			s->at += 3;
			for (int more = 0; more < 2 && s->text[s->at] == quote; more++)
				s->at++;
			return 0;
		}
	}
	s->line = first;
	return refuse(s, "not valid TOML: a string in three quotes has no end");
}

static int skip_string(struct scanner *s)
{
	const char *here = s->text + s->at;

	return here[1] == here[0] && here[2] == here[0] ? skip_long_string(s) : skip_line_string(s);
}

/* A number, date or boolean; what exactly it is matters to nobody here. */
static int skip_word(struct scanner *s, bool nested)
{
	size_t from = s->at;

	s->at += strcspn(s->text + s->at, nested ? ",]}# \t\r\n=" : "# \t\r\n");
	/* A date and its time may have a space between them. */
	if (s->at - from == 10 && s->text[from + 4] == '-' && s->text[s->at] == ' ' && s->text[s->at + 1] >= '0' &&
	    s->text[s->at + 1] <= '9')
		s->at += 1 + strcspn(s->text + s->at + 1, nested ? ",]}# \t\r\n" : "# \t\r\n");
	if (s->at == from)
		return refuse(s, "not valid TOML: a value is missing");
	for (size_t i = from; i < s->at; i++)
		if (strchr("\"'[]{},\\", s->text[i]))
			return refuse(s, "not valid TOML: a value is none");
	return 0;
}

/* Brackets, and what is in them. Its commas and keys are not looked at: the engine does that. */
static int skip_nested(struct scanner *s)
{
	char closing[NESTED_MAX];
	size_t depth = 0;
	unsigned first = s->line;
	int r = 0;

	do {
		char c;

		skip_space(s);
		c = s->text[s->at];
		if (c == '\0') {
			s->line = first;
			return refuse(s, "not valid TOML: an array or inline table has no end");
		}
		if (c == '[' || c == '{') {
			if (depth == NESTED_MAX)
				return refuse(s, "values are nested too deep");
			closing[depth++] = c == '[' ? ']' : '}';
			s->at++;
		} else if (c == ']' || c == '}') {
			if (closing[--depth] != c)
				return refuse(s, "not valid TOML: brackets do not match");
			s->at++;
		} else if (c == ',' || c == '=') {
			s->at++;
		} else {
			r = c == '"' || c == '\'' ? skip_string(s) : skip_word(s, true);
		}
	} while (r == 0 && depth);
	return r;
}

static int skip_value(struct scanner *s)
{
	switch (s->text[s->at]) {
	case '"':
	case '\'':
		return skip_string(s);
	case '[':
	case '{':
		return skip_nested(s);
	default:
		return skip_word(s, false);
	}
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int append(struct scanner *s, char path[TOML_PATH_SIZE], const char *text, size_t length)
{
	size_t used = strlen(path);

	if (length >= TOML_PATH_SIZE - used) {
		return error_set(s->err, E2BIG, "read %s, line %u: a key has more than %d characters", s->name, s->line,
				 TOML_PATH_SIZE - 1);
	}
	memcpy(path + used, text, length);
	path[used + length] = '\0';
	return 0;
}

/* One segment of a key. */
static int read_segment(struct scanner *s, char path[TOML_PATH_SIZE])
{
	size_t from = s->at, length;
	char quote = s->text[from];
	bool bare = true;
	int r;

	if (quote != '"' && quote != '\'') {
		while (is_bare(s->text[s->at]))
			s->at++;
		return s->at > from ? append(s, path, s->text + from, s->at - from)
				    : refuse(s, "not valid TOML, or not understood: no key where one must be");
	}
	r = skip_line_string(s);
	if (r < 0)
		return r;
	length = s->at - from - 2;
	for (size_t i = 0; i < length; i++) {
		bare = bare && is_bare(s->text[from + 1 + i]);
		if (strchr("\\\"", s->text[from + 1 + i]))
			return refuse(s, "not understood: a key with a quote or a backslash in it");
	}
	if (bare && length)
		return append(s, path, s->text + from + 1, length);
	r = append(s, path, "\"", 1);
	if (r == 0)
		r = append(s, path, s->text + from + 1, length);
	return r == 0 ? append(s, path, "\"", 1) : r;
}

/* How many tables `path` has so far as an array. */
static unsigned tables_of(const struct toml *toml, const char *path)
{
	size_t length = strlen(path);
	unsigned count = 0;

	for (size_t i = 0; i < toml->count; i++) {
		const struct toml_item *item = &toml->items[i];

		count += item->kind == TOML_ARRAY_TABLE && strncmp(item->path, path, length) == 0 &&
			 item->path[length] == '[' && !strchr(item->path + length, '.');
	}
	return count;
}

static int append_index(struct scanner *s, char path[TOML_PATH_SIZE], unsigned index)
{
	char text[24];

	return append(s, path, text, (size_t)snprintf(text, sizeof text, "[%u]", index));
}

/* A dotted key. In a header the name of an array stands for its last table. */
static int read_key(struct scanner *s, bool header, char path[TOML_PATH_SIZE])
{
	for (;;) {
		int r = path[0] ? append(s, path, ".", 1) : 0;
		unsigned tables;

		if (r == 0)
			r = read_segment(s, path);
		if (r < 0)
			return r;
		skip_blanks(s);
		if (s->text[s->at] != '.')
			return 0;
		s->at++;
		skip_blanks(s);
		tables = header ? tables_of(s->toml, path) : 0;
		if (tables && (r = append_index(s, path, tables - 1)) < 0)
			return r;
	}
}

static struct toml_item *add(struct scanner *s, enum toml_kind kind, const char *path, size_t start)
{
	struct toml *toml = s->toml;

	if (toml->count == TOML_MAX_ITEMS) {
		(void)error_set(s->err, E2BIG, "read %s, line %u: more than %d keys", s->name, s->line, TOML_MAX_ITEMS);
		return NULL;
	}
	if (toml->count == s->room) {
		size_t room = s->room ? s->room * 2 : 32;
		void *more = realloc(toml->items, room * sizeof *toml->items);

		if (!more) {
			(void)error_set(s->err, ENOMEM, "read %s: out of memory", s->name);
			return NULL;
		}
		toml->items = more;
		s->room = room;
	}
	toml->items[toml->count] =
		(struct toml_item){.kind = kind, .path = strdup(path), .start = start, .line = s->line};
	if (!toml->items[toml->count].path) {
		(void)error_set(s->err, ENOMEM, "read %s: out of memory", s->name);
		return NULL;
	}
	return &toml->items[toml->count++];
}

static int read_header(struct scanner *s, size_t start)
{
	bool array = s->text[s->at + 1] == '[';
	enum toml_kind kind = array ? TOML_ARRAY_TABLE : TOML_TABLE;
	struct toml_item *item;
	int r;

	s->at += array ? 2 : 1;
	s->table[0] = '\0';
	skip_blanks(s);
	r = read_key(s, true, s->table);
	if (r == 0 && array)
		r = append_index(s, s->table, tables_of(s->toml, s->table));
	if (r < 0)
		return r;
	if (s->text[s->at] != ']' || (array && s->text[s->at + 1] != ']'))
		return refuse(s, "not valid TOML: the name of a table has no closing bracket");
	s->at += array ? 2 : 1;
	item = add(s, kind, s->table, start);
	if (!item)
		return -ENOMEM;
	r = end_line(s);
	item->end = s->at;
	return r;
}

static int read_pair(struct scanner *s, size_t start)
{
	char path[TOML_PATH_SIZE];
	struct toml_item *item;
	int r;

	(void)snprintf(path, sizeof path, "%s", s->table);
	r = read_key(s, false, path);
	if (r < 0)
		return r;
	if (s->text[s->at] != '=')
		return refuse(s, "not valid TOML: a key without \"=\"");
	s->at++;
	skip_blanks(s);
	item = add(s, TOML_PAIR, path, start);
	if (!item)
		return -ENOMEM;
	item->value = s->at;
	r = skip_value(s);
	item->value_end = s->at;
	if (r == 0)
		r = end_line(s);
	item->end = s->at;
	return r;
}

static int scan(struct scanner *s)
{
	int r = 0;

	while (r == 0 && s->text[s->at]) {
		size_t start = s->at;

		skip_blanks(s);
		if (s->text[s->at] == '[')
			r = read_header(s, start);
		else if (s->text[s->at] == '#' || s->text[s->at] == '\0' || at_newline(s))
			r = end_line(s);
		else
			r = read_pair(s, start);
	}
	return r;
}

/* Characters that TOML has nowhere. */
static int check_characters(const struct scanner *scanner, size_t length)
{
	struct scanner s = *scanner;

	for (size_t at = 0, step; at < length; at += step) {
		unsigned char c = (unsigned char)s.text[at];

		step = utf8_length(s.text + at, length - at);
		if (step == 0)
			return refuse(&s, "bytes that are not valid UTF-8");
		if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
			return refuse(&s, "a control character");
		if (c == '\r' && s.text[at + 1] != '\n')
			return refuse(&s, "a carriage return without a newline");
		s.line += c == '\n';
	}
	return 0;
}

int toml_parse(const char *name, const char *text, size_t length, struct toml **ret_toml, struct error *err)
{
	_cleanup_toml_ struct toml *toml = calloc(1, sizeof *toml);
	struct scanner s = {.name = name, .line = 1, .err = err};
	int r;

	if (toml)
		toml->text = malloc(length + 1);
	if (!toml || !toml->text)
		return error_set(err, ENOMEM, "read %s: out of memory", name);
	memcpy(toml->text, text, length);
	toml->text[length] = '\0';
	toml->length = length;
	s.toml = toml;
	s.text = toml->text;
	r = check_characters(&s, length);
	if (r == 0)
		r = scan(&s);
	if (r < 0)
		return r;
	*ret_toml = steal_ptr(&toml);
	return 0;
}

void toml_free(struct toml *toml)
{
	if (!toml)
		return;
	for (size_t i = 0; i < toml->count; i++)
		free(toml->items[i].path);
	free(toml->items);
	free(toml->text);
	free(toml);
}

const struct toml_item *toml_find(const struct toml *toml, enum toml_kind kind, const char *path)
{
	for (size_t i = 0; i < toml->count; i++)
		if (toml->items[i].kind == kind && strcmp(toml->items[i].path, path) == 0)
			return &toml->items[i];
	return NULL;
}

bool toml_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strncmp(path, above, length) == 0 && (path[length] == '\0' || path[length] == '.');
}

bool toml_has(const struct toml *toml, const char *path)
{
	for (size_t i = 0; i < toml->count; i++)
		if (toml_below(toml->items[i].path, path))
			return true;
	return false;
}
