/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runtimes would take differently, or fail on later, is refused with its place. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/oci/config.h"

/* A valid config, with `linux_more` in its "linux", `process_more` in its "process", `more` at its end. */
static struct json_doc *config_of(const char *process_more, const char *linux_more, const char *more)
{
	char text[4096];
	struct json_doc *doc = NULL;
	struct error err = {0};
	int n = snprintf(text, sizeof text,
			 "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]%s},"
			 "\"linux\":{\"cgroupsPath\":\"/x\"%s}%s}", process_more, linux_more, more);

	cr_assert_lt(n, (int)sizeof text);
	cr_assert_eq(json_parse("config.json", text, (size_t)n, &doc, &err), 0, "%s: %s", text, err.text);
	return doc;
}

struct row {
	const char *text, *says; /* NULL: accepted */
};

enum place { PROCESS, LINUX, TOP };

static void expect_rows(const struct row *rows, size_t count, enum place place)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_json_ struct json_doc *doc = config_of(place == PROCESS ? rows[i].text : "",
								place == LINUX ? rows[i].text : "",
								place == TOP ? rows[i].text : "");
		struct error err = {0};
		int r = config_check(json_root(doc), &err);

		if (!rows[i].says)
			cr_expect_eq(r, 0, "%s: %s", rows[i].text, err.text);
		else
			cr_expect(r < 0 && r == -err.code && strstr(err.text, rows[i].says), "%s: %d %s", rows[i].text, r,
				  err.text);
	}
}

Test(config_check, keys_that_only_some_runtimes_read)
{
	static const struct row in_linux[] = {
		{",\"Seccomp\":null", "linux.Seccomp (line 1"},
		{",\"SECCOMP\":{}", "\"seccomp\""},
		{",\"\xc5\xbf" "eccomp\":null", "\"seccomp\""},
		{",\"ma\xc5\xbfkedPath\xc5\xbf\":[]", "\"maskedPaths\""},
		{",\"mas\xe2\x84\xaa" "edPaths\":[]", "\"maskedPaths\""},
		{",\"Resources\":{}", "\"resources\""},
		{",\"resources\":{\"Memory\":{}}", "linux.resources.Memory"},
		{",\"resources\":{\"memory\":{\"Limit\":-1}}", "\"limit\""},
		{",\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[],\"action\":\"A\",\"Args\":[]}]}", "\"args\""},
		{",\"namespaces\":[{\"type\":\"pid\",\"Path\":\"/x\"}]", "\"path\""},
		/* Nobody reads these as ours. */
		{",\"seccomps\":7,\"seccom\":7,\"\xc5\xbf\":7,\"seccompK\":7", NULL},
		{",\"sysctl\":{\"Seccomp\":\"x\",\"PATH\":\"y\"}", NULL},
		{",\"resources\":{\"unified\":{\"Memory\":\"1\"},\"rdma\":{\"Memory\":{}}}", NULL},
		{",\"unknown\":{\"Seccomp\":{\"Path\":1}}", NULL},
	};
	static const struct row at_top[] = {
		{",\"Annotations\":{}", "\"annotations\""},
		{",\"hook\xc5\xbf\":{}", "\"hooks\""}, {",\"hooks\":{\"CreateRuntime\":[]}", "\"createRuntime\""},
		{",\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"ENV\":[]}]}", "\"env\""},
		{",\"annotations\":{\"Process\":\"x\",\"LINUX\":\"y\"}", NULL},
	};
	static const struct row in_process[] = {
		{",\"capabilities\":{\"Bounding\":[]}", "\"bounding\""}, {",\"NoNewPrivileges\":true", "\"noNewPrivileges\""},
	};

	expect_rows(in_linux, ARRAY_SIZE(in_linux), LINUX);
	expect_rows(at_top, ARRAY_SIZE(at_top), TOP);
	expect_rows(in_process, ARRAY_SIZE(in_process), PROCESS);
}

