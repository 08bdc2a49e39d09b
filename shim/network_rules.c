/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/network_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/launch/network.h"
#include "lib/net/nft_compare.h"
#include "lib/net/nft_endpoints.h"
#include "lib/net/prefix.h"
#include "lib/net/nft_read.h"
#include "lib/net/nft_ruleset.h"
#include "lib/net/nft_send.h"
#include "lib/net/resolve.h"

#define UNKNOWN UINT64_MAX

struct rules {
	struct net_policy policy;
	int questions; /* a socket to nf_tables of the container's namespace */
	uint64_t replaces; /* the table that was there */
	bool owned;	     /* the table is that socket's */
};

/* Which budget a quota holds. */
static const struct {
	enum budget budget;
	bool warns; /* it only tells that the budget's warning is due */
} quotas[NET_QUOTAS] = {
	[NET_QUOTA_EGRESS] = {BUDGET_NET_EGRESS, false},
	[NET_QUOTA_INGRESS] = {BUDGET_NET_INGRESS, false},
	[NET_QUOTA_EGRESS_INTERNET] = {BUDGET_NET_EGRESS_INTERNET, false},
	[NET_QUOTA_EGRESS_INTERNET_WARN] = {BUDGET_NET_EGRESS_INTERNET, true},
	[NET_QUOTA_EGRESS_WARN] = {BUDGET_NET_EGRESS, true},
	[NET_QUOTA_INGRESS_WARN] = {BUDGET_NET_INGRESS, true},
};

