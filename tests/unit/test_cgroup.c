/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control groups on a miniature host: v1, hybrid and v2 trees with malformed and vanishing files. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/cgroup/cgroup.h"

static char top[64];
static struct host host;

static void put(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", top, name);
	for (char *slash = strchr(path + strlen(top) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	cr_assert_not_null(f, "%s", path);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void expect_text(const char *name, const char *wanted)
{
	char path[512], text[256] = "";
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", top, name);
	f = fopen(path, "r");
	cr_assert_not_null(f, "%s", path);
	(void)!fgets(text, sizeof text, f);
	(void)fclose(f);
	cr_expect_str_eq(text, wanted, "%s: %s", name, text);
}

static void setup(void)
{
	(void)strcpy(top, "/tmp/stint-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(top));
	cr_assert_eq(host_init(&host, NULL, NULL), 0);
	host.any_filesystem = true;
	(void)snprintf(host.proc, sizeof host.proc, "%s/proc", top);
}

/* With nothing known from before. */
static int read_anew(const struct cgroup *group, struct cgroup_usage *ret_usage)
{
	*ret_usage = cgroup_usage_unknown;
	return cgroup_usage_read(group, ret_usage);
}

static void teardown(void)
{
	char command[128];

	(void)snprintf(command, sizeof command, "rm -r %s", top);
	cr_expect_eq(system(command), 0);
}

TestSuite(cgroup, .init = setup, .fini = teardown);

/* A mountinfo of "fstype superoptions mountpoint" lines, below `top`. */
static void mounts(const char *const (*lines)[3])
{
	char text[4096];
	size_t n = 0;

	for (unsigned i = 0; lines[i][0]; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%u 1 0:%u / %s/%s rw,nosuid shared:%u - %s none %s\n", 30 + i, i, top,
				      lines[i][2], i, lines[i][0], lines[i][1]);
	put("proc/self/mountinfo", text);
}

static struct cgroup_layout layout(void)
{
	struct cgroup_layout l;
	struct error err = {0};

	cr_assert_eq(cgroup_layout_read(&host, &l, &err), 0, "%s", err.text);
	return l;
}

static struct cgroup_layout v2_layout(void)
{
	static const char *const lines[][3] = {{"cgroup2", "rw", "cg"}, {NULL, NULL, NULL}};

	put("cg/cgroup.controllers", "cpuset cpu io memory pids\n");
	mounts(lines);
	return layout();
}

static struct cgroup_layout v1_layout(bool hybrid)
{
	static const char *const lines[][3] = {{"cgroup", "rw,cpu,cpuacct", "cpu"}, {"cgroup", "rw,memory", "memory"},
					       {"cgroup", "rw,pids", "pids"}, {"cgroup", "rw,freezer", "freezer"},
					       {"cgroup2", "rw", "unified"}, {NULL, NULL, NULL}};
	static const char *const without[][3] = {{"cgroup", "rw,cpu,cpuacct", "cpu"}, {"cgroup", "rw,memory", "memory"},
						 {"cgroup", "rw,pids", "pids"}, {"cgroup", "rw,freezer", "freezer"},
						 {NULL, NULL, NULL}};

	for (unsigned i = 0; lines[i][0]; i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "%s/cgroup.procs", lines[i][2]);
		put(name, "");
	}
	mounts(hybrid ? lines : without);
	return layout();
}

Test(cgroup, which_kind_of_host_this_is)
{
	struct cgroup_layout l = v2_layout();
	struct error err = {0};

	cr_expect_eq(l.mode, CGROUP_V2);
	cr_expect(l.hierarchies[0].controllers & 1u << CONTROLLER_MEMORY);
	l = v1_layout(true);
	cr_expect_eq(l.mode, CGROUP_HYBRID);
	cr_expect_eq(l.hierarchies[0].controllers, 1u << CONTROLLER_CPU | 1u << CONTROLLER_CPUACCT);
	l = v1_layout(false);
	cr_expect_eq(l.mode, CGROUP_V1);
	put("proc/self/mountinfo", "rubbish\n\n1 2 - cgroup\n9 9 9:9 / /x rw - cgroup\n1 1 0:1 / /y rw - tmpfs none rw\n");
	cr_expect_eq(cgroup_layout_read(&host, &l, &err), -ENODEV, "%s", err.text);
	put("proc/self/mountinfo", "1 1 0:1 / /with\\040space rw - cgroup2 none rw\n");
	cr_assert_eq(cgroup_layout_read(&host, &l, &err), 0);
	cr_expect_str_eq(l.hierarchies[0].path, "/with space");
}

Test(cgroup, paths_that_climb)
{
	static const char *const good[] = {"/a/b", "a", "/a.b/c-d", "/..a", "system.slice:docker:x"};
	static const char *const bad[] = {"", "/..", "/a/../b", "..", "/a//b", "/a/./b", "/a\nb", "/a/", "/\x7f"};
	char lengthy[1100];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		cr_expect_eq(cgroup_path_check(good[i], NULL), 0, "%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(cgroup_path_check(bad[i], NULL), -EINVAL, "%s", bad[i]);
	memset(lengthy, 'a', sizeof lengthy - 1);
	lengthy[sizeof lengthy - 1] = '\0';
	cr_expect_eq(cgroup_path_check(lengthy, NULL), -EINVAL);
}

Test(cgroup, v2_figures)
{
	struct cgroup_layout l = v2_layout();
	struct cgroup group;
	struct cgroup_usage u;

	put("cg/a/cgroup.procs", "12\n");
	put("cg/a/cgroup.events", "populated 1\nfrozen 0\n");
	put("cg/a/cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 0\nthrottled_usec 7\n");
	put("cg/a/memory.current", "4096\n");
	put("cg/a/memory.peak", "8192\n");
	put("cg/a/memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n");
	put("cg/a/pids.current", "1\n");
	put("cg/a/pids.events", "max 4\n");
	put("cg/a/io.stat", "8:0 rbytes=100 wbytes=200 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=6\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cr_assert_eq(read_anew(&group, &u), 0);
	cr_expect_eq(u.cpu_ns, 1500000);
	cr_expect_eq(u.cpu_user_ns, 1000000);
	cr_expect_eq(u.throttled_ns, 7000);
	cr_expect_eq(u.memory_peak_bytes, 8192);
	cr_expect_eq(u.oom_kills, 1, "not max, oom or oom_group_kill");
	cr_expect_eq(u.pids_peak, UINT64_MAX, "not offered is not zero");
	cr_expect_eq(u.pids_refused, 4);
	cr_expect_eq(u.io_read_bytes, 105);
	cr_expect_eq(u.io_write_bytes, 206);
	cr_expect_eq(cgroup_populated(&group), 1);
	put("cg/a/cgroup.events", "populated 0\nfrozen 0\n");
	cr_expect_eq(cgroup_populated(&group), 0);
	cgroup_close(&group);
}

Test(cgroup, malformed_figures_are_unknown)
{
	static const char *const rubbish[] = {"", "\n", "x\n", "-5\n", "12x\n", "99999999999999999999999999\n", "0x10\n", " 7\n"};
	struct cgroup_layout l = v2_layout();

	for (size_t i = 0; i < ARRAY_SIZE(rubbish); i++) {
		struct cgroup group;
		struct cgroup_usage u;

		put("cg/a/cgroup.procs", "");
		put("cg/a/memory.current", rubbish[i]);
		put("cg/a/cpu.stat", "usage_usec\nusage_usec_more 3\n");
		cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
		cr_assert_eq(read_anew(&group, &u), 0);
		cr_expect_eq(u.memory_bytes, UINT64_MAX, "%s: %lu", rubbish[i], u.memory_bytes);
		cr_expect_eq(u.cpu_ns, UINT64_MAX);
		cgroup_close(&group);
	}
}

Test(cgroup, v1_figures)
{
	static const char *const hierarchies[] = {"cpu/a/cgroup.procs", "memory/a/cgroup.procs", "pids/a/cgroup.procs",
						  "unified/a/cgroup.procs"};
	struct cgroup_layout l = v1_layout(true);
	struct cgroup group;
	struct cgroup_usage u;

	for (size_t i = 0; i < ARRAY_SIZE(hierarchies); i++)
		put(hierarchies[i], "");
	put("cpu/a/cpuacct.usage", "123456789\n");
	put("cpu/a/cpu.stat", "nr_periods 1\nnr_throttled 1\nthrottled_time 42\n");
	put("memory/a/memory.usage_in_bytes", "4096\n");
	put("memory/a/memory.limit_in_bytes", "9223372036854771712\n");
	put("memory/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
	put("pids/a/pids.max", "max\n");
	put("unified/a/cgroup.events", "populated 1\nfrozen 0\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cr_assert_eq(read_anew(&group, &u), 0);
	cr_expect_eq(u.cpu_ns, 123456789);
	cr_expect_eq(u.throttled_ns, 42);
	cr_expect_eq(u.oom_kills, 5);
	cr_expect_eq(cgroup_populated(&group), 1);
	struct cgroup_limits limits;

	cr_assert_eq(cgroup_limits_get(&group, &limits, NULL), 0);
	cr_expect_eq(limits.memory_bytes, UINT64_MAX, "v1's largest number is no limit");
	cr_expect_eq(limits.pids, UINT64_MAX);
	cgroup_close(&group);
}

Test(cgroup, v2_limits)
{
	struct cgroup_layout l = v2_layout();
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;
	struct cgroup group;
	struct error err = {0};

	put("cg/a/cgroup.procs", "");
	put("cg/a/memory.max", "max\n");
	put("cg/a/memory.oom.group", "0\n");
	put("cg/a/pids.max", "max\n");
	put("cg/a/cpu.max", "max 100000\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	limits.memory_bytes = 1000;
	limits.memory_swap_bytes = 1000; /* no memory.swap.max: no error */
	limits.pids = 7;
	limits.cpu_quota_us = 5000;
	limits.cpu_period_us = 10000;
	limits.oom_group = true;
	cr_assert_eq(cgroup_limits_set(&group, &limits, &err), 0, "%s", err.text);
	expect_text("cg/a/memory.max", "1000");
	cgroup_close(&group);
}

Test(cgroup, a_limit_without_its_controller_is_refused)
{
	struct cgroup_layout l = v2_layout();
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;
	struct cgroup group;
	struct error err = {0};

	put("cg/a/cgroup.procs", "");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	limits.pids = 7;
	cr_expect_eq(cgroup_limits_set(&group, &limits, &err), -EOPNOTSUPP);
	cr_expect(strstr(err.text, "pids"), "%s", err.text);
	cgroup_close(&group);
}

Test(cgroup, made_with_its_parents_and_removed)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup group, child;
	struct error err = {0};
	char path[128];

	cr_assert_eq(cgroup_make(&host, &l, "/stint/x", 1u << CONTROLLER_MEMORY, true, &group, &err), 0, "%s", err.text);
	(void)snprintf(path, sizeof path, "%s/memory/stint/x", top);
	cr_expect_eq(access(path, F_OK), 0);
	(void)snprintf(path, sizeof path, "%s/pids/stint", top);
	cr_expect_eq(access(path, F_OK), -1, "made where it was not asked for");
	cr_assert_eq(cgroup_make_child(&host, &group, "payload", &child, &err), 0, "%s", err.text);
	cgroup_close(&child);
	cgroup_close(&group);
	cr_expect_eq(cgroup_remove(&host, &l, "/stint/x", "/stint", &err), 0, "%s", err.text);
	(void)snprintf(path, sizeof path, "%s/memory/stint/x", top);
	cr_expect_eq(access(path, F_OK), -1);
	(void)snprintf(path, sizeof path, "%s/memory/stint", top);
	cr_expect_eq(access(path, F_OK), 0);
	cr_expect_eq(cgroup_remove(&host, &l, "/stint/x", "/stint", &err), 0, "what is not there is removed");
}

Test(cgroup, one_with_processes_is_not_taken_over)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup group;
	struct error err = {0};

	put("memory/stint/x/cgroup.procs", "1\n");
	cr_expect_eq(cgroup_make(&host, &l, "/stint/x", 1u << CONTROLLER_MEMORY, true, &group, &err), -EEXIST);
	cr_expect(strstr(err.text, "processes"), "%s", err.text);
}

Test(cgroup, gone_is_neither_zero_nor_out_of_memory)
{
	struct cgroup_layout l = v2_layout();
	struct cgroup_usage u = {.cpu_ns = 4711};
	struct cgroup group;
	char command[400];
	uint64_t n;

	put("cg/a/cgroup.procs", "");
	put("cg/a/memory.events", "oom_kill 0\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	(void)snprintf(command, sizeof command, "rm -r %s/cg/a && mkdir %s/cg/a && echo 'oom_kill 9' >%s/cg/a/memory.events", top, top, top);
	cr_assert_eq(system(command), 0);
	cr_expect_eq(cgroup_usage_read(&group, &u), -ENODEV);
	cr_expect_eq(u.cpu_ns, 4711);
	cr_expect_eq(cgroup_oom_kills(&group, &n), -ENODEV);
	cr_expect_eq(cgroup_cpu_ns(&group, false, &n), -ENODEV);
	cr_expect_eq(cgroup_populated(&group), -ENODEV);
	cgroup_close(&group);
	cr_expect_eq(cgroup_populated(&group), -ENODEV, "one that is not open");
}

/* A runtime that removes its group takes one hierarchy of v1 after the other. */
Test(cgroup, half_gone_is_gone_and_says_what_it_still_knows)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup_usage u = cgroup_usage_unknown;
	struct cgroup group;
	char command[400];

	u.memory_peak_bytes = 4711;
	put("cpu/a/cgroup.procs", "");
	put("cpu/a/cpuacct.usage", "1000\n");
	put("memory/a/cgroup.procs", "");
	put("memory/a/memory.max_usage_in_bytes", "4096\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	(void)snprintf(command, sizeof command, "rm -r %s/memory/a", top);
	cr_assert_eq(system(command), 0);
	cr_expect_eq(cgroup_usage_read(&group, &u), -ENODEV);
	cr_expect_eq(u.cpu_ns, 1000);
	cr_expect_eq(u.memory_peak_bytes, 4711, "what was known stays");
	cr_expect_eq(u.pids_peak, UINT64_MAX);
	(void)snprintf(command, sizeof command, "rm %s/cpu/a/cpuacct.usage; mkdir %s/memory/a; : >%s/memory/a/cgroup.procs", top, top, top);
	cr_assert_eq(system(command), 0);
	cr_expect_eq(cgroup_usage_read(&group, &u), -ENODEV, "a group's files go before the group does");
	cr_expect_eq(u.cpu_ns, 1000);
	cgroup_close(&group);
}

Test(cgroup, an_own_filesystem_is_demanded)
{
	struct cgroup_layout l = v2_layout();
	struct cgroup group;
	struct error err = {0};

	host.any_filesystem = false;
	cr_expect_eq(cgroup_make(&host, &l, "/stint/x", 1u << CONTROLLER_MEMORY, true, &group, &err), -EXDEV);
}

/* mkdir says "exists" of a file too: cgroup.procs and the like are in every group. */
Test(cgroup, a_name_that_the_kernel_has_a_file_of, .timeout = 20)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup group;
	struct error err = {0};

	put("memory/stint/cgroup.procs", "");
	cr_expect_eq(cgroup_make(&host, &l, "/stint/cgroup.procs", 1u << CONTROLLER_MEMORY, true, &group, &err), -EEXIST);
	cr_expect(strstr(err.text, "/stint/cgroup.procs"), "%s", err.text);
	cr_expect(strstr(err.text, "file"), "%s", err.text);
	cr_expect_eq(cgroup_make(&host, &l, "/stint/cgroup.procs/x", 1u << CONTROLLER_MEMORY, true, &group, &err), -ENOTDIR);
}

Test(cgroup, out_of_descriptors_is_an_error_and_no_loop, .timeout = 20)
{
	struct cgroup_layout l = v1_layout(true);
	struct rlimit few = {0}, before;
	struct cgroup group;
	struct error err = {0};
	int next, r;

	put("memory/x/cgroup.procs", "");
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(0);
	few.rlim_cur = (rlim_t)next + 1; /* one: the hierarchy's root */
	few.rlim_max = before.rlim_max;
	(void)close(next);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = cgroup_make(&host, &l, "/x", 1u << CONTROLLER_MEMORY, true, &group, &err);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	cr_expect_eq(r, -EMFILE, "%d: %s", r, err.text);
}

Test(cgroup, mounted_twice_is_one_hierarchy)
{
	struct cgroup_layout l;

	put("proc/self/mountinfo", "1 1 0:7 /docker/x /part rw - cgroup none rw,memory\n"
				   "2 1 0:7 / /whole rw - cgroup none rw,memory\n"
				   "3 1 0:8 / /net rw - cgroup none rw,net_cls\n"
				   "4 1 0:8 / /net-again rw - cgroup none rw,net_cls\n"
				   "5 1 0:7 / /again rw - cgroup none rw,memory\n");
	l = layout();
	cr_expect_eq(l.count, 2);
	cr_expect_str_eq(l.hierarchies[0].path, "/whole", "%s", l.hierarchies[0].path);
	cr_expect_str_eq(l.hierarchies[1].path, "/net");
}

Test(cgroup, more_mounts_than_fit_and_one_that_is_too_long)
{
	char text[16384], name[400];
	struct cgroup_layout l;
	size_t n = 0;

	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	n += (size_t)snprintf(text, sizeof text, "1 1 0:1 / /%s rw - cgroup none rw,memory\n", name);
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "1 1 1:%d / /m%d rw - cgroup none rw,name=n%d\n", i, i, i);
	(void)snprintf(text + n, sizeof text - n, "1 1 0:2 / /cut rw - cgr");
	put("proc/self/mountinfo", text);
	cr_expect_eq(cgroup_layout_read(&host, &l, NULL), -ENODEV, "no controller and no v2 tree among those that fit");
	put("proc/self/mountinfo", "1 1 0:1 / /cg rw - cgroup2 none rw\n1 1 0:2 / /cut rw - cgr");
	cr_expect_eq(layout().count, 1);
}

Test(cgroup, figures_are_all_or_nothing)
{
	static const char *const cpu[] = {"usage_usec 1\nusage_usec 2\n", "usage_usec 1\nuser_us", "usage_usec 1\nuser_usec 1x\n",
					  "usage_usec 18446744073709551615\n", "usage_usec 18446744073709551\nusage_usec 1\n"};
	static const char *const io[] = {"8:0 rbytes=1 wbytes=-2\n", "8:0 rbytes= wbytes=2\n", "8:0 rbytes=1x wbytes=2\n",
					 "8:0 rbytes=1 wbytes=99999999999999999999\n"};
	struct cgroup_layout l = v2_layout();
	struct cgroup_usage u;
	struct cgroup group;

	put("cg/a/cgroup.procs", "");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cpu); i++) {
		put("cg/a/cpu.stat", cpu[i]);
		cr_assert_eq(read_anew(&group, &u), 0);
		cr_expect_eq(u.cpu_ns, UINT64_MAX, "%s: %lu", cpu[i], u.cpu_ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(io); i++) {
		put("cg/a/io.stat", io[i]);
		cr_assert_eq(read_anew(&group, &u), 0);
		cr_expect_eq(u.io_read_bytes, UINT64_MAX, "%s: %lu", io[i], u.io_read_bytes);
		cr_expect_eq(u.io_write_bytes, UINT64_MAX, "%s", io[i]);
	}
	put("cg/a/io.stat", "8:0 \n8:16 rbytes=5 wbytes=6\n"); /* an idle device has a line without figures */
	cr_assert_eq(read_anew(&group, &u), 0);
	cr_expect_eq(u.io_read_bytes, 5);
	cgroup_close(&group);
}

Test(cgroup, v1_io_is_all_or_nothing)
{
	static const char *const lines[][3] = {{"cgroup", "rw,blkio", "blkio"}, {NULL, NULL, NULL}};
	struct cgroup_layout l;
	struct cgroup_usage u;
	struct cgroup group;

	mounts(lines);
	l = layout();
	put("blkio/a/cgroup.procs", "");
	put("blkio/a/blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Write 10\n8:0 Sync 1\n8:16 Read 4\nTotal 4110\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cr_assert_eq(read_anew(&group, &u), 0);
	cr_expect_eq(u.io_read_bytes, 4100);
	cr_expect_eq(u.io_write_bytes, 10);
	put("blkio/a/blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Write -1x\nTotal 4106\n");
	cr_assert_eq(read_anew(&group, &u), 0);
	cr_expect_eq(u.io_read_bytes, UINT64_MAX);
	cgroup_close(&group);
}

Test(cgroup, a_process_outside_of_our_namespace_is_in_no_group)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup group;

	put("memory/x/cgroup.procs", "");
	put("pids/x/cgroup.procs", "");
	put("proc/7/cgroup", "3:memory:/../pids/x\n2:pids:/..\n0::/gone (deleted)\nrubbish\n");
	cr_expect_eq(cgroup_open_of(&host, &l, 7, &group, NULL), -ESRCH);
	put("proc/7/cgroup", "3:memory:/x\n3:memory:/x\n");
	cr_assert_eq(cgroup_open_of(&host, &l, 7, &group, NULL), 0);
	cgroup_close(&group);
}

/* By which a socket is told to be the container's: nobody else may be in it. */
Test(cgroup, the_v2_group_of_a_process_alone)
{
	static const struct {
		const char *its, *outsiders;
		int result;
		uint32_t level;
	} rows[] = {
		{"3:memory:/x\n0::/a/b/payload\n", "0::/a\n", 0, 3},
		{"0::/a/b/payload\n", "0::/\n", 0, 3},
		{"0::/a\n", "0::/ab\n", 0, 1},
		{"0::/a\n", "0::/a\n", -ENOTSUP, 0},
		{"0::/a\n", "0::/a/b/payload\n", -ENOTSUP, 0},
		{"0::/\n", "0::/a\n", -ENOTSUP, 0},
		{"3:memory:/x\n", "0::/a\n", -ENOTSUP, 0},
		{"0::/gone\n", "0::/a\n", -ESRCH, 0},
		{"0::/../a\n", "0::/b\n", -ESRCH, 0},
	};
	struct cgroup_layout l = v1_layout(true);
	char ours[PATH_MAX];
	struct stat directory;

	put("unified/a/cgroup.procs", "");
	put("unified/a/b/payload/cgroup.procs", "");
	put("proc/self/ns/none", "");
	(void)snprintf(ours, sizeof ours, "%s/self/ns/cgroup", host.proc);
	cr_assert_eq(symlink("/proc/self/ns/cgroup", ours), 0);
	if (stat(ours, &directory) < 0 || directory.st_ino != 0xEFFFFFFB)
		cr_skip_test("in a cgroup namespace no level is known");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		uint64_t id = 0;
		uint32_t level = 0;

		put("proc/7/cgroup", rows[i].its);
		put("proc/8/cgroup", rows[i].outsiders);
		cr_expect_eq(cgroup_unified_own(&host, &l, 7, 8, &id, &level, &err), rows[i].result, "%zu: %s", i, err.text);
		cr_expect_eq(level, rows[i].level, "%zu", i);
		cr_expect_eq(id != 0, rows[i].result == 0, "%zu", i);
	}
	/* Somewhere else levels are counted from another root. */
	cr_assert_eq(unlink(ours), 0);
	put("proc/self/ns/cgroup", "");
	put("proc/7/cgroup", rows[0].its);
	cr_expect_eq(cgroup_unified_own(&host, &l, 7, 8, &(uint64_t){0}, &(uint32_t){0}, &(struct error){0}), -ENOTSUP);
}

Test(cgroup, entered_by_a_path_with_or_without_a_slash)
{
	struct cgroup_layout l = v1_layout(true);
	struct error err = {0};

	put("memory/x/tasks", "");
	put("unified/x/cgroup.procs", "");
	put("proc/self/cgroup", "3:memory:/\n0::/\n");
	cr_expect_eq(cgroup_enter(&host, &l, "x", 1u << CONTROLLER_MEMORY, &err), 0, "%s", err.text);
	expect_text("memory/x/tasks", "0");
	expect_text("unified/x/cgroup.procs", "0");
	cr_expect_eq(cgroup_enter(&host, &l, "/x/../y", 1u << CONTROLLER_MEMORY, &err), -EINVAL);
}

Test(cgroup, without_a_freezer_of_v1_the_v2_tree_freezes)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup group;

	put("memory/a/cgroup.procs", "");
	put("unified/a/cgroup.freeze", "0");
	put("unified/a/b/cgroup.freeze", "1");
	put("unified/a/cgroup.events", "populated 1\nfrozen 1\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cr_expect_eq(cgroup_freeze(&group, true), 0);
	expect_text("unified/a/cgroup.freeze", "1");
	cr_expect_eq(cgroup_frozen(&group), 1);
	cr_expect_eq(cgroup_freeze(&group, false), 0);
	expect_text("unified/a/cgroup.freeze", "0");
	expect_text("unified/a/b/cgroup.freeze", "0");
	cgroup_close(&group);
}

Test(cgroup, v1_is_frozen_when_every_process_is)
{
	struct cgroup_layout l = v1_layout(false);
	struct cgroup group;

	put("freezer/a/freezer.state", "FREEZING\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cr_expect_eq(cgroup_frozen(&group), 0);
	put("freezer/a/freezer.state", "FROZEN\n");
	cr_expect_eq(cgroup_frozen(&group), 1);
	cgroup_close(&group);
}

Test(cgroup, what_is_killed_is_not_held_up_by_its_quota)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup group;

	put("cpu/a/cgroup.procs", "");
	put("cpu/a/cpu.shares", "2\n");
	put("cpu/a/cpu.cfs_period_us", "20000\n");
	put("cpu/a/cpu.cfs_quota_us", "1000\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cgroup_hasten(&group);
	expect_text("cpu/a/cpu.shares", "262144");
	expect_text("cpu/a/cpu.cfs_quota_us", "-1");
	cgroup_close(&group);
	l = v2_layout();
	put("cg/a/cgroup.procs", "");
	put("cg/a/cpu.weight", "1\n");
	put("cg/a/cpu.max", "1000 20000\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cgroup_hasten(&group);
	expect_text("cg/a/cpu.weight", "10000");
	expect_text("cg/a/cpu.max", "max 20000");
	cgroup_close(&group);
	cgroup_hasten(&group); /* one that is gone */
}

Test(cgroup, a_quota_without_a_period_keeps_the_period)
{
	struct cgroup_layout l = v1_layout(true);
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;
	struct cgroup group;
	struct error err = {0};

	limits.cpu_quota_us = 5000;
	put("cpu/a/cpu.cfs_period_us", "20000\n");
	put("cpu/a/cpu.cfs_quota_us", "-1\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cr_expect_eq(cgroup_limits_set(&group, &limits, &err), 0, "%s", err.text);
	expect_text("cpu/a/cpu.cfs_period_us", "20000\n");
	expect_text("cpu/a/cpu.cfs_quota_us", "5000");
	cgroup_close(&group);
	l = v2_layout();
	put("cg/a/cpu.max", "max 20000\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	cr_expect_eq(cgroup_limits_set(&group, &limits, &err), 0, "%s", err.text);
	expect_text("cg/a/cpu.max", "5000");
	cgroup_close(&group);
}

Test(cgroup, v2_swap_is_what_is_above_the_memory_there_is)
{
	struct cgroup_layout l = v2_layout();
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;
	struct cgroup group;

	put("cg/a/memory.max", "1000\n");
	put("cg/a/memory.swap.max", "max\n");
	cr_assert_eq(cgroup_open(&host, &l, "/a", &group, NULL), 0);
	limits.memory_swap_bytes = 1500;
	cr_expect_eq(cgroup_limits_set(&group, &limits, NULL), 0);
	expect_text("cg/a/memory.swap.max", "500");
	cgroup_close(&group);
}
