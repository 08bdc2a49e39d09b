/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name an address was the answer to, and until when: of the addresses that came last. Pure; names and addresses are whoever's. */
#ifndef STINT_NET_ANSWERED_H
#define STINT_NET_ANSWERED_H

#include <stdbool.h>

#include "lib/net/dns.h"

/* How long an answer counts: as it says, within these bounds. */
enum { NET_ANSWER_SECONDS_MIN = 30, NET_ANSWER_SECONDS_MAX = 3600 };
uint32_t net_answer_seconds(uint32_t ttl);

struct answered {
	uint8_t family, address[16];
	char name[DNS_NAME_MAX];  /* the last one */
	uint64_t until_ns;	  /* it counts */
	uint64_t shared_until_ns; /* and so does another name that had this address */
	uint64_t opened_ns;	  /* when the kernel let the address through for it; 0: it did not */
};

enum { ANSWERED_MAX = 256 };
struct answered_list {
	struct answered list[ANSWERED_MAX];
	unsigned next;
};

/* Of more than there is room for the one that came first goes. */
void answered_add(struct answered_list *answered, const struct dns_answer *answer, uint64_t now_ns, uint64_t opened_ns);
/* NULL: none is known. */
const struct answered *answered_find(const struct answered_list *answered, uint8_t family, const uint8_t address[16]);
/* It has its name now, and no other. */
bool answered_alone(const struct answered *one, uint64_t now_ns);

#endif
