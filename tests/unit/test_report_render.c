/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a report to what people and other tools read. */
#include "lib/record/model.h"
#include "tests/unit/report_fixture.h"

#include <netinet/in.h>

static void verdict_is(const char *expected)
{
	_cleanup_json_ struct json_doc *doc = parsed();
	_cleanup_free_ char *text = NULL;
	struct error err = {0};

	cr_assert_eq(report_verdict_text(json_root(doc), &text, &err), 0, "%s", err.text);
	cr_assert_str_eq(text, expected);
}

Test(report_render, verdict_in_words)
{
	killed_for_cpu();
	state.verdict_used = 2 * SECOND + SECOND / 1000;
	verdict_is("killed: cpu budget 2.000s spent (used 2.001s)");
	state.action = ACTION_TERM;
	verdict_is("terminated: cpu budget 2.000s spent (used 2.001s)");
	state.action = ACTION_FREEZE;
	verdict_is("frozen: cpu budget 2.000s spent (used 2.001s)");
	state.action = ACTION_THROTTLE;
	verdict_is("throttled: cpu budget 2.000s spent (used 2.001s)");
	plan.budgets[BUDGET_PIDS] = (struct budget_rule){.set = true, .limit = 64};
	state.budget = BUDGET_PIDS;
	state.action = ACTION_KILL;
	state.verdict_used = 64;
	verdict_is("killed: pids budget 64 spent (used 64)");
	state.budget = -1;
	verdict_is("");
}

static void why_has(const char *const *parts)
{
	_cleanup_json_ struct json_doc *doc = parsed();
	_cleanup_free_ char *text = NULL;
	struct error err = {0};

	cr_assert_eq(report_why(json_root(doc), &text, &err), 0, "%s", err.text);
	for (; *parts; parts++)
		cr_assert_not_null(strstr(text, *parts), "'%s' is not in: %s", *parts, text);
	cr_assert_null(strchr(text, '\n'));
	cr_assert_eq(text[strlen(text) - 1], '.');
}

static void why_has_not(const char *part)
{
	_cleanup_json_ struct json_doc *doc = parsed();
	_cleanup_free_ char *text = NULL;
	struct error err = {0};

	cr_assert_eq(report_why(json_root(doc), &text, &err), 0, "%s", err.text);
	cr_assert_null(strstr(text, part), "'%s' is in: %s", part, text);
}

Test(report_render, why_names_budget_amounts_and_source)
{
	killed_for_cpu();
	why_has((const char *[]){"web-1 was killed", "after its start", "2.000s", "cpu budget",
				 "set by profile function", NULL});
	state.action = ACTION_THROTTLE;
	state.exit_code = 0;
	state.exit_signal = 0;
	why_has((const char *[]){"was throttled", "it ended later with status 0", NULL});
}

Test(report_render, why_tells_of_violations)
{
	ended_by_itself(3);
	violations = (struct ledger_violations){.list = {{.need = "mkdir", .denied = true, .count = 3},
							 {.need = "unshare 0", .denied = true, .count = 1},
							 {.need = "CAP_CHOWN", .denied = true, .count = 2},
							 {.need = "ioctl 5", .count = 1}}, .count = 4,
						.denials = {.list = {{.entry = "192.0.2.1 tcp 443", .count = 2}}, .count = 1}};
	why_has((const char *[]){"; its seccomp filter denied it mkdir 3 times, unshare 0; its model denied it CAP_CHOWN 2 times; "
				 "its network rules denied it egress 192.0.2.1 tcp 443 2 times; its model does not know ioctl 5.", NULL});
}

Test(report_render, why_says_that_violations_may_be_missing)
{
	ended_by_itself(3);
	plan.watch = WATCH_ENFORCE;
	violations = (struct ledger_violations){.recorder = LEDGER_RECORDER_TOLD, .lost = 1};
	why_has((const char *[]){"; violations may be missing: see the warnings of its report.", NULL});
	violations.lost = 0;
	why_has_not("may be missing");
}

Test(report_render, why_without_a_verdict)
{
	ended_by_itself(3);
	why_has((const char *[]){"web-1 ended with status 3 after 2.500s", "no budget was spent", NULL});
	state.exit_code = 143;
	state.exit_signal = 15;
	why_has((const char *[]){"by signal 15 (SIGTERM)", "stint did not send it", NULL});
	state.exit_known = false;
	why_has((const char *[]){"not known", NULL});
	state.payload_oom_kills = 2;
	why_has((const char *[]){"killed 2 of its processes for want of memory", NULL});
	state.started_boot_ns = state.started_real_ns = 0;
	why_has((const char *[]){"never started", NULL});
}

