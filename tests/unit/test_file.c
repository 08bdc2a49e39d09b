/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and directories as an attacker or an accident would leave them. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/base/file.h"

static char directory[] = "/tmp/stint-test-file-XXXXXX";
static int here = -1;

static void make_directory(void)
{
	cr_assert_not_null(mkdtemp(directory));
	here = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(here, 0);
}

static void remove_directory(void)
{
	char command[80];

	(void)close(here);
	(void)snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", directory, directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(file, .init = make_directory, .fini = remove_directory);

static const char *below(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void put(const char *name, const char *text)
{
	int fd = openat(here, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0, "%s", name);
	cr_assert_eq(write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
}

static void holds(const char *name, const char *wanted)
{
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	size_t length = 0;

	cr_assert_eq(file_read(here, name, 1000, &text, &length, &err), 0, "%s", err.text);
	cr_assert_eq(length, strlen(wanted));
	cr_assert_str_eq(text, wanted);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	cr_assert_eq(fstatat(here, name, &st, AT_SYMLINK_NOFOLLOW), 0, "%s", name);
	return st.st_mode & 07777;
}

static bool is_there(const char *name)
{
	struct stat st;

	return fstatat(here, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static unsigned entries(void)
{
	char command[120];
	unsigned count = 0;
	FILE *f;

	(void)snprintf(command, sizeof command, "ls -A %s | wc -l", directory);
	f = popen(command, "re");
	cr_assert_not_null(f);
	cr_assert_eq(fscanf(f, "%u", &count), 1);
	(void)pclose(f);
	return count;
}

static void read_fails(int dirfd, const char *name, int code)
{
	char *untouched = directory, *text = untouched;
	struct error err = {0};
	size_t length = 7;
	int r = file_read(dirfd, name, 10, &text, &length, &err);

	cr_assert_eq(r, -code, "%s: %d %s", name, r, err.text);
	cr_assert_eq(text, untouched);
	cr_assert_eq(length, 7);
	cr_assert_not_null(strstr(err.text, name), "%s", err.text);
}

Test(file, reads_up_to_its_cap)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	put("empty", "");
	holds("empty", "");
	put("ten", "0123456789");
	cr_assert_eq(file_read(here, "ten", 10, &text, &length, NULL), 0);
	cr_assert_eq(length, 10);
	cr_assert_str_eq(text, "0123456789");
	put("eleven", "0123456789a");
	read_fails(here, "eleven", EFBIG);
	read_fails(here, "absent", ENOENT);
	cr_assert_eq(truncate(below("eleven"), (off_t)1 << 40), 0);
	read_fails(here, "eleven", EFBIG);
}

Test(file, reads_regular_files_only)
{
	put("target", "x");
	cr_assert_eq(mkfifoat(here, "fifo", 0600), 0);
	cr_assert_eq(mkdirat(here, "dir", 0700), 0);
	cr_assert_eq(symlinkat("target", here, "link"), 0);
	cr_assert_eq(symlinkat("link2", here, "link2"), 0);
	read_fails(here, "fifo", EINVAL); /* and does not wait for a writer */
	read_fails(here, "dir", EINVAL);
	read_fails(AT_FDCWD, "/dev/zero", EINVAL);
	read_fails(here, "link", ELOOP);
	read_fails(AT_FDCWD, below("link2"), ELOOP);
}

Test(file, follows_a_link_in_a_path_that_a_person_gave)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	put("target", "x");
	cr_assert_eq(symlinkat("target", here, "link"), 0);
	cr_assert_eq(file_read(AT_FDCWD, below("link"), 10, &text, &length, NULL), 0);
	cr_assert_str_eq(text, "x");
}

Test(file, reads_what_does_not_tell_its_size)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	cr_assert_eq(file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, &length, NULL), 0);
	cr_assert_gt(length, 10);
	cr_assert_eq(strlen(text), length);
}

static int pipe_with(size_t size)
{
	int ends[2];
	pid_t child;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		for (size_t i = 0; i < size; i++)
			(void)!write(ends[1], &"0123456789"[i % 10], 1);
		_exit(0);
	}
	(void)close(ends[1]);
	return ends[0];
}

