/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network part of plans: where rules hold, what a container may not keep beside them, and whom it asks for names. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/net/packet.h"
#include "lib/net/prefix.h"
#include "lib/oci/config.h"
#include "lib/plan/network.h"
#include "lib/plan/resolvers.h"
#include "lib/seccomp/filter.h"

#define OWN "[{\"type\":\"network\"}]"
#define RULES ",\"network\":{\"egress\":{\"default\":\"deny\"}}"
#define KEEPS(names) ",\"capabilities\":{\"bounding\":[" names "],\"effective\":[" names "]}"
#define ALL KEEPS("\"CAP_NET_ADMIN\",\"CAP_NET_RAW\",\"CAP_CHOWN\"")

static char directory[64];
static struct host host;
static struct host_config host_config;
static struct cgroup_layout layout;
static struct plan plan;
static struct json_doc *docs[256];
static size_t doc_count;

static void setup(void)
{
	(void)snprintf(directory, sizeof directory, "/tmp/stint-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(host_init(&host, NULL, NULL), 0);
	(void)snprintf(host.config_dir, sizeof host.config_dir, "%s/none", directory);
	(void)snprintf(host.data_dir, sizeof host.data_dir, "%s/none", directory);
	(void)snprintf(host.shipped_dir, sizeof host.shipped_dir, "%s/none", directory);
	(void)snprintf(host.resolv_conf, sizeof host.resolv_conf, "%s/host-resolv.conf", directory);
	layout = (struct cgroup_layout){.mode = CGROUP_V2, .count = 1};
	layout.hierarchies[0] = (struct hierarchy){.unified = true, .controllers = ~0u};
	host_config = (struct host_config){.refuse_unenforceable = true};
}

static void teardown(void)
{
	char command[160];

	(void)snprintf(command, sizeof command, "rm -r %s", directory);
	cr_expect_eq(system(command), 0);
	for (size_t i = 0; i < doc_count; i++)
		json_doc_free(docs[i]);
}

TestSuite(plan_network, .init = setup, .fini = teardown);

static struct json *parse(const char *text)
{
	struct error err = {0};

	cr_assert_lt(doc_count, ARRAY_SIZE(docs));
	cr_assert_eq(json_parse("text", text, strlen(text), &docs[doc_count], &err), 0, "%s: %s", text, err.text);
	return json_root(docs[doc_count++]);
}

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static int make(const char *profile, const char *process, const char *namespaces, const char *more, enum plan_mode mode,
		struct error *err)
{
	char path[128], text[4096];
	struct plan_request request = {.profile = path, .bundle = directory};

	(void)snprintf(path, sizeof path, "%s/p.json", directory);
	(void)snprintf(text, sizeof text, "{\"stintVersion\":\"1.0\",\"name\":\"p\"%s}", profile);
	put("p.json", text);
	(void)snprintf(text, sizeof text, "{\"ociVersion\":\"1\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/\","
		       "\"args\":[\"a\"]%s},\"linux\":{\"namespaces\":%s}%s}", process, namespaces, more);
	return plan_make(&host, &host_config, &layout, parse(text), &request, mode, &plan, err);
}

/* A container that joins a namespace is told apart in it by its v2 group. */
Test(plan_network, rules_hold_only_where_its_packets_are_known)
{
#define POD ",\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\"}"
#define CRIO ",\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"container\"}"
#define SANDBOX ",\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\"}"
#define ANOTHERS "[{\"type\":\"network\",\"path\":\"/proc/4194305/ns/net\"}]"
	enum { HOLDS, SHARES, SANDBOXS, REFUSED };
	static const struct {
		const char *namespaces, *more, *why;
		int with_v2, without;
	} rows[] = {
		{OWN, "", "", HOLDS, HOLDS},
		{"[]", "", "host's network", REFUSED, REFUSED},
		{"[{\"type\":\"pid\"}]", "", "host's network", REFUSED, REFUSED},
		{"[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}]", "", "host's network", REFUSED, REFUSED},
		{"[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}]", POD, "host's network", REFUSED, REFUSED},
		{ANOTHERS, "", "joins another's network", SHARES, REFUSED},
		{ANOTHERS, POD, "sandbox", SHARES, SANDBOXS},
		{ANOTHERS, SANDBOX, "joins another's network", SHARES, REFUSED},
		{"[{\"type\":\"network\",\"path\":\"/run/netns/cni-1\"}]", CRIO, "sandbox", SHARES, SANDBOXS},
		{"[{\"type\":\"network\",\"path\":\"/run/netns/cni-1\"}]", SANDBOX, "", HOLDS, HOLDS},
		{"[{\"type\":\"network\",\"path\":\"/run/netns/netns-1\"}]", "", "", HOLDS, HOLDS},
		{OWN, POD, "", HOLDS, HOLDS}, /* whoever wrote it has nothing of it */
		{"[{\"type\":\"network\"},{\"type\":\"user\",\"path\":\"/proc/4194305/ns/user\"}]", "", "user namespace", REFUSED, REFUSED},
		{"[{\"type\":\"network\"},{\"type\":\"user\"}]", "", "", HOLDS, HOLDS},
	};
	static const struct {
		enum cgroup_mode cgroups;
		enum plan_mode mode;
		bool with_v2;
	} worlds[] = {
		{CGROUP_V2, PLAN_WRAPPER, true}, {CGROUP_V2, PLAN_HOOK, true}, {CGROUP_HYBRID, PLAN_WRAPPER, true},
		{CGROUP_HYBRID, PLAN_HOOK, false}, /* the runtime has made its groups, and none in the v2 tree */
		{CGROUP_V1, PLAN_WRAPPER, false}, {CGROUP_V1, PLAN_HOOK, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows) * ARRAY_SIZE(worlds) * 2; i++) {
		size_t row = i / (ARRAY_SIZE(worlds) * 2), world = i / 2 % ARRAY_SIZE(worlds);
		int wanted = worlds[world].with_v2 ? rows[row].with_v2 : rows[row].without, r;
		bool warn = i % 2, left_out = wanted == REFUSED || wanted == SANDBOXS;
		struct error err = {0};

		host_config.refuse_unenforceable = !warn;
		layout.mode = worlds[world].cgroups;
		layout.hierarchies[0].unified = worlds[world].cgroups == CGROUP_V2;
		r = make(RULES, "", rows[row].namespaces, rows[row].more, worlds[world].mode, &err);
		cr_assert_eq(r, wanted == REFUSED && !warn ? -ENOTSUP : 0, "%zu in %zu: %s", row, world, err.text);
		if (r < 0) {
			cr_assert(strstr(err.text, rows[row].why) && strstr(err.text, "onUnenforceable"), "%s", err.text);
			continue;
		}
		cr_assert_eq(plan.network == NULL, left_out, "%zu in %zu", row, world);
		cr_assert_eq(plan.effective.network[NET_EGRESS].count, left_out ? 0 : 1);
		cr_assert_eq(plan.warning_count, left_out ? 1 : 0, "%zu in %zu: %s", row, world, plan.warnings[0]);
		cr_assert(!left_out || strstr(plan.warnings[0], rows[row].why), "%s", plan.warnings[0]);
		/* Who else is in the namespace may be able to change tables there. */
		cr_assert(left_out || (plan.network->shared == (wanted == SHARES) && plan.network->owned == (wanted == SHARES)));
	}
}

static uint64_t mask(int a, int b)
{
	return UINT64_C(1) << a | UINT64_C(1) << b;
}

/* Of a container whose run is recorded; it loses nothing by that. */
Test(plan_network, endpoints_are_recorded_where_its_packets_are_known)
{
#define RECORD ",\"record\":true"
#define HAS_ADMIN ",\"capabilities\":{\"bounding\":[\"CAP_NET_ADMIN\"],\"effective\":[\"CAP_NET_ADMIN\"],\"permitted\":[\"CAP_NET_ADMIN\"]}"
#define RESOLV_CONF ",\"mounts\":[{\"destination\":\"/etc/resolv.conf\",\"source\":\"resolv.conf\",\"options\":[\"bind\"]}]"
	char rootfs[128];
	struct error err = {0};

	(void)snprintf(rootfs, sizeof rootfs, "%s/rootfs", directory); /* which says what workload it is */
	cr_assert_eq(mkdir(rootfs, 0755), 0);
	put("rootfs/a", "");
	cr_assert_eq(make("", HAS_ADMIN, OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect_null(plan.network, "nobody asked for it");
	cr_assert_eq(make(RECORD, HAS_ADMIN, OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(plan.network && plan.network->record.set);
	cr_expect_not(net_policy_asks(plan.network));
	cr_expect_not(plan.network->owned);
	cr_expect(plan.effective.capabilities.mask & mask(CAP_NET_ADMIN, CAP_NET_ADMIN));
	cr_expect_eq(plan.warning_count, 0);
	cr_assert_eq(make(RULES RECORD, HAS_ADMIN, OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect(plan.network && plan.network->record.set && net_policy_asks(plan.network));
	/* The host's are nobody's to record; another's, but for what the container's own sockets send and get. */
	cr_assert_eq(make(RECORD, "", "[]", "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect_null(plan.network);
	cr_assert_eq(make(RECORD, "", ANOTHERS, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect(plan.network && plan.network->record.set && plan.network->shared && !plan.network->owned);
	layout.mode = CGROUP_V1;
	cr_assert_eq(make(RECORD, "", ANOTHERS, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect_null(plan.network);
	layout.mode = CGROUP_V2;
	put("resolv.conf", "nameserver 192.0.2.53\n");
	cr_assert_eq(make(RECORD, "", OWN, RESOLV_CONF, PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(plan.network && plan.network->record.resolver_count == 1);
	cr_expect_eq(plan.network->record.resolvers[0].address[3], 53);
}

Test(plan_network, who_has_rules_keeps_no_capability_over_them_that_was_not_named)
{
	struct error err = {0};

	cr_assert_eq(make(RULES, ALL, OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert_eq(plan.effective.capabilities.mask, UINT64_C(1) << CAP_CHOWN);
	cr_assert(strstr(plan.effective.capabilities.from, "network of profile p"), "%s", plan.effective.capabilities.from);
	cr_assert(!plan.network->owned && !plan.network->raw);
	cr_assert_eq(plan.effective.seccomp.kind, SECCOMP_UNSET);
	/* No rules: nothing is taken. */
	cr_assert_eq(make("", ALL, OWN, "", PLAN_WRAPPER, &err), 0);
	cr_assert_eq(plan.effective.capabilities.mask, mask(CAP_NET_ADMIN, CAP_NET_RAW) | UINT64_C(1) << CAP_CHOWN);
	cr_assert_null(plan.network);
	/* Rules that cannot hold take nothing either. */
	host_config.refuse_unenforceable = false;
	cr_assert_eq(make(RULES, ALL, "[]", "", PLAN_WRAPPER, &err), 0);
	cr_assert(plan.effective.capabilities.mask & UINT64_C(1) << CAP_NET_RAW);
	/* In a pod the sandbox's rules are what it must not undo. */
	cr_assert_eq(make(RULES, ALL, "[{\"type\":\"network\",\"path\":\"/run/netns/cni-1\"}]", POD, PLAN_WRAPPER, &err), 0);
	cr_assert_eq(plan.effective.capabilities.mask, UINT64_C(1) << CAP_CHOWN);
	/* A runtime has read them before its first hook. */
	host_config.refuse_unenforceable = true;
	cr_assert_eq(make(RULES, ALL, OWN, "", PLAN_HOOK, &err), -ENOTSUP);
	cr_assert(strstr(err.text, "capabilities (a hook comes too late"), "%s", err.text);
	cr_assert_eq(make(RULES, KEEPS("\"CAP_CHOWN\""), OWN, "", PLAN_HOOK, &err), 0, "%s", err.text);
}

static struct seccomp_answer ask(const char *call, uint64_t first, uint64_t second)
{
	_cleanup_seccomp_ struct seccomp_filter filter = {0};

	cr_assert_eq(seccomp_read(plan.effective.seccomp.objects[0], &filter, NULL), 0);
	return seccomp_ask(&filter, call, (const uint64_t[SECCOMP_ARGS]){first, second});
}

Test(plan_network, who_keeps_one_on_purpose_is_kept_where_the_rules_are)
{
	static const struct {
		const char *call;
		uint64_t first, second;
		bool allowed;
	} rows[] = {
		{"socket", 17, 3, false}, {"socket", 44, 3, false}, {"socket", UINT64_C(1) << 32 | 17, 3, false}, {"socket", 2, 3, true},
		{"socket", 16, 3, true}, {"unshare", 0x40000000, 0, false}, {"unshare", 0x10000000, 0, false},
		{"unshare", 0x40020000, 0, false}, {"unshare", 0x00020000, 0, true}, {"setns", 3, 0, false}, {"setns", 3, 0x40000000, false},
		{"setns", 3, 0x10000000, false}, {"setns", 3, 0x00020000, true}, {"clone3", 0, 0, false}, {"io_uring_setup", 1, 0, false},
		{"socketcall", 1, 0, false}, {"getpid", 0, 0, true},
	};
	static const char *const keeps[] = {"\"CAP_NET_RAW\"", "\"CAP_NET_ADMIN\""};
	struct error err = {0};
	char profile[256];

	for (size_t k = 0; k < ARRAY_SIZE(keeps); k++) {
		(void)snprintf(profile, sizeof profile, ",\"capabilities\":[%s]" RULES, keeps[k]);
		cr_assert_eq(make(profile, ALL, OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
		cr_assert_eq(plan.network->raw, k == 0);
		cr_assert_eq(plan.network->owned, k == 1);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			cr_assert_eq(ask(rows[i].call, rows[i].first, rows[i].second).action == SECCOMP_ALLOW, rows[i].allowed, "%s(%llx, %llx)",
				     rows[i].call, (unsigned long long)rows[i].first, (unsigned long long)rows[i].second);
		cr_assert_eq(ask("clone3", 0, 0).data, ENOSYS);
	}
	/* Named, but the container does not have it: nothing to guard. */
	cr_assert_eq(make(",\"capabilities\":[\"CAP_NET_RAW\"]" RULES, KEEPS("\"CAP_CHOWN\""), OWN, "", PLAN_WRAPPER, &err), 0);
	cr_assert(!plan.network->raw && plan.effective.seccomp.kind == SECCOMP_UNSET);
	cr_assert_eq(make(",\"capabilities\":[\"CAP_NET_ADMIN\",\"CAP_SYS_ADMIN\"]" RULES, KEEPS("\"CAP_NET_ADMIN\",\"CAP_SYS_ADMIN\""), OWN, "",
			  PLAN_WRAPPER, &err), -ENOTSUP);
	cr_assert(strstr(err.text, "CAP_NET_ADMIN and CAP_SYS_ADMIN together"), "%s", err.text);
}

#define NAMES(more) ",\"network\":{\"egress\":{\"allow\":[\"api.example.com tcp 443\"" more "]}}"

static bool warned(const char *of)
{
	for (int i = 0; i < plan.warning_count; i++)
		if (strstr(plan.warnings[i], of))
			return true;
	return false;
}

Test(plan_network, names_take_a_resolver_and_nobody_who_can_forge_its_answers)
{
	struct error err = {0};

	cr_assert_eq(make(NAMES(",\"192.0.2.53 udp 53\""), ALL, OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(!warned("host names"));
	cr_assert_eq(make(NAMES(",\"192.0.2.53\""), ALL, OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(warned("host names in \"allow\" open nothing"));
	cr_assert_eq(make(",\"capabilities\":[\"CAP_NET_RAW\"]" NAMES(), ALL, OWN, "", PLAN_WRAPPER, &err), -EINVAL);
	cr_assert(strstr(err.text, "exclude each other"), "%s", err.text);
	cr_assert_eq(make(",\"capabilities\":[\"CAP_NET_ADMIN\"]" NAMES(), ALL, OWN, "", PLAN_WRAPPER, &err), -EINVAL);
	/* Named, and not there. */
	cr_assert_eq(make(",\"capabilities\":[\"CAP_NET_RAW\"]" NAMES(), KEEPS("\"CAP_CHOWN\""), OWN, "", PLAN_WRAPPER, &err), 0);
}

static bool passes(const char *address, uint8_t protocol, uint16_t port)
{
	struct net_packet packet = {.direction = NET_EGRESS, .protocol = protocol, .port = port};
	struct net_prefix prefix;

	cr_assert_eq(net_prefix_parse(address, &prefix, NULL), 0);
	packet.family = prefix.family;
	memcpy(packet.address, prefix.address, sizeof packet.address);
	return net_policy_passes(plan.network, &packet);
}

#define DNS ",\"network\":{\"egress\":{\"default\":\"deny\",\"allow\":[\"dns\"]}}"

Test(plan_network, dns_is_the_containers_own_resolvers)
{
	char root[128], etc[160], path[224];
	struct error err = {0};

	(void)snprintf(root, sizeof root, "%s/rootfs", directory);
	(void)snprintf(etc, sizeof etc, "%s/etc", root);
	cr_assert(mkdir(root, 0755) == 0 && mkdir(etc, 0755) == 0);
	cr_assert_eq(make(DNS, "", OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(plan.warning_count == 1 && strstr(plan.warnings[0], "opens nothing"));
	/* A link in the root leads nowhere outside of it. */
	put("outside.conf", "nameserver 192.0.2.66\n");
	(void)snprintf(path, sizeof path, "%s/resolv.conf", etc);
	{
		char target[128];

		(void)snprintf(target, sizeof target, "%s/outside.conf", directory);
		cr_assert_eq(symlink(target, path), 0);
	}
	cr_assert_eq(make(DNS, "", OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert_not(passes("192.0.2.66", IPPROTO_UDP, 53));
	cr_assert_eq(unlink(path), 0);
	put("rootfs/etc/resolv.conf", "nameserver 192.0.2.1\n");
	cr_assert_eq(make(DNS, "", OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(passes("192.0.2.1", IPPROTO_UDP, 53) && passes("192.0.2.1", IPPROTO_TCP, 53) && !passes("192.0.2.1", IPPROTO_UDP, 54));
	/* What is mounted there hides the root's; the last of them is seen. */
	put("mounted.conf", "nameserver 192.0.2.2\n");
	cr_assert_eq(make(DNS, "", OWN, ",\"mounts\":[{\"destination\":\"/etc/resolv.conf\",\"type\":\"bind\",\"source\":\"outside.conf\"},"
			  "{\"destination\":\"/etc/resolv.conf\",\"type\":\"bind\",\"source\":\"mounted.conf\"}]", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(passes("192.0.2.2", IPPROTO_UDP, 53) && !passes("192.0.2.1", IPPROTO_UDP, 53) && !passes("192.0.2.66", IPPROTO_UDP, 53));
	cr_assert_lt(make(DNS, "", OWN, ",\"mounts\":[{\"destination\":\"/etc/resolv.conf\",\"type\":\"bind\",\"source\":\"/dev/zero\"}]",
			  PLAN_WRAPPER, &err), 0);
}

/* Whose servers are asked from the host's network. */
Test(plan_network, docker_s_own_resolver_is_one)
{
	struct error err = {0};

	put("docker.conf", "nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53)]\n");
	put("local.conf", "nameserver 127.0.0.1\n");
	cr_assert_eq(make(NAMES(",\"dns\""), ALL, OWN, ",\"mounts\":[{\"destination\":\"/etc/resolv.conf\",\"type\":\"bind\",\"source\":\"docker.conf\"}]",
			  PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect(!warned("open"), "%s", plan.warnings[0]);
	cr_assert_eq(make(NAMES(",\"dns\""), ALL, OWN, ",\"mounts\":[{\"destination\":\"/etc/resolv.conf\",\"type\":\"bind\",\"source\":\"local.conf\"}]",
			  PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_expect(warned("\"dns\" opens nothing") && warned("host names in \"allow\" open nothing"));
}

static const char *read_servers(const char *text, const char *host_text)
{
	static char list[NET_RESOLVERS_MAX * NET_PREFIX_TEXT_MAX];
	struct net_context context = {0};
	char one[NET_PREFIX_TEXT_MAX];

	list[0] = '\0';
	resolvers_read(text, host_text, &context);
	for (size_t i = 0; i < context.resolver_count; i++)
		(void)sprintf(list + strlen(list), "%s%s", i ? " " : "", net_prefix_format(&context.resolvers[i], one));
	return list;
}

Test(plan_network, resolv_conf_as_libc_and_docker_read_it)
{
	static const char *const rows[][3] = {
		{"", NULL, ""},
		{"nameserver 192.0.2.1", NULL, "192.0.2.1"},
		{"# nameserver 192.0.2.9\n;nameserver 192.0.2.9\nnameserver\t192.0.2.1 # x\r\nsearch a\n", NULL, "192.0.2.1"},
		{"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n", NULL, "192.0.2.1 192.0.2.2 192.0.2.3"},
		{" nameserver 192.0.2.1\nnameserver192.0.2.2\nnameserver\n192.0.2.3\nnameserver x\nnameserver 192.0.2.0/24\n", NULL, ""},
		{"nameserver fe80::1%eth0\nnameserver 2001:db8::1\nnameserver 2001:db8::1\n", NULL, "fe80::1 2001:db8::1"},
		{"nameserver 127.0.0.11\noptions ndots:0\n", NULL, ""},
		{"nameserver 127.0.0.11\noptions ndots:0\n", "nameserver 192.0.2.53\nnameserver 127.0.0.53\n", "192.0.2.53"},
		{"nameserver 192.0.2.1\n", "nameserver 192.0.2.53\n", "192.0.2.1"},
		{"nameserver 127.0.0.11\n\n# Based on host file: '/etc/resolv.conf' (internal resolver)\n# ExtServers: [host(127.0.0.53)]\n",
		 "nameserver 192.0.2.53\n", ""},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.7 host(127.0.0.53) 2001:db8::7]\n# Overrides: []\n", "nameserver 192.0.2.53\n",
		 "192.0.2.7 2001:db8::7"},
		{"nameserver ::1\n# ExtServers: [", "nameserver 192.0.2.53", ""},
		{"# ExtServers: []\n", NULL, ""},
		{"nameserver 999.0.0.1\nnameserver 192.0.2.1x\nnameserver 111111111111111111111111111111111111111111111111111111111111\n", NULL, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_str_eq(read_servers(rows[i][0], rows[i][1]), rows[i][2], "%s", rows[i][0]);
}

Test(plan_network, services_are_the_hosts)
{
	struct error err = {0};

	host_config.services = parse("{\"database\":[\"10.0.0.5 tcp 5432\",\"dns\"]}");
	cr_assert_eq(make(",\"network\":{\"egress\":{\"allow\":[\"database\"]}}", "", OWN, "", PLAN_WRAPPER, &err), 0, "%s", err.text);
	cr_assert(passes("10.0.0.5", IPPROTO_TCP, 5432) && !passes("10.0.0.6", IPPROTO_TCP, 5432));
	cr_assert_eq(make(",\"network\":{\"egress\":{\"allow\":[\"databse\"]}}", "", OWN, "", PLAN_WRAPPER, &err), -EINVAL);
	cr_assert(strstr(err.text, "network of profile p") && strstr(err.text, "did you mean \"database\""), "%s", err.text);
}

Test(plan_network, a_ceiling_holds_beside_the_profile)
{
	struct json *ceiling = parse("{\"network\":{\"egress\":{\"deny\":[\"private\"],\"bandwidth\":\"1MiB/s\"}}}");
	struct error err = {0};

	host_config.has_ceiling = true;
	cr_assert_eq(profile_parse(ceiling, "c", "ceiling", true, &host_config.ceiling, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(make(",\"network\":{\"egress\":{\"allow\":[\"any tcp 443\"],\"bandwidth\":\"1GiB/s\"}}", "", OWN, "", PLAN_WRAPPER, &err), 0,
		     "%s", err.text);
	cr_assert(passes("192.0.2.1", IPPROTO_TCP, 443) && !passes("10.0.0.1", IPPROTO_TCP, 443) && !passes("192.0.2.1", IPPROTO_TCP, 80));
	cr_assert_eq(plan.network->direction[NET_EGRESS].bandwidth, 1 << 20);
	cr_assert_eq(plan.network->direction[NET_INGRESS].layer_count, 0);
}
