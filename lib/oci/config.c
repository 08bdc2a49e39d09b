/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a bundle, and what a config itself limits. */
#include "lib/oci/config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/profile/cpu_set.h"

static const char from_config[] = "config.json";

/* O_NOFOLLOW does not see a link with a slash after it: "bundle/" is taken as "bundle". */
static int open_bundle(const char *bundle, struct error *err)
{
	size_t length = strlen(bundle);
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int dir;

	while (length > 1 && bundle[length - 1] == '/')
		length--;
	path = strndup(bundle, length);
	if (!path)
		return error_set(err, ENOMEM, "open the bundle: out of memory");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0)
		return dir;
	if ((errno == ENOTDIR || errno == ELOOP) && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return error_set(err, ELOOP, "open the bundle %.500s: it is a symbolic link; give the real path", path);
	return error_errno(err, errno, "open the bundle %.500s", path);
}

int config_read(const char *bundle, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_close_ int dir = open_bundle(bundle, err);
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r;

	if (dir < 0)
		return dir;
	r = file_read(dir, "config.json", JSON_MAX_BYTES, &text, &length, err);
	if (r == -ELOOP)
		(void)error_set(err, ELOOP, "open config.json: it is a symbolic link; put the file itself there");
	if (r == 0)
		r = json_parse("config.json", text, length, ret_doc, err);
	if (r < 0)
		(void)error_prefix(err, "the bundle %.500s", bundle);
	return r;
}

int container_id_check(const char *id, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
	size_t length = strnlen(id, 129);

	if (length == 0 || length > 128 || strspn(id, allowed) != length || strchr("+.-", id[0]))
		return error_set(err, EINVAL, "the container id is not valid: it begins with a letter, digit or \"_\", goes on "
					      "with these and \"+\", \".\", \"-\", and has at most 128 characters");
	return 0;
}

int config_check_root(const struct json *config, const char *bundle, struct error *err)
{
	static const char *const names[] = {"dev", "proc", "sys"};
	const char *root = json_string(json_find(config, "root.path"));
	_cleanup_close_ int bundle_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	fd = root && bundle_fd >= 0 ? openat(bundle_fd, root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(names); i++) {
		struct stat st;

		if (fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
			return error_set(err, ELOOP, "the container's root %.200s has a symbolic link for its /%s, which a runtime "
					 "would follow out of it; make it a directory", root, names[i]);
	}
	return 0;
}

bool config_has_namespace(const struct json *config, const char *type)
{
	json_each(entry, json_find(config, "linux.namespaces")) {
		const char *name = json_string(json_get(entry, "type"));

		if (name && strcmp(name, type) == 0)
			return true;
	}
	return false;
}

const char *config_annotation(const struct json *config, const char *key)
{
	return json_string(json_get(json_get(config, "annotations"), key));
}

bool config_has_no_new_privileges(const struct json *config)
{
	const struct json *set = json_find(config, "process.noNewPrivileges");

	return json_is(set, JSON_BOOL) && set->boolean;
}

const char *config_environment(const struct json *config, const char *name)
{
	const char *value = NULL;
	size_t length = strlen(name);

	json_each(variable, json_find(config, "process.env")) {
		const char *text = json_string(variable);

		if (text && strncmp(text, name, length) == 0 && text[length] == '=')
			value = text + length + 1;
	}
	return value;
}

const char *config_cgroups_path(const struct json *config)
{
	return json_string(json_find(config, "linux.cgroupsPath"));
}

/* -1, and 0 where the kernel knows no zero, say "unlimited". */
static int take(const struct json *resources, const char *path, struct setting *setting, struct error *err)
{
	const struct json *node = json_find(resources, path);
	int64_t value;
	int r;

	if (!node || node->type == JSON_NULL)
		return 0;
	r = json_int64(node, &value, err);
	if (r < 0)
		return r;
	if (value > 0)
		*setting = (struct setting){(uint64_t)value, from_config};
	return 0;
}

static int take_set(const struct json *resources, const char *path, struct cpu_set *set, struct error *err)
{
	const char *text = json_string(json_find(resources, path));

	if (!text || !*text)
		return 0;
	if (cpu_set_parse(text, set, NULL) < 0)
		return error_set(err, EINVAL, "linux.resources.%s: \"%.60s\" is no list such as 0-3,7", path, text);
	set->from = from_config;
	return 0;
}

static int take_resources(const struct json *resources, struct resources *to, struct error *err)
{
	int r = take(resources, "cpu.shares", &to->cpu_shares, err);

	if (r == 0)
		r = take(resources, "cpu.quota", &to->cpu_quota, err);
	if (r == 0)
		r = take(resources, "cpu.period", &to->cpu_period, err);
	if (r == 0)
		r = take_set(resources, "cpu.cpus", &to->cpus, err);
	if (r == 0)
		r = take_set(resources, "cpu.mems", &to->mems, err);
	if (r == 0)
		r = take(resources, "memory.limit", &to->memory_limit, err);
	if (r == 0)
		r = take(resources, "memory.reservation", &to->memory_reservation, err);
	if (r == 0)
		r = take(resources, "memory.swap", &to->memory_swap, err);
	if (r == 0)
		r = take(resources, "pids.limit", &to->pids_limit, err);
	if (r == 0 && to->cpu_quota.value == UNSET)
		to->cpu_period = (struct setting){UNSET, NULL}; /* a period alone limits nothing */
	else if (r == 0 && to->cpu_period.value == UNSET)
		to->cpu_period = (struct setting){100000, from_config};
	return r;
}

/* The bounding set: what the container can ever have. Names that this stint does not know are kept
 * out, as a plan that restricts capabilities would. */
static void take_capabilities(const struct json *config, struct capability_setting *to)
{
	const struct json *bounding = json_find(config, "process.capabilities.bounding");

	if (!json_is(bounding, JSON_ARRAY))
		return;
	to->set = true;
	to->from = from_config;
	to->mask = capability_mask(bounding);
}

int config_to_profile(const struct json *config, struct profile *ret_profile, struct error *err)
{
	const struct json *seccomp = json_find(config, "linux.seccomp");
	struct profile profile;
	int r;

	profile_init(&profile, from_config);
	r = take_resources(json_find(config, "linux.resources"), &profile.resources, err);
	if (r < 0) {
		(void)error_prefix(err, "config.json");
		return r;
	}
	take_capabilities(config, &profile.capabilities);
	if (config_has_no_new_privileges(config))
		profile.no_new_privileges = (struct setting){1, from_config};
	if (json_is(seccomp, JSON_OBJECT))
		profile.seccomp = (struct seccomp_setting){.kind = SECCOMP_OBJECT, .objects = {seccomp}, .count = 1, .from = from_config};
	*ret_profile = profile;
	return 0;
}
