/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Amounts, moments and nearest names, at their edges. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(units, parses_exactly)
{
	static const struct {
		enum unit unit;
		const char *text;
		uint64_t value;
	} cases[] = {
		{UNIT_DURATION, "1ns", 1},
		{UNIT_DURATION, "3us", 3000},
		{UNIT_DURATION, "250ms", 250000000},
		{UNIT_DURATION, "0.25s", 250000000},
		{UNIT_DURATION, "1.5s", 1500000000},
		{UNIT_DURATION, "0.000000001s", 1},
		{UNIT_DURATION, "2m", UINT64_C(120000000000)},
		{UNIT_DURATION, "1.5h", UINT64_C(5400000000000)},
		{UNIT_DURATION, "007s", UINT64_C(7000000000)},
		{UNIT_DURATION, "9223372036854775807ns", INT64_MAX},
		{UNIT_DURATION, "9223372036.854775807s", INT64_MAX},
		{UNIT_SIZE, "512", 512},
		{UNIT_SIZE, "512B", 512},
		{UNIT_SIZE, "1KiB", 1024},
		{UNIT_SIZE, "64MiB", 64 << 20},
		{UNIT_SIZE, "1.5GiB", UINT64_C(3) << 29},
		{UNIT_SIZE, "2TiB", UINT64_C(2) << 40},
		{UNIT_SIZE, "10KB", 10000},
		{UNIT_SIZE, "0.5MB", 500000},
		{UNIT_SIZE, "3GB", UINT64_C(3000000000)},
		{UNIT_SIZE, "1TB", UINT64_C(1000000000000)},
		{UNIT_SIZE, "0.0009765625KiB", 1},
		{UNIT_SIZE, "9223372036854775807", INT64_MAX},
		{UNIT_BYTE_TIME, "64GiB.s", UINT64_C(64) << 30},
		{UNIT_BYTE_TIME, "100MiB.s", 100 << 20},
		{UNIT_BYTE_TIME, "0.5KiB.s", 512},
		{UNIT_COUNT, "64", 64},
		{UNIT_COUNT, "9223372036854775807", INT64_MAX},
		{UNIT_PERCENT, "1%", 1},
		{UNIT_PERCENT, "100%", 100},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = {0};
		uint64_t value = 0;

		cr_assert_eq(unit_parse(cases[i].unit, cases[i].text, &value, &err), 0, "%s: %s", cases[i].text,
			err.text);
		cr_assert_eq(value, cases[i].value, "%s is not %" PRIu64, cases[i].text, value);
	}
}

