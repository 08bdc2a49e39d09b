/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint report`: what containers used, from the journal. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/live.h"
#include "cli/options.h"
#include "lib/base/cleanup.h"
#include "lib/report/fields.h"
#include "lib/report/journal.h"
#include "lib/report/report.h"

struct request {
	const char *id;
	enum report_format format;
	bool last;
	unsigned count; /* reports printed so far */
	int id_width, profile_width; /* of the table: the longest there is */
	struct error *err;
};

static int print_rendered(struct json *report, struct request *request)
{
	_cleanup_free_ char *text = NULL;
	int r = report_render(report, request->format, &text, request->err);

	if (r < 0)
		return r;
	/* An empty line between those that are more than a line long. */
	if (request->count++ && (request->format == REPORT_TEXT || request->format == REPORT_ISOLATE))
		(void)putchar('\n');
	(void)fputs(text, stdout);
	return 0;
}

static int print_one(struct json *report, const char *line, void *data)
{
	struct request *request = data;

	if (request->format != REPORT_JSON)
		return print_rendered(report, request);
	request->count++;
	(void)puts(line); /* as it is stored */
	return 0;
}

static void cell(const char *text, int width)
{
	int length = (int)strlen(text);

	print_clean(stdout, text);
	(void)printf("%*s", length < width ? width - length + 2 : 2, "");
}

static void widen(int *width, const char *text)
{
	int length = (int)strlen(text);

	if (length > *width)
		*width = length;
}

static int measure_row(struct json *report, const char *line, void *data)
{
	struct request *request = data;
	char id[132];

	(void)line;
	widen(&request->id_width, live_short_id(report_text(report, "id", "-"), id));
	widen(&request->profile_width, report_text(report, "profile", "-"));
	return 0;
}

static int print_row(struct json *report, const char *line, void *data)
{
	_cleanup_free_ char *verdict = NULL;
	struct request *request = data;
	char amount[UNIT_TEXT_MAX], ended[TIME_TEXT_MAX], code[UNIT_TEXT_MAX] = "-", id[132];
	uint64_t value;
	int r = report_verdict_text(report, &verdict, request->err);

	(void)line;
	if (r < 0)
		return r;
	if (request->count++ == 0)
		(void)printf("%-*s  %-*s  %-20s  %-10s  %-10s  %-11s  %-4s  %s\n", request->id_width, "ID",
			     request->profile_width, "PROFILE", "ENDED", "WALL", "CPU", "MEMORY PEAK", "EXIT", "VERDICT");
	cell(live_short_id(report_text(report, "id", "-"), id), request->id_width);
	cell(report_text(report, "profile", "-"), request->profile_width);
	/* To the second: "2026-11-25T02:15:12" and "Z". */
	(void)snprintf(ended, sizeof ended, "%.19s%s", report_text(report, "ended", "-"),
		       report_text(report, "ended", NULL) ? "Z" : "");
	cell(ended, 20);
	cell(report_number(report, "usage.wallNs", &value) ? unit_format(UNIT_DURATION, value, amount) : "-", 10);
	cell(report_number(report, "usage.cpuNs", &value) ? unit_format(UNIT_DURATION, value, amount) : "-", 10);
	cell(report_number(report, "usage.memoryPeakBytes", &value) ? unit_format(UNIT_SIZE, value, amount) : "-", 11);
	if (report_number(report, "exit.code", &value))
		(void)snprintf(code, sizeof code, "%llu", (unsigned long long)value);
	cell(code, 4);
	(void)printf("%s\n", *verdict ? verdict : "-");
	return 0;
}

static int report_last(const struct host *host, struct request *request)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	int r = journal_last(host, request->id, &doc, request->err);

	return r < 0 ? r : print_rendered(json_root(doc), request);
}

static int report_missing(const struct host *host, const struct request *request)
{
	_cleanup_close_ int dirfd = -1;

	if (!request->id) {
		fputs("stint: there is no report yet\n", stderr);
		return EXIT_DIFFERS;
	}
	if (live_find(host, request->id, &dirfd, NULL) == 0) {
		fputs("stint: there is no report of ", stderr);
		print_clean(stderr, request->id);
		fputs(" yet: it is still there; 'stint ps' shows how far it has got\n", stderr);
		return EXIT_DIFFERS;
	}
	return live_unknown(host, request->id, "there is no report of", EXIT_DIFFERS);
}

static int print_reports(const struct host *host, struct request *request)
{
	bool table = !request->id && request->format == REPORT_TEXT;
	struct error err = {0};
	int r;

	request->err = &err;
	if (table && !request->last)
		(void)journal_each(host, NULL, measure_row, request, NULL);
	if (request->last || request->format == REPORT_HTML)
		r = report_last(host, request);
	else
		r = journal_each(host, request->id, table ? print_row : print_one, request, &err);
	if (r == -ENOENT || (r >= 0 && request->count == 0))
		return !request->id && !request->last && request->format == REPORT_JSON ?
			EXIT_OK : report_missing(host, request);
	return r < 0 ? cli_fail(EXIT_STINT, &err) : EXIT_OK;
}

static int format_from_name(const char *name)
{
	for (int i = 0; i < REPORT_FORMAT_COUNT; i++)
		if (strcmp(report_format_names[i], name) == 0)
			return i;
	return -1;
}

static int run(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {{"format", required_argument, NULL, 'f'},
						{"last", no_argument, NULL, 'l'},
						{"json", no_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	char full[132];
	struct request request = {.format = REPORT_TEXT, .id_width = 12, .profile_width = 8};
	int option, format, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":f:lh", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			format = format_from_name(optarg);
			if (format < 0)
				return cli_usage_error(&verb_report, "there is no format '%s': it is one of text, "
						       "json, lambda, isolate and html", optarg);
			request.format = (enum report_format)format;
			break;
		case 'j':
			request.format = REPORT_JSON;
			break;
		case 'l':
			request.last = true;
			break;
		case 'h':
			return cli_help(&verb_report);
		default:
			return cli_option_error(&verb_report, option, argv, options);
		}
	}
	r = cli_one_id(&verb_report, argc, argv, 0, &request.id);
	if (r == EXIT_OK && request.id)
		r = live_name(host, &request.id, full);
	return r == EXIT_OK ? print_reports(host, &request) : r;
}

const struct verb verb_report = {
	.name = "report",
	.synopsis = "report [ID] [--format FORMAT] [--last]",
	.summary = "Shows what containers used, and what stopped them.",
	.help = "Without ID: all reports, oldest first, a line each. With ID: all reports of that ID, in full.\n"
		"\n"
		"  -f, --format FORMAT  text, json (the reports as they are stored, one a line),\n"
		"                       lambda (AWS Lambda's REPORT line), isolate (isolate's meta file),\n"
		"                       html (a page of its own, of the newest report)\n"
		"      --json           the same as --format json\n"
		"  -l, --last           only the newest\n"
		"  -h, --help           this text\n"
		"\n"
		"Exit status: 0; 1 when there is no such report; 2 for a usage error; 125 when stint failed.\n"
		"\n"
		"Examples:\n"
		"  stint report                                     what ran here\n"
		"  stint report web-1                               everything about web-1\n"
		"  stint report web-1 --last --format html > r.html\n"
		"  stint report --json | jq 'select(.verdict.budget == \"cpu\") | .id'\n",
	.run = run,
};
