/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report in one line: its verdict, and why the container ended. */
#include <signal.h>
#include <string.h>

#include "lib/budget/budget.h"
#include "lib/report/fields.h"
#include "lib/report/report.h"

/* How each action is told. Those that end the container say so; the others leave its end open. */
static const struct {
	const char *past; /* "killed: cpu budget …", "x was killed" */
	bool ends;
} told[ACTION_COUNT] = {
	[ACTION_WARN] = {"warned", false},	 [ACTION_THROTTLE] = {"throttled", false},
	[ACTION_CUT] = {"cut off", false},	 [ACTION_FREEZE] = {"frozen", false},
	[ACTION_TERM] = {"terminated", true},	 [ACTION_KILL] = {"killed", true},
};

static const char *action_past(const struct json *report, bool *ret_ends)
{
	const char *name = report_text(report, "verdict.action", "kill");
	int action = action_from_name(name);

	*ret_ends = action < 0 || told[action].ends;
	return action < 0 ? name : told[action].past;
}

int report_verdict_text(const struct json *report, char **ret_text, struct error *err)
{
	enum unit unit = report_verdict_unit(report);
	char limit[UNIT_TEXT_MAX], used[UNIT_TEXT_MAX];
	struct text_stream stream;
	bool ends;
	int r = text_stream_open(&stream, err);

	if (r < 0)
		return r;
	if (json_is(json_get(report, "verdict"), JSON_OBJECT)) {
		print_clean(stream.out, action_past(report, &ends));
		(void)fputs(": ", stream.out);
		print_clean(stream.out, report_text(report, "verdict.budget", "unknown"));
		(void)fprintf(stream.out, " budget %s spent (used %s)",
			      report_amount(report, "verdict.limit", unit, limit),
			      report_amount(report, "verdict.used", unit, used));
	}
	return text_stream_finish(&stream, ret_text, err);
}

/* "with status 3", "by signal 9 (SIGKILL)", "in a way that is not known". */
static void print_end(FILE *out, const struct json *report)
{
	char name[SIGNAL_TEXT_MAX];
	uint64_t value;

	if (report_number(report, "exit.signal", &value))
		(void)fprintf(out, "by signal %s", report_signal(value, name));
	else if (report_number(report, "exit.code", &value))
		(void)fprintf(out, "with status %llu", (unsigned long long)value);
	else
		(void)fputs("with a status that is not known", out);
}

static void print_spent(FILE *out, const struct json *report)
{
	enum unit unit = report_verdict_unit(report);
	const char *source = report_text(report, "verdict.source", NULL);
	char limit[UNIT_TEXT_MAX], used[UNIT_TEXT_MAX];

	(void)fprintf(out, "it had used %s of its ", report_amount(report, "verdict.used", unit, used));
	print_clean(out, report_text(report, "verdict.budget", "unknown"));
	(void)fprintf(out, " budget of %s", report_amount(report, "verdict.limit", unit, limit));
	if (source) {
		(void)fputs(", set by ", out);
		print_clean(out, source);
	}
}

static void print_with_verdict(FILE *out, const struct json *report)
{
	char after[UNIT_TEXT_MAX];
	bool ends, started = report_text(report, "started", NULL) != NULL;
	const char *past = action_past(report, &ends);

	(void)fputs(" was ", out);
	print_clean(out, past);
	(void)fprintf(out, " %s after its %s: ", report_amount(report, "verdict.detectedNs", UNIT_DURATION, after),
		      started ? "start" : "creation");
	print_spent(out, report);
	if (!ends) {
		(void)fputs("; it ended later ", out);
		print_end(out, report);
	}
}

static void print_without_verdict(FILE *out, const struct json *report)
{
	char wall[UNIT_TEXT_MAX];
	uint64_t ns, signal;

	if (!report_text(report, "started", NULL)) {
		(void)fputs(" was created but never started; no budget was spent", out);
		return;
	}
	(void)fputs(" ended ", out);
	print_end(out, report);
	if (report_number(report, "usage.wallNs", &ns))
		(void)fprintf(out, " after %s", unit_format(UNIT_DURATION, ns, wall));
	(void)fputs(report_number(report, "exit.signal", &signal) ?
			    "; stint did not send it: no budget was spent" : "; no budget was spent", out);
}

