/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The algebra of conditions on one argument, and of rules, which are conditions on six. */
#ifndef STINT_SECCOMP_CONDITION_H
#define STINT_SECCOMP_CONDITION_H

#include "lib/seccomp/filter.h"

bool condition_holds(const struct seccomp_condition *condition, uint64_t argument);

/* NO_FORM: there is an intersection, and no condition that says it. */
enum meeting { MEETING_EMPTY, MEETING_EXACT, MEETING_NO_FORM };
enum meeting condition_meet(const struct seccomp_condition *a, const struct seccomp_condition *b,
			    struct seccomp_condition *ret);
enum meeting rule_meet(const struct seccomp_rule *a, const struct seccomp_rule *b, struct seccomp_rule *ret);

/* What of `rule` is not in `other`. */
enum meeting rule_without(const struct seccomp_rule *rule, const struct seccomp_rule *other, struct seccomp_rule *ret);

bool condition_is_inequality(const struct seccomp_condition *condition);
/* All that `inner` matches, `outer` does. False when that cannot be told. */
bool rule_contains(const struct seccomp_rule *outer, const struct seccomp_rule *inner);

#endif