Test(config_check, numbers)
{
	static const struct row in_process[] = {
		{",\"user\":{\"uid\":4294967295,\"gid\":0,\"additionalGids\":[0,4294967295]}", NULL},
		{",\"user\":{\"uid\":4294967296}", "process.user.uid (line 1"},
		{",\"user\":{\"uid\":-1}", "process.user.uid"},
		{",\"user\":{\"uid\":0.0}", "process.user.uid"},
		{",\"user\":{\"uid\":\"0\"}", "process.user.uid"},
		{",\"user\":{\"additionalGids\":[0,4294967296]}", "additionalGids[1]"},
		{",\"user\":{\"additionalGids\":[\"0\"]}", "additionalGids[0]"},
		{",\"oomScoreAdj\":-1000", NULL},
		{",\"oomScoreAdj\":1e2", "oomScoreAdj"},
		{",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":18446744073709551615,\"hard\":0}]", NULL},
		{",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":18446744073709551616}]", "process.rlimits[0].soft"},
		{",\"rlimits\":[{\"soft\":1}]", "\"type\""},
	};
	static const struct row in_linux[] = {
		{",\"resources\":{\"memory\":{\"limit\":-9223372036854775808}}", NULL},
		{",\"resources\":{\"memory\":{\"limit\":-9223372036854775809}}", "linux.resources.memory.limit (line 1"},
		{",\"resources\":{\"memory\":{\"swappiness\":-1}}", "swappiness"},
		{",\"resources\":{\"cpu\":{\"period\":18446744073709551616}}", "cpu.period"},
		{",\"resources\":{\"cpu\":{\"quota\":18446744073709551615}}", "cpu.quota"},
		{",\"resources\":{\"blockIO\":{\"weight\":65536}}", "blockIO.weight"},
		{",\"resources\":{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":-1}]}}", "rate"},
		{",\"resources\":{\"devices\":[{\"allow\":1}]}", "devices[0].allow"},
		{",\"resources\":{\"unified\":{\"memory.max\":1}}", "unified.memory.max"},
		{",\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967296,\"size\":1}]", "hostID"},
		{",\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"A\",\"args\":"
		 "[{\"index\":0,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_EQ\"}]}]}", NULL},
		{",\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"A\",\"args\":"
		 "[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]}]}", "args[0].value"},
		{",\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[\"a\"]}]}", "\"action\""},
		{",\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":\"a\",\"action\":\"A\"}]}", "names"},
		{",\"sysctl\":{\"net.ipv4.ip_forward\":1}", "sysctl.net.ipv4.ip_forward"},
		{",\"sysctl\":{\"a\":null}", "sysctl.a"},
	};

	expect_rows(in_process, ARRAY_SIZE(in_process), PROCESS);
	expect_rows(in_linux, ARRAY_SIZE(in_linux), LINUX);
}

Test(config_check, namespaces_each_once)
{
	static const struct row rows[] = {
		{",\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/proc/7/ns/net\"},{\"type\":\"time\"}]", NULL},
		{",\"namespaces\":[{\"type\":\"network\"},{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/proc/1/ns/net\"}]",
		 "namespaces[2].type (line 1"},
		{",\"namespaces\":[{\"type\":\"net\"}]", "there is no namespace \"net\""},
		{",\"namespaces\":[{\"type\":\"Network\"}]", "there is no namespace"},
		{",\"namespaces\":[{\"type\":\"network\",\"path\":\"ns/net\"}]", "absolute"},
		{",\"namespaces\":[null]", "namespaces[0]"},
		{",\"namespaces\":{\"type\":\"pid\"}", "namespaces"},
	};

	expect_rows(rows, ARRAY_SIZE(rows), LINUX);
}

