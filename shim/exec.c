/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exec: what is run in a container later is held to what the container was held to at its start. Without
 * --process the runtime takes the process of the config.json that it got from us, and only what the command line adds
 * has to be looked at. The budgets hold by themselves: it is the container's control group.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/oci/config.h"
#include "lib/plan/update.h"
#include "shim/runtime.h"

static int read_config(int state_fd, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_close_ int bundle = openat(state_fd, "bundle", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = bundle < 0 ? error_errno(err, errno, "read the container's config") :
			     file_read(bundle, "config.json", JSON_MAX_BYTES, &text, &length, err);

	return r < 0 ? r : json_parse("config.json", text, length, ret_doc, err);
}

/* A group above the container's own would take it out of its budget. */
static bool climbs(const char *path)
{
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
			return true;
	}
	return false;
}

/* runc has it as [controller:]path, several with commas between. */
static int check_subgroup(const char *value, struct error *err)
{
	char text[1024], *save = NULL;

	if (!value || snprintf(text, sizeof text, "%s", value) >= (int)sizeof text)
		return error_set(err, EINVAL, "--cgroup: it is empty or too long");
	for (char *part = strtok_r(text, ",:", &save); part; part = strtok_r(NULL, ",:", &save))
		if (climbs(part))
			return error_set(err, EPERM, "--cgroup %.80s leaves the container's control group", value);
	return 0;
}

static int check_capability(const char *name, const struct profile *held, struct error *err)
{
	int number = capability_from_name(name ? name : "", err);

	if (number < 0)
		return number;
	if (held->capabilities.set && !(held->capabilities.mask & UINT64_C(1) << number))
		return error_set(err, EPERM, "--cap %s: the container itself does not have it", name);
	return 0;
}

static int check_words(const struct arguments *a, const struct profile *held, struct error *err)
{
	int r = 0;

	for (int i = 0; i < a->word_count && r == 0; i++) {
		const struct word *word = &a->words[i];
		enum meaning meaning = word->kind ? word->kind->meaning : PLAIN;

		if (meaning == SUBGROUP)
			r = check_subgroup(word->value, err);
		else if (meaning == CAPABILITY)
			r = check_capability(word->value, held, err);
		else if (meaning == NO_NEW_PRIVS && held->no_new_privileges.value == 1 && word->value &&
			 strcmp(word->value, "true") != 0)
			r = error_set(err, EPERM, "%s: the container itself gets no new privileges", word->text);
	}
	return r;
}

/* Above the descriptors that the process in the container is to have. */
static int lowest_descriptor(const struct arguments *a)
{
	enum { FIRST = 10, MOST = 512 };
	const char *preserved = arguments_value(a, PRESERVE_FDS), *listened = getenv("LISTEN_FDS");
	long count = (preserved ? strtol(preserved, NULL, 10) : 0) + (listened ? strtol(listened, NULL, 10) : 0);

	return FIRST + (int)(count < 0 ? 0 : count > MOST ? MOST : count);
}

static int hold_process(const struct runtime *runtime, const char *path, const struct json *config, struct error *err)
{
	_cleanup_json_ struct json_doc *process = NULL;
	_cleanup_free_ char *text = NULL, *edited = NULL;
	char handed[HAND_OVER_PATH_MAX], **argv;
	const struct replacement replacements[] = {{PROCESS, "--process", handed}, {PLAIN, NULL, NULL}};
	size_t length;
	int r = file_read(AT_FDCWD, path, JSON_MAX_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse("process.json", text, length, &process, err);
	if (r == 0)
		r = process_hold(process, config, err);
	if (r == 0)
		r = json_write(json_root(process), false, &edited, &length, err);
	if (r == 0)
		r = hand_over(edited, length, lowest_descriptor(&runtime->arguments), handed, err);
	if (r == 0)
		r = arguments_rewrite(&runtime->arguments, runtime->path, replacements, NULL, &argv, err);
	return r < 0 ? r : become(runtime, argv, err);
}

int exec_held(const struct runtime *runtime, struct error *err)
{
	const struct arguments *a = &runtime->arguments;
	const char *process = arguments_value(a, PROCESS);
	_cleanup_json_ struct json_doc *config = NULL;
	_cleanup_close_ int state_fd = -1;
	struct profile held;
	int r = open_watched(runtime, &state_fd, err);

	if (r == 0)
		return pass_through(runtime, err);
	if (r > 0)
		r = read_config(state_fd, &config, err);
	if (r == 0)
		r = config_to_profile(json_root(config), &held, err);
	if (r == 0)
		r = check_words(a, &held, err);
	if (r == 0)
		r = exec_watch(runtime, state_fd, err);
	if (r == 0)
		r = process ? hold_process(runtime, process, json_root(config), err) : pass_through(runtime, err);
	return error_prefix(err, "exec in %s", a->id);
}
