/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/endpoints.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/protocol.h"
#include "lib/profile/keys.h"

static const char *const directions[] = {[NET_EGRESS] = "egress", [NET_INGRESS] = "ingress", NULL};

static const char *const origins[] = {"any", "private", NULL};

static int order(const struct endpoint *a, const struct endpoint *b)
{
	int r;

	if (a->direction != b->direction)
		return a->direction < b->direction ? -1 : 1;
	if (a->from_private != b->from_private)
		return a->from_private ? -1 : 1;
	if (a->family != b->family)
		return a->family == AF_INET ? -1 : 1;
	r = memcmp(a->address, b->address, sizeof a->address);
	if (r != 0)
		return r;
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return a->port == b->port ? 0 : a->port < b->port ? -1 : 1;
}

/* Where it is or belongs. */
static unsigned place_of(const struct endpoints *endpoints, const struct endpoint *endpoint)
{
	unsigned first = 0, last = endpoints->count;

	while (first < last) {
		unsigned middle = first + (last - first) / 2;

		if (order(&endpoints->list[middle], endpoint) < 0)
			first = middle + 1;
		else
			last = middle;
	}
	return first;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int make_room(struct endpoints *endpoints, struct error *err)
{
	unsigned room = endpoints->room ? 2 * endpoints->room : 16;
	struct endpoint *list;

	if (endpoints->count < endpoints->room)
		return 0;
	list = reallocarray(endpoints->list, room, sizeof *list);
	if (!list)
		return error_set(err, ENOMEM, "keep an endpoint: out of memory");
	endpoints->list = list;
	endpoints->room = room;
	return 0;
}

struct endpoint *endpoints_find(const struct endpoints *endpoints, const struct endpoint *endpoint)
{
	unsigned at = place_of(endpoints, endpoint);

	return at < endpoints->count && order(&endpoints->list[at], endpoint) == 0 ? &endpoints->list[at] : NULL;
}

static void add_up(struct endpoint *there, const struct endpoint *endpoint)
{
	there->bytes = sum(there->bytes, endpoint->bytes);
	there->connections = sum(there->connections, endpoint->connections);
	there->resolver = there->resolver || endpoint->resolver;
	if (!there->name[0])
		memcpy(there->name, endpoint->name, sizeof there->name);
	if (strcmp(there->name, endpoint->name) == 0)
		there->by_name = sum(there->by_name, endpoint->by_name);
}

int endpoints_add(struct endpoints *endpoints, const struct endpoint *endpoint, struct error *err)
{
	struct endpoint *there = endpoints_find(endpoints, endpoint);
	unsigned at;
	int r;

	if (there) {
		add_up(there, endpoint);
		return 0;
	}
	if (endpoints->count == ENDPOINTS_MAX) {
		endpoints->more = true;
		return 0;
	}
	r = make_room(endpoints, err);
	if (r < 0)
		return r;
	at = place_of(endpoints, endpoint);
	there = &endpoints->list[at];
	memmove(there + 1, there, (endpoints->count - at) * sizeof *there);
	*there = *endpoint;
	endpoints->count++;
	return 0;
}

int endpoints_add_all(struct endpoints *endpoints, const struct endpoints *other, struct error *err)
{
	int r = 0;

	endpoints->more = endpoints->more || other->more;
	for (unsigned i = 0; i < other->count && r == 0; i++)
		r = endpoints_add(endpoints, &other->list[i], err);
	return r;
}

unsigned endpoints_largest(const struct endpoints *endpoints, struct endpoint *ret_largest, unsigned max)
{
	unsigned count = 0;

	for (unsigned i = 0; i < endpoints->count; i++) {
		const struct endpoint *endpoint = &endpoints->list[i];
		unsigned at = count;

		while (at > 0 && ret_largest[at - 1].bytes < endpoint->bytes)
			at--;
		if (at == max)
			continue;
		count += count < max;
		memmove(&ret_largest[at + 1], &ret_largest[at], (count - at - 1) * sizeof *ret_largest);
		ret_largest[at] = *endpoint;
	}
	return count;
}

bool endpoints_equal(const struct endpoints *a, const struct endpoints *b)
{
	if (a->count != b->count || a->more != b->more)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		const struct endpoint *x = &a->list[i], *y = &b->list[i];

		if (order(x, y) != 0 || x->resolver != y->resolver || strcmp(x->name, y->name) != 0 || x->bytes != y->bytes ||
		    x->connections != y->connections || x->by_name != y->by_name)
			return false;
	}
	return true;
}

