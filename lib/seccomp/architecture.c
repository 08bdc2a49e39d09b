/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/architecture.h"

#include <ctype.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/condition.h"
#include "lib/seccomp/internal.h"

const uint32_t architecture_tokens[] = {
	SCMP_ARCH_X86, SCMP_ARCH_X86_64, SCMP_ARCH_X32, SCMP_ARCH_ARM, SCMP_ARCH_AARCH64, SCMP_ARCH_MIPS,
	SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64N32,
	SCMP_ARCH_PPC, SCMP_ARCH_PPC64, SCMP_ARCH_PPC64LE, SCMP_ARCH_S390, SCMP_ARCH_S390X, SCMP_ARCH_PARISC, SCMP_ARCH_PARISC64, SCMP_ARCH_RISCV64, 0,
};

static const char *const names[] = {
	"x86", "x86_64", "x32", "arm", "aarch64", "mips", "mips64", "mips64n32", "mipsel", "mipsel64", "mipsel64n32",
	"ppc", "ppc64", "ppc64le", "s390", "s390x", "parisc", "parisc64", "riscv64",
};

const char *architecture_name(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (architecture_tokens[i] == token)
			return names[i];
	return NULL;
}

/* "SCMP_ARCH_X86_64", as OCI has it. */
static uint32_t token_of(const char *oci)
{
	static const char prefix[] = "SCMP_ARCH_";

	if (strncmp(oci, prefix, strlen(prefix)) != 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(oci + strlen(prefix), names[i]) == 0)
			return architecture_tokens[i];
	return 0;
}

int architectures_of(const struct seccomp_filter *filter, uint32_t *ret_tokens, struct error *err)
{
	int count = 0;

	ret_tokens[count++] = seccomp_arch_native();
	for (unsigned i = 0; i < filter->architecture_count; i++) {
		uint32_t token = token_of(filter->architectures[i]);

		if (!token)
			return error_set(err, EINVAL, "a seccomp filter: no such architecture: %s",
					 filter->architectures[i]);
		if (token != ret_tokens[0])
			ret_tokens[count++] = token;
	}
	return count;
}

uint32_t architecture_audit(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

bool architecture_is_narrow(uint32_t token)
{
	return !(token & __AUDIT_ARCH_64BIT) || token == SCMP_ARCH_MIPS64N32 || token == SCMP_ARCH_MIPSEL64N32;
}

void architecture_open(const struct seccomp_filter *filter, uint32_t token, struct architecture *ret)
{
	ret->token = token;
	for (unsigned i = 0; i < filter->count; i++)
		ret->numbers[i] = seccomp_syscall_resolve_name_arch(token, filter->calls[i].name);
}

const struct number_range architecture_numbers[ARCHITECTURE_NUMBERS] = {
	{0, 1023}, {4000, 4999}, {5000, 5999}, {6000, 6999}, {0xf0000, 0xf0010},
};

char *architecture_call_name(uint32_t token, uint32_t number)
{
	return number <= INT32_MAX ? seccomp_syscall_resolve_num_arch(token, (int)number) : NULL;
}

bool architecture_knows(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

/* What socketcall(2) and ipc(2) call, by their first argument (linux/net.h, linux/ipc.h). */
static const char *const in_socketcall[] = {
	NULL, "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send",
	"recv", "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4",
	"recvmmsg", "sendmmsg",
};
static const char *const in_ipc[] = {
	NULL, "semop", "semget", "semctl", "semtimedop", NULL, NULL, NULL, NULL, NULL, NULL, "msgsnd", "msgrcv",
	"msgget", "msgctl", NULL, NULL, NULL, NULL, NULL, NULL, "shmat", "shmdt", "shmget", "shmctl",
};

static void open_inside(struct numbered_call *call, uint32_t token, uint32_t number)
{
	if (number > INT32_MAX)
		return;
	if ((int)number == seccomp_syscall_resolve_name_arch(token, "socketcall")) {
		call->inside = in_socketcall;
		call->inside_count = ARRAY_SIZE(in_socketcall);
	} else if ((int)number == seccomp_syscall_resolve_name_arch(token, "ipc")) {
		call->inside = in_ipc;
		call->inside_count = ARRAY_SIZE(in_ipc);
	}
}

void numbered_call_open(const struct seccomp_filter *filter, const struct architecture *architecture, uint32_t number,
			struct numbered_call *ret)
{
	_cleanup_free_ char *name = architecture_call_name(architecture->token, number);
	const struct seccomp_call *named = name ? filter_find(filter, name) : NULL;

	*ret = (struct numbered_call){.filter = filter};
	if (named)
		ret->own[ret->own_count++] = named;
	for (unsigned i = 0; i < filter->count && ret->own_count < NUMBERED_CALL_NAMES; i++)
		if (number <= INT32_MAX && architecture->numbers[i] == (int)number && &filter->calls[i] != named)
			ret->own[ret->own_count++] = &filter->calls[i];
	open_inside(ret, architecture->token, number);
}

static const struct seccomp_call *inside(const struct numbered_call *call, uint64_t index)
{
	return index < call->inside_count && call->inside[index] ? filter_find(call->filter, call->inside[index]) : NULL;
}

unsigned numbered_call_all(const struct numbered_call *call, const struct seccomp_call *ret_calls[NUMBERED_CALL_MAX])
{
	unsigned count = call->own_count;

	memcpy(ret_calls, call->own, count * sizeof ret_calls[0]);
	for (unsigned i = 0; i < call->inside_count && count < NUMBERED_CALL_MAX; i++)
		if (inside(call, i))
			ret_calls[count++] = inside(call, i);
	return count;
}

static const struct seccomp_rule *first_unconditional(const struct seccomp_call *call)
{
	for (unsigned i = 0; i < call->count; i++)
		if (rule_is_any(&call->rules[i]))
			return &call->rules[i];
	return NULL;
}

static struct seccomp_answer strictest_of(const struct seccomp_filter *filter, const struct seccomp_call *call)
{
	const struct seccomp_rule *any = first_unconditional(call);
	struct seccomp_answer strictest = any ? any->answer : filter->otherwise;

	for (unsigned i = 0; i < call->count; i++)
		if (call->rules[i].answer.action > strictest.action)
			strictest = call->rules[i].answer;
	return strictest;
}

struct wanted numbered_call_ask(const struct numbered_call *call, const uint64_t args[SECCOMP_ARGS])
{
	const struct seccomp_call *other = inside(call, args[0]);
	const struct seccomp_rule *any = call->own_count == 1 ? first_unconditional(call->own[0]) : NULL;
	struct wanted wanted = {.loosest = call->filter->otherwise};

	for (unsigned i = 0; i < call->own_count; i++) {
		struct seccomp_answer answer = seccomp_ask(call->filter, call->own[i]->name, args);

		if (i == 0 || answer.action > wanted.loosest.action)
			wanted.loosest = answer;
	}
	wanted.strictest = wanted.loosest;
	if (other) {
		struct seccomp_answer answer = strictest_of(call->filter, other);

		if (call->own_count == 0 || answer.action < wanted.loosest.action)
			wanted.loosest = answer;
		if (call->own_count == 0 || answer.action > wanted.strictest.action)
			wanted.strictest = answer;
	}
	wanted.compiled = any && any->answer.action < wanted.loosest.action ? any->answer : wanted.loosest;
	wanted.by_default = answer_equal(&wanted.loosest, &call->filter->otherwise);
	return wanted;
}
