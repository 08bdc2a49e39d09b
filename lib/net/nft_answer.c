/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/answered.h"
#include "lib/net/nft_internal.h"

static size_t put_answer(struct nft_batch *batch, const struct net_layer *layer, size_t layer_index, size_t name_index,
			 const struct dns_answer *answer)
{
	char set[NFT_NAME_SIZE];

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_address *address = &answer->addresses[i];

		nft_names_set(layer, layer_index, name_index, address->family, set);
		nft_put_address(batch, set, address->family, address->bytes, UINT64_C(1000) * net_answer_seconds(address->ttl));
	}
	return answer->count;
}

int nft_answer(const struct net_policy *policy, const struct dns_answer *answer, struct nft_batch *ret_batch, size_t *ret_count,
	       struct error *err)
{
	const struct net_direction *egress = &policy->direction[NET_EGRESS];
	_cleanup_batch_ struct nft_batch batch = {0};
	int r = nft_batch_begin(&policy->scope, &batch, err);
	size_t count = 0;

	if (r < 0)
		return r;
	for (size_t l = 0; l < egress->layer_count; l++)
		for (size_t n = 0; n < egress->layers[l].name_count; n++)
			if (dns_name_matches(egress->layers[l].names[n].name, answer->name))
				count += put_answer(&batch, &egress->layers[l], l, n, answer);
	r = nft_batch_end(&batch, err);
	if (r < 0)
		return r;
	*ret_count = count;
	*ret_batch = batch;
	batch = (struct nft_batch){0};
	return 0;
}
