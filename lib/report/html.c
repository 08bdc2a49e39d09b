/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One report as a static page of its own. Every text in it is escaped: ids, images and warnings come
 * from whoever made the container. */
#include "lib/report/html.h"

#include "lib/report/fields.h"
#include "lib/report/report.h"

static void escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&': (void)fputs("&amp;", out); break;
		case '<': (void)fputs("&lt;", out); break;
		case '>': (void)fputs("&gt;", out); break;
		case '"': (void)fputs("&quot;", out); break;
		case '\'': (void)fputs("&#39;", out); break;
		default:
			(void)fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
		}
	}
}

static void row(FILE *out, const char *label, const char *value)
{
	(void)fprintf(out, "<tr><th>%s</th><td>", label);
	escaped(out, value);
	(void)fputs("</td></tr>\n", out);
}

static void head(FILE *out, const struct json *report)
{
	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		    "<title>", out);
	escaped(out, report_text(report, "id", "a container"));
	(void)fputs(": stint report</title>\n<style>\n"
		    "body { font: 16px/1.5 sans-serif; max-width: 45em; margin: 2em auto; padding: 0 1em; }\n"
		    "table { border-collapse: collapse; width: 100%; margin: 1em 0; }\n"
		    "th, td { text-align: left; padding: .2em .8em .2em 0; border-bottom: 1px solid #ddd; }\n"
		    "th { font-weight: normal; color: #555; width: 12em; }\n"
		    ".spent { color: #a00; font-weight: bold; }\n"
		    "@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; }\n"
		    "th { color: #aaa; } .spent { color: #f88; } }\n"
		    "</style>\n</head>\n<body>\n<h1>", out);
	escaped(out, report_text(report, "id", "a container"));
	(void)fputs("</h1>\n", out);
}

static void figures(FILE *out, const struct json *report)
{
	static const struct {
		const char *label, *path;
		enum unit unit;
	} rows[] = {
		{"Wall time", "usage.wallNs", UNIT_DURATION},
		{"CPU time", "usage.cpuNs", UNIT_DURATION},
		{"CPU time in user code", "usage.cpuUserNs", UNIT_DURATION},
		{"CPU time in the kernel", "usage.cpuSystemNs", UNIT_DURATION},
		{"Throttled for", "usage.throttledNs", UNIT_DURATION},
		{"Memory peak", "usage.memoryPeakBytes", UNIT_SIZE},
		{"Memory × time", "usage.memoryByteSeconds", UNIT_BYTE_TIME},
		{"Pids peak", "usage.pidsPeak", UNIT_COUNT},
		{"Read", "usage.ioReadBytes", UNIT_SIZE},
		{"Written", "usage.ioWriteBytes", UNIT_SIZE},
		{"Sent", "usage.netEgressBytes", UNIT_SIZE},
		{"Received", "usage.netIngressBytes", UNIT_SIZE},
		{"Connections out", "network.egress.connections", UNIT_COUNT},
		{"Connections in", "network.ingress.connections", UNIT_COUNT},
		{"OOM kills", "usage.oomKills", UNIT_COUNT},
	};
	char text[UNIT_TEXT_MAX];

	(void)fputs("<h2>Used</h2>\n<table>\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row(out, rows[i].label, report_amount(report, rows[i].path, rows[i].unit, text));
	(void)fputs("</table>\n", out);
}

static void list(FILE *out, const char *heading, const struct json *array, const char *words(const struct json *, char[FIELD_TEXT_MAX]))
{
	char text[FIELD_TEXT_MAX];

	if (!array || !array->first)
		return;
	(void)fprintf(out, "<h2>%s</h2>\n<ul>\n", heading);
	json_each(item, array) {
		(void)fputs("<li>", out);
		escaped(out, words(item, text));
		(void)fputs("</li>\n", out);
	}
	(void)fputs("</ul>\n", out);
}

static const char *warning_text(const struct json *warning, char text[FIELD_TEXT_MAX])
{
	(void)text;
	return json_string(warning) ? json_string(warning) : "(not a text)";
}

int render_html(const struct json *report, FILE *out, struct error *err)
{
	_cleanup_free_ char *why = NULL;
	bool spent = json_is(json_get(report, "verdict"), JSON_OBJECT);
	char code[UNIT_TEXT_MAX];
	int r = report_why(report, &why, err);

	if (r < 0)
		return r;
	head(out, report);
	(void)fputs(spent ? "<p class=\"spent\">" : "<p>", out);
	escaped(out, why);
	(void)fputs("</p>\n<table>\n", out);
	row(out, "Profile", report_text(report, "profile", "none"));
	row(out, "Image", report_text(report, "image", "not known"));
	row(out, "Runtime", report_text(report, "runtime", "not known"));
	row(out, "Cgroup", report_text(report, "cgroup", "not known"));
	row(out, "Created", report_text(report, "created", "not known"));
	row(out, "Started", report_text(report, "started", "never"));
	row(out, "Ended", report_text(report, "ended", "not known"));
	row(out, "Exit status", report_amount(report, "exit.code", UNIT_COUNT, code));
	(void)fputs("</table>\n", out);
	figures(out, report);
	list(out, "Dropped", json_find(report, "network.drops"), report_drop);
	list(out, "Spoke with", json_find(report, "network.endpoints"), report_endpoint);
	list(out, "Warnings", json_get(report, "warnings"), warning_text);
	(void)fputs("</body>\n</html>\n", out);
	return 0;
}
