/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters that are made of recordings: what each allows, as the program that a runtime loads answers it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/record/generate.h"
#include "lib/record/runtime.h"
#include "lib/seccomp/compile.h"
#include "tests/unit/record_fixture.h"

TestSuite(generate, .timeout = 300);

static char *text_of(const struct seccomp_filter *filter)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *object = NULL;
	struct error err = {0};
	char *text = NULL;
	size_t length;

	cr_assert_eq(json_doc_new(&doc, &err), 0);
	cr_assert_eq(seccomp_write(filter, doc, &object, &err), 0, "%s", err.text);
	cr_assert_eq(json_write(object, false, &text, &length, &err), 0);
	return text;
}

/* Of runs that are each given by their needs, under crun with noNewPrivileges, which needs the least. */
static struct generated generated_of(const char *const *runs)
{
	enum { RUNS_MAX = 8 };
	struct recording recordings[RUNS_MAX];
	const struct recording *list[RUNS_MAX];
	struct generated result = {0};
	struct error err = {0};
	size_t count = 0;

	for (; runs[count]; count++) {
		recordings[count] = recording_of(runs[count]);
		recordings[count].no_new_privileges = true;
		cr_assert_eq(recording_set(&recordings[count].runtime, "crun", NULL), 0);
		cr_assert_eq(recording_set(&recordings[count].runtime_version, "1.8.1", NULL), 0);
		list[count] = &recordings[count];
	}
	cr_assert_eq(generate(list, count, NULL, &result, &err), 0, "%s", err.text);
	for (size_t i = 0; i < count; i++)
		recording_close(&recordings[i]);
	return result;
}
#define GENERATED(...) generated_of((const char *const[]){__VA_ARGS__, NULL})

static struct generated generated_for(const struct recording *recording, const char *runtime)
{
	struct generated generated = {0};
	struct error err = {0};

	cr_assert_eq(generate(&recording, 1, runtime, &generated, &err), 0, "%s", err.text);
	return generated;
}

/* Compiled, and proved to be the filter. */
static struct bpf_program program_of(const struct seccomp_filter *filter)
{
	struct bpf_program program = {0};
	struct error err = {0};
	_cleanup_free_ char *text = text_of(filter);

	cr_assert_eq(seccomp_compile(filter, &program, &err), 0, "%s: %s", err.text, text);
	cr_assert_eq(seccomp_prove(filter, &program, &err), 0, "%s: %s", err.text, text);
	cr_assert_eq(seccomp_try(&program, &err), 0, "%s", err.text);
	return program;
}

static uint32_t ask(const struct bpf_program *program, uint32_t token, const char *call, const uint64_t args[SECCOMP_ARGS])
{
	struct seccomp_data data = {.arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token};

	data.nr = *call == '#' ? atoi(call + 1) : seccomp_syscall_resolve_name_arch(token, call);
	if (*call == '#' && token == SCMP_ARCH_X32)
		data.nr |= 0x40000000;
	memcpy(data.args, args, sizeof data.args);
	return bpf_run(program, &data, NULL);
}

#define ALLOWED SECCOMP_RET_ALLOW
#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define NOT_THERE (SECCOMP_RET_ERRNO | ENOSYS)
#define KILLED SECCOMP_RET_KILL_THREAD

