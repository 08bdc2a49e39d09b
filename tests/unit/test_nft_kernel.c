/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our table in the kernel, in namespaces of the test's own: set, spent, read back, changed and lost. Needs root. */
#include "tests/unit/network_fixture.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "lib/net/flow_log.h"
#include "lib/net/nft_compare.h"
#include "lib/net/nft_internal.h"
#include "lib/net/nft_read.h"
#include "lib/net/nft_send.h"

static const struct net_scope all_of_it;

static struct lab lab;
static struct error err;
static int fd;

static void setup(void)
{
	lab = lab_open();
	cr_assert_eq(nft_open(&fd, &err), 0, "%s", err.text);
}

static void apply(const struct net_policy *policy)
{
	struct nft_held held = {0};
	bool owned;

	(void)nft_read_holder(fd, &policy->scope, &held, &err);
	cr_assert_eq(nft_apply(fd, policy, held.handle, &owned, &err), 0, "%s", err.text);
}

static struct net_match any_of(uint8_t family, uint8_t protocol, uint16_t port)
{
	return (struct net_match){{family, 0, {0}}, protocol, port, port ? port : UINT16_MAX};
}

static struct lab_packet udp_to(const char *address, uint16_t port, uint32_t marker)
{
	struct lab_packet p = {.family = strchr(address, ':') ? AF_INET6 : AF_INET, .protocol = IPPROTO_UDP, .port = port,
			       .source_port = 40000, .marker = marker};

	cr_assert_eq(inet_pton(p.family, p.family == AF_INET ? "10.9.0.2" : "fd09::2", p.source), 1);
	cr_assert_eq(inet_pton(p.family, address, p.destination), 1);
	return p;
}

static struct net_policy closed_but(struct net_layer layers[NET_DIRECTIONS], struct net_match *allow, size_t count)
{
	struct net_policy policy = {0};

	layers[NET_EGRESS] = (struct net_layer){.allow = allow, .allow_count = count};
	layers[NET_INGRESS] = (struct net_layer){0};
	for (unsigned d = 0; d < NET_DIRECTIONS; d++) {
		policy.direction[d].layers = &layers[d];
		policy.direction[d].layer_count = 1;
	}
	return policy;
}

Test(nft_kernel, replies_pass_and_what_nobody_asked_for_does_not, .init = setup)
{
	struct net_match allow[] = {any_of(AF_INET, IPPROTO_UDP, 53)};
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, 1);
	struct lab_packet asked = udp_to("192.0.2.1", 53, 1), denied = udp_to("192.0.2.1", 54, 2), reply = lab_answer_to(&asked, 3),
			  other = lab_answer_to(&denied, 4);
	struct nft_figures figures;

	lab_run("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6"); /* it says something of its own now and then */
	apply(&policy);
	cr_expect(!lab_comes_in(&lab, &reply), "before it was asked for");
	cr_expect(lab_leaves(&lab, &asked));
	cr_expect(lab_comes_in(&lab, &reply));
	cr_expect(!lab_leaves(&lab, &denied));
	cr_expect(!lab_comes_in(&lab, &other), "what was denied is no connection");
	cr_assert_eq(nft_read_figures(fd, &all_of_it, &figures, &err), 0, "%s", err.text);
	/* And an error (ICMP, 20 + 8 + what it is about) by which the kernel says that nobody listens for the reply. */
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_PASSED].packets, 2);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_PASSED].bytes, 32 + 28 + 32);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_NEW].packets, 1);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_DENIED].packets, 1);
	cr_expect_eq(figures.counted[NET_INGRESS][NFT_COUNT_PASSED].packets, 1);
	cr_expect_eq(figures.counted[NET_INGRESS][NFT_COUNT_DENIED].packets, 2);
}

/* A connection that was open before the rules: taken up by its next packet, and held to them. */
Test(nft_kernel, an_open_connection_is_held_to_the_rules, .init = setup)
{
	enum { ACK = 1 << 4, RST_ACK = ACK | 1 << 2 };
	struct net_match allow[] = {any_of(AF_INET, IPPROTO_TCP, 443)};
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, 1);
	struct lab_packet good = udp_to("192.0.2.1", 443, 1), bad = udp_to("192.0.2.1", 444, 2), stray = udp_to("192.0.2.1", 443, 3);

	good.protocol = bad.protocol = stray.protocol = IPPROTO_TCP;
	good.flags = bad.flags = ACK;
	stray.flags = RST_ACK; /* conntrack begins nothing with it: it is invalid */
	stray.source_port++;
	apply(&policy);
	cr_expect(lab_leaves(&lab, &good));
	cr_expect(!lab_leaves(&lab, &bad));
	cr_expect(!lab_leaves(&lab, &stray));
}

