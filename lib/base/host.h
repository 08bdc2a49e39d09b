/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the host's things are. Every function that reads /proc, the cgroup tree, the clock or one
 * of stint's own directories takes them from here, so that a test can give it a miniature host.
 */
#ifndef STINT_BASE_HOST_H
#define STINT_BASE_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

struct host {
	char root[PATH_MAX / 2]; /* prefix of the five below: "" or STINT_ROOT */
	char run_dir[PATH_MAX];	 /* /run/stint: one directory a container */
	char state_dir[PATH_MAX]; /* /var/lib/stint */
	char log_dir[PATH_MAX];	  /* /var/log/stint */
	char config_dir[PATH_MAX]; /* /etc/stint */
	char data_dir[PATH_MAX];   /* $(datadir)/stint below the prefix */
	char shipped_dir[PATH_MAX]; /* $(datadir)/stint as configured: shipped profiles are part of the
				       program, so a prefix without them falls back to these */
	char proc[PATH_MAX / 2];   /* /proc */
	char resolv_conf[PATH_MAX / 2]; /* /etc/resolv.conf: what engines copy for containers */
	bool any_filesystem;	   /* tests only: a cgroup tree need not be on a cgroup filesystem */
	uint64_t (*boottime_ns)(void); /* CLOCK_BOOTTIME: goes on during suspend */
	uint64_t (*realtime_ns)(void);
};

/* `root`: NULL or "" for none; relative or longer than fits: -EINVAL. */
int host_init(struct host *host, const char *root, struct error *err);
/* host_init with STINT_ROOT from the environment (secure_getenv). Not for the hook: an image author
 * may have written its environment. */
int host_init_from_environment(struct host *host, struct error *err);

/* -EPERM unless the caller is root, and of the machine: the root of a user namespace, as rootless engines have it, owns
 * neither the control groups nor the directories that containers are watched by. */
int host_root_check(struct error *err);

unsigned host_cpus_online(const struct host *host); /* at least 1 */

#endif
