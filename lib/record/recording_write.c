/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings to JSON: the keys in one order, the needs in theirs, so that the same recording is the same text. */
#include "lib/record/recording.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/internal.h"

static int put_text(struct json_doc *doc, struct json *object, const char *key, const char *text)
{
	return text ? json_set(doc, object, key, json_new_string(doc, text)) : 0;
}

static int put_names(struct json_doc *doc, struct json *object, const char *key, const struct needs *needs,
		     enum need_kind kind, enum call_abi abi)
{
	struct json *array = json_new(doc, JSON_ARRAY);
	int r = json_set(doc, object, key, array);

	for (unsigned i = 0; i < needs->count && r == 0; i++)
		if (needs->list[i].kind == kind && needs->list[i].abi == abi)
			r = json_append(array, json_new_string(doc, needs->list[i].name));
	return r;
}

static struct json *values_node(struct json_doc *doc, const struct need *need)
{
	struct json *array = json_new(doc, JSON_ARRAY);

	for (unsigned i = 0; i < need->count; i++)
		if (json_append(array, json_new_uint64(doc, need->values[i])) < 0)
			return NULL;
	return array;
}

static int put_arguments(struct json_doc *doc, struct json *object, const struct needs *needs, enum call_abi abi)
{
	struct json *arguments = json_new(doc, JSON_OBJECT), *of_call = NULL;
	int r = json_set(doc, object, "arguments", arguments);

	for (unsigned i = 0; i < needs->count && r == 0; i++) {
		const struct need *need = &needs->list[i];

		if (need->kind != NEED_ARGUMENTS || need->abi != abi)
			continue;
		if (need->many) {
			r = put_text(doc, arguments, need->name, NEED_MANY);
			continue;
		}
		if (i == 0 || !need_is_alike(need, need - 1))
			r = json_set(doc, arguments, need->name, of_call = json_new(doc, JSON_ARRAY));
		if (r == 0)
			r = json_append(of_call, values_node(doc, need));
	}
	return r;
}

static bool has_abi(const struct needs *needs, enum call_abi abi)
{
	for (unsigned i = 0; i < needs->count; i++)
		if (needs->list[i].abi == abi)
			return true;
	return false;
}

static int put_compat(struct json_doc *doc, struct json *object, const struct needs *needs)
{
	int r = 0;

	for (int i = ABI_COMPAT; i < ABI_COUNT && r == 0; i++) {
		enum call_abi abi = (enum call_abi)i;
		struct json *compat, *of_abi;

		if (!has_abi(needs, abi))
			continue;
		compat = json_ensure_object(doc, object, "compat");
		of_abi = json_new(doc, JSON_OBJECT);
		r = json_set(doc, compat, abi_names[i], of_abi);
		if (r == 0)
			r = put_names(doc, of_abi, "syscalls", needs, NEED_CALL, abi);
		if (r == 0)
			r = put_arguments(doc, of_abi, needs, abi);
	}
	return r;
}

static int put_programs(struct json_doc *doc, struct json *object, const struct needs *needs)
{
	struct json *programs = json_new(doc, JSON_OBJECT);
	int r = json_set(doc, object, "programs", programs);

	for (unsigned i = 0; i < needs->count && r == 0; i++) {
		char text[NEED_TEXT_MAX];

		if (*needs->list[i].program)
			r = put_text(doc, programs, need_text(&needs->list[i], text), needs->list[i].program);
	}
	return r;
}

static int put_runtime(struct json_doc *doc, struct json *object, const struct recording *recording)
{
	struct json *runtime = json_new(doc, JSON_OBJECT);
	int r = json_set(doc, object, "runtime", runtime);

	if (r == 0)
		r = put_text(doc, runtime, "name", recording->runtime);
	if (r == 0)
		r = put_text(doc, runtime, "version", recording->runtime_version);
	if (r == 0)
		r = json_set(doc, runtime, "noNewPrivileges", json_new_bool(doc, recording->no_new_privileges));
	return r < 0 ? r : put_names(doc, runtime, "syscalls", &recording->runtime_needs, NEED_CALL, ABI_NATIVE);
}

static int put_facts(struct json_doc *doc, struct json *object, const struct recording *recording)
{
	int r = json_set(doc, object, "version", json_new_uint64(doc, RECORDING_VERSION));

	if (r == 0)
		r = put_text(doc, object, "id", recording->id);
	if (r == 0)
		r = put_text(doc, object, "workload", recording->workload);
	if (r == 0)
		r = put_text(doc, object, "image", recording->image);
	if (r == 0)
		r = put_runtime(doc, object, recording);
	if (r == 0)
		r = put_text(doc, object, "started", recording->started);
	if (r == 0)
		r = put_text(doc, object, "ended", recording->ended);
	if (r == 0)
		r = json_set(doc, object, "complete", json_new_bool(doc, recording->complete));
	return r < 0 ? r : json_set(doc, object, "lost", json_new_uint64(doc, recording->lost));
}

static int put_endpoints(struct json_doc *doc, struct json *object, const struct recording *recording)
{
	const struct endpoints *endpoints = &recording->endpoints;
	struct json *array;
	int r = endpoints_write(endpoints, doc, &array, NULL);

	if (r == 0)
		r = json_set(doc, object, "endpoints", array);
	if (r == 0 && endpoints->more)
		r = json_set(doc, object, "moreEndpoints", json_new_bool(doc, true));
	return r < 0 ? r : json_set(doc, object, "endpointsRecorded", json_new_bool(doc, recording->endpoints_recorded));
}

static int put_needs(struct json_doc *doc, struct json *object, const struct recording *recording)
{
	const struct needs *needs = &recording->needs;
	int r = put_names(doc, object, "syscalls", needs, NEED_CALL, ABI_NATIVE);

	if (r == 0)
		r = put_arguments(doc, object, needs, ABI_NATIVE);
	if (r == 0)
		r = put_compat(doc, object, needs);
	if (r == 0)
		r = put_names(doc, object, "capabilities", needs, NEED_CAPABILITY, ABI_NATIVE);
	if (r == 0)
		r = json_set(doc, object, "capabilitiesRecorded", json_new_bool(doc, recording->capabilities_recorded));
	if (r == 0)
		r = put_endpoints(doc, object, recording);
	return r < 0 ? r : put_programs(doc, object, needs);
}

int recording_write(const struct recording *recording, struct json_doc *doc, struct json **ret_object,
		    struct error *err)
{
	struct json *object = json_new(doc, JSON_OBJECT);
	int r = put_facts(doc, object, recording);

	if (r == 0)
		r = put_needs(doc, object, recording);
	if (r < 0)
		return error_set(err, -r, "write a recording: out of memory");
	*ret_object = object;
	return 0;
}
