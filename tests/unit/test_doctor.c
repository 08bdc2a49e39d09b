/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions, what is known of them, and reading engines' files: tables and hostile input. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/doctor/settings.h"
#include "lib/doctor/vulnerability.h"

/* --- versions --- */

Test(doctor, versions_follow_one_another)
{
	/* Each is above the one before; what shares a line is the same. */
	static const char *const order[][3] = {
		{"0.10.5"},
		{"1.0.0-alpha", "v1.0.0-beta.2", "1.0-beta3"},
		{"1.0.0-rc7", "1.0-rc7", "1.0.0~rc7+ds1"},
		{"1.0.0-rc93", "1.0.0-rc93+ds1-5"},
		{"1.0.0-rc95", "1.0.0-rc.95"},
		{"1.0.0", "1", "v1.0"},
		{"1.1.5", "1.1.5+ds1", "1.1.5+ds1-1+deb12u1"},
		{"1.1.12", "1.1.12-0ubuntu2~22.04.1"},
		{"1.2.0-rc.1"},
		{"1.2.0-rc.3"},
		{"1.2.0", "1.2.0-dev", "1.2.0+dev.123"},
		{"1.2.8"},
		{"1.10"},
		{"20.10.24", "20.10.24+dfsg1"},
	};
	struct version before, version;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t j = 0; j < 3 && order[i][j]; j++) {
			cr_assert(version_parse(order[i][j], &version), "%s", order[i][j]);
			if (i > 0) {
				cr_assert(version_parse(order[i - 1][0], &before));
				cr_expect_gt(version_compare(&version, &before), 0, "%s, %s", order[i][j], order[i - 1][0]);
				cr_expect_lt(version_compare(&before, &version), 0);
			}
			cr_assert(version_parse(order[i][0], &before));
			cr_expect_eq(version_compare(&version, &before), 0, "%s, %s", order[i][j], order[i][0]);
		}
}

Test(doctor, what_is_no_version)
{
	static const char *const texts[] = {"", "v", "x1.2", "-1.2", ".1", "99999999999999999999", "1.99999999999999999999.1", "vv1", " 1"};
	struct version version = {.parts = {7}};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect_not(version_parse(texts[i], &version), "%s", texts[i]);
	cr_expect_eq(version.parts[0], 7, "untouched");
}

