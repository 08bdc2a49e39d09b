/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of TOML that are read and written here: strings in one line, and arrays of them. */
#include <stdio.h>
#include <string.h>

#include "lib/base/toml.h"

/* The character that `escape` stands for, or 0. */
static char escaped(char escape)
{
	switch (escape) {
	case '"':
	case '\\':
		return escape;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

/* Reads the string at *at and goes behind it; NULL when it is none of ours. */
static char *read_string(const char *text, size_t *at)
{
	char quote = text[*at];
	size_t from = *at + 1, length = 0;
	_cleanup_free_ char *value = NULL;

	if ((quote != '"' && quote != '\'') || (text[from] == quote && text[from + 1] == quote))
		return NULL;
	value = malloc(strlen(text + from) + 1);
	for (; value && text[from] != quote; from++) {
		char c = text[from];

		if (c == '\\' && quote == '"' && !(c = escaped(text[++from])))
			return NULL;
		value[length++] = c;
	}
	if (!value)
		return NULL;
	value[length] = '\0';
	*at = from + 1;
	return steal_ptr(&value);
}

char *toml_string(const struct toml *toml, const struct toml_item *pair)
{
	size_t at = pair ? pair->value : 0;

	return pair && pair->kind == TOML_PAIR ? read_string(toml->text, &at) : NULL;
}

/* Past white space, comments and, if `comma`, one comma. */
static void skip_between(const char *text, size_t *at, bool comma)
{
	for (;;) {
		*at += strspn(text + *at, " \t\r\n");
		if (text[*at] == '#')
			*at += strcspn(text + *at, "\n");
		else if (text[*at] == ',' && comma)
			comma = false, ++*at;
		else
			return;
	}
}

char **toml_strings(const struct toml *toml, const struct toml_item *pair)
{
	_cleanup_(toml_strings_freep) char **strings = NULL;
	size_t at = pair ? pair->value : 0, count = 0, room;

	if (!pair || pair->kind != TOML_PAIR || toml->text[at] != '[')
		return NULL;
	room = (pair->value_end - pair->value) / 2 + 2; /* two quotes each, at least */
	strings = calloc(room, sizeof *strings);
	at++;
	for (skip_between(toml->text, &at, false); strings && toml->text[at] != ']';
	     skip_between(toml->text, &at, true)) {
		strings[count] = read_string(toml->text, &at);
		if (!strings[count++])
			return NULL;
	}
	return steal_ptr(&strings);
}

void toml_strings_free(char **strings)
{
	for (char **string = strings; string && *string; string++)
		free(*string);
	free(strings);
}

char *toml_quote(const char *text)
{
	_cleanup_free_ char *quoted = malloc(2 * strlen(text) + 3);
	size_t length = 0;

	if (!quoted)
		return NULL;
	quoted[length++] = '"';
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return NULL;
		if (*text == '"' || *text == '\\')
			quoted[length++] = '\\';
		quoted[length++] = *text;
	}
	memcpy(quoted + length, "\"", 2);
	return steal_ptr(&quoted);
}
