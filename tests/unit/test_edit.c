/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan written into a config: never looser than either, and nothing touched needlessly. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/oci/config.h"
#include "lib/plan/edit.h"

static struct json_doc *parsed(const char *text)
{
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc, &err), 0, "%s: %s", text, err.text);
	return doc;
}

static char *written(const struct json *node)
{
	char *text = NULL;
	size_t length;

	if (!node)
		return strdup("");
	cr_assert_eq(json_write(node, false, &text, &length, NULL), 0);
	text[length - 1] = '\0';
	return text;
}

static struct json_doc *config_of(const char *process_more, const char *linux_more, const char *more)
{
	char text[4096];

	(void)snprintf(text, sizeof text,
		       "{\"ociVersion\":\"1\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]%s},"
		       "\"linux\":{\"x\":1%s}%s}", process_more, linux_more, more);
	return parsed(text);
}

/* As plan_make composes them. `profile_doc` must outlive the plan. */
static struct plan plan_of(struct json_doc *profile_doc, const struct json *config)
{
	struct plan plan = {0};
	struct profile own;
	const struct json *extends;
	struct error err = {0};

	cr_assert_eq(profile_parse(json_root(profile_doc), "p", "profile p", true, &plan.effective, &extends, &err), 0,
		     "%s", err.text);
	cr_assert_eq(config_to_profile(config, &own, &err), 0, "%s", err.text);
	cr_assert_eq(profile_meet(&plan.effective, &own, &plan.effective, &err), 0, "%s", err.text);
	return plan;
}

/* What the edited config asks of the runtime is at least as strict as the plan; budgets are not its matter. */
static void expect_strict(const struct plan *plan, const struct json *config)
{
	struct profile wanted = plan->effective, got, none;

	profile_init(&none, "none");
	memcpy(wanted.budgets, none.budgets, sizeof wanted.budgets);
	if (wanted.seccomp.kind == SECCOMP_UNCONFINED)
		wanted.seccomp = none.seccomp; /* which is what no filter is */
	cr_assert_eq(config_to_profile(config, &got, NULL), 0);
	cr_expect(profile_at_least_as_strict(&got, &wanted), "the config is looser than the plan");
}

struct row {
	const char *profile, *resources, *wanted; /* wanted NULL: refused */
};

static void expect_row(const struct row *row)
{
	static const struct edit_request nothing = {0};
	char linux_more[1024];
	_cleanup_json_ struct json_doc *profile = parsed(row->profile), *config = NULL;
	_cleanup_free_ char *once = NULL, *twice = NULL;
	struct error err = {0};
	struct plan plan;
	int r;

	(void)snprintf(linux_more, sizeof linux_more, ",\"resources\":%s", row->resources);
	config = config_of("", linux_more, "");
	plan = plan_of(profile, json_root(config));
	r = config_edit(config, &plan, &nothing, &err);
	if (!row->wanted) {
		cr_expect_eq(r, -EINVAL, "%s with %s was accepted", row->resources, row->profile);
		return;
	}
	cr_assert_eq(r, 0, "%s with %s: %s", row->resources, row->profile, err.text);
	once = written(json_find(json_root(config), "linux.resources"));
	cr_expect_str_eq(once, row->wanted, "%s with %s:\n%s, not\n%s", row->resources, row->profile, once, row->wanted);
	expect_strict(&plan, json_root(config));
	plan = plan_of(profile, json_root(config));
	cr_assert_eq(config_edit(config, &plan, &nothing, &err), 0, "%s", err.text);
	twice = written(json_find(json_root(config), "linux.resources"));
	cr_expect_str_eq(twice, once, "a second edit changed it");
}

#define MEMORY "{\"resources\":{\"memory\":{\"limit\":1048576}}}"
#define MEMORY_BUDGET "{\"budgets\":{\"memory\":{\"limit\":\"1MiB\"}}}"
#define PIDS_BUDGET "{\"budgets\":{\"pids\":{\"limit\":10}}}"
#define HALF "{\"resources\":{\"cpu\":{\"quota\":50000,\"period\":100000}}}"

