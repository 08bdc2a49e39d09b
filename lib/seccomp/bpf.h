/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classic BPF as seccomp runs it, interpreted: what a loaded program answers to a call.
 *
 * What is a program is the kernel's rule (net/core/filter.c, bpf_check_classic, and kernel/seccomp.c,
 * seccomp_check_filter): a few instructions, jumps that go forward and stay inside, a return at the end. So none loops.
 */
#ifndef STINT_SECCOMP_BPF_H
#define STINT_SECCOMP_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

struct bpf_program {
	struct sock_filter *code; /* malloc'ed */
	unsigned length;	  /* instructions, at most BPF_MAXINSNS */
};
void bpf_close(struct bpf_program *program);
#define _cleanup_bpf_ _cleanup_(bpf_close)

/* -EINVAL, with the place, for what the kernel would not load. */
int bpf_check(const struct bpf_program *program, struct error *err);

/*
 * What a run asked of the call: each conditional jump on one 32-bit word of struct seccomp_data. Two calls that answer
 * all questions alike are answered alike, unless `opaque`: then the program used what it read in another way, or asked
 * more than there is room for.
 */
enum bpf_word { BPF_WORD_NUMBER, BPF_WORD_ARCHITECTURE, BPF_WORD_POINTER, BPF_WORD_ARGS = 4, BPF_WORDS = 16 };
struct bpf_question {
	uint8_t word, op;  /* op: BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET of (word & mask) and value */
	uint32_t mask, value;
};
enum { BPF_QUESTIONS_MAX = 8192 };
struct bpf_trace {
	struct bpf_question questions[BPF_QUESTIONS_MAX]; /* of this run, in its order */
	unsigned count;
	bool opaque;
};
bool bpf_question_holds(const struct bpf_question *question, uint32_t word);

/* The value that the program returns. It must have passed bpf_check. `trace` may be NULL; it is added to. */
uint32_t bpf_run(const struct bpf_program *program, const struct seccomp_data *data, struct bpf_trace *trace);

/* What the kernel makes of several: the strictest, and of those alike the first one's. None: it is allowed. */
uint32_t bpf_run_all(const struct bpf_program *programs, unsigned count, const struct seccomp_data *data,
		     struct bpf_trace *trace);

#endif
