/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/doctor/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"

enum { PART_MAX = 1000000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_number(const char **text, unsigned *ret_number)
{
	unsigned number = 0;

	if (!is_digit(**text))
		return false;
	for (; is_digit(**text); (*text)++) {
		number = number * 10 + (unsigned)(**text - '0');
		if (number > PART_MAX)
			return false;
	}
	*ret_number = number;
	return true;
}

/* "-rc.3" is 3; "-alpha", "-beta2" are 0: before every candidate. */
static unsigned candidate_of(const char *tail)
{
	unsigned number = 0;

	if (*tail != '-' && *tail != '~')
		return VERSION_RELEASED;
	tail++;
	if (strncmp(tail, "alpha", 5) == 0 || strncmp(tail, "beta", 4) == 0)
		return 0;
	if (strncmp(tail, "rc", 2) != 0)
		return VERSION_RELEASED;
	tail += 2;
	tail += *tail == '.';
	(void)take_number(&tail, &number);
	return number;
}

bool version_parse(const char *text, struct version *ret_version)
{
	struct version version = {0};

	text += *text == 'v';
	for (size_t i = 0; i < ARRAY_SIZE(version.parts); i++) {
		if (!take_number(&text, &version.parts[i]))
			return false;
		if (*text != '.' || !is_digit(text[1]))
			break;
		text++;
	}
	version.candidate = candidate_of(text);
	*ret_version = version;
	return true;
}

int version_compare(const struct version *a, const struct version *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->parts); i++)
		if (a->parts[i] != b->parts[i])
			return a->parts[i] < b->parts[i] ? -1 : 1;
	return a->candidate == b->candidate ? 0 : a->candidate < b->candidate ? -1 : 1;
}

static bool is_version(const char *word)
{
	const char *number = word + (*word == 'v');
	size_t digits = strspn(number, "0123456789");

	return digits > 0 && number[digits] == '.';
}

/* Only what can be in a version is shown to anybody. */
static void copy_version(const char *word, size_t length, char text[VERSION_TEXT_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < length && used < VERSION_TEXT_MAX - 1; i++) {
		if (!isalnum((unsigned char)word[i]) && !strchr("+-.~_:", word[i]))
			break;
		text[used++] = word[i];
	}
	text[used] = '\0';
}

bool version_of_output(const char *output, struct program_version *ret_version)
{
	const char *end = output + strcspn(output, "\n");
	struct program_version found = {.program = ""};
	size_t length = strcspn(output, " \t\n");

	for (size_t i = 0; i < length && i < sizeof found.program - 1 && isalnum((unsigned char)output[i]); i++)
		found.program[i] = (char)tolower((unsigned char)output[i]);
	for (const char *word = output; word < end; word += strspn(word, " \t")) {
		length = strcspn(word, " \t\n");
		if (is_version(word)) {
			copy_version(word, length, found.text);
			if (!version_parse(found.text, &found.version))
				return false;
			*ret_version = found;
			return true;
		}
		word += length;
	}
	return false;
}
