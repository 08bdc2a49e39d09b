/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter names calls, and libseccomp makes of it a program for each architecture that it names. On some of them
 * (i386 for one) what has to do with sockets and System V IPC is a subcall of `socketcall` or `ipc`, beside a call of
 * its own or instead of it, and a rule for such a member is made a rule for the subcall too. But a subcall's arguments
 * lie in memory, where no filter sees them: a condition on the member's first argument is dropped, which opens what the
 * rule does not, and two rules with different answers are refused with -EEXIST (libseccomp 2.5.4).
 *
 * A rule without a condition for the multiplexer itself stands above all of that.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/internal.h"

static const struct architecture {
	const char *name;
	bool narrow, multiplexes; /* its arguments are of 32 bits; it has socketcall and ipc */
} architectures[] = {
	{"SCMP_ARCH_X86_64", false, false},  {"SCMP_ARCH_X32", true, false},	   {"SCMP_ARCH_X86", true, true},
	{"SCMP_ARCH_AARCH64", false, false}, {"SCMP_ARCH_ARM", true, false},	   {"SCMP_ARCH_RISCV64", false, false},
	{"SCMP_ARCH_S390X", false, true},    {"SCMP_ARCH_S390", true, true},	   {"SCMP_ARCH_PPC64LE", false, true},
	{"SCMP_ARCH_MIPS64", false, false},  {"SCMP_ARCH_MIPSEL64", false, false}, {"SCMP_ARCH_LOONGARCH64", false, false},
};

static struct architecture find_architecture(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (strcmp(architectures[i].name, name) == 0)
			return architectures[i];
	return (struct architecture){name, true, true};
}

const char *seccomp_native(void)
{
#if defined(__x86_64__)
	return "SCMP_ARCH_X86_64";
#elif defined(__aarch64__)
	return "SCMP_ARCH_AARCH64";
#elif defined(__riscv) && __riscv_xlen == 64
	return "SCMP_ARCH_RISCV64";
#elif defined(__s390x__)
	return "SCMP_ARCH_S390X";
#else
	return "";
#endif
}

/* Of those that the filter names and the machine's own, which libseccomp adds. */
static struct architecture all_of(const struct seccomp_filter *filter)
{
	struct architecture all = find_architecture(seccomp_native());

	for (unsigned i = 0; i < filter->architecture_count; i++) {
		struct architecture one = find_architecture(filter->architectures[i]);

		all.narrow |= one.narrow;
		all.multiplexes |= one.multiplexes;
	}
	return all;
}

bool filter_is_narrow(const struct seccomp_filter *filter)
{
	return all_of(filter).narrow;
}

/* What libseccomp cuts to 32 bits, and so compares with something else. Bits that have to be zero are so anyway. */
bool condition_is_wide(const struct seccomp_condition *condition)
{
	return condition->value > UINT32_MAX;
}

/* --- subcalls --- */

static const struct multiplexer {
	const char *name;
	const char *members[24];
} multiplexers[] = {
	{"socketcall", {"socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair",
			"send", "recv", "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg",
			"accept4", "recvmmsg", "sendmmsg"}},
	{"ipc", {"semop", "semget", "semctl", "semtimedop", "msgsnd", "msgrcv", "msgget", "msgctl", "shmat", "shmdt",
		 "shmget", "shmctl"}},
};

static struct seccomp_call *rules_of(const struct seccomp_filter *filter, const char *name)
{
	struct seccomp_call *call = filter_find(filter, name);

	return call && call->count ? call : NULL;
}

/* For all arguments of a subcall, as libseccomp has it. */
static bool always(const struct seccomp_rule *rule)
{
	for (int i = 1; i < SECCOMP_ARGS; i++)
		if (rule->args[i].op != SECCOMP_ANY)
			return false;
	return true;
}

/* The loosest and the strictest answer that a subcall has, as its arguments are. */
struct spread {
	struct seccomp_answer loosest, strictest;
};

static void extend(struct spread *spread, const struct seccomp_answer *answer)
{
	if (answer->action < spread->loosest.action)
		spread->loosest = *answer;
	if (answer->action > spread->strictest.action)
		spread->strictest = *answer;
}

static struct spread subcall_answers(const struct seccomp_filter *filter, const char *multiplexer, const char *member)
{
	const struct seccomp_call *above = rules_of(filter, multiplexer), *call = above ? above : rules_of(filter, member);
	struct spread spread = {filter->otherwise, filter->otherwise};
	bool covered = false;

