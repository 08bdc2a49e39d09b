/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_text.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <netinet/in.h> /* before the kernel's headers, which then leave out what it has */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <string.h>

#include "lib/net/nft_internal.h"

void nft_text_clear(struct nft_text *text)
{
	for (size_t i = 0; i < text->count; i++)
		free(text->lines[i].text);
	free(text->lines);
	text->lines = NULL;
	text->count = text->size = 0;
}

static int take_line(struct nft_text *text, char *line, size_t key)
{
	if (text->count == text->size) {
		size_t size = text->size ? 2 * text->size : 256;
		struct nft_line *lines = reallocarray(text->lines, size, sizeof *lines);

		if (!lines) {
			free(line);
			return -ENOMEM;
		}
		text->lines = lines;
		text->size = size;
	}
	text->lines[text->count] = (struct nft_line){.text = line, .key = key ? key : strlen(line), .order = text->count};
	text->count++;
	return 0;
}

static int add_line(struct nft_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int add_line(struct nft_text *text, const char *format, ...)
{
	va_list arguments;
	char *line;
	int length;

	va_start(arguments, format);
	length = vasprintf(&line, format, arguments);
	va_end(arguments);
	return length < 0 ? -ENOMEM : take_line(text, line, 0);
}

static const char *or_none(const char *name)
{
	return name ? name : "-";
}

static int add_table(struct nft_text *text, const struct nlmsghdr *message)
{
	static const uint32_t owner = 1 << 1, dormant = 1 << 0; /* NFT_TABLE_F_* */
	struct nftnl_table *table = nftnl_table_alloc();
	uint32_t flags;
	int r = 0;

	if (!table)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(message, table) == 0) {
		flags = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);
		r = add_line(text, "table %s%s%s", or_none(nftnl_table_get_str(table, NFTNL_TABLE_NAME)),
			     flags & owner ? " owned" : "", flags & dormant ? " dormant" : "");
	}
	nftnl_table_free(table);
	return r;
}

static int add_chain(struct nft_text *text, const struct nlmsghdr *message)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	const char *name;
	int r = 0;

	if (!chain)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(message, chain) == 0) {
		name = or_none(nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
		if (nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM))
			r = add_line(text, "chain %s type %s hook %u priority %d policy %u", name,
				     or_none(nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE)),
				     nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM),
				     nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO),
				     nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY));
		else
			r = add_line(text, "chain %s", name);
	}
	nftnl_chain_free(chain);
	return r;
}

/* libnftnl writes an expression a line, below one that says where the rule is. */
static void join_lines(char *line, size_t key)
{
	char *to = line + key, *from = strchr(line + key, '\n');

	for (; from && *from; from++)
		if (*from != '\n' && !(*from == ' ' && to[-1] == ' '))
			*to++ = *from;
		else if (to[-1] != ' ')
			*to++ = ' ';
	while (to > line + key && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* The kernel tells the time of what a rule puts into a set even where there is none, which it does not let anybody ask for. */
static void forget_no_time(char *line)
{
	static const char no_time[] = " timeout 0ms";
	char *at;

	while ((at = strstr(line, no_time)))
		memmove(at, at + sizeof no_time - 1, strlen(at + sizeof no_time - 1) + 1);
}

/* "rule CHAIN:" and its expressions. */
static int describe_rule(struct nft_text *text, const struct nftnl_rule *rule)
{
	static const size_t size_max = 1 << 20;

	for (size_t size = 1024; size <= size_max; size *= 4) {
		char *line = malloc(size);
		int key, length;

		if (!line)
			return -ENOMEM;
		key = snprintf(line, size, "rule %.64s:", or_none(nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN)));
		length = nftnl_rule_snprintf(line + key, size - (size_t)key, rule, NFTNL_OUTPUT_DEFAULT, 0);
		if (length >= 0 && (size_t)key + (size_t)length < size) {
			join_lines(line, (size_t)key);
			forget_no_time(line + key);
			return take_line(text, line, (size_t)key);
		}
		free(line);
	}
	return -ENOMEM;
}

static int add_rule(struct nft_text *text, const struct nlmsghdr *message)
{
	static const uint16_t kernels[] = {NFTNL_RULE_HANDLE, NFTNL_RULE_POSITION, NFTNL_RULE_USERDATA};
	struct nftnl_rule *rule = nftnl_rule_alloc();
	int r = 0;

	if (!rule)
		return -ENOMEM;
	if (nftnl_rule_nlmsg_parse(message, rule) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
			nftnl_rule_unset(rule, kernels[i]);
		r = describe_rule(text, rule);
	}
	nftnl_rule_free(rule);
	return r;
}

static int add_object(struct nft_text *text, const struct nlmsghdr *message)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	const char *name;
	int r = 0;

	if (!object)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(message, object) == 0) {
		name = or_none(nftnl_obj_get_str(object, NFTNL_OBJ_NAME));
		if (nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) == NFT_OBJECT_QUOTA)
			r = add_line(text, "quota %s %s %llu bytes", name,
				     nftnl_obj_get_u32(object, NFTNL_OBJ_QUOTA_FLAGS) & NFT_QUOTA_F_INV ? "over" : "until",
				     (unsigned long long)nftnl_obj_get_u64(object, NFTNL_OBJ_QUOTA_BYTES));
		else
			r = add_line(text, "object %s of type %u", name, nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE));
	}
	nftnl_obj_free(object);
	return r;
}

