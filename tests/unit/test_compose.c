/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The laws of the meet, over thousands of random profiles, and its results in single cases. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/packet.h"
#include "lib/net/resolve.h"
#include "lib/profile/compose.h"
#include "lib/profile/internal.h"

enum { ROUNDS = 20000 };

/* splitmix64 with a fixed seed: a failure comes again. */
static uint64_t random_state = 20261125;

static uint64_t random_below(uint64_t n)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

static bool chance(unsigned percent)
{
	return random_below(100) < percent;
}

static const char *random_from(void)
{
	static const char *const names[] = {"ceiling", "profile a", "profile b", "config.json", "annotation x"};

	return names[random_below(ARRAY_SIZE(names))];
}

/* Few values, so that equal ones are common; sometimes the largest. */
static struct setting random_setting(unsigned percent)
{
	static const uint64_t values[] = {1, 2, 3, 4, 1000, INT64_MAX};

	if (!chance(percent))
		return (struct setting){UNSET, NULL};
	return (struct setting){values[random_below(ARRAY_SIZE(values))], random_from()};
}

static struct json *node_a, *node_b;

/* Out of few layers, so that two profiles have some in common. */
enum { RANDOM_LAYERS = 6 };
static const struct json *random_layers[RANDOM_LAYERS];

static void make_layers(void)
{
	static const char *const texts[RANDOM_LAYERS] = {
		"{\"default\":\"allow\"}", "{\"default\":\"deny\"}", "{\"default\":\"deny\",\"allow\":[\"10.0.0.0/30\"]}",
		"{\"default\":\"allow\",\"deny\":[\"10.0.0.2/31 tcp 1-2\"]}", "{\"default\":\"deny\",\"allow\":[\"10.0.0.1\",\"any tcp 2\"]}",
		"{\"default\":\"allow\",\"allow\":[\"10.0.0.3\"],\"deny\":[\"10.0.0.0/24 udp\"]}"};

	for (size_t i = 0; i < RANDOM_LAYERS; i++) {
		struct json_doc *doc = NULL;

		cr_assert_eq(json_parse("layer", texts[i], strlen(texts[i]), &doc, NULL), 0);
		cr_assert_eq(document_keep(doc, NULL), 0);
		random_layers[i] = json_root(doc);
	}
}

static void make_nodes(void)
{
	static const char *const texts[] = {"{\"defaultAction\":\"A\"}", "{\"defaultAction\":\"B\"}"};
	struct json **nodes[] = {&node_a, &node_b};

	for (size_t i = 0; i < 2; i++) {
		struct json_doc *doc = NULL;

		cr_assert_eq(json_parse("node", texts[i], strlen(texts[i]), &doc, NULL), 0);
		cr_assert_eq(document_keep(doc, NULL), 0);
		*nodes[i] = json_root(doc);
	}
	make_layers();
}

TestSuite(compose, .init = make_nodes);

static void random_budget(enum budget b, struct budget_setting *budget)
{
	budget->limit = random_setting(60);
	if (budget->limit.value == UNSET)
		return;
	if (budget_kinds[b].rate && chance(90)) {
		budget->rate_limit = 1 + random_below(4);
		budget->rate_per = (struct setting){1 + random_below(6), random_from()};
		if (chance(10)) {
			budget->rate_limit = INT64_MAX - random_below(3);
			budget->rate_per.value = INT64_MAX - random_below(3);
		}
	}
	if (chance(75))
		budget->action = (struct setting){random_below(ACTION_COUNT), random_from()};
	if (budget->action.value == ACTION_TERM)
		budget->grace_ns = random_setting(70);
	if (budget->action.value == ACTION_THROTTLE && budget_is_network(b))
		budget->throttle_to = random_setting(100);
	if (chance(50))
		budget->warn = (struct setting){1 + random_below(100), random_from()};
	if (b == BUDGET_STALL && chance(80))
		budget->stall_resource = (struct setting){chance(98) ? STALL_IO : STALL_CPU, random_from()};
}

