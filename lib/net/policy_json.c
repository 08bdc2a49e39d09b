/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A resolved policy as JSON:
 *
 *   {"egress": {"layers": [{"default": "deny", "allow": ["10.0.0.0/8 tcp 5432", "api.example.com tcp 443"], "deny": []}],
 *               "bandwidth": 10485760, "newConnections": 50, "newConnectionsNs": 1000000000, "connections": 100},
 *    "ingress": {…},
 *    "quotas": {"netEgress": {"limit": 10485760, "used": 0, "holds": true, "throttle": 65536}, …},
 *    "record": {"resolvers": ["10.0.0.2"]},
 *    "shared": false, "owned": false, "raw": false}
 *
 * "10.0.0.0/8 172.16.0.0/12 tcp 5432" stands for both prefixes with that port: there may be very many.
 * Numbers are base units, and what is 0 or nothing is absent.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/entry.h"
#include "lib/net/prefix.h"
#include "lib/net/resolve.h"

static const char *const direction_names[NET_DIRECTIONS] = {[NET_EGRESS] = "egress", [NET_INGRESS] = "ingress"};

/* The budgets that they hold, by name; what they count follows from it. */
static const struct {
	const char *name;
	uint8_t direction;
	bool internet;
} quota_kinds[NET_QUOTAS] = {
	[NET_QUOTA_EGRESS] = {"netEgress", NET_EGRESS, false},
	[NET_QUOTA_INGRESS] = {"netIngress", NET_INGRESS, false},
	[NET_QUOTA_EGRESS_INTERNET] = {"netEgressInternet", NET_EGRESS, true},
	[NET_QUOTA_EGRESS_WARN] = {"netEgressWarn", NET_EGRESS, false},
	[NET_QUOTA_INGRESS_WARN] = {"netIngressWarn", NET_INGRESS, false},
	[NET_QUOTA_EGRESS_INTERNET_WARN] = {"netEgressInternetWarn", NET_EGRESS, true},
};

static int set_number(struct json_doc *doc, struct json *object, const char *key, uint64_t value)
{
	return value ? json_set(doc, object, key, json_new_uint64(doc, value)) : 0;
}

static int append_entry(struct json_doc *doc, struct json *array, const struct net_entry *entry)
{
	char text[NET_ENTRY_TEXT_MAX];

	return json_append(array, json_new_string(doc, net_entry_format(entry, text)));
}

/* Returns how many are in the group. */
static size_t append_group(struct json_doc *doc, struct json *array, const struct net_match *matches, size_t count)
{
	char entry[NET_ENTRY_TEXT_MAX], prefix[NET_PREFIX_TEXT_MAX];
	_cleanup_free_ char *text = NULL;
	size_t length, i = 0, group = net_matches_same_ports(matches, count);
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		return 0;
	for (; i + 1 < group; i++)
		(void)fprintf(stream, "%s ", net_prefix_format(&matches[i].prefix, prefix));
	(void)fputs(net_entry_format(&(struct net_entry){.kind = NET_ENTRY_PREFIX, .match = matches[i]}, entry), stream);
	return fclose(stream) == 0 && json_append(array, json_new_string(doc, text)) == 0 ? group : 0;
}

static struct json *write_matches(struct json_doc *doc, const struct net_match *matches, size_t count)
{
	struct json *array = json_new(doc, JSON_ARRAY);

	for (size_t i = 0, more; i < count && array; i += more) {
		more = append_group(doc, array, &matches[i], count - i);
		if (!more)
			return NULL;
	}
	return array;
}

static int write_names(struct json_doc *doc, struct json *array, const struct net_layer *layer)
{
	struct net_entry entry = {.kind = NET_ENTRY_NAME};
	int r = 0;

	for (size_t i = 0; i < layer->name_count && r == 0; i++) {
		const struct net_name *name = &layer->names[i];

		if (strlen(name->name) >= sizeof entry.name)
			return -EINVAL;
		memcpy(entry.name, name->name, strlen(name->name) + 1);
		entry.match = (struct net_match){.protocol = name->protocol, .first = name->first, .last = name->last};
		r = append_entry(doc, array, &entry);
	}
	return r;
}

