/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of stint-monitor share. The theory of operation is in monitor.c. */
#ifndef STINT_SHIM_MONITOR_H
#define STINT_SHIM_MONITOR_H

#include "lib/base/cleanup.h"
#include "lib/base/host.h"
#include "lib/cgroup/cgroup.h"
#include "lib/state/ledger.h"

/* What an epoll event is about. */
enum source {
	SOURCE_TIMER, SOURCE_GROUP, SOURCE_MEMORY, SOURCE_PAYLOAD_MEMORY, SOURCE_PIDS, SOURCE_PAYLOAD_PIDS,
	SOURCE_KERNEL_LOG, SOURCE_INIT, SOURCE_LAUNCHER, SOURCE_PEER, SOURCE_SOCKET, SOURCE_PID_FILE, SOURCE_NETWORK,
	SOURCE_RECORDER,
	SOURCE_COUNT
};

struct monitor {
	struct host host;
	char key[STATE_KEY_MAX];
	struct ledger *ledger;
	struct ledger_state state; /* ours; committed after each look */
	struct cgroup_layout layout;
	struct cgroup own, payload; /* the group that is watched; the container's own below it, when nested */
	bool group_known;
	int run_fd, state_fd, log_fd, ledger_fd;
	int lives_fd; /* -1: nothing is kept of its budgets */
	int epoll, notify; /* notify: the channel to the launcher, for lines of text */
	int fds[SOURCE_COUNT];
	int pid_directory; /* that the pid file is going to be in */
	int client; /* who waits for the end */
	char *words; /* our command line, to be renamed */
	size_t words_size;
	bool init_status_waited; /* for the pidfd to tell the exit status */
	uint64_t recorder_gone_ns; /* since when the recorder that is asked is gone; 0: it is not */
	bool execs_ended;	   /* some were killed for that */
	uint64_t gone_at_ns;	 /* when init was first seen gone; 0: not yet */
	uint64_t settle_from, settle_ns; /* v1: how long to wait for a kill that was announced to be counted; 0: for none */
	bool events_pending; /* counters of the kernel's own limits have to be read again */
	bool end_status_known; /* the runtime's wait status, from `stint run` */
	int end_status;
};

/* monitor_setup.c */
/* What takes no container: letting go, a group of our own, what has to be had to be prompt. */
int monitor_settle(struct monitor *m, const char *root, bool launched, struct error *err);
/* Everything that is needed of this one. */
int monitor_open(struct monitor *m, bool launched, struct error *err);
int monitor_confine(struct monitor *m, struct error *err);
int monitor_watch_pid_file(struct monitor *m, struct error *err);
void monitor_hasten_runtime(const struct monitor *m);
/* Adds m->fds[source] to the epoll set; a negative one is no error. */
int monitor_listen(struct monitor *m, enum source source, uint32_t events, struct error *err);
int monitor_group_opened(struct monitor *m, struct error *err);

/* monitor_watch.c: the loop; returns when the container has ended and everything is done. */
void monitor_watch(struct monitor *m);
/* Takes one message from the control socket, if there is one. */
void monitor_serve(struct monitor *m);
void monitor_read(struct monitor *m, struct reading *reading, bool cpu, bool memory);

/* monitor_act.c */
void act_on_spent(struct monitor *m, int budget, uint64_t used, uint64_t now_ns);
void act_on_warnings(struct monitor *m, const struct decision *decision, const struct reading *reading);
void act_on_quota(struct monitor *m, uint64_t quota_us, uint64_t period_us);
/* Gives the group above room for limits that an update sets below. 0 or -errno. */
int act_on_update(struct monitor *m, const struct cgroup_limits *asked);
/* Kills everything, again and again until it is gone; when to look next, absolute. */
uint64_t act_kill(struct monitor *m, uint64_t now_ns);
/* A line to whoever started us and to the report. */
void monitor_say(struct monitor *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* monitor_init.c: the container's first process */
void init_found(struct monitor *m, pid_t pid);
void init_from_pid_file(struct monitor *m);
bool init_gone(struct monitor *m);
/* Its wait status, where the kernel tells (pidfd, PIDFD_GET_INFO) or its zombie shows it. */
void init_exit_status(struct monitor *m);
bool init_status_needs_ptrace(void);

/* monitor_network.c: stint-network, where there is one */
/* Takes `fd`, its connection; false: that is not who it says. */
bool network_adopt(struct monitor *m, int fd, pid_t peer);
/* It has something to say, or has ended. */
void network_event(struct monitor *m);
void network_let_go(struct monitor *m);
/* Should it have ended unseen. */
void network_check(struct monitor *m);
/* The last figures, if they are to be had. */
void network_read_last(struct monitor *m);
/* Its work is done. */
void network_dismiss(struct monitor *m);

/* monitor_recorder.c: stint-recorder, where the container depends on its answers */
/* Should there be one that is not waited for yet, or have ended; when to look again, absolute. */
uint64_t recorder_check(struct monitor *m);
/* It has ended. */
void recorder_event(struct monitor *m);

/* monitor_end.c */
/* True when nothing of the container is left, or (once) when what is left cannot die. Otherwise
 * *ret_look_ns may say when to look again although nothing happens. */
bool end_reached(struct monitor *m, uint64_t now_ns, uint64_t *ret_look_ns);
/* The figures as they are now; exact when nothing of the container is left. */
void end_read_figures(struct monitor *m);
/* Report, journal, clearing away; false: something is left of it that has to be waited for. */
bool end_finish(struct monitor *m);

/* monitor_guard.c */
/* Forks the standby; in it, waits until it has to take over and returns there, as the monitor. */
void guard_start(struct monitor *m);
/* Ends the standby and waits for it, so that it does not outlive us. */
void guard_stop(struct monitor *m);
/* A fresh standby in place of the present one, which knows what we know. */
void guard_renew(struct monitor *m);

#endif
