/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which profile is for a container: rules over what it shows of itself. */
#include "lib/profile/select.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"

/* "*" is any text, "?" any byte. Going back only to the last star is enough, and keeps the time
 * within the product of the lengths, whatever a tenant calls an image. */
static bool glob_matches(const char *glob, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*glob == '*') {
			star = glob++;
			resume = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

/* A condition that is not there holds; one on what the container does not show does not. */
static bool holds(const struct json *condition, const char *value)
{
	const char *glob = json_string(condition);

	return !condition || (glob && value && glob_matches(glob, value));
}

const char *const workload_networks[] = {"own", "joined", "host", NULL};

static const char *variable(const struct json *env, const char *name)
{
	size_t length = strlen(name);

	json_each(entry, env)
		if (json_string(entry) && strncmp(entry->text, name, length) == 0 && entry->text[length] == '=')
			return entry->text + length + 1;
	return NULL;
}

static bool rule_holds(const struct json *rule, const struct workload *workload)
{
	const struct {
		const char *condition, *value;
	} globs[] = {
		{"image", workload->image}, {"namespace", workload->namespace_name}, {"args", workload->args},
		{"cgroupParent", workload->cgroup_parent}, {"network", workload->network}, {"rootfs", workload->rootfs},
		{"id", workload->id}, {"hostname", workload->hostname},
	};

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (!holds(json_get(rule, globs[i].condition), globs[i].value))
			return false;
	json_each(condition, json_get(rule, "env"))
		if (!holds(condition, variable(workload->env, condition->key)))
			return false;
	json_each(condition, json_get(rule, "annotation"))
		if (!holds(condition, json_string(json_get(workload->annotations, condition->key))))
			return false;
	return true;
}

static const char *selected(const char *profile, const char *by, const char *of, char ret_by[SELECTED_BY_MAX])
{
	if (ret_by)
		(void)snprintf(ret_by, SELECTED_BY_MAX, "%s%s", by, of);
	return profile;
}

const char *select_profile(const struct host_config *config, const struct workload *workload,
			   char ret_by[SELECTED_BY_MAX])
{
	static const char file[] = " of stint.json";
	char where[256];

	json_each(rule, config->select)
		if (rule_holds(rule, workload) && json_string(json_get(rule, "profile")))
			return selected(json_string(json_get(rule, "profile")), json_where(rule, where), file, ret_by);
	if (config->default_profile)
		return selected(config->default_profile, "defaultProfile", file, ret_by);
	return selected("default", "default", "", ret_by);
}
