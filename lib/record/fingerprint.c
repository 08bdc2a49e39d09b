/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/fingerprint.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"

enum { PATH_DIRECTORIES_MAX = 64 };

/* The first that is there. */
static const struct part {
	const char *name;
	const char *files[3]; /* ends with NULL */
} parts[] = {
	{"os-release", {"etc/os-release", "usr/lib/os-release"}},
	{"dpkg", {"var/lib/dpkg/status"}},
	{"apk", {"usr/lib/apk/db/installed", "lib/apk/db/installed"}},
	{"rpm", {"usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite"}},
};

/* Opens a regular file for reading. What it is is seen before it is opened: to open a device can be to use it. */
static int open_regular(int root_fd, const char *path, struct stat *ret_st)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	_cleanup_close_ int at = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
	char link[64];
	int fd;

	if (at < 0 || fstat(at, ret_st) < 0)
		return -errno;
	if (!S_ISREG(ret_st->st_mode))
		return -EACCES; /* as execve says of it */
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", at);
	fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void add_number(SHA2_CTX *sum, uint64_t number)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	SHA256Update(sum, bytes, sizeof bytes);
}

/* A part: name and size with their lengths, and the sum of its content, so that none can be taken for another. */
static void add_part(SHA2_CTX *sum, const char *name, uint64_t size, SHA2_CTX *content)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	add_number(sum, strlen(name));
	SHA256Update(sum, (const uint8_t *)name, strlen(name));
	add_number(sum, size);
	SHA256Final(digest, content);
	SHA256Update(sum, digest, sizeof digest);
}

/* At most `left` bytes of it. */
static int add_file(SHA2_CTX *sum, const char *name, int fd, uint64_t size, size_t left, struct error *err)
{
	uint8_t buffer[32768];
	SHA2_CTX content;

	SHA256Init(&content);
	while (left) {
		ssize_t n = read(fd, buffer, left < sizeof buffer ? left : sizeof buffer);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, "read the container's %s", name);
		if (n == 0)
			break;
		SHA256Update(&content, buffer, (size_t)n);
		left -= (size_t)n;
	}
	add_part(sum, name, size, &content);
	return 0;
}

static void add_text(SHA2_CTX *sum, const char *name, const char *text)
{
	SHA2_CTX content;

	SHA256Init(&content);
	SHA256Update(&content, (const uint8_t *)text, strlen(text));
	add_part(sum, name, strlen(text), &content);
}

static int add_first(SHA2_CTX *sum, const struct part *part, int root_fd, struct error *err)
{
	for (const char *const *file = part->files; *file; file++) {
		struct stat st;
		_cleanup_close_ int fd = open_regular(root_fd, *file, &st);

		if (fd >= 0)
			return add_file(sum, part->name, fd, (uint64_t)st.st_size, FINGERPRINT_FILE_MAX, err);
	}
	return 0;
}

/* `directory` "" is the working directory, as an empty one of PATH is. */
static int open_in(int root_fd, const char *cwd, const char *directory, size_t length, const char *program,
		   struct stat *ret_st)
{
	const char *base = length && directory[0] == '/' ? "" : cwd;
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%.*s/%s", base, (int)length, directory, program);

	return n >= PATH_MAX ? -ENAMETOOLONG : open_regular(root_fd, path, ret_st);
}

/* As execvp finds it, or a negative errno. */
static int open_program(int root_fd, const char *program, const char *path, const char *cwd, struct stat *ret_st)
{
	if (!*program)
		return -ENOENT;
	if (program[0] == '/')
		return open_regular(root_fd, program, ret_st);
	if (strchr(program, '/'))
		return open_in(root_fd, cwd, "", 0, program, ret_st);
	for (int i = 0; i < PATH_DIRECTORIES_MAX; i++) {
		size_t length = strcspn(path, ":");
		_cleanup_close_ int fd =
			length < PATH_MAX ? open_in(root_fd, cwd, path, length, program, ret_st) : -ENAMETOOLONG;

		if (fd >= 0 && (ret_st->st_mode & 0111))
			return steal_fd(&fd);
		if (path[length] == '\0')
			break;
		path += length + 1;
	}
	return -ENOENT;
}

int workload_fingerprint(int root_fd, const char *program, const char *path, const char *cwd,
			 char ret_fingerprint[FINGERPRINT_MAX], struct error *err)
{
	static const char usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct stat st;
	_cleanup_close_ int fd = open_program(root_fd, program, path ? path : usual, cwd ? cwd : "/", &st);
	SHA2_CTX sum;
	int n, r = 0;

	SHA256Init(&sum);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = add_first(&sum, &parts[i], root_fd, err);
	add_text(&sum, "name", program);
	if (r == 0 && fd >= 0)
		r = add_file(&sum, "program", fd, (uint64_t)st.st_size, FINGERPRINT_PROGRAM_MAX, err);
	if (r < 0)
		return r;
	SHA256Final(digest, &sum);
	n = snprintf(ret_fingerprint, FINGERPRINT_MAX, "sha256:");
	for (size_t i = 0; i < sizeof digest; i++)
		n += snprintf(ret_fingerprint + n, (size_t)(FINGERPRINT_MAX - n), "%02x", digest[i]);
	return 0;
}
