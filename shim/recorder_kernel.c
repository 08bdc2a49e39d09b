/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder's programs in the kernel, loaded, and their tables read. */
#include "shim/recorder.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/arguments.h"
#include "lib/profile/profile.h"
#include "shim/recorder_shared.h"

/* bpftool's, and not written for our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "shim/recorder.skel.h"
#pragma GCC diagnostic pop

_Static_assert((int)ABI_COUNT == (int)CALL_PLACES >> CALL_BITS, "each ABI has its places");

struct kernel_side {
	struct recorder *skeleton;
	struct ring_buffer *news;
};

static const uint32_t architectures[ABI_COUNT] = {
	[ABI_NATIVE] = SCMP_ARCH_X86_64, [ABI_COMPAT] = SCMP_ARCH_X86, [ABI_X32] = SCMP_ARCH_X32,
};

/* libbpf says why a program was refused to whoever listens, and nowhere else: the last of it is kept. */
static char last_words[256];

static int listen_to_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level != LIBBPF_WARN)
		return 0;
	(void)vsnprintf(last_words, sizeof last_words, format, arguments);
	last_words[strcspn(last_words, "\n")] = '\0';
	return 0;
}

static int refused(int code, struct error *err)
{
	return error_set(err, ENOTSUP, "record system calls by eBPF: the kernel does not take the recorder's programs: %s (%s). It "
			 "takes Linux 5.15 or later with BTF (/sys/kernel/btf/vmlinux), and root's CAP_BPF and CAP_PERFMON",
			 strerror(-code), last_words);
}

/* The number as the kernel has it; -1: there is no such call. x32's are without their mark. */
static int number_of(enum call_abi abi, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(architectures[abi], name);

	if (number >= 0 && abi == ABI_X32)
		number &= ~X32_MARK;
	return number >= 0 && number < CALL_COUNT ? number : -1;
}

/* A number that libseccomp knows no name for is newer than it. */
static void name_of(unsigned place, char name[NEED_NAME_MAX])
{
	enum call_abi abi = place >> CALL_BITS;
	int number = (int)(place & (CALL_COUNT - 1));
	_cleanup_free_ char *known = seccomp_syscall_resolve_num_arch(architectures[abi], abi == ABI_X32 ? number | X32_MARK : number);

	if (known)
		(void)snprintf(name, NEED_NAME_MAX, "%s", known);
	else
		(void)snprintf(name, NEED_NAME_MAX, "#%d", number);
}

static void say_which_arguments(struct recorder *skeleton)
{
	memset(skeleton->bss->call_arguments, NO_ARGUMENT, sizeof skeleton->bss->call_arguments);
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		for (int i = 0; i < RECORDED_ARGUMENTS_COUNT; i++) {
			const struct recorded_arguments *which = &recorded_arguments[i];
			int number = number_of((enum call_abi)abi, which->name);

			for (unsigned k = 0; number >= 0 && k < which->count; k++)
				skeleton->bss->call_arguments[abi << CALL_BITS | number].index[k] = (unsigned char)which->index[k];
		}
		skeleton->rodata->seccomp_calls[abi] = number_of((enum call_abi)abi, "seccomp");
		skeleton->rodata->prctl_calls[abi] = number_of((enum call_abi)abi, "prctl");
	}
}

static void say_which_make_it_larger(struct recorder *skeleton)
{
	static const char *const names[] = {"brk", "mmap", "mmap2", "mremap", "mprotect", "pkey_mprotect", "remap_file_pages", "shmat", "shmget",
					    "memfd_create", "madvise", "mlock", "execve", "execveat", "fork", "vfork", "clone", "write",
					    "pwrite64", "ftruncate", "fallocate"};

	for (int abi = 0; abi < ABI_COUNT; abi++)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			int number = number_of((enum call_abi)abi, names[i]);

			if (number >= 0)
				skeleton->bss->memory_calls[abi << CALL_BITS | number] =
					strcmp(names[i], "clone") == 0 ? MEMORY_OR_NAMESPACE : MEMORY;
		}
}

/* A program of an architecture that the filter does not name is killed. */
static bool has_architecture(const struct seccomp_filter *filter, enum call_abi abi)
{
	static const char *const names[ABI_COUNT] = {[ABI_COMPAT] = "SCMP_ARCH_X86", [ABI_X32] = "SCMP_ARCH_X32"};

	for (unsigned i = 0; i < filter->architecture_count; i++)
		if (names[abi] && strcmp(filter->architectures[i], names[abi]) == 0)
			return true;
	return abi == ABI_NATIVE;
}

