/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of an installation on disk. */
#include "lib/install/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/json.h"

static const char record_name[] = "record.json";

/* Of all engines with "". */
static void directory(const struct host *host, const char *engine, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%.2048s/install%s%.64s", host->state_dir, *engine ? "/" : "", engine);
}

/* The path's end, where it is too long for a name. */
static void flat_name(const char *path, const char *suffix, char name[NAME_MAX + 1])
{
	size_t length = strlen(path + 1), room = NAME_MAX - strlen(suffix);

	(void)snprintf(name, NAME_MAX + 1, "%s%s", path + 1 + (length > room ? length - room : 0), suffix);
	for (char *slash = name; (slash = strchr(slash, '/'));)
		*slash = '-';
}

static void original_name(const char *path, char name[NAME_MAX + 1])
{
	flat_name(path, ".original", name);
}

void record_backup_path(const struct host *host, const char *engine, const char *path, char ret_path[PATH_MAX])
{
	char name[NAME_MAX + 1];

	original_name(path, name);
	(void)snprintf(ret_path, PATH_MAX, "%.2048s/install/%.64s/%s", host->state_dir, engine, name);
}

int record_keep_changed(const struct host *host, const char *path, const char *text, char ret_path[PATH_MAX],
			struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	char dir[PATH_MAX], name[NAME_MAX + 1];
	int r;

	directory(host, "changed", dir);
	flat_name(path, "", name);
	r = dir_open_private(dir, 0700, &dirfd, err);
	if (r == 0)
		r = file_write_atomic(dirfd, name, text, strlen(text), 0600, true, err);
	if (r == 0)
		(void)snprintf(ret_path, PATH_MAX, "%.2048s/%s", dir, name);
	return r;
}

void record_clear(struct record *record)
{
	for (size_t i = 0; i < record->files_count; i++) {
		free(record->files[i].path);
		free(record->files[i].original);
		free(record->files[i].written);
	}
	for (size_t i = 0; i < record->dirs_count; i++)
		free(record->dirs[i]);
	*record = (struct record){0};
}

const struct record_file *record_find(const struct record *record, const char *path)
{
	for (size_t i = 0; i < record->files_count; i++)
		if (strcmp(record->files[i].path, path) == 0)
			return &record->files[i];
	return NULL;
}

static int refuse(struct error *err, const char *dir)
{
	return error_set(err, EINVAL,
			 "read %s/%s: it is not as stint writes it; restore the originals beside it by hand, then "
			 "remove %s",
			 dir, record_name, dir);
}

static int read_file(int dirfd, const struct json *node, struct record *record, struct error *err)
{
	const char *path = json_string(json_get(node, "path")), *written = json_string(json_get(node, "written"));
	const struct json *existed = json_get(node, "existed"), *own = json_get(node, "own");
	struct record_file *file = &record->files[record->files_count];
	char name[NAME_MAX + 1];
	size_t length;
	int r = 0;

	if (record->files_count == RECORD_FILES_MAX || !path || path[0] != '/' || !written ||
	    !json_is(existed, JSON_BOOL) || !json_is(own, JSON_BOOL))
		return -EINVAL;
	*file = (struct record_file){.path = strdup(path), .written = strdup(written), .own = own->boolean};
	record->files_count++;
	if (!file->path || !file->written)
		return error_set(err, ENOMEM, "read the record: out of memory");
	original_name(path, name);
	if (existed->boolean)
		r = file_read(dirfd, name, INSTALL_FILE_MAX, &file->original, &length, err);
	return r;
}

static int read_all(int dirfd, const char *dir, struct json *root, struct record *record, struct error *err)
{
	const struct json *finished = json_get(root, "finished");
	struct error inner = {0};

	if (!json_is(finished, JSON_BOOL))
		return refuse(err, dir);
	record->finished = finished->boolean;
	json_each(node, json_get(root, "files")) if (read_file(dirfd, node, record, &inner) < 0)
	{
		if (!inner.code)
			return refuse(err, dir);
		return error_set(err, inner.code, "%s", inner.text);
	}
	json_each(node, json_get(root, "directories"))
	{
		if (!json_string(node) || node->text[0] != '/' || record->dirs_count == RECORD_DIRS_MAX)
			return refuse(err, dir);
		record->dirs[record->dirs_count] = strdup(node->text);
		if (!record->dirs[record->dirs_count++])
			return error_set(err, ENOMEM, "read %s/%s: out of memory", dir, record_name);
	}
	return record->files_count ? 0 : refuse(err, dir);
}

