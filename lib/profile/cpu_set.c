/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/profile/cpu_set.h"

#include <stdio.h>
#include <string.h>

static bool has(const struct cpu_set *set, unsigned n)
{
	return n < CPU_SET_MAX && (set->bits[n / 64] >> (n % 64) & 1);
}

static bool take_number(const char **text, unsigned *number)
{
	const char *at = *text;

	for (*number = 0; *at >= '0' && *at <= '9'; at++) {
		*number = *number * 10 + (unsigned)(*at - '0');
		if (*number >= CPU_SET_MAX)
			return false;
	}
	if (at == *text)
		return false;
	*text = at;
	return true;
}

int cpu_set_parse(const char *text, struct cpu_set *ret_set, struct error *err)
{
	struct cpu_set set = {.set = true, .from = ret_set->from};
	const char *at = text;
	bool good;

	do {
		unsigned first, last;

		good = take_number(&at, &first);
		last = first;
		if (good && *at == '-') {
			at++;
			good = take_number(&at, &last) && last >= first;
		}
		for (unsigned n = first; good && n <= last; n++)
			set.bits[n / 64] |= UINT64_C(1) << (n % 64);
	} while (good && *at++ == ',');
	if (!good || at[-1] != '\0')
		return error_set(err, EINVAL, "\"%.60s\" is no list such as \"0-3,7\" of numbers from 0 to %d", text,
				 CPU_SET_MAX - 1);
	*ret_set = set;
	return 0;
}

const char *cpu_set_format(const struct cpu_set *set, char text[CPU_SET_TEXT_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned first = 0, last; first < CPU_SET_MAX; first = last + 1) {
		int n;

		last = first;
		if (!has(set, first))
			continue;
		while (has(set, last + 1))
			last++;
		if (last > first)
			n = snprintf(text + used, CPU_SET_TEXT_MAX - used, "%s%u-%u", used ? "," : "", first, last);
		else
			n = snprintf(text + used, CPU_SET_TEXT_MAX - used, "%s%u", used ? "," : "", first);
		if (n < 0 || (size_t)n >= CPU_SET_TEXT_MAX - used)
			break;
		used += (size_t)n;
	}
	return text;
}