static size_t fragments_that_leave(const struct lab_packet *p, uint32_t marker)
{
	uint8_t whole[LAB_FRAME_MAX], part[LAB_FRAME_MAX];
	size_t length = lab_build(p, whole), first = 64;

	memcpy(part, whole, 20 + first);
	lab_put16(part + 4, 77);
	part[6] = 0x20; /* more of it follows */
	(void)lab_send_raw(AF_INET, p->destination, part, 20 + first);
	memcpy(part + 20, whole + 20 + first, length - 20 - first);
	lab_put16(part + 6, (uint32_t)first / 8);
	(void)lab_send_raw(AF_INET, p->destination, part, length - first);
	lab_send_last(lab.inside_frames, lab_outside_mac);
	return lab_frames_with(lab.outside_frames, marker, NULL);
}

Test(nft_kernel, fragments_are_judged_as_the_packet_that_they_make, .init = setup)
{
	struct net_match allow[] = {any_of(AF_INET, IPPROTO_UDP, 53)};
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, 1);
	struct lab_packet good = udp_to("192.0.2.1", 53, 1), bad = udp_to("192.0.2.1", 54, 2);

	good.padding = bad.padding = 200;
	apply(&policy);
	cr_expect_eq(fragments_that_leave(&good, 1), 1);
	cr_expect_eq(fragments_that_leave(&bad, 2), 0);
}

/* The protocol behind a header of options for the destination. */
static bool leaves_behind_options(const struct lab_packet *p)
{
	uint8_t packet[LAB_FRAME_MAX], longer[LAB_FRAME_MAX] = {0};
	size_t length = lab_build(p, packet);

	memcpy(longer, packet, 40);
	longer[6] = IPPROTO_DSTOPTS;
	longer[40] = p->protocol;
	longer[42] = 1; /* PadN, four bytes */
	longer[43] = 4;
	memcpy(longer + 48, packet + 40, length - 40);
	lab_put16(longer + 4, (uint32_t)length - 40 + 8);
	(void)lab_send_raw(AF_INET6, p->destination, longer, length + 8);
	lab_send_last(lab.inside_frames, lab_outside_mac);
	return lab_frames_with(lab.outside_frames, p->marker, NULL) > 0;
}

Test(nft_kernel, extension_headers_hide_nothing, .init = setup)
{
	struct net_match allow[] = {any_of(AF_INET6, IPPROTO_UDP, 53)};
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, 1);
	struct lab_packet good = udp_to("2001:db8::1", 53, 1), bad = udp_to("2001:db8::1", 54, 2);

	apply(&policy);
	cr_expect(leaves_behind_options(&good));
	cr_expect(!leaves_behind_options(&bad));
}

static struct lab_packet discovery(const char *to, uint8_t type, uint8_t hop_limit, uint32_t marker)
{
	struct lab_packet p = udp_to(to, (uint16_t)(type << 8), marker);

	p.protocol = IPPROTO_ICMPV6;
	p.hop_limit = hop_limit;
	return p;
}

Test(nft_kernel, neighbours_are_found_under_default_deny, .init = setup)
{
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, NULL, 0);
	struct lab_packet solicit = discovery("ff02::1:ff00:1", 135, 255, 1), near = discovery("fd09::1", 135, 255, 2),
			  hops = discovery("ff02::1:ff00:1", 135, 64, 3), report = discovery("ff02::16", 143, 1, 4),
			  far = discovery("2001:db8::1", 136, 255, 5), echo = discovery("fe80::1", 128, 64, 6);

	apply(&policy);
	cr_expect(lab_leaves(&lab, &solicit));
	cr_expect(lab_leaves(&lab, &near));
	cr_expect(!lab_leaves(&lab, &hops));
	cr_expect(lab_leaves(&lab, &report));
	cr_expect(!lab_leaves(&lab, &echo));
	policy.raw = true; /* who can make them himself sends none off the link */
	apply(&policy);
	cr_expect(lab_leaves(&lab, &solicit));
	cr_expect(!lab_leaves(&lab, &far));
}

Test(nft_kernel, a_denied_program_hears_at_once, .init = setup)
{
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, NULL, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
	_cleanup_close_ int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	apply(&policy);
	cr_assert_eq(inet_pton(AF_INET, "192.0.2.1", &to.sin_addr), 1);
	cr_expect_lt(connect(tcp, (struct sockaddr *)&to, sizeof to), 0);
	cr_expect_eq(errno, EHOSTUNREACH, "%s", strerror(errno));
}

