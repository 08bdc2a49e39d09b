/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/recording.h"

#include <stdio.h>
#include <string.h>

enum { LINE_WIDTH = 96 };

void name_columns_put(struct name_columns *columns, const char *name)
{
	if (columns->column + strlen(name) + 1 > LINE_WIDTH)
		name_columns_end(columns);
	columns->column += (size_t)printf("%s%s", columns->column ? " " : "  ", name);
}

void name_columns_end(struct name_columns *columns)
{
	if (columns->column)
		(void)putchar('\n');
	columns->column = 0;
}

static bool print_heading(const struct needs *needs, enum need_kind kind, enum call_abi abi, const char *heading)
{
	unsigned count = 0;

	for (unsigned i = 0; i < needs->count; i++)
		count += needs->list[i].kind == kind && needs->list[i].abi == abi;
	if (count)
		printf("\n%s (%u)\n", heading, count);
	return count > 0;
}

/* Arguments have spaces in them: a line each. */
static void print_kind(const struct needs *needs, enum need_kind kind, enum call_abi abi, const char *heading)
{
	struct name_columns columns = {0};
	char text[NEED_TEXT_MAX];

	if (!print_heading(needs, kind, abi, heading))
		return;
	for (unsigned i = 0; i < needs->count; i++) {
		const struct need *need = &needs->list[i];

		if (need->kind != kind || need->abi != abi)
			continue;
		if (kind == NEED_ARGUMENTS)
			printf("  %s\n", need_text(need, text));
		else
			name_columns_put(&columns, need->name);
	}
	name_columns_end(&columns);
}

void needs_print(const struct needs *needs)
{
	print_kind(needs, NEED_CALL, ABI_NATIVE, "System calls");
	print_kind(needs, NEED_CALL, ABI_COMPAT, "System calls of 32-bit programs");
	print_kind(needs, NEED_CALL, ABI_X32, "System calls of x32 programs");
	print_kind(needs, NEED_ARGUMENTS, ABI_NATIVE, "Arguments");
	print_kind(needs, NEED_ARGUMENTS, ABI_COMPAT, "Arguments of 32-bit programs");
	print_kind(needs, NEED_ARGUMENTS, ABI_X32, "Arguments of x32 programs");
	print_kind(needs, NEED_CAPABILITY, ABI_NATIVE, "Capabilities");
}