Test(edit, resources)
{
	static const struct row rows[] = {
		/* Absent: written. */
		{MEMORY, "{}", "{\"memory\":{\"limit\":1048576}}"},
		{MEMORY, "null", "{\"memory\":{\"limit\":1048576}}"},
		/* A budget is one of memory, not of memory and swap. */
		{MEMORY_BUDGET, "{}", "{\"memory\":{\"limit\":1048576,\"swap\":1048576}}"},
		{MEMORY_BUDGET, "{\"memory\":{\"limit\":-1,\"swap\":-1}}", "{\"memory\":{\"limit\":1048576,\"swap\":1048576}}"},
		{MEMORY_BUDGET, "{\"memory\":{\"limit\":1000,\"swap\":9000}}", "{\"memory\":{\"limit\":1000,\"swap\":1000}}"},
		{"{\"budgets\":{\"memory\":{\"limit\":\"1MiB\",\"action\":\"warn\"}}}", "{}", "{}"},
		/* Stricter stays as it is, letter for letter; looser goes, "unlimited" and 0 too. */
		{MEMORY, "{\"memory\":{\"limit\":1000,\"kernel\":1}}", "{\"memory\":{\"limit\":1000,\"kernel\":1}}"},
		{MEMORY, "{\"memory\":{\"limit\":0}}", "{\"memory\":{\"limit\":1048576}}"},
		{PIDS_BUDGET, "{\"pids\":{\"limit\":9}}", "{\"pids\":{\"limit\":9}}"},
		{PIDS_BUDGET, "{\"pids\":{\"limit\":0}}", "{\"pids\":{\"limit\":10}}"},
		{PIDS_BUDGET, "{\"pids\":null}", "{\"pids\":{\"limit\":10}}"},
		{"{\"budgets\":{\"pids\":{\"limit\":10}},\"resources\":{\"pids\":{\"limit\":4}}}", "{}", "{\"pids\":{\"limit\":4}}"},
		/* A quota comes with its period, as a fraction. */
		{HALF, "{}", "{\"cpu\":{\"period\":100000,\"quota\":50000}}"},
		{HALF, "{\"cpu\":{\"quota\":900,\"period\":1000}}", "{\"cpu\":{\"quota\":50000,\"period\":100000}}"},
		{HALF, "{\"cpu\":{\"quota\":60000,\"period\":1000000}}", "{\"cpu\":{\"quota\":60000,\"period\":1000000}}"},
		{HALF, "{\"cpu\":{\"quota\":-1,\"burst\":60000}}", "{\"cpu\":{\"quota\":50000,\"period\":100000}}"},
		{HALF, "{\"cpu\":{\"burst\":40000}}", "{\"cpu\":{\"burst\":40000,\"period\":100000,\"quota\":50000}}"},
		{"{\"resources\":{\"cpu\":{\"cpus\":\"0-3\"}}}", "{\"cpu\":{\"cpus\":\"0,1\"}}", "{\"cpu\":{\"cpus\":\"0,1\"}}"},
		{"{\"resources\":{\"cpu\":{\"cpus\":\"0-3\"}}}", "{\"cpu\":{\"cpus\":\"2-9\"}}", "{\"cpu\":{\"cpus\":\"2-3\"}}"},
		/* v1: a container that is never killed would hang at its budget. */
		{MEMORY_BUDGET, "{\"memory\":{\"disableOOMKiller\":true}}",
		 "{\"memory\":{\"disableOOMKiller\":false,\"limit\":1048576,\"swap\":1048576}}"},
		{MEMORY, "{\"memory\":{\"disableOOMKiller\":true}}", "{\"memory\":{\"disableOOMKiller\":true,\"limit\":1048576}}"},
		/* Nothing asked, nothing touched. */
		{"{}", "{\"memory\":{\"limit\":-1},\"unified\":{\"memory.max\":\"max\"},\"cpu\":{\"burst\":5}}",
		 "{\"memory\":{\"limit\":-1},\"unified\":{\"memory.max\":\"max\"},\"cpu\":{\"burst\":5}}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_row(&rows[i]);
}

/* With "memory":{"limit":1048576} (or so) before it, where `profile` says nothing else. */
Test(edit, what_v2_would_take_instead)
{
	static const struct {
		const char *profile, *unified, *wanted; /* wanted NULL: refused */
	} rows[] = {
		{MEMORY, "{\"memory.max\":\"max\"}", "{}"},
		{MEMORY, "{\"memory.max\":\"1048577\"}", "{}"},
		{MEMORY, "{\"memory.max\":\"1048576\"}", "{\"memory.max\":\"1048576\"}"},
		{MEMORY, "{\"memory.max\":\"64K\"}", "{\"memory.max\":\"64K\"}"},
		{MEMORY, "{\"memory.max\":\"2m\"}", "{}"},
		{MEMORY, "{\"memory.max\":\"16E\"}", NULL},
		{MEMORY, "{\"memory.max\":\"0x10\"}", NULL},
		{MEMORY, "{\"memory.max\":\"010\"}", NULL},
		{MEMORY, "{\"memory.max\":\"\"}", NULL},
		{MEMORY, "{\"memory.max\":\"1 2\"}", NULL},
		{MEMORY, "{\"memory.max\":\"99999999999999999999\"}", NULL},
		{MEMORY, "{\"memory.high\":\"max\",\"memory.low\":\"5\"}", "{\"memory.low\":\"5\"}"},
		{MEMORY, "{\"memory.high\":\"1000\",\"memory.swap.max\":\"max\"}",
		 "{\"memory.high\":\"1000\",\"memory.swap.max\":\"max\"}"},
		{MEMORY_BUDGET, "{\"memory.swap.max\":\"1\",\"memory.oom.group\":\"0\"}", "{}"},
		{MEMORY_BUDGET, "{\"memory.swap.max\":\"0\",\"memory.oom.group\":\"1\"}",
		 "{\"memory.swap.max\":\"0\",\"memory.oom.group\":\"1\"}"},
		{PIDS_BUDGET, "{\"pids.max\":\"11\",\"memory.max\":\"max\"}", "{\"memory.max\":\"max\"}"},
		{PIDS_BUDGET, "{\"pids.max\":\"5\"}", "{\"pids.max\":\"5\"}"},
		{HALF, "{\"cpu.max\":\"max\"}", "{}"},
		{HALF, "{\"cpu.max\":\"max 100000\"}", "{}"},
		{HALF, "{\"cpu.max\":\"50000\"}", "{\"cpu.max\":\"50000\"}"},
		{HALF, "{\"cpu.max\":\"50001\"}", "{}"},
		{HALF, "{\"cpu.max\":\"500 1000\"}", "{\"cpu.max\":\"500 1000\"}"},
		{HALF, "{\"cpu.max\":\"501 1000\"}", "{}"},
		{HALF, "{\"cpu.max\":\"500 \"}", NULL},
		{HALF, "{\"cpu.max.burst\":\"60000\"}", "{}"},
		{"{\"resources\":{\"cpu\":{\"shares\":1024}}}", "{\"cpu.weight\":\"40\"}", "{}"},
		{"{\"resources\":{\"cpu\":{\"shares\":1024}}}", "{\"cpu.weight\":\"39\",\"cpu.weight.nice\":\"-20\"}",
		 "{\"cpu.weight\":\"39\"}"},
		{"{\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}}", "{\"cpuset.cpus\":\"1\"}", "{\"cpuset.cpus\":\"1\"}"},
		{"{\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}}", "{\"cpuset.cpus\":\"1-2\"}", "{}"},
		{"{\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}}", "{\"cpuset.cpus\":\"\"}", NULL},
	};
	static const struct edit_request nothing = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char linux_more[512];
		_cleanup_json_ struct json_doc *profile = parsed(rows[i].profile), *config = NULL;
		_cleanup_free_ char *text = NULL;
		struct error err = {0};
		struct plan plan;
		int r;

		(void)snprintf(linux_more, sizeof linux_more, ",\"resources\":{\"unified\":%s}", rows[i].unified);
		config = config_of("", linux_more, "");
		plan = plan_of(profile, json_root(config));
		r = config_edit(config, &plan, &nothing, &err);
		text = written(json_find(json_root(config), "linux.resources.unified"));
		if (rows[i].wanted)
			cr_expect(r == 0 && strcmp(text, rows[i].wanted) == 0, "%s with %s: %s %s", rows[i].unified,
				  rows[i].profile, text, err.text);
		else
			cr_expect(r == -EINVAL && strstr(err.text, "unified"), "%s: %d %s", rows[i].unified, r, err.text);
	}
}

static void expect_process(const char *profile_text, const char *process_more, const char *path, const char *wanted)
{
	static const struct edit_request nothing = {0};
	_cleanup_json_ struct json_doc *profile = parsed(profile_text), *config = config_of(process_more, "", "");
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	struct plan plan = plan_of(profile, json_root(config));

	cr_assert_eq(config_edit(config, &plan, &nothing, &err), 0, "%s", err.text);
	text = written(json_find(json_root(config), path));
	cr_expect_str_eq(text, wanted, "%s with %s: %s is %s, not %s", process_more, profile_text, path, text, wanted);
	expect_strict(&plan, json_root(config));
}

Test(edit, capabilities_and_privileges)
{
	static const char all_empty[] =
		"{\"bounding\":[],\"effective\":[],\"permitted\":[],\"inheritable\":[],\"ambient\":[]}";

	expect_process("{\"capabilities\":[]}", "", "process.capabilities", all_empty);
	expect_process("{\"capabilities\":[\"CAP_KILL\"]}", ",\"capabilities\":null", "process.capabilities", all_empty);
	expect_process("{\"capabilities\":[\"CAP_KILL\"]}",
		       ",\"capabilities\":{\"ambient\":[\"CAP_SYS_ADMIN\",\"CAP_KILL\",\"cap_sys_admin\",\"CAP_TOMORROW\"],"
		       "\"bounding\":[\"CAP_KILL\"]}",
		       "process.capabilities",
		       "{\"ambient\":[\"CAP_KILL\"],\"bounding\":[\"CAP_KILL\"],\"effective\":[],\"permitted\":[],\"inheritable\":[]}");
	/* A set beyond the bounding set is cut to it. */
	expect_process("{\"capabilities\":[\"CAP_KILL\",\"CAP_CHOWN\"]}",
		       ",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"],\"effective\":[\"CAP_KILL\",\"CAP_CHOWN\"]}",
		       "process.capabilities.effective", "[\"CAP_CHOWN\"]");
	expect_process("{}", "", "process.capabilities", "");
	expect_process("{\"noNewPrivileges\":true}", ",\"noNewPrivileges\":false", "process.noNewPrivileges", "true");
	expect_process("{}", ",\"noNewPrivileges\":false", "process.noNewPrivileges", "false");
	expect_process("{}", ",\"noNewPrivileges\":true", "process.noNewPrivileges", "true");
	expect_process("{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"}}", "", "linux.seccomp.defaultAction", "\"SCMP_ACT_KILL\"");
	expect_process("{\"seccomp\":\"unconfined\"}", "", "linux.seccomp", "");
}