Test(units, refuses)
{
	static const struct {
		enum unit unit;
		const char *text;
	} cases[] = {
		{UNIT_DURATION, ""}, {UNIT_DURATION, "s"}, {UNIT_DURATION, "0s"}, {UNIT_DURATION, "0.0s"},
		{UNIT_DURATION, "5"},
		{UNIT_DURATION, "-1s"}, {UNIT_DURATION, "+1s"}, {UNIT_DURATION, " 1s"}, {UNIT_DURATION, "1s "},
		{UNIT_DURATION, "1 s"}, {UNIT_DURATION, "1s\n"}, {UNIT_DURATION, "1S"}, {UNIT_DURATION, "1d"},
		{UNIT_DURATION, "1m30s"}, {UNIT_DURATION, ".5s"}, {UNIT_DURATION, "1.s"}, {UNIT_DURATION, "1..5s"},
		{UNIT_DURATION, "1.5.5s"}, {UNIT_DURATION, "1e3s"}, {UNIT_DURATION, "0x1s"}, {UNIT_DURATION, "0.3ns"},
		{UNIT_DURATION, "1.5ns"}, {UNIT_DURATION, "0.0000000001s"}, {UNIT_DURATION, "1,5s"},
		{UNIT_DURATION, "infs"},
		{UNIT_DURATION, "9223372036854775808ns"}, {UNIT_DURATION, "9223372036.854775808s"},
		{UNIT_DURATION, "18446744073709551616ns"}, {UNIT_DURATION, "2562048h"},
		{UNIT_DURATION, "99999999999999999999999999s"},
		{UNIT_DURATION, "1.0000000000000000000000s"}, {UNIT_DURATION, "1.99999999999999999999999s"},
		{UNIT_DURATION, "\xd9\xa1s"}, {UNIT_DURATION, "1\xc2\xb5s"}, {UNIT_DURATION, "64MiB"},
		{UNIT_SIZE, "1.5"}, {UNIT_SIZE, "1.5B"}, {UNIT_SIZE, "0.1KiB"}, {UNIT_SIZE, "1kB"}, {UNIT_SIZE, "1KIB"},
		{UNIT_SIZE, "1M"}, {UNIT_SIZE, "1Mi"}, {UNIT_SIZE, "1PiB"}, {UNIT_SIZE, "8388608TiB"}, {UNIT_SIZE, "0"},
		{UNIT_SIZE, "1GiB.s"}, {UNIT_BYTE_TIME, "1GiB"}, {UNIT_BYTE_TIME, "1"}, {UNIT_BYTE_TIME, "1GB.s"},
		{UNIT_BYTE_TIME, "1GiBs"}, {UNIT_BYTE_TIME, "0GiB.s"}, {UNIT_COUNT, "0"}, {UNIT_COUNT, "1.5"},
		{UNIT_COUNT, "1B"},
		{UNIT_COUNT, "-1"}, {UNIT_COUNT, "9223372036854775808"}, {UNIT_PERCENT, "0%"}, {UNIT_PERCENT, "101%"},
		{UNIT_PERCENT, "80"}, {UNIT_PERCENT, "1.5%"}, {UNIT_PERCENT, "%"}, {UNIT_PERCENT, "80%%"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = {0};
		uint64_t value = 7;

		cr_assert_eq(unit_parse(cases[i].unit, cases[i].text, &value, &err), -EINVAL, "%s gave %" PRIu64,
			cases[i].text, value);
		cr_assert_eq(value, 7);
		cr_assert_eq(err.code, EINVAL);
	}
}

Test(units, errors_show_the_text_and_the_units)
{
	static const struct {
		enum unit unit;
		const char *text, *words[4];
	} cases[] = {
		{UNIT_DURATION, "5 days", {"\"5 days\"", "ms", "h", "1.5s"}},
		{UNIT_SIZE, "5X", {"\"5X\"", "KiB", "TiB", "GB"}},
		{UNIT_BYTE_TIME, "5", {"\"5\"", "GiB.s", "no unit", "memory"}},
		{UNIT_COUNT, "0", {"\"0\"", "above zero", "whole number", "count"}},
		{UNIT_PERCENT, "200%", {"\"200%\"", "too large", "100", "%"}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = {0};
		uint64_t value;

		cr_assert_eq(unit_parse(cases[i].unit, cases[i].text, &value, &err), -EINVAL);
		for (size_t j = 0; j < 4; j++)
			cr_assert_not_null(strstr(err.text, cases[i].words[j]), "no \"%s\" in: %s",
				cases[i].words[j], err.text);
	}
}

Test(units, formats_for_reading_towards_zero)
{
	static const struct {
		enum unit unit;
		uint64_t value;
		const char *text;
	} cases[] = {
		{UNIT_DURATION, 0, "0ns"},
		{UNIT_DURATION, 999, "999ns"},
		{UNIT_DURATION, 1999, "1.9us"},
		{UNIT_DURATION, 250000000, "250.0ms"},
		{UNIT_DURATION, 999999999, "999.9ms"},
		{UNIT_DURATION, 2000000000, "2.000s"},
		{UNIT_DURATION, 2000999999, "2.000s"},
		{UNIT_DURATION, UINT64_C(59999999999), "59.999s"},
		{UNIT_DURATION, UINT64_C(90000000000), "1m 30s"},
		{UNIT_DURATION, UINT64_C(3599999999999), "59m 59s"},
		{UNIT_DURATION, UINT64_C(5400000000000), "1h 30m"},
		{UNIT_DURATION, UINT64_MAX, "5124095h 34m"},
		{UNIT_SIZE, 0, "0 B"},
		{UNIT_SIZE, 1023, "1023 B"},
		{UNIT_SIZE, 1024, "1 KiB"},
		{UNIT_SIZE, 64 << 20, "64 MiB"},
		{UNIT_SIZE, (64 << 20) + 1, "64.00 MiB"},
		{UNIT_SIZE, 1536, "1.50 KiB"},
		{UNIT_SIZE, (1 << 20) - 1, "1023.99 KiB"},
		{UNIT_SIZE, UINT64_MAX, "15.99 EiB"},
		{UNIT_BYTE_TIME, UINT64_C(3) << 29, "1.50 GiB.s"},
		{UNIT_BYTE_TIME, 5, "5 B.s"},
		{UNIT_COUNT, 12, "12"},
		{UNIT_COUNT, UINT64_MAX, "18446744073709551615"},
		{UNIT_PERCENT, 80, "80%"},
	};
	char text[UNIT_TEXT_MAX];

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_assert_str_eq(unit_format(cases[i].unit, cases[i].value, text), cases[i].text);
}

Test(time, there_and_back)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000000000Z"},
		{1, "1970-01-01T00:00:00.000000001Z"},
		{UINT64_C(951782400000000000), "2000-02-29T00:00:00.000000000Z"},
		{UINT64_C(1795572912123456789), "2026-11-25T02:15:12.123456789Z"},
		{UINT64_C(4107542399999999999), "2100-02-28T23:59:59.999999999Z"},
		{UINT64_C(18446744072999999999), "2554-07-21T23:34:32.999999999Z"},
	};
	char text[TIME_TEXT_MAX];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = {0};
		uint64_t ns = 0;

		cr_assert_str_eq(time_format(cases[i].ns, text), cases[i].text);
		cr_assert_eq(time_parse(text, &ns, &err), 0, "%s", err.text);
		cr_assert_eq(ns, cases[i].ns);
	}
	cr_assert_eq(strlen(time_format(UINT64_MAX, text)), 30);
}

