/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters: read, asked, composed; and what libseccomp makes of the result, interpreted. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/compile.h"
#include "lib/seccomp/filter.h"

/* splitmix64 with a fixed seed: a failure comes again. */
static uint64_t random_state = 20261126;

static uint64_t random_64(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t random_below(uint64_t n)
{
	return random_64() % n;
}

static struct json_doc *docs[64];
static unsigned doc_count;

static void setup(void)
{
	doc_count = 0;
}
static void teardown(void)
{
	while (doc_count)
		json_doc_free(docs[--doc_count]);
}
TestSuite(seccomp, .init = setup, .fini = teardown, .timeout = 120);

static int read_text(const char *text, struct seccomp_filter *filter, struct error *err)
{
	struct json_doc *doc;

	cr_assert_eq(json_parse("filter", text, strlen(text), &doc, err), 0, "%s", err->text);
	docs[doc_count++] = doc;
	return seccomp_read(json_root(doc), filter, err);
}

static struct seccomp_filter filter_of(const char *text)
{
	struct seccomp_filter filter = {0};
	struct error err = {0};

	cr_assert_eq(read_text(text, &filter, &err), 0, "%s: %s", text, err.text);
	return filter;
}

static char *text_of(const struct seccomp_filter *filter)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *object;
	struct error err = {0};
	char *text;
	size_t length;

	cr_assert_eq(json_doc_new(&doc, &err), 0);
	cr_assert_eq(seccomp_write(filter, doc, &object, &err), 0, "%s", err.text);
	cr_assert_eq(json_write(object, false, &text, &length, &err), 0);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

Test(seccomp, what_runtimes_would_read_differently_is_refused_with_its_place)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"{}", "defaultAction"},
		{"{\"defaultAction\":\"SCMP_ACT_NONSENSE\"}", "no such action"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":70000}", "too large"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}", "defaultErrnoRet"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\"}]}", "names"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"]}]}", "syscalls[0] (line 1, column 47): an action"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[1],\"action\":\"SCMP_ACT_ALLOW\"}]}", "string"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\","
		 "\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}}]}", "Docker"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\","
		 "\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}", "index"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\","
		 "\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_LIKE\"}]}]}", "operator"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\","
		 "\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_GE\"},{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_LE\"}]}]}",
		 "second condition"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct seccomp_filter filter;
		struct error err = {0};

		cr_expect_eq(read_text(bad[i].text, &filter, &err), -EINVAL, "%s", bad[i].text);
		cr_expect(strstr(err.text, bad[i].says), "%s: %s", bad[i].text, err.text);
	}
}

Test(seccomp, what_is_read_is_written_again_in_one_form)
{
	static const struct {
		const char *read, *written;
	} same[] = {
		{"{\"defaultAction\":\"SCMP_ACT_KILL\"}", "{\"defaultAction\":\"SCMP_ACT_KILL_THREAD\",\"syscalls\":[]}"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X32\"],"
		 "\"syscalls\":[{\"names\":[\"write\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"close\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[]}]}",
		 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_X32\",\"SCMP_ARCH_X86_64\"],"
		 "\"syscalls\":[{\"names\":[\"close\",\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}]}"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":"
		 "[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}]}",
		 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},"
		 "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		_cleanup_seccomp_ struct seccomp_filter filter = filter_of(same[i].read);
		_cleanup_free_ char *text = text_of(&filter);

		cr_expect_str_eq(text, same[i].written);
	}
}

/* --- composing, case by case --- */

#define ALLOW "\"action\":\"SCMP_ACT_ALLOW\""
#define DENY "\"action\":\"SCMP_ACT_ERRNO\""
#define ARG(op, value) "\"args\":[{\"index\":0,\"value\":" value ",\"op\":\"SCMP_CMP_" op "\"}]"
#define MASKED(mask, value) "\"args\":[{\"index\":0,\"value\":" mask ",\"valueTwo\":" value ",\"op\":\"SCMP_CMP_MASKED_EQ\"}]"
#define LIST(rules) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" rules "]}"
#define OPEN(rules) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" rules "]}"
#define CALL(name, rest) "{\"names\":[\"" name "\"]," rest "}"