static int write_layer(struct json_doc *doc, struct json *array, const struct net_layer *layer)
{
	struct json *object = json_new(doc, JSON_OBJECT), *allow = write_matches(doc, layer->allow, layer->allow_count);
	int r = json_append(array, object);

	if (r == 0)
		r = json_set(doc, object, "default", json_new_string(doc, layer->allow_by_default ? "allow" : "deny"));
	if (r == 0 && allow)
		r = write_names(doc, allow, layer);
	if (r == 0)
		r = json_set(doc, object, "allow", allow);
	return r < 0 ? r : json_set(doc, object, "deny", write_matches(doc, layer->deny, layer->deny_count));
}

static int write_direction(struct json_doc *doc, struct json *object, const struct net_direction *direction)
{
	struct json *layers = json_new(doc, JSON_ARRAY);
	int r = json_set(doc, object, "layers", layers);

	for (size_t i = 0; i < direction->layer_count && r == 0; i++)
		r = write_layer(doc, layers, &direction->layers[i]);
	if (r == 0)
		r = set_number(doc, object, "bandwidth", direction->bandwidth);
	if (r == 0)
		r = set_number(doc, object, "newConnections", direction->new_connections);
	if (r == 0)
		r = set_number(doc, object, "newConnectionsNs", direction->new_connections_ns);
	if (r == 0)
		r = set_number(doc, object, "newConnectionsAtOnce", direction->new_connections_at_once);
	return r < 0 ? r : set_number(doc, object, "connections", direction->connections);
}

static int write_quota(struct json_doc *doc, struct json *quotas, int q, const struct net_quota *quota)
{
	struct json *object;
	int r;

	if (!quota->set)
		return 0;
	object = json_ensure_object(doc, quotas, quota_kinds[q].name);
	r = object ? json_set(doc, object, "limit", json_new_uint64(doc, quota->limit)) : -ENOMEM;
	if (r == 0)
		r = set_number(doc, object, "used", quota->used);
	if (r == 0)
		r = json_set(doc, object, "holds", json_new_bool(doc, quota->holds));
	return r < 0 ? r : set_number(doc, object, "throttle", quota->throttle);
}

static int write_record(struct json_doc *doc, struct json *root, const struct net_record *record)
{
	struct json *resolvers = json_new(doc, JSON_ARRAY);
	char text[NET_PREFIX_TEXT_MAX];
	int r;

	if (!record->set)
		return 0;
	r = json_set(doc, json_ensure_object(doc, root, "record"), "resolvers", resolvers);
	for (size_t i = 0; i < record->resolver_count && r == 0; i++)
		r = json_append(resolvers, json_new_string(doc, net_prefix_format(&record->resolvers[i], text)));
	return r;
}

int net_policy_to_json(const struct net_policy *policy, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *root, *quotas;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	root = json_root(doc);
	for (int d = 0; d < NET_DIRECTIONS && r == 0; d++) {
		struct json *object = json_ensure_object(doc, root, direction_names[d]);

		r = object ? write_direction(doc, object, &policy->direction[d]) : -ENOMEM;
	}
	quotas = json_ensure_object(doc, root, "quotas");
	for (int q = 0; q < NET_QUOTAS && r == 0; q++)
		r = quotas ? write_quota(doc, quotas, q, &policy->quotas[q]) : -ENOMEM;
	if (r == 0)
		r = write_record(doc, root, &policy->record);
	if (r == 0)
		r = json_set(doc, root, "shared", json_new_bool(doc, policy->shared));
	if (r == 0)
		r = json_set(doc, root, "owned", json_new_bool(doc, policy->owned));
	if (r == 0)
		r = json_set(doc, root, "raw", json_new_bool(doc, policy->raw));
	if (r < 0)
		return error_errno(err, -r, "write network rules");
	*ret_doc = steal_ptr(&doc);
	return 0;
}

static int read_number(const struct json *object, const char *key, uint64_t *value, struct error *err)
{
	const struct json *node = json_get(object, key);

	return node ? json_uint64(node, value, err) : 0;
}

static int read_flag(const struct json *object, const char *key, bool *value, struct error *err)
{
	const struct json *node = json_get(object, key);
	char where[256];

	if (!node)
		return 0;
	if (!json_is(node, JSON_BOOL))
		return error_set(err, EINVAL, "%s: true or false is wanted", json_where(node, where));
	*value = node->boolean;
	return 0;
}

