/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan of a config under a host's configuration, and the plan written into the config. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/plan/edit.h"
#include "lib/plan/plan.h"

static char directory[64];
static struct host host;
static struct host_config host_config;
static struct cgroup_layout layout;
static struct plan plan;

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void setup(void)
{
	char path[128];

	(void)strcpy(directory, "/tmp/stint-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/profiles.d", directory);
	cr_assert_eq(mkdir(path, 0755), 0);
	cr_assert_eq(host_init(&host, NULL, NULL), 0);
	(void)snprintf(host.config_dir, sizeof host.config_dir, "%s", directory);
	(void)strcpy(host.data_dir, "/nonexistent");
	(void)strcpy(host.shipped_dir, STINT_SOURCE_DIR);
	layout = (struct cgroup_layout){.mode = CGROUP_V2, .count = 1};
	layout.hierarchies[0] = (struct hierarchy){.unified = true, .controllers = ~0u};
}

static void teardown(void)
{
	char command[128];

	(void)snprintf(command, sizeof command, "rm -r %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(plan, .init = setup, .fini = teardown);

static struct json_doc *config_of(const char *more_process, const char *linux_text, const char *more)
{
	char text[4096];
	struct json_doc *doc = NULL;

	(void)snprintf(text, sizeof text, "{\"ociVersion\":\"1\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/\","
					  "\"args\":[\"a\"]%s},\"linux\":%s%s}", more_process, linux_text, more);
	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc, NULL), 0, "%s", text);
	return doc;
}

static int make(struct json_doc *doc, const struct plan_request *request, enum plan_mode mode, struct error *err)
{
	host_config_clear(&host_config);
	cr_assert_eq(host_config_load(&host, &host_config, err), 0, "%s", err->text);
	return plan_make(&host, &host_config, &layout, json_root(doc), request, mode, &plan, err);
}

static int refused(struct json_doc *doc, const struct plan_request *request, enum plan_mode mode, const char *says)
{
	struct error err = {0};
	int r = make(doc, request, mode, &err);

	cr_expect_lt(r, 0, "accepted; wanted: %s", says);
	cr_expect(strstr(err.text, says), "%s", err.text);
	return r;
}