Test(nft_kernel, nothing_is_forwarded, .init = setup)
{
	struct lab_packet through = udp_to("10.9.0.77", 53, 1);
	struct net_policy policy = {0};
	struct nft_figures figures;
	uint8_t packet[LAB_FRAME_MAX];
	size_t length;

	cr_assert_eq(inet_pton(AF_INET, "198.51.100.1", through.source), 1);
	lab_run("echo 1 >/proc/sys/net/ipv4/ip_forward; ip neigh add 10.9.0.77 lladdr 02:00:00:00:00:02 dev eth0 nud permanent");
	length = lab_build(&through, packet);
	for (size_t ruled = 0; ruled < 2; ruled++) {
		if (ruled)
			apply(&policy);
		lab_send_frame(lab.outside_frames, lab_inside_mac, 0x0800, packet, length);
		lab_send_last(lab.outside_frames, lab_inside_mac);
		(void)lab_frames_with(lab.inside_frames, 1, NULL);
		lab_send_last(lab.inside_frames, lab_outside_mac);
		cr_expect_eq(lab_frames_with(lab.outside_frames, 1, NULL), 1 - ruled);
	}
	cr_assert_eq(nft_read_figures(fd, &all_of_it, &figures, &err), 0, "%s", err.text);
	cr_expect_eq(figures.forwarded.packets, 1);
}

static struct net_policy with_quota(unsigned quota, uint64_t limit, uint64_t used)
{
	struct net_policy policy = {0};

	policy.quotas[quota] = (struct net_quota){.set = true, .holds = true, .limit = limit, .used = used,
						  .direction = quota == NET_QUOTA_INGRESS ? NET_INGRESS : NET_EGRESS,
						  .internet = quota == NET_QUOTA_EGRESS_INTERNET};
	return policy;
}

struct heard {
	unsigned spent, others;
};

static void hear(const struct flow *flow, void *data)
{
	struct heard *heard = data;

	heard->spent += flow->kind == FLOW_SPENT && flow->quota == NET_QUOTA_EGRESS;
	heard->others += flow->kind != FLOW_SPENT || flow->quota != NET_QUOTA_EGRESS;
}

/* 32 bytes a packet: 100 of them are the limit to the byte, and one is one too many. */
Test(nft_kernel, a_quota_is_exact_and_told_once, .init = setup)
{
	struct net_policy policy = with_quota(NET_QUOTA_EGRESS, 3200, 0);
	struct heard heard = {0};
	uint8_t packet[LAB_FRAME_MAX];
	struct lab_packet p = udp_to("192.0.2.1", 53, 9);
	size_t length = lab_build(&p, packet);
	struct nft_figures figures;
	uint64_t bytes = 0;
	unsigned lost = 0;
	int log;

	apply(&policy);
	cr_assert_eq(flow_log_open(1U << FLOW_SPENT, 0, &log, &err), 0, "%s", err.text);
	for (int i = 0; i < 100; i++)
		(void)lab_send_raw(AF_INET, p.destination, packet, length);
	cr_assert_eq(flow_log_read(log, hear, &heard, &lost, &err), 0, "%s", err.text);
	cr_expect_eq(heard.spent, 0, "all of it may be used");
	for (int i = 0; i < 1000; i++)
		(void)lab_send_raw(AF_INET, p.destination, packet, length);
	cr_assert_eq(flow_log_read(log, hear, &heard, &lost, &err), 0, "%s", err.text);
	cr_expect_eq(heard.spent, 1);
	cr_expect_eq(heard.others + lost, 0);
	lab_send_last(lab.inside_frames, lab_outside_mac);
	cr_expect_eq(lab_frames_with(lab.outside_frames, 9, &bytes), 100);
	cr_expect_eq(bytes, 3200);
	cr_assert_eq(nft_read_figures(fd, &all_of_it, &figures, &err), 0, "%s", err.text);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_PASSED].bytes, 3200);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_QUOTA].packets, 1000);
	cr_expect_eq(figures.used[NET_QUOTA_EGRESS], 3200);
}

static struct nft_figures figures_now(void)
{
	struct nft_figures figures;

	cr_assert_eq(nft_read_figures(fd, &all_of_it, &figures, &err), 0, "%s", err.text);
	return figures;
}

/* Kernels do not agree on whether what reaches a quota is over it. */
Test(nft_kernel, one_byte_too_many_is_over, .init = setup)
{
	struct lab_packet p = udp_to("192.0.2.1", 53, 9);

	for (uint64_t left = 0; left < 2; left++) {
		struct net_policy policy = with_quota(NET_QUOTA_EGRESS, 3 * 32 - 1 + left, 0);

		apply(&policy);
		for (size_t i = 0; i < 4; i++)
			cr_expect_eq(lab_leaves(&lab, &p), i < 2 + left, "packet %zu", i);
	}
}

