/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings: as JSON and back, hostile JSON, and the union of several. */
#include <errno.h>

#include "tests/unit/record_fixture.h"

static const char whole[] =
	"{\"version\":1,\"id\":\"web-1\",\"workload\":\"sha256:abc\",\"image\":\"docker.io/library/nginx:1\","
	"\"runtime\":{\"name\":\"runc\",\"version\":\"1.1.5\",\"noNewPrivileges\":true,\"syscalls\":[\"capset\","
	"\"execve\"]},"
	"\"started\":\"2026-11-26T02:15:12.000000000Z\",\"ended\":\"2026-11-26T02:16:12.500000000Z\","
	"\"complete\":true,\"lost\":0,"
	"\"syscalls\":[\"accept4\",\"fcntl\",\"ioctl\",\"socket\"],"
	"\"arguments\":{\"fcntl\":\"any\",\"ioctl\":[[21505]],\"socket\":[[1,1],[2,1]]},"
	"\"compat\":{\"x86\":{\"syscalls\":[\"ioctl\"],\"arguments\":{\"ioctl\":[[21505]]}},"
	"\"x32\":{\"syscalls\":[\"read\"],\"arguments\":{}}},"
	"\"capabilities\":[\"CAP_CHOWN\"],\"capabilitiesRecorded\":true,"
	"\"endpoints\":[{\"direction\":\"ingress\",\"from\":\"any\",\"protocol\":\"tcp\",\"port\":80,\"bytes\":9,\"connections\":1}],"
	"\"moreEndpoints\":true,\"endpointsRecorded\":true,"
	"\"programs\":{\"accept4\":\"nginx\",\"fcntl\":\"sh\",\"socket\":\"nginx\",\"x86:ioctl\":\"old\",\"fcntl "
	"any\":\"sh\","
	"\"socket 2 1\":\"nginx\","
	"\"CAP_CHOWN\":\"nginx\"}}\n";

static int parse(const char *text, struct recording *ret, struct error *err)
{
	return recording_parse("run.json", text, strlen(text), ret, err);
}

Test(recording, is_written_as_it_is_read)
{
	_cleanup_recording_ struct recording recording = {0}, again = {0};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};

	cr_assert_eq(parse(whole, &recording, &err), 0, "%s", err.text);
	cr_expect_str_eq(recording.image, "docker.io/library/nginx:1");
	cr_expect_str_eq(recording.runtime_version, "1.1.5");
	cr_expect(recording.no_new_privileges);
	cr_expect(recording.complete);
	cr_expect_eq(recording.runtime_needs.count, 2);
	cr_expect_str_eq(needs_find(&recording.needs, NEED_CALL, ABI_COMPAT, "ioctl")->program, "old");
	text = recording_as_text(&recording);
	cr_expect_str_eq(text, whole);
	cr_assert_eq(parse(text, &again, &err), 0, "%s", err.text);
	cr_expect(recording_equal(&recording, &again));
}

Test(recording, what_is_not_known_is_absent)
{
	_cleanup_recording_ struct recording recording = {.lost = UINT64_MAX}, again = {0};
	_cleanup_free_ char *text = recording_as_text(&recording);
	struct error err = {0};

	cr_expect_str_eq(text,
			 "{\"version\":1,\"runtime\":{\"noNewPrivileges\":false,\"syscalls\":[]},\"complete\":false,"
			 "\"lost\":18446744073709551615,\"syscalls\":[],\"arguments\":{},\"capabilities\":[],"
			 "\"capabilitiesRecorded\":false,\"endpoints\":[],\"endpointsRecorded\":false,\"programs\":{}}\n");
	cr_assert_eq(parse(text, &again, &err), 0, "%s", err.text);
	cr_expect(recording_equal(&recording, &again));
	cr_assert_eq(parse("{\"version\": 1}", &again, &err), 0, "%s", err.text);
	cr_expect_not(again.complete);
	cr_expect_not(again.capabilities_recorded, "one of before there was the key");
}

