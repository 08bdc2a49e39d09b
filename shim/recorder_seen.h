/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of each call that was notified, and of the values of the arguments that matter: the tables that are in the kernel
 * when it is eBPF that sees them (recorder.bpf.c). */
#ifndef STINT_SHIM_RECORDER_SEEN_H
#define STINT_SHIM_RECORDER_SEEN_H

#include <stdbool.h>

#include "lib/record/arguments.h"
#include "lib/record/recording.h"
#include "shim/recorder_calls.h"

struct seen_values {
	unsigned count;
	bool many; /* more than there is room for */
	struct {
		unsigned values[2];
		struct refused by;
	} list[VALUES_MAX];
};
struct seen_calls {
	struct refused calls[CALL_PLACES]; /* and how often */
	bool runtime[CALL_PLACES];	   /* by the runtime, under the filter that it has loaded */
	struct seen_values values[ABI_COUNT][RECORDED_ARGUMENTS_COUNT];
};

/* Where a call belongs. */
struct seen_place {
	unsigned place;
	int arguments; /* which of `recorded_arguments`; -1: none are looked at */
	unsigned values[2];
};

/* It was seen with these values, or there is no more room for them. */
bool seen_is_known(const struct seen_calls *seen, const struct seen_place *at);
/* `program`: which asked, if it is the first. */
void seen_add(struct seen_calls *seen, const struct seen_place *at, const char *program);

int seen_read(const struct seen_calls *seen, struct recording *recording, struct error *err);
/* Calls `each` for everything, and how often. */
int seen_each(const struct seen_calls *seen, int (*each)(const struct need *need, unsigned count, void *data, struct error *err),
	      void *data, struct error *err);

#endif