Test(nft_kernel, what_is_used_to_its_last_byte_is_not_over, .init = setup)
{
	struct net_policy policy = with_quota(NET_QUOTA_EGRESS, 64, 0);
	struct lab_packet p = udp_to("192.0.2.1", 53, 9);

	policy.quotas[NET_QUOTA_EGRESS_WARN] = (struct net_quota){.set = true, .limit = 32};
	apply(&policy);
	for (size_t i = 0; i < 4; i++) {
		struct nft_figures figures = figures_now();

		cr_expect_eq(figures.used[NET_QUOTA_EGRESS], i < 2 ? i * 32 : 64);
		cr_expect_eq(figures.over[NET_QUOTA_EGRESS], i > 2, "%zu packets", i);
		cr_expect_eq(figures.over[NET_QUOTA_EGRESS_WARN], i > 1, "%zu packets", i);
		cr_expect_eq(lab_leaves(&lab, &p), i < 2);
	}
}

/* Of a warning, or of a limit that is lower than it was. */
Test(nft_kernel, earlier_lives_may_have_used_more, .init = setup)
{
	struct net_policy policy = with_quota(NET_QUOTA_EGRESS, 3200, 5000);
	struct lab_packet p = udp_to("192.0.2.1", 53, 9);

	apply(&policy);
	cr_expect(!lab_leaves(&lab, &p));
	cr_expect_eq(figures_now().used[NET_QUOTA_EGRESS], 3200);
}

Test(nft_kernel, earlier_lives_have_used_of_the_quota, .init = setup)
{
	struct net_policy policy = with_quota(NET_QUOTA_INGRESS, 3200, 3200 - 64);
	struct nft_figures figures;

	apply(&policy);
	for (uint32_t i = 0; i < 5; i++) {
		struct lab_packet p = udp_to("192.0.2.1", 53, 100 + i), in = lab_answer_to(&p, 100 + i);

		cr_expect_eq(lab_comes_in(&lab, &in), i < 2);
	}
	cr_assert_eq(nft_read_figures(fd, &all_of_it, &figures, &err), 0, "%s", err.text);
	cr_expect_eq(figures.counted[NET_INGRESS][NFT_COUNT_PASSED].bytes, 64);
}

Test(nft_kernel, what_goes_to_the_internet_is_counted_apart, .init = setup)
{
	struct net_policy policy = with_quota(NET_QUOTA_EGRESS_INTERNET, 32, 0);
	struct lab_packet near = udp_to("10.1.1.1", 53, 1), far = udp_to("8.8.8.8", 53, 2), more = udp_to("8.8.8.8", 54, 3);

	apply(&policy);
	for (int i = 0; i < 3; i++)
		cr_expect(lab_leaves(&lab, &near));
	cr_expect(lab_leaves(&lab, &far));
	cr_expect(!lab_leaves(&lab, &more));
	cr_expect(lab_leaves(&lab, &near));
}

Test(nft_kernel, connections_are_no_more_and_no_faster_than_allowed, .init = setup)
{
	struct net_policy policy = {0};
	struct nft_figures figures;

	policy.direction[NET_EGRESS].new_connections = 4;
	policy.direction[NET_EGRESS].new_connections_ns = UINT64_C(3600000000000);
	policy.direction[NET_EGRESS].new_connections_at_once = 4;
	policy.direction[NET_EGRESS].connections = 2;
	apply(&policy);
	for (uint16_t i = 0; i < 6; i++) {
		struct lab_packet p = udp_to("192.0.2.1", (uint16_t)(1000 + i), 50 + i);

		cr_expect_eq(lab_leaves(&lab, &p), i < 2, "connection %u", i);
	}
	cr_assert_eq(nft_read_figures(fd, &all_of_it, &figures, &err), 0, "%s", err.text);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_CONNECTIONS].packets, 2);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_NEW_CONNECTIONS].packets, 2);
	for (int i = 0; i < 20; i++) {
		struct lab_packet again = udp_to("192.0.2.1", 1000, 70);

		cr_expect(lab_leaves(&lab, &again), "of a connection that has passed");
	}
}

static size_t connections_that_pass(uint16_t first_port, size_t count)
{
	size_t passed = 0;

	for (size_t i = 0; i < count; i++) {
		struct lab_packet p = udp_to("192.0.2.1", (uint16_t)(first_port + i), (uint32_t)(first_port + i));

		passed += lab_leaves(&lab, &p);
	}
	return passed;
}