Test(file, reads_pipes_to_their_end)
{
	static const size_t sizes[] = {0, 1, 4095, 16383, 16384, 16385, 50000};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int short_by = 0; short_by <= 1 && (size_t)short_by <= sizes[i]; short_by++) {
			_cleanup_close_ int fd = pipe_with(sizes[i]);
			_cleanup_free_ char *text = NULL;
			struct error err = {0};
			size_t length = 0;
			int r = file_read_fd(fd, "the pipe", sizes[i] - (size_t)short_by, &text, &length, &err);

			cr_assert_eq(r, short_by ? -EFBIG : 0, "%zu: %d %s", sizes[i], r, err.text);
			cr_assert_eq(length, short_by ? 0 : sizes[i]);
			for (size_t j = 0; j < length; j++)
				cr_assert_eq(text[j], "0123456789"[j % 10]);
			cr_assert(short_by || text[length] == '\0');
		}
}

Test(file, small_kernel_files)
{
	char buffer[8];

	put("f", "12345\n");
	cr_assert_eq(file_read_small(here, "f", buffer, sizeof buffer), 5);
	cr_assert_str_eq(buffer, "12345");
	put("f", "1234567");
	cr_assert_eq(file_read_small(here, "f", buffer, sizeof buffer), 7);
	put("f", "1234567\n");
	cr_assert_eq(file_read_small(here, "f", buffer, sizeof buffer), -EFBIG);
	put("f", "");
	cr_assert_eq(file_read_small(here, "f", buffer, sizeof buffer), 0);
	cr_assert_str_empty(buffer);
	put("f", "\n");
	cr_assert_eq(file_read_small(here, "f", buffer, sizeof buffer), 0);
	cr_assert_eq(file_read_small(here, "absent", buffer, sizeof buffer), -ENOENT);
	cr_assert_eq(file_read_small(here, "f", buffer, 0), -EFBIG);
}

