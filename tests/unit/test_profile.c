/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a profile: what is taken, what is refused and with which words, and writing it again. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/profile/compose.h"
#include "lib/profile/cpu_set.h"
#include "lib/profile/internal.h"
#include "lib/profile/select.h"

/* The profile points into its document, so that is kept. */
static int parse(const char *text, bool without_name, struct profile *profile, struct error *err)
{
	struct json_doc *doc = NULL;
	const struct json *extends = NULL;
	int r = json_parse("p.json", text, strlen(text), &doc, err);

	cr_assert_eq(r, 0, "%s", err->text);
	cr_assert_eq(document_keep(doc, err), 0);
	return profile_parse(json_root(doc), "p.json", without_name ? "ceiling" : "profile p", without_name, profile,
			     &extends, err);
}

static struct profile parsed(const char *text)
{
	struct profile profile;
	struct error err = {0};

	cr_assert_eq(parse(text, false, &profile, &err), 0, "%s", err.text);
	return profile;
}

static char *written(const struct profile *profile)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *node = NULL;
	struct error err = {0};
	char *text = NULL;
	size_t length = 0;

	cr_assert_eq(json_doc_new(&doc, &err), 0);
	cr_assert_eq(profile_to_json(profile, doc, &node, &err), 0, "%s", err.text);
	cr_assert_eq(json_write(node, false, &text, &length, &err), 0);
	return text;
}

Test(profile, reads_every_key_of_the_contract)
{
	struct profile p = parsed(
		"{\"stintVersion\":\"1.0\",\"name\":\"function\",\"extends\":[\"default\"],\"budgets\":{"
		"\"wall\":{\"limit\":\"30s\",\"warn\":\"80%\",\"action\":\"term\",\"grace\":\"2s\"},"
		"\"cpu\":{\"limit\":\"5s\"},"
		"\"cpuRate\":{\"limit\":\"30s\",\"per\":\"1m\",\"action\":\"throttle\"},"
		"\"memory\":{\"limit\":\"256MiB\"},\"memoryTime\":{\"limit\":\"64GiB.s\"},\"pids\":{\"limit\":64},"
		"\"ioRead\":{\"limit\":\"1GiB\"},\"ioWrite\":{\"limit\":\"1GB\"},"
		"\"netEgress\":{\"limit\":\"10MiB\"},\"netIngress\":{\"limit\":\"100MiB\"},\"idle\":{\"limit\":\"5m\"},"
		"\"stall\":{\"limit\":\"500ms\",\"per\":\"1s\",\"resource\":\"memory\"}},"
		"\"resources\":{\"cpu\":{\"quota\":50000,\"cpus\":\"0-2,7\"},\"memory\":{\"limit\":1000000,\"swap\":1000000},"
		"\"pids\":{\"limit\":64}},"
		"\"capabilities\":[\"CAP_NET_BIND_SERVICE\",\"CAP_CHOWN\"],\"noNewPrivileges\":true,\"seccomp\":\"default\","
		"\"network\":{\"egress\":{\"default\":\"deny\",\"allow\":[\"10.0.0.0/8 tcp 5432\",\"dns\"],"
		"\"bandwidth\":\"10MiB/s\",\"newConnections\":\"50/s\"},\"ingress\":{\"default\":\"allow\"}},"
		"\"baseline\":{\"mode\":\"learn\"}}");

	cr_assert_str_eq(p.name, "function");
	cr_assert_eq(p.budgets[BUDGET_WALL].limit.value, UINT64_C(30000000000));
	cr_assert_str_eq(p.budgets[BUDGET_WALL].limit.from, "profile p");
	cr_assert_eq(p.budgets[BUDGET_WALL].action.value, ACTION_TERM);
	cr_assert_eq(p.budgets[BUDGET_WALL].grace_ns.value, UINT64_C(2000000000));
	cr_assert_eq(p.budgets[BUDGET_WALL].warn.value, 80);
	cr_assert_eq(p.budgets[BUDGET_CPU].action.value, ACTION_KILL);
	cr_assert_eq(p.budgets[BUDGET_CPU].rate_per.value, UNSET);
	cr_assert_eq(p.budgets[BUDGET_CPU_RATE].rate_limit, UINT64_C(30000000000));
	cr_assert_eq(p.budgets[BUDGET_CPU_RATE].rate_per.value, UINT64_C(60000000000));
	cr_assert_eq(p.budgets[BUDGET_MEMORY].limit.value, 256u << 20);
	cr_assert_eq(p.budgets[BUDGET_MEMORY_TIME].limit.value, UINT64_C(64) << 30);
	cr_assert_eq(p.budgets[BUDGET_PIDS].limit.value, 64);
	cr_assert_eq(p.budgets[BUDGET_IO_WRITE].limit.value, 1000000000);
	cr_assert_eq(p.budgets[BUDGET_STALL].stall_resource.value, STALL_MEMORY);
	cr_assert_eq(p.resources.cpu_quota.value, 50000);
	cr_assert_eq(p.resources.cpu_period.value, 100000, "the kernel's own when only a quota is given");
	cr_assert_eq(p.resources.cpus.bits[0], 0x87);
	cr_assert(!p.resources.mems.set);
	cr_assert_eq(p.capabilities.mask, (1u << 10) | 1u);
	cr_assert_eq(p.no_new_privileges.value, 1);
	cr_assert_eq(p.seccomp.kind, SECCOMP_DEFAULT);
	cr_assert_eq(p.network[NET_EGRESS].count, 1);
	cr_assert_eq(p.network[NET_EGRESS].bandwidth.value, 10u << 20);
	cr_assert_eq(p.network[NET_EGRESS].new_connections, 50);
	cr_assert_eq(p.network[NET_EGRESS].new_connections_ns.value, 1000000000);
	cr_assert_eq(p.network[NET_INGRESS].count, 1);
	cr_assert_str_eq(p.network[NET_INGRESS].from, "profile p");
	cr_assert_not_null(p.baseline);
}