static void random_set(struct cpu_set *set)
{
	if (!chance(50))
		return;
	set->set = true;
	set->from = random_from();
	for (int i = 0; i < CPU_SET_WORDS; i++)
		set->bits[i] = random_below(UINT64_MAX) & random_below(UINT64_MAX);
	if (chance(50)) {
		memset(set->bits, 0, sizeof set->bits);
		set->bits[random_below(2)] = random_below(4);
	}
	if (chance(98))
		set->bits[0] |= 1;
	set->bits[CPU_SET_WORDS - 1] |= UINT64_C(1) << 63;
	if (chance(2))
		set->bits[CPU_SET_WORDS - 1] = 0;
	if (!set->bits[0] && !set->bits[1] && !set->bits[CPU_SET_WORDS - 1])
		set->bits[0] = 1;
}

static void random_network(struct network_setting *network)
{
	const struct json *layer;

	while (network->count < 3 && chance(40)) {
		const struct json *all[NETWORK_LAYERS_MAX];

		layer = random_layers[random_below(RANDOM_LAYERS)];
		network->count = (unsigned)nodes_union(network->layers, network->count, &layer, 1, all, NETWORK_LAYERS_MAX);
		memcpy(network->layers, all, network->count * sizeof *all);
		network->from = random_from();
	}
	network->bandwidth = random_setting(40);
	network->connections = random_setting(40);
	if (chance(50)) {
		network->new_connections = 1 + random_below(4);
		network->new_connections_ns = (struct setting){1 + random_below(4), random_from()};
		network->new_connections_at_once = (struct setting){1 + random_below(4), random_from()};
	}
}

static struct profile random_profile(void)
{
	struct profile p;

	profile_init(&p, "p");
	for (int b = 0; b < BUDGET_COUNT; b++)
		random_budget((enum budget)b, &p.budgets[b]);
	p.resources.cpu_shares = random_setting(40);
	p.resources.memory_limit = random_setting(40);
	p.resources.memory_reservation = random_setting(40);
	p.resources.memory_swap = random_setting(40);
	p.resources.pids_limit = random_setting(40);
	if (chance(50)) {
		const char *from = random_from();

		p.resources.cpu_quota = (struct setting){1000 * (1 + random_below(4)), from};
		p.resources.cpu_period = (struct setting){1000 * (1 + random_below(4)), from};
	}
	random_set(&p.resources.cpus);
	random_set(&p.resources.mems);
	if (chance(50))
		p.capabilities = (struct capability_setting){true, random_below(UINT64_C(1) << 41), random_from()};
	if (chance(50))
		p.no_new_privileges = (struct setting){1, random_from()};
	if (chance(50))
		p.record = (struct setting){1, random_from()};
	if (chance(60))
		p.seccomp = (struct seccomp_setting){.kind = chance(50) ? SECCOMP_UNCONFINED : SECCOMP_DEFAULT, .from = random_from()};
	if (chance(40))
		p.seccomp = (struct seccomp_setting){SECCOMP_OBJECT, {chance(50) ? node_a : node_b}, 1, random_from(), chance(50) ? random_from() : NULL};
	for (int d = 0; d < NET_DIRECTIONS; d++)
		random_network(&p.network[d]);
	if (chance(40)) {
		p.baseline = chance(98) ? node_a : node_b;
		p.baseline_from = random_from();
	}
	return p;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same(struct setting a, struct setting b)
{
	return a.value == b.value && same_name(a.from, b.from);
}

static bool same_set(const struct cpu_set *a, const struct cpu_set *b)
{
	return a->set == b->set && same_name(a->from, b->from) && memcmp(a->bits, b->bits, sizeof a->bits) == 0;
}

static const char *budget_difference(const struct budget_setting *a, const struct budget_setting *b)
{
	if (!same(a->limit, b->limit))
		return "limit";
	if (a->rate_limit != b->rate_limit || !same(a->rate_per, b->rate_per))
		return "per";
	if (!same(a->action, b->action))
		return "action";
	if (!same(a->grace_ns, b->grace_ns))
		return "grace";
	if (!same(a->warn, b->warn))
		return "warn";
	if (!same(a->throttle_to, b->throttle_to))
		return "throttleTo";
	return same(a->stall_resource, b->stall_resource) ? NULL : "resource";
}

static bool network_differs(const struct network_setting *a, const struct network_setting *b)
{
	return a->count != b->count || memcmp(a->layers, b->layers, a->count * sizeof *a->layers) != 0 ||
	       !same_name(a->from, b->from) || !same(a->bandwidth, b->bandwidth) || !same(a->connections, b->connections) ||
	       a->new_connections != b->new_connections || !same(a->new_connections_ns, b->new_connections_ns) ||
	       !same(a->new_connections_at_once, b->new_connections_at_once);
}

/* The name of the first field that differs, sources included, or NULL. */
static const char *difference(const struct profile *a, const struct profile *b)
{
	const struct resources *r = &a->resources, *s = &b->resources;

	for (int i = 0; i < BUDGET_COUNT; i++)
		if (budget_difference(&a->budgets[i], &b->budgets[i]))
			return budget_difference(&a->budgets[i], &b->budgets[i]);
	if (!same(r->cpu_quota, s->cpu_quota) || !same(r->cpu_period, s->cpu_period))
		return "quota";
	if (!same(r->cpu_shares, s->cpu_shares) || !same(r->memory_limit, s->memory_limit) ||
	    !same(r->memory_reservation, s->memory_reservation) || !same(r->memory_swap, s->memory_swap) ||
	    !same(r->pids_limit, s->pids_limit))
		return "resources";
	if (!same_set(&r->cpus, &s->cpus) || !same_set(&r->mems, &s->mems))
		return "sets";
	if (a->capabilities.set != b->capabilities.set || a->capabilities.mask != b->capabilities.mask ||
	    !same_name(a->capabilities.from, b->capabilities.from))
		return "capabilities";
	if (!same(a->no_new_privileges, b->no_new_privileges))
		return "noNewPrivileges";
	if (!same(a->record, b->record))
		return "record";
	if (a->seccomp.kind != b->seccomp.kind || a->seccomp.count != b->seccomp.count ||
	    memcmp(a->seccomp.objects, b->seccomp.objects, sizeof a->seccomp.objects) != 0 ||
	    !same_name(a->seccomp.from, b->seccomp.from) || !same_name(a->seccomp.default_from, b->seccomp.default_from))
		return "seccomp";
	for (int d = 0; d < NET_DIRECTIONS; d++)
		if (network_differs(&a->network[d], &b->network[d]))
			return "network";
	return a->baseline != b->baseline || !same_name(a->baseline_from, b->baseline_from) ? "baseline" : NULL;
}

Test(compose, is_at_least_as_strict_as_each_source)
{
	int composed = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct profile a = random_profile(), b = random_profile(), met;

		if (profile_meet(&a, &b, &met, NULL) < 0)
			continue;
		composed++;
		cr_assert(profile_at_least_as_strict(&met, &a), "round %d", i);
		cr_assert(profile_at_least_as_strict(&met, &b), "round %d", i);
	}
	cr_assert_gt(composed, ROUNDS / 2, "most must have a meet, or this shows little: %d", composed);
}