static void expect_more(const struct edit_request *request, const char *linux_more, const char *more, const char *path,
			const char *wanted)
{
	_cleanup_json_ struct json_doc *profile = parsed("{}"), *config = config_of("", linux_more, more);
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	struct plan plan = plan_of(profile, json_root(config));

	cr_assert_eq(config_edit(config, &plan, request, &err), 0, "%s", err.text);
	text = written(json_find(json_root(config), path));
	cr_expect_str_eq(text, wanted, "%s%s: %s is %s, not %s", linux_more, more, path, text, wanted);
}

Test(edit, annotations_that_are_orders)
{
	_cleanup_json_ struct json_doc *exact = parsed("[\"run.oci.handler\",\"bundle\",7,\"\"]"), *star = parsed("[\"run.oci.h*\"]");
	static const char all[] = ",\"annotations\":{\"run.oci.handler\":\"a\",\"run.oci.hooks.stdout\":\"b\",\"bundle\":\"c\","
				  "\"org.systemd.property.MemoryMax\":\"d\",\"org.criu.config\":\"e\",\"run.ocix\":\"f\",\"bundles\":\"g\"}";
	struct edit_request request = {0};

	expect_more(&request, "", all, "annotations", "{\"run.ocix\":\"f\",\"bundles\":\"g\"}");
	request.allow_annotations = json_root(exact);
	expect_more(&request, "", all, "annotations", "{\"run.oci.handler\":\"a\",\"bundle\":\"c\",\"run.ocix\":\"f\",\"bundles\":\"g\"}");
	request.allow_annotations = json_root(star);
	expect_more(&request, "", all, "annotations",
		    "{\"run.oci.handler\":\"a\",\"run.oci.hooks.stdout\":\"b\",\"run.ocix\":\"f\",\"bundles\":\"g\"}");
	expect_more(&request, "", ",\"annotations\":{}", "annotations", "{}");
	expect_more(&request, "", "", "annotations", "");
}

