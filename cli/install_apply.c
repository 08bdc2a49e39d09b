/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing what was worked out, and going back. The record is written before the first file and removed after the last,
 * so that whatever is interrupted can be taken back by `stint uninstall`.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/install.h"
#include "lib/base/file.h"

int edit_put(const struct edit *edit, const char *text, struct error *err)
{
	int r;

	if (!text)
		return unlink(edit->path) < 0 && errno != ENOENT ? error_errno(err, errno, "remove %s", edit->path) : 0;
	r = file_write_atomic(AT_FDCWD, edit->path, text, strlen(text), edit->mode, true, err);
	if (r == 0 && (edit->uid != geteuid() || edit->gid != getegid()) &&
	    lchown(edit->path, edit->uid, edit->gid) < 0)
		return error_errno(err, errno, "give %s its owner back", edit->path);
	return r;
}

/* Directories above the file that are not there, outermost first. */
static int note_missing(struct record *record, const char *path, struct error *err)
{
	char above[PATH_MAX];
	struct stat st;

	(void)snprintf(above, sizeof above, "%s", path);
	for (char *slash = strchr(above + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool known = false;

		*slash = '\0';
		for (size_t i = 0; i < record->dirs_count; i++)
			known = known || strcmp(record->dirs[i], above) == 0;
		if (!known && lstat(above, &st) < 0) {
			if (record->dirs_count == RECORD_DIRS_MAX)
				return error_set(err, E2BIG, "make %s: too many directories are missing", above);
			record->dirs[record->dirs_count] = strdup(above);
			if (!record->dirs[record->dirs_count++])
				return error_set(err, ENOMEM, "make %s: out of memory", above);
		}
		*slash = '/';
	}
	return 0;
}

static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

/* What the files will have in them when all is written. */
static int make_record(const struct installation *inst, struct record *record, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < inst->record.dirs_count && r == 0; i++)
		r = copy_text(inst->record.dirs[i], &record->dirs[record->dirs_count++]);
	for (size_t i = 0; i < inst->count && r == 0; i++) {
		const struct edit *edit = &inst->edits[i];
		struct record_file *file = &record->files[record->files_count];

		if (!edit->wanted || (edit->without && strcmp(edit->without, edit->wanted) == 0))
			continue;
		record->files_count++;
		file->own = edit->own;
		if (copy_text(edit->path, &file->path) < 0 || copy_text(edit->without, &file->original) < 0 ||
		    copy_text(edit->wanted, &file->written) < 0)
			r = -ENOMEM;
		else
			r = note_missing(record, edit->path, err);
	}
	return r == -ENOMEM ? error_set(err, ENOMEM, "write the record: out of memory") : r;
}

static int make_dirs(const struct record *record, struct error *err)
{
	for (size_t i = 0; i < record->dirs_count; i++)
		if (mkdir(record->dirs[i], 0755) < 0 && errno != EEXIST)
			return error_errno(err, errno, "make the directory %s", record->dirs[i]);
	return 0;
}

/* Those that are empty by now; whoever put something there keeps it. */
static void remove_dirs(const struct record *record)
{
	for (size_t i = record->dirs_count; i-- > 0;)
		(void)rmdir(record->dirs[i]);
}

/* An own file that somebody changed is not thrown away: it stays under a name that no engine reads. */
static int save_changed(const struct installation *inst, const struct edit *edit, struct error *err)
{
	const struct record_file *file = record_find(&inst->record, edit->path);
	char saved[PATH_MAX];

	if (!file || !edit->own || !edit->current || edit->wanted || strcmp(file->written, edit->current) == 0)
		return 0;
	if (snprintf(saved, sizeof saved, "%s.saved", edit->path) >= (int)sizeof saved)
		return error_set(err, ENAMETOOLONG, "save %s: its name is too long", edit->path);
	return file_write_atomic(AT_FDCWD, saved, edit->current, strlen(edit->current), edit->mode, true, err);
}

static int write_files(struct installation *inst, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < inst->count && r == 0; i++) {
		const struct edit *edit = &inst->edits[i];

		if (edit_changes(edit)) {
			r = save_changed(inst, edit, err);
			if (r == 0)
				r = edit_put(edit, edit->wanted, err);
		}
	}
	return r;
}

int install_apply(struct installation *inst, struct error *err)
{
	struct record *made = &inst->made;
	int r = make_record(inst, made, err);

	if (r == 0 && made->files_count)
		r = record_write(inst->host, inst->engine->name, made, err);
	if (r < 0)
		return r;
	r = make_dirs(made, err);
	if (r == 0)
		r = write_files(inst, err);
	if (r == 0)
		remove_dirs(&inst->record);
	if (r == 0 && !made->files_count)
		r = record_remove(inst->host, inst->engine->name, err);
	if (r < 0)
		install_rollback(inst, err);
	return r;
}

static int put_record_back(struct installation *inst, struct error *err)
{
	if (inst->record.files_count)
		return record_write(inst->host, inst->engine->name, &inst->record, err);
	remove_dirs(&inst->made);
	return record_remove(inst->host, inst->engine->name, err);
}

static size_t left_in(const struct error *err, const char *end)
{
	return sizeof err->text - (size_t)(end - err->text);
}

void install_rollback(struct installation *inst, struct error *err)
{
	struct error failure = {0};
	int r = make_dirs(&inst->record, &failure);
	char *end;

	for (size_t i = inst->count; i-- > 0;) {
		const struct edit *edit = &inst->edits[i];

		if (edit_changes(edit) && edit_put(edit, edit->current, &failure) < 0)
			r = -failure.code;
	}
	/* The record of what is still there has to stay. */
	if (r == 0)
		r = put_record_back(inst, &failure);
	end = err->text + strlen(err->text);
	if (r < 0)
		(void)snprintf(end, left_in(err, end),
			       "; not everything could be put back: %.300s; the originals are in %.100s/install/%s",
			       failure.text, inst->host->state_dir, inst->engine->name);
	else
		(void)snprintf(end, left_in(err, end), "; the files are as they were");
}