void endpoints_close(struct endpoints *endpoints)
{
	free(endpoints->list);
	*endpoints = (struct endpoints){0};
}

/* --- from JSON --- */

static int read_direction(struct reader *reader, const struct json *node, const struct key *key)
{
	struct endpoint *endpoint = reader->target;
	int i = read_choice(reader, node, "direction", directions);

	(void)key;
	endpoint->direction = i < 0 ? 0 : (uint8_t)i;
	return i < 0 ? i : 0;
}

static int read_from(struct reader *reader, const struct json *node, const struct key *key)
{
	struct endpoint *endpoint = reader->target;
	int i = read_choice(reader, node, "origin", origins);

	(void)key;
	endpoint->from_private = i == 1;
	return i < 0 ? i : 0;
}

static int read_address(struct reader *reader, const struct json *node, const struct key *key)
{
	struct endpoint *endpoint = reader->target;

	(void)key;
	endpoint->family = strchr(node->text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(endpoint->family, node->text, endpoint->address) != 1)
		return refuse(reader, node, "\"%.64s\" is no IP address", node->text);
	return 0;
}

static int read_protocol(struct reader *reader, const struct json *node, const struct key *key)
{
	struct endpoint *endpoint = reader->target;
	uint64_t number;
	int r;

	if (json_is(node, JSON_STRING)) {
		r = protocol_from_name(node->text);
		if (r < 0)
			return refuse(reader, node, "no protocol is called \"%.64s\"", node->text);
		endpoint->protocol = (uint8_t)r;
		return 0;
	}
	r = read_number(reader, node, key, &number);
	endpoint->protocol = r < 0 ? 0 : (uint8_t)number;
	return r;
}

static int read_port(struct reader *reader, const struct json *node, const struct key *key)
{
	struct endpoint *endpoint = reader->target;
	uint64_t number;
	int r = read_number(reader, node, key, &number);

	endpoint->port = r < 0 ? 0 : (uint16_t)number;
	return r;
}

static int read_name(struct reader *reader, const struct json *node, const struct key *key)
{
	struct endpoint *endpoint = reader->target;
	size_t length = strlen(node->text);

	(void)key;
	if (length >= sizeof endpoint->name || strspn(node->text, DNS_NAME_LETTERS) != length)
		return refuse(reader, node, "it is no host's name");
	memcpy(endpoint->name, node->text, length + 1);
	return 0;
}

static int read_resolver(struct reader *reader, const struct json *node, const struct key *key)
{
	struct endpoint *endpoint = reader->target;

	(void)key;
	endpoint->resolver = node->boolean;
	return 0;
}

static int read_count(struct reader *reader, const struct json *node, const struct key *key)
{
	return read_number(reader, node, key, (uint64_t *)((char *)reader->target + key->offset));
}

