/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/notify.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/internal.h"

static const struct seccomp_answer ask = {.action = SECCOMP_NOTIFY};

/* What a program in Go, as runc is, may call at any moment: to write, to take and give back memory, and to preempt and wake its
 * threads. runc 1.1.5 waits for ever when one of them waits for an answer before the descriptor is handed over by which that is
 * given (seen in one of some ten starts, with rt_sigreturn). Sorted; none of them makes a process, a file or a connection. */
static const char *const before_handing_over[] = {
	"brk", "epoll_pwait", "futex", "getpid", "gettid", "madvise", "mmap", "munmap", "nanosleep", "rt_sigprocmask", "rt_sigreturn",
	"sched_yield", "sigaltstack", "tgkill", "write",
};

static bool is_allowed(const struct seccomp_answer *answer)
{
	return answer->action <= SECCOMP_LOG;
}

static bool is_asked_for(const struct seccomp_asking *asking, const struct seccomp_answer *answer)
{
	return asking->notified == SECCOMP_NOTIFIED_ALLOWED ? is_allowed(answer) : answer->action == SECCOMP_ERRNO;
}

static bool may_be_asked_for(const struct seccomp_asking *asking, const char *name)
{
	for (size_t i = 0; !asking->entirely && i < ARRAY_SIZE(before_handing_over); i++)
		if (strcmp(before_handing_over[i], name) == 0)
			return false;
	return true;
}

static bool has_listener(const struct seccomp_filter *filter)
{
	bool notifies = filter->listener || filter->otherwise.action == SECCOMP_NOTIFY;

	for (unsigned i = 0; i < filter->count; i++)
		for (unsigned k = 0; k < filter->calls[i].count; k++)
			notifies |= filter->calls[i].rules[k].answer.action == SECCOMP_NOTIFY;
	return notifies;
}

static int ask_by_rules(const struct seccomp_call *from, const struct seccomp_asking *asking, struct seccomp_filter *filter,
			struct error *err)
{
	struct seccomp_call *call;
	int r = filter_call(filter, from->name, &call, err);

	for (unsigned i = 0; i < from->count && r == 0; i++) {
		struct seccomp_rule rule = from->rules[i];

		if (may_be_asked_for(asking, from->name) && is_asked_for(asking, &rule.answer))
			rule.answer = ask;
		r = call_add_rule(call, &rule, err);
	}
	return r;
}

/* Instead of a default. */
static int ask_by_names(const struct seccomp_asking *asking, struct seccomp_filter *filter, struct error *err)
{
	static const struct seccomp_rule rule = {.answer = {.action = SECCOMP_NOTIFY}};
	struct seccomp_call *call;
	int r = 0;

	for (unsigned i = 0; i < asking->names->count && r == 0; i++) {
		const char *name = asking->names->list[i];

		if (filter_find(filter, name) || !may_be_asked_for(asking, name))
			continue;
		r = filter_call(filter, name, &call, err);
		if (r == 0)
			r = call_add_rule(call, &rule, err);
	}
	return r;
}

int seccomp_ask_for(const struct seccomp_filter *filter, const struct seccomp_asking *asking, struct seccomp_filter *ret_filter,
		    struct error *err)
{
	struct seccomp_filter asks = *filter;
	bool by_default = is_asked_for(asking, &filter->otherwise);
	int r = 0;

	if (has_listener(filter))
		return error_set(err, ENOTSUP, "have system calls notified: the seccomp filter has a listener of its own, and there can "
					       "be one");
	asks.calls = NULL;
	asks.count = 0;
	asks.listener = asking->listener;
	for (unsigned i = 0; i < filter->count && r == 0; i++)
		r = ask_by_rules(&filter->calls[i], asking, &asks, err);
	if (by_default && asking->entirely)
		asks.otherwise = ask;
	else if (r == 0 && by_default)
		r = ask_by_names(asking, &asks, err);
	if (r < 0) {
		seccomp_close(&asks);
		return r;
	}
	*ret_filter = asks;
	return 0;
}

/* crun 1.8 and later wait for the process that does it, runc 1.1 for its parent's word; what else they call every model has. */
const char *seccomp_needed_to_hand_over(bool entirely)
{
	return entirely ? "wait4" : "read";
}

bool seccomp_is_unasked(const struct seccomp_filter *filter, const char *name)
{
	const struct seccomp_call *call = filter_find(filter, name);
	bool by_default = true, unasked = false;

	for (unsigned i = 0; call && i < call->count; i++) {
		by_default &= !rule_is_any(&call->rules[i]);
		unasked |= is_allowed(&call->rules[i].answer);
	}
	return unasked || (by_default && is_allowed(&filter->otherwise));
}
