/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a filter to the program that a runtime loads, and whether that program is the filter.
 *
 * Over libseccomp, as runc and crun use it; only programs that call these functions link it.
 */
#ifndef STINT_SECCOMP_COMPILE_H
#define STINT_SECCOMP_COMPILE_H

#include "lib/seccomp/bpf.h"
#include "lib/seccomp/filter.h"

/* An answer as the kernel's value, and a value as the answer that the kernel takes it for. */
uint32_t seccomp_value(struct seccomp_answer answer);
struct seccomp_answer seccomp_answer_of(uint32_t value);

/* As runc and crun do it: what the default answers has no rule, and names that libseccomp does not know are left out
 * (seccomp_prove looks whether that makes it looser). -EINVAL: an architecture that is not
 * known, or a filter that libseccomp refuses. */
int seccomp_compile(const struct seccomp_filter *filter, struct bpf_program *ret_program, struct error *err);

/* That the program answers as the filter does: every call of every architecture, known or not, and all combinations of
 * arguments that either can tell apart. -EBADMSG: it does not, and the error names the first call, its arguments, what is
 * asked for and what is answered. */
int seccomp_prove(const struct seccomp_filter *filter, const struct bpf_program *program, struct error *err);

/* That the kernel takes the program: a child of ours loads it, and ends. */
int seccomp_try(const struct bpf_program *program, struct error *err);

#endif
