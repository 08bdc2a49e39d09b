/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

void bpf_close(struct bpf_program *program)
{
	free(program->code);
	program->code = NULL;
}

static const uint16_t instructions[] = {
	BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LD | BPF_MEM,
	BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_IMM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX,
	BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_ADD | BPF_X, BPF_ALU | BPF_SUB | BPF_K, BPF_ALU | BPF_SUB | BPF_X,
	BPF_ALU | BPF_MUL | BPF_K, BPF_ALU | BPF_MUL | BPF_X, BPF_ALU | BPF_DIV | BPF_K, BPF_ALU | BPF_DIV | BPF_X,
	BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_AND | BPF_X, BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_OR | BPF_X,
	BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_XOR | BPF_X, BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_LSH | BPF_X,
	BPF_ALU | BPF_RSH | BPF_K, BPF_ALU | BPF_RSH | BPF_X, BPF_ALU | BPF_NEG,
	BPF_JMP | BPF_JA, BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JEQ | BPF_X, BPF_JMP | BPF_JGT | BPF_K,
	BPF_JMP | BPF_JGT | BPF_X, BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JGE | BPF_X, BPF_JMP | BPF_JSET | BPF_K,
	BPF_JMP | BPF_JSET | BPF_X, BPF_RET | BPF_K, BPF_RET | BPF_A, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA,
};

static bool is_known(uint16_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++)
		if (instructions[i] == code)
			return true;
	return false;
}

/* What is wrong with the instruction that `left` others follow, or NULL. */
static const char *fault_of(const struct sock_filter *i, unsigned left)
{
	if (!is_known(i->code))
		return "no instruction of seccomp's";
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k >= sizeof(struct seccomp_data) || i->k % 4 ? "reads outside of the call" : NULL;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k >= BPF_MEMWORDS ? "no such word of memory" : NULL;
	case BPF_ALU | BPF_DIV | BPF_K:
		return i->k == 0 ? "division by zero" : NULL;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k >= 32 ? "a shift of more than all bits" : NULL;
	case BPF_JMP | BPF_JA:
		return i->k >= left ? "jumps outside" : NULL;
	}
	return BPF_CLASS(i->code) == BPF_JMP && (i->jt >= left || i->jf >= left) ? "jumps outside" : NULL;
}

/* The first instruction that reads a word of memory which was not written on every way there, or -1. */
static int find_unwritten(const struct bpf_program *program)
{
	uint16_t at_target[BPF_MAXINSNS], written = 0;

	memset(at_target, 0xff, sizeof at_target);
	for (unsigned at = 0; at < program->length; at++) {
		const struct sock_filter *i = &program->code[at];

		written &= at_target[at];
		if (i->code == BPF_ST || i->code == BPF_STX) {
			written |= (uint16_t)(1u << i->k);
		} else if (i->code == (BPF_LD | BPF_MEM) || i->code == (BPF_LDX | BPF_MEM)) {
			if (!(written & 1u << i->k))
				return (int)at;
		} else if (i->code == (BPF_JMP | BPF_JA)) {
			at_target[at + 1 + i->k] &= written;
			written = UINT16_MAX; /* what follows is come to by jumps only */
		} else if (BPF_CLASS(i->code) == BPF_JMP) {
			at_target[at + 1 + i->jt] &= written;
			at_target[at + 1 + i->jf] &= written;
			written = UINT16_MAX;
		}
	}
	return -1;
}

int bpf_check(const struct bpf_program *program, struct error *err)
{
	int unwritten;

	if (program->length == 0 || program->length > BPF_MAXINSNS)
		return error_set(err, EINVAL, "a BPF program of %u instructions", program->length);
	for (unsigned at = 0; at < program->length; at++) {
		const char *fault = fault_of(&program->code[at], program->length - at - 1);

		if (fault)
			return error_set(err, EINVAL, "BPF instruction %u (%#x, %#x): %s", at, program->code[at].code,
					 program->code[at].k, fault);
	}
	if (BPF_CLASS(program->code[program->length - 1].code) != BPF_RET)
		return error_set(err, EINVAL, "a BPF program that does not end in a return");
	unwritten = find_unwritten(program);
	if (unwritten >= 0)
		return error_set(err, EINVAL, "BPF instruction %d reads memory that was not written", unwritten);
	return 0;
}

/* `from`: which word of the call A is, under `mask`; NOTHING when it does not depend on the call. Nothing else that
 * could depend on the call is followed: the trace is opaque from then on. */
enum { NOTHING = BPF_WORDS };
struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	uint8_t from;
	uint32_t mask;
	struct bpf_trace *trace;
};

