/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel lets through by our rules: real packets, in namespaces of the test's own. Each row is held against what is
 * written here, against the plain reading of the policy, and against rules that say the same in nft's language. Needs root.
 */
#include "tests/unit/network_fixture.h"

#include "lib/net/nft_read.h"
#include "lib/net/nft_send.h"
#include "lib/net/packet.h"
#include "lib/net/prefix.h"
#include "lib/net/resolve.h"

static const struct row {
	uint8_t direction;
	const char *address;
	uint8_t protocol;
	uint16_t port;
} rows[] = {
	{NET_EGRESS, "10.1.2.3", IPPROTO_TCP, 5432},	    /* a */
	{NET_EGRESS, "10.1.2.3", IPPROTO_TCP, 5433},	    /* b */
	{NET_EGRESS, "10.255.255.255", IPPROTO_TCP, 5432},  /* c */
	{NET_EGRESS, "11.0.0.0", IPPROTO_TCP, 5432},	    /* d */
	{NET_EGRESS, "9.255.255.255", IPPROTO_TCP, 5432},   /* e */
	{NET_EGRESS, "192.0.2.53", IPPROTO_UDP, 53},	    /* f: the resolver */
	{NET_EGRESS, "192.0.2.53", IPPROTO_TCP, 53},	    /* g */
	{NET_EGRESS, "192.0.2.54", IPPROTO_UDP, 53},	    /* h */
	{NET_EGRESS, "8.8.8.8", IPPROTO_ICMP, 0},	    /* i: echo */
	{NET_EGRESS, "8.8.8.8", IPPROTO_GRE, 0},	    /* j */
	{NET_EGRESS, "169.254.169.254", IPPROTO_TCP, 80},   /* k: metadata */
	{NET_EGRESS, "2001:db8::1", IPPROTO_TCP, 443},	    /* l */
	{NET_EGRESS, "2001:db8:1::1", IPPROTO_TCP, 443},    /* m */
	{NET_EGRESS, "fd00:ec2::254", IPPROTO_TCP, 80},	    /* n: metadata */
	{NET_EGRESS, "fc00::1", IPPROTO_UDP, 8080},	    /* o */
	{NET_EGRESS, "fc00::1", IPPROTO_UDP, 8089},	    /* p */
	{NET_EGRESS, "fc00::1", IPPROTO_UDP, 8090},	    /* q */
	{NET_EGRESS, "224.0.0.251", IPPROTO_UDP, 5353},	    /* r: multicast */
	{NET_EGRESS, "ff02::fb", IPPROTO_UDP, 5353},	    /* s */
	{NET_EGRESS, "2001:db8::1", IPPROTO_ICMPV6, 0},	    /* t: echo */
	{NET_EGRESS, "10.1.2.3", IPPROTO_UDP, 5432},	    /* u */
	{NET_INGRESS, "10.1.2.3", IPPROTO_TCP, 80},	    /* v */
	{NET_INGRESS, "10.1.2.3", IPPROTO_TCP, 81},	    /* w */
	{NET_INGRESS, "11.0.0.1", IPPROTO_TCP, 80},	    /* x */
	{NET_INGRESS, "2001:db8::1", IPPROTO_TCP, 80},	    /* y */
	{NET_INGRESS, "fd01::1", IPPROTO_UDP, 80},	    /* z */
	{NET_INGRESS, "8.8.8.8", IPPROTO_ICMP, 0},	    /* A: echo */
	{NET_INGRESS, "8.8.8.8", IPPROTO_GRE, 0},	    /* B */
	{NET_INGRESS, "169.254.169.254", IPPROTO_UDP, 80},  /* C */
};

#define METADATA4 "{ 169.254.169.254, 169.254.170.2 }"
#define METADATA6 "fd00:ec2::254"

