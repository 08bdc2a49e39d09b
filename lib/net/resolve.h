/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the words of a profile to what the kernel is told: one layer, for one container. */
#ifndef STINT_NET_RESOLVE_H
#define STINT_NET_RESOLVE_H

#include "lib/base/json.h"
#include "lib/net/policy.h"

struct net_context {
	struct net_prefix resolvers[NET_RESOLVERS_MAX]; /* whole addresses */
	size_t resolver_count;
	bool docker_resolver; /* so is Docker's own, on loopback: nothing has to be allowed for it, and its answers count */
	const struct json *services; /* of stint.json: {"db": ["10.0.0.5 tcp 5432", …], …}; NULL: none */
};

/* Of one layer; all matches of a profile have to fit into the kernel's sets. */
enum { NET_MATCHES_MAX = 1 << 20 };

/*
 * `layer`: {"default": "allow" | "deny", "allow": [entries], "deny": [entries]}, as a profile has it when it was checked.
 * What comes out has sorted matches that do not overlap. The metadata addresses (lib/net/sets.h) are taken out of what is
 * allowed, but for an entry that names just that address, and put with what is denied. -EINVAL: an unknown service, or
 * a name where none can be; -E2BIG.
 */
int net_layer_resolve(const struct json *layer, const struct net_context *context, struct net_layer *ret_layer,
		      struct error *err);

/* The resolved policy as a document that is read back to the same: what the launcher leaves for stint-network. */
int net_policy_to_json(const struct net_policy *policy, struct json_doc **ret_doc, struct error *err);
/* -EINVAL with the place of what is wrong. */
int net_policy_from_json(const struct json *root, struct net_policy *ret_policy, struct error *err);

/* A layer that is resolved already: prefixes and names only, taken as they are. */
int net_layer_read(const struct json *layer, struct net_layer *ret_layer, struct error *err);

#endif
