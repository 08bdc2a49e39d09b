/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a profile: its keys in one table, each with the function that reads it. */
#include "lib/profile/parse.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"

struct parsed {
	struct profile profile;
	const struct json *extends;
	bool without_name, named;
};

static int read_version(struct reader *reader, const struct json *node, const struct key *key)
{
	const struct parsed *parsed = reader->target;

	(void)key;
	if (parsed->without_name)
		return refuse(reader, node, "the ceiling is a part of stint.json and has no version of its own");
	if (strcmp(node->text, "1.0") != 0)
		return refuse(reader, node, "this stint reads version \"1.0\", not \"%.40s\"", node->text);
	return 0;
}

static int read_name(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;

	(void)key;
	if (parsed->without_name)
		return refuse(reader, node, "the ceiling has no name");
	if (!profile_name_valid(node->text))
		return refuse(reader, node, "a name has letters, digits and \"_.-\", begins with a letter or digit, "
					    "and is at most %d long", PROFILE_NAME_MAX);
	parsed->profile.name = node->text;
	parsed->named = true;
	return 0;
}

static int read_extends(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;
	int r;

	(void)key;
	if (parsed->without_name)
		return refuse(reader, node, "the ceiling cannot extend a profile; write its limits out");
	r = check_strings(reader, node);
	if (r < 0)
		return r;
	json_each(base, node)
		if (base->text[0] != '/' && !profile_name_valid(base->text))
			return refuse(reader, base, "the name of a profile or an absolute path is wanted, not "
						    "\"%.64s\"", base->text);
	parsed->extends = node;
	return 0;
}

static int read_budgets(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;

	(void)key;
	return parse_budgets(reader, node, parsed->profile.budgets);
}

static int read_resources(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;

	(void)key;
	return parse_resources(reader, node, &parsed->profile.resources);
}

static int read_capabilities(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;
	uint64_t mask = 0;
	int r = check_strings(reader, node);

	(void)key;
	if (r < 0)
		return r;
	json_each(name, node) {
		struct error err = {0};
		int number = capability_from_name(name->text, &err);

		if (number < 0)
			return refuse(reader, name, "%s", err.text);
		mask |= UINT64_C(1) << number;
	}
	parsed->profile.capabilities = (struct capability_setting){true, mask, reader->from};
	return 0;
}

/* False asks for nothing: a profile can only tighten. */
static int read_demand(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;

	if (node->boolean)
		*(struct setting *)((char *)&parsed->profile + key->offset) = (struct setting){1, reader->from};
	return 0;
}

static int read_seccomp(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;

	(void)key;
	return parse_seccomp(reader, node, &parsed->profile.seccomp);
}

static int read_network(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;

	(void)key;
	return parse_network(reader, node, parsed->profile.network);
}

static int read_baseline(struct reader *reader, const struct json *node, const struct key *key)
{
	struct parsed *parsed = reader->target;

	(void)key;
	parsed->profile.baseline = node;
	parsed->profile.baseline_from = reader->from;
	return check_baseline(reader, node);
}

static const struct key keys[] = {
	{.name = "stintVersion", .types = TYPE(JSON_STRING), .read = read_version},
	{.name = "name", .types = TYPE(JSON_STRING), .read = read_name},
	{.name = "extends", .types = TYPE(JSON_ARRAY), .read = read_extends},
	{.name = "budgets", .types = TYPE(JSON_OBJECT), .read = read_budgets},
	{.name = "resources", .types = TYPE(JSON_OBJECT), .read = read_resources},
	{.name = "capabilities", .types = TYPE(JSON_ARRAY), .read = read_capabilities},
	{.name = "noNewPrivileges", .types = TYPE(JSON_BOOL), .read = read_demand,
	 .offset = offsetof(struct profile, no_new_privileges)},
	{.name = "record", .types = TYPE(JSON_BOOL), .read = read_demand, .offset = offsetof(struct profile, record)},
	{.name = "seccomp", .types = TYPE(JSON_STRING) | TYPE(JSON_OBJECT), .read = read_seccomp},
	{.name = "network", .types = TYPE(JSON_OBJECT), .read = read_network},
	{.name = "baseline", .types = TYPE(JSON_OBJECT), .read = read_baseline},
};

int profile_parse(const struct json *root, const char *file, const char *from, bool without_name,
		  struct profile *ret_profile, const struct json **ret_extends, struct error *err)
{
	struct parsed parsed = {.without_name = without_name};
	struct reader reader = {.file = file, .from = intern(from), .target = &parsed, .err = err};
	int r;

	if (!reader.from)
		return error_set(err, ENOMEM, "read %s: out of memory", file);
	profile_init(&parsed.profile, reader.from);
	r = read_object(&reader, root, keys, ARRAY_SIZE(keys));
	if (r < 0)
		return r;
	if (!without_name && !parsed.named)
		return refuse(&reader, root, "a profile needs a \"name\"");
	*ret_profile = parsed.profile;
	if (ret_extends)
		*ret_extends = parsed.extends;
	return 0;
}
