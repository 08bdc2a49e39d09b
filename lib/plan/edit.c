/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan into config.json: what is not a resource. */
#include "lib/plan/edit.h"

#include <stdio.h>
#include <string.h>

#include "lib/oci/config.h"
#include "lib/plan/edit_resources.h"
#include "lib/plan/privileged.h"

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "edit config.json: out of memory");
}

static bool in_mask(const struct json *name, uint64_t mask)
{
	int number = json_string(name) ? capability_from_name(name->text, NULL) : -1;

	return number >= 0 && (mask & UINT64_C(1) << number);
}

static void filter_names(struct json *set, uint64_t mask)
{
	struct json *next;

	for (struct json *name = set ? set->first : NULL; name; name = next) {
		next = name->next;
		if (!in_mask(name, mask))
			json_remove(name);
	}
}

/* Measured: runc 1.1.5 and crun 1.8.1 take an absent set, and absent `capabilities`, for an empty one. The spec
 * does not say so, and so a plan that restricts capabilities writes the empty sets. */
static int edit_capabilities(struct json_doc *doc, struct json *process, const struct capability_setting *wanted,
			     struct error *err)
{
	static const char *const sets[] = {"bounding", "effective", "permitted", "inheritable", "ambient"};
	struct json *capabilities;

	if (!wanted->set)
		return 0;
	capabilities = json_ensure_object(doc, process, "capabilities");
	if (!capabilities)
		return no_memory(err);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (json_is(json_get(capabilities, sets[i]), JSON_ARRAY))
			filter_names(json_get(capabilities, sets[i]), wanted->mask);
		else if (json_set(doc, capabilities, sets[i], json_new(doc, JSON_ARRAY)) < 0)
			return no_memory(err);
	}
	return 0;
}

int process_edit(struct json_doc *doc, struct json *process, const struct profile *p, struct error *err)
{
	int r = edit_capabilities(doc, process, &p->capabilities, err);

	if (r == 0 && p->no_new_privileges.value == 1 &&
	    json_set(doc, process, "noNewPrivileges", json_new_bool(doc, true)) < 0)
		r = no_memory(err);
	return r;
}

static int edit_security(struct json_doc *doc, const struct plan *plan, struct error *err)
{
	struct json *linux_node = json_get(json_root(doc), "linux");
	const struct profile *p = &plan->effective;
	int r = process_edit(doc, json_get(json_root(doc), "process"), p, err);

	if (r == 0 && p->seccomp.kind == SECCOMP_OBJECT && p->seccomp.objects[0] != json_get(linux_node, "seccomp") &&
	    json_set(doc, linux_node, "seccomp", json_copy(doc, p->seccomp.objects[0])) < 0)
		r = no_memory(err);
	return r;
}

static bool allowed(const char *key, const struct json *allow)
{
	json_each(entry, allow) {
		const char *pattern = json_string(entry);
		size_t length = pattern ? strlen(pattern) : 0;

		if (!length)
			continue;
		if (pattern[length - 1] == '*' ? strncmp(key, pattern, length - 1) == 0 : strcmp(key, pattern) == 0)
			return true;
	}
	return false;
}

/* Who writes annotations is not trusted, and these are orders to the runtime: replace the seccomp filter,
 * write to a file of the host as root, set any property of a systemd unit. */
static void remove_annotations(struct json *annotations, const struct json *allow)
{
	static const char *const prefixes[] = {"run.oci.", "org.systemd.property.", "org.criu."};
	struct json *next;

	for (struct json *a = annotations ? annotations->first : NULL; a; a = next) {
		bool order = strcmp(a->key, "bundle") == 0;

		next = a->next;
		for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
			order = order || strncmp(a->key, prefixes[i], strlen(prefixes[i])) == 0;
		if (order && !allowed(a->key, allow))
			json_remove(a);
	}
}

static bool has_option(const struct json *mount, const char *option)
{
	json_each(entry, json_get(mount, "options"))
		if (json_string(entry) && strcmp(entry->text, option) == 0)
			return true;
	return false;
}