Test(config_check, cgroup_paths_that_climb)
{
	static const struct {
		const char *path;
		bool accepted;
	} rows[] = {
		{"/a/b", true}, {"a", true}, {"", true}, {"system.slice:docker:abc", true}, {":docker:abc", true},
		{"/kube/a:b:c", true}, {"..", false}, {"/a/../../b", false}, {"/a/./b", false}, {"/a//b", false},
		{"..:docker:abc", false}, {"system.slice:..:abc", false}, {"a.slice:x:..", false}, {".:x:y", false},
		{"a.slice:x:y..z", false}, {"../a.slice:x:y", false}, {"a.slice:x:../y", false}, {"/a\n/b", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ struct json_doc *doc = config_of("", "", "");
		struct error err = {0};
		int r;

		cr_assert_eq(json_set(doc, json_get(json_root(doc), "linux"), "cgroupsPath",
				      json_new_string(doc, rows[i].path)), 0);
		r = config_check(json_root(doc), &err);
		cr_expect_eq(r == 0, rows[i].accepted, "%s: %s", rows[i].path, err.text);
		cr_expect(r == 0 || strstr(err.text, "linux.cgroupsPath"), "%s", err.text);
	}
}

/* What engines write today, in all its parts. */
Test(config_check, engines_are_accepted)
{
	static const char process[] =
		",\"terminal\":false,\"consoleSize\":{\"height\":24,\"width\":80},\"env\":[\"A=b\",\"\"],\"apparmorProfile\":\"docker\","
		"\"user\":{\"uid\":0,\"gid\":0,\"umask\":18,\"additionalGids\":[1,2],\"username\":\"root\"},\"selinuxLabel\":\"\","
		"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"effective\":null,\"ambient\":[]},\"ioPriority\":"
		"{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":0},\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-5}";
	static const char linux_text[] =
		",\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":-1,"
		"\"access\":\"m\"}],\"memory\":{\"limit\":-1,\"swap\":-1,\"disableOOMKiller\":false,\"swappiness\":60},\"cpu\":{\"shares\":0,"
		"\"quota\":-1,\"burst\":0,\"idle\":0,\"realtimeRuntime\":950000},\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":0,"
		"\"weightDevice\":[]},\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":18446744073709551615}],\"rdma\":{\"mlx5_1\":"
		"{\"hcaHandles\":3}},\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"lo\",\"priority\":500}]},\"unified\":{}},"
		"\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,\"fileMode\":8630,\"uid\":0,\"gid\":0}],"
		"\"rootfsPropagation\":\"rslave\",\"mountLabel\":\"\",\"intelRdt\":{\"closID\":\"x\"},\"personality\":{\"domain\":\"LINUX\"},"
		"\"timeOffsets\":{\"monotonic\":{\"secs\":1,\"nanosecs\":2}}";
	static const char more[] =
		",\"domainname\":\"d\",\"hooks\":{\"prestart\":[{\"path\":\"/proc/7/exe\",\"args\":[\"libnetwork-setkey\"],\"timeout\":5}],"
		"\"createRuntime\":null},\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/y\",\"options\":[\"rbind\"],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":2}]}],\"annotations\":null,\"windows\":{\"x\":1}";
	_cleanup_json_ struct json_doc *doc = config_of(process, linux_text, more);
	struct error err = {0};

	cr_expect_eq(config_check(json_root(doc), &err), 0, "%s", err.text);
}

Test(config_check, a_link_with_a_slash_is_a_link)
{
	char directory[] = "/tmp/stint-unit.XXXXXX", link[64], slash[80];
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(link, sizeof link, "%s.link", directory);
	(void)snprintf(slash, sizeof slash, "%s///", link);
	cr_assert_eq(symlink(directory, link), 0);
	cr_expect_eq(config_read(slash, &doc, &err), -ELOOP, "%s", err.text);
	cr_expect(strstr(err.text, "symbolic link"), "%s", err.text);
	(void)snprintf(slash, sizeof slash, "%s/", directory);
	cr_expect_eq(config_read(slash, &doc, &err), -ENOENT, "%s", err.text);
	cr_expect_eq(config_read("", &doc, &err), -ENOENT);
	cr_expect_eq(config_read("/dev/null", &doc, &err), -ENOTDIR);
	cr_expect_null(doc);
	(void)unlink(link);
	(void)rmdir(directory);
}
