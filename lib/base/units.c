/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Amounts, moments and names as people write them. Amounts: a table of suffixes for each kind, and
 * exact integer arithmetic. Moments: one form of RFC 3339. Names: the nearest to a misspelt one.
 */
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

#define NS_PER_SECOND UINT64_C(1000000000)
#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

static const struct suffix durations[] = {
	{"ns", 1},
	{"us", UINT64_C(1000)},
	{"ms", UINT64_C(1000000)},
	{"s", NS_PER_SECOND},
	{"m", UINT64_C(60000000000)},
	{"h", UINT64_C(3600000000000)},
	{NULL, 0},
};

static const struct suffix sizes[] = {
	{"", 1}, {"B", 1}, {"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB}, {"TiB", TIB},
	{"KB", UINT64_C(1000)}, {"MB", UINT64_C(1000000)}, {"GB", UINT64_C(1000000000)},
	{"TB", UINT64_C(1000000000000)}, {NULL, 0},
};

static const struct suffix byte_times[] = {
	{"B.s", 1}, {"KiB.s", KIB}, {"MiB.s", MIB}, {"GiB.s", GIB}, {"TiB.s", TIB}, {NULL, 0},
};

static const struct suffix counts[] = {{"", 1}, {NULL, 0}};
static const struct suffix percents[] = {{"%", 1}, {NULL, 0}};

static const struct {
	const struct suffix *suffixes;
	const char *what, *how; /* for errors */
} kinds[] = {
	[UNIT_DURATION] = {durations, "a duration", "a number with ns, us, ms, s, m or h, such as 1.5s"},
	[UNIT_SIZE] = {sizes, "a size", "a number with B, KiB, MiB, GiB or TiB (powers of 1024), or KB, "
		       "MB, GB or TB (powers of 1000), such as 64MiB"},
	[UNIT_BYTE_TIME] = {byte_times, "an amount of memory-time",
			    "a number with B.s, KiB.s, MiB.s, GiB.s or TiB.s, such as 64GiB.s"},
	[UNIT_COUNT] = {counts, "a count", "a whole number without a unit, such as 64"},
	[UNIT_PERCENT] = {percents, "a percentage", "a whole number from 1 to 100 with %, such as 80%"},
};

static int refuse(enum unit unit, const char *text, const char *why, struct error *err)
{
	return error_set(err, EINVAL, "\"%.60s\" is not %s (%s); write %s", text, kinds[unit].what, why,
			 kinds[unit].how);
}

/* Takes digits; false when their value does not fit. */
static bool take_digits(const char **text, uint64_t *value, unsigned *count)
{
	*value = 0;
	for (*count = 0; **text >= '0' && **text <= '9'; ++*text, ++*count)
		if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return false;
	return true;
}

/* (whole + part / 10^digits) × factor where that is a whole number; NULL, or why it is not. */
static const char *scale(uint64_t whole, uint64_t part, unsigned digits, uint64_t factor,
			 uint64_t *ret_value)
{
	unsigned __int128 scaled = (unsigned __int128)part * factor;
	uint64_t divisor = 1, value;

	while (digits--)
		divisor *= 10; /* at most 18: it fits */
	if (scaled % divisor != 0)
		return "finer than its smallest unit";
	if (__builtin_mul_overflow(whole, factor, &value) ||
	    __builtin_add_overflow(value, (uint64_t)(scaled / divisor), &value) || value > INT64_MAX)
		return "too large";
	if (value == 0)
		return "it must be above zero";
	*ret_value = value;
	return NULL;
}

int unit_parse(enum unit unit, const char *text, uint64_t *ret_value, struct error *err)
{
	const struct suffix *suffix = kinds[unit].suffixes;
	uint64_t whole, part = 0, value = 0;
	unsigned digits, decimals = 0;
	const char *at = text, *why;

	if (!take_digits(&at, &whole, &digits))
		return refuse(unit, text, "too large", err);
	if (digits == 0)
		return refuse(unit, text, "it does not begin with a digit", err);
	if (*at == '.' && at[1] >= '0' && at[1] <= '9') {
		at++;
		if (!take_digits(&at, &part, &decimals) || decimals > 18)
			return refuse(unit, text, "too many decimals", err);
	}
	while (suffix->name && strcmp(suffix->name, at) != 0)
		suffix++;
	if (!suffix->name)
		return refuse(unit, text, *at ? "it has another unit" : "it has no unit", err);
	why = scale(whole, part, decimals, suffix->factor, &value);
	if (!why && unit == UNIT_PERCENT && value > 100)
		why = "too large";
	if (why)
		return refuse(unit, text, why, err);
	*ret_value = value;
	return 0;
}

static void format_duration(uint64_t ns, char text[UNIT_TEXT_MAX])
{
	uint64_t seconds = ns / NS_PER_SECOND;

	if (ns < 1000)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "us", ns / 1000,
			       ns / 100 % 10);
	else if (ns < NS_PER_SECOND)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "ms", ns / 1000000,
			       ns / 100000 % 10);
	else if (seconds < 60)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%03" PRIu64 "s", seconds,
			       ns / 1000000 % 1000);
	else if (seconds < 3600)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 "m %" PRIu64 "s", seconds / 60,
			       seconds % 60);
	else
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 "h %" PRIu64 "m", seconds / 3600,
			       seconds / 60 % 60);
}

