/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Podman: a drop-in that names the runtime and, with --hooks, a directory of stint's own with the hooks. `precreate` in
 * a directory that CRI-O reads would stop CRI-O; in this one nobody looks but who was told to. The drop-in is written
 * last and removed first: until then there are no hooks, and never one without the others.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/install.h"
#include "lib/install/edits.h"

static const char drop_in_path[] = "/etc/containers/containers.conf.d/50-stint.conf";
static const char hooks_path[] = "/etc/containers/stint-hooks.d";
static const char default_hooks_path[] = "/usr/share/containers/oci/hooks.d"; /* Podman's, where nobody says another */
enum { PODMAN_SECONDS = 60, HOOKS_DIRS_MAX = 16 };

/* The hooks directories of the last file that says any. */
struct hooks_dirs {
	char **dirs; /* NULL: none says */
};

static void hooks_dirs_clear(struct hooks_dirs *hooks)
{
	toml_strings_free(hooks->dirs);
}

static int look_into(struct installation *inst, const char *path, struct hooks_dirs *hooks, struct error *err)
{
	_cleanup_(edit_clear) struct edit edit = {0};
	_cleanup_toml_ struct toml *toml = NULL;
	const struct toml_item *pair;
	char **dirs;
	int r = edit_read(inst, path, true, &edit, err);

	if (r < 0 || !edit.without)
		return r;
	r = toml_parse(path, edit.without, strlen(edit.without), &toml, err);
	if (r < 0)
		return r;
	pair = toml_find(toml, TOML_PAIR, "engine.hooks_dir");
	if (!pair)
		return 0;
	dirs = toml_strings(toml, pair);
	if (!dirs)
		return error_set(err, EINVAL, "read %s, line %u: hooks_dir is no list of plain strings", path,
				 pair->line);
	toml_strings_free(hooks->dirs);
	hooks->dirs = dirs;
	return 0;
}

/* In the order in which Podman reads them (containers.conf(5)). */
static int find_hooks_dirs(struct installation *inst, struct hooks_dirs *hooks, struct error *err)
{
	static const char *const patterns[] = {"/usr/share/containers/containers.conf",
					       "/etc/containers/containers.conf",
					       "/etc/containers/containers.conf.d/*.conf"};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns) && r == 0; i++) {
		char pattern[PATH_MAX];
		glob_t found;

		(void)snprintf(pattern, sizeof pattern, "%s%s", inst->host->root, patterns[i]);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc && r == 0; j++)
			r = look_into(inst, found.gl_pathv[j], hooks, err);
		globfree(&found);
	}
	return r;
}

static int plan_drop_in(struct installation *inst, const char *const *dirs, struct error *err)
{
	char path[PATH_MAX], *wanted = NULL;
	int r = podman_conf(inst->runtime, inst->as_default, dirs, &wanted, err);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof path, "%s%s", inst->host->root, drop_in_path);
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

static int plan(struct installation *inst, struct error *err)
{
	_cleanup_(hooks_dirs_clear) struct hooks_dirs hooks = {0};
	const char *dirs[HOOKS_DIRS_MAX + 2] = {default_hooks_path};
	char ours[PATH_MAX];
	size_t count = 1;
	int r;

	if (!inst->hooks)
		return plan_drop_in(inst, NULL, err);
	(void)snprintf(ours, sizeof ours, "%s%s", inst->host->root, hooks_path);
	r = find_hooks_dirs(inst, &hooks, err);
	if (r == 0)
		r = plan_hooks(inst, ours, err);
	if (r < 0)
		return r;
	for (count = hooks.dirs ? 0 : 1; hooks.dirs && hooks.dirs[count]; count++) {
		if (count == HOOKS_DIRS_MAX)
			return error_set(err, E2BIG, "add to hooks_dir of Podman: it has more than %d directories",
					 HOOKS_DIRS_MAX);
		dirs[count] = hooks.dirs[count];
	}
	dirs[count] = ours;
	return plan_drop_in(inst, dirs, err);
}

static int reach(const struct installation *inst, char note[NOTE_MAX])
{
	const char *const argv[] = {"podman", "--version", NULL};
	_cleanup_command_ struct command command = {0};
	const char *why = inst->host->root[0] ? "Podman reads /etc/containers, and not below STINT_ROOT"
			  : command_run(argv, PODMAN_SECONDS, &command, NULL) < 0 ? "podman is not installed"
										   : NULL;

	if (why)
		(void)snprintf(note, NOTE_MAX, "%s", why);
	return !why;
}

static int run(const struct installation *inst, const struct smoke *smoke, const char **ret_how, struct error *err)
{
	/* As the default, and as hooks, stint is there when nobody names it. */
	bool named = !inst->as_default && !inst->hooks;
	/* Podman's own limits may be above what the machine allows. */
	const char *argv[] = {
		"podman", "--runtime", STINT_HANDLER, "run", "--rm", "--name", smoke->name, "--cidfile", smoke->id_file,
		"--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--rootfs",
		smoke->directory, "/stint", "--version", NULL,
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
	.name = "podman",
	.has_hooks = true,
	.plan = plan,
	.reach = reach,
	.run = run,
	.forget = forget,
	.installed = "podman --runtime stint run ... is on its allotment; with --as-default or --hooks every new "
		     "container is.",
	.removed = "Containers that were made with the runtime stint cannot be started again; make them anew.",
};
