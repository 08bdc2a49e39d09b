/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/equivalent.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/cleanup.h"

enum { FORMS_MAX = 8 };

/* A line is one need, in all its forms: with a descriptor of a directory, with flags, with 64 bits of time. */
static const char *const needs[][FORMS_MAX] = {
	{"accept", "accept4"},
	{"access", "faccessat", "faccessat2"},
	{"alarm", "setitimer"},
	{"chmod", "fchmodat", "fchmodat2"},
	{"chown", "lchown", "fchownat"},
	{"clock_gettime", "clock_gettime64", "gettimeofday", "time"},
	{"creat", "open", "openat", "openat2"},
	{"dup2", "dup3"},
	{"epoll_create", "epoll_create1"},
	{"epoll_wait", "epoll_pwait", "epoll_pwait2"},
	{"eventfd", "eventfd2"},
	{"fcntl", "fcntl64"},
	{"fork", "vfork", "clone", "clone3"},
	{"getdents", "getdents64"},
	{"getpgrp", "getpgid"},
	{"getrlimit", "ugetrlimit", "setrlimit", "prlimit64"},
	{"inotify_init", "inotify_init1"},
	{"link", "linkat"},
	{"lseek", "_llseek"},
	{"mkdir", "mkdirat"},
	{"mknod", "mknodat"},
	{"mmap", "mmap2"},
	{"nanosleep", "clock_nanosleep", "clock_nanosleep_time64"},
	{"pipe", "pipe2"},
	{"poll", "ppoll", "ppoll_time64"},
	{"pread64", "preadv", "preadv2"},
	{"pwrite64", "pwritev", "pwritev2"},
	{"readlink", "readlinkat"},
	{"recv", "recvfrom"},
	{"rename", "renameat", "renameat2"},
	{"rmdir", "unlinkat", "unlink"},
	{"select", "_newselect", "pselect6", "pselect6_time64"},
	{"send", "sendto"},
	{"signalfd", "signalfd4"},
	{"stat", "lstat", "fstat", "newfstatat", "fstatat64", "statx"},
	{"symlink", "symlinkat"},
	{"utime", "utimes", "futimesat", "utimensat"},
	{"wait4", "waitpid", "waitid"},
};

static const char *const *need_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		for (size_t k = 0; k < FORMS_MAX && needs[i][k]; k++)
			if (strcmp(needs[i][k], name) == 0)
				return needs[i];
	return NULL;
}

bool calls_equivalent(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (need_of(a) && need_of(a) == need_of(b));
}

static const struct {
	const char *newer, *older;
} newer_forms[] = {
	{"accept4", "accept"}, {"clone3", "clone"}, {"epoll_pwait2", "epoll_pwait"}, {"faccessat2", "faccessat"},
	{"fchmodat2", "fchmodat"}, {"openat2", "openat"}, {"pipe2", "pipe"}, {"preadv2", "preadv"}, {"pwritev2", "pwritev"},
	{"renameat2", "renameat"}, {"statx", "fstatat64"}, {"statx", "newfstatat"},
};

bool call_is_newer_form(const char *newer, const char *older)
{
	for (size_t i = 0; i < ARRAY_SIZE(newer_forms); i++)
		if (strcmp(newer_forms[i].newer, newer) == 0 && strcmp(newer_forms[i].older, older) == 0)
			return true;
	return false;
}

/* Those that wait for a time that began when they were called. (Others are made anew, or end with EINTR.) */
static const char *const restarted[] = {
	"clock_nanosleep", "clock_nanosleep_time64", "futex", "futex_time64", "nanosleep", "poll",
};

bool call_is_restarted(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(restarted); i++)
		if (strcmp(restarted[i], name) == 0)
			return true;
	return false;
}
