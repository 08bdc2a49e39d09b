/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what is kept as it was written, seccomp and baseline, and checks its shape. */
#include "lib/profile/parse.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"
#include "lib/seccomp/filter.h"

static int take_object(struct reader *reader, const struct json *node, const char *file,
		       struct seccomp_setting *seccomp)
{
	struct reader inner = *reader;
	struct seccomp_filter filter;
	struct error err = {0};

	inner.file = file;
	if (seccomp_read(node, &filter, &err) < 0)
		return refuse(&inner, node, "%s", err.text);
	seccomp_close(&filter);
	*seccomp = (struct seccomp_setting){.kind = SECCOMP_OBJECT, .objects = {node}, .count = 1, .from = reader->from};
	return 0;
}

/* The document of a file stays loaded as long as the process, as the profile's own does. */
static int load_object(struct reader *reader, const struct json *node, struct seccomp_setting *seccomp)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct error err = {0};
	int r = document_open(node->text, false, &doc, NULL, &err);

	if (r < 0)
		return refuse(reader, node, "%s", err.text);
	r = take_object(reader, json_root(doc), node->text, seccomp);
	if (r < 0)
		return r;
	r = document_keep(doc, reader->err);
	if (r == 0)
		doc = NULL;
	return r;
}

int parse_seccomp(struct reader *reader, const struct json *node, struct seccomp_setting *seccomp)
{
	static const char *const names[] = {"default", "unconfined", "learned", NULL};
	static const enum seccomp_kind kinds[] = {SECCOMP_DEFAULT, SECCOMP_UNCONFINED, SECCOMP_LEARNED};
	int i;

	if (node->type == JSON_OBJECT)
		return take_object(reader, node, reader->file, seccomp);
	if (node->text[0] == '/')
		return load_object(reader, node, seccomp);
	if (strchr(node->text, '/'))
		return refuse(reader, node, "the path of a seccomp file must be absolute");
	i = read_choice(reader, node, "seccomp filter", names);
	if (i >= 0)
		*seccomp = (struct seccomp_setting){.kind = kinds[i], .from = reader->from};
	return i < 0 ? i : 0;
}

static int read_mode(struct reader *reader, const struct json *node, const struct key *key)
{
	static const char *const names[] = {"learn", "enforce", "off", NULL};
	int i = read_choice(reader, node, "mode", names);

	(void)key;
	return i < 0 ? i : 0;
}

int check_baseline(struct reader *reader, const struct json *node)
{
	static const struct key keys[] = {{.name = "mode", .types = TYPE(JSON_STRING), .read = read_mode}};

	return read_object(reader, node, keys, ARRAY_SIZE(keys));
}
