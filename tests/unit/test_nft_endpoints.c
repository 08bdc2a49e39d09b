/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With whom a namespace speaks, as the kernel counts it: real packets, in namespaces of the test's own. Needs root. */
#include "tests/unit/network_fixture.h"

#include "lib/net/nft_compare.h"
#include "lib/net/nft_endpoints.h"
#include "lib/net/nft_read.h"
#include "lib/net/nft_send.h"

static const struct net_scope all_of_it;

static struct lab lab;
static struct error err;
static int fd;

static void begin(const struct net_policy *policy)
{
	bool owned;

	lab = lab_open();
	lab_run("echo 0 >/proc/sys/net/ipv6/conf/eth0/router_solicitations"); /* it says something of its own now and then */
	if (nft_open(&fd, &err) < 0 || nft_apply(fd, policy, 0, &owned, &err) < 0)
		cr_assert_fail("%s", err.text);
}

static struct lab_packet packet(const char *from, const char *to, uint8_t protocol, uint16_t source_port, uint16_t port)
{
	static uint32_t marker = 1000;
	struct lab_packet p = {.family = strchr(to, ':') ? AF_INET6 : AF_INET, .protocol = protocol, .port = port,
			       .source_port = source_port, .marker = marker++};

	cr_assert_eq(inet_pton(p.family, from, p.source), 1);
	cr_assert_eq(inet_pton(p.family, to, p.destination), 1);
	return p;
}

static void leaves(const char *to, uint8_t protocol, uint16_t source_port, uint16_t port)
{
	struct lab_packet p = packet(strchr(to, ':') ? "fd09::2" : "10.9.0.2", to, protocol, source_port, port);

	cr_expect(lab_leaves(&lab, &p));
}

static void comes_in(const char *from, uint8_t protocol, uint16_t source_port, uint16_t port)
{
	struct lab_packet p = packet(from, strchr(from, ':') ? "fd09::2" : "10.9.0.2", protocol, source_port, port);

	cr_expect(lab_comes_in(&lab, &p));
}

enum { SEEN_MAX = 4096 };
struct seen {
	struct nft_endpoint list[SEEN_MAX];
	unsigned count;
};

static int take(const struct nft_endpoint *endpoint, void *data)
{
	struct seen *seen = data;

	cr_assert_lt(seen->count, SEEN_MAX);
	seen->list[seen->count++] = *endpoint;
	return 0;
}

static bool read_all(struct seen *seen)
{
	bool more;

	seen->count = 0;
	cr_assert_eq(nft_read_endpoints(fd, &all_of_it, take, seen, &more, &err), 0, "%s", err.text);
	return more;
}

/* Of one: its bytes and connections added up. */
static struct nft_endpoint of(const struct seen *seen, const char *address, bool from_private, uint8_t protocol, uint16_t port)
{
	struct nft_endpoint sum = {0};
	uint8_t bytes[16] = {0};

	if (address)
		cr_assert_eq(inet_pton(strchr(address, ':') ? AF_INET6 : AF_INET, address, bytes), 1);
	for (unsigned i = 0; i < seen->count; i++) {
		const struct nft_endpoint *one = &seen->list[i];

		if ((one->direction == NET_EGRESS) != (address != NULL) || one->from_private != from_private ||
		    one->protocol != protocol || one->port != port || memcmp(one->address, bytes, 16) != 0)
			continue;
		sum.bytes += one->bytes;
		sum.connections += one->connections;
	}
	return sum;
}

#define EXPECT(address, from_private, protocol, port, wanted_connections, wanted_bytes) do {                        \
		struct nft_endpoint it = of(seen, address, from_private, protocol, port);                           \
		cr_expect_eq(it.connections, wanted_connections, "%d connections", (int)it.connections);            \
		cr_expect_eq(it.bytes, wanted_bytes, "%d bytes", (int)it.bytes);                                    \
	} while (0)

Test(nft_endpoints, are_counted_by_who_is_connected_to)
{
	static const struct net_policy policy = {.record = {.set = true}};
	struct seen *seen = calloc(1, sizeof *seen);

	cr_assert(seen);
	begin(&policy);
	leaves("192.0.2.1", IPPROTO_UDP, 40000, 53);
	leaves("192.0.2.1", IPPROTO_UDP, 40000, 53); /* the same connection */
	leaves("192.0.2.1", IPPROTO_UDP, 40001, 53);
	leaves("192.0.2.1", IPPROTO_TCP, 40000, 443);
	leaves("2001:db8::1", IPPROTO_UDP, 40000, 53);
	leaves("192.0.2.2", IPPROTO_ICMP, 1, 8 << 8);
	leaves("192.0.2.2", IPPROTO_ICMP, 2, 8 << 8); /* another identifier, which is no port */
	leaves("192.0.2.3", 253, 7, 9);
	cr_expect_not(read_all(seen));
	EXPECT("192.0.2.1", false, IPPROTO_UDP, 53, 2, 3 * 32);
	EXPECT("192.0.2.1", false, IPPROTO_TCP, 443, 1, 44);
	EXPECT("2001:db8::1", false, IPPROTO_UDP, 53, 1, 52);
	EXPECT("192.0.2.2", false, IPPROTO_ICMP, 0, 2, 2 * 32);
	EXPECT("192.0.2.3", false, 253, 0, 1, 32);
	free(seen);
}

