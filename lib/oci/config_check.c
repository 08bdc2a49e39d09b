/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types of what stint and the runtimes take from a config.json, in one table. */
#include <string.h>

#include "lib/cgroup/cgroup.h"
#include "lib/oci/config.h"

enum kind {
	OBJECT, ARRAY, STRING, BOOL, SIGNED, UNSIGNED, PATH /* a string that begins with "/" */,
	STRINGS /* an array of strings */, OBJECTS /* an array of objects */,
};

struct rule {
	const char *path;
	enum kind kind;
	bool needed;
};

static const struct rule rules[] = {
	{"ociVersion", STRING, true},
	{"root", OBJECT, true},
	{"root.path", STRING, true},
	{"root.readonly", BOOL, false},
	{"hostname", STRING, false},
	{"process", OBJECT, true},
	{"process.args", STRINGS, true},
	{"process.cwd", PATH, true},
	{"process.env", STRINGS, false},
	{"process.terminal", BOOL, false},
	{"process.user", OBJECT, false},
	{"process.user.uid", UNSIGNED, false},
	{"process.user.gid", UNSIGNED, false},
	{"process.noNewPrivileges", BOOL, false},
	{"process.oomScoreAdj", SIGNED, false},
	{"process.rlimits", OBJECTS, false},
	{"process.capabilities", OBJECT, false},
	{"process.capabilities.bounding", STRINGS, false},
	{"process.capabilities.effective", STRINGS, false},
	{"process.capabilities.inheritable", STRINGS, false},
	{"process.capabilities.permitted", STRINGS, false},
	{"process.capabilities.ambient", STRINGS, false},
	{"mounts", OBJECTS, false},
	{"hooks", OBJECT, false},
	{"hooks.prestart", OBJECTS, false},
	{"hooks.createRuntime", OBJECTS, false},
	{"hooks.createContainer", OBJECTS, false},
	{"hooks.startContainer", OBJECTS, false},
	{"hooks.poststart", OBJECTS, false},
	{"hooks.poststop", OBJECTS, false},
	{"annotations", OBJECT, false},
	{"linux", OBJECT, true},
	{"linux.cgroupsPath", STRING, false},
	{"linux.namespaces", OBJECTS, false},
	{"linux.uidMappings", OBJECTS, false},
	{"linux.gidMappings", OBJECTS, false},
	{"linux.devices", OBJECTS, false},
	{"linux.seccomp", OBJECT, false},
	{"linux.seccomp.defaultAction", STRING, false},
	{"linux.seccomp.architectures", STRINGS, false},
	{"linux.seccomp.syscalls", OBJECTS, false},
	{"linux.maskedPaths", STRINGS, false},
	{"linux.readonlyPaths", STRINGS, false},
	{"linux.sysctl", OBJECT, false},
	{"linux.resources", OBJECT, false},
	{"linux.resources.devices", OBJECTS, false},
	{"linux.resources.memory", OBJECT, false},
	{"linux.resources.memory.limit", SIGNED, false},
	{"linux.resources.memory.reservation", SIGNED, false},
	{"linux.resources.memory.swap", SIGNED, false},
	{"linux.resources.memory.kernel", SIGNED, false},
	{"linux.resources.memory.swappiness", UNSIGNED, false},
	{"linux.resources.memory.disableOOMKiller", BOOL, false},
	{"linux.resources.cpu", OBJECT, false},
	{"linux.resources.cpu.shares", UNSIGNED, false},
	{"linux.resources.cpu.quota", SIGNED, false},
	{"linux.resources.cpu.period", UNSIGNED, false},
	{"linux.resources.cpu.cpus", STRING, false},
	{"linux.resources.cpu.mems", STRING, false},
	{"linux.resources.pids", OBJECT, false},
	{"linux.resources.pids.limit", SIGNED, false},
	{"linux.resources.blockIO", OBJECT, false},
	{"linux.resources.hugepageLimits", OBJECTS, false},
	{"linux.resources.unified", OBJECT, false},
};

static int wrong(const struct json *node, const char *wanted, struct error *err)
{
	char where[256];

	return error_set(err, EINVAL, "config.json: %s: %s is wanted, not %s", json_where(node, where), wanted,
			 json_type_name(node->type));
}

static int check_type(const struct json *node, enum json_type type, struct error *err)
{
	return node->type == type ? 0 : wrong(node, json_type_name(type), err);
}

