/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the engines' configuration is: what stint install writes to and stint doctor reads. */
#ifndef STINT_CLI_ENGINE_FILES_H
#define STINT_CLI_ENGINE_FILES_H

#include "lib/base/host.h"
#include "lib/doctor/settings.h"

enum { ENGINE_PATTERNS_MAX = 3, ENGINE_FILE_MAX = 1 << 20 /* bytes */ };

/* Paths are below the root of the host; a pattern is one of glob(7). */
struct engine_files {
	const char *name, *program;
	const char *config;			   /* the one file, or the first, that says what is in force */
	const char *read[ENGINE_PATTERNS_MAX + 1]; /* all that it reads, later ones above earlier ones */
	const char *drop_in;			   /* of stint's; NULL: config itself is edited */
	const struct engine_keys *keys;		   /* NULL: Docker's form */
	const char *hooks_dir;			   /* where nobody says another; NULL: it reads no hooks */
};
extern const struct engine_files docker_files, containerd_files, podman_files, crio_files;

/* A path of the table, below the root. */
void engine_path(const struct host *host, const char *path, char ret_path[PATH_MAX]);

/* Calls `take` with each file that the pattern matches, in the order of their names; what it returns below zero ends it
 * and is given back. What cannot be listed is as if it were not there. */
int engine_files_each(const char *pattern, int (*take)(void *data, const char *path, struct error *err), void *data,
		      struct error *err);

/* The pattern that an import of containerd's is: relative to the file that has it, or as it stands. */
void engine_import(const struct host *host, const char *import, char ret_pattern[PATH_MAX]);

#endif