int mount_read_only(struct json_doc *doc, struct json *mount, struct error *err)
{
	struct json *options = json_get(mount, "options"), *next;

	if (!json_is(options, JSON_ARRAY)) {
		options = json_new(doc, JSON_ARRAY);
		if (json_set(doc, mount, "options", options) < 0)
			return no_memory(err);
	}
	for (struct json *o = options->first; o; o = next) {
		next = o->next;
		if (json_string(o) && strcmp(o->text, "rw") == 0)
			json_remove(o);
	}
	if (!has_option(mount, "ro") && json_append(options, json_new_string(doc, "ro")) < 0)
		return no_memory(err);
	return 0;
}

static int absolute(struct json_doc *doc, struct json *object, const char *key, const char *bundle, struct error *err)
{
	const char *path = json_string(json_get(object, key));
	_cleanup_free_ char *text = NULL;

	if (!path || *path == '/' || !*path)
		return 0;
	if (asprintf(&text, "%s/%s", bundle, path) < 0 || json_set(doc, object, key, json_new_string(doc, text)) < 0)
		return no_memory(err);
	return 0;
}

static int edit_mounts(struct json_doc *doc, const struct edit_request *request, struct error *err)
{
	struct json *root = json_root(doc);
	bool own_namespace = config_has_namespace(root, "cgroup");
	int r = 0;

	json_each(mount, json_get(root, "mounts")) {
		const char *type = json_string(json_get(mount, "type"));
		bool cgroup = type && (strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0);

		/* It sees the host's groups there. */
		if (r == 0 && cgroup && !own_namespace)
			r = mount_read_only(doc, mount, err);
		if (r == 0 && request->bundle &&
		    ((type && strcmp(type, "bind") == 0) || has_option(mount, "bind") || has_option(mount, "rbind")))
			r = absolute(doc, mount, "source", request->bundle, err);
	}
	return r;
}

/* With an environment of its own: without one a runtime gives it the image's (runc 1.1.5), or the caller's. */
static int add_hook(struct json_doc *doc, const struct edit_hook *hook, struct error *err)
{
	struct json *hooks = json_ensure_object(doc, json_root(doc), "hooks"), *list = json_get(hooks, "createRuntime");
	struct json *entry = json_new(doc, JSON_OBJECT), *args = json_new(doc, JSON_ARRAY), *environment = json_new(doc, JSON_ARRAY);

	if (hooks && !json_is(list, JSON_ARRAY)) {
		list = json_new(doc, JSON_ARRAY);
		if (json_set(doc, hooks, "createRuntime", list) < 0)
			return no_memory(err);
	}
	for (size_t i = 0; hook->args[i]; i++)
		if (!args || json_append(args, json_new_string(doc, hook->args[i])) < 0)
			return no_memory(err);
	if (!hooks || !environment || json_append(environment, json_new_string(doc, "PATH=/usr/sbin:/usr/bin:/sbin:/bin")) < 0 ||
	    json_set(doc, entry, "path", json_new_string(doc, hook->path)) < 0 || json_set(doc, entry, "args", args) < 0 ||
	    json_set(doc, entry, "env", environment) < 0 ||
	    json_set(doc, entry, "timeout", json_new_uint64(doc, hook->timeout_seconds)) < 0 || json_append(list, entry) < 0)
		return no_memory(err);
	return 0;
}

int config_edit(struct json_doc *doc, const struct plan *plan, const struct edit_request *request, struct error *err)
{
	struct json *root = json_root(doc);
	int r = edit_resources(doc, plan, err);

	if (r == 0 && request->oom_group)
		r = edit_oom_group(doc, plan, err);
	if (r == 0)
		r = edit_security(doc, plan, err);
	if (r == 0 && plan->tighten)
		r = edit_privileged(doc, err);
	if (r == 0)
		r = edit_mounts(doc, request, err);
	if (r == 0 && request->bundle)
		r = absolute(doc, json_get(root, "root"), "path", request->bundle, err);
	if (r == 0 && request->hook)
		r = add_hook(doc, request->hook, err);
	if (r == 0 && request->cgroups_path &&
	    json_set(doc, json_get(root, "linux"), "cgroupsPath", json_new_string(doc, request->cgroups_path)) < 0)
		r = no_memory(err);
	remove_annotations(json_get(root, "annotations"), request->allow_annotations);
	return r;
}
