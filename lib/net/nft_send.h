/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batches to the kernel: in the network namespace that the socket was opened in. */
#ifndef STINT_NET_NFT_SEND_H
#define STINT_NET_NFT_SEND_H

#include "lib/net/nft_batch.h"
#include "lib/net/policy.h"

/* A socket to nf_tables of the network namespace that we are in. A table that is owned is this socket's. */
int nft_open(int *ret_fd, struct error *err);

/* All of it or nothing; the error names the first object that the kernel did not take, and says why. The socket must listen to
 * nothing else. */
int nft_send(int fd, const struct nft_batch *batch, struct error *err);

/* The table of this scope is no longer wanted; that it is not there is no error. */
int nft_remove(int fd, const struct net_scope *scope, struct error *err);

/* The policy's table. `replaces`: the handle of the one that was there (nft_read_holder), 0 for none; -EBUSY: it is not so any more, and
 * nothing is changed. `policy->owned`: the table is the socket's, and outlives it where the
 * kernel can (6.9), for a successor to take over; *ret_owned says whether the kernel could at all (5.12). */
int nft_apply(int fd, const struct net_policy *policy, uint64_t replaces, bool *ret_owned, struct error *err);

#endif