/* Twenty a second by an hour's rate: the bucket holds five, and fills again in a quarter of a second. */
Test(nft_kernel, a_rate_of_connections_has_its_burst_and_its_refill, .init = setup)
{
	struct net_policy policy = {0};

	policy.direction[NET_EGRESS].new_connections = 20 * 3600;
	policy.direction[NET_EGRESS].new_connections_ns = UINT64_C(3600000000000);
	policy.direction[NET_EGRESS].new_connections_at_once = 5;
	apply(&policy);
	for (uint16_t round = 0; round < 3; round++) {
		size_t passed = connections_that_pass((uint16_t)(1000 + 100 * round), 20);

		cr_expect(passed >= 5 && passed < 15, "%zu", passed); /* twenty packets take a while, too */
		usleep(400000);
	}
}

Test(nft_kernel, a_name_opens_what_its_answer_says_and_nothing_that_is_denied, .init = setup)
{
	struct net_name names[] = {{.name = (char[]){"*.example.com"}, .protocol = IPPROTO_UDP, .first = 443, .last = 443}};
	struct net_match deny[] = {{{AF_INET, 32, {169, 254, 169, 254}}, 0, 0, UINT16_MAX}};
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, NULL, 0);
	struct dns_answer answer = {.name = "api.example.com", .count = 3};
	struct lab_packet p = udp_to("192.0.2.7", 443, 1), port = udp_to("192.0.2.7", 444, 2), p6 = udp_to("2001:db8::7", 443, 3),
			  metadata = udp_to("169.254.169.254", 443, 4);
	struct nft_batch batch;
	size_t count;

	layers[NET_EGRESS].names = names;
	layers[NET_EGRESS].name_count = 1;
	layers[NET_EGRESS].deny = deny;
	layers[NET_EGRESS].deny_count = 1;
	apply(&policy);
	cr_expect(!lab_leaves(&lab, &p));
	answer.addresses[0] = (struct dns_address){AF_INET, {192, 0, 2, 7}, 1};
	answer.addresses[1] = (struct dns_address){.family = AF_INET6, .ttl = 1};
	memcpy(answer.addresses[1].bytes, p6.destination, 16);
	answer.addresses[2] = (struct dns_address){AF_INET, {169, 254, 169, 254}, 1};
	for (int i = 0; i < 2; i++) { /* the second time they are there already */
		cr_assert_eq(nft_answer(&policy, &answer, &batch, &count, &err), 0, "%s", err.text);
		cr_assert_eq(count, 3);
		cr_assert_eq(nft_send(fd, &batch, &err), 0, "%s", err.text);
		nft_batch_free(&batch);
	}
	cr_expect(lab_leaves(&lab, &p));
	cr_expect(!lab_leaves(&lab, &port));
	cr_expect(lab_leaves(&lab, &p6));
	cr_expect(!lab_leaves(&lab, &metadata));
}

static void compare(const struct net_policy *policy, bool owned, int wanted)
{
	char difference[NFT_DIFFERENCE_MAX] = "";

	cr_expect_eq(nft_compare(fd, policy, owned, difference, &err), wanted, "%s %s", difference, err.text);
}

Test(nft_kernel, a_batch_that_fails_leaves_nothing_and_changes_nothing, .init = setup)
{
	struct net_policy policy = with_quota(NET_QUOTA_EGRESS, 1000, 0);
	struct nft_rule rule;

	for (int there = 0; there < 2; there++) {
		_cleanup_batch_ struct nft_batch batch = {0};

		if (there)
			apply(&policy);
		cr_assert_eq(nft_batch_begin(&all_of_it, &batch, &err), 0);
		if (there)
			nft_delete_table(&batch, 0);
		nft_new_table(&batch, 0, NULL);
		nft_new_base_chain(&batch, "egress", &(struct nft_base){.hook = NF_INET_LOCAL_OUT});
		rule = nft_rule_begin(&batch, "egress");
		nft_jump(&rule, "nowhere");
		nft_rule_end(&rule);
		nft_new_counter(&batch, "last");
		cr_assert_eq(nft_batch_end(&batch, &err), 0);
		cr_expect_eq(nft_send(fd, &batch, &err), -ENOENT);
		cr_expect(strstr(err.text, "a rule of chain egress") != NULL, "%s", err.text);
		compare(&policy, false, there ? 0 : -ENOENT);
	}
}

Test(nft_kernel, a_change_is_seen, .init = setup)
{
	static const char *const changes[] = {
		"nft insert rule inet stint egress accept", "nft flush chain inet stint egress-0", "nft delete table inet stint",
	};
	struct net_match allow[] = {any_of(AF_INET, IPPROTO_UDP, 53), {{AF_INET, 8, {10}}, IPPROTO_TCP, 80, 81}};
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, 2);

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		apply(&policy);
		compare(&policy, false, 0);
		lab_run(changes[i]);
		compare(&policy, false, i == 2 ? -ENOENT : 1);
	}
}

