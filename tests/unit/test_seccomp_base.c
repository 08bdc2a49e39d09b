/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default filter: what it allows, held against Docker's, and what libseccomp makes of it, call by call. */
#include <criterion/criterion.h>
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/base.h"
#include "lib/seccomp/compile.h"
#include "lib/seccomp/condition.h"
#include "tests/unit/docker_seccomp.h"

TestSuite(seccomp_base, .timeout = 120);

#define CAP(name) (UINT64_C(1) << (CAP_##name))
/* What Docker gives a container that asks for nothing. */
#define DOCKER_CAPABILITIES (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FSETID) | CAP(FOWNER) | CAP(MKNOD) | CAP(NET_RAW) | CAP(SETGID) | \
	CAP(SETUID) | CAP(SETFCAP) | CAP(SETPCAP) | CAP(NET_BIND_SERVICE) | CAP(SYS_CHROOT) | CAP(KILL) | CAP(AUDIT_WRITE))
#define EVERY_CAPABILITY ((UINT64_C(1) << 41) - 1)

static struct seccomp_filter base(const char *architecture, uint64_t capabilities)
{
	struct seccomp_filter filter = {0};
	struct error err = {0};

	cr_assert_eq(seccomp_base(architecture, capabilities, &filter, &err), 0, "%s", err.text);
	return filter;
}

static struct seccomp_answer ask(const struct seccomp_filter *filter, const char *name, uint64_t first, uint64_t second)
{
	return seccomp_ask(filter, name, (const uint64_t[SECCOMP_ARGS]){first, second});
}

/* Near everything that the list looks at. */
static const uint64_t arguments[] = {
	0, 1, 2, 3, 8, 9, 10, 11, 15, 16, 17, 18, 24, 29, 37, 38, 39, 40, 41, 44, 45, 46, 0x11, 0x1200011, 0x3d0f00, 0x3d0f80, 0x20000,
	0x20008, 0x20001, 0x40000, 0x400000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x7e020000, 0x7e020011,
	0x5401, 0x5411, 0x5412, 0x5413, 0x541b, 0x541c, 0x541d, 0x5416, 0x1412, 0x80005412, 0xffff5412, 0xffffffff, 0xfffffffe,
	UINT64_C(0x100000000), UINT64_C(0x100000008), UINT64_C(0x100000002), UINT64_C(0x100000026), UINT64_C(0x100005412),
	UINT64_C(0xffffffff0000541c), UINT64_C(0x110000000), UINT64_MAX,
};

/* --- held against Docker's --- */

static bool among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool docker_would(uint64_t capabilities, const char *name, uint64_t first)
{
	for (size_t i = 0; i < ARRAY_SIZE(docker_allows_with); i++)
		if (capabilities >> docker_allows_with[i].capability & 1 && among(docker_allows_with[i].calls, name))
			return true;
	if (strcmp(name, "socket") == 0)
		return first != 38 && first != 40;
	if (strcmp(name, "personality") == 0)
		return first == 0 || first == 8 || first == 0x20000 || first == 0x20008 || first == 0xffffffff;
	if (strcmp(name, "clone") == 0)
		return (first & 0x7e020000) == 0;
	return among(docker_allows, name);
}

static void expect_no_looser(uint64_t capabilities)
{
	_cleanup_seccomp_ struct seccomp_filter filter = base("SCMP_ARCH_X86_64", capabilities);

	cr_expect_eq(filter.otherwise.action, SECCOMP_ERRNO);
	for (unsigned i = 0; i < filter.count; i++)
		for (size_t k = 0; k < 2 * ARRAY_SIZE(arguments); k++) {
			uint64_t first = k % 2 ? 0 : arguments[k / 2], second = k % 2 ? arguments[k / 2] : 0;
			const char *name = filter.calls[i].name;

			cr_assert(ask(&filter, name, first, second).action >= SECCOMP_ERRNO || docker_would(capabilities, name, first),
				  "%s(%lx, %lx) with %lx", name, first, second, capabilities);
		}
}

Test(seccomp_base, is_nowhere_looser_than_dockers_whatever_the_capabilities)
{
	expect_no_looser(0);
	expect_no_looser(DOCKER_CAPABILITIES);
	expect_no_looser(EVERY_CAPABILITY);
	for (int n = 0; n < 41; n++)
		expect_no_looser(UINT64_C(1) << n);
}

