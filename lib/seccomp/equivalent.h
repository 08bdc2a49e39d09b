/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that are one need under several names: which of them a program makes, its C library and its kernel choose. For
 * comparing lists that were made on different systems; a filter is not widened by it.
 */
#ifndef STINT_SECCOMP_EQUIVALENT_H
#define STINT_SECCOMP_EQUIVALENT_H

#include <stdbool.h>

/* Of one need; every call is equivalent to itself. */
bool calls_equivalent(const char *a, const char *b);

/* `newer` is the form of `older` that C libraries try first; that it is not there (ENOSYS) makes them take the older one,
 * and any other error the program's failure. */
bool call_is_newer_form(const char *newer, const char *older);

/* One that the kernel goes on with as restart_syscall, a call that no program makes by itself, after a stop by a signal, a
 * tracer or the freezer. Who is denied that has slept too little, and is told so by an error that no program expects. */
bool call_is_restarted(const char *name);

#endif