Test(nft_kernel, an_owned_table_is_nobody_elses, .init = setup)
{
	struct net_policy policy = with_quota(NET_QUOTA_EGRESS, 1000, 0);
	bool owned = false;

	policy.owned = true;
	cr_assert_eq(nft_apply(fd, &policy, 0, &owned, &err), 0, "%s", err.text);
	if (!owned)
		cr_skip_test("this kernel has no owned tables");
	cr_expect_neq(system("nft delete table inet stint 2>/dev/null"), 0);
	cr_expect_neq(system("nft insert rule inet stint egress accept 2>/dev/null"), 0);
	lab_run("nft flush ruleset");
	compare(&policy, true, 0);
}

/* The monitor's child is killed, and another takes over; between them the rules hold. */
Test(nft_kernel, an_owned_table_outlives_its_owner_for_a_successor, .init = setup)
{
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, NULL, 0);
	struct lab_packet p = udp_to("192.0.2.1", 53, 1);
	struct nft_held held;
	bool owned = false;
	int first;

	policy.owned = true;
	cr_assert_eq(nft_open(&first, &err), 0);
	cr_assert_eq(nft_apply(first, &policy, 0, &owned, &err), 0, "%s", err.text);
	(void)close(first);
	if (nft_compare(fd, &policy, true, (char[NFT_DIFFERENCE_MAX]){""}, &err) == -ENOENT)
		cr_skip_test("this kernel has no tables that outlive their owner");
	cr_expect(!lab_leaves(&lab, &p));
	cr_assert_eq(nft_read_holder(fd, &policy.scope, &held, &err), 0, "%s", err.text);
	cr_assert_eq(nft_apply(fd, &policy, held.handle, &owned, &err), 0, "%s", err.text);
	cr_expect(owned);
	compare(&policy, true, 0);
	cr_expect(!lab_leaves(&lab, &p));
}

/* Two containers come to one namespace at the same moment, and both have seen that it is free, or whose table was left there. */
Test(nft_kernel, who_comes_second_replaces_nothing, .init = setup)
{
	struct net_policy first = {.holder = "first"}, second = {.holder = "second"};
	struct nft_held held, left;
	bool owned;

	cr_assert_eq(nft_apply(fd, &first, 0, &owned, &err), 0, "%s", err.text);
	cr_expect_eq(nft_apply(fd, &second, 0, &owned, &err), -EBUSY);
	cr_expect(strstr(err.text, "others were set"), "%s", err.text);
	cr_assert_eq(nft_read_holder(fd, &all_of_it, &left, &err), 0, "%s", err.text);
	cr_expect_str_eq(left.holder, "first");
	cr_assert_eq(nft_apply(fd, &first, left.handle, &owned, &err), 0, "%s", err.text);
	cr_expect_eq(nft_apply(fd, &second, left.handle, &owned, &err), -EBUSY);
	cr_assert_eq(nft_read_holder(fd, &all_of_it, &held, &err), 0, "%s", err.text);
	cr_expect_str_eq(held.holder, "first");
	lab_run("nft delete table inet stint");
	cr_expect_eq(nft_apply(fd, &second, held.handle, &owned, &err), -EBUSY, "it may be another's by then");
	cr_expect_eq(nft_read_holder(fd, &all_of_it, &held, &err), -ENOENT);
}

/* Beside the table of the whole namespace: with rules of nobody who is here. */
Test(nft_kernel, a_table_of_one_group_holds_nobody_else, .init = setup)
{
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy whole = {.holder = "first"}, policy = closed_but(layers, NULL, 0);
	struct lab_packet out = udp_to("192.0.2.1", 53, 1);
	struct nft_held held;
	struct nft_figures figures;

	cr_expect_eq(nft_read_holder(fd, &all_of_it, &held, &err), -ENOENT);
	policy.holder = "second";
	policy.scope = (struct net_scope){.group = UINT64_C(1) << 40, .level = 1, .log_groups = 8 * NFT_LOG_GROUPS};
	apply(&policy);
	compare(&policy, false, 0);
	compare(&whole, false, -ENOENT);
	apply(&whole);
	compare(&whole, false, 0);
	compare(&policy, false, 0);
	cr_assert_eq(nft_read_holder(fd, &all_of_it, &held, &err), 0, "%s", err.text);
	cr_expect_str_eq(held.holder, "first");
	cr_assert_eq(nft_read_holder(fd, &policy.scope, &held, &err), 0, "%s", err.text);
	cr_expect_str_eq(held.holder, "second");
	cr_expect(lab_leaves(&lab, &out));
	cr_assert_eq(nft_read_figures(fd, &policy.scope, &figures, &err), 0, "%s", err.text);
	cr_expect_eq(figures.counted[NET_EGRESS][NFT_COUNT_DENIED].packets, 0);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(nft_remove(fd, &policy.scope, &err), 0, "%s", err.text);
		compare(&policy, false, -ENOENT);
	}
	compare(&whole, false, 0);
}