static void format_size(uint64_t bytes, const char *after, char text[UNIT_TEXT_MAX])
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned shift = 0;
	uint64_t rest;

	while (shift < 60 && bytes >> shift >= 1024)
		shift += 10;
	rest = bytes & ((UINT64_C(1) << shift) - 1);
	if (rest == 0)
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 " %s%s", bytes >> shift,
			       names[shift / 10], after);
	else
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64 ".%02" PRIu64 " %s%s", bytes >> shift,
			       (uint64_t)((unsigned __int128)rest * 100 >> shift), names[shift / 10],
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
	case UNIT_COUNT:
	default:
		(void)snprintf(text, UNIT_TEXT_MAX, "%" PRIu64, value);
	}
	return text;
}

const char *time_format(uint64_t realtime_ns, char text[TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_SECOND);
	struct tm tm;
	size_t n;

	(void)gmtime_r(&seconds, &tm);
	n = strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + n, TIME_TEXT_MAX - n, ".%09uZ", (unsigned)(realtime_ns % NS_PER_SECOND));
	return text;
}

/* `count` digits, no fewer; false when they are not there. */
static bool take(const char **text, unsigned count, int *value)
{
	*value = 0;
	for (; count; count--, ++*text) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return true;
}

static bool take_char(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	++*text;
	return true;
}

/* strptime is lenient (white space, one digit for two), and timegm mends 31 February. */
static bool take_date(const char **text, struct tm *tm)
{
	if (!take(text, 4, &tm->tm_year) || !take_char(text, '-') || !take(text, 2, &tm->tm_mon) ||
	    !take_char(text, '-') || !take(text, 2, &tm->tm_mday) || !take_char(text, 'T') ||
	    !take(text, 2, &tm->tm_hour) || !take_char(text, ':') || !take(text, 2, &tm->tm_min) ||
	    !take_char(text, ':') || !take(text, 2, &tm->tm_sec))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return true;
}

static bool take_fraction(const char **text, uint64_t *ns)
{
	uint64_t weight = NS_PER_SECOND;

	*ns = 0;
	if (!take_char(text, '.'))
		return true;
	for (; **text >= '0' && **text <= '9' && weight > 1; ++*text) {
		weight /= 10;
		*ns += (uint64_t)(**text - '0') * weight;
	}
	return weight < NS_PER_SECOND;
}

int time_parse(const char *text, uint64_t *ret_realtime_ns, struct error *err)
{
	struct tm tm = {0}, normal;
	const char *at = text;
	uint64_t fraction;
	time_t seconds = -1;

	if (take_date(&at, &tm) && take_fraction(&at, &fraction) && strcmp(at, "Z") == 0) {
		normal = tm;
		seconds = timegm(&normal);
		if (normal.tm_mon != tm.tm_mon || normal.tm_mday != tm.tm_mday ||
		    normal.tm_hour != tm.tm_hour || normal.tm_min != tm.tm_min ||
		    normal.tm_sec != tm.tm_sec || (uint64_t)seconds >= UINT64_MAX / NS_PER_SECOND)
			seconds = -1;
	}
	if (seconds < 0)
		return error_set(err, EINVAL, "read the time \"%.60s\": it is no moment in UTC such as "
				 "2026-11-25T02:15:12.000000000Z", text);
	*ret_realtime_ns = (uint64_t)seconds * NS_PER_SECOND + fraction;
	return 0;
}

enum { WORD_MAX = 64 };

/* A wrong case alone is no distance: "CPU" is "cpu", however short it is. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein's distance, a row at a time; SIZE_MAX for what is too long to be a misspelling. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], length = strnlen(b, WORD_MAX + 1);

	if (length > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t best = diagonal + (fold(a[i]) != fold(b[j]));

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
	size_t length = strnlen(word, WORD_MAX + 1), most, best = SIZE_MAX;
	const char *nearest = NULL;

	if (length > WORD_MAX)
		return NULL;
	most = length / 3 < 2 ? 2 : length / 3;
	if (most >= length) /* something of the word must be left */
		most = length ? length - 1 : 0;
	for (; *names; names++) {
		size_t d = distance(word, *names);

		if (d < best) {
			best = d;
			nearest = *names;
		}
	}
	return best <= most ? nearest : NULL;
}
