/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files by descriptor. What a path leads to may be anybody's: it is opened without blocking, looked
 * at by its descriptor, and read up to a cap.
 */
#include "lib/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Reads to the end, beginning with a buffer for `guess` bytes. */
static int read_to_end(int fd, const char *what, size_t max, size_t guess, char **ret_text,
		       size_t *ret_length, struct error *err)
{
	/* One more than expected, so that the end is seen without growing; and one for the NUL. */
	size_t size = (guess < max ? guess : max) + 1, length = 0;
	_cleanup_free_ char *text = malloc(size + 1);

	while (text) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, "read %s", what);
		if (n == 0) {
			text[length] = '\0';
			*ret_text = steal_ptr(&text);
			*ret_length = length;
			return 0;
		}
		length += (size_t)n;
		if (length > max)
			return error_set(err, EFBIG, "read %s: it has more than %zu bytes, the most "
					 "that is accepted", what, max);
		if (length == size) {
			char *more;

			size = size < max / 2 ? size * 2 : max + 1;
			more = realloc(text, size + 1);
			if (!more)
				break;
			text = more;
		}
	}
	return error_set(err, ENOMEM, "read %s: out of memory", what);
}

int file_read_fd(int fd, const char *what, size_t max, char **ret_text, size_t *ret_length,
		 struct error *err)
{
	return read_to_end(fd, what, max, 16383, ret_text, ret_length, err);
}

int file_read(int dirfd, const char *name, size_t max, char **ret_text, size_t *ret_length,
	      struct error *err)
{
	/* A person's own path may be a symlink; a name in a directory that others fill may not. */
	int follow = dirfd == AT_FDCWD ? 0 : O_NOFOLLOW;
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow);
	struct stat st;

	if (fd < 0 && errno == ELOOP && follow)
		return error_set(err, ELOOP, "open %s: it is a symbolic link; put the file itself there",
				 name);
	if (fd < 0)
		return error_errno(err, errno, "open %s", name);
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at %s", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "read %s: it is not a regular file", name);
	if ((uint64_t)st.st_size > max)
		return error_set(err, EFBIG, "read %s: it has %jd bytes, and at most %zu are accepted",
				 name, (intmax_t)st.st_size, max);
	/* A file that says it is empty may be one of /proc. */
	return read_to_end(fd, name, max, st.st_size ? (size_t)st.st_size : 4095, ret_text,
			   ret_length, err);
}

ssize_t fd_read_small(int fd, char *buffer, size_t size)
{
	ssize_t n;

	do
		n = pread(fd, buffer, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -EFBIG;
	if (n > 0 && buffer[n - 1] == '\n')
		n--;
	buffer[n] = '\0';
	return n;
}

ssize_t file_read_small(int dirfd, const char *name, char *buffer, size_t size)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd_read_small(fd, buffer, size);
}

int write_all(int fd, const void *data, size_t length)
{
	const char *at = data;

	while (length) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

/* O_TRUNC means nothing to the kernel's files, and makes a test's plain ones behave like them. One
 * write, since each is a command of its own there; half a command is none. */
int file_write_small(int dirfd, const char *name, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK |
					O_NOCTTY | O_NOFOLLOW);
	size_t length = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, length);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

/* ".NAME.PID" beside NAME, which may be a path. */
static int temporary_name(const char *name, char temporary[PATH_MAX])
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	int n = snprintf(temporary, PATH_MAX, "%.*s.%s.%d", (int)(base - name), name, base,
			 (int)getpid());

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* close() is where some network filesystems tell of a full disk. */
static int write_and_close(int fd, const char *text, size_t length, mode_t mode, bool sync)
{
	int r = write_all(fd, text, length);

	if (r == 0 && fchmod(fd, mode) < 0) /* whatever the umask */
		r = -errno;
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0 && errno != EINTR)
		r = -errno;
	return r;
}