static int read_policy(int state_fd, struct net_policy *ret_policy, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(state_fd, NETWORK_POLICY, JSON_LARGE_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse_large(NETWORK_POLICY, text, length, &doc, err);
	return r < 0 ? r : net_policy_from_json(json_root(doc), ret_policy, err);
}

int rules_prepare(int state_fd, struct rules **ret_rules, struct error *err)
{
	struct rules *rules = calloc(1, sizeof *rules);
	int r = rules ? read_policy(state_fd, &rules->policy, err) : error_set(err, ENOMEM, "out of memory");

	if (r < 0) {
		free(rules);
		return r;
	}
	rules->questions = -1;
	*ret_rules = rules;
	return 0;
}

void rules_scope(struct rules *rules, const struct net_scope *scope)
{
	rules->policy.scope = *scope;
}

static int open_questions(struct rules *rules, struct error *err)
{
	return rules->questions >= 0 ? 0 : nft_open(&rules->questions, err);
}

int rules_holder(struct rules *rules, char holder[NET_HOLDER_MAX], struct error *err)
{
	struct nft_held held = {0};
	int r = open_questions(rules, err);

	if (r == 0)
		r = nft_read_holder(rules->questions, &rules->policy.scope, &held, err);
	(void)strcpy(holder, held.holder);
	rules->replaces = held.handle;
	return r == -ENOENT ? 0 : r;
}

int rules_set(struct rules *rules, const char *holder, struct error *err)
{
	int r = open_questions(rules, err);

	rules->policy.holder = holder;
	if (r == 0)
		r = nft_apply(rules->questions, &rules->policy, rules->replaces, &rules->owned, err);
	if (r == 0 && rules->policy.owned && !rules->owned)
		r = error_set(err, ENOTSUP, "set the network rules: %s: a table that is another's takes Linux 5.12%s",
			      rules->policy.shared ? "others in the network namespace could undo them" :
						     "the container has CAP_NET_ADMIN and could undo them",
			      rules->policy.shared ? "" : "; take the capability from it");
	return r;
}

void rules_let_go(struct rules *rules)
{
	if (rules && rules->policy.scope.group && rules->questions >= 0)
		(void)nft_remove(rules->questions, &rules->policy.scope, NULL);
}

void rules_spent(const struct rules *rules, unsigned quota, rules_heard *heard, void *data)
{
	heard(quotas[quota].budget, !quotas[quota].warns, rules->policy.quotas[quota].limit, data);
}

void rules_ask_spent(const struct rules *rules, rules_heard *heard, void *data)
{
	struct nft_figures figures;

	if (nft_read_figures(rules->questions, &rules->policy.scope, &figures, NULL) < 0)
		return;
	for (unsigned q = 0; q < NET_QUOTAS; q++)
		if (figures.over[q])
			rules_spent(rules, q, heard, data);
}

static void add_drops(struct ledger_figures *figures, const char *rule, const struct nft_count *count)
{
	struct ledger_drops *drops = &figures->drops[figures->drop_count];

	if (!count->packets || figures->drop_count == LEDGER_DROPS_MAX)
		return;
	*drops = (struct ledger_drops){.packets = count->packets, .bytes = count->bytes};
	(void)snprintf(drops->rule, sizeof drops->rule, "%s", rule);
	figures->drop_count++;
}

int rules_read(struct rules *rules, struct ledger_figures *ret_figures, struct error *err)
{
	struct ledger_figures figures = {0};
	struct nft_figures read;
	char name[NFT_NAME_SIZE];
	int r = nft_read_figures(rules->questions, &rules->policy.scope, &read, err);

	if (r < 0)
		return r;
	for (unsigned d = 0; d < NET_DIRECTIONS; d++) {
		figures.bytes[d] = read.counted[d][NFT_COUNT_PASSED].bytes;
		figures.packets[d] = read.counted[d][NFT_COUNT_PASSED].packets;
		figures.connections[d] = read.counted[d][NFT_COUNT_NEW].packets;
		for (enum nft_counter c = NFT_COUNT_DENIED; c < NFT_COUNTERS; c++)
			add_drops(&figures, nft_counter_name(d, c, name), &read.counted[d][c]);
	}
	add_drops(&figures, NFT_COUNT_FORWARD, &read.forwarded);
	for (int b = 0; b < BUDGET_COUNT; b++)
		figures.used[b] = UNKNOWN;
	for (unsigned q = 0; q < NET_QUOTAS; q++)
		if (read.has_quota[q] && !quotas[q].warns)
			figures.used[quotas[q].budget] = read.used[q];
	*ret_figures = figures;
	return 0;
}

const struct net_policy *rules_policy(const struct rules *rules)
{
	return &rules->policy;
}

int rules_open(struct rules *rules, const struct dns_answer *answer, struct error *err)
{
	_cleanup_batch_ struct nft_batch batch = {0};
	size_t count;
	int r = nft_answer(&rules->policy, answer, &batch, &count, err);

	return r < 0 || count == 0 ? r : nft_send(rules->questions, &batch, err);
}

struct endpoint_reading {
	const struct net_record *record;
	struct endpoints *endpoints;
	struct error *err;
};

static bool is_resolver(const struct net_record *record, const struct nft_endpoint *endpoint)
{
	for (size_t i = 0; i < record->resolver_count; i++)
		if (net_prefix_has(&record->resolvers[i], endpoint->family, endpoint->address))
			return endpoint->direction == NET_EGRESS;
	return false;
}

static int take_endpoint(const struct nft_endpoint *read, void *data)
{
	const struct endpoint_reading *reading = data;
	struct endpoint endpoint = {
		.direction = read->direction, .from_private = read->from_private, .family = read->family,
		.protocol = read->protocol, .port = read->port, .resolver = is_resolver(reading->record, read),
		.bytes = read->bytes, .connections = read->connections,
	};

	memcpy(endpoint.address, read->address, sizeof endpoint.address);
	return endpoints_add(reading->endpoints, &endpoint, reading->err);
}

int rules_read_endpoints(struct rules *rules, struct endpoints *ret_endpoints, struct error *err)
{
	_cleanup_endpoints_ struct endpoints endpoints = {0};
	struct endpoint_reading reading = {&rules->policy.record, &endpoints, err};
	bool more;
	int r;

	if (!rules->policy.record.set)
		return error_set(err, ENODATA, "read the endpoints: they are not recorded");
	r = nft_read_endpoints(rules->questions, &rules->policy.scope, take_endpoint, &reading, &more, err);
	if (r < 0)
		return r;
	endpoints.more |= more;
	*ret_endpoints = endpoints;
	endpoints = (struct endpoints){0};
	return 0;
}

/* What an earlier one set is taken as it is; without the table there is nothing to go on with. */
int rules_find(struct rules *rules, struct error *err)
{
	struct nft_figures figures;
	int r = nft_open(&rules->questions, err);

	if (r == 0)
		r = nft_read_figures(rules->questions, &rules->policy.scope, &figures, err);
	return r;
}

int rules_compare(struct rules *rules, enum rules_state *ret_state, char difference[RULES_DIFFERENCE_MAX], struct error *err)
{
	int r = nft_open(&rules->questions, err);

	difference[0] = '\0';
	if (r == 0)
		r = nft_compare(rules->questions, &rules->policy, rules->policy.owned, difference, err);
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_state = r == -ENOENT ? RULES_ABSENT : r ? RULES_DIFFER : RULES_AS_SET;
	return 0;
}