int record_read(const struct host *host, const char *engine, struct record *ret_record, struct error *err)
{
	_cleanup_record_ struct record record = {0};
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int dirfd = -1;
	char dir[PATH_MAX];
	size_t length;
	int r;

	directory(host, engine, dir);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0)
		return error_errno(err, errno, "open %s", dir);
	r = dir_check_private(dirfd, dir, err);
	if (r == 0)
		r = file_read(dirfd, record_name, JSON_MAX_BYTES, &text, &length, err);
	if (r == 0)
		r = json_parse(record_name, text, length, &doc, err);
	if (r == 0)
		r = read_all(dirfd, dir, json_root(doc), &record, err);
	if (r < 0)
		return r;
	*ret_record = record;
	record = (struct record){0};
	return 0;
}

static struct json *file_node(struct json_doc *doc, const struct record_file *file)
{
	struct json *node = json_new(doc, JSON_OBJECT);

	if (json_set(doc, node, "path", json_new_string(doc, file->path)) < 0 ||
	    json_set(doc, node, "existed", json_new_bool(doc, file->original != NULL)) < 0 ||
	    json_set(doc, node, "own", json_new_bool(doc, file->own)) < 0 ||
	    json_set(doc, node, "written", json_new_string(doc, file->written)) < 0)
		return NULL;
	return node;
}

static int make_document(const struct record *record, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *files, *dirs;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	files = json_new(doc, JSON_ARRAY);
	dirs = json_new(doc, JSON_ARRAY);
	for (size_t i = 0; i < record->files_count && r == 0; i++)
		r = json_append(files, file_node(doc, &record->files[i]));
	for (size_t i = 0; i < record->dirs_count && r == 0; i++)
		r = json_append(dirs, json_new_string(doc, record->dirs[i]));
	if (r < 0 || json_set(doc, json_root(doc), "version", json_new_uint64(doc, 1)) < 0 ||
	    json_set(doc, json_root(doc), "finished", json_new_bool(doc, record->finished)) < 0 ||
	    json_set(doc, json_root(doc), "files", files) < 0 || json_set(doc, json_root(doc), "directories", dirs) < 0)
		return error_set(err, ENOMEM, "write the record: out of memory");
	*ret_doc = steal_ptr(&doc);
	return 0;
}

int record_write(const struct host *host, const char *engine, const struct record *record, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int dirfd = -1;
	char dir[PATH_MAX], name[NAME_MAX + 1];
	size_t length;
	int r = make_document(record, &doc, err);

	if (r == 0)
		r = json_write(json_root(doc), true, &text, &length, err);
	if (r < 0)
		return r;
	directory(host, engine, dir);
	r = dir_open_private(dir, 0700, &dirfd, err);
	for (size_t i = 0; i < record->files_count && r == 0; i++) {
		const char *original = record->files[i].original;

		original_name(record->files[i].path, name);
		if (original)
			r = file_write_atomic(dirfd, name, original, strlen(original), 0600, true, err);
	}
	if (r == 0)
		r = file_write_atomic(dirfd, record_name, text, length, 0600, true, err);
	return r < 0 ? error_prefix(err, "keep in %s what was there before", dir) : 0;
}

int record_remove(const struct host *host, const char *engine, struct error *err)
{
	char dir[PATH_MAX];
	int r;

	directory(host, engine, dir);
	r = dir_remove(AT_FDCWD, dir);
	return r < 0 ? error_errno(err, -r, "remove %s", dir) : 0;
}

/* A lock that the engines' programs, which are run meanwhile, do not hold with us; the kernel knows whose it is. */
static int take_lock(int fd, struct error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if ((errno == EAGAIN || errno == EACCES) && fcntl(fd, F_GETLK, &lock) == 0)
		return error_set(err, EBUSY,
				 "another stint install or uninstall is at work, process %d; try again when it has "
				 "ended",
				 (int)lock.l_pid);
	return error_errno(err, errno, "lock what stint install keeps");
}

int record_lock(const struct host *host, int *ret_fd, struct error *err)
{
	_cleanup_close_ int dirfd = -1, fd = -1;
	char dir[PATH_MAX];
	int r;

	directory(host, "", dir);
	r = dir_open_private(dir, 0700, &dirfd, err);
	if (r < 0)
		return r;
	fd = openat(dirfd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, errno, "open %s/lock", dir);
	r = take_lock(fd, err);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}