Test(profile, the_least_of_a_profile_asks_for_nothing)
{
	struct profile p = parsed("{\"name\":\"p\",\"noNewPrivileges\":false}"), nothing;
	_cleanup_free_ char *text = NULL;

	profile_init(&nothing, "p");
	cr_assert(profile_at_least_as_strict(&nothing, &p));
	text = written(&p);
	cr_assert_str_eq(text, "{\"name\":\"p\"}\n");
}

/* Every one of these is refused, in words that hold both texts. */
static const struct {
	const char *text, *says, *and;
} refused[] = {
	{"[]", "an object is wanted", "an array"},
	{"{}", "needs a \"name\"", "line 1, column 1"},
	{"{\"name\":\"../x\"}", "name (line 1, column", "begins with a letter"},
	{"{\"name\":\"\"}", "name", "begins with a letter"},
	{"{\"name\":7}", "a string is wanted", "a number"},
	{"{\"name\":\"a\\nb\"}", "name", "letters"},
	{"{\"name\":\"p\",\"stintVersion\":\"2.0\"}", "stintVersion", "\"1.0\""},
	{"{\"name\":\"p\",\n \"budget\":{}}", "unknown key \"budget\"", "line 2"},
	{"{\"name\":\"p\",\"budgest\":{}}", "unknown key", "did you mean \"budgets\""},
	{"{\"name\":\"p\",\"zzzzzzzzzzzz\":1}", "known here: stintVersion, name", "baseline"},
	{"{\"name\":\"p\",\"budgets\":{\"cpuu\":{\"limit\":\"1s\"}}}", "budgets.cpuu", "did you mean \"cpu\""},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":\"5s\"}}", "an object is wanted", "budgets.cpu"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{}}}", "needs a \"limit\"", "budgets.cpu"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\n\"limt\":\"5s\"}}}", "did you mean \"limit\"", "line 2"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"0s\"}}}", "above zero", "column"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"-5s\"}}}", "\"-5s\"", "duration"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":5}}}", "\"5\"", "duration"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":null}}}", "a string", "null"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"9999999999h\"}}}", "too large", "line 1"},
	{"{\"name\":\"p\",\"budgets\":{\"memory\":{\"limit\":\"256Mib\"}}}", "\"256Mib\"", "size"},
	{"{\"name\":\"p\",\"budgets\":{\"pids\":{\"limit\":0}}}", "above zero", "budgets.pids.limit"},
	{"{\"name\":\"p\",\"budgets\":{\"pids\":{\"limit\":-1}}}", "\"-1\"", "count"},
	{"{\"name\":\"p\",\"budgets\":{\"pids\":{\"limit\":4194305}}}", "no more than 4194304", "budgets.pids.limit"},
	{"{\"name\":\"p\",\"budgets\":{\"pids\":{\"limit\":1e3}}}", "\"1e3\"", "count"},
	{"{\"name\":\"p\",\"budgets\":{\"cpuRate\":{\"limit\":\"1s\"}}}", "needs \"per\"", "cpuRate"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"per\":\"1m\"}}}", "has no \"per\"", "budgets.cpu.per"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"action\":\"kil\"}}}", "unknown action", "\"kill\""},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"grace\":\"2s\"}}}", "only the action term", "is kill"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"grace\":\"2s\",\"action\":\"warn\"}}}", "grace", "is warn"},
	{"{\"name\":\"p\",\"budgets\":{\"memory\":{\"limit\":\"1GiB\",\"action\":\"freeze\"}}}", "freeze means nothing", "memory"},
	{"{\"name\":\"p\",\"budgets\":{\"pids\":{\"limit\":1,\"action\":\"throttle\"}}}", "throttle means nothing", "pids"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"warn\":\"0%\"}}}", "warn", "above zero"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"warn\":\"101%\"}}}", "warn", "percentage"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"warn\":80}}}", "a string is wanted", "warn"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"resource\":\"cpu\"}}}", "only the budget stall", "resource"},
	{"{\"name\":\"p\",\"budgets\":{\"stall\":{\"limit\":\"1s\",\"per\":\"2s\"}}}", "needs a \"resource\"", "stall"},
	{"{\"name\":\"p\",\"budgets\":{\"stall\":{\"limit\":\"3s\",\"per\":\"2s\",\"resource\":\"io\"}}}", "impossible limit", "stall.limit"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"limit\":-1}}}", "whole number", "not -1"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"limit\":\"1GiB\"}}}", "a number is wanted", "a string"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"limit\":18446744073709551615}}}", "whole number", "resources.memory.limit"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"limit\":99999999999999999999999}}}", "whole number", "line 1"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"limit\":100,\"swap\":99}}}", "impossible limit", "swap"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"swap\":99}}}", "needs a \"limit\"", "swap"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"limit\":100,\"reservation\":101}}}", "impossible limit", "reservation"},
	{"{\"name\":\"p\",\"resources\":{\"memory\":{\"swappiness\":1}}}", "cannot compose \"swappiness\"", "config.json"},
	{"{\"name\":\"p\",\"resources\":{\"blockIO\":{}}}", "cannot compose \"blockIO\"", "config.json"},
	{"{\"name\":\"p\",\"resources\":{\"memmory\":{}}}", "unknown key", "did you mean \"memory\""},
	{"{\"name\":\"p\",\"resources\":{\"cpu\":{\"quota\":999}}}", "from 1000", "not 999"},
	{"{\"name\":\"p\",\"resources\":{\"cpu\":{\"quota\":50000.5}}}", "whole number", "not 50000.5"},
	{"{\"name\":\"p\",\"resources\":{\"cpu\":{\"quota\":5000,\"period\":1000001}}}", "to 1000000", "period"},
	{"{\"name\":\"p\",\"resources\":{\"cpu\":{\"period\":100000}}}", "without a \"quota\"", "period"},
	{"{\"name\":\"p\",\"resources\":{\"cpu\":{\"cpus\":\"3-1\"}}}", "\"3-1\"", "resources.cpu.cpus"},
	{"{\"name\":\"p\",\"resources\":{\"pids\":{\"limit\":0}}}", "from 1", "not 0"},
	{"{\"name\":\"p\",\"capabilities\":{}}", "an array is wanted", "capabilities"},
	{"{\"name\":\"p\",\"capabilities\":[1]}", "a string is wanted", "capabilities[0]"},
	{"{\"name\":\"p\",\"capabilities\":[\"CAP_NET_ADMN\"]}", "did you mean CAP_NET_ADMIN", "line 1"},
	{"{\"name\":\"p\",\"capabilities\":[\"CAP_KILL\",\"CAP_KILL\"]}", "there twice", "capabilities[1]"},
	{"{\"name\":\"p\",\"noNewPrivileges\":1}", "true or false is wanted", "a number"},
	{"{\"name\":\"p\",\"seccomp\":\"defualt\"}", "did you mean \"default\"", "seccomp"},
	{"{\"name\":\"p\",\"seccomp\":\"./x.json\"}", "must be absolute", "seccomp"},
	{"{\"name\":\"p\",\"seccomp\":\"/nowhere/x.json\"}", "/nowhere/x.json", "No such file"},
	{"{\"name\":\"p\",\"seccomp\":\"/dev/null\"}", "/dev/null", "no regular file"},
	{"{\"name\":\"p\",\"seccomp\":{\"syscalls\":[]}}", "defaultAction", "seccomp"},
	{"{\"name\":\"p\",\"network\":{\"egres\":{}}}", "did you mean \"egress\"", "network.egres"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"default\":\"maybe\"}}}", "unknown default", "allow, deny"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"allow\":[1]}}}", "a string is wanted", "network.egress.allow[0]"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"bandwidth\":\"10MiB\"}}}", "10MiB/s", "bandwidth"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"newConnections\":\"fast/s\"}}}", "50/s", "newConnections"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"newConnections\":\"50/d\"}}}", "50/s", "newConnections"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"newConnections\":\"50\"}}}", "50/s", "newConnections"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"newConnections\":\"4294967296/s\"}}}", "50/s", "newConnections"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"connections\":0}}}", "from 1", "connections"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"connections\":\"1\"}}}", "a number is wanted", "connections"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"allow\":[\"10.1.0.0/8\"]}}}", "write \"10.0.0.0/8\"", "network.egress.allow[0]"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"allow\":[\"dns\",\"any tcp 99999\"]}}}", "no port", "network.egress.allow[1]"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"allow\":[\"any tcp 6\",\"dns\",\"any 6 6\"]}}}", "is there twice", "network.egress.allow["},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"allow\":[],\"deny\":[]}}}", "say what \"default\" is", "network.egress"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"default\":\"deny\",\"deny\":[\"any\"]}}}", "denied already", "network.egress.deny"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"deny\":[\"a.example.com\"]}}}", "allow list of egress only", "network.egress.deny[0]"},
	{"{\"name\":\"p\",\"network\":{\"ingress\":{\"allow\":[\"a.example.com\"]}}}", "allow list of egress only", "network.ingress.allow[0]"},
	{"{\"name\":\"p\",\"network\":{\"ingress\":{\"allow\":[\"dns\"]}}}", "of egress", "network.ingress.allow[0]"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"deny\":[\"loopback\"]}}}", "always passes", "network.egress.deny[0]"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"within\":[{\"bandwidth\":\"1MiB/s\"}]}}}", "unknown key", "within[0].bandwidth"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"within\":[{\"within\":[]}]}}}", "unknown key", "within[0].within"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"within\":[5]}}}", "an object is wanted", "within[0]"},
	{"{\"name\":\"p\",\"network\":{\"egress\":{\"alow\":[]}}}", "did you mean \"allow\"", "network.egress.alow"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"action\":\"cut\"}}}", "only bytes on the network", "budgets.cpu.action"},
	{"{\"name\":\"p\",\"budgets\":{\"netEgress\":{\"limit\":\"1B\",\"per\":\"1s\"}}}", "\"bandwidth\" of network.egress", "budgets.netEgress.per"},
	{"{\"name\":\"p\",\"budgets\":{\"netEgress\":{\"limit\":\"1B\",\"throttleTo\":\"1B/s\"}}}", "only the action throttle", "throttleTo"},
	{"{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"action\":\"throttle\",\"throttleTo\":\"1B/s\"}}}", "only bytes on the network", "throttleTo"},
	{"{\"name\":\"p\",\"budgets\":{\"netEgress\":{\"limit\":\"1B\",\"action\":\"throttle\",\"throttleTo\":\"1B\"}}}", "64KiB/s", "throttleTo"},
	{"{\"name\":\"p\",\"baseline\":{\"mode\":\"lern\"}}", "did you mean \"learn\"", "baseline.mode"},
	{"{\"name\":\"p\",\"extends\":\"default\"}", "an array is wanted", "extends"},
	{"{\"name\":\"p\",\"extends\":[\"../../etc/x\"]}", "absolute path", "extends[0]"},
	{"{\"name\":\"p\",\"extends\":[\"a\",\"a\"]}", "there twice", "extends[1]"},
};

