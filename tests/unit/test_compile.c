/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters compiled, and proved: what is compiled wrongly, or was changed, is found. */
#include <criterion/criterion.h>
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/base.h"
#include "lib/seccomp/compare.h"
#include "lib/seccomp/compile.h"

TestSuite(compile, .timeout = 120);

static struct json_doc *doc;
static struct seccomp_filter filter_of(const char *text)
{
	struct seccomp_filter filter = {0};
	struct error err = {0};

	json_doc_free(doc);
	doc = NULL;
	cr_assert_eq(json_parse("filter", text, strlen(text), &doc, &err), 0, "%s", err.text);
	cr_assert_eq(seccomp_read(json_root(doc), &filter, &err), 0, "%s: %s", text, err.text);
	return filter;
}

static struct bpf_program compiled(const struct seccomp_filter *filter)
{
	struct bpf_program program = {0};
	struct error err = {0};

	cr_assert_eq(seccomp_compile(filter, &program, &err), 0, "%s", err.text);
	cr_assert_eq(bpf_check(&program, &err), 0, "%s", err.text);
	return program;
}

#define X86_ALL "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
#define ALLOW "\"action\":\"SCMP_ACT_ALLOW\""
#define DENY "\"action\":\"SCMP_ACT_ERRNO\""
#define ARG(index, op, value) "{\"index\":" index ",\"value\":" value ",\"op\":\"SCMP_CMP_" op "\"}"
#define MASKED(index, mask, value) "{\"index\":" index ",\"value\":" mask ",\"valueTwo\":" value ",\"op\":\"SCMP_CMP_MASKED_EQ\"}"
#define LIST(rules) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" rules "]}"
#define OPEN(rules) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" rules "]}"
#define CALL(name, rest) "{\"names\":[\"" name "\"]," rest "}"

static const char *const filters[] = {
	LIST(""),
	OPEN(""),
	LIST("{\"names\":[\"read\",\"write\",\"close\",\"exit_group\"]," ALLOW "}"),
	OPEN("{\"names\":[\"bpf\",\"keyctl\"]," DENY ",\"errnoRet\":38}"),
	"{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"," X86_ALL "\"syscalls\":[" CALL("read", ALLOW) "," CALL("socketcall", ALLOW) "," CALL("socket", ALLOW) "]}",
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\"," X86_ALL "\"syscalls\":[" CALL("socket", ALLOW) "," CALL("semop", ALLOW) "]}",
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_AARCH64\"],\"syscalls\":[" CALL("open", ALLOW) "," CALL("openat", ALLOW) "]}",
	LIST(CALL("personality", ALLOW ",\"args\":[" ARG("0", "EQ", "0") "]") "," CALL("personality", ALLOW ",\"args\":[" ARG("0", "EQ", "4294967295") "]")),
	LIST(CALL("personality", ALLOW ",\"args\":[" ARG("0", "EQ", "18446744073709551615") "]")),
	LIST(CALL("clone", ALLOW ",\"args\":[" MASKED("0", "2114060288", "0") "]")),
	LIST(CALL("socket", ALLOW ",\"args\":[" ARG("0", "EQ", "1") "," MASKED("1", "15", "2") "," ARG("2", "LE", "8589934592") "]") ","
	     CALL("socket", ALLOW ",\"args\":[" ARG("0", "EQ", "2") "]")),
	LIST(CALL("alarm", ALLOW ",\"args\":[" ARG("0", "GE", "4294967296") "]")),
	OPEN(CALL("socket", DENY ",\"args\":[" ARG("0", "NE", "40") "]")),
	"{\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[" CALL("read", "\"action\":\"SCMP_ACT_LOG\"") "," CALL("write", "\"action\":\"SCMP_ACT_NOTIFY\"") ","
	CALL("close", "\"action\":\"SCMP_ACT_TRACE\"") "," CALL("dup", "\"action\":\"SCMP_ACT_KILL\"") "]}",
	LIST(CALL("read", ALLOW) "," CALL("no_such_call", ALLOW)),
};