static bool compare(uint8_t op, uint32_t a, uint32_t value)
{
	switch (op) {
	case BPF_JEQ:
		return a == value;
	case BPF_JGT:
		return a > value;
	case BPF_JGE:
		return a >= value;
	default:
		return a & value;
	}
}

bool bpf_question_holds(const struct bpf_question *question, uint32_t word)
{
	return compare(question->op, word & question->mask, question->value);
}

static void lose_sight(struct machine *m)
{
	if (m->trace && m->from != NOTHING)
		m->trace->opaque = true;
}

static void load(struct machine *m, const struct sock_filter *i, const struct seccomp_data *data)
{
	m->from = NOTHING;
	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		memcpy(&m->a, (const char *)data + i->k, sizeof m->a);
		m->from = (uint8_t)(i->k / sizeof m->a);
		m->mask = UINT32_MAX;
		break;
	case BPF_LEN:
		m->a = sizeof *data;
		break;
	case BPF_MEM:
		m->a = m->memory[i->k];
		break;
	default:
		m->a = i->k;
	}
}

/* False: division by zero, which ends the program. */
static bool calculate(struct machine *m, uint8_t op, uint32_t operand)
{
	if (op == BPF_AND)
		m->mask &= operand;
	else
		lose_sight(m);
	switch (op) {
	case BPF_ADD: m->a += operand; break;
	case BPF_SUB: m->a -= operand; break;
	case BPF_MUL: m->a *= operand; break;
	case BPF_AND: m->a &= operand; break;
	case BPF_OR: m->a |= operand; break;
	case BPF_XOR: m->a ^= operand; break;
	case BPF_LSH: m->a <<= operand & 31; break;
	case BPF_RSH: m->a >>= operand & 31; break;
	case BPF_NEG: m->a = -m->a; break;
	case BPF_DIV:
		if (operand == 0)
			return false;
		m->a /= operand;
	}
	return true;
}

static unsigned jump(struct machine *m, const struct sock_filter *i, uint32_t operand)
{
	uint8_t op = (uint8_t)BPF_OP(i->code);

	if (op == BPF_JA)
		return i->k;
	if (m->trace && m->from != NOTHING) {
		if (m->trace->count < BPF_QUESTIONS_MAX)
			m->trace->questions[m->trace->count++] = (struct bpf_question){m->from, op, m->mask, operand};
		else
			m->trace->opaque = true;
	}
	return compare(op, m->a, operand) ? i->jt : i->jf;
}

/* What is neither a jump nor a calculation, nor the end. */
static void move(struct machine *m, const struct sock_filter *i, const struct seccomp_data *data)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		load(m, i, data);
		break;
	case BPF_LDX:
		m->x = BPF_MODE(i->code) == BPF_LEN ? sizeof *data :
		       BPF_MODE(i->code) == BPF_MEM ? m->memory[i->k] : i->k;
		break;
	case BPF_ST:
		lose_sight(m);
		m->memory[i->k] = m->a;
		break;
	case BPF_STX:
		m->memory[i->k] = m->x;
		break;
	default:
		if (BPF_MISCOP(i->code) == BPF_TXA) {
			m->a = m->x;
			m->from = NOTHING;
		} else {
			lose_sight(m);
			m->x = m->a;
		}
	}
}

uint32_t bpf_run(const struct bpf_program *program, const struct seccomp_data *data, struct bpf_trace *trace)
{
	struct machine m = {.from = NOTHING, .trace = trace};

	for (unsigned at = 0; at < program->length; at++) {
		const struct sock_filter *i = &program->code[at];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? m.x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			if (BPF_RVAL(i->code) == BPF_K)
				return i->k;
			lose_sight(&m);
			return m.a;
		case BPF_JMP:
			at += jump(&m, i, operand);
			break;
		case BPF_ALU:
			if (!calculate(&m, (uint8_t)BPF_OP(i->code), operand))
				return 0;
			break;
		default:
			move(&m, i, data);
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

uint32_t bpf_run_all(const struct bpf_program *programs, unsigned count, const struct seccomp_data *data,
		     struct bpf_trace *trace)
{
	uint32_t strictest = SECCOMP_RET_ALLOW;

	for (unsigned i = 0; i < count; i++) {
		uint32_t value = bpf_run(&programs[i], data, trace);

		if ((int32_t)(value & SECCOMP_RET_ACTION_FULL) < (int32_t)(strictest & SECCOMP_RET_ACTION_FULL))
			strictest = value;
	}
	return strictest;
}
