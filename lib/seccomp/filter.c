/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an OCI seccomp object, asking it, writing it. */
#include "lib/seccomp/filter.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/condition.h"
#include "lib/seccomp/internal.h"

static const struct {
	const char *name;
	enum seccomp_action action;
} actions[] = {
	/* the first of an action is how it is written */
	{"SCMP_ACT_ALLOW", SECCOMP_ALLOW}, {"SCMP_ACT_LOG", SECCOMP_LOG}, {"SCMP_ACT_TRACE", SECCOMP_TRACE},
	{"SCMP_ACT_NOTIFY", SECCOMP_NOTIFY}, {"SCMP_ACT_ERRNO", SECCOMP_ERRNO}, {"SCMP_ACT_TRAP", SECCOMP_TRAP},
	{"SCMP_ACT_KILL_THREAD", SECCOMP_KILL_THREAD}, {"SCMP_ACT_KILL", SECCOMP_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_KILL_PROCESS},
};

static const struct {
	const char *name;
	enum seccomp_op op;
	bool strictly; /* without the value itself */
} ops[] = {
	/* the first of an operator is how it is written */
	{"SCMP_CMP_EQ", SECCOMP_EQ, false}, {"SCMP_CMP_NE", SECCOMP_NE, false}, {"SCMP_CMP_LE", SECCOMP_LE, false},
	{"SCMP_CMP_LT", SECCOMP_LE, true}, {"SCMP_CMP_GE", SECCOMP_GE, false}, {"SCMP_CMP_GT", SECCOMP_GE, true},
	{"SCMP_CMP_MASKED_EQ", SECCOMP_MASKED, false},
};

static int refuse(const struct json *node, const char *what, struct error *err)
{
	char where[256];

	return error_set(err, EINVAL, "%s: %s", json_where(node, where), what);
}

static int read_number(const struct json *node, uint64_t most, uint64_t *ret, struct error *err)
{
	int r = node ? json_uint64(node, ret, err) : 0;

	return r < 0 ? r : node && *ret > most ? refuse(node, "the number is too large", err) : 0;
}

/* What ERRNO and TRACE are without a number: EPERM, in runc and in crun. */
static int read_answer(const struct json *object, const char *action_key, const char *data_key, struct seccomp_answer *ret,
		       struct error *err)
{
	const struct json *name = json_get(object, action_key);
	uint64_t number = 1;

	if (!json_string(name))
		return refuse(name ? name : object, "an action is wanted", err);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, name->text) != 0)
			continue;
		ret->action = actions[i].action;
		if (ret->action != SECCOMP_ERRNO && ret->action != SECCOMP_TRACE) {
			ret->data = 0;
			return 0;
		}
		if (read_number(json_get(object, data_key), UINT16_MAX, &number, err) < 0)
			return -EINVAL;
		ret->data = (uint32_t)number;
		return 0;
	}
	return refuse(name, "no such action", err);
}

/* In its one form; false when it never holds. */
static bool in_form(enum seccomp_op op, bool strictly, uint64_t value, uint64_t second, struct seccomp_condition *ret)
{
	switch (op) {
	case SECCOMP_LE:
		return !(strictly && value == 0) && condition_between(0, value - strictly, ret);
	case SECCOMP_GE:
		return !(strictly && value == UINT64_MAX) && condition_between(value + strictly, UINT64_MAX, ret);
	case SECCOMP_MASKED:
		*ret = condition_masked(value, second);
		return true;
	default:
		*ret = (struct seccomp_condition){op, value, 0};
		return true;
	}
}

static int read_condition(const struct json *node, struct seccomp_rule *rule, unsigned *seen, bool *never, struct error *err)
{
	const struct json *index_node = json_get(node, "index"), *op = json_get(node, "op");
	uint64_t index = SECCOMP_ARGS, value = 0, second = 0;

	if (read_number(index_node, SECCOMP_ARGS - 1, &index, err) < 0 ||
	    read_number(json_get(node, "value"), UINT64_MAX, &value, err) < 0 ||
	    read_number(json_get(node, "valueTwo"), UINT64_MAX, &second, err) < 0)
		return -EINVAL;
	if (index >= SECCOMP_ARGS || !json_string(op))
		return refuse(node, "a condition needs an index and an op", err);
	if (*seen & 1u << index)
		return refuse(node, "a second condition for one argument: runc takes either, crun refuses", err);
	*seen |= 1u << index;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strcmp(ops[i].name, op->text) != 0)
			continue;
		*never |= !in_form(ops[i].op, ops[i].strictly, value, second, &rule->args[index]);
		return 0;
	}
	return refuse(op, "no such operator", err);
}

