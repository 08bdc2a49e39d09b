/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an answer of a DNS server (RFC 1035) says of a name. Pure; the message comes from whoever the container's resolver
 * believes, and is taken apart by libresolv.
 */
#ifndef STINT_NET_DNS_H
#define STINT_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

enum {
	DNS_NAME_MAX = 256,
	DNS_ADDRESSES_MAX = 64, /* more of one answer are left out */
	DNS_CHAIN_MAX = 16,	/* CNAMEs that are followed, as resolvers do */
};

/* What host names are made of here, all lower case. */
#define DNS_NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_."

struct dns_address {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t bytes[16];
	uint32_t ttl; /* seconds; the least of its own and of the CNAMEs that led to it */
};

struct dns_answer {
	char name[DNS_NAME_MAX]; /* that was asked for: lower case, no last dot */
	struct dns_address addresses[DNS_ADDRESSES_MAX];
	size_t count; /* 0: it has none, or not of this family */
};

/* `message`: a UDP payload. -EBADMSG: it is no answer to one question for the addresses of a name that host names are made
 * of (letters, digits, "-", "_", "."), or it is broken. An answer that was cut short (TC) is broken too: it is asked for again. */
int dns_read_answer(const void *message, size_t length, struct dns_answer *ret_answer, struct error *err);

/* "example.com" is that name; "*.example.com" every name below it, and not itself. Both lower case. */
bool dns_name_matches(const char *pattern, const char *name);

#endif