Test(compose, does_not_depend_on_order)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct profile a = random_profile(), b = random_profile(), ab, ba;
		int r = profile_meet(&a, &b, &ab, NULL), s = profile_meet(&b, &a, &ba, NULL);

		cr_assert_eq(r, s, "round %d", i);
		if (r == 0)
			cr_assert_null(difference(&ab, &ba), "round %d: %s", i, difference(&ab, &ba));
	}
}

Test(compose, does_not_depend_on_grouping)
{
	int composed = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct profile a = random_profile(), b = random_profile(), c = random_profile(), left, right;
		int r = profile_meet(&a, &b, &left, NULL), s = profile_meet(&b, &c, &right, NULL);

		r = r < 0 ? r : profile_meet(&left, &c, &left, NULL);
		s = s < 0 ? s : profile_meet(&a, &right, &right, NULL);
		cr_assert_eq(r < 0, s < 0, "round %d", i);
		if (r < 0)
			continue;
		composed++;
		cr_assert_null(difference(&left, &right), "round %d: %s", i, difference(&left, &right));
	}
	cr_assert_gt(composed, ROUNDS / 3, "%d", composed);
}

Test(compose, with_itself_and_with_nothing_changes_nothing)
{
	struct profile nothing;

	profile_init(&nothing, "p");
	for (int i = 0; i < ROUNDS; i++) {
		struct profile a = random_profile(), met;

		cr_assert_eq(profile_meet(&a, &a, &met, NULL), 0);
		cr_assert_null(difference(&a, &met), "round %d: %s", i, difference(&a, &met));
		cr_assert_eq(profile_meet(&a, &nothing, &met, NULL), 0);
		cr_assert_null(difference(&a, &met), "round %d: %s", i, difference(&a, &met));
		cr_assert_eq(profile_meet(&nothing, &a, &met, NULL), 0);
		cr_assert_null(difference(&a, &met), "round %d: %s", i, difference(&a, &met));
		cr_assert(profile_at_least_as_strict(&a, &a));
		cr_assert(profile_at_least_as_strict(&a, &nothing));
	}
}

