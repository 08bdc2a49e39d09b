/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's configuration, selecting, and loading of profiles, on a miniature host. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"
#include "lib/profile/select.h"

static char directory[] = "/tmp/stint-test-select-XXXXXX";
static struct host host;

static void make_directory(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	cr_assert_eq(mkdir(path, 0755), 0);
}

static void make_host(void)
{
	cr_assert_not_null(mkdtemp(directory));
	(void)umask(022);
	make_directory("etc");
	make_directory("etc/profiles.d");
	make_directory("data");
	make_directory("data/profiles");
	make_directory("shipped");
	make_directory("shipped/profiles");
	cr_assert_eq(host_init(&host, NULL, NULL), 0);
	(void)snprintf(host.config_dir, sizeof host.config_dir, "%s/etc", directory);
	(void)snprintf(host.data_dir, sizeof host.data_dir, "%s/data", directory);
	(void)snprintf(host.shipped_dir, sizeof host.shipped_dir, "%s/shipped", directory);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_host(void)
{
	(void)nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(select, .init = make_host, .fini = remove_host);

static void path_of(const char *name, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", directory, name);
}

static void put(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *name, const char *format, ...)
{
	char path[256];
	va_list args;
	FILE *out;

	path_of(name, path);
	out = fopen(path, "w");
	cr_assert_not_null(out);
	va_start(args, format);
	(void)vfprintf(out, format, args);
	va_end(args);
	cr_assert_eq(fclose(out), 0);
}

static struct host_config loaded(void)
{
	struct host_config config;
	struct error err = {0};

	cr_assert_eq(host_config_load(&host, &config, &err), 0, "%s", err.text);
	return config;
}

/* --- the configuration --- */

Test(select, without_a_file_there_are_defaults)
{
	struct host_config config = loaded();

	cr_assert_null(config.doc);
	cr_assert_null(config.runtime);
	cr_assert_not(config.has_ceiling);
	cr_assert(config.refuse_unenforceable);
	cr_assert(config.kill_on_monitor_loss);
	cr_assert_str_eq(select_profile(&config, &(struct workload){0}, NULL), "default");
	(void)strcat(host.config_dir, "/nowhere");
	config = loaded();
	cr_assert_null(config.doc);
}

Test(select, every_key_of_the_configuration)
{
	struct host_config config;

	put("etc/stint.json", "{\"runtime\":\"/usr/bin/crun\",\"defaultProfile\":\"service\","
			      "\"ceiling\":{\"budgets\":{\"cpu\":{\"limit\":\"1h\"}}},"
			      "\"select\":[{\"image\":\"x\",\"profile\":\"strict\"}],\"onUnenforceable\":\"warn\","
			      "\"onMonitorLoss\":\"continue\",\"allowAnnotations\":[\"run.oci.keep_original_groups\"]}");
	config = loaded();
	cr_assert_str_eq(config.runtime, "/usr/bin/crun");
	cr_assert_str_eq(config.default_profile, "service");
	cr_assert(config.has_ceiling);
	cr_assert_eq(config.ceiling.budgets[BUDGET_CPU].limit.value, UINT64_C(3600000000000));
	cr_assert_str_eq(config.ceiling.budgets[BUDGET_CPU].limit.from, "ceiling");
	cr_assert_not(config.refuse_unenforceable);
	cr_assert_not(config.kill_on_monitor_loss);
	cr_assert_str_eq(json_string(config.allow_annotations->first), "run.oci.keep_original_groups");
	host_config_clear(&config);
	cr_assert_null(config.doc);
}

Test(select, a_bad_configuration_is_refused_with_its_place)
{
	static const struct {
		const char *text, *says;
	} table[] = {
		{"", "stint.json"},
		{"[]", "an object is wanted"},
		{"{\"runtim\":\"/x\"}", "did you mean \"runtime\""},
		{"{\"runtime\":\"crun\"}", "absolute path"},
		{"{\"defaultProfile\":\"./p.json\"}", "absolute path"},
		{"{\"ceiling\":{\"name\":\"x\"}}", "ceiling.name (line 1"},
		{"{\"ceiling\":{\"budgets\":{\"cpu\":{\"limit\":\"0s\"}}}}", "ceiling.budgets.cpu.limit (line 1"},
		{"{\"ceiling\":{\"budgets\":{\"cpu\":{}}}}", "needs a \"limit\""},
		{"{\"select\":{}}", "an array is wanted"},
		{"{\"select\":[{\"image\":\"x\"}]}", "names no \"profile\""},
		{"{\"select\":[{\"imagee\":\"x\",\"profile\":\"p\"}]}", "did you mean \"image\""},
		{"{\"select\":[{\"annotation\":{\"k\":1},\"profile\":\"p\"}]}", "select[0].annotation.k"},
		{"{\"select\":[{\"profile\":\"../p\"}]}", "absolute path"},
		{"{\"select\":[{\"network\":\"hosts\",\"profile\":\"p\"}]}", "did you mean \"host\""},
		{"{\"select\":[{\"profile\":\"p\",\"rootfs\":{}}]}", "select[0].rootfs"},
		{"{\"select\":[{\"profile\":\"p\",\"hostnam\":\"x\"}]}", "did you mean \"hostname\""},
		{"{\"select\":[{\"profile\":\"p\",\"id\":7}]}", "select[0].id (line 1"},
		{"{\"select\":[{\"env\":{\"A\":1},\"profile\":\"p\"}]}", "select[0].env.A"},
		{"{\"onUnenforceable\":\"wran\"}", "did you mean \"warn\""},
		{"{\"onMonitorLoss\":true}", "a string is wanted"},
		{"{\"allowAnnotations\":[7]}", "allowAnnotations[0]"},
		{"{\"runtime\":\"/a\",\"runtime\":\"/b\"}", "stint.json"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct host_config config = {.runtime = "untouched"};
		struct error err = {0};

		put("etc/stint.json", "%s", table[i].text);
		cr_expect_eq(host_config_load(&host, &config, &err), -EINVAL, "%s", table[i].text);
		cr_expect_not_null(strstr(err.text, table[i].says), "%s\nsays: %s", table[i].text, err.text);
		cr_expect_not_null(strstr(err.text, "stint.json"), "%s", err.text);
		cr_expect_str_eq(config.runtime, "untouched");
	}
}

Test(select, a_configuration_that_others_may_write_is_refused)
{
	struct host_config config;
	struct error err = {0};
	char path[256], other[256];

	put("etc/stint.json", "{}");
	path_of("etc/stint.json", path);
	cr_assert_eq(chmod(path, 0664), 0);
	cr_assert_eq(host_config_load(&host, &config, &err), -EPERM);
	cr_assert_not_null(strstr(err.text, "chmod go-w"), "%s", err.text);
	cr_assert_eq(chmod(path, 0646), 0);
	cr_assert_eq(host_config_load(&host, &config, &err), -EPERM);
	cr_assert_eq(chmod(path, 0644), 0);
	cr_assert_eq(host_config_load(&host, &config, &err), 0, "%s", err.text);
	host_config_clear(&config);
	cr_assert_eq(chmod(host.config_dir, 0777), 0);
	cr_assert_eq(host_config_load(&host, &config, &err), -EPERM, "the file could be swapped");
	cr_assert_eq(chmod(host.config_dir, 0755), 0);
	if (geteuid() == 0) {
		cr_assert_eq(chown(path, 65534, 65534), 0);
		cr_assert_eq(host_config_load(&host, &config, &err), -EPERM);
		cr_assert_not_null(strstr(err.text, "65534"), "%s", err.text);
	}
	/* A link is as good as what it leads to. */
	path_of("elsewhere.json", other);
	put("elsewhere.json", "{}");
	cr_assert_eq(chmod(other, 0666), 0);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink(other, path), 0);
	cr_assert_eq(host_config_load(&host, &config, &err), -EPERM);
}

Test(select, a_configuration_that_is_no_file_does_not_block, .timeout = 10)
{
	struct host_config config;
	struct error err = {0};
	char path[256];

	path_of("etc/stint.json", path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(host_config_load(&host, &config, &err), -EINVAL);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_lt(host_config_load(&host, &config, &err), 0);
}

/* --- selecting --- */

static const struct json *annotations(const char *text)
{
	struct json_doc *doc = NULL;

	cr_assert_eq(json_parse("annotations", text, strlen(text), &doc, NULL), 0);
	cr_assert_eq(document_keep(doc, NULL), 0);
	return json_root(doc);
}

Test(select, the_first_rule_that_holds)
{
	static const struct {
		const char *image, *namespace_name, *annotations, *profile;
	} table[] = {
		{"docker.io/library/nginx:1.25", NULL, "{}", "web"},
		{"docker.io/library/nginx", NULL, "{}", "web"},
		{"nginx", NULL, "{}", "fallback"},
		{NULL, "prod", "{}", "fallback"},
		{"batch-7", "prod", "{}", "batch"},
		{"batch-77", "prod", "{}", "fallback"},
		{"batch-7", "test", "{}", "fallback"},
		{"x", NULL, "{\"team\":\"red-1\",\"tier\":\"gold\"}", "red"},
		{"x", NULL, "{\"team\":\"red-1\"}", "fallback"},
		{"x", NULL, "{\"team\":[\"red-1\"],\"tier\":\"gold\"}", "fallback"},
		{NULL, NULL, NULL, "fallback"},
		/* A rule stands above what a tenant asks for. */
		{NULL, NULL, "{\"io.stint.profile\":\"mine\"}", "fallback"},
	};
	struct host_config config;

	put("etc/stint.json", "{\"defaultProfile\":\"fallback\",\"select\":["
			      "{\"image\":\"*/nginx*\",\"profile\":\"web\"},"
			      "{\"image\":\"batch-?\",\"namespace\":\"prod\",\"profile\":\"batch\"},"
			      "{\"annotation\":{\"team\":\"red-*\",\"tier\":\"*\"},\"profile\":\"red\"}]}");
	config = loaded();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct workload workload = {.image = table[i].image, .namespace_name = table[i].namespace_name,
					    .annotations = table[i].annotations ? annotations(table[i].annotations) : NULL};

		cr_expect_str_eq(select_profile(&config, &workload, NULL), table[i].profile, "row %zu: %s", i,
				 select_profile(&config, &workload, NULL));
	}
	host_config_clear(&config);
}

Test(select, by_what_docker_shows)
{
	static const struct {
		const char *args, *env, *parent, *network, *profile;
	} table[] = {
		{"nginx -g daemon off;", "[]", "/docker", "own", "web"},
		{"/usr/sbin/nginx", "[]", "/docker", "own", "fallback"},
		{"x", "[\"PATH=/bin\",\"TIER=gold\"]", "/docker", "own", "gold"},
		{"x", "[\"TIER=silver\"]", "/docker", "own", "fallback"},
		{"x", "[\"TIERS=gold\",\"TIER\",1]", "/docker", "own", "fallback"},
		{"x", "[]", "/tenants/a", "own", "tenant"},
		{"x", "[]", "tenants.slice", "own", "fallback"},
		{"x", "[]", NULL, "host", "open"},
		{"x", "[]", "/docker", "joined", "fallback"},
		{NULL, NULL, NULL, NULL, "fallback"},
	};
	struct host_config config;

	put("etc/stint.json", "{\"defaultProfile\":\"fallback\",\"select\":["
			      "{\"args\":\"nginx *\",\"profile\":\"web\"},"
			      "{\"env\":{\"TIER\":\"gold\"},\"profile\":\"gold\"},"
			      "{\"cgroupParent\":\"/tenants/?\",\"profile\":\"tenant\"},"
			      "{\"network\":\"host\",\"profile\":\"open\"}]}");
	config = loaded();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct workload workload = {.args = table[i].args, .cgroup_parent = table[i].parent,
					    .network = table[i].network,
					    .env = table[i].env ? annotations(table[i].env) : NULL};

		cr_expect_str_eq(select_profile(&config, &workload, NULL), table[i].profile, "row %zu: %s", i,
				 select_profile(&config, &workload, NULL));
	}
	host_config_clear(&config);
}

Test(select, by_names_and_by_the_image_s_layer_and_who_said_so)
{
	static const struct {
		const char *id, *hostname, *rootfs, *profile, *by;
	} table[] = {
		{"web-1", "h", NULL, "web", "select[0] (line 1"},
		{"web", "h", NULL, "fallback", "defaultProfile of stint.json"},
		{"x", "db-9", NULL, "db", "select[1] (line 2"},
		{"x", "h", "/var/lib/docker/overlay2/4f5e/diff", "shop", "select[2] (line 3"},
		{"x", "h", "/var/lib/docker/overlay2/4f5e/diff/", "fallback", "defaultProfile"},
		{"x", "h", "/var/lib/docker/overlay2/4f5f/diff", "fallback", "defaultProfile"},
		{NULL, NULL, NULL, "fallback", "defaultProfile"},
	};
	struct host_config config;

	put("etc/stint.json", "{\"defaultProfile\":\"fallback\",\"select\":[{\"id\":\"web-*\",\"profile\":\"web\"},\n"
			      "{\"hostname\":\"db-?\",\"profile\":\"db\"},\n"
			      "{\"rootfs\":\"/var/lib/docker/overlay2/4f5e/diff\",\"profile\":\"shop\"}]}");
	config = loaded();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct workload workload = {.id = table[i].id, .hostname = table[i].hostname, .rootfs = table[i].rootfs};
		char by[SELECTED_BY_MAX];

		cr_expect_str_eq(select_profile(&config, &workload, by), table[i].profile, "row %zu: %s", i, by);
		cr_expect_eq(strncmp(by, table[i].by, strlen(table[i].by)), 0, "row %zu: %s", i, by);
	}
	host_config_clear(&config);
	config = (struct host_config){0};
	cr_expect_str_eq(select_profile(&config, &(struct workload){0}, NULL), "default");
}