Test(report_render, why_explains_sigsys)
{
	const char *which = "; SIGSYS is how a seccomp filter ends who makes a call that it denies: the kernel's log says which one "
			    "(ausearch -m SECCOMP, or type=1326 in dmesg)";

	ended_by_itself(3);
	why_has_not("SIGSYS");
	state.exit_code = 159;
	state.exit_signal = 31;
	why_has((const char *[]){"by signal 31 (SIGSYS)", which, NULL});
	state.exit_signal = 0; /* as a shell says it of a child */
	why_has((const char *[]){"with status 159", "; 159 is 128 + 31 (SIGSYS)", which, NULL});
	/* It was seen which. */
	violations = (struct ledger_violations){.list = {{.need = "mkdir", .denied = true, .count = 1}}, .count = 1};
	why_has((const char *[]){"; SIGSYS is how a seccomp filter ends who makes a call that it denies; its seccomp filter denied it mkdir.",
				 NULL});
	/* What is allowed, or is no call, did not do it. */
	violations = (struct ledger_violations){.list = {{.need = "mkdir", .count = 1}, {.need = "CAP_CHOWN", .denied = true, .count = 1}},
						.count = 2};
	why_has((const char *[]){which, NULL});
}

/* The caller frees it. */
static char *rendered(enum report_format format)
{
	_cleanup_json_ struct json_doc *doc = parsed();
	char *text = NULL;
	struct error err = {0};

	cr_assert_eq(report_render(json_root(doc), format, &text, &err), 0, "%s", err.text);
	cr_assert_eq(text[strlen(text) - 1], '\n');
	return text;
}

static void render_has(enum report_format format, const char *const *parts)
{
	_cleanup_free_ char *text = rendered(format);

	for (; *parts; parts++)
		cr_assert_not_null(strstr(text, *parts), "'%s' is not in:\n%s", *parts, text);
}

static void render_is(enum report_format format, const char *expected)
{
	_cleanup_free_ char *text = rendered(format);

	cr_assert_str_eq(text, expected);
}

Test(report_render, text_says_first_what_ended_it)
{
	_cleanup_free_ char *text = NULL;

	killed_for_cpu();
	text = rendered(REPORT_TEXT);
	cr_assert(strncmp(text, "web-1 was killed", 16) == 0, "%s", text);
	render_has(REPORT_TEXT, (const char *[]){"function", "3 MiB", "137, signal 9 (SIGKILL)", "limit set by",
						 "exact", "2.500s", NULL});
	state.exact = false;
	render_has(REPORT_TEXT, (const char *[]){"not exact", "  warning         figures are", NULL});
}

Test(report_render, text_tells_of_the_network)
{
	static const struct ledger_figures counted = {
		.bytes = {[NET_EGRESS] = 2048}, .connections = {[NET_EGRESS] = 3, [NET_INGRESS] = 1},
		.drop_count = 1, .drops = {{.rule = "egress <policy>", .packets = 7, .bytes = 420}},
		.has_endpoints = true, .endpoint_count = 3, .endpoints = {
			{.direction = NET_EGRESS, .family = AF_INET, .address = {192, 0, 2, 1}, .protocol = IPPROTO_TCP, .port = 443,
			 .name = "api.example.com", .bytes = 5120, .connections = 2},
			{.direction = NET_INGRESS, .from_private = true, .protocol = IPPROTO_UDP, .port = 8080, .bytes = 9, .connections = 1},
			{.direction = NET_EGRESS, .family = AF_INET6, .address = {[15] = 1}, .protocol = 253},
		},
	};

	ended_by_itself(0);
	network = &counted;
	render_has(REPORT_TEXT, (const char *[]){"  sent            2 KiB\n", "  connections out 3\n", "  connections in  1\n",
						 "  dropped         420 B in 7 packets, by egress <policy>\n",
						 "  spoke with      egress 192.0.2.1 tcp 443, 5 KiB in 2 connections, api.example.com\n",
						 "  spoke with      ingress private udp 8080, 9 B in 1 connection\n",
						 "  spoke with      egress ::1 253, 0 B in 0 connections\n", NULL});
	render_has(REPORT_HTML, (const char *[]){"Connections out", "<h2>Dropped</h2>", "420 B in 7 packets, by egress &lt;policy&gt;</li>",
						 "<h2>Spoke with</h2>", "tcp 443, 5 KiB in 2 connections, api.example.com</li>", NULL});
}

Test(report_render, json_is_the_line_again)
{
	_cleanup_free_ char *expected = NULL;

	killed_for_cpu();
	cr_assert_gt(report_line(&plan, &state, &violations, NULL, text_line, NULL), 0);
	expected = strdup(text_line);
	render_is(REPORT_JSON, expected);
}

