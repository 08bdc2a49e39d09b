/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One entry of a list of a profile's `network`:
 *
 *   10.0.0.0/8 tcp 5432     a prefix or an address, with a protocol (by name or number) and a port or ports (8000-8080)
 *   any udp 123             both families' all
 *   private, internet       the named sets (lib/net/sets.h)
 *   dns                     udp and tcp 53 of the container's own resolvers
 *   loopback                passes anyway
 *   db                      a service of stint.json: a list of entries, none of which is one
 *   api.example.com tcp 443, *.example.com      what the container's resolver says that the name has
 */
#ifndef STINT_NET_ENTRY_H
#define STINT_NET_ENTRY_H

#include "lib/base/error.h"
#include "lib/net/dns.h"
#include "lib/net/policy.h"

enum net_entry_kind {
	NET_ENTRY_PREFIX, NET_ENTRY_ANY, NET_ENTRY_PRIVATE, NET_ENTRY_INTERNET, NET_ENTRY_DNS, NET_ENTRY_LOOPBACK,
	NET_ENTRY_NAME, NET_ENTRY_SERVICE,
};

struct net_entry {
	enum net_entry_kind kind;
	struct net_match match; /* its prefix: of NET_ENTRY_PREFIX alone; protocol and ports: but of dns, loopback and a service */
	char name[DNS_NAME_MAX]; /* of a name or a service */
};

/* -EINVAL that says what is wrong with it and how it is written. */
int net_entry_parse(const char *text, struct net_entry *ret_entry, struct error *err);

enum { NET_ENTRY_TEXT_MAX = DNS_NAME_MAX + 32 };
/* The one text of all that mean the same. Returns `text`. */
const char *net_entry_format(const struct net_entry *entry, char text[NET_ENTRY_TEXT_MAX]);

/* [a-z][a-z0-9-]*, at most 63 bytes, and no word that means something else. */
bool net_service_name_valid(const char *name);

#endif
