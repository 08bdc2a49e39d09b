/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ownership by scope: `_cleanup_free_ char *text = NULL;` is freed wherever the function returns;
 * `return steal_ptr(&text)` gives it away. Headers only, no code of its own to link.
 */
#ifndef STINT_BASE_CLEANUP_H
#define STINT_BASE_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

/* close() is never retried: on Linux the descriptor is gone even after EINTR. Keeps errno. */
static inline int close_fd(int fd)
{
	if (fd >= 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
	}
	return -EBADF;
}

static inline void cleanup_closep(int *fd)
{
	*fd = close_fd(*fd);
}

static inline void cleanup_fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
	*f = NULL;
}

#define _cleanup_free_ _cleanup_(cleanup_freep)
#define _cleanup_close_ _cleanup_(cleanup_closep)
#define _cleanup_fclose_ _cleanup_(cleanup_fclosep)

#define steal_ptr(pointer)                             \
	__extension__({                                \
		__typeof__(*(pointer)) stolen_ = *(pointer); \
		*(pointer) = NULL;                     \
		stolen_;                               \
	})

static inline int steal_fd(int *fd)
{
	int stolen = *fd;
	*fd = -EBADF;
	return stolen;
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
