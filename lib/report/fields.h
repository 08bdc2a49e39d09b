/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking into a report that was read from a journal: it may be of another version, or written by
 * hand, so every field may be absent or of another type. For the files of this folder and for cli/.
 */
#ifndef STINT_REPORT_FIELDS_H
#define STINT_REPORT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/json.h"
#include "lib/base/units.h"

/* False when it is null, absent, or no whole number. */
bool report_number(const struct json *report, const char *path, uint64_t *ret_value);
/* Never NULL: `otherwise` when it is null, absent or no string. */
const char *report_text(const struct json *report, const char *path, const char *otherwise);
/* The amount for reading, or "not known". Returns `text`. */
const char *report_amount(const struct json *report, const char *path, enum unit unit,
			  char text[UNIT_TEXT_MAX]);
/* The verdict's budget by its kind: its unit, or UNIT_COUNT for one this version does not know. */
enum unit report_verdict_unit(const struct json *report);
/* "9 (SIGKILL)". */
enum { SIGNAL_TEXT_MAX = 32 };
const char *report_signal(uint64_t signal, char text[SIGNAL_TEXT_MAX]);

/* Of `network`: one of its "drops", and one of its "endpoints", in words. Returns `text`. */
enum { FIELD_TEXT_MAX = 512 };
const char *report_drop(const struct json *drop, char text[FIELD_TEXT_MAX]);
const char *report_endpoint(const struct json *endpoint, char text[FIELD_TEXT_MAX]);

/* A text from outside on a terminal: control characters become "?". */
void print_clean(FILE *out, const char *text);

/* A text under construction. `finish` gives it away, NUL-terminated. */
struct text_stream {
	FILE *out;
	char *text;
	size_t length;
};
int text_stream_open(struct text_stream *stream, struct error *err);
int text_stream_finish(struct text_stream *stream, char **ret_text, struct error *err);

#endif
