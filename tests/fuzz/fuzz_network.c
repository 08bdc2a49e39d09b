/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an entry of network rules, and as the resolved policy that stint-network is given. What is accepted has one text,
 * and is the same when it is read again; what is allowed by no entry that names it is no metadata address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/entry.h"
#include "lib/net/prefix.h"
#include "lib/net/resolve.h"
#include "lib/net/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const char *text)
{
	char once[NET_ENTRY_TEXT_MAX], twice[NET_ENTRY_TEXT_MAX];
	struct net_entry entry, again;
	struct error err = {0};

	if (net_entry_parse(text, &entry, &err) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	if (net_entry_parse(net_entry_format(&entry, once), &again, NULL) < 0 ||
	    strcmp(net_entry_format(&again, twice), once) != 0)
		abort();
}

static void check_layer(const struct json *root)
{
	const struct net_context context = {0};
	struct net_layer layer;

	if (!json_is(root, JSON_OBJECT) || net_layer_resolve(root, &context, &layer, NULL) < 0)
		return;
	for (size_t i = 0; i < NET_METADATA_COUNT; i++)
		for (size_t k = 0; k < layer.allow_count; k++)
			if (net_prefix_covers(&layer.allow[k].prefix, &net_metadata[i].prefix) &&
			    layer.allow[k].prefix.length + 8 < net_metadata[i].prefix.length)
				abort(); /* closer to it, neighbours that were all named have been merged */
	net_layer_clear(&layer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_net_policy_ struct net_policy policy = {0};
	char text[512];
	size_t length = size < sizeof text ? size : sizeof text - 1;

	memcpy(text, data, length);
	text[length] = '\0';
	check_entry(text);
	if (json_parse("network.json", (const char *)data, size, &doc, NULL) < 0)
		return 0;
	check_layer(json_root(doc));
	(void)net_policy_from_json(json_root(doc), &policy, NULL);
	return 0;
}