Test(recording, in_any_order_and_twice_it_is_the_same)
{
	_cleanup_recording_ struct recording a = {0}, b = {0};
	struct error err = {0};

	cr_assert_eq(
		parse("{\"arguments\":{\"socket\":[[2,1],[1,1],[2,1]]},\"syscalls\":[\"write\",\"read\",\"write\"],"
		      "\"version\":1}",
		      &a, &err),
		0, "%s", err.text);
	cr_assert_eq(parse("{\"version\":1,\"syscalls\":[\"read\",\"socket\",\"write\"],"
			   "\"arguments\":{\"socket\":[[1,1],[2,1]]}}",
			   &b, &err),
		     0, "%s", err.text);
	cr_expect(recording_equal(&a, &b), "arguments bring their call");
}

Test(recording, what_is_wrong_is_refused_with_its_place)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"[]", "an object is wanted"},
		{"{}", "it is no recording"},
		{"{\"version\":2}", "version (line 1, column"},
		{"{\"version\":1,\"syscals\":[]}", "did you mean \"syscalls\""},
		{"{\"version\":1,\"syscalls\":[\"Read\"]}", "no name of a system call"},
		{"{\"version\":1,\"syscalls\":[\"a\\u001b[2J\"]}", "no name of a system call"},
		{"{\"version\":1,\"syscalls\":[1]}", "a name is wanted"},
		{"{\"version\":1,\"syscalls\":[\"cap_chown\"]}", "no name of a system call"},
		{"{\"version\":1,\"capabilities\":[\"chown\"]}", "no name of a capability"},
		{"{\"version\":1,\"arguments\":{\"read\":[[1]]}}", "arguments of read are not recorded"},
		{"{\"version\":1,\"arguments\":{\"socket\":[[1]]}}", "2 arguments are recorded"},
		{"{\"version\":1,\"arguments\":{\"socket\":[[1,2,3]]}}", "at most 2 numbers"},
		{"{\"version\":1,\"arguments\":{\"ioctl\":[[4294967296]]}}", "from 0 to 4294967295"},
		{"{\"version\":1,\"arguments\":{\"ioctl\":[[-1]]}}", "from 0 to 4294967295"},
		{"{\"version\":1,\"arguments\":{\"ioctl\":[1]}}", "an array of values is wanted"},
		{"{\"version\":1,\"arguments\":{\"ioctl\":\"all\"}}", "\"any\", is wanted"},
		{"{\"version\":1,\"compat\":{\"arm\":{}}}", "known here: x86, x32"},
		{"{\"version\":1,\"compat\":{\"x86\":{\"calls\":[]}}}", "unknown key \"calls\""},
		{"{\"version\":1,\"endpoints\":[\"dns\"]}", "an endpoint is an object"},
		{"{\"version\":1,\"programs\":{\"read\":\"cat\"}}", "nothing that is recorded is called \"read\""},
		{"{\"version\":1,\"arguments\":{\"ioctl\":\"any\"},\"programs\":{\"ioctl 1\":\"cat\"}}",
		 "nothing that is recorded"},
		{"{\"version\":1,\"syscalls\":[\"read\"],\"programs\":{\"read\":1}}", "a program's name is wanted"},
		{"{\"version\":1,\"started\":\"yesterday\"}", "started"},
		{"{\"version\":1,\"complete\":true,\"lost\":1}", "something was lost"},
		{"{\"version\":1,\"runtime\":{\"nnp\":true}}", "unknown key \"nnp\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_recording_ struct recording recording = {.lost = 77};
		struct error err = {0};

		cr_expect_eq(parse(cases[i].text, &recording, &err), -EINVAL, "%s", cases[i].text);
		cr_expect_not_null(strstr(err.text, cases[i].said), "%s: %s", cases[i].text, err.text);
		cr_expect_not_null(strstr(err.text, "run.json"), "%s", err.text);
		cr_expect_eq(recording.lost, 77, "left as it was");
	}
}

