/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/plan/network.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "lib/net/resolve.h"
#include "lib/oci/config.h"
#include "lib/plan/enforce.h"
#include "lib/plan/resolvers.h"
#include "lib/profile/internal.h"
#include "lib/seccomp/base.h"

#define BIT(capability) (UINT64_C(1) << (capability))

static const uint64_t of_network = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW);

/* --- where they hold --- */

static const struct json *namespace_of(const struct json *config, const char *type)
{
	json_each(entry, json_find(config, "linux.namespaces")) {
		const char *name = json_string(json_get(entry, "type"));

		if (name && strcmp(name, type) == 0)
			return entry;
	}
	return NULL;
}

static const char *path_of(const struct json *entry)
{
	const char *path = json_string(json_get(entry, "path"));

	return path && *path ? path : NULL;
}

/* As containerd and CRI-O say it. Who writes annotations is not trusted: this one only matters where the namespace is joined. */
static bool is_of_pod(const struct json *config)
{
	static const char *const keys[] = {"io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *type = config_annotation(config, keys[i]);

		if (type && strcmp(type, "container") == 0)
			return true;
	}
	return false;
}

static struct network_place nobody(const char *why)
{
	return (struct network_place){NETWORK_NOBODY, why};
}

struct network_place plan_network_place(const struct json *config, const struct cgroup_layout *layout, enum plan_mode mode,
					const char *network, uint64_t kept)
{
	const char *path = path_of(namespace_of(config, "network"));
	/* Podman and pods' sandboxes have a namespace that was made for them under a name; another container's is its process's. */
	bool pod = path && is_of_pod(config), joined = pod || (path && strncmp(path, "/proc/", 6) == 0);
	bool told_apart = layout->mode == CGROUP_V2 || (layout->mode == CGROUP_HYBRID && mode != PLAN_HOOK);

	if (strcmp(network, "host") == 0)
		return nobody("the container is in the host's network, and rules there would be the host's");
	if (joined && !told_apart && pod)
		return (struct network_place){NETWORK_SANDBOX, NULL};
	if (joined && !told_apart)
		return nobody("the container joins another's network, and without cgroup v2 rules there would be the other's");
	if (path_of(namespace_of(config, "user")))
		return nobody("the container joins a user namespace, whose root may change its rules");
	if ((kept & BIT(CAP_NET_ADMIN)) && (kept & BIT(CAP_SYS_ADMIN)))
		return nobody("with CAP_NET_ADMIN and CAP_SYS_ADMIN together the container can take its interfaces elsewhere; keep one of "
			      "them");
	return (struct network_place){joined ? NETWORK_SHARED : NETWORK_OWN, NULL};
}

/* --- what the container may not keep --- */

uint64_t plan_network_capabilities(const struct profile *profile, const struct profile *config)
{
	uint64_t own = config->capabilities.set ? config->capabilities.mask : 0;

	return own & (profile->capabilities.set ? profile->capabilities.mask : ~of_network);
}

static const char *source_of(const struct profile *profile)
{
	for (int d = 0; d < NET_DIRECTIONS; d++) {
		const struct network_setting *network = &profile->network[d];
		const char *const from[] = {network->from, network->bandwidth.from, network->new_connections_ns.from,
					    network->connections.from};

		for (size_t i = 0; i < ARRAY_SIZE(from); i++)
			if (from[i])
				return from[i];
	}
	for (int b = 0; b < BUDGET_COUNT; b++)
		if (budget_is_network((enum budget)b) && profile->budgets[b].limit.from)
			return profile->budgets[b].limit.from;
	return profile->name;
}

#if defined __s390__ || defined __s390x__
#define CLONE_FLAGS "1"
#else
#define CLONE_FLAGS "0"
#endif
#define BITS(index, mask, value) "[{\"index\":" index ",\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":" mask ",\"valueTwo\":" value "}]"
#define DENY(names, args) "{\"names\":[" names "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1" args "}"
#define WHERE(index, mask, value) ",\"args\":" BITS(index, mask, value)
#define INT "4294967295"     /* an int argument is its lower 32 bits */
#define NEWNET "1073741824"  /* CLONE_NEWNET */
#define NEWUSER "268435456"  /* CLONE_NEWUSER */

/* Packet and XDP sockets (17, 44) send past the rules, and io_uring makes sockets that no filter sees. setns of type 0 is of
 * any. clone3's flags lie in memory: C libraries take clone when it is not there (ENOSYS). */
