/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/generate.h"

#include <seccomp.h>
#include <stdarg.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/argument_rules.h"
#include "lib/record/arguments.h"
#include "lib/record/generate_internal.h"
#include "lib/seccomp/architecture.h"
#include "lib/seccomp/equivalent.h"

/* By enum call_abi, with the machine's own first. */
static const struct machine {
	uint32_t tokens[ABI_COUNT];
	const char *names[ABI_COUNT];
} machines[] = {
	{{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32}, {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}},
	{{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}, {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}},
	{{SCMP_ARCH_PPC64LE}, {"SCMP_ARCH_PPC64LE"}},
	{{SCMP_ARCH_RISCV64}, {"SCMP_ARCH_RISCV64"}},
	{{SCMP_ARCH_S390X, SCMP_ARCH_S390}, {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"}},
};

enum answer { DENIED, ABSENT, ALLOWED };

struct generator {
	struct generated *result;
	struct runtime_part runtime;
	uint32_t tokens[ABI_COUNT]; /* 0: the filter does not have it */
	enum answer *answers; /* of each of the result's names */
	bool clone_for_clone3; /* which is answered as not there, although it was seen */
};

int generated_warn(struct generated *generated, struct error *err, const char *format, ...)
{
	char **more = reallocarray(generated->warnings, generated->warning_count + 1, sizeof *more);
	char *text;
	va_list args;
	int n;

	if (more)
		generated->warnings = more;
	va_start(args, format);
	n = more ? vasprintf(&text, format, args) : -1;
	va_end(args);
	if (n < 0)
		return error_set(err, ENOMEM, "generate a seccomp filter: out of memory");
	generated->warnings[generated->warning_count++] = text;
	return 0;
}

static bool has_abi(const struct needs *needs, int abi)
{
	for (unsigned i = 0; i < needs->count; i++)
		if ((int)needs->list[i].abi == abi)
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int choose_architectures(struct generator *g, struct error *err)
{
	struct seccomp_filter *filter = &g->result->filter;
	const struct machine *machine = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].tokens[ABI_NATIVE] == seccomp_arch_native())
			machine = &machines[i];
	if (!machine)
		return error_set(err, ENOTSUP, "generate a seccomp filter: this architecture is not known");
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (!machine->tokens[abi] || (abi != ABI_NATIVE && !has_abi(&g->result->seen.needs, abi)))
			continue;
		g->tokens[abi] = machine->tokens[abi];
		filter->architectures[filter->architecture_count++] = machine->names[abi];
	}
	qsort(filter->architectures, filter->architecture_count, sizeof filter->architectures[0], by_text);
	return 0;
}

static bool is_needed(const struct generator *g, const char *name)
{
	for (int abi = 0; abi < ABI_COUNT; abi++)
		if (needs_find(&g->result->seen.needs, NEED_CALL, (enum call_abi)abi, name))
			return true;
	return needs_find(&g->runtime.listed, NEED_CALL, ABI_NATIVE, name) ||
	       needs_find(&g->runtime.measured, NEED_CALL, ABI_NATIVE, name);
}

/* Adds the values of a call's arguments that are in `needs`. False: any are needed. */
static bool add_values(const struct needs *needs, enum call_abi abi, const char *name, const struct need **values,
		       unsigned *count)
{
	const struct need *end = needs->list + needs->count, *need = needs_find(needs, NEED_ARGUMENTS, abi, name);

	if (!need || need->many)
		return !needs_find(needs, NEED_CALL, abi, name);
	for (const struct need *first = need; need < end && need_is_alike(need, first); need++)
		values[(*count)++] = need;
	return true;
}

/* What a runtime was seen to call, without arguments, is what the list says with them. */
static bool is_listed(const struct generator *g, const char *name)
{
	return !needs_find(&g->runtime.measured, NEED_CALL, ABI_NATIVE, name) ||
	       needs_find(&g->runtime.listed, NEED_CALL, ABI_NATIVE, name);
}

