/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files by descriptor: read whole with a cap, write whole or not at all, directories that nobody
 * else can have made.
 */
#ifndef STINT_BASE_FILE_H
#define STINT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"

/* Reads all of `name` below `dirfd` (AT_FDCWD: a path), at most `max` bytes (more: -EFBIG), NUL
 * terminated beyond *ret_length. Regular files only: a fifo or device is refused with -EINVAL
 * (the open does not block). A symlink is followed for AT_FDCWD only (else -ELOOP). */
int file_read(int dirfd, const char *name, size_t max, char **ret_text, size_t *ret_length,
	      struct error *err);
/* The same from an open descriptor of any kind (a pipe, standard input), to its end. */
int file_read_fd(int fd, const char *what, size_t max, char **ret_text, size_t *ret_length,
		 struct error *err);

/* Small kernel files (cgroupfs, /proc): one pread into `buffer`, NUL-terminated, trailing newline
 * cut. Returns the length or -errno; -EFBIG when it did not fit. No error text: the callers are
 * in loops and know what they asked for. */
ssize_t file_read_small(int dirfd, const char *name, char *buffer, size_t size);
ssize_t fd_read_small(int fd, char *buffer, size_t size);
/* One write of the whole text to an existing kernel file; 0 or -errno. */
int file_write_small(int dirfd, const char *name, const char *text);

/* Writes to a temporary file beside it, fsyncs where `sync`, renames over `name`: after a crash or
 * a full disk there is the old file or the new one. `mode` is exact, whatever the umask. */
int file_write_atomic(int dirfd, const char *name, const char *text, size_t length, mode_t mode,
		      bool sync, struct error *err);

/* Opens directory `path`, making it and its missing parents (0755), itself with `mode`. It must
 * be a directory and no symlink, be owned by our effective user, and be writable by nobody else:
 * otherwise -EPERM and an error that says who owns it and what to do. */
int dir_open_private(const char *path, mode_t mode, int *ret_fd, struct error *err);
/* One level below `dirfd`, with the same demands. `exclusive`: -EEXIST when it is there already. */
int dir_make_private(int dirfd, const char *name, mode_t mode, bool exclusive, int *ret_fd,
		     struct error *err);
/* The same demands on one that is open; `path` is what errors call it. */
int dir_check_private(int fd, const char *path, struct error *err);
/* Removes what is in directory `name` (two levels, no more: what stint puts there) and then itself,
 * by descriptors, following nothing. Absent is success. */
int dir_remove(int dirfd, const char *name);

/* Writes it all, over short writes and EINTR; 0 or -errno. */
int write_all(int fd, const void *data, size_t length);

#endif
