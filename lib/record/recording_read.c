/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings from JSON that anyone may have written. */
#include <string.h>

#include "lib/profile/keys.h"
#include "lib/record/internal.h"
#include "lib/record/recording.h"

static int add(const struct reader *reader, const struct json *node, struct needs *needs, const struct need *need)
{
	struct error inner = {0};
	int r = needs_add(needs, need, &inner);

	if (r == -EINVAL)
		return refuse(reader, node, "%s", inner.text);
	return r < 0 ? error_set(reader->err, -r, "read %.300s: %s", reader->file, inner.text) : 0;
}

static int read_names(const struct reader *reader, const struct json *array, enum need_kind kind, enum call_abi abi,
		      struct needs *needs)
{
	int r = 0;

	json_each(name, array)
	{
		struct need need = {.kind = kind, .abi = abi, .name = json_string(name)};

		r = need.name ? add(reader, name, needs, &need) : refuse(reader, name, "a name is wanted");
		if (r < 0)
			return r;
	}
	return 0;
}

/* [2, 1] */
static int read_values(const struct reader *reader, const struct json *array, struct need *need)
{
	const struct key bounds = {.max = UINT32_MAX};

	if (!json_is(array, JSON_ARRAY))
		return refuse(reader, array, "an array of values is wanted");
	need->count = 0;
	json_each(value, array)
	{
		uint64_t number;

		if (!json_is(value, JSON_NUMBER) || need->count == NEED_ARGUMENTS_MAX)
			return refuse(reader, value, "at most %d numbers are wanted", NEED_ARGUMENTS_MAX);
		if (read_number(reader, value, &bounds, &number) < 0)
			return -EINVAL;
		need->values[need->count++] = (uint32_t)number;
	}
	return 0;
}

static int read_arguments_of(const struct reader *reader, const struct json *member, enum call_abi abi,
			     struct needs *needs)
{
	struct need need = {.kind = NEED_ARGUMENTS, .abi = abi, .name = member->key};
	int r = 0;

