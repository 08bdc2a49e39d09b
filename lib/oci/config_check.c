/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A config.json against the runtime-spec, as tables of keys with their types. What runtimes read
 * differently is refused: a wrong type, a number out of range, a namespace twice, and a key that
 * is the spec's but for case. (Go, and so runc, takes "Seccomp" for "seccomp", and "ſeccomp" too; crun takes
 * neither: beside our own "seccomp" such a key would be the one that counts, for runc alone.)
 */
#include <string.h>

#include "lib/cgroup/cgroup.h"
#include "lib/oci/config.h"

enum kind {
	STRING, ABSOLUTE /* a string that begins with "/" */, BOOL, INTEGER, NATURAL,
	OBJECT, MAP /* an object of strings under keys of the user's own */,
	STRINGS, NATURALS, OBJECTS /* arrays */,
};

struct field {
	const char *name; /* NULL ends a table */
	enum kind kind;
	bool needed;
	uint64_t max;		    /* of NATURAL, NATURALS; 0: 64 bits */
	const struct field *fields; /* of OBJECT, and of each in OBJECTS; NULL: not looked into */
};

#define KEY(name_, kind_) {name_, kind_, false, 0, NULL}
#define U32(name_) {name_, NATURAL, false, UINT32_MAX, NULL}
#define U16(name_) {name_, NATURAL, false, UINT16_MAX, NULL}
#define OF(name_, kind_, fields_) {name_, kind_, false, 0, fields_}
#define NEEDED(name_, kind_) {name_, kind_, true, 0, NULL}
#define NEEDED_OF(name_, kind_, fields_) {name_, kind_, true, 0, fields_}
#define END {NULL, STRING, false, 0, NULL}

static const struct field console_fields[] = {U32("height"), U32("width"), END};
static const struct field user_fields[] = {
	U32("uid"), U32("gid"), U32("umask"),
	{"additionalGids", NATURALS, false, UINT32_MAX, NULL}, KEY("username", STRING), END,
};
static const struct field capability_fields[] = {
	KEY("bounding", STRINGS), KEY("effective", STRINGS), KEY("inheritable", STRINGS),
	KEY("permitted", STRINGS), KEY("ambient", STRINGS), END,
};
static const struct field rlimit_fields[] = {
	NEEDED("type", STRING), KEY("soft", NATURAL), KEY("hard", NATURAL), END,
};
static const struct field io_priority_fields[] = {
	KEY("class", STRING), KEY("priority", INTEGER), END,
};
static const struct field affinity_fields[] = {KEY("initial", STRING), KEY("final", STRING), END};
static const struct field scheduler_fields[] = {
	KEY("policy", STRING), KEY("nice", INTEGER), KEY("priority", INTEGER),
	KEY("flags", STRINGS), KEY("runtime", NATURAL), KEY("deadline", NATURAL),
	KEY("period", NATURAL), END,
};
static const struct field process_fields[] = {
	KEY("terminal", BOOL), OF("consoleSize", OBJECT, console_fields),
	OF("user", OBJECT, user_fields), NEEDED("args", STRINGS), KEY("commandLine", STRING),
	KEY("env", STRINGS), NEEDED("cwd", ABSOLUTE),
	OF("capabilities", OBJECT, capability_fields), OF("rlimits", OBJECTS, rlimit_fields),
	KEY("noNewPrivileges", BOOL), KEY("apparmorProfile", STRING),
	KEY("oomScoreAdj", INTEGER), OF("scheduler", OBJECT, scheduler_fields),
	KEY("selinuxLabel", STRING), OF("ioPriority", OBJECT, io_priority_fields),
	OF("execCPUAffinity", OBJECT, affinity_fields), END,
};

static const struct field id_mapping_fields[] = {
	U32("containerID"), U32("hostID"), U32("size"), END,
};
static const struct field mount_fields[] = {
	NEEDED("destination", STRING), KEY("type", STRING), KEY("source", STRING),
	KEY("options", STRINGS), OF("uidMappings", OBJECTS, id_mapping_fields),
	OF("gidMappings", OBJECTS, id_mapping_fields), END,
};
static const struct field hook_fields[] = {
	NEEDED("path", ABSOLUTE), KEY("args", STRINGS), KEY("env", STRINGS),
	KEY("timeout", INTEGER), END,
};
static const struct field hooks_fields[] = {
	OF("prestart", OBJECTS, hook_fields), OF("createRuntime", OBJECTS, hook_fields),
	OF("createContainer", OBJECTS, hook_fields), OF("startContainer", OBJECTS, hook_fields),
	OF("poststart", OBJECTS, hook_fields), OF("poststop", OBJECTS, hook_fields), END,
};

