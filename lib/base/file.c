/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int file_read_fd(int fd, const char *what, size_t max, char **ret_text, size_t *ret_length, struct error *err)
{
	size_t size = max < 4096 ? max + 1 : 4096, length = 0;
	_cleanup_free_ char *text = malloc(size + 1);

	if (!text)
		return error_set(err, ENOMEM, "read %s: out of memory", what);
	for (;;) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, "read %s", what);
		if (n == 0)
			break;
		length += (size_t)n;
		if (length > max)
			return error_set(err, EFBIG, "read %s: it is larger than %zu bytes", what, max);
		if (length == size) {
			char *more = realloc(text, size * 2 + 1);

			if (!more)
				return error_set(err, ENOMEM, "read %s: out of memory", what);
			text = more;
			size *= 2;
		}
	}
	text[length] = '\0';
	*ret_text = steal_ptr(&text);
	*ret_length = length;
	return 0;
}

int file_read(int dirfd, const char *name, size_t max, char **ret_text, size_t *ret_length, struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return error_errno(err, errno, "open %s", name);
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at %s", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "read %s: it is no regular file", name);
	if (st.st_size > 0 && (uint64_t)st.st_size > max)
		return error_set(err, EFBIG, "read %s: it is larger than %zu bytes", name, max);
	return file_read_fd(fd, name, max, ret_text, ret_length, err);
}

ssize_t fd_read_small(int fd, char *buffer, size_t size)
{
	ssize_t n;

	do
		n = pread(fd, buffer, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
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
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

int file_write_small(int dirfd, const char *name, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, strlen(text));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int file_write_atomic(int dirfd, const char *name, const char *text, size_t length, mode_t mode, bool sync,
		      struct error *err)
{
	char temporary[256];
	_cleanup_close_ int fd = -1;
	int r;

	if (snprintf(temporary, sizeof temporary, ".%s.%d", name, (int)getpid()) >= (int)sizeof temporary)
		return error_set(err, ENAMETOOLONG, "write %s: the name is too long", name);
	(void)unlinkat(dirfd, temporary, 0);
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return error_errno(err, errno, "write %s", name);
	r = write_all(fd, text, length);
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dirfd, temporary, 0);
		return error_errno(err, -r, "write %s", name);
	}
	return 0;
}

static int check_private(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at %s", path);
	if (st.st_uid != geteuid())
		return error_set(err, EPERM, "use %s: it is owned by uid %u, not by uid %u; remove it, or find out who "
					     "made it", path, st.st_uid, geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, EPERM, "use %s: others than its owner may write to it (mode %04o); chmod go-w %s",
				 path, st.st_mode & 07777, path);
	return 0;
}

static void make_parents(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(copy, 0755);
		*slash = '/';
	}
}

int dir_open_private(const char *path, mode_t mode, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdir(path, mode) < 0 && errno == ENOENT) {
			make_parents(path);
			(void)mkdir(path, mode);
		}
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return error_errno(err, errno == ELOOP || errno == ENOTDIR ? EPERM : errno,
				   "open directory %s (it must be a directory of our own, no symlink)", path);
	r = check_private(fd, path, err);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int dir_make_private(int dirfd, const char *name, mode_t mode, bool exclusive, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (mkdirat(dirfd, name, mode) < 0 && (exclusive || errno != EEXIST))
		return error_errno(err, errno, "make directory %s", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "open directory %s", name);
	r = check_private(fd, name, err);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* Removes the files in `name`, and, `deeper`, its directories by the same one level down. */
static int remove_level(int dirfd, const char *name, bool deeper)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0 && errno == EISDIR && deeper)
			(void)remove_level(fd, entry->d_name, false);
	}
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int dir_remove(int dirfd, const char *name)
{
	return remove_level(dirfd, name, true);
}