Test(edit, paths_are_made_absolute_against_the_bundle)
{
	struct edit_request request = {.bundle = "/b"};

	expect_more(&request, "", "", "root.path", "\"/b/rootfs\"");
	expect_more(&request, "", ",\"mounts\":[{\"destination\":\"/x\",\"source\":\"s\",\"options\":[\"ro\",\"rbind\"]}]", "mounts",
		    "[{\"destination\":\"/x\",\"source\":\"/b/s\",\"options\":[\"ro\",\"rbind\"]}]");
	expect_more(&request, "", ",\"mounts\":[{\"destination\":\"/x\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]", "mounts",
		    "[{\"destination\":\"/x\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]");
	expect_more(&request, "", ",\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/s\"},{\"destination\":\"/y\"}]",
		    "mounts", "[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/s\"},{\"destination\":\"/y\"}]");
	request.bundle = NULL;
	expect_more(&request, "", "", "root.path", "\"rootfs\"");
}

Test(edit, the_host_s_groups_are_read_only)
{
	static const char mounts[] = ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"cgroup\"},"
				     "{\"destination\":\"/b\",\"type\":\"cgroup2\",\"options\":[\"rw\",\"rw\",\"nosuid\"]}]";
	struct edit_request request = {.cgroups_path = "/stint/k/payload"};

	expect_more(&request, "", mounts, "mounts",
		    "[{\"destination\":\"/a\",\"type\":\"cgroup\",\"options\":[\"ro\"]},"
		    "{\"destination\":\"/b\",\"type\":\"cgroup2\",\"options\":[\"nosuid\",\"ro\"]}]");
	expect_more(&request, ",\"namespaces\":[{\"type\":\"cgroup\"}]", mounts, "mounts",
		    "[{\"destination\":\"/a\",\"type\":\"cgroup\"},"
		    "{\"destination\":\"/b\",\"type\":\"cgroup2\",\"options\":[\"rw\",\"rw\",\"nosuid\"]}]");
	expect_more(&request, ",\"cgroupsPath\":\"/else\"", "", "linux.cgroupsPath", "\"/stint/k/payload\"");
	request.cgroups_path = NULL;
	expect_more(&request, ",\"cgroupsPath\":\"/else\"", "", "linux.cgroupsPath", "\"/else\"");
}

