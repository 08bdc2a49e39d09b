/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which arguments are worth recording: those that choose among very different things that one call does, and which a
 * filter can see, since they are numbers and no pointers.
 *
 * Of each the low half of the register is the value, whatever the upper holds. The kernel declares them int or unsigned
 * int in the call's SYSCALL_DEFINE: net/socket.c, fs/ioctl.c, fs/fcntl.c, kernel/sys.c (prctl), kernel/nsproxy.c,
 * kernel/exec_domain.c (personality), kernel/bpf/syscall.c, security/keys/keyctl.c. The flags of clone and unshare are
 * unsigned long (kernel/fork.c), and all that exist are in the low half: clone looks at that alone (lower_32_bits),
 * unshare refuses others.
 */
#ifndef STINT_RECORD_ARGUMENTS_H
#define STINT_RECORD_ARGUMENTS_H

#include "lib/record/needs.h"
#include "lib/seccomp/filter.h"

enum { RECORDED_ARGUMENTS_COUNT = 11 };

struct recorded_arguments {
	const char *name; /* of the call */
	unsigned count;
	unsigned index[NEED_ARGUMENTS_MAX]; /* from 0 */
};

/* Sorted by name. */
extern const struct recorded_arguments recorded_arguments[RECORDED_ARGUMENTS_COUNT];

/* NULL: none of that call's. */
const struct recorded_arguments *recorded_arguments_find(const char *name);

/* What a filter answers to a call, or to one with those values of its recorded arguments. */
bool need_is_denied(const struct seccomp_filter *filter, const struct need *need);

#endif