Test(recording, texts_are_bounded_and_fit_for_a_terminal)
{
	_cleanup_recording_ struct recording recording = {0};
	char text[2 * RECORDING_TEXT_MAX], json[3 * RECORDING_TEXT_MAX];
	struct error err = {0};

	cr_assert_eq(parse("{\"version\":1,\"id\":\"\\u001b[31mred\"}", &recording, &err), 0, "%s", err.text);
	cr_expect_str_eq(recording.id, "?[31mred");
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	cr_assert_eq(recording_set(&recording.image, text, &err), 0);
	cr_expect_eq(strlen(recording.image), RECORDING_TEXT_MAX - 1);
	cr_assert_eq(recording_set(&recording.image, NULL, &err), 0);
	cr_expect_null(recording.image);
	(void)snprintf(json, sizeof json, "{\"version\":1,\"image\":\"%s\"}", text);
	recording_close(&recording);
	cr_expect_eq(parse(json, &recording, &err), -EINVAL);
	cr_expect_not_null(strstr(err.text, "more than 511 bytes"), "%s", err.text);
}

Test(recording, too_many_needs_are_refused)
{
	_cleanup_recording_ struct recording recording = {0};
	_cleanup_free_ char *text = malloc(16 * (NEEDS_MAX + 2));
	struct error err = {0};
	size_t used = (size_t)sprintf(text, "{\"version\":1,\"syscalls\":[\"read\"");

	for (unsigned i = 0; i < NEEDS_MAX; i++)
		used += (size_t)sprintf(text + used, ",\"#%u\"", i);
	(void)strcpy(text + used, "]}");
	cr_expect_eq(parse(text, &recording, &err), -E2BIG);
	cr_expect_not_null(strstr(err.text, "8192"), "%s", err.text);
}

static struct recording unite(const struct recording *a, const struct recording *b)
{
	const struct recording *const runs[] = {a, b};
	struct recording both = {0};
	struct error err = {0};

	cr_assert_eq(recording_union(runs, 2, &both, &err), 0, "%s", err.text);
	return both;
}

Test(recording, a_union_needs_what_any_of_them_does)
{
	_cleanup_recording_ struct recording a = recording_of("read, socket 2 1, CAP_CHOWN, ioctl 1"),
					     b = recording_of("write, socket 1 1, ioctl any, x86:read"),
					     wanted = recording_of(
						     "read, write, socket 1 1, socket 2 1, ioctl any, x86:read, "
						     "CAP_CHOWN"),
					     both = unite(&a, &b), reverse = unite(&b, &a), same = unite(&a, &a);

	cr_expect(recording_equal(&both, &wanted));
	cr_expect(recording_equal(&reverse, &wanted));
	cr_expect(recording_equal(&same, &a));
}

Test(recording, a_union_knows_capabilities_when_each_run_does)
{
	_cleanup_recording_ struct recording with = recording_of("CAP_CHOWN"), none = recording_of("read"),
					     both = {0}, mixed = {0}, again = {0};
	const struct need chown = {.kind = NEED_CAPABILITY, .name = "CAP_CHOWN"}, kill = {.kind = NEED_CAPABILITY, .name = "CAP_KILL"};
	const struct need write = {.kind = NEED_CALL, .name = "write"};
	struct error err = {0};

	with.capabilities_recorded = true;
	mixed = unite(&with, &none);
	cr_expect_not(mixed.capabilities_recorded);
	cr_expect_not(recording_equal(&with, &none));
	cr_expect(recording_covers(&mixed, &kill), "nothing is known of it");
	cr_expect_not(recording_covers(&mixed, &write));
	none.capabilities_recorded = true;
	both = unite(&none, &with);
	cr_expect(both.capabilities_recorded);
	cr_expect(recording_covers(&both, &chown));
	cr_expect_not(recording_covers(&both, &kill));
	cr_expect_eq(needs_capabilities(&both.needs), UINT64_C(1));
	cr_assert_eq(recording_union(NULL, 0, &again, &err), 0);
	cr_expect_not(again.capabilities_recorded);
}

