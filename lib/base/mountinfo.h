/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted where, from /proc/self/mountinfo (proc(5)). */
#ifndef STINT_BASE_MOUNTINFO_H
#define STINT_BASE_MOUNTINFO_H

#include "lib/base/error.h"
#include "lib/base/host.h"

struct mount {
	const char *device;  /* "8:1" */
	const char *root;    /* which directory of the filesystem */
	const char *point;   /* where it is mounted, without mountinfo's escapes */
	const char *type;    /* of the filesystem */
	const char *options; /* the filesystem's own ones, as they are there */
};

/* Calls `each` for every mount, in the order of mounting. Lines that are none are left out. */
int mountinfo_each(const struct host *host, void (*each)(const struct mount *mount, void *data), void *data,
		   struct error *err);
/* Undoes \040 and the like, in place. */
void mountinfo_unescape(char *text);

#endif
