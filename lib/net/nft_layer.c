/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_internal.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/net/prefix.h"
#include "lib/net/protocol.h"

static const uint8_t families[] = {AF_INET, AF_INET6};

/* More with the same ports are better off as prefixes; and as many prefixes of one length by themselves: as a hash table, with which the
 * kernel is four times as fast as with a tree of ranges. */
enum { PAIRS_OF_GROUP_MAX = 256, PAIRS_MAX = 1 << 18, LENGTH_FEW = 128, LENGTHS = 129 };

const char *nft_layer_name(unsigned direction, size_t layer, char name[NFT_NAME_SIZE])
{
	(void)snprintf(name, NFT_NAME_SIZE, "%s-%zu", nft_direction_names[direction], layer);
	return name;
}

/* One chain of rules that say what happens to what the matches hold. */
struct lookup {
	struct nft_batch *batch;
	unsigned direction;
	const char *chain;
	const char *kind; /* in the names of its sets: "allow", "deny" */
	const char *target; /* that what matches goes to; NULL: it returns */
};

static void end_rule(const struct lookup *lookup, struct nft_rule *rule)
{
	if (lookup->target)
		nft_goto(rule, lookup->target);
	else
		nft_return(rule);
	nft_rule_end(rule);
}

static bool has_ports(const struct net_match *group)
{
	return protocol_has_ports(group->protocol) && (group->first != 0 || group->last != UINT16_MAX);
}

/* `family` 0: of any. */
static struct nft_rule begin_rule(const struct lookup *lookup, const struct net_match *group, uint8_t family)
{
	struct nft_rule rule = nft_rule_begin(lookup->batch, lookup->chain);

	if (family)
		nft_match_family(&rule, family);
	if (group->protocol)
		nft_match_protocol(&rule, group->protocol);
	if (has_ports(group))
		nft_match_ports(&rule, NFT_PORT_DESTINATION, group->first, group->last);
	return rule;
}

/* `set` NULL: any address. */
static void add_rule(const struct lookup *lookup, const struct net_match *group, uint8_t family, const char *set)
{
	struct nft_rule rule = begin_rule(lookup, group, family);

	if (set)
		nft_match_set(&rule, family, nft_other_is_destination(lookup->direction), set, false);
	end_rule(lookup, &rule);
}

/* The part of a group that is of one family. */
struct part {
	struct net_prefix *prefixes; /* of each length that there are many of, one after another */
	size_t many[LENGTHS];
	struct net_range *ranges; /* the others */
	size_t count;
	bool all;
};

static bool collect(const struct net_match *group, size_t count, uint8_t family, struct part *part)
{
	_cleanup_free_ struct net_prefix *others = calloc(count, sizeof *others);
	size_t of_length[LENGTHS] = {0}, at[LENGTHS], end = 0, found = 0;

	part->prefixes = calloc(count, sizeof *part->prefixes);
	part->ranges = calloc(count, sizeof *part->ranges);
	if (!others || !part->prefixes || !part->ranges)
		return false;
	for (size_t i = 0; i < count; i++)
		of_length[group[i].prefix.length] += group[i].prefix.family == family;
	for (size_t length = 0; length < LENGTHS; length++) {
		part->many[length] = of_length[length] > LENGTH_FEW ? of_length[length] : 0;
		at[length] = end;
		end += part->many[length];
	}
	for (size_t i = 0; i < count; i++) {
		const struct net_prefix *prefix = &group[i].prefix;

		if (prefix->family == family && part->many[prefix->length])
			part->prefixes[at[prefix->length]++] = *prefix;
		else if (prefix->family == family)
			others[found++] = *prefix;
	}
	part->count = net_ranges(others, found, part->ranges);
	part->all = part->count && net_range_is_all(&part->ranges[0]);
	return true;
}

static void free_part(struct part *part)
{
	free(part->prefixes);
	free(part->ranges);
}