Test(compile, what_is_compiled_is_what_was_asked_for_and_the_kernel_takes_it)
{
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		_cleanup_seccomp_ struct seccomp_filter filter = filter_of(filters[i]);
		_cleanup_bpf_ struct bpf_program program = compiled(&filter);
		struct error err = {0};

		cr_expect_eq(seccomp_prove(&filter, &program, &err), 0, "%s: %s", filters[i], err.text);
		cr_expect_eq(seccomp_try(&program, &err), 0, "%s: %s", filters[i], err.text);
	}
}

#ifdef __x86_64__
/* x32's number of kill is x32's token for libseccomp, which no call has for its architecture. */
Test(compile, a_number_that_looks_like_an_architecture_is_none)
{
	_cleanup_seccomp_ struct seccomp_filter filter = filter_of("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X32\"],\"syscalls\":["
								   "{\"names\":[\"read\",\"kill\"]," ALLOW "}]}");
	_cleanup_bpf_ struct bpf_program program = compiled(&filter);
	struct error err = {0};

	cr_expect_eq(seccomp_prove(&filter, &program, &err), 0, "%s", err.text);
}
#endif

/* Changes one instruction: its answer, what it compares with, which bits it looks at, or where it goes. False when there
 * is nothing to change in that way. */
static bool change(struct sock_filter *i, int how)
{
	uint8_t jt = i->jt;

	switch (how) {
	case 0: /* the answer, or where a jump goes */
		if (BPF_CLASS(i->code) == BPF_RET)
			i->k = i->k == SECCOMP_RET_ALLOW ? SECCOMP_RET_ERRNO | 1 : SECCOMP_RET_ALLOW;
		i->jt = i->jf;
		i->jf = jt;
		return BPF_CLASS(i->code) == BPF_RET || (BPF_CLASS(i->code) == BPF_JMP && i->jt != i->jf);
	case 1: /* a neighbour */
		i->k++;
		return BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) != BPF_JA;
	case 2:
		i->k ^= 0x80000000;
		return BPF_CLASS(i->code) == BPF_ALU || (BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) == BPF_JEQ);
	default: /* always the same way */
		i->jt = i->jf;
		return BPF_CLASS(i->code) == BPF_JMP && jt != i->jf;
	}
}

/* A sanitizer makes it ten times as slow, and looks at something else: some of them do then. */
#ifdef __SANITIZE_ADDRESS__
enum { STEP = 19 };
#else
enum { STEP = 1 };
#endif

Test(compile, a_program_with_one_wrong_instruction_is_found)
{
	unsigned changed = 0;

	for (size_t f = 0; f < ARRAY_SIZE(filters); f++) {
		_cleanup_seccomp_ struct seccomp_filter filter = filter_of(filters[f]);
		_cleanup_bpf_ struct bpf_program program = compiled(&filter);

		for (unsigned i = 0; i < program.length; i += STEP)
			for (int how = 0; how < 4; how++) {
				struct sock_filter right = program.code[i];
				struct error err = {0};

				if (change(&program.code[i], how) && bpf_check(&program, NULL) == 0) {
					changed++;
					cr_expect_eq(seccomp_prove(&filter, &program, &err), -EBADMSG, "%s: instruction %u (%x %u %u %x), way %d: %s",
						     filters[f], i, right.code, right.jt, right.jf, right.k, how, err.text);
				}
				program.code[i] = right;
			}
	}
	cr_expect_gt(changed, 60 / STEP, "%u", changed);
}

/* It looks at an ioctl's request in 63 ways. */
Test(compile, the_default_filter_can_be_proved)
{
	const uint64_t capabilities[] = {0, UINT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		_cleanup_seccomp_ struct seccomp_filter filter = {0};
		_cleanup_bpf_ struct bpf_program program = {0};
		struct error err = {0};

		cr_assert_eq(seccomp_base("SCMP_ARCH_X86_64", capabilities[i], &filter, &err), 0, "%s", err.text);
		program = compiled(&filter);
		cr_expect_eq(seccomp_prove(&filter, &program, &err), 0, "%s", err.text);
	}
}