static const struct {
	const char *what, *a, *b, *met;
	unsigned inexact;
} table[] = {
	{"two lists: what is in both", LIST(CALL("read", ALLOW) "," CALL("write", ALLOW)), LIST(CALL("write", ALLOW) "," CALL("close", ALLOW)),
	 LIST(CALL("write", ALLOW)), 0},
	{"a condition of one is the condition", LIST(CALL("clone", ALLOW)), LIST(CALL("clone", ALLOW "," MASKED("268435456", "0"))),
	 LIST(CALL("clone", ALLOW "," MASKED("268435456", "0"))), 0},
	{"masks are put together", LIST(CALL("clone", ALLOW "," MASKED("1", "0"))), LIST(CALL("clone", ALLOW "," MASKED("2", "2"))),
	 LIST(CALL("clone", ALLOW "," MASKED("3", "2"))), 0},
	{"masks that contradict", LIST(CALL("clone", ALLOW "," MASKED("1", "0"))), LIST(CALL("clone", ALLOW "," MASKED("3", "1"))), LIST(""), 0},
	{"values of both", LIST(CALL("personality", ALLOW "," ARG("EQ", "0")) "," CALL("personality", ALLOW "," ARG("EQ", "8"))),
	 LIST(CALL("personality", ALLOW "," ARG("EQ", "8")) "," CALL("personality", ALLOW "," ARG("EQ", "9"))),
	 LIST(CALL("personality", ALLOW "," ARG("EQ", "8"))), 0},
	{"a value that an inequality takes", LIST(CALL("socket", ALLOW "," ARG("NE", "40"))), LIST(CALL("socket", ALLOW "," ARG("EQ", "2"))),
	 LIST(CALL("socket", ALLOW "," ARG("EQ", "2"))), 0},
	{"a value that it does not", LIST(CALL("socket", ALLOW "," ARG("NE", "40"))), LIST(CALL("socket", ALLOW "," ARG("EQ", "40"))), LIST(""), 0},
	{"a list, and what an open filter denies", LIST(CALL("read", ALLOW) "," CALL("write", ALLOW)), OPEN(CALL("write", DENY)), LIST(CALL("read", ALLOW)), 0},
	{"a value that an open filter denies", LIST(CALL("socket", ALLOW)), OPEN(CALL("socket", DENY "," ARG("EQ", "40"))),
	 LIST(CALL("socket", ALLOW "," ARG("NE", "40"))), 0},
	{"another value than the one that is denied", LIST(CALL("socket", ALLOW "," ARG("EQ", "1"))), OPEN(CALL("socket", DENY "," ARG("EQ", "40"))),
	 LIST(CALL("socket", ALLOW "," ARG("EQ", "1"))), 0},
	{"all but a mask has no form: denied", LIST(CALL("clone", ALLOW)), OPEN(CALL("clone", DENY "," MASKED("1", "1"))), LIST(""), 1},
	{"two values cannot be taken out: denied", LIST(CALL("socket", ALLOW)),
	 OPEN(CALL("socket", DENY "," ARG("EQ", "40")) "," CALL("socket", DENY "," ARG("EQ", "17"))), LIST(""), 1},
	{"two open ones deny both", OPEN(CALL("bpf", DENY)), OPEN(CALL("keyctl", DENY)), OPEN("{\"names\":[\"bpf\",\"keyctl\"]," DENY "}"), 0},
	{"the stricter way to refuse", LIST(CALL("read", ALLOW)), "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[" CALL("read", ALLOW) "]}",
	 "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[" CALL("read", ALLOW) "]}", 0},
	{"that a call is not there is said, where one filter says it", LIST(CALL("clone3", DENY ",\"errnoRet\":38")), LIST(CALL("clone3", ALLOW)),
	 LIST(CALL("clone3", DENY ",\"errnoRet\":38")), 0},
	{"and where the other only denies what it does not know", LIST(CALL("clone3", DENY ",\"errnoRet\":38")), LIST(""),
	 LIST(CALL("clone3", DENY ",\"errnoRet\":38")), 0},
	{"ranges", LIST(CALL("alarm", ALLOW "," ARG("LT", "100"))), LIST(CALL("alarm", ALLOW "," ARG("LE", "50"))), LIST(CALL("alarm", ALLOW "," ARG("LE", "50"))), 0},
	{"from both sides: no form, denied", LIST(CALL("alarm", ALLOW "," ARG("LT", "100"))), LIST(CALL("alarm", ALLOW "," ARG("GT", "50"))), LIST(""), 1},
	{"ranges that do not touch", LIST(CALL("alarm", ALLOW "," ARG("LT", "10"))), LIST(CALL("alarm", ALLOW "," ARG("GT", "50"))), LIST(""), 0},
	{"a short range beside values is values", LIST(CALL("socket", ALLOW "," ARG("LT", "3")) "," CALL("socket", ALLOW "," ARG("EQ", "16"))),
	 LIST(CALL("socket", ALLOW)), LIST(CALL("socket", ALLOW "," ARG("EQ", "0")) "," CALL("socket", ALLOW "," ARG("EQ", "1")) ","
	 CALL("socket", ALLOW "," ARG("EQ", "2")) "," CALL("socket", ALLOW "," ARG("EQ", "16"))), 0},
	{"two inequalities for one argument: one is left", LIST(CALL("getppid", ALLOW "," ARG("GT", "8589934591")) "," CALL("getppid", ALLOW "," ARG("LE", "100"))),
	 LIST(CALL("getppid", ALLOW)), LIST(CALL("getppid", ALLOW "," ARG("GE", "8589934592"))), 1},
};