int endpoint_read(struct reader *reader, const struct json *node, struct endpoints *endpoints)
{
	static const struct key keys[] = {
		{.name = "direction", .types = TYPE(JSON_STRING), .read = read_direction},
		{.name = "address", .types = TYPE(JSON_STRING), .read = read_address},
		{.name = "from", .types = TYPE(JSON_STRING), .read = read_from},
		{.name = "protocol", .types = TYPE(JSON_STRING) | TYPE(JSON_NUMBER), .read = read_protocol, .min = 1, .max = UINT8_MAX},
		{.name = "port", .types = TYPE(JSON_NUMBER), .read = read_port, .max = UINT16_MAX},
		{.name = "name", .types = TYPE(JSON_STRING), .read = read_name},
		{.name = "resolver", .types = TYPE(JSON_BOOL), .read = read_resolver},
		{.name = "bytes", .types = TYPE(JSON_NUMBER), .read = read_count, .max = UINT64_MAX,
		 .offset = offsetof(struct endpoint, bytes)},
		{.name = "connections", .types = TYPE(JSON_NUMBER), .read = read_count, .max = UINT64_MAX,
		 .offset = offsetof(struct endpoint, connections)},
		{.name = "byName", .types = TYPE(JSON_NUMBER), .read = read_count, .max = UINT64_MAX,
		 .offset = offsetof(struct endpoint, by_name)},
	};
	struct endpoint endpoint = {0};
	struct reader inner = *reader;
	int r;

	if (!json_is(node, JSON_OBJECT))
		return refuse(reader, node, "an endpoint is an object");
	inner.target = &endpoint;
	r = read_object(&inner, node, keys, ARRAY_SIZE(keys));
	if (r < 0)
		return r;
	if (!json_get(node, "direction") || !endpoint.protocol)
		return refuse(reader, node, "an endpoint has a direction and a protocol");
	if ((endpoint.direction == NET_EGRESS) != (endpoint.family != 0) ||
	    (endpoint.direction == NET_INGRESS) != (json_get(node, "from") != NULL))
		return refuse(reader, node, "an endpoint of egress has an \"address\", and one of ingress a \"from\"");
	if ((json_get(node, "port") != NULL) != protocol_has_ports(endpoint.protocol))
		return refuse(reader, node, "an endpoint has a port when its protocol has ports, and only then");
	if (endpoint.by_name > (endpoint.name[0] ? endpoint.connections : 0))
		return refuse(reader, node, "an endpoint's connections \"byName\" are some of its \"connections\", and it has a \"name\"");
	return endpoints_add(endpoints, &endpoint, reader->err);
}

/* --- to JSON --- */

static struct json *protocol_node(struct json_doc *doc, uint8_t protocol)
{
	const char *name = protocol_name(protocol);

	return name ? json_new_string(doc, name) : json_new_uint64(doc, protocol);
}

int endpoint_write(const struct endpoint *endpoint, struct json_doc *doc, struct json *array)
{
	char address[INET6_ADDRSTRLEN];
	struct json *object = json_new(doc, JSON_OBJECT);
	int r = json_append(array, object);

	if (r == 0)
		r = json_set(doc, object, "direction", json_new_string(doc, directions[endpoint->direction]));
	if (r == 0 && endpoint->direction == NET_INGRESS)
		r = json_set(doc, object, "from", json_new_string(doc, origins[endpoint->from_private]));
	if (r == 0 && endpoint->direction == NET_EGRESS)
		r = json_set(doc, object, "address",
			     json_new_string(doc, inet_ntop(endpoint->family, endpoint->address, address, sizeof address)));
	if (r == 0)
		r = json_set(doc, object, "protocol", protocol_node(doc, endpoint->protocol));
	if (r == 0 && protocol_has_ports(endpoint->protocol))
		r = json_set(doc, object, "port", json_new_uint64(doc, endpoint->port));
	if (r == 0 && endpoint->name[0])
		r = json_set(doc, object, "name", json_new_string(doc, endpoint->name));
	if (r == 0 && endpoint->resolver)
		r = json_set(doc, object, "resolver", json_new_bool(doc, true));
	if (r == 0)
		r = json_set(doc, object, "bytes", json_new_uint64(doc, endpoint->bytes));
	if (r == 0)
		r = json_set(doc, object, "connections", json_new_uint64(doc, endpoint->connections));
	return r < 0 || !endpoint->by_name ? r : json_set(doc, object, "byName", json_new_uint64(doc, endpoint->by_name));
}

int endpoints_write(const struct endpoints *endpoints, struct json_doc *doc, struct json **ret_array, struct error *err)
{
	struct json *array = json_new(doc, JSON_ARRAY);
	int r = array ? 0 : -ENOMEM;

	for (unsigned i = 0; i < endpoints->count && r == 0; i++)
		r = endpoint_write(&endpoints->list[i], doc, array);
	if (r < 0)
		return error_set(err, -r, "write endpoints: out of memory");
	*ret_array = array;
	return 0;
}
