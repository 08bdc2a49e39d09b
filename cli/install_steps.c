/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An installation from its beginning to its end, and what is said of it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/install.h"
#include "lib/install/diff.h"
#include "lib/launch/launch.h"

static bool changes(const struct installation *inst)
{
	for (size_t i = 0; i < inst->count; i++)
		if (edit_changes(&inst->edits[i]))
			return true;
	return false;
}

/* A program that an engine is told of must be there: what is missing some of them pass over in silence. */
static int find_program(const char *name, char path[PATH_MAX], struct error *err)
{
	int r = program_path(name, path, err);

	if (r == 0 && access(path, X_OK) < 0)
		return error_errno(err, errno, "find %s, which is to be beside this program: %s", name, path);
	return r;
}

static int show_diff(const struct installation *inst, struct error *err)
{
	for (size_t i = 0; i < inst->count; i++) {
		const struct edit *edit = &inst->edits[i];

		if (edit_changes(edit) && diff_write(stdout, edit->path, edit->current, edit->wanted) < 0)
			return error_set(err, ENOMEM, "compare %s: out of memory", edit->path);
	}
	return 0;
}

static void say_files(const struct installation *inst)
{
	const char *name = inst->engine->files->name;
	char backup[PATH_MAX];

	for (size_t i = 0; i < inst->count; i++) {
		const struct edit *edit = &inst->edits[i];

		if (!edit_changes(edit))
			continue;
		(void)printf("%s: %s %s", name, edit->path,
			     !edit->wanted   ? "removed"
			     : edit->current ? "changed"
					     : "written");
		if (!inst->removing && edit->without) {
			record_backup_path(inst->host, name, edit->path, backup);
			(void)printf(" (as it was: %s)", backup);
		}
		if (inst->removing && edit->wanted)
			(void)fputs(" (stint's part is out of it)", stdout);
		(void)putchar('\n');
	}
}

/* Returns what the step does; where the engine has none, as if it had been done. */
static int take_step(struct installation *inst, engine_step step, const char *done, const char *not_done,
		     struct error *err)
{
	char note[NOTE_MAX] = "";
	int r = step ? step(inst, note, err) : 1;

	if (step && r >= 0)
		(void)printf("%s: %s: %s\n", inst->engine->files->name, r ? done : not_done, note);
	return r;
}

static int check_and_try(struct installation *inst, struct error *err)
{
	const struct engine *engine = inst->engine;
	int r = take_step(inst, engine->validate, "checked", "not checked", err);

	if (r >= 0)
		r = take_step(inst, engine->reload, "reloaded", "not reloaded", err);
	if (r > 0 && !inst->removing)
		r = take_step(inst, smoke_try, "tried", "not tried", err);
	return r;
}

static int apply(struct installation *inst, struct error *err)
{
	int r = install_apply(inst, err);
	bool written = r == 0;

	if (written) {
		say_files(inst);
		r = check_and_try(inst, err);
	}
	if (r < 0) {
		install_rollback(inst, written, err);
		return r;
	}
	r = install_finish(inst, err);
	return r < 0 ? error_prefix(err, "all is done but to note that it is; do it again") : 0;
}

/* A record whose files somebody put back by hand is still to be removed; what was interrupted is still to be tried. */
static bool is_due(const struct installation *inst)
{
	return inst->record.files_count && (inst->removing || !inst->record.finished);
}

static int carry_out(struct installation *inst, bool dry_run, struct error *err)
{
	const char *next = inst->removing ? inst->engine->removed : inst->engine->installed;
	int r;

	if (!changes(inst) && !is_due(inst)) {
		(void)printf("%s: nothing to change: %s\n", inst->engine->files->name,
			     inst->removing ? "stint install has put nothing there" : "stint is installed, as asked");
		return 0;
	}
	if (dry_run)
		return show_diff(inst, err);
	r = apply(inst, err);
	if (r < 0)
		return r;
	(void)printf("%s\n", next);
	return 0;
}

/* An empty record where there is none. */
static int read_record(struct installation *inst, struct error *err)
{
	int r = record_read(inst->host, inst->engine->files->name, &inst->record, err);

	return r == -ENOENT ? 0 : r;
}

int install_into(struct installation *inst, bool dry_run, struct error *err)
{
	int r = find_program("stint-runtime", inst->runtime, err);

	if (r == 0 && inst->hooks)
		r = find_program("stint-hook", inst->hook, err);
	if (r == 0)
		r = read_record(inst, err);
	if (r == 0)
		r = inst->engine->plan(inst, err);
	if (r == 0)
		r = edits_remove(inst, err);
	return r < 0 ? r : carry_out(inst, dry_run, err);
}

int uninstall_from(struct installation *inst, bool dry_run, struct error *err)
{
	int r = read_record(inst, err);

	inst->removing = true;
	if (r == 0)
		r = edits_remove(inst, err);
	return r < 0 ? r : carry_out(inst, dry_run, err);
}
