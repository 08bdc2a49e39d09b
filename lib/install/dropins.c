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

/* The line that says them, "" for NULL. */
static int hooks_line(const char *const *dirs, char **ret_line, struct error *err)
{
	_cleanup_free_ char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);
	int r = 0;

	if (!out)
		return error_set(err, ENOMEM, "write hooks_dir: out of memory");
	for (size_t i = 0; dirs && dirs[i] && r == 0; i++) {
		_cleanup_free_ char *quoted = NULL;

		r = quote(dirs[i], &quoted, err);
		if (r == 0)
			fprintf(out, "%s%s", i ? ", " : "hooks_dir = [", quoted);
	}
	fputs(dirs ? "]\n" : "", out);
	if (fclose(out) != 0 && r == 0)
		r = error_set(err, ENOMEM, "write hooks_dir: out of memory");
	if (r == 0)
		*ret_line = steal_ptr(&line);
	return r;
}

int podman_conf(const char *runtime, bool as_default, const char *const *hooks_dirs, char **ret_text, struct error *err)
{
	_cleanup_free_ char *quoted = NULL, *hooks = NULL;
	int r = quote(runtime, &quoted, err);

	if (r == 0)
		r = hooks_line(hooks_dirs, &hooks, err);
	if (r < 0)
		return r;
	r = asprintf(ret_text, "%s[engine]\n%s%s\n[engine.runtimes]\n" STINT_HANDLER " = [%s]\n", header,
		     as_default ? "runtime = \"" STINT_HANDLER "\"\n" : "", hooks, quoted);
	return r < 0 ? error_set(err, ENOMEM, "write Podman's drop-in: out of memory") : 0;
}

int crio_conf(const char *runtime, bool as_default, char **ret_text, struct error *err)
{
	_cleanup_free_ char *quoted = NULL;
	int r = quote(runtime, &quoted, err);

	if (r < 0)
		return r;
	r = asprintf(ret_text,
		     "%s%s[crio.runtime.runtimes." STINT_HANDLER "]\nruntime_path = %s\nruntime_type = \"oci\"\n",
		     header, as_default ? "[crio.runtime]\ndefault_runtime = \"" STINT_HANDLER "\"\n\n" : "", quoted);
	return r < 0 ? error_set(err, ENOMEM, "write CRI-O's drop-in: out of memory") : 0;
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