static void expect_met(const char *what, const struct seccomp_filter *a, const struct seccomp_filter *b, const char *wanted, unsigned inexact)
{
	_cleanup_seccomp_ struct seccomp_filter met = {0};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	unsigned got;

	cr_assert_eq(seccomp_meet(a, b, &met, &got, &err), 0, "%s: %s", what, err.text);
	text = text_of(&met);
	cr_expect_str_eq(text, wanted, "%s: %s", what, text);
	cr_expect_eq(got, inexact, "%s: %u", what, got);
}

Test(seccomp, composed)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_seccomp_ struct seccomp_filter a = filter_of(table[i].a), b = filter_of(table[i].b);

		expect_met(table[i].what, &a, &b, table[i].met, table[i].inexact);
		expect_met(table[i].what, &b, &a, table[i].met, table[i].inexact);
	}
}

#define COMPAT "\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],"
#define COMPAT_LIST(rules) "{\"defaultAction\":\"SCMP_ACT_ERRNO\"," COMPAT "\"syscalls\":[" rules "]}"
#define COMPAT_OPEN(rules) "{\"defaultAction\":\"SCMP_ACT_ALLOW\"," COMPAT "\"syscalls\":[" rules "]}"
#define EXECVE CALL("execve", ALLOW)

/* On i386 a socket may be had by socketcall, which shows no filter what family it is of. */
Test(seccomp, a_condition_on_a_subcall_refuses_its_multiplexer)
{
	static const struct {
		const char *what, *a, *b, *met;
		unsigned inexact;
	} cases[] = {
		{"a family is denied where all were allowed", COMPAT_LIST("{\"names\":[\"execve\",\"socket\",\"socketcall\"]," ALLOW "}"),
		 COMPAT_OPEN(CALL("socket", DENY "," ARG("EQ", "40"))),
		 COMPAT_LIST(EXECVE "," CALL("socketcall", DENY ",\"errnoRet\":38") "," CALL("socket", ALLOW "," ARG("NE", "40"))), 1},
		{"where it was by both nothing changes", COMPAT_LIST("{\"names\":[\"execve\",\"socketcall\"]," ALLOW "}," CALL("socket", ALLOW "," ARG("NE", "40"))),
		 COMPAT_OPEN(CALL("mkdir", DENY)),
		 COMPAT_LIST("{\"names\":[\"execve\",\"socketcall\"]," ALLOW "}," CALL("socket", ALLOW "," ARG("NE", "40"))), 0},
		{"two answers", COMPAT_LIST(EXECVE "," CALL("socket", ALLOW "," ARG("EQ", "2")) "," CALL("socket", "\"action\":\"SCMP_ACT_KILL_PROCESS\"," ARG("EQ", "38"))),
		 COMPAT_OPEN(""), COMPAT_LIST(EXECVE "," CALL("socketcall", "\"action\":\"SCMP_ACT_KILL_PROCESS\"") ","
		 CALL("socket", ALLOW "," ARG("EQ", "2")) "," CALL("socket", "\"action\":\"SCMP_ACT_KILL_PROCESS\"," ARG("EQ", "38"))), 1},
		{"a value that i386 cuts", COMPAT_LIST(EXECVE "," CALL("prctl", ALLOW "," ARG("EQ", "4294967297")) "," CALL("prctl", ALLOW "," ARG("EQ", "2"))),
		 COMPAT_OPEN(""), COMPAT_LIST(EXECVE "," CALL("prctl", ALLOW "," ARG("EQ", "2"))), 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_seccomp_ struct seccomp_filter a = filter_of(cases[i].a), b = filter_of(cases[i].b);

		expect_met(cases[i].what, &a, &b, cases[i].met, cases[i].inexact);
		expect_met(cases[i].what, &b, &a, cases[i].met, cases[i].inexact);
	}
}

Test(seccomp, architectures_flags_and_listeners_of_both)
{
	_cleanup_seccomp_ struct seccomp_filter a = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_AARCH64\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"],\"listenerPath\":\"/run/a\"}");
	_cleanup_seccomp_ struct seccomp_filter b = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_AARCH64\"],\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"]}");
	_cleanup_seccomp_ struct seccomp_filter c = filter_of("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"listenerPath\":\"/run/c\"}");
	struct seccomp_filter met;
	struct error err = {0};
	unsigned inexact;

	expect_met("both", &a, &b,
		   "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],"
		   "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"],\"listenerPath\":\"/run/a\",\"syscalls\":[]}", 0);
	cr_expect_eq(seccomp_meet(&a, &c, &met, &inexact, &err), -ENOTSUP);
	cr_expect(strstr(err.text, "listener"), "%s", err.text);
}

