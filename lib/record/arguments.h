/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which arguments are worth recording: those that choose among very different things that one call does, and which a
 * filter can see, since they are numbers and no pointers.
 *
 * Each is taken as 32 bits by the kernel, whatever the upper half of the register holds, so that the low half is the value:
 * it is declared int or unsigned int in the call's SYSCALL_DEFINE (net/socket.c, fs/ioctl.c, fs/fcntl.c, kernel/sys.c,
 * kernel/nsproxy.c, kernel/exec_domain.c, kernel/bpf/syscall.c, security/keys/keyctl.c), or, for the unsigned long flags of
 * clone and unshare, all flags that exist are in the low 32 bits and the others are ignored (kernel/fork.c: clone takes
 * lower_32_bits) or refused (unshare).
 */
#ifndef STINT_RECORD_ARGUMENTS_H
#define STINT_RECORD_ARGUMENTS_H

#include "lib/record/needs.h"

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

#endif
