/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's table against the one that a policy asks for. */
#ifndef STINT_NET_NFT_COMPARE_H
#define STINT_NET_NFT_COMPARE_H

#include "lib/net/policy.h"
#include "lib/base/error.h"

enum { NFT_DIFFERENCE_MAX = 512 };

/* In the network namespace that `fd` was opened in. 0: they are the same; 1: they are not, and *ret_difference names the first
 * thing that is not there, is there as well, or is another. -ENOENT: there is no table. `owned`: as nft_apply said. */
int nft_compare(int fd, const struct net_policy *policy, bool owned, char difference[NFT_DIFFERENCE_MAX], struct error *err);

#endif
