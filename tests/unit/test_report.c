/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the ledger to the report's line. */
#include "lib/record/model.h"
#include "tests/unit/report_fixture.h"

#include <netinet/in.h>

static void is_number(struct json_doc *doc, const char *path, uint64_t expected)
{
	uint64_t value = 0;
	struct error err = {0};

	cr_assert_not_null(json_find(json_root(doc), path), "%s is not there", path);
	cr_assert_eq(json_uint64(json_find(json_root(doc), path), &value, &err), 0, "%s: %s", path, err.text);
	cr_assert_eq(value, expected, "%s is %llu", path, (unsigned long long)value);
}

static void is_null(struct json_doc *doc, const char *path)
{
	cr_assert(json_is(json_find(json_root(doc), path), JSON_NULL), "%s is not null", path);
}

static void is_text(struct json_doc *doc, const char *path, const char *expected)
{
	const char *value = json_string(json_find(json_root(doc), path));

	cr_assert_str_eq(value ? value : "(none)", expected, "%s", path);
}

static void has_keys(const struct json *object, const char *const *keys)
{
	size_t i = 0;

	json_each(member, object) {
		cr_assert_not_null(keys[i], "%s is one key too many", member->key);
		cr_assert_str_eq(member->key, keys[i]);
		i++;
	}
	cr_assert_null(keys[i], "%s is missing", keys[i]);
}

Test(report, keys_are_the_contracts_in_its_order)
{
	static const char *const top[] = {"version", "id", "profile", "image", "runtime", "cgroup", "created",
					  "started", "ended", "exit", "verdict", "usage", "network", "monitor", "violations",
					  "violationsExact", "anomalies", "warnings", NULL};
	static const char *const verdict[] = {"budget", "limit", "used", "action", "detectedNs", "deadNs", "source",
					      NULL};
	static const char *const usage[] = {"wallNs", "cpuNs", "cpuUserNs", "cpuSystemNs", "throttledNs",
					    "memoryPeakBytes", "memoryByteSeconds", "pidsPeak", "ioReadBytes",
					    "ioWriteBytes", "netEgressBytes", "netIngressBytes", "oomKills", NULL};
	static const char *const monitor[] = {"wakeups", "takeovers", "exact", NULL};
	static const char *const exited[] = {"code", "signal", NULL};
	_cleanup_json_ struct json_doc *doc = NULL;

	killed_for_cpu();
	doc = parsed();
	has_keys(json_root(doc), top);
	has_keys(json_get(json_root(doc), "verdict"), verdict);
	has_keys(json_get(json_root(doc), "usage"), usage);
	has_keys(json_get(json_root(doc), "monitor"), monitor);
	has_keys(json_get(json_root(doc), "exit"), exited);
	cr_assert(strncmp(text_line, "{\"version\":", 11) == 0, "the journal knows reports by how they begin");
}

Test(report, figures)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	killed_for_cpu();
	doc = parsed();
	is_number(doc, "version", 1);
	is_text(doc, "id", "web-1");
	is_null(doc, "image");
	is_text(doc, "cgroup", "hybrid");
	is_text(doc, "created", "2026-11-18T11:06:40.000000000Z");
	is_text(doc, "started", "2026-11-18T11:06:41.000000000Z");
	is_text(doc, "ended", "2026-11-18T11:06:43.500000000Z");
	is_number(doc, "exit.code", 137);
	is_number(doc, "exit.signal", 9);
	is_text(doc, "verdict.budget", "cpu");
	is_number(doc, "verdict.limit", 2 * SECOND);
	is_number(doc, "verdict.used", 2 * SECOND + 412345);
	is_text(doc, "verdict.action", "kill");
	is_number(doc, "verdict.detectedNs", 2 * SECOND);
	is_number(doc, "verdict.deadNs", 1500000);
	is_text(doc, "verdict.source", "profile function");
	is_number(doc, "usage.wallNs", 2 * SECOND + SECOND / 2);
	is_number(doc, "usage.cpuNs", 2 * SECOND + 500000);
	is_number(doc, "usage.memoryPeakBytes", 3 << 20);
	is_number(doc, "usage.ioWriteBytes", 8192);
	is_number(doc, "usage.oomKills", 0);
	is_number(doc, "monitor.wakeups", 7);
	is_number(doc, "monitor.takeovers", 1);
	cr_assert_null(json_get(json_root(doc), "warnings")->first);
}

