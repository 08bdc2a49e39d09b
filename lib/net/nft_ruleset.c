/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_ruleset.h"

#include <netinet/in.h> /* before the kernel's headers, which then leave out what it has */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/net/nft_internal.h"
#include "lib/net/prefix.h"
#include "lib/net/sets.h"

/* After every chain of whoever else: of those with the same priority the last one that came is the first that is asked. What
 * comes in must be dropped before conntrack confirms it (NF_IP_PRI_CONNTRACK_CONFIRM, INT_MAX): what was not let
 * through is no connection that anything could be a reply to. What goes out is confirmed at a later hook. */
static const int32_t priorities[NET_DIRECTIONS] = {[NET_EGRESS] = INT32_MAX, [NET_INGRESS] = INT32_MAX - 1};
static const uint32_t hooks[NET_DIRECTIONS] = {[NET_EGRESS] = NF_INET_LOCAL_OUT, [NET_INGRESS] = NF_INET_LOCAL_IN};

static const uint8_t families[] = {AF_INET, AF_INET6};

enum {
	ESTABLISHED = NF_CT_STATE_BIT(IP_CT_ESTABLISHED),
	RELATED = NF_CT_STATE_BIT(IP_CT_RELATED),
	INVALID = NF_CT_STATE_INVALID_BIT,
};

const char *const nft_direction_names[NET_DIRECTIONS] = {[NET_EGRESS] = "egress", [NET_INGRESS] = "ingress"};
/* libnftnl reads an object's name in a rule as text that has an end, which one of four, eight … bytes has not: there is none. */
const char *const nft_counter_names[NFT_COUNTERS] = {
	[NFT_COUNT_PASSED] = "",
	[NFT_COUNT_NEW] = "-new",
	[NFT_COUNT_DENIED] = "-denied",
	[NFT_COUNT_METADATA] = "-cloud-metadata",
	[NFT_COUNT_INVALID] = "-invalid",
	[NFT_COUNT_BANDWIDTH] = "-over-bandwidth",
	[NFT_COUNT_QUOTA] = "-over-quota",
	[NFT_COUNT_NEW_CONNECTIONS] = "-new-connections",
	[NFT_COUNT_CONNECTIONS] = "-connections",
};
const char *const nft_quota_names[NET_QUOTAS] = {
	[NET_QUOTA_EGRESS] = "budget-egress",
	[NET_QUOTA_INGRESS] = "budget-ingress",
	[NET_QUOTA_EGRESS_INTERNET] = "budget-egress-internet",
	[NET_QUOTA_EGRESS_WARN] = "budget-egress-warn",
	[NET_QUOTA_INGRESS_WARN] = "budget-ingress-warn",
	[NET_QUOTA_EGRESS_INTERNET_WARN] = "budget-egress-internet-warn",
};

const char *nft_counter_name(unsigned direction, enum nft_counter counter, char name[NFT_NAME_SIZE])
{
	(void)snprintf(name, NFT_NAME_SIZE, "%s%s", nft_direction_names[direction], nft_counter_names[counter]);
	return name;
}

/* A chain of the direction's: "egress-new". */
static const char *chain_name(unsigned direction, const char *suffix, char name[NFT_NAME_SIZE])
{
	(void)snprintf(name, NFT_NAME_SIZE, "%s-%s", nft_direction_names[direction], suffix);
	return name;
}

const char *nft_denied_name(unsigned direction, char name[NFT_NAME_SIZE])
{
	return chain_name(direction, "denied", name);
}

static void count(struct nft_rule *rule, unsigned direction, enum nft_counter counter)
{
	char name[NFT_NAME_SIZE];

	nft_count(rule, nft_counter_name(direction, counter, name));
}

static void count_and_drop(struct nft_rule *rule, unsigned direction, enum nft_counter counter)
{
	count(rule, direction, counter);
	nft_drop(rule);
	nft_rule_end(rule);
}

/* Of bytes the kernel's bucket holds a second's share and the burst (net/netfilter/nft_limit.c). That is never so little that what one
 * write sends whole (GSO: 64 KiB and headers) could not pass. */
static struct nft_limit bytes_over(uint64_t bytes_per_sec)
{
	static const uint64_t rate_max = UINT64_C(1) << 33, bucket_min = 128 << 10;
	uint64_t rate = bytes_per_sec < rate_max ? bytes_per_sec : rate_max; /* the kernel multiplies it by 1e9 */
	uint64_t burst = rate < bucket_min ? bucket_min - rate : 0;