Test(profile, refuses_with_place_and_advice)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct profile profile, before;
		struct error err = {0};

		memset(&profile, 0x5a, sizeof profile);
		before = profile;
		cr_expect_eq(parse(refused[i].text, false, &profile, &err), -EINVAL, "%s", refused[i].text);
		cr_expect_not_null(strstr(err.text, refused[i].says), "%s\nsays: %s\nnot: %s", refused[i].text, err.text,
				   refused[i].says);
		cr_expect_not_null(strstr(err.text, refused[i].and), "%s\nsays: %s\nnot: %s", refused[i].text, err.text,
				   refused[i].and);
		cr_expect_not_null(strstr(err.text, "p.json"), "%s", err.text);
		cr_expect_eq(memcmp(&profile, &before, sizeof profile), 0, "nothing is set: %s", refused[i].text);
	}
}

Test(profile, a_name_of_64_bytes_is_the_longest)
{
	char text[128];
	struct profile profile;
	struct error err = {0};

	(void)snprintf(text, sizeof text, "{\"name\":\"%064d\"}", 7);
	cr_assert_eq(parse(text, false, &profile, &err), 0, "%s", err.text);
	(void)snprintf(text, sizeof text, "{\"name\":\"%065d\"}", 7);
	cr_assert_eq(parse(text, false, &profile, &err), -EINVAL);
}