static void add_many(const struct lookup *lookup, const struct net_match *group, size_t number, uint8_t family, const struct part *part)
{
	const struct net_prefix *prefixes = part->prefixes;
	char set[NFT_NAME_SIZE];

	for (uint8_t length = 0; length < LENGTHS; prefixes += part->many[length], length++) {
		struct nft_rule rule;

		if (!part->many[length])
			continue;
		(void)snprintf(set, sizeof set, "%s-%s-%zu-%s-%u", lookup->chain, lookup->kind, number, family == AF_INET ? "ip" : "ip6",
			       length);
		nft_new_prefix_set(lookup->batch, set, family, prefixes, part->many[length]);
		rule = begin_rule(lookup, group, family);
		nft_match_prefix_set(&rule, family, nft_other_is_destination(lookup->direction), set, length);
		end_rule(lookup, &rule);
	}
}

static void add_part(const struct lookup *lookup, const struct net_match *group, size_t number, uint8_t family,
		     const struct part *part)
{
	char set[NFT_NAME_SIZE];

	if (!part->all)
		add_many(lookup, group, number, family, part);
	if (!part->count)
		return;
	(void)snprintf(set, sizeof set, "%s-%s-%zu-%s", lookup->chain, lookup->kind, number, family == AF_INET ? "ip" : "ip6");
	if (!part->all)
		nft_new_range_set(lookup->batch, set, family, part->ranges, part->count);
	add_rule(lookup, group, family, part->all ? NULL : set);
}

