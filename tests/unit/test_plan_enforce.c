/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan claims is what can be enforced: by the controllers there are, and by whom it is applied. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/plan/plan.h"
#include "lib/seccomp/filter.h"

static char directory[64];
static struct host host;
static struct host_config host_config;
static struct cgroup_layout layout;
static struct plan plan;
static struct json_doc *doc_of_plan; /* which the plan points into */

static void setup(void)
{
	(void)snprintf(directory, sizeof directory, "/tmp/stint-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(host_init(&host, NULL, NULL), 0);
	(void)snprintf(host.config_dir, sizeof host.config_dir, "%s/none", directory);
	(void)snprintf(host.data_dir, sizeof host.data_dir, "%s/none", directory);
	(void)snprintf(host.shipped_dir, sizeof host.shipped_dir, "%s/none", directory);
	layout = (struct cgroup_layout){.mode = CGROUP_V2, .count = 1};
	layout.hierarchies[0] = (struct hierarchy){.unified = true, .controllers = ~0u};
	host_config = (struct host_config){.refuse_unenforceable = true};
}

static void teardown(void)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/p.json", directory);
	(void)unlink(path);
	cr_expect_eq(rmdir(directory), 0);
	json_doc_free(doc_of_plan);
}

TestSuite(plan_enforce, .init = setup, .fini = teardown);

static int make(const char *profile, const char *process_more, const char *linux_text, enum plan_mode mode,
		const char *const *budgets, struct error *err)
{
	char path[128], text[2048];
	struct plan_request request = {.profile = path, .budgets = budgets};
	FILE *f;

	json_doc_free(doc_of_plan);
	doc_of_plan = NULL;
	(void)snprintf(path, sizeof path, "%s/p.json", directory);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fprintf(f, "{\"stintVersion\":\"1.0\",\"name\":\"p\"%s}", profile);
	cr_assert_eq(fclose(f), 0);
	(void)snprintf(text, sizeof text, "{\"ociVersion\":\"1\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\","
					  "\"args\":[\"a\"]%s},\"linux\":%s}", process_more, linux_text);
	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc_of_plan, NULL), 0, "%s", text);
	return plan_make(&host, &host_config, &layout, json_root(doc_of_plan), &request, mode, &plan, err);
}

static unsigned all_but(enum controller controller)
{
	return ~(1u << controller);
}

Test(plan_enforce, each_controller_that_is_needed)
{
	static const struct {
		const char *profile;
		enum controller controller;
		const char *v1, *v2; /* what is said without it; NULL: nothing */
	} rows[] = {
		{",\"budgets\":{\"memory\":{\"limit\":\"1MiB\"}}", CONTROLLER_MEMORY, "budgets.memory (", "budgets.memory ("},
		{",\"budgets\":{\"memoryTime\":{\"limit\":\"1GiB.s\"}}", CONTROLLER_MEMORY, "budgets.memoryTime (", "budgets.memoryTime ("},
		{",\"budgets\":{\"pids\":{\"limit\":5}}", CONTROLLER_PIDS, "budgets.pids (", "budgets.pids ("},
		{",\"budgets\":{\"cpu\":{\"limit\":\"1s\"}}", CONTROLLER_CPUACCT, "no cpuacct controller", NULL},
		{",\"budgets\":{\"cpu\":{\"limit\":\"1s\"}}", CONTROLLER_CPU, NULL, NULL},
		{",\"budgets\":{\"cpu\":{\"limit\":\"1s\",\"action\":\"throttle\"}}", CONTROLLER_CPU, "no cpu controller", "no cpu controller"},
		{",\"budgets\":{\"cpuRate\":{\"limit\":\"1s\",\"per\":\"1m\",\"action\":\"throttle\"}}", CONTROLLER_CPU,
		 "budgets.cpuRate (", "budgets.cpuRate ("},
		{",\"budgets\":{\"wall\":{\"limit\":\"1s\",\"action\":\"freeze\"}}", CONTROLLER_FREEZER, "no freezer controller", NULL},
		{",\"budgets\":{\"wall\":{\"limit\":\"1s\"}}", CONTROLLER_FREEZER, NULL, NULL},
		{",\"resources\":{\"memory\":{\"limit\":1000000}}", CONTROLLER_MEMORY, "resources.memory (", "resources.memory ("},
		{",\"resources\":{\"pids\":{\"limit\":10}}", CONTROLLER_PIDS, "resources.pids (", "resources.pids ("},
		{",\"resources\":{\"cpu\":{\"quota\":50000}}", CONTROLLER_CPU, "resources.cpu (", "resources.cpu ("},
		{",\"resources\":{\"cpu\":{\"cpus\":\"0\"}}", CONTROLLER_CPUSET, "resources.cpu.cpus (", "resources.cpu.cpus ("},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int v1 = 0; v1 < 2; v1++) {
			const char *says = v1 ? rows[i].v1 : rows[i].v2;
			struct error err = {0};
			int r;

			layout.mode = v1 ? CGROUP_V1 : CGROUP_V2;
			layout.hierarchies[0].controllers = all_but(rows[i].controller);
			r = make(rows[i].profile, "", "{}", PLAN_WRAPPER, NULL, &err);
			cr_expect_eq(r, says ? -ENOTSUP : 0, "%s, v1 %d: %s", rows[i].profile, v1, err.text);
			cr_expect(!says || strstr(err.text, says), "%s, v1 %d: %s", rows[i].profile, v1, err.text);
		}
}