Test(profile, a_ceiling_has_neither_name_nor_version_nor_bases)
{
	static const char *const bad[] = {"{\"name\":\"x\"}", "{\"stintVersion\":\"1.0\"}", "{\"extends\":[\"default\"]}",
					  "{\"budgets\":{\"cpu\":{\"action\":\"kill\"}}}"};
	struct profile profile;
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(parse(bad[i], true, &profile, &err), -EINVAL, "%s", bad[i]);
	cr_assert_eq(parse("{\"budgets\":{\"cpu\":{\"limit\":\"1s\"}}}", true, &profile, &err), 0, "%s", err.text);
	cr_assert_str_eq(profile.name, "ceiling");
	cr_assert_str_eq(profile.budgets[BUDGET_CPU].limit.from, "ceiling");
}

Test(profile, one_budget_from_a_text)
{
	struct profile p;
	struct error err = {0};

	profile_init(&p, "words");
	cr_assert_eq(profile_set_budget(&p, "cpu", "2s", "--budget cpu", &err), 0, "%s", err.text);
	cr_assert_eq(profile_set_budget(&p, "cpuRate", "30s/1m", "--budget cpuRate", &err), 0, "%s", err.text);
	cr_assert_eq(p.budgets[BUDGET_CPU].limit.value, UINT64_C(2000000000));
	cr_assert_str_eq(p.budgets[BUDGET_CPU].limit.from, "--budget cpu");
	cr_assert_eq(p.budgets[BUDGET_CPU].action.value, UNSET, "only the limit was said");
	cr_assert_eq(p.budgets[BUDGET_CPU_RATE].rate_per.value, UINT64_C(60000000000));
	cr_assert_eq(p.budgets[BUDGET_WALL].limit.value, UNSET);
}

