/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder's programs in the kernel, loaded, and their tables read. */
#include "shim/recorder.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/arguments.h"
#include "lib/profile/profile.h"
#include "shim/recorder_calls.h"

/* bpftool's, and not written for our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "shim/recorder.skel.h"
#pragma GCC diagnostic pop

/* All that is kept finds room, and of each call one more for each CPU that adds at the same moment. */
enum { CPUS_AT_ONCE = 16 };
_Static_assert(RECORDED_ARGUMENTS_COUNT * ABI_COUNT * (VALUES_MAX + 1 + CPUS_AT_ONCE) <= VALUE_PLACES, "VALUE_PLACES");
_Static_assert(RECORDED_ARGUMENTS_COUNT * ABI_COUNT * (FAILED_MAX + CPUS_AT_ONCE) <= VALUE_PLACES, "VALUE_PLACES");

struct kernel_side {
	struct source source;
	struct recorder *skeleton;
	struct ring_buffer *news;
	const struct seccomp_filter *filter; /* what that refuses is seen; NULL: what is asked for */
};

static struct kernel_side *side_of(const struct source *source)
{
	return (struct kernel_side *)(uintptr_t)source;
}

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

static void say_which_arguments(struct recorder *skeleton)
{
	memset(skeleton->bss->call_arguments, NO_ARGUMENT, sizeof skeleton->bss->call_arguments);
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		for (int i = 0; i < RECORDED_ARGUMENTS_COUNT; i++) {
			const struct recorded_arguments *which = &recorded_arguments[i];
			int number = call_number((enum call_abi)abi, which->name);

			for (unsigned k = 0; number >= 0 && k < which->count; k++)
				skeleton->bss->call_arguments[abi << CALL_BITS | number].index[k] = (unsigned char)which->index[k];
		}
		skeleton->rodata->seccomp_calls[abi] = call_number((enum call_abi)abi, "seccomp");
		skeleton->rodata->prctl_calls[abi] = call_number((enum call_abi)abi, "prctl");
		skeleton->rodata->capset_calls[abi] = call_number((enum call_abi)abi, "capset");
	}
}

