/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names the endpoints had, and of how many connections a name can be believed: in doubt, of none. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/record/endpoint_names.h"

#define SECOND_NS UINT64_C(1000000000)

static struct endpoint_names names;
static struct endpoints counted; /* as the kernel does */

static struct endpoint to(uint8_t last, uint16_t port)
{
	return (struct endpoint){.direction = NET_EGRESS, .family = AF_INET, .address = {192, 0, 2, last}, .protocol = IPPROTO_TCP, .port = port};
}

static void answer(const char *name, uint8_t last, uint64_t second)
{
	struct dns_answer one = {.count = 1, .addresses = {{AF_INET, {192, 0, 2, last}, 60}}};

	(void)snprintf(one.name, sizeof one.name, "%s", name);
	endpoint_names_answer(&names, &one, second * SECOND_NS);
}

static void begins(uint8_t last, uint16_t port, uint64_t second, bool told)
{
	struct endpoint endpoint = to(last, port);

	if (told)
		cr_assert_eq(endpoint_names_begin(&names, &endpoint, second * SECOND_NS, NULL), 0);
	endpoint.bytes = 100;
	endpoint.connections = 1;
	cr_assert_eq(endpoints_add(&counted, &endpoint, NULL), 0);
}

static struct endpoint named(uint8_t last, uint16_t port)
{
	struct endpoint endpoint = to(last, port), *there;

	endpoint_names_give(&names, &counted);
	there = endpoints_find(&counted, &endpoint);
	cr_assert(there);
	return *there;
}

#define EXPECT(LAST, PORT, NAME, BY_NAME) do { \
	struct endpoint is = named(LAST, PORT); \
	cr_expect_str_eq(is.name, NAME); \
	cr_expect_eq(is.by_name, (BY_NAME), "%ju", (uintmax_t)is.by_name); \
} while (0)

Test(endpoint_names, a_connection_after_an_answer_is_by_its_name)
{
	answer("a.test", 1, 10);
	begins(1, 443, 10, true);
	begins(1, 443, 69, true);
	begins(1, 80, 20, true);
	EXPECT(1, 443, "a.test", 2);
	EXPECT(1, 80, "a.test", 1);
	EXPECT(1, 443, "a.test", 2); /* asked again it is the same */
}

Test(endpoint_names, one_before_it_after_it_or_of_two_names_is_not)
{
	begins(1, 443, 9, true);
	begins(2, 443, 9, true);
	answer("a.test", 1, 10);
	begins(1, 443, 11, true);
	EXPECT(1, 443, "a.test", 1);
	cr_expect_eq(named(1, 443).connections, 2);
	EXPECT(2, 443, "", 0);
	answer("late.test", 3, 10);
	begins(3, 443, 70, true); /* no rule would have let it through by then */
	EXPECT(3, 443, "late.test", 0);
	answer("one.test", 4, 10);
	answer("two.test", 4, 11);
	begins(4, 443, 12, true);
	EXPECT(4, 443, "two.test", 0);
	answer("one.test", 5, 10); /* each alone, but one address for both */
	begins(5, 443, 11, true);
	answer("two.test", 5, 100);
	begins(5, 443, 101, true);
	EXPECT(5, 443, "one.test", 1);
}

Test(endpoint_names, what_was_not_told_of_is_by_none)
{
	answer("a.test", 1, 10);
	begins(1, 443, 11, true);
	begins(1, 443, 12, false);
	EXPECT(1, 443, "a.test", 1);
	cr_expect_eq(named(1, 443).connections, 2);
}

Test(endpoint_names, what_the_kernel_does_not_know_of_is_not_made_up)
{
	struct endpoint endpoint = to(1, 443);

	answer("a.test", 1, 10);
	for (int i = 0; i < 3; i++) /* told of, and counted by none */
		cr_assert_eq(endpoint_names_begin(&names, &endpoint, 11 * SECOND_NS, NULL), 0);
	endpoint_names_give(&names, &counted);
	cr_expect_eq(counted.count, 0);
	endpoint.connections = 2;
	cr_assert_eq(endpoints_add(&counted, &endpoint, NULL), 0);
	EXPECT(1, 443, "a.test", 2); /* not more than there were */
}

Test(endpoint_names, any_number_of_answers_and_connections_is_bounded)
{
	for (unsigned i = 0; i < 100000; i++) {
		struct endpoint endpoint = to((uint8_t)i, (uint16_t)(i / 7));

		answer(i % 3 ? "a.test" : "b.test", (uint8_t)i, i / 1000);
		cr_assert_eq(endpoint_names_begin(&names, &endpoint, i / 1000 * SECOND_NS, NULL), 0);
	}
	cr_expect_eq(names.begun.count, ENDPOINTS_MAX);
	endpoint_names_close(&names);
	cr_expect_eq(names.begun.count, 0);
}