/* Who had CAP_NET_ADMIN there before us may have written anything. */
Test(nft_kernel, a_tables_comment_is_read_within_its_bounds, .init = setup)
{
	static const char *const comments[] = {"0x00ff41", "0x00", "0x0000", "0x014142"};
	struct nft_held held;

	for (size_t i = 0; i < ARRAY_SIZE(comments); i++) {
		_cleanup_batch_ struct nft_batch batch = {0};
		unsigned long value = strtoul(comments[i], NULL, 16);
		size_t size = (strlen(comments[i]) - 2) / 2;
		uint8_t bytes[3];
		struct nlmsghdr *message;

		for (size_t b = 0; b < size; b++)
			bytes[b] = (uint8_t)(value >> 8 * (size - 1 - b));
		cr_assert_eq(nft_batch_begin(&all_of_it, &batch, &err), 0);
		message = nft_batch_message(&batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFT_MESSAGE_ROOM);
		mnl_attr_put_strz(message, NFTA_TABLE_NAME, "stint");
		mnl_attr_put(message, NFTA_TABLE_USERDATA, size, bytes);
		nft_batch_add(&batch, message);
		cr_assert_eq(nft_batch_end(&batch, &err), 0);
		cr_assert_eq(nft_send(fd, &batch, &err), 0, "%s", err.text);
		cr_assert_eq(nft_read_holder(fd, &all_of_it, &held, &err), 0, "%s", err.text);
		cr_expect_str_eq(held.holder, "", "%s", comments[i]);
	}
}

/* However many different ports there are. */
Test(nft_kernel, a_thousand_addresses_and_ports_are_one_lookup, .init = setup)
{
	enum { COUNT = 1000 };
	struct net_match allow[COUNT];
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, COUNT);
	struct lab_packet in = udp_to("20.0.3.200", 1000 + 2 * 968, 1), out = udp_to("20.0.3.200", 1000 + 2 * 967, 2);

	for (uint32_t i = 0; i < COUNT; i++)
		allow[i] = (struct net_match){{AF_INET, 32, {20, 0, (uint8_t)(i >> 8), (uint8_t)i}}, IPPROTO_UDP,
					      (uint16_t)(1000 + 2 * i), (uint16_t)(1000 + 2 * i)};
	apply(&policy);
	compare(&policy, false, 0);
	cr_expect(lab_leaves(&lab, &in));
	cr_expect(!lab_leaves(&lab, &out));
	lab_run("test $(nft list chain inet stint egress-0 | grep -c return) -eq 1");
	lab_run("nft list chain inet stint egress-0 | grep -q 'ip daddr . meta l4proto . th dport @egress-0-allow-pairs-ip return'");
}

Test(nft_kernel, many_addresses_with_one_port_are_prefixes, .init = setup)
{
	enum { COUNT = 1000 };
	struct net_match allow[COUNT + 1];
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, COUNT + 1);
	struct lab_packet in = udp_to("20.0.4.17", 53, 1), out = udp_to("20.0.4.32", 53, 2), pair = udp_to("192.0.2.1", 54, 3);

	for (uint32_t i = 0; i < COUNT; i++)
		allow[i] = (struct net_match){{AF_INET, 28, {20, (uint8_t)(i >> 11), (uint8_t)(i >> 3), (uint8_t)(i << 5 | 16)}},
					      IPPROTO_UDP, 53, 53};
	allow[COUNT] = (struct net_match){{AF_INET, 32, {192, 0, 2, 1}}, IPPROTO_UDP, 54, 54};
	apply(&policy);
	compare(&policy, false, 0);
	cr_expect(lab_leaves(&lab, &in));
	cr_expect(!lab_leaves(&lab, &out));
	cr_expect(lab_leaves(&lab, &pair));
	lab_run("test $(nft list set inet stint egress-0-allow-0-ip-28 | grep -o '20[.][0-9.]*' | wc -l) -eq 1000");
	lab_run("test $(nft list set inet stint egress-0-allow-pairs-ip | grep -c ' . udp . 54') -eq 1");
}

