/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container shows of itself, and by it the profile, on a miniature host. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/plan/workload.h"

static char top[] = "/tmp/stint-test-workload-XXXXXX";
static struct host host;

static void make_directory(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", top, name);
	cr_assert_eq(mkdir(path, 0755), 0, "%s", path);
}

/* Docker's store: one layer of the image, "l" with short names of directories, the container's own two. */
static void make_host(void)
{
	static const char *const directories[] = {"proc", "proc/self", "store", "store/l", "store/image", "store/image/diff",
						  "store/base", "store/base/diff", "store/c1", "store/c1/diff",
						  "store/c1/merged", "store/c1-init", "store/c1-init/diff", "bundle",
						  "bundle/rootfs"};
	static const char *const names[][2] = {{"IMG", "../image/diff"}, {"BASE", "../base/diff"}, {"INIT", "../c1-init/diff"}};
	char path[256];

	cr_assert_not_null(mkdtemp(top));
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		make_directory(directories[i]);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof path, "%s/store/l/%s", top, names[i][0]);
		cr_assert_eq(symlink(names[i][1], path), 0);
	}
	cr_assert_eq(host_init(&host, NULL, NULL), 0);
	(void)snprintf(host.proc, sizeof host.proc, "%s/proc", top);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_host(void)
{
	(void)nftw(top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(workload, .init = make_host, .fini = remove_host);

/* Every "@" is the top directory. */
static void put_mounts(const char *text)
{
	char path[PATH_MAX];
	FILE *out;

	(void)snprintf(path, sizeof path, "%s/self/mountinfo", host.proc);
	out = fopen(path, "w");
	cr_assert_not_null(out);
	for (; *text; text++)
		(void)(*text == '@' ? fputs(top, out) : fputc(*text, out));
	cr_assert_eq(fclose(out), 0);
}

static const char *layer_of(const char *root, char layer[PATH_MAX])
{
	char path[PATH_MAX];
	const char *found;

	(void)snprintf(path, sizeof path, "%s/%s", top, root);
	found = image_layer(&host, path, layer);
	return found && strncmp(found, top, strlen(top)) == 0 ? found + strlen(top) + 1 : found;
}

Test(workload, the_uppermost_layer_of_the_image)
{
	static const struct {
		const char *mounts, *layer;
	} table[] = {
		/* Docker: the container's own layer is above the image's. */
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=@/store/l/INIT:@/store/l/IMG:@/store/l/BASE,"
		 "upperdir=@/store/c1/diff,workdir=@/store/c1/work\n", "store/image/diff"},
		/* From the engine's own directory, as Docker and Podman do it with many layers. */
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=l/INIT:l/IMG:l/BASE,upperdir=c1/diff,workdir=c1/work\n",
		 "store/image/diff"},
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=l/IMG:l/BASE,upperdir=c1/diff,workdir=c1/work\n",
		 "store/image/diff"},
		/* As newer kernels write it. */
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir+=@/store/l/INIT,lowerdir+=@/store/l/IMG,"
		 "upperdir=@/store/c1/diff\n", "store/image/diff"},
		/* Without an upper directory: read-only. */
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay ro,lowerdir=@/store/image/diff:@/store/base/diff\n", "store/image/diff"},
		/* What another's init layer lies over is no image of this one's. */
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=@/store/l/INIT:@/store/l/IMG,upperdir=@/store/base/diff\n",
		 "store/c1-init/diff"},
		/* An image that was made from another's has a layer above it, and is another image. */
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=@/store/l/BASE:@/store/l/IMG,upperdir=@/store/c1/diff\n",
		 "store/base/diff"},
		/* The last one mounted is the one that is seen. */
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=@/store/l/IMG,upperdir=@/store/c1/diff\n"
		 "2 1 0:8 / @/store/c1/merged rw - tmpfs tmpfs rw\n", NULL},
		{"2 1 0:8 / @/store/c1/merged rw - tmpfs tmpfs rw,lowerdir=@/store/l/IMG\n", NULL},
		{"1 1 0:9 / @/store/c1 rw - overlay overlay rw,lowerdir=@/store/l/IMG,upperdir=@/store/c1/diff\n", NULL},
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=@/store/l/GONE:@/store/l/IMG\n", NULL},
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=@/store/l/INIT,upperdir=@/store/c1/diff\n", NULL},
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=,upperdir=\n", NULL},
		{"1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir,upperdir=,,,\n", NULL},
		{"rubbish\n\n", NULL},
		{"", NULL},
	};
	char layer[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *found;

		put_mounts(table[i].mounts);
		found = layer_of("store/c1/merged", layer);
		if (table[i].layer)
			cr_expect_str_eq(found ? found : "none", table[i].layer, "row %zu: %s", i, found ? found : "none");
		else
			cr_expect_null(found, "row %zu: %s", i, found);
	}
}

