/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an engine is told of stint: texts in, texts out, nothing is read or written. A text is NUL-terminated; one that
 * is not there is NULL. What is given back is malloc'ed. An edit that is not sure to keep all of the text is refused.
 */
#ifndef STINT_INSTALL_EDITS_H
#define STINT_INSTALL_EDITS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/toml.h"

#define STINT_HANDLER "stint" /* the name of the runtime in every engine */

/* daemon.json: `runtimes.stint.path`, and with `as_default` "default-runtime". -EEXIST: another one has that name. */
int docker_edit(const char *name, const char *text, const char *runtime, bool as_default, char **ret_text,
		struct error *err);
/* Takes that out again, and puts the default runtime of `original` back. *ret_text may become NULL: there was no file,
 * and nothing is left in it. */
int docker_cut(const char *name, const char *text, const char *original, char **ret_text, struct error *err);
/* Whether it has the runtime, and as the default. */
int docker_says(const char *name, const char *text, bool *ret_has, bool *ret_is_default, struct error *err);
/* With what goes without saying written out: that there are no more runtimes and, if `with_default`, which is the
 * default. *ret_text is NULL when it is there already. */
int docker_spell_out(const char *name, const char *text, bool with_default, char **ret_text, struct error *err);

/* containerd. The table of the plugin is named after the version of the configuration. */
struct containerd_request {
	const char *runtime;	  /* the path of stint-runtime */
	const struct toml *dump;  /* what is in force, without stint or with it: `containerd config dump` */
	const char *kept_default; /* the default handler when that of the dump is stint; NULL: runc */
	int64_t version;	  /* of the root configuration */
	const struct toml *root;  /* for a drop-in that is merged with it by key: what it says need not be said again */
	bool as_default;
};
enum { CONTAINERD_VERSION_MAX = 4 };
/* The name of the plugin's table below "plugins", quoted as in paths; NULL: a version that is not known. */
const char *containerd_plugin(int64_t version);
/* The path of what is in that table: "plugins.PLUGIN.containerd" and `rest`, which begins with a dot or is "". */
void containerd_path(const char *plugin, const char *rest, char ret_path[TOML_PATH_SIZE]);
#define CONTAINERD_DEFAULT ".default_runtime_name"
/* The version that a configuration says, or 1. */
int64_t containerd_version(const struct toml *toml);
/* The plugin that the dump has handlers of, whatever version it is written in. NULL: none. */
const char *containerd_dump_plugin(const struct toml *dump);
/* `text` with the handler, in marks. Handlers that are in force without being in `text` are written out, since naming
 * one replaces the ones that are built in (seen in 1.6). -EEXIST: a handler of that name that stint did not write. */
int containerd_edit(const char *name, const char *text, const struct containerd_request *request, char **ret_text,
		    struct error *err);
/* What differs between two dumps but for stint's handler, the imports and, if `as_default`, the default handler: 0 when
 * nothing does, else -EINVAL, and the error names the first key. */
int containerd_same(const struct toml *before, const struct toml *after, bool as_default, struct error *err);
/* Whether the dump has the handler with this runtime, and as its default if `as_default`. */
bool containerd_has(const struct toml *dump, const char *runtime, bool as_default);

/* Podman's drop-in. `hooks_dirs`: what hooks_dir is to be, NULL-terminated; NULL: left alone. */
int podman_conf(const char *runtime, bool as_default, const char *const *hooks_dirs, char **ret_text,
		struct error *err);
/* One file of hooks.d: stint-hook at `path` in `stage`, below `root` unless that is "". */
int hook_json(const char *path, const char *root, const char *stage, char **ret_text, struct error *err);
/* CRI-O's drop-in. */
int crio_conf(const char *runtime, bool as_default, char **ret_text, struct error *err);

#endif
