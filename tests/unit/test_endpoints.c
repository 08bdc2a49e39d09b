/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With whom a workload spoke: kept once each, added up, read from whatever a file says. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/keys.h"
#include "lib/record/endpoints.h"

static int read_text(const char *text, struct endpoints *endpoints, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct reader reader = {.file = "run.json", .err = err};
	int r = json_parse("run.json", text, strlen(text), &doc, err);

	if (r < 0)
		return r;
	json_each(node, json_root(doc))
	{
		r = endpoint_read(&reader, node, endpoints);
		if (r < 0)
			return r;
	}
	return 0;
}

static char *write_text(const struct endpoints *endpoints)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *array;
	char *text = NULL;
	size_t length;

	cr_assert_eq(json_doc_new(&doc, NULL), 0);
	cr_assert_eq(endpoints_write(endpoints, doc, &array, NULL), 0);
	cr_assert_eq(json_write(array, false, &text, &length, NULL), 0);
	return text;
}

Test(endpoints, are_written_as_they_were_read_in_one_order)
{
	static const char sorted[] =
		"[{\"direction\":\"egress\",\"address\":\"10.0.0.2\",\"protocol\":\"udp\",\"port\":53,\"resolver\":true,\"bytes\":80,\"connections\":1},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.1\",\"protocol\":\"icmp\",\"bytes\":84,\"connections\":1},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.1\",\"protocol\":\"tcp\",\"port\":443,\"name\":\"api.example.com\",\"bytes\":7,\"connections\":2,\"byName\":1},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.1\",\"protocol\":253,\"bytes\":1,\"connections\":1},"
		"{\"direction\":\"egress\",\"address\":\"2001:db8::1\",\"protocol\":\"tcp\",\"port\":1,\"bytes\":0,\"connections\":0},"
		"{\"direction\":\"ingress\",\"from\":\"private\",\"protocol\":\"tcp\",\"port\":8080,\"bytes\":9,\"connections\":1},"
		"{\"direction\":\"ingress\",\"from\":\"any\",\"protocol\":\"tcp\",\"port\":8080,\"bytes\":9,\"connections\":1}]\n";
	_cleanup_endpoints_ struct endpoints endpoints = {0}, reversed = {0};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};

	cr_assert_eq(read_text(sorted, &endpoints, &err), 0, "%s", err.text);
	cr_assert_eq(endpoints.count, 7);
	text = write_text(&endpoints);
	cr_assert_str_eq(text, sorted);
	for (unsigned i = endpoints.count; i-- > 0;)
		cr_assert_eq(endpoints_add(&reversed, &endpoints.list[i], NULL), 0);
	cr_assert(endpoints_equal(&endpoints, &reversed));
}

Test(endpoints, of_several_runs_are_added_up)
{
	static const char one[] =
		"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1,\"bytes\":5,\"connections\":1}]";
	static const char other[] = "[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1,\"name\":\"a.test\","
				    "\"resolver\":true,\"bytes\":18446744073709551615,\"connections\":2}]";
	_cleanup_endpoints_ struct endpoints a = {0}, b = {0};
	struct error err = {0};

	cr_assert_eq(read_text(one, &a, &err), 0, "%s", err.text);
	cr_assert_eq(read_text(other, &b, &err), 0, "%s", err.text);
	cr_assert_not(endpoints_equal(&a, &b));
	cr_assert_eq(endpoints_add_all(&a, &b, &err), 0);
	cr_assert_eq(a.count, 1);
	cr_expect_eq(a.list[0].bytes, UINT64_MAX);
	cr_expect_eq(a.list[0].connections, 3);
	cr_expect_str_eq(a.list[0].name, "a.test");
	cr_expect(a.list[0].resolver);
}

#define NAMED(NAME, CONNECTIONS, BY_NAME) \
	"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1,\"name\":\"" NAME "\"," \
	"\"connections\":" #CONNECTIONS ",\"byName\":" #BY_NAME "}]"

/* What was by another name than the one that it has, or by none, is by none. */
Test(endpoints, of_several_runs_by_one_name_are_by_that_name)
{
	static const struct {
		const char *runs[3];
		const char *name;
		uint64_t connections, by_name;
	} cases[] = {
		{{NAMED("a.test", 2, 2), NAMED("a.test", 3, 3), NAMED("a.test", 1, 0)}, "a.test", 6, 5},
		{{NAMED("a.test", 2, 2), NAMED("b.test", 3, 3), NAMED("a.test", 1, 1)}, "a.test", 6, 3},
		{{NAMED("b.test", 3, 3), NAMED("a.test", 2, 2), NAMED("a.test", 1, 1)}, "b.test", 6, 3},
		{{NAMED("", 3, 0), NAMED("a.test", 2, 2), NAMED("a.test", 1, 1)}, "a.test", 6, 3},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		_cleanup_endpoints_ struct endpoints all = {0};
		struct error err = {0};

		for (int k = 0; k < 3; k++)
			cr_assert_eq(read_text(cases[i].runs[k], &all, &err), 0, "%s", err.text);
		cr_assert_eq(all.count, 1);
		cr_expect_str_eq(all.list[0].name, cases[i].name);
		cr_expect_eq(all.list[0].connections, cases[i].connections);
		cr_expect_eq(all.list[0].by_name, cases[i].by_name);
	}
}