/* Where it is stricter its list says so. */
Test(seccomp_base, what_docker_allows_it_allows_but_for_what_its_list_says)
{
	static const char *const stricter[] = {"ptrace", "process_vm_readv", "process_vm_writev", "socketcall", "epoll_ctl_old", "epoll_wait_old",
						"riscv_hwprobe", NULL};
	_cleanup_seccomp_ struct seccomp_filter none = base("SCMP_ARCH_X86_64", 0), every = base("SCMP_ARCH_X86_64", EVERY_CAPABILITY);

	for (const char *const *name = docker_allows; *name; name++)
		cr_expect_eq(ask(&none, *name, 0, 0).action, among(stricter, *name) ? SECCOMP_ERRNO : SECCOMP_ALLOW, "%s", *name);
	for (size_t i = 0; i < ARRAY_SIZE(docker_allows_with); i++)
		for (const char *const *name = docker_allows_with[i].calls; *name; name++)
			cr_expect_eq(ask(&every, *name, UINT64_MAX, UINT64_MAX).action, SECCOMP_ALLOW, "%s", *name);
}

/* It says so with two inequalities: one is made values, and what the other has, families to come, is given up. */
Test(seccomp_base, the_families_of_sockets_that_dockers_allows_are_left_when_it_is_composed)
{
#define SOCKET(op, family) "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":" #family ",\"op\":\"SCMP_CMP_" op "\"}]}"
	static const char theirs[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],\"syscalls\":["
				     SOCKET("LT", 38) "," SOCKET("EQ", 39) "," SOCKET("GT", 40) "]}";
	static const char open[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]}";
	_cleanup_seccomp_ struct seccomp_filter a = {0}, b = {0}, met = {0};
	_cleanup_json_ struct json_doc *doc_a = NULL, *doc_b = NULL;
	struct error err = {0};
	unsigned inexact;

	cr_assert_eq(json_parse("a", theirs, sizeof theirs - 1, &doc_a, &err), 0, "%s", err.text);
	cr_assert_eq(json_parse("b", open, sizeof open - 1, &doc_b, &err), 0, "%s", err.text);
	cr_assert_eq(seccomp_read(json_root(doc_a), &a, &err), 0, "%s", err.text);
	cr_assert_eq(seccomp_read(json_root(doc_b), &b, &err), 0, "%s", err.text);
	cr_assert_eq(seccomp_meet(&a, &b, &met, &inexact, &err), 0, "%s", err.text);
	for (uint64_t family = 0; family < 40; family++)
		cr_expect_eq(ask(&met, "socket", family, 0).action, family == 38 ? SECCOMP_ERRNO : SECCOMP_ALLOW, "%lu", family);
	cr_expect_eq(ask(&met, "socket", 40, 0).action, SECCOMP_ERRNO);
}

/* --- what is in it --- */

struct fact {
	const char *name;
	uint64_t first, second;
	int error; /* 0: allowed */
	uint64_t capability; /* with which it is allowed */
};

