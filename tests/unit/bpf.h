/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libseccomp makes of a filter, and what the kernel would answer: its classic BPF, interpreted. */
#ifndef STINT_TESTS_BPF_H
#define STINT_TESTS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "lib/seccomp/filter.h"

enum { BPF_MAX = 1 << 15 };
struct bpf {
	struct sock_filter code[BPF_MAX];
	unsigned length;
};

/* As runc and crun hand a filter to libseccomp: without the names that it does not know. 0, or what libseccomp said. */
int bpf_compile(const struct seccomp_filter *filter, struct bpf *ret_bpf);
uint32_t bpf_run(const struct bpf *bpf, const struct seccomp_data *data);
/* The value that the kernel has for an answer. */
uint32_t bpf_value(struct seccomp_answer answer);

#endif
