/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the store share. */
#ifndef STINT_RECORD_STORE_INTERNAL_H
#define STINT_RECORD_STORE_INTERNAL_H

#include <stdbool.h>

#include "lib/record/store.h"

/* The id's length in a run's name, or 0 when it is none. */
size_t run_id_length(const char *run);
/* In the order in which they began. */
int run_order(const char *a, const char *b);

/* STATE_DIR/recordings, or a workload's directory in it. -ENOENT, without error text, when it is not there and not to
 * be made. */
int store_open(const struct host *host, bool make, int *ret_fd, struct error *err);
int store_open_workload(const struct host *host, const char *workload, bool make, int *ret_fd, struct error *err);

/* The names of runs whose files are in a directory, in their order; or of the workloads. Others, which may be files
 * that are being written, are not looked at. -E2BIG: more than `max`. */
int list_runs(int dirfd, unsigned max, struct store_names *ret_names, struct error *err);
int list_workloads(int dirfd, struct store_names *ret_names, struct error *err);

enum { FILE_NAME_MAX = STORE_NAME_MAX + 8 };
void run_file_name(const char *run, char ret_name[FILE_NAME_MAX]);
/* The run that a file is of, or false. */
bool run_of_file(const char *name, char ret_run[STORE_NAME_MAX]);
/* `*left` is how many bytes may be read, and then how many more. */
int read_run_file(int dirfd, const char *name, size_t *left, struct recording *ret_recording, struct error *err);

#endif