Test(report, what_the_kernel_does_not_offer_is_null)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	killed_for_cpu();
	doc = parsed();
	is_null(doc, "usage.throttledNs");
	is_null(doc, "usage.ioReadBytes");
	is_null(doc, "usage.netEgressBytes");
	is_null(doc, "usage.netIngressBytes");
	is_null(doc, "usage.memoryByteSeconds"); /* without a budget nobody integrates it */
}

Test(report, memory_time_only_with_its_budget)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	killed_for_cpu();
	plan.budgets[BUDGET_MEMORY_TIME] = (struct budget_rule){.set = true, .limit = 1000};
	state.schedule.memory.whole = 77;
	doc = parsed();
	is_number(doc, "usage.memoryByteSeconds", 77);
}

Test(report, never_started)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	killed_for_cpu();
	state.started_boot_ns = state.started_real_ns = 0;
	state.exit_known = false;
	state.dead_known = false;
	doc = parsed();
	is_null(doc, "started");
	is_null(doc, "exit");
	is_null(doc, "usage.wallNs");
	is_null(doc, "verdict.deadNs");
	is_number(doc, "verdict.detectedNs", 3 * SECOND); /* from created */
}

Test(report, exit_without_signal)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	ended_by_itself(3);
	doc = parsed();
	is_null(doc, "verdict");
	is_number(doc, "exit.code", 3);
	is_null(doc, "exit.signal");
}

Test(report, oom_kills_are_the_greater_count_never_the_sum)
{
	static const struct {
		uint64_t own, payload, expected; /* UINT64_MAX: null */
	} cases[] = {{0, 3, 3}, {3, 3, 3}, {4, 3, 4}, {UINT64_MAX, 2, 2}, {UINT64_MAX, 0, UINT64_MAX}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_doc *doc = NULL;

		killed_for_cpu();
		state.usage.oom_kills = cases[i].own;
		state.payload_oom_kills = cases[i].payload;
		doc = parsed();
		if (cases[i].expected == UINT64_MAX)
			is_null(doc, "usage.oomKills");
		else
			is_number(doc, "usage.oomKills", cases[i].expected);
	}
}

static bool warns_of_figures(struct json_doc *doc)
{
	json_each(warning, json_get(json_root(doc), "warnings"))
		if (strncmp(json_string(warning), "figures are ", 12) == 0)
			return true;
	return false;
}

Test(report, what_is_not_exact_says_so)
{
	_cleanup_json_ struct json_doc *read = NULL, *unread = NULL, *said = NULL;
	int count = 0;

	killed_for_cpu();
	state.exact = false;
	read = parsed();
	cr_assert(warns_of_figures(read));
	state.usage = cgroup_usage_unknown;
	unread = parsed();
	cr_assert(warns_of_figures(unread));
	is_null(unread, "usage.cpuNs");
	is_null(unread, "usage.oomKills");
	is_number(unread, "usage.wallNs", 2 * SECOND + SECOND / 2); /* that is our own clock's */
	strcpy(state.warnings[0], "figures are from the last reading, 3 ms before its end");
	said = parsed();
	json_each(warning, json_get(json_root(said), "warnings"))
		count += json_string(warning) != NULL;
	cr_assert_eq(count, 1, "the monitor's own words are enough");
}

Test(report, warnings_of_the_plan_come_first)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *first;

	killed_for_cpu();
	strcpy(plan.warnings[0], "of the plan");
	strcpy(state.warnings[0], "of the monitor");
	doc = parsed();
	first = json_get(json_root(doc), "warnings")->first;
	cr_assert_str_eq(json_string(first), "of the plan");
	cr_assert_str_eq(json_string(first->next), "of the monitor");
	cr_assert_null(first->next->next);
}

