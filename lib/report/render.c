/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report in the forms that people and other tools read. */
#include <string.h>

#include "lib/report/fields.h"
#include "lib/report/html.h"
#include "lib/report/report.h"

#define MIB (UINT64_C(1) << 20)
#define NS_PER_MS UINT64_C(1000000)

const char *const report_format_names[REPORT_FORMAT_COUNT + 1] = {
	[REPORT_TEXT] = "text",	      [REPORT_JSON] = "json", [REPORT_LAMBDA] = "lambda",
	[REPORT_ISOLATE] = "isolate", [REPORT_HTML] = "html", [REPORT_FORMAT_COUNT] = NULL,
};

static bool verdict_is(const struct json *report, const char *budget)
{
	return strcmp(report_text(report, "verdict.budget", ""), budget) == 0;
}

static bool verdict_ended_it(const struct json *report)
{
	const char *action = report_text(report, "verdict.action", "");

	return strcmp(action, "kill") == 0 || strcmp(action, "term") == 0;
}

/* A line "  label   value", the value cleaned. */
static void line(FILE *out, const char *label, const char *value)
{
	(void)fprintf(out, "  %-16s", label);
	print_clean(out, value);
	(void)fputc('\n', out);
}

static void amount(FILE *out, const struct json *report, const char *label, const char *path, enum unit unit)
{
	char text[UNIT_TEXT_MAX];

	line(out, label, report_amount(report, path, unit, text));
}

/* To the millisecond: the report itself has all nine digits. */
static void moment(FILE *out, const struct json *report, const char *key, const char *otherwise)
{
	char text[sizeof "2026-11-25T02:15:12.000Z"];
	const char *whole = report_text(report, key, NULL);
	uint64_t ns;

	if (!whole || time_parse(whole, &ns, NULL) < 0)
		return line(out, key, whole ? whole : otherwise);
	(void)snprintf(text, sizeof text, "%.23sZ", time_format(ns, (char[TIME_TEXT_MAX]){0}));
	line(out, key, text);
}

static void print_exit(FILE *out, const struct json *report)
{
	char name[SIGNAL_TEXT_MAX];
	uint64_t code, signal;

	(void)fprintf(out, "  %-16s", "exit");
	if (!report_number(report, "exit.code", &code))
		(void)fputs("not known", out);
	else
		(void)fprintf(out, "%llu", (unsigned long long)code);
	if (report_number(report, "exit.signal", &signal))
		(void)fprintf(out, ", signal %s", report_signal(signal, name));
	(void)fputc('\n', out);
}

static void print_verdict(FILE *out, const struct json *report)
{
	enum unit unit = report_verdict_unit(report);
	char limit[UNIT_TEXT_MAX], used[UNIT_TEXT_MAX], noticed[UNIT_TEXT_MAX], dead[UNIT_TEXT_MAX];
	uint64_t ns;

	if (!json_is(json_get(report, "verdict"), JSON_OBJECT)) {
		line(out, "verdict", "none: no budget was spent");
		return;
	}
	(void)fprintf(out, "  %-16s", "verdict");
	print_clean(out, report_text(report, "verdict.budget", "unknown"));
	(void)fprintf(out, ": used %s of %s, action ", report_amount(report, "verdict.used", unit, used),
		      report_amount(report, "verdict.limit", unit, limit));
	print_clean(out, report_text(report, "verdict.action", "not known"));
	(void)fputc('\n', out);
	line(out, "limit set by", report_text(report, "verdict.source", "not known"));
	(void)fprintf(out, "  %-16s%s after its %s", "noticed",
		      report_amount(report, "verdict.detectedNs", UNIT_DURATION, noticed),
		      report_text(report, "started", NULL) ? "start" : "creation");
	if (report_number(report, "verdict.deadNs", &ns))
		(void)fprintf(out, "; all its processes were gone %s later", unit_format(UNIT_DURATION, ns, dead));
	(void)fputc('\n', out);
}

