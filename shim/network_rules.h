/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's rules and quotas in the kernel: what of lib/net stint-network uses, in its own words. */
#ifndef STINT_SHIM_NETWORK_RULES_H
#define STINT_SHIM_NETWORK_RULES_H

#include <stdbool.h>

#include "lib/base/error.h"
#include "lib/budget/budget.h"
#include "lib/net/dns.h"
#include "lib/record/endpoints.h"
#include "lib/state/ledger.h"

struct rules;

/* Of NETWORK_POLICY in `state_fd`: everything that takes no namespace. */
int rules_prepare(int state_fd, struct rules **ret_rules, struct error *err);
/* Of whose packets they are, before they are set or found: `scope` zero: of all of the namespace. */
void rules_scope(struct rules *rules, const struct net_scope *scope);
/* Whose rules of that scope there are in the namespace that we are in; "": nobody's, or it is not said. */
int rules_holder(struct rules *rules, char holder[NET_HOLDER_MAX], struct error *err);
/* There: from now on they hold, instead of those whose holder was asked for; -EBUSY: others have come since. Nothing is left when it
 * fails. `holder`: our container's key. */
int rules_set(struct rules *rules, const char *holder, struct error *err);
/* They are no longer wanted: what is only of this container's goes, where others live on in the namespace. */
void rules_let_go(struct rules *rules);
/* They were set there by a stint-network that is no more: finds them again. */
int rules_find(struct rules *rules, struct error *err);

/* A budget of which all is `spent`, or so much is used that its warning is due. */
typedef void rules_heard(enum budget budget, bool spent, uint64_t used, void *data);
/* Of a quota (NET_QUOTA_*) that was gone over. */
void rules_spent(const struct rules *rules, unsigned quota, rules_heard *heard, void *data);
/* Of all of them, as the kernel has them now: where it could not be heard what it logs. */
void rules_ask_spent(const struct rules *rules, rules_heard *heard, void *data);
int rules_read(struct rules *rules, struct ledger_figures *ret_figures, struct error *err);

const struct net_policy *rules_policy(const struct rules *rules);
/* Has the kernel let through what the answer says of a name, as long as it says. */
int rules_open(struct rules *rules, const struct dns_answer *answer, struct error *err);
/* With whom the container has spoken, where the policy asks to record that. */
int rules_read_endpoints(struct rules *rules, struct endpoints *ret_endpoints, struct error *err);

/* What is in the kernel, in the namespace that we are in, against them; `difference`: the first there is. */
enum { RULES_DIFFERENCE_MAX = 512 };
enum rules_state { RULES_AS_SET, RULES_DIFFER, RULES_ABSENT };
int rules_compare(struct rules *rules, enum rules_state *ret_state, char difference[RULES_DIFFERENCE_MAX], struct error *err);

#endif
