/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/endpoint_names.h"

#include <stdio.h>

void endpoint_names_answer(struct endpoint_names *names, const struct dns_answer *answer, uint64_t now_ns)
{
	answered_add(&names->answered, answer, now_ns, 0);
}

int endpoint_names_begin(struct endpoint_names *names, const struct endpoint *to, uint64_t now_ns, struct error *err)
{
	const struct answered *one = answered_find(&names->answered, to->family, to->address);
	struct endpoint begun = *to;

	if (!one)
		return 0;
	begun.by_name = answered_alone(one, now_ns);
	(void)snprintf(begun.name, sizeof begun.name, "%s", one->name);
	return endpoints_add(&names->begun, &begun, err);
}

void endpoint_names_give(const struct endpoint_names *names, struct endpoints *endpoints)
{
	for (unsigned i = 0; i < names->begun.count; i++) {
		const struct endpoint *begun = &names->begun.list[i];
		struct endpoint *there = endpoints_find(endpoints, begun);

		if (!there)
			continue;
		(void)snprintf(there->name, sizeof there->name, "%s", begun->name);
		/* It may have begun after the kernel was asked. */
		there->by_name = begun->by_name < there->connections ? begun->by_name : there->connections;
	}
}

void endpoint_names_close(struct endpoint_names *names)
{
	endpoints_close(&names->begun);
}