static void print_usage(FILE *out, const struct json *report)
{
	static const struct {
		const char *label, *path;
		enum unit unit;
		bool quiet; /* not worth a line when it is null or zero */
	} figures[] = {
		{"wall time", "usage.wallNs", UNIT_DURATION, false},
		{"CPU time", "usage.cpuNs", UNIT_DURATION, false},
		{"  in user code", "usage.cpuUserNs", UNIT_DURATION, true},
		{"  in the kernel", "usage.cpuSystemNs", UNIT_DURATION, true},
		{"throttled for", "usage.throttledNs", UNIT_DURATION, true},
		{"memory peak", "usage.memoryPeakBytes", UNIT_SIZE, false},
		{"memory x time", "usage.memoryByteSeconds", UNIT_BYTE_TIME, true},
		{"pids peak", "usage.pidsPeak", UNIT_COUNT, false},
		{"read", "usage.ioReadBytes", UNIT_SIZE, true},
		{"written", "usage.ioWriteBytes", UNIT_SIZE, true},
		{"sent", "usage.netEgressBytes", UNIT_SIZE, true},
		{"received", "usage.netIngressBytes", UNIT_SIZE, true},
		{"connections out", "network.egress.connections", UNIT_COUNT, true},
		{"connections in", "network.ingress.connections", UNIT_COUNT, true},
		{"OOM kills", "usage.oomKills", UNIT_COUNT, true},
	};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		if (!figures[i].quiet || (report_number(report, figures[i].path, &value) && value > 0))
			amount(out, report, figures[i].label, figures[i].path, figures[i].unit);
}

static void print_network(FILE *out, const struct json *report)
{
	char text[FIELD_TEXT_MAX];

	json_each(drop, json_find(report, "network.drops"))
		line(out, "dropped", report_drop(drop, text));
	json_each(endpoint, json_find(report, "network.endpoints"))
		line(out, "spoke with", report_endpoint(endpoint, text));
}

static const char *times(uint64_t count)
{
	return count == 1 ? "time" : "times";
}

static void print_monitor(FILE *out, const struct json *report)
{
	const struct json *exact = json_find(report, "monitor.exact");
	uint64_t wakeups, takeovers;

	(void)fprintf(out, "  %-16s", "figures");
	(void)fputs(!json_is(exact, JSON_BOOL) ? "not known whether exact" :
		    exact->boolean ? "exact: read after its last process had ended" :
				     "not exact: see the warnings", out);
	if (report_number(report, "monitor.wakeups", &wakeups))
		(void)fprintf(out, "; the monitor woke %llu %s", (unsigned long long)wakeups, times(wakeups));
	if (report_number(report, "monitor.takeovers", &takeovers) && takeovers > 0)
		(void)fprintf(out, " and was replaced %llu %s", (unsigned long long)takeovers, times(takeovers));
	(void)fputc('\n', out);
}

/* What ended it comes first; then who it was, how it ended, what it used. */
static int render_text(const struct json *report, FILE *out, struct error *err)
{
	_cleanup_free_ char *why = NULL;
	int r = report_why(report, &why, err);

	if (r < 0)
		return r;
	(void)fprintf(out, "%s\n\n", why);
	line(out, "profile", report_text(report, "profile", "none"));
	if (report_text(report, "image", NULL))
		line(out, "image", report_text(report, "image", ""));
	line(out, "runtime", report_text(report, "runtime", "not known"));
	line(out, "cgroup", report_text(report, "cgroup", "not known"));
	moment(out, report, "created", "not known");
	moment(out, report, "started", "never");
	moment(out, report, "ended", "not known");
	print_exit(out, report);
	print_verdict(out, report);
	print_usage(out, report);
	print_network(out, report);
	print_monitor(out, report);
	json_each(warning, json_get(report, "warnings"))
		line(out, "warning", json_string(warning) ? json_string(warning) : "(not a text)");
	return 0;
}

static int render_json(const struct json *report, FILE *out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = json_write(report, false, &text, &length, err);

	if (r < 0)
		return r;
	(void)fwrite(text, 1, length, out);
	return 0;
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return value / unit + (value % unit != 0);
}

/* As AWS Lambda ends an invocation's log. Its MB are powers of two. The memory size is known only
 * where memory was the budget that was spent, and left out elsewhere. */
