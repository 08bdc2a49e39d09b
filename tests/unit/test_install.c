/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What engines are told of stint: nothing of what they were told before is lost, and all of it can be taken out again.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/install/diff.h"
#include "lib/install/edits.h"
#include "lib/install/marked.h"
#include "lib/install/record.h"

static const char runtime[] = "/usr/bin/stint-runtime";

static void expect_text(char *text, const char *wanted, const char *what)
{
	if (wanted)
		cr_expect_str_eq(text, wanted, "%s", what);
	else
		cr_expect_null(text, "%s", what);
	free(text);
}

/* Whatever the spaces. */
static void expect_json(char *text, const char *wanted, const char *what)
{
	struct json_doc *doc = NULL;
	char *compact = NULL;
	size_t length;

	if (!text || !wanted) {
		expect_text(text, wanted, what);
		return;
	}
	cr_assert_eq(json_parse("text", text, strlen(text), &doc, NULL), 0, "%s", text);
	cr_assert_eq(json_write(json_root(doc), false, &compact, &length, NULL), 0);
	compact[length - 1] = '\0';
	expect_text(compact, wanted, what);
	json_doc_free(doc);
	free(text);
}

static char *docker(const char *text, bool as_default)
{
	struct error err = {0};
	char *edited = NULL;

	cr_assert_eq(docker_edit("d", text, runtime, as_default, &edited, &err), 0, "%s: %s", text, err.text);
	return edited;
}

Test(install, docker_keeps_every_other_key_and_number)
{
	expect_text(
		docker("{\"a\": 18446744073709551615, \"b\": [1.50e3, {\"c\": null}], \"runtimes\": {\"x\": {\"path\": "
		       "\"/x\"}}}",
		       true),
		"{\n  \"a\": 18446744073709551615,\n  \"b\": [\n    1.50e3,\n    {\n      \"c\": null\n    }\n  ],\n"
		"  \"runtimes\": {\n    \"x\": {\n      \"path\": \"/x\"\n    },\n    \"stint\": {\n"
		"      \"path\": \"/usr/bin/stint-runtime\"\n    }\n  },\n  \"default-runtime\": \"stint\"\n}\n",
		"keys");
	expect_text(
		docker(NULL, false),
		"{\n  \"runtimes\": {\n    \"stint\": {\n      \"path\": \"/usr/bin/stint-runtime\"\n    }\n  }\n}\n",
		"no file");
	expect_text(
		docker(" \n", false),
		"{\n  \"runtimes\": {\n    \"stint\": {\n      \"path\": \"/usr/bin/stint-runtime\"\n    }\n  }\n}\n",
		"an empty file");
}

Test(install, docker_is_refused_what_is_not_understood)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{"[]", EINVAL},
		{"{", EINVAL},
		{"{\"runtimes\": []}", EINVAL},
		{"{\"runtimes\": 1}", EINVAL},
		{"{\"a\": 1, \"a\": 2}", EINVAL},
		{"{\"a\": 1} // x", EINVAL},
		{"{\"runtimes\": {\"stint\": {\"path\": \"/other\"}}}", EEXIST},
		{"{\"runtimes\": {\"stint\": 1}}", EEXIST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		char *edited = NULL;

		cr_expect_eq(docker_edit("d", rows[i].text, runtime, false, &edited, &err), -rows[i].code, "%s: %s",
			     rows[i].text, err.text);
		cr_expect_null(edited);
	}
}