Test(compose, the_operator_replaces_values_but_never_above_the_ceiling)
{
	int replaced = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct profile p = random_profile(), over = random_profile(), ceiling = random_profile(), met;

		profile_override(&p, &over);
		for (int b = 0; b < BUDGET_COUNT; b++)
			if (over.budgets[b].limit.value != UNSET)
				cr_assert(same(p.budgets[b].limit, over.budgets[b].limit), "round %d", i);
		if (profile_meet(&p, &ceiling, &met, NULL) < 0)
			continue;
		replaced++;
		cr_assert(profile_at_least_as_strict(&met, &ceiling), "round %d", i);
		cr_assert(profile_at_least_as_strict(&met, &p), "round %d", i);
	}
	cr_assert_gt(replaced, ROUNDS / 2, "%d", replaced);
}

/* --- single cases, so that the laws are not held by a meet of nothing --- */

static struct profile nothing(void)
{
	struct profile p;

	profile_init(&p, "p");
	return p;
}

static struct profile parsed(const char *from, const char *text)
{
	struct json_doc *doc = NULL;
	struct profile p;
	struct error err = {0};

	cr_assert_eq(json_parse("p.json", text, strlen(text), &doc, &err), 0, "%s", err.text);
	cr_assert_eq(document_keep(doc, &err), 0);
	cr_assert_eq(profile_parse(json_root(doc), "p.json", from, true, &p, NULL, &err), 0, "%s", err.text);
	return p;
}

static struct profile met(const struct profile *a, const struct profile *b)
{
	struct profile p;
	struct error err = {0};

	cr_assert_eq(profile_meet(a, b, &p, &err), 0, "%s", err.text);
	return p;
}

Test(compose, takes_the_stricter_of_each_field_with_its_source)
{
	struct profile a = parsed("a", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"warn\",\"warn\":\"50%\"},"
				       "\"wall\":{\"limit\":\"9s\",\"action\":\"term\",\"grace\":\"3s\"}},"
				       "\"resources\":{\"cpu\":{\"quota\":30000,\"period\":50000,\"cpus\":\"0-3\"}},"
				       "\"capabilities\":[\"CAP_KILL\",\"CAP_CHOWN\"]}");
	struct profile b = parsed("b", "{\"budgets\":{\"cpu\":{\"limit\":\"9s\",\"warn\":\"80%\"},"
				       "\"wall\":{\"limit\":\"10s\",\"action\":\"term\",\"grace\":\"1s\"}},"
				       "\"resources\":{\"cpu\":{\"quota\":50000,\"period\":100000,\"cpus\":\"2-5\"},"
				       "\"pids\":{\"limit\":7}},\"capabilities\":[\"CAP_CHOWN\",\"CAP_FOWNER\"],"
				       "\"seccomp\":\"unconfined\",\"noNewPrivileges\":true}");
	struct profile p = met(&a, &b);

	cr_assert_eq(p.budgets[BUDGET_CPU].limit.value, UINT64_C(5000000000));
	cr_assert_str_eq(p.budgets[BUDGET_CPU].limit.from, "a");
	cr_assert_eq(p.budgets[BUDGET_CPU].action.value, ACTION_KILL, "kill is what b's silence meant");
	cr_assert_str_eq(p.budgets[BUDGET_CPU].action.from, "b");
	cr_assert_eq(p.budgets[BUDGET_CPU].warn.value, 50);
	cr_assert_eq(p.budgets[BUDGET_WALL].grace_ns.value, 1000000000);
	cr_assert_str_eq(p.budgets[BUDGET_WALL].grace_ns.from, "b");
	cr_assert_eq(p.resources.cpu_quota.value, 50000, "half a CPU is less than three fifths");
	cr_assert_eq(p.resources.cpu_period.value, 100000);
	cr_assert_eq(p.resources.cpus.bits[0], 0xc);
	cr_assert_str_eq(p.resources.cpus.from, "a, b");
	cr_assert_eq(p.resources.pids_limit.value, 7);
	cr_assert_eq(p.capabilities.mask, 1);
	cr_assert_eq(p.no_new_privileges.value, 1);
	cr_assert_eq(p.seccomp.kind, SECCOMP_UNCONFINED);
}

