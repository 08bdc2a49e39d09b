/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an accepted model comes to in the plan of a container: its capabilities. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/plan/edit.h"
#include "lib/plan/learned.h"
#include "lib/plan/plan.h"
#include "tests/unit/record_fixture.h"

static char directory[] = "/tmp/stint-learned.XXXXXX", bundle[64];
static struct host host;
static struct host_config host_config;
static struct cgroup_layout layout;
static struct plan plan;

static void put(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];
	struct error err = {0};

	(void)snprintf(path, sizeof path, "%s/%s", bundle, name);
	cr_assert_eq(file_write_atomic(AT_FDCWD, path, text, strlen(text), mode, false, &err), 0, "%s", err.text);
}

static void setup(void)
{
	struct error err = {0};
	char path[128];

	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(host_init(&host, directory, &err), 0, "%s", err.text);
	(void)snprintf(bundle, sizeof bundle, "%s/bundle", directory);
	(void)snprintf(path, sizeof path, "%s/rootfs", bundle);
	cr_assert_eq(mkdir(bundle, 0755) | mkdir(path, 0755), 0);
	put("rootfs/a", "#!/bin/sh\n", 0755);
	put("learned.json", "{\"name\":\"learned\",\"seccomp\":\"learned\"}", 0644);
	put("own.json", "{\"name\":\"own\",\"seccomp\":\"learned\",\"capabilities\":[\"CAP_CHOWN\",\"CAP_KILL\"]}", 0644);
	layout = (struct cgroup_layout){.mode = CGROUP_V2, .count = 1};
	layout.hierarchies[0] = (struct hierarchy){.unified = true, .controllers = ~0u};
}

static void teardown(void)
{
	char command[128];

	(void)snprintf(command, sizeof command, "rm -r %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(learned, .init = setup, .fini = teardown, .timeout = 60);

static struct json_doc *config(void)
{
	static const char text[] = "{\"ociVersion\":\"1\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/\",\"args\":[\"/a\"],"
				   "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\",\"CAP_SETUID\"],"
				   "\"ambient\":[\"CAP_CHOWN\",\"CAP_SETUID\"]}},\"linux\":{}}";
	struct json_doc *doc = NULL;

	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc, NULL), 0);
	return doc;
}

static void accept_model(enum model_mode mode, const char *needs, bool with_capabilities)
{
	_cleanup_json_ struct json_doc *doc = config(), *filter = NULL;
	_cleanup_recording_ struct recording seen = recording_of(needs);
	struct model model = {.mode = mode, .share = 100, .runs = 1, .accepted = "2026-11-26T01:02:03.000000000Z"};
	static const char allowing[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";
	char workload[FINGERPRINT_MAX];
	struct error err = {0};

	seen.capabilities_recorded = with_capabilities;
	model.needs = seen; /* lent */
	cr_assert_eq(json_parse("filter", allowing, strlen(allowing), &filter, NULL), 0);
	model.seccomp = json_root(filter);
	cr_assert_eq(plan_find_workload(json_root(doc), bundle, workload, &err), 0, "%s", err.text);
	cr_assert_eq(model_write(&host, workload, &model, &err), 0, "%s", err.text);
}

static struct json_doc *planned(const char *profile)
{
	struct json_doc *doc = config();
	struct error err = {0};
	char path[128];
	struct plan_request request = {.profile = path, .bundle = bundle};

	(void)snprintf(path, sizeof path, "%s/%s", bundle, profile);
	cr_assert_eq(host_config_load(&host, &host_config, &err), 0, "%s", err.text);
	cr_assert_eq(plan_make(&host, &host_config, &layout, json_root(doc), &request, PLAN_WRAPPER, &plan, &err), 0, "%s", err.text);
	host_config_clear(&host_config);
	return doc;
}

static uint64_t bit(const char *name)
{
	return UINT64_C(1) << capability_from_name(name, NULL);
}

Test(learned, an_enforced_model_leaves_the_capabilities_that_it_knows)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	const struct json *process;
	struct error err = {0};

	accept_model(MODEL_ENFORCE, "read, CAP_CHOWN, CAP_SYS_ADMIN", true);
	doc = planned("learned.json");
	cr_expect_eq(plan.effective.capabilities.mask, bit("CAP_CHOWN"), "tighten only: the config has no CAP_SYS_ADMIN");
	cr_expect(strstr(plan.effective.capabilities.from, "the model of "), "%s", plan.effective.capabilities.from);
	cr_expect_eq(plan.taken_capabilities, bit("CAP_KILL") | bit("CAP_SETUID"));
	cr_expect_eq(plan.taken_ambient, bit("CAP_SETUID"));
	cr_assert_eq(process_edit(doc, json_get(json_root(doc), "process"), &plan.effective, &err), 0, "%s", err.text);
	process = json_get(json_root(doc), "process");
	for (const char *const *set = (const char *const[]){"bounding", "ambient", NULL}; *set; set++)
		cr_expect_eq(capability_mask(json_get(json_get(process, "capabilities"), *set)), bit("CAP_CHOWN"), "%s", *set);
}

Test(learned, what_the_profile_takes_is_not_the_models_doing)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	accept_model(MODEL_ENFORCE, "read, CAP_CHOWN", true);
	doc = planned("own.json");
	cr_expect_eq(plan.effective.capabilities.mask, bit("CAP_CHOWN"));
	cr_expect_eq(plan.taken_capabilities, bit("CAP_KILL"));
}

Test(learned, a_model_without_them_takes_none)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	accept_model(MODEL_ENFORCE, "read, CAP_CHOWN", false);
	doc = planned("learned.json");
	cr_expect_eq(plan.effective.capabilities.mask, bit("CAP_CHOWN") | bit("CAP_KILL") | bit("CAP_SETUID"));
	cr_expect_eq(plan.taken_capabilities, 0);
}

Test(learned, one_that_complains_takes_none)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	accept_model(MODEL_COMPLAIN, "read, CAP_CHOWN", true);
	doc = planned("learned.json");
	cr_expect_eq(plan.effective.capabilities.mask, bit("CAP_CHOWN") | bit("CAP_KILL") | bit("CAP_SETUID"));
	cr_expect_eq(plan.taken_capabilities, 0);
}