static enum call_verdict judge(const struct seccomp_filter *filter, unsigned place)
{
	static const uint64_t any[SECCOMP_ARGS];
	char name[NEED_NAME_MAX];

	name_of(place, name);
	if (!has_architecture(filter, place >> CALL_BITS))
		return CALL_DENIED;
	if (seccomp_depends(filter, name))
		return CALL_DEPENDS;
	return seccomp_ask(filter, name, any).action < SECCOMP_ERRNO ? CALL_ALLOWED : CALL_DENIED;
}

static void judge_calls(struct recorder *skeleton, const struct seccomp_filter *filter)
{
	for (unsigned place = 0; place < CALL_PLACES; place++)
		skeleton->bss->verdicts[place] = (unsigned char)judge(filter, place);
	skeleton->rodata->watches_refusals = true;
}

/* It came with Linux 6.14: without it capabilities are not recorded. */
static void attach_if_there(struct bpf_program *program, struct bpf_link **link)
{
	*link = bpf_program__attach(program);
	if (libbpf_get_error(*link))
		*link = NULL;
}

static int name_runtime(struct recorder *skeleton, pid_t runtime)
{
	uint32_t tgid = (uint32_t)runtime;
	uint8_t filtered = 0;

	if (!runtime)
		return 0;
	skeleton->bss->runtime_task_count = 1;
	return bpf_map_update_elem(bpf_map__fd(skeleton->maps.runtime_tasks), &tgid, &filtered, BPF_NOEXIST);
}