static const struct field memory_fields[] = {
	KEY("limit", INTEGER), KEY("reservation", INTEGER), KEY("swap", INTEGER),
	KEY("kernel", INTEGER), KEY("kernelTCP", INTEGER), KEY("swappiness", NATURAL),
	KEY("disableOOMKiller", BOOL), KEY("useHierarchy", BOOL), KEY("checkBeforeUpdate", BOOL),
	END,
};
static const struct field cpu_fields[] = {
	KEY("shares", NATURAL), KEY("quota", INTEGER), KEY("burst", NATURAL),
	KEY("period", NATURAL), KEY("realtimeRuntime", INTEGER), KEY("realtimePeriod", NATURAL),
	KEY("cpus", STRING), KEY("mems", STRING), KEY("idle", INTEGER), END,
};
static const struct field pids_fields[] = {KEY("limit", INTEGER), END};
static const struct field weight_fields[] = {
	KEY("major", INTEGER), KEY("minor", INTEGER), U16("weight"), U16("leafWeight"), END,
};
static const struct field throttle_fields[] = {
	KEY("major", INTEGER), KEY("minor", INTEGER), KEY("rate", NATURAL), END,
};
static const struct field block_io_fields[] = {
	U16("weight"), U16("leafWeight"), OF("weightDevice", OBJECTS, weight_fields),
	OF("throttleReadBpsDevice", OBJECTS, throttle_fields),
	OF("throttleWriteBpsDevice", OBJECTS, throttle_fields),
	OF("throttleReadIOPSDevice", OBJECTS, throttle_fields),
	OF("throttleWriteIOPSDevice", OBJECTS, throttle_fields), END,
};
static const struct field huge_page_fields[] = {
	NEEDED("pageSize", STRING), KEY("limit", NATURAL), END,
};
static const struct field priority_fields[] = {KEY("name", STRING), U32("priority"), END};
static const struct field network_fields[] = {
	U32("classID"), OF("priorities", OBJECTS, priority_fields), END,
};
static const struct field device_rule_fields[] = {
	KEY("allow", BOOL), KEY("type", STRING), KEY("major", INTEGER), KEY("minor", INTEGER),
	KEY("access", STRING), END,
};
static const struct field resources_fields[] = {
	OF("devices", OBJECTS, device_rule_fields), OF("memory", OBJECT, memory_fields),
	OF("cpu", OBJECT, cpu_fields), OF("pids", OBJECT, pids_fields),
	OF("blockIO", OBJECT, block_io_fields), OF("hugepageLimits", OBJECTS, huge_page_fields),
	OF("network", OBJECT, network_fields), KEY("rdma", OBJECT), KEY("unified", MAP), END,
};

static const struct field argument_fields[] = {
	U32("index"), KEY("value", NATURAL), KEY("valueTwo", NATURAL), KEY("op", STRING), END,
};
static const struct field syscall_fields[] = {
	NEEDED("names", STRINGS), NEEDED("action", STRING), U32("errnoRet"),
	OF("args", OBJECTS, argument_fields), END,
};
static const struct field seccomp_fields[] = {
	NEEDED("defaultAction", STRING), U32("defaultErrnoRet"), KEY("architectures", STRINGS),
	KEY("flags", STRINGS), KEY("listenerPath", STRING), KEY("listenerMetadata", STRING),
	OF("syscalls", OBJECTS, syscall_fields), END,
};

static const struct field namespace_fields[] = {NEEDED("type", STRING), KEY("path", STRING), END};
static const struct field device_fields[] = {
	NEEDED("path", ABSOLUTE), KEY("type", STRING), KEY("major", INTEGER),
	KEY("minor", INTEGER), U32("fileMode"), U32("uid"), U32("gid"), END,
};
static const struct field rdt_fields[] = {
	KEY("closID", STRING), KEY("schemata", STRINGS), KEY("l3CacheSchema", STRING),
	KEY("memBwSchema", STRING), KEY("enableCMT", BOOL), KEY("enableMBM", BOOL),
	KEY("enableMonitoring", BOOL), END,
};
static const struct field personality_fields[] = {
	KEY("domain", STRING), KEY("flags", STRINGS), END,
};
static const struct field linux_fields[] = {
	KEY("cgroupsPath", STRING), OF("namespaces", OBJECTS, namespace_fields),
	OF("uidMappings", OBJECTS, id_mapping_fields),
	OF("gidMappings", OBJECTS, id_mapping_fields), OF("devices", OBJECTS, device_fields),
	KEY("netDevices", OBJECT), KEY("sysctl", MAP), OF("resources", OBJECT, resources_fields),
	OF("seccomp", OBJECT, seccomp_fields), KEY("rootfsPropagation", STRING),
	KEY("maskedPaths", STRINGS), KEY("readonlyPaths", STRINGS), KEY("mountLabel", STRING),
	OF("intelRdt", OBJECT, rdt_fields), KEY("memoryPolicy", OBJECT),
	OF("personality", OBJECT, personality_fields), KEY("timeOffsets", OBJECT), END,
};