Test(endpoints, of_a_file_are_refused_with_their_place)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"[1]", "an endpoint is an object"},
		{"[{\"direction\":\"out\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1}]", "direction"},
		{"[{\"direction\":\"egress\",\"address\":\"1.2.3\",\"protocol\":\"tcp\",\"port\":1}]", "is no IP address"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tpc\",\"port\":1}]", "no protocol is called \"tpc\""},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":65536}]", "65535"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\"}]", "has a port when its protocol has ports"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"icmpv6\",\"port\":1}]", "and only then"},
		{"[{\"direction\":\"egress\",\"protocol\":\"tcp\",\"port\":1}]", "of egress has an \"address\""},
		{"[{\"direction\":\"ingress\",\"address\":\"::1\",\"from\":\"any\",\"protocol\":\"tcp\",\"port\":1}]", "of ingress a \"from\""},
		{"[{\"direction\":\"ingress\",\"protocol\":\"tcp\",\"port\":1}]", "of ingress a \"from\""},
		{"[{\"direction\":\"ingress\",\"from\":\"all\",\"protocol\":\"tcp\",\"port\":1}]", "origin"},
		{"[{\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1}]", "a direction and a protocol"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":0}]", "1"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1,\"name\":\"A.test\"}]", "no host's name"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1,\"name\":\"a\\u001b[31m\"}]", "no host's name"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"prot\":1}]", "prot"},
		{"[{\"direction\":\"egress\",\"address\":\"::1\",\"protocol\":\"tcp\",\"port\":1,\"bytes\":-1}]", "bytes"},
		{NAMED("a.test", 2, 3), "are some of its"},
		{NAMED("", 2, 1), "has a \"name\""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		_cleanup_endpoints_ struct endpoints endpoints = {0};
		struct error err = {0};

		cr_expect_eq(read_text(cases[i].text, &endpoints, &err), -EINVAL, "%s", cases[i].text);
		cr_expect(strstr(err.text, cases[i].says), "%s: %s", cases[i].text, err.text);
		cr_expect_eq(endpoints.count, 0);
	}
}

Test(endpoints, are_bounded)
{
	_cleanup_endpoints_ struct endpoints endpoints = {0};
	struct endpoint endpoint = {.family = AF_INET, .protocol = IPPROTO_TCP};
	struct error err = {0};

	for (unsigned i = 0; i < ENDPOINTS_MAX; i++) {
		endpoint.port = (uint16_t)(i * 7919);
		cr_assert_eq(endpoints_add(&endpoints, &endpoint, &err), 0);
	}
	for (unsigned i = 1; i < endpoints.count; i++)
		cr_assert_lt(endpoints.list[i - 1].port, endpoints.list[i].port);
	cr_assert_eq(endpoints_add(&endpoints, &endpoint, &err), 0, "one that is there");
	endpoint.port = 1;
	cr_assert_not(endpoints.more);
	cr_assert_eq(endpoints_add(&endpoints, &endpoint, &err), 0);
	cr_assert(endpoints.more);
	cr_assert_eq(endpoints.count, ENDPOINTS_MAX);
}

