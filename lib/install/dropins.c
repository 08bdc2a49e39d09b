/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are stint's own: Podman's and CRI-O's drop-ins, and hooks.d. */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/install/edits.h"

static const char header[] = "# Written by \"stint install\"; \"stint uninstall\" takes it away.\n";

/* A path that cannot be written as TOML is one that no engine should be given. */
static int quote(const char *path, char **ret_quoted, struct error *err)
{
	*ret_quoted = toml_quote(path);
	return *ret_quoted ? 0
			   : error_set(err, EINVAL,
				       "name %s in an engine's configuration: it has characters that cannot "
				       "stand there; install stint elsewhere",
				       path);
}

struct drop_in {
	const char *what; /* for messages */
	const char *runtime;
	bool as_default;
	const char *const *hooks_dirs;
	int (*put)(FILE *out, const struct drop_in *drop_in, const char *quoted, struct error *err);
};

static int make(const struct drop_in *drop_in, char **ret_text, struct error *err)
{
	_cleanup_free_ char *quoted = NULL, *text = NULL;
	size_t length;
	FILE *out;
	int r = quote(drop_in->runtime, &quoted, err);

	if (r < 0)
		return r;
	out = open_memstream(&text, &length);
	if (!out)
		return error_set(err, ENOMEM, "write %s: out of memory", drop_in->what);
	fputs(header, out);
	r = drop_in->put(out, drop_in, quoted, err);
	if (fclose(out) != 0 && r == 0)
		r = error_set(err, ENOMEM, "write %s: out of memory", drop_in->what);
	if (r == 0)
		*ret_text = steal_ptr(&text);
	return r;
}

static int put_hooks_dirs(FILE *out, const char *const *dirs, struct error *err)
{
	fputs("hooks_dir = [", out);
	for (size_t i = 0; dirs[i]; i++) {
		_cleanup_free_ char *quoted = NULL;
		int r = quote(dirs[i], &quoted, err);

		if (r < 0)
			return r;
		fprintf(out, "%s%s", i ? ", " : "", quoted);
	}
	fputs("]\n", out);
	return 0;
}

static int put_podman(FILE *out, const struct drop_in *drop_in, const char *quoted, struct error *err)
{
	int r = 0;

	fputs("[engine]\n", out);
	if (drop_in->as_default)
		fprintf(out, "runtime = \"%s\"\n", STINT_HANDLER);
	if (drop_in->hooks_dirs)
		r = put_hooks_dirs(out, drop_in->hooks_dirs, err);
	fprintf(out, "\n[engine.runtimes]\n%s = [%s]\n", STINT_HANDLER, quoted);
	return r;
}

int podman_conf(const char *runtime, bool as_default, const char *const *hooks_dirs, char **ret_text, struct error *err)
{
	const struct drop_in drop_in = {"Podman's drop-in", runtime, as_default, hooks_dirs, put_podman};

	return make(&drop_in, ret_text, err);
}

static int put_crio(FILE *out, const struct drop_in *drop_in, const char *quoted, struct error *err)
{
	(void)err;
	if (drop_in->as_default)
		fprintf(out, "[crio.runtime]\ndefault_runtime = \"%s\"\n\n", STINT_HANDLER);
	fprintf(out, "[crio.runtime.runtimes.%s]\nruntime_path = %s\nruntime_type = \"oci\"\n", STINT_HANDLER, quoted);
	return 0;
}

int crio_conf(const char *runtime, bool as_default, char **ret_text, struct error *err)
{
	const struct drop_in drop_in = {"CRI-O's drop-in", runtime, as_default, NULL, put_crio};

	return make(&drop_in, ret_text, err);
}

static struct json *strings(struct json_doc *doc, const char *const *values, size_t count)
{
	struct json *array = json_new(doc, JSON_ARRAY);

	for (size_t i = 0; array && i < count; i++)
		if (json_append(array, json_new_string(doc, values[i])) < 0)
			return NULL;
	return array;
}

int hook_json(const char *path, const char *root, const char *stage, char **ret_text, struct error *err)
{
	/* Without an explicit one a hook gets its caller's, which an image may have written. */
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
	const char *plain[] = {"stint-hook", stage}, *rooted[] = {"stint-hook", "--root", root, stage};
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *hook, *when, *args;
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	args = *root ? strings(doc, rooted, ARRAY_SIZE(rooted)) : strings(doc, plain, ARRAY_SIZE(plain));
	hook = json_new(doc, JSON_OBJECT);
	when = json_new(doc, JSON_OBJECT);
	if (json_set(doc, hook, "path", json_new_string(doc, path)) < 0 || json_set(doc, hook, "args", args) < 0 ||
	    json_set(doc, hook, "env", strings(doc, env, ARRAY_SIZE(env))) < 0 ||
	    json_set(doc, when, "always", json_new_bool(doc, true)) < 0 ||
	    json_set(doc, json_root(doc), "version", json_new_string(doc, "1.0.0")) < 0 ||
	    json_set(doc, json_root(doc), "hook", hook) < 0 || json_set(doc, json_root(doc), "when", when) < 0 ||
	    json_set(doc, json_root(doc), "stages", strings(doc, &stage, 1)) < 0)
		return error_set(err, ENOMEM, "write a hook's file: out of memory");
	return json_write(json_root(doc), true, ret_text, &length, err);
}