Test(report_render, lambda_line)
{
	ended_by_itself(0);
	state.ended_boot_ns = state.started_boot_ns + 12341000;
	state.usage.memory_peak_bytes = (9 << 20) + 1;
	render_is(REPORT_LAMBDA, "REPORT RequestId: web-1\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
				 "Max Memory Used: 10 MB\n");
	state.exit_code = 1;
	render_has(REPORT_LAMBDA, (const char *[]){"\tStatus: error\tError Type: Runtime.ExitError\n", NULL});
	state.budget = BUDGET_WALL;
	render_has(REPORT_LAMBDA, (const char *[]){"\tStatus: timeout\n", NULL});
	plan.budgets[BUDGET_MEMORY] = (struct budget_rule){.set = true, .limit = 256 << 20};
	state.budget = BUDGET_MEMORY;
	render_has(REPORT_LAMBDA, (const char *[]){"\tMemory Size: 256 MB\tMax Memory Used: 10 MB\tStatus: error\t"
						   "Error Type: Runtime.OutOfMemory\n", NULL});
}

Test(report_render, isolate_meta_file)
{
	ended_by_itself(0);
	render_is(REPORT_ISOLATE, "time:2.000\ntime-wall:2.500\ncg-mem:3072\nexitcode:0\n");
	state.exit_code = 3;
	render_has(REPORT_ISOLATE, (const char *[]){"exitcode:3\nstatus:RE\nmessage:Exited with error status 3\n", NULL});
	state.exit_signal = 11;
	render_has(REPORT_ISOLATE, (const char *[]){"exitsig:11\nstatus:SG\n", NULL});
	state.exit_known = false;
	render_has(REPORT_ISOLATE, (const char *[]){"status:XX\n", NULL});
	killed_for_cpu();
	render_has(REPORT_ISOLATE, (const char *[]){"killed:1\nstatus:TO\nmessage:Time limit exceeded\n", NULL});
	state.budget = BUDGET_WALL;
	render_has(REPORT_ISOLATE, (const char *[]){"Time limit exceeded (wall clock)\n", NULL});
	state.budget = BUDGET_MEMORY;
	render_has(REPORT_ISOLATE, (const char *[]){"cg-oom-killed:1\n", "status:SG\n", NULL});
}

Test(report_render, html_escapes_what_it_shows)
{
	_cleanup_free_ char *text = NULL;

	killed_for_cpu();
	strcpy(plan.image, "<script>alert('\"&\"')</script>");
	strcpy(state.warnings[0], "</ul><img src=x onerror=1>");
	text = rendered(REPORT_HTML);
	cr_assert_not_null(strstr(text, "&lt;script&gt;alert(&#39;&quot;&amp;&quot;&#39;)&lt;/script&gt;"), "%s", text);
	cr_assert_null(strstr(text, "<script"));
	cr_assert_null(strstr(text, "<img"));
	cr_assert_null(strstr(text, "src=\""));
	cr_assert_not_null(strstr(text, "</html>"));
}

/* A journal may hold what another version, or a hand, wrote: every field of every wrong type. */
Test(report_render, reports_of_any_shape_can_be_rendered)
{
	static const char *const shapes[] = {
		"{}",
		"{\"id\":7,\"verdict\":{},\"usage\":[],\"exit\":\"x\",\"warnings\":{\"a\":1},\"monitor\":3}",
		"{\"id\":\"\\u001b[2J\",\"verdict\":{\"budget\":\"future\",\"limit\":-1,\"used\":1.5,\"action\":\"\\u0007\"}}",
		"{\"exit\":{\"code\":18446744073709551615,\"signal\":4294967305},\"usage\":{\"wallNs\":18446744073709551615,"
		"\"cpuNs\":18446744073709551615,\"memoryPeakBytes\":18446744073709551615},\"warnings\":[1,null,{}],"
		"\"started\":\"x\"}",
		"{\"verdict\":null,\"exit\":{\"signal\":9},\"started\":\"x\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		_cleanup_json_ struct json_doc *doc = NULL;
		struct error err = {0};

		cr_assert_eq(json_parse("shape", shapes[i], strlen(shapes[i]), &doc, &err), 0, "%s", err.text);
		for (int format = 0; format < REPORT_FORMAT_COUNT; format++) {
			_cleanup_free_ char *text = NULL;

			cr_assert_eq(report_render(json_root(doc), (enum report_format)format, &text, &err), 0, "%s", err.text);
			if (format != REPORT_JSON)
				cr_assert_null(strchr(text, 0x1b), "shape %zu, format %d", i, format);
			cr_assert_null(strchr(text, 0x07));
		}
	}
}
