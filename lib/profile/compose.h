/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The meet: every field of the result is at least as strict as that field in both sources. It is
 * commutative, associative and idempotent. Source names do not depend on order either: they are those
 * of the stricter value, of two equal ones the alphabetically first; what is intersected is named
 * after all who gave a set ("config.json, profile strict"). The name of the profile is that of `a`.
 *
 *   budgets     smaller limit, slower rate, stricter action (warn < throttle < cut < freeze <
 *               term < kill), shorter grace, lower rate to throttle to, earlier warning; a budget in one source only is taken. An action that
 *               was not asked for (--budget and annotations give a limit only) leaves the others';
 *               where nobody asked it is kill
 *   resources   the smaller value; sets of CPUs and memory nodes are intersected
 *   capabilities  intersected;  noNewPrivileges  or
 *   seccomp     unset < unconfined < default < object; objects are put together, and all hold, the default beside them
 *               where it is asked for; learned has no meet with an object yet: -ENOTSUP, naming both sources
 *   network     the layers of both, which a packet has to pass all; bandwidth, newConnections (as the fraction) and
 *               connections: the lower
 *   baseline    taken from the one that has it; two different ones: -ENOTSUP, naming both sources;
 *               the same for the resource of the budget stall
 */
#ifndef STINT_PROFILE_COMPOSE_H
#define STINT_PROFILE_COMPOSE_H

#include "lib/profile/profile.h"

/* An empty set of CPUs or memory nodes is -EINVAL: no plan can run. `ret` may be `a` or `b`. */
int profile_meet(const struct profile *a, const struct profile *b, struct profile *ret,
		 struct error *err);

/* Does it ask for the default filter, alone or beside others? */
bool profile_asks_default_filter(const struct profile *profile);
/* Gives `config`, the profile of a config.json, the default filter for these capabilities in the name of `profile`,
 * which asks for it. -ENOMEM. */
int profile_take_default_filter(const struct profile *profile, uint64_t capabilities, struct profile *config,
				struct error *err);

/* A copy of `object` as the profile's filter, in the place of what it asked for. */
int profile_take_filter(struct profile *profile, const struct json *object, const char *from, struct error *err);

/* Makes the seccomp filters that all have to hold one (lib/seccomp/filter.h). *ret_inexact: for how many calls, at
 * least, it is stricter than all of them. */
int profile_compose_filters(struct profile *profile, unsigned *ret_inexact, struct error *err);

/* Puts `over`'s values that are set in the place of `profile`'s: the operator's own words on the
 * command line. */
void profile_override(struct profile *profile, const struct profile *over);

/* True when every field of `a` is at least as strict as that field of `b`. Independent of
 * profile_meet, for property tests and for verify. */
bool profile_at_least_as_strict(const struct profile *a, const struct profile *b);

#endif
