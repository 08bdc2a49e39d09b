/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * containerd's runtime handlers, as they are written: one marked block at the end of one file, and one marked line for
 * the default.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/install/containerd_dump.h"
#include "lib/install/marked.h"

static const char annotations[] = "io.stint.*";

/* What Go has anyway where nothing is said, but for the options of handlers: the dump shows those that are said. */
static bool is_unset(const char *value, size_t length)
{
	static const char *const unset[] = {"\"\"", "''", "0", "false", "[]"};

	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		if (strlen(unset[i]) == length && strncmp(value, unset[i], length) == 0)
			return true;
	return false;
}

/* What stint's handler says itself. */
static bool is_own(const char *key)
{
	return strcmp(key, "options.BinaryName") == 0 || strcmp(key, "pod_annotations") == 0 ||
	       strcmp(key, "container_annotations") == 0;
}

/* The handler's keys in the dump: its own, or those of its options. */
static void put_keys(FILE *out, const struct toml *dump, const char *handler, bool options, bool for_stint)
{
	static const char below[] = "options.";

	for (size_t i = 0; i < dump->count; i++) {
		const struct toml_item *item = &dump->items[i];
		const char *key = item->path + strlen(handler) + 1;
		bool is_option;

		if (item->kind != TOML_PAIR || !toml_below(item->path, handler) || (for_stint && is_own(key)))
			continue;
		is_option = strncmp(key, below, strlen(below)) == 0;
		if (is_option != options ||
		    ((!options || for_stint) && is_unset(dump->text + item->value, item->value_end - item->value)))
			continue;
		fprintf(out, "%s = %.*s\n", key + (options ? strlen(below) : 0), (int)(item->value_end - item->value),
			dump->text + item->value);
	}
}

/* The template's list, and ours behind it. */
static int put_annotations(FILE *out, const struct toml *dump, const char *handler, const char *key, struct error *err)
{
	_cleanup_(toml_strings_freep) char **there = NULL;
	const struct toml_item *pair;
	char path[TOML_PATH_SIZE];
	bool ours = false;

	(void)snprintf(path, sizeof path, "%.400s.%s", handler, key);
	pair = toml_find(dump, TOML_PAIR, path);
	there = toml_strings(dump, pair);
	if (pair && !there)
		return error_set(err, EINVAL, "read containerd's dump: %s is no list of plain strings", path);
	fprintf(out, "%s = [", key);
	for (size_t i = 0; there && there[i]; i++) {
		_cleanup_free_ char *quoted = toml_quote(there[i]);

		if (!quoted)
			return error_set(err, EINVAL, "read containerd's dump: %s has what cannot be written again",
					 path);
		ours = ours || strcmp(there[i], annotations) == 0;
		fprintf(out, "%s, ", quoted);
	}
	if (!ours)
		fprintf(out, "\"%s\"", annotations);
	fputs("]\n", out);
	return 0;
}

struct block {
	FILE *out;
	const struct containerd_request *request;
	const char *plugin, *dump_plugin; /* as the file names it, and as the dump does */
	const struct toml *file;	  /* that the block is written to */
};

/* Handlers that naming stint's alone would take out of force. */
static void put_others(const struct block *block)
{
	const struct toml *dump = block->request->dump;
	char name[TOML_PATH_SIZE], last[TOML_PATH_SIZE] = "", path[TOML_PATH_SIZE], target[TOML_PATH_SIZE];

	for (size_t i = 0; i < dump->count; i++) {
		if (!containerd_handler_of(&dump->items[i], block->dump_plugin, name) || strcmp(name, last) == 0 ||
		    strcmp(name, STINT_HANDLER) == 0)
			continue;
		(void)snprintf(last, sizeof last, "%s", name);
		containerd_handler_path(block->dump_plugin, name, path);
		containerd_handler_path(block->plugin, name, target);
		if (toml_has(block->file, target) || (block->request->root && toml_has(block->request->root, target)))
			continue;
		fprintf(block->out, "[%s]\n", target);
		put_keys(block->out, dump, path, false, false);
		fprintf(block->out, "[%s.options]\n", target);
		put_keys(block->out, dump, path, true, false);
	}
}

static int put_stint(const struct block *block, const char *quoted, struct error *err)
{
	const struct toml *dump = block->request->dump;
	char template[TOML_PATH_SIZE], path[TOML_PATH_SIZE], target[TOML_PATH_SIZE];
	int r = containerd_template(block->request, block->dump_plugin, template, err);

	if (r < 0)
		return r;
	containerd_handler_path(block->dump_plugin, template, path);
	containerd_handler_path(block->plugin, STINT_HANDLER, target);
	fprintf(block->out, "[%s]\n", target);
	put_keys(block->out, dump, path, false, true);
	r = put_annotations(block->out, dump, path, "pod_annotations", err);
	if (r == 0)
		r = put_annotations(block->out, dump, path, "container_annotations", err);
	fprintf(block->out, "[%s.options]\nBinaryName = %s\n", target, quoted);
	put_keys(block->out, dump, path, true, true);
	return r;
}

/* The default handler, where the file says it, or below the header of its table; else the block has both. Returns how
 * much of the text is written. */
