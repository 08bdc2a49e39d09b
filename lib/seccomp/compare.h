/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a filter asks for against what programs answer: every call of every architecture, known or not, and of its
 * arguments all that the rules or the programs can tell apart.
 */
#ifndef STINT_SECCOMP_COMPARE_H
#define STINT_SECCOMP_COMPARE_H

#include "lib/seccomp/bpf.h"
#include "lib/seccomp/filter.h"

enum seccomp_comparison {
	SECCOMP_EXACTLY,
	/* Stricter is as good. So is, where the default denies a call, that it is not there (ENOSYS), as runc says of
	 * those that are newer than the filter's, and that its thread is killed, as libseccomp 2.5.4 has x32's default;
	 * and of rules that contradict each other the first without conditions, which libseccomp takes. */
	SECCOMP_AT_LEAST,
};

struct seccomp_difference {
	char call[64]; /* "mkdir", "call 512" */
	const char *architecture; /* "x86_64", "another architecture" */
	uint64_t args[SECCOMP_ARGS];
	bool left_out; /* libseccomp does not know the call: no runtime can have given its rules to the kernel */
	struct seccomp_answer wanted, got;
	unsigned calls; /* how many with a name differ, on all architectures; the rest is about the first */
};

/*
 * 0: as asked for. 1: *ret_first says where not. A call of an architecture that the filter does not have is killed. Of
 * the programs, each of which must have passed bpf_check, the strictest answer counts; without any all is allowed.
 * -ENOTSUP: a program looks at calls as no filter of a runtime does; -E2BIG: it looks in too many ways to try them all.
 */
int seccomp_compare(const struct seccomp_filter *filter, const struct bpf_program *programs, unsigned count,
		    enum seccomp_comparison how, struct seccomp_difference *ret_first, struct error *err);

/* "mkdir(0, 0x1ff) on x86_64: errno 1 is asked for, allowed is the answer" */
enum { SECCOMP_DIFFERENCE_TEXT_MAX = 320 };
const char *seccomp_difference_text(const struct seccomp_difference *difference,
				    char text[SECCOMP_DIFFERENCE_TEXT_MAX]);

#endif