Test(profile, a_bad_budget_text_changes_nothing)
{
	static const struct {
		const char *name, *value, *says;
	} bad[] = {
		{"cpuu", "2s", "did you mean cpu"}, {"qqqqqqqqq", "2s", "there are wall"}, {"", "2s", "there is no budget"},
		{"cpu", "2", "duration"}, {"cpu", "", "duration"}, {"cpu", "0s", "above zero"}, {"cpu", "2s/1m", "no rate"},
		{"cpuRate", "30s", "say per how long"}, {"cpuRate", "30s/", "duration"}, {"cpuRate", "/1m", "duration"},
		{"cpuRate", "30s/0s", "above zero"}, {"cpuRate", "30s/1m/1m", "duration"}, {"pids", "4194305", "4194304"},
		{"stall", "2s/1s", "longer"}, {"pids", "-1", "count"},
	};
	char endless[5000];
	struct profile p, before;
	struct error err = {0};

	profile_init(&p, "words");
	before = p;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cr_expect_eq(profile_set_budget(&p, bad[i].name, bad[i].value, "--budget x", &err), -EINVAL, "%s=%s",
			     bad[i].name, bad[i].value);
		cr_expect_not_null(strstr(err.text, bad[i].says), "%s", err.text);
		cr_expect_not_null(strstr(err.text, "--budget x"), "%s", err.text);
	}
	memset(endless, '9', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	cr_expect_eq(profile_set_budget(&p, "cpu", endless, "--budget cpu", &err), -EINVAL);
	cr_expect_eq(profile_set_budget(&p, endless, "1s", "--budget", NULL), -EINVAL);
	cr_expect_eq(memcmp(&p, &before, sizeof p), 0);
}

