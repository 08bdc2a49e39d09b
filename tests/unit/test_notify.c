/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters that ask somebody: where another allows, or refuses; and no call gets further. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/notify.h"

static struct json_doc *doc;

static struct seccomp_filter filter_of(const char *text)
{
	struct seccomp_filter filter = {0};
	struct error err = {0};

	cr_assert_eq(json_parse("filter", text, strlen(text), &doc, &err), 0, "%s", err.text);
	cr_assert_eq(seccomp_read(json_root(doc), &filter, &err), 0, "%s", err.text);
	return filter;
}

static char *const names[] = {(char *)"futex", (char *)"mkdir", (char *)"socket", (char *)"write"};
static const struct call_names known = {.list = (char **)names, .count = 4};

static struct seccomp_filter ask(const char *text, enum seccomp_notified notified, bool entirely)
{
	struct seccomp_asking asking = {.notified = notified, .listener = "/s", .entirely = entirely, .names = &known};
	struct seccomp_filter filter = filter_of(text), asks = {0};
	struct error err = {0};

	cr_assert_eq(seccomp_ask_for(&filter, &asking, &asks, &err), 0, "%s", err.text);
	cr_assert_str_eq(asks.listener, "/s");
	seccomp_close(&filter);
	return asks;
}

static enum seccomp_action answer(const struct seccomp_filter *filter, const char *name, uint64_t first)
{
	uint64_t args[SECCOMP_ARGS] = {first};

	return seccomp_ask(filter, name, args).action;
}

static const char list[] = "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
			   "{\"names\": [\"mkdir\", \"write\"], \"action\": \"SCMP_ACT_ALLOW\"},"
			   "{\"names\": [\"acct\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"},"
			   "{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}";
static const char open[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": ["
			   "{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}";

Test(notify, what_is_allowed_is_asked_for_and_what_is_denied_stays_so)
{
	struct seccomp_filter asks = ask(list, SECCOMP_NOTIFIED_ALLOWED, true);

	cr_assert_eq(answer(&asks, "mkdir", 0), SECCOMP_NOTIFY);
	cr_assert_eq(answer(&asks, "write", 0), SECCOMP_NOTIFY);
	cr_assert_eq(answer(&asks, "socket", 1), SECCOMP_NOTIFY);
	cr_assert_eq(answer(&asks, "socket", 2), SECCOMP_ERRNO);
	cr_assert_eq(answer(&asks, "acct", 0), SECCOMP_KILL_PROCESS);
	cr_assert_eq(answer(&asks, "futex", 0), SECCOMP_ERRNO);
	cr_assert_not(seccomp_is_unasked(&asks, "mkdir"));
	seccomp_close(&asks);
	json_doc_free(doc);
}

Test(notify, what_the_runtime_needs_to_hand_it_over_is_not_asked_for)
{
	struct seccomp_filter asks = ask(list, SECCOMP_NOTIFIED_ALLOWED, false);

	cr_assert_eq(answer(&asks, "write", 0), SECCOMP_ALLOW);
	cr_assert_eq(answer(&asks, "mkdir", 0), SECCOMP_NOTIFY);
	cr_assert(seccomp_is_unasked(&asks, "write"));
	seccomp_close(&asks);
	json_doc_free(doc);
}

Test(notify, instead_of_a_default_it_is_names)
{
	struct seccomp_filter asks = ask(open, SECCOMP_NOTIFIED_ALLOWED, false);

	cr_assert_eq(asks.otherwise.action, SECCOMP_ALLOW);
	cr_assert_eq(answer(&asks, "mkdir", 0), SECCOMP_NOTIFY);
	cr_assert_eq(answer(&asks, "futex", 0), SECCOMP_ALLOW);
	cr_assert_eq(answer(&asks, "socket", 1), SECCOMP_ERRNO);
	cr_assert(seccomp_is_unasked(&asks, "socket")); /* of other families */
	seccomp_close(&asks);
	json_doc_free(doc);
	asks = ask(open, SECCOMP_NOTIFIED_ALLOWED, true);
	cr_assert_eq(asks.otherwise.action, SECCOMP_NOTIFY);
	cr_assert_eq(answer(&asks, "socket", 1), SECCOMP_ERRNO);
	seccomp_close(&asks);
	json_doc_free(doc);
}

Test(notify, of_what_is_refused_none_is_allowed)
{
	for (int entirely = 0; entirely < 2; entirely++) {
		struct seccomp_filter asks = ask(list, SECCOMP_NOTIFIED_ERRNO, entirely);

		cr_assert_eq(answer(&asks, "mkdir", 0), SECCOMP_ALLOW);
		cr_assert_eq(answer(&asks, "socket", 1), SECCOMP_ALLOW);
		cr_assert_eq(answer(&asks, "socket", 2), entirely ? SECCOMP_NOTIFY : SECCOMP_ERRNO);
		cr_assert_eq(answer(&asks, "futex", 0), entirely ? SECCOMP_NOTIFY : SECCOMP_ERRNO);
		cr_assert_eq(answer(&asks, "acct", 0), SECCOMP_KILL_PROCESS);
		seccomp_close(&asks);
		json_doc_free(doc);
	}
}

Test(notify, a_filter_that_asks_somebody_already_is_refused)
{
	struct seccomp_asking asking = {.listener = "/s", .entirely = true, .names = &known};
	struct seccomp_filter filter = filter_of("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"acct\"], "
						 "\"action\": \"SCMP_ACT_NOTIFY\"}]}"), asks;
	struct error err = {0};

	cr_assert_eq(seccomp_ask_for(&filter, &asking, &asks, &err), -ENOTSUP);
	cr_assert(strstr(err.text, "a listener of its own"), "%s", err.text);
	seccomp_close(&filter);
	json_doc_free(doc);
}