/* Many prefixes of one length are found by themselves, whatever others there are. */
Test(nft_kernel, prefixes_of_one_length_are_a_hash_table, .init = setup)
{
	enum { COUNT = 1000 };
	struct net_match allow[3 * COUNT + 4];
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, ARRAY_SIZE(allow));
	const char *in[] = {"20.0.7.206", "20.1.255.255", "255.255.255.255", "30.0.0.1", "40.0.0.0", "40.124.239.255", "fd00::1",
			    "fd01:0:7ce::", "fd01:0:7ce:ffff:ffff:ffff:ffff:ffff"};
	const char *out[] = {"20.0.7.207", "20.0.7.205", "20.2.0.0", "255.255.255.254", "30.0.0.3", "40.0.16.0", "40.124.240.0", "fd00::2",
			     "fd01:0:7cf::", "fd01:0:7cd:ffff:ffff:ffff:ffff:ffff"};
	uint32_t marker = 0;

	for (uint32_t i = 0; i < COUNT; i++)
		allow[i] = (struct net_match){{AF_INET, 32, {20, 0, (uint8_t)(i >> 7), (uint8_t)(i << 1)}}, 0, 0, UINT16_MAX};
	allow[COUNT] = (struct net_match){{AF_INET, 16, {20, 1}}, 0, 0, UINT16_MAX};
	allow[COUNT + 1] = (struct net_match){{AF_INET, 32, {255, 255, 255, 255}}, 0, 0, UINT16_MAX};
	allow[COUNT + 2] = (struct net_match){{AF_INET, 31, {30, 0, 0, 0}}, 0, 0, UINT16_MAX};
	allow[COUNT + 3] = (struct net_match){{AF_INET6, 128, {0xfd, [15] = 1}}, 0, 0, UINT16_MAX};
	for (uint32_t i = 0; i < COUNT; i++) {
		allow[COUNT + 4 + i] = (struct net_match){{AF_INET, 20, {40, (uint8_t)(i >> 3), (uint8_t)(i << 5)}}, 0, 0, UINT16_MAX};
		allow[2 * COUNT + 4 + i] = (struct net_match){{AF_INET6, 48, {0xfd, 1, 0, 0, (uint8_t)(i >> 7), (uint8_t)(i << 1)}}, 0, 0, UINT16_MAX};
	}
	apply(&policy);
	compare(&policy, false, 0);
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		struct lab_packet p = udp_to(in[i], 53, ++marker);

		cr_expect(lab_leaves(&lab, &p), "%s", in[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(out); i++) {
		struct lab_packet p = udp_to(out[i], 53, ++marker);

		cr_expect(!lab_leaves(&lab, &p), "%s", out[i]);
	}
	lab_run("! nft list set inet stint egress-0-allow-0-ip-32 | grep -q interval");
	lab_run("nft list set inet stint egress-0-allow-0-ip-32 | grep -q '20.0.7.206'");
	lab_run("nft list set inet stint egress-0-allow-0-ip | grep -q '20.1.0.0/16'");
	lab_run("nft list set inet stint egress-0-allow-0-ip6 | grep -q 'fd00::1'");
	lab_run("nft list chain inet stint egress-0 | grep -q 'ip daddr & 255.255.240.0 == @egress-0-allow-0-ip-20 return'");
	lab_run("nft list chain inet stint egress-0 | grep -q 'ip6 daddr & ffff:ffff:ffff:: == @egress-0-allow-0-ip6-48 return'");
	/* A few are not worth it. */
	policy.direction[NET_EGRESS].layers[0].allow = &allow[COUNT - 10];
	policy.direction[NET_EGRESS].layers[0].allow_count = 12;
	apply(&policy);
	compare(&policy, false, 0);
	lab_run("! nft list ruleset | grep -q 'ip-32'");
	lab_run("nft list set inet stint egress-0-allow-0-ip | grep -q '20.0.7.206'");
}

Test(nft_kernel, a_hundred_thousand_prefixes_are_one_lookup, .init = setup, .timeout = 60)
{
	enum { COUNT = 100000 };
	struct net_match *allow = calloc(COUNT, sizeof *allow);
	struct net_layer layers[NET_DIRECTIONS];
	struct net_policy policy = closed_but(layers, allow, COUNT);
	struct lab_packet in = udp_to("20.1.2.3", 53, 1), out = udp_to("20.1.2.130", 53, 2);

	for (uint32_t i = 0; i < COUNT; i++)
		allow[i] = (struct net_match){{AF_INET, 25, {(uint8_t)(20 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i}}, 0, 0, UINT16_MAX};
	apply(&policy);
	compare(&policy, false, 0);
	cr_expect(lab_leaves(&lab, &in));
	cr_expect(!lab_leaves(&lab, &out));
	free(allow);
}