static unsigned rules_for(const struct generator *g, const char *name, struct seccomp_rule rules[ARGUMENT_RULES_MAX])
{
	static const struct need no_namespaces = {.kind = NEED_ARGUMENTS, .name = "clone", .count = 1};
	const struct need *values[(ABI_COUNT + 1) * NEEDS_VALUES_MAX + 1];
	bool counted = recorded_arguments_find(name) && is_listed(g, name);
	unsigned count = 0;

	for (int abi = 0; abi < ABI_COUNT && counted; abi++)
		counted = add_values(&g->result->seen.needs, (enum call_abi)abi, name, values, &count);
	if (counted)
		counted = add_values(&g->runtime.listed, ABI_NATIVE, name, values, &count);
	if (g->clone_for_clone3 && strcmp(name, no_namespaces.name) == 0)
		values[count++] = &no_namespaces;
	return counted ? argument_rules(values, count, rules) : 0;
}

/* It is the newer form of an allowed call: not there, rather than denied. */
static bool is_newer_form(const struct generator *g, const char *name)
{
	for (unsigned i = 0; i < g->result->names.count; i++)
		if (g->answers[i] == ALLOWED && call_is_newer_form(name, g->result->names.list[i]))
			return true;
	return false;
}

static int add_call(struct seccomp_filter *filter, const char *name, const struct seccomp_rule *rules, unsigned count,
		    struct error *err)
{
	struct seccomp_call *call = &filter->calls[filter->count];

	*call = (struct seccomp_call){name, calloc(count, sizeof *rules), count};
	if (!call->rules)
		return error_set(err, ENOMEM, "generate a seccomp filter: out of memory");
	memcpy(call->rules, rules, count * sizeof *rules);
	filter->count++;
	return 0;
}

/* clone3 may make namespaces where a capability that most of them want was used. */
static bool may_make_namespaces(const struct generator *g)
{
	return needs_find(&g->result->seen.needs, NEED_CAPABILITY, ABI_NATIVE, "CAP_SYS_ADMIN");
}

static void answer_needed(struct generator *g)
{
	const struct call_names *names = &g->result->names;
	int clone = call_names_find(names, "clone"), clone3 = call_names_find(names, "clone3");

	for (unsigned i = 0; i < names->count; i++)
		g->answers[i] = is_needed(g, names->list[i]) ? ALLOWED : DENIED;
	if (clone < 0 || clone3 < 0 || g->answers[clone3] != ALLOWED || may_make_namespaces(g))
		return;
	g->answers[clone3] = ABSENT;
	g->answers[clone] = ALLOWED;
	g->clone_for_clone3 = true;
}

static int add_calls(struct generator *g, struct error *err)
{
	static const struct seccomp_rule allow = {.answer = {SECCOMP_ALLOW, 0}}, deny = {.answer = {SECCOMP_ERRNO, EPERM}},
					 absent = {.answer = {SECCOMP_ERRNO, ENOSYS}};
	const struct call_names *names = &g->result->names;
	struct seccomp_filter *filter = &g->result->filter;
	struct seccomp_rule rules[ARGUMENT_RULES_MAX];
	int r = 0;

	for (unsigned i = 0; i < names->count && r == 0; i++) {
		const char *name = names->list[i];
		unsigned count = g->answers[i] == ALLOWED ? rules_for(g, name, rules) : 0;

		if (count)
			r = add_call(filter, name, rules, count, err);
		else if (g->answers[i] == ALLOWED)
			r = add_call(filter, name, &allow, 1, err);
		else if (g->answers[i] == ABSENT || is_newer_form(g, name))
			r = add_call(filter, name, &absent, 1, err);
		else
			r = add_call(filter, name, &deny, 1, err);
	}
	return r;
}