static int add_set(struct nft_text *text, const struct nlmsghdr *message)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int r = 0;

	if (!set)
		return -ENOMEM;
	if (nftnl_set_nlmsg_parse(message, set) == 0)
		r = add_line(text, "set %s of %u bytes, flags %u, size %u", or_none(nftnl_set_get_str(set, NFTNL_SET_NAME)),
			     nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN), nftnl_set_get_u32(set, NFTNL_SET_FLAGS),
			     nftnl_set_get_u32(set, NFTNL_SET_DESC_SIZE));
	nftnl_set_free(set);
	return r;
}

/* One of a set: its key, what it is the end of, and whether it goes by itself. */
struct element {
	struct nft_text *text;
	const char *set;
	const uint8_t *key;
	size_t key_size;
	uint32_t flags;
	bool timeout;
	int failure;
};

static int take_value(const struct nlattr *attribute, void *data)
{
	struct element *element = data;

	if (mnl_attr_get_type(attribute) == NFTA_DATA_VALUE) {
		element->key = mnl_attr_get_payload(attribute);
		element->key_size = mnl_attr_get_payload_len(attribute);
	}
	return MNL_CB_OK;
}

static int take_property(const struct nlattr *attribute, void *data)
{
	struct element *element = data;

	switch (mnl_attr_get_type(attribute)) {
	case NFTA_SET_ELEM_KEY:
		return mnl_attr_parse_nested(attribute, take_value, element);
	case NFTA_SET_ELEM_FLAGS:
		if (mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
			element->flags = ntohl(mnl_attr_get_u32(attribute));
		break;
	case NFTA_SET_ELEM_TIMEOUT:
		element->timeout = true;
		break;
	}
	return MNL_CB_OK;
}

static int take_element(const struct nlattr *attribute, void *data)
{
	const struct element *list = data;
	struct element element = {.text = list->text, .set = list->set};
	char hex[2 * NFT_SLOTS * NFT_SLOT_SIZE + 1] = "";

	if (mnl_attr_parse_nested(attribute, take_property, &element) < 0)
		return MNL_CB_ERROR;
	if (element.timeout)
		return MNL_CB_OK;
	for (size_t i = 0; i < element.key_size && i < NFT_SLOTS * NFT_SLOT_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", element.key[i]);
	((struct element *)data)->failure =
		add_line(list->text, "element %s %s%s", list->set, hex, element.flags & NFT_SET_ELEM_INTERVAL_END ? " end" : "");
	return list->failure < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int take_list(const struct nlattr *attribute, void *data)
{
	struct element *list = data;

	if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_SET)
		list->set = mnl_attr_get_str(attribute);
	if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attribute, take_element, list);
	return MNL_CB_OK;
}

static int add_elements(struct nft_text *text, const struct nlmsghdr *message)
{
	struct element list = {.text = text, .set = "-"};

	(void)mnl_attr_parse(message, sizeof(struct nfgenmsg), take_list, &list);
	return list.failure;
}

struct of_table {
	const char *name;
	bool is;
};

static int take_table(const struct nlattr *attribute, void *data)
{
	struct of_table *of = data;

	if (mnl_attr_get_type(attribute) == NFTA_OBJ_TABLE && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
		of->is = strcmp(mnl_attr_get_str(attribute), of->name) == 0;
	return MNL_CB_OK;
}

bool nft_is_of(const struct nlmsghdr *message, const char *table)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct of_table of = {.name = table};

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES || mnl_nlmsg_get_payload_len(message) < sizeof *header)
		return false;
	if (header->nfgen_family != NFPROTO_INET)
		return false;
	(void)mnl_attr_parse(message, sizeof *header, take_table, &of);
	return of.is;
}

int nft_text_add(struct nft_text *text, const struct nlmsghdr *message)
{
	if (!nft_is_of(message, text->table))
		return 0;
	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		return add_table(text, message);
	case NFT_MSG_DELTABLE:
		nft_text_clear(text);
		return 0;
	case NFT_MSG_NEWCHAIN:
		return add_chain(text, message);
	case NFT_MSG_NEWRULE:
		return add_rule(text, message);
	case NFT_MSG_NEWSET:
		return add_set(text, message);
	case NFT_MSG_NEWSETELEM:
		return add_elements(text, message);
	case NFT_MSG_NEWOBJ:
		return add_object(text, message);
	}
	return 0;
}

static int compare_lines(const void *left, const void *right)
{
	const struct nft_line *a = left, *b = right;
	size_t key = a->key < b->key ? a->key : b->key;
	int difference = memcmp(a->text, b->text, key);

	if (difference)
		return difference;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void nft_text_sort(struct nft_text *text)
{
	if (text->count)
		qsort(text->lines, text->count, sizeof *text->lines, compare_lines);
}

int nft_text_of_batch(const struct nft_batch *batch, struct nft_text *ret_text, struct error *err)
{
	const struct nlmsghdr *message = (const void *)batch->bytes;
	int left = (int)batch->length, r = 0;
	struct nft_text text = {0};

	memcpy(text.table, batch->table, sizeof text.table);
	for (; mnl_nlmsg_ok(message, left) && r == 0; message = mnl_nlmsg_next(message, &left))
		r = nft_text_add(&text, message);
	if (r < 0) {
		nft_text_clear(&text);
		return error_errno(err, -r, "describe the network's rules");
	}
	nft_text_sort(&text);
	*ret_text = text;
	return 0;
}
