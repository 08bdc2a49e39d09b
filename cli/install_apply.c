/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing what was worked out, and going back. The record is written before the first file, as not finished, with all
 * files that have stint before or afterwards; what it is in the end it becomes when all is checked and tried. So what
 * is interrupted anywhere is taken up by whoever comes next.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/install.h"
#include "lib/base/file.h"

/* Its name is always the same, so that the next run finds what an interrupted one left: CRI-O would read it. */
static void temporary_of(const struct edit *edit, char path[PATH_MAX])
{
	const char *name = strrchr(edit->path, '/') + 1;

	(void)snprintf(path, PATH_MAX, "%.*s.%.200s.stint", (int)(name - edit->path), edit->path, name);
}

static int write_temporary(const struct edit *edit, const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, text, strlen(text));
	if (r < 0)
		return r;
	return fchown(fd, edit->uid, edit->gid) < 0 || fchmod(fd, edit->mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int replace(const struct edit *edit, const char *text)
{
	char temporary[PATH_MAX];
	int r;

	temporary_of(edit, temporary);
	(void)unlink(temporary);
	r = write_temporary(edit, temporary, text);
	if (r == 0 && rename(temporary, edit->path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

int edit_put(const struct edit *edit, const char *text, struct error *err)
{
	int r = text ? replace(edit, text) : unlink(edit->path) < 0 && errno != ENOENT ? -errno : 0;

	if (r == -EPERM)
		return error_set(err, EPERM,
				 "%s %s: not permitted; is it, or its directory, immutable? lsattr shows it, and "
				 "chattr -i ends it",
				 text ? "write" : "remove", edit->path);
	return r < 0 ? error_errno(err, -r, "%s %s", text ? "write" : "remove", edit->path) : 0;
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

static int add_file(struct record *record, const struct record_file *file)
{
	struct record_file *copy = &record->files[record->files_count++];

	copy->own = file->own;
	return copy_text(file->path, &copy->path) < 0 || copy_text(file->original, &copy->original) < 0 ||
			       copy_text(file->written, &copy->written) < 0
		       ? -ENOMEM
		       : 0;
}

static bool has_stint(const struct edit *edit)
{
	return edit->wanted && !(edit->without && strcmp(edit->without, edit->wanted) == 0);
}

/* The files that will have stint in them when all is written; unless that is `finished`, also those that had it. */
static int make_record(const struct installation *inst, bool finished, struct record *record, struct error *err)
{
	const struct record *before = finished ? &inst->made : &inst->record;
	int r = 0;

	record->finished = finished;
	for (size_t i = 0; i < before->dirs_count && r == 0; i++)
		r = copy_text(before->dirs[i], &record->dirs[record->dirs_count++]);
	for (size_t i = 0; i < inst->count && r == 0; i++) {
		const struct edit *edit = &inst->edits[i];
		const struct record_file wanted = {(char *)edit->path, edit->without, edit->wanted, edit->own};

		if (has_stint(edit)) {
			r = add_file(record, &wanted);
			if (r == 0)
				r = note_missing(record, edit->path, err);
		} else if (edit->recorded && !finished) {
			r = add_file(record, edit->recorded);
		}
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

/* An own file that somebody changed is not thrown away. */
static int keep_changed(const struct installation *inst, const struct edit *edit, struct error *err)
{
	const struct record_file *file = edit->recorded;
	char kept[PATH_MAX];
	int r;

	if (!file || !edit->own || !edit->current || edit->wanted || strcmp(file->written, edit->current) == 0)
		return 0;
	r = record_keep_changed(inst->host, edit->path, edit->current, kept, err);
	if (r == 0)
		(void)printf("%s: %s was changed; it is kept as %s\n", inst->engine->files->name, edit->path, kept);
	return r;
}

static int write_files(struct installation *inst, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < inst->count && r == 0; i++) {
		const struct edit *edit = &inst->edits[i];
		char temporary[PATH_MAX];

		temporary_of(edit, temporary);
		(void)unlink(temporary);
		if (edit_changes(edit)) {
			r = keep_changed(inst, edit, err);
			if (r == 0)
				r = edit_put(edit, edit->wanted, err);
		}
	}
	return r;
}

int install_apply(struct installation *inst, struct error *err)
{
	int r = make_record(inst, false, &inst->made, err);

	if (r == 0)
		r = record_write(inst->host, inst->engine->files->name, &inst->made, err);
	if (r == 0)
		r = make_dirs(&inst->made, err);
	return r < 0 ? r : write_files(inst, err);
}

int install_finish(struct installation *inst, struct error *err)
{
	_cleanup_record_ struct record record = {0};
	int r = make_record(inst, true, &record, err);

	if (r < 0)
		return r;
	remove_dirs(&inst->record);
	return record.files_count ? record_write(inst->host, inst->engine->files->name, &record, err)
				  : record_remove(inst->host, inst->engine->files->name, err);
}

/* What an interrupted installation left is as untried as this one. */
static bool goes_back_to_current(const struct installation *inst)
{
	return inst->removing || inst->record.finished;
}

/* What is there already is not written: where it cannot be, that was why nothing was. */
static int put_back(struct installation *inst, const struct edit *edit, struct error *err)
{
	const char *wanted = goes_back_to_current(inst) ? edit->current : edit->without;
	_cleanup_free_ char *now = NULL;
	int r = text_read(edit->path, &now, err);

	return r < 0 || same_text(now, wanted) ? r : edit_put(edit, wanted, err);
}

static int put_record_back(struct installation *inst, struct error *err)
{
	remove_dirs(&inst->made);
	if (inst->record.files_count && goes_back_to_current(inst))
		return record_write(inst->host, inst->engine->files->name, &inst->record, err);
	return record_remove(inst->host, inst->engine->files->name, err);
}

static size_t left_in(const struct error *err, const char *end)
{
	return sizeof err->text - (size_t)(end - err->text);
}

void install_rollback(struct installation *inst, bool may_be_read, struct error *err)
{
	struct error failure = {0};
	char *end = err->text + strlen(err->text), note[NOTE_MAX];
	int r = 0;

	for (size_t i = inst->count; i-- > 0;)
		if (put_back(inst, &inst->edits[i], &failure) < 0)
			r = -failure.code;
	if (may_be_read && inst->engine->reload)
		(void)inst->engine->reload(inst, note, NULL);
	/* The record of what is still there has to stay. */
	if (r == 0)
		r = put_record_back(inst, &failure);
	if (r < 0)
		(void)snprintf(end, left_in(err, end),
			       "; not everything could be put back: %.300s; the originals are in %.100s/install/%s",
			       failure.text, inst->host->state_dir, inst->engine->files->name);
	else
		(void)snprintf(end, left_in(err, end), "; the files are as they were%s",
			       goes_back_to_current(inst) || !inst->record.files_count
				       ? ""
				       : " before an installation that was interrupted");
}