Test(select, an_annotation_selects_nothing)
{
	struct host_config config = loaded();
	struct workload workload = {.annotations = annotations("{\"io.stint.profile\":\"function\"}")};

	cr_expect_str_eq(select_profile(&config, &workload, NULL), "default");
	config.default_profile = "service";
	cr_expect_str_eq(select_profile(&config, &workload, NULL), "service");
}

Test(select, many_stars_take_no_longer, .timeout = 10)
{
	char image[4001];
	struct host_config config;

	memset(image, 'a', sizeof image - 1);
	image[sizeof image - 1] = '\0';
	put("etc/stint.json", "{\"select\":[{\"image\":\"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\",\"profile\":\"p\"}]}");
	config = loaded();
	cr_assert_str_eq(select_profile(&config, &(struct workload){.image = image}, NULL), "default");
	host_config_clear(&config);
}

/* --- loading --- */

static int load(const char *name, struct profile *profile, struct error *err)
{
	return profile_load(&host, name, profile, err);
}

Test(select, names_are_looked_up_in_order)
{
	struct profile p;
	struct error err = {0};
	char path[256];

	put("shipped/profiles/p.json", "{\"name\":\"p\",\"resources\":{\"pids\":{\"limit\":3}}}");
	cr_assert_eq(load("p", &p, &err), 0, "%s", err.text);
	cr_assert_eq(p.resources.pids_limit.value, 3);
	put("data/profiles/p.json", "{\"name\":\"p\",\"resources\":{\"pids\":{\"limit\":2}}}");
	cr_assert_eq(load("p", &p, &err), 0, "%s", err.text);
	cr_assert_eq(p.resources.pids_limit.value, 2);
	put("etc/profiles.d/p.json", "{\"name\":\"p\",\"resources\":{\"pids\":{\"limit\":1}}}");
	cr_assert_eq(load("p", &p, &err), 0, "%s", err.text);
	cr_assert_eq(p.resources.pids_limit.value, 1);
	cr_assert_str_eq(p.resources.pids_limit.from, "profile p");
	path_of("shipped/profiles/p.json", path);
	cr_assert_eq(load(path, &p, &err), 0, "%s", err.text);
	cr_assert_eq(p.resources.pids_limit.value, 3, "a path is a path");
	path_of("etc/profiles.d/p.json", path);
	cr_assert_eq(chmod(path, 0666), 0);
	cr_assert_eq(load("p", &p, &err), -EPERM, "it is not passed over for the shipped one");
}

