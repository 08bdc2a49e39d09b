/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules log: answers, which open what the policy has a name for, and what was denied, which is told; and where endpoints are
 * recorded what was begun, which has the name that an answer gave it; and what went over a quota, of which the monitor hears.
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
#include "lib/net/answered.h"
#include "lib/net/answers.h"
#include "lib/net/dns_stream.h"
#include "lib/net/entry.h"
#include "lib/net/flow_log.h"
#include "lib/net/nft_ruleset.h"
#include "lib/net/prefix.h"
#include "lib/record/endpoint_names.h"
#include "shim/network.h"

#define SECOND_NS UINT64_C(1000000000)

enum {
	OPENINGS_A_SECOND = 100,
	CROSSED_SECONDS = 2, /* a packet that was denied so soon after the answer that opens its way was on it already */
	INGRESS_MAX = LEDGER_DENIALS_MAX / 2, /* who knocks from outside leaves room for what is tried inside */
	ROUNDS_MAX = 64,
};

_Static_assert((int)LEDGER_HOST_MAX >= (int)DNS_NAME_MAX, "a name fits the ledger");

struct flows {
	struct answered_list *hosts; /* by whom rules believe; NULL: they have no names */
	struct endpoint_names *recorded; /* NULL: they are not */
	struct dns_streams *streams; /* NULL: no answers are listened to */
	uint64_t second_ns; /* the one that `openings` are of */
	unsigned openings;
};

static uint32_t kinds_of(const struct net_policy *policy)
{
	uint32_t kinds = 0;

	if (policy->direction[NET_EGRESS].layer_count || policy->direction[NET_INGRESS].layer_count)
		kinds |= UINT32_C(1) << FLOW_DENIED;
	if (net_policy_hears_answers(policy))
		kinds |= UINT32_C(1) << FLOW_ANSWER;
	if (policy->record.set)
		kinds |= UINT32_C(1) << FLOW_BEGUN;
	for (unsigned q = 0; q < NET_QUOTAS; q++)
		kinds |= policy->quotas[q].set ? UINT32_C(1) << FLOW_SPENT : 0;
	return kinds;
}

static bool make_room(struct flows *flows, const struct net_policy *policy)
{
	if (net_policy_has_names(policy) && !(flows->hosts = calloc(1, sizeof *flows->hosts)))
		return false;
	if (net_policy_hears_answers(policy) && !(flows->streams = calloc(1, sizeof *flows->streams)))
		return false;
	return !policy->record.set || (flows->recorded = calloc(1, sizeof *flows->recorded));
}

/* Those of the whole namespace are the first. */
static int open_log(struct network *n, uint32_t kinds, struct error *err)
{
	enum { PLACES = UINT16_MAX / NFT_LOG_GROUPS - 1, TRIES = 64 };
	struct net_scope scope = rules_policy(n->rules)->scope;
	int r = -EPERM;

	if (!scope.group)
		return flow_log_open(kinds, 0, &n->fds[NETWORK_FROM_LOG], err);
	for (unsigned i = 0; r == -EPERM && i < TRIES; i++) {
		scope.log_groups = (uint16_t)(NFT_LOG_GROUPS * (1 + (scope.group + i) % PLACES));
		r = flow_log_open(kinds, scope.log_groups, &n->fds[NETWORK_FROM_LOG], err);
	}
	if (r == 0)
		rules_scope(n->rules, &scope);
	return r;
}

int flows_open(struct network *n, struct error *err)
{
	const struct net_policy *policy = rules_policy(n->rules);
	uint32_t kinds = kinds_of(policy);
	int r;

	if (!kinds)
		return 0;
	n->flows = calloc(1, sizeof *n->flows);
	if (!n->flows || !make_room(n->flows, policy))
		return error_set(err, ENOMEM, "listen to what the network's rules log: out of memory");
	r = open_log(n, kinds, err);
	if (r < 0 && !net_policy_asks(policy))
		return 0; /* without names it is recorded all the same */
	return r < 0 ? r : network_wait_for(n, NETWORK_FROM_LOG, err);
}

/* --- answers --- */

/* The kernel hears of so many in a second at most: whoever asks for more has that of his own names. */
static bool may_open(struct flows *flows, uint64_t now_ns)
{
	if (now_ns - flows->second_ns >= SECOND_NS) {
		flows->second_ns = now_ns;
		flows->openings = 0;
	}
	return flows->openings++ < OPENINGS_A_SECOND;
}

static void open_hosts(struct network *n, const struct dns_answer *answer, uint64_t now_ns)
{
	uint64_t opened_ns = 0;

	if (net_policy_knows(rules_policy(n->rules), answer->name)) {
		if (may_open(n->flows, now_ns) && rules_open(n->rules, answer, NULL) == 0)
			opened_ns = now_ns;
		else
			atomic_fetch_add(&n->ledger->violations.denials.unheard, 1);
	}
	answered_add(n->flows->hosts, answer, now_ns, opened_ns);
}

struct resolver {
	struct network *n;
	bool believed;
};

static void take_answer(const uint8_t *message, size_t length, void *data)
{
	const struct resolver *resolver = data;
	struct network *n = resolver->n;
	uint64_t now_ns = n->host.boottime_ns();
	struct dns_answer answer;

	if (dns_read_answer(message, length, &answer, NULL) < 0 || !answer.count)
		return;
	if (n->flows->hosts && resolver->believed)
		open_hosts(n, &answer, now_ns);
	if (n->flows->recorded)
		endpoint_names_answer(n->flows->recorded, &answer, now_ns);
}

static void take_answers(struct network *n, const struct packet *packet)
{
	const struct net_policy *policy = rules_policy(n->rules);
	struct resolver resolver = {n, net_is_resolvers(policy, packet)};

	if (n->flows->streams && (resolver.believed || net_is_recorded_resolvers(&policy->record, packet)))
		dns_streams_take(n->flows->streams, packet, take_answer, &resolver);
}

/* --- what was begun --- */

static void take_begun(struct network *n, const struct packet *packet)
{
	struct endpoint to = {.direction = NET_EGRESS, .family = packet->family, .protocol = packet->protocol,
			      .port = packet->has_ports ? packet->destination_port : 0};

	memcpy(to.address, packet->destination, sizeof to.address);
	if (n->flows->recorded)
		(void)endpoint_names_begin(n->flows->recorded, &to, n->host.boottime_ns(), NULL);
}

void flows_name_endpoints(struct network *n, struct endpoints *endpoints)
{
	flows_attend(n, true);
	if (n->flows && n->flows->recorded)
		endpoint_names_give(n->flows->recorded, endpoints);
}

/* --- what was denied --- */

/* Since the answer was logged before it. */
static bool crossed_its_answer(const struct network *n, const struct answered *host, const struct net_packet *packet)
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
	const struct answered_list *hosts = direction == NET_EGRESS ? n->flows->hosts : NULL;
	const struct answered *host = hosts ? answered_find(hosts, packet->family, other) : NULL;
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

	if (flow->kind == FLOW_SPENT) {
		rules_spent(n->rules, flow->quota, network_heard, n);
	} else if (!packet_read(flow->packet, flow->length, &packet)) {
		if (flow->kind == FLOW_DENIED)
			atomic_fetch_add(&n->ledger->violations.denials.more, 1);
	} else if (flow->kind == FLOW_DENIED) {
		take_denied(n, &packet, flow->direction);
	} else if (flow->kind == FLOW_ANSWER) {
		take_answers(n, &packet);
	} else {
		take_begun(n, &packet);
	}
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