Test(recording, a_union_knows_endpoints_when_each_run_does)
{
	_cleanup_recording_ struct recording with = recording_of("read"), none = recording_of("read"), both = {0}, mixed = {0},
					     again = {0};
	struct endpoint endpoint = {.direction = NET_INGRESS, .protocol = 6, .port = 80, .bytes = 5, .connections = 1};
	struct error err = {0};

	with.endpoints_recorded = true;
	cr_assert_eq(endpoints_add(&with.endpoints, &endpoint, &err), 0);
	cr_assert_eq(endpoints_add(&none.endpoints, &endpoint, &err), 0);
	cr_expect_not(recording_equal(&with, &none));
	mixed = unite(&with, &none);
	cr_expect_not(mixed.endpoints_recorded, "one of them may have spoken with others");
	cr_expect_eq(mixed.endpoints.count, 1);
	cr_expect_eq(mixed.endpoints.list[0].connections, 2);
	none.endpoints_recorded = true;
	both = unite(&none, &with);
	cr_expect(both.endpoints_recorded);
	cr_assert_eq(recording_union(NULL, 0, &again, &err), 0);
	cr_expect_not(again.endpoints_recorded);
}

Test(recording, a_union_knows_of_the_facts_what_is_the_same_in_all)
{
	_cleanup_recording_ struct recording a = recording_of("read"), b = recording_of("read"), both = {0},
					     twice = {0};

	cr_assert_eq(recording_set(&a.workload, "w", NULL) | recording_set(&b.workload, "w", NULL), 0);
	cr_assert_eq(recording_set(&a.id, "a", NULL) | recording_set(&b.id, "b", NULL), 0);
	cr_assert_eq(recording_set(&a.started, "2026-11-26T02:15:12.000000000Z", NULL), 0);
	cr_assert_eq(recording_set(&b.started, "2026-11-26T01:15:12.000000000Z", NULL), 0);
	cr_assert_eq(recording_set(&a.ended, "2026-11-26T02:15:13.000000000Z", NULL), 0);
	cr_assert_eq(recording_set(&b.ended, "2026-11-26T03:15:13.000000000Z", NULL), 0);
	a.lost = UINT64_MAX;
	b.lost = 2;
	b.complete = false;
	a.no_new_privileges = b.no_new_privileges = true;
	both = unite(&a, &b);
	cr_expect_str_eq(both.workload, "w");
	cr_expect_null(both.id);
	cr_expect_str_eq(both.started, b.started);
	cr_expect_str_eq(both.ended, b.ended);
	cr_expect_eq(both.lost, UINT64_MAX);
	cr_expect_not(both.complete);
	cr_expect(both.no_new_privileges);
	cr_assert_eq(recording_set(&b.ended, NULL, NULL), 0);
	b.no_new_privileges = false;
	twice = unite(&a, &b);
	cr_expect_null(twice.ended, "one goes on");
	cr_expect_not(twice.no_new_privileges);
}

Test(recording, a_union_of_none_is_empty_and_not_complete)
{
	_cleanup_recording_ struct recording none = {.lost = 5};

	cr_assert_eq(recording_union(NULL, 0, &none, NULL), 0);
	cr_expect_eq(none.needs.count, 0);
	cr_expect_not(none.complete);
	cr_expect_not(none.no_new_privileges);
}

Test(recording, a_union_of_many_values_is_many)
{
	struct recording runs[NEEDS_VALUES_MAX + 1];
	const struct recording *pointers[NEEDS_VALUES_MAX + 1];
	_cleanup_recording_ struct recording all = {0}, wanted = recording_of("ioctl any");
	char text[NEED_TEXT_MAX];

	for (unsigned i = 0; i <= NEEDS_VALUES_MAX; i++) {
		(void)snprintf(text, sizeof text, "ioctl %u", i);
		runs[i] = recording_of(text);
		pointers[i] = &runs[i];
	}
	cr_assert_eq(recording_union(pointers, NEEDS_VALUES_MAX + 1, &all, NULL), 0);
	cr_expect(recording_equal(&all, &wanted));
	for (unsigned i = 0; i <= NEEDS_VALUES_MAX; i++)
		recording_close(&runs[i]);
}
