/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which image a root is of, by the directory in which the engine keeps the uppermost layer. An engine makes
 * that directory, names it, and lays it over one stack of others only; nothing in an image can say where it is.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/mountinfo.h"
#include "lib/plan/workload.h"

enum { LAYERS_MAX = 2 };

/* Paths as the mount's options have them. */
struct overlay {
	char lower[LAYERS_MAX][PATH_MAX], upper[PATH_MAX];
	int lowers;
};

static void take_path(const char *text, size_t length, char path[PATH_MAX])
{
	if (length < PATH_MAX) {
		(void)snprintf(path, PATH_MAX, "%.*s", (int)length, text);
		mountinfo_unescape(path);
	}
}

/* "lowerdir=A:B:C"; since Linux 6.8 also "lowerdir+=A,lowerdir+=B". */
static void take_lowers(const char *text, size_t length, struct overlay *overlay)
{
	while (length && overlay->lowers < LAYERS_MAX) {
		size_t one = strcspn(text, ":");

		if (one > length)
			one = length;
		take_path(text, one, overlay->lower[overlay->lowers++]);
		text += one + (one < length);
		length -= one + (one < length);
	}
}

static void read_options(const char *options, struct overlay *overlay)
{
	static const char lower[] = "lowerdir=", added[] = "lowerdir+=", upper[] = "upperdir=";

	while (*options) {
		size_t length = strcspn(options, ",");

		if (strncmp(options, lower, sizeof lower - 1) == 0)
			take_lowers(options + sizeof lower - 1, length - (sizeof lower - 1), overlay);
		else if (strncmp(options, added, sizeof added - 1) == 0)
			take_lowers(options + sizeof added - 1, length - (sizeof added - 1), overlay);
		else if (strncmp(options, upper, sizeof upper - 1) == 0)
			take_path(options + sizeof upper - 1, length - (sizeof upper - 1), overlay->upper);
		options += length + (options[length] == ',');
	}
}

struct search {
	const char *root;
	struct overlay overlay;
	bool found;
};

/* The last that is mounted there is the one that is seen. */
static void look(const struct mount *mount, void *data)
{
	struct search *search = data;

	if (strcmp(mount->point, search->root) != 0)
		return;
	search->overlay = (struct overlay){0};
	search->found = strcmp(mount->type, "overlay") == 0;
	if (search->found)
		read_options(mount->options, &search->overlay);
}

/* Engines shorten long options by mounting from their own directory, in which the container's is: DIR/ID/merged. */
static bool resolve(const char *path, const char *root, char real[PATH_MAX])
{
	char whole[2 * PATH_MAX + 8];

	if (!*path)
		return false;
	(void)snprintf(whole, sizeof whole, "%s%s%s", *path == '/' ? "" : root, *path == '/' ? "" : "/../../", path);
	return realpath(whole, real) != NULL;
}

/* Docker puts a layer of the container's own above the image: for DIR/ID/diff it is DIR/ID-init/diff. */
static bool is_containers_own(const char *lower, const char *upper)
{
	static const char tail[] = "-init/diff";
	const char *slash = strrchr(upper, '/');
	size_t length = slash ? (size_t)(slash - upper) : 0;

	return slash && strncmp(lower, upper, length) == 0 && strcmp(lower + length, tail) == 0;
}

const char *image_layer(const struct host *host, const char *root, char layer[PATH_MAX])
{
	struct search search = {.root = root};
	char upper[PATH_MAX], lower[PATH_MAX];
	const struct overlay *overlay = &search.overlay;
	int i = 0;

	if (mountinfo_each(host, look, &search, NULL) < 0 || !search.found || !resolve(overlay->lower[0], root, lower))
		return NULL;
	if (resolve(overlay->upper, root, upper) && is_containers_own(lower, upper))
		i = 1;
	if (!resolve(overlay->lower[i], root, lower))
		return NULL;
	(void)snprintf(layer, PATH_MAX, "%s", lower);
	return layer;
}
