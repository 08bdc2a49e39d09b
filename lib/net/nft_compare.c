/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_compare.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/net/nft_dump.h"
#include "lib/net/nft_internal.h"
#include "lib/net/nft_text.h"

struct names {
	char **list;
	size_t count;
};

static void names_clear(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){0};
}

struct dump {
	struct nft_text text;
	struct names sets; /* whose elements are read next */
};

static int take(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;

	return nft_text_add(&dump->text, message);
}

/* The set itself, and, where its elements are there to stay, its name. */
static int take_set(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;
	struct nftnl_set *set = nftnl_set_alloc();
	char **list = NULL;
	int r = set ? 0 : -ENOMEM;

	if (r == 0 && nft_is_of(message, dump->text.table) && nftnl_set_nlmsg_parse(message, set) == 0 &&
	    !(nftnl_set_get_u32(set, NFTNL_SET_FLAGS) & (NFT_SET_TIMEOUT | NFT_SET_EVAL))) {
		list = reallocarray(dump->sets.list, dump->sets.count + 1, sizeof *list);
		if (list) {
			dump->sets.list = list;
			list[dump->sets.count] = strdup(nftnl_set_get_str(set, NFTNL_SET_NAME));
		}
		if (list && list[dump->sets.count])
			dump->sets.count++;
		else
			r = -ENOMEM;
	}
	if (set)
		nftnl_set_free(set);
	return r < 0 ? r : take(message, data);
}

static int dump_once(int fd, struct dump *dump, struct error *err)
{
	static const uint16_t kinds[] = {NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE, NFT_MSG_GETOBJ, NFT_MSG_GETSET};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++)
		r = nft_dump(fd, kinds[i], dump->text.table, NULL, kinds[i] == NFT_MSG_GETSET ? take_set : take, dump, err);
	for (size_t i = 0; i < dump->sets.count && r == 0; i++)
		r = nft_dump(fd, NFT_MSG_GETSETELEM, dump->text.table, dump->sets.list[i], take, dump, err);
	names_clear(&dump->sets);
	return r;
}

static int read_table(int fd, const struct net_scope *scope, struct nft_text *ret_text, struct error *err)
{
	struct dump dump = {0};
	int r = -EINTR;

	(void)nft_table_name(scope, dump.text.table);
	for (int i = 0; i < NFT_DUMP_ATTEMPTS && r == -EINTR; i++) {
		nft_text_clear(&dump.text);
		r = dump_once(fd, &dump, err);
	}
	if (r == 0 && dump.text.count == 0)
		r = error_set(err, ENOENT, "read the network's rules: there is no table \"%s\" in this network namespace",
			      dump.text.table);
	if (r < 0) {
		nft_text_clear(&dump.text);
		return r;
	}
	nft_text_sort(&dump.text);
	*ret_text = dump.text;
	return 0;
}

/* The first line in which two sorted texts differ. */
static int first_difference(const struct nft_text *wanted, const struct nft_text *there, char difference[NFT_DIFFERENCE_MAX])
{
	const char *want, *have;
	size_t i = 0;

	while (i < wanted->count && i < there->count && strcmp(wanted->lines[i].text, there->lines[i].text) == 0)
		i++;
	if (i == wanted->count && i == there->count)
		return 0;
	want = i < wanted->count ? wanted->lines[i].text : NULL;
	have = i < there->count ? there->lines[i].text : NULL;
	if (!have || (want && wanted->count > there->count))
		(void)snprintf(difference, NFT_DIFFERENCE_MAX, "missing: %.450s", want);
	else if (!want || wanted->count < there->count)
		(void)snprintf(difference, NFT_DIFFERENCE_MAX, "not ours: %.450s", have);
	else
		(void)snprintf(difference, NFT_DIFFERENCE_MAX, "instead of %.220s: %.220s", want, have);
	return 1;
}

int nft_compare(int fd, const struct net_policy *policy, bool owned, char difference[NFT_DIFFERENCE_MAX], struct error *err)
{
	_cleanup_nft_text_ struct nft_text wanted = {0}, there = {0};
	_cleanup_batch_ struct nft_batch batch = {0};
	int r = nft_ruleset(policy, false, owned ? NFT_TABLE_F_OWNER : 0, &batch, err);

	if (r == 0)
		r = nft_text_of_batch(&batch, &wanted, err);
	if (r == 0)
		r = read_table(fd, &policy->scope, &there, err);
	return r < 0 ? r : first_difference(&wanted, &there, difference);
}
