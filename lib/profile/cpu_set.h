/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of CPUs or memory nodes in the kernel's list format: "0-3,7". */
#ifndef STINT_PROFILE_CPU_SET_H
#define STINT_PROFILE_CPU_SET_H

#include "lib/profile/profile.h"

/* Fills `bits` and `set`, leaves `from` to the caller. Numbers from 0 to CPU_SET_MAX - 1; an empty
 * list, white space or a range that runs backwards is -EINVAL. */
int cpu_set_parse(const char *text, struct cpu_set *ret_set, struct error *err);

enum { CPU_SET_TEXT_MAX = 4096 }; /* "0,2,4,…" is the longest */
const char *cpu_set_format(const struct cpu_set *set, char text[CPU_SET_TEXT_MAX]);

#endif
