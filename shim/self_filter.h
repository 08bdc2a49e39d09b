/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program's seccomp filter on itself. */
#ifndef STINT_SHIM_SELF_FILTER_H
#define STINT_SHIM_SELF_FILTER_H

#include "lib/base/error.h"

enum { SELF_FILTER_MAX = 250 }; /* a jump's offset has eight bits */

/* From now on the system calls in `allowed` can be used; all others fail with EPERM. */
int self_filter(const unsigned *allowed, unsigned count, struct error *err);

#endif
