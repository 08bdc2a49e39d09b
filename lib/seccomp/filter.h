/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A seccomp filter as OCI writes it (runtime-spec, config-linux.md, "seccomp"), taken apart so that it can be
 * asked and composed.
 *
 * A filter answers a call with the action of the rules that match it, the strictest of them, or else with its default.
 * What is strict is the kernel's own order, by which it chooses among the answers of several filters
 * (Documentation/userspace-api/seccomp_filter.rst). A rule matches when each of its conditions does.
 */
#ifndef STINT_SECCOMP_FILTER_H
#define STINT_SECCOMP_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/json.h"

/* From the loosest to the strictest. KILL is the kernel's KILL_THREAD. */
enum seccomp_action {
	SECCOMP_ALLOW, SECCOMP_LOG, SECCOMP_TRACE, SECCOMP_NOTIFY, SECCOMP_ERRNO, SECCOMP_TRAP, SECCOMP_KILL_THREAD,
	SECCOMP_KILL_PROCESS, SECCOMP_ACTION_COUNT,
};

/* An action with what comes with it: the error number of ERRNO, the message of TRACE; 0 for the others. */
struct seccomp_answer {
	enum seccomp_action action;
	uint32_t data;
};

/* Of one argument. ANY: no condition. MASKED: (argument & mask) == value. Each condition has one form: LT 5 is LE 4, GE 0
 * is ANY, a mask of all bits is EQ; a rule with one that never holds is none. */
enum seccomp_op { SECCOMP_ANY, SECCOMP_MASKED, SECCOMP_EQ, SECCOMP_NE, SECCOMP_LE, SECCOMP_GE };
struct seccomp_condition {
	enum seccomp_op op;
	uint64_t value, mask;
};

enum { SECCOMP_ARGS = 6, SECCOMP_RULES_MAX = 128, SECCOMP_CALLS_MAX = 1024, SECCOMP_FLAGS_MAX = 8, SECCOMP_ARCHITECTURES_MAX = 24 };

struct seccomp_rule {
	struct seccomp_answer answer;
	struct seccomp_condition args[SECCOMP_ARGS];
};

/* One call by its name, and all rules there are for it. */
struct seccomp_call {
	const char *name;
	struct seccomp_rule *rules;
	unsigned count;
};

struct seccomp_filter {
	struct seccomp_answer otherwise; /* the default */
	const char *architectures[SECCOMP_ARCHITECTURES_MAX]; /* sorted; none: the machine's own alone */
	unsigned architecture_count;
	const char *flags[SECCOMP_FLAGS_MAX]; /* sorted */
	unsigned flag_count;
	const char *listener, *listener_metadata; /* or NULL */
	struct seccomp_call *calls; /* sorted by name */
	unsigned count;
};

/* Reads an OCI object; its strings stay in the document, which must outlive the filter. -EINVAL, with the place,
 * for anything that runtimes would read differently: two conditions of one rule for one argument (runc takes either,
 * crun none), actions and operators that are unknown, more than fits. */
int seccomp_read(const struct json *object, struct seccomp_filter *ret_filter, struct error *err);
void seccomp_close(struct seccomp_filter *filter);
#define _cleanup_seccomp_ _cleanup_(seccomp_close)

/* Its answer to that call is not the same for all arguments. */
bool seccomp_depends(const struct seccomp_filter *filter, const char *name);
/* It answers some call with a signal, and not with an error. */
bool seccomp_kills(const struct seccomp_filter *filter);
struct seccomp_answer seccomp_ask(const struct seccomp_filter *filter, const char *name, const uint64_t args[SECCOMP_ARGS]);

/* As OCI writes it, the same filter as the same text. */
int seccomp_write(const struct seccomp_filter *filter, struct json_doc *doc, struct json **ret_object, struct error *err);

/*
 * A filter that is at least as strict as both, for every call and all arguments. Mostly it is exactly the stricter
 * answer of the two; where that has no form as rules with at most one inequality for an argument (libseccomp 2.5.4
 * compiles several wrongly) it is stricter, and *ret_inexact is how many calls that is so for. Architectures are those
 * of both; where one of them has 32 bits there is no condition on more, and where one has socketcall and ipc, and what
 * the filters say of their subcalls cannot be said, they are refused. -ENOTSUP: two listeners. The result's strings are those of `a` and `b`.
 */
int seccomp_meet(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *ret_filter,
		 unsigned *ret_inexact, struct error *err);

/* The machine's own architecture, as OCI names it; "" where that is not known. libseccomp adds it to every filter. */
const char *seccomp_native(void);

#endif