Test(profile, capabilities_go_by_their_kernel_names)
{
	struct error err = {0};
	int n = 0;

	for (; capability_name(n); n++)
		cr_expect_eq(capability_from_name(capability_name(n), NULL), n);
	cr_assert_eq(n, 41);
	cr_assert_str_eq(capability_name(0), "CAP_CHOWN");
	cr_assert_str_eq(capability_name(21), "CAP_SYS_ADMIN");
	cr_assert_str_eq(capability_name(40), "CAP_CHECKPOINT_RESTORE");
	cr_assert_null(capability_name(-1));
	cr_assert_eq(capability_from_name("cap_kill", &err), -EINVAL);
	cr_assert_eq(capability_from_name("CAP_SYS_ADMN", &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "CAP_SYS_ADMIN"));
}

Test(profile, intern_gives_one_pointer_a_text)
{
	char text[] = "a text";
	const char *kept = intern(text);

	cr_assert_neq(kept, (const char *)text);
	cr_assert_eq(intern("a text"), kept);
	text[0] = 'b';
	cr_assert_str_eq(kept, "a text");
	cr_assert_neq(intern(text), kept);
}

Test(profile, sets_of_cpus)
{
	static const struct {
		const char *text, *again;
	} table[] = {
		{"0", "0"}, {"0-3,7", "0-3,7"}, {"7,0,1", "0-1,7"}, {"1023", "1023"}, {"0-1023", "0-1023"}, {"5-5", "5"},
		{"0-1,1-2", "0-2"}, {"62-66", "62-66"}, {"", NULL}, {",", NULL}, {"1,", NULL}, {"1-", NULL}, {"-1", NULL},
		{"3-1", NULL}, {"1024", NULL}, {"0-1024", NULL}, {"4294967296", NULL}, {" 1", NULL}, {"1 ", NULL},
		{"1,,2", NULL}, {"a", NULL}, {"0x1", NULL}, {"1-2-3", NULL}, {"0-3:1/2", NULL},
	};
	char text[CPU_SET_TEXT_MAX], odd[CPU_SET_TEXT_MAX];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct cpu_set set = {0};
		int r = cpu_set_parse(table[i].text, &set, NULL);

		cr_expect_eq(r, table[i].again ? 0 : -EINVAL, "\"%s\"", table[i].text);
		cr_expect_eq(set.set, table[i].again != NULL, "\"%s\"", table[i].text);
		if (r == 0 && table[i].again)
			cr_expect_str_eq(cpu_set_format(&set, text), table[i].again);
	}
	struct cpu_set set = {0};

	for (int n = 1; n < CPU_SET_MAX; n += 2)
		used += (size_t)snprintf(odd + used, sizeof odd - used, "%s%d", used ? "," : "", n);
	cr_assert_eq(cpu_set_parse(odd, &set, NULL), 0);
	cr_assert_str_eq(cpu_set_format(&set, text), odd, "the longest there is");
}