	need.many = json_is(member, JSON_STRING) && strcmp(member->text, NEED_MANY) == 0;
	if (need.many)
		return add(reader, member, needs, &need);
	if (!json_is(member, JSON_ARRAY))
		return refuse(reader, member, "an array of values, or \"%s\", is wanted", NEED_MANY);
	json_each(values, member)
	{
		r = read_values(reader, values, &need);
		if (r == 0)
			r = add(reader, values, needs, &need);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_arguments(const struct reader *reader, const struct json *object, enum call_abi abi,
			  struct needs *needs)
{
	int r = 0;

	json_each(member, object)
	{
		r = read_arguments_of(reader, member, abi, needs);
		if (r < 0)
			return r;
	}
	return 0;
}

static struct recording *recording_of(const struct reader *reader)
{
	return reader->target;
}

/* Of these two tables, `min` is the ABI. */
static int read_calls(struct reader *reader, const struct json *node, const struct key *key)
{
	return read_names(reader, node, NEED_CALL, (enum call_abi)key->min, &recording_of(reader)->needs);
}

static int read_calls_arguments(struct reader *reader, const struct json *node, const struct key *key)
{
	return read_arguments(reader, node, (enum call_abi)key->min, &recording_of(reader)->needs);
}

static int read_abi(struct reader *reader, const struct json *object, enum call_abi abi)
{
	const struct key keys[] = {
		{.name = "syscalls", .types = TYPE(JSON_ARRAY), .read = read_calls, .min = abi},
		{.name = "arguments", .types = TYPE(JSON_OBJECT), .read = read_calls_arguments, .min = abi},
	};

	return read_object(reader, object, keys, ARRAY_SIZE(keys));
}

static int read_compat(struct reader *reader, const struct json *object, const struct key *key)
{
	static const char *const *names = abi_names + ABI_COMPAT;

	(void)key;
	json_each(member, object)
	{
		int i = 0, r;

		while (names[i] && strcmp(names[i], member->key) != 0)
			i++;
		r = names[i] ? read_abi(reader, member, (enum call_abi)(ABI_COMPAT + i)) :
			       refuse_name(reader, member, "key", member->key, names);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_capabilities(struct reader *reader, const struct json *node, const struct key *key)
{
	(void)key;
	return read_names(reader, node, NEED_CAPABILITY, ABI_NATIVE, &recording_of(reader)->needs);
}

static int read_runtime_calls(struct reader *reader, const struct json *node, const struct key *key)
{
	(void)key;
	return read_names(reader, node, NEED_CALL, ABI_NATIVE, &recording_of(reader)->runtime_needs);
}

static int read_endpoints(struct reader *reader, const struct json *node, const struct key *key)
{
	int r = 0;

	(void)key;
	json_each(endpoint, node)
	{
		r = endpoint_read(reader, endpoint, &recording_of(reader)->endpoints);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_version(struct reader *reader, const struct json *node, const struct key *key)
{
	uint64_t version;

	return read_number(reader, node, key, &version);
}

static int read_lost(struct reader *reader, const struct json *node, const struct key *key)
{
	return read_number(reader, node, key, &recording_of(reader)->lost);
}

static int read_bool(struct reader *reader, const struct json *node, const struct key *key)
{
	*(bool *)((char *)reader->target + key->offset) = node->boolean;
	return 0;
}

static int read_text(struct reader *reader, const struct json *node, const struct key *key)
{
	if (strlen(node->text) >= RECORDING_TEXT_MAX)
		return refuse(reader, node, "the text has more than %d bytes", RECORDING_TEXT_MAX - 1);
	return recording_set((const char **)((char *)reader->target + key->offset), node->text, reader->err);
}

static int read_time(struct reader *reader, const struct json *node, const struct key *key)
{
	struct error inner = {0};
	uint64_t ns;

	if (time_parse(node->text, &ns, &inner) < 0)
		return refuse(reader, node, "%s", inner.text);
	return read_text(reader, node, key);
}

#define FIELD(field) .offset = offsetof(struct recording, field)

static int read_runtime(struct reader *reader, const struct json *object, const struct key *key)
{
	static const struct key keys[] = {
		{.name = "name", .types = TYPE(JSON_STRING), .read = read_text, FIELD(runtime)},
		{.name = "version", .types = TYPE(JSON_STRING), .read = read_text, FIELD(runtime_version)},
		{.name = "noNewPrivileges", .types = TYPE(JSON_BOOL), .read = read_bool, FIELD(no_new_privileges)},
		{.name = "syscalls", .types = TYPE(JSON_ARRAY), .read = read_runtime_calls},
	};

	(void)key;
	return read_object(reader, object, keys, ARRAY_SIZE(keys));
}

/* Needs are all there by now: a program of something else is a mistake. */
static int read_programs(const struct reader *reader, const struct json *object, struct needs *needs)
{
	json_each(member, object)
	{
		char name[NEED_NAME_MAX];
		struct need need;
		int r;

		if (!json_is(member, JSON_STRING))
			return refuse(reader, member, "a program's name is wanted");
		if (!need_parse(member->key, name, &need) || !needs_have(needs, &need))
			return refuse(reader, member, "nothing that is recorded is called \"%.64s\"", member->key);
		need.program = member->text;
		r = add(reader, member, needs, &need);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_later(struct reader *reader, const struct json *node, const struct key *key)
{
	(void)reader, (void)node, (void)key;
	return 0;
}

int recording_read(const char *name, const struct json *object, struct recording *ret_recording, struct error *err)
{
	static const struct key keys[] = {
		{.name = "version",
		 .types = TYPE(JSON_NUMBER),
		 .read = read_version,
		 .min = RECORDING_VERSION,
		 .max = RECORDING_VERSION},
		{.name = "id", .types = TYPE(JSON_STRING), .read = read_text, FIELD(id)},
		{.name = "workload", .types = TYPE(JSON_STRING), .read = read_text, FIELD(workload)},
		{.name = "image", .types = TYPE(JSON_STRING), .read = read_text, FIELD(image)},
		{.name = "runtime", .types = TYPE(JSON_OBJECT), .read = read_runtime},
		{.name = "started", .types = TYPE(JSON_STRING), .read = read_time, FIELD(started)},
		{.name = "ended", .types = TYPE(JSON_STRING), .read = read_time, FIELD(ended)},
		{.name = "complete", .types = TYPE(JSON_BOOL), .read = read_bool, FIELD(complete)},
		{.name = "lost", .types = TYPE(JSON_NUMBER), .read = read_lost, .max = UINT64_MAX},
		{.name = "syscalls", .types = TYPE(JSON_ARRAY), .read = read_calls, .min = ABI_NATIVE},
		{.name = "arguments", .types = TYPE(JSON_OBJECT), .read = read_calls_arguments, .min = ABI_NATIVE},
		{.name = "compat", .types = TYPE(JSON_OBJECT), .read = read_compat},
		{.name = "capabilities", .types = TYPE(JSON_ARRAY), .read = read_capabilities},
		{.name = "capabilitiesRecorded", .types = TYPE(JSON_BOOL), .read = read_bool, FIELD(capabilities_recorded)},
		{.name = "endpoints", .types = TYPE(JSON_ARRAY), .read = read_endpoints},
		{.name = "moreEndpoints", .types = TYPE(JSON_BOOL), .read = read_bool, FIELD(endpoints.more)},
		{.name = "endpointsRecorded", .types = TYPE(JSON_BOOL), .read = read_bool, FIELD(endpoints_recorded)},
		{.name = "programs", .types = TYPE(JSON_OBJECT), .read = read_later}, /* read when all needs are */
	};
	_cleanup_recording_ struct recording recording = {0};
	struct reader reader = {.file = name, .target = &recording, .err = err};
	int r = read_object(&reader, object, keys, ARRAY_SIZE(keys));

	if (r == 0 && !json_get(object, "version"))
		r = refuse(&reader, object, "there is no \"version\": it is no recording");
	if (r == 0)
		r = read_programs(&reader, json_get(object, "programs"), &recording.needs);
	if (r == 0 && recording.complete && recording.lost)
		r = refuse(&reader, json_get(object, "complete"), "it is not complete, since something was lost");
	if (r < 0)
		return r;
	*ret_recording = recording;
	recording = (struct recording){0};
	return 0;
}

int recording_parse(const char *name, const char *text, size_t length, struct recording *ret_recording,
		    struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	int r = json_parse(name, text, length, &doc, err);

	return r < 0 ? r : recording_read(name, json_root(doc), ret_recording, err);
}
