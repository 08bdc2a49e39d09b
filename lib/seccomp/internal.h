/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share. */
#ifndef STINT_SECCOMP_INTERNAL_H
#define STINT_SECCOMP_INTERNAL_H

#include "lib/seccomp/filter.h"

/* The call of that name, or NULL; made when it is not there. */
struct seccomp_call *filter_find(const struct seccomp_filter *filter, const char *name);
int filter_call(struct seccomp_filter *filter, const char *name, struct seccomp_call **ret, struct error *err);
int call_add_rule(struct seccomp_call *call, const struct seccomp_rule *rule, struct error *err);

bool rule_is_any(const struct seccomp_rule *rule); /* it has no condition */
bool answer_equal(const struct seccomp_answer *a, const struct seccomp_answer *b);

/* It names an architecture of 32 bits, where a wide condition is cut. */
bool filter_is_narrow(const struct seccomp_filter *filter);
bool condition_is_wide(const struct seccomp_condition *condition);
/* What the result has to say of socketcall and ipc where there are such calls. */
int meet_subcalls(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *met, unsigned *inexact,
		  struct error *err);

/* from <= argument <= to; false where nothing is, or it has no form. */
bool condition_between(uint64_t from, uint64_t to, struct seccomp_condition *ret);
/* (argument & mask) == value in its one form: all bits asked for is EQ, none is ANY. Bits of the value outside the mask
 * do not count (in libseccomp 2.5.4, by its BPF). */
struct seccomp_condition condition_masked(uint64_t mask, uint64_t value);

#endif
