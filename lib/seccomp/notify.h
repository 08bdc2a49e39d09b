/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter that asks somebody else (SCMP_ACT_NOTIFY; seccomp_unotify(2)) where another one answers: so that he sees what
 * is called, and no call gets further than it did.
 */
#ifndef STINT_SECCOMP_NOTIFY_H
#define STINT_SECCOMP_NOTIFY_H

#include "lib/seccomp/call_names.h"
#include "lib/seccomp/filter.h"

/* Which of a filter's answers are asked for: ALLOW and LOG, or ERRNO. */
enum seccomp_notified { SECCOMP_NOTIFIED_ALLOWED, SECCOMP_NOTIFIED_ERRNO };

/*
 * `listener`: the path of the socket that the runtime hands the notifications to. `entirely`: the runtime hands them over
 * whatever it is that is asked for, by default too (crun). runc takes NOTIFY neither as default nor for `write`
 * (libcontainer/specconv), and cannot wait for an answer to what a program in Go does at any moment. For such a one the
 * filter asks for each of `names` that it has no rules for, but those, instead of by default; what that leaves unasked is answered as
 * before. -ENOTSUP: it has a listener already. The result's strings are those of the filter, `listener` and `names`.
 */
struct seccomp_asking {
	enum seccomp_notified notified;
	const char *listener;
	bool entirely;
	const struct call_names *names;
};
int seccomp_ask_for(const struct seccomp_filter *filter, const struct seccomp_asking *asking, struct seccomp_filter *ret_filter,
		    struct error *err);

/* What the runtime calls under the filter to hand over the notifications: one that denies it is not for it. `entirely`: as above. */
const char *seccomp_needed_to_hand_over(bool entirely);

/* Of a filter that asks for what is allowed: the call may be made without anybody being asked. */
bool seccomp_is_unasked(const struct seccomp_filter *filter, const char *name);

#endif
