/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorder's two halves share: recorder.bpf.c in the kernel, recorder_kernel.c outside of it. */
#ifndef STINT_SHIM_RECORDER_SHARED_H
#define STINT_SHIM_RECORDER_SHARED_H

/* A call's place is (abi << CALL_BITS | number). An x32 call's number is without its mark. */
enum { CALL_BITS = 10, CALL_COUNT = 1 << CALL_BITS, CALL_PLACES = 3 << CALL_BITS, X32_MARK = 1 << 30 };

enum {
	PROGRAM_NAME = 16,     /* as the kernel has it (TASK_COMM_LEN) */
	CAPABILITY_PLACES = 64,
	VALUES_MAX = 32,       /* of one call's arguments; more are "any" */
	FAILED_MAX = 100,      /* of one call's arguments that failed; of more it is not known whether a filter denied them */
	VALUE_PLACES = 4096,   /* of all calls */
	RUNTIME_TASKS = 1024,
	NO_ARGUMENT = 255,
};

/* Which arguments of a call are recorded; NO_ARGUMENT: none. */
struct call_arguments {
	unsigned char index[2];
};

/* The process that asked first, by the name of its first thread. */
struct seen {
	unsigned char is;
	char program[PROGRAM_NAME];
};

/* A call that makes a process larger; or makes another, and may make a namespace; or makes it another program. */
enum memory_call { NO_MEMORY, MEMORY, MEMORY_OR_NAMESPACE, MEMORY_OF_PROGRAM };

/* What the filter that is enforced says of a call. */
enum call_verdict { CALL_ALLOWED, CALL_DENIED, CALL_DEPENDS /* on its arguments */ };

/* How often, and by whom first. */
struct refused {
	struct seen seen;
	unsigned int count;
};

/* The low 32 bits of each: the kernel takes them as int. */
struct call_values {
	unsigned int place, values[2];
};

#endif
