/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings on disk: STATE_DIR/recordings/WORKLOAD/RUN.json, directories 0700 and files 0600, ours alone.
 *
 * WORKLOAD is the workload's key: an image's digest, or a fingerprint (lib/record/fingerprint.h). RUN is one run,
 * called "ID.START.RANDOM": the container's id, when it was begun (nanoseconds since 1970, 16 hex digits) and 8 hex
 * digits by chance. So the name alone says of which container it is and in which order runs began, and it is the same
 * run on every host: to merge two stores is to copy the runs that are not there yet.
 *
 * A run is written anew as it goes on, whole or not at all. What cannot be read is an error that names the file: a run
 * that is left out in silence would be a need that is forgotten. A file that goes away meanwhile was another's to take.
 *
 * Of each workload STORE_RUNS_KEPT runs are kept, and more where they are needed: the oldest are taken away, but none
 * that alone needs something, so that the union of what is kept stays the same. The estimate (lib/record/estimate.h)
 * stays a true one: it is that of the latest runs, and each older one that is kept counts as a surprise.
 */
#ifndef STINT_RECORD_STORE_H
#define STINT_RECORD_STORE_H

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/record/recording.h"

enum {
	STORE_NAME_MAX = 160, /* of a workload's key or a run, with the NUL */
	STORE_RUNS_KEPT = 200,
	STORE_RUNS_MAX = 1024,
	STORE_WORKLOADS_MAX = 4096,
	STORE_BYTES_MAX = 64 << 20, /* of one workload's runs */
};

/* -EINVAL: it begins with a letter, digit or "_", and goes on with these and ".", ":", "+", "-", without "..". */
int store_check_workload(const char *workload, struct error *err);
/* A name for a run that begins now. `id` must have passed container_id_check. -errno: no random numbers. */
int store_name_run(const struct host *host, const char *id, char ret_run[STORE_NAME_MAX], struct error *err);

/* Writes one run of `recording->workload`, in the place of what it was before. Durable when it returns. -E2BIG: the
 * workload has STORE_RUNS_MAX others; -EFBIG: it is too large to be read again. */
int store_write(const struct host *host, const char *run, const struct recording *recording, struct error *err);
/* Takes away what is more than is kept; for when a run has ended. */
int store_trim(const struct host *host, const char *workload, struct error *err);

struct stored_run {
	char name[STORE_NAME_MAX];
	struct recording recording;
};
struct stored_runs {
	struct stored_run *list;	     /* in the order in which they began */
	const struct recording **recordings; /* the same, as recording_union and estimate take them */
	unsigned count;
};
/* All runs of a workload; none when there is no such. To be closed. */
int store_read(const struct host *host, const char *workload, struct stored_runs *ret_runs, struct error *err);
void stored_runs_close(struct stored_runs *runs);
#define _cleanup_stored_runs_ _cleanup_(stored_runs_close)

int store_read_run(const struct host *host, const char *workload, const char *run, struct recording *ret_recording,
		   struct error *err);

/* Begins as {0}. To be closed. */
struct store_names {
	char (*list)[STORE_NAME_MAX];
	unsigned count;
};
void store_names_close(struct store_names *names);
#define _cleanup_store_names_ _cleanup_(store_names_close)
/* All workloads by their keys, sorted. */
int store_workloads(const struct host *host, struct store_names *ret_names, struct error *err);

/* The newest run of a container, of whatever workload. -ENOENT: none. */
int store_find_run(const struct host *host, const char *id, char ret_workload[STORE_NAME_MAX],
		   char ret_run[STORE_NAME_MAX], struct error *err);
/* The workload with that key, or the only one whose key begins so, or does after "sha256:". -ENOENT: none; -ENOTUNIQ:
 * several. */
int store_find_workload(const struct host *host, const char *text, char ret_workload[STORE_NAME_MAX],
			struct error *err);

/* Copies the runs that are not here yet from RUN.json, a directory of such, or one of such directories, as it lies in
 * another host's STATE_DIR/recordings or below it. The workload is what each says of itself. On failure those before
 * are here. */
int store_import(const struct host *host, const char *path, unsigned *ret_copied, unsigned *ret_there,
		 struct error *err);

#endif
