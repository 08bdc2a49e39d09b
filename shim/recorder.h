/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of stint-recorder share. The theory of operation is in recorder.c. */
#ifndef STINT_SHIM_RECORDER_H
#define STINT_SHIM_RECORDER_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/record/model.h"
#include "lib/record/recording.h"
#include "lib/record/store.h"
#include "lib/seccomp/filter.h"
#include "lib/state/ledger.h"

/* What is recorded: the v2 group with this id and those below it. 0: the group to which somebody moves `launcher`, or
 * what it forked. `runtime`: a process that is in it already and is the runtime's still; 0: none. */
struct recorded_group {
	uint64_t id;
	pid_t launcher, runtime;
	uint32_t runtime_mounts; /* the inode of the mount namespace that the runtime is started in */
};

struct source_request {
	const struct host *host;
	const struct ledger_plan *plan;
	int state_fd;		     /* the container's state directory */
	struct recorded_group group; /* of source_ebpf alone */
	const struct seccomp_filter *filter; /* that the container gets; NULL: none, or it is not known */
	/* Of refusals: the capabilities that it has not got for its model alone, and those of them that it would have whoever
	 * it runs as. */
	uint64_t taken_capabilities, taken_ambient;
	bool refusals;			     /* it is what that refuses that is seen, else what is asked for */
	bool launched;			     /* the container is not there yet, and its config can still be edited */
	bool takes_any_notify;		     /* its runtime does: see lib/seccomp/notify.h */
};

/* Where it is seen what a container asks for. Its own struct begins with this one. */
struct source {
	const struct source_kind *kind;
	uint32_t blind; /* enum ledger_blind: what it does not see at all */
	bool answers;	/* what is allowed: without it the container does not get on, ever */
	const char *runtime; /* of those that are asked by a filter: the first word of the runtime's command line; "": not known yet */
};
struct source_kind {
	int capability; /* that it takes once it has started; -1: none */
	/* From then on nothing is missed. -ENOTSUP, with what is lacking. */
	int (*start)(const struct source_request *request, struct source **ret_source, struct error *err);
	/* Readable when there is something new; attend() before it is waited for again. */
	int (*fd)(const struct source *source);
	void (*attend)(struct source *source);
	/* How many events found no room so far. */
	uint64_t (*lost)(const struct source *source);
	/* Adds what was seen so far to the recording's needs. */
	int (*read)(struct source *source, struct recording *recording, struct error *err);
	/* Calls `each` for what the filter refused so far, and how often. */
	int (*refused)(struct source *source, int (*each)(const struct need *need, unsigned count, void *data, struct error *err),
		       void *data, struct error *err);
	/* A process depends on us: until that is not so any more we do not end. */
	bool (*is_needed)(const struct source *source);
	/* The runtime is on its way to the container's program, and may wait for us for ever if we end now. NULL: never. */
	bool (*is_starting)(struct source *source);
};

extern const struct source_kind source_ebpf;   /* recorder_kernel.c; recorder_no_kernel.c where stint is built without it */
extern const struct source_kind source_notify; /* recorder_notify.c */

/* recorder_filter.c: RECORDING_FILTER, of the container's filter the one that asks at the socket `path`. *assumed: what may be
 * called without that. -ENOTSUP. */
int filter_write(const struct source_request *request, const char *path, struct needs *assumed, struct error *err);

/* --- recorder_write.c --- */

/* The recorder, as far as it writes. */
struct record {
	const struct host *host;
	struct ledger *ledger;
	struct source *source;
	enum watch watch;
	struct model model; /* WATCH_COMPLAIN and WATCH_ENFORCE */
	struct needs reported; /* in the ledger as violations */
	int state_fd; /* the container's state directory */
	struct endpoints endpoints; /* as they were last heard of */
	char run[STORE_NAME_MAX];
	struct recording facts; /* without what was seen, which is read anew each time */
};
/* The report says from then on what may be missing of its violations. `kills`: the container's filter does, or sends SIGSYS. */
void record_begin(struct record *record, bool kills, uint64_t taken_capabilities);
/* Until it is not, the container ends with us; and does so ever if the source answers what is allowed. */
bool record_is_starting(struct record *record);
/* What was seen so far, as it is; `over`: it is all. What goes wrong is said through say(). */
void record_write(struct record *record, bool over);

/* To whoever started us; false: he is gone. recorder.c */
bool say(const char *text);

#endif
