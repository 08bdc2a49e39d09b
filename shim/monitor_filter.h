/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's seccomp filter on itself. */
#ifndef STINT_SHIM_MONITOR_FILTER_H
#define STINT_SHIM_MONITOR_FILTER_H

#include "lib/base/error.h"

int filter_self(struct error *err);

#endif
