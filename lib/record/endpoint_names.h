/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which names the endpoints had: of each connection that began, whether a rule for a name would have let it through then. Pure,
 * bounded, and hostile in all that comes in: a name is a label, and opens nothing.
 *
 * Connections are counted here as well as in the kernel (lib/net/nft_endpoints.h), which may tell of fewer than there were. What it did
 * not tell of was by no name, so what is lost makes a rule by address of it, and never one by name.
 */
#ifndef STINT_RECORD_ENDPOINT_NAMES_H
#define STINT_RECORD_ENDPOINT_NAMES_H

#include "lib/net/answered.h"
#include "lib/record/endpoints.h"

/* Begins as {0}. */
struct endpoint_names {
	struct answered_list answered;
	struct endpoints begun; /* to what had a name */
};

/* The resolver's answer came. */
void endpoint_names_answer(struct endpoint_names *names, const struct dns_answer *answer, uint64_t now_ns);
/* A connection began; of `to` its direction, address, protocol and port matter. -ENOMEM. */
int endpoint_names_begin(struct endpoint_names *names, const struct endpoint *to, uint64_t now_ns, struct error *err);
/* Gives the endpoints that are there the names that they had. */
void endpoint_names_give(const struct endpoint_names *names, struct endpoints *endpoints);
void endpoint_names_close(struct endpoint_names *names);

#endif