static int check_elements(const struct json *node, enum json_type type, struct error *err)
{
	int r = check_type(node, JSON_ARRAY, err);

	json_each(element, node)
		if (r == 0)
			r = check_type(element, type, err);
	return r;
}

static int check_number(const struct json *node, bool has_sign, struct error *err)
{
	int64_t number;
	uint64_t natural;
	int r = has_sign ? json_int64(node, &number, err) : json_uint64(node, &natural, err);

	return r < 0 ? error_prefix(err, "config.json") : 0;
}

static int check_path(const struct json *node, struct error *err)
{
	char where[256];
	int r = check_type(node, JSON_STRING, err);

	if (r == 0 && node->text[0] != '/')
		return error_set(err, EINVAL, "config.json: %s: \"%.80s\" is not an absolute path", json_where(node, where),
				 node->text);
	return r;
}

static int check(const struct json *node, enum kind kind, struct error *err)
{
	switch (kind) {
	case OBJECT:
		return check_type(node, JSON_OBJECT, err);
	case ARRAY:
		return check_type(node, JSON_ARRAY, err);
	case STRING:
		return check_type(node, JSON_STRING, err);
	case BOOL:
		return check_type(node, JSON_BOOL, err);
	case SIGNED:
		return check_number(node, true, err);
	case UNSIGNED:
		return check_number(node, false, err);
	case PATH:
		return check_path(node, err);
	case STRINGS:
		return check_elements(node, JSON_STRING, err);
	default:
		return check_elements(node, JSON_OBJECT, err);
	}
}

/* A member of each object in an array. */
static int check_members(const struct json *array, const char *key, enum kind kind, bool needed, struct error *err)
{
	char where[256];
	int r = 0;

	json_each(element, array) {
		const struct json *node = json_get(element, key);

		if (r == 0 && node && node->type != JSON_NULL)
			r = check(node, kind, err);
		else if (r == 0 && needed)
			r = error_set(err, EINVAL, "config.json: %s: \"%s\" is missing", json_where(element, where), key);
	}
	return r;
}

static int check_hooks(const struct json *hooks, struct error *err)
{
	int r = 0;

	json_each(stage, hooks) {
		if (r == 0)
			r = check_members(stage, "path", PATH, true, err);
		if (r == 0)
			r = check_members(stage, "args", STRINGS, false, err);
		if (r == 0)
			r = check_members(stage, "env", STRINGS, false, err);
	}
	return r;
}

static int check_strings_of(const struct json *object, struct error *err)
{
	int r = 0;

	json_each(member, object)
		if (r == 0)
			r = check_type(member, JSON_STRING, err);
	return r;
}

static int check_cgroups_path(const struct json *config, struct error *err)
{
	const char *path = config_cgroups_path(config);
	int r = path && *path ? cgroup_path_check(path, err) : 0;

	return r < 0 ? error_prefix(err, "config.json: linux.cgroupsPath") : 0;
}

int config_check(const struct json *config, struct error *err)
{
	int r = json_is(config, JSON_OBJECT) ? 0 : error_set(err, EINVAL, "config.json is no object");

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rules); i++) {
		const struct json *node = json_find(config, rules[i].path);

		if (node && node->type != JSON_NULL)
			r = check(node, rules[i].kind, err);
		else if (rules[i].needed)
			r = error_set(err, EINVAL, "config.json: \"%s\" is missing", rules[i].path);
	}
	if (r == 0 && !json_find(config, "process.args")->first)
		r = error_set(err, EINVAL, "config.json: process.args is empty: there is no command to run");
	if (r == 0 && !*json_find(config, "root.path")->text)
		r = error_set(err, EINVAL, "config.json: root.path is empty");
	if (r == 0)
		r = check_hooks(json_get(config, "hooks"), err);
	if (r == 0)
		r = check_strings_of(json_get(config, "annotations"), err);
	if (r == 0)
		r = check_members(json_find(config, "linux.namespaces"), "type", STRING, true, err);
	if (r == 0)
		r = check_members(json_find(config, "linux.namespaces"), "path", STRING, false, err);
	if (r == 0)
		r = check_members(json_get(config, "mounts"), "destination", STRING, true, err);
	if (r == 0)
		r = check_members(json_get(config, "mounts"), "options", STRINGS, false, err);
	return r < 0 ? r : check_cgroups_path(config, err);
}
