/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share: documents from files, names, and comparing of nodes. */
#ifndef STINT_PROFILE_INTERNAL_H
#define STINT_PROFILE_INTERNAL_H

#include <sys/types.h>

#include "lib/profile/profile.h"

/* Which file it was, whatever name it was reached by. */
struct file_id {
	dev_t device;
	ino_t inode;
};

/* Reads a JSON file: a regular one of at most JSON_LARGE_BYTES. `trusted`: it and its directory must
 * be owned by root or our effective user and be writable by nobody else (-EPERM). A file that is not
 * there is -ENOENT. `ret_id` may be NULL. */
int document_open(const char *path, bool trusted, struct json_doc **ret_doc, struct file_id *ret_id,
		  struct error *err);
/* Takes `doc`, which then lives as long as the process: profiles point into it. On failure it stays
 * the caller's. */
int document_keep(struct json_doc *doc, struct error *err);

/* The names in both lists ("a, b"), sorted, each once. NULL without memory. */
const char *intern_both(const char *a, const char *b);

/* The kernel refuses a pids.max above it (PID_MAX_LIMIT). */
enum { PIDS_LIMIT_MAX = 4 << 20 };
/* What a CPU quota is of when no period is said, in the kernel and in OCI. */
enum { CPU_PERIOD_DEFAULT_US = 100000 };

/* Bytes a second that still pass when a throttled budget of the network is spent and nobody said how many: enough for a shell,
 * too little for a copy. */
enum { NETWORK_THROTTLE_DEFAULT = 64 << 10 };

/* Two sets of nodes, each in the order of their text, as one. Returns how many, or -E2BIG. */
int nodes_union(const struct json *const *a, unsigned count_a, const struct json *const *b, unsigned count_b,
		const struct json **ret, unsigned max);

/* [A-Za-z0-9][A-Za-z0-9_.-]*, at most 64 bytes. */
enum { PROFILE_NAME_MAX = 64 };
bool profile_name_valid(const char *name);

#endif
