/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules that allow what was seen, and no more. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/entry.h"
#include "lib/net/prefix.h"
#include "lib/net/protocol.h"
#include "lib/net/sets.h"
#include "lib/record/endpoints.h"

enum { ENTRY_MAX = DNS_NAME_MAX + 32 };
typedef char entry[ENTRY_MAX];

static void append_protocol(const struct endpoint *endpoint, entry text)
{
	const char *name = protocol_name(endpoint->protocol);
	size_t length = strlen(text);

	if (name)
		(void)snprintf(text + length, ENTRY_MAX - length, " %s", name);
	else
		(void)snprintf(text + length, ENTRY_MAX - length, " %u", endpoint->protocol);
	length = strlen(text);
	if (protocol_has_ports(endpoint->protocol))
		(void)snprintf(text + length, ENTRY_MAX - length, " %u", endpoint->port);
}

/* Not where a connection was not by the name; nor of the metadata's addresses, which no name opens; nor where the name, which
 * the workload may have chosen, would be read as something else: "any". */
static bool write_by_name(const struct endpoint *endpoint, entry text)
{
	struct net_prefix address = net_prefix_of_address(endpoint->family, endpoint->address);
	struct net_entry read;

	if (!endpoint->by_name || endpoint->by_name < endpoint->connections || net_is_metadata(&address))
		return false;
	(void)snprintf(text, ENTRY_MAX, "%s", endpoint->name);
	append_protocol(endpoint, text);
	return net_entry_parse(text, &read, NULL) == 0 && read.kind == NET_ENTRY_NAME;
}

static void entry_of(const struct endpoint *endpoint, bool by_name, entry text)
{
	if (endpoint->resolver && endpoint->port == 53) {
		(void)snprintf(text, ENTRY_MAX, "dns");
		return;
	}
	if (by_name && endpoint->direction == NET_EGRESS && write_by_name(endpoint, text))
		return;
	if (endpoint->direction == NET_INGRESS)
		(void)snprintf(text, ENTRY_MAX, "%s", endpoint->from_private ? "private" : "any");
	else
		(void)inet_ntop(endpoint->family, endpoint->address, text, ENTRY_MAX);
	append_protocol(endpoint, text);
}

/* Whoever may come from anywhere may come from private addresses. */
static bool is_redundant(const struct endpoints *endpoints, const struct endpoint *one)
{
	for (unsigned i = 0; one->from_private && i < endpoints->count; i++) {
		const struct endpoint *other = &endpoints->list[i];

		if (other->direction == NET_INGRESS && !other->from_private && other->protocol == one->protocol &&
		    other->port == one->port)
			return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int put_allowed(struct json_doc *doc, struct json *direction, entry *entries, unsigned count)
{
	struct json *allow = json_new(doc, JSON_ARRAY);
	int r = json_set(doc, direction, "allow", allow);

	qsort(entries, count, sizeof *entries, compare);
	for (unsigned i = 0; i < count && r == 0; i++)
		if (i == 0 || strcmp(entries[i - 1], entries[i]) != 0)
			r = json_append(allow, json_new_string(doc, entries[i]));
	return r;
}

static int put_direction(const struct endpoints *endpoints, uint8_t which, bool by_name, struct json_doc *doc, struct json *network)
{
	_cleanup_free_ entry *entries = calloc(endpoints->count + 1, sizeof *entries);
	struct json *direction = json_new(doc, JSON_OBJECT);
	unsigned count = 0;
	int r = entries ? json_set(doc, network, which == NET_EGRESS ? "egress" : "ingress", direction) : -ENOMEM;

	if (r == 0)
		r = json_set(doc, direction, "default", json_new_string(doc, "deny"));
	for (unsigned i = 0; i < endpoints->count && r == 0; i++)
		if (endpoints->list[i].direction == which && !is_redundant(endpoints, &endpoints->list[i]))
			entry_of(&endpoints->list[i], by_name, entries[count++]);
	return r < 0 ? r : put_allowed(doc, direction, entries, count);
}

int endpoints_propose(const struct endpoints *endpoints, bool by_name, struct json_doc *doc, struct json **ret_network,
		      struct error *err)
{
	struct json *network = json_new(doc, JSON_OBJECT);
	int r = network ? put_direction(endpoints, NET_EGRESS, by_name, doc, network) : -ENOMEM;

	if (r == 0)
		r = put_direction(endpoints, NET_INGRESS, by_name, doc, network);
	if (r < 0)
		return error_set(err, -r, "propose network rules: out of memory");
	*ret_network = network;
	return 0;
}
