/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/record/model.h"
#include "tests/unit/record_fixture.h"

static const char workload[] = "sha256:0123";
static char directory[] = "/tmp/stint-model.XXXXXX";
static struct host host;

static void make_host(void)
{
	struct error err = {0};

	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(host_init(&host, directory, &err), 0, "%s", err.text);
}

static void remove_host(void)
{
	char command[200];

	(void)snprintf(command, sizeof command, "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(model, .init = make_host, .fini = remove_host, .timeout = 60);

static void write_model(enum model_mode mode, const char *needs)
{
	_cleanup_recording_ struct recording seen = recording_of(needs);
	_cleanup_json_ struct json_doc *doc = NULL;
	struct model model = {.mode = mode, .share = 30, .runs = 3, .runtime = "any", .accepted = "2026-11-26T01:02:03.000000000Z", .needs = seen};
	struct error err = {0};

	cr_assert_eq(json_doc_new(&doc, &err), 0);
	cr_assert_eq(json_set(doc, json_root(doc), "defaultAction", json_new_string(doc, "SCMP_ACT_ERRNO")), 0);
	model.seccomp = json_root(doc);
	cr_assert_eq(model_write(&host, workload, &model, &err), 0, "%s", err.text);
}

static void expect_model(enum model_mode mode, const char *needs)
{
	_cleanup_recording_ struct recording seen = recording_of(needs);
	_cleanup_model_ struct model model = {0};
	struct error err = {0};

	cr_assert_eq(model_read(&host, workload, &model, &err), 0, "%s", err.text);
	cr_expect_eq(model.mode, mode);
	cr_expect_eq(model.share, 30);
	cr_expect_eq(model.runs, 3);
	cr_expect_str_eq(model.runtime, "any");
	cr_expect_str_eq(model.accepted, "2026-11-26T01:02:03.000000000Z");
	cr_expect(needs_equal(&model.needs.needs, &seen.needs), "%s", needs);
	cr_expect_str_eq(json_string(json_get(model.seccomp, "defaultAction")), "SCMP_ACT_ERRNO");
}

static void deny(const char *needs)
{
	_cleanup_recording_ struct recording denied = recording_of(needs);
	struct error err = {0};

	cr_assert_eq(model_deny(&host, workload, &denied.needs, &err), 0, "%s", err.text);
}

static void expect_denied(const char *needs)
{
	_cleanup_recording_ struct recording expected = recording_of(needs), denied = {0};
	struct error err = {0};

	cr_assert_eq(model_denied(&host, workload, &denied, &err), 0, "%s", err.text);
	cr_expect(needs_equal(&denied.needs, &expected.needs), "%s", needs);
}

Test(model, there_is_none_and_then_there_is)
{
	_cleanup_model_ struct model model = {0};
	struct error err = {0};

	cr_expect_eq(model_read(&host, workload, &model, &err), -ENOENT);
	cr_expect(strstr(err.text, workload), "%s", err.text);
	expect_denied("");
	write_model(MODEL_COMPLAIN, "read, socket 2 1");
	expect_model(MODEL_COMPLAIN, "read, socket 2 1");
	write_model(MODEL_CANARY, "read");
	expect_model(MODEL_CANARY, "read");
}

Test(model, one_step_back_and_forth)
{
	struct error err = {0};

	cr_expect_eq(model_roll_back(&host, workload, &err), -ENOENT);
	write_model(MODEL_COMPLAIN, "read");
	cr_expect_eq(model_roll_back(&host, workload, &err), -ENOENT);
	cr_expect(strstr(err.text, "no earlier model"), "%s", err.text);
	expect_model(MODEL_COMPLAIN, "read");
	write_model(MODEL_ENFORCE, "read, write");
	cr_expect_eq(model_roll_back(&host, workload, &err), 0, "%s", err.text);
	expect_model(MODEL_COMPLAIN, "read");
	cr_expect_eq(model_roll_back(&host, workload, &err), 0, "%s", err.text);
	expect_model(MODEL_ENFORCE, "read, write");
}

Test(model, what_is_denied_adds_up_until_it_is_decided_on)
{
	write_model(MODEL_ENFORCE, "read");
	deny("mkdir");
	deny("socket 16 3, mkdir");
	expect_denied("mkdir, socket 16 3");
	expect_model(MODEL_ENFORCE, "read");
	write_model(MODEL_ENFORCE, "read, mkdir");
	expect_denied("");
}

static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	struct error err = {0};

	(void)snprintf(path, sizeof path, "%.2048s/models/%s/%s", host.state_dir, workload, name);
	cr_assert_eq(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600, false, &err), 0, "%s", err.text);
}

/* A model that cannot be read is none that is looser. */
Test(model, what_is_no_model_is_an_error)
{
	static const char *const bad[] = {
		"", "{", "[]", "{\"mode\":\"enforce\"}", "{\"mode\":\"enforce\",\"needs\":{\"version\":1}}",
		"{\"mode\":\"off\",\"needs\":{\"version\":1},\"seccomp\":{}}",
		"{\"mode\":\"canary\",\"share\":0,\"needs\":{\"version\":1},\"seccomp\":{}}",
		"{\"mode\":\"canary\",\"share\":101,\"needs\":{\"version\":1},\"seccomp\":{}}",
		"{\"mode\":\"canary\",\"share\":\"many\",\"needs\":{\"version\":1},\"seccomp\":{}}",
	};
	_cleanup_model_ struct model model = {0};
	struct error err = {0};

	write_model(MODEL_ENFORCE, "read");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		put("model.json", bad[i]);
		cr_expect(model_read(&host, workload, &model, &err) < 0, "%s", bad[i]);
		cr_expect_neq(model_read(&host, workload, &model, &err), -ENOENT, "%s", bad[i]);
		cr_expect(strstr(err.text, "read the model of sha256:0123"), "%s: %s", bad[i], err.text);
	}
	cr_expect_eq(model_read(&host, "../x", &model, &err), -EINVAL);
}
