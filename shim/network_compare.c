/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the kernel against what was set. */
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/net/nft_rule.h"
#include "lib/net/nft_ruleset.h"
#include "lib/net/nft_send.h"
#include "shim/network_rules.h"

/* How many rules each chain has. */
enum { CHAINS_MAX = 256 };
struct tally {
	struct {
		char name[NFT_NAME_SIZE];
		unsigned rules;
	} chains[CHAINS_MAX];
	unsigned count;
};

static unsigned *rules_of(struct tally *tally, const char *name)
{
	for (unsigned i = 0; i < tally->count; i++)
		if (strcmp(tally->chains[i].name, name) == 0)
			return &tally->chains[i].rules;
	if (tally->count == CHAINS_MAX)
		return &tally->chains[CHAINS_MAX - 1].rules;
	(void)snprintf(tally->chains[tally->count].name, NFT_NAME_SIZE, "%s", name);
	return &tally->chains[tally->count++].rules;
}

/* Any message: a rule of our table counts. */
static int count_rule(const struct nlmsghdr *message, void *data)
{
	const char *table = NULL, *chain = NULL, *end;
	const struct nlattr *attribute;

	if (message->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE))
		return MNL_CB_OK;
	end = mnl_nlmsg_get_payload_tail(message);
	for (attribute = mnl_nlmsg_get_payload_offset(message, sizeof(struct nfgenmsg));
	     mnl_attr_ok(attribute, (int)(end - (const char *)attribute)); attribute = mnl_attr_next(attribute)) {
		if (mnl_attr_get_type(attribute) == NFTA_RULE_TABLE)
			table = mnl_attr_get_str(attribute);
		else if (mnl_attr_get_type(attribute) == NFTA_RULE_CHAIN)
			chain = mnl_attr_get_str(attribute);
	}
	if (table && chain && strcmp(table, NFT_OUR_TABLE) == 0)
		++*rules_of(data, chain);
	return MNL_CB_OK;
}

static int dump_rules(struct tally *tally, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[65536];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;
	_cleanup_close_ int fd = -1;
	int r = nft_open(&fd, err);

	if (r < 0)
		return r;
	message->nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETRULE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(message, sizeof *head);
	head->nfgen_family = NFPROTO_INET;
	mnl_attr_put_strz(message, NFTA_RULE_TABLE, NFT_OUR_TABLE);
	if (send(fd, message, message->nlmsg_len, 0) < 0)
		return error_errno(err, errno, "ask for the network's rules");
	for (r = 1; r > 0;) {
		ssize_t length = recv(fd, buffer, sizeof buffer, 0);

		r = length < 0 ? -1 : mnl_cb_run(buffer, (size_t)length, 0, 0, count_rule, tally);
	}
	return r < 0 && errno != ENOENT ? error_errno(err, errno, "read the network's rules") : 0;
}

int rules_compare(struct rules *rules, enum rules_state *ret_state, char difference[RULES_DIFFERENCE_MAX], struct error *err)
{
	static struct tally planned, found;
	_cleanup_batch_ struct nft_batch batch = {0};
	int r = nft_ruleset(rules_policy(rules), 0, &batch, err);

	difference[0] = '\0';
	if (r < 0)
		return r;
	/* A batch's messages are of several sequence numbers: each by itself. */
	for (const struct nlmsghdr *m = (const void *)batch.bytes; (const char *)m < batch.bytes + batch.length;
	     m = (const void *)((const char *)m + NLMSG_ALIGN(m->nlmsg_len)))
		(void)count_rule(m, &planned);
	r = dump_rules(&found, err);
	if (r < 0)
		return r;
	*ret_state = found.count ? RULES_AS_SET : RULES_ABSENT;
	for (unsigned i = 0; i < planned.count && found.count && *ret_state == RULES_AS_SET; i++) {
		unsigned there = *rules_of(&found, planned.chains[i].name);

		if (there == planned.chains[i].rules)
			continue;
		*ret_state = RULES_DIFFER;
		(void)snprintf(difference, RULES_DIFFERENCE_MAX, "chain %s has %u rules, not %u", planned.chains[i].name, there,
			       planned.chains[i].rules);
	}
	return 0;
}
