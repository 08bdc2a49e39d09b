/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter that asks the recorder, of the one that the container gets. */
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/launch/launch.h"
#include "lib/record/arguments.h"
#include "lib/seccomp/compile.h"
#include "lib/seccomp/notify.h"
#include "shim/recorder.h"
#include "shim/recorder_calls.h"

static int assume(enum call_abi abi, const struct seccomp_filter *asks, struct needs *assumed, struct error *err)
{
	_cleanup_call_names_ struct call_names names = {0};
	int r = call_names_of(&call_architectures[abi], 1, &names, err);

	for (unsigned i = 0; i < names.count && r == 0; i++) {
		const struct recorded_arguments *which = recorded_arguments_find(names.list[i]);
		struct need need = {.kind = which ? NEED_ARGUMENTS : NEED_CALL, .abi = abi, .name = names.list[i], .many = which != NULL};

		if (seccomp_is_unasked(asks, need.name))
			r = needs_add(assumed, &need, err);
	}
	return r;
}

static int write_it(const struct source_request *request, const struct seccomp_filter *asks, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *object;
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r == 0)
		r = seccomp_write(asks, doc, &object, err);
	if (r == 0)
		r = json_write(object, false, &text, &length, err);
	return r < 0 ? r : file_write_atomic(request->state_fd, RECORDING_FILTER, text, length, 0600, false, err);
}

static int check_hand_over(const struct source_request *request, struct error *err)
{
	static const uint64_t any[SECCOMP_ARGS];
	const char *name = seccomp_needed_to_hand_over(request->takes_any_notify);

	if (!request->filter || seccomp_ask(request->filter, name, any).action <= SECCOMP_LOG)
		return 0;
	return error_set(err, ENOTSUP, "record system calls by notification: the container's filter denies %s, which %s calls to hand over "
				       "by what we would be asked; accept a run that was recorded by notification", name,
			 request->takes_any_notify ? "crun" : "runc");
}

/* None is one that allows all, on each ABI. */
int filter_write(const struct source_request *request, const char *path, struct needs *assumed, struct error *err)
{
	static const struct seccomp_filter open = {
		.architectures = {"SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"}, .architecture_count = 3,
	};
	_cleanup_call_names_ struct call_names names = {0};
	_cleanup_seccomp_ struct seccomp_filter asks = {0};
	_cleanup_bpf_ struct bpf_program program = {0};
	struct seccomp_asking asking = {
		.notified = request->refusals ? SECCOMP_NOTIFIED_ERRNO : SECCOMP_NOTIFIED_ALLOWED, .listener = path,
		.entirely = request->takes_any_notify, .names = &names,
	};
	int r = check_hand_over(request, err);

	if (r == 0)
		r = call_names_of(call_architectures, ABI_COUNT, &names, err);
	if (r == 0)
		r = seccomp_ask_for(request->filter ? request->filter : &open, &asking, &asks, err);
	if (r == 0)
		r = seccomp_compile(&asks, &program, err);
	/* Different errors become one answer, which may be the default too: what was refused must not be allowed for that. Where
	 * all that is allowed is asked for, only the answers differ. */
	if (r == 0 && request->refusals)
		r = seccomp_prove(&asks, &program, err);
	if (r == -EBADMSG || r == -EINVAL)
		return error_set(err, ENOTSUP, "record system calls by notification: libseccomp does not make of the container's filter one "
					       "that asks: %s", err->text);
	for (int abi = 0; abi < ABI_COUNT && r == 0 && !request->refusals; abi++)
		r = assume((enum call_abi)abi, &asks, assumed, err);
	return r < 0 ? r : write_it(request, &asks, err);
}
