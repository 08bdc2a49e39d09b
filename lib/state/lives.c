/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/state/lives.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/json.h"

bool life_is_kept(const char *id)
{
	enum { MADE_UP = 64 };

	return strlen(id) == MADE_UP && strspn(id, "0123456789abcdef") == MADE_UP;
}

int lives_open(const struct host *host, const char *key, int *ret_fd, struct error *err)
{
	_cleanup_close_ int top = -1;
	char path[PATH_MAX + 8], part[3];
	int r;

	(void)snprintf(path, sizeof path, "%s/lives", host->state_dir);
	(void)snprintf(part, sizeof part, "%s", key);
	r = dir_open_private(path, 0700, &top, err);
	return r < 0 ? r : dir_make_private(top, part, 0700, false, ret_fd, err);
}

static int take(const struct json *object, const char *key, uint64_t *ret_value, struct error *err)
{
	const struct json *node = json_get(object, key);

	return node ? json_uint64(node, ret_value, err) : 0;
}

static int parse(const char *text, size_t length, struct life *ret_life, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct life life = {0};
	int r = json_parse("what earlier lives of the container used", text, length, &doc, err);

	if (r == 0)
		r = take(json_root(doc), "runs", &life.runs, err);
	if (r == 0)
		r = take(json_root(doc), "endedNs", &life.ended_real_ns, err);
	for (int b = 0; b < BUDGET_COUNT && r == 0; b++)
		r = take(json_get(json_root(doc), "used"), budget_kinds[b].name, &life.used[b], err);
	if (r == 0)
		*ret_life = life;
	return r;
}

int life_read(int lives_fd, const char *key, struct life *ret_life, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(lives_fd, key, 65536, &text, &length, err);

	if (r == -ENOENT) {
		*ret_life = (struct life){0};
		return 0;
	}
	return r < 0 ? r : parse(text, length, ret_life, err);
}

int life_write(int lives_fd, const char *key, const struct life *life, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *root, *used;
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	root = json_root(doc);
	used = json_new(doc, JSON_OBJECT);
	if (json_set(doc, root, "runs", json_new_uint64(doc, life->runs)) < 0 ||
	    json_set(doc, root, "endedNs", json_new_uint64(doc, life->ended_real_ns)) < 0 ||
	    json_set(doc, root, "used", used) < 0)
		r = -ENOMEM;
	for (int b = 0; b < BUDGET_COUNT && r == 0; b++)
		if (life->used[b])
			r = json_set(doc, used, budget_kinds[b].name, json_new_uint64(doc, life->used[b]));
	if (r < 0)
		return error_set(err, -r, "keep what the container used: out of memory");
	r = json_write(root, false, &text, &length, err);
	return r < 0 ? r : file_write_atomic(lives_fd, key, text, length, 0600, false, err);
}

void lives_expire(int lives_fd, uint64_t now_real_ns)
{
	enum { LOOKED_AT_MAX = 100000 };
	static const uint64_t kept_s = LIVES_KEPT_DAYS * 86400u;
	int fd = openat(lives_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	for (int i = 0; dir && i < LOOKED_AT_MAX && (entry = readdir(dir)); i++)
		if (entry->d_name[0] != '.' && fstatat(lives_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (uint64_t)st.st_mtime + kept_s < now_real_ns / 1000000000u)
			(void)unlinkat(lives_fd, entry->d_name, 0);
	if (dir)
		(void)closedir(dir);
	else
		(void)close_fd(fd);
}