static const char stay_inside[] =
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
	DENY("\"socket\"", WHERE("0", INT, "17")) "," DENY("\"socket\"", WHERE("0", INT, "44")) ","
	DENY("\"unshare\"", WHERE("0", NEWNET, NEWNET)) "," DENY("\"unshare\"", WHERE("0", NEWUSER, NEWUSER)) ","
	DENY("\"clone\"", WHERE(CLONE_FLAGS, NEWNET, NEWNET)) "," DENY("\"clone\"", WHERE(CLONE_FLAGS, NEWUSER, NEWUSER)) ","
	DENY("\"setns\"", WHERE("1", INT, "0")) "," DENY("\"setns\"", WHERE("1", NEWNET, NEWNET)) ","
	DENY("\"setns\"", WHERE("1", NEWUSER, NEWUSER)) ","
	DENY("\"socketcall\",\"io_uring_setup\"", "") ","
	"{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}]}";

/* The machine's, and those whose programs it runs too: a filter that names none kills those. */
static int add_architectures(struct json_doc *doc, struct error *err)
{
	_cleanup_seccomp_ struct seccomp_filter base = {0};
	struct json *array = json_new(doc, JSON_ARRAY);
	int r = seccomp_base(seccomp_native(), 0, &base, err);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < base.architecture_count; i++)
		if (json_append(array, json_new_string(doc, base.architectures[i])) < 0)
			return error_set(err, ENOMEM, "keep a container inside its network rules: out of memory");
	if (json_set(doc, json_root(doc), "architectures", array) < 0)
		return error_set(err, ENOMEM, "keep a container inside its network rules: out of memory");
	return 0;
}

static int keep_inside(struct profile *rules, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	int r = json_parse("the filter of network rules", stay_inside, sizeof stay_inside - 1, &doc, err);

	if (r == 0)
		r = add_architectures(doc, err);
	return r < 0 ? r : profile_take_filter(rules, json_root(doc), rules->name, err);
}

int plan_network_privileges(const struct json *config, const struct profile *own, struct plan *plan, struct error *err)
{
	struct profile rules;
	char name[256];
	int r = 0;

	if (!profile_asks_network(&plan->effective) || !json_find(config, "process.capabilities"))
		return 0;
	(void)snprintf(name, sizeof name, "network of %s", source_of(&plan->effective));
	profile_init(&rules, intern(name));
	if (!plan->effective.capabilities.set)
		rules.capabilities = (struct capability_setting){true, ~of_network, rules.name};
	if (plan_network_capabilities(&plan->effective, own) & of_network)
		r = keep_inside(&rules, err);
	return r < 0 ? r : profile_meet(&plan->effective, &rules, &plan->effective, err);
}

/* --- what they come to --- */

/* With the interned texts and documents: what plans point into, and so what is never freed. */
struct kept_policy {
	struct kept_policy *next;
	struct net_policy policy;
};
static struct kept_policy *kept_policies;

static int resolve_direction(const struct network_setting *network, const struct net_context *context,
			     struct net_direction *direction, struct error *err)
{
	int r = 0;

	direction->bandwidth = network->bandwidth.value == UNSET ? 0 : network->bandwidth.value;
	direction->connections = network->connections.value == UNSET ? 0 : network->connections.value;
	if (network->new_connections_ns.value != UNSET) {
		direction->new_connections = network->new_connections;
		direction->new_connections_ns = network->new_connections_ns.value;
		direction->new_connections_at_once = network->new_connections_at_once.value;
	}
	if (!network->count)
		return 0;
	direction->layers = calloc(network->count, sizeof *direction->layers);
	if (!direction->layers)
		return error_set(err, ENOMEM, "out of memory");
	for (unsigned i = 0; i < network->count && r == 0; i++) {
		r = net_layer_resolve(network->layers[i], context, &direction->layers[i], err);
		direction->layer_count += r == 0;
	}
	return r;
}

/* A budget of bytes is a quota in the kernel; all but a warning is held there, to the packet. */
static void take_quotas(const struct profile *profile, struct net_policy *policy)
{
	static const struct {
		enum budget budget;
		uint8_t direction;
		bool internet;
	} kinds[NET_QUOTAS] = {
		[NET_QUOTA_EGRESS] = {BUDGET_NET_EGRESS, NET_EGRESS, false},
		[NET_QUOTA_INGRESS] = {BUDGET_NET_INGRESS, NET_INGRESS, false},
		[NET_QUOTA_EGRESS_INTERNET] = {BUDGET_NET_EGRESS_INTERNET, NET_EGRESS, true},
	};

	for (int q = 0; q < NET_QUOTAS; q++) {
		const struct budget_setting *budget = &profile->budgets[kinds[q].budget];

		if (budget->limit.value == UNSET)
			continue;
		policy->quotas[q] = (struct net_quota){
			.set = true, .direction = kinds[q].direction, .internet = kinds[q].internet,
			.holds = budget->action.value != ACTION_WARN, .limit = budget->limit.value,
			.throttle = budget->action.value != ACTION_THROTTLE ? 0 :
				    budget->throttle_to.value == UNSET	    ? NETWORK_THROTTLE_DEFAULT : budget->throttle_to.value,
		};
	}
}