Test(select, a_profile_that_is_not_there_says_where_it_was_looked_for)
{
	struct profile p;
	struct error err = {0};

	put("shipped/profiles/function.json", "{\"name\":\"function\"}");
	put("etc/profiles.d/child.json", "{\"name\":\"child\",\"extends\":[\"functoin\"]}");
	cr_assert_eq(load("functoin", &p, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "did you mean \"function\""), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "etc/profiles.d"), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "shipped/profiles"), "%s", err.text);
	cr_assert_eq(load("child", &p, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "the profile child extends functoin"), "%s", err.text);
	cr_assert_eq(load("child", &p, NULL), -ENOENT);
	cr_assert_eq(load("./nowhere.json", &p, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "./nowhere.json"), "%s", err.text);
}

Test(select, bad_names_reach_no_file)
{
	static const char *const names[] = {"", "..", "-rf", "a b", "a\nb", ".hidden", "%s%s%n"};
	struct profile p;
	char endless[5000];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct error err = {0};

		cr_expect_eq(load(names[i], &p, &err), -EINVAL, "%s", names[i]);
		cr_expect_not_null(strstr(err.text, "letters"), "%s", err.text);
	}
	memset(endless, 'a', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	cr_expect_eq(load(endless, &p, NULL), -EINVAL);
	endless[0] = '/';
	cr_expect_eq(load(endless, &p, NULL), -ENAMETOOLONG);
}

