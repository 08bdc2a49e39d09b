/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpreter of seccomp's BPF: instruction by instruction, hostile programs, and beside the kernel. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/bpf.h"
#include "lib/seccomp/compile.h"

TestSuite(bpf, .timeout = 120);

#define S(code, k) BPF_STMT(code, k)
#define J(code, k, jt, jf) BPF_JUMP(code, k, jt, jf)
#define ARG_LOW(n) ((uint32_t)(offsetof(struct seccomp_data, args) + 8 * (n)))

static const struct seccomp_data call = {.nr = 7, .arch = 0xc000003e, .instruction_pointer = 1, .args = {12, 5, 0x100000000, 0xf0, 1, UINT64_MAX}};

/* One after another, and what A is then. */
static const struct {
	const char *what;
	struct sock_filter code[8];
	uint32_t a;
} instructions[] = {
	{"ld imm", {S(BPF_LD | BPF_IMM, 9)}, 9},
	{"ld number", {S(BPF_LD | BPF_W | BPF_ABS, 0)}, 7},
	{"ld arch", {S(BPF_LD | BPF_W | BPF_ABS, 4)}, 0xc000003e},
	{"ld the last word", {S(BPF_LD | BPF_W | BPF_ABS, 60)}, UINT32_MAX},
	{"ld len", {S(BPF_LD | BPF_W | BPF_LEN, 0)}, 64},
	{"ldx imm", {S(BPF_LDX | BPF_IMM, 3), S(BPF_MISC | BPF_TXA, 0)}, 3},
	{"ldx len", {S(BPF_LDX | BPF_W | BPF_LEN, 0), S(BPF_MISC | BPF_TXA, 0)}, 64},
	{"st, ld mem", {S(BPF_LD | BPF_IMM, 9), S(BPF_ST, 15), S(BPF_LD | BPF_IMM, 1), S(BPF_LD | BPF_MEM, 15)}, 9},
	{"stx, ldx mem", {S(BPF_LDX | BPF_IMM, 8), S(BPF_STX, 0), S(BPF_LDX | BPF_IMM, 1), S(BPF_LDX | BPF_MEM, 0), S(BPF_MISC | BPF_TXA, 0)}, 8},
	{"tax", {S(BPF_LD | BPF_IMM, 4), S(BPF_MISC | BPF_TAX, 0), S(BPF_LD | BPF_IMM, 1), S(BPF_MISC | BPF_TXA, 0)}, 4},
	{"add", {S(BPF_LD | BPF_IMM, UINT32_MAX), S(BPF_ALU | BPF_ADD | BPF_K, 3)}, 2},
	{"add x", {S(BPF_LD | BPF_IMM, 5), S(BPF_LDX | BPF_IMM, 6), S(BPF_ALU | BPF_ADD | BPF_X, 0)}, 11},
	{"sub", {S(BPF_LD | BPF_IMM, 1), S(BPF_ALU | BPF_SUB | BPF_K, 3)}, UINT32_MAX - 1},
	{"sub x", {S(BPF_LD | BPF_IMM, 6), S(BPF_LDX | BPF_IMM, 5), S(BPF_ALU | BPF_SUB | BPF_X, 0)}, 1},
	{"mul", {S(BPF_LD | BPF_IMM, 0x10001), S(BPF_ALU | BPF_MUL | BPF_K, 0x10000)}, 0x10000},
	{"mul x", {S(BPF_LD | BPF_IMM, 6), S(BPF_LDX | BPF_IMM, 7), S(BPF_ALU | BPF_MUL | BPF_X, 0)}, 42},
	{"div", {S(BPF_LD | BPF_IMM, 43), S(BPF_ALU | BPF_DIV | BPF_K, 6)}, 7},
	{"div x", {S(BPF_LD | BPF_IMM, 43), S(BPF_LDX | BPF_IMM, 6), S(BPF_ALU | BPF_DIV | BPF_X, 0)}, 7},
	{"and", {S(BPF_LD | BPF_IMM, 0xff), S(BPF_ALU | BPF_AND | BPF_K, 0x0f)}, 0x0f},
	{"and x", {S(BPF_LD | BPF_IMM, 0xff), S(BPF_LDX | BPF_IMM, 0xf0), S(BPF_ALU | BPF_AND | BPF_X, 0)}, 0xf0},
	{"or", {S(BPF_LD | BPF_IMM, 0xf0), S(BPF_ALU | BPF_OR | BPF_K, 0x0f)}, 0xff},
	{"or x", {S(BPF_LD | BPF_IMM, 0xf0), S(BPF_LDX | BPF_IMM, 0x0f), S(BPF_ALU | BPF_OR | BPF_X, 0)}, 0xff},
	{"xor", {S(BPF_LD | BPF_IMM, 0xff), S(BPF_ALU | BPF_XOR | BPF_K, 0x0f)}, 0xf0},
	{"xor x", {S(BPF_LD | BPF_IMM, 0xff), S(BPF_LDX | BPF_IMM, 0x0f), S(BPF_ALU | BPF_XOR | BPF_X, 0)}, 0xf0},
	{"lsh", {S(BPF_LD | BPF_IMM, 3), S(BPF_ALU | BPF_LSH | BPF_K, 31)}, 0x80000000},
	{"lsh x", {S(BPF_LD | BPF_IMM, 3), S(BPF_LDX | BPF_IMM, 1), S(BPF_ALU | BPF_LSH | BPF_X, 0)}, 6},
	{"rsh", {S(BPF_LD | BPF_IMM, 0x80000000), S(BPF_ALU | BPF_RSH | BPF_K, 31)}, 1},
	{"rsh x", {S(BPF_LD | BPF_IMM, 6), S(BPF_LDX | BPF_IMM, 1), S(BPF_ALU | BPF_RSH | BPF_X, 0)}, 3},
	{"neg", {S(BPF_LD | BPF_IMM, 1), S(BPF_ALU | BPF_NEG, 0)}, UINT32_MAX},
	{"ja", {S(BPF_LD | BPF_IMM, 1), S(BPF_JMP | BPF_JA, 1), S(BPF_LD | BPF_IMM, 2)}, 1},
	{"jeq", {S(BPF_LD | BPF_IMM, 1), J(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 1},
	{"jeq, not", {S(BPF_LD | BPF_IMM, 1), J(BPF_JMP | BPF_JEQ | BPF_K, 3, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 2},
	{"jeq x", {S(BPF_LD | BPF_IMM, 1), S(BPF_LDX | BPF_IMM, 1), J(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 1},
	{"jgt", {S(BPF_LD | BPF_IMM, UINT32_MAX), J(BPF_JMP | BPF_JGT | BPF_K, 1, 1, 0), S(BPF_LD | BPF_IMM, 2)}, UINT32_MAX},
	{"jgt, alike", {S(BPF_LD | BPF_IMM, 1), J(BPF_JMP | BPF_JGT | BPF_K, 1, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 2},
	{"jgt x", {S(BPF_LD | BPF_IMM, 9), S(BPF_LDX | BPF_IMM, 1), J(BPF_JMP | BPF_JGT | BPF_X, 0, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 9},
	{"jge, alike", {S(BPF_LD | BPF_IMM, 1), J(BPF_JMP | BPF_JGE | BPF_K, 1, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 1},
	{"jge x", {S(BPF_LD | BPF_IMM, 1), S(BPF_LDX | BPF_IMM, 2), J(BPF_JMP | BPF_JGE | BPF_X, 0, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 2},
	{"jset", {S(BPF_LD | BPF_IMM, 6), J(BPF_JMP | BPF_JSET | BPF_K, 3, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 6},
	{"jset, not", {S(BPF_LD | BPF_IMM, 4), J(BPF_JMP | BPF_JSET | BPF_K, 3, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 2},
	{"jset x", {S(BPF_LD | BPF_IMM, 6), S(BPF_LDX | BPF_IMM, 2), J(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 0), S(BPF_LD | BPF_IMM, 2)}, 6},
	{"div by an x of zero ends it", {S(BPF_LD | BPF_IMM, 43), S(BPF_ALU | BPF_DIV | BPF_X, 0)}, 0},
	{"an argument's word", {S(BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0))}, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 12 : 0},
};

static unsigned length_of(const struct sock_filter *code, unsigned max)
{
	while (max > 0 && memcmp(&code[max - 1], &(struct sock_filter){0}, sizeof *code) == 0)
		max--;
	return max;
}

Test(bpf, each_instruction_does_what_it_says)
{
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		struct sock_filter code[9];
		struct bpf_program program = {code, length_of(instructions[i].code, 8) + 1};
		struct error err = {0};

		memcpy(code, instructions[i].code, sizeof instructions[i].code);
		code[program.length - 1] = (struct sock_filter)S(BPF_RET | BPF_A, 0);
		cr_assert_eq(bpf_check(&program, &err), 0, "%s: %s", instructions[i].what, err.text);
		cr_expect_eq(bpf_run(&program, &call, NULL), instructions[i].a, "%s: %x", instructions[i].what, bpf_run(&program, &call, NULL));
		code[program.length - 1] = (struct sock_filter)S(BPF_RET | BPF_K, 77);
		if (instructions[i].a) /* what ended before is no return */
			cr_expect_eq(bpf_run(&program, &call, NULL), 77, "%s", instructions[i].what);
	}
}

static const struct {
	const char *what;
	struct sock_filter code[8];
	unsigned length;
	const char *says;
} hostile[] = {
	{"nothing", {S(BPF_RET | BPF_K, 0)}, 0, "0 instructions"},
	{"no end", {S(BPF_LD | BPF_IMM, 0)}, 1, "end in a return"},
	{"beyond the call", {S(BPF_LD | BPF_W | BPF_ABS, 64), S(BPF_RET | BPF_K, 0)}, 2, "outside of the call"},
	{"far beyond the call", {S(BPF_LD | BPF_W | BPF_ABS, 0xfffff000), S(BPF_RET | BPF_K, 0)}, 2, "outside of the call"},
	{"between words", {S(BPF_LD | BPF_W | BPF_ABS, 3), S(BPF_RET | BPF_K, 0)}, 2, "outside of the call"},
	{"a byte", {S(BPF_LD | BPF_B | BPF_ABS, 0), S(BPF_RET | BPF_K, 0)}, 2, "no instruction"},
	{"indirect", {S(BPF_LD | BPF_W | BPF_IND, 0), S(BPF_RET | BPF_K, 0)}, 2, "no instruction"},
	{"mod", {S(BPF_ALU | BPF_MOD | BPF_K, 3), S(BPF_RET | BPF_K, 0)}, 2, "no instruction"},
	{"nonsense", {S(0xffff, 3), S(BPF_RET | BPF_K, 0)}, 2, "no instruction"},
	{"return x", {S(BPF_RET | BPF_X, 3), S(BPF_RET | BPF_K, 0)}, 2, "no instruction"},
	{"memory that is not there", {S(BPF_ST, 16), S(BPF_RET | BPF_K, 0)}, 2, "no such word"},
	{"memory that was not written", {S(BPF_LD | BPF_MEM, 3), S(BPF_RET | BPF_K, 0)}, 2, "not written"},
	{"memory that one way does not write", {S(BPF_LD | BPF_IMM, 1), J(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), S(BPF_ST, 0), S(BPF_LD | BPF_MEM, 0),
	 S(BPF_RET | BPF_K, 0)}, 5, "not written"},
	{"division", {S(BPF_ALU | BPF_DIV | BPF_K, 0), S(BPF_RET | BPF_K, 0)}, 2, "by zero"},
	{"shift", {S(BPF_ALU | BPF_LSH | BPF_K, 32), S(BPF_RET | BPF_K, 0)}, 2, "shift"},
	{"ja to the end", {S(BPF_JMP | BPF_JA, 1), S(BPF_RET | BPF_K, 0)}, 2, "jumps outside"},
	{"ja back", {S(BPF_JMP | BPF_JA, UINT32_MAX), S(BPF_RET | BPF_K, 0)}, 2, "jumps outside"},
	{"jt outside", {J(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), S(BPF_RET | BPF_K, 0)}, 2, "jumps outside"},
	{"jf outside", {J(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 255), S(BPF_RET | BPF_K, 0)}, 2, "jumps outside"},
};

Test(bpf, what_the_kernel_would_not_load_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct sock_filter code[8];
		struct bpf_program program = {code, hostile[i].length};
		struct error err = {0};

		memcpy(code, hostile[i].code, sizeof code);
		cr_expect_eq(bpf_check(&program, &err), -EINVAL, "%s", hostile[i].what);
		cr_expect(strstr(err.text, hostile[i].says), "%s: %s", hostile[i].what, err.text);
		cr_expect_lt(seccomp_try(&program, NULL), 0, "%s: the kernel loads it", hostile[i].what);
	}
}

/* splitmix64 with a fixed seed: a failure comes again. */
static uint64_t random_state = 20261127;
static uint32_t random_below(uint32_t n)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) % n);
}

static const uint16_t codes[] = {
	BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LD | BPF_MEM, BPF_LDX | BPF_IMM,
	BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_MEM, BPF_ST, BPF_ST, BPF_STX, BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_ADD | BPF_X,
	BPF_ALU | BPF_SUB | BPF_K, BPF_ALU | BPF_SUB | BPF_X, BPF_ALU | BPF_MUL | BPF_K, BPF_ALU | BPF_MUL | BPF_X, BPF_ALU | BPF_DIV | BPF_K,
	BPF_ALU | BPF_DIV | BPF_X, BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_AND | BPF_X, BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_OR | BPF_X,
	BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_XOR | BPF_X, BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_LSH | BPF_X, BPF_ALU | BPF_RSH | BPF_K,
	BPF_ALU | BPF_RSH | BPF_X, BPF_ALU | BPF_NEG, BPF_JMP | BPF_JA, BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JEQ | BPF_X, BPF_JMP | BPF_JGT | BPF_K,
	BPF_JMP | BPF_JGT | BPF_X, BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JGE | BPF_X, BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JSET | BPF_X,
	BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA, BPF_ALU | BPF_MOD | BPF_K, BPF_LD | BPF_B | BPF_ABS,
};

/* For getppid(), some instructions and then the lower bits of A as an errno; all else is allowed. Mostly what the kernel takes. */
enum { BEFORE = 2, BODY = 12, AFTER = 4, LENGTH = BEFORE + BODY + AFTER };
static void random_program(struct sock_filter code[LENGTH])
{
	static const uint32_t operands[] = {0, 1, 2, 3, 4, 5, 8, 16, 24, 31, 32, 60, 64, 255, 0x1000, 0x80000000, UINT32_MAX};
	unsigned at = BEFORE, far;

	code[0] = (struct sock_filter)S(BPF_LD | BPF_W | BPF_ABS, 0);
	code[1] = (struct sock_filter)J(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, LENGTH - 3);
	for (; at < BEFORE + BODY; at++) {
		uint16_t op = codes[random_below(random_below(8) ? ARRAY_SIZE(codes) - 2 : ARRAY_SIZE(codes))];
		uint32_t k = operands[random_below(ARRAY_SIZE(operands))];

		if (op == (BPF_LD | BPF_W | BPF_ABS) && random_below(16))
			k = 4 * random_below(16);
		if (BPF_CLASS(op) == BPF_ST || BPF_CLASS(op) == BPF_STX || BPF_MODE(op) == BPF_MEM)
			k = random_below(random_below(16) ? 2 : 17);
		far = BEFORE + BODY - at < 4 ? BEFORE + BODY - at : 4; /* not into what comes after the body */
		if (op == (BPF_JMP | BPF_JA))
			k = random_below(far);
		code[at] = (struct sock_filter)J(op, k, BPF_CLASS(op) == BPF_JMP ? (uint8_t)random_below(far) : 0,
						 BPF_CLASS(op) == BPF_JMP ? (uint8_t)random_below(far) : 0);
	}
	code[at++] = (struct sock_filter)S(BPF_ALU | BPF_AND | BPF_K, 0xfff);
	code[at++] = (struct sock_filter)S(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO);
	code[at++] = (struct sock_filter)S(BPF_RET | BPF_A, 0);
	code[at] = (struct sock_filter)S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

/* What getppid(args) gives under it, in *ret; the child's end, when it was not killed. */
static void call_under(struct sock_filter *code, const uint64_t args[6], atomic_long *ret)
{
	struct sock_fprog load = {.len = LENGTH, .filter = code};
	long r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &load) < 0)
		_exit(1);
	r = syscall(SYS_getppid, args[0], args[1], args[2], args[3], args[4], args[5]);
	atomic_store(ret, r < 0 ? -errno : r);
	_exit(0);
}

static uint32_t kernel_answers(struct sock_filter *code, const uint64_t args[6], atomic_long *shared)
{
	pid_t child;
	int status;

	atomic_store(shared, 0);
	child = fork();
	if (child == 0)
		call_under(code, args, shared);
	cr_assert_eq(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return SECCOMP_RET_KILL_THREAD;
	cr_assert_eq(status, 0);
	return SECCOMP_RET_ERRNO | (uint32_t)-atomic_load(shared);
}

Test(bpf, the_kernel_takes_and_answers_as_we_do)
{
	enum { PROGRAMS = 4000 };
	atomic_long *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned taken = 0;

	cr_assert_neq(shared, MAP_FAILED);
	for (int i = 0; i < PROGRAMS; i++) {
		struct sock_filter code[LENGTH];
		struct bpf_program program = {code, LENGTH};
		struct error err = {0};
		/* The pointer is the kernel's to know. */
		struct seccomp_data data = {.nr = SYS_getppid, .arch = AUDIT_ARCH_X86_64, .args = {random_below(99), random_below(UINT32_MAX), 0, 7, UINT64_MAX, 3}};
		static struct bpf_trace trace;
		bool pointer = false;
		uint32_t wanted, got;

		random_program(code);
		for (unsigned at = BEFORE; at < BEFORE + BODY; at++)
			pointer |= code[at].code == (BPF_LD | BPF_W | BPF_ABS) && (code[at].k == 8 || code[at].k == 12);
		if (bpf_check(&program, &err) < 0) {
			cr_assert_lt(seccomp_try(&program, NULL), 0, "refused and loaded, %d: %s", i, err.text);
			continue;
		}
		cr_assert_eq(seccomp_try(&program, &err), 0, "%d: %s", i, err.text);
		taken++;
		if (pointer)
			continue;
		trace.count = 0;
		got = bpf_run(&program, &data, &trace);
		wanted = kernel_answers(code, (const uint64_t *)data.args, shared);
		cr_assert_eq(got, wanted, "program %d: %x, the kernel answers %x", i, got, wanted);
	}
	cr_expect_gt(taken, PROGRAMS / 8, "only %u were taken", taken);
	(void)munmap(shared, sizeof *shared);
}

Test(bpf, what_was_asked_of_a_call_is_told)
{
	struct sock_filter code[] = {
		S(BPF_LD | BPF_W | BPF_ABS, 0), J(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 4), S(BPF_LD | BPF_W | BPF_ABS, 16), S(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		J(BPF_JMP | BPF_JGE | BPF_K, 0x10, 1, 0), S(BPF_RET | BPF_K, 1), S(BPF_RET | BPF_K, 2),
	};
	struct bpf_program program = {code, ARRAY_SIZE(code)};
	static struct bpf_trace trace;

	cr_assert_eq(bpf_check(&program, NULL), 0);
	cr_expect_eq(bpf_run(&program, &call, &trace), 1);
	cr_assert_eq(trace.count, 2);
	cr_expect(!trace.opaque);
	cr_expect(trace.questions[0].word == BPF_WORD_NUMBER && trace.questions[0].op == BPF_JEQ && trace.questions[0].value == 7);
	cr_expect(trace.questions[1].word == BPF_WORD_ARGS && trace.questions[1].op == BPF_JGE && trace.questions[1].mask == 0xf0 &&
		  trace.questions[1].value == 0x10);
	code[3] = (struct sock_filter)S(BPF_ALU | BPF_XOR | BPF_K, 0xf0);
	(void)bpf_run(&program, &call, &trace);
	cr_expect(trace.opaque, "a calculation is not followed");
}

Test(bpf, the_strictest_of_several_counts)
{
	struct sock_filter allow = S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), log = S(BPF_RET | BPF_K, SECCOMP_RET_LOG),
			   deny = S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 5), kill = S(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
			   unknown = S(BPF_RET | BPF_K, 0x12340000);
	const struct bpf_program all[] = {{&allow, 1}, {&deny, 1}, {&log, 1}, {&kill, 1}};

	cr_expect_eq(bpf_run_all(all, 0, &call, NULL), SECCOMP_RET_ALLOW);
	cr_expect_eq(bpf_run_all(all, 3, &call, NULL), SECCOMP_RET_ERRNO | 5);
	cr_expect_eq(bpf_run_all(all, 4, &call, NULL), SECCOMP_RET_KILL_PROCESS);
	cr_expect_eq(seccomp_answer_of(bpf_run_all(&(struct bpf_program){&unknown, 1}, 1, &call, NULL)).action, SECCOMP_KILL_PROCESS);
}