/* Every text as long as can be, of the characters that grow most; then of bytes that are no UTF-8. */
Test(report, the_longest_and_the_worst_texts_fit)
{
	static const unsigned char fills[] = {'"', '\\', 0x01, 0x1b, 0x7f, 0x80, 0xc0, 0xc3, 0xed, 0xf0, 0xff};

	for (size_t i = 0; i < sizeof fills; i++) {
		_cleanup_json_ struct json_doc *doc = NULL;
		int count = 0;

		killed_for_cpu();
		memset(plan.id, fills[i], sizeof plan.id); /* not even terminated */
		memset(plan.profile, fills[i], sizeof plan.profile);
		memset(plan.image, fills[i], sizeof plan.image);
		memset(plan.runtime, fills[i], sizeof plan.runtime);
		memset(plan.sources, fills[i], sizeof plan.sources);
		memset(plan.warnings, fills[i], sizeof plan.warnings);
		memset(state.warnings, fills[i], sizeof state.warnings);
		doc = parsed();
		json_each(warning, json_get(json_root(doc), "warnings"))
			count += json_string(warning) != NULL;
		cr_assert_eq(count, 2 * LEDGER_WARNINGS_MAX);
	}
}

Test(report, texts_are_cleaned_and_kept)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain", "plain"},
		{"gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x90\xa7", "gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x90\xa7"},
		{"cut \xe2\x82", "cut ??"},
		{"\x1b[31mred", "?[31mred"},
		{"a\nb", "a?b"},
		{"\xc2\x9b" "31m", "?31m"},	  /* CSI in one character */
		{"\xed\xa0\x80", "???"},  /* a surrogate */
		{"\xc0\xaf", "??"},	  /* longer than need be */
		{"\xf4\x90\x80\x80", "????"}, /* above the last character */
		{"\"\\</script>", "\"\\</script>"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_doc *doc = NULL;

		killed_for_cpu();
		strcpy(plan.image, cases[i].in);
		doc = parsed();
		is_text(doc, "image", cases[i].out);
	}
}

Test(report, a_ledger_that_makes_no_sense_is_no_crash)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	killed_for_cpu();
	state.budget = 4711;
	state.action = 200;
	plan.cgroup_mode = 99;
	state.ended_boot_ns = 1; /* before it started */
	doc = parsed();
	is_null(doc, "verdict");
	is_null(doc, "cgroup");
	is_number(doc, "usage.wallNs", 0);
}

Test(report, violations_say_what_and_how_to_take_it_in)
{
	static const char *const keys[] = {"need", "program", "action", "count", "rule", "remedy", NULL};
	_cleanup_json_ struct json_doc *doc = NULL;
	const struct json *first, *second, *third;

	killed_for_cpu();
	strcpy(plan.workload, "sha256:01");
	violations = (struct ledger_violations){.list = {{.need = "mkdir", .program = "sh", .denied = true, .count = 3},
							 {.need = "socket 16 3", .program = "a\033b", .count = 1},
							 {.need = "CAP_CHOWN", .count = 1}}, .count = 3};
	doc = parsed();
	first = json_get(json_root(doc), "violations")->first;
	second = first->next;
	third = second->next;
	has_keys(first, keys);
	cr_expect_str_eq(json_string(json_get(first, "action")), "denied");
	cr_expect_str_eq(json_string(json_get(first, "remedy")), "stint profile accept sha256:01");
	cr_expect_str_eq(json_string(json_get(second, "program")), "a?b");
	cr_expect_str_eq(json_string(json_get(second, "action")), "allowed");
	cr_expect(strstr(text_line, "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
				    "{\"index\":0,\"value\":4294967295,\"valueTwo\":16,\"op\":\"SCMP_CMP_MASKED_EQ\"},"
				    "{\"index\":1,\"value\":4294967295,\"valueTwo\":3,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}"), "%s", text_line);
	cr_expect_null(json_get(third, "rule"));
	cr_expect(json_is(json_get(third, "program"), JSON_NULL));
	cr_expect_null(third->next);
}