/* --- and for any two, any call --- */

static const char *const names[] = {"getppid", "socket", "clone", "prctl", "msgget"};
static const uint64_t values[] = {0, 1, 2, 3, 0x10, 0xff, 0xffffffff, UINT64_C(0x100000000), UINT64_C(0x1ffffffff), INT64_MAX, UINT64_MAX - 1, UINT64_MAX};

static uint64_t random_value(void)
{
	return random_below(8) ? values[random_below(ARRAY_SIZE(values))] : random_64() >> random_below(64);
}

static struct seccomp_answer random_answer(void)
{
	static const struct seccomp_answer answers[] = {
		{SECCOMP_ALLOW, 0}, {SECCOMP_ALLOW, 0}, {SECCOMP_ALLOW, 0}, {SECCOMP_ERRNO, 1}, {SECCOMP_ERRNO, 1}, {SECCOMP_ERRNO, 38},
		{SECCOMP_LOG, 0}, {SECCOMP_TRAP, 0}, {SECCOMP_KILL_THREAD, 0}, {SECCOMP_KILL_PROCESS, 0},
	};

	return answers[random_below(ARRAY_SIZE(answers))];
}

static int append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int append(char *text, size_t size, const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text + length, size - length, format, args);
	va_end(args);
	return n;
}

static const char *action_text(enum seccomp_action action)
{
	static const char *const texts[] = {"ALLOW", "LOG", "TRACE", "NOTIFY", "ERRNO", "TRAP", "KILL_THREAD", "KILL_PROCESS"};

	return texts[action];
}

struct taste {
	const char *keys; /* of its own */
	unsigned ops;	  /* of the list below: the first of them */
	uint64_t most;	  /* of values */
	const char *rule; /* one there is, or NULL */
};
static const struct taste any = {"", 10, UINT64_MAX, NULL};

static struct seccomp_filter random_filter(const struct taste *taste)
{
	static const char *const ops[] = {"EQ", "EQ", "EQ", "MASKED_EQ", "MASKED_EQ", "NE", "LT", "LE", "GT", "GE"};
	static char text[16384];
	struct seccomp_answer otherwise = random_answer();
	uint64_t rules = random_below(9);

	(void)snprintf(text, sizeof text, "{\"defaultAction\":\"SCMP_ACT_%s\",\"defaultErrnoRet\":%u,%s\"syscalls\":[", action_text(otherwise.action),
		       otherwise.data, taste->keys);
	if (taste->rule)
		append(text, sizeof text, "%s", taste->rule);
	for (uint64_t i = 0; i < rules; i++) {
		struct seccomp_answer answer = random_answer();
		uint64_t args = random_below(4);
		bool first = true;

		append(text, sizeof text, "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_%s\",\"errnoRet\":%u,\"args\":[", i || taste->rule ? "," : "",
		       names[random_below(ARRAY_SIZE(names))], action_text(answer.action), answer.data);
		for (uint64_t a = 0; a < args; a++) {
			if (random_below(2))
				continue;
			append(text, sizeof text, "%s{\"index\":%lu,\"value\":%lu,\"valueTwo\":%lu,\"op\":\"SCMP_CMP_%s\"}", first ? "" : ",", a,
			       random_value() & taste->most, random_value() & random_value() & taste->most, ops[random_below(taste->ops)]);
			first = false;
		}
		append(text, sizeof text, "]}");
	}
	append(text, sizeof text, "]}");
	return filter_of(text);
}

