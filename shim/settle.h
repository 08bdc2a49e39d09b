/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs that stay beside a container (monitor, recorder, stint-network) do first: they let go of what they
 * were given, go to a group of their own, and see to it that they run when it is time. */
#ifndef STINT_SHIM_SETTLE_H
#define STINT_SHIM_SETTLE_H

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/cgroup/cgroup.h"

/* Standard input, output and error on /dev/null, nothing else from `first` up, all else closed on exec; in /. A child that
 * keeps a runtime's or an engine's pipe makes it wait for ever. */
int settle_let_go(unsigned first, struct error *err);

/* To the group of monitors: neither a container's limits nor the end of an engine's service reach us there. Not in the cpu
 * hierarchy: there we go to the root, where real-time scheduling is allowed. */
int settle_move_away(const struct host *host, const struct cgroup_layout *layout, struct error *err);

/* What has to be had, to be prompt later, before the capabilities are gone. */
void settle_prepare_to_be_prompt(void);
/* A deadline that is met late is a budget that is overrun: run when it is time, on a machine that is busy too. */
void settle_be_prompt(void);
/* On a machine that is out of memory, who reads his own program from the disk again at each step comes last. */
void settle_stay_in_memory(void);

#endif