Test(endpoints, make_the_rules_that_allow_just_them)
{
	static const char seen[] =
		"[{\"direction\":\"egress\",\"address\":\"10.0.0.2\",\"protocol\":\"udp\",\"port\":53,\"resolver\":true},"
		"{\"direction\":\"egress\",\"address\":\"10.0.0.2\",\"protocol\":\"tcp\",\"port\":53,\"resolver\":true},"
		"{\"direction\":\"egress\",\"address\":\"10.0.0.3\",\"protocol\":\"udp\",\"port\":53},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.1\",\"protocol\":\"tcp\",\"port\":443,\"name\":\"api.example.com\",\"connections\":2,\"byName\":2},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.2\",\"protocol\":\"tcp\",\"port\":443,\"name\":\"api.example.com\",\"connections\":1,\"byName\":1},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.3\",\"protocol\":\"tcp\",\"port\":443,\"name\":\"api.example.com\",\"connections\":2,\"byName\":1},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.4\",\"protocol\":\"tcp\",\"port\":443,\"name\":\"old.example.com\"},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.5\",\"protocol\":253,\"name\":\"odd.example.com\",\"connections\":1,\"byName\":1},"
		"{\"direction\":\"egress\",\"address\":\"2001:db8::1\",\"protocol\":\"icmpv6\"},"
		"{\"direction\":\"egress\",\"address\":\"192.0.2.9\",\"protocol\":253},"
		"{\"direction\":\"ingress\",\"from\":\"private\",\"protocol\":\"tcp\",\"port\":80},"
		"{\"direction\":\"ingress\",\"from\":\"any\",\"protocol\":\"tcp\",\"port\":80},"
		"{\"direction\":\"ingress\",\"from\":\"private\",\"protocol\":\"tcp\",\"port\":9090}]";
	_cleanup_endpoints_ struct endpoints endpoints = {0}, none = {0};
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL, *nothing = NULL;
	struct error err = {0};
	struct json *network;
	size_t length;

	cr_assert_eq(read_text(seen, &endpoints, &err), 0, "%s", err.text);
	cr_assert_eq(json_doc_new(&doc, &err), 0);
	cr_assert_eq(endpoints_propose(&endpoints, true, doc, &network, &err), 0);
	cr_assert_eq(json_write(network, false, &text, &length, &err), 0);
	cr_expect_str_eq(text, "{\"egress\":{\"default\":\"deny\",\"allow\":[\"10.0.0.3 udp 53\",\"192.0.2.3 tcp 443\","
			       "\"192.0.2.4 tcp 443\",\"192.0.2.9 253\",\"2001:db8::1 icmpv6\",\"api.example.com tcp 443\",\"dns\","
			       "\"odd.example.com 253\"]},"
			       "\"ingress\":{\"default\":\"deny\",\"allow\":[\"any tcp 80\",\"private tcp 9090\"]}}\n");
	cr_assert_eq(endpoints_propose(&none, true, doc, &network, &err), 0);
	cr_assert_eq(json_write(network, false, &nothing, &length, &err), 0);
	cr_expect_str_eq(nothing, "{\"egress\":{\"default\":\"deny\",\"allow\":[]},\"ingress\":{\"default\":\"deny\",\"allow\":[]}}\n");
}

/* Whoever is recorded may ask for any name, and whoever has one may say that it is anywhere. */
Test(endpoints, a_name_that_would_open_more_or_nothing_is_not_proposed)
{
	static const struct {
		const char *address, *name, *allow;
		bool by_name;
	} cases[] = {
		{"192.0.2.1", "a.test", "a.test tcp 1", true},
		{"10.0.0.1", "a.test", "a.test tcp 1", true},
		{"192.0.2.1", "a.test", "192.0.2.1 tcp 1", false},
		{"192.0.2.1", "any", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "internet", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "private", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "dns", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "db", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "10.0.0.0", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "0", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "a..test", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", ".", "192.0.2.1 tcp 1", true},
		{"192.0.2.1", "-a.test", "192.0.2.1 tcp 1", true},
		{"2001:db8::1", "a.test", "a.test tcp 1", true},
		{"169.254.169.254", "metadata.test", "169.254.169.254 tcp 1", true},
		{"fd00:ec2::254", "metadata.test", "fd00:ec2::254 tcp 1", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct endpoint endpoint = {.family = strchr(cases[i].address, ':') ? AF_INET6 : AF_INET, .protocol = IPPROTO_TCP, .port = 1,
					    .connections = 1, .by_name = 1};
		_cleanup_endpoints_ struct endpoints endpoints = {0};
		_cleanup_json_ struct json_doc *doc = NULL;
		struct json *network, *allow;

		(void)snprintf(endpoint.name, sizeof endpoint.name, "%s", cases[i].name);
		cr_assert_eq(inet_pton(endpoint.family, cases[i].address, endpoint.address), 1);
		cr_assert_eq(endpoints_add(&endpoints, &endpoint, NULL), 0);
		cr_assert_eq(json_doc_new(&doc, NULL), 0);
		cr_assert_eq(endpoints_propose(&endpoints, cases[i].by_name, doc, &network, NULL), 0);
		allow = json_find(network, "egress.allow");
		json_each(entry, allow)
			cr_expect_str_eq(entry->text, cases[i].allow, "%s", cases[i].name);
	}
}

Test(endpoints, those_with_the_most_bytes_come_first)
{
	_cleanup_endpoints_ struct endpoints endpoints = {0};
	struct endpoint endpoint = {.family = AF_INET, .protocol = IPPROTO_TCP}, largest[10];

	cr_expect_eq(endpoints_largest(&endpoints, largest, 10), 0);
	for (uint16_t i = 0; i < 500; i++) {
		endpoint.port = i;
		endpoint.bytes = i * 7919U % 500 / 2; /* each twice */
		cr_assert_eq(endpoints_add(&endpoints, &endpoint, NULL), 0);
		cr_assert_eq(endpoints_largest(&endpoints, largest, 10), i < 10 ? i + 1U : 10U);
	}
	for (unsigned i = 0; i < 10; i++) {
		cr_expect_eq(largest[i].bytes, 249 - i / 2);
		cr_expect(i % 2 == 0 || largest[i - 1].port < largest[i].port);
	}
}
