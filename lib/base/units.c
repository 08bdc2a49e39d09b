/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/base/units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"

struct suffix {
	const char *name;
	uint64_t factor;
};

static const struct suffix durations[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000},
					  {"m", UINT64_C(60000000000)}, {"h", UINT64_C(3600000000000)}, {NULL, 0}};
static const struct suffix sizes[] = {{"B", 1}, {"", 1}, {"KiB", UINT64_C(1) << 10}, {"MiB", UINT64_C(1) << 20},
				      {"GiB", UINT64_C(1) << 30}, {"TiB", UINT64_C(1) << 40}, {"KB", 1000},
				      {"MB", 1000000}, {"GB", 1000000000}, {"TB", UINT64_C(1000000000000)}, {NULL, 0}};
static const struct suffix byte_times[] = {{"B.s", 1}, {"KiB.s", UINT64_C(1) << 10}, {"MiB.s", UINT64_C(1) << 20},
					   {"GiB.s", UINT64_C(1) << 30}, {"TiB.s", UINT64_C(1) << 40}, {NULL, 0}};
static const struct suffix counts[] = {{"", 1}, {NULL, 0}};
static const struct suffix percents[] = {{"%", 1}, {NULL, 0}};

static const struct {
	const struct suffix *suffixes;
	const char *hint;
} kinds[] = {
	[UNIT_DURATION] = {durations, "a duration such as 250ms, 1.5s, 2m, 1h"},
	[UNIT_SIZE] = {sizes, "a size such as 64MiB, 1.5GiB, 10KB, 512"},
	[UNIT_BYTE_TIME] = {byte_times, "a size times a duration such as 64GiB.s, 100MiB.s"},
	[UNIT_COUNT] = {counts, "a count such as 64"},
	[UNIT_PERCENT] = {percents, "a percentage from 1% to 100%"},
};

static int refuse(enum unit unit, const char *text, const char *why, struct error *err)
{
	return error_set(err, EINVAL, "\"%.60s\" is not %s%s%s", text, kinds[unit].hint, *why ? ": " : "", why);
}

/* Digits into a number; false when it does not fit. */
static bool take_digits(const char **text, uint64_t *value, unsigned *count)
{
	*value = 0;
	for (*count = 0; **text >= '0' && **text <= '9'; ++*text, ++*count)
		if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return false;
	return true;
}

int unit_parse(enum unit unit, const char *text, uint64_t *ret_value, struct error *err)
{
	const struct suffix *suffix = kinds[unit].suffixes;
	const char *at = text;
	uint64_t whole, part = 0, scale = 1, value;
	unsigned digits, part_digits = 0;

	if (!take_digits(&at, &whole, &digits))
		return refuse(unit, text, "too large", err);
	if (digits == 0)
		return refuse(unit, text, "", err);
	if (*at == '.' && at[1] >= '0' && at[1] <= '9') {
		at++;
		if (!take_digits(&at, &part, &part_digits) || part_digits > 18)
			return refuse(unit, text, "too many decimals", err);
	}
	while (suffix->name && strcmp(suffix->name, at) != 0)
		suffix++;
	if (!suffix->name)
		return refuse(unit, text, "", err);
	for (unsigned i = 0; i < part_digits; i++)
		scale *= 10;
	if ((unsigned __int128)part * suffix->factor % scale != 0)
		return refuse(unit, text, "finer than the smallest unit", err);
	if (__builtin_mul_overflow(whole, suffix->factor, &value) ||
	    __builtin_add_overflow(value, (uint64_t)((unsigned __int128)part * suffix->factor / scale), &value) ||
	    value > INT64_MAX)
		return refuse(unit, text, "too large", err);
	if (value == 0)
		return refuse(unit, text, "it must be above zero", err);
	if (unit == UNIT_PERCENT && value > 100)
		return refuse(unit, text, "", err);
	*ret_value = value;
	return 0;
}

static void format_duration(uint64_t ns, char text[UNIT_TEXT_MAX])
{
	uint64_t seconds = ns / 1000000000u;

	if (ns < 1000)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%03" PRIu64 "us", ns / 1000, ns % 1000);
	else if (ns < 1000000000u)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "ms", ns / 1000000, ns / 100000 % 10);
	else if (seconds < 60)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%03" PRIu64 "s", seconds, ns / 1000000 % 1000);
	else if (seconds < 3600)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 "m %" PRIu64 "s", seconds / 60, seconds % 60);
	else
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 "h %" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
}

static void format_size(uint64_t bytes, const char *after, char text[UNIT_TEXT_MAX])
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned i = 0;
	uint64_t rest = 0;

	while (bytes >= 1024 && i + 1 < ARRAY_SIZE(names)) {
		rest = bytes % 1024;
		bytes /= 1024;
		i++;
	}
	if (i == 0 || rest == 0)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 " %s%s", bytes, names[i], after);
	else
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%02" PRIu64 " %s%s", bytes, rest * 100 / 1024, names[i],
			       after);
}

const char *unit_format(enum unit unit, uint64_t value, char text[UNIT_TEXT_MAX])
{
	switch (unit) {
	case UNIT_DURATION:
		format_duration(value, text);
		break;
	case UNIT_SIZE:
		format_size(value, "", text);
		break;
	case UNIT_BYTE_TIME:
		format_size(value, ".s", text);
		break;
	case UNIT_PERCENT:
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 "%%", value);
		break;
	default:
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64, value);
	}
	return text;
}

const char *time_format(uint64_t realtime_ns, char text[TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(realtime_ns / 1000000000u);
	struct tm tm;
	size_t n;

	(void)gmtime_r(&seconds, &tm);
	n = strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + n, TIME_TEXT_MAX - n, ".%09uZ", (unsigned)(realtime_ns % 1000000000u));
	return text;
}

int time_parse(const char *text, uint64_t *ret_realtime_ns, struct error *err)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t part = 0;
	unsigned digits = 0;
	time_t seconds;

	if (rest && *rest == '.') {
		rest++;
		if (!take_digits(&rest, &part, &digits) || digits == 0 || digits > 9)
			rest = NULL;
		for (; digits < 9; digits++)
			part *= 10;
	}
	seconds = rest && strcmp(rest, "Z") == 0 ? timegm(&tm) : -1;
	if (seconds < 0)
		return error_set(err, EINVAL, "\"%.60s\" is no time such as 2026-11-25T02:15:12.000000000Z", text);
	*ret_realtime_ns = (uint64_t)seconds * 1000000000u + part;
	return 0;
}

enum { WORD_MAX = 64 };

/* Levenshtein's distance, a row at a time; SIZE_MAX for what is too long to be a misspelling. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], length = strlen(b);

	if (length > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j + 1] + 1 < best)
				best = row[j + 1] + 1;
			diagonal = row[j + 1];
			row[j + 1] = best;
		}
	}
	return row[length];
}

const char *nearest_name(const char *word, const char *const *names)
{
	size_t length = strlen(word), most = length / 3 < 2 ? 2 : length / 3, best = SIZE_MAX;
	const char *nearest = NULL;

	if (length > WORD_MAX)
		return NULL;
	for (; *names; names++) {
		size_t d = distance(word, *names);

		if (d < best) {
			best = d;
			nearest = *names;
		}
	}
	return best <= most ? nearest : NULL;
}
