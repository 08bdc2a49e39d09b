/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share. */
#ifndef STINT_RECORD_INTERNAL_H
#define STINT_RECORD_INTERNAL_H

#include <stddef.h>

#include "lib/record/needs.h"

enum { RECORDING_VERSION = 1 };

#define NEED_MANY "any"
/* Keys of "compat" in a recording, and what stands before a call's name; NULL for the native ABI, and after the
 * last. */
extern const char *const abi_names[ABI_COUNT + 1];

/* A copy for a terminal, of at most `size` bytes with its NUL: valid UTF-8 without control characters. What is neither
 * becomes "?". NULL without memory. */
char *clean_copy(const char *text, size_t size);

#endif