static int take_no_notice(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

int kernel_side_start(const struct recorded_group *group, const struct seccomp_filter *filter, struct kernel_side **ret,
		      struct error *err)
{
	struct kernel_side *side = calloc(1, sizeof *side);
	int r;

	if (!side)
		return error_set(err, ENOMEM, "record system calls: out of memory");
	(void)libbpf_set_print(listen_to_libbpf);
	side->skeleton = recorder__open();
	if (!side->skeleton) {
		r = refused(-errno, err);
		kernel_side_stop(side);
		return r;
	}
	say_which_arguments(side->skeleton);
	say_which_make_it_larger(side->skeleton);
	side->skeleton->rodata->launcher = (uint32_t)group->launcher;
	side->skeleton->rodata->runtime_mounts = group->runtime_mounts;
	side->skeleton->bss->group_id = group->id;
	if (filter)
		judge_calls(side->skeleton, filter);
	(void)bpf_program__set_autoattach(side->skeleton->progs.cap_capable, false);
	(void)bpf_program__set_autoattach(side->skeleton->progs.sys_enter, !filter);
	(void)bpf_program__set_autoattach(side->skeleton->progs.sys_exit, filter != NULL);
	r = recorder__load(side->skeleton);
	if (r == 0)
		r = name_runtime(side->skeleton, group->runtime);
	if (r == 0)
		r = recorder__attach(side->skeleton);
	if (r == 0) {
		if (!filter)
			attach_if_there(side->skeleton->progs.cap_capable, &side->skeleton->links.cap_capable);
		side->news = ring_buffer__new(bpf_map__fd(side->skeleton->maps.news), take_no_notice, NULL, NULL);
		r = side->news ? 0 : -errno;
	}
	if (r < 0) {
		r = refused(r, err);
		kernel_side_stop(side);
		return r;
	}
	*ret = side;
	return 0;
}

int kernel_side_fd(const struct kernel_side *side)
{
	return ring_buffer__epoll_fd(side->news);
}

void kernel_side_hush(struct kernel_side *side)
{
	(void)ring_buffer__consume(side->news);
}

void kernel_side_stop(struct kernel_side *side)
{
	if (!side)
		return;
	ring_buffer__free(side->news);
	recorder__destroy(side->skeleton);
	free(side);
}

/* --- reading --- */

static int read_calls(const struct recorder *skeleton, struct recording *recording, struct error *err)
{
	char name[NEED_NAME_MAX], program[PROGRAM_NAME];
	int r = 0;

	for (unsigned place = 0; place < CALL_PLACES && r == 0; place++) {
		const struct seen *seen = &skeleton->bss->calls[place];
		struct need need = {.kind = NEED_CALL, .abi = place >> CALL_BITS, .name = name, .program = program};

		if (!seen->is && !skeleton->bss->runtime_calls[place])
			continue;
		name_of(place, name);
		(void)snprintf(program, sizeof program, "%.*s", PROGRAM_NAME - 1, seen->program);
		if (seen->is)
			r = needs_add(&recording->needs, &need, err);
		need.program = NULL;
		if (r == 0 && skeleton->bss->runtime_calls[place])
			r = needs_add(&recording->runtime_needs, &need, err);
	}
	return r;
}

static int read_values(const struct recorder *skeleton, struct recording *recording, struct error *err)
{
	int fd = bpf_map__fd(skeleton->maps.values), r = 0;
	struct call_values key, *last = NULL;
	char name[NEED_NAME_MAX], program[PROGRAM_NAME];
	struct seen seen;

	while (r == 0 && bpf_map_get_next_key(fd, last, &key) == 0) {
		const struct recorded_arguments *which;
		struct need need = {.kind = NEED_ARGUMENTS, .abi = key.place >> CALL_BITS, .name = name, .program = program};

		last = &key;
		if (bpf_map_lookup_elem(fd, &key, &seen) < 0)
			continue;
		name_of(key.place, name);
		which = recorded_arguments_find(name);
		if (!which)
			continue;
		(void)snprintf(program, sizeof program, "%.*s", PROGRAM_NAME - 1, seen.program);
		need.many = skeleton->bss->value_counts[key.place] > VALUES_MAX;
		need.count = need.many ? 0 : which->count;
		memcpy(need.values, key.values, need.count * sizeof *need.values);
		r = needs_add(&recording->needs, &need, err);
	}
	return r;
}

static int read_capabilities(const struct recorder *skeleton, struct recording *recording, struct error *err)
{
	char program[PROGRAM_NAME];
	int r = 0;

	for (int i = 0; i < CAPABILITY_PLACES && r == 0; i++) {
		const struct seen *seen = &skeleton->bss->capabilities[i];
		struct need need = {.kind = NEED_CAPABILITY, .name = capability_name(i), .program = program};

		if (!seen->is || !need.name)
			continue;
		(void)snprintf(program, sizeof program, "%.*s", PROGRAM_NAME - 1, seen->program);
		r = needs_add(&recording->needs, &need, err);
	}
	return r;
}

int kernel_side_read(const struct kernel_side *side, struct recording *recording, struct error *err)
{
	int r = read_calls(side->skeleton, recording, err);

	if (r == 0)
		r = read_values(side->skeleton, recording, err);
	if (r == 0)
		r = read_capabilities(side->skeleton, recording, err);
	recording->lost = side->skeleton->bss->lost;
	return r;
}

/* --- what was refused --- */

static const struct need *denied_need(unsigned place, const unsigned values[2], const struct refused *refused, char name[NEED_NAME_MAX],
				      char program[PROGRAM_NAME], struct need *need)
{
	const struct recorded_arguments *which;

	name_of(place, name);
	which = recorded_arguments_find(name);
	(void)snprintf(program, PROGRAM_NAME, "%.*s", PROGRAM_NAME - 1, refused->seen.program);
	*need = (struct need){.kind = values && which ? NEED_ARGUMENTS : NEED_CALL, .abi = place >> CALL_BITS, .name = name, .program = program};
	if (need->kind == NEED_ARGUMENTS) {
		need->count = which->count;
		memcpy(need->values, values, which->count * sizeof *values);
	}
	return need;
}

/* A call that failed with arguments that the filter lets pass failed for the kernel's own reasons. */
static bool is_denied(const struct seccomp_filter *filter, const struct need *need)
{
	const struct recorded_arguments *which = recorded_arguments_find(need->name);
	uint64_t args[SECCOMP_ARGS] = {0};

	for (unsigned i = 0; which && i < need->count; i++)
		args[which->index[i]] = need->values[i];
	return seccomp_ask(filter, need->name, args).action >= SECCOMP_ERRNO;
}

int kernel_side_refused(const struct kernel_side *side, const struct seccomp_filter *filter,
			int (*each)(const struct need *need, unsigned count, void *data, struct error *err), void *data,
			struct error *err)
{
	int fd = bpf_map__fd(side->skeleton->maps.failed), r = 0;
	char name[NEED_NAME_MAX], program[PROGRAM_NAME];
	struct call_values key, *last = NULL;
	struct refused failed;
	struct need need;

	for (unsigned place = 0; place < CALL_PLACES && r == 0; place++) {
		const struct refused *refused = &side->skeleton->bss->refused[place];

		if (refused->count)
			r = each(denied_need(place, NULL, refused, name, program, &need), refused->count, data, err);
	}
	while (r == 0 && bpf_map_get_next_key(fd, last, &key) == 0) {
		last = &key;
		if (bpf_map_lookup_elem(fd, &key, &failed) < 0)
			continue;
		(void)denied_need(key.place, key.values, &failed, name, program, &need);
		if (is_denied(filter, &need))
			r = each(&need, failed.count, data, err);
	}
	return r;
}
