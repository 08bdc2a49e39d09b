/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules log, from the kernel, in namespaces of the test's own. Needs root. */
#include "tests/unit/network_fixture.h"

#include "lib/net/flow_log.h"
#include "lib/net/headers.h"
#include "lib/net/nft_send.h"

enum { BOTH = 1 << FLOW_DENIED | 1 << FLOW_ANSWER, RECORDED = 1 << FLOW_ANSWER | 1 << FLOW_BEGUN };

struct heard {
	unsigned denied, answers, begun;
	unsigned direction;
	struct packet last;
};

static void hear(const struct flow *flow, void *data)
{
	struct heard *heard = data;

	heard->denied += flow->kind == FLOW_DENIED;
	heard->answers += flow->kind == FLOW_ANSWER;
	heard->begun += flow->kind == FLOW_BEGUN;
	heard->direction = flow->direction;
	cr_expect(packet_read(flow->packet, flow->length, &heard->last));
}

static struct lab_packet to(uint8_t last, uint16_t port)
{
	return (struct lab_packet){.family = AF_INET, .protocol = IPPROTO_UDP, .port = port, .source_port = 40000,
				   .source = {10, 9, 0, 2}, .destination = {192, 0, 2, last}, .marker = last};
}

Test(flow_log, what_is_denied_and_what_is_answered_comes_in_its_order)
{
	struct net_match allow[] = {{{AF_INET, 32, {192, 0, 2, 1}}, IPPROTO_UDP, 53, 53}};
	struct net_name names[] = {{.name = (char[]){"api.example.com"}, .last = UINT16_MAX}};
	struct net_layer layer = {.allow = allow, .allow_count = 1, .names = names, .name_count = 1};
	struct net_policy policy = {.direction[NET_EGRESS] = {.layers = &layer, .layer_count = 1}};
	struct lab lab = lab_open();
	struct lab_packet asked = to(1, 53), denied = to(2, 443), answer;
	struct heard heard = {0};
	struct error err = {0};
	unsigned lost = 0;
	bool owned;
	int fd, log, other;

	lab_run("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6");
	cr_assert_eq(nft_open(&fd, &err), 0, "%s", err.text);
	cr_assert_eq(nft_apply(fd, &policy, 0, &owned, &err), 0, "%s", err.text);
	cr_assert_eq(flow_log_open(BOTH, 0, &log, &err), 0, "%s", err.text);
	cr_expect_eq(flow_log_open(BOTH, 0, &other, &err), -EPERM, "they are somebody's");
	cr_expect(strstr(err.text, "one process can"), "%s", err.text);
	cr_expect_eq(flow_log_read(log, hear, &heard, &lost, &err), 0);
	cr_expect_eq(heard.denied + heard.answers, 0);

	cr_expect(lab_leaves(&lab, &asked));
	answer = lab_answer_to(&asked, 3);
	cr_expect(lab_comes_in(&lab, &answer));
	cr_expect_eq(flow_log_read(log, hear, &heard, &lost, &err), 0);
	cr_expect_eq(heard.answers, 1);
	cr_expect_eq(heard.denied, 0);
	cr_expect_eq(heard.direction, NET_INGRESS);
	cr_expect_eq(heard.last.source_port, 53);
	cr_expect(!lab_leaves(&lab, &denied));
	cr_expect_eq(flow_log_read(log, hear, &heard, &lost, &err), 0);
	cr_expect_eq(heard.answers, 1);
	cr_expect_eq(heard.denied, 1);
	cr_expect_eq(heard.direction, NET_EGRESS);
	cr_expect_eq(heard.last.destination_port, 443);
	cr_expect_eq(heard.last.destination[3], 2);
	cr_expect_eq(lost, 0);
}

/* Of a container that has no rules and is recorded: whatever is from port 53, and once whatever it begins. */
Test(flow_log, what_is_recorded_is_answered_and_begun)
{
	struct net_policy policy = {.record = {.set = true}};
	struct lab lab = lab_open();
	struct lab_packet asked = to(1, 53), answer, in = to(3, 53);
	struct heard heard = {0};
	struct error err = {0};
	unsigned lost = 0;
	bool owned;
	int fd, log;

	lab_run("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6");
	cr_assert_eq(nft_open(&fd, &err), 0, "%s", err.text);
	cr_assert_eq(nft_apply(fd, &policy, 0, &owned, &err), 0, "%s", err.text);
	cr_assert_eq(flow_log_open(RECORDED, 0, &log, &err), 0, "%s", err.text);
	cr_expect(lab_leaves(&lab, &asked));
	asked.marker = 10; /* the same connection */
	cr_expect(lab_leaves(&lab, &asked));
	cr_expect_eq(flow_log_read(log, hear, &heard, &lost, &err), 0);
	cr_expect_eq(heard.begun, 1);
	cr_expect_eq(heard.direction, NET_EGRESS);
	cr_expect_eq(heard.last.destination_port, 53);
	answer = lab_answer_to(&asked, 4);
	cr_expect(lab_comes_in(&lab, &answer));
	memcpy(in.source, asked.destination, 16); /* another's, who was not asked */
	memcpy(in.destination, asked.source, 16);
	in.source_port = 53;
	in.port = 1;
	in.marker = 5;
	cr_expect(lab_comes_in(&lab, &in));
	cr_expect_eq(flow_log_read(log, hear, &heard, &lost, &err), 0);
	cr_expect_eq(heard.begun, 1);
	cr_expect_eq(heard.answers, 1);
	cr_expect_eq(heard.denied, 0);
}

Test(flow_log, anything_else_is_no_flow)
{
	_Alignas(4) uint8_t bytes[256];
	struct heard heard = {0};
	unsigned seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)(rand_r(&seed) >> 8);
		memcpy(bytes, (uint32_t[]){sizeof bytes}, 4);
		if (round % 2) /* a packet's message, and attributes that may be of any length */
			memcpy(bytes + 4, (uint16_t[]){4 << 8}, 2);
		flow_log_take(bytes, round % (sizeof bytes + 1), hear, &heard);
	}
	cr_expect_eq(heard.answers + heard.denied + heard.begun, 0);
}