/* Rows without runs go on with the filter of the one before. */
static const struct {
	const char *runs[4];
	uint32_t token;
	const char *call;
	uint64_t args[SECCOMP_ARGS];
	uint32_t answer;
} answers[] = {
#ifdef __x86_64__
#define NATIVE SCMP_ARCH_X86_64
	/* What was seen, what was not, what is newer, and what crun itself needs. */
	{{"read, openat"}, NATIVE, "read", {0}, ALLOWED},
	{{0}, NATIVE, "openat", {9, 9}, ALLOWED},
	{{0}, NATIVE, "bpf", {0}, REFUSED},
	{{0}, NATIVE, "userfaultfd", {0}, REFUSED},
	{{0}, NATIVE, "unshare", {CLONE_NEWUSER}, REFUSED},
	{{0}, NATIVE, "io_uring_setup", {0}, REFUSED},
	{{0}, NATIVE, "#467", {0}, NOT_THERE},
	{{0}, NATIVE, "#1000", {0}, NOT_THERE},
	{{0}, NATIVE, "execve", {0}, ALLOWED},
	{{0}, NATIVE, "umask", {0}, ALLOWED},
	{{0}, NATIVE, "setresuid", {0}, REFUSED},
	{{0}, NATIVE, "futex", {0}, REFUSED},
	/* Newer forms of what is allowed: a C library goes on with the older one. */
	{{0}, NATIVE, "openat2", {0}, NOT_THERE},
	{{0}, NATIVE, "pipe2", {0}, REFUSED},
	/* The other ABIs were not seen. */
	{{0}, SCMP_ARCH_X86, "read", {0}, KILLED},
	{{0}, SCMP_ARCH_X32, "read", {0}, KILLED},
	/* The union of runs. */
	{{"read", "write, socket 1 1", "socket 2 2"}, NATIVE, "read", {0}, ALLOWED},
	{{0}, NATIVE, "write", {0}, ALLOWED},
	{{0}, NATIVE, "socket", {AF_UNIX, SOCK_STREAM}, ALLOWED},
	{{0}, NATIVE, "socket", {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 7}, ALLOWED},
	{{0}, NATIVE, "socket", {AF_INET, SOCK_DGRAM}, ALLOWED},
	{{0}, NATIVE, "socket", {AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC}, ALLOWED},
	{{0}, NATIVE, "socket", {UINT64_C(0xdead00000000) | AF_UNIX, UINT64_C(0xbeef00000000) | SOCK_STREAM}, ALLOWED},
	{{0}, NATIVE, "socket", {AF_UNIX, SOCK_DGRAM}, NOT_THERE},
	{{0}, NATIVE, "socket", {AF_INET, SOCK_STREAM}, NOT_THERE},
	{{0}, NATIVE, "socket", {AF_INET, SOCK_RAW}, NOT_THERE},
	{{0}, NATIVE, "socket", {AF_VSOCK, SOCK_STREAM}, NOT_THERE},
	{{0}, NATIVE, "socket", {AF_NETLINK, SOCK_RAW}, NOT_THERE},
	/* One who asks for what a descriptor is asks for it otherwise the next time; not for what types for the user. */
	{{"fcntl 2, ioctl 21505, prctl 15"}, NATIVE, "fcntl", {0, F_GETFL}, ALLOWED},
	{{0}, NATIVE, "fcntl", {0, F_SETLK}, NOT_THERE},
	{{0}, NATIVE, "fcntl", {0, F_NOTIFY}, NOT_THERE},
	{{0}, NATIVE, "ioctl", {0, TIOCGWINSZ}, ALLOWED},
	{{0}, NATIVE, "ioctl", {0, TIOCSTI}, NOT_THERE},
	{{0}, NATIVE, "ioctl", {0, UINT64_C(0x100000000) | TIOCSTI}, NOT_THERE},
	{{0}, NATIVE, "prctl", {16}, ALLOWED},
	{{0}, NATIVE, "prctl", {4}, NOT_THERE},
	/* Threads and children are alike; namespaces are not. */
	{{"clone 4001536"}, NATIVE, "clone", {4001536}, ALLOWED},
	{{0}, NATIVE, "clone", {17}, ALLOWED},
	{{0}, NATIVE, "clone", {CLONE_VM | CLONE_VFORK | 17}, ALLOWED},
	{{0}, NATIVE, "clone", {CLONE_NEWUSER | 17}, NOT_THERE},
	{{0}, NATIVE, "clone", {CLONE_NEWNET}, NOT_THERE},
	{{0}, NATIVE, "clone3", {0}, NOT_THERE},
	/* What clone3 makes cannot be seen: clone is its way back. */
	{{"clone3"}, NATIVE, "clone3", {0}, NOT_THERE},
	{{0}, NATIVE, "clone", {CLONE_THREAD | CLONE_VM}, ALLOWED},
	{{0}, NATIVE, "clone", {CLONE_NEWUSER}, NOT_THERE},
	{{"clone3, clone 268435473"}, NATIVE, "clone", {CLONE_THREAD | CLONE_VM}, ALLOWED},
	{{0}, NATIVE, "clone", {CLONE_NEWUSER | 17}, ALLOWED},
	{{0}, NATIVE, "clone", {CLONE_NEWNET | 17}, NOT_THERE},
	{{"clone3, CAP_SYS_ADMIN"}, NATIVE, "clone3", {0}, ALLOWED},
	{{0}, NATIVE, "clone", {17}, REFUSED},
	/* Many values, or none that were recorded: any. */
	{{"setsockopt any, keyctl"}, NATIVE, "setsockopt", {1, 2, 3}, ALLOWED},
	{{0}, NATIVE, "keyctl", {31}, ALLOWED},
	{{"prctl 1, prctl 2, prctl 3", "prctl 4, prctl 5, prctl 6", "prctl 7, prctl 8, prctl 15, prctl 16"}, NATIVE, "prctl", {99}, ALLOWED},
	{{"prctl 1, prctl 2, prctl 3", "prctl 4, prctl 5, prctl 6", "prctl 7, prctl 15, prctl 16"}, NATIVE, "prctl", {99}, NOT_THERE},
	{{"keyctl 1, keyctl 1", "keyctl"}, NATIVE, "keyctl", {1}, ALLOWED},
	/* Programs of 32 bits: what goes through socketcall, too. */
	{{"read, x86:_llseek, x86:ioctl 21505"}, SCMP_ARCH_X86, "_llseek", {0}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "read", {0}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "ioctl", {0, TCGETS}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "ioctl", {0, TIOCSTI}, NOT_THERE},
	{{0}, NATIVE, "ioctl", {0, TCGETS}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "socketcall", {1}, REFUSED},
	{{0}, SCMP_ARCH_X86, "#359", {AF_UNIX, SOCK_STREAM}, REFUSED},
	{{0}, SCMP_ARCH_X86, "mmap2", {0}, REFUSED},
	{{0}, SCMP_ARCH_X86, "#467", {0}, NOT_THERE},
	{{0}, SCMP_ARCH_X32, "read", {0}, KILLED},
	{{"x86:socketcall, x86:ipc"}, SCMP_ARCH_X86, "socketcall", {1}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "ipc", {21}, ALLOWED},
	{{0}, NATIVE, "socket", {AF_INET, SOCK_STREAM}, REFUSED},
	{{0}, SCMP_ARCH_X86, "#359", {AF_INET, SOCK_STREAM}, REFUSED},
	{{0}, NATIVE, "shmat", {0}, REFUSED},
	{{"x86:read, socket 2 1, x86:connect"}, SCMP_ARCH_X86, "#359", {AF_INET, SOCK_STREAM}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "#359", {AF_VSOCK, SOCK_STREAM}, NOT_THERE},
	{{0}, SCMP_ARCH_X86, "socketcall", {1}, REFUSED},
	{{0}, SCMP_ARCH_X86, "socketcall", {3}, REFUSED},
	{{0}, NATIVE, "connect", {0}, ALLOWED},
	{{0}, NATIVE, "bind", {0}, REFUSED},
	{{"x32:read, x32:ioctl 21505"}, SCMP_ARCH_X32, "read", {0}, ALLOWED},
	{{0}, SCMP_ARCH_X32, "ioctl", {0, TCGETS}, ALLOWED},
	{{0}, SCMP_ARCH_X32, "ioctl", {0, TIOCSTI}, NOT_THERE},
	{{0}, SCMP_ARCH_X32, "bpf", {0}, REFUSED},
	{{0}, SCMP_ARCH_X86, "read", {0}, KILLED},
	{{"read, x86:read, x32:read, unshare 131072"}, SCMP_ARCH_X86, "read", {0}, ALLOWED},
	{{0}, SCMP_ARCH_X32, "read", {0}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "unshare", {CLONE_NEWNS}, ALLOWED},
	{{0}, SCMP_ARCH_X86, "unshare", {CLONE_NEWUSER}, NOT_THERE},
	{{0}, NATIVE, "unshare", {CLONE_NEWNS | CLONE_NEWUSER}, NOT_THERE},
	{{0}, SCMP_ARCH_AARCH64, "read", {0}, KILLED},
	/* What the kernel makes of a call that is interrupted. */
	{{"read, nanosleep"}, NATIVE, "restart_syscall", {0}, ALLOWED},
	{{"read, ppoll, x86:ppoll"}, NATIVE, "restart_syscall", {0}, REFUSED},
#endif
};

