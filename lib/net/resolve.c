/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/resolve.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/units.h"
#include "lib/net/entry.h"
#include "lib/net/prefix.h"
#include "lib/net/sets.h"

enum { SERVICES_NAMED_MAX = 64 }; /* in the message that an unknown one gives */

/* What an array of entries comes to. */
struct list {
	struct net_match *matches;
	size_t count, room;
	struct net_name *names;
	size_t name_count, name_room;
};

static void list_clear(struct list *list)
{
	for (size_t i = 0; i < list->name_count; i++)
		free(list->names[i].name);
	free(list->names);
	free(list->matches);
}

/* Room for one more. */
static void *grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 16;
	void *larger;

	if (count < *room)
		return array;
	larger = reallocarray(array, more, size);
	if (larger)
		*room = more;
	return larger;
}

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "read network rules: out of memory");
}

static int add_match(struct list *list, const struct net_match *match, struct error *err)
{
	struct net_match *matches = grow(list->matches, list->count, &list->room, sizeof *matches);

	if (!matches)
		return no_memory(err);
	list->matches = matches;
	if (list->count == NET_MATCHES_MAX)
		return error_set(err, E2BIG, "read network rules: they come to more than %d prefixes", NET_MATCHES_MAX);
	matches[list->count++] = *match;
	return 0;
}

static int add_prefixes(struct list *list, const struct net_prefix *prefixes, size_t count, struct net_match match,
			struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		match.prefix = prefixes[i];
		r = add_match(list, &match, err);
	}
	return r;
}

static int add_name(struct list *list, const struct net_entry *entry, struct error *err)
{
	struct net_name *names = grow(list->names, list->name_count, &list->name_room, sizeof *names);
	char *copy = names ? strdup(entry->name) : NULL;

	if (names)
		list->names = names;
	if (!copy)
		return no_memory(err);
	names[list->name_count++] = (struct net_name){copy, entry->match.protocol, entry->match.first, entry->match.last};
	return 0;
}

static int add_resolvers(struct list *list, const struct net_context *context, struct error *err)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(protocols) && r == 0; i++)
		r = add_prefixes(list, context->resolvers, context->resolver_count,
				 (struct net_match){.protocol = protocols[i], .first = 53, .last = 53}, err);
	return r;
}

/* All but a service, which may not be in one. */
static int add_entry(struct list *list, const struct net_entry *entry, const struct net_context *context, struct error *err)
{
	const struct net_prefix all[] = {net_prefix_all(AF_INET), net_prefix_all(AF_INET6)};
	struct net_prefix internet[NET_INTERNET_MAX];

	switch (entry->kind) {
	case NET_ENTRY_PREFIX:
		return add_match(list, &entry->match, err);
	case NET_ENTRY_ANY:
		return add_prefixes(list, all, ARRAY_SIZE(all), entry->match, err);
	case NET_ENTRY_PRIVATE:
		return add_prefixes(list, net_private, NET_PRIVATE_COUNT, entry->match, err);
	case NET_ENTRY_INTERNET:
		return add_prefixes(list, internet, net_internet(internet), entry->match, err);
	case NET_ENTRY_DNS:
		return add_resolvers(list, context, err);
	case NET_ENTRY_LOOPBACK:
		return 0; /* passes without being asked */
	case NET_ENTRY_NAME:
		return add_name(list, entry, err);
	case NET_ENTRY_SERVICE:
		break;
	}
	return error_set(err, EINVAL, "\"%s\" stands for another service; a service is a list of entries that are none", entry->name);
}