Test(compose, term_without_a_grace_is_stricter_than_with_one_and_kill_has_none)
{
	struct profile slow = parsed("a", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"term\",\"grace\":\"3s\"}}}");
	struct profile at_once = parsed("b", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"term\"}}}");
	struct profile kill = parsed("c", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\"}}}");
	struct profile p = met(&slow, &at_once);

	cr_assert_eq(p.budgets[BUDGET_CPU].grace_ns.value, UNSET);
	cr_assert(!profile_at_least_as_strict(&slow, &at_once));
	p = met(&slow, &kill);
	cr_assert_eq(p.budgets[BUDGET_CPU].action.value, ACTION_KILL);
	cr_assert_eq(p.budgets[BUDGET_CPU].grace_ns.value, UNSET);
}

Test(compose, a_limit_from_an_annotation_leaves_the_action_and_its_grace)
{
	struct profile p = parsed("profile p", "{\"budgets\":{\"wall\":{\"limit\":\"9s\",\"action\":\"term\",\"grace\":\"3s\"}}}");
	struct profile asked = nothing(), looser = nothing();

	cr_assert_eq(profile_set_budget(&asked, "wall", "2s", "annotation io.stint.budget.wall", NULL), 0);
	cr_assert_eq(profile_set_budget(&looser, "wall", "20s", "annotation io.stint.budget.wall", NULL), 0);
	asked = met(&p, &asked);
	cr_assert_eq(asked.budgets[BUDGET_WALL].limit.value, UINT64_C(2000000000));
	cr_assert_eq(asked.budgets[BUDGET_WALL].action.value, ACTION_TERM);
	cr_assert_eq(asked.budgets[BUDGET_WALL].grace_ns.value, UINT64_C(3000000000));
	looser = met(&p, &looser);
	cr_assert_eq(looser.budgets[BUDGET_WALL].limit.value, UINT64_C(9000000000), "an annotation loosens nothing");
	cr_assert_str_eq(looser.budgets[BUDGET_WALL].limit.from, "profile p");
}

Test(compose, equal_values_are_from_the_alphabetically_first)
{
	struct profile a = parsed("profile z", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\"}}}");
	struct profile b = parsed("ceiling", "{\"budgets\":{\"cpu\":{\"limit\":\"5000ms\"}}}");
	struct profile p = met(&a, &b);

	cr_assert_str_eq(p.budgets[BUDGET_CPU].limit.from, "ceiling");
}