Test(report, what_the_network_denied_is_a_violation_with_the_entry_for_it)
{
	static const char *const keys[] = {"need", "program", "action", "count", "rule", "remedy", NULL};
	_cleanup_json_ struct json_doc *doc = NULL;
	const struct json *first;

	killed_for_cpu();
	violations = (struct ledger_violations){.denials = {
		.list = {{.entry = "192.0.2.1 tcp 443", .host = "api.example.com", .direction = NET_EGRESS, .count = 2},
			 {.entry = "2001:db8::1 icmpv6", .direction = NET_INGRESS, .count = 1}}, .count = 2}};
	doc = parsed();
	first = json_get(json_root(doc), "violations")->first;
	has_keys(first, keys);
	has_keys(first->next, keys);
	cr_expect(strstr(text_line, "{\"need\":\"egress 192.0.2.1 tcp 443\",\"program\":null,\"action\":\"denied\",\"count\":2,"
				    "\"rule\":{\"egress\":{\"allow\":[\"api.example.com tcp 443\"]}},\"remedy\":\"put "
				    "\\\"192.0.2.1 tcp 443\\\" or \\\"api.example.com tcp 443\\\" into network.egress.allow"), "%s", text_line);
	cr_expect(strstr(text_line, "\"rule\":{\"ingress\":{\"allow\":[\"2001:db8::1 icmpv6\"]}},\"remedy\":\"put "
				    "\\\"2001:db8::1 icmpv6\\\" into network.ingress.allow"), "%s", text_line);
	cr_expect_null(first->next->next);
}

Test(report, endpoints_are_there_when_they_were_recorded)
{
	static struct ledger_figures counted = {.endpoint_count = 2, .endpoints = {
		{.direction = NET_EGRESS, .family = AF_INET, .address = {192, 0, 2, 1}, .protocol = IPPROTO_TCP, .port = 443,
		 .name = "api.example.com", .bytes = 5120, .connections = 2, .by_name = 2},
		{.direction = NET_INGRESS, .protocol = IPPROTO_UDP, .port = 80, .bytes = 9, .connections = 1},
	}};
	_cleanup_json_ struct json_doc *doc = NULL, *with = NULL;

	killed_for_cpu();
	network = &counted;
	doc = parsed();
	cr_expect_null(json_find(json_root(doc), "network.endpoints"), "nobody counted them");
	counted.has_endpoints = true;
	with = parsed();
	cr_expect(strstr(text_line, "\"drops\":[],\"endpoints\":[{\"direction\":\"egress\",\"address\":\"192.0.2.1\",\"protocol\":\"tcp\",\"port\":443,"
				    "\"name\":\"api.example.com\",\"bytes\":5120,\"connections\":2,\"byName\":2},{\"direction\":\"ingress\",\"from\":\"any\","),
		  "%s", text_line);
}

Test(report, of_more_violations_than_there_is_room_for_the_number_is_told)
{
	static struct ledger_figures counted = {.has_endpoints = true};
	_cleanup_json_ struct json_doc *doc = NULL;
	unsigned told = 0;

	killed_for_cpu();
	for (int i = 0; i < LEDGER_VIOLATIONS_MAX; i++) {
		memset(violations.list[i].need, '"', sizeof violations.list[i].need); /* grows the most, and does not end */
		memset(violations.list[i].program, '\\', sizeof violations.list[i].program);
	}
	for (int i = 0; i < LEDGER_WARNINGS_MAX; i++) {
		memset(plan.warnings[i], '"', sizeof plan.warnings[i] - 1);
		memset(state.warnings[i], '"', sizeof state.warnings[i] - 1);
	}
	memset(plan.workload, '"', sizeof plan.workload - 1);
	violations.count = 1000;
	for (int i = 0; i < LEDGER_DENIALS_MAX; i++) { /* as long as they can be */
		struct ledger_denial *denial = &violations.denials.list[i];

		*denial = (struct ledger_denial){.direction = NET_INGRESS, .count = UINT32_MAX};
		memset(denial->entry, 'f', sizeof denial->entry - 1);
		denial->entry[8] = ' ';
		memset(denial->host, 'h', sizeof denial->host - 1);
	}
	violations.denials.count = LEDGER_DENIALS_MAX;
	counted.endpoint_count = LEDGER_ENDPOINTS_MAX;
	for (int i = 0; i < LEDGER_ENDPOINTS_MAX; i++) {
		struct endpoint *endpoint = &counted.endpoints[i];

		*endpoint = (struct endpoint){.direction = NET_EGRESS, .family = AF_INET6, .protocol = IPPROTO_UDPLITE, .port = UINT16_MAX,
					      .resolver = true, .bytes = UINT64_MAX, .connections = UINT64_MAX, .by_name = UINT64_MAX};
		memset(endpoint->address, 0xff, sizeof endpoint->address);
		memset(endpoint->name, 'n', sizeof endpoint->name - 1);
	}
	network = &counted;
	violations.denials.more = violations.denials.unheard = UINT32_MAX;
	plan.watch = WATCH_ENFORCE;
	violations.recorder = LEDGER_RECORDER_SEES;
	violations.lost = UINT64_MAX;
	violations.blind = LEDGER_BLIND_KILLS | LEDGER_BLIND_CAPABILITIES;
	memset(violations.trouble, '"', sizeof violations.trouble);
	doc = parsed();
	json_each(violation, json_get(json_root(doc), "violations"))
		told++;
	cr_expect_eq(told, LEDGER_VIOLATIONS_MAX + LEDGER_DENIALS_MAX);
	cr_expect(strstr(text_line, "\"4294967295 packets were denied to or from more places"));
	cr_expect(strstr(text_line, "\"4294967295 times DNS answers came too fast"));
	cr_expect(strstr(text_line, "there were 984 more violations than there is room for"));
}

