/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger of one container: a file that both monitor processes, and `stint ps`, map.
 *
 * It is shared memory, so what the working monitor wrote last is there when that monitor is killed:
 * nothing has to be flushed. It is allocated whole when it is made, so that no later write can meet
 * a full disk (or a SIGBUS). The plan is written once, before there is a monitor. What changes is
 * one `struct ledger_state`, kept twice: a commit fills the copy that is not current and then says that
 * it is, so a monitor killed at any instruction leaves the old state or the new one.
 *
 * A lock (flock) on the ledger means that a monitor is alive: the two share one open file, so it goes with
 * the second of them.
 */
#ifndef STINT_STATE_LEDGER_H
#define STINT_STATE_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "lib/base/process.h"
#include "lib/budget/budget.h"
#include "lib/budget/schedule.h"
#include "lib/cgroup/cgroup.h"
#include "lib/net/policy.h"
#include "lib/record/endpoints.h"
#include "lib/state/state_dir.h"

enum {
	LEDGER_VERSION = 8,
	LEDGER_TEXT_MAX = 256,
	LEDGER_PATH_MAX = 1280,
	LEDGER_NAME_MAX = 96,
	LEDGER_WARNINGS_MAX = 16,
	LEDGER_VIOLATIONS_MAX = 16,
	LEDGER_DENIALS_MAX = 16,
	LEDGER_HOST_MAX = 256,
	LEDGER_DROPS_MAX = 16,
	LEDGER_ENDPOINTS_MAX = 10,
	LEDGER_REPORT_MAX = 68 << 10,
};

/* Who is in the launcher's place, and so what its end means. */
enum launcher {
	LAUNCHER_CREATE, /* becomes the runtime's `create`: when it ends there is a container or never will be */
	LAUNCHER_RUN,	 /* becomes the runtime's `run`, and waits for the container */
	LAUNCHER_HOOK,	 /* a hook: the container is there */
};

struct ledger_plan {
	char id[132], key[STATE_KEY_MAX];
	char profile[LEDGER_TEXT_MAX], image[LEDGER_TEXT_MAX], runtime[LEDGER_TEXT_MAX];
	char runtime_path[LEDGER_PATH_MAX]; /* of the runtime that has the container; "": not known */
	uint8_t cgroup_mode; /* enum cgroup_mode */
	uint8_t launcher;    /* enum launcher */
	/* Ours is the group above the container's own ("payload"), whose counters stay when the
	 * runtime removes that. False: the container's group is known when it is there. */
	bool nested;
	bool kill_on_monitor_loss;
	bool launcher_guards;
	uint8_t watch; /* enum watch of lib/record/model.h */
	bool network; /* it has network rules or budgets: there is a stint-network for it */
	bool network_recorded; /* its endpoints are: there is a stint-network for that, too, or for that alone */
	bool network_owned; /* whose rules go with that process's socket */
	char workload[LEDGER_NAME_MAX]; /* which it is; "": that does not matter */
	char cgroup_path[LEDGER_PATH_MAX];
	char keep_above[LEDGER_PATH_MAX]; /* of cgroup_path, what must stay */
	char pid_file[LEDGER_PATH_MAX];	  /* absolute: the runtime's --pid-file */
	char report_file[LEDGER_PATH_MAX]; /* --report; "": none but the journal */
	struct budget_rule budgets[BUDGET_COUNT];
	char sources[BUDGET_COUNT][LEDGER_TEXT_MAX]; /* who set the limit */
	uint64_t cpu_quota_us, cpu_period_us;	      /* resources.cpu; quota 0: none */
	uint64_t memory_limit;			      /* the kernel's limit; 0: none */
	uint64_t pids_limit;
	uint32_t cpus;
	uint64_t created_boot_ns, created_real_ns;
	uint64_t runs_before; /* earlier lives of the container: lib/state/lives.h */
	char warnings[LEDGER_WARNINGS_MAX][LEDGER_TEXT_MAX]; /* the plan's; "" ends */
};