static const struct field root_fields[] = {NEEDED("path", STRING), KEY("readonly", BOOL), END};
static const struct field config_fields[] = {
	NEEDED("ociVersion", STRING), NEEDED_OF("root", OBJECT, root_fields),
	NEEDED_OF("process", OBJECT, process_fields), KEY("hostname", STRING),
	KEY("domainname", STRING), OF("mounts", OBJECTS, mount_fields),
	OF("hooks", OBJECT, hooks_fields), KEY("annotations", MAP),
	NEEDED_OF("linux", OBJECT, linux_fields), END,
};

static int wrong(const struct json *node, const char *wanted, struct error *err)
{
	char where[256];

	return error_set(err, EINVAL, "%s: %s is wanted, not %s", json_where(node, where), wanted,
			 json_type_name(node->type));
}

static int check_type(const struct json *node, enum json_type type, struct error *err)
{
	return node->type == type ? 0 : wrong(node, json_type_name(type), err);
}

static int check_number(const struct json *node, const struct field *field, struct error *err)
{
	char where[256];
	int64_t number;
	uint64_t natural = 0;
	int r = field->kind == INTEGER ? json_int64(node, &number, err) : json_uint64(node, &natural, err);

	if (r < 0)
		return r;
	if (field->max && natural > field->max)
		return error_set(err, ERANGE, "%s: %.40s is above %llu", json_where(node, where), node->text,
				 (unsigned long long)field->max);
	return 0;
}

static int check_absolute(const struct json *node, struct error *err)
{
	char where[256];
	int r = check_type(node, JSON_STRING, err);

	if (r == 0 && node->text[0] != '/')
		return error_set(err, EINVAL, "%s: \"%.80s\" is not an absolute path", json_where(node, where),
				 node->text);
	return r;
}

/* Elements of an array, or members of an object under keys of the user's own. */
static int check_each(const struct json *node, const struct field *field, struct error *err)
{
	int r = check_type(node, field->kind == MAP ? JSON_OBJECT : JSON_ARRAY, err);

	json_each(child, node) {
		if (r < 0)
			break;
		if (field->kind == NATURALS)
			r = check_number(child, field, err);
		else
			r = check_type(child, field->kind == OBJECTS ? JSON_OBJECT : JSON_STRING, err);
	}
	return r;
}

static int check_value(const struct json *node, const struct field *field, struct error *err)
{
	switch (field->kind) {
	case STRING:
		return check_type(node, JSON_STRING, err);
	case ABSOLUTE:
		return check_absolute(node, err);
	case BOOL:
		return check_type(node, JSON_BOOL, err);
	case INTEGER:
	case NATURAL:
		return check_number(node, field, err);
	case OBJECT:
		return check_type(node, JSON_OBJECT, err);
	default:
		return check_each(node, field, err);
	}
}

/* As Go compares keys: without case, where "ſ" (U+017F) is an s and "K" (U+212A) a k. */
static bool same_but_for_case(const char *key, const char *name)
{
	for (; *name; name++) {
		char c = *key, lower = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;

		if (strncmp(key, "\xc5\xbf", 2) == 0) {
			c = 's';
			key += 2;
		} else if (strncmp(key, "\xe2\x84\xaa", 3) == 0) {
			c = 'k';
			key += 3;
		} else {
			c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
			key += c != '\0';
		}
		if (c != lower)
			return false;
	}
	return *key == '\0';
}

static const struct field *find_field(const struct field *fields, const char *key)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, key) == 0)
			return fields;
	return NULL;
}

/* The object's own level: what is needed is there, types are right, and no key is one of these but for case. */
static int check_object(const struct json *object, const struct field *fields, struct error *err)
{
	char where[256];
	int r = 0;

	for (const struct field *f = fields; r == 0 && f->name; f++) {
		const struct json *node = json_get(object, f->name);

		if (node && node->type != JSON_NULL)
			r = check_value(node, f, err);
		else if (f->needed)
			r = error_set(err, EINVAL, "%s: \"%s\" is missing", json_where(object, where), f->name);
	}
	if (r < 0)
		return r;
	json_each(member, object) {
		if (find_field(fields, member->key))
			continue;
		for (const struct field *f = fields; f->name; f++)
			if (same_but_for_case(member->key, f->name))
				return error_set(err, EINVAL, "%s: write this key as \"%s\": runtimes differ on "
							      "whether they are the same", json_where(member, where), f->name);
	}
	return 0;
}