Test(workload, a_directory_whose_name_is_too_long_is_none, .timeout = 10)
{
	_cleanup_free_ char *mounts = calloc(1, 70000);
	char layer[PATH_MAX];

	(void)strcpy(mounts, "1 1 0:9 / @/store/c1/merged rw - overlay overlay rw,lowerdir=/");
	memset(mounts + strlen(mounts), 'x', 65000);
	put_mounts(mounts);
	cr_assert_null(layer_of("store/c1/merged", layer));
}

static struct json_doc *parsed(const char *text)
{
	struct json_doc *doc = NULL;

	cr_assert_eq(json_parse("config.json", text, strlen(text), &doc, NULL), 0, "%s", text);
	return doc;
}

Test(workload, what_rules_see_of_a_config)
{
	_cleanup_json_ struct json_doc *rules = parsed("[{\"rootfs\":\"*\"}]");
	_cleanup_json_ struct json_doc *config = parsed(
		"{\"hostname\":\"web\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":[\"a\",\"b c\"],\"env\":[\"K=v\"]},"
		"\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"cgroupsPath\":\"/docker/x\"}}");
	struct host_config asks = {.select = json_root(rules)}, does_not = {0};
	struct plan_request request = {.id = "c1"};
	struct workload workload;
	struct shown shown;
	char bundle[64], wanted[64];

	put_mounts("1 1 0:9 / @/bundle/rootfs rw - overlay overlay rw,lowerdir=@/store/l/IMG\n");
	(void)snprintf(bundle, sizeof bundle, "%s/bundle", top);
	(void)snprintf(wanted, sizeof wanted, "%s/store/image/diff", top);
	workload_describe(&host, &asks, json_root(config), &request, &shown, &workload);
	cr_expect_str_eq(workload.args, "a b c");
	cr_expect_str_eq(workload.hostname, "web");
	cr_expect_str_eq(workload.id, "c1");
	cr_expect_str_eq(workload.network, "own");
	cr_expect_null(workload.rootfs, "what it is relative to is not known");
	request.bundle = bundle;
	workload_describe(&host, &asks, json_root(config), &request, &shown, &workload);
	cr_assert_not_null(workload.rootfs);
	cr_expect_str_eq(workload.rootfs, wanted);
	workload_describe(&host, &does_not, json_root(config), &request, &shown, &workload);
	cr_expect_null(workload.rootfs, "nobody asks");
}

Test(workload, the_parent_of_both_forms_of_cgroups_path)
{
	static const char *const table[][2] = {
		{"/docker/0123", "/docker"}, {"/x", "/"},	  {"/a/b/c", "/a/b"},
		{"a/b", "a"},		     {"system.slice:docker:0123", "system.slice"}, {"x", NULL},
		{"", NULL},		     {":docker:1", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[256];
		_cleanup_json_ struct json_doc *config = NULL;
		struct host_config none = {0};
		struct workload workload;
		struct shown shown;

		(void)snprintf(text, sizeof text, "{\"linux\":{\"cgroupsPath\":\"%s\"}}", table[i][0]);
		config = parsed(text);
		workload_describe(&host, &none, json_root(config), &(struct plan_request){0}, &shown, &workload);
		if (table[i][1])
			cr_expect_str_eq(workload.cgroup_parent ? workload.cgroup_parent : "none", table[i][1], "%s", text);
		else
			cr_expect_null(workload.cgroup_parent, "%s", text);
		cr_expect_str_eq(workload.network, "host", "there is no namespace");
	}
}