Test(profile, is_written_in_base_units)
{
	struct profile p = parsed(
		"{\"name\":\"p\",\"budgets\":{\"wall\":{\"limit\":\"1.5s\",\"action\":\"term\",\"grace\":\"2ms\",\"warn\":\"80%\"},"
		"\"cpu\":{\"limit\":\"2s\"},\"cpuRate\":{\"limit\":\"30s\",\"per\":\"1m\"},\"memory\":{\"limit\":\"1MiB\"},"
		"\"stall\":{\"limit\":\"1ms\",\"per\":\"2ms\",\"resource\":\"io\"}},"
		"\"resources\":{\"cpu\":{\"quota\":50000,\"cpus\":\"1,2\"},\"memory\":{\"limit\":4096},\"pids\":{\"limit\":3}},"
		"\"capabilities\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"noNewPrivileges\":true,"
		"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"},\"baseline\":{\"mode\":\"off\"}}");
	_cleanup_free_ char *text = written(&p);

	cr_assert_str_eq(text,
		"{\"name\":\"p\",\"budgets\":{\"wall\":{\"limit\":1500000000,\"action\":\"term\",\"grace\":2000000,\"warn\":\"80%\"},"
		"\"cpu\":{\"limit\":2000000000,\"action\":\"kill\"},"
		"\"cpuRate\":{\"limit\":30000000000,\"per\":60000000000,\"action\":\"kill\"},"
		"\"memory\":{\"limit\":1048576,\"action\":\"kill\"},"
		"\"stall\":{\"limit\":1000000,\"per\":2000000,\"action\":\"kill\",\"resource\":\"io\"}},"
		"\"resources\":{\"cpu\":{\"cpus\":\"1-2\",\"quota\":50000,\"period\":100000},\"memory\":{\"limit\":4096},"
		"\"pids\":{\"limit\":3}},\"capabilities\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"noNewPrivileges\":true,"
		"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"},\"baseline\":{\"mode\":\"off\"}}\n");
}

Test(profile, an_empty_list_of_capabilities_is_none_rather_than_unset)
{
	struct profile p = parsed("{\"name\":\"p\",\"capabilities\":[]}");
	_cleanup_free_ char *text = written(&p);

	cr_assert(p.capabilities.set);
	cr_assert_str_eq(text, "{\"name\":\"p\",\"capabilities\":[]}\n");
}

Test(profile, a_composed_rate_is_written_never_faster)
{
	/* 7 s of a rate of 3 s a 10 s: 23.33… s to refill, which is rounded up. */
	struct profile a = parsed("{\"name\":\"a\",\"budgets\":{\"cpuRate\":{\"limit\":\"7s\",\"per\":\"1s\"}}}");
	struct profile b = parsed("{\"name\":\"b\",\"budgets\":{\"cpuRate\":{\"limit\":\"9s\",\"per\":\"30s\"}}}"), met;
	struct error err = {0};
	_cleanup_free_ char *text = NULL;

	cr_assert_eq(profile_meet(&a, &b, &met, &err), 0, "%s", err.text);
	text = written(&met);
	cr_assert_not_null(strstr(text, "\"limit\":7000000000,\"per\":23333333334,"), "%s", text);
}

static int collect(const char *path, struct json *value, const char *from, void *data)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = data;

	cr_assert_eq(json_write(value, false, &text, &length, NULL), 0);
	text[length - 1] = '\0';
	(void)fprintf(out, "%s=%s (%s); ", path, text, from);
	free(text);
	return 0;
}

static int stop(const char *path, struct json *value, const char *from, void *data)
{
	(void)path, (void)value, (void)from;
	return ++*(int *)data == 2 ? -ECANCELED : 0;
}

Test(profile, every_value_has_its_source)
{
	struct profile p = parsed("{\"name\":\"p\",\"budgets\":{\"cpu\":{\"limit\":\"9s\",\"action\":\"warn\"}},"
				  "\"resources\":{\"pids\":{\"limit\":3}},\"capabilities\":[\"CAP_KILL\"]}"), words;
	_cleanup_json_ struct json_doc *doc = NULL;
	struct error err = {0};
	char text[1024] = "";
	FILE *out = fmemopen(text, sizeof text, "w");
	int calls = 0;

	profile_init(&words, "words");
	cr_assert_eq(profile_set_budget(&words, "cpu", "2s", "--budget cpu", &err), 0);
	cr_assert_eq(profile_set_budget(&words, "wall", "3s", "--budget wall", &err), 0);
	profile_override(&p, &words);
	cr_assert_eq(json_doc_new(&doc, &err), 0);
	cr_assert_eq(profile_each_source(&p, doc, collect, out, &err), 0, "%s", err.text);
	(void)fclose(out);
	cr_assert_str_eq(text, "budgets.wall.limit=3000000000 (--budget wall); budgets.wall.action=\"kill\" (--budget wall); "
			       "budgets.cpu.limit=2000000000 (--budget cpu); budgets.cpu.action=\"warn\" (profile p); "
			       "resources.pids.limit=3 (profile p); capabilities=[\"CAP_KILL\"] (profile p); ");
	cr_assert_eq(profile_each_source(&p, doc, stop, &calls, &err), -ECANCELED);
	cr_assert_eq(calls, 2, "it stops when told to");
}

