/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * update: other limits for a running container, within what the host decided. The monitor is told first: it plans by
 * these limits, and gives the group above the container's own room for them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/launch/control.h"
#include "lib/plan/update.h"
#include "lib/state/ledger.h"
#include "shim/runtime.h"

enum { LOWEST_DESCRIPTOR = 10, PATIENCE_MS = 5000 };

/* The options as what --resources would have said. */
static const struct {
	const char *option, *group, *key;
	bool text;
} options[] = {
	{"blkio-weight", "blockIO", "weight", false},
	{"cpu-period", "cpu", "period", false},
	{"cpu-quota", "cpu", "quota", false},
	{"cpu-share", "cpu", "shares", false},
	{"cpu-rt-period", "cpu", "realtimePeriod", false},
	{"cpu-rt-runtime", "cpu", "realtimeRuntime", false},
	{"cpuset-cpus", "cpu", "cpus", true},
	{"cpuset-mems", "cpu", "mems", true},
	{"kernel-memory", "memory", "kernel", false},
	{"kernel-memory-tcp", "memory", "kernelTCP", false},
	{"memory", "memory", "limit", false},
	{"memory-reservation", "memory", "reservation", false},
	{"memory-swap", "memory", "swap", false},
	{"pids-limit", "pids", "limit", false},
};

/* A number, which runc lets have a suffix of a size: 512M, 1GiB. */
static int amount(const char *text, int64_t *ret_value)
{
	static const char suffixes[] = "kmgt";
	char *end;
	long long value;
	const char *suffix;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text)
		return -EINVAL;
	if (*end && strcasecmp(end, "b") != 0) {
		suffix = strchr(suffixes, *end | 0x20);
		if (!suffix || !*suffix || (end[1] && strcasecmp(end + 1, "b") != 0 && strcasecmp(end + 1, "ib") != 0) ||
		    __builtin_mul_overflow(value, 1LL << 10 * (suffix - suffixes + 1), &value))
			return -EINVAL;
	}
	*ret_value = value;
	return 0;
}

static int add_option(struct json_doc *doc, struct json *resources, const struct word *word, struct error *err)
{
	struct json *group, *value;
	int64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(options[i].option, word->kind->name) != 0)
			continue;
		if (!word->value || (!options[i].text && amount(word->value, &number) < 0))
			return error_set(err, EINVAL, "--%s %.40s: a number is wanted", word->kind->name,
					 word->value ? word->value : "");
		group = json_ensure_object(doc, resources, options[i].group);
		value = options[i].text ? json_new_string(doc, word->value) : json_new_int64(doc, number);
		return group && json_set(doc, group, options[i].key, value) == 0 ? 0 :
			       error_set(err, ENOMEM, "out of memory");
	}
	return error_set(err, ENOTSUP, "--%s: stint does not know what it would change", word->kind->name);
}

static int read_options(const struct arguments *a, struct json_doc *doc, struct json *linux_node, struct error *err)
{
	struct json *resources = json_ensure_object(doc, linux_node, "resources");
	int r = resources ? 0 : error_set(err, ENOMEM, "out of memory");

	for (int i = 0; i < a->word_count && r == 0; i++)
		if (a->words[i].kind && a->words[i].kind->meaning == LIMIT)
			r = add_option(doc, resources, &a->words[i], err);
	return r;
}

static int read_file(const char *path, struct json_doc *doc, struct json *linux_node, struct error *err)
{
	_cleanup_json_ struct json_doc *given = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = strcmp(path, "-") == 0 ?
			file_read_fd(STDIN_FILENO, "the resources on standard input", JSON_MAX_BYTES, &text, &length, err) :
			file_read(AT_FDCWD, path, JSON_MAX_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse("resources", text, length, &given, err);
	if (r == 0 && json_set(doc, linux_node, "resources", json_copy(doc, json_root(given))) < 0)
		r = error_set(err, ENOMEM, "out of memory");
	return r;
}

/* {"linux": {"resources": …}} */
static int read_request(const struct arguments *a, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	const char *path = arguments_value(a, RESOURCES);
	struct json *linux_node;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	linux_node = json_ensure_object(doc, json_root(doc), "linux");
	if (!linux_node)
		return error_set(err, ENOMEM, "out of memory");
	/* As runc has it: beside --resources the others do not count. */
	r = path ? read_file(path, doc, linux_node, err) : read_options(a, doc, linux_node, err);
	if (r == 0)
		*ret_doc = steal_ptr(&doc);
	return r;
}

/* Bytes in use, below which the kernel would kill (v2); 0: it would not. */
static int memory_in_use(const struct runtime *runtime, int state_fd, uint64_t *ret_bytes, struct error *err)
{
	struct cgroup_layout layout;
	struct ledger *ledger;
	struct cgroup group;
	int r = cgroup_layout_read(&runtime->host, &layout, err);

	*ret_bytes = 0;
	if (r < 0 || layout.mode != CGROUP_V2)
		return r;
	r = ledger_open(state_fd, false, &ledger, NULL, err);
	if (r < 0)
		return r;
	r = ledger->plan.nested ?
		    cgroup_open(&runtime->host, &layout, ledger->plan.cgroup_path, &group, err) :
		    cgroup_open_of(&runtime->host, &layout, ledger_current(ledger)->init, &group, err);
	ledger_unmap(ledger);
	if (r < 0)
		return r;
	if (cgroup_memory_bytes(&group, ret_bytes) < 0)
		*ret_bytes = 0;
	cgroup_close(&group);
	return 0;
}

static int read_bounds(int state_fd, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(state_fd, "bounds.json", JSON_MAX_BYTES, &text, &length, err);

	return r < 0 ? r : json_parse("bounds.json", text, length, ret_doc, err);
}

static int go_on(const struct runtime *runtime, struct json_doc *request, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char handed[HAND_OVER_PATH_MAX], **argv;
	const struct replacement replacements[] = {{RESOURCES, "--resources", handed}, {LIMIT, NULL, NULL},
						   {PLAIN, NULL, NULL}};
	size_t length;
	int r = json_write(json_find(json_root(request), "linux.resources"), false, &text, &length, err);

	if (r == 0)
		r = hand_over(text, length, LOWEST_DESCRIPTOR, handed, err);
	if (r == 0)
		r = arguments_rewrite(&runtime->arguments, runtime->path, replacements, NULL, &argv, err);
	return r < 0 ? r : become(runtime, argv, err);
}

static int hold(const struct runtime *runtime, int state_fd, struct error *err)
{
	_cleanup_json_ struct json_doc *request = NULL, *bounds = NULL;
	struct update_result result;
	struct control_message message = {.verb = CONTROL_UPDATE};
	uint64_t in_use;
	int r = read_request(&runtime->arguments, &request, err);

	if (r == 0)
		r = read_bounds(state_fd, &bounds, err);
	if (r == 0)
		r = memory_in_use(runtime, state_fd, &in_use, err);
	if (r == 0)
		r = update_hold(request, json_root(bounds), in_use, &result, err);
	if (r < 0)
		return r;
	message.limits = result.limits;
	(void)snprintf(message.text, sizeof message.text, "%s", result.notes);
	r = control_send(state_fd, &message, PATIENCE_MS, err);
	return r < 0 ? r : go_on(runtime, request, err);
}

int update_held(const struct runtime *runtime, struct error *err)
{
	_cleanup_close_ int state_fd = -1;
	int r = open_watched(runtime, &state_fd, err);

	if (r == 0)
		return pass_through(runtime, err);
	if (r > 0)
		r = hold(runtime, state_fd, err);
	return error_prefix(err, "update %s", runtime->arguments.id);
}