Test(time, takes_shorter_fractions)
{
	uint64_t ns = 0;

	cr_assert_eq(time_parse("1970-01-01T00:00:01Z", &ns, NULL), 0);
	cr_assert_eq(ns, 1000000000);
	cr_assert_eq(time_parse("1970-01-01T00:00:00.5Z", &ns, NULL), 0);
	cr_assert_eq(ns, 500000000);
}

Test(time, refuses)
{
	static const char *const cases[] = {
		"", "now", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-1-1T0:0:0Z",
		" 1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z ", "1970-01-01T00:00:00.Z",
		"1970-01-01T00:00:00.0000000000Z",
		"1970-01-01T00:00:00+00:00", "1970-01-01T00:00:00z", "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "1970-01-00T00:00:00Z", "1970-01-01T24:00:00Z",
		"1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z",
		"2554-07-21T23:34:33Z", "9999-12-31T23:59:59Z", "+970-01-01T00:00:00Z", "19700-01-01T00:00:00Z",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = {0};
		uint64_t ns = 7;

		cr_assert_eq(time_parse(cases[i], &ns, &err), -EINVAL, "%s gave %" PRIu64, cases[i], ns);
		cr_assert_eq(ns, 7);
		cr_assert_not_null(strstr(err.text, "2026-11-25T02:15:12"), "%s", err.text);
	}
}

Test(nearest_name, finds_what_was_meant_or_nothing)
{
	static const char *const names[] = {"cpu", "cpuRate", "memory", "memoryTime", "pids", "ioRead",
		"ioWrite", NULL};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"cpu", "cpu"}, {"cup", "cpu"}, {"CPU", "cpu"}, {"cpurate", "cpuRate"}, {"memroy", "memory"},
		{"memorytime", "memoryTime"},
		{"mem", NULL}, {"pid", "pids"}, {"pdis", "pids"}, {"ioread", "ioRead"}, {"iowrit", "ioWrite"},
		{"io_write", "ioWrite"},
		{"wall", NULL}, {"", NULL}, {"x", NULL}, {"zz", NULL}, {"network", NULL},
		{"memoryTimememoryTimememoryTimememoryTimememoryTimememoryTimememory", NULL},
	};
	static const char *const none[] = {NULL};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *nearest = nearest_name(cases[i].word, names);

		cr_assert(cases[i].nearest ? nearest && strcmp(nearest, cases[i].nearest) == 0 : !nearest,
			"%s: %s", cases[i].word,
			  nearest ? nearest : "nothing");
	}
	cr_assert_null(nearest_name("cpu", none));
}

Test(nearest_name, long_words_and_names)
{
	char word[66], name[70];
	const char *const names[] = {name, NULL};

	memset(word, 'a', sizeof word);
	memset(name, 'a', sizeof name);
	name[64] = word[64] = '\0';
	cr_assert_eq(nearest_name(word, names), name);
	word[63] = 'b';
	cr_assert_eq(nearest_name(word, names), name);
	word[64] = 'a';
	word[65] = '\0';
	cr_assert_null(nearest_name(word, names));
	name[64] = 'a';
	name[69] = word[64] = '\0';
	cr_assert_null(nearest_name(word, names));
}