static int read_rule(const struct json *entry, struct seccomp_rule *ret, bool *never, struct error *err)
{
	unsigned seen = 0;

	*never = false;
	*ret = (struct seccomp_rule){0};
	if (json_get(entry, "includes") || json_get(entry, "excludes"))
		return refuse(entry, "this is Docker's own form, which depends on capabilities and kernels; an OCI object is wanted",
			      err);
	if (read_answer(entry, "action", "errnoRet", &ret->answer, err) < 0)
		return -EINVAL;
	json_each(condition, json_get(entry, "args"))
		if (read_condition(condition, ret, &seen, never, err) < 0)
			return -EINVAL;
	return 0;
}

int call_add_rule(struct seccomp_call *call, const struct seccomp_rule *rule, struct error *err)
{
	struct seccomp_rule *more;

	if (call->count == SECCOMP_RULES_MAX)
		return error_set(err, E2BIG, "%s has more than %d rules", call->name, SECCOMP_RULES_MAX);
	more = reallocarray(call->rules, call->count + 1, sizeof *more);
	if (!more)
		return error_set(err, ENOMEM, "read a seccomp filter: out of memory");
	call->rules = more;
	call->rules[call->count++] = *rule;
	return 0;
}

/* Where `name` is, or would have to be. */
static unsigned place_of(const struct seccomp_filter *filter, const char *name)
{
	unsigned low = 0, high = filter->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (strcmp(filter->calls[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct seccomp_call *filter_find(const struct seccomp_filter *filter, const char *name)
{
	unsigned at = place_of(filter, name);

	return at < filter->count && strcmp(filter->calls[at].name, name) == 0 ? &filter->calls[at] : NULL;
}

int filter_call(struct seccomp_filter *filter, const char *name, struct seccomp_call **ret, struct error *err)
{
	unsigned at = place_of(filter, name);

	if (at == filter->count || strcmp(filter->calls[at].name, name) != 0) {
		struct seccomp_call *more;

		if (filter->count == SECCOMP_CALLS_MAX)
			return error_set(err, E2BIG, "a seccomp filter of more than %d calls", SECCOMP_CALLS_MAX);
		more = reallocarray(filter->calls, filter->count + 1, sizeof *more);
		if (!more)
			return error_set(err, ENOMEM, "read a seccomp filter: out of memory");
		filter->calls = more;
		memmove(more + at + 1, more + at, (filter->count - at) * sizeof *more);
		more[at] = (struct seccomp_call){.name = name};
		filter->count++;
	}
	*ret = &filter->calls[at];
	return 0;
}

static int read_entry(const struct json *entry, struct seccomp_filter *filter, struct error *err)
{
	struct seccomp_rule rule;
	struct seccomp_call *call;
	bool never;
	int r = read_rule(entry, &rule, &never, err);

	if (r == 0 && !json_is(json_get(entry, "names"), JSON_ARRAY))
		return refuse(entry, "an entry needs names", err);
	json_each(name, json_get(entry, "names")) {
		if (r == 0 && !json_string(name))
			r = refuse(name, "a name is a string", err);
		if (r == 0 && !never)
			r = filter_call(filter, name->text, &call, err);
		if (r == 0 && !never)
			r = call_add_rule(call, &rule, err);
	}
	return r;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_words(const struct json *array, const char **words, unsigned max, unsigned *ret_count, struct error *err)
{
	unsigned count = 0, kept = 0;

	json_each(word, array) {
		if (!json_string(word))
			return refuse(word, "a string is wanted", err);
		if (count == max)
			return refuse(array, "there are too many", err);
		words[count++] = word->text;
	}
	if (count)
		qsort(words, count, sizeof *words, by_text);
	for (unsigned i = 0; i < count; i++)
		if (!kept || strcmp(words[kept - 1], words[i]) != 0)
			words[kept++] = words[i];
	*ret_count = kept;
	return 0;
}

int seccomp_read(const struct json *object, struct seccomp_filter *ret_filter, struct error *err)
{
	struct seccomp_filter filter = {.listener = json_string(json_get(object, "listenerPath")),
					.listener_metadata = json_string(json_get(object, "listenerMetadata"))};
	int r = 0;

	if (!json_is(object, JSON_OBJECT))
		return error_set(err, EINVAL, "a seccomp filter is an object");
	if (!json_get(object, "defaultAction"))
		return refuse(object, "no OCI seccomp object: it has no \"defaultAction\"", err);
	r = read_answer(object, "defaultAction", "defaultErrnoRet", &filter.otherwise, err);
	if (r == 0)
		r = read_words(json_get(object, "architectures"), filter.architectures, SECCOMP_ARCHITECTURES_MAX,
			       &filter.architecture_count, err);
	if (r == 0)
		r = read_words(json_get(object, "flags"), filter.flags, SECCOMP_FLAGS_MAX, &filter.flag_count, err);
	json_each(entry, json_get(object, "syscalls"))
		if (r == 0)
			r = read_entry(entry, &filter, err);
	if (r < 0) {
		seccomp_close(&filter);
		return r;
	}
	*ret_filter = filter;
	return 0;
}

void seccomp_close(struct seccomp_filter *filter)
{
	for (unsigned i = 0; i < filter->count; i++)
		free(filter->calls[i].rules);
	free(filter->calls);
	filter->calls = NULL;
	filter->count = 0;
}

bool seccomp_depends(const struct seccomp_filter *filter, const char *name)
{
	const struct seccomp_call *call = filter_find(filter, name);

	for (unsigned i = 0; call && i < call->count; i++)
		if (!rule_is_any(&call->rules[i]))
			return true;
	return false;
}

bool seccomp_kills(const struct seccomp_filter *filter)
{
	bool kills = filter->otherwise.action > SECCOMP_ERRNO;

	for (unsigned i = 0; i < filter->count; i++)
		for (unsigned k = 0; k < filter->calls[i].count; k++)
			kills = kills || filter->calls[i].rules[k].answer.action > SECCOMP_ERRNO;
	return kills;
}

struct seccomp_answer seccomp_ask(const struct seccomp_filter *filter, const char *name, const uint64_t args[SECCOMP_ARGS])
{
	const struct seccomp_call *call = filter_find(filter, name);
	const struct seccomp_answer *answer = NULL;

	for (unsigned i = 0; call && i < call->count; i++) {
		const struct seccomp_rule *rule = &call->rules[i];
		bool matches = true;

		for (int a = 0; a < SECCOMP_ARGS && matches; a++)
			matches = condition_holds(&rule->args[a], args[a]);
		if (matches && (!answer || rule->answer.action > answer->action))
			answer = &rule->answer;
	}
	return answer ? *answer : filter->otherwise;
}

/* --- writing --- */

static const char *action_name(enum seccomp_action action)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (actions[i].action == action)
			return actions[i].name;
	return "SCMP_ACT_KILL_PROCESS";
}

static const char *op_name(enum seccomp_op op)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i].op == op)
			return ops[i].name;
	return "SCMP_CMP_EQ";
}

static bool has_data(const struct seccomp_answer *answer)
{
	return (answer->action == SECCOMP_ERRNO || answer->action == SECCOMP_TRACE) && answer->data != 1;
}

static int write_condition(struct json_doc *doc, struct json *args, int index, const struct seccomp_condition *condition)
{
	bool masked = condition->op == SECCOMP_MASKED;
	struct json *object = json_new(doc, JSON_OBJECT);
	int r = json_set(doc, object, "index", json_new_uint64(doc, (uint64_t)index));

	if (r == 0)
		r = json_set(doc, object, "value", json_new_uint64(doc, masked ? condition->mask : condition->value));
	if (r == 0 && masked)
		r = json_set(doc, object, "valueTwo", json_new_uint64(doc, condition->value));
	if (r == 0)
		r = json_set(doc, object, "op", json_new_string(doc, op_name(condition->op)));
	return r < 0 ? r : json_append(args, object);
}

static int write_entry(struct json_doc *doc, struct json *syscalls, const struct seccomp_rule *rule, struct json **ret_names)
{
	struct json *entry = json_new(doc, JSON_OBJECT), *args = NULL;
	int r = json_set(doc, entry, "names", *ret_names = json_new(doc, JSON_ARRAY));

	if (r == 0)
		r = json_set(doc, entry, "action", json_new_string(doc, action_name(rule->answer.action)));
	if (r == 0 && has_data(&rule->answer))
		r = json_set(doc, entry, "errnoRet", json_new_uint64(doc, rule->answer.data));
	for (int i = 0; i < SECCOMP_ARGS && r == 0; i++) {
		if (rule->args[i].op == SECCOMP_ANY)
			continue;
		if (!args)
			r = json_set(doc, entry, "args", args = json_new(doc, JSON_ARRAY));
		if (r == 0)
			r = write_condition(doc, args, i, &rule->args[i]);
	}
	return r < 0 ? r : json_append(syscalls, entry);
}

static bool unconditional(const struct seccomp_call *call)
{
	return call->count == 1 && rule_is_any(&call->rules[0]);
}

/* All calls with one answer and no condition are one entry. */
static int write_plain(struct json_doc *doc, struct json *syscalls, const struct seccomp_filter *filter, unsigned from)
{
	const struct seccomp_rule *rule = &filter->calls[from].rules[0];
	struct json *names;
	int r;

	for (unsigned i = 0; i < from; i++)
		if (unconditional(&filter->calls[i]) && answer_equal(&filter->calls[i].rules[0].answer, &rule->answer))
			return 0; /* written with that one */
	r = write_entry(doc, syscalls, rule, &names);
	for (unsigned i = from; i < filter->count && r == 0; i++)
		if (unconditional(&filter->calls[i]) && answer_equal(&filter->calls[i].rules[0].answer, &rule->answer))
			r = json_append(names, json_new_string(doc, filter->calls[i].name));
	return r;
}

static int write_calls(struct json_doc *doc, struct json *syscalls, const struct seccomp_filter *filter)
{
	struct json *names;
	int r = 0;

	for (unsigned i = 0; i < filter->count && r == 0; i++)
		if (unconditional(&filter->calls[i]))
			r = write_plain(doc, syscalls, filter, i);
	for (unsigned i = 0; i < filter->count && r == 0; i++)
		for (unsigned k = 0; !unconditional(&filter->calls[i]) && k < filter->calls[i].count && r == 0; k++) {
			r = write_entry(doc, syscalls, &filter->calls[i].rules[k], &names);
			if (r == 0)
				r = json_append(names, json_new_string(doc, filter->calls[i].name));
		}
	return r;
}

static int write_words(struct json_doc *doc, struct json *object, const char *key, const char *const *words, unsigned count)
{
	struct json *array = count ? json_new(doc, JSON_ARRAY) : NULL;
	int r = count ? json_set(doc, object, key, array) : 0;

	for (unsigned i = 0; i < count && r == 0; i++)
		r = json_append(array, json_new_string(doc, words[i]));
	return r;
}

int seccomp_write(const struct seccomp_filter *filter, struct json_doc *doc, struct json **ret_object, struct error *err)
{
	struct json *object = json_new(doc, JSON_OBJECT), *syscalls;
	int r = json_set(doc, object, "defaultAction", json_new_string(doc, action_name(filter->otherwise.action)));

	if (r == 0 && has_data(&filter->otherwise))
		r = json_set(doc, object, "defaultErrnoRet", json_new_uint64(doc, filter->otherwise.data));
	if (r == 0)
		r = write_words(doc, object, "architectures", filter->architectures, filter->architecture_count);
	if (r == 0)
		r = write_words(doc, object, "flags", filter->flags, filter->flag_count);
	if (r == 0 && filter->listener)
		r = json_set(doc, object, "listenerPath", json_new_string(doc, filter->listener));
	if (r == 0 && filter->listener_metadata)
		r = json_set(doc, object, "listenerMetadata", json_new_string(doc, filter->listener_metadata));
	if (r == 0)
		r = json_set(doc, object, "syscalls", syscalls = json_new(doc, JSON_ARRAY));
	if (r == 0)
		r = write_calls(doc, syscalls, filter);
	if (r < 0)
		return error_set(err, -r, "write a seccomp filter: out of memory");
	*ret_object = object;
	return 0;
}