Test(select, extending_only_tightens_and_keeps_each_source)
{
	struct profile p;
	struct error err = {0};

	put("etc/profiles.d/default.json", "{\"name\":\"default\",\"resources\":{\"pids\":{\"limit\":100}},"
					   "\"noNewPrivileges\":true,\"budgets\":{\"cpu\":{\"limit\":\"9s\"}}}");
	put("etc/profiles.d/middle.json", "{\"name\":\"middle\",\"extends\":[\"default\"],"
					  "\"budgets\":{\"wall\":{\"limit\":\"30s\"}}}");
	put("etc/profiles.d/leaf.json", "{\"name\":\"leaf\",\"extends\":[\"middle\",\"default\"],"
					"\"resources\":{\"pids\":{\"limit\":4000}},\"budgets\":{\"cpu\":{\"limit\":\"1s\"}}}");
	cr_assert_eq(load("leaf", &p, &err), 0, "%s", err.text);
	cr_assert_str_eq(p.name, "leaf");
	cr_assert_eq(p.resources.pids_limit.value, 100, "a base is never loosened");
	cr_assert_str_eq(p.resources.pids_limit.from, "profile default");
	cr_assert_str_eq(p.budgets[BUDGET_CPU].limit.from, "profile leaf");
	cr_assert_str_eq(p.budgets[BUDGET_WALL].limit.from, "profile middle");
}

