/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a config privileged, what the host may have done about it, and what is left of it then. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/plan/edit.h"
#include "lib/plan/privileged.h"

static struct json_doc *config_of(const char *capabilities, const char *devices, const char *linux_more)
{
	struct json_doc *doc = NULL;
	struct error err = {0};
	char text[4096];

	(void)snprintf(text, sizeof text,
		       "{\"ociVersion\":\"1\",\"root\":{\"path\":\"/r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"capabilities\":%s},"
		       "\"mounts\":[{\"destination\":\"/sys\",\"type\":\"sysfs\",\"options\":[\"nosuid\",\"rw\"]},"
		       "{\"destination\":\"/proc\",\"type\":\"proc\"},{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup2\"}],"
		       "\"linux\":{\"namespaces\":[{\"type\":\"cgroup\"}],\"resources\":{\"devices\":%s}%s}}",
		       capabilities, devices, linux_more);
	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc, &err), 0, "%s: %s", text, err.text);
	return doc;
}

#define MASKED ",\"maskedPaths\":[\"/proc/kcore\"]"
#define ORDINARY "[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":5,\"access\":\"rwm\"}]"
#define EVERYTHING "[{\"allow\":true,\"access\":\"rwm\"}]"

Test(privileged, what_is)
{
	static const struct {
		const char *capabilities, *devices, *more;
		const char *because; /* a part of it; NULL: it is not privileged */
	} rows[] = {
		{"{}", ORDINARY, MASKED, NULL},
		{"{}", "[]", "", NULL},
		{"{\"bounding\":[\"CAP_CHOWN\",\"CAP_NET_ADMIN\",\"CAP_SYS_PTRACE\"]}", ORDINARY, "", NULL},
		/* Devices: every one of a kind, to read or to write. */
		{"{}", EVERYTHING, MASKED, "every device"},
		{"{}", "[{\"allow\":true}]", MASKED, "every device"},
		{"{}", "[{\"allow\":true,\"type\":\"a\",\"access\":\"r\"}]", MASKED, "every device"},
		{"{}", "[{\"allow\":true,\"type\":\"b\",\"major\":-1,\"minor\":-1,\"access\":\"w\"}]", MASKED, "every device"},
		{"{}", "[{\"allow\":false},{\"allow\":true,\"type\":\"b\",\"access\":\"rw\"}]", MASKED, "every device"},
		{"{}", "[{\"allow\":true,\"type\":\"c\",\"access\":\"m\"}]", MASKED, NULL},
		{"{}", "[{\"allow\":true,\"type\":\"b\",\"major\":8,\"access\":\"rw\"}]", MASKED, NULL},
		{"{}", "[{\"allow\":false,\"access\":\"rwm\"}]", MASKED, NULL},
		/* Capabilities, in whatever set they stand. */
		{"{\"bounding\":[\"CAP_SYS_MODULE\"]}", ORDINARY, MASKED, "CAP_SYS_MODULE"},
		{"{\"permitted\":[\"CAP_SYS_RAWIO\"]}", ORDINARY, MASKED, "CAP_SYS_RAWIO"},
		{"{\"bounding\":[\"CAP_SYS_ADMIN\"]}", ORDINARY, MASKED, NULL},
		{"{\"bounding\":[\"CAP_SYS_ADMIN\"]}", ORDINARY, "", "CAP_SYS_ADMIN"},
		{"{\"bounding\":[\"CAP_SYS_ADMIN\"]}", ORDINARY, ",\"maskedPaths\":[]", "CAP_SYS_ADMIN"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ struct json_doc *config = config_of(rows[i].capabilities, rows[i].devices, rows[i].more);
		const char *because = privileged_because(json_root(config));

		cr_expect(rows[i].because ? because && strstr(because, rows[i].because) : !because, "row %zu: %s", i, because);
	}
}

static struct plan open_plan(void)
{
	struct plan plan = {0};

	profile_init(&plan.effective, "none");
	return plan;
}

Test(privileged, what_the_host_says)
{
	_cleanup_json_ struct json_doc *config = config_of("{}", EVERYTHING, ""), *ordinary = config_of("{}", ORDINARY, MASKED);
	struct error err = {0};
	struct plan plan = open_plan();

	cr_assert_eq(plan_privileged(PRIVILEGED_REFUSE, json_root(ordinary), PLAN_WRAPPER, &plan, &err), 0);
	cr_expect_eq(plan.warning_count, 0);
	cr_expect_eq(plan_privileged(PRIVILEGED_REFUSE, json_root(config), PLAN_WRAPPER, &plan, &err), -EPERM);
	cr_expect(strstr(err.text, "every device of the host") && strstr(err.text, "stint.json"), "%s", err.text);

	cr_assert_eq(plan_privileged(PRIVILEGED_ALLOW, json_root(config), PLAN_WRAPPER, &plan, &err), 0);
	cr_expect_eq(plan.warning_count, 1);
	cr_expect(!plan.tighten && !plan.effective.capabilities.set);

	plan = open_plan();
	cr_expect_eq(plan_privileged(PRIVILEGED_TIGHTEN, json_root(config), PLAN_HOOK, &plan, &err), -ENOTSUP);
	cr_assert_eq(plan_privileged(PRIVILEGED_TIGHTEN, json_root(config), PLAN_WRAPPER, &plan, &err), 0);
	cr_expect(plan.tighten && plan.effective.capabilities.set && plan.warning_count == 1);
	cr_expect_eq(__builtin_popcountll(plan.effective.capabilities.mask), 14);
}

static void expect_at(struct json_doc *doc, const char *path, const char *wanted)
{
	_cleanup_free_ char *text = NULL;
	size_t length;

	cr_assert(json_find(json_root(doc), path), "%s", path);
	cr_assert_eq(json_write(json_find(json_root(doc), path), false, &text, &length, NULL), 0);
	text[length - 1] = '\0';
	cr_expect_str_eq(text, wanted, "%s is %s", path, text);
}

#define RULE(major, minor) "{\"allow\":true,\"type\":\"c\",\"major\":" major ",\"minor\":" minor ",\"access\":\"rwm\"},"

Test(privileged, what_is_left)
{
	static const char devices[] = "[{\"allow\":true,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"},"
				      "{\"allow\":true,\"type\":\"b\",\"access\":\"r\"}]";
	_cleanup_json_ struct json_doc *config = config_of("{\"bounding\":[\"CAP_SYS_ADMIN\",\"CAP_KILL\"]}", devices,
							   ",\"maskedPaths\":[\"/mine\",\"/proc/keys\"]");
	struct edit_request request = {0};
	struct plan plan = open_plan();

	cr_assert_eq(plan_privileged(PRIVILEGED_TIGHTEN, json_root(config), PLAN_WRAPPER, &plan, NULL), 0);
	cr_assert_eq(config_edit(config, &plan, &request, NULL), 0);
	cr_expect_null(privileged_because(json_root(config)));
	expect_at(config, "process.capabilities.bounding", "[\"CAP_KILL\"]");
	/* Denied first; what is allowed of all devices is making nodes; the one that was named stays. */
	expect_at(config, "linux.resources.devices",
		  "[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"access\":\"m\"},{\"allow\":true,\"type\":\"b\",\"access\":\"m\"},"
		  RULE("1", "3") RULE("1", "5") RULE("1", "7") RULE("1", "8") RULE("1", "9") RULE("5", "0") RULE("5", "1") RULE("5", "2")
		  "{\"allow\":true,\"type\":\"c\",\"major\":136,\"access\":\"rwm\"},"
		  "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"}]");
	expect_at(config, "linux.maskedPaths",
		  "[\"/mine\",\"/proc/keys\",\"/proc/acpi\",\"/proc/asound\",\"/proc/interrupts\",\"/proc/kcore\",\"/proc/latency_stats\","
		  "\"/proc/sched_debug\",\"/proc/scsi\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/sys/devices/virtual/powercap\",\"/sys/firmware\"]");
	expect_at(config, "linux.readonlyPaths", "[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]");
	expect_at(config, "mounts",
		  "[{\"destination\":\"/sys\",\"type\":\"sysfs\",\"options\":[\"nosuid\",\"ro\"]},{\"destination\":\"/proc\",\"type\":\"proc\"},"
		  "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup2\",\"options\":[\"ro\"]}]");
}