/* What the monitor knows. `schedule` holds the budgets' own running state. */
struct ledger_state {
	pid_t init;
	bool populated; /* a process was seen in the group */
	bool launcher_gone;
	bool limits_changed; /* by an update that may have loosened them: the plan's no longer bound what can happen */
	uint64_t started_boot_ns, started_real_ns; /* 0: not started */
	uint64_t ended_boot_ns, ended_real_ns;
	bool schedule_begun;
	struct schedule_state schedule;
	struct cgroup_usage usage; /* the last that was read */
	uint64_t cpu_seen_ns;	   /* the greatest CPU figure of any look, which may have been more exact than `usage` */
	bool exact;		   /* `usage` was read after the last process ended */
	uint64_t payload_oom_kills; /* v1 counts per group */
	bool exit_known;
	int exit_code, exit_signal; /* signal 0: none */
	/* The verdict; budget -1: none yet. */
	int budget;
	uint8_t action;
	uint64_t verdict_used, detected_boot_ns;
	bool dead_known;
	uint64_t dead_ns;
	uint64_t kill_after_boot_ns; /* `term`: when the grace is over; 0: not waiting */
	uint64_t killing_boot_ns;    /* since when everything is being killed; 0: it is not */
	bool kill_pending;	     /* what cannot die was reported */
	/* What stint-network said: bit sets of budgets, and what was used then. */
	uint32_t network_spent, network_warned;
	uint64_t network_used[BUDGET_COUNT];
	bool network_lost;  /* it is no longer there */
	bool network_exact; /* its figures were read after the last process had ended */
	uint32_t wakeups, takeovers;
	char warnings[LEDGER_WARNINGS_MAX][LEDGER_TEXT_MAX];
};

/* How far the recorder of a container that is held against a model got, and what it cannot see where it is. */
enum ledger_recorder { LEDGER_RECORDER_NONE, LEDGER_RECORDER_SEES, LEDGER_RECORDER_TOLD };
enum ledger_blind {
	LEDGER_BLIND_KILLS = 1,	       /* calls that its filter answers with a signal */
	LEDGER_BLIND_CAPABILITIES = 2, /* that were used, or refused */
};

/* A call that the workload's model does not know. Written by the recorder alone. */
struct ledger_violation {
	char need[LEDGER_NAME_MAX]; /* as need_text of lib/record/needs.h */
	char program[16];
	bool denied;
	uint32_t count;
};
/* Packets that the network rules denied, to one place. */
struct ledger_denial {
	char entry[LEDGER_NAME_MAX]; /* of `allow` that would let them pass */
	char host[LEDGER_HOST_MAX];  /* the name of which a resolver said that it has the address; "": none */
	uint8_t direction;
	_Atomic uint32_t count;
};
/* Written by stint-network alone. */
struct ledger_denials {
	struct ledger_denial list[LEDGER_DENIALS_MAX];
	_Atomic uint32_t count;	  /* how many of them there are */
	_Atomic uint32_t more;	  /* packets to places that there is no room for */
	_Atomic uint32_t unheard; /* answers that opened nothing: there were too many at once */
};
struct ledger_violations {
	struct ledger_violation list[LEDGER_VIOLATIONS_MAX];
	_Atomic uint32_t count; /* how many there were, which may be more than there is room for */
	_Atomic uint32_t recorder; /* enum ledger_recorder. TOLD: of all that it saw, to the container's end */
	_Atomic uint32_t blind;	   /* enum ledger_blind */
	_Atomic uint64_t lost;	   /* events that found no room with the recorder: what they were nobody knows */
	char trouble[LEDGER_TEXT_MAX]; /* what last went wrong as the recorder wrote; "": nothing */
	struct ledger_denials denials;
};