Test(nft_endpoints, what_comes_in_is_kept_by_port_and_by_where_it_is_from)
{
	static const struct net_policy policy = {.record = {.set = true}};
	struct seen *seen = calloc(1, sizeof *seen);
	struct nft_endpoint answered;

	cr_assert(seen);
	begin(&policy);
	lab_run("echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter");
	comes_in("10.9.0.1", IPPROTO_UDP, 40000, 8080);
	comes_in("192.168.7.7", IPPROTO_UDP, 40000, 8080);
	comes_in("198.51.100.7", IPPROTO_UDP, 40000, 8080);
	comes_in("fd09::1", IPPROTO_UDP, 40000, 8081);
	comes_in("2001:db8::7", IPPROTO_UDP, 40000, 8081);
	read_all(seen);
	/* And an error about each, by which the kernel says that nobody listens: it belongs to the connection. */
	answered = of(seen, NULL, true, IPPROTO_UDP, 8080);
	cr_expect_eq(answered.connections, 2);
	cr_expect_geq(answered.bytes, 2 * 32);
	cr_expect_eq(of(seen, NULL, false, IPPROTO_UDP, 8080).connections, 1);
	cr_expect_eq(of(seen, NULL, true, IPPROTO_UDP, 8081).connections, 1);
	cr_expect_eq(of(seen, NULL, false, IPPROTO_UDP, 8081).connections, 1);
	for (unsigned i = 0; i < seen->count; i++)
		cr_expect_eq(seen->list[i].direction, NET_INGRESS, "none of it was begun here");
	free(seen);
}

Test(nft_endpoints, an_answer_is_counted_with_what_it_answers)
{
	static const struct net_policy policy = {.record = {.set = true}};
	struct lab_packet asked = packet("10.9.0.2", "192.0.2.1", IPPROTO_UDP, 40000, 53),
			  answer = packet("192.0.2.1", "10.9.0.2", IPPROTO_UDP, 53, 40000);
	struct seen *seen = calloc(1, sizeof *seen);

	cr_assert(seen);
	answer.padding = 1000;
	begin(&policy);
	cr_expect(lab_leaves(&lab, &asked));
	cr_expect(lab_comes_in(&lab, &answer));
	read_all(seen);
	cr_expect_eq(of(seen, "192.0.2.1", false, IPPROTO_UDP, 53).connections, 1);
	cr_expect_geq(of(seen, "192.0.2.1", false, IPPROTO_UDP, 53).bytes, 32 + 1032);
	cr_expect_eq(of(seen, NULL, false, IPPROTO_UDP, 40000).bytes, 0);
	free(seen);
}

Test(nft_endpoints, what_is_denied_is_none_and_what_is_on_loopback)
{
	struct net_match allow = {{AF_INET, 0, {0}}, IPPROTO_UDP, 53, 53};
	struct net_layer layer = {.allow = &allow, .allow_count = 1};
	struct net_policy policy = {.record = {.set = true}, .direction[NET_EGRESS] = {.layers = &layer, .layer_count = 1}};
	struct lab_packet denied = packet("10.9.0.2", "192.0.2.1", IPPROTO_UDP, 40000, 54),
			  inside = packet("127.0.0.1", "127.0.0.1", IPPROTO_UDP, 40000, 53);
	struct seen *seen = calloc(1, sizeof *seen);
	char difference[NFT_DIFFERENCE_MAX];

	cr_assert(seen);
	begin(&policy);
	cr_expect_not(lab_leaves(&lab, &denied));
	cr_expect_not(lab_leaves(&lab, &inside));
	leaves("192.0.2.1", IPPROTO_UDP, 40000, 53);
	read_all(seen);
	cr_expect_eq(seen->count, 1);
	EXPECT("192.0.2.1", false, IPPROTO_UDP, 53, 1, 32);
	/* What was counted is no difference from the policy. */
	cr_expect_eq(nft_compare(fd, &policy, false, difference, &err), 0, "%s", difference);
	free(seen);
}

Test(nft_endpoints, more_than_there_is_room_for_is_said)
{
	static const struct net_policy policy = {.record = {.set = true}};
	_cleanup_close_ int sender = -1;
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct seen *seen = calloc(1, sizeof *seen);

	cr_assert(seen);
	begin(&policy);
	sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(inet_pton(AF_INET, "192.0.2.1", &to.sin_addr), 1);
	for (unsigned port = 1; port <= NFT_ENDPOINT_ELEMENTS_MAX + 1; port++) {
		to.sin_port = htons((uint16_t)port);
		cr_assert_eq(sendto(sender, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1, "%s", strerror(errno));
		if (port == NFT_ENDPOINT_ELEMENTS_MAX)
			cr_expect_not(read_all(seen));
	}
	cr_expect(read_all(seen));
	cr_expect_eq(seen->count, NFT_ENDPOINT_ELEMENTS_MAX);
	cr_expect_eq(of(seen, "192.0.2.1", false, IPPROTO_UDP, NFT_ENDPOINT_ELEMENTS_MAX).connections, 1);
	free(seen);
}

Test(nft_endpoints, of_a_table_without_them_there_is_nothing_to_read)
{
	static const struct net_policy policy = {0};
	struct seen *seen = calloc(1, sizeof *seen);
	bool more;

	cr_assert(seen);
	begin(&policy);
	cr_expect_eq(nft_read_endpoints(fd, &all_of_it, take, seen, &more, &err), -ENOENT);
	free(seen);
}