/* F2 of the threat model. */
Test(compile, T2_what_libseccomp_compiles_wrongly_is_not_accepted)
{
	_cleanup_seccomp_ struct seccomp_filter filter = filter_of(
		LIST(CALL("getppid", ALLOW ",\"args\":[" ARG("0", "GT", "8589934591") "]") "," CALL("getppid", ALLOW ",\"args\":[" ARG("0", "LE", "100") "]")));
	_cleanup_bpf_ struct bpf_program program = compiled(&filter);
	struct error err = {0};

	cr_expect_eq(seccomp_prove(&filter, &program, &err), -EBADMSG);
	cr_expect(strstr(err.text, "getppid("), "%s", err.text);
	cr_expect(strstr(err.text, "is asked for"), "%s", err.text);
}

Test(compile, a_call_that_cannot_be_denied_is_not_accepted)
{
	_cleanup_seccomp_ struct seccomp_filter filter = filter_of(OPEN(CALL("no_such_call", DENY)));
	_cleanup_bpf_ struct bpf_program program = compiled(&filter);
	struct error err = {0};

	cr_expect_eq(seccomp_prove(&filter, &program, &err), -EBADMSG);
	cr_expect(strstr(err.text, "no_such_call: errno 1 is asked for, and libseccomp does not know the call: allowed"), "%s", err.text);
}

Test(compile, an_architecture_that_is_none_is_refused)
{
	_cleanup_seccomp_ struct seccomp_filter filter = filter_of("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_VAX\"]}");
	struct bpf_program program = {0};
	struct error err = {0};

	cr_expect_eq(seccomp_compile(&filter, &program, &err), -EINVAL);
	cr_expect(strstr(err.text, "SCMP_ARCH_VAX"), "%s", err.text);
}

/* --- against what a process has --- */

#define S(code, k) BPF_STMT(code, k)
#define J(code, k, jt, jf) BPF_JUMP(code, k, jt, jf)
static const char *const table = LIST("{\"names\":[\"read\",\"write\"]," ALLOW "}");

/* Programs of which one is compiled from the filter, or none. */
static int compare_with(const char *text, const struct sock_filter *code, unsigned length, bool and_compiled, struct seccomp_difference *first,
			struct error *err)
{
	_cleanup_seccomp_ struct seccomp_filter filter = filter_of(text);
	_cleanup_bpf_ struct bpf_program own = compiled(&filter);
	const struct bpf_program programs[] = {{(struct sock_filter *)(uintptr_t)code, length}, own};

	cr_assert_eq(bpf_check(&programs[0], err), 0, "%s", err->text);
	return seccomp_compare(&filter, programs, and_compiled ? 2 : 1, SECCOMP_AT_LEAST, first, err);
}

