/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the store: lists of names, and the one that is meant. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/store_internal.h"

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static bool is_workload(const char *name, char ret_workload[STORE_NAME_MAX])
{
	if (store_check_workload(name, NULL) < 0)
		return false;
	memcpy(ret_workload, name, strlen(name) + 1);
	return true;
}

static int order_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int order_runs(const void *a, const void *b)
{
	return run_order(a, b);
}

/* `take` makes of an entry's name what is listed, or says that it is none. */
static int list_names(int dirfd, bool (*take)(const char *entry, char ret_name[STORE_NAME_MAX]),
		      int (*order)(const void *, const void *), unsigned max, struct store_names *ret_names,
		      struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	_cleanup_free_ char(*list)[STORE_NAME_MAX] = calloc(max + 1, sizeof *list);
	unsigned count = 0;

	if (!dir)
		return error_errno(err, errno, "list recordings");
	(void)steal_fd(&fd); /* the stream's now */
	if (!list)
		return error_set(err, ENOMEM, "list recordings: out of memory");
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!take(entry->d_name, list[count]))
			continue;
		if (++count > max)
			return error_set(err, E2BIG, "there are more than %u, the most that are kept", max);
	}
	qsort(list, count, sizeof *list, order);
	*ret_names = (struct store_names){steal_ptr(&list), count};
	return 0;
}

void store_names_close(struct store_names *names)
{
	free(names->list);
	*names = (struct store_names){0};
}

int list_runs(int dirfd, unsigned max, struct store_names *ret_names, struct error *err)
{
	return list_names(dirfd, run_of_file, order_runs, max, ret_names, err);
}

int list_workloads(int dirfd, struct store_names *ret_names, struct error *err)
{
	return list_names(dirfd, is_workload, order_names, STORE_WORKLOADS_MAX, ret_names, err);
}

int store_workloads(const struct host *host, struct store_names *ret_names, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	int r = store_open(host, false, &dirfd, err);

	if (r == -ENOENT) {
		*ret_names = (struct store_names){0};
		return 0;
	}
	return r < 0 ? r : list_workloads(dirfd, ret_names, err);
}

/* The newest of a container's runs in one workload becomes *best when it is newer than that. */
static int find_in_workload(const struct host *host, const char *workload, const char *id, char best[STORE_NAME_MAX],
			    bool *ret_better, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	_cleanup_store_names_ struct store_names runs = {0};
	int r = store_open_workload(host, workload, false, &dirfd, err);

	*ret_better = false;
	if (r == 0)
		r = list_runs(dirfd, STORE_RUNS_MAX, &runs, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (unsigned i = 0; i < runs.count; i++) {
		size_t length = run_id_length(runs.list[i]);

		if (strlen(id) != length || strncmp(runs.list[i], id, length) != 0 ||
		    (*best && run_order(runs.list[i], best) < 0))
			continue;
		memcpy(best, runs.list[i], STORE_NAME_MAX);
		*ret_better = true;
	}
	return 0;
}

int store_find_run(const struct host *host, const char *id, char ret_workload[STORE_NAME_MAX],
		   char ret_run[STORE_NAME_MAX], struct error *err)
{
	char best[STORE_NAME_MAX] = "";
	const char *workload = NULL;
	_cleanup_store_names_ struct store_names names = {0};
	int r = store_workloads(host, &names, err);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < names.count; i++) {
		bool better;

		r = find_in_workload(host, names.list[i], id, best, &better, err);
		if (r < 0)
			return error_prefix(err, "look for recordings of %.128s", id);
		if (better)
			workload = names.list[i];
	}
	if (!workload)
		return error_set(err, ENOENT, "there is no recording of a container %.128s", id);
	memcpy(ret_workload, workload, STORE_NAME_MAX);
	memcpy(ret_run, best, STORE_NAME_MAX);
	return 0;
}

static bool begins(const char *workload, const char *text)
{
	static const char sum[] = "sha256:";
	bool summed = strncmp(workload, sum, strlen(sum)) == 0;

	return strncmp(workload, text, strlen(text)) == 0 ||
	       (summed && strncmp(workload + strlen(sum), text, strlen(text)) == 0);
}

int store_find_workload(const struct host *host, const char *text, char ret_workload[STORE_NAME_MAX], struct error *err)
{
	const char *found = NULL, *second = NULL;
	_cleanup_store_names_ struct store_names names = {0};
	int r = store_workloads(host, &names, err);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < names.count; i++) {
		if (strcmp(names.list[i], text) == 0) {
			found = names.list[i];
			second = NULL;
			break;
		}
		if (!*text || !begins(names.list[i], text))
			continue;
		second = found;
		found = names.list[i];
	}
	if (!found)
		return error_set(err, ENOENT, "there are no recordings of a workload %.160s", text);
	if (second)
		return error_set(err, ENOTUNIQ, "\"%.160s\" may be %s or %s: give more of it", text, second, found);
	memcpy(ret_workload, found, STORE_NAME_MAX);
	return 0;
}
