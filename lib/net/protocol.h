/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocols above IP, by the names that rules, recordings and reports have for them (IANA's, as in /etc/protocols). */
#ifndef STINT_NET_PROTOCOL_H
#define STINT_NET_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

/* IPPROTO_*; -1: none of those that are known by name. */
int protocol_from_name(const char *name);
/* NULL: it is known by its number only. */
const char *protocol_name(uint8_t protocol);
/* Source and destination port are its header's first four bytes. */
bool protocol_has_ports(uint8_t protocol);

#endif
