/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Amounts with units, read and written exactly: integers in base units, no floating point.
 *
 *   duration   nanoseconds    "250ms" "1.5s" "2m" "1h" (also "us", "ns")
 *   size       bytes          "64MiB" "1.5GiB" "10KB" "512" "512B"; KiB MiB GiB TiB are powers of
 *                             1024, KB MB GB TB powers of 1000
 *   byte time  byte-seconds   "64GiB.s" "100MiB.s"
 *   count                     "64"
 *   percent    1 … 100        "80%"
 *
 * A decimal fraction is allowed where it comes out as a whole number of base units ("1.5s"; not
 * "0.3ns", not "1.5" bytes). Zero, a sign, white space, an unknown unit, or an amount above
 * INT64_MAX is an error that shows the text and the units that exist.
 */
#ifndef STINT_BASE_UNITS_H
#define STINT_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

enum unit { UNIT_DURATION, UNIT_SIZE, UNIT_BYTE_TIME, UNIT_COUNT, UNIT_PERCENT };

int unit_parse(enum unit unit, const char *text, uint64_t *ret_value, struct error *err);

enum { UNIT_TEXT_MAX = 40 };

/* Written for reading, rounded to about four digits, towards zero: "2.000s" "1m 30s" "64 MiB"
 * "1.50 GiB.s" "12". Returns `text`. */
const char *unit_format(enum unit unit, uint64_t value, char text[UNIT_TEXT_MAX]);

/* RFC 3339 in UTC with nanoseconds, "2026-11-25T02:15:12.000000000Z", from nanoseconds since 1970. */
enum { TIME_TEXT_MAX = 40 };
const char *time_format(uint64_t realtime_ns, char text[TIME_TEXT_MAX]);
/* The reverse. */
int time_parse(const char *text, uint64_t *ret_realtime_ns, struct error *err);

/* The name among `names` that is nearest to `word` by edit distance, or NULL when none is near
 * enough to be what was meant (distance above a third of the word's length, at least 2).
 * `names` ends with NULL. Words above 64 bytes have none. */
const char *nearest_name(const char *word, const char *const *names);

#endif
