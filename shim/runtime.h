/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of stint-runtime share. The theory of operation is in runtime.c. */
#ifndef STINT_SHIM_RUNTIME_H
#define STINT_SHIM_RUNTIME_H

#include <limits.h>

#include "lib/base/host.h"
#include "lib/profile/select.h"
#include "lib/state/state_dir.h"
#include "shim/arguments.h"

struct runtime {
	struct host host;
	struct host_config host_config;
	struct arguments arguments;
	char path[PATH_MAX]; /* the real runtime */
};

/* To standard error, and to --log in its format, where engines look for what to tell their user. Returns 1. */
int runtime_fail(const struct arguments *arguments, const struct error *err);

/* These return only when they fail. */
int become(const struct runtime *runtime, char **argv, struct error *err);
int pass_through(const struct runtime *runtime, struct error *err);

/* The state directory of the container that the command is about; -ENOENT: it is none of ours. */
int open_state(const struct runtime *runtime, char key[STATE_KEY_MAX], int *ret_fd);
/* A monitor of which both processes were killed is started again, before anything else is done. */
int bring_back(const struct runtime *runtime, const char *key, int state_fd, struct error *err);

/* For commands that act on a running container: 1, its directory, and there is a monitor; 0: it is none of ours. */
int open_watched(const struct runtime *runtime, int *ret_fd, struct error *err);

/* exec.c, update.c: `exec` and `update` of a container of ours; as above. */
int exec_held(const struct runtime *runtime, struct error *err);
int update_held(const struct runtime *runtime, struct error *err);

/* exec_watch.c: sees to it that it is said why, should an exec end with the recorder that the container's filter asks. Fails when that
 * is gone already. */
int exec_watch(const struct runtime *runtime, int state_fd, struct error *err);

/* hand_over.c: text as a file that nobody can change any more, on a descriptor of `lowest` or above that the runtime
 * inherits; `path` is where it finds it. */
enum { HAND_OVER_PATH_MAX = 32 };
int hand_over(const char *text, size_t length, int lowest, char path[HAND_OVER_PATH_MAX], struct error *err);

#endif
