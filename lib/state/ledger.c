/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/state/ledger.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/base/cleanup.h"

static const char ledger_magic[8] = "stintLG";

static int map(int fd, bool writable, struct ledger **ret_ledger, struct error *err)
{
	void *at = mmap(NULL, sizeof(struct ledger), writable ? PROT_READ | PROT_WRITE : PROT_READ,
			MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return error_errno(err, errno, "map the ledger");
	*ret_ledger = at;
	return 0;
}

int ledger_make(int dirfd, struct ledger **ret_ledger, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, "ledger", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct ledger *ledger = NULL;
	int r;

	if (fd < 0)
		return error_errno(err, errno, "make the ledger in the state directory");
	r = posix_fallocate(fd, 0, sizeof(struct ledger));
	if (r != 0)
		return error_errno(err, r, "allocate the ledger in the state directory");
	r = map(fd, true, &ledger, err);
	if (r < 0)
		return r;
	memcpy(ledger->magic, ledger_magic, sizeof ledger_magic);
	ledger->version = LEDGER_VERSION;
	ledger->size = sizeof(struct ledger);
	for (int i = 0; i < 2; i++) {
		ledger->states[i].budget = -1;
		ledger->states[i].usage = cgroup_usage_unknown;
	}
	*ret_ledger = ledger;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int ledger_open(int dirfd, bool writable, struct ledger **ret_ledger, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, "ledger", (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC);
	struct ledger *ledger = NULL;
	struct stat st;
	int r;

	if (fd < 0)
		return error_errno(err, errno, "open the ledger");
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at the ledger");
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_size != (off_t)sizeof(struct ledger))
		return error_set(err, EINVAL, "open the ledger: it is not one of this version of stint");
	r = map(fd, writable, &ledger, err);
	if (r < 0)
		return r;
	if (memcmp(ledger->magic, ledger_magic, sizeof ledger_magic) != 0 ||
	    ledger->version != LEDGER_VERSION || ledger->size != sizeof(struct ledger)) {
		ledger_unmap(ledger);
		return error_set(err, EINVAL, "open the ledger: it is not one of this version of stint");
	}
	*ret_ledger = ledger;
	if (ret_fd)
		*ret_fd = steal_fd(&fd);
	return 0;
}

void ledger_unmap(struct ledger *ledger)
{
	if (ledger)
		(void)munmap(ledger, sizeof *ledger);
}

int ledger_lock(int fd)
{
	struct timespec moment = {.tv_nsec = 1000000};

	/* Who only asks (ledger_watched) holds it for a moment. */
	for (int tries = 0; tries < 20; tries++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
	}
	return -EWOULDBLOCK;
}

bool ledger_watched(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(fd, LOCK_UN);
	return false;
}

const struct ledger_state *ledger_current(const struct ledger *ledger)
{
	return &ledger->states[atomic_load_explicit(&ledger->current, memory_order_acquire) & 1];
}

void ledger_commit(struct ledger *ledger, const struct ledger_state *state)
{
	uint32_t next = (atomic_load_explicit(&ledger->current, memory_order_relaxed) & 1) ^ 1;

	ledger->states[next] = *state;
	atomic_store_explicit(&ledger->current, next, memory_order_release);
}

bool ledger_figures(const struct ledger *ledger, struct ledger_figures *ret_figures)
{
	uint32_t reads = atomic_load_explicit(&ledger->network.reads, memory_order_acquire);

	if (reads)
		*ret_figures = ledger->network.figures[reads & 1];
	return reads > 0;
}

void ledger_publish_figures(struct ledger *ledger, const struct ledger_figures *figures)
{
	uint32_t reads = atomic_load_explicit(&ledger->network.reads, memory_order_relaxed) + 1;

	ledger->network.figures[reads & 1] = *figures;
	atomic_store_explicit(&ledger->network.reads, reads, memory_order_release);
}

void ledger_warn(struct ledger_state *state, const char *format, ...)
{
	char text[LEDGER_TEXT_MAX];
	va_list args;
	int i;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (i = 0; i < LEDGER_WARNINGS_MAX && state->warnings[i][0]; i++)
		if (strcmp(state->warnings[i], text) == 0)
			return;
	if (i >= LEDGER_WARNINGS_MAX - 1)
		(void)snprintf(state->warnings[LEDGER_WARNINGS_MAX - 1], LEDGER_TEXT_MAX, "and more");
	else
		memcpy(state->warnings[i], text, sizeof text);
}