Test(doctor, what_programs_say_of_their_version)
{
	static const struct {
		const char *output, *program, *text;
	} table[] = {
		{"runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n", "runc", "1.1.5+ds1"},
		{"runc version 1.0.0-rc95\n", "runc", "1.0.0-rc95"},
		{"crun version 1.8.1\ncommit: f8a096be\nrundir: /run/crun\nspec: 1.0.0\n", "crun", "1.8.1"},
		{"crun version 1.14.4.0.0.0.5-0c84\n", "crun", "1.14.4.0.0.0.5-0c84"},
		{"Docker version 20.10.24+dfsg1, build 5d6db84\n", "docker", "20.10.24+dfsg1"},
		{"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n", "containerd", "1.6.20~ds1"},
		{"containerd github.com/containerd/containerd/v2 v2.0.0 207ad711eabd\n", "containerd", "v2.0.0"},
		{"podman version 4.3.1", "podman", "4.3.1"},
		{"crio version 1.24.1\n", "crio", "1.24.1"},
		{"youki version: 0.3.3\n", "youki", "0.3.3"},
		/* Nothing else gets from it to the terminal. */
		{"runc version 1.2.3\033[31m\n", "runc", "1.2.3"},
		{"\033]0;x 1.2.3\n", "", "1.2.3"},
		{"runc version\n1.1.5\n", NULL, NULL},
		{"runc 12345\n", NULL, NULL},
		{"runc version 99999999999.1\n", NULL, NULL},
		{"", NULL, NULL},
		{"\n\n", NULL, NULL},
		{"     ", NULL, NULL},
		{"Segmentation fault", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct program_version version = {.text = "untouched"};
		bool found = version_of_output(table[i].output, &version);

		cr_expect_eq(found, table[i].text != NULL, "row %zu", i);
		cr_expect_str_eq(version.text, table[i].text ? table[i].text : "untouched", "row %zu", i);
		if (found)
			cr_expect_str_eq(version.program, table[i].program, "row %zu", i);
	}
}

Test(doctor, a_long_line_is_cut)
{
	static char output[70000];
	struct program_version version;

	memset(output, 'a', sizeof output - 1);
	cr_expect_not(version_of_output(output, &version));
	memcpy(output + 100, " 1.2.3+", 7);
	cr_assert(version_of_output(output, &version));
	cr_expect_eq(strlen(version.text), VERSION_TEXT_MAX - 1);
	cr_expect_eq(strlen(version.program), sizeof version.program - 1);
}

/* --- vulnerabilities --- */

/* Those that are in a version, "CVE-…" without the CVE. */
static const char *known_of(const char *program, const char *text, const char *output, char list[512])
{
	struct version version;

	cr_assert(version_parse(text, &version));
	list[0] = '\0';
	for (const struct vulnerability *v = vulnerabilities; v->id; v++)
		if (strcmp(v->program, program) == 0 && vulnerability_in(v, &version, output))
			(void)snprintf(list + strlen(list), 512 - strlen(list), "%s%s", *list ? " " : "", v->id + 4);
	return list;
}

Test(doctor, what_is_known_of_which_version)
{
	static const char *const table[][3] = {
		{"runc", "1.0.0-rc6", "2019-5736 2021-30465 2022-29162 2023-28642 2023-25809 2024-45310 2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.0.0-rc92", "2021-30465 2022-29162 2023-28642 2023-25809 2024-45310 2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.1.4", "2023-27561 2023-28642 2023-25809 2024-21626 2024-45310 2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.1.5+ds1", "2024-21626 2024-45310 2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.1.11", "2024-21626 2024-45310 2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.1.12", "2024-45310 2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.1.14", "2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.2.0-rc.2", "2024-45310 2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.2.7", "2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.2.8", "2026-41579"},
		{"runc", "1.3.0", "2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.3.3", "2026-41579"},
		{"runc", "1.3.6", ""},
		{"runc", "1.4.0-rc.2", "2025-31133 2025-52565 2025-52881 2026-41579"},
		{"runc", "1.4.0", "2026-41579"},
		{"runc", "1.4.3", ""},
		{"runc", "1.5.0-rc.2", "2026-41579"},
		{"runc", "1.5.0", ""},
		{"runc", "2.0", ""},
		{"crun", "0.10.4", "2019-18837 2022-27650 2026-47766 2026-88264 2026-88265"},
		{"crun", "1.8.1", "2026-47766 2026-88264 2026-88265"},
		{"crun", "1.19", "2026-30892 2026-47766 2026-88264 2026-88265"},
		{"crun", "1.27", "2026-47766 2026-88264 2026-88265"},
		{"crun", "1.28", "2026-88264 2026-88265"},
		{"crun", "1.30", ""},
		{"youki", "0.1", ""},
	};
	char list[512];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		cr_expect_str_eq(known_of(table[i][0], table[i][1], "", list), table[i][2], "%s %s: %s", table[i][0], table[i][1], list);
	cr_expect_str_eq(known_of("crun", "1.8.1", "+SYSTEMD +LIBKRUN +YAJL", list),
			 "2025-24965 2026-47766 2026-88264 2026-88265 2026-84042", "%s", list);
}

Test(doctor, the_table_is_well_formed)
{
	for (const struct vulnerability *v = vulnerabilities; v->id; v++) {
		struct version version, before = {0};

		cr_expect_eq(strncmp(v->id, "CVE-", 4), 0, "%s", v->id);
		cr_expect_not_null(v->fixed[0], "%s", v->id);
		cr_expect(!v->since || version_parse(v->since, &version), "%s", v->id);
		for (int i = 0; i < FIXED_MAX && v->fixed[i]; i++) {
			cr_expect(version_parse(v->fixed[i], &version), "%s: %s", v->id, v->fixed[i]);
			cr_expect_gt(version_compare(&version, &before), 0, "%s: %s", v->id, v->fixed[i]);
			before = version;
		}
		for (const struct vulnerability *other = vulnerabilities; other != v; other++)
			cr_expect(strcmp(other->id, v->id) != 0 || strcmp(other->program, v->program) != 0, "%s is there twice", v->id);
	}
}

/* What a distribution may have mended is never stated as a fact. */
Test(doctor, a_package_is_judged_by_its_changelog)
{
	static const struct vulnerability leak = {.program = "runc", .id = "CVE-2024-21626", .fixed = {"1.1.12"}};
	static const struct {
		bool packaged;
		const char *changelog;
		enum vulnerability_state state;
	} table[] = {
		{false, NULL, VULNERABILITY_OPEN},
		{true, NULL, VULNERABILITY_UNKNOWN},
		{true, "", VULNERABILITY_UNKNOWN},
		{true, "runc (1.1.5+ds1-1+deb12u1)\n\n  * CVE-2024-21626: several container breakouts\n", VULNERABILITY_MENDED},
		{true, "  * Fix CVE-2024-21626", VULNERABILITY_MENDED},
		{true, "  * Fix CVE-2024-216260 and CVE-2024-2162", VULNERABILITY_UNKNOWN},
		{true, "  * Fix CVE-2024-216260, CVE-2024-21626.", VULNERABILITY_MENDED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		cr_expect_eq(vulnerability_judge(&leak, table[i].packaged, table[i].changelog), table[i].state, "row %zu", i);
}

/* --- engines' settings --- */

static void take(struct engine_settings *settings, const struct engine_keys *keys, const char *text)
{
	cr_assert_eq(settings_take_toml(settings, keys, "FILE", text, NULL), 0, "%s", text);
}

static void expect_runtime(const struct engine_settings *settings, int i, const char *name, const char *path)
{
	cr_assert_lt(i, settings->runtime_count);
	cr_expect_str_eq(settings->runtimes[i].name, name);
	cr_expect_str_eq(settings->runtimes[i].path, path);
}

Test(doctor, containerd_s_settings)
{
	static struct engine_settings settings;

	take(&settings, &containerd_keys,
			   "version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n"
			   "[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndefault_runtime_name = \"runc\"\n"
			   "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\nruntime_type = \"io.containerd.runc.v2\"\n"
			   "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.stint.options]\nBinaryName = \"/s\"\n");
	cr_expect_str_eq(settings.default_runtime, "runc");
	cr_assert_eq(settings.runtime_count, 1);
	expect_runtime(&settings, 0, "stint", "/s");
	cr_assert_eq(settings.import_count, 1);
	cr_expect_str_eq(settings.imports[0], "/etc/containerd/conf.d/*.toml");
	/* The third version of the file, and what comes later counts. */
	take(&settings, &containerd_keys,
			   "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\ndefault_runtime_name = 'stint'\n"
			   "runtimes.stint.options.BinaryName = '/t'\n");
	cr_expect_str_eq(settings.default_runtime, "stint");
	cr_assert_eq(settings.runtime_count, 1);
	expect_runtime(&settings, 0, "stint", "/t");
}

Test(doctor, podman_s_and_crio_s_settings)
{
	static struct engine_settings podman, crio;

	take(&podman, &podman_keys,
			   "[engine]\nruntime = \"crun\"\nhooks_dir = [\"/h\", \"/i\"]\n[engine.runtimes]\ncrun = [\"/a\", \"/b\"]\n");
	take(&podman, &podman_keys, "[engine.runtimes]\nstint = [\"/s\"]\n[containers]\nruntime = \"x\"\n");
	cr_expect_str_eq(podman.default_runtime, "crun");
	cr_assert_eq(podman.runtime_count, 3);
	expect_runtime(&podman, 0, "crun", "/a");
	expect_runtime(&podman, 1, "crun", "/b");
	expect_runtime(&podman, 2, "stint", "/s");
	cr_assert_eq(podman.hooks_dir_count, 2);
	cr_expect_str_eq(podman.hooks_dirs[1], "/i");
	take(&podman, &podman_keys, "[engine]\nhooks_dir = [\"/j\"]\n[engine.runtimes]\ncrun = [\"/c\"]\n");
	cr_assert_eq(podman.hooks_dir_count, 1);
	cr_expect_str_eq(podman.hooks_dirs[0], "/j");
	cr_assert_eq(podman.runtime_count, 2);
	expect_runtime(&podman, 1, "crun", "/c");

	take(&crio, &crio_keys,
			   "[crio.runtime]\ndefault_runtime = \"stint\"\nhooks_dir = [\"/h\"]\n"
			   "[crio.runtime.runtimes.stint]\nruntime_path = \"/s\"\nruntime_type = \"oci\"\n");
	cr_expect_str_eq(crio.default_runtime, "stint");
	cr_assert_eq(crio.runtime_count, 1);
	expect_runtime(&crio, 0, "stint", "/s");
	cr_expect_str_eq(crio.hooks_dirs[0], "/h");
}

/* What the engine itself would not read says nothing of it. */
Test(doctor, settings_that_are_no_toml)
{
	static struct engine_settings settings;
	struct error err = {0};

	cr_expect_eq(settings_take_toml(&settings, &podman_keys, "FILE", "[engine]\nruntime = \"stint\"\nruntime", &err), -EINVAL);
	cr_expect(strstr(err.text, "FILE, line 3"), "%s", err.text);
	cr_expect_str_eq(settings.default_runtime, "");
	cr_expect_eq(settings.file_count, 0);
	cr_expect_eq(settings_take_toml(&settings, &podman_keys, "FILE", "[engine]\nhooks_dir = 7", &err), -EINVAL);
	cr_expect_str_eq(err.text, "read FILE, line 2: engine.hooks_dir is no plain string, and no list of them");
}

Test(doctor, docker_s_settings)
{
	static const char *const texts[] = {
		"{\"default-runtime\":\"stint\",\"runtimes\":{\"stint\":{\"path\":\"/s\"},\"other\":{\"runtimeType\":\"x\"},\"bad\":7}}",
		"{\"runtimes\":[],\"default-runtime\":1}", "[]", "7", "{}",
	};
	static struct engine_settings settings;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_json_ struct json_doc *doc = NULL;

		cr_assert_eq(json_parse("daemon.json", texts[i], strlen(texts[i]), &doc, NULL), 0);
		settings_take_json(&settings, json_root(doc));
		cr_expect_str_eq(settings.default_runtime, "stint");
		cr_assert_eq(settings.runtime_count, 1);
		expect_runtime(&settings, 0, "stint", "/s");
	}
}

Test(doctor, more_than_there_is_room_for)
{
	static struct engine_settings settings;
	_cleanup_free_ char *text = calloc(1, 1 << 20);
	size_t used = 0;
	struct error err = {0};

	used += (size_t)sprintf(text, "[engine]\nhooks_dir = [");
	for (int i = 0; i < 1000; i++)
		used += (size_t)sprintf(text + used, "'/%d',", i);
	(void)sprintf(text + used, "]\n");
	cr_expect_eq(settings_take_toml(&settings, &podman_keys, "FILE", text, &err), -E2BIG);
	cr_expect_str_eq(err.text, "read FILE, line 2: engine.hooks_dir has too many directories");
	used = (size_t)sprintf(text, "[engine.runtimes]\n");
	for (int i = 0; i < 1000; i++)
		used += (size_t)sprintf(text + used, "r%d = ['/%d', '/x']\n", i, i);
	take(&settings, &podman_keys, text);
	cr_expect_eq(settings.runtime_count, RUNTIMES_MAX);
}