/* What is near a bound tells most. */
static uint64_t random_argument(const struct seccomp_filter *filter)
{
	const struct seccomp_call *call = filter->count ? &filter->calls[random_below(filter->count)] : NULL;
	const struct seccomp_condition *c = call && call->count ? &call->rules[random_below(call->count)].args[random_below(3)] : NULL;

	return c && random_below(4) ? c->value + random_below(3) - 1 : random_value();
}

static struct seccomp_filter met_of(const struct seccomp_filter *a, const struct seccomp_filter *b, unsigned *inexact)
{
	struct seccomp_filter met = {0};
	struct error err = {0};

	cr_assert_eq(seccomp_meet(a, b, &met, inexact, &err), 0, "%s", err.text);
	return met;
}

Test(seccomp, the_meet_is_never_looser_than_either_and_says_where_it_is_stricter)
{
	enum { PAIRS = 20000, CALLS = 40 };
	unsigned exact = 0;

	for (int i = 0; i < PAIRS; i++, teardown()) {
		_cleanup_seccomp_ struct seccomp_filter a = random_filter(&any), b = random_filter(&any);
		_cleanup_seccomp_ struct seccomp_filter met = {0}, other = {0};
		_cleanup_free_ char *text = NULL, *other_text = NULL;
		unsigned inexact, inexact_other;

		met = met_of(&a, &b, &inexact);
		other = met_of(&b, &a, &inexact_other);
		text = text_of(&met);
		other_text = text_of(&other);
		cr_assert_str_eq(text, other_text, "whoever comes first");
		exact += inexact == 0;
		for (int k = 0; k < CALLS; k++) {
			const struct seccomp_filter *near = random_below(2) ? &a : &b;
			const char *name = random_below(16) ? names[random_below(ARRAY_SIZE(names))] : "read";
			const uint64_t args[SECCOMP_ARGS] = {random_argument(near), random_argument(near), random_argument(near)};
			enum seccomp_action of_a = seccomp_ask(&a, name, args).action, of_b = seccomp_ask(&b, name, args).action;
			enum seccomp_action wanted = of_a > of_b ? of_a : of_b, got = seccomp_ask(&met, name, args).action;

			cr_assert(inexact ? got >= wanted : got == wanted, "%s(%lx, %lx, %lx): %s and %s, composed %s\n%s", name, args[0], args[1],
				  args[2], action_text(of_a), action_text(of_b), action_text(got), text);
		}
	}
	cr_expect_gt(exact, PAIRS / 4, "only %u were exact", exact);
}

/* T2 of the threat model: libseccomp 2.5.4 compiles two inequalities for one argument wrongly. */
static void expect_compiled(const struct seccomp_filter *met, const struct bpf_program *bpf, uint32_t architecture, uint64_t most)
{
	for (int k = 0; k < 40; k++) {
		const char *name = names[random_below(ARRAY_SIZE(names))];
		int number = seccomp_syscall_resolve_name_arch(architecture, name);
		struct seccomp_data data = {.nr = number, .arch = architecture == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : architecture};
		struct seccomp_answer wanted;
		uint32_t got;

		if (number < 0) /* a subcall of ipc there */
			continue;
		for (int n = 0; n < 3; n++)
			data.args[n] = random_argument(met) & most;
		wanted = seccomp_ask(met, name, (const uint64_t *)data.args);
		got = bpf_run(bpf, &data, NULL);
		if (got != seccomp_value(wanted)) {
			_cleanup_free_ char *text = text_of(met);

			cr_assert_fail("%x: %s(%llx, %llx, %llx): %x, compiled %x\n%s", architecture, name, data.args[0], data.args[1],
				       data.args[2], seccomp_value(wanted), got, text);
		}
	}
}

Test(seccomp, T2_what_libseccomp_makes_of_a_meet_answers_as_the_meet_does)
{
	enum { PAIRS = 4000 };

	for (int i = 0; i < PAIRS; i++, teardown()) {
		_cleanup_seccomp_ struct seccomp_filter a = random_filter(&any), b = random_filter(&any), met = {0};
		_cleanup_bpf_ struct bpf_program bpf = {0};
		struct error err = {0};
		unsigned inexact;

		met = met_of(&a, &b, &inexact);
		cr_assert_eq(seccomp_compile(&met, &bpf, &err), 0, "%s", err.text);
		expect_compiled(&met, &bpf, seccomp_arch_native(), UINT64_MAX);
	}
}

