/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stint-network for a container that is being prepared. */
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/launch/internal.h"
#include "lib/launch/network.h"
#include "lib/net/resolve.h"

/* The budgets as the kernel holds them: they go on from earlier lives, and a quota beside each says when its warning is due. */
static void set_quotas(struct net_policy *policy, const struct budget_rule budgets[BUDGET_COUNT])
{
	static const struct {
		enum budget budget;
		unsigned holds, warns;
	} quotas[] = {
		{BUDGET_NET_EGRESS, NET_QUOTA_EGRESS, NET_QUOTA_EGRESS_WARN},
		{BUDGET_NET_INGRESS, NET_QUOTA_INGRESS, NET_QUOTA_INGRESS_WARN},
		{BUDGET_NET_EGRESS_INTERNET, NET_QUOTA_EGRESS_INTERNET, NET_QUOTA_EGRESS_INTERNET_WARN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(quotas); i++) {
		const struct budget_rule *rule = &budgets[quotas[i].budget];
		struct net_quota *quota = &policy->quotas[quotas[i].holds], *warning = &policy->quotas[quotas[i].warns];

		if (!quota->set)
			continue;
		quota->used = rule->used_before;
		if (!rule->warn)
			continue;
		*warning = *quota;
		warning->holds = false;
		warning->throttle = 0;
		warning->limit = budget_warn_at(rule->limit, rule->warn) - 1; /* told when more has come */
	}
}

/* What stint-network reads; it does so, and gets ready, while the runtime does. */
static int write_network(struct launch *launch, const struct launch_request *request, struct error *err)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	_cleanup_json_ struct json_doc *doc = NULL;
	struct net_policy policy = *request->plan->network; /* the quotas are ours, the rest the plan's */
	int r;

	set_quotas(&policy, launch->ledger->plan.budgets);
	r = self < 0 ? error_errno(err, errno, "start stint-network: hold ourselves by a pidfd") :
		       net_policy_to_json(&policy, &doc, err);
	if (r == 0)
		r = launch_write_json(launch->state_fd, NETWORK_POLICY, json_root(doc), err);
	return r < 0 ? r : network_start(request->host, request->layout, launch->key, launch->state_fd, self, err);
}

/* A recording that lacks the endpoints says so, and is no reason not to start a container. */
int launch_network(struct launch *launch, const struct launch_request *request, struct error *err)
{
	struct ledger_plan *plan = &launch->ledger->plan;
	struct error why = {0};
	int r;

	if (!plan->network && !plan->network_recorded)
		return 0;
	r = write_network(launch, request, &why);
	if (r == 0)
		return 0;
	if (plan->network)
		return error_set(err, -r, "%s", why.text);
	plan->network_recorded = false;
	launch_warn(plan, why.text);
	return 0;
}