Test(generate, each_call_is_answered_as_it_was_seen)
{
	_cleanup_generated_ struct generated generated = {0};
	_cleanup_bpf_ struct bpf_program program = {0};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		uint32_t got;

		if (answers[i].runs[0]) {
			generated_close(&generated);
			bpf_close(&program);
			program = (struct bpf_program){0};
			generated = generated_of(answers[i].runs);
			program = program_of(&generated.filter);
			cr_expect_eq(generated.warning_count, 0, "%s", generated.warning_count ? generated.warnings[0] : "");
		}
		got = ask(&program, answers[i].token, answers[i].call, answers[i].args);
		cr_expect_eq(got, answers[i].answer, "row %zu: %s(%llx, %llx) on %x: %x, not %x", i, answers[i].call,
			     (unsigned long long)answers[i].args[0], (unsigned long long)answers[i].args[1], answers[i].token, got,
			     answers[i].answer);
	}
}

/* The text without the entry of what is denied. */
static char *allowed_text(const struct seccomp_filter *filter)
{
	static struct seccomp_call calls[SECCOMP_CALLS_MAX];
	struct seccomp_filter allowed = *filter;

	allowed.calls = calls;
	allowed.count = 0;
	for (unsigned i = 0; i < filter->count; i++)
		if (filter->calls[i].rules[0].answer.data != EPERM)
			calls[allowed.count++] = filter->calls[i];
	return text_of(&allowed);
}

