/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting a container ready to be started under a plan: its state directory and ledger, the group
 * above its own, the edited config.json, and the monitor. The same steps for `stint run`, the
 * wrapper and the hook; each undoes what it did when a later one fails.
 */
#ifndef STINT_LAUNCH_LAUNCH_H
#define STINT_LAUNCH_LAUNCH_H

#include "lib/base/host.h"
#include "lib/plan/plan.h"
#include "lib/state/ledger.h"

struct launch_request {
	const struct host *host;
	const struct host_config *host_config;
	const struct cgroup_layout *layout;
	const struct plan *plan;
	struct json_doc *config; /* read and checked; launch_prepare edits it */
	const char *id;
	const char *runtime;	  /* absolute path of the real runtime */
	const char *runtime_root; /* its --root; NULL: none given */
	const char *bundle;	  /* absolute, resolved */
	const char *pid_file;	  /* absolute; NULL: one of ours */
	const char *report_file;  /* absolute; NULL: none */
	enum launcher launcher;
	pid_t init;		  /* LAUNCHER_HOOK: the container's, which is there; else 0 */
	bool launcher_guards; /* the launcher stays, and brings the monitor back should it be killed */
	bool systemd_cgroup; /* cgroupsPath is "slice:prefix:name": there is no level to put above it */
	int monitor; /* the channel to one that was spawned: it goes on as soon as there is something to watch; -1: none */
};

struct launch {
	const struct host *host;
	char key[STATE_KEY_MAX];
	char bundle[PATH_MAX];	 /* ours, for the runtime */
	char pid_file[PATH_MAX]; /* that the runtime is to write */
	int run_fd, state_fd;	 /* /run/stint and the container's directory in it */
	struct ledger *ledger;
	int ledger_fd;
	int recorder; /* what the recorder says, and its end; or -EBADF */
	bool group_made;
};
#define LAUNCH_NONE ((struct launch){.run_fd = -EBADF, .state_fd = -EBADF, .ledger_fd = -EBADF, .recorder = -EBADF})

/* -EEXIST: a container of this id is being watched. What a dead one left is finished first. */
int launch_prepare(const struct launch_request *request, struct launch *ret_launch, struct error *err);
/* Takes everything back that launch_prepare did: no directory and no group is left. */
void launch_undo(struct launch *launch);
/* Lets go of descriptors and memory only. */
void launch_close(struct launch *launch);

/* The group of all monitors. */
#define MONITOR_GROUP "/stint/~monitor"
enum { MONITOR_CONTROLLERS = 1u << CONTROLLER_MEMORY | 1u << CONTROLLER_PIDS };

/* Starts stint-monitor for `key`, of which there need not be anything yet: it sets itself up as far as it can, on a CPU that
 * would be idle while the container is planned, until it is told to go on. `launcher_pidfd`: the process that becomes
 * the runtime, or -1. `orphan`: the monitor is no child of ours, for a launcher that becomes a runtime which ends when its last
 * child has (crun's `run` and `exec`), while the monitor waits for the container's end. */
int monitor_spawn(const struct host *host, const struct cgroup_layout *layout, const char *key, int launcher_pidfd,
		  bool orphan, int *ret_channel, struct error *err);
/* The state, the ledger and the group are there. */
void monitor_go_on(int channel);
/* There will be no container: waits until a monitor that was not told to go on has ended. */
void monitor_dismiss(int channel);
/* Waits until the monitor behind *channel, which was told to go on, is ready; its error is passed on. When *channel is
 * negative, or that monitor was killed, one is started. What it says later comes through *channel, a line
 * for each warning; end of file when no monitor is left. On failure *channel is closed. */
int monitor_start(const struct host *host, const char *key, int launcher_pidfd, bool orphan, int *channel,
		  struct error *err);

/* In the container's state directory as long as it is being recorded, and locked by the recorder as long as that lives.
 * Taken away, the recording is over. */
#define RECORDING_MARKER "recording"
/* Beside it, where the recorder is asked by a filter: linux.seccomp of the config that the runtime gets. Locked by the recorder as long
 * as that lives and may be asked. */
#define RECORDING_FILTER "recording-filter.json"
/* The recorder's: the lock goes with the descriptor. */
int recorder_lock(int state_fd, int *ret_fd, struct error *err);
/* The container's filter asks a recorder, and there is none any more. */
bool recorder_has_ended(int state_fd);
/* A pidfd of that recorder, which said that `pid` is its number; -ESRCH: it has ended. */
int recorder_hold(int state_fd, pid_t pid);

struct recorder_request {
	const char *key, *workload;
	enum watch watch;
	enum recorder recorder;
	bool launched; /* the caller is going to start the container, so that it is seen from the beginning */
	bool no_new_privileges;
};
/* Starts stint-recorder and waits until it sees what happens. *ret_pipe: it says there what it could not write, and end of file
 * is its end. -ENOTSUP: this stint, or this kernel, cannot record. */
int recorder_start(const struct host *host, const struct recorder_request *request, int *ret_pipe, struct error *err);

/* Where a program of ours is: beside the one that runs, never by PATH. */
int program_path(const char *name, char path[PATH_MAX], struct error *err);

/* Another's program, in the system's directories, never by PATH. */
bool program_find(const char *name, char path[PATH_MAX]);

/* The real runtime: `wanted` (a name or absolute path), else the host configuration's, else the
 * first found of crun and runc in the system's directories. It must be an executable file and none
 * of stint's own programs. The result is absolute. */
int runtime_find(const struct host_config *config, const char *wanted, char path[PATH_MAX],
		 struct error *err);

#endif