Test(file, a_small_file_can_be_read_again)
{
	char buffer[8];
	int fd;

	put("f", "1\n");
	fd = openat(here, "f", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(fd_read_small(fd, buffer, sizeof buffer), 1);
	put("f", "22\n");
	cr_assert_eq(fd_read_small(fd, buffer, sizeof buffer), 2);
	cr_assert_str_eq(buffer, "22");
	(void)close(fd);
	cr_assert_eq(fd_read_small(fd, buffer, sizeof buffer), -EBADF);
}

Test(file, writes_small_kernel_files)
{
	put("f", "a longer value\n");
	cr_assert_eq(file_write_small(here, "f", "max"), 0);
	holds("f", "max");
	cr_assert_eq(file_write_small(here, "absent", "1"), -ENOENT);
	cr_assert_not(is_there("absent"));
	cr_assert_eq(symlinkat("f", here, "link"), 0);
	cr_assert_eq(file_write_small(here, "link", "1"), -ELOOP);
	cr_assert_eq(file_write_small(AT_FDCWD, "/dev/full", "1"), -ENOSPC);
	holds("f", "max");
}

Test(file, atomic_write_replaces_whole)
{
	static const char first[] = "first", second[] = "the second";
	mode_t before = umask(0077);

	cr_assert_eq(file_write_atomic(here, "f", first, strlen(first), 0644, true, NULL), 0);
	holds("f", first);
	cr_assert_eq(mode_of("f"), 0644, "whatever the umask");
	(void)umask(0);
	cr_assert_eq(file_write_atomic(here, "f", second, strlen(second), 0600, false, NULL), 0);
	(void)umask(before);
	holds("f", second);
	cr_assert_eq(mode_of("f"), 0600);
	cr_assert_eq(file_write_atomic(AT_FDCWD, below("path"), first, strlen(first), 0600, false, NULL), 0);
	holds("path", first);
	cr_assert_eq(entries(), 2, "nothing else is left");
}

Test(file, atomic_write_replaces_a_link_and_not_its_target)
{
	put("victim", "precious");
	cr_assert_eq(symlinkat("victim", here, "f"), 0);
	cr_assert_eq(file_write_atomic(here, "f", "x", 1, 0600, false, NULL), 0);
	holds("victim", "precious");
	holds("f", "x");
}

static void write_fails(int dirfd, const char *name, int code)
{
	struct error err = {0};
	int r = file_write_atomic(dirfd, name, "x", 1, 0600, false, &err);

	cr_assert_eq(r, -code, "%d %s", r, err.text);
	cr_assert_not_null(strstr(err.text, "write "), "%s", err.text);
}

Test(file, atomic_write_fails_without_a_trace)
{
	char long_name[300];

	put("f", "old");
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	cr_assert_eq(mkdirat(here, "dir", 0700), 0);
	write_fails(here, "dir", EISDIR);
	write_fails(here, "absent/f", ENOENT);
	write_fails(here, long_name, ENAMETOOLONG);
	write_fails(-1, "f", EBADF);
	holds("f", "old");
	cr_assert_eq(entries(), 2, "nothing else is left");
}

/* The file size limit stands for a full disk: the write stops halfway. */
Test(file, atomic_write_on_a_full_disk_keeps_the_old_file)
{
	static char large[100000];
	pid_t child;
	int status;

	put("f", "old");
	child = fork();
	if (child == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		_exit(setrlimit(RLIMIT_FSIZE, &(struct rlimit){50000, 50000}) == 0 &&
		      file_write_atomic(here, "f", large, sizeof large, 0600, true, NULL) == -EFBIG ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	holds("f", "old");
	cr_assert_eq(entries(), 1, "nothing else is left");
}

static void open_fails(const char *path, int code, const char *words)
{
	struct error err = {0};
	int fd = -7, r = dir_open_private(path, 0700, &fd, &err);

	cr_assert_eq(r, -code, "%s: %d %s", path, r, err.text);
	cr_assert_eq(fd, -7);
	cr_assert_not_null(strstr(err.text, words), "no \"%s\" in: %s", words, err.text);
}

Test(file, private_directory_is_made_with_its_parents)
{
	mode_t before = umask(0077);

	for (int again = 0; again <= 1; again++) {
		struct error err = {0};
		int fd = -1;

		cr_assert_eq(dir_open_private(below("a/b/c"), 0711, &fd, &err), 0, "%s", err.text);
		cr_assert_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		cr_assert_eq(mode_of("a/b/c"), 0711, "whatever the umask");
		(void)close(fd);
	}
	(void)umask(0);
	cr_assert_eq(dir_open_private(below("d/e"), 0700, &(int){0}, NULL), 0);
	cr_assert_eq(mode_of("d"), 0755, "whatever the umask");
	cr_assert_eq(mode_of("d/e"), 0700);
	(void)umask(before);
}

/* T13: what another made, or could have written to, is refused with the reason. */
Test(file, private_directory_is_nobody_elses)
{
	put("file", "");
	cr_assert_eq(mkdirat(here, "real", 0700), 0);
	cr_assert_eq(symlinkat("real", here, "link"), 0);
	cr_assert_eq(symlinkat("/tmp/stint-absent", here, "dangling"), 0);
	cr_assert_eq(mkdirat(here, "open", 0700), 0);
	open_fails(below("file"), EPERM, "symbolic link");
	open_fails(below("link"), EPERM, "symbolic link");
	open_fails(below("dangling"), EPERM, "symbolic link");
	open_fails(below("file/x"), ENOTDIR, "make the directory");
	cr_assert_eq(fchmodat(here, "open", 0770, 0), 0);
	open_fails(below("open"), EPERM, "chmod go-w");
	cr_assert_eq(fchmodat(here, "open", 0702, 0), 0);
	open_fails(below("open"), EPERM, "mode 0702");
	cr_assert_eq(fchmodat(here, "open", 01777, 0), 0);
	open_fails(below("open"), EPERM, "mode 1777");
	cr_assert_eq(fchmodat(here, "open", 0755, 0), 0);
	cr_assert_eq(dir_open_private(below("open"), 0700, &(int){0}, NULL), 0);
	cr_assert_eq(mode_of("open"), 0755, "one that was there keeps its mode");
	open_fails("", ENOENT, "make the directory");
}

Test(file, private_directory_of_another_user)
{
	if (geteuid() != 0)
		cr_skip("only root can make one");
	cr_assert_eq(mkdirat(here, "theirs", 0700), 0);
	cr_assert_eq(fchownat(here, "theirs", 65534, 65534, 0), 0);
	open_fails(below("theirs"), EPERM, "belongs to user 65534");
	cr_assert_eq(dir_make_private(here, "theirs", 0700, false, &(int){0}, NULL), -EPERM);
}

Test(file, makes_one_level)
{
	int fd = -1, other = -7;

	cr_assert_eq(dir_make_private(here, "d", 0700, true, &fd, NULL), 0);
	cr_assert_eq(mode_of("d"), 0700);
	(void)close(fd);
	cr_assert_eq(dir_make_private(here, "d", 0700, true, &other, NULL), -EEXIST);
	cr_assert_eq(other, -7);
	cr_assert_eq(dir_make_private(here, "d", 0700, false, &fd, NULL), 0);
	(void)close(fd);
	cr_assert_eq(symlinkat("d", here, "link"), 0);
	cr_assert_eq(dir_make_private(here, "link", 0700, false, &other, NULL), -EPERM);
	cr_assert_eq(dir_make_private(here, "link", 0700, true, &other, NULL), -EEXIST);
	cr_assert_eq(dir_make_private(here, "x/y", 0700, false, &other, NULL), -ENOENT);
	cr_assert_eq(other, -7);
}

Test(file, removes_two_levels_and_follows_nothing)
{
	cr_assert_eq(mkdirat(here, "outside", 0700), 0);
	put("outside/precious", "x");
	cr_assert_eq(mkdirat(here, "d", 0700), 0);
	cr_assert_eq(mkdirat(here, "d/sub", 0700), 0);
	put("d/file", "x");
	put("d/.hidden", "x");
	put("d/sub/file", "x");
	cr_assert_eq(mkfifoat(here, "d/fifo", 0600), 0);
	cr_assert_eq(symlinkat("../outside", here, "d/link"), 0);
	cr_assert_eq(symlinkat("../../outside", here, "d/sub/link"), 0);
	cr_assert_eq(dir_remove(here, "d"), 0);
	cr_assert_not(is_there("d"));
	cr_assert_eq(dir_remove(here, "d"), 0, "absent is success");
	holds("outside/precious", "x");
}

Test(file, removes_no_more_than_that)
{
	cr_assert_eq(mkdirat(here, "d", 0700), 0);
	cr_assert_eq(mkdirat(here, "d/a", 0700), 0);
	cr_assert_eq(mkdirat(here, "d/a/b", 0700), 0);
	put("d/a/b/precious", "x");
	cr_assert_eq(dir_remove(here, "d"), -ENOTEMPTY);
	holds("d/a/b/precious", "x");
	put("file", "x");
	cr_assert_lt(dir_remove(here, "file"), 0);
	cr_assert(is_there("file"));
	cr_assert_eq(symlinkat("d", here, "link"), 0);
	cr_assert_lt(dir_remove(here, "link"), 0);
	cr_assert(is_there("d/a/b"));
}

Test(file, write_all_says_what_failed)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cr_assert_eq(write_all(fd, "x", 1), -ENOSPC);
	cr_assert_eq(write_all(fd, "", 0), 0);
	(void)close(fd);
	cr_assert_eq(write_all(-1, "x", 1), -EBADF);
}
