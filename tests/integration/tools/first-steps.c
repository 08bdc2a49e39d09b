/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * first-steps: tries what those who want out of a container try first, each in a process of its own, as a program of
 * x86_64, as one of i386 (int 0x80) and as one of x32, and prints "ABI NAME ANSWER": "ok", an error or a signal. Nothing of i386 where the kernel has no 32-bit calls, and
 * int 0x80 is a segmentation fault whatever a filter says.
 * Linked statically and below 4 GiB (-static -no-pie), so that i386's calls can point to what is ours.
 *
 * first-steps nothing: tries one that everybody may take, for what the trying itself takes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned vsock[] = {40, 1, 0}, alg[] = {38, 5, 0}; /* arguments of socketcall */
#define NEW_USER 0x10000000l
#define SIGNAL_CHILD 17l
#define AT(array) ((long)(array))

/* 0: there is no such number there */
static const struct step {
	const char *name;
	long number, i386;
	long args[4];
} steps[] = {
	{"unshare", SYS_unshare, 310, {NEW_USER}},
	{"clone", SYS_clone, 120, {NEW_USER | SIGNAL_CHILD}},
	{"clone3", SYS_clone3, 435, {0}},
	{"setns", SYS_setns, 346, {-1}},
	{"mount", SYS_mount, 21, {1, 1, 1}},
	{"fsopen", SYS_fsopen, 430, {1}},
	{"pivot_root", SYS_pivot_root, 217, {1, 1}},
	{"keyctl", SYS_keyctl, 288, {0, -3, 1}},
	{"add_key", SYS_add_key, 286, {1, 1}},
	{"request_key", SYS_request_key, 287, {1, 1}},
	{"bpf", SYS_bpf, 357, {5}},
	{"userfaultfd", SYS_userfaultfd, 374, {1}},
	{"io_uring_setup", SYS_io_uring_setup, 425, {1, 1}},
	{"perf_event_open", SYS_perf_event_open, 336, {1}},
	{"ptrace", SYS_ptrace, 26, {0}},
	{"process_vm_readv", SYS_process_vm_readv, 347, {1, 1, 1}},
	{"open_by_handle_at", SYS_open_by_handle_at, 342, {-1, 1}},
	{"kexec_load", SYS_kexec_load, 283, {0}},
	{"finit_module", SYS_finit_module, 350, {-1}},
	{"vsock", SYS_socket, 359, {40, 1}},
	{"alg", SYS_socket, 359, {38, 5}},
	{"vsock-by-socketcall", 0, 102, {1, AT(vsock)}},
	{"alg-by-socketcall", 0, 102, {1, AT(alg)}},
	{"personality", SYS_personality, 136, {0x40000}},
	{"tiocsti", SYS_ioctl, 54, {0, 0x5412}},
	{"tiocsti-hidden", SYS_ioctl, 0, {0, 0x100005412}},
};

static long call_i386(long number, const long *args)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3])
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

static long call(const struct step *step, const char *abi)
{
	long result;

	if (strcmp(abi, "i386") == 0)
		return call_i386(step->i386, step->args);
	result = syscall(step->number | (strcmp(abi, "x32") == 0 ? 0x40000000 : 0), step->args[0], step->args[1], step->args[2], step->args[3]);
	return result < 0 ? -errno : result;
}

static void try(const struct step *step, const char *abi)
{
	int status = 0;
	pid_t pid;

	if (!(strcmp(abi, "i386") == 0 ? step->i386 : step->number))
		return;
	pid = fork();
	if (pid == 0) {
		long result = call(step, abi);

		_exit(result < 0 ? (int)-result : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		printf("%s %s not tried\n", abi, step->name);
	else if (strcmp(abi, "i386") == 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		return;
	else if (WIFSIGNALED(status))
		printf("%s %s SIG%s\n", abi, step->name, sigabbrev_np(WTERMSIG(status)));
	else
		printf("%s %s %s\n", abi, step->name, WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "ok");
}

int main(int argc, char **argv)
{
	static const char *const abis[] = {"x86_64", "i386", "x32"};
	static const struct step nothing = {"nothing", SYS_close, 0, {-1}};

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 2 && strcmp(argv[1], "nothing") == 0) {
		try(&nothing, "x86_64");
		return 0;
	}
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		for (int k = 0; k < 3; k++)
			try(&steps[i], abis[k]);
	return 0;
}