/* `passes`: the letters of the rows that do. */
static const struct rules {
	const char *name, *egress[2], *ingress[2];
	const char *nft_egress, *nft_ingress;
	const char *passes;
} profiles[] = {
	{"open", {NULL}, {NULL}, "accept", "accept", "abcdefghijklmnopqrstuvwxyzABC"},
	{"closed", {"{\"default\":\"deny\"}"}, {"{\"default\":\"deny\"}"}, "", "", ""},
	{"deny, with exceptions",
	 {"{\"default\":\"deny\",\"allow\":[\"10.0.0.0/8 tcp 5432\",\"dns\",\"private udp 8080-8089\"]}"},
	 {"{\"default\":\"deny\",\"allow\":[\"10.0.0.0/8 tcp 80\",\"fd00::/8\"]}"},
	 "ip daddr 10.0.0.0/8 tcp dport 5432 accept; ip daddr 192.0.2.53 udp dport 53 accept;"
	 "ip daddr 192.0.2.53 tcp dport 53 accept; ip6 daddr fc00::/7 udp dport 8080-8089 accept;"
	 "ip daddr { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 } udp dport 8080-8089 accept",
	 "ip saddr 10.0.0.0/8 tcp dport 80 accept; ip6 saddr fd00::/8 accept", "acfgopvz"},
	{"allow, with exceptions",
	 {"{\"default\":\"allow\",\"deny\":[\"8.0.0.0/6\",\"2001:db8::/48\",\"any tcp 5433\"]}"},
	 {"{\"default\":\"allow\",\"deny\":[\"any icmp\",\"11.0.0.0/8\"]}"},
	 "ip daddr " METADATA4 " drop; ip6 daddr " METADATA6 " drop; ip daddr 8.0.0.0/6 drop; ip6 daddr 2001:db8::/48 drop;"
	 "tcp dport 5433 drop; accept",
	 "ip saddr " METADATA4 " drop; ip protocol icmp drop; ip saddr 11.0.0.0/8 drop; accept", "fghmopqrsvwyzB"},
	{"two layers",
	 {"{\"default\":\"deny\",\"allow\":[\"any tcp\",\"any icmpv6\"]}", "{\"default\":\"allow\",\"deny\":[\"private\",\"2001:db8:1::/48\"]}"},
	 {"{\"default\":\"allow\",\"deny\":[\"any udp\"]}", "{\"default\":\"deny\",\"allow\":[\"any tcp 80\",\"any udp\"]}"},
	 "ip daddr { 10.0.0.0/8, 169.254.0.0/16 } drop; ip6 daddr { fc00::/7, 2001:db8:1::/48 } drop; meta l4proto { tcp, icmpv6 } accept",
	 "tcp dport 80 accept", "deglt" "vxy"},
	{"by name of its own",
	 {"{\"default\":\"deny\",\"allow\":[\"169.254.169.254 tcp 80\",\"any icmp\",\"any gre\",\"224.0.0.0/4 udp 5353\"]}"},
	 {"{\"default\":\"deny\",\"allow\":[\"any gre\",\"any icmp\",\"2001:db8::1\"]}"},
	 "ip daddr 169.254.169.254 tcp dport 80 accept; ip protocol { icmp, gre } accept; ip daddr 224.0.0.0/4 udp dport 5353 accept",
	 "ip protocol { icmp, gre } accept; ip6 saddr 2001:db8::1 accept", "ijkr" "yAB"},
	{"single addresses and ports",
	 {"{\"default\":\"deny\",\"allow\":[\"10.1.2.3 tcp 5432-5433\",\"192.0.2.52/31 udp 53\",\"2001:db8::1 tcp 443\",\"8.8.8.8 icmp\"]}"},
	 {"{\"default\":\"allow\",\"deny\":[\"10.1.2.3 tcp 81\",\"2001:db8::1 tcp 80\"]}"},
	 "ip daddr 10.1.2.3 tcp dport 5432-5433 accept; ip daddr 192.0.2.52/31 udp dport 53 accept; ip6 daddr 2001:db8::1 tcp dport 443 accept;"
	 "ip daddr 8.8.8.8 ip protocol icmp accept",
	 "ip saddr " METADATA4 " drop; ip saddr 10.1.2.3 tcp dport 81 drop; ip6 saddr 2001:db8::1 tcp dport 80 drop; accept", "abfil" "vxzAB"},
};

static char letter(size_t row)
{
	return (char)(row < 26 ? 'a' + row : 'A' + row - 26);
}

static void add_layer(struct net_direction *direction, const char *text)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct net_context context = {.resolver_count = 1};
	struct error err = {0};

	cr_assert_eq(net_prefix_parse("192.0.2.53", &context.resolvers[0], &err), 0);
	cr_assert_eq(json_parse("layer", text, strlen(text), &doc, &err), 0, "%s: %s", text, err.text);
	direction->layers = reallocarray(direction->layers, direction->layer_count + 1, sizeof *direction->layers);
	cr_assert_eq(net_layer_resolve(json_root(doc), &context, &direction->layers[direction->layer_count++], &err), 0, "%s: %s", text,
		     err.text);
}