	return (struct nft_limit){.rate = rate, .seconds = 1, .burst = (uint32_t)burst, .bytes = true, .over = true};
}

/* The kernel's limits count in whole seconds. */
static struct nft_limit connections_over(const struct net_direction *direction)
{
	static const uint64_t second_ns = 1000000000, most = 1000000;
	uint64_t number = direction->new_connections < most ? direction->new_connections : most;
	uint64_t at_once = direction->new_connections_at_once < most ? direction->new_connections_at_once : most;
	uint64_t period_ns = direction->new_connections_ns, seconds = period_ns / second_ns;
	struct nft_limit limit = {.rate = number, .seconds = seconds, .burst = (uint32_t)at_once, .over = true};

	if (seconds && period_ns % second_ns == 0)
		return limit;
	limit.rate = (uint64_t)((unsigned __int128)number * second_ns / (period_ns ? period_ns : second_ns));
	limit.seconds = 1;
	if (!limit.rate) {
		limit.rate = number;
		limit.seconds = seconds + 1;
	} else if (limit.rate > second_ns) {
		limit.rate = second_ns; /* a packet a nanosecond: no limit */
	}
	return limit;
}

/* Objects and sets that stand in the table whatever the policy is. */
static void add_objects(struct nft_batch *batch, const struct net_policy *policy)
{
	char name[NFT_NAME_SIZE];

	for (unsigned d = 0; d < NET_DIRECTIONS; d++)
		for (enum nft_counter c = 0; c < NFT_COUNTERS; c++)
			nft_new_counter(batch, nft_counter_name(d, c, name));
	nft_new_counter(batch, NFT_COUNT_FORWARD);
	for (unsigned q = 0; q < NET_QUOTAS; q++)
		if (policy->quotas[q].set)
			nft_new_quota(batch, nft_quota_names[q], policy->quotas[q].limit, policy->quotas[q].used);
}

#define METADATA_SET "metadata"
#define INTERNET_SET "internet"
#define LINK_SET "link"

static const char *family_suffix(uint8_t family)
{
	return family == AF_INET ? "ip" : "ip6";
}

static const char *set_name(const char *set, uint8_t family, char name[NFT_NAME_SIZE])
{
	(void)snprintf(name, NFT_NAME_SIZE, "%s-%s", set, family_suffix(family));
	return name;
}

/* Those of the family, as a set "NAME-ip" or "NAME-ip6". */
static void add_known_set(struct nft_batch *batch, const char *set, uint8_t family, const struct net_prefix *known,
			  size_t known_count)
{
	struct net_prefix prefixes[NET_INTERNET_MAX];
	struct net_range ranges[NET_INTERNET_MAX];
	char name[NFT_NAME_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < known_count && n < NET_INTERNET_MAX; i++)
		if (known[i].family == family)
			prefixes[n++] = known[i];
	qsort(prefixes, n, sizeof *prefixes, net_prefix_order);
	nft_new_range_set(batch, set_name(set, family, name), family, ranges, net_ranges(prefixes, n, ranges));
}

static void add_known_sets(struct nft_batch *batch, const struct net_policy *policy)
{
	static const struct net_prefix link[] = {{AF_INET6, 10, {0xfe, 0x80}}, {AF_INET6, 16, {0xff, 0x02}}};
	struct net_prefix metadata[NET_METADATA_COUNT], internet[NET_INTERNET_MAX];

	_Static_assert((int)NET_METADATA_COUNT <= (int)NET_INTERNET_MAX, "a known set has room for it");
	for (size_t i = 0; i < NET_METADATA_COUNT; i++)
		metadata[i] = net_metadata[i].prefix;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		add_known_set(batch, METADATA_SET, families[f], metadata, NET_METADATA_COUNT);
	for (size_t f = 0; f < ARRAY_SIZE(families) && policy->record.set; f++)
		add_known_set(batch, NFT_PRIVATE_SET, families[f], net_private, NET_PRIVATE_COUNT);
	if (policy->raw)
		add_known_set(batch, LINK_SET, AF_INET6, link, ARRAY_SIZE(link));
	if (policy->quotas[NET_QUOTA_EGRESS_INTERNET].set) {
		size_t count = net_internet(internet);

		for (size_t f = 0; f < ARRAY_SIZE(families); f++)
			add_known_set(batch, INTERNET_SET, families[f], internet, count);
	}
}

