/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking the kernel for all objects of one kind that a table has. */
#ifndef STINT_NET_NFT_DUMP_H
#define STINT_NET_NFT_DUMP_H

#include <stdint.h>

#include "lib/base/error.h"

struct nlmsghdr;

/* 0, or -errno that ends the dump. */
typedef int nft_dumped(const struct nlmsghdr *message, void *data);
/* `type`: NFT_MSG_GET…; `set`: whose elements, for NFT_MSG_GETSETELEM, else NULL. -EINTR: the table was changed meanwhile, and
 * what was told is of no use: begin again. `fd`: nft_open. */
int nft_dump(int fd, uint16_t type, const char *table, const char *set, nft_dumped *dumped, void *data, struct error *err);

enum { NFT_DUMP_ATTEMPTS = 16 };

#endif
