/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/arguments.h"

enum when { ALWAYS, WITH, WITHOUT }; /* noNewPrivileges */

struct group {
	const char *runtime;
	unsigned major, minor;
	const char *version;
	enum when when;
	const char *const *needs; /* as need_text has them; ends with NULL */
};

#include "lib/record/runtime_list.h"

static unsigned distance(unsigned a, unsigned b)
{
	return a > b ? a - b : b - a;
}

/* A version that begins with no number is nearest to the newest that is known. */
static const struct group *nearest(const char *runtime, const char *version)
{
	const struct group *best = NULL;
	char *end = NULL;
	unsigned long major = strtoul(version, &end, 10), minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	if (end == version || major > UINT16_MAX || minor > UINT16_MAX)
		major = minor = UINT16_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		const struct group *group = &groups[i];
		unsigned of_major = distance(group->major, (unsigned)major), of_minor = distance(group->minor, (unsigned)minor);

		if (strcmp(group->runtime, runtime) != 0)
			continue;
		if (!best || of_major < distance(best->major, (unsigned)major) ||
		    (group->major == best->major && of_minor < distance(best->minor, (unsigned)minor)))
			best = group;
	}
	return best;
}

static bool is_version(const struct group *group, const char *version)
{
	size_t length = strlen(group->version);

	return strncmp(group->version, version, length) == 0 && !(version[length] >= '0' && version[length] <= '9');
}

static int add_group(const struct group *group, struct needs *needs, struct error *err)
{
	int r = 0;

	for (unsigned i = 0; group->needs[i] && r == 0; i++) {
		char name[NEED_NAME_MAX];
		struct need need;

		r = need_parse(group->needs[i], name, &need) ? needs_add(needs, &need, err) :
			error_set(err, EINVAL, "the list of runtimes has \"%s\", which is no need", group->needs[i]);
	}
	return r;
}

int runtime_needs_add(const char *runtime, const char *version, bool no_new_privileges, struct needs *needs,
		      const char **ret_taken, struct error *err)
{
	bool any = strcmp(runtime, RUNTIME_ANY) == 0, found = false;
	const struct group *of = any || !version ? NULL : nearest(runtime, version);
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(groups) && r == 0; i++) {
		const struct group *group = &groups[i];
		bool is_it = any || (strcmp(group->runtime, runtime) == 0 && (!of || strcmp(group->version, of->version) == 0));

		found |= is_it;
		if (is_it && group->when != (no_new_privileges ? WITHOUT : WITH))
			r = add_group(group, needs, err);
	}
	if (r == 0 && !found)
		return error_set(err, ENOENT, "nothing is known of what a runtime %.64s needs; runc, crun and any are known", runtime);
	if (r == 0)
		*ret_taken = of && !is_version(of, version) ? of->version : NULL;
	return r;
}

int runtime_needs_denied(const char *runtime, bool no_new_privileges, const struct seccomp_filter *filter, struct needs *missing,
			 struct error *err)
{
	_cleanup_needs_ struct needs needs = {0};
	const char *taken;
	int r = runtime_needs_add(runtime, NULL, no_new_privileges, &needs, &taken, err);

	for (unsigned i = 0; i < needs.count && r == 0; i++) {
		const struct need *need = &needs.list[i];

		/* Of a call with values they are needs by themselves. */
		if (need->kind == NEED_CALL && recorded_arguments_find(need->name))
			continue;
		if (need_is_denied(filter, need))
			r = needs_add(missing, need, err);
	}
	return r;
}
