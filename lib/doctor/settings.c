/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/doctor/settings.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/toml.h"

const struct engine_keys containerd_keys = {
	.default_runtime = "plugins/*/containerd/default_runtime_name",
	.runtime_path = "plugins/*/containerd/runtimes/*/options/BinaryName", .name_part = 4, .imports = "imports",
};
const struct engine_keys podman_keys = {
	.default_runtime = "engine/runtime", .runtime_path = "engine/runtimes/*", .name_part = 2, .hooks_dir = "engine/hooks_dir",
};
const struct engine_keys crio_keys = {
	.default_runtime = "crio/runtime/default_runtime", .runtime_path = "crio/runtime/runtimes/*/runtime_path", .name_part = 3,
	.hooks_dir = "crio/runtime/hooks_dir",
};

/* Podman has a list of paths for a runtime. What an earlier file said of it does not count any more. */
static void add_runtime(struct engine_settings *settings, const char *name, const char *path)
{
	int kept = 0;

	for (int i = 0; i < settings->runtime_count; i++)
		if (settings->runtimes[i].file == settings->file_count || strcmp(settings->runtimes[i].name, name) != 0)
			settings->runtimes[kept++] = settings->runtimes[i];
	settings->runtime_count = kept;
	if (kept == RUNTIMES_MAX)
		return;
	(void)snprintf(settings->runtimes[kept].name, sizeof settings->runtimes[kept].name, "%s", name);
	(void)snprintf(settings->runtimes[kept].path, sizeof settings->runtimes[kept].path, "%s", path);
	settings->runtimes[kept].file = settings->file_count;
	settings->runtime_count++;
}

static void add_directory(char list[DIRECTORIES_MAX][PATH_MAX], int *count, const char *path)
{
	if (*count < DIRECTORIES_MAX)
		(void)snprintf(list[(*count)++], PATH_MAX, "%s", path);
}

void settings_take_json(struct engine_settings *settings, const struct json *root)
{
	const char *chosen = json_string(json_get(root, "default-runtime"));

	settings->file_count++;
	if (chosen)
		(void)snprintf(settings->default_runtime, sizeof settings->default_runtime, "%s", chosen);
	json_each(runtime, json_get(root, "runtimes"))
		if (json_string(json_get(runtime, "path")))
			add_runtime(settings, runtime->key, json_string(json_get(runtime, "path")));
}

struct taking {
	struct engine_settings *settings;
	const struct engine_keys *keys;
};

static bool is_key(const char *pattern, const char *path)
{
	return pattern && fnmatch(pattern, path, FNM_PATHNAME) == 0;
}

static void part_of(const char *path, int part, char *name, size_t size)
{
	for (; part > 0 && strchr(path, '/'); part--)
		path = strchr(path, '/') + 1;
	(void)snprintf(name, size, "%.*s", (int)strcspn(path, "/"), path);
}

static void take_runtime_path(struct taking *taking, const char *path, const char *value)
{
	char name[sizeof taking->settings->runtimes[0].name];

	part_of(path, taking->keys->name_part, name, sizeof name);
	add_runtime(taking->settings, name, value);
}

static void take_string(struct taking *taking, const char *path, const char *value)
{
	struct engine_settings *settings = taking->settings;

	if (is_key(taking->keys->default_runtime, path))
		(void)snprintf(settings->default_runtime, sizeof settings->default_runtime, "%s", value);
	else if (is_key(taking->keys->runtime_path, path))
		take_runtime_path(taking, path, value);
	else if (is_key(taking->keys->hooks_dir, path))
		add_directory(settings->hooks_dirs, &settings->hooks_dir_count, value);
	else if (is_key(taking->keys->imports, path))
		add_directory(settings->imports, &settings->import_count, value);
}

/* Segments with slashes between and without quotes: a quoted one may have dots in it. */
static void slashed(const char *path, char out[TOML_PATH_SIZE])
{
	bool quoted = false;

	for (; *path; path++)
		if (*path == '"')
			quoted = !quoted;
		else
			*out++ = *path == '.' && !quoted ? '/' : *path;
	*out = '\0';
}

static void take_pair(struct taking *taking, const struct toml *toml, const struct toml_item *pair)
{
	_cleanup_free_ char *string = toml_string(toml, pair);
	_cleanup_(toml_strings_freep) char **strings = string ? NULL : toml_strings(toml, pair);
	char path[TOML_PATH_SIZE];

	slashed(pair->path, path);
	if (string)
		take_string(taking, path, string);
	for (size_t i = 0; strings && strings[i]; i++)
		take_string(taking, path, strings[i]);
}

int settings_take_toml(struct engine_settings *settings, const struct engine_keys *keys, const char *name, const char *text,
		       struct error *err)
{
	struct taking taking = {settings, keys};
	_cleanup_toml_ struct toml *toml = NULL;
	int r = toml_parse(name, text, strlen(text), &toml, err);

	if (r < 0)
		return r;
	settings->file_count++;
	for (size_t i = 0; i < toml->count; i++)
		if (toml->items[i].kind == TOML_PAIR)
			take_pair(&taking, toml, &toml->items[i]);
	return 0;
}