Test(compile, what_is_stricter_is_as_good_and_what_is_looser_is_named)
{
	static const struct sock_filter allow[] = {S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}, kill[] = {S(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
	struct seccomp_difference first = {0};
	char text[SECCOMP_DIFFERENCE_TEXT_MAX];
	struct error err = {0};

	cr_expect_eq(compare_with(table, kill, 1, false, &first, &err), 0, "%s", err.text);
	cr_expect_eq(compare_with(table, allow, 1, true, &first, &err), 0, "%s", err.text);
	cr_assert_eq(compare_with(table, allow, 1, false, &first, &err), 1, "%s", err.text);
	cr_expect_str_eq(seccomp_difference_text(&first, text), "open() on x86_64: errno 1 is asked for, allowed is the answer", "%s", text);
	cr_expect_gt(first.calls, 300, "%u", first.calls);
}

/* As runc's stub has it, for what is newer than the filter. */
Test(compile, that_a_call_is_not_there_denies_it_where_the_default_does)
{
	static const struct sock_filter absent[] = {S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)};
	struct seccomp_difference first = {0};
	struct error err = {0};

	cr_expect_eq(compare_with("{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[" CALL("read", ALLOW) "]}", absent, 1, false, &first, &err), 0);
	cr_expect_eq(compare_with("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" CALL("bpf", "\"action\":\"SCMP_ACT_KILL_PROCESS\"") "]}", absent, 1, false,
				  &first, &err), 1);
	cr_expect_str_eq(first.call, "bpf");
}

/* As Podman's filter has it for setns. What generates filters is not to write such a thing. */
Test(compile, of_rules_that_contradict_each_other_the_first_without_conditions_holds)
{
	_cleanup_seccomp_ struct seccomp_filter filter = filter_of(LIST(CALL("setns", ALLOW) "," CALL("setns", DENY ",\"errnoRet\":2")));
	_cleanup_bpf_ struct bpf_program program = compiled(&filter);
	struct seccomp_difference first = {0};
	struct error err = {0};

	cr_expect_eq(seccomp_compare(&filter, &program, 1, SECCOMP_AT_LEAST, &first, &err), 0, "%s", err.text);
	cr_expect_eq(seccomp_prove(&filter, &program, &err), -EBADMSG);
	cr_expect(strstr(err.text, "setns() on x86_64: errno 2 is asked for, allowed is the answer"), "%s", err.text);
}

/* A filter that lets pass who knows the word, or who calls from the right place. */
Test(compile, a_secret_is_found)
{
	static const struct sock_filter word[] = {
		S(BPF_LD | BPF_W | BPF_ABS, 60), J(BPF_JMP | BPF_JEQ | BPF_K, 0xdeadbeef, 0, 3), S(BPF_LD | BPF_W | BPF_ABS, 24),
		J(BPF_JMP | BPF_JEQ | BPF_K, 0x5ec2e7, 0, 1), S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
	};
	static const struct sock_filter place[] = {
		S(BPF_LD | BPF_W | BPF_ABS, 8), J(BPF_JMP | BPF_JEQ | BPF_K, 0xdeadbeef, 0, 1), S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
	};
	static const struct sock_filter sum[] = {
		S(BPF_LD | BPF_W | BPF_ABS, 16), S(BPF_ALU | BPF_ADD | BPF_K, 3), J(BPF_JMP | BPF_JEQ | BPF_K, 0xdeadbeef, 0, 1),
		S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
	};
	static const struct sock_filter number[] = {
		S(BPF_LD | BPF_W | BPF_ABS, 0), J(BPF_JMP | BPF_JEQ | BPF_K, 0x00c0ffee, 0, 1), S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		S(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct seccomp_difference first = {0};
	struct error err = {0};

	cr_assert_eq(compare_with(LIST(""), word, ARRAY_SIZE(word), false, &first, &err), 1, "%s", err.text);
	cr_expect(first.args[1] >> (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 32) == 0x5ec2e7, "%lx", first.args[1]);
	cr_expect_eq(compare_with(LIST(""), place, ARRAY_SIZE(place), false, &first, &err), -ENOTSUP);
	cr_expect_eq(compare_with(LIST(""), sum, ARRAY_SIZE(sum), false, &first, &err), -ENOTSUP);
	cr_assert_eq(compare_with(LIST(""), number, ARRAY_SIZE(number), false, &first, &err), 1, "%s", err.text);
	cr_expect_str_eq(first.call, "call 12648430");
}

/* A filter that a runtime did not make cannot hold us up. */
Test(compile, a_program_that_looks_at_everything_is_given_up)
{
	static struct sock_filter code[4000];
	struct seccomp_difference first = {0};
	struct error err = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(code) - 1; i++)
		code[i] = i % 2 ? (struct sock_filter)J(BPF_JMP | BPF_JSET | BPF_K, i * 0x9e3779b9, 0, 0)
				: (struct sock_filter)S(BPF_LD | BPF_W | BPF_ABS, 16 + 4 * (i / 2 % 12));
	code[ARRAY_SIZE(code) - 1] = (struct sock_filter)S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1);
	cr_expect_eq(compare_with(LIST(""), code, ARRAY_SIZE(code), false, &first, &err), -E2BIG, "%s", err.text);
}
