/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Appending to the journal, whole and once.
 *
 * Before a line is written its ledger says where ("begun": offset and inode); after, that it is
 * there ("written"). A writer that is killed in between leaves "begun", and whoever takes over looks
 * at that offset. All of it under the file's lock, so a line without an end is nobody's but a dead
 * writer's, or what a full disk left: the next one cuts it off.
 */
#include "lib/report/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"

enum {
	LOCK_TRIES = 1000, /* 5 s in all: a lock is held for microseconds */
	LOCK_WAIT_NS = 5 * 1000 * 1000,
	OPEN_TRIES = 8, /* a file may be rotated away while we wait for its lock */
	SEARCH_BYTES = 1 << 20,
	RETRY_DONE_MAX = 8,
	RETRY_LOOKED_AT_MAX = 256,
};

/* How every report begins. What a dead writer left begins so too; a last line that does not is
 * the operator's own and is left alone. */
static const char report_start[] = "{\"version\":";

/* Where a line goes. */
struct target {
	int dirfd;
	const char *name, *path; /* path: for messages */
	int flags;
	mode_t mode;
	bool regular_only;
};

int journal_dir_open(const struct host *host, int *ret_fd, struct error *err)
{
	return dir_open_private(host->log_dir, 0755, ret_fd, err);
}

static void short_pause(void)
{
	static const struct timespec pause = {.tv_nsec = LOCK_WAIT_NS};

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static int lock(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		short_pause();
	}
	return -EWOULDBLOCK;
}

/* Opens the target and, when it is a regular file, takes its lock: of the file that has the name
 * then. */
static int open_locked(const struct target *target, int *ret_fd, struct stat *ret_st, struct error *err)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		_cleanup_close_ int fd = openat(target->dirfd, target->name,
						O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
							target->flags, target->mode);
		struct stat named;
		int r;

		if (fd < 0 || fstat(fd, ret_st) < 0)
			return error_errno(err, errno, "open %s to append a report", target->path);
		if (!S_ISREG(ret_st->st_mode)) {
			*ret_fd = steal_fd(&fd);
			return 0;
		}
		r = lock(fd);
		if (r == -EWOULDBLOCK)
			return error_set(err, EWOULDBLOCK, "append a report to %s: another process has held its lock "
					 "for 5 seconds; the report is kept and will be appended later", target->path);
		if (r < 0)
			return error_errno(err, -r, "lock %s", target->path);
		if (fstat(fd, ret_st) == 0 && fstatat(target->dirfd, target->name, &named, 0) == 0 &&
		    named.st_ino == ret_st->st_ino && named.st_dev == ret_st->st_dev) {
			*ret_fd = steal_fd(&fd);
			return 0;
		}
	}
	return error_set(err, EAGAIN, "append a report to %s: the file is being replaced all the time", target->path);
}

/* 1: exactly `line` is at `offset`; 0: it is not. */
static int is_at(int fd, off_t offset, const char *line, size_t length)
{
	char part[1024];

	for (size_t done = 0; done < length;) {
		size_t want = length - done < sizeof part ? length - done : sizeof part;
		ssize_t n = pread(fd, part, want, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0 || memcmp(part, line + done, (size_t)n) != 0)
			return 0;
		done += (size_t)n;
	}
	return 1;
}

/* The file was replaced since "begun": the line went to the old one, to this one, or nowhere. Looks
 * for it in the last part of this one. 1, 0, -errno. */
static int is_in_tail(int fd, off_t size, const char *line, size_t length)
{
	enum { WINDOW = 2 * LEDGER_REPORT_MAX };
	_cleanup_free_ char *window = malloc(WINDOW);
	off_t at = size > SEARCH_BYTES ? size - SEARCH_BYTES : 0;

	if (!window)
		return -ENOMEM;
	while (at < size) {
		ssize_t n = pread(fd, window, WINDOW, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (memmem(window, (size_t)n, line, length))
			return 1;
		if (n < WINDOW)
			return 0;
		at += WINDOW - (off_t)(length - 1);
	}
	return 0;
}

/* Makes the file end with a newline: cuts off what a dead writer left of a report, ends what is not
 * ours. *ret_end: where the next line goes. */
static int mend_end(int fd, off_t size, off_t *ret_end)
{
	size_t window = size < LEDGER_REPORT_MAX ? (size_t)size : LEDGER_REPORT_MAX, length;
	_cleanup_free_ char *tail = malloc(window + 1);
	const char *newline, *last;
	ssize_t n;

	*ret_end = size;
	if (!tail)
		return -ENOMEM;
	if (size == 0)
		return 0;
	n = pread(fd, tail, window, size - (off_t)window);
	if (n != (ssize_t)window)
		return n < 0 ? -errno : -EIO;
	if (tail[window - 1] == '\n')
		return 0;
	newline = memrchr(tail, '\n', window);
	last = newline ? newline + 1 : tail;
	length = window - (size_t)(last - tail);
	if ((newline || (off_t)window == size) &&
	    memcmp(last, report_start,
		   length < sizeof report_start - 1 ? length : sizeof report_start - 1) == 0) {
		*ret_end = size - (off_t)length;
		return ftruncate(fd, *ret_end) < 0 ? -errno : 0;
	}
	*ret_end = size + 1;
	return write_all(fd, "\n", 1);
}

static int was_appended(int fd, const struct stat *st, const struct ledger_sink *sink, const char *line,
			size_t length)
{
	if (!atomic_load(&sink->begun))
		return 0;
	if ((uint64_t)st->st_ino == sink->inode)
		return is_at(fd, (off_t)sink->offset, line, length);
	return is_in_tail(fd, st->st_size, line, length);
}

static int append_locked(int fd, const struct stat *st, struct ledger_sink *sink, const char *line, size_t length)
{
	off_t end;
	int r = was_appended(fd, st, sink, line, length);

	if (r < 0)
		return r;
	if (r == 0) {
		r = mend_end(fd, st->st_size, &end);
		if (r < 0)
			return r;
		atomic_store(&sink->begun, 0);
		sink->offset = (uint64_t)end;
		sink->inode = (uint64_t)st->st_ino;
		atomic_store(&sink->begun, 1); /* in this order, whatever the compiler would like */
		r = write_all(fd, line, length);
		if (r < 0) {
			/* Should this fail, the next one who has the lock cuts it off. */
			int cut = ftruncate(fd, end);

			(void)cut;
			return r;
		}
	}
	atomic_store(&sink->written, 1);
	return 0;
}

/* A pipe, terminal or device: it cannot be looked at, so the line is written once, by whoever comes
 * first, and that is that. The caller ignores SIGPIPE. */
static int append_stream(const struct target *target, struct ledger_sink *sink, const char *line, size_t length)
{
	_cleanup_close_ int fd = openat(target->dirfd, target->name,
					O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | target->flags);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	for (int tries = 0; done < length;) {
		ssize_t n = write(fd, line + done, length - done);

		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno != EINTR && (errno != EAGAIN || ++tries > LOCK_TRIES))
			return -errno;
		short_pause();
	}
	atomic_store(&sink->written, 1);
	return 0;
}