static const struct fact facts[] = {
	/* the first steps of those who want out */
	{"unshare", 0x10000000, 0, EPERM, CAP(SYS_ADMIN)}, {"clone", 0x10000011, 0, EPERM, CAP(SYS_ADMIN)},
	{"clone", 0x20000011, 0, EPERM, CAP(SYS_ADMIN)}, {"clone3", 0, 0, ENOSYS, CAP(SYS_ADMIN)}, {"setns", 3, 0, EPERM, CAP(SYS_ADMIN)},
	{"mount", 0, 0, EPERM, CAP(SYS_ADMIN)}, {"fsopen", 0, 0, EPERM, CAP(SYS_ADMIN)}, {"pivot_root", 0, 0, EPERM, 0},
	{"keyctl", 0, 0, EPERM, 0}, {"add_key", 0, 0, EPERM, 0}, {"request_key", 0, 0, EPERM, 0}, {"bpf", 5, 0, EPERM, CAP(BPF)},
	{"bpf", 5, 0, EPERM, CAP(SYS_ADMIN)}, {"userfaultfd", 0, 0, EPERM, 0}, {"perf_event_open", 0, 0, EPERM, CAP(PERFMON)},
	{"io_uring_setup", 1, 0, EPERM, 0}, {"io_uring_enter", 1, 0, EPERM, 0}, {"io_uring_register", 1, 0, EPERM, 0},
	{"ptrace", 16, 0, EPERM, CAP(SYS_PTRACE)}, {"process_vm_readv", 1, 0, EPERM, CAP(SYS_PTRACE)}, {"kexec_load", 0, 0, EPERM, 0},
	{"init_module", 0, 0, EPERM, CAP(SYS_MODULE)}, {"open_by_handle_at", 0, 0, EPERM, CAP(DAC_READ_SEARCH)},
	{"reboot", 0, 0, EPERM, CAP(SYS_BOOT)}, {"chroot", 0, 0, EPERM, CAP(SYS_CHROOT)}, {"acct", 0, 0, EPERM, CAP(SYS_PACCT)},
	{"iopl", 3, 0, EPERM, CAP(SYS_RAWIO)}, {"settimeofday", 0, 0, EPERM, CAP(SYS_TIME)}, {"vhangup", 0, 0, EPERM, CAP(SYS_TTY_CONFIG)},
	{"syslog", 3, 0, EPERM, CAP(SYSLOG)}, {"mbind", 0, 0, EPERM, CAP(SYS_NICE)}, {"swapon", 0, 0, EPERM, 0}, {"quotactl", 0, 0, EPERM, CAP(SYS_ADMIN)},
	{"personality", 0x40000, 0, ENOSYS, 0}, {"personality", 0x400000, 0, ENOSYS, 0}, {"personality", UINT64_C(0x100000008), 0, ENOSYS, 0},
	{"socket", 40, 1, ENOSYS, 0}, {"socket", 38, 5, ENOSYS, 0}, {"socket", 15, 3, ENOSYS, CAP(NET_ADMIN)}, {"socket", 30, 3, ENOSYS, 0},
	{"socketcall", 1, 0, EPERM, 0}, {"ioctl", 0, 0x5412, EPERM, 0}, {"ioctl", 0, 0x541c, EPERM, 0},
	{"ioctl", 0, UINT64_C(0x100005412), EPERM, 0}, {"ioctl", 0, UINT64_C(0xffffffff0000541c), EPERM, 0},
	/* what there will be, and what there was */
	{"no_such_call_yet", 0, 0, ENOSYS, 0}, {"create_module", 0, 0, ENOSYS, 0},
	/* what programs do */
	{"execve", 0, 0, 0, 0}, {"clone", 0x1200011, 0, 0, 0}, {"clone", 0x3d0f00, 0, 0, 0}, {"vfork", 0, 0, 0, 0}, {"openat", 0, 0, 0, 0},
	{"socket", 1, 1, 0, 0}, {"socket", 2, 1, 0, 0}, {"socket", 10, 2, 0, 0}, {"socket", 16, 3, 0, 0}, {"socket", 17, 3, 0, 0},
	{"personality", 0xffffffff, 0, 0, 0}, {"personality", 8, 0, 0, 0}, {"ioctl", 0, 0x5401, 0, 0}, {"ioctl", 0, 0x5413, 0, 0},
	{"ioctl", 0, 0x541b, 0, 0}, {"ioctl", 0, 0x80045430, 0, 0}, {"futex_waitv", 0, 0, 0, 0}, {"seccomp", 1, 0, 0, 0},
	{"landlock_create_ruleset", 0, 0, 0, 0}, {"arch_prctl", 0x1002, 0, 0, 0}, {"rseq", 0, 0, 0, 0},
};

Test(seccomp_base, facts)
{
	_cleanup_seccomp_ struct seccomp_filter none = base("SCMP_ARCH_X86_64", 0), every = base("SCMP_ARCH_X86_64", EVERY_CAPABILITY);

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		const struct fact *fact = &facts[i];
		struct seccomp_answer without = ask(&none, fact->name, fact->first, fact->second);

		cr_expect_eq(without.action, fact->error ? SECCOMP_ERRNO : SECCOMP_ALLOW, "%s(%lx, %lx)", fact->name, fact->first, fact->second);
		cr_expect_eq(without.data, (uint32_t)fact->error, "%s(%lx, %lx): %u", fact->name, fact->first, fact->second, without.data);
		if (fact->capability) {
			_cleanup_seccomp_ struct seccomp_filter with = base("SCMP_ARCH_X86_64", fact->capability);

			cr_expect_eq(ask(&with, fact->name, fact->first, fact->second).action, SECCOMP_ALLOW, "%s", fact->name);
		} else if (fact->error) {
			cr_expect_eq(ask(&every, fact->name, fact->first, fact->second).action, SECCOMP_ERRNO, "%s", fact->name);
		}
	}
}

