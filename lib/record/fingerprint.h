/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which workload it is, where no image's digest says so: an identity by content, the same on every host that runs the
 * same files.
 *
 * SHA-256 over what tells one image from another and is read in milliseconds: the distribution (os-release), its
 * database of packages (dpkg's, apk's, rpm's), the program by its content, and its name. What else lies in a root, data
 * and settings, is not looked at: a workload stays itself when they change. A new version of a package is another
 * workload.
 *
 * The root may be anyone's: paths stay within it, only regular files are opened, and of each only the beginning is
 * read, and its size. That tells where it is less than all: a program's build-id comes first, and the change counter of
 * SQLite, in which rpm keeps packages; a list of packages of 4 MiB is of thousands.
 */
#ifndef STINT_RECORD_FINGERPRINT_H
#define STINT_RECORD_FINGERPRINT_H

#include "lib/base/error.h"

enum {
	FINGERPRINT_MAX = 72,		   /* with the NUL */
	FINGERPRINT_PROGRAM_MAX = 1 << 20, /* bytes of the program: 4 ms */
	FINGERPRINT_FILE_MAX = 4 << 20,	   /* of each other file */
};

/*
 * "sha256:" and 64 hex digits, which is a workload's key in the store too. `program` is args[0], looked for as execvp
 * does: `path` is PATH ("a:b", NULL: the usual directories), `cwd` the process's working directory in the root (NULL:
 * "/"). A program that is not found, and any other part that is not there, is left out. -errno when what is there
 * cannot be read.
 */
int workload_fingerprint(int root_fd, const char *program, const char *path, const char *cwd,
			 char ret_fingerprint[FINGERPRINT_MAX], struct error *err);

#endif
