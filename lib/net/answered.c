/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/answered.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

uint32_t net_answer_seconds(uint32_t ttl)
{
	uint32_t seconds = ttl < NET_ANSWER_SECONDS_MIN ? NET_ANSWER_SECONDS_MIN : ttl;

	return seconds < NET_ANSWER_SECONDS_MAX ? seconds : NET_ANSWER_SECONDS_MAX;
}

static size_t place_of(const struct answered_list *answered, uint8_t family, const uint8_t address[16])
{
	size_t i = 0;

	while (i < ANSWERED_MAX &&
	       (answered->list[i].family != family || memcmp(answered->list[i].address, address, sizeof answered->list[i].address) != 0))
		i++;
	return i;
}

static void name_it(struct answered *one, const char *name, uint64_t now_ns)
{
	if (strcmp(one->name, name) == 0)
		return;
	if (one->until_ns > now_ns && one->until_ns > one->shared_until_ns)
		one->shared_until_ns = one->until_ns;
	(void)snprintf(one->name, sizeof one->name, "%s", name);
}

void answered_add(struct answered_list *answered, const struct dns_answer *answer, uint64_t now_ns, uint64_t opened_ns)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_address *address = &answer->addresses[i];
		size_t place = place_of(answered, address->family, address->bytes);
		struct answered *one;

		if (place == ANSWERED_MAX) {
			place = answered->next++ % ANSWERED_MAX;
			answered->list[place] = (struct answered){.family = address->family};
			memcpy(answered->list[place].address, address->bytes, sizeof address->bytes);
		}
		one = &answered->list[place];
		name_it(one, answer->name, now_ns);
		one->until_ns = now_ns + net_answer_seconds(address->ttl) * SECOND_NS;
		one->opened_ns = opened_ns;
	}
}

const struct answered *answered_find(const struct answered_list *answered, uint8_t family, const uint8_t address[16])
{
	size_t place = place_of(answered, family, address);

	return place == ANSWERED_MAX ? NULL : &answered->list[place];
}

bool answered_alone(const struct answered *one, uint64_t now_ns)
{
	return now_ns < one->until_ns && now_ns >= one->shared_until_ns;
}