Test(profile, seccomp_from_a_file)
{
	char directory[] = "/tmp/stint-test-profile-XXXXXX", path[64], text[128];
	struct profile p;
	struct error err = {0};
	FILE *out;

	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/s.json", directory);
	(void)snprintf(text, sizeof text, "{\"name\":\"p\",\"seccomp\":\"%s\"}", path);
	out = fopen(path, "w");
	(void)fputs("{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", out);
	(void)fclose(out);
	cr_expect_eq(parse(text, false, &p, &err), 0, "%s", err.text);
	cr_expect_eq(p.seccomp.kind, SECCOMP_OBJECT);
	cr_expect_str_eq(json_string(json_get(p.seccomp.objects[0], "defaultAction")), "SCMP_ACT_ERRNO");
	out = fopen(path, "w");
	(void)fputs("{\"defaultAction\":", out);
	(void)fclose(out);
	cr_expect_eq(parse(text, false, &p, &err), -EINVAL, "it is cut short");
	(void)unlink(path);
	(void)rmdir(directory);
}

/* --- the profiles that are shipped --- */

static struct profile shipped(const char *name)
{
	struct profile profile;
	struct host host;
	struct error err = {0};

	cr_assert_eq(host_init(&host, NULL, &err), 0);
	(void)strcpy(host.config_dir, "/nonexistent");
	(void)strcpy(host.data_dir, "/nonexistent");
	cr_assert_not_null(realpath(STINT_SOURCE_DIR, host.shipped_dir));
	cr_assert_eq(profile_load(&host, name, &profile, &err), 0, "%s", err.text);
	return profile;
}

Test(profile, default_is_the_loosest_that_is_shipped)
{
	static const char *const names[] = {"function", "service", "strict"};
	struct profile base = shipped("default");

	cr_assert_eq(base.resources.memory_limit.value, UINT64_C(2) << 30);
	cr_assert_eq(base.resources.pids_limit.value, 4096);
	cr_assert_eq(base.no_new_privileges.value, 1);
	for (int b = 0; b < BUDGET_COUNT; b++)
		cr_expect_eq(base.budgets[b].limit.value, UNSET);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct profile p = shipped(names[i]);

		cr_expect_str_eq(p.name, names[i]);
		cr_expect(profile_at_least_as_strict(&p, &base), "%s", names[i]);
		cr_expect_not(profile_at_least_as_strict(&base, &p), "%s", names[i]);
		for (int b = 0; b < BUDGET_COUNT; b++)
			cr_expect(budget_kinds[b].enforced || p.budgets[b].limit.value == UNSET);
		cr_expect_eq(p.seccomp.kind, SECCOMP_UNSET);
		cr_expect_not(profile_asks_network(&p));
		cr_expect_null(p.baseline);
	}
}

Test(profile, what_the_shipped_ones_promise)
{
	struct profile function = shipped("function"), service = shipped("service"), strict = shipped("strict");

	cr_assert_eq(function.budgets[BUDGET_WALL].limit.value, UINT64_C(30000000000));
	cr_assert_eq(function.budgets[BUDGET_CPU].limit.value, UINT64_C(10000000000));
	cr_assert_eq(function.budgets[BUDGET_MEMORY].limit.value, 256u << 20);
	cr_assert_eq(function.budgets[BUDGET_PIDS].limit.value, 128);
	cr_assert_str_eq(function.no_new_privileges.from, "profile default");
	cr_assert_eq(service.budgets[BUDGET_WALL].limit.value, UNSET);
	cr_assert_eq(service.budgets[BUDGET_CPU].limit.value, UNSET);
	cr_assert_eq(service.budgets[BUDGET_MEMORY].limit.value, 512u << 20);
	cr_assert_eq(service.resources.pids_limit.value, 512);
	cr_assert_eq(service.resources.cpu_quota.value, service.resources.cpu_period.value, "one CPU");
	cr_assert(profile_at_least_as_strict(&strict, &function));
	cr_assert(strict.capabilities.set && strict.capabilities.mask == 0);
}