static int read_layers(const struct json *array, struct net_direction *direction, struct error *err)
{
	size_t count = 0;
	int r = 0;

	json_each(layer, array)
		count++;
	if (!count)
		return 0;
	direction->layers = calloc(count, sizeof *direction->layers);
	if (!direction->layers)
		return error_set(err, ENOMEM, "out of memory");
	json_each(layer, array) {
		if (r == 0)
			r = net_layer_read(layer, &direction->layers[direction->layer_count], err);
		if (r == 0)
			direction->layer_count++;
	}
	return r;
}

static int read_direction(const struct json *object, struct net_direction *direction, struct error *err)
{
	int r;

	/* What is not there must not read as no rules. */
	if (!json_is(json_get(object, "layers"), JSON_ARRAY))
		return error_set(err, EINVAL, "a direction has no layers");
	r = read_layers(json_get(object, "layers"), direction, err);
	if (r == 0)
		r = read_number(object, "bandwidth", &direction->bandwidth, err);
	if (r == 0)
		r = read_number(object, "newConnections", &direction->new_connections, err);
	if (r == 0)
		r = read_number(object, "newConnectionsNs", &direction->new_connections_ns, err);
	if (r == 0)
		r = read_number(object, "newConnectionsAtOnce", &direction->new_connections_at_once, err);
	if (r == 0)
		r = read_number(object, "connections", &direction->connections, err);
	if (r == 0 && ((direction->new_connections == 0) != (direction->new_connections_ns == 0) ||
		       (direction->new_connections == 0) != (direction->new_connections_at_once == 0)))
		r = error_set(err, EINVAL, "newConnections, newConnectionsNs and newConnectionsAtOnce are there together");
	return r;
}

static int read_quota(const struct json *object, int q, struct net_quota *quota, struct error *err)
{
	int r;

	if (!object)
		return 0;
	*quota = (struct net_quota){.set = true, .direction = quota_kinds[q].direction, .internet = quota_kinds[q].internet};
	if (!json_get(object, "limit"))
		return error_set(err, EINVAL, "quota %s has no limit", quota_kinds[q].name);
	r = read_number(object, "limit", &quota->limit, err);
	if (r == 0)
		r = read_number(object, "used", &quota->used, err);
	if (r == 0)
		r = read_flag(object, "holds", &quota->holds, err);
	return r < 0 ? r : read_number(object, "throttle", &quota->throttle, err);
}

static int read_record(const struct json *object, struct net_record *record, struct error *err)
{
	char where[256];
	int r = 0;

	record->set = object != NULL;
	json_each(address, json_get(object, "resolvers"))
	{
		if (!json_is(address, JSON_STRING) || record->resolver_count == NET_RESOLVERS_MAX)
			return error_set(err, EINVAL, "%s: at most %d addresses are wanted", json_where(address, where), NET_RESOLVERS_MAX);
		r = net_prefix_parse(address->text, &record->resolvers[record->resolver_count], err);
		if (r < 0)
			return r;
		record->resolver_count++;
	}
	return 0;
}

int net_policy_from_json(const struct json *root, struct net_policy *ret_policy, struct error *err)
{
	_cleanup_net_policy_ struct net_policy policy = {0};
	int r = 0;

	for (int d = 0; d < NET_DIRECTIONS && r == 0; d++)
		r = read_direction(json_get(root, direction_names[d]), &policy.direction[d], err);
	for (int q = 0; q < NET_QUOTAS && r == 0; q++)
		r = read_quota(json_get(json_get(root, "quotas"), quota_kinds[q].name), q, &policy.quotas[q], err);
	if (r == 0)
		r = read_record(json_get(root, "record"), &policy.record, err);
	if (r == 0)
		r = read_flag(root, "shared", &policy.shared, err);
	if (r == 0)
		r = read_flag(root, "owned", &policy.owned, err);
	if (r == 0)
		r = read_flag(root, "raw", &policy.raw, err);
	if (r < 0)
		return error_prefix(err, "read network rules");
	*ret_policy = policy;
	policy = (struct net_policy){0};
	return 0;
}
