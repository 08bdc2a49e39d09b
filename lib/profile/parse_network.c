/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `network`: what is said of a direction becomes its layers, each in the one form that all that mean the same have. */
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/entry.h"
#include "lib/profile/internal.h"
#include "lib/profile/parse.h"

static const char *const defaults[] = {"allow", "deny", NULL};
enum { DEFAULT_ALLOW, DEFAULT_DENY };

/* What a layer was read from. */
struct layer_target {
	bool ingress;
	int default_; /* of `defaults`; -1: not said */
	const struct json *allow, *deny, *within;
	struct network_setting *network;
};

int read_per_second(const struct reader *reader, const struct json *node, enum unit unit, const char *example,
		    uint64_t *ret_value)
{
	size_t length = strlen(node->text);
	char text[64];

	if (length > 2 && length < sizeof text && strcmp(node->text + length - 2, "/s") == 0) {
		memcpy(text, node->text, length - 2);
		text[length - 2] = '\0';
		if (unit_parse(unit, text, ret_value, NULL) == 0)
			return 0;
	}
	return refuse(reader, node, "a rate such as \"%s\" is wanted, not \"%.40s\"", example, node->text);
}

/* --- entries --- */

struct written {
	char *text;
	const struct json *node;
};

static int compare_written(const void *a, const void *b)
{
	return strcmp(((const struct written *)a)->text, ((const struct written *)b)->text);
}

/* What an entry cannot be in this list. */
static int check_entry(const struct reader *reader, const struct json *node, const struct net_entry *entry, bool ingress,
		       bool deny)
{
	if (entry->kind == NET_ENTRY_LOOPBACK && deny)
		return refuse(reader, node, "loopback always passes: it is the container's own");
	if (entry->kind == NET_ENTRY_NAME && (deny || ingress))
		return refuse(reader, node, "\"%s\": a name stands in the allow list of egress only; what has it is known when the "
					    "container asks its resolver", entry->name);
	if (entry->kind == NET_ENTRY_DNS && ingress)
		return refuse(reader, node, "dns is what the container asks, and so of egress; its answers pass");
	return 0;
}

static void free_written(struct written *written, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(written[i].text);
	free(written);
}

static int write_entries(const struct reader *reader, const struct json *array, bool ingress, bool deny,
			 struct written *written, size_t *count)
{
	char text[NET_ENTRY_TEXT_MAX];
	struct net_entry entry;
	struct error err = {0};
	int r = 0;

	json_each(node, array) {
		if (!json_is(node, JSON_STRING))
			return refuse(reader, node, "a string is wanted, not %s", json_type_name(node->type));
		if (net_entry_parse(node->text, &entry, &err) < 0)
			return refuse(reader, node, "%s", err.text);
		r = check_entry(reader, node, &entry, ingress, deny);
		if (r < 0)
			return r;
		written[*count] = (struct written){strdup(net_entry_format(&entry, text)), node};
		if (!written[(*count)++].text)
			return error_set(reader->err, ENOMEM, "read %s: out of memory", reader->file);
	}
	return 0;
}

/* Sorted, into an array of `doc`; an entry that is there twice is a slip of whoever wrote it. */
static int add_written(const struct reader *reader, struct written *written, size_t count, struct json_doc *doc,
		       struct json *array)
{
	qsort(written, count, sizeof *written, compare_written);
	for (size_t i = 0; i < count; i++) {
		if (i && compare_written(&written[i - 1], &written[i]) == 0)
			return refuse(reader, written[i].node, "\"%.64s\" is there twice", written[i].text);
		if (json_append(array, json_new_string(doc, written[i].text)) < 0)
			return error_set(reader->err, ENOMEM, "read %s: out of memory", reader->file);
	}
	return 0;
}

/* Puts the list into the layer, unless it is empty. */
static int take_entries(const struct reader *reader, const struct json *list, bool ingress, bool deny, struct json_doc *doc)
{
	struct json *array = json_new(doc, JSON_ARRAY);
	struct written *written;
	size_t count = 0;
	int r;

	json_each(node, list)
		count++;
	if (!count)
		return 0;
	written = calloc(count, sizeof *written);
	if (!written || json_set(doc, json_root(doc), deny ? "deny" : "allow", array) < 0) {
		free(written);
		return error_set(reader->err, ENOMEM, "read %s: out of memory", reader->file);
	}
	count = 0;
	r = write_entries(reader, list, ingress, deny, written, &count);
	if (r == 0)
		r = add_written(reader, written, count, doc, array);
	free_written(written, count);
	return r;
}

/* --- layers --- */

static int add_layer(const struct reader *reader, const struct json *layer, struct network_setting *network)
{
	const struct json *all[NETWORK_LAYERS_MAX];
	int count = nodes_union(network->layers, network->count, &layer, 1, all, NETWORK_LAYERS_MAX);

	if (count < 0)
		return error_set(reader->err, E2BIG, "read %s: there are more than %d layers of network rules", reader->file,
				 NETWORK_LAYERS_MAX);
	memcpy(network->layers, all, (size_t)count * sizeof *all);
	network->count = (unsigned)count;
	network->from = reader->from;
	return 0;
}

/* Who allows something means that the rest is denied, who only denies that the rest is allowed. */
static int default_of(const struct reader *reader, const struct json *node, const struct layer_target *target)
{
	if (target->default_ >= 0)
		return target->default_;
	if (target->allow && target->deny)
		return refuse(reader, node, "with both \"allow\" and \"deny\", say what \"default\" is");
	return target->allow ? DEFAULT_DENY : DEFAULT_ALLOW;
}