Test(select, a_cycle_is_shown, .timeout = 10)
{
	struct profile p, before;
	struct error err = {0};

	put("etc/profiles.d/self.json", "{\"name\":\"self\",\"extends\":[\"self\"]}");
	put("etc/profiles.d/a.json", "{\"name\":\"a\",\"extends\":[\"b\"]}");
	put("etc/profiles.d/b.json", "{\"name\":\"b\",\"extends\":[\"c\"]}");
	put("etc/profiles.d/c.json", "{\"name\":\"c\",\"extends\":[\"%s/etc/profiles.d/../profiles.d/a.json\"]}", directory);
	memset(&p, 0x5a, sizeof p);
	before = p;
	cr_assert_eq(load("self", &p, &err), -ELOOP);
	cr_assert_not_null(strstr(err.text, "self -> self"), "%s", err.text);
	cr_assert_eq(load("a", &p, &err), -ELOOP, "by another name for the same file too");
	cr_assert_not_null(strstr(err.text, "a -> b -> c -> a"), "%s", err.text);
	cr_assert_eq(memcmp(&p, &before, sizeof p), 0);
}

static void put_chain(int length)
{
	char name[64];

	for (int i = 0; i < length; i++) {
		(void)snprintf(name, sizeof name, "etc/profiles.d/n%d.json", i);
		if (i + 1 < length)
			put(name, "{\"name\":\"n%d\",\"extends\":[\"n%d\"]}", i, i + 1);
		else
			put(name, "{\"name\":\"n%d\"}", i);
	}
}