/* Where no group of ours is above the runtime's: v2 alone has the word, and only a budget that kills needs it. */
Test(edit, the_oom_killer_takes_the_whole_container_where_the_runtime_makes_the_group)
{
	static const struct {
		const char *profile;
		bool oom_group;
		const char *wanted;
	} rows[] = {
		{MEMORY_BUDGET, true, "{\"memory.low\":\"1\",\"memory.oom.group\":\"1\"}"},
		{MEMORY_BUDGET, false, "{\"memory.low\":\"1\"}"},
		{MEMORY, true, "{\"memory.low\":\"1\",\"memory.oom.group\":\"0\"}"},
		{"{\"budgets\":{\"memory\":{\"limit\":\"1MiB\",\"action\":\"warn\"}}}", true, "{\"memory.low\":\"1\",\"memory.oom.group\":\"0\"}"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct edit_request request = {.oom_group = rows[i].oom_group};
		_cleanup_json_ struct json_doc *profile = parsed(rows[i].profile),
					       *config = config_of("", ",\"resources\":{\"unified\":{\"memory.low\":\"1\",\"memory.oom.group\":\"0\"}}", "");
		struct plan plan = plan_of(profile, json_root(config));
		_cleanup_free_ char *text = NULL;

		cr_assert_eq(config_edit(config, &plan, &request, NULL), 0);
		text = written(json_find(json_root(config), "linux.resources.unified"));
		cr_expect_str_eq(text, rows[i].wanted, "%s: %s", rows[i].profile, text);
	}
}

/* What this version does not know is kept, and numbers letter for letter. */
Test(edit, the_unknown_is_kept)
{
	struct edit_request request = {0};
	static const char more[] = ",\"x-later\":{\"a\":[1e3,-0,1.50,18446744073709551615,null,true,\"\\u00e9\"]}";

	expect_more(&request, "", more, "x-later", "{\"a\":[1e3,-0,1.50,18446744073709551615,null,true,\"\xc3\xa9\"]}");
}
