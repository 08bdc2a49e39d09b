/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files about engines share. */
#ifndef STINT_CLI_DOCTOR_ENGINES_H
#define STINT_CLI_DOCTOR_ENGINES_H

#include "cli/doctor.h"
#include "cli/engine_files.h"

/* Is this program stint's, by itself or by a script that names it? */
enum is_stint { STINT_NOT, STINT_IS, STINT_GONE /* by its name, but it cannot be executed */ };
enum is_stint is_stint(const char *path, const char *program);

/* The hook files that name stint, in these directories of `engine`. True when they put stint in its path. */
bool doctor_hooks(struct diagnosis *d, const char *engine, const struct engine_settings *settings);

#endif