#ifdef __x86_64__
#define HEAD "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":["
#define MASKED(index, mask, value) "{\"index\":" #index ",\"value\":" #mask ",\"valueTwo\":" #value ",\"op\":\"SCMP_CMP_MASKED_EQ\"}"
#define ENTRY(names, args) "{\"names\":[" names "],\"action\":\"SCMP_ACT_ALLOW\"" args "}"

static const struct {
	const char *needs, *text;
} golden[] = {
	{"read", HEAD "\"SCMP_ARCH_X86_64\"],\"syscalls\":[" ENTRY("\"close\",\"execve\",\"read\",\"umask\",\"write\"", "") "]}\n"},
	{"clone3, socket 2 524289, unshare 268435456, x86:read, CAP_CHOWN",
	 HEAD "\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],\"syscalls\":["
	 "{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},"
	 ENTRY("\"close\",\"execve\",\"read\",\"umask\",\"write\"", "") ","
	 ENTRY("\"clone\"", ",\"args\":[" MASKED(0, 2114060288, 0) "]") ","
	 ENTRY("\"socket\"", ",\"args\":[" MASKED(0, 4294967295, 2) "," MASKED(1, 15, 1) "]") ","
	 ENTRY("\"socket\"", ",\"args\":[" MASKED(0, 4294967295, 10) "," MASKED(1, 15, 1) "]") ","
	 ENTRY("\"unshare\"", ",\"args\":[" MASKED(0, 4294967295, 268435456) "]") "]}\n"},
};

Test(generate, what_is_not_denied_is_this_text)
{
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		_cleanup_generated_ struct generated generated = GENERATED(golden[i].needs);
		_cleanup_free_ char *text = allowed_text(&generated.filter);

		cr_expect_str_eq(text, golden[i].text);
	}
}

/* Runtimes without defaultErrnoRet answer EPERM to all; and an action that is the default's would be left out. */
Test(generate, all_that_is_denied_is_one_entry)
{
	_cleanup_generated_ struct generated generated = GENERATED("read, socket 1 1");
	_cleanup_free_ char *text = text_of(&generated.filter);
	static const char action[] = "\"action\":\"SCMP_ACT_ERRNO\"}";
	const char *first = strstr(text, action);
	unsigned denied = 0;

	cr_assert(first);
	cr_expect_not(strstr(first + strlen(action), "\"SCMP_ACT_ERRNO\""));
	for (unsigned i = 0; i < generated.filter.count; i++)
		denied += generated.filter.calls[i].rules[0].answer.data == EPERM;
	cr_expect_gt(denied, 300, "%u", denied);
}
#endif

/* --- the same, whatever the order --- */

