/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runtimes need from loading a filter to the workload's first instruction, of profiles/seccomp-runtimes.list, which
 * is built in.
 */
#ifndef STINT_RECORD_RUNTIME_H
#define STINT_RECORD_RUNTIME_H

#include <stdbool.h>

#include "lib/base/error.h"
#include "lib/record/needs.h"
#include "lib/seccomp/filter.h"

#define RUNTIME_ANY "any"

/*
 * Adds what a runtime needs: of that version ("1.1.5+ds1"), of the nearest that is known, or of all when `version` is
 * NULL; of all runtimes for RUNTIME_ANY. *ret_taken is the version that stands for another ("1.1"), or NULL. -ENOENT:
 * nothing is known of such a runtime.
 */
int runtime_needs_add(const char *runtime, const char *version, bool no_new_privileges, struct needs *needs,
		      const char **ret_taken, struct error *err);

/* What of that a filter does not let pass, in *missing. -ENOENT: nothing is known of such a runtime. */
int runtime_needs_denied(const char *runtime, bool no_new_privileges, const struct seccomp_filter *filter, struct needs *missing,
			 struct error *err);

#endif
