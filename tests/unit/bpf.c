/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/bpf.h"

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
static void __lsan_disable(void) {}
static void __lsan_enable(void) {}
#endif

#include "lib/base/cleanup.h"
#include "lib/seccomp/internal.h"

uint32_t bpf_value(struct seccomp_answer answer)
{
	static const uint32_t values[] = {
		[SECCOMP_ALLOW] = SCMP_ACT_ALLOW, [SECCOMP_LOG] = SCMP_ACT_LOG, [SECCOMP_TRACE] = SCMP_ACT_TRACE(0),
		[SECCOMP_NOTIFY] = SCMP_ACT_NOTIFY, [SECCOMP_ERRNO] = SCMP_ACT_ERRNO(0), [SECCOMP_TRAP] = SCMP_ACT_TRAP,
		[SECCOMP_KILL_THREAD] = SCMP_ACT_KILL_THREAD, [SECCOMP_KILL_PROCESS] = SCMP_ACT_KILL_PROCESS,
	};

	return values[answer.action] | answer.data;
}

static int add(scmp_filter_ctx ctx, const char *name, const struct seccomp_rule *rule)
{
	static const enum scmp_compare ops[] = {
		[SECCOMP_MASKED] = SCMP_CMP_MASKED_EQ, [SECCOMP_EQ] = SCMP_CMP_EQ, [SECCOMP_NE] = SCMP_CMP_NE,
		[SECCOMP_LE] = SCMP_CMP_LE, [SECCOMP_GE] = SCMP_CMP_GE,
	};
	struct scmp_arg_cmp args[SECCOMP_ARGS];
	unsigned count = 0;
	int number = seccomp_syscall_resolve_name(name);

	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		const struct seccomp_condition *c = &rule->args[i];

		if (c->op == SECCOMP_MASKED)
			args[count++] = (struct scmp_arg_cmp){i, SCMP_CMP_MASKED_EQ, c->mask, c->value};
		else if (c->op != SECCOMP_ANY)
			args[count++] = (struct scmp_arg_cmp){i, ops[c->op], c->value, 0};
	}
	return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(ctx, bpf_value(rule->answer), number, count, args);
}

static int export(scmp_filter_ctx ctx, struct bpf *bpf)
{
	int fd = memfd_create("bpf", MFD_CLOEXEC), r = seccomp_export_bpf(ctx, fd);
	ssize_t n = r == 0 ? pread(fd, bpf->code, sizeof bpf->code, 0) : -1;

	(void)close(fd);
	if (r < 0 || n <= 0)
		return r < 0 ? r : -EIO;
	bpf->length = (unsigned)((size_t)n / sizeof bpf->code[0]);
	return 0;
}

static int add_architectures(scmp_filter_ctx ctx, const struct seccomp_filter *filter)
{
	int r = 0;

	for (unsigned i = 0; i < filter->architecture_count && r == 0; i++) {
		char name[32] = "";

		for (size_t k = 0; k < sizeof name - 1 && filter->architectures[i][k + 10]; k++) /* "SCMP_ARCH_X86_64" is x86_64 */
			name[k] = (char)tolower(filter->architectures[i][k + 10]);
		r = seccomp_arch_add(ctx, seccomp_arch_resolve_name(name));
		r = r == -EEXIST ? 0 : r; /* the machine's own is there */
	}
	return r;
}

/* Those with no condition or those with one. */
static int add_rules(scmp_filter_ctx ctx, const struct seccomp_filter *filter, bool plain)
{
	int r = 0;

	for (unsigned i = 0; i < filter->count && r == 0; i++)
		for (unsigned k = 0; k < filter->calls[i].count && r == 0; k++) {
			const struct seccomp_rule *rule = &filter->calls[i].rules[k];

			/* What equals the default libseccomp refuses, and runtimes leave out. */
			if (rule_is_any(rule) == plain && bpf_value(rule->answer) != bpf_value(filter->otherwise))
				r = add(ctx, filter->calls[i].name, rule);
		}
	return r;
}

int bpf_compile(const struct seccomp_filter *filter, struct bpf *ret_bpf)
{
	scmp_filter_ctx ctx = seccomp_init(bpf_value(filter->otherwise));
	int r = ctx ? add_architectures(ctx, filter) : -ENOMEM;

	__lsan_disable(); /* it leaks the rules for a subcall that a later one stands above */
	if (r == 0)
		r = add_rules(ctx, filter, true); /* in the order in which they are written */
	if (r == 0)
		r = add_rules(ctx, filter, false);
	__lsan_enable();
	if (r == 0)
		r = export(ctx, ret_bpf);
	seccomp_release(ctx);
	return r;
}

static bool jumps(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	}
	return false;
}

/* The instructions that seccomp has (kernel/seccomp.c, seccomp_check_filter) as far as libseccomp makes them. */
uint32_t bpf_run(const struct bpf *bpf, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (unsigned at = 0; at < bpf->length; at++) {
		const struct sock_filter *i = &bpf->code[at];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			memcpy(&a, (const char *)data + i->k, sizeof a);
			break;
		case BPF_ALU:
			a &= i->k;
			break;
		case BPF_JMP:
			at += BPF_OP(i->code) == BPF_JA ? i->k : jumps(i->code, a, i->k) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return i->k;
		default:
			return SECCOMP_RET_KILL_PROCESS;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}
