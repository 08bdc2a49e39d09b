/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls by their places in the recorder's tables (shim/recorder_shared.h), and by their names. */
#ifndef STINT_SHIM_RECORDER_CALLS_H
#define STINT_SHIM_RECORDER_CALLS_H

#include "lib/record/needs.h"
#include "shim/recorder_shared.h"

/* libseccomp's token of each. */
extern const uint32_t call_architectures[ABI_COUNT];

/* The number as the kernel has it; -1: there is no such call. x32's are without their mark. */
int call_number(enum call_abi abi, const char *name);
/* A number that libseccomp knows no name for is newer than it: "#467". */
void call_name(unsigned place, char name[NEED_NAME_MAX]);
/* One that was seen, first by that program; with values, of its recorded arguments. What it points to is the caller's. */
struct need call_need(unsigned place, const unsigned *values, const char seen_program[PROGRAM_NAME], char name[NEED_NAME_MAX],
		      char program[PROGRAM_NAME]);

#endif