Test(install, docker_is_taken_out_of_what_was_changed_since)
{
	static const struct {
		const char *text, *original, *wanted;
	} rows[] = {
		{"{\"runtimes\":{\"stint\":{\"path\":\"/s\"}},\"default-runtime\":\"stint\"}", NULL, NULL},
		{"{\"runtimes\":{\"stint\":{\"path\":\"/s\"}},\"x\":1}", NULL, "{\"x\":1}"},
		{"{\"runtimes\":{\"stint\":{\"path\":\"/s\"}},\"default-runtime\":\"stint\"}",
		 "{\"default-runtime\": \"y\", \"runtimes\": {}}", "{\"runtimes\":{},\"default-runtime\":\"y\"}"},
		/* What somebody made the default since stays it. */
		{"{\"runtimes\":{\"stint\":{}, \"z\":{}},\"default-runtime\":\"z\"}", "{\"default-runtime\": \"y\"}",
		 "{\"runtimes\":{\"z\":{}},\"default-runtime\":\"z\"}"},
		/* A runtime of that name that was there before. */
		{"{\"runtimes\":{\"stint\":{\"path\":\"/s\"}},\"default-runtime\":\"stint\"}",
		 "{\"runtimes\":{\"stint\":{\"path\":\"/s\"}}}", "{\"runtimes\":{\"stint\":{\"path\":\"/s\"}}}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		char *cut = (char *)1;

		cr_assert_eq(docker_cut("d", rows[i].text, rows[i].original, &cut, &err), 0, "%s: %s", rows[i].text,
			     err.text);
		expect_json(cut, rows[i].wanted, rows[i].text);
	}
}

Test(install, docker_what_goes_without_saying)
{
	static const struct {
		const char *text;
		bool with_default;
		const char *wanted;
	} rows[] = {
		{NULL, false, "{\"runtimes\":{}}"},
		{"{\"x\": 1}", true, "{\"x\":1,\"runtimes\":{},\"default-runtime\":\"runc\"}"},
		{"{\"runtimes\": {}}", false, NULL},
		{"{\"runtimes\": {}, \"default-runtime\": \"y\"}", true, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *spelled = (char *)1;

		cr_assert_eq(docker_spell_out("d", rows[i].text, rows[i].with_default, &spelled, NULL), 0);
		expect_json(spelled, rows[i].wanted, rows[i].text ? rows[i].text : "none");
	}
}

static struct toml *parsed(const char *text)
{
	struct toml *toml = NULL;
	struct error err = {0};

	cr_assert_eq(toml_parse("test", text, strlen(text), &toml, &err), 0, "%s: %s", text, err.text);
	return toml;
}

#define CRI "plugins.\"io.containerd.grpc.v1.cri\".containerd"
static const char dump_text[] =
	"version = 2\n"
	"[" CRI "]\n  default_runtime_name = \"usual\"\n"
	"  [" CRI ".runtimes.other]\n    runtime_type = \"io.containerd.kata.v2\"\n"
	"  [" CRI ".runtimes.usual]\n    runtime_type = \"io.containerd.runc.v2\"\n    runtime_root = \"\"\n    "
	"pod_annotations = [\"a\"]\n"
	"    [" CRI
	".runtimes.usual.options]\n      BinaryName = \"/bin/crun\"\n      SystemdCgroup = true\n      IoUid = 0\n";

static int edit(const char *text, const char *dump, bool as_default, char **ret_text, struct error *err)
{
	struct toml *toml = parsed(dump), *file = text ? parsed(text) : NULL;
	struct containerd_request request = {.runtime = runtime,
					     .dump = toml,
					     .as_default = as_default,
					     .version = file ? containerd_version(file) : 2};
	int r = containerd_edit("c", text, &request, ret_text, err);

	toml_free(toml);
	toml_free(file);
	return r;
}

static char *edited(const char *text, bool as_default)
{
	struct error err = {0};
	char *result = NULL;

	cr_assert_eq(edit(text, dump_text, as_default, &result, &err), 0, "%s: %s", text, err.text);
	return result;
}

#define STINT_BLOCK                                                                                                    \
	"[" CRI                                                                                                        \
	".runtimes.stint]\nruntime_type = \"io.containerd.runc.v2\"\npod_annotations = [\"a\", \"io.stint.*\"]\n"      \
	"container_annotations = [\"io.stint.*\"]\n[" CRI                                                              \
	".runtimes.stint.options]\nBinaryName = \"/usr/bin/stint-runtime\"\n"                                          \
	"SystemdCgroup = true\n"
#define OTHERS_BLOCK                                                                                                   \
	"[" CRI ".runtimes.other]\nruntime_type = \"io.containerd.kata.v2\"\n[" CRI ".runtimes.other.options]\n"       \
	"[" CRI ".runtimes.usual]\nruntime_type = \"io.containerd.runc.v2\"\npod_annotations = [\"a\"]\n"              \
	"[" CRI ".runtimes.usual.options]\nBinaryName = \"/bin/crun\"\nSystemdCgroup = true\nIoUid = 0\n"

Test(install, containerd_a_block_behind_what_is_there)
{
	static const char written[] = "version = 2 # mine\n[" CRI ".runtimes.usual]\n[" CRI ".runtimes.other]\n";
	char *text;

	text = edited(written, false);
	cr_expect_eq(strncmp(text, written, strlen(written)), 0);
	expect_text(text,
		    "version = 2 # mine\n[" CRI ".runtimes.usual]\n[" CRI ".runtimes.other]\n" MARK_BEGIN
		    "\n" STINT_BLOCK MARK_END "\n",
		    "handlers that are written are not written again");
	expect_text(edited("version = 2", false),
		    "version = 2\n" MARK_BEGIN "\n" OTHERS_BLOCK STINT_BLOCK MARK_END "\n",
		    "those that are in force without being written are");
	expect_text(edited(NULL, true),
		    "version = 2\n" MARK_BEGIN "\n[" CRI
		    "]\ndefault_runtime_name = \"stint\"\n" OTHERS_BLOCK STINT_BLOCK MARK_END "\n",
		    "no file");
}

Test(install, containerd_the_default_where_it_is_written)
{
	static const char *const rows[] = {
		"version = 2\n[" CRI "]\n\tdefault_runtime_name = 'usual' # yes\n\tx = 1\n[" CRI
		".runtimes.usual]\n[" CRI ".runtimes.other]\n",
		"version = 2\n[" CRI "]\n\tx = 1\n[" CRI ".runtimes.usual]\n[" CRI ".runtimes.other]\n",
		"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\ncontainerd.default_runtime_name = \"usual\"\n",
		"version = 2\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = edited(rows[i], true), *value, *cut = NULL;
		struct toml *toml = parsed(text);
		size_t count = 0;

		value = toml_string(toml, toml_find(toml, TOML_PAIR, CRI ".default_runtime_name"));
		cr_expect_str_eq(value, "stint", "%s", text);
		for (size_t j = 0; j < toml->count; j++)
			count += strcmp(toml->items[j].path, CRI ".default_runtime_name") == 0;
		cr_expect_eq(count, 1u, "%s", text);
		cr_assert_eq(marked_cut("c", text, &cut, NULL), 0);
		expect_text(cut, rows[i], "and out again");
		free(value);
		free(text);
		toml_free(toml);
	}
}

Test(install, containerd_versions_have_their_own_tables)
{
	static const char dump[] = "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\n"
				   "runtime_type = 'io.containerd.runc.v2'\nsandboxer = 'podsandbox'\n";
	static const struct {
		const char *text, *table;
	} rows[] = {
		{"[plugins.cri]\n", "\n[plugins.cri.containerd.runtimes.stint]\n"},
		{"version = 1\n", "\n[plugins.cri.containerd.runtimes.stint]\n"},
		{"version = 2\n", "\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.stint]\n"},
		{"version = 3\n", "\n[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.stint]\n"},
		{"version = 4\n", "\n[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.stint]\n"},
	};
	struct error err = {0};
	char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(edit(rows[i].text, dump, false, &text, &err), 0, "%s", err.text);
		cr_expect_not_null(strstr(text, rows[i].table), "%s", text);
		cr_expect_not_null(strstr(text, "sandboxer = 'podsandbox'\n"));
		free(text);
	}
	text = NULL;
	cr_expect_eq(edit("version = 5\n", dump, false, &text, &err), -EINVAL);
	cr_expect_eq(edit("version = \"2\"\n", dump, false, &text, &err), -EINVAL);
	cr_expect_null(text);
}

Test(install, containerd_a_drop_in_does_not_repeat_what_it_is_merged_with)
{
	struct toml *dump = parsed(dump_text),
		    *root = parsed("version = 2\n[" CRI ".runtimes.usual]\n[" CRI ".runtimes.other]\n");
	struct containerd_request request = {.runtime = runtime, .dump = dump, .version = 2, .root = root};
	char *text = NULL;

	cr_assert_eq(containerd_edit("c", NULL, &request, &text, NULL), 0);
	expect_text(text, "version = 2\n" MARK_BEGIN "\n" STINT_BLOCK MARK_END "\n", "drop-in");
	toml_free(dump);
	toml_free(root);
}

Test(install, containerd_s_default_may_be_a_name_with_a_dot)
{
	struct toml *dump =
		parsed("version = 2\n[" CRI "]\ndefault_runtime_name = \"crun.v1\"\n[" CRI
		       ".runtimes.a]\nruntime_type = \"io.containerd.runc.v2\"\n[" CRI
		       ".runtimes.\"crun.v1\"]\nruntime_type = \"io.containerd.runc.v2\"\nsandboxer = \"its\"\n");
	struct containerd_request request = {.runtime = runtime, .dump = dump, .version = 2};
	char *text = NULL;

	cr_assert_eq(containerd_edit("c", "version = 2\n", &request, &text, NULL), 0);
	cr_expect_not_null(strstr(text,
				  "[" CRI
				  ".runtimes.stint]\nruntime_type = \"io.containerd.runc.v2\"\nsandboxer = \"its\"\n"),
			   "%s", text);
	free(text);
	toml_free(dump);
}

Test(install, containerd_is_refused_what_is_not_understood)
{
	static const struct {
		const char *text, *error;
		bool as_default;
	} rows[] = {
		{"version = 2\nplugins = {}\n", "plugins is written as a value", false},
		{"version = 2\n[" CRI "]\nruntimes = {runc = {}}\n", "runtimes is written as a value", false},
		{"version = 2\n[[plugins]]\n", NULL, false},
		{"version = 2\n[" CRI ".runtimes.stint]\n", "a handler \"stint\" that stint install did not write",
		 false},
		{"version = 2\n[" CRI ".runtimes]\nstint.runtime_type = \"x\"\n", "did not write", false},
		{"version = 2\n[" CRI "]\ndefault_runtime_name = \"\"\"\nx\"\"\"\n", "goes over several lines", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		char *text = NULL;
		int r = edit(rows[i].text, dump_text, rows[i].as_default, &text, &err);

		if (rows[i].error) {
			cr_expect_lt(r, 0, "%s", rows[i].text);
			cr_expect_not_null(strstr(err.text, rows[i].error), "%s: %s", rows[i].text, err.text);
			cr_expect_null(text);
		} else { /* it is containerd's to refuse, whose dump is asked in any case */
			free(text);
		}
	}
}

Test(install, containerd_compares_what_is_in_force)
{
	static const struct {
		const char *before, *after;
		bool as_default, same;
	} rows[] = {
		{"", "[" CRI ".runtimes.stint]\nx = 1\n", false, true},
		{"", "", false, true},
		{"imports = [\"a\"]\n", "imports = [\"b\"]\n", false, true},
		{"oom_score = 1\n", "oom_score = 2\n", false, false},
		{"oom_score = 1\n", "", false, false},
		{"", "oom_score = 1\n", false, false},
		{"[" CRI "]\ndefault_runtime_name = \"a\"\n", "[" CRI "]\ndefault_runtime_name = \"stint\"\n", true,
		 true},
		{"[" CRI "]\ndefault_runtime_name = \"a\"\n", "[" CRI "]\ndefault_runtime_name = \"stint\"\n", false,
		 false},
		{"[" CRI ".runtimes.stinted]\nx = 1\n", "", false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static const char always[] = "[" CRI ".runtimes.runc]\nx = 1\n";
		char before[512], after[512];
		struct toml *a, *b;

		(void)snprintf(before, sizeof before, "%s%s", rows[i].before, always);
		(void)snprintf(after, sizeof after, "%s%s", rows[i].after, always);
		a = parsed(before);
		b = parsed(after);
		cr_expect_eq(containerd_same(a, b, rows[i].as_default, NULL) == 0, rows[i].same, "row %zu", i);
		toml_free(a);
		toml_free(b);
	}
}

Test(install, marks)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"", ""},
		{"a\nb", "a\nb"},
		{"a\n" MARK_BEGIN "\nx\n" MARK_END "\nb\n", "a\nb\n"},
		{"a\n" MARK_WAS "  b = 1\n\t" MARK_BEGIN "\nb = 2\n\t" MARK_END "\n", "a\n  b = 1\n"},
		{"a # stint install: begin\n", "a # stint install: begin\n"},
		{MARK_BEGIN "\nx\n", NULL},
		{MARK_END "\n", NULL},
		{MARK_BEGIN "\n" MARK_BEGIN "\n" MARK_END "\n", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *cut = NULL;

		cr_expect_eq(marked_cut("m", rows[i].text, &cut, NULL), rows[i].wanted ? 0 : -EINVAL, "%s",
			     rows[i].text);
		expect_text(cut, rows[i].wanted, rows[i].text);
	}
}

Test(install, drop_ins)
{
	static const char *const dirs[] = {"/a \"b\"", "/c", NULL};
	char *text = NULL;
	struct toml *toml;
	char **strings;

	cr_assert_eq(podman_conf(runtime, true, dirs, &text, NULL), 0);
	toml = parsed(text);
	strings = toml_strings(toml, toml_find(toml, TOML_PAIR, "engine.hooks_dir"));
	cr_assert_not_null(strings);
	cr_expect_str_eq(strings[0], dirs[0]);
	cr_expect_str_eq(strings[1], dirs[1]);
	cr_expect_not_null(toml_find(toml, TOML_PAIR, "engine.runtime"));
	cr_expect_not_null(toml_find(toml, TOML_PAIR, "engine.runtimes.stint"));
	toml_strings_free(strings);
	toml_free(toml);
	free(text);
	cr_assert_eq(crio_conf(runtime, false, &text, NULL), 0);
	toml = parsed(text);
	cr_expect_not_null(toml_find(toml, TOML_PAIR, "crio.runtime.runtimes.stint.runtime_path"));
	cr_expect_null(toml_find(toml, TOML_PAIR, "crio.runtime.default_runtime"));
	toml_free(toml);
	free(text);
	text = NULL;
	cr_expect_eq(podman_conf("/a\nb", false, NULL, &text, NULL), -EINVAL);
	cr_expect_eq(crio_conf("/a\nb", false, &text, NULL), -EINVAL);
	cr_expect_null(text);
}

/* diff(1) itself says what a diff is: patch makes the one text of the other. */
Test(install, diffs_are_what_patch_reads)
{
	static const char *const texts[] = {
		NULL,
		"",
		"a\n",
		"a",
		"b\n",
		"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\n",
		"a\nb\nc\nX\ne\nf\ng\nh\ni\nj\nk\nl\nm\nY\nn\n",
		"X\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\nX\n",
		"b\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm",
		"a\na\nb\nb\na\na\n",
		"a\nb\nb\na\nb\n\n\n",
	};
	char directory[] = "/tmp/stint-test-diff-XXXXXX", path[64], command[400];

	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/file", directory);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(texts); j++) {
			char name[96];
			FILE *out;

			(void)snprintf(name, sizeof name, "%s/diff", directory);
			out = fopen(name, "we");
			cr_assert_not_null(out);
			cr_assert_eq(diff_write(out, path, texts[i], texts[j]), 0);
			cr_expect_eq(ftell(out) == 0, i == j, "%zu %zu", i, j);
			(void)fclose(out);
			for (size_t k = 0; k < 2; k++) {
				const char *text = texts[k ? j : i];

				(void)snprintf(name, sizeof name, "%s/%s", directory, k ? "wanted" : "file");
				(void)unlink(name);
				if (text) {
					out = fopen(name, "we");
					cr_assert_not_null(out);
					(void)fputs(text, out);
					(void)fclose(out);
				}
			}
			/* A file that is made or removed empty has no lines that could say so. */
			if (i < 2 && j < 2)
				continue;
			(void)snprintf(command, sizeof command,
				       "cd %s; [ ! -s diff ] || patch -s -f -p0 file <diff >log 2>&1 || cat log; "
				       "if [ -e wanted ]; then cmp -s file wanted; else [ ! -s file ]; fi",
				       directory);
			cr_expect_eq(system(command), 0, "%zu to %zu", i, j);
		}
	}
	(void)snprintf(command, sizeof command, "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

Test(install, the_record_is_read_as_it_was_written)
{
	char root[] = "/tmp/stint-test-record-XXXXXX", command[400], path[PATH_MAX];
	struct record record = {.finished = true,
				.files_count = 2,
				.dirs_count = 1,
				.files = {{.path = (char *)"/etc/a.json",
					   .original = (char *)"{}\n",
					   .written = (char *)"{\"é\": \"\\n\"}\n"},
					  {.path = (char *)"/etc/d/b", .written = (char *)"x", .own = true}},
				.dirs = {(char *)"/etc/d"}};
	struct record read = {0};
	struct error err = {0};
	struct host host;

	cr_assert_not_null(mkdtemp(root));
	cr_assert_eq(host_init(&host, root, &err), 0);
	cr_expect_eq(record_read(&host, "docker", &read, &err), -ENOENT);
	cr_assert_eq(record_write(&host, "docker", &record, &err), 0, "%s", err.text);
	cr_assert_eq(record_read(&host, "docker", &read, &err), 0, "%s", err.text);
	cr_expect(read.finished);
	cr_assert_eq(read.files_count, 2u);
	cr_expect_str_eq(read.files[0].original, "{}\n");
	cr_expect_str_eq(read.files[0].written, record.files[0].written);
	cr_expect_null(read.files[1].original);
	cr_expect(read.files[1].own && !read.files[0].own);
	cr_expect_str_eq(read.dirs[0], "/etc/d");
	cr_expect_eq(record_find(&read, "/etc/d/b"), &read.files[1]);
	record_clear(&read);
	record_backup_path(&host, "docker", "/etc/a.json", path);
	cr_expect_eq(access(path, F_OK), 0, "%s", path);
	/* One that is cut short is not taken for an empty one. */
	(void)snprintf(command, sizeof command, "echo '{\"version\": 1}' >%s/var/lib/stint/install/docker/record.json",
		       root);
	cr_assert_eq(system(command), 0);
	cr_expect_eq(record_read(&host, "docker", &read, &err), -EINVAL);
	cr_expect_not_null(strstr(err.text, "restore the originals beside it by hand"), "%s", err.text);
	cr_assert_eq(record_remove(&host, "docker", &err), 0);
	cr_expect_eq(record_read(&host, "docker", &read, &err), -ENOENT);
	(void)snprintf(command, sizeof command, "rm -rf %s", root);
	cr_expect_eq(system(command), 0);
}
