/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in force, from containerd's own dump, which has all files merged and all defaults: under which name the
 * plugin's table goes, and which handlers it has.
 */
#include "lib/install/containerd_dump.h"

#include <stdio.h>
#include <string.h>

static const char runc_type[] = "io.containerd.runc.v2";

const char *containerd_plugin(int64_t version)
{
	static const char *const plugins[CONTAINERD_VERSION_MAX + 1] = {
		[1] = "cri",
		[2] = "\"io.containerd.grpc.v1.cri\"",
		[3] = "\"io.containerd.cri.v1.runtime\"",
		[4] = "\"io.containerd.cri.v1.runtime\"",
	};

	return version >= 1 && version <= CONTAINERD_VERSION_MAX ? plugins[version] : NULL;
}

int64_t containerd_version(const struct toml *toml)
{
	const struct toml_item *pair = toml_find(toml, TOML_PAIR, "version");
	char *end;
	long long version;

	if (!pair)
		return 1;
	version = strtoll(toml->text + pair->value, &end, 10);
	return end == toml->text + pair->value_end ? version : -1;
}

void containerd_path(const char *plugin, const char *rest, char ret_path[TOML_PATH_SIZE])
{
	(void)snprintf(ret_path, TOML_PATH_SIZE, "plugins.%.128s.containerd%.300s", plugin, rest);
}

void containerd_handler_path(const char *plugin, const char *name, char path[TOML_PATH_SIZE])
{
	char rest[TOML_PATH_SIZE];

	(void)snprintf(rest, sizeof rest, ".runtimes.%.128s", name);
	containerd_path(plugin, rest, path);
}

const char *containerd_dump_plugin(const struct toml *dump)
{
	for (int64_t version = CONTAINERD_VERSION_MAX; version >= 1; version--) {
		const char *plugin = containerd_plugin(version);
		char path[TOML_PATH_SIZE];

		containerd_path(plugin, ".runtimes", path);
		if (toml_has(dump, path))
			return plugin;
	}
	return NULL;
}

static bool is_runc(const struct toml *dump, const char *handler)
{
	_cleanup_free_ char *type = NULL;
	char path[TOML_PATH_SIZE];

	(void)snprintf(path, sizeof path, "%.400s.runtime_type", handler);
	type = toml_string(dump, toml_find(dump, TOML_PAIR, path));
	return type && strcmp(type, runc_type) == 0;
}

const char *containerd_handler_of(const struct toml_item *item, const char *plugin, char name[TOML_PATH_SIZE])
{
	char above[TOML_PATH_SIZE];
	const char *rest;
	size_t length;

	containerd_path(plugin, ".runtimes", above);
	if (!toml_below(item->path, above) || strlen(item->path) == strlen(above))
		return NULL;
	rest = item->path + strlen(above) + 1;
	length = *rest == '"' ? strcspn(rest + 1, "\"") + 2 : strcspn(rest, ".");
	(void)snprintf(name, TOML_PATH_SIZE, "%.*s", (int)length, rest);
	return name;
}

/* A segment may be in quotes, as a name with a dot is. */
static bool is_named(const char *segment, const char *name)
{
	size_t quotes = segment[0] == '"';

	return strlen(segment) == strlen(name) + 2 * quotes && strncmp(segment + quotes, name, strlen(name)) == 0;
}

/* The default handler's name as it was without stint. */
static const char *default_name(const struct containerd_request *request, const char *said)
{
	if (said && strcmp(said, STINT_HANDLER) != 0)
		return said;
	return request->kept_default ? request->kept_default : "runc";
}

int containerd_template(const struct containerd_request *request, const char *plugin, char name[TOML_PATH_SIZE],
			struct error *err)
{
	const struct toml *dump = request->dump;
	char path[TOML_PATH_SIZE], segment[TOML_PATH_SIZE], chosen[TOML_PATH_SIZE] = "";
	_cleanup_free_ char *said = NULL;
	bool is_default = false;

	containerd_path(plugin, CONTAINERD_DEFAULT, path);
	said = toml_string(dump, toml_find(dump, TOML_PAIR, path));
	for (size_t i = 0; i < dump->count && !is_default; i++) {
		if (!containerd_handler_of(&dump->items[i], plugin, segment) || is_named(segment, STINT_HANDLER))
			continue;
		containerd_handler_path(plugin, segment, path);
		if (!is_runc(dump, path))
			continue;
		is_default = is_named(segment, default_name(request, said));
		if (is_default || !chosen[0])
			(void)snprintf(chosen, sizeof chosen, "%s", segment);
	}
	if (!chosen[0])
		return error_set(err, ENOENT,
				 "find a handler of containerd to take the options from: none has the type %s, which "
				 "is the one that calls a runtime by its path",
				 runc_type);
	(void)snprintf(name, TOML_PATH_SIZE, "%s", chosen);
	return 0;
}