static void say_which_make_it_larger(struct recorder *skeleton)
{
	static const struct {
		const char *name;
		enum memory_call what;
	} calls[] = {
		{"brk", MEMORY}, {"mmap", MEMORY}, {"mmap2", MEMORY}, {"mremap", MEMORY}, {"mprotect", MEMORY}, {"pkey_mprotect", MEMORY},
		{"remap_file_pages", MEMORY}, {"shmat", MEMORY}, {"shmget", MEMORY}, {"memfd_create", MEMORY}, {"madvise", MEMORY},
		{"mlock", MEMORY}, {"fork", MEMORY}, {"vfork", MEMORY}, {"write", MEMORY}, {"pwrite64", MEMORY}, {"ftruncate", MEMORY},
		{"fallocate", MEMORY}, {"clone", MEMORY_OR_NAMESPACE}, {"execve", MEMORY_OF_PROGRAM}, {"execveat", MEMORY_OF_PROGRAM},
	};

	for (int abi = 0; abi < ABI_COUNT; abi++)
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			int number = call_number((enum call_abi)abi, calls[i].name);

			if (number >= 0)
				skeleton->bss->memory_calls[abi << CALL_BITS | number] = calls[i].what;
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

	call_name(place, name);
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

static void side_stop(struct kernel_side *side)
{
	ring_buffer__free(side->news);
	recorder__destroy(side->skeleton);
	free(side);
}

static int load(struct kernel_side *side, const struct source_request *request)
{
	const struct recorded_group *group = &request->group;
	struct recorder *skeleton = side->skeleton;
	int r;

	say_which_arguments(skeleton);
	say_which_make_it_larger(skeleton);
	skeleton->rodata->launcher = (uint32_t)group->launcher;
	skeleton->rodata->runtime_mounts = group->runtime_mounts;
	skeleton->bss->group_id = group->id;
	skeleton->rodata->taken_capabilities = request->taken_capabilities;
	skeleton->rodata->taken_ambient = request->taken_ambient;
	if (side->filter)
		judge_calls(skeleton, side->filter);
	(void)bpf_program__set_autoattach(skeleton->progs.cap_capable, false);
	(void)bpf_program__set_autoattach(skeleton->progs.sys_enter, !side->filter);
	(void)bpf_program__set_autoattach(skeleton->progs.sys_exit, side->filter != NULL);
	r = recorder__load(skeleton);
	if (r == 0)
		r = name_runtime(skeleton, group->runtime);
	if (r == 0)
		r = recorder__attach(skeleton);
	if (r < 0)
		return r;
	if (!side->filter || request->taken_capabilities)
		attach_if_there(skeleton->progs.cap_capable, &skeleton->links.cap_capable);
	side->news = ring_buffer__new(bpf_map__fd(skeleton->maps.news), take_no_notice, NULL, NULL);
	return side->news ? 0 : -errno;
}

static int side_start(const struct source_request *request, struct source **ret_source, struct error *err)
{
	struct kernel_side *side = calloc(1, sizeof *side);
	int r;

	if (!side)
		return error_set(err, ENOMEM, "record system calls: out of memory");
	(void)libbpf_set_print(listen_to_libbpf);
	side->source.kind = &source_ebpf;
	side->filter = request->refusals ? request->filter : NULL;
	side->skeleton = recorder__open();
	r = side->skeleton ? load(side, request) : -errno;
	if (r < 0) {
		r = refused(r, err);
		side_stop(side);
		return r;
	}
	if (!side->skeleton->links.cap_capable)
		side->source.blind = LEDGER_BLIND_CAPABILITIES;
	*ret_source = &side->source;
	return 0;
}

static int side_fd(const struct source *source)
{
	return ring_buffer__epoll_fd(side_of(source)->news);
}

static void side_attend(struct source *source)
{
	(void)ring_buffer__consume(side_of(source)->news);
}

static bool side_is_needed(const struct source *source)
{
	(void)source;
	return false;
}

/* --- reading --- */

static uint64_t side_lost(const struct source *source)
{
	return side_of(source)->skeleton->bss->lost;
}

static int read_calls(const struct recorder *skeleton, struct recording *recording, struct error *err)
{
	char name[NEED_NAME_MAX], program[PROGRAM_NAME];
	int r = 0;

	for (unsigned place = 0; place < CALL_PLACES && r == 0; place++) {
		const struct seen *seen = &skeleton->bss->calls[place];
		struct need need = {.kind = NEED_CALL, .abi = place >> CALL_BITS, .name = name, .program = program};

		if (!seen->is && !skeleton->bss->runtime_calls[place])
			continue;
		call_name(place, name);
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
		call_name(key.place, name);
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

static int side_read(struct source *source, struct recording *recording, struct error *err)
{
	const struct kernel_side *side = side_of(source);
	int r = read_calls(side->skeleton, recording, err);

	if (r == 0)
		r = read_values(side->skeleton, recording, err);
	if (r == 0)
		r = read_capabilities(side->skeleton, recording, err);
	recording->capabilities_recorded = side->skeleton->links.cap_capable != NULL;
	return r;
}

/* --- what was refused --- */

static int refused_capabilities(const struct recorder *skeleton,
				int (*each)(const struct need *need, unsigned count, void *data, struct error *err), void *data,
				struct error *err)
{
	char program[PROGRAM_NAME];
	int r = 0;

	for (int i = 0; i < CAPABILITY_PLACES && r == 0; i++) {
		const struct refused *refused = &skeleton->bss->refused_capabilities[i];
		struct need need = {.kind = NEED_CAPABILITY, .name = capability_name(i), .program = program};

		if (!refused->count || !need.name)
			continue;
		(void)snprintf(program, sizeof program, "%.*s", PROGRAM_NAME - 1, refused->seen.program);
		r = each(&need, refused->count, data, err);
	}
	return r;
}

static int side_refused(struct source *source, int (*each)(const struct need *need, unsigned count, void *data, struct error *err),
			void *data, struct error *err)
{
	const struct kernel_side *side = side_of(source);
	int fd = bpf_map__fd(side->skeleton->maps.failed), r = 0;
	char name[NEED_NAME_MAX], program[PROGRAM_NAME];
	struct call_values key, *last = NULL;
	struct refused failed;
	struct need need;

	for (unsigned place = 0; place < CALL_PLACES && r == 0; place++) {
		const struct refused *refused = &side->skeleton->bss->refused[place];

		if (!refused->count)
			continue;
		need = call_need(place, NULL, refused->seen.program, name, program);
		r = each(&need, refused->count, data, err);
	}
	while (r == 0 && bpf_map_get_next_key(fd, last, &key) == 0) {
		last = &key;
		if (bpf_map_lookup_elem(fd, &key, &failed) < 0)
			continue;
		need = call_need(key.place, key.values, failed.seen.program, name, program);
		/* Else it failed for the kernel's own reasons. */
		if (need_is_denied(side->filter, &need))
			r = each(&need, failed.count, data, err);
	}
	return r < 0 ? r : refused_capabilities(side->skeleton, each, data, err);
}

const struct source_kind source_ebpf = {
	.capability = CAP_BPF, .start = side_start, .fd = side_fd, .attend = side_attend, .lost = side_lost, .read = side_read,
	.refused = side_refused, .is_needed = side_is_needed,
};
