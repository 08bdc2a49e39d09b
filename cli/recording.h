/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings and lists of names on a terminal. */
#ifndef STINT_CLI_RECORDING_H
#define STINT_CLI_RECORDING_H

#include "lib/record/needs.h"

/* Names, as many a line as there is room for, below one another. Begins as {0}; `_end` goes to the next line. */
struct name_columns {
	size_t column;
};
void name_columns_put(struct name_columns *columns, const char *name);
void name_columns_end(struct name_columns *columns);

/* Calls of each ABI, arguments, capabilities: each under a heading with their number, where there are some. */
void needs_print(const struct needs *needs);

#endif
