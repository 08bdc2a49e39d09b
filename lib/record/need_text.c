/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What needs are called. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/record/internal.h"
#include "lib/record/needs.h"

const char *const abi_names[ABI_COUNT + 1] = {NULL, "x86", "x32", NULL};

const char *need_text(const struct need *need, char text[NEED_TEXT_MAX])
{
	const char *abi = abi_names[need->abi];
	int n = snprintf(text, NEED_TEXT_MAX, "%s%s%.*s%s", abi ? abi : "", abi ? ":" : "", NEED_NAME_MAX, need->name,
			 need->many ? " " NEED_MANY : "");

	for (unsigned i = 0; i < need->count && n >= 0 && n < NEED_TEXT_MAX; i++)
		n += snprintf(text + n, (size_t)(NEED_TEXT_MAX - n), " %" PRIu32, need->values[i]);
	return text;
}

static const char *parse_abi(const char *text, enum call_abi *ret_abi)
{
	for (int i = ABI_COMPAT; i < ABI_COUNT; i++) {
		size_t length = strlen(abi_names[i]);

		if (strncmp(text, abi_names[i], length) != 0 || text[length] != ':')
			continue;
		*ret_abi = (enum call_abi)i;
		return text + length + 1;
	}
	return text;
}

/* Whatever is not as need_text writes it shows when that is compared. */
bool need_parse(const char *text, char name[NEED_NAME_MAX], struct need *ret_need)
{
	struct need need = {.kind = strncmp(text, "CAP_", 4) == 0 ? NEED_CAPABILITY : NEED_CALL, .name = name};
	const char *at = parse_abi(text, &need.abi);
	size_t length = strcspn(at, " ");
	char again[NEED_TEXT_MAX];

	if (length >= NEED_NAME_MAX)
		return false;
	memcpy(name, at, length);
	name[length] = '\0';
	at += length;
	need.many = strcmp(at, " " NEED_MANY) == 0;
	if (*at)
		need.kind = NEED_ARGUMENTS;
	while (*at == ' ' && !need.many && need.count < NEED_ARGUMENTS_MAX) {
		char *end;

		need.values[need.count++] = (uint32_t)strtoul(at + 1, &end, 10);
		at = end;
	}
	if (strcmp(need_text(&need, again), text) != 0)
		return false;
	*ret_need = need;
	return true;
}
