/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Podman: a drop-in that names the runtime and, with --hooks, a directory of stint's own with the hooks. `precreate` in
 * a directory that CRI-O reads would stop CRI-O; in this one nobody looks but who was told to. The drop-in is written
 * last and removed first: until then there are no hooks, and never one without the others.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/command.h"
#include "cli/install.h"
#include "lib/install/edits.h"

static const char hooks_path[] = "/etc/containers/stint-hooks.d";
enum { PODMAN_SECONDS = 60 };

struct files_reading {
	struct installation *inst;
	struct engine_settings settings;
};

static int take_file(void *data, const char *path, struct error *err)
{
	struct files_reading *reading = data;
	_cleanup_(edit_clear) struct edit edit = {0};
	int r = edit_read(reading->inst, path, true, &edit, err);

	return r < 0 || !edit.without ? r
				      : settings_take_toml(&reading->settings, &podman_keys, path, edit.without, err);
}

static int read_settings(struct files_reading *reading, struct error *err)
{
	int r = 0;

	for (size_t i = 0; podman_files.read[i] && r == 0; i++) {
		char pattern[PATH_MAX];

		engine_path(reading->inst->host, podman_files.read[i], pattern);
		r = engine_files_each(pattern, take_file, reading, err);
	}
	return r;
}

static int plan_drop_in(struct installation *inst, const char *const *dirs, struct error *err)
{
	char path[PATH_MAX], *wanted = NULL;
	int r = podman_conf(inst->runtime, inst->as_default, dirs, &wanted, err);

	if (r < 0)
		return r;
	engine_path(inst->host, podman_files.drop_in, path);
	return edit_own(inst, path, wanted, err);
}

/* Which hooks, in the order of writing. */
static int plan_hooks(struct installation *inst, const char *directory, struct error *err)
{
	static const char *const stages[] = {"createRuntime", "poststop", "precreate"};

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		char path[PATH_MAX], *wanted = NULL;
		int r = hook_json(inst->hook, inst->host->root, stages[i], &wanted, err);

		if (r < 0)
			return r;
		(void)snprintf(path, sizeof path, "%.3000s/stint-%s.json", directory, stages[i]);
		r = edit_own(inst, path, wanted, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The directory with our hooks comes behind those that are in force. */
static int plan_with_hooks(struct installation *inst, struct error *err)
{
	_cleanup_free_ struct files_reading *reading = calloc(1, sizeof *reading);
	const char *dirs[DIRECTORIES_MAX + 2] = {podman_files.hooks_dir};
	char ours[PATH_MAX];
	int count, r;

	if (!reading)
		return error_set(err, ENOMEM, "look for hooks: out of memory");
	reading->inst = inst;
	engine_path(inst->host, hooks_path, ours);
	r = read_settings(reading, err);
	if (r == 0)
		r = plan_hooks(inst, ours, err);
	if (r < 0)
		return r;
	count = reading->settings.hooks_dir_count;
	for (int i = 0; i < count; i++)
		dirs[i] = reading->settings.hooks_dirs[i];
	dirs[count ? count : 1] = ours;
	return plan_drop_in(inst, dirs, err);
}

static int plan(struct installation *inst, struct error *err)
{
	return inst->hooks ? plan_with_hooks(inst, err) : plan_drop_in(inst, NULL, err);
}

static int reach(const struct installation *inst, char note[NOTE_MAX])
{
	if (inst->host->root[0])
		(void)snprintf(note, NOTE_MAX, "Podman reads /etc/containers, and not below STINT_ROOT");
	return !inst->host->root[0];
}

static int run(const struct installation *inst, const struct smoke *smoke, const char **ret_how, struct error *err)
{
	/* As the default, and as hooks, stint is there when nobody names it. */
	bool named = !inst->as_default && !inst->hooks;
	/* Podman's own limits may be above what the machine allows. */
	const char *argv[] = {
		"podman",   "--runtime",      STINT_HANDLER,	  "run",	  "--rm",
		"--name",   smoke->name,      "--cidfile",	  smoke->id_file, "--network",
		"none",	    "--ulimit",	      "nofile=1024:1024", "--ulimit",	  "nproc=1000:1000",
		"--rootfs", smoke->directory, "/stint",		  "--version",	  NULL,
	};
	const char **from = named ? argv : argv + 2;

	*from = "podman";
	*ret_how = named ? "podman --runtime stint run" : "podman run";
	return smoke_run(from, err);
}

static void forget(const struct installation *inst, const struct smoke *smoke)
{
	const char *const argv[] = {"podman", "rm", "-f", "-i", "-t", "0", smoke->name, NULL};
	_cleanup_command_ struct command command = {0};

	(void)inst;
	(void)command_run(argv, PODMAN_SECONDS, &command, NULL);
}

const struct engine engine_podman = {
	.files = &podman_files,
	.has_hooks = true,
	.plan = plan,
	.reach = reach,
	.run = run,
	.forget = forget,
	.installed = "podman --runtime stint run ... is on its allotment; with --as-default or --hooks every new "
		     "container is.",
	.removed = "Containers that were made with the runtime stint cannot be started again; make them anew.",
};