static int make_layer(const struct reader *reader, const struct json *node, const struct layer_target *target)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	int what = default_of(reader, node, target), r;

	if (what < 0)
		return what;
	if (what == DEFAULT_DENY && target->deny && target->deny->first)
		return refuse(reader, target->deny, "where the default is deny, what is not in \"allow\" is denied already; to keep "
						    "some of what is allowed from passing, deny it in a layer of \"within\"");
	r = json_doc_new(&doc, reader->err);
	if (r == 0 && json_set(doc, json_root(doc), "default", json_new_string(doc, defaults[what])) < 0)
		r = error_set(reader->err, ENOMEM, "read %s: out of memory", reader->file);
	if (r == 0)
		r = take_entries(reader, target->allow, target->ingress, false, doc);
	if (r == 0)
		r = take_entries(reader, target->deny, target->ingress, true, doc);
	if (r == 0)
		r = add_layer(reader, json_root(doc), target->network);
	if (r == 0)
		r = document_keep(doc, reader->err);
	if (r == 0)
		doc = NULL;
	return r;
}

static int read_default(struct reader *reader, const struct json *node, const struct key *key)
{
	struct layer_target *target = reader->target;
	int i = read_choice(reader, node, "default", defaults);

	(void)key;
	if (i >= 0)
		target->default_ = i;
	return i < 0 ? i : 0;
}

/* "allow", "deny", "within": read when all of the layer is known. */
static int read_array(struct reader *reader, const struct json *node, const struct key *key)
{
	struct layer_target *target = reader->target;

	*(const struct json **)((char *)target + key->offset) = node;
	return 0;
}

#define LAYER_KEYS \
	{.name = "default", .types = TYPE(JSON_STRING), .read = read_default}, \
	{.name = "allow", .types = TYPE(JSON_ARRAY), .read = read_array, .offset = offsetof(struct layer_target, allow)}, \
	{.name = "deny", .types = TYPE(JSON_ARRAY), .read = read_array, .offset = offsetof(struct layer_target, deny)}

static int read_within(const struct reader *reader, const struct layer_target *outer)
{
	static const struct key keys[] = {LAYER_KEYS};
	int r = 0;

	json_each(node, outer->within) {
		struct layer_target target = {.ingress = outer->ingress, .default_ = -1, .network = outer->network};
		struct reader inner = *reader;

		inner.target = &target;
		r = read_object(&inner, node, keys, ARRAY_SIZE(keys));
		if (r == 0)
			r = make_layer(reader, node, &target);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- rates --- */

static int read_bandwidth(struct reader *reader, const struct json *node, const struct key *key)
{
	const struct layer_target *target = reader->target;
	uint64_t rate;
	int r = read_per_second(reader, node, UNIT_SIZE, "10MiB/s", &rate);

	(void)key;
	if (r == 0)
		target->network->bandwidth = (struct setting){rate, reader->from};
	return r;
}

/* "50/s", "10/m", "1000/h" */
static int read_new_connections(struct reader *reader, const struct json *node, const struct key *key)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} times[] = {{"/s", UINT64_C(1000000000)}, {"/m", UINT64_C(60000000000)}, {"/h", UINT64_C(3600000000000)}};
	const struct layer_target *target = reader->target;
	size_t length = strcspn(node->text, "/");
	char count[32];
	uint64_t value;

	(void)key;
	if (length < sizeof count) {
		memcpy(count, node->text, length);
		count[length] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(times); i++)
			if (strcmp(node->text + length, times[i].text) == 0 && unit_parse(UNIT_COUNT, count, &value, NULL) == 0 &&
			    value <= UINT32_MAX) {
				target->network->new_connections = value;
				target->network->new_connections_ns = (struct setting){times[i].ns, reader->from};
				target->network->new_connections_at_once = (struct setting){value, reader->from};
				return 0;
			}
	}
	return refuse(reader, node, "a rate such as \"50/s\" or \"600/m\" is wanted, not \"%.40s\"", node->text);
}

static int read_connections(struct reader *reader, const struct json *node, const struct key *key)
{
	const struct layer_target *target = reader->target;
	uint64_t count;
	int r = read_number(reader, node, key, &count);

	if (r == 0)
		target->network->connections = (struct setting){count, reader->from};
	return r;
}

/* --- directions --- */

static int read_direction(struct reader *reader, const struct json *node, const struct key *key)
{
	static const struct key keys[] = {
		LAYER_KEYS,
		{.name = "within", .types = TYPE(JSON_ARRAY), .read = read_array, .offset = offsetof(struct layer_target, within)},
		{.name = "bandwidth", .types = TYPE(JSON_STRING), .read = read_bandwidth},
		{.name = "newConnections", .types = TYPE(JSON_STRING), .read = read_new_connections},
		{.name = "connections", .types = TYPE(JSON_NUMBER), .read = read_connections, .min = 1, .max = UINT32_MAX},
	};
	struct network_setting *network = reader->target;
	struct layer_target target = {.ingress = key->offset == NET_INGRESS, .default_ = -1, .network = &network[key->offset]};
	struct reader inner = *reader;
	int r;

	inner.target = &target;
	r = read_object(&inner, node, keys, ARRAY_SIZE(keys));
	if (r == 0)
		r = make_layer(reader, node, &target);
	return r < 0 ? r : read_within(reader, &target);
}

int parse_network(struct reader *reader, const struct json *node, struct network_setting network[NET_DIRECTIONS])
{
	static const struct key keys[] = {
		{.name = "egress", .types = TYPE(JSON_OBJECT), .read = read_direction, .offset = NET_EGRESS},
		{.name = "ingress", .types = TYPE(JSON_OBJECT), .read = read_direction, .offset = NET_INGRESS},
	};
	struct reader inner = *reader;

	inner.target = network;
	return read_object(&inner, node, keys, ARRAY_SIZE(keys));
}
