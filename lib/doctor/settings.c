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

static int add_directory(char list[DIRECTORIES_MAX][PATH_MAX], int *count, const char *path)
{
	if (*count == DIRECTORIES_MAX)
		return -E2BIG;
	(void)snprintf(list[(*count)++], PATH_MAX, "%s", path);
	return 0;
}

static int add_hooks_dir(struct engine_settings *settings, const char *path)
{
	if (settings->hooks_file != settings->file_count)
		settings->hooks_dir_count = 0;
	settings->hooks_file = settings->file_count;
	return add_directory(settings->hooks_dirs, &settings->hooks_dir_count, path);
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

static int take_string(struct taking *taking, const char *path, const char *value)
{
	struct engine_settings *settings = taking->settings;

	if (is_key(taking->keys->default_runtime, path))
		(void)snprintf(settings->default_runtime, sizeof settings->default_runtime, "%s", value);
	else if (is_key(taking->keys->runtime_path, path))
		take_runtime_path(taking, path, value);
	else if (is_key(taking->keys->hooks_dir, path))
		return add_hooks_dir(settings, value);
	else if (is_key(taking->keys->imports, path))
		return add_directory(settings->imports, &settings->import_count, value);
	return 0;
}

static bool is_ours(const struct engine_keys *keys, const char *path)
{
	return is_key(keys->default_runtime, path) || is_key(keys->runtime_path, path) ||
	       is_key(keys->hooks_dir, path) || is_key(keys->imports, path);
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

static int take_pair(struct taking *taking, const struct toml *toml, const struct toml_item *pair)
{
	_cleanup_free_ char *string = NULL;
	_cleanup_(toml_strings_freep) char **strings = NULL;
	char path[TOML_PATH_SIZE];
	int r = 0;

	slashed(pair->path, path);
	if (!is_ours(taking->keys, path))
		return 0;
	string = toml_string(toml, pair);
	strings = string ? NULL : toml_strings(toml, pair);
	if (!string && !strings)
		return -EINVAL;
	if (string)
		return take_string(taking, path, string);
	for (size_t i = 0; strings[i] && r == 0; i++)
		r = take_string(taking, path, strings[i]);
	return r;
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
	for (size_t i = 0; i < toml->count; i++) {
		const struct toml_item *item = &toml->items[i];

		r = item->kind == TOML_PAIR ? take_pair(&taking, toml, item) : 0;
		if (r < 0)
			return error_set(err, -r, "read %s, line %u: %s %s", name, item->line, item->path,
					 r == -E2BIG ? "has too many directories" : "is no plain string, and no list of them");
	}
	return 0;
}