static struct nft_rule icmpv6_rule(struct nft_batch *batch, const char *chain, uint8_t first, uint8_t last, uint8_t hop_limit)
{
	struct nft_rule rule = nft_rule_begin(batch, chain);

	nft_match_family(&rule, AF_INET6);
	nft_match_protocol(&rule, IPPROTO_ICMPV6);
	nft_match_icmp_types(&rule, first, last);
	nft_match_hop_limit(&rule, hop_limit);
	return rule;
}

/*
 * Without these there is no IPv6 on a link (RFC 4861, RFC 3810), and conntrack does not follow them. The hop limit of
 * discovery is 255 so that none comes from further away, which a raw socket can still send further: then only what stays on
 * the link passes. Reports of multicast groups have a hop limit of 1, and get no further anyway. Too Big and Unreachable are related.
 */
static void add_discovery(struct nft_batch *batch, const char *chain, unsigned direction, bool raw)
{
	enum { ROUTER_SOLICIT = 133, NEIGHBOUR_ADVERT = 136, LISTENER_QUERY = 130, LISTENER_DONE = 132, LISTENER_REPORT_2 = 143 };
	struct nft_rule rule = icmpv6_rule(batch, chain, ROUTER_SOLICIT, NEIGHBOUR_ADVERT, 255);
	char name[NFT_NAME_SIZE];

	if (raw && direction == NET_EGRESS)
		nft_match_set(&rule, AF_INET6, true, set_name(LINK_SET, AF_INET6, name), false);
	nft_return(&rule);
	nft_rule_end(&rule);
	rule = icmpv6_rule(batch, chain, LISTENER_QUERY, LISTENER_DONE, 1);
	nft_return(&rule);
	nft_rule_end(&rule);
	rule = icmpv6_rule(batch, chain, LISTENER_REPORT_2, LISTENER_REPORT_2, 1);
	nft_return(&rule);
	nft_rule_end(&rule);
}

static void add_denied(struct nft_batch *batch, const struct net_policy *policy, unsigned direction)
{
	static const struct nft_limit log_limit = {.rate = 10, .seconds = 1, .burst = 100};
	bool drops = direction == NET_INGRESS || net_policy_has_names(policy); /* the answer may be on its way */
	char chain[NFT_NAME_SIZE], name[NFT_NAME_SIZE];
	struct nft_rule rule;

	nft_new_chain(batch, nft_denied_name(direction, chain));
	rule = nft_rule_begin(batch, chain);
	nft_match_limit(&rule, &log_limit);
	nft_log(&rule, NFT_LOG_DENIED, NFT_LOG_LENGTH, nft_direction_names[direction]);
	nft_rule_end(&rule);
	for (size_t f = 0; f <= ARRAY_SIZE(families); f++) {
		rule = nft_rule_begin(batch, chain);
		if (f < ARRAY_SIZE(families)) {
			nft_match_family(&rule, families[f]);
			nft_match_set(&rule, families[f], nft_other_is_destination(direction),
				      set_name(METADATA_SET, families[f], name), false);
		}
		count(&rule, direction, f < ARRAY_SIZE(families) ? NFT_COUNT_METADATA : NFT_COUNT_DENIED);
		if (drops)
			nft_drop(&rule);
		else
			nft_reject(&rule);
		nft_rule_end(&rule);
	}
}

static void add_rates(struct nft_batch *batch, const char *chain, const struct net_direction *direction, unsigned d)
{
	struct nft_rule rule;

	if (direction->new_connections) {
		struct nft_limit limit = connections_over(direction);

		rule = nft_rule_begin(batch, chain);
		nft_match_limit(&rule, &limit);
		count_and_drop(&rule, d, NFT_COUNT_NEW_CONNECTIONS);
	}
	if (direction->connections) {
		rule = nft_rule_begin(batch, chain);
		nft_match_connections_over(&rule, direction->connections < UINT32_MAX ? (uint32_t)direction->connections
										      : UINT32_MAX);
		count_and_drop(&rule, d, NFT_COUNT_CONNECTIONS);
	}
	rule = nft_rule_begin(batch, chain);
	count(&rule, d, NFT_COUNT_NEW);
	nft_rule_end(&rule);
}

