/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With whom a workload spoke, as a flat sorted set, and the rules that would allow just that. In a recording:
 *
 *   "endpoints": [{"direction": "egress", "address": "192.0.2.1", "protocol": "tcp", "port": 443,
 *                  "name": "api.example.com", "bytes": 5120, "connections": 2, "byName": 2},
 *                 {"direction": "egress", "address": "10.0.0.2", "protocol": "udp", "port": 53, "resolver": true, …},
 *                 {"direction": "ingress", "from": "private", "protocol": "tcp", "port": 8080, …}]
 *
 * "protocol" is a number where it has no name here, and "port" is there when the protocol has ports: the other end's for
 * egress, the container's own for ingress. "name" is what a resolver had called that address before, the first where it had several;
 * "byName" is how many of the connections began while the address had that name, and no other, so that a rule for the name would
 * have let them through. Of who connects to the container it is kept whether that was from private addresses ("private") or from others
 * ("any"), not who it was.
 * All from outside is hostile, and bounded: of a workload that speaks with more than ENDPOINTS_MAX, that is said
 * ("moreEndpoints": true beside them).
 */
#ifndef STINT_RECORD_ENDPOINTS_H
#define STINT_RECORD_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/net/dns.h"
#include "lib/net/policy.h"

struct reader;

enum { ENDPOINTS_MAX = 1024 };

struct endpoint {
	uint8_t direction; /* NET_EGRESS, NET_INGRESS */
	bool from_private; /* of ingress, which has no address: family 0 */
	uint8_t family;	   /* AF_INET, AF_INET6 */
	uint8_t address[16];
	uint8_t protocol;
	uint16_t port; /* 0 where the protocol has none */
	/* What is known of it beside. */
	bool resolver; /* it was among the container's when it was asked */
	char name[DNS_NAME_MAX]; /* "": not known */
	uint64_t bytes, connections, by_name;
};

/* Sorted, each once. Begins as {0}. */
struct endpoints {
	struct endpoint *list;
	unsigned count, room;
	bool more; /* than there is room for */
};

/* Of one that is there already, bytes and connections are added up, and its name stays: those by another are by none. -ENOMEM. */
int endpoints_add(struct endpoints *endpoints, const struct endpoint *endpoint, struct error *err);
/* Those with the most bytes first, and of as many in their order; returns how many there are, `max` at most. */
unsigned endpoints_largest(const struct endpoints *endpoints, struct endpoint *ret_largest, unsigned max);
/* The same one, whatever is known of it beside; NULL: it is not there. */
struct endpoint *endpoints_find(const struct endpoints *endpoints, const struct endpoint *endpoint);
int endpoints_add_all(struct endpoints *endpoints, const struct endpoints *other, struct error *err);
bool endpoints_equal(const struct endpoints *a, const struct endpoints *b);
void endpoints_close(struct endpoints *endpoints);
#define _cleanup_endpoints_ _cleanup_(endpoints_close)

/* One element of the array: -EINVAL with its place. */
int endpoint_read(struct reader *reader, const struct json *node, struct endpoints *endpoints);
int endpoint_write(const struct endpoint *endpoint, struct json_doc *doc, struct json *array);
int endpoints_write(const struct endpoints *endpoints, struct json_doc *doc, struct json **ret_array, struct error *err);

/*
 * A profile's `network` that allows these and denies the rest. To resolvers it is "dns"; an address of which every connection
 * was by its name is allowed by that name, unless `by_name` is false; who connected to the container is allowed by port, from private
 * addresses when no other came.
 */
int endpoints_propose(const struct endpoints *endpoints, bool by_name, struct json_doc *doc, struct json **ret_network,
		      struct error *err);

#endif
