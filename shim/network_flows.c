/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules log: answers, which open what the policy has a name for; what was denied, which is told; and what went over a
 * quota, of which the monitor hears.
 *
 * An answer goes to the container at the same time as to us, and so its first packet may come before the address is open. It is
 * dropped then, without an error (lib/net/nft_ruleset.c), and what sends it sends it again: TCP after a second. We are of
 * a real-time class, and so mostly first. The kernel could hold the answer until we say so (nfqueue); but not all have
 * that in their rules (nft_queue), and a container whose stint-network was killed would have no names at all.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/answers.h"
#include "lib/net/entry.h"
#include "lib/net/flow_log.h"
#include "lib/net/prefix.h"
#include "shim/network.h"

#define SECOND_NS UINT64_C(1000000000)

enum {
	HOSTS_MAX = 256,    /* addresses of which it is known which name they were the answer to: the last ones */
	OPENINGS_A_SECOND = 100,
	CROSSED_SECONDS = 2, /* a packet that was denied so soon after the answer that opens its way was on it already */
	INGRESS_MAX = LEDGER_DENIALS_MAX / 2, /* who knocks from outside leaves room for what is tried inside */
	ROUNDS_MAX = 64,
};

_Static_assert((int)LEDGER_HOST_MAX >= (int)DNS_NAME_MAX, "a name fits the ledger");

struct host_name {
	uint8_t family, address[16];
	char name[DNS_NAME_MAX];
	uint64_t opened_ns; /* 0: it was not */
};

struct flows {
	struct host_name *hosts; /* HOSTS_MAX; NULL: there are no names */
	unsigned next;
	uint64_t second_ns; /* the one that `openings` are of */
	unsigned openings;
};

int flows_open(struct network *n, struct error *err)
{
	const struct net_policy *policy = rules_policy(n->rules);
	bool names = net_policy_has_names(policy);
	unsigned groups = names ? 1U << NFT_LOG_ANSWERS : 0;
	int r;

	if (policy->direction[NET_EGRESS].layer_count || policy->direction[NET_INGRESS].layer_count)
		groups |= 1U << NFT_LOG_DENIED;
	for (unsigned q = 0; q < NET_QUOTAS; q++)
		groups |= policy->quotas[q].set ? 1U << NFT_LOG_SPENT : 0;
	if (!groups)
		return 0;
	n->flows = calloc(1, sizeof *n->flows);
	if (n->flows && names)
		n->flows->hosts = calloc(HOSTS_MAX, sizeof *n->flows->hosts);
	if (!n->flows || (names && !n->flows->hosts))
		return error_set(err, ENOMEM, "listen to what the network's rules log: out of memory");
	r = flow_log_open(groups, &n->fds[NETWORK_FROM_LOG], err);
	return r < 0 ? r : network_wait_for(n, NETWORK_FROM_LOG, err);
}

/* --- answers --- */

static struct host_name *find_host(struct flows *flows, uint8_t family, const uint8_t address[16])
{
	for (unsigned i = 0; flows->hosts && i < HOSTS_MAX; i++)
		if (flows->hosts[i].family == family && memcmp(flows->hosts[i].address, address, 16) == 0)
			return &flows->hosts[i];
	return NULL;
}

static void remember(struct flows *flows, const struct dns_answer *answer, uint64_t opened_ns)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_address *address = &answer->addresses[i];
		struct host_name *host = find_host(flows, address->family, address->bytes);

		if (!host)
			host = &flows->hosts[flows->next++ % HOSTS_MAX];
		*host = (struct host_name){.family = address->family, .opened_ns = opened_ns};
		memcpy(host->address, address->bytes, sizeof host->address);
		(void)snprintf(host->name, sizeof host->name, "%s", answer->name);
	}
}

/* The kernel hears of so many in a second at most: whoever asks for more has that of his own names. */
static bool may_open(struct flows *flows, uint64_t now_ns)
{
	if (now_ns - flows->second_ns >= SECOND_NS) {
		flows->second_ns = now_ns;
		flows->openings = 0;
	}
	return flows->openings++ < OPENINGS_A_SECOND;
}

static void take_answer(struct network *n, const struct dns_message *message)
{
	uint64_t now_ns = n->host.boottime_ns(), opened_ns = 0;
	struct dns_answer answer;

	if (dns_read_answer(message->bytes, message->length, &answer, NULL) < 0 || !answer.count)
		return;
	if (net_policy_knows(rules_policy(n->rules), answer.name)) {
		if (may_open(n->flows, now_ns) && rules_open(n->rules, &answer, NULL) == 0)
			opened_ns = now_ns;
		else
			atomic_fetch_add(&n->ledger->violations.denials.unheard, 1);
	}
	remember(n->flows, &answer, opened_ns);
}