static int make_filter(struct generator *g, struct error *err)
{
	struct generated *result = g->result;
	int r = call_names_of(g->tokens, ABI_COUNT, &result->names, err);

	if (r < 0)
		return r;
	if (result->names.count > SECCOMP_CALLS_MAX)
		return error_set(err, E2BIG, "generate a seccomp filter: libseccomp knows more than %d calls", SECCOMP_CALLS_MAX);
	result->filter.otherwise = (struct seccomp_answer){SECCOMP_ERRNO, ENOSYS};
	result->filter.calls = calloc(result->names.count, sizeof *result->filter.calls);
	g->answers = calloc(result->names.count, sizeof *g->answers);
	if (!result->filter.calls || !g->answers)
		return error_set(err, ENOMEM, "generate a seccomp filter: out of memory");
	answer_needed(g);
	return add_calls(g, err);
}

/* What no filter that is made here can allow: "#467", a name of another machine's. */
static int warn_of_unknown(const struct generator *g, struct error *err)
{
	enum { SHOWN_MAX = 16 };
	const struct needs *needs = &g->result->seen.needs;
	char shown[SHOWN_MAX * (NEED_TEXT_MAX + 2)] = "";
	unsigned count = 0;

	for (unsigned i = 0; i < needs->count; i++) {
		const struct need *need = &needs->list[i];
		char text[NEED_TEXT_MAX];

		if (need->kind != NEED_CALL || (g->tokens[need->abi] && call_names_find(&g->result->names, need->name) >= 0))
			continue;
		if (count++ < SHOWN_MAX) {
			strcat(shown, *shown ? ", " : "");
			strcat(shown, need_text(need, text));
		}
	}
	if (!count)
		return 0;
	return generated_warn(g->result, err, "%u %s seen that libseccomp has no name for here: the filter does not allow %s: %s%s",
			      count, count == 1 ? "call was" : "calls were", count == 1 ? "it" : "them", shown,
			      count > SHOWN_MAX ? ", …" : "");
}

/* Whether a call is interrupted is chance, and nothing of the workload's. */
static int add_restarts(struct needs *needs, struct error *err)
{
	const char *programs[ABI_COUNT] = {NULL};
	int r = 0;

	for (unsigned i = 0; i < needs->count; i++)
		if (needs->list[i].kind == NEED_CALL && call_is_restarted(needs->list[i].name))
			programs[needs->list[i].abi] = needs->list[i].program;
	for (int abi = 0; abi < ABI_COUNT && r == 0; abi++)
		if (programs[abi])
			r = needs_add(needs, &(struct need){.kind = NEED_CALL, .abi = (enum call_abi)abi, .name = "restart_syscall",
							    .program = programs[abi]}, err);
	return r;
}

static int run(struct generator *g, const struct recording *const *runs, size_t count, const char *runtime, struct error *err)
{
	int r = recording_union(runs, count, &g->result->seen, err);

	if (r == 0)
		r = add_restarts(&g->result->seen.needs, err);
	if (r == 0)
		r = runtime_part_of(runs, count, runtime, g->result, &g->runtime, err);
	if (r == 0)
		r = choose_architectures(g, err);
	if (r == 0)
		r = make_filter(g, err);
	return r < 0 ? r : warn_of_unknown(g, err);
}

int generate(const struct recording *const *runs, size_t count, const char *runtime, struct generated *ret_generated,
	     struct error *err)
{
	_cleanup_generated_ struct generated result = {0};
	struct generator g = {.result = &result};
	int r = count ? run(&g, runs, count, runtime, err) : error_set(err, EINVAL, "generate a seccomp filter: of no recording");

	runtime_part_close(&g.runtime);
	free(g.answers);
	if (r < 0)
		return r;
	*ret_generated = result;
	result = (struct generated){0};
	return 0;
}

void generated_close(struct generated *generated)
{
	seccomp_close(&generated->filter);
	recording_close(&generated->seen);
	call_names_close(&generated->names);
	for (unsigned i = 0; i < generated->warning_count; i++)
		free(generated->warnings[i]);
	free(generated->warnings);
	*generated = (struct generated){0};
}