static void add_group(const struct lookup *lookup, const struct net_match *group, size_t count, size_t number)
{
	struct part parts[ARRAY_SIZE(families)] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (!collect(group, count, families[i], &parts[i]))
			lookup->batch->out_of_memory = true;
	if (parts[0].all && parts[1].all)
		add_rule(lookup, group, 0, NULL);
	else
		for (size_t i = 0; i < ARRAY_SIZE(families); i++)
			add_part(lookup, group, number, families[i], &parts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		free_part(&parts[i]);
}

/* Whose key is the other end's address, the protocol, the port. */
static void add_pair_rule(const struct lookup *lookup, uint8_t family, const char *set)
{
	struct nft_rule rule = nft_rule_begin(lookup->batch, lookup->chain);
	unsigned address_slots = (unsigned)net_address_size(family) / NFT_SLOT_SIZE;

	nft_match_family(&rule, family);
	nft_load_address(&rule, 0, family, nft_other_is_destination(lookup->direction));
	nft_load_protocol(&rule, address_slots);
	nft_load_port(&rule, address_slots + 1, NFT_PORT_DESTINATION);
	nft_match_loaded_set(&rule, set);
	end_rule(lookup, &rule);
}

static void add_pairs(const struct lookup *lookup, const struct net_match *matches, size_t count, size_t most)
{
	_cleanup_free_ struct net_pair *pairs = malloc(most * sizeof *pairs);
	char set[NFT_NAME_SIZE];

	if (!pairs)
		lookup->batch->out_of_memory = true;
	for (size_t f = 0; f < ARRAY_SIZE(families) && pairs; f++) {
		size_t found = net_pairs(matches, count, families[f], pairs);

		if (!found)
			continue;
		(void)snprintf(set, sizeof set, "%s-%s-pairs-%s", lookup->chain, lookup->kind, families[f] == AF_INET ? "ip" : "ip6");
		nft_new_pair_set(lookup->batch, set, families[f], pairs, found);
		add_pair_rule(lookup, families[f], set);
	}
}

static size_t end_of_group(const struct net_match *sorted, size_t count, size_t begin)
{
	return begin + net_matches_same_ports(&sorted[begin], count - begin);
}

/* How many pairs the group comes to; 0: it is better off with a set of its own. */
static size_t pairs_of_group(const struct net_match *group, size_t count)
{
	size_t pairs = 0;

	for (size_t i = 0; i < count && pairs <= PAIRS_OF_GROUP_MAX; i++) {
		size_t more = net_match_pairs(&group[i]);

		if (!more)
			return 0;
		pairs += more;
	}
	return pairs <= PAIRS_OF_GROUP_MAX ? pairs : 0;
}

/* What is few addresses with few ports: of a family one set for all such groups, however many different ports there are. The others are
 * left, in their order; returns how many. `few` has room for `count`. */
static size_t add_small_groups(const struct lookup *lookup, struct net_match *sorted, size_t count, struct net_match *few)
{
	size_t left = 0, few_count = 0, most = 0;

	for (size_t i = 0, end; i < count; i = end) {
		size_t pairs;

		end = end_of_group(sorted, count, i);
		pairs = pairs_of_group(&sorted[i], end - i);
		if (pairs && most + pairs <= PAIRS_MAX) {
			memcpy(&few[few_count], &sorted[i], (end - i) * sizeof *few);
			few_count += end - i;
			most += pairs;
		} else {
			memmove(&sorted[left], &sorted[i], (end - i) * sizeof *sorted);
			left += end - i;
		}
	}
	if (few_count)
		add_pairs(lookup, few, few_count, most);
	return left;
}

static void add_matches(const struct lookup *lookup, const struct net_match *matches, size_t count)
{
	_cleanup_free_ struct net_match *sorted = NULL, *few = NULL;
	size_t number = 0;

	if (!count)
		return;
	sorted = malloc(count * sizeof *sorted);
	few = malloc(count * sizeof *few);
	if (!sorted || !few) {
		lookup->batch->out_of_memory = true;
		return;
	}
	memcpy(sorted, matches, count * sizeof *sorted);
	net_matches_sort(sorted, count);
	count = add_small_groups(lookup, sorted, count, few);
	for (size_t i = 0, end; i < count; i = end, number++) {
		end = end_of_group(sorted, count, i);
		add_group(lookup, &sorted[i], end - i, number);
	}
}

/* The first name with this protocol and these ports. */
static size_t first_alike(const struct net_layer *layer, size_t index)
{
	const struct net_name *name = &layer->names[index];

	for (size_t i = 0; i < index; i++)
		if (layer->names[i].protocol == name->protocol && layer->names[i].first == name->first &&
		    layer->names[i].last == name->last)
			return i;
	return index;
}

const char *nft_names_set(const struct net_layer *layer, size_t layer_index, size_t name_index, uint8_t family,
			  char name[NFT_NAME_SIZE])
{
	char chain[NFT_NAME_SIZE];

	(void)snprintf(name, NFT_NAME_SIZE, "%.24s-names-%zu-%s", nft_layer_name(NET_EGRESS, layer_index, chain),
		       first_alike(layer, name_index), family == AF_INET ? "ip" : "ip6");
	return name;
}

static void add_names(const struct lookup *lookup, const struct net_layer *layer, size_t index)
{
	char set[NFT_NAME_SIZE];

	for (size_t i = 0; i < layer->name_count; i++) {
		const struct net_name *name = &layer->names[i];
		struct net_match group = {.protocol = name->protocol, .first = name->first, .last = name->last};

		for (size_t f = 0; f < ARRAY_SIZE(families) && first_alike(layer, i) == i; f++) {
			nft_names_set(layer, index, i, families[f], set);
			nft_new_timeout_set(lookup->batch, set, families[f], NFT_NAME_ADDRESSES_MAX);
			add_rule(lookup, &group, families[f], set);
		}
	}
}

void nft_add_layer(struct nft_batch *batch, const struct net_layer *layer, unsigned direction, size_t index)
{
	char chain[NFT_NAME_SIZE], denied[NFT_NAME_SIZE];
	struct lookup allow = {.batch = batch, .direction = direction, .kind = "allow"}, deny = allow;

	nft_layer_name(direction, index, chain);
	nft_denied_name(direction, denied);
	nft_new_chain(batch, chain);
	allow.chain = deny.chain = chain;
	deny.kind = "deny";
	deny.target = denied;
	add_matches(&allow, layer->allow, layer->allow_count);
	/* Before the names: what an answer says opens nothing that is denied. */
	if (layer->allow_by_default || layer->name_count)
		add_matches(&deny, layer->deny, layer->deny_count);
	add_names(&allow, layer, index);
	if (!layer->allow_by_default) {
		struct nft_rule rule = nft_rule_begin(batch, chain);

		nft_goto(&rule, denied);
		nft_rule_end(&rule);
	}
}
