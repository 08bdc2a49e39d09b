/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two of containerd's dumps, before and after: nothing may differ but what is stint's. */
#include <string.h>

#include "lib/install/edits.h"

/* What may differ. The dump's imports are the files that were read. */
static bool may_differ(const char *path, const char *plugin, bool as_default)
{
	char handler[TOML_PATH_SIZE], fallback[TOML_PATH_SIZE];

	containerd_path(plugin, ".runtimes." STINT_HANDLER, handler);
	containerd_path(plugin, CONTAINERD_DEFAULT, fallback);
	return strcmp(path, "imports") == 0 || toml_below(path, handler) || (as_default && strcmp(path, fallback) == 0);
}

static bool same_value(const struct toml *a, const struct toml_item *x, const struct toml *b, const struct toml_item *y)
{
	size_t length = x->value_end - x->value;

	return y && y->value_end - y->value == length && memcmp(a->text + x->value, b->text + y->value, length) == 0;
}

/* Every pair of `a` is in `b`. */
static int compare(const struct toml *a, const struct toml *b, const char *plugin, bool as_default, const char *what,
		   struct error *err)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct toml_item *item = &a->items[i];

		if (item->kind != TOML_PAIR || may_differ(item->path, plugin, as_default) ||
		    same_value(a, item, b, toml_find(b, TOML_PAIR, item->path)))
			continue;
		return error_set(err, EINVAL, "compare containerd's configuration before and after: %s would %s",
				 item->path, what);
	}
	return 0;
}

int containerd_same(const struct toml *before, const struct toml *after, bool as_default, struct error *err)
{
	const char *plugin = containerd_dump_plugin(before);
	int r;

	if (!plugin)
		return error_set(err, EINVAL,
				 "compare containerd's configuration before and after: it had no handlers");
	r = compare(before, after, plugin, as_default, "be lost or changed", err);
	return r < 0 ? r : compare(after, before, plugin, as_default, "be new", err);
}

bool containerd_has(const struct toml *dump, const char *runtime, bool as_default)
{
	const char *plugin = containerd_dump_plugin(dump);
	_cleanup_free_ char *binary = NULL, *fallback = NULL;
	char path[TOML_PATH_SIZE];

	if (!plugin)
		return false;
	containerd_path(plugin, ".runtimes." STINT_HANDLER ".options.BinaryName", path);
	binary = toml_string(dump, toml_find(dump, TOML_PAIR, path));
	containerd_path(plugin, CONTAINERD_DEFAULT, path);
	fallback = toml_string(dump, toml_find(dump, TOML_PAIR, path));
	return binary && strcmp(binary, runtime) == 0 &&
	       (!as_default || (fallback && strcmp(fallback, STINT_HANDLER) == 0));
}