static int append_to(const struct target *target, struct ledger_sink *sink, const char *line, size_t length,
		     struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	if (atomic_load(&sink->written))
		return 0;
	r = open_locked(target, &fd, &st, err);
	if (r < 0)
		return r;
	if (atomic_load(&sink->written))
		return 0; /* by another process while we waited */
	if (S_ISREG(st.st_mode)) {
		r = append_locked(fd, &st, sink, line, length);
	} else if (target->regular_only) {
		return error_set(err, EINVAL, "append a report to %s: it is no regular file; move it away",
				 target->path);
	} else {
		fd = close_fd(fd); /* or it would be its own reader */
		r = append_stream(target, sink, line, length);
	}
	if (r < 0)
		return error_errno(err, -r, "append a report to %s (it is kept and will be appended later)",
				   target->path);
	return 0;
}

static int append_to_journal(struct ledger *ledger, int log_dirfd, const char *line, size_t length,
			     struct error *err)
{
	const struct target target = {.dirfd = log_dirfd, .name = "reports.jsonl", .path = "reports.jsonl",
				      .flags = O_NOFOLLOW, .mode = 0640, .regular_only = true};

	if (!atomic_load(&ledger->sinks[SINK_JOURNAL].written) && log_dirfd < 0)
		return error_set(err, ENOENT, "append a report to reports.jsonl: there is no log directory");
	return append_to(&target, &ledger->sinks[SINK_JOURNAL], line, length, err);
}

static int append_to_file(struct ledger *ledger, const char *line, size_t length, struct error *err)
{
	const char *path = ledger->plan.report_file;
	const struct target target = {.dirfd = AT_FDCWD, .name = path, .path = path, .mode = 0644};

	if (strnlen(path, LEDGER_PATH_MAX) == LEDGER_PATH_MAX || (*path && *path != '/'))
		return error_set(err, EINVAL, "append a report to its --report file: the path is not absolute");
	return *path ? append_to(&target, &ledger->sinks[SINK_FILE], line, length, err) : 0;
}

int journal_append(struct ledger *ledger, int log_dirfd, struct error *err)
{
	uint32_t length = atomic_load(&ledger->report_length);
	int r, r_file;

	if (length == 0 || length > LEDGER_REPORT_MAX)
		return error_set(err, EINVAL, "append a report to the journal: it is not final");
	/* One that fails does not keep the other from being written. */
	r_file = append_to_file(ledger, ledger->report, length, err);
	r = append_to_journal(ledger, log_dirfd, ledger->report, length, r_file < 0 ? NULL : err);
	return r_file < 0 ? r_file : r;
}

bool journal_done(const struct ledger *ledger)
{
	return atomic_load(&ledger->report_length) != 0 && atomic_load(&ledger->sinks[SINK_JOURNAL].written) &&
	       (!ledger->plan.report_file[0] || atomic_load(&ledger->sinks[SINK_FILE].written));
}

/* Its own lock is held meanwhile, and the directory must still be the one that has the name: what
 * is removed is what was appended. 1 when it is done with. */
static int retry_one(int run_fd, const char *key, int log_dirfd)
{
	_cleanup_close_ int dirfd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	struct ledger *ledger = NULL;
	struct stat held, named;
	bool done;

	if (dirfd < 0 || ledger_open(dirfd, true, &ledger, &fd, NULL) < 0)
		return 0;
	done = !ledger_watched(fd) && ledger_lock(fd) == 0 && journal_append(ledger, log_dirfd, NULL) == 0 && journal_done(ledger);
	ledger_unmap(ledger);
	if (!done)
		return 0;
	if (fstat(dirfd, &held) == 0 && fstatat(run_fd, key, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_ino == named.st_ino && held.st_dev == named.st_dev)
		(void)dir_remove(run_fd, key);
	return 1;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

void journal_retry(int run_fd, int log_dirfd)
{
	int fd = openat(run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), done = 0;
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		(void)close_fd(fd);
		return;
	}
	for (int i = 0; i < RETRY_LOOKED_AT_MAX && done < RETRY_DONE_MAX;) {
		struct dirent *entry = readdir(dir);

		if (!entry)
			return;
		if (entry->d_name[0] == '.')
			continue;
		i++;
		done += retry_one(run_fd, entry->d_name, log_dirfd);
	}
}
