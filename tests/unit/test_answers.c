/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose answers are believed, and what they open. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/net/answers.h"

static struct net_match match(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t length, uint8_t protocol, uint16_t port)
{
	return (struct net_match){{AF_INET, length, {a, b, c, d}}, protocol, port, port ? port : UINT16_MAX};
}

static struct packet reply(uint8_t d, uint8_t protocol, uint16_t port)
{
	return (struct packet){.family = AF_INET, .source = {10, 0, 0, d}, .protocol = protocol, .has_ports = true, .source_port = port};
}

Test(answers, a_resolver_is_what_is_allowed_at_its_port_and_no_other)
{
	struct net_match allow[] = {match(10, 0, 0, 2, 32, IPPROTO_UDP, 53), match(10, 0, 0, 2, 32, IPPROTO_TCP, 53),
				    match(10, 0, 0, 0, 8, 0, 0), match(10, 0, 0, 3, 32, IPPROTO_UDP, 0),
				    {{AF_INET, 32, {10, 0, 0, 4}}, IPPROTO_UDP, 50, 60}};
	struct net_layer layers[] = {{.allow_by_default = true}, {.allow = allow, .allow_count = 5}};
	struct net_policy policy = {.direction[NET_EGRESS] = {.layers = layers, .layer_count = 2}};
	struct packet packet = reply(2, IPPROTO_UDP, 53);

	cr_expect(net_is_resolvers(&policy, &packet));
	packet = reply(2, IPPROTO_TCP, 53);
	cr_expect(net_is_resolvers(&policy, &packet));
	packet = reply(2, IPPROTO_UDP, 54);
	cr_expect(!net_is_resolvers(&policy, &packet), "another port");
	packet = reply(2, IPPROTO_SCTP, 53);
	cr_expect(!net_is_resolvers(&policy, &packet), "another protocol");
	for (uint8_t d = 3; d < 6; d++) {
		packet = reply(d, IPPROTO_UDP, 53);
		cr_expect(!net_is_resolvers(&policy, &packet), "10.0.0.%u is allowed, and not for questions alone", d);
	}
	packet = reply(2, IPPROTO_UDP, 53);
	packet.family = AF_INET6;
	cr_expect(!net_is_resolvers(&policy, &packet));
	packet = (struct packet){.family = AF_INET, .source = {127, 0, 0, 11}, .protocol = IPPROTO_UDP, .has_ports = true, .source_port = 53};
	cr_expect(net_is_resolvers(&policy, &packet), "Docker's");
}

Test(answers, a_recorded_resolver_is_who_is_named_at_its_port)
{
	struct net_policy policy = {.record = {.set = true, .resolvers = {{AF_INET, 32, {10, 0, 0, 2}}}, .resolver_count = 1}};
	struct packet packet = reply(2, IPPROTO_UDP, 53);

	cr_expect(net_is_recorded_resolvers(&policy.record, &packet));
	cr_expect(!net_is_resolvers(&policy, &packet), "it opens nothing");
	packet = reply(2, IPPROTO_TCP, 53);
	cr_expect(net_is_recorded_resolvers(&policy.record, &packet));
	packet.has_ports = false;
	cr_expect(!net_is_recorded_resolvers(&policy.record, &packet));
	packet = reply(2, IPPROTO_UDP, 54);
	cr_expect(!net_is_recorded_resolvers(&policy.record, &packet), "another port");
	packet = reply(2, IPPROTO_SCTP, 53);
	cr_expect(!net_is_recorded_resolvers(&policy.record, &packet), "another protocol");
	packet = reply(3, IPPROTO_UDP, 53);
	cr_expect(!net_is_recorded_resolvers(&policy.record, &packet), "another address");
	packet = reply(2, IPPROTO_UDP, 53);
	packet.family = AF_INET6;
	cr_expect(!net_is_recorded_resolvers(&policy.record, &packet), "another family");
}

Test(answers, a_name_opens_what_no_layer_denies)
{
	struct net_name names[] = {{.name = (char[]){"*.example.com"}, .protocol = IPPROTO_TCP, .first = 443, .last = 443}};
	struct net_match metadata = match(169, 254, 169, 254, 32, 0, 0), private = match(10, 0, 0, 0, 8, 0, 0);
	struct net_layer layers[] = {{.names = names, .name_count = 1, .deny = &metadata, .deny_count = 1},
				     {.allow_by_default = true, .deny = &private, .deny_count = 1}};
	struct net_policy policy = {.direction[NET_EGRESS] = {.layers = layers, .layer_count = 2}};
	struct net_packet packet = {.family = AF_INET, .address = {192, 0, 2, 1}, .protocol = IPPROTO_TCP, .port = 443};

	cr_expect(net_policy_knows(&policy, "api.example.com"));
	cr_expect(!net_policy_knows(&policy, "example.com"));
	cr_expect(net_policy_opens(&policy, "api.example.com", &packet));
	cr_expect(!net_policy_opens(&policy, "api.example.org", &packet));
	packet.port = 80;
	cr_expect(!net_policy_opens(&policy, "api.example.com", &packet));
	packet.port = 443;
	packet.protocol = IPPROTO_UDP;
	cr_expect(!net_policy_opens(&policy, "api.example.com", &packet));
	packet.protocol = IPPROTO_TCP;
	memcpy(packet.address, (uint8_t[]){10, 0, 0, 1}, 4);
	cr_expect(!net_policy_opens(&policy, "api.example.com", &packet), "the other layer denies it");
	memcpy(packet.address, (uint8_t[]){169, 254, 169, 254}, 4);
	cr_expect(!net_policy_opens(&policy, "api.example.com", &packet), "its own layer denies it");
	policy.direction[NET_EGRESS].layer_count = 0;
	cr_expect(!net_policy_opens(&policy, "api.example.com", &packet));
}
