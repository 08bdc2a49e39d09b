/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/argument_rules.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/record/arguments.h"

#define ALL_BITS UINT32_MAX
#define NAMESPACES                                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Bits that choose. `argument` counts among the recorded ones of the call. */
static const struct {
	const char *name;
	unsigned argument;
	uint32_t bits;
} choosing[] = {
	/* A thread, a child of fork, of vfork or of posix_spawn, and the signal of its end: whoever may make one may make
	 * the others. Namespaces are another matter. */
	{"clone", 0, NAMESPACES},
	/* SOCK_CLOEXEC and SOCK_NONBLOCK are flags of the descriptor; what else is above the type, the kernel refuses. */
	{"socket", 1, 0xf},
};

enum { ALIKE_MAX = 8 };
static const struct alike {
	const char *name;
	unsigned argument, count;
	uint32_t values[ALIKE_MAX]; /* the first stands for all */
} alike[] = {
	/* Duplicates and flags of one's own descriptor: on which ones depends on how standard streams are connected. */
	{"fcntl", 0, 6, {F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC}},
	{"fcntl", 0, 3, {F_GETLK, F_SETLK, F_SETLKW}},
	{"fcntl", 0, 3, {F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW}},
	/* Whether it is a terminal, and how large it is. TIOCSTI, which types for the user, is like nothing. */
	{"ioctl", 0, 2, {TCGETS, TIOCGWINSZ}},
	{"ioctl", 0, 4, {FIONREAD, FIONBIO, FIONCLEX, FIOCLEX}},
	/* A thread's name. */
	{"prctl", 0, 2, {PR_SET_NAME, PR_GET_NAME}},
	/* Which of the two the machine has. */
	{"socket", 0, 2, {AF_INET, AF_INET6}},
};

static uint32_t bits_that_choose(const char *name, unsigned argument)
{
	for (size_t i = 0; i < ARRAY_SIZE(choosing); i++)
		if (choosing[i].argument == argument && strcmp(choosing[i].name, name) == 0)
			return choosing[i].bits;
	return ALL_BITS;
}

static const struct alike *alike_of(const char *name, unsigned argument, uint32_t value)
{
	for (size_t i = 0; i < ARRAY_SIZE(alike); i++)
		for (unsigned k = 0; k < alike[i].count; k++)
			if (alike[i].argument == argument && alike[i].values[k] == value && strcmp(alike[i].name, name) == 0)
				return &alike[i];
	return NULL;
}

struct need argument_need_alike(const struct need *need)
{
	struct need canonical = *need;

	for (unsigned i = 0; i < need->count; i++) {
		uint32_t value = need->values[i] & bits_that_choose(need->name, i);
		const struct alike *like = alike_of(need->name, i, value);

		canonical.values[i] = like ? like->values[0] : value;
	}
	return canonical;
}

static int by_order(const void *a, const void *b)
{
	return need_order(a, b);
}

static struct seccomp_rule rule_of(const struct need *need)
{
	const struct recorded_arguments *arguments = recorded_arguments_find(need->name);
	struct seccomp_rule rule = {.answer = {SECCOMP_ALLOW, 0}};

	for (unsigned i = 0; i < need->count; i++)
		rule.args[arguments->index[i]] = (struct seccomp_condition){
			SECCOMP_MASKED, need->values[i], bits_that_choose(need->name, i)};
	return rule;
}

/* A rule for each value that is like the need's, from its `argument` on. False: no room. */
static bool put_rules(struct need *need, unsigned argument, struct seccomp_rule rules[ARGUMENT_RULES_MAX], unsigned *count)
{
	const struct alike *like = argument < need->count ? alike_of(need->name, argument, need->values[argument]) : NULL;
	bool room = true;

	if (argument == need->count) {
		if (*count == ARGUMENT_RULES_MAX)
			return false;
		rules[(*count)++] = rule_of(need);
		return true;
	}
	if (!like)
		return put_rules(need, argument + 1, rules, count);
	for (unsigned i = 0; i < like->count && room; i++) {
		need->values[argument] = like->values[i];
		room = put_rules(need, argument + 1, rules, count);
	}
	need->values[argument] = like->values[0];
	return room;
}

unsigned argument_rules(const struct need *const *values, unsigned count,
			struct seccomp_rule ret_rules[ARGUMENT_RULES_MAX])
{
	struct need different[ARGUMENT_NEEDS_FEW];
	unsigned few = 0, rules = 0;

	for (unsigned i = 0; i < count; i++) {
		struct need canonical = argument_need_alike(values[i]);
		bool there = false;

		canonical.abi = ABI_NATIVE;
		for (unsigned k = 0; k < few; k++)
			there |= need_order(&different[k], &canonical) == 0;
		if (!there && few == ARGUMENT_NEEDS_FEW)
			return 0;
		if (!there)
			different[few++] = canonical;
	}
	qsort(different, few, sizeof different[0], by_order);
	for (unsigned i = 0; i < few; i++)
		if (!put_rules(&different[i], 0, ret_rules, &rules))
			return 0;
	return rules;
}