static void take_answers(struct network *n, const struct packet *packet)
{
	struct dns_message messages[DNS_MESSAGES_MAX];
	size_t count = net_is_resolvers(rules_policy(n->rules), packet) ? net_answer_messages(packet, messages) : 0;

	for (size_t i = 0; i < count; i++)
		take_answer(n, &messages[i]);
}

/* --- what was denied --- */

/* Since the answer was logged before it. */
static bool crossed_its_answer(const struct network *n, const struct host_name *host, const struct net_packet *packet)
{
	return host && host->opened_ns && n->host.boottime_ns() - host->opened_ns < CROSSED_SECONDS * SECOND_NS &&
	       net_policy_opens(rules_policy(n->rules), host->name, packet);
}

/* Each place once, with how often. */
static void tell(struct ledger_denials *denials, uint8_t direction, const char *entry, const char *host)
{
	uint32_t count = atomic_load(&denials->count), of_ingress = 0;
	struct ledger_denial *denial = denials->list;

	for (; denial < denials->list + count; denial++) {
		of_ingress += denial->direction == NET_INGRESS;
		if (denial->direction == direction && strcmp(denial->entry, entry) == 0) {
			atomic_fetch_add(&denial->count, 1);
			return;
		}
	}
	if (count == LEDGER_DENIALS_MAX || (direction == NET_INGRESS && of_ingress == INGRESS_MAX)) {
		atomic_fetch_add(&denials->more, 1);
		return;
	}
	denial->direction = direction;
	(void)snprintf(denial->entry, sizeof denial->entry, "%s", entry);
	(void)snprintf(denial->host, sizeof denial->host, "%s", host);
	atomic_store(&denial->count, 1);
	atomic_store(&denials->count, count + 1);
}

static void take_denied(struct network *n, const struct packet *packet, unsigned direction)
{
	const uint8_t *other = direction == NET_EGRESS ? packet->destination : packet->source;
	struct net_packet tried = {.direction = (uint8_t)direction, .family = packet->family, .protocol = packet->protocol,
				   .port = packet->destination_port};
	struct net_entry entry = {.kind = NET_ENTRY_PREFIX,
				  .match = {.prefix = net_prefix_of_address(packet->family, other), .protocol = packet->protocol,
					    .last = UINT16_MAX}};
	const struct host_name *host = direction == NET_EGRESS ? find_host(n->flows, packet->family, other) : NULL;
	char text[NET_ENTRY_TEXT_MAX];

	memcpy(tried.address, other, sizeof tried.address);
	if (packet->has_ports)
		entry.match.first = entry.match.last = packet->destination_port;
	if (!crossed_its_answer(n, host, &tried))
		tell(&n->ledger->violations.denials, (uint8_t)direction, net_entry_format(&entry, text), host ? host->name : "");
}

static void take(const struct flow *flow, void *data)
{
	struct network *n = data;
	struct packet packet;

	bool read = packet_read(flow->packet, flow->length, &packet);

	if (flow->group == NFT_LOG_SPENT)
		rules_spent(n->rules, flow->quota, network_heard, n);
	else if (flow->group == NFT_LOG_ANSWERS && read && n->flows->hosts)
		take_answers(n, &packet);
	else if (flow->group == NFT_LOG_DENIED && read)
		take_denied(n, &packet, flow->direction);
	else if (flow->group == NFT_LOG_DENIED)
		atomic_fetch_add(&n->ledger->violations.denials.more, 1);
}

void flows_attend(struct network *n, bool all)
{
	unsigned lost = 0;
	int r = 1;

	if (!n->flows || n->fds[NETWORK_FROM_LOG] < 0)
		return;
	for (unsigned i = 0; r == 1 && i < (all ? ROUNDS_MAX : 1U); i++)
		r = flow_log_read(n->fds[NETWORK_FROM_LOG], take, n, &lost, NULL);
	if (n->flows->hosts)
		atomic_fetch_add(&n->ledger->violations.denials.unheard, lost);
	if (lost)
		rules_ask_spent(n->rules, network_heard, n);
	if (r < 0)
		network_drop(n, NETWORK_FROM_LOG);
}