static int render_lambda(const struct json *report, FILE *out, struct error *err)
{
	uint64_t ns = 0, peak, limit, code = 0, signal;
	bool failed;

	(void)err;
	(void)report_number(report, "usage.wallNs", &ns);
	(void)fputs("REPORT RequestId: ", out);
	print_clean(out, report_text(report, "id", "-"));
	(void)fprintf(out, "\tDuration: %llu.%02llu ms\tBilled Duration: %llu ms",
		      (unsigned long long)(ns / NS_PER_MS), (unsigned long long)(ns % NS_PER_MS / 10000),
		      (unsigned long long)round_up(ns, NS_PER_MS));
	if (verdict_is(report, "memory") && report_number(report, "verdict.limit", &limit))
		(void)fprintf(out, "\tMemory Size: %llu MB", (unsigned long long)round_up(limit, MIB));
	if (report_number(report, "usage.memoryPeakBytes", &peak))
		(void)fprintf(out, "\tMax Memory Used: %llu MB", (unsigned long long)round_up(peak, MIB));
	failed = report_number(report, "exit.signal", &signal) ||
		 (report_number(report, "exit.code", &code) && code != 0);
	if (verdict_is(report, "wall") && verdict_ended_it(report))
		(void)fputs("\tStatus: timeout", out);
	else if (verdict_is(report, "memory") && verdict_ended_it(report))
		(void)fputs("\tStatus: error\tError Type: Runtime.OutOfMemory", out);
	else if (failed || (json_is(json_get(report, "verdict"), JSON_OBJECT) && verdict_ended_it(report)))
		(void)fputs("\tStatus: error\tError Type: Runtime.ExitError", out);
	(void)fputc('\n', out);
	return 0;
}

static void isolate_seconds(FILE *out, const struct json *report, const char *key, const char *path)
{
	uint64_t ns;

	if (report_number(report, path, &ns))
		(void)fprintf(out, "%s:%llu.%03llu\n", key, (unsigned long long)(ns / 1000 / NS_PER_MS),
			      (unsigned long long)(ns / NS_PER_MS % 1000));
}

static int isolate_status(const struct json *report, FILE *out, struct error *err)
{
	_cleanup_free_ char *verdict = NULL;
	bool ended = verdict_ended_it(report), timed = verdict_is(report, "wall") || verdict_is(report, "cpu");
	uint64_t code = 0, signal = 0;
	bool code_known = report_number(report, "exit.code", &code);
	bool signalled = report_number(report, "exit.signal", &signal);
	int r = report_verdict_text(report, &verdict, err);

	if (r < 0)
		return r;
	if (ended && verdict_is(report, "memory"))
		(void)fputs("cg-oom-killed:1\n", out);
	if (signalled)
		(void)fprintf(out, "exitsig:%llu\n", (unsigned long long)signal);
	else if (code_known)
		(void)fprintf(out, "exitcode:%llu\n", (unsigned long long)code);
	if (ended)
		(void)fputs("killed:1\n", out);
	if (ended && timed)
		(void)fprintf(out, "status:TO\nmessage:Time limit exceeded%s\n",
			      verdict_is(report, "wall") ? " (wall clock)" : "");
	else if (ended)
		(void)fprintf(out, "status:SG\nmessage:%s\n", verdict);
	else if (signalled)
		(void)fprintf(out, "status:SG\nmessage:Caught fatal signal %llu\n", (unsigned long long)signal);
	else if (!code_known)
		(void)fputs("status:XX\nmessage:The exit status is not known\n", out);
	else if (code != 0)
		(void)fprintf(out, "status:RE\nmessage:Exited with error status %llu\n", (unsigned long long)code);
	return 0;
}

/* The meta file of isolate(1). What is not known is left out. */
static int render_isolate(const struct json *report, FILE *out, struct error *err)
{
	uint64_t peak;

	isolate_seconds(out, report, "time", "usage.cpuNs");
	isolate_seconds(out, report, "time-wall", "usage.wallNs");
	if (report_number(report, "usage.memoryPeakBytes", &peak))
		(void)fprintf(out, "cg-mem:%llu\n", (unsigned long long)(peak / 1024));
	return isolate_status(report, out, err);
}

int report_render(const struct json *report, enum report_format format, char **ret_text, struct error *err)
{
	static int (*const renderers[REPORT_FORMAT_COUNT])(const struct json *, FILE *, struct error *) = {
		[REPORT_TEXT] = render_text,	   [REPORT_JSON] = render_json, [REPORT_LAMBDA] = render_lambda,
		[REPORT_ISOLATE] = render_isolate, [REPORT_HTML] = render_html,
	};
	_cleanup_free_ char *unwanted = NULL;
	struct text_stream stream;
	int r = text_stream_open(&stream, err);

	if (r < 0)
		return r;
	r = renderers[format](report, stream.out, err);
	if (r < 0) {
		(void)text_stream_finish(&stream, &unwanted, NULL);
		return r;
	}
	return text_stream_finish(&stream, ret_text, err);
}