/* What no connection that has passed belongs to. */
static void add_new(struct nft_batch *batch, const struct net_policy *policy, unsigned d)
{
	const struct net_direction *direction = &policy->direction[d];
	char chain[NFT_NAME_SIZE], layer[NFT_NAME_SIZE];
	struct nft_rule rule;

	nft_new_chain(batch, chain_name(d, "new", chain));
	add_discovery(batch, chain, d, policy->raw);
	rule = nft_rule_begin(batch, chain);
	nft_match_ct_state(&rule, INVALID, false);
	if (direction->layer_count) {
		count_and_drop(&rule, d, NFT_COUNT_INVALID);
	} else {
		nft_return(&rule);
		nft_rule_end(&rule);
	}
	/* Sent once more, or by UDP to one that does not answer: only what was let through is ever confirmed. */
	rule = nft_rule_begin(batch, chain);
	nft_match_ct_status(&rule, IPS_CONFIRMED, false);
	nft_return(&rule);
	nft_rule_end(&rule);
	for (size_t i = 0; i < direction->layer_count; i++) {
		nft_add_layer(batch, &direction->layers[i], d, i);
		rule = nft_rule_begin(batch, chain);
		nft_jump(&rule, nft_layer_name(d, i, layer));
		nft_rule_end(&rule);
	}
	add_rates(batch, chain, direction, d);
}

/* Twice, as it counts; what it says the first time is nothing yet. `family` 0: of any. */
static void add_quota_rules(struct nft_batch *batch, const struct net_quota *quota, unsigned q, uint8_t family)
{
	char name[NFT_NAME_SIZE];

	for (int time = 1; time <= 2; time++) {
		struct nft_rule rule = nft_rule_begin(batch, nft_direction_names[quota->direction]);

		if (family) {
			nft_match_family(&rule, family);
			nft_match_set(&rule, family, nft_other_is_destination(quota->direction),
				      set_name(INTERNET_SET, family, name), false);
		}
		nft_match_quota(&rule, nft_quota_names[q]);
		if (time == 2)
			nft_jump(&rule, nft_quota_names[q]);
		nft_rule_end(&rule);
	}
}

/* Where what goes over it gets. It is logged again now and then, in case that the first time was not heard. */
static void add_quota_chain(struct nft_batch *batch, const struct net_quota *quota, const char *chain)
{
	static const struct nft_limit once_a_minute = {.rate = 1, .seconds = 60, .burst = 1};
	struct nft_rule rule;

	nft_new_chain(batch, chain);
	rule = nft_rule_begin(batch, chain);
	nft_match_limit(&rule, &once_a_minute);
	nft_log(&rule, NFT_LOG_SPENT, NFT_LOG_LENGTH, chain);
	nft_rule_end(&rule);
	if (!quota->holds)
		return;
	rule = nft_rule_begin(batch, chain);
	if (quota->throttle) {
		struct nft_limit limit = bytes_over(quota->throttle);

		nft_match_limit(&rule, &limit);
	}
	count_and_drop(&rule, quota->direction, NFT_COUNT_QUOTA);
}

/* Those of a part first: what it drops is not used of the whole. */
static void add_quotas(struct nft_batch *batch, const struct net_policy *policy, unsigned direction)
{
	for (unsigned q = NET_QUOTAS; q-- > 0;) {
		const struct net_quota *quota = &policy->quotas[q];

		if (!quota->set || quota->direction != direction)
			continue;
		add_quota_chain(batch, quota, nft_quota_names[q]);
		if (!quota->internet)
			add_quota_rules(batch, quota, q, 0);
		for (size_t f = 0; f < ARRAY_SIZE(families) && quota->internet; f++)
			add_quota_rules(batch, quota, q, families[f]);
	}
}

/* Answers to what the container asked its resolvers: replies from port 53 that have passed; and on loopback what Docker's resolver
 * answers from 127.0.0.11, to where it has the kernel send what is meant for port 53, so that nobody else can answer from there. */
static void add_answer_log(struct nft_batch *batch, const char *chain, uint8_t protocol, bool loopback)
{
	static const struct nft_limit limit = {.rate = 1000, .seconds = 1, .burst = 1000};
	static const uint32_t docker_resolver = 0x7f00000b;
	static const uint16_t domain = 53;
	struct nft_rule rule = nft_rule_begin(batch, chain);

	if (loopback) {
		nft_match_loopback(&rule, false);
		nft_match_family(&rule, AF_INET);
	}
	nft_match_protocol(&rule, protocol);
	nft_match_ports(&rule, NFT_PORT_SOURCE, domain, domain);
	if (loopback) {
		nft_match_source(&rule, docker_resolver);
		nft_match_ct_status(&rule, IPS_DST_NAT, false);
	}
	nft_match_ct_state(&rule, ESTABLISHED, false);
	nft_match_ct_reply(&rule);
	nft_match_limit(&rule, &limit);
	nft_log(&rule, NFT_LOG_ANSWERS, NFT_LOG_LENGTH, "answer");
	nft_rule_end(&rule);
}

