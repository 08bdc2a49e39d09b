/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was installed into an engine, so that it can be taken away again: /var/lib/stint/install/ENGINE/ has record.json
 * and, for each file that was there before, NAME.original, which a person can copy back too. NAME is its path with
 * dashes for slashes.
 */
#ifndef STINT_INSTALL_RECORD_H
#define STINT_INSTALL_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "lib/base/host.h"

enum {
	RECORD_FILES_MAX = 8,
	RECORD_DIRS_MAX = 16,
	INSTALL_FILE_MAX = 100 << 10, /* bytes; a record of its files must be readable as JSON again */
};

struct record_file {
	char *path;
	char *original; /* NULL: it was not there */
	char *written;
	bool own; /* the whole file is stint's */
};

struct record {
	bool finished; /* false: whoever wrote it was interrupted, and has not checked and tried what it wrote */
	size_t files_count, dirs_count;
	struct record_file files[RECORD_FILES_MAX];
	char *dirs[RECORD_DIRS_MAX]; /* that were made, outermost first */
};

/* Of two at once the second is refused: -EBUSY, and the error says which process is the first. Held for as long as
 * *ret_fd is open. */
int record_lock(const struct host *host, int *ret_fd, struct error *err);
/* *ret_record is to be cleared. -ENOENT: nothing is installed. */
int record_read(const struct host *host, const char *engine, struct record *ret_record, struct error *err);
/* Whole or not at all, the originals first. */
int record_write(const struct host *host, const char *engine, const struct record *record, struct error *err);
int record_remove(const struct host *host, const char *engine, struct error *err);
/* NULL when it is not of this record. */
const struct record_file *record_find(const struct record *record, const char *path);
/* Keeps a file's text that is not thrown away where no engine looks, below install/changed/. */
int record_keep_changed(const struct host *host, const char *path, const char *text, char ret_path[PATH_MAX],
			struct error *err);
/* Where the original of a file is kept, for messages. */
void record_backup_path(const struct host *host, const char *engine, const char *path, char ret_path[PATH_MAX]);

void record_clear(struct record *record);
#define _cleanup_record_ _cleanup_(record_clear)

#endif