	if (call)
		spread = (struct spread){call->rules[0].answer, call->rules[0].answer};
	for (unsigned i = 0; call && i < call->count; i++) {
		extend(&spread, &call->rules[i].answer);
		covered |= always(&call->rules[i]);
	}
	if (!covered)
		extend(&spread, &filter->otherwise);
	return spread;
}

static bool differ(const struct seccomp_call *call)
{
	for (unsigned i = 1; call && i < call->count; i++)
		if (!answer_equal(&call->rules[i].answer, &call->rules[0].answer))
			return true;
	return false;
}

static bool conditional(const struct seccomp_filter *filter, const char *name)
{
	const struct seccomp_call *call = rules_of(filter, name);

	return call && !(call->count == 1 && rule_is_any(&call->rules[0]));
}

/* Is a subcall by the met filter refused by libseccomp, or looser than by one of both? *all: what it may be answered. */
static bool is_amiss(const struct seccomp_filter *a, const struct seccomp_filter *b, const struct seccomp_filter *met,
		     const struct multiplexer *m, const char *member, struct spread *all)
{
	const struct seccomp_call *call = rules_of(met, member);
	struct spread of_a = subcall_answers(a, m->name, member), of_b = subcall_answers(b, m->name, member);
	struct spread got = subcall_answers(met, m->name, member);

	extend(all, &of_a.strictest);
	extend(all, &of_b.strictest);
	for (unsigned i = 0; call && i < call->count; i++)
		extend(all, &call->rules[i].answer);
	return got.loosest.action < of_a.strictest.action || got.loosest.action < of_b.strictest.action ||
	       (!rules_of(met, m->name) && differ(call));
}

/* A rule that says what the default does is none to a runtime: another one, no looser. */
static bool tell_apart(struct seccomp_answer *refusal, const struct seccomp_answer *otherwise)
{
	if (!answer_equal(refusal, otherwise))
		return true;
	if (refusal->action == SECCOMP_ERRNO)
		refusal->data = refusal->data == ENOSYS ? EPERM : ENOSYS;
	else
		*refusal = (struct seccomp_answer){SECCOMP_KILL_PROCESS, 0};
	return !answer_equal(refusal, otherwise);
}

/* One answer to the call, or the default's. */
static int answer_always(struct seccomp_filter *filter, const char *name, const struct seccomp_answer *answer, struct error *err)
{
	struct seccomp_rule rule = {.answer = *answer};
	struct seccomp_call *call;
	int r = filter_call(filter, name, &call, err);

	if (r < 0)
		return r;
	call->count = 0;
	return answer_equal(answer, &filter->otherwise) ? 0 : call_add_rule(call, &rule, err);
}

/* Where no call that has a rule without a condition is one of the architecture's own, libseccomp (2.5.4 to 2.6.1) compares
 * numbers of calls with the architecture. Every list has one of these. */
static bool has_plain_rule(const struct seccomp_filter *filter)
{
	static const char *const everywhere[] = {"execve", "exit_group", "read"};

	for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
		const struct seccomp_call *call = rules_of(filter, everywhere[i]);

		if (call && !conditional(filter, everywhere[i]) && !answer_equal(&call->rules[0].answer, &filter->otherwise))
			return true;
	}
	return false;
}

/* The multiplexer is refused; where that cannot be said, so are its members. */
static int refuse(struct seccomp_filter *met, const struct multiplexer *m, struct seccomp_answer refusal, struct error *err)
{
	bool alone = tell_apart(&refusal, &met->otherwise) && has_plain_rule(met);
	int r = answer_always(met, m->name, &refusal, err);

	for (const char *const *member = m->members; *member && !alone && r == 0; member++)
		r = answer_always(met, *member, &refusal, err);
	return r;
}

int meet_subcalls(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *met, unsigned *inexact,
		  struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(multiplexers) && all_of(met).multiplexes && r == 0; i++) {
		const struct multiplexer *m = &multiplexers[i];
		struct spread all = {met->otherwise, met->otherwise};
		bool amiss = conditional(a, m->name) || conditional(b, m->name) || conditional(met, m->name);

		for (const char *const *member = m->members; *member; member++)
			amiss |= is_amiss(a, b, met, m, *member, &all);
		if (!amiss)
			continue;
		++*inexact;
		r = refuse(met, m, all.strictest, err);
	}
	return r;
}
