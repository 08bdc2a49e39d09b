/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With whom a container speaks, as the kernel wrote it down where the policy asks for that (net_record):
 *
 *	chains egress, ingress, before what passes is counted
 *	  of a connection, sent by who began it		jump to the direction's own
 *	  of a connection, sent by the other		jump to the other direction's
 *	chain endpoints-egress
 *	  the first of a connection			log
 *	  by address, protocol, port			count in the set endpoints-ip or endpoints-ip6, return
 *	  no room					count
 *	chain endpoints-ingress
 *	  from a private address			goto endpoints-private
 *							goto endpoints-any
 *	chains endpoints-private, endpoints-any
 *	  by protocol, port				count in the set of that name, return
 *	  no room					count
 *
 * The first packet of a connection is counted in an element of its own, so that its packets are the connections. It is logged as
 * well, in its order among the answers of resolvers: that tells which name the address had then.
 */
#ifndef STINT_NET_NFT_ENDPOINTS_H
#define STINT_NET_NFT_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/net/policy.h"

/* Of the elements of one set; an endpoint has two. */
enum { NFT_ENDPOINT_ELEMENTS_MAX = 2048 };

struct nft_endpoint {
	uint8_t direction;	  /* NET_EGRESS, NET_INGRESS */
	bool from_private;	  /* of ingress, which has no address */
	uint8_t family;		  /* AF_* */
	uint8_t address[16];
	uint8_t protocol;
	uint16_t port;
	uint64_t bytes, connections; /* of either's, as IP packets */
};
/* 0, or -errno that ends the reading. An endpoint is told in parts, to be added up. */
typedef int nft_endpoint_told(const struct nft_endpoint *endpoint, void *data);

/* *ret_more: there were more than there was room for. -ENOENT: the table is not there, or records none. */
int nft_read_endpoints(int fd, const struct net_scope *scope, nft_endpoint_told *told, void *data, bool *ret_more, struct error *err);

#endif
