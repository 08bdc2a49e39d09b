/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading bundles, what a config itself limits, and a hook's state. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/oci/config.h"
#include "lib/oci/state.h"

#define CONFIG(more)                                                                                     \
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"                                     \
	"\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]},\"linux\":{}" more "}"

static struct json_doc *parsed(const char *text)
{
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc, &err), 0, "%s: %s", text, err.text);
	return doc;
}

Test(config, ids)
{
	static const char *const good[] = {"a", "A1", "_x", "a.b", "a+b-c_d", "0"};
	static const char *const bad[] = {"", ".", "..", "-rf", "+a", ".a", "a/b", "a b", "a\nb", "a\tb", "\xc3\xa9", "a:b", "a~b",
					  "../../etc", "a\x7f"};
	char lengthy[130];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		cr_expect_eq(container_id_check(good[i], NULL), 0, "%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(container_id_check(bad[i], NULL), -EINVAL, "%s", bad[i]);
	memset(lengthy, 'a', sizeof lengthy);
	lengthy[129] = '\0';
	cr_expect_eq(container_id_check(lengthy, NULL), -EINVAL);
	lengthy[128] = '\0';
	cr_expect_eq(container_id_check(lengthy, NULL), 0);
}

Test(config, what_a_runtime_needs_or_takes_otherwise)
{
	static const struct {
		const char *text, *says; /* NULL: accepted */
	} table[] = {
		{CONFIG(""), NULL},
		{"[]", "object"},
		{"{}", "ociVersion"},
		{"{\"ociVersion\":1}", "ociVersion"},
		{"{\"ociVersion\":\"1\",\"root\":{\"path\":\"\"},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]},\"linux\":{}}", "root.path"},
		{"{\"ociVersion\":\"1\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"x\",\"args\":[\"a\"]},\"linux\":{}}", "absolute"},
		{"{\"ociVersion\":\"1\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[]},\"linux\":{}}", "empty"},
		{"{\"ociVersion\":\"1\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[1]},\"linux\":{}}", "args"},
		{CONFIG(",\"annotations\":{\"a\":1}"), "annotations.a"},
		{CONFIG(",\"annotations\":{\"a\":\"b\"}"), NULL},
		{CONFIG(",\"hooks\":{\"prestart\":[{\"path\":\"bin/x\"}]}"), "absolute"},
		{CONFIG(",\"hooks\":{\"poststop\":[{}]}"), "path"},
		{CONFIG(",\"hooks\":{\"poststop\":{}}"), "an array"},
		{CONFIG(",\"mounts\":[{}]"), "destination"},
		{CONFIG(",\"mounts\":[{\"destination\":\"/x\",\"options\":\"ro\"}]"), "options"},
		{CONFIG(",\"hostname\":7"), "hostname"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_json_ struct json_doc *doc = parsed(table[i].text);
		struct error err = {0};
		int r = config_check(json_root(doc), &err);

		cr_expect_eq(r < 0, table[i].says != NULL, "%s: %s", table[i].text, err.text);
		cr_expect(!table[i].says || strstr(err.text, table[i].says), "%s: %s", table[i].text, err.text);
	}
}

Test(config, what_is_in_linux)
{
	static const struct {
		const char *linux_text;
		bool accepted;
	} table[] = {
		{"{\"resources\":{\"memory\":{\"limit\":9223372036854775807}}}", true},
		{"{\"resources\":{\"memory\":{\"limit\":9223372036854775808}}}", false},
		{"{\"resources\":{\"memory\":{\"limit\":1.5}}}", false},
		{"{\"resources\":{\"memory\":{\"limit\":\"1G\"}}}", false},
		{"{\"resources\":{\"memory\":{\"limit\":-1}}}", true},
		{"{\"resources\":{\"cpu\":{\"shares\":-1}}}", false},
		{"{\"resources\":{\"cpu\":{\"shares\":18446744073709551615}}}", true},
		{"{\"resources\":{\"cpu\":{\"quota\":-1,\"period\":100000}}}", true},
		{"{\"resources\":{\"pids\":{\"limit\":1e3}}}", false},
		{"{\"resources\":null}", true},
		{"{\"resources\":[]}", false},
		{"{\"cgroupsPath\":\"/a/b\"}", true},
		{"{\"cgroupsPath\":\"/a/../../b\"}", false},
		{"{\"cgroupsPath\":\"..\"}", false},
		{"{\"cgroupsPath\":\"/a//b\"}", false},
		{"{\"cgroupsPath\":\"system.slice:docker:abc\"}", true},
		{"{\"cgroupsPath\":7}", false},
		{"{\"namespaces\":[{\"type\":\"pid\"}]}", true},
		{"{\"namespaces\":[{}]}", false},
		{"{\"namespaces\":[{\"type\":\"pid\",\"path\":7}]}", false},
		{"{\"seccomp\":\"unconfined\"}", false},
		{"{\"seccomp\":null}", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[1024];
		_cleanup_json_ struct json_doc *doc = NULL;
		struct error err = {0};

		(void)snprintf(text, sizeof text, "{\"ociVersion\":\"1\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\","
						  "\"args\":[\"a\"]},\"linux\":%s}", table[i].linux_text);
		doc = parsed(text);
		cr_expect_eq(config_check(json_root(doc), &err) == 0, table[i].accepted, "%s: %s", table[i].linux_text, err.text);
	}
}

Test(config, its_own_limits)
{
	_cleanup_json_ struct json_doc *doc = parsed(
		"{\"ociVersion\":\"1\",\"root\":{\"path\":\"r\"},"
		"\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"noNewPrivileges\":true,"
		"\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_NO_SUCH\",\"CAP_CHOWN\"]}},"
		"\"linux\":{\"resources\":{\"memory\":{\"limit\":1000,\"swap\":-1},\"pids\":{\"limit\":0},"
		"\"cpu\":{\"quota\":50000,\"cpus\":\"0-1,3\"}},\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}}");
	struct profile p;

	cr_assert_eq(config_to_profile(json_root(doc), &p, NULL), 0);
	cr_expect_eq(p.resources.memory_limit.value, 1000);
	cr_expect_eq(p.resources.memory_swap.value, UNSET, "-1 is unlimited");
	cr_expect_eq(p.resources.pids_limit.value, UNSET, "so is 0");
	cr_expect_eq(p.resources.cpu_quota.value, 50000);
	cr_expect_eq(p.resources.cpu_period.value, 100000);
	cr_expect_eq(p.resources.cpus.bits[0], 0xb);
	cr_expect_eq(p.capabilities.mask, UINT64_C(1) << 5 | 1);
	cr_expect_eq(p.no_new_privileges.value, 1);
	cr_expect_eq(p.seccomp.kind, SECCOMP_OBJECT);
	cr_expect_str_eq(p.resources.memory_limit.from, "config.json");
}

Test(config, bundles)
{
	char directory[] = "/tmp/stint-unit.XXXXXX", path[64];
	struct json_doc *doc = NULL;
	struct error err = {0};
	FILE *f;

	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/config.json", directory);
	cr_expect_eq(config_read(directory, &doc, &err), -ENOENT);
	cr_expect(strstr(err.text, directory) && strstr(err.text, "config.json"), "%s", err.text);
	cr_assert_eq(symlink("/etc/passwd", path), 0);
	cr_expect_lt(config_read(directory, &doc, &err), 0, "a symlink was followed");
	cr_assert_eq(unlink(path), 0);
	f = fopen(path, "w");
	(void)fputs(CONFIG(""), f);
	(void)fclose(f);
	cr_expect_eq(config_read(directory, &doc, &err), 0, "%s", err.text);
	json_doc_free(doc);
	(void)snprintf(path, sizeof path, "%s.link", directory);
	cr_assert_eq(symlink(directory, path), 0);
	cr_expect_lt(config_read(path, &doc, &err), 0);
	cr_expect(strstr(err.text, "symbolic link"), "%s", err.text);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/config.json", directory);
	(void)unlink(path);
	(void)rmdir(directory);
}

Test(config, the_state_of_a_hook)
{
	static const struct {
		const char *text;
		int pid; /* -1: refused */
	} table[] = {
		{"{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":7,\"status\":\"creating\",\"annotations\":{\"x\":\"y\"}}", 7},
		{"{\"id\":\"a\",\"bundle\":\"/b\"}", 0}, {"{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":0}", 0},
		{"{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":-1}", -1}, {"{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":4294967296}", -1},
		{"{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":\"7\"}", -1}, {"{\"bundle\":\"/b\"}", -1}, {"{\"id\":1,\"bundle\":\"/b\"}", -1},
		{"{\"id\":\"a\"}", -1}, {"[]", -1}, {"", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct oci_state state = {.pid = -1};
		int r = oci_state_parse(table[i].text, strlen(table[i].text), &state, NULL);

		cr_expect_eq(r < 0, table[i].pid < 0, "%s", table[i].text);
		cr_expect_eq(state.pid, table[i].pid, "%s", table[i].text);
		oci_state_clear(&state);
	}
}

Test(config, a_root_with_links_in_place_of_dev_proc_or_sys_is_refused)
{
	static const char *const names[] = {"dev", "proc", "sys"};
	char directory[] = "/tmp/stint-test-root-XXXXXX", text[256], path[128];
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(text, sizeof text, "{\"root\":{\"path\":\"%s\"}}", directory);
	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc, NULL), 0);
	cr_expect_eq(config_check_root(json_root(doc), "/", NULL), 0, "what is not there is made by the runtime");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		cr_assert_eq(symlink("/nowhere", path), 0);
		cr_expect_eq(config_check_root(json_root(doc), "/", &err), -ELOOP);
		cr_expect(strstr(err.text, names[i]), "%s", err.text);
		cr_assert_eq(unlink(path), 0);
	}
	(void)rmdir(directory);
	cr_expect_eq(config_check_root(json_root(doc), "/", NULL), 0, "no root: the runtime says so");
	json_doc_free(doc);
}