static unsigned seed;
static unsigned random_below(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static struct recording random_recording(void)
{
	static const char *const needs[] = {
		"read", "write", "openat", "clone", "clone 17", "clone 4001536", "clone3", "fcntl 1", "fcntl 3", "fcntl 1030", "fcntl any",
		"ioctl 21505", "ioctl 21523", "ioctl 1", "ioctl 2", "prctl 15", "prctl 22", "prctl 38", "setsockopt 1 2", "setsockopt 6 1",
		"socket 1 1", "socket 2 1", "socket 2 524290", "socket 16 3", "x86:read", "x86:ioctl 7", "x86:socketcall", "x32:read",
		"CAP_SYS_ADMIN", "CAP_CHOWN", "#467", "no_such_call",
	};
	static const char *const runtimes[] = {"runc", "crun", "youki", "/usr/bin/crun"};
	static const char *const versions[] = {"1.1.5", "1.8.1", "2.0"};
	struct recording recording = {.complete = true, .no_new_privileges = random_below(2)};

	for (unsigned n = random_below(12); n; n--)
		recording_need(&recording, needs[random_below(ARRAY_SIZE(needs))]);
	if (random_below(4))
		cr_assert_eq(recording_set(&recording.runtime, runtimes[random_below(ARRAY_SIZE(runtimes))], NULL), 0);
	if (recording.runtime && random_below(4))
		cr_assert_eq(recording_set(&recording.runtime_version, versions[random_below(ARRAY_SIZE(versions))], NULL), 0);
	if (random_below(2))
		cr_assert_eq(needs_add(&recording.runtime_needs, &(struct need){.kind = NEED_CALL, .name = "futex"}, NULL), 0);
	return recording;
}

static void shuffle(const struct recording **list, unsigned count)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned k = random_below(i);
		const struct recording *other = list[k];

		list[k] = list[i - 1];
		list[i - 1] = other;
	}
}

Test(generate, the_same_recordings_in_any_order_are_the_same_text)
{
#ifdef __SANITIZE_ADDRESS__ /* five seconds a round */
	enum { ROUNDS = 10, RUNS = 6 };
#else
	enum { ROUNDS = 60, RUNS = 6 };
#endif

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct recording runs[RUNS];
		const struct recording *list[2 * RUNS];
		_cleanup_generated_ struct generated one = {0}, other = {0};
		_cleanup_free_ char *text = NULL, *text_of_other = NULL;
		struct error err = {0};

		seed = round + 1;
		for (unsigned i = 0; i < RUNS; i++) {
			runs[i] = random_recording();
			list[i] = list[RUNS + i] = &runs[i];
		}
		cr_assert_eq(generate(list, RUNS, NULL, &one, &err), 0, "%s", err.text);
		shuffle(list, RUNS);
		/* Some of them twice. */
		cr_assert_eq(generate(list, RUNS + random_below(RUNS), NULL, &other, &err), 0, "%s", err.text);
		text = text_of(&one.filter);
		text_of_other = text_of(&other.filter);
		cr_assert_str_eq(text, text_of_other, "seed %u", round + 1);
		cr_assert_eq(one.warning_count, other.warning_count);
		for (unsigned i = 0; i < one.warning_count; i++)
			cr_assert_str_eq(one.warnings[i], other.warnings[i]);
		if (round % 4 == 0) {
			_cleanup_bpf_ struct bpf_program program = program_of(&one.filter);

			cr_expect_gt(program.length, 100);
		}
		for (unsigned i = 0; i < RUNS; i++)
			recording_close(&runs[i]);
	}
}

/* --- what cannot be allowed --- */

Test(generate, a_call_without_a_name_is_told_and_not_forgotten)
{
	_cleanup_generated_ struct generated generated = GENERATED("read, #467, x86:#9999, no_such_call");

	cr_assert_eq(generated.warning_count, 1);
	cr_expect_str_eq(generated.warnings[0],
			 "3 calls were seen that libseccomp has no name for here: the filter does not allow them: #467, no_such_call, x86:#9999");
}