static bool has_dns(const struct json *entries, const struct json *services)
{
	json_each(entry, entries)
		if (strcmp(entry->text, "dns") == 0 || (services && has_dns(json_get(services, entry->text), NULL)))
			return true;
	return false;
}

static bool asks_dns(const struct profile *profile, const struct host_config *host_config)
{
	for (unsigned i = 0; i < profile->network[NET_EGRESS].count; i++) {
		const struct json *layer = profile->network[NET_EGRESS].layers[i];

		if (has_dns(json_get(layer, "allow"), host_config->services) || has_dns(json_get(layer, "deny"), host_config->services))
			return true;
	}
	return false;
}

static int find_resolvers(const struct host *host, const struct host_config *host_config, const struct json *config,
			  const char *bundle, struct plan *plan, struct net_context *context, struct error *err)
{
	int r;

	if (!asks_dns(&plan->effective, host_config))
		return 0;
	r = resolvers_find(host, config, bundle, context, err);
	if (r == 0 && !context->resolver_count && !context->docker_resolver)
		plan_warn(plan, "\"dns\" opens nothing: the container's /etc/resolv.conf names no server outside of it");
	return r;
}

static bool has_resolver(const struct net_direction *egress)
{
	for (size_t l = 0; l < egress->layer_count; l++)
		for (size_t i = 0; i < egress->layers[l].allow_count; i++)
			if (net_match_is_for_names(&egress->layers[l].allow[i]))
				return true;
	return false;
}

/* What a model is learned of, too: with whom it speaks. That takes nothing from the container, and is no reason to refuse it. */
static void note_endpoints(const struct host *host, const struct json *config, const char *bundle, const struct network_place *place,
			   struct plan *plan, struct net_record *record)
{
	struct net_context context = {0};
	struct error err = {0};

	if ((plan->watch != WATCH_RECORD && plan->watch != WATCH_COMPLAIN) || !network_has_own_rules(place))
		return;
	if (resolvers_find(host, config, bundle, &context, &err) < 0)
		plan_warn(plan, "which endpoints are its resolvers is not recorded: %s", err.text);
	record->set = true;
	record->resolver_count = context.resolver_count;
	memcpy(record->resolvers, context.resolvers, sizeof record->resolvers);
}

int plan_network_resolve(const struct host *host, const struct host_config *host_config, const struct json *config,
			 const char *bundle, const struct network_place *place, struct plan *plan, struct error *err)
{
	const struct profile *p = &plan->effective;
	uint64_t kept = p->capabilities.set ? p->capabilities.mask : 0;
	struct net_context context = {.services = host_config->services};
	struct net_record record = {0};
	struct kept_policy *keep;
	int r;

	note_endpoints(host, config, bundle, place, plan, &record);
	if (!profile_asks_network(p) && !record.set)
		return 0;
	keep = calloc(1, sizeof *keep);
	if (!keep)
		return error_set(err, ENOMEM, "plan the network: out of memory");
	keep->next = kept_policies;
	kept_policies = keep;
	r = find_resolvers(host, host_config, config, bundle, plan, &context, err);
	for (int d = 0; d < NET_DIRECTIONS && r == 0; d++)
		r = resolve_direction(&p->network[d], &context, &keep->policy.direction[d], err);
	/* With either it can make the answers of its resolver itself. */
	if (r == 0 && (kept & of_network) && net_policy_has_names(&keep->policy))
		r = error_set(err, EINVAL, "a host name in \"allow\" and CAP_NET_ADMIN or CAP_NET_RAW in \"capabilities\" exclude each other: "
					   "the container could forge what the name has; take one of them away");
	if (r < 0)
		return error_prefix(err, "network of %s", source_of(p));
	if (net_policy_has_names(&keep->policy) && !has_resolver(&keep->policy.direction[NET_EGRESS]) && !context.docker_resolver)
		plan_warn(plan, "host names in \"allow\" open nothing: there is no resolver whose answers count; add \"dns\" to it");
	take_quotas(p, &keep->policy);
	keep->policy.record = record;
	keep->policy.shared = place->holder == NETWORK_SHARED;
	/* A table that only watches may be undone: to be in the way of what the container does would change what is recorded. */
	keep->policy.owned = profile_asks_network(p) && (keep->policy.shared || (kept & BIT(CAP_NET_ADMIN)));
	keep->policy.raw = kept & BIT(CAP_NET_RAW);
	plan->network = &keep->policy;
	return 0;
}