static size_t put_default(const struct block *block)
{
	const char *text = block->file->text;
	char key[TOML_PATH_SIZE], path[TOML_PATH_SIZE];
	const struct toml_item *pair, *table;
	size_t at;

	containerd_path(block->plugin, CONTAINERD_DEFAULT, key);
	containerd_path(block->plugin, "", path);
	pair = toml_find(block->file, TOML_PAIR, key);
	table = toml_find(block->file, TOML_TABLE, path);
	if (pair) {
		size_t assign = pair->value - pair->start; /* the key as it is written, up to its value */

		at = pair->end;
		fprintf(block->out, "%.*s%s%.*s%s%s\n%.*s\"%s\"\n%s\n", (int)pair->start, text, MARK_WAS,
			(int)(pair->end - pair->start), text + pair->start, text[pair->end - 1] == '\n' ? "" : "\n",
			MARK_BEGIN, (int)assign, text + pair->start, STINT_HANDLER, MARK_END);
		return at;
	}
	if (!table)
		return 0;
	at = table->end;
	fprintf(block->out, "%.*s%s%s\ndefault_runtime_name = \"%s\"\n%s\n", (int)at, text,
		text[at - 1] == '\n' ? "" : "\n", MARK_BEGIN, STINT_HANDLER, MARK_END);
	return at;
}

static int put_all(const struct block *block, const char *text, struct error *err)
{
	_cleanup_free_ char *quoted = toml_quote(block->request->runtime);
	char path[TOML_PATH_SIZE];
	size_t at = 0, length = strlen(text);
	int r;

	if (!quoted)
		return error_set(err, EINVAL,
				 "name %s in containerd's configuration: it has characters that cannot stand there",
				 block->request->runtime);
	containerd_path(block->plugin, "", path);
	if (block->request->as_default)
		at = put_default(block);
	fputs(text + at, block->out);
	if (length > at && text[length - 1] != '\n')
		fputc('\n', block->out);
	fprintf(block->out, "%s\n", MARK_BEGIN);
	if (block->request->as_default && at == 0)
		fprintf(block->out, "[%s]\ndefault_runtime_name = \"%s\"\n", path, STINT_HANDLER);
	put_others(block);
	r = put_stint(block, quoted, err);
	fprintf(block->out, "%s\n", MARK_END);
	return r;
}

/* A header can be put behind what is there, unless something above it is written as a value. */
static int check_file(const char *name, const struct toml *file, const char *plugin, struct error *err)
{
	char handler[TOML_PATH_SIZE];

	containerd_handler_path(plugin, STINT_HANDLER, handler);
	for (size_t i = 0; i < file->count; i++) {
		const struct toml_item *item = &file->items[i];

		if (item->kind != TOML_TABLE && toml_below(handler, item->path))
			return error_set(err, EINVAL,
					 "edit %s, line %u: %s is written as a value, and nothing can be added to it; "
					 "write it as [%s]",
					 name, item->line, item->path, item->path);
		if (toml_below(item->path, handler))
			return error_set(err, EEXIST,
					 "edit %s, line %u: there is a handler \"%s\" that stint install did not "
					 "write; rename it or take it out first",
					 name, item->line, STINT_HANDLER);
	}
	return 0;
}

/* A default that is written over several lines cannot be put out of force by a mark. */
static int check_default(const char *name, const struct toml *file, const char *plugin, struct error *err)
{
	char path[TOML_PATH_SIZE];
	const struct toml_item *pair;

	containerd_path(plugin, CONTAINERD_DEFAULT, path);
	pair = toml_find(file, TOML_PAIR, path);
	if (!pair || !memchr(file->text + pair->value, '\n', pair->value_end - pair->value))
		return 0;
	return error_set(err, EINVAL, "edit %s, line %u: default_runtime_name goes over several lines; write it in one",
			 name, pair->line);
}

int containerd_edit(const char *name, const char *text, const struct containerd_request *request, char **ret_text,
		    struct error *err)
{
	_cleanup_toml_ struct toml *file = NULL;
	struct block block = {.request = request,
			      .plugin = containerd_plugin(request->version),
			      .dump_plugin = containerd_dump_plugin(request->dump)};
	char first[64], *edited = NULL;
	size_t length;
	int r;

	if (!block.plugin)
		return error_set(err, EINVAL, "edit %s: its version is %" PRId64 ", and versions 1 to %d are known",
				 name, request->version, CONTAINERD_VERSION_MAX);
	if (!block.dump_plugin)
		return error_set(err, ENOENT,
				 "edit %s: containerd has no runtime handlers; is its plugin for Kubernetes (CRI) "
				 "built in? Without it use ctr run --runc-binary",
				 name);
	(void)snprintf(first, sizeof first, "version = %" PRId64 "\n", request->version);
	text = text ? text : first;
	r = toml_parse(name, text, strlen(text), &file, err);
	if (r == 0)
		r = check_file(name, file, block.plugin, err);
	if (r == 0 && request->as_default)
		r = check_default(name, file, block.plugin, err);
	if (r < 0)
		return r;
	block.file = file;
	block.out = open_memstream(&edited, &length);
	if (!block.out)
		return error_set(err, ENOMEM, "edit %s: out of memory", name);
	r = put_all(&block, text, err);
	if (fclose(block.out) != 0 && r == 0)
		r = error_set(err, ENOMEM, "edit %s: out of memory", name);
	if (r < 0) {
		free(edited);
		return r;
	}
	*ret_text = edited;
	return 0;
}
