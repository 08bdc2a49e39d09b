/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each file is now, what it is without stint, and what it is to be. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/install.h"
#include "lib/base/file.h"

bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

bool edit_changes(const struct edit *edit)
{
	return !same_text(edit->current, edit->wanted);
}

int text_read(const char *path, char **ret_text, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	int r = file_read(AT_FDCWD, path, INSTALL_FILE_MAX, &text, &length, err);

	if (r == -ENOENT) {
		*ret_text = NULL;
		return 0;
	}
	if (r < 0)
		return r;
	if (strlen(text) != length)
		return error_set(err, EINVAL, "read %s: it has a NUL byte", path);
	*ret_text = steal_ptr(&text);
	return 0;
}

static int out_of_memory(const struct edit *edit, struct error *err)
{
	return error_set(err, ENOMEM, "edit %s: out of memory", edit->path);
}

/* Stint's part is cut out; where that is all that was changed since the file was written, the original is there again
 * to the byte. */
static int cut_out(struct installation *inst, struct edit *edit, struct error *err)
{
	const struct record_file *file = edit->recorded;
	_cleanup_free_ char *cut = NULL, *as_written = NULL;
	int r = inst->engine->cut(edit->path, edit->current, file->original, &cut, err);

	if (r < 0)
		return r;
	if (inst->engine->cut(edit->path, file->written, file->original, &as_written, NULL) == 0 &&
	    same_text(cut, as_written))
		return copy_text(file->original, &edit->without);
	edit->without = steal_ptr(&cut);
	return 0;
}

static int find_without(struct installation *inst, struct edit *edit, struct error *err)
{
	const struct record_file *file = edit->recorded;
	int r;

	if (!edit->current)
		return 0;
	if (!file || same_text(file->original, edit->current)) /* not written yet, or somebody put it back */
		r = copy_text(edit->current, &edit->without);
	else if (file->own)
		r = copy_text(file->original, &edit->without);
	else
		r = cut_out(inst, edit, err);
	return r == -ENOMEM ? out_of_memory(edit, err) : r;
}

/* What is below a link is edited, and the link stays. */
static int resolve(const char *path, struct edit *edit, struct error *err)
{
	struct stat st;

	edit->mode = 0644;
	edit->uid = geteuid();
	edit->gid = getegid();
	if (!realpath(path, edit->path)) {
		if (errno != ENOENT)
			return error_errno(err, errno, "look at %s", path);
		if (lstat(path, &st) == 0)
			return error_set(err, ENOENT, "edit %s: it is a symbolic link to nothing; remove it", path);
		(void)snprintf(edit->path, sizeof edit->path, "%s", path);
		return 0;
	}
	if (stat(edit->path, &st) < 0)
		return error_errno(err, errno, "look at %s", edit->path);
	edit->mode = st.st_mode & 07777;
	edit->uid = st.st_uid;
	edit->gid = st.st_gid;
	return 0;
}

void edit_clear(struct edit *edit)
{
	free(edit->current);
	free(edit->without);
	free(edit->wanted);
	*edit = (struct edit){0};
}

int edit_read(struct installation *inst, const char *path, bool own, struct edit *ret_edit, struct error *err)
{
	_cleanup_(edit_clear) struct edit edit = {.own = own};
	int r = resolve(path, &edit, err);

	edit.recorded = record_find(&inst->record, path);
	if (!edit.recorded)
		edit.recorded = record_find(&inst->record, edit.path);
	if (r == 0)
		r = text_read(edit.path, &edit.current, err);
	if (r == 0)
		r = find_without(inst, &edit, err);
	if (r < 0)
		return r;
	*ret_edit = edit;
	edit = (struct edit){0};
	return 0;
}

int edit_add(struct installation *inst, const char *path, bool own, struct edit **ret_edit, struct error *err)
{
	struct edit *edit = &inst->edits[inst->count];
	int r;

	if (inst->count == RECORD_FILES_MAX)
		return error_set(err, E2BIG, "edit %s: more files than %d", path, RECORD_FILES_MAX);
	r = edit_read(inst, path, own, edit, err);
	if (r < 0)
		return r;
	inst->count++;
	*ret_edit = edit;
	return 0;
}

int edit_own(struct installation *inst, const char *path, char *wanted, struct error *err)
{
	struct edit *edit = NULL;
	int r = edit_add(inst, path, true, &edit, err);

	if (r < 0) {
		free(wanted);
		return r;
	}
	edit->wanted = wanted;
	if (edit->current && !edit->recorded && edit_changes(edit))
		return error_set(err, EEXIST,
				 "write %s: there is a file that stint install did not write; see whether it is "
				 "needed, and move it away",
				 edit->path);
	return 0;
}

static bool has_edit(const struct installation *inst, const struct record_file *file)
{
	for (size_t i = 0; i < inst->count; i++)
		if (inst->edits[i].recorded == file)
			return true;
	return false;
}

int edits_remove(struct installation *inst, struct error *err)
{
	for (size_t i = inst->record.files_count; i-- > 0;) {
		const struct record_file *file = &inst->record.files[i];
		struct edit *edit = NULL;
		int r;

		if (has_edit(inst, file))
			continue;
		r = edit_add(inst, file->path, file->own, &edit, err);
		if (r < 0)
			return r;
		if (copy_text(edit->without, &edit->wanted) < 0)
			return out_of_memory(edit, err);
	}
	return 0;
}

void installation_clear(struct installation *inst)
{
	for (size_t i = 0; i < inst->count; i++)
		edit_clear(&inst->edits[i]);
	toml_free(inst->before);
	record_clear(&inst->record);
	record_clear(&inst->made);
}