static void add_answer_logs(struct nft_batch *batch, const struct net_policy *policy, unsigned direction, bool loopback)
{
	if (direction != NET_INGRESS || !net_policy_hears_answers(policy))
		return;
	add_answer_log(batch, nft_direction_names[direction], IPPROTO_UDP, loopback);
	add_answer_log(batch, nft_direction_names[direction], IPPROTO_TCP, loopback);
}

/* In a table that is not of the whole namespace, what its sockets send and get comes to the same rules by a jump. */
static void add_base_chain(struct nft_batch *batch, const struct net_scope *scope, unsigned d)
{
	const struct nft_base base = {.hook = hooks[d], .priority = priorities[d], .passes = scope->group};
	char name[NFT_NAME_SIZE];
	struct nft_rule rule;

	if (!scope->group) {
		nft_new_base_chain(batch, nft_direction_names[d], &base);
		return;
	}
	nft_new_chain(batch, nft_direction_names[d]);
	nft_new_base_chain(batch, chain_name(d, "all", name), &base);
	rule = nft_rule_begin(batch, name);
	nft_match_socket_group(&rule, scope->group, scope->level);
	nft_jump(&rule, nft_direction_names[d]);
	nft_rule_end(&rule);
}

static void add_direction(struct nft_batch *batch, const struct net_policy *policy, unsigned d)
{
	const struct net_direction *direction = &policy->direction[d];
	const char *chain = nft_direction_names[d];
	char name[NFT_NAME_SIZE];
	struct nft_rule rule;

	add_base_chain(batch, &policy->scope, d);
	add_denied(batch, policy, d);
	add_new(batch, policy, d);
	add_answer_logs(batch, policy, d, true);
	rule = nft_rule_begin(batch, chain);
	nft_match_loopback(&rule, d == NET_EGRESS);
	nft_accept(&rule);
	nft_rule_end(&rule);
	rule = nft_rule_begin(batch, chain);
	nft_match_ct_state(&rule, ESTABLISHED | RELATED, true);
	nft_jump(&rule, chain_name(d, "new", name));
	nft_rule_end(&rule);
	if (direction->bandwidth) {
		struct nft_limit limit = bytes_over(direction->bandwidth);

		rule = nft_rule_begin(batch, chain);
		nft_match_limit(&rule, &limit);
		count_and_drop(&rule, d, NFT_COUNT_BANDWIDTH);
	}
	add_quotas(batch, policy, d);
	add_answer_logs(batch, policy, d, false);
	if (policy->record.set)
		nft_add_endpoint_rules(batch, chain, d);
	rule = nft_rule_begin(batch, chain);
	count(&rule, d, NFT_COUNT_PASSED);
	nft_accept(&rule);
	nft_rule_end(&rule);
}

static void add_forward(struct nft_batch *batch)
{
	static const struct nft_base base = {.hook = NF_INET_FORWARD, .priority = INT32_MAX};
	struct nft_rule rule;

	nft_new_base_chain(batch, "forward", &base);
	rule = nft_rule_begin(batch, "forward");
	nft_count(&rule, NFT_COUNT_FORWARD);
	nft_drop(&rule);
	nft_rule_end(&rule);
}

int nft_ruleset(const struct net_policy *policy, uint64_t replaces, uint32_t table_flags, struct nft_batch *ret_batch, struct error *err)
{
	_cleanup_batch_ struct nft_batch batch = {0};
	int r = nft_batch_begin(&policy->scope, &batch, err);

	if (r < 0)
		return r;
	if (replaces)
		nft_delete_table(&batch, replaces);
	nft_new_table(&batch, table_flags, policy->holder);
	add_objects(&batch, policy);
	add_known_sets(&batch, policy);
	if (policy->record.set)
		nft_add_endpoints(&batch);
	for (unsigned d = 0; d < NET_DIRECTIONS; d++)
		add_direction(&batch, policy, d);
	if (!policy->scope.group && (!policy->record.set || net_policy_asks(policy))) /* to watch is to hold nothing */
		add_forward(&batch);
	r = nft_batch_end(&batch, err);
	if (r < 0)
		return r;
	*ret_batch = batch;
	batch = (struct nft_batch){0};
	return 0;
}
