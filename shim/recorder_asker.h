/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, of those that a filter's notifications come from: is he of the container, and is he its runtime still? */
#ifndef STINT_SHIM_RECORDER_ASKER_H
#define STINT_SHIM_RECORDER_ASKER_H

#include "lib/state/ledger.h"
#include "shim/recorder_peers.h"
#include "shim/recorder_seen.h"

struct askers {
	const char *proc; /* /proc */
	bool refusals;	  /* what is denied alone is asked for */
	char group[LEDGER_PATH_MAX]; /* the container's; "": it is the first one's */
};
struct listener {
	struct handed handed;
	bool is_right;	   /* who asked first was who it was said to be, and in the container's group */
	bool with_runtime; /* it has not executed the container's program yet */
};

/* They read /proc, and hold only if who asks still waits for an answer afterwards (SECCOMP_IOCTL_NOTIF_ID_VALID). */
bool asker_is_of_container(struct askers *askers, const struct listener *listener, pid_t thread);
/* Once it is no longer, listener->with_runtime is not set, and it need not be asked again. */
bool asker_is_runtimes(struct askers *askers, struct listener *listener, pid_t thread);
/* "": gone. */
void asker_program(const struct askers *askers, pid_t thread, char program[PROGRAM_NAME]);

#endif
