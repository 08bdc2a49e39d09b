/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan written into a config.json: pure, tree to tree.
 *
 *   linux.resources      each composed value where it is stricter than what stands there
 *   process.capabilities every set ∩ the plan's, and noNewPrivileges
 *   linux.seccomp        the plan's, where it has one
 *   linux.cgroupsPath    given by the caller
 *   linux.resources.unified   memory.oom.group, where the caller asks for it
 *   hooks.createRuntime  the caller's, where it gives one
 *   annotations          those that a runtime obeys (run.oci.*, org.systemd.property.*, org.criu.*) are removed
 *                        unless the host configuration lets them pass
 *   mounts               a cgroup mount is made read-only when the container has no cgroup namespace
 *                        of its own: it would see and could write the host's tree
 *   devices, masked and read-only paths, sysfs and cgroup mounts   where the plan tightens a privileged container
 *   root.path, relative bind sources   made absolute against the original bundle, since the runtime
 *                        reads the edited config from a directory of ours
 *
 * Everything else stays as it is, numbers letter for letter.
 */
#ifndef STINT_PLAN_EDIT_H
#define STINT_PLAN_EDIT_H

#include "lib/plan/plan.h"

/* One more hook for createRuntime, after all that are there: the container's namespaces are made, and it has not begun. */
struct edit_hook {
	const char *path;	  /* absolute */
	const char *const *args;  /* NULL-terminated; the first is its name */
	unsigned timeout_seconds;
};

struct edit_request {
	const char *bundle;	    /* absolute, no symlinks: what relative paths are relative to */
	const char *cgroups_path;   /* NULL: leave it */
	const struct json *allow_annotations;
	const struct edit_hook *hook; /* NULL: none */
	bool oom_group; /* the runtime's group is on v2, and nobody else sets memory.oom.group of it */
};

/* Edits `config` in place; on failure the tree is half edited and must be thrown away. */
int config_edit(struct json_doc *doc, const struct plan *plan, const struct edit_request *request,
		struct error *err);

/* One mount of the config's: "ro" among its options, and no "rw". */
int mount_read_only(struct json_doc *doc, struct json *mount, struct error *err);

/* The part of it that a process has, of the container or exec'd into it: capabilities and noNewPrivileges. */
int process_edit(struct json_doc *doc, struct json *process, const struct profile *held, struct error *err);

#endif
