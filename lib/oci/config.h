/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An OCI runtime configuration (runtime-spec config.md, config-linux.md) as an editable tree that
 * keeps every field it does not know. Reading checks the types of what stint uses, so that what a
 * runtime would take differently is refused here.
 */
#ifndef STINT_OCI_CONFIG_H
#define STINT_OCI_CONFIG_H

#include <stdbool.h>

#include "lib/base/json.h"
#include "lib/profile/profile.h"

/* Reads BUNDLE/config.json. The bundle must be a directory and, by its last component, no symlink;
 * config.json a regular file of at most JSON_MAX_BYTES, no symlink. */
int config_read(const char *bundle, struct json_doc **ret_doc, struct error *err);

/* The types of everything stint reads or edits, and the requirements of the spec that a runtime
 * would fail on later with a worse message (process.args, root.path, …): -EINVAL with place. */
int config_check(const struct json *config, struct error *err);
/* The same for what `exec --process` and `update --resources` are given: a process, and linux.resources. */
int config_check_process(const struct json *process, struct error *err);
int config_check_resources(const struct json *resources, struct error *err);

/* The container's root, against what crun 1.8.1 does (measured): where /dev is a symbolic link it follows that out of the root,
 * and writes as root there. /dev, /proc or /sys that is a link is -ELOOP; a root that cannot be looked at is left for the
 * runtime to say. `bundle`: absolute, what root.path is relative to. */
int config_check_root(const struct json *config, const char *bundle, struct error *err);

/* What the config itself limits, as a profile whose source is "config.json": resources, capabilities
 * (of the bounding set), noNewPrivileges, seccomp. Values that mean "unlimited" (-1, 0) are unset. */
int config_to_profile(const struct json *config, struct profile *ret_profile, struct error *err);

bool config_has_namespace(const struct json *config, const char *type); /* "pid", "cgroup"… */
const char *config_annotation(const struct json *config, const char *key);
bool config_has_no_new_privileges(const struct json *config);
/* The last value of a variable in process.env, or NULL. */
const char *config_environment(const struct json *config, const char *name);
/* linux.cgroupsPath, or NULL. */
const char *config_cgroups_path(const struct json *config);

/* An id that runc and crun both take and that is safe as a file name and as an argument:
 * [A-Za-z0-9_][A-Za-z0-9_+.-]*, 1 … 128 bytes, and not "." or ".."; -EINVAL that says so. */
int container_id_check(const char *id, struct error *err);

#endif
