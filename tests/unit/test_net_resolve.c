/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers of a profile resolved for one container, and the document in which that is handed on. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/packet.h"
#include "lib/net/prefix.h"
#include "lib/net/resolve.h"
#include "lib/net/sets.h"

static const char services[] = "{\"db\":[\"10.9.0.5 tcp 5432\",\"db.example.com tcp 5432\"],\"loop\":[\"db\"],\"bad\":[\"x y z w\"]}";

static struct json_doc *parse(const char *text)
{
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(json_parse("layer", text, strlen(text), &doc, &err), 0, "%s: %s", text, err.text);
	return doc;
}

static int resolve(const char *text, struct net_layer *layer, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = parse(text), *known = parse(services);
	struct net_context context = {.services = json_root(known), .resolver_count = 3};

	cr_assert_eq(net_prefix_parse("192.0.2.53", &context.resolvers[0], NULL), 0);
	cr_assert_eq(net_prefix_parse("2001:db8::53", &context.resolvers[1], NULL), 0);
	cr_assert_eq(net_prefix_parse("169.254.169.254", &context.resolvers[2], NULL), 0);
	return net_layer_resolve(json_root(doc), &context, layer, err);
}

static bool passes(const struct net_layer *layer, const char *address, uint8_t protocol, uint16_t port)
{
	struct net_packet packet = {.protocol = protocol, .port = port};
	struct net_prefix prefix;

	cr_assert_eq(net_prefix_parse(address, &prefix, NULL), 0);
	packet.family = prefix.family;
	memcpy(packet.address, prefix.address, sizeof packet.address);
	return net_layer_passes(layer, &packet);
}

enum { TCP = IPPROTO_TCP, UDP = IPPROTO_UDP };

