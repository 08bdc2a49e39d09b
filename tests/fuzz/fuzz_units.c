/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as an amount, a moment or a name: in range or refused, and what is written reads the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_amount(enum unit unit, const char *text)
{
	char formatted[UNIT_TEXT_MAX];
	struct error err = {0};
	uint64_t value = 0;

	if (unit_parse(unit, text, &value, &err) < 0) {
		if (value != 0 || !err.text[0])
			abort();
		return;
	}
	if (value == 0 || value > INT64_MAX || (unit == UNIT_PERCENT && value > 100))
		abort();
	if (text[0] < '0' || text[0] > '9' || strlen(unit_format(unit, value, formatted)) >= UNIT_TEXT_MAX)
		abort();
}

static void check_moment(const char *text)
{
	char formatted[TIME_TEXT_MAX];
	uint64_t ns = 0, again = 0;

	if (time_parse(text, &ns, NULL) < 0)
		return;
	if (time_parse(time_format(ns, formatted), &again, NULL) < 0 || again != ns)
		abort();
	/* Apart from the length of its fraction there is one way to write a moment. */
	if (strncmp(text, formatted, strlen("2026-11-25T02:15:12")) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"cpu", "cpuRate", "memory", "memoryTime", "pids", NULL};
	_cleanup_free_ char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (int unit = UNIT_DURATION; unit <= UNIT_PERCENT; unit++)
		check_amount((enum unit)unit, text);
	check_moment(text);
	if (nearest_name(text, names) && strlen(text) > 64)
		abort();
	return 0;
}
