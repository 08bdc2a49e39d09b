/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which profile is for a container: rules over what it shows of itself. */
#include "lib/profile/select.h"

#include <string.h>

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
	if (!holds(json_get(rule, "image"), workload->image) ||
	    !holds(json_get(rule, "namespace"), workload->namespace_name) ||
	    !holds(json_get(rule, "args"), workload->args) ||
	    !holds(json_get(rule, "cgroupParent"), workload->cgroup_parent) ||
	    !holds(json_get(rule, "network"), workload->network))
		return false;
	json_each(condition, json_get(rule, "env"))
		if (!holds(condition, variable(workload->env, condition->key)))
			return false;
	json_each(condition, json_get(rule, "annotation"))
		if (!holds(condition, json_string(json_get(workload->annotations, condition->key))))
			return false;
	return true;
}

const char *select_profile(const struct host_config *config, const struct workload *workload)
{
	json_each(rule, config->select)
		if (rule_holds(rule, workload) && json_string(json_get(rule, "profile")))
			return json_string(json_get(rule, "profile"));
	return config->default_profile ? config->default_profile : "default";
}