/* What passed the container's network namespace, loopback excluded. UINT64_MAX: not known. Written by stint-network alone. */
struct ledger_drops {
	char rule[LEDGER_NAME_MAX];
	uint64_t packets, bytes;
};
struct ledger_figures {
	uint64_t bytes[NET_DIRECTIONS], packets[NET_DIRECTIONS], connections[NET_DIRECTIONS];
	uint64_t used[BUDGET_COUNT]; /* of each network budget, earlier lives included */
	uint32_t drop_count;
	struct ledger_drops drops[LEDGER_DROPS_MAX]; /* by rule, of those that dropped anything */
	bool has_endpoints; /* they are recorded */
	uint32_t endpoint_count;
	struct endpoint endpoints[LEDGER_ENDPOINTS_MAX]; /* with the most bytes, the most first */
};
struct ledger_network {
	_Atomic int32_t pid;	  /* who the monitor takes for stint-network; 0: none */
	_Atomic uint32_t applied; /* the rules are in the kernel */
	_Atomic uint32_t reads;	  /* how often the figures were read; 0: never */
	struct ledger_figures figures[2]; /* of the last reading, and of that before it, by turns */
	struct net_scope scope;	  /* of what they are; valid when `applied` */
	char failure[LEDGER_TEXT_MAX];	  /* why they are not, in the hook's words, which runtimes may keep to themselves */
};

/* Where the report has got to. */
struct ledger_sink {
	_Atomic uint32_t begun;  /* `offset` is valid: an append may have happened */
	_Atomic uint32_t written;
	uint64_t offset;
	uint64_t inode;
};
enum { SINK_JOURNAL, SINK_FILE, SINK_COUNT };

/* The recorder that the container's filter asks, and writes this. */
struct ledger_asked {
	_Atomic int32_t pid;	 /* 0: there is none, or not any more; see recorder_has_ended of lib/launch/launch.h */
	_Atomic uint32_t needed; /* the container does not get on without its answers */
	char runtime[PROCESS_WORD_MAX]; /* of the runtime's command line, once it is not needed: as process_first_word tells it */
};

struct ledger {
	char magic[8];
	uint32_t version, size;
	struct ledger_plan plan;
	_Atomic uint32_t current;
	struct ledger_state states[2];
	struct ledger_violations violations;
	struct ledger_network network;
	struct ledger_asked asked;
	_Atomic int32_t monitor, standby; /* their pids, for people; 0: none */
	_Atomic uint32_t finished;	  /* the monitor's work is done: the standby goes too */
	_Atomic uint32_t report_length;	  /* > 0: the report is final */
	char report[LEDGER_REPORT_MAX];	  /* one JSON object and a newline */
	struct ledger_sink sinks[SINK_COUNT];
};

/* Makes "ledger" in `dirfd`, allocated whole and zeroed but for the header, and maps it.
 * -ENOSPC when there is no room: nothing was started then. */
int ledger_make(int dirfd, struct ledger **ret_ledger, int *ret_fd, struct error *err);
/* Maps an existing one, after checking magic, version, size and owner. */
int ledger_open(int dirfd, bool writable, struct ledger **ret_ledger, int *ret_fd, struct error *err);
void ledger_unmap(struct ledger *ledger);

/* For a monitor. 0: it is ours now; -EWOULDBLOCK: another monitor is alive. */
int ledger_lock(int fd);
/* For everybody else, on a descriptor of their own: is a monitor alive? */
bool ledger_watched(int fd);

const struct ledger_state *ledger_current(const struct ledger *ledger);
/* The one writer's way to publish `state`. */
void ledger_commit(struct ledger *ledger, const struct ledger_state *state);

/* The last that stint-network read; false: nothing yet. */
bool ledger_figures(const struct ledger *ledger, struct ledger_figures *ret_figures);
/* Its own way to publish them. */
void ledger_publish_figures(struct ledger *ledger, const struct ledger_figures *figures);

/* Adds a line to state->warnings, once; the last place says that there were more. */
void ledger_warn(struct ledger_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
