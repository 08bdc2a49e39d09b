/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/engine_files.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static const char oci_hooks_dir[] = "/usr/share/containers/oci/hooks.d";

const struct engine_files docker_files = {
	.name = "docker",
	.program = "dockerd",
	.config = "/etc/docker/daemon.json",
	.read = {"/etc/docker/daemon.json"},
};
const struct engine_files containerd_files = {
	.name = "containerd",
	.program = "containerd",
	.config = "/etc/containerd/config.toml",
	.read = {"/etc/containerd/config.toml"}, /* and what that imports */
	.keys = &containerd_keys,
};
/* In the order of containers.conf(5). */
const struct engine_files podman_files = {
	.name = "podman",
	.program = "podman",
	.config = "/etc/containers/containers.conf",
	.read = {"/usr/share/containers/containers.conf", "/etc/containers/containers.conf",
		 "/etc/containers/containers.conf.d/*.conf"},
	.drop_in = "/etc/containers/containers.conf.d/50-stint.conf",
	.keys = &podman_keys,
	.hooks_dir = oci_hooks_dir,
};
const struct engine_files crio_files = {
	.name = "crio",
	.program = "crio",
	.config = "/etc/crio/crio.conf",
	.read = {"/etc/crio/crio.conf", "/etc/crio/crio.conf.d/*"},
	.drop_in = "/etc/crio/crio.conf.d/50-stint.conf",
	.keys = &crio_keys,
	.hooks_dir = oci_hooks_dir,
};

void engine_path(const struct host *host, const char *path, char ret_path[PATH_MAX])
{
	(void)snprintf(ret_path, PATH_MAX, "%s%.1024s", host->root, path);
}

int engine_files_each(const char *pattern, int (*take)(void *data, const char *path, struct error *err), void *data,
		      struct error *err)
{
	glob_t found;
	int r = 0;

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && r >= 0; i++)
			r = take(data, found.gl_pathv[i], err);
	globfree(&found);
	return r < 0 ? r : 0;
}

void engine_import(const struct host *host, const char *import, char ret_pattern[PATH_MAX])
{
	char config[PATH_MAX];

	engine_path(host, containerd_files.config, config);
	*strrchr(config, '/') = '\0';
	(void)snprintf(ret_pattern, PATH_MAX, "%.3000s%s%.1024s", import[0] == '/' ? "" : config,
		       import[0] == '/' ? "" : "/", import);
}
