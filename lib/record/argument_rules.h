/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the values of a call's arguments that were seen to the rules of a filter that allow them.
 *
 * The next run of the same program must not be denied for what is no need of its own. So values are alike, and one of
 * them allows all of them, where which one a program takes depends on its surroundings and none can do more harm than
 * the others: bits that do not choose what the call does, the queries and the flags of a descriptor, locks, IPv4 and IPv6.
 * The tables in the .c file say which, and why.
 *
 * Each condition is an equality of masked bits in the lower 32, since the kernel looks at those alone
 * (lib/record/arguments.h); there is never an inequality, of which libseccomp compiles two wrongly.
 */
#ifndef STINT_RECORD_ARGUMENT_RULES_H
#define STINT_RECORD_ARGUMENT_RULES_H

#include "lib/record/needs.h"
#include "lib/seccomp/filter.h"

enum {
	ARGUMENT_NEEDS_FEW = 8, /* different ones, alike counted once, that become rules */
	ARGUMENT_RULES_MAX = 64,
};

/* Values of the same call, in any order, as many times as there are. Rules that allow them and what is like them: the
 * same values give the same rules in the same order. How many; 0: there are more than few, or none. */
unsigned argument_rules(const struct need *const *values, unsigned count,
			struct seccomp_rule ret_rules[ARGUMENT_RULES_MAX]);

/* The one that stands for all that are alike. */
struct need argument_need_alike(const struct need *need);

#endif
