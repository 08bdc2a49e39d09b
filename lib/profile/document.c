/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents that profiles come from: who may have written them, and how long they live. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/profile/internal.h"

struct kept {
	struct kept *next;
	struct json_doc *doc;
};

/* With the interned texts: what profiles point into, and so what is never freed. */
static struct kept *kept_documents;

int document_keep(struct json_doc *doc, struct error *err)
{
	struct kept *kept = malloc(sizeof *kept);

	if (!kept)
		return error_set(err, ENOMEM, "keep a profile: out of memory");
	*kept = (struct kept){kept_documents, doc};
	kept_documents = kept;
	return 0;
}

static int check_owner(const struct stat *st, const char *path, struct error *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return error_set(err, EPERM,
				 "read %s: it is owned by user %u, and who owns it decides what root runs; "
				 "chown it to root", path, (unsigned)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, EPERM,
				 "read %s: others than its owner may write it (mode %04o), and who writes it "
				 "decides what root runs; chmod go-w it", path, (unsigned)st->st_mode & 07777);
	return 0;
}

/* Who may write the directory can put another file in the place of a good one. */
static int check_directory(const char *path, struct error *err)
{
	_cleanup_free_ char *directory = strdup(path);
	char *slash = directory ? strrchr(directory, '/') : NULL;
	struct stat st;

	if (!directory)
		return error_set(err, ENOMEM, "read %s: out of memory", path);
	if (!slash || slash == directory)
		return 0;
	*slash = '\0';
	if (stat(directory, &st) < 0)
		return error_errno(err, errno, "read %s", path);
	return check_owner(&st, directory, err);
}

int document_open(const char *path, bool trusted, struct json_doc **ret_doc, struct file_id *ret_id,
		  struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	struct stat st;
	int r = trusted ? check_directory(path, err) : 0;

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_errno(err, errno, "read %s", path);
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "read %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "read %s: it is no regular file", path);
	if (trusted)
		r = check_owner(&st, path, err);
	if (r == 0)
		r = file_read_fd(fd, path, JSON_LARGE_BYTES, &text, &length, err);
	if (r == 0)
		r = json_parse_large(path, text, length, ret_doc, err);
	if (r == 0 && ret_id)
		*ret_id = (struct file_id){st.st_dev, st.st_ino};
	return r;
}