Test(seccomp_base, each_machine_has_its_own)
{
	static const struct {
		const char *architecture, *has;
		unsigned count;
		uint64_t first, second; /* of a clone that is denied */
	} machines[] = {
		{"SCMP_ARCH_X86_64", "modify_ldt", 3, 0x10000000, 0}, {"SCMP_ARCH_AARCH64", "set_tls", 2, 0x10000000, 0},
		{"SCMP_ARCH_S390X", "s390_runtime_instr", 2, 0, 0x10000000}, {"SCMP_ARCH_RISCV64", "riscv_flush_icache", 0, 0x10000000, 0},
		{"", NULL, 0, 0x10000000, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		_cleanup_seccomp_ struct seccomp_filter filter = base(machines[i].architecture, 0);

		cr_expect_eq(filter.architecture_count, machines[i].count, "%s", machines[i].architecture);
		cr_expect_eq(ask(&filter, "clone", machines[i].first, machines[i].second).action, SECCOMP_ERRNO, "%s", machines[i].architecture);
		cr_expect_eq(ask(&filter, "clone", machines[i].second, machines[i].first).action, SECCOMP_ALLOW, "%s", machines[i].architecture);
		for (size_t k = 0; k < ARRAY_SIZE(machines) && machines[k].has; k++)
			cr_expect_eq(ask(&filter, machines[k].has, 0, 0).action, i == k ? SECCOMP_ALLOW : SECCOMP_ERRNO, "%s on %s",
				     machines[k].has, machines[i].architecture);
	}
}

/* libseccomp 2.5.4 compiles several inequalities for an argument wrongly: there is none. */
Test(seccomp_base, no_rule_has_an_inequality)
{
	_cleanup_seccomp_ struct seccomp_filter filter = base("SCMP_ARCH_X86_64", 0);

	for (unsigned i = 0; i < filter.count; i++)
		for (unsigned k = 0; k < filter.calls[i].count; k++)
			for (int n = 0; n < SECCOMP_ARGS; n++)
				cr_expect_not(condition_is_inequality(&filter.calls[i].rules[k].args[n]), "%s", filter.calls[i].name);
}

/* --- what is loaded --- */

#ifdef __x86_64__
enum { NUMBERS = 1001 };

/* Every call there is by its number, and those that there are not yet, as a program of ABI calls it. */
static void sweep(const struct seccomp_filter *filter, const struct bpf_program *bpf, uint32_t abi, uint64_t most)
{
	unsigned known = 0;

	for (int n = 0; n < NUMBERS; n++) {
		int number = abi == SCMP_ARCH_X32 ? n | 0x40000000 : n;
		_cleanup_free_ char *name = seccomp_syscall_resolve_num_arch(abi, number);

		known += name && seccomp_ask(filter, name, (const uint64_t[SECCOMP_ARGS]){0}).action == SECCOMP_ALLOW;
		for (size_t k = 0; k < 2 * ARRAY_SIZE(arguments); k++) {
			struct seccomp_data data = {.nr = number, .arch = abi == SCMP_ARCH_X86 ? abi : SCMP_ARCH_X86_64,
						    .args = {k % 2 ? 0 : arguments[k / 2] & most, k % 2 ? arguments[k / 2] & most : 0}};
			struct seccomp_answer wanted = ask(filter, name ? name : "no_such_call_yet", data.args[0], data.args[1]);
			uint32_t got = bpf_run(bpf, &data, NULL);

			cr_assert_eq(got, seccomp_value(wanted), "%x: %d %s(%llx, %llx): %x", abi, n, name ? name : "?", data.args[0], data.args[1], got);
		}
	}
	cr_expect_gt(known, 250, "%x: only %u are allowed", abi, known);
}

/* T20 of the threat model: neither int 0x80 nor x32 nor a new call is a way round. */
Test(seccomp_base, T20_each_number_of_each_abi_answers_as_the_list_says)
{
	static const uint64_t capabilities[] = {0, DOCKER_CAPABILITIES, EVERY_CAPABILITY};

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		_cleanup_seccomp_ struct seccomp_filter filter = base("SCMP_ARCH_X86_64", capabilities[i]);
		_cleanup_bpf_ struct bpf_program bpf = {0};
		struct seccomp_data foreign = {.nr = 0, .arch = SCMP_ARCH_AARCH64};
		struct error err = {0};

		cr_assert_eq(seccomp_compile(&filter, &bpf, &err), 0, "%s", err.text);
		cr_expect_lt(bpf.length, 3000, "%u instructions: the kernel takes 4096", bpf.length);
		sweep(&filter, &bpf, SCMP_ARCH_X86_64, UINT64_MAX);
		sweep(&filter, &bpf, SCMP_ARCH_X86, UINT32_MAX);
		sweep(&filter, &bpf, SCMP_ARCH_X32, UINT32_MAX);
		cr_expect_eq(bpf_run(&bpf, &foreign, NULL), SCMP_ACT_KILL_THREAD);
	}
}
#endif
