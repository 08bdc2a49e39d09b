/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a filter asks for, by the numbers that the kernel asks with: architectures and the numbers of calls on them,
 * from libseccomp's tables.
 */
#ifndef STINT_SECCOMP_ARCHITECTURE_H
#define STINT_SECCOMP_ARCHITECTURE_H

#include "lib/seccomp/filter.h"

/* libseccomp's tokens of the filter's architectures, the machine's own first; at most SECCOMP_ARCHITECTURES_MAX + 1.
 * How many, or -EINVAL. */
int architectures_of(const struct seccomp_filter *filter, uint32_t *ret_tokens, struct error *err);
/* Every token that libseccomp knows; 0 ends. */
extern const uint32_t architecture_tokens[];

/* The `arch` of struct seccomp_data; x32 has x86_64's, and numbers from X32_BIT. */
uint32_t architecture_audit(uint32_t token);
#define X32_BIT UINT32_C(0x40000000)
bool architecture_is_narrow(uint32_t token); /* arguments of 32 bits */
/* "x86_64"; NULL: not known. */
const char *architecture_name(uint32_t token);

/* One architecture of a filter: what it asks for there. */
struct architecture {
	uint32_t token;
	int numbers[SECCOMP_CALLS_MAX]; /* of each call of the filter; negative: it is none there */
};
void architecture_open(const struct seccomp_filter *filter, uint32_t token, struct architecture *ret);

/*
 * A call by its number: the calls of the filter that have rules for it, by its own name and by others. Where calls are
 * made through socketcall or ipc, `inside` has their names, by the first argument; else it is empty.
 */
enum { NUMBERED_CALL_NAMES = 4, NUMBERED_CALL_MAX = NUMBERED_CALL_NAMES + 24 };
struct numbered_call {
	const struct seccomp_filter *filter;
	const struct seccomp_call *own[NUMBERED_CALL_NAMES];
	unsigned own_count;
	const char *const *inside; /* entries may be NULL */
	unsigned inside_count;
};
void numbered_call_open(const struct seccomp_filter *filter, const struct architecture *architecture, uint32_t number,
			struct numbered_call *ret);
/* All of them, those inside too. How many. */
unsigned numbered_call_all(const struct numbered_call *call, const struct seccomp_call *ret_calls[NUMBERED_CALL_MAX]);

/*
 * What the filter answers, from the loosest that is right to the strictest: they differ only for a call that is made
 * through socketcall or ipc: where there are rules for both, either is right. What that call's arguments are lies in
 * memory, where no filter looks: of its answers the strictest counts. `by_default`: no rule answers otherwise.
 * `compiled`: what libseccomp 2.5.4 makes of it where rules contradict each other, as Podman's do: the first of them
 * that has no condition holds, whatever others say; else it is the loosest.
 */
struct wanted {
	struct seccomp_answer loosest, strictest, compiled;
	bool by_default;
};
struct wanted numbered_call_ask(const struct numbered_call *call, const uint64_t args[SECCOMP_ARGS]);

/* Where libseccomp's tables have numbers: from 0, and MIPS's ABIs and ARM's own from theirs. x32's are found without
 * X32_BIT too. */
enum { ARCHITECTURE_NUMBERS = 5 };
extern const struct number_range {
	uint32_t from, to;
} architecture_numbers[ARCHITECTURE_NUMBERS];

/* Its name in libseccomp's tables, malloc'ed; NULL: it has none. */
char *architecture_call_name(uint32_t token, uint32_t number);
/* libseccomp knows the name, on whatever architecture. */
bool architecture_knows(const char *name);

#endif
