/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a call and a BPF program: it is refused or it ends, and what it did not ask of the call is nothing to it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/bpf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_questions(const struct bpf_program *program, const struct seccomp_data *call)
{
	static struct bpf_trace trace, again;
	uint32_t words[BPF_WORDS], value;
	bool asked[BPF_WORDS] = {false};
	struct seccomp_data other;

	trace.count = again.count = 0;
	trace.opaque = again.opaque = false;
	value = bpf_run(program, call, &trace);
	if (value != bpf_run(program, call, NULL))
		abort();
	memcpy(words, call, sizeof words);
	for (unsigned i = 0; i < trace.count; i++) {
		if (trace.questions[i].word >= BPF_WORDS)
			abort();
		asked[trace.questions[i].word] = true;
	}
	for (unsigned i = 0; i < BPF_WORDS; i++)
		words[i] = asked[i] ? words[i] : ~words[i];
	memcpy(&other, words, sizeof other);
	if (!trace.opaque && (bpf_run(program, &other, &again) != value || again.count != trace.count))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_bpf_ struct bpf_program program = {0};
	struct seccomp_data call;
	struct error err = {0};

	if (size < sizeof call)
		return 0;
	memcpy(&call, data, sizeof call);
	program.length = (unsigned)((size - sizeof call) / sizeof *program.code);
	program.code = malloc(program.length * sizeof *program.code + 1);
	if (!program.code)
		return 0;
	memcpy(program.code, data + sizeof call, program.length * sizeof *program.code);
	if (bpf_check(&program, &err) < 0) {
		if (!err.text[0])
			abort();
		return 0;
	}
	check_questions(&program, &call);
	return 0;
}
