/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default filter, of profiles/seccomp-default.list. */
#ifndef STINT_SECCOMP_BASE_H
#define STINT_SECCOMP_BASE_H

#include "lib/seccomp/filter.h"

/*
 * For a container that holds these capabilities (bit n: capability number n), on a machine of that architecture
 * ("SCMP_ARCH_X86_64"; see seccomp_native) and of those whose programs it runs too. What the list denies is answered
 * with EPERM, what it does not know with ENOSYS. -ENOMEM. The filter's strings live as long as the program.
 */
int seccomp_base(const char *architecture, uint64_t capabilities, struct seccomp_filter *ret_filter, struct error *err);

#endif
