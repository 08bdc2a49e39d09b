/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/recorder_calls.h"

#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/arguments.h"

_Static_assert((int)ABI_COUNT == (int)CALL_PLACES >> CALL_BITS, "each ABI has its places");

const uint32_t call_architectures[ABI_COUNT] = {
	[ABI_NATIVE] = SCMP_ARCH_X86_64, [ABI_COMPAT] = SCMP_ARCH_X86, [ABI_X32] = SCMP_ARCH_X32,
};

int call_number(enum call_abi abi, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(call_architectures[abi], name);

	if (number >= 0 && abi == ABI_X32)
		number &= ~X32_MARK;
	return number >= 0 && number < CALL_COUNT ? number : -1;
}

void call_name(unsigned place, char name[NEED_NAME_MAX])
{
	enum call_abi abi = place >> CALL_BITS;
	int number = (int)(place & (CALL_COUNT - 1));
	_cleanup_free_ char *known =
		seccomp_syscall_resolve_num_arch(call_architectures[abi], abi == ABI_X32 ? number | X32_MARK : number);

	if (known)
		(void)snprintf(name, NEED_NAME_MAX, "%s", known);
	else
		(void)snprintf(name, NEED_NAME_MAX, "#%d", number);
}

struct need call_need(unsigned place, const unsigned *values, const char seen_program[PROGRAM_NAME], char name[NEED_NAME_MAX],
		      char program[PROGRAM_NAME])
{
	struct need need = {.kind = NEED_CALL, .abi = place >> CALL_BITS, .name = name, .program = program};
	const struct recorded_arguments *which;

	call_name(place, name);
	(void)snprintf(program, PROGRAM_NAME, "%.*s", PROGRAM_NAME - 1, seen_program);
	which = values ? recorded_arguments_find(name) : NULL;
	if (which) {
		need.kind = NEED_ARGUMENTS;
		need.count = which->count;
		memcpy(need.values, values, which->count * sizeof *values);
	}
	return need;
}
