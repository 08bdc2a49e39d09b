/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the kernel: which call a process makes, and its arguments. */
#ifndef STINT_SHIM_RECORDER_CALL_BPF_H
#define STINT_SHIM_RECORDER_CALL_BPF_H

#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "shim/kernel_types.h"
#include "shim/recorder_shared.h"

#if defined(__TARGET_ARCH_x86)
enum { ABI_NATIVE, ABI_COMPAT, ABI_X32, TS_COMPAT = 2 };

/* -1: no such place. */
static int place_of(long number)
{
	int abi = ABI_NATIVE;

	if (bpf_get_current_task_btf()->thread_info.status & TS_COMPAT)
		abi = ABI_COMPAT;
	else if (number & X32_MARK)
		abi = ABI_X32;
	number &= ~(long)X32_MARK;
	return number < 0 || number >= CALL_COUNT ? -1 : abi << CALL_BITS | (int)number;
}

static unsigned long pointer(struct pt_regs *regs, int abi, unsigned index)
{
	if (abi == ABI_COMPAT)
		switch (index) {
		case 0: return (__u32)BPF_CORE_READ(regs, bx);
		case 1: return (__u32)BPF_CORE_READ(regs, cx);
		case 2: return (__u32)BPF_CORE_READ(regs, dx);
		default: return 0;
		}
	switch (index) {
	case 0: return BPF_CORE_READ(regs, di);
	case 1: return BPF_CORE_READ(regs, si);
	case 2: return BPF_CORE_READ(regs, dx);
	default: return 0;
	}
}

static __u32 argument(struct pt_regs *regs, int abi, unsigned index)
{
	return (__u32)pointer(regs, abi, index);
}
#endif

#endif
