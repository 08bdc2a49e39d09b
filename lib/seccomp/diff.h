/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two filters beside each other: which of the machine's own calls each allows. What includes this links libseccomp. */
#ifndef STINT_SECCOMP_DIFF_H
#define STINT_SECCOMP_DIFF_H

#include "lib/seccomp/call_names.h"
#include "lib/seccomp/filter.h"

/* Whatever the arguments are, with some of them, or never. That a call is only logged allows it. */
enum allowance { ALLOWS_NEVER, ALLOWS_SOME, ALLOWS_ALWAYS };
enum allowance seccomp_allowance(const struct seccomp_filter *filter, const char *name);

struct seccomp_diff_call {
	const char *name;
	enum allowance in_a, in_b;
	bool same_rules;
	/* A call that the other one allows and that is the same need (lib/seccomp/equivalent.h), where only one allows
	 * this; NULL: none. */
	const char *equivalent;
};
/* Of each call that either allows, sorted by name. */
struct seccomp_diff {
	struct seccomp_diff_call *calls;
	unsigned count;
	struct call_names names; /* what the calls' strings point to */
};

int seccomp_diff(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_diff *ret_diff,
		 struct error *err);
void seccomp_diff_close(struct seccomp_diff *diff);
#define _cleanup_seccomp_diff_ _cleanup_(seccomp_diff_close)

#endif