#ifdef __x86_64__
/* From the loosest to the strictest, as enum seccomp_action. */
static int strictness(uint32_t value)
{
	static const uint32_t order[] = {SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_TRACE(0), SCMP_ACT_NOTIFY, SCMP_ACT_ERRNO(0), SCMP_ACT_TRAP,
					  SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS};

	for (int i = 0; i < (int)ARRAY_SIZE(order); i++)
		if ((value & SECCOMP_RET_ACTION_FULL) == order[i])
			return i;
	return -1;
}

/* On i386 socket and msgget are subcalls too: whatever the arguments, which lie in memory. */
static void expect_no_looser_subcall(const struct seccomp_filter *met, const struct bpf_program *compiled, const struct seccomp_filter *one,
				     const struct bpf_program *source)
{
	static const struct {
		int number;
		uint64_t subcall;
	} subcalls[] = {{102, 1}, {102, 2}, {117, 13}, {117, 14}};

	for (size_t i = 0; i < ARRAY_SIZE(subcalls); i++)
		for (int k = 0; k < 8; k++) {
			struct seccomp_data data = {.nr = subcalls[i].number, .arch = SCMP_ARCH_X86, .args = {subcalls[i].subcall}};
			_cleanup_free_ char *text = text_of(met), *text_of_one = text_of(one);

			for (int n = 1; n < 3; n++)
				data.args[n] = random_argument(met) & UINT32_MAX;
			cr_assert_geq(strictness(bpf_run(compiled, &data, NULL)), strictness(bpf_run(source, &data, NULL)), "%d(%llu, %llx, %llx)\n%s of\n%s",
				      data.nr, data.args[0], data.args[1], data.args[2], text, text_of_one);
		}
}

Test(seccomp, on_every_architecture_it_names_a_meet_is_loaded_and_answers_as_it_does)
{
	enum { PAIRS = 4000 };
#define OTHERS "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
	/* What libseccomp compiles rightly by itself, too: no inequalities, no value that it cuts. */
	static const struct taste all[] = {{OTHERS, 10, UINT64_MAX, NULL}, {OTHERS, 10, UINT64_MAX, CALL("execve", ALLOW)}},
				  plain[] = {{OTHERS, 5, UINT32_MAX, NULL}, {OTHERS, 5, UINT32_MAX, CALL("execve", ALLOW)}};
	unsigned sources = 0;

	for (int i = 0; i < PAIRS; i++, teardown()) {
		const struct taste *taste = &(i % 2 ? all : plain)[random_below(2)];
		_cleanup_seccomp_ struct seccomp_filter a = random_filter(taste), b = random_filter(taste), met = {0};
		_cleanup_bpf_ struct bpf_program bpf = {0};
		_cleanup_free_ char *text = NULL;
		struct error err = {0};
		unsigned inexact;

		met = met_of(&a, &b, &inexact);
		text = text_of(&met);
		cr_assert_eq(seccomp_compile(&met, &bpf, &err), 0, "%s: %s", err.text, text);
		expect_compiled(&met, &bpf, SCMP_ARCH_X86_64, UINT64_MAX);
		expect_compiled(&met, &bpf, SCMP_ARCH_X86, UINT32_MAX);
		expect_compiled(&met, &bpf, SCMP_ARCH_X32, UINT32_MAX);
		for (int n = i % 2; n < 2 && i % 2 == 0; n++) {
			_cleanup_bpf_ struct bpf_program source = {0};

			if (seccomp_compile(n ? &a : &b, &source, NULL) == 0) {
				expect_no_looser_subcall(&met, &bpf, n ? &a : &b, &source);
				sources++;
			}
		}
	}
	cr_expect_gt(sources, PAIRS / 2, "only %u of the filters could be loaded by themselves", sources);
}
#endif

Test(seccomp, kills_where_an_answer_is_a_signal)
{
	static const struct {
		const char *text;
		bool kills;
	} cases[] = {
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", false},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}", false},
		{"{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}", true},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"},"
		 "{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_seccomp_ struct seccomp_filter filter = filter_of(cases[i].text);

		cr_expect_eq(seccomp_kills(&filter), cases[i].kills, "%s", cases[i].text);
	}
}