Test(net_resolve, packets_by_layer)
{
#define DENY(...) "{\"default\":\"deny\",\"allow\":[" __VA_ARGS__ "]}"
	static const struct {
		const char *layer, *address;
		uint8_t protocol;
		uint16_t port;
		bool passes;
	} rows[] = {
		{DENY(), "192.0.2.1", TCP, 80, false},
		{DENY("\"10.0.0.0/8 tcp 5432\""), "10.1.2.3", TCP, 5432, true},
		{DENY("\"10.0.0.0/8 tcp 5432\""), "10.1.2.3", TCP, 5433, false},
		{DENY("\"10.0.0.0/8 tcp 5432\""), "10.1.2.3", UDP, 5432, false},
		{DENY("\"10.0.0.0/8 tcp 5432\""), "11.1.2.3", TCP, 5432, false},
		{DENY("\"any tcp 80-90\""), "2001:db8::1", TCP, 90, true},
		{DENY("\"any tcp 80-90\""), "192.0.2.1", TCP, 80, true},
		{DENY("\"any tcp 80-90\""), "192.0.2.1", TCP, 91, false},
		{DENY("\"any tcp\""), "192.0.2.1", TCP, 0, true},
		{DENY("\"any icmp\""), "192.0.2.1", IPPROTO_ICMP, 0, true},
		{DENY("\"dns\""), "192.0.2.53", UDP, 53, true},
		{DENY("\"dns\""), "192.0.2.53", TCP, 53, true},
		{DENY("\"dns\""), "2001:db8::53", UDP, 53, true},
		{DENY("\"dns\""), "192.0.2.53", TCP, 853, false},
		{DENY("\"dns\""), "192.0.2.54", UDP, 53, false},
		{DENY("\"db\""), "10.9.0.5", TCP, 5432, true},
		{DENY("\"db\""), "10.9.0.6", TCP, 5432, false},
		{DENY("\"loopback\""), "127.0.0.1", TCP, 1, false}, /* never comes here */
		{DENY("\"private\""), "192.168.1.1", TCP, 1, true},
		{DENY("\"private\""), "100.64.0.1", TCP, 1, true},
		{DENY("\"private\""), "fd12::1", TCP, 1, true},
		{DENY("\"private\""), "8.8.8.8", TCP, 1, false},
		{DENY("\"internet\""), "8.8.8.8", TCP, 1, true},
		{DENY("\"internet\""), "10.0.0.1", TCP, 1, false},
		/* The metadata addresses are open only to who names them. */
		{DENY("\"any\""), "169.254.169.254", TCP, 80, false},
		{DENY("\"any\""), "169.254.169.253", TCP, 80, true},
		{DENY("\"any\""), "169.254.169.255", TCP, 80, true},
		{DENY("\"any tcp 80\""), "fd00:ec2::254", TCP, 80, false},
		{DENY("\"private\""), "169.254.169.254", TCP, 80, false},
		{DENY("\"169.254.169.254/31\""), "169.254.169.254", TCP, 80, false},
		{DENY("\"169.254.169.254/31\""), "169.254.169.255", TCP, 80, true},
		{DENY("\"169.254.169.254\",\"169.254.169.255\""), "169.254.169.254", TCP, 80, true},
		{DENY("\"169.254.169.254 tcp 80\",\"any\""), "169.254.169.254", TCP, 80, true},
		{DENY("\"169.254.169.254 tcp 80\",\"any\""), "169.254.169.254", TCP, 81, false},
		{DENY("\"100.64.0.0/10\""), "100.100.100.200", TCP, 80, false},
		{DENY("\"internet\""), "168.63.129.16", TCP, 80, false},
		{DENY("\"internet\""), "192.0.0.192", TCP, 80, false},
		{DENY("\"any\",\"dns\""), "169.254.169.254", UDP, 53, true},
		{DENY("\"any\",\"dns\""), "169.254.169.254", TCP, 80, false},
		{"{\"default\":\"allow\"}", "192.0.2.1", TCP, 80, true},
		{"{\"default\":\"allow\"}", "169.254.169.254", TCP, 80, false},
		{"{\"default\":\"allow\"}", "fe80::a9fe:a9fe", TCP, 80, false},
		{"{\"default\":\"allow\",\"allow\":[\"169.254.169.254 tcp 80\"]}", "169.254.169.254", TCP, 80, true},
		{"{\"default\":\"allow\",\"allow\":[\"any\"]}", "169.254.169.254", TCP, 80, false},
		{"{\"default\":\"allow\",\"deny\":[\"private\"],\"allow\":[\"10.0.0.5\"]}", "10.0.0.5", TCP, 80, true},
		{"{\"default\":\"allow\",\"deny\":[\"private\"],\"allow\":[\"10.0.0.5\"]}", "10.0.0.6", TCP, 80, false},
		{"{\"default\":\"allow\",\"deny\":[\"private\"],\"allow\":[\"10.0.0.5\"]}", "8.8.8.8", TCP, 80, true},
		{"{\"default\":\"allow\",\"deny\":[\"any tcp 25\"]}", "8.8.8.8", TCP, 25, false},
		{"{\"default\":\"allow\",\"deny\":[\"any tcp 25\"]}", "8.8.8.8", UDP, 25, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net_layer layer = {0};
		struct error err = {0};

		cr_assert_eq(resolve(rows[i].layer, &layer, &err), 0, "%s: %s", rows[i].layer, err.text);
		cr_assert_eq(passes(&layer, rows[i].address, rows[i].protocol, rows[i].port), rows[i].passes, "%s: %s %u %u", rows[i].layer,
			     rows[i].address, rows[i].protocol, rows[i].port);
		net_layer_clear(&layer);
	}
}

Test(net_resolve, what_cannot_be_resolved_is_said)
{
	static const char *const rows[][2] = {
		{DENY("\"dbb\""), "did you mean \"db\""},
		{DENY("\"pirvate\""), "did you mean \"private\""},
		{DENY("\"cache\""), "no service in \"services\" of stint.json"},
		{DENY("\"loop\""), "service loop: \"db\" stands for another service"},
		{DENY("\"bad\""), "service bad: "},
		{"{\"default\":\"allow\",\"deny\":[\"db\"]}", "\"db.example.com\" cannot be denied"},
		{"{\"default\":\"allow\",\"deny\":[\"a.example.com\"]}", "cannot be denied"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net_layer layer;
		struct error err = {0};

		cr_assert_eq(resolve(rows[i][0], &layer, &err), -EINVAL, "%s", rows[i][0]);
		cr_assert(strstr(err.text, rows[i][1]), "%s: %s", rows[i][0], err.text);
	}
}

Test(net_resolve, names_are_kept_once_and_in_order)
{
	struct net_layer layer;

	cr_assert_eq(resolve(DENY("\"b.example.com tcp 1\",\"*.example.com\",\"B.example.com. tcp 1\",\"db\""), &layer, NULL), 0);
	cr_assert_eq(layer.name_count, 3);
	cr_assert_str_eq(layer.names[0].name, "*.example.com");
	cr_assert_str_eq(layer.names[1].name, "b.example.com");
	cr_assert_str_eq(layer.names[2].name, "db.example.com");
	cr_assert_eq(layer.names[2].first, 5432);
	net_layer_clear(&layer);
}

Test(net_resolve, too_much_is_refused_and_not_taken_in_part)
{
	struct net_layer layer;
	struct error err = {0};
	char *text = malloc(20 * 70000);
	size_t used = (size_t)sprintf(text, "{\"default\":\"deny\",\"allow\":[\"any tcp 1\"");

	for (unsigned port = 2; port < 20000; port++)
		used += (size_t)sprintf(text + used, ",\"any tcp %u\"", port);
	(void)sprintf(text + used, "]}");
	cr_assert_eq(resolve(text, &layer, &err), -E2BIG);
	cr_assert(strstr(err.text, "more than 1048576"), "%s", err.text);
	free(text);
}

static void check_same(const struct net_policy *a, const struct net_policy *b)
{
	for (int d = 0; d < NET_DIRECTIONS; d++) {
		const struct net_direction *p = &a->direction[d], *q = &b->direction[d];

		cr_assert_eq(p->layer_count, q->layer_count);
		cr_assert(p->bandwidth == q->bandwidth && p->new_connections == q->new_connections &&
			  p->new_connections_ns == q->new_connections_ns && p->new_connections_at_once == q->new_connections_at_once &&
			  p->connections == q->connections);
		for (size_t i = 0; i < p->layer_count; i++) {
			const struct net_layer *k = &p->layers[i], *l = &q->layers[i];

			cr_assert_eq(k->allow_by_default, l->allow_by_default);
			cr_assert_eq(k->allow_count, l->allow_count);
			cr_assert_eq(k->deny_count, l->deny_count);
			cr_assert_eq(k->name_count, l->name_count);
			for (size_t n = 0; n < k->allow_count; n++)
				cr_assert_eq(net_match_order(&k->allow[n], &l->allow[n]), 0);
			for (size_t n = 0; n < k->deny_count; n++)
				cr_assert_eq(net_match_order(&k->deny[n], &l->deny[n]), 0);
			for (size_t n = 0; n < k->name_count; n++)
				cr_assert(strcmp(k->names[n].name, l->names[n].name) == 0 && k->names[n].protocol == l->names[n].protocol &&
					  k->names[n].first == l->names[n].first && k->names[n].last == l->names[n].last);
		}
	}
	for (int q = 0; q < NET_QUOTAS; q++) {
		const struct net_quota *s = &a->quotas[q], *t = &b->quotas[q];

		cr_assert(s->set == t->set && s->direction == t->direction && s->internet == t->internet && s->holds == t->holds &&
			  s->limit == t->limit && s->used == t->used && s->throttle == t->throttle);
	}
	cr_assert(a->owned == b->owned && a->raw == b->raw);
	cr_assert(a->record.set == b->record.set && a->record.resolver_count == b->record.resolver_count);
	cr_assert_eq(memcmp(a->record.resolvers, b->record.resolvers, sizeof a->record.resolvers), 0);
}

Test(net_resolve, a_policy_is_read_back_as_it_was_written)
{
	static const char *const layers[] = {
		DENY("\"any tcp 443\",\"169.254.169.254 tcp 80\",\"169.254.169.255 tcp 80\",\"*.example.com tcp 1-9\",\"dns\",\"any 254\""),
		"{\"default\":\"allow\",\"deny\":[\"private udp\"],\"allow\":[\"10.0.0.0/8\"]}",
	};
	_cleanup_net_policy_ struct net_policy policy = {
		.quotas = {[NET_QUOTA_EGRESS] = {.set = true, .limit = 1000, .used = 7, .holds = true, .throttle = 65536},
			   [NET_QUOTA_EGRESS_INTERNET] = {.set = true, .limit = UINT64_MAX, .internet = true}},
		.record = {.set = true, .resolver_count = 2,
			   .resolvers = {{AF_INET, 32, {10, 0, 0, 2}}, {AF_INET6, 128, {0xfd, [15] = 1}}}},
		.owned = true,
	}, again = {0}, nothing = {0}, none = {0};
	_cleanup_json_ struct json_doc *doc = NULL, *reread = NULL, *empty = NULL;
	_cleanup_free_ char *text = NULL;
	struct net_direction *egress = &policy.direction[NET_EGRESS];
	struct error err = {0};
	size_t length;

	egress->layers = calloc(2, sizeof *egress->layers);
	for (; egress->layer_count < 2; egress->layer_count++)
		cr_assert_eq(resolve(layers[egress->layer_count], &egress->layers[egress->layer_count], NULL), 0);
	egress->bandwidth = UINT64_MAX;
	policy.direction[NET_INGRESS] = (struct net_direction){.new_connections = 50, .new_connections_ns = 1000000000,
								       .new_connections_at_once = 7, .connections = 9};
	cr_assert_eq(net_policy_to_json(&policy, &doc, NULL), 0);
	cr_assert_eq(json_write(json_root(doc), false, &text, &length, NULL), 0);
	cr_assert_eq(json_parse("network.json", text, length, &reread, NULL), 0);
	cr_assert_eq(net_policy_from_json(json_root(reread), &again, &err), 0, "%s", err.text);
	check_same(&policy, &again);
	cr_assert(net_policy_asks(&again));

	cr_assert_eq(net_policy_to_json(&nothing, &empty, NULL), 0);
	cr_assert_eq(net_policy_from_json(json_root(empty), &none, NULL), 0);
	cr_assert_not(net_policy_asks(&none));
	cr_assert_not(none.record.set);
	nothing.record.set = true;
	cr_assert_not(net_policy_asks(&nothing), "to watch is to hold nothing");
}

Test(net_resolve, what_is_no_policy_is_never_read_as_an_open_one)
{
	static const char *const texts[] = {
		"{}", "[]", "null", "\"x\"", "{\"egress\":{},\"ingress\":{}}", "{\"egress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[]},\"ingress\":{\"layers\":{}}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[\"private\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[\"\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[\"10.0.0.0/8 private\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[\"10.0.0.0/8 11.0.0.0/8 tcp 5 12.0.0.0/8\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[\"10.0.0.0/8 a.example.com\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[\"a.example.com 10.0.0.0/8\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[\"10.0.0.0/8  11.0.0.0/8\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"default\":\"allow\",\"deny\":[5]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[{\"deny\":[\"a.example.com\"]}]},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[],\"bandwidth\":-1},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[],\"newConnections\":1},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[],\"newConnections\":1,\"newConnectionsNs\":1},\"ingress\":{\"layers\":[]}}",
		"{\"egress\":{\"layers\":[]},\"ingress\":{\"layers\":[]},\"owned\":1}",
		"{\"egress\":{\"layers\":[]},\"ingress\":{\"layers\":[]},\"record\":{\"resolvers\":[\"x\"]}}",
		"{\"egress\":{\"layers\":[]},\"ingress\":{\"layers\":[]},\"record\":{\"resolvers\":[5]}}",
		"{\"egress\":{\"layers\":[]},\"ingress\":{\"layers\":[]},\"quotas\":{\"netEgress\":{}}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_json_ struct json_doc *doc = parse(texts[i]);
		struct net_policy policy = {.raw = true};
		struct error err = {0};

		cr_assert_lt(net_policy_from_json(json_root(doc), &policy, &err), 0, "%s", texts[i]);
		cr_assert(err.text[0] && policy.raw);
	}
}

Test(net_resolve, a_hundred_thousand_entries_are_read_and_are_as_many)
{
	enum { ENTRIES = 100000 };
	struct net_layer layer;
	struct error err = {0};
	char *text = malloc(ENTRIES * 24 + 100);
	size_t used = (size_t)sprintf(text, "{\"default\":\"deny\",\"allow\":[\"192.0.2.1\"");
	struct json_doc *doc = NULL;
	const struct net_context context = {0};

	/* Every other address, in an order that is none. */
	for (unsigned i = 0; i < ENTRIES; i++) {
		unsigned n = (unsigned)(i * UINT64_C(7919) % ENTRIES) * 2;

		used += (size_t)sprintf(text + used, ",\"10.%u.%u.%u\"", n >> 16, n >> 8 & 255, n & 255);
	}
	used += (size_t)sprintf(text + used, "]}");
	cr_assert_eq(json_parse("layer", text, used, &doc, &err), -EFBIG, "what a tenant writes is smaller");
	cr_assert_eq(json_parse_large("layer", text, used, &doc, &err), 0, "%s", err.text);
	cr_assert_eq(net_layer_resolve(json_root(doc), &context, &layer, &err), 0, "%s", err.text);
	cr_assert_eq(layer.allow_count, ENTRIES + 1);
	for (size_t i = 1; i < layer.allow_count; i++)
		cr_assert_lt(net_match_order(&layer.allow[i - 1], &layer.allow[i]), 0);
	net_layer_clear(&layer);
	json_doc_free(doc);
	free(text);
}