Test(plan_enforce, everything_at_once_and_nothing_is_claimed)
{
	static const char profile[] =
		",\"baseline\":{\"mode\":\"learn\"},\"network\":{\"ingress\":{\"default\":\"allow\","
		"\"bandwidth\":\"1MiB/s\"}},\"budgets\":{\"ioRead\":{\"limit\":\"1B\"},\"ioWrite\":{\"limit\":\"1B\"},"
		"\"netEgress\":{\"limit\":\"1B\"},\"netIngress\":{\"limit\":\"1B\"},\"idle\":{\"limit\":\"1s\"},"
		"\"stall\":{\"limit\":\"1ms\",\"per\":\"1s\",\"resource\":\"io\"},"
		"\"wall\":{\"limit\":\"1s\"}}";
	static const char *const named[] = {"budgets.ioRead", "budgets.ioWrite", "budgets.idle", "budgets.stall", "network",
					    "baseline", "onUnenforceable"};
	_cleanup_json_ struct json_doc *doc = NULL;
	struct error err = {0};
	unsigned sources = 0;

	cr_assert_eq(make(profile, "", "{}", PLAN_WRAPPER, NULL, &err), -ENOTSUP, "%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		cr_expect(strstr(err.text, named[i]), "%s is not named: %s", named[i], err.text);
	host_config.refuse_unenforceable = false;
	cr_assert_eq(make(profile, "", "{}", PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_eq(plan.warning_count, 3);
	cr_assert_eq(plan_to_json(&plan, &doc, &err), 0, "%s", err.text);
	json_each(source, json_get(json_root(doc), "sources")) {
		cr_expect_eq(strncmp(json_string(json_get(source, "path")), "budgets.wall.", 13), 0, "%s is claimed",
			     json_string(json_get(source, "path")));
		sources++;
	}
	cr_expect_geq(sources, 2);
	cr_expect_eq(strlen(json_string(json_get(json_root(doc), "profile"))), 1);
}

Test(plan_enforce, a_filter_of_the_config_is_the_default)
{
	static const char filtered[] = "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}}";
	struct error err = {0};

	cr_expect_eq(make(",\"seccomp\":\"default\"", "", filtered, PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_str_eq(plan.effective.seccomp.from, "config.json");
	cr_expect_eq(make(",\"seccomp\":\"default\"", "", filtered, PLAN_HOOK, NULL, &err), 0, "%s", err.text);
	cr_expect_eq(make(",\"seccomp\":\"unconfined\"", "", filtered, PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_eq(plan.effective.seccomp.kind, SECCOMP_OBJECT, "unconfined loosened the config");
	cr_expect_str_eq(plan.effective.seccomp.from, "config.json");
	cr_expect_eq(make(",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"}", "", filtered, PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_str_eq(json_string(json_get(plan.effective.seccomp.objects[0], "defaultAction")), "SCMP_ACT_KILL_THREAD", "the stricter one");
	cr_expect_eq(make(",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"}", "", filtered, PLAN_HOOK, NULL, &err), -ENOTSUP);
	cr_expect_eq(make(",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", "", filtered, PLAN_HOOK, NULL, &err), 0, "%s",
		     err.text);
	cr_expect_eq(make(",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", "", "{}", PLAN_HOOK, NULL, &err), -ENOTSUP);
}

static struct seccomp_answer answer_of_plan(const char *name)
{
	_cleanup_seccomp_ struct seccomp_filter filter = {0};
	struct error err = {0};

	cr_assert_eq(plan.effective.seccomp.kind, SECCOMP_OBJECT);
	cr_assert_eq(seccomp_read(plan.effective.seccomp.objects[0], &filter, &err), 0, "%s", err.text);
	return seccomp_ask(&filter, name, (const uint64_t[SECCOMP_ARGS]){0});
}

Test(plan_enforce, where_the_config_brings_none_the_default_filter_is_for_the_capabilities_that_are_left)
{
	static const char admin[] = ",\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\",\"CAP_KILL\"]}";
	static const char mkdir_denied[] = "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
					   "{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}}";
	_cleanup_json_ struct json_doc *ceiling = NULL;
	const struct json *extends;
	struct error err = {0};

	cr_assert_eq(make(",\"seccomp\":\"default\"", "", "{\"seccomp\":null}", PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_str_eq(plan.effective.seccomp.from, "profile p (the default filter)");
	cr_expect_eq(answer_of_plan("read").action, SECCOMP_ALLOW);
	cr_expect_eq(answer_of_plan("unshare").data, EPERM);
	cr_expect_eq(answer_of_plan("a_new_call").data, ENOSYS);
	cr_assert_eq(make(",\"seccomp\":\"default\"", admin, "{}", PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_eq(answer_of_plan("unshare").action, SECCOMP_ALLOW);
	cr_assert_eq(make(",\"seccomp\":\"default\",\"capabilities\":[\"CAP_KILL\"]", admin, "{}", PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_eq(answer_of_plan("unshare").data, EPERM);

	/* The host's own filter holds beside it. */
	cr_assert_eq(json_parse("ceiling", mkdir_denied, strlen(mkdir_denied), &ceiling, &err), 0, "%s", err.text);
	cr_assert_eq(profile_parse(json_root(ceiling), "ceiling", "ceiling", true, &host_config.ceiling, &extends, &err), 0, "%s", err.text);
	host_config.has_ceiling = true;
	cr_assert_eq(make(",\"seccomp\":\"default\"", "", "{}", PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_expect_str_eq(plan.effective.seccomp.from, "ceiling, profile p (the default filter)");
	cr_expect_eq(answer_of_plan("mkdir").action, SECCOMP_KILL_PROCESS);
	cr_expect_eq(answer_of_plan("unshare").data, EPERM);
	cr_expect_eq(plan.warning_count, 0);

	cr_expect_eq(make(",\"seccomp\":\"default\"", "", "{}", PLAN_HOOK, NULL, &err), -ENOTSUP);
	cr_expect(strstr(err.text, "seccomp") && strstr(err.text, "precreate"), "%s", err.text);
}

/* The runtime has read the config: a limit that is not in it is not there. */
Test(plan_enforce, a_hook_claims_only_what_the_config_has)
{
	static const struct {
		const char *profile, *linux_text, *says; /* NULL: accepted */
	} rows[] = {
		{",\"resources\":{\"memory\":{\"limit\":1000000}}", "{}", "resources.memory"},
		{",\"resources\":{\"memory\":{\"limit\":1000000}}", "{\"resources\":{\"memory\":{\"limit\":1000001}}}", "resources.memory"},
		{",\"resources\":{\"memory\":{\"limit\":1000000}}", "{\"resources\":{\"memory\":{\"limit\":999999}}}", NULL},
		{",\"resources\":{\"pids\":{\"limit\":5}}", "{\"resources\":{\"pids\":{\"limit\":6}}}", "resources.pids"},
		{",\"resources\":{\"cpu\":{\"quota\":50000}}", "{\"resources\":{\"cpu\":{\"quota\":500,\"period\":1000}}}", NULL},
		{",\"resources\":{\"cpu\":{\"quota\":50000}}", "{\"resources\":{\"cpu\":{\"quota\":501,\"period\":1000}}}", "resources.cpu"},
		{",\"resources\":{\"cpu\":{\"quota\":50000}}", "{}", "resources.cpu"},
		{",\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}", "{\"resources\":{\"cpu\":{\"cpus\":\"1\"}}}", NULL},
		{",\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}", "{\"resources\":{\"cpu\":{\"cpus\":\"0-2\"}}}", "resources.cpu"},
		{",\"budgets\":{\"memory\":{\"limit\":\"1MiB\"}}", "{}", "budgets.memory"},
		{",\"budgets\":{\"memory\":{\"limit\":\"1MiB\"}}", "{\"resources\":{\"memory\":{\"limit\":1048576}}}", NULL},
		{",\"budgets\":{\"memory\":{\"limit\":\"1MiB\",\"action\":\"warn\"}}", "{}", NULL},
		{",\"budgets\":{\"pids\":{\"limit\":5}}", "{}", "budgets.pids"},
		{",\"budgets\":{\"cpu\":{\"limit\":\"1s\"},\"wall\":{\"limit\":\"1s\"}}", "{}", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		int r = make(rows[i].profile, "", rows[i].linux_text, PLAN_HOOK, NULL, &err);

		cr_expect_eq(r, rows[i].says ? -ENOTSUP : 0, "%s on %s: %s", rows[i].profile, rows[i].linux_text, err.text);
		cr_expect(!rows[i].says || (strstr(err.text, rows[i].says) && strstr(err.text, "precreate")), "%s", err.text);
		cr_expect_eq(make(rows[i].profile, "", rows[i].linux_text, PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	}
}

Test(plan_enforce, a_hook_that_only_warns_leaves_what_is_there)
{
	struct cgroup_limits limits;
	struct error err = {0};

	host_config.refuse_unenforceable = false;
	cr_assert_eq(make(",\"capabilities\":[\"CAP_KILL\"],\"noNewPrivileges\":true,\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"},"
			  "\"resources\":{\"pids\":{\"limit\":5},\"cpu\":{\"quota\":50000}},\"budgets\":{\"memory\":{\"limit\":\"1MiB\"},"
			  "\"cpu\":{\"limit\":\"1s\"}}", ",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"]}",
			  "{\"resources\":{\"pids\":{\"limit\":7}}}", PLAN_HOOK, NULL, &err), 0, "%s", err.text);
	cr_expect_eq(plan.warning_count, 1);
	cr_expect_eq(plan.effective.capabilities.mask, UINT64_C(1) << 5 | 1);
	cr_expect_eq(plan.effective.no_new_privileges.value, UNSET);
	cr_expect_eq(plan.effective.seccomp.kind, SECCOMP_UNSET);
	cr_expect_eq(plan.effective.budgets[BUDGET_CPU].limit.value, 1000000000);
	plan_limits(&plan, &limits);
	cr_expect_eq(limits.pids, 7);
	cr_expect_eq(limits.memory_bytes, UINT64_MAX);
	cr_expect_eq(limits.cpu_quota_us, UINT64_MAX);
	cr_expect_not(limits.oom_group);
}

Test(plan_enforce, limits_of_the_group)
{
	static const struct {
		const char *profile, *resources;
		uint64_t memory, swap, pids;
		bool oom_group;
	} rows[] = {
		{"", "{}", UINT64_MAX, UINT64_MAX, UINT64_MAX, false},
		{",\"budgets\":{\"memory\":{\"limit\":1000000}}", "{}", 1000000, 1000000, UINT64_MAX, true},
		{",\"budgets\":{\"memory\":{\"limit\":1000000,\"action\":\"term\"}}", "{}", 1000000, 1000000, UINT64_MAX, false},
		{",\"budgets\":{\"memory\":{\"limit\":1000000,\"action\":\"warn\"}}", "{}", UINT64_MAX, UINT64_MAX, UINT64_MAX, false},
		{",\"budgets\":{\"memory\":{\"limit\":1000000,\"action\":\"warn\"}}", "{\"memory\":{\"limit\":5000}}", 5000, UINT64_MAX,
		 UINT64_MAX, false},
		{",\"budgets\":{\"memory\":{\"limit\":1000000}}", "{\"memory\":{\"limit\":5000,\"swap\":6000}}", 5000, 5000, UINT64_MAX, true},
		{",\"resources\":{\"memory\":{\"limit\":1000000}}", "{\"memory\":{\"limit\":2000000,\"swap\":3000000}}", 1000000, 3000000,
		 UINT64_MAX, false},
		{",\"resources\":{\"memory\":{\"limit\":1000000}}", "{\"memory\":{\"swap\":5000}}", 5000, 5000, UINT64_MAX, false},
		{",\"budgets\":{\"pids\":{\"limit\":5}},\"resources\":{\"pids\":{\"limit\":7}}", "{\"pids\":{\"limit\":6}}", UINT64_MAX,
		 UINT64_MAX, 5, false},
		{",\"budgets\":{\"pids\":{\"limit\":5,\"action\":\"warn\"}},\"resources\":{\"pids\":{\"limit\":7}}", "{}", UINT64_MAX,
		 UINT64_MAX, 7, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cgroup_limits limits;
		struct error err = {0};
		char linux_text[256];

		(void)snprintf(linux_text, sizeof linux_text, "{\"resources\":%s}", rows[i].resources);
		cr_assert_eq(make(rows[i].profile, "", linux_text, PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
		plan_limits(&plan, &limits);
		cr_expect(limits.memory_bytes == rows[i].memory && limits.memory_swap_bytes == rows[i].swap &&
			  limits.pids == rows[i].pids && limits.oom_group == rows[i].oom_group,
			  "%s on %s: memory %ju, swap %ju, pids %ju, group %d", rows[i].profile, rows[i].resources,
			  (uintmax_t)limits.memory_bytes, (uintmax_t)limits.memory_swap_bytes, (uintmax_t)limits.pids,
			  limits.oom_group);
	}
}

Test(plan_enforce, budgets_of_the_command_line)
{
	static const struct {
		const char *budget, *says; /* NULL: accepted */
	} rows[] = {
		{"cpu=2s", NULL}, {"cpuRate=30s/1m", NULL}, {"memory=64MiB", NULL}, {"cpu", "NAME=LIMIT"}, {"=2s", "no budget"},
		{"cpu=", "--budget cpu"}, {"cpu=0s", "above zero"}, {"cpus=2s", "did you mean cpu"}, {"cpu=2s/1m", "no rate"},
		{"cpuRate=2s", "is a rate"}, {"wall=64MiB", "--budget wall"}, {"cpu=2s=3s", "--budget cpu"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1", "NAME=LIMIT"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const budgets[] = {rows[i].budget, NULL};
		struct error err = {0};
		int r = make("", "", "{}", PLAN_WRAPPER, budgets, &err);

		cr_expect_eq(r, rows[i].says ? -EINVAL : 0, "%s: %s", rows[i].budget, err.text);
		cr_expect(!rows[i].says || strstr(err.text, rows[i].says), "%s: %s", rows[i].budget, err.text);
	}
}

/* A terminal's worth: every value has its row, its unit and its source, under a heading. */
Test(plan_enforce, explained_to_people)
{
	static const char *const rows[] = {
		"\nBudgets\n  budgets.wall.limit             1m 30s                 profile p\n",
		"  budgets.wall.action            term                   profile p\n",
		"  budgets.memory.limit           64 MiB                 profile p\n",
		"\nResources\n", "  resources.cpu.quota            50.0ms                 profile p\n",
		"\nSecurity\n  capabilities                   CAP_CHOWN              profile p\n"
		"                                 CAP_KILL\n",
		"  noNewPrivileges                true                   config.json\n", "\nWarnings\n  not enforced: budgets.ioRead",
	};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};

	host_config.refuse_unenforceable = false;
	cr_assert_eq(make(",\"capabilities\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"resources\":{\"cpu\":{\"quota\":50000}},\"budgets\":{\"ioRead\":"
			  "{\"limit\":\"1GiB\"},\"memory\":{\"limit\":\"64MiB\"},\"wall\":{\"limit\":\"90s\",\"action\":\"term\"}}",
			  ",\"noNewPrivileges\":true", "{}", PLAN_WRAPPER, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(plan_to_text(&plan, &text, &err), 0, "%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect(strstr(text, rows[i]), "%s\nis not in\n%s", rows[i], text);
	cr_expect_not(strstr(text, "budgets.ioRead.limit"), "%s", text);
}
