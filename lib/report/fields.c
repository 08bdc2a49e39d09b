/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a report, each of which may be absent or of another type. */
#include "lib/report/fields.h"

#include <string.h>

#include "lib/budget/budget.h"

bool report_number(const struct json *report, const char *path, uint64_t *ret_value)
{
	const struct json *node = json_find(report, path);

	return json_is(node, JSON_NUMBER) && json_uint64(node, ret_value, NULL) == 0;
}

const char *report_text(const struct json *report, const char *path, const char *otherwise)
{
	const char *text = json_string(json_find(report, path));

	return text ? text : otherwise;
}

const char *report_amount(const struct json *report, const char *path, enum unit unit,
			  char text[UNIT_TEXT_MAX])
{
	uint64_t value;

	if (report_number(report, path, &value))
		return unit_format(unit, value, text);
	(void)snprintf(text, UNIT_TEXT_MAX, "not known");
	return text;
}

const char *report_drop(const struct json *drop, char text[FIELD_TEXT_MAX])
{
	char packets[UNIT_TEXT_MAX], bytes[UNIT_TEXT_MAX];

	(void)snprintf(text, FIELD_TEXT_MAX, "%s in %s packets, by %s", report_amount(drop, "bytes", UNIT_SIZE, bytes),
		       report_amount(drop, "packets", UNIT_COUNT, packets), report_text(drop, "rule", "a rule"));
	return text;
}

/* "egress 192.0.2.1 tcp 443, 5 KiB in 2 connections, api.example.com" */
const char *report_endpoint(const struct json *endpoint, char text[FIELD_TEXT_MAX])
{
	char bytes[UNIT_TEXT_MAX], connections[UNIT_TEXT_MAX], number[UNIT_TEXT_MAX], port[UNIT_TEXT_MAX + 1] = "";
	const char *name = report_text(endpoint, "name", "");
	uint64_t value;
	bool one = report_number(endpoint, "connections", &value) && value == 1;

	if (report_number(endpoint, "port", &value))
		(void)snprintf(port, sizeof port, " %llu", (unsigned long long)value);
	(void)snprintf(text, FIELD_TEXT_MAX, "%.16s %.64s %.16s%s, %s in %s connection%s%s%.300s", report_text(endpoint, "direction", "?"),
		       report_text(endpoint, "address", report_text(endpoint, "from", "?")),
		       report_text(endpoint, "protocol", report_amount(endpoint, "protocol", UNIT_COUNT, number)), port,
		       report_amount(endpoint, "bytes", UNIT_SIZE, bytes), report_amount(endpoint, "connections", UNIT_COUNT, connections),
		       one ? "" : "s", *name ? ", " : "", name);
	return text;
}

enum unit report_verdict_unit(const struct json *report)
{
	int budget = budget_from_name(report_text(report, "verdict.budget", ""));

	return budget < 0 ? UNIT_COUNT : budget_kinds[budget].unit;
}

const char *report_signal(uint64_t signal, char text[SIGNAL_TEXT_MAX])
{
	const char *name = signal < 65 ? sigabbrev_np((int)signal) : NULL;

	if (name)
		(void)snprintf(text, SIGNAL_TEXT_MAX, "%u (SIG%s)", (unsigned)signal, name);
	else
		(void)snprintf(text, SIGNAL_TEXT_MAX, "%llu", (unsigned long long)signal);
	return text;
}

void print_clean(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
}

int text_stream_open(struct text_stream *stream, struct error *err)
{
	*stream = (struct text_stream){0};
	stream->out = open_memstream(&stream->text, &stream->length);
	return stream->out ? 0 : error_errno(err, errno, "write a text into memory");
}

int text_stream_finish(struct text_stream *stream, char **ret_text, struct error *err)
{
	bool failed = ferror(stream->out) != 0;

	if (fclose(stream->out) != 0 || failed) {
		free(stream->text);
		return error_set(err, ENOMEM, "write a text into memory: there is not enough of it");
	}
	*ret_text = stream->text;
	return 0;
}
