/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's configuration, and which profile is for this container.
 *
 * /etc/stint/stint.json, all keys optional, unknown ones an error as in a profile:
 *
 *   {"runtime": "/usr/bin/crun",            absolute path of the real runtime
 *    "defaultProfile": "default",           name or path; without it "default"
 *    "ceiling": {…},                        a profile without a name
 *    "select": [{"image": "glob", "namespace": "glob", "annotation": {"key": "glob"}, "args": "glob",
 *                "env": {"NAME": "glob"}, "cgroupParent": "glob", "network": "own" | "joined" | "host",
 *                "rootfs": "glob", "id": "glob", "hostname": "glob",
 *                "profile": "name"}, …],    the first rule whose every condition holds
 *    "services": {"db": ["10.0.0.5 tcp 5432", …], …},   what network rules can name; none names another
 *    "onUnenforceable": "refuse" | "warn",
 *    "onMonitorLoss": "kill" | "continue",
 *    "recorder": "ebpf" | "notify",         by what recordings are made; without it "ebpf" where that can be had
 *    "privileged": "allow" | "tighten" | "refuse",   what becomes of a privileged container
 *    "allowAnnotations": ["run.oci.keep_original_groups", …]}   runtime annotations that may pass
 *
 * A name is looked up as NAME.json in /etc/stint/profiles.d/, then in $(datadir)/stint/profiles/; a
 * value with a slash in it is a path. Names are [A-Za-z0-9][A-Za-z0-9_.-]*.
 */
#ifndef STINT_PROFILE_SELECT_H
#define STINT_PROFILE_SELECT_H

#include "lib/profile/profile.h"

/* Allowed: the plan warns of it. */
enum privileged { PRIVILEGED_ALLOW, PRIVILEGED_TIGHTEN, PRIVILEGED_REFUSE };

/* ANY: by eBPF, where it cannot be had by notification. */
enum recorder { RECORDER_ANY, RECORDER_EBPF, RECORDER_NOTIFY };

struct host_config {
	struct json_doc *doc; /* owns the rest; NULL: there is no file */
	const char *runtime;  /* NULL: the first found of crun, runc */
	const char *default_profile; /* NULL: not said, "default" */
	bool has_ceiling;
	struct profile ceiling;
	const struct json *select;
	const struct json *services; /* of network rules (lib/net/entry.h): names and lists of entries */
	bool refuse_unenforceable, kill_on_monitor_loss;
	enum privileged privileged;
	enum recorder recorder;
	const struct json *allow_annotations;
};

/* A missing file gives the defaults. One that is not owned by root (our effective user), or that
 * others may write, or is in a directory that others may write, is refused: who can write it decides
 * what root runs. The same goes for profiles.d. */
int host_config_load(const struct host *host, struct host_config *ret_config, struct error *err);
void host_config_clear(struct host_config *config);

/* What a container shows of itself to be selected by; any may be NULL. */
struct workload {
	const char *image, *namespace_name;
	const struct json *annotations;
	const char *args;	   /* the command line, with blanks between */
	const struct json *env;	   /* an array of "NAME=value" */
	const char *cgroup_parent; /* of cgroupsPath: "/docker", or the slice */
	const char *network;	   /* one of workload_networks */
	const char *id, *hostname;
	const char *rootfs;	   /* where the engine keeps the image's uppermost layer */
};
/* A network namespace of its own, one that was there before it, or the host's. NULL at the end. */
extern const char *const workload_networks[];

/* The name or path of the profile: the first rule of `select` that holds, then defaultProfile, then
 * "default". The annotation io.stint.profile has no say here: who writes annotations is not trusted,
 * and so it only tightens what was selected (lib/plan). In globs "*" is any text, "?" any byte.
 * ret_by: who said so, "select[1] (line 7, column 5) of stint.json", "defaultProfile of stint.json", or "default"; may be NULL. */
enum { SELECTED_BY_MAX = 288 };
const char *select_profile(const struct host_config *config, const struct workload *workload,
			   char ret_by[SELECTED_BY_MAX]);

/* Loads a profile with all it extends, met together (extending can only tighten). At most 16 deep
 * and 64 in all; a cycle is an error that shows it. Documents stay loaded as long as the process.
 * -ENOENT names where was looked and the nearest name there. */
int profile_load(const struct host *host, const char *name_or_path, struct profile *ret_profile,
		 struct error *err);

#endif