Test(select, depth_and_number_are_capped)
{
	struct profile p;
	struct error err = {0};
	char name[64], list[1024] = "";

	put_chain(16);
	cr_assert_eq(load("n0", &p, &err), 0, "%s", err.text);
	put_chain(17);
	cr_assert_eq(load("n0", &p, &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "16 deep"), "%s", err.text);
	for (int i = 0; i < 64; i++) {
		(void)snprintf(name, sizeof name, "etc/profiles.d/w%d.json", i);
		put(name, "{\"name\":\"w%d\"}", i);
		(void)snprintf(list + strlen(list), sizeof list - strlen(list), "%s\"w%d\"", i ? "," : "", i);
		if (i == 62) {
			put("etc/profiles.d/wide.json", "{\"name\":\"wide\",\"extends\":[%s]}", list);
			cr_assert_eq(load("wide", &p, &err), 0, "%s", err.text);
		}
	}
	put("etc/profiles.d/wide.json", "{\"name\":\"wide\",\"extends\":[%s]}", list);
	cr_assert_eq(load("wide", &p, &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "64"), "%s", err.text);
}

/* Sixteen levels of two, each level extending both of the next: each file is read once. */
Test(select, diamonds_do_not_multiply, .timeout = 10)
{
	struct profile p;
	struct error err = {0};
	char name[64];

	for (int i = 0; i < 16; i++)
		for (int side = 0; side < 2; side++) {
			(void)snprintf(name, sizeof name, "etc/profiles.d/d%d-%d.json", i, side);
			if (i < 15)
				put(name, "{\"name\":\"d%d-%d\",\"extends\":[\"d%d-0\",\"d%d-1\"]}", i, side, i + 1, i + 1);
			else
				put(name, "{\"name\":\"d%d-%d\"}", i, side);
		}
	cr_assert_eq(load("d0-0", &p, &err), 0, "%s", err.text);
}

Test(select, hostile_files_are_refused, .timeout = 30)
{
	struct profile p;
	struct error err = {0};
	char path[256];
	FILE *out;

	path_of("etc/profiles.d/h.json", path);
	out = fopen(path, "w");
	for (int i = 0; i < 500000; i++)
		(void)fputc('[', out);
	(void)fclose(out);
	cr_expect_lt(load("h", &p, &err), 0, "deep");
	cr_assert_eq(truncate(path, 100 << 20), 0);
	cr_expect_eq(load("h", &p, &err), -EFBIG, "100 MB");
	put("etc/profiles.d/h.json", "{\"name\":\"h\",\"Name\":\"h\"}");
	cr_expect_eq(load("h", &p, &err), -EINVAL, "keys equal but for case");
	put("etc/profiles.d/h.json", "{\"name\":\"h\"} x");
	cr_expect_eq(load("h", &p, &err), -EINVAL, "bytes after it");
	put("etc/profiles.d/h.json", "{\"name\":\"\xff\"}");
	cr_expect_eq(load("h", &p, &err), -EINVAL, "no UTF-8");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(load("h", &p, &err), -EINVAL, "a fifo does not block");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink(path, path), 0);
	cr_expect_eq(load("h", &p, &err), -ELOOP);
	cr_expect_eq(load("/dev/zero", &p, &err), -EINVAL, "endless");
	cr_expect_eq(load("/proc/self/mem", &p, &err) < 0, true);
}