static struct net_policy policy_of(const struct rules *profile)
{
	struct net_policy policy = {0};

	for (size_t i = 0; i < 2; i++) {
		if (profile->egress[i])
			add_layer(&policy.direction[NET_EGRESS], profile->egress[i]);
		if (profile->ingress[i])
			add_layer(&policy.direction[NET_INGRESS], profile->ingress[i]);
	}
	return policy;
}

/* Each time from (or to) another address of the inside: a connection that has passed once passes by whatever rules follow. */
static struct lab_packet packet_of(const struct row *row, unsigned run, unsigned number)
{
	struct lab_packet p = {.protocol = row->protocol, .port = row->port, .source_port = 40000,
			       .family = strchr(row->address, ':') ? AF_INET6 : AF_INET, .marker = 0xabcd0000u + number};
	char own[INET6_ADDRSTRLEN];

	(void)snprintf(own, sizeof own, p.family == AF_INET ? "10.9.1.%u" : "fd09:1::%u", 1 + run);
	cr_assert_eq(inet_pton(p.family, own, row->direction == NET_EGRESS ? p.source : p.destination), 1);
	cr_assert_eq(inet_pton(p.family, row->address, row->direction == NET_EGRESS ? p.destination : p.source), 1);
	if (p.protocol == IPPROTO_ICMP)
		p.port = 8 << 8;
	if (p.protocol == IPPROTO_ICMPV6)
		p.port = 128 << 8;
	return p;
}

static bool plainly_passes(const struct net_policy *policy, const struct row *row)
{
	struct net_packet packet = {.direction = row->direction, .protocol = row->protocol, .port = row->port,
				    .family = strchr(row->address, ':') ? AF_INET6 : AF_INET};

	cr_assert_eq(inet_pton(packet.family, row->address, packet.address), 1);
	return net_policy_passes(policy, &packet);
}

static void load_nft(const struct rules *profile)
{
	FILE *nft = popen("nft -f -", "w");

	fprintf(nft,
		"flush ruleset\n"
		"table inet other {\n"
		"chain out { type filter hook output priority 0; policy drop; oif lo accept; ct state established,related accept;\n"
		"icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; %s; }\n"
		"chain in { type filter hook input priority 0; policy drop; iif lo accept; ct state established,related accept;\n"
		"icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; %s; }\n}\n",
		profile->nft_egress, profile->nft_ingress);
	cr_assert_eq(pclose(nft), 0, "%s: as nft has it", profile->name);
}

Test(nft_packets, pass_as_the_policy_says_and_as_nft_would_have_it, .timeout = 120)
{
	struct lab lab = lab_open();
	struct error err = {0};
	unsigned checked = 0;
	int fd;

	cr_assert_eq(nft_open(&fd, &err), 0, "%s", err.text);
	for (unsigned p = 0; p < ARRAY_SIZE(profiles); p++)
		for (unsigned by_nft = 0; by_nft < 2; by_nft++) {
			_cleanup_net_policy_ struct net_policy policy = policy_of(&profiles[p]);
			bool owned;

			lab_run("nft flush ruleset");
			if (by_nft)
				load_nft(&profiles[p]);
			else
				cr_assert_eq(nft_apply(fd, &policy, 0, &owned, &err), 0, "%s: %s", profiles[p].name, err.text);
			for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
				struct lab_packet packet = packet_of(&rows[i], 2 * p + by_nft, checked++);
				bool wanted = strchr(profiles[p].passes, letter(i)) != NULL;
				bool passed = rows[i].direction == NET_EGRESS ? lab_leaves(&lab, &packet)
									      : lab_comes_in(&lab, &packet);

				cr_expect_eq(passed, wanted, "%s, row %c, %s: %s", profiles[p].name, letter(i),
					     by_nft ? "by nft" : "by ours", passed ? "it passes" : "it does not pass");
				cr_expect_eq(plainly_passes(&policy, &rows[i]), wanted, "%s, row %c, plainly", profiles[p].name,
					     letter(i));
			}
		}
	cr_assert_geq(checked, 200);
}