Test(generate, a_recording_of_nothing_but_strange_names_is_a_filter_and_a_short_warning)
{
	struct recording recording = {.no_new_privileges = true};
	_cleanup_generated_ struct generated generated = {0};
	struct error err = {0};

	cr_assert_eq(recording_set(&recording.runtime, "crun", NULL), 0);
	for (int i = 0; i < 4000; i++) {
		char name[NEED_NAME_MAX];

		(void)snprintf(name, sizeof name, "%0*d", NEED_NAME_MAX - 1, i);
		cr_assert_eq(needs_add(&recording.needs, &(struct need){.kind = NEED_CALL, .name = name, .abi = i % ABI_COUNT}, &err), 0, "%s", err.text);
	}
	generated = generated_for(&recording, NULL);
	cr_assert_eq(generated.warning_count, 1);
	cr_expect(strstr(generated.warnings[0], "4000 calls were seen"), "%s", generated.warnings[0]);
	cr_expect(strstr(generated.warnings[0], ", …"));
	recording_close(&recording);
}

Test(generate, of_no_recording_there_is_no_filter)
{
	_cleanup_generated_ struct generated generated = {0};
	struct error err = {0};

	cr_expect_eq(generate(NULL, 0, NULL, &generated, &err), -EINVAL);
}

/* --- what the runtime needs --- */

static const struct {
	const char *runtime, *version; /* of the recording */
	bool no_new_privileges;
	const char *measured, *asked; /* what was measured, and --runtime */
	const char *allowed, *denied; /* one call each */
	const char *warning; /* part of the only one; NULL: none */
} runtimes[] = {
	{"crun", "1.8.1", true, NULL, NULL, "execve", "setresuid", NULL},
	{"crun", "1.8.1", false, NULL, NULL, "setresuid", "futex", NULL},
	{"runc", "1.1.5+ds1", true, NULL, NULL, "futex", "setuid", NULL},
	{"runc", "1.1.12", false, NULL, NULL, "setuid", "setresuid", NULL},
	{"/usr/sbin/runc", NULL, true, NULL, NULL, "futex", "setuid", NULL},
	{"runc", "1.10.0", true, NULL, NULL, "futex", "setuid", "what runc 1.10.0 needs to start the workload is not known: that of runc 1.1 is allowed"},
	{"crun", "git", true, NULL, NULL, "execve", "futex", "crun git"},
	{"youki", "0.3", true, NULL, NULL, "futex", "setuid", "the runtime youki is not known"},
	{"youki", "0.3", true, "sched_yield", NULL, "sched_yield", "futex", "only what was seen of it"},
	{NULL, NULL, false, NULL, NULL, "setuid", "bpf", "--runtime says which"},
	{"crun", "1.8.1", true, "sched_yield", NULL, "sched_yield", "futex", NULL},
	{"crun", "1.8.1", true, "sched_yield", "runc", "futex", "setuid", NULL},
	{"crun", "1.8.1", true, NULL, "any", "futex", "setuid", NULL},
	{NULL, NULL, true, NULL, "crun", "execve", "futex", NULL},
};

static bool allows(const struct generated *generated, const char *name)
{
	return seccomp_ask(&generated->filter, name, (const uint64_t[SECCOMP_ARGS]){0}).action == SECCOMP_ALLOW;
}

Test(generate, a_runtime_may_do_what_it_needs_and_no_more)
{
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		struct recording recording = {.no_new_privileges = runtimes[i].no_new_privileges};
		_cleanup_generated_ struct generated generated = {0};

		cr_assert_eq(recording_set(&recording.runtime, runtimes[i].runtime, NULL), 0);
		cr_assert_eq(recording_set(&recording.runtime_version, runtimes[i].version, NULL), 0);
		if (runtimes[i].measured)
			cr_assert_eq(needs_add(&recording.runtime_needs, &(struct need){.kind = NEED_CALL, .name = runtimes[i].measured}, NULL), 0);
		generated = generated_for(&recording, runtimes[i].asked);
		cr_expect(allows(&generated, "execve"), "%zu", i);
		cr_expect(allows(&generated, runtimes[i].allowed), "%zu: %s", i, runtimes[i].allowed);
		cr_expect_not(allows(&generated, runtimes[i].denied), "%zu: %s", i, runtimes[i].denied);
		cr_expect_eq(generated.warning_count, runtimes[i].warning != NULL, "%zu: %s", i, generated.warning_count ? generated.warnings[0] : "");
		if (runtimes[i].warning && generated.warning_count)
			cr_expect(strstr(generated.warnings[0], runtimes[i].warning), "%zu: %s", i, generated.warnings[0]);
		recording_close(&recording);
	}
}