Test(plan, who_may_say_what)
{
	const char *const budgets[] = {"cpu=20s", NULL};
	struct plan_request request = {.profile = "function", .budgets = budgets};
	_cleanup_json_ struct json_doc *doc = config_of("", "{\"resources\":{\"memory\":{\"limit\":1048576}}}",
							",\"annotations\":{\"io.stint.budget.wall\":\"1s\",\"io.stint.budget.pids\":\"9999\"}");
	struct error err = {0};

	cr_assert_eq(make(doc, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	/* The operator's word replaces the profile's, an annotation only tightens, and the config too. */
	cr_expect_eq(plan.effective.budgets[BUDGET_CPU].limit.value, UINT64_C(20000000000));
	cr_expect_str_eq(plan.effective.budgets[BUDGET_CPU].limit.from, "--budget cpu");
	cr_expect_eq(plan.effective.budgets[BUDGET_WALL].limit.value, 1000000000);
	cr_expect_str_eq(plan.effective.budgets[BUDGET_WALL].limit.from, "annotation io.stint.budget.wall");
	cr_expect_lt(plan.effective.budgets[BUDGET_PIDS].limit.value, 9999);
	cr_expect_str_eq(plan.effective.budgets[BUDGET_PIDS].limit.from, "profile function");
	cr_expect_eq(plan.effective.resources.memory_limit.value, 1048576);
	/* The ceiling stands above the operator. */
	put("stint.json", "{\"ceiling\":{\"budgets\":{\"cpu\":{\"limit\":\"2s\"}}}}");
	cr_assert_eq(make(doc, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect_eq(plan.effective.budgets[BUDGET_CPU].limit.value, 2000000000);
	cr_expect_str_eq(plan.effective.budgets[BUDGET_CPU].limit.from, "ceiling");
}

Test(plan, an_annotation_names_a_profile_and_loosens_nothing)
{
	struct plan_request request = {0};
	_cleanup_json_ struct json_doc *doc = config_of("", "{}", ",\"annotations\":{\"io.stint.profile\":\"loose\"}");
	_cleanup_json_ struct json_doc *path = config_of("", "{}", ",\"annotations\":{\"io.stint.profile\":\"/tmp/x.json\"}");
	_cleanup_json_ struct json_doc *typo = config_of("", "{}", ",\"annotations\":{\"io.stint.budgets.cpu\":\"1s\"}");
	struct error err = {0};

	put("profiles.d/loose.json", "{\"name\":\"loose\",\"resources\":{\"pids\":{\"limit\":1000000}},\"budgets\":{\"wall\":{\"limit\":\"7s\"}}}");
	cr_assert_eq(make(doc, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect_eq(plan.effective.budgets[BUDGET_WALL].limit.value, UINT64_C(7000000000));
	cr_expect_str_eq(plan.effective.resources.pids_limit.from, "profile default");
	cr_expect_str_eq(plan.profile_name, "loose");
	(void)refused(path, &request, PLAN_WRAPPER, "not give a path");
	(void)refused(typo, &request, PLAN_WRAPPER, "io.stint.budget");
}

Test(plan, what_cannot_be_enforced_is_refused_all_at_once)
{
	struct plan_request request = {.profile = "wishes"};
	_cleanup_json_ struct json_doc *doc = config_of("", "{}", "");
	struct error err = {0};

	put("profiles.d/wishes.json", "{\"name\":\"wishes\",\"seccomp\":\"learned\",\"budgets\":{\"ioRead\":{\"limit\":\"1GiB\"}},"
				      "\"network\":{\"egress\":{\"default\":\"deny\"}},\"baseline\":{\"mode\":\"learn\"}}");
	cr_expect_eq(refused(doc, &request, PLAN_WRAPPER, "budgets.ioRead"), -ENOTSUP);
	(void)refused(doc, &request, PLAN_WRAPPER, "network");
	(void)refused(doc, &request, PLAN_WRAPPER, "seccomp");
	(void)refused(doc, &request, PLAN_WRAPPER, "onUnenforceable");
	put("stint.json", "{\"onUnenforceable\":\"warn\"}");
	cr_assert_eq(make(doc, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect_eq(plan.warning_count, 4);
	cr_expect_eq(plan.effective.budgets[BUDGET_IO_READ].limit.value, UNSET, "claimed all the same");
}

Test(plan, a_controller_that_is_not_there)
{
	struct plan_request request = {.profile = "function"};
	_cleanup_json_ struct json_doc *doc = config_of("", "{}", "");

	layout.hierarchies[0].controllers = 1u << CONTROLLER_CPU | 1u << CONTROLLER_PIDS;
	(void)refused(doc, &request, PLAN_WRAPPER, "memory controller");
}

Test(plan, a_hook_refuses_what_it_comes_too_late_for)
{
	struct plan_request request = {.profile = "few"};
	_cleanup_json_ struct json_doc *loose = config_of(",\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\"]}", "{}", "");
	_cleanup_json_ struct json_doc *tight = config_of(",\"noNewPrivileges\":true,\"capabilities\":{\"bounding\":[\"CAP_KILL\"]}", "{}", "");
	struct error err = {0};

	put("profiles.d/few.json", "{\"name\":\"few\",\"capabilities\":[\"CAP_KILL\"],\"noNewPrivileges\":true}");
	(void)refused(loose, &request, PLAN_HOOK, "capabilities");
	(void)refused(loose, &request, PLAN_HOOK, "noNewPrivileges");
	cr_expect_eq(make(tight, &request, PLAN_HOOK, &err), 0, "%s", err.text);
	cr_expect_eq(make(loose, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
}

Test(plan, a_warning_budget_limits_nothing)
{
	struct plan_request request = {.profile = "soft"};
	_cleanup_json_ struct json_doc *doc = config_of("", "{}", "");
	struct cgroup_limits limits;
	struct error err = {0};

	put("profiles.d/soft.json", "{\"name\":\"soft\",\"budgets\":{\"memory\":{\"limit\":\"1MiB\",\"action\":\"warn\"},"
				    "\"pids\":{\"limit\":5}}}");
	cr_assert_eq(make(doc, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	plan_limits(&plan, &limits);
	cr_expect_eq(limits.memory_bytes, UINT64_MAX);
	cr_expect_eq(limits.pids, 5);
	cr_expect_not(limits.oom_group);
}

static void expect_edited(struct json_doc *doc, const struct edit_request *edit, const char *path, const char *wanted)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	const struct json *node = json_find(json_root(doc), path);

	(void)edit;
	if (!wanted) {
		cr_expect_null(node, "%s is there", path);
		return;
	}
	cr_assert_not_null(node, "%s is not there", path);
	cr_assert_eq(json_write(node, false, &text, &length, NULL), 0);
	text[length - 1] = '\0';
	cr_expect_str_eq(text, wanted, "%s: %s, not %s", path, text, wanted);
}

Test(plan, written_into_the_config)
{
	struct plan_request request = {.profile = "p"};
	struct edit_request edit = {.bundle = "/bundle", .cgroups_path = "/stint/x/payload"};
	_cleanup_json_ struct json_doc *doc = config_of(
		",\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\"],\"effective\":[\"CAP_SYS_ADMIN\"]},\"unknown\":[1.50]",
		"{\"resources\":{\"pids\":{\"limit\":7},\"memory\":{\"limit\":99999999999,\"swap\":99999999999},"
		"\"unified\":{\"memory.max\":\"max\",\"io.weight\":\"default 10\"}},\"cgroupsPath\":\"/x\"}",
		",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"data\"},{\"destination\":\"/b\",\"source\":\"/abs\","
		"\"options\":[\"rbind\"]},{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"options\":[\"rw\",\"nosuid\"]}],"
		"\"annotations\":{\"run.oci.seccomp_bpf_data\":\"x\",\"org.systemd.property.MemoryMax\":\"1\",\"org.criu.config\":\"/x\","
		"\"run.oci.keep_original_groups\":\"1\",\"mine\":\"kept\"}");
	struct error err = {0};

	put("profiles.d/p.json", "{\"name\":\"p\",\"capabilities\":[\"CAP_KILL\"],\"noNewPrivileges\":true,"
				 "\"budgets\":{\"memory\":{\"limit\":\"1MiB\"},\"pids\":{\"limit\":50}},\"resources\":{\"cpu\":{\"quota\":50000,\"period\":100000}}}");
	put("stint.json", "{\"allowAnnotations\":[\"run.oci.keep_*\"]}");
	cr_assert_eq(make(doc, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	edit.allow_annotations = host_config.allow_annotations;
	cr_assert_eq(config_edit(doc, &plan, &edit, &err), 0, "%s", err.text);
	expect_edited(doc, &edit, "linux.resources.memory.limit", "1048576");
	expect_edited(doc, &edit, "linux.resources.memory.swap", "1048576");
	expect_edited(doc, &edit, "linux.resources.pids", "{\"limit\":7}");
	expect_edited(doc, &edit, "linux.resources.cpu.quota", "50000");
	expect_edited(doc, &edit, "linux.resources.cpu.period", "100000");
	expect_edited(doc, &edit, "linux.resources.unified", "{\"io.weight\":\"default 10\"}");
	expect_edited(doc, &edit, "linux.cgroupsPath", "\"/stint/x/payload\"");
	expect_edited(doc, &edit, "process.capabilities.bounding", "[\"CAP_KILL\"]");
	expect_edited(doc, &edit, "process.capabilities.effective", "[]");
	expect_edited(doc, &edit, "process.capabilities.ambient", "[]");
	expect_edited(doc, &edit, "process.noNewPrivileges", "true");
	expect_edited(doc, &edit, "process.unknown", "[1.50]");
	expect_edited(doc, &edit, "root.path", "\"/bundle/rootfs\"");
	expect_edited(doc, &edit, "annotations", "{\"run.oci.keep_original_groups\":\"1\",\"mine\":\"kept\"}");
	expect_edited(doc, &edit, "mounts",
		      "[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/bundle/data\"},{\"destination\":\"/b\",\"source\":\"/abs\","
		      "\"options\":[\"rbind\"]},{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"options\":[\"nosuid\",\"ro\"]}]");
}

Test(plan, a_plan_that_asks_nothing_leaves_the_config_alone)
{
	struct plan_request request = {.profile = "nothing"};
	struct edit_request edit = {0};
	_cleanup_json_ struct json_doc *doc = config_of("", "{\"resources\":{}}", ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"data\"}]");
	_cleanup_free_ char *before = NULL, *after = NULL;
	struct error err = {0};
	size_t length;

	put("profiles.d/nothing.json", "{\"name\":\"nothing\"}");
	cr_assert_eq(json_write(json_root(doc), false, &before, &length, NULL), 0);
	cr_assert_eq(make(doc, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert_eq(config_edit(doc, &plan, &edit, &err), 0, "%s", err.text);
	cr_assert_eq(json_write(json_root(doc), false, &after, &length, NULL), 0);
	cr_expect_str_eq(before, after);
}

Test(plan, explained)
{
	struct plan_request request = {.profile = "function"};
	_cleanup_json_ struct json_doc *config = config_of("", "{}", ""), *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	unsigned found = 0;

	cr_assert_eq(make(config, &request, PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert_eq(plan_to_json(&plan, &doc, &err), 0, "%s", err.text);
	cr_expect_eq(json_find(json_root(doc), "effective.budgets.wall.limit")->type, JSON_NUMBER);
	json_each(source, json_get(json_root(doc), "sources"))
		if (strcmp(json_string(json_get(source, "path")), "budgets.wall.limit") == 0 &&
		    strcmp(json_string(json_get(source, "from")), "profile function") == 0)
			found++;
	cr_expect_eq(found, 1);
	cr_assert_eq(plan_to_text(&plan, &text, &err), 0);
	cr_expect(strstr(text, "budgets.wall.limit") && strstr(text, "profile function"), "%s", text);
}