/* Watched to its end, and nothing is missing but what the test then takes away. */
static void watched(enum watch watch)
{
	killed_for_cpu();
	plan.watch = watch;
	violations = (struct ledger_violations){.recorder = LEDGER_RECORDER_TOLD};
}

static void exact_is(const char *expected, const char *warning)
{
	_cleanup_json_ struct json_doc *doc = parsed();
	const struct json *exact = json_get(json_root(doc), "violationsExact");
	const struct json *first = json_get(json_root(doc), "warnings")->first;

	cr_expect_str_eq(json_is(exact, JSON_BOOL) ? exact->boolean ? "true" : "false" : "null", expected, "%s", text_line);
	if (warning)
		cr_expect(first && strstr(json_string(first), warning), "'%s' is not in: %s", warning, text_line);
	else
		cr_expect_null(first, "%s", text_line);
}

Test(report, whether_violations_are_all_is_said_of_who_is_held_against_a_model)
{
	watched(WATCH_ENFORCE);
	exact_is("true", NULL);
	watched(WATCH_COMPLAIN);
	exact_is("true", NULL);
	watched(WATCH_RECORD);
	exact_is("null", NULL);
	watched(WATCH_NOTHING);
	violations.recorder = LEDGER_RECORDER_NONE;
	exact_is("null", NULL);
}

Test(report, violations_that_may_be_missing_are_told_of)
{
	watched(WATCH_ENFORCE);
	violations.lost = 3;
	exact_is("false", "violations may be missing: 3 events found no room in the recorder's tables");
	watched(WATCH_ENFORCE);
	violations.recorder = LEDGER_RECORDER_SEES;
	exact_is("false", "violations may be missing: its recorder did not see it to its end");
	strcpy(violations.trouble, "write x: No space left on device");
	exact_is("false", "violations may be missing: its recorder did not see it to its end: write x: No space left on device");
	watched(WATCH_ENFORCE);
	violations.blind = LEDGER_BLIND_KILLS;
	exact_is("false", "violations may be missing: calls for which its filter kills or sends SIGSYS are not seen by notification");
	watched(WATCH_ENFORCE);
	violations.blind = LEDGER_BLIND_CAPABILITIES;
	exact_is("false", "violations may be missing: the use of capabilities is not seen here");
	/* That the recorder could not be started is the plan's warning. */
	watched(WATCH_ENFORCE);
	violations.recorder = LEDGER_RECORDER_NONE;
	exact_is("false", NULL);
}

Test(report, what_goes_wrong_with_the_recorder_is_told_of)
{
	watched(WATCH_ENFORCE);
	strcpy(violations.trouble, "write x: No space left on device");
	exact_is("true", "its recorder: write x: No space left on device");
}
