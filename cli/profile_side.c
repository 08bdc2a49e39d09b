/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the sides of `stint profile diff` come from. */
#include "cli/profile_side.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/profile/compose.h"
#include "lib/profile/select.h"
#include "lib/seccomp/base.h"

void profile_side_close(struct profile_side *side)
{
	json_doc_free(side->doc);
	json_doc_free(side->settings);
	generated_close(&side->generated);
	seccomp_close(&side->own);
}

/* Those that a container has under Docker when nothing is said. */
#define BIT(capability) (UINT64_C(1) << (capability))
static const uint64_t docker_capabilities =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) | BIT(CAP_FOWNER) | BIT(CAP_MKNOD) | BIT(CAP_NET_RAW) |
	BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETFCAP) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
	BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);

static bool is_file(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

/* --- its settings --- */

static int set(struct profile_side *side, const char *key, struct json *value, struct error *err)
{
	return json_set(side->settings, json_root(side->settings), key, value) < 0 ?
		       error_set(err, ENOMEM, "compare profiles: out of memory") : 0;
}

/* Where `value` is there. */
static int copy(struct profile_side *side, const char *key, const struct json *value, struct error *err)
{
	return value ? set(side, key, json_copy(side->settings, value), err) : 0;
}

/* All it asks for in one form, whoever wrote it; a filter is the other half of what is compared. */
static int take_profile(struct profile_side *side, const struct profile *profile, struct error *err)
{
	struct json *object;
	int r = profile_to_json(profile, side->settings, &object, err);

	if (r < 0)
		return r;
	json_set_root(side->settings, object);
	json_remove(json_get(object, "name"));
	if (json_is(json_get(object, "seccomp"), JSON_OBJECT) || json_is(json_get(object, "seccomp"), JSON_ARRAY))
		json_remove(json_get(object, "seccomp"));
	return 0;
}

/* --- files --- */

/* A container's config.json, which is how Docker's own filter can be had: in its sources, and on Podman's disk, it is written with
 * conditions that the engine decides on. */
static int read_config(const struct json *root, struct profile_side *side, struct error *err)
{
	const struct json *seccomp = json_find(root, "linux.seccomp");
	int r;

	if (!json_is(seccomp, JSON_OBJECT))
		return error_set(err, EINVAL, "this config.json has no linux.seccomp: its container has no filter");
	side->what = "the filter of a config.json";
	r = seccomp_read(seccomp, &side->own, err);
	if (r == 0)
		r = copy(side, "capabilities", json_find(root, "process.capabilities.bounding"), err);
	return r < 0 ? r : copy(side, "noNewPrivileges", json_find(root, "process.noNewPrivileges"), err);
}

static int read_model(const struct json *root, struct profile_side *side, struct error *err)
{
	static const char *const keys[] = {"mode", "share", "runtime"};
	const struct json *needs = json_get(root, "needs"), *known = json_get(needs, "capabilitiesRecorded");
	int r = seccomp_read(json_get(root, "seccomp"), &side->own, err);

	side->what = "a model";
	for (size_t i = 0; i < ARRAY_SIZE(keys) && r == 0; i++)
		r = copy(side, keys[i], json_get(root, keys[i]), err);
	return r == 0 && json_is(known, JSON_BOOL) && known->boolean ?
		       copy(side, "capabilities", json_get(needs, "capabilities"), err) : r;
}

/* With all that it extends. Without a filter it allows all; a filter that is to be learned is the default one at first. */
static int read_profile(const struct profile_request *request, const char *path, struct profile_side *side, struct error *err)
{
	struct profile profile;
	char with_slash[PATH_MAX];
	const struct json *capabilities;
	unsigned inexact;
	int r;

	(void)snprintf(with_slash, sizeof with_slash, "%s%s", strchr(path, '/') ? "" : "./", path);
	r = profile_load(request->host, with_slash, &profile, err);
	if (r == 0)
		r = profile_compose_filters(&profile, &inexact, err);
	if (r == 0)
		r = take_profile(side, &profile, err);
	if (r < 0)
		return r;
	side->partial = false;
	capabilities = json_get(json_root(side->settings), "capabilities");
	switch (profile.seccomp.kind) {
	case SECCOMP_OBJECT:
		side->what = "a profile";
		return seccomp_read(profile.seccomp.objects[0], &side->own, err);
	case SECCOMP_DEFAULT:
	case SECCOMP_LEARNED:
		side->what = "a profile with the default filter";
		return seccomp_base(seccomp_native(), capabilities ? capability_mask(capabilities) : docker_capabilities, &side->own, err);
	default:
		side->what = "a profile without a filter";
		return 0;
	}
}

static int read_file(const struct profile_request *request, const char *path, struct profile_side *side, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	const struct json *root;
	size_t length;
	int r = file_read(AT_FDCWD, path, JSON_LARGE_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse_large(path, text, length, &side->doc, err);
	if (r < 0)
		return r;
	root = json_root(side->doc);
	if (json_get(root, "ociVersion") || json_get(root, "process"))
		r = read_config(root, side, err);
	else if (json_get(root, "needs"))
		r = read_model(root, side, err);
	else if (json_get(root, "name") || json_get(root, "stintVersion"))
		return read_profile(request, path, side, err);
	else
		r = seccomp_read(root, &side->own, err);
	return r < 0 ? error_prefix(err, "read %.256s", path) : 0;
}

/* --- recordings --- */

static bool all_capabilities(const struct profile_runs *runs)
{
	bool all = true;

	for (size_t i = 0; i < runs->runs.count; i++)
		all = all && runs->runs.recordings[i]->capabilities_recorded;
	return all;
}

static bool all_endpoints(const struct profile_runs *runs)
{
	bool all = true;

	for (size_t i = 0; i < runs->runs.count; i++)
		all = all && runs->runs.recordings[i]->endpoints_recorded && !runs->runs.recordings[i]->endpoints.more;
	return all;
}

/* What `stint profile generate` would make of them. */
static int read_runs(const struct profile_request *request, const struct profile_runs *runs, struct profile_side *side, struct error *err)
{
	const struct json *extends;
	struct profile profile;
	int r = generate(runs->runs.recordings, runs->runs.count, request->runtime, &side->generated, err);

	side->filter = &side->generated.filter;
	if (r == 0)
		r = json_doc_new(&side->doc, err);
	if (r == 0)
		r = profile_put_seen(&side->generated, all_capabilities(runs), all_endpoints(runs), side->doc, json_root(side->doc), err);
	if (r == 0)
		r = profile_parse(json_root(side->doc), side->name, side->name, false, &profile, &extends, err);
	return r < 0 ? r : take_profile(side, &profile, err);
}

int profile_side_open(const struct profile_request *request, const char *name, struct profile_side *side)
{
	_cleanup_profile_runs_ struct profile_runs runs = {0};
	struct error err = {0};
	int r = json_doc_new(&side->settings, &err), status;

	side->name = name;
	side->filter = &side->own;
	side->partial = true;
	if (r == 0 && strcmp(name, "docker") == 0) {
		side->what = "stint's default filter, for the capabilities that Docker gives";
		r = seccomp_base(seccomp_native(), docker_capabilities, &side->own, &err);
		if (r == 0)
			r = set(side, "capabilities", capability_names(side->settings, docker_capabilities), &err);
	} else if (r == 0 && is_file(name)) {
		r = read_file(request, name, side, &err);
	} else if (r == 0) {
		status = profile_find_runs(request->host, name, &runs);
		if (status != EXIT_OK)
			return status;
		r = read_runs(request, &runs, side, &err);
	}
	return r < 0 ? cli_fail(EXIT_STINT, &err) : EXIT_OK;
}