/* A runtime that drops capabilities does not open prctl for the workload. */
Test(generate, what_a_runtime_needs_of_arguments_is_no_more_than_that)
{
	_cleanup_generated_ struct generated generated = {0};
	struct recording recording = {0};
	static const struct {
		uint64_t option;
		enum seccomp_action action;
	} options[] = {{8, SECCOMP_ALLOW}, {24, SECCOMP_ALLOW}, {47, SECCOMP_ALLOW}, {15, SECCOMP_ALLOW}, {22, SECCOMP_ERRNO}, {38, SECCOMP_ERRNO}};

	recording_need(&recording, "prctl 15");
	cr_assert_eq(recording_set(&recording.runtime, "runc", NULL), 0);
	cr_assert_eq(needs_add(&recording.runtime_needs, &(struct need){.kind = NEED_CALL, .name = "prctl"}, NULL), 0);
	generated = generated_for(&recording, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		cr_expect_eq(seccomp_ask(&generated.filter, "prctl", (const uint64_t[SECCOMP_ARGS]){options[i].option}).action, options[i].action,
			     "%lu", (unsigned long)options[i].option);
	recording_close(&recording);
}

Test(generate, there_is_no_other_runtime)
{
	struct recording recording = {0};
	_cleanup_generated_ struct generated generated = {0};
	struct error err = {0};

	cr_expect_eq(generate(&(const struct recording *){&recording}, 1, "runcc", &generated, &err), -EINVAL);
	cr_expect(strstr(err.text, "runc, crun and any"), "%s", err.text);
}

Test(generate, what_is_made_for_one_runtime_is_short_of_what_another_needs)
{
	static const struct {
		const char *made_for, *runtime;
		bool recorded_with, with; /* noNewPrivileges */
		const char *missing;
	} starts[] = {
		{"crun", "crun", true, true, NULL},    {"crun", "runc", true, true, "fstatfs"}, {"runc", "crun", true, true, "umask"},
		{"any", "crun", true, true, NULL},     {"any", "runc", true, true, NULL},	{"runc", "runc", true, false, "prctl 24"},
		{"runc", "runc", false, false, NULL}, {"any", "crun", false, false, NULL},	{"crun", "crun", false, true, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct recording recording = {.no_new_privileges = starts[i].recorded_with};
		_cleanup_generated_ struct generated generated = generated_for(&recording, starts[i].made_for);
		_cleanup_needs_ struct needs missing = {0};
		bool found = false;
		char text[NEED_TEXT_MAX];

		cr_assert_eq(runtime_needs_denied(starts[i].runtime, starts[i].with, &generated.filter, &missing, NULL), 0);
		for (unsigned k = 0; k < missing.count; k++)
			found |= starts[i].missing && strcmp(need_text(&missing.list[k], text), starts[i].missing) == 0;
		cr_expect_eq(found, starts[i].missing != NULL, "%zu", i);
		cr_expect_eq(missing.count > 0, starts[i].missing != NULL, "%zu: %u", i, missing.count);
		cr_expect_eq(runtime_needs_denied("youki", true, &generated.filter, &missing, NULL), -ENOENT);
		recording_close(&recording);
	}
}

/* docs/seccomp.md says how many calls there are. */
Test(generate, runtimes_need_as_many_calls_as_is_said)
{
	static const struct {
		const char *runtime;
		bool no_new_privileges;
		unsigned calls;
	} said[] = {{"crun", true, 4}, {"runc", true, 16}, {"crun", false, 17}, {"runc", false, 31}};

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		_cleanup_needs_ struct needs needs = {0};
		const char *taken;
		unsigned calls = 0;

		cr_assert_eq(runtime_needs_add(said[i].runtime, NULL, said[i].no_new_privileges, &needs, &taken, NULL), 0);
		for (unsigned k = 0; k < needs.count; k++)
			calls += needs.list[k].kind == NEED_CALL;
		cr_expect_eq(calls, said[i].calls, "%zu: %u", i, calls);
	}
}