/* Where the walk is: `next` of an object's members, or of the objects in an array. */
struct level {
	const struct json *next;
	const struct field *fields;
	bool array;
};

static int check_tree(const struct json *tree, const struct field *fields, struct error *err)
{
	enum { LEVELS = 16 }; /* the tables' own depth is less */
	struct level levels[LEVELS];
	int depth = 1, r;

	if (!json_is(tree, JSON_OBJECT))
		return error_set(err, EINVAL, "it is no object");
	levels[0] = (struct level){tree->first, fields, false};
	r = check_object(tree, fields, err);

	while (r == 0 && depth > 0) {
		struct level *level = &levels[depth - 1];
		const struct json *node = level->next;
		const struct field *field;

		if (!node) {
			depth--;
			continue;
		}
		level->next = node->next;
		if (level->array) {
			r = check_object(node, level->fields, err);
			levels[depth++] = (struct level){node->first, level->fields, false};
			continue;
		}
		field = find_field(level->fields, node->key);
		if (!field || !field->fields || node->type == JSON_NULL)
			continue;
		if (field->kind == OBJECT)
			r = check_object(node, field->fields, err);
		levels[depth++] = (struct level){node->first, field->fields, field->kind == OBJECTS};
	}
	return r;
}

/* runc refuses a namespace that is there twice; crun joins them one after the other. */
static int check_namespaces(const struct json *namespaces, struct error *err)
{
	static const char *const types[] = {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};
	unsigned seen = 0;
	char where[256];

	json_each(entry, namespaces) {
		const struct json *type = json_get(entry, "type");
		const char *path = json_string(json_get(entry, "path"));
		unsigned i = 0;

		while (i < ARRAY_SIZE(types) && strcmp(types[i], type->text) != 0)
			i++;
		if (i == ARRAY_SIZE(types))
			return error_set(err, EINVAL, "%s: there is no namespace \"%.40s\"",
					 json_where(type, where), type->text);
		if (seen & 1u << i)
			return error_set(err, EINVAL, "%s: the namespace %s is there twice",
					 json_where(type, where), types[i]);
		seen |= 1u << i;
		if (path && *path && *path != '/')
			return error_set(err, EINVAL, "%s: \"%.80s\" is not an absolute path",
					 json_where(json_get(entry, "path"), where), path);
	}
	return 0;
}

/* "slice:prefix:name", which the systemd driver makes a unit's name of: parts that climb would too. */
static int check_systemd_path(const char *path, struct error *err)
{
	while (*path) {
		size_t length = strcspn(path, ":");

		if ((length == 1 && path[0] == '.') || (length >= 2 && memmem(path, length, "..", 2)))
			return error_set(err, EINVAL, "the part \"%.*s\" climbs", (int)(length < 80 ? length : 80), path);
		path += length + (path[length] == ':');
	}
	return 0;
}

static int check_cgroups_path(const struct json *config, struct error *err)
{
	const char *path = config_cgroups_path(config), *colon = path ? strchr(path, ':') : NULL;
	int r = path && *path ? cgroup_path_check(path, err) : 0;

	if (r == 0 && colon && *path != '/' && strchr(colon + 1, ':'))
		r = check_systemd_path(path, err);
	if (r < 0)
		(void)error_prefix(err, "linux.cgroupsPath");
	return r;
}

static int check_args(const struct json *process, struct error *err)
{
	return json_get(process, "args")->first ?
		       0 : error_set(err, EINVAL, "process.args is empty: there is no command to run");
}

static int check_config(const struct json *config, struct error *err)
{
	int r = check_tree(config, config_fields, err);

	if (r == 0)
		r = check_args(json_get(config, "process"), err);
	if (r == 0 && !*json_find(config, "root.path")->text)
		r = error_set(err, EINVAL, "root.path is empty");
	if (r == 0)
		r = check_namespaces(json_find(config, "linux.namespaces"), err);
	return r < 0 ? r : check_cgroups_path(config, err);
}

/* `r`, with the document's name before the error. */
static int of(const char *document, int r, struct error *err)
{
	if (r < 0)
		(void)error_prefix(err, "%s", document);
	return r;
}

int config_check(const struct json *config, struct error *err)
{
	return of("config.json", check_config(config, err), err);
}

int config_check_process(const struct json *process, struct error *err)
{
	int r = check_tree(process, process_fields, err);

	return of("process.json", r < 0 ? r : check_args(process, err), err);
}

int config_check_resources(const struct json *resources, struct error *err)
{
	return of("resources", check_tree(resources, resources_fields, err), err);
}