Test(compose, what_has_no_meet_names_both_sources)
{
	static const struct {
		const char *a, *b;
		int code;
	} table[] = {
		{"{\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}}", "{\"resources\":{\"cpu\":{\"cpus\":\"2-3\"}}}", EINVAL},
		{"{\"resources\":{\"cpu\":{\"mems\":\"0\"}}}", "{\"resources\":{\"cpu\":{\"mems\":\"1\"}}}", EINVAL},
		{"{\"seccomp\":\"learned\"}", "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}", ENOTSUP},
		{"{\"baseline\":{\"mode\":\"learn\"}}", "{\"baseline\":{\"mode\":\"off\"}}", ENOTSUP},
		{"{\"budgets\":{\"stall\":{\"limit\":\"1s\",\"per\":\"2s\",\"resource\":\"io\"}}}",
		 "{\"budgets\":{\"stall\":{\"limit\":\"1s\",\"per\":\"2s\",\"resource\":\"cpu\"}}}", ENOTSUP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct profile a = parsed("source-one", table[i].a), b = parsed("source-two", table[i].b), p = nothing();
		struct error err = {0};

		cr_expect_eq(profile_meet(&a, &b, &p, &err), -table[i].code, "%s", table[i].a);
		cr_expect_not_null(strstr(err.text, "source-one"), "%s", err.text);
		cr_expect_not_null(strstr(err.text, "source-two"), "%s", err.text);
		cr_expect_eq(p.budgets[BUDGET_STALL].limit.value, UNSET, "the output is untouched");
	}
}

Test(compose, filters_are_put_together_and_made_one)
{
	struct profile a = parsed("a", "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}");
	struct profile b = parsed("b", "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}}");
	struct profile p = met(&a, &b);
	struct error err = {0};
	unsigned inexact;

	cr_assert_eq(p.seccomp.count, 2);
	cr_assert_str_eq(p.seccomp.from, "a, b");
	cr_assert_eq(profile_compose_filters(&p, &inexact, &err), 0, "%s", err.text);
	cr_assert_eq(p.seccomp.count, 1);
	cr_assert_eq(inexact, 0);
	cr_assert_str_eq(json_string(json_get(p.seccomp.objects[0], "defaultAction")), "SCMP_ACT_ERRNO");
	cr_assert_str_eq(json_string(json_get(json_get(p.seccomp.objects[0], "syscalls")->first, "action")), "SCMP_ACT_LOG");
	/* Another's filter does not answer who asks for the default. */
	b = parsed("b", "{\"seccomp\":\"default\"}");
	p = met(&a, &b);
	cr_assert_eq(p.seccomp.kind, SECCOMP_OBJECT);
	cr_assert_str_eq(p.seccomp.from, "a");
	cr_assert(profile_asks_default_filter(&p));
	cr_assert_not(profile_asks_default_filter(&a));
}

Test(compose, equal_filters_from_two_documents_have_a_meet)
{
	struct profile a = parsed("a", "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"},\"network\":{\"egress\":{\"default\":\"deny\"}}}");
	struct profile b = parsed("b", "{\"network\":{\"egress\":{\"default\":\"deny\"}},\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}");
	struct profile p = met(&b, &a);

	cr_assert_str_eq(p.seccomp.from, "a, b");
	cr_assert_str_eq(p.network[NET_EGRESS].from, "a, b");
	cr_assert_eq(p.network[NET_EGRESS].count, 1);
	cr_assert(profile_at_least_as_strict(&a, &b));
}