static int unknown_service(const char *name, const struct json *services, struct error *err)
{
	const char *names[SERVICES_NAMED_MAX + 6] = {"any", "private", "internet", "dns", "loopback"}, *near;
	size_t count = 5;

	json_each(service, services)
		if (count < ARRAY_SIZE(names) - 1)
			names[count++] = service->key;
	near = nearest_name(name, names);
	return error_set(err, EINVAL, "\"%s\" is no address, no host name, and no service in \"services\" of stint.json%s%s%s", name,
			 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int add_service(struct list *list, const char *name, const struct net_context *context, struct error *err)
{
	const struct json *service = json_get(context->services, name);
	struct net_entry entry;
	int r = 0;

	if (!service)
		return unknown_service(name, context->services, err);
	json_each(text, service) {
		if (r == 0)
			r = net_entry_parse(json_string(text) ? text->text : "", &entry, err);
		if (r == 0)
			r = add_entry(list, &entry, context, err);
	}
	return r < 0 ? error_prefix(err, "service %s", name) : 0;
}

static int read_list(const struct json *array, const struct net_context *context, struct list *list, struct error *err)
{
	struct net_entry entry;
	int r = 0;

	json_each(text, array) {
		if (r < 0)
			break;
		r = net_entry_parse(json_string(text) ? text->text : "", &entry, err);
		if (r == 0 && entry.kind == NET_ENTRY_SERVICE)
			r = add_service(list, entry.name, context, err);
		else if (r == 0)
			r = add_entry(list, &entry, context, err);
	}
	return r;
}

/* The metadata address that the prefix covers without being it, or NULL. */
static const struct net_prefix *covered_metadata(const struct net_prefix *prefix)
{
	for (size_t i = 0; i < NET_METADATA_COUNT; i++) {
		const struct net_prefix *address = &net_metadata[i].prefix;

		if (prefix->length < address->length && net_prefix_covers(prefix, address))
			return address;
	}
	return NULL;
}

/* Before anything is merged: two neighbours may each have been named on purpose. The pieces go to the end of the list, and are
 * looked at in their turn. */
static int close_metadata(struct list *list, struct error *err)
{
	struct net_prefix pieces[NET_PREFIX_PIECES_MAX];
	size_t i = 0;
	int r = 0;

	while (i < list->count && r == 0) {
		struct net_match match = list->matches[i];
		const struct net_prefix *hole = covered_metadata(&match.prefix);

		if (!hole) {
			i++;
			continue;
		}
		list->matches[i] = list->matches[--list->count];
		r = add_prefixes(list, pieces, net_prefix_without(&match.prefix, hole, pieces), match, err);
	}
	return r;
}

static int deny_metadata(struct list *list, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < NET_METADATA_COUNT && r == 0; i++)
		r = add_match(list, &(struct net_match){.prefix = net_metadata[i].prefix, .last = UINT16_MAX}, err);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	const struct net_name *n = a, *m = b;
	int order = strcmp(n->name, m->name);

	if (order == 0)
		order = (n->protocol > m->protocol) - (n->protocol < m->protocol);
	if (order == 0)
		order = (n->first > m->first) - (n->first < m->first);
	return order ? order : (n->last > m->last) - (n->last < m->last);
}

static void sort_names(struct list *list)
{
	size_t kept = 0;

	if (list->name_count)
		qsort(list->names, list->name_count, sizeof *list->names, compare_names);
	for (size_t i = 0; i < list->name_count; i++)
		if (kept && compare_names(&list->names[kept - 1], &list->names[i]) == 0)
			free(list->names[i].name);
		else
			list->names[kept++] = list->names[i];
	list->name_count = kept;
}

static bool allows_by_default(const struct json *layer)
{
	const char *what = json_string(json_get(layer, "default"));

	return what && strcmp(what, "allow") == 0;
}

/* Both lists become the layer's. */
static void take(bool allow_by_default, struct list *allow, struct list *deny, struct net_layer *ret_layer)
{
	*ret_layer = (struct net_layer){
		.allow_by_default = allow_by_default,
		.allow = allow->matches, .allow_count = allow->count,
		.deny = deny->matches, .deny_count = deny->count,
		.names = allow->names, .name_count = allow->name_count,
	};
	*allow = *deny = (struct list){0};
}

int net_layer_resolve(const struct json *layer, const struct net_context *context, struct net_layer *ret_layer,
		      struct error *err)
{
	_cleanup_(list_clear) struct list allow = {0}, deny = {0};
	int r = read_list(json_get(layer, "allow"), context, &allow, err);

	if (r == 0)
		r = read_list(json_get(layer, "deny"), context, &deny, err);
	if (r == 0 && deny.name_count)
		r = error_set(err, EINVAL, "\"%s\" cannot be denied by its name: what has the name is known when it is asked for",
			      deny.names[0].name);
	if (r == 0)
		r = close_metadata(&allow, err);
	if (r == 0)
		r = deny_metadata(&deny, err);
	if (r < 0)
		return r;
	allow.count = net_matches_merge(allow.matches, allow.count);
	deny.count = net_matches_merge(deny.matches, deny.count);
	sort_names(&allow);
	take(allows_by_default(layer), &allow, &deny, ret_layer);
	return 0;
}

/* A protocol, and ports, have none of these. */
static bool is_address(const char *word)
{
	size_t plain = strcspn(word, ".: ");

	return word[plain] == '.' || word[plain] == ':';
}

static int add_word(struct list *list, const char *word, size_t length, struct error *err)
{
	struct net_match match = {0};
	char text[NET_PREFIX_TEXT_MAX];
	int r;

	if (length >= sizeof text)
		return error_set(err, EINVAL, "\"%.64s\" is no address", word);
	memcpy(text, word, length);
	text[length] = '\0';
	r = net_prefix_parse(text, &match.prefix, err);
	return r < 0 ? r : add_match(list, &match, err);
}

/* The last of the prefixes stands in an entry like those of a profile; those before it are of the same protocol and ports. */
static int read_group(const char *word, struct list *list, struct error *err)
{
	size_t first = list->count;
	struct net_entry entry;
	int r = 0;

	for (const char *end; r == 0 && (end = strchr(word, ' ')) && is_address(end + 1); word = end + 1)
		r = add_word(list, word, (size_t)(end - word), err);
	if (r == 0)
		r = net_entry_parse(word, &entry, err);
	if (r == 0 && entry.kind != NET_ENTRY_PREFIX && (entry.kind != NET_ENTRY_NAME || list->count > first))
		r = error_set(err, EINVAL, "\"%.64s\" is not resolved", word);
	if (r == 0)
		r = entry.kind == NET_ENTRY_NAME ? add_name(list, &entry, err) : add_match(list, &entry.match, err);
	for (size_t i = first; i < list->count && r == 0; i++) {
		list->matches[i].protocol = entry.match.protocol;
		list->matches[i].first = entry.match.first;
		list->matches[i].last = entry.match.last;
	}
	return r;
}

static int read_resolved(const struct json *array, struct list *list, struct error *err)
{
	char where[256];

	json_each(text, array)
		if (read_group(json_string(text) ? text->text : "", list, err) < 0)
			return error_prefix(err, "%s", json_where(text, where));
	return 0;
}

int net_layer_read(const struct json *layer, struct net_layer *ret_layer, struct error *err)
{
	_cleanup_(list_clear) struct list allow = {0}, deny = {0};
	int r = read_resolved(json_get(layer, "allow"), &allow, err);

	if (r == 0)
		r = read_resolved(json_get(layer, "deny"), &deny, err);
	if (r == 0 && deny.name_count)
		r = error_set(err, EINVAL, "a name cannot be denied");
	if (r == 0)
		take(allows_by_default(layer), &allow, &deny, ret_layer);
	return r;
}
