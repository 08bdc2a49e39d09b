/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages that policies come to, taken apart again, against what they are to be; nothing is sent. */
#include <criterion/criterion.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/nft_ruleset.h"
#include "lib/net/nft_text.h"
#include "lib/net/resolve.h"
#include "tests/unit/nft_golden.h"

static struct nft_batch batch_of(const char *json)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_net_policy_ struct net_policy policy = {0};
	struct nft_batch batch;
	struct error err = {0};

	cr_assert_eq(json_parse("policy", json, strlen(json), &doc, &err), 0, "%s", err.text);
	cr_assert_eq(net_policy_from_json(json_root(doc), &policy, &err), 0, "%s", err.text);
	cr_assert_eq(nft_ruleset(&policy, 1, 0, &batch, &err), 0, "%s", err.text);
	return batch;
}

Test(nft_golden, messages_are_these)
{
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		_cleanup_batch_ struct nft_batch batch = batch_of(golden[i].policy);
		_cleanup_nft_text_ struct nft_text text = {0};
		struct error err = {0};
		const char *const *expected = golden[i].lines;

		cr_assert_eq(nft_text_of_batch(&batch, &text, &err), 0, "%s", err.text);
		for (size_t l = 0; l < text.count; l++) {
			if (strncmp(text.lines[l].text, golden[i].of, strlen(golden[i].of)) != 0)
				continue;
			cr_assert_not_null(*expected, "policy %zu has more: %s", i, text.lines[l].text);
			cr_expect_str_eq(text.lines[l].text, *expected, "policy %zu: %s\nand not: %s", i, text.lines[l].text, *expected);
			expected++;
		}
		cr_expect_null(*expected, "policy %zu has not: %s", i, *expected);
	}
}

/* One transaction: the table that was there goes, the new one comes, and only the last message asks for an answer. */
Test(nft_golden, a_batch_is_one_transaction)
{
	_cleanup_batch_ struct nft_batch batch = batch_of(golden[0].policy);
	const struct nlmsghdr *message = (const void *)batch.bytes;
	int left = (int)batch.length;
	uint32_t sequence = 0;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		static const unsigned first[] = {NFNL_MSG_BATCH_BEGIN, NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE};
		const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
		bool frame = message->nlmsg_type == NFNL_MSG_BATCH_BEGIN || message->nlmsg_type == NFNL_MSG_BATCH_END;

		cr_expect_eq(message->nlmsg_seq, ++sequence);
		if (sequence <= ARRAY_SIZE(first))
			cr_expect_eq(frame ? message->nlmsg_type : NFNL_MSG_TYPE(message->nlmsg_type), first[sequence - 1]);
		cr_expect_eq(frame, sequence == 1 || sequence == batch.count, "message %u", sequence);
		cr_expect_eq(head->version, NFNETLINK_V0);
		cr_expect_eq(!!(message->nlmsg_flags & NLM_F_ACK), sequence == batch.count - 1, "message %u", sequence);
	}
	cr_expect_eq(left, 0);
	cr_expect_eq(sequence, batch.count);
}
