/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/plan/workload.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/oci/config.h"

static const char *first_annotation(const struct json *config, const char *const *keys)
{
	const char *value = NULL;

	for (; !value && *keys; keys++)
		value = config_annotation(config, *keys);
	return value;
}

/* What there is room for: a rule is about how a command line begins. */
static const char *join_args(const struct json *args, char text[SHOWN_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	json_each(word, args)
		if (json_string(word) && used < SHOWN_MAX - 1)
			used += (size_t)snprintf(text + used, SHOWN_MAX - used, "%s%s", used ? " " : "", word->text);
	return text;
}

/* "/docker/ID" is in "/docker", "system.slice:docker:ID" in "system.slice". */
static const char *parent_of(const char *path, char text[SHOWN_MAX])
{
	const char *end = NULL;

	if (path && *path != '/')
		end = strchr(path, ':');
	if (path && !end)
		end = strrchr(path, '/');
	if (!end || end - path >= SHOWN_MAX)
		return NULL;
	(void)snprintf(text, SHOWN_MAX, "%.*s", end == path && *path == '/' ? 1 : (int)(end - path), path);
	return text;
}

/* Docker's --network host has a namespace with a path too: the host's own. */
static const char *network_of(const struct host *host, const struct json *config)
{
	char own[PATH_MAX];
	struct stat here, there;

	json_each(entry, json_find(config, "linux.namespaces")) {
		const char *type = json_string(json_get(entry, "type")), *path = json_string(json_get(entry, "path"));

		if (!type || strcmp(type, "network") != 0)
			continue;
		if (!path || !*path)
			return workload_networks[0];
		(void)snprintf(own, sizeof own, "%s/self/ns/net", host->proc);
		return stat(own, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
		       here.st_dev == there.st_dev ? workload_networks[2] : workload_networks[1];
	}
	return workload_networks[2];
}

/* A container's root is relative to its bundle, and a mount is known by its path without links. */
static const char *root_layer(const struct host *host, const struct json *config, const char *bundle,
			      char layer[PATH_MAX])
{
	const char *root = json_string(json_find(config, "root.path"));
	char path[PATH_MAX], real[PATH_MAX];
	int n;

	if (!root || (*root != '/' && !bundle))
		return NULL;
	n = *root == '/' ? snprintf(path, sizeof path, "%s", root) : snprintf(path, sizeof path, "%s/%s", bundle, root);
	if (n >= (int)sizeof path || !realpath(path, real))
		return NULL;
	return image_layer(host, real, layer);
}

static bool asked_for(const struct host_config *host_config, const char *condition)
{
	json_each(rule, host_config->select)
		if (json_get(rule, condition))
			return true;
	return false;
}

void workload_describe(const struct host *host, const struct host_config *host_config, const struct json *config,
		       const struct plan_request *request, struct shown *shown, struct workload *ret_workload)
{
	static const char *const images[] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
					     "org.opencontainers.image.ref.name", NULL};
	static const char *const namespaces[] = {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace", NULL};

	*ret_workload = (struct workload){
		.image = first_annotation(config, images),
		.namespace_name = first_annotation(config, namespaces),
		.annotations = json_get(config, "annotations"),
		.args = join_args(json_find(config, "process.args"), shown->args),
		.env = json_find(config, "process.env"),
		.cgroup_parent = parent_of(config_cgroups_path(config), shown->parent),
		.network = network_of(host, config),
		.id = request->id,
		.hostname = json_string(json_get(config, "hostname")),
		.rootfs = asked_for(host_config, "rootfs") ? root_layer(host, config, request->bundle, shown->rootfs) : NULL,
	};
}
