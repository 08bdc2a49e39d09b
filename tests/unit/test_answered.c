/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name an address was the answer to, until when, and whether it had another one beside. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/net/answered.h"

#define SECOND_NS UINT64_C(1000000000)

static struct answered_list answered;

static void answer(const char *name, uint16_t address, uint32_t ttl, uint64_t second)
{
	struct dns_answer one = {.count = 1, .addresses = {{AF_INET, {192, 0, (uint8_t)(address >> 8), (uint8_t)address}, ttl}}};

	(void)snprintf(one.name, sizeof one.name, "%s", name);
	answered_add(&answered, &one, second * SECOND_NS, 0);
}

static const struct answered *find(uint16_t address)
{
	return answered_find(&answered, AF_INET, (uint8_t[16]){192, 0, (uint8_t)(address >> 8), (uint8_t)address});
}

Test(answered, as_long_as_the_answer_says_within_bounds)
{
	cr_expect_eq(net_answer_seconds(0), 30);
	cr_expect_eq(net_answer_seconds(60), 60);
	cr_expect_eq(net_answer_seconds(UINT32_MAX), 3600);
	answer("a.test", 1, 60, 100);
	cr_expect(answered_alone(find(1), 100 * SECOND_NS));
	cr_expect(answered_alone(find(1), 160 * SECOND_NS - 1));
	cr_expect_not(answered_alone(find(1), 160 * SECOND_NS));
	answer("a.test", 1, 60, 150);
	cr_expect(answered_alone(find(1), 200 * SECOND_NS), "asked for again");
	cr_expect_null(find(2));
	cr_expect_null(answered_find(&answered, AF_INET6, find(1)->address));
}

Test(answered, one_of_two_names_is_not_alone_until_the_other_is_over)
{
	answer("a.test", 1, 100, 100);
	answer("b.test", 1, 1000, 150);
	cr_expect_str_eq(find(1)->name, "b.test");
	cr_expect_not(answered_alone(find(1), 199 * SECOND_NS));
	cr_expect(answered_alone(find(1), 200 * SECOND_NS));
	answer("a.test", 1, 30, 200); /* and back: the other has it the longest */
	cr_expect_not(answered_alone(find(1), 229 * SECOND_NS));
	answer("b.test", 1, 30, 210);
	answer("a.test", 1, 2000, 220);
	cr_expect_not(answered_alone(find(1), 1149 * SECOND_NS), "it was told for so long once");
	cr_expect(answered_alone(find(1), 1150 * SECOND_NS));
	answer("c.test", 1, 30, 3000); /* the others are over */
	cr_expect(answered_alone(find(1), 3000 * SECOND_NS));
}

Test(answered, the_first_goes_when_there_are_too_many)
{
	for (uint16_t i = 0; i < 3 * ANSWERED_MAX; i++)
		answer("a.test", i, 60, 1);
	for (uint16_t i = 0; i < 3 * ANSWERED_MAX; i++)
		cr_expect_eq(find(i) != NULL, i >= 2 * ANSWERED_MAX, "%u", i);
	answer("b.test", 2 * ANSWERED_MAX, 60, 1);
	cr_expect_not_null(find(2 * ANSWERED_MAX + 1), "one that is there takes no other's place");
}
