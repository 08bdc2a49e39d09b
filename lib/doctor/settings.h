/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an engine's configuration says about runtimes and hooks, whatever its form. */
#ifndef STINT_DOCTOR_SETTINGS_H
#define STINT_DOCTOR_SETTINGS_H

#include <limits.h>

#include "lib/base/json.h"

/* Where it is said, for an engine whose files are TOML; "*" stands for one part of a path. */
struct engine_keys {
	const char *default_runtime, *runtime_path, *hooks_dir, *imports;
	int name_part; /* which part of runtime_path is the runtime's name, from 0 */
};
extern const struct engine_keys containerd_keys, podman_keys, crio_keys;

enum { RUNTIMES_MAX = 32, DIRECTORIES_MAX = 16 };
struct engine_settings {
	char default_runtime[PATH_MAX]; /* a name, or a path; "": the engine's own */
	struct {
		char name[64], path[PATH_MAX];
		int file; /* which one said so, from 1 */
	} runtimes[RUNTIMES_MAX]; /* of one name the first that is there counts */
	int runtime_count, file_count;
	char hooks_dirs[DIRECTORIES_MAX][PATH_MAX];
	int hooks_dir_count, hooks_file; /* of the last file that says any, which is this one, from 1 */
	char imports[DIRECTORIES_MAX][PATH_MAX];
	int import_count;
};

/* Docker's daemon.json, or what `docker info` says in its shape. */
void settings_take_json(struct engine_settings *settings, const struct json *root);
/* A later file replaces what an earlier one said of the same. `name` is what errors call the file. -EINVAL: it is not TOML, or
 * what it says of one of the keys is not understood; -E2BIG: too many directories. The settings are not whole then. Inline
 * tables, and runtimes for which there is no room, are passed over. */
int settings_take_toml(struct engine_settings *settings, const struct engine_keys *keys, const char *name, const char *text,
		       struct error *err);

#endif