/* The second of each is looser in one field only. */
Test(compose, looser_in_any_field_is_not_as_strict)
{
	static const struct {
		const char *strict, *loose;
	} table[] = {
		{"{\"budgets\":{\"cpu\":{\"limit\":\"5s\"}}}", "{}"},
		{"{\"budgets\":{\"cpu\":{\"limit\":\"5s\"}}}", "{\"budgets\":{\"cpu\":{\"limit\":\"5001ms\"}}}"},
		{"{\"budgets\":{\"cpu\":{\"limit\":\"5s\"}}}", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"term\"}}}"},
		{"{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"throttle\"}}}", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"warn\"}}}"},
		{"{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"warn\":\"50%\"}}}", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"warn\":\"51%\"}}}"},
		{"{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"warn\":\"50%\"}}}", "{\"budgets\":{\"cpu\":{\"limit\":\"5s\"}}}"},
		{"{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"term\",\"grace\":\"1s\"}}}",
		 "{\"budgets\":{\"cpu\":{\"limit\":\"5s\",\"action\":\"term\",\"grace\":\"2s\"}}}"},
		{"{\"budgets\":{\"cpuRate\":{\"limit\":\"5s\",\"per\":\"10s\"}}}", "{\"budgets\":{\"cpuRate\":{\"limit\":\"5s\",\"per\":\"9999ms\"}}}"},
		{"{\"resources\":{\"cpu\":{\"quota\":10000}}}", "{\"resources\":{\"cpu\":{\"quota\":10000,\"period\":99999}}}"},
		{"{\"resources\":{\"cpu\":{\"quota\":10000}}}", "{}"},
		{"{\"resources\":{\"cpu\":{\"shares\":2}}}", "{\"resources\":{\"cpu\":{\"shares\":3}}}"},
		{"{\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}}", "{\"resources\":{\"cpu\":{\"cpus\":\"1-2\"}}}"},
		{"{\"resources\":{\"cpu\":{\"mems\":\"0\"}}}", "{}"},
		{"{\"resources\":{\"memory\":{\"limit\":7}}}", "{\"resources\":{\"memory\":{\"limit\":8}}}"},
		{"{\"resources\":{\"memory\":{\"limit\":7,\"swap\":7}}}", "{\"resources\":{\"memory\":{\"limit\":7,\"swap\":8}}}"},
		{"{\"resources\":{\"memory\":{\"reservation\":7}}}", "{\"resources\":{\"memory\":{\"reservation\":8}}}"},
		{"{\"resources\":{\"pids\":{\"limit\":7}}}", "{\"resources\":{\"pids\":{\"limit\":8}}}"},
		{"{\"capabilities\":[]}", "{\"capabilities\":[\"CAP_KILL\"]}"},
		{"{\"capabilities\":[\"CAP_CHOWN\"]}", "{}"},
		{"{\"noNewPrivileges\":true}", "{}"},
		{"{\"record\":true}", "{}"},
		{"{\"seccomp\":\"unconfined\"}", "{}"},
		{"{\"seccomp\":\"default\"}", "{\"seccomp\":\"unconfined\"}"},
		{"{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}", "{\"seccomp\":\"learned\"}"},
		{"{\"seccomp\":\"default\"}", "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}"},
		{"{\"network\":{\"egress\":{}}}", "{}"},
		{"{\"network\":{\"egress\":{}}}", "{\"network\":{}}"},
		{"{\"network\":{\"egress\":{\"default\":\"deny\"}}}", "{\"network\":{\"egress\":{\"default\":\"allow\"}}}"},
		{"{\"network\":{\"egress\":{\"allow\":[\"dns\"]}}}", "{\"network\":{\"egress\":{\"allow\":[\"any\",\"dns\"]}}}"},
		{"{\"network\":{\"ingress\":{\"deny\":[\"any\",\"private\"]}}}", "{\"network\":{\"ingress\":{\"deny\":[\"private\"]}}}"},
		{"{\"network\":{\"ingress\":{\"deny\":[\"any\"]}}}",
		 "{\"network\":{\"ingress\":{\"default\":\"allow\",\"deny\":[\"any\"],\"allow\":[\"10.0.0.1\"]}}}"},
		{"{\"network\":{\"egress\":{\"allow\":[\"any\"],\"within\":[{\"deny\":[\"private\"]}]}}}", "{\"network\":{\"egress\":{\"allow\":[\"any\"]}}}"},
		{"{\"network\":{\"egress\":{\"bandwidth\":\"1KiB/s\"}}}", "{\"network\":{\"egress\":{\"bandwidth\":\"1025B/s\"}}}"},
		{"{\"network\":{\"egress\":{\"newConnections\":\"59/m\"}}}", "{\"network\":{\"egress\":{\"newConnections\":\"1/s\"}}}"},
		{"{\"network\":{\"egress\":{\"newConnections\":\"1/s\"}}}", "{\"network\":{\"egress\":{\"newConnections\":\"59/m\"}}}"},
		{"{\"network\":{\"egress\":{\"connections\":4}}}", "{\"network\":{\"egress\":{\"connections\":5}}}"},
		{"{\"budgets\":{\"netEgress\":{\"limit\":\"1B\",\"action\":\"cut\"}}}", "{\"budgets\":{\"netEgress\":{\"limit\":\"1B\",\"action\":\"throttle\"}}}"},
		{"{\"budgets\":{\"netEgress\":{\"limit\":\"1B\",\"action\":\"throttle\"}}}",
		 "{\"budgets\":{\"netEgress\":{\"limit\":\"1B\",\"action\":\"throttle\",\"throttleTo\":\"1MiB/s\"}}}"},
		{"{\"baseline\":{\"mode\":\"enforce\"}}", "{\"baseline\":{\"mode\":\"off\"}}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct profile strict = parsed("a", table[i].strict), loose = parsed("b", table[i].loose);

		cr_expect_not(profile_at_least_as_strict(&loose, &strict), "%s / %s", table[i].loose, table[i].strict);
		cr_expect(profile_at_least_as_strict(&strict, &strict), "%s", table[i].strict);
	}
}

/* config.json may have what a profile may not: a quota without its period, a period alone. */
Test(compose, a_quota_without_a_period_has_the_kernels)
{
	struct profile config = nothing(), half = parsed("b", "{\"resources\":{\"cpu\":{\"quota\":500000,\"period\":1000000}}}"), p;

	config.resources.cpu_quota = (struct setting){40000, "config.json"};
	p = met(&config, &half);
	cr_assert_eq(p.resources.cpu_quota.value, 40000);
	cr_assert_eq(p.resources.cpu_period.value, 100000);
	config.resources.cpu_quota = (struct setting){60000, "config.json"};
	p = met(&config, &half);
	cr_assert_eq(p.resources.cpu_quota.value, 500000);
	config = nothing();
	config.resources.cpu_period = (struct setting){2000, "config.json"};
	p = met(&config, &half);
	cr_assert_eq(p.resources.cpu_period.value, 1000000, "a period alone limits nothing");
}

/* A profile's rate over an hour does not let more through at once than a ceiling's over a second. */
Test(compose, of_two_rates_of_connections_the_slower_and_the_smaller_burst)
{
	struct profile second = parsed("a", "{\"network\":{\"egress\":{\"newConnections\":\"50/s\"}}}");
	struct profile hour = parsed("b", "{\"network\":{\"egress\":{\"newConnections\":\"3600/h\"}}}");
	struct profile p = met(&second, &hour);
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *node;

	cr_assert_eq(p.network[NET_EGRESS].new_connections, 3600);
	cr_assert_eq(p.network[NET_EGRESS].new_connections_at_once.value, 50);
	cr_assert(profile_at_least_as_strict(&p, &second));
	cr_assert(profile_at_least_as_strict(&p, &hour));
	cr_assert_eq(json_doc_new(&doc, NULL), 0);
	cr_assert_eq(profile_to_json(&p, doc, &node, NULL), 0);
	cr_assert_str_eq(json_string(json_find(node, "network.egress.newConnections")), "3600/h, 50 at once");
}

Test(compose, an_override_takes_limit_and_rate_together_and_drops_a_grace_without_term)
{
	struct profile p = parsed("p", "{\"budgets\":{\"cpuRate\":{\"limit\":\"1s\",\"per\":\"1h\"},"
				       "\"cpu\":{\"limit\":\"1s\",\"action\":\"term\",\"grace\":\"1s\"}}}");
	struct profile over = parsed("o", "{\"budgets\":{\"cpu\":{\"limit\":\"9s\"}}}");

	cr_assert_eq(profile_set_budget(&over, "cpuRate", "3s/4s", "--budget cpuRate", NULL), 0);
	profile_override(&p, &over);
	cr_assert_eq(p.budgets[BUDGET_CPU_RATE].rate_limit, UINT64_C(3000000000));
	cr_assert_eq(p.budgets[BUDGET_CPU_RATE].rate_per.value, UINT64_C(4000000000));
	cr_assert_eq(p.budgets[BUDGET_CPU_RATE].action.value, ACTION_KILL);
	cr_assert_eq(p.budgets[BUDGET_CPU].limit.value, UINT64_C(9000000000));
	cr_assert_eq(p.budgets[BUDGET_CPU].action.value, ACTION_KILL);
	cr_assert_eq(p.budgets[BUDGET_CPU].grace_ns.value, UNSET);
}

static void resolve_layers(const struct network_setting *network, struct net_policy *policy)
{
	struct net_direction *direction = &policy->direction[NET_EGRESS];
	const struct net_context context = {0};

	direction->layers = calloc(NETWORK_LAYERS_MAX, sizeof *direction->layers);
	for (unsigned i = 0; i < network->count; i++, direction->layer_count++)
		cr_assert_eq(net_layer_resolve(network->layers[i], &context, &direction->layers[i], NULL), 0);
}

/* The meet means what it says, packet by packet. */
Test(compose, a_packet_passes_two_composed_policies_when_it_passes_both)
{
	unsigned passed = 0;

	for (int i = 0; i < 2000; i++) {
		struct profile a = random_profile(), b = random_profile(), met;
		_cleanup_net_policy_ struct net_policy of_a = {0}, of_b = {0}, of_met = {0};

		if (profile_meet(&a, &b, &met, NULL) < 0)
			continue;
		resolve_layers(&a.network[NET_EGRESS], &of_a);
		resolve_layers(&b.network[NET_EGRESS], &of_b);
		resolve_layers(&met.network[NET_EGRESS], &of_met);
		for (int n = 0; n < 64; n++) {
			const struct net_packet packet = {.family = AF_INET, .address = {10, 0, 0, (uint8_t)random_below(5)},
							  .protocol = chance(50) ? IPPROTO_TCP : IPPROTO_UDP, .port = (uint16_t)random_below(4)};
			bool both = net_policy_passes(&of_a, &packet) && net_policy_passes(&of_b, &packet);

			cr_assert_eq(net_policy_passes(&of_met, &packet), both, "round %d", i);
			passed += both;
		}
	}
	cr_assert_gt(passed, 10000, "%u: most must not be denied by everything", passed);
}
