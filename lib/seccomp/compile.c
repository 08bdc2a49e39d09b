/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/compile.h"

#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
static void __lsan_disable(void) {}
static void __lsan_enable(void) {}
#endif

#include "lib/base/cleanup.h"
#include "lib/seccomp/architecture.h"
#include "lib/seccomp/compare.h"
#include "lib/seccomp/internal.h"

static const uint32_t values[SECCOMP_ACTION_COUNT] = {
	[SECCOMP_ALLOW] = SECCOMP_RET_ALLOW, [SECCOMP_LOG] = SECCOMP_RET_LOG, [SECCOMP_TRACE] = SECCOMP_RET_TRACE,
	[SECCOMP_NOTIFY] = SECCOMP_RET_USER_NOTIF, [SECCOMP_ERRNO] = SECCOMP_RET_ERRNO, [SECCOMP_TRAP] = SECCOMP_RET_TRAP,
	[SECCOMP_KILL_THREAD] = SECCOMP_RET_KILL_THREAD, [SECCOMP_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
};

uint32_t seccomp_value(struct seccomp_answer answer)
{
	return values[answer.action] | answer.data;
}

struct seccomp_answer seccomp_answer_of(uint32_t value)
{
	for (int action = 0; action < SECCOMP_ACTION_COUNT; action++)
		if (values[action] == (value & SECCOMP_RET_ACTION_FULL))
			return (struct seccomp_answer){(enum seccomp_action)action, value & SECCOMP_RET_DATA};
	return (struct seccomp_answer){SECCOMP_KILL_PROCESS, 0};
}

static int add_rule(scmp_filter_ctx ctx, int number, const struct seccomp_rule *rule)
{
	static const enum scmp_compare ops[] = {
		[SECCOMP_MASKED] = SCMP_CMP_MASKED_EQ, [SECCOMP_EQ] = SCMP_CMP_EQ, [SECCOMP_NE] = SCMP_CMP_NE,
		[SECCOMP_LE] = SCMP_CMP_LE, [SECCOMP_GE] = SCMP_CMP_GE,
	};
	struct scmp_arg_cmp args[SECCOMP_ARGS];
	unsigned count = 0;

	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		const struct seccomp_condition *c = &rule->args[i];

		if (c->op == SECCOMP_MASKED)
			args[count++] = (struct scmp_arg_cmp){i, SCMP_CMP_MASKED_EQ, c->mask, c->value};
		else if (c->op != SECCOMP_ANY)
			args[count++] = (struct scmp_arg_cmp){i, ops[c->op], c->value, 0};
	}
	return seccomp_rule_add_array(ctx, seccomp_value(rule->answer), number, count, args);
}

/* Those without a condition, or those with one. */
static int add_rules(scmp_filter_ctx ctx, const struct seccomp_filter *filter, bool plain, struct error *err)
{
	for (unsigned i = 0; i < filter->count; i++) {
		const struct seccomp_call *call = &filter->calls[i];
		int number = seccomp_syscall_resolve_name(call->name);

		for (unsigned k = 0; number != __NR_SCMP_ERROR && k < call->count; k++) {
			int r = 0;

			/* libseccomp refuses a rule that says what the default does. */
			if (rule_is_any(&call->rules[k]) == plain &&
			    seccomp_value(call->rules[k].answer) != seccomp_value(filter->otherwise))
				r = add_rule(ctx, number, &call->rules[k]);
			if (r < 0)
				return error_errno(err, -r, "compile a seccomp filter: rule %u of %s", k + 1,
						   call->name);
		}
	}
	return 0;
}

static int add_architectures(scmp_filter_ctx ctx, const struct seccomp_filter *filter, struct error *err)
{
	uint32_t tokens[SECCOMP_ARCHITECTURES_MAX + 1];
	int count = architectures_of(filter, tokens, err), r = 0;

	for (int i = 0; i < count && r == 0; i++) {
		r = seccomp_arch_add(ctx, tokens[i]);
		r = r == -EEXIST ? 0 : r; /* our own is there from the beginning */
	}
	return count < 0 ? count : r < 0 ? error_errno(err, -r, "compile a seccomp filter: its architectures") : 0;
}

static int export(scmp_filter_ctx ctx, struct bpf_program *ret_program, struct error *err)
{
	_cleanup_free_ struct sock_filter *code = calloc(BPF_MAXINSNS, sizeof *code);
	_cleanup_close_ int fd = memfd_create("bpf", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : code ? seccomp_export_bpf(ctx, fd) : -ENOMEM;
	ssize_t n = r == 0 ? lseek(fd, 0, SEEK_END) : 0;

	if (r == 0 && (size_t)n > BPF_MAXINSNS * sizeof *code)
		return error_set(err, E2BIG, "compile a seccomp filter: it is more than the kernel's %d instructions",
				 BPF_MAXINSNS);
	if (r == 0 && pread(fd, code, (size_t)n, 0) != n)
		r = -EIO;
	if (r < 0)
		return error_errno(err, -r, "compile a seccomp filter: export it");
	*ret_program = (struct bpf_program){steal_ptr(&code), (unsigned)((size_t)n / sizeof *code)};
	return 0;
}

int seccomp_compile(const struct seccomp_filter *filter, struct bpf_program *ret_program, struct error *err)
{
	scmp_filter_ctx ctx = seccomp_init(seccomp_value(filter->otherwise));
	int r;

	if (!ctx)
		return error_set(err, ENOMEM, "compile a seccomp filter: out of memory");
	r = add_architectures(ctx, filter, err);
	__lsan_disable(); /* libseccomp loses the rules for a call behind a multiplexer that a later one stands above */
	if (r == 0) /* in the order in which they are written */
		r = add_rules(ctx, filter, true, err);
	if (r == 0)
		r = add_rules(ctx, filter, false, err);
	__lsan_enable();
	if (r == 0)
		r = export(ctx, ret_program, err);
	seccomp_release(ctx);
	return r;
}

int seccomp_prove(const struct seccomp_filter *filter, const struct bpf_program *program, struct error *err)
{
	struct seccomp_difference first;
	char text[SECCOMP_DIFFERENCE_TEXT_MAX];
	int r = seccomp_compare(filter, program, 1, SECCOMP_EXACTLY, &first, err);

	if (r > 0)
		r = error_set(err, EBADMSG, "the seccomp filter is compiled wrongly: %s",
			      seccomp_difference_text(&first, text));
	return r;
}

/* What was tried may deny the end of the process too: then a signal ends it, of which nobody has to hear. Nothing else is
 * called under the filter; _exit() is more than the call where sanitizers have it. */
static _Noreturn void load_and_end(const struct bpf_program *program, atomic_int *ret)
{
	struct sock_fprog load = {.len = (unsigned short)program->length, .filter = program->code};
	long r = -1;

	(void)signal(SIGSYS, SIG_DFL);
	(void)signal(SIGILL, SIG_DFL);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &load);
	atomic_store(ret, r < 0 ? -errno : 0);
	(void)syscall(SYS_exit_group, 0);
	__builtin_trap();
}

int seccomp_try(const struct bpf_program *program, struct error *err)
{
	atomic_int *result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int r;

	if (result == MAP_FAILED)
		return error_errno(err, errno, "try a seccomp filter");
	atomic_store(result, -ECHILD);
	child = fork();
	if (child == 0)
		load_and_end(program, result);
	r = child < 0 ? -errno : 0;
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	r = r < 0 ? r : atomic_load(result);
	(void)munmap(result, sizeof *result);
	if (r < 0)
		return error_errno(err, -r, "try a seccomp filter of %u instructions: the kernel does not take it",
				   program->length);
	return 0;
}