/* What a filter refuses, what a set of capabilities does, and what network rules do. */
enum violation_kinds { OF_CALLS = 1, OF_CAPABILITIES = 2, OF_ALL = 3, OF_PACKETS = 4 };

static enum violation_kinds kind_of(const struct json *violation)
{
	const char *need = report_text(violation, "need", "");

	if (strncmp(need, "egress ", 7) == 0 || strncmp(need, "ingress ", 8) == 0)
		return OF_PACKETS;
	return strncmp(need, "CAP_", 4) == 0 ? OF_CAPABILITIES : OF_CALLS;
}

/* "; it was denied mkdir 3 times and unshare 268435456 once". */
static void print_violations(FILE *out, const struct json *report, const char *action, enum violation_kinds kinds, const char *told_as)
{
	const char *before = told_as;

	json_each(violation, json_get(report, "violations")) {
		uint64_t count = 1;

		if (strcmp(report_text(violation, "action", ""), action) != 0 || !(kinds & kind_of(violation)))
			continue;
		(void)report_number(violation, "count", &count);
		(void)fputs(before, out);
		print_clean(out, report_text(violation, "need", "a call"));
		if (count > 1)
			(void)fprintf(out, " %llu times", (unsigned long long)count);
		before = ", ";
	}
}

static bool was_denied_a_call(const struct json *report)
{
	json_each(violation, json_get(report, "violations"))
		if (strcmp(report_text(violation, "action", ""), "denied") == 0 && kind_of(violation) == OF_CALLS)
			return true;
	return false;
}

/* Not all that records sees the calls that a filter answers with a signal (docs/seccomp.md), and not all is recorded. */
static void print_sigsys(FILE *out, const struct json *report)
{
	enum { SIGSYS_CODE = 128 + SIGSYS };
	uint64_t signal = 0, code = 0;

	(void)report_number(report, "exit.signal", &signal);
	(void)report_number(report, "exit.code", &code);
	if (signal != SIGSYS && (signal || code != SIGSYS_CODE))
		return;
	(void)fprintf(out, "; %sSIGSYS is how a seccomp filter ends who makes a call that it denies",
		      signal ? "" : "159 is 128 + 31 (SIGSYS); ");
	if (!was_denied_a_call(report))
		(void)fputs(": the kernel's log says which one (ausearch -m SECCOMP, or type=1326 in dmesg); "
			    "'stint explain' shows its filter, and 'stint verify', while it runs, whether that is what is loaded", out);
}

int report_why(const struct json *report, char **ret_text, struct error *err)
{
	struct text_stream stream;
	const struct json *exact = json_get(report, "violationsExact");
	bool verdict = json_is(json_get(report, "verdict"), JSON_OBJECT);
	uint64_t kills;
	int r = text_stream_open(&stream, err);

	if (r < 0)
		return r;
	print_clean(stream.out, report_text(report, "id", "the container"));
	if (verdict)
		print_with_verdict(stream.out, report);
	else
		print_without_verdict(stream.out, report);
	if (report_number(report, "usage.oomKills", &kills) && kills > 0)
		(void)fprintf(stream.out, "; the kernel killed %llu of its processes for want of memory",
			      (unsigned long long)kills);
	print_sigsys(stream.out, report);
	print_violations(stream.out, report, "denied", OF_CALLS, "; its seccomp filter denied it ");
	print_violations(stream.out, report, "denied", OF_CAPABILITIES, "; its model denied it ");
	print_violations(stream.out, report, "denied", OF_PACKETS, "; its network rules denied it ");
	print_violations(stream.out, report, "allowed", OF_ALL, "; its model does not know ");
	if (json_is(exact, JSON_BOOL) && !exact->boolean)
		(void)fputs("; violations may be missing: see the warnings of its report", stream.out);
	(void)fputc('.', stream.out);
	return text_stream_finish(&stream, ret_text, err);
}