int file_write_atomic(int dirfd, const char *name, const char *text, size_t length, mode_t mode,
		      bool sync, struct error *err)
{
	char temporary[PATH_MAX];
	int fd, r = temporary_name(name, temporary);

	if (r < 0)
		return error_errno(err, -r, "write %s", name);
	(void)unlinkat(dirfd, temporary, 0); /* left by a process of this number that was killed */
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, errno, "write %s", name);
	r = write_and_close(fd, text, length, mode, sync);
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	(void)unlinkat(dirfd, temporary, 0);
	return error_errno(err, -r, "write %s", name);
}

int dir_check_private(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at %s", path);
	if (st.st_uid != geteuid())
		return error_set(err, EPERM, "use %s: it belongs to user %u and not to us, user %u; find out "
				 "who made it, and remove it", path, st.st_uid, geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, EPERM, "use %s: others than its owner may write there (mode %04o); "
				 "see what they wrote, then chmod go-w %s", path,
				 (unsigned)(st.st_mode & 07777), path);
	return 0;
}

/* Opens what is there by now; `made` by us, its mode is as asked whatever the umask. */
static int open_private(int dirfd, const char *name, bool made, mode_t mode, int *ret_fd,
			struct error *err)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return error_set(err, EPERM, "use %s: it, or what is above it, is a symbolic link or a "
				 "file where a directory of our own must be; remove it", name);
	if (fd < 0)
		return error_errno(err, errno, "open the directory %s", name);
	r = dir_check_private(fd, name, err);
	if (r < 0)
		return r;
	if (made && fchmod(fd, mode) < 0)
		return error_errno(err, errno, "set the mode of %s", name);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Makes what is missing above the last component; whether it worked shows when that is made. */
static int make_parents(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy || !*copy)
		return copy ? 0 : -ENOMEM;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(copy, 0755);
		*slash = '/';
	}
	return 0;
}

int dir_open_private(const char *path, mode_t mode, int *ret_fd, struct error *err)
{
	struct stat st;
	int code = mkdir(path, mode) < 0 ? errno : 0;

	if (code == ENOENT) {
		if (make_parents(path) < 0)
			return error_set(err, ENOMEM, "make the directory %s: out of memory", path);
		code = mkdir(path, mode) < 0 ? errno : 0;
	}
	/* EROFS, say, although it is there already: then it will do. */
	if (code && code != EEXIST && lstat(path, &st) < 0)
		return error_errno(err, code, "make the directory %s", path);
	return open_private(AT_FDCWD, path, code == 0, mode, ret_fd, err);
}

int dir_make_private(int dirfd, const char *name, mode_t mode, bool exclusive, int *ret_fd,
		     struct error *err)
{
	bool made = mkdirat(dirfd, name, mode) == 0;
	int r;

	if (!made && (exclusive || errno != EEXIST))
		return error_errno(err, errno, "make the directory %s", name);
	r = open_private(dirfd, name, made, mode, ret_fd, err);
	if (r < 0 && made && r != -ENOENT)
		(void)unlinkat(dirfd, name, AT_REMOVEDIR);
	return r;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* The stream owns *ret_fd. */
static int open_dir(int dirfd, const char *name, DIR **ret_dir, int *ret_fd)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return -errno;
	*ret_fd = steal_fd(&fd);
	*ret_dir = dir;
	return 0;
}

/* Removes the files in `name`, directories by way of `deeper`, and then itself. What cannot be
 * removed shows when the directory is not empty. */
static int remove_dir(int dirfd, const char *name, int (*deeper)(int dirfd, const char *name))
{
	_cleanup_(closedirp) DIR *dir = NULL;
	int fd = -1, r = open_dir(dirfd, name, &dir, &fd);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0 && errno == EISDIR && deeper)
			(void)deeper(fd, entry->d_name);
	}
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_flat_dir(int dirfd, const char *name)
{
	return remove_dir(dirfd, name, NULL);
}

int dir_remove(int dirfd, const char *name)
{
	return remove_dir(dirfd, name, remove_flat_dir);
}
