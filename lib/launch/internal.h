/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share. */
#ifndef STINT_LAUNCH_INTERNAL_H
#define STINT_LAUNCH_INTERNAL_H

#include "lib/launch/launch.h"

/* Until a line comes through `pipe`: "ready", or why not, which is the error then. -ECHILD: it ended without a word. `who`:
 * "the monitor", for errors. */
int program_wait_ready(int pipe, const char *who, struct error *err);

/* Starts the recorder for a container that is prepared but for that. */
int launch_record(const struct launch_request *request, struct launch *launch, struct error *err);

#endif
