/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads a profile with all it extends: depth first, without recursion, each file once. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/compose.h"
#include "lib/profile/internal.h"
#include "lib/profile/select.h"

enum { DEPTH_MAX = 16, FILES_MAX = 64, DIRECTORIES = 3, NAMES_MAX = 256 };

struct frame {
	struct file_id id;
	const char *name;
	const struct json *next; /* of what it extends */
};

struct load {
	char directories[DIRECTORIES][PATH_MAX + 16]; /* where names are looked up, in this order */
	struct frame stack[DEPTH_MAX];
	unsigned depth;
	struct file_id seen[FILES_MAX];
	unsigned seen_count;
	struct profile result;
};

static bool same_file(const struct file_id *a, const struct file_id *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static void read_names(const char *directory, char *names[NAMES_MAX + 1], unsigned *count)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && *count < NAMES_MAX && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot && strcmp(dot, ".json") == 0 &&
		    (names[*count] = strndup(entry->d_name, (size_t)(dot - entry->d_name))))
			++*count;
	}
	if (dir)
		(void)closedir(dir);
}

static int not_found(const struct load *load, const char *name, struct error *err)
{
	char *names[NAMES_MAX + 1] = {NULL}, suggestion[128] = "";
	const char *nearest;
	unsigned count = 0;
	bool prefixed = strcmp(load->directories[1], load->directories[2]) != 0;

	for (int i = 0; i < DIRECTORIES; i++)
		read_names(load->directories[i], names, &count);
	nearest = nearest_name(name, (const char *const *)names);
	if (nearest)
		(void)snprintf(suggestion, sizeof suggestion, "; did you mean \"%.64s\"?", nearest);
	for (unsigned i = 0; i < count; i++)
		free(names[i]);
	return error_set(err, ENOENT, "load the profile %s: there is no %s.json in %.250s, %.250s%s%.250s%s",
			 name, name, load->directories[0], load->directories[1], prefixed ? ", " : "",
			 prefixed ? load->directories[2] : "", suggestion);
}

/* Finds and reads a profile's file. `path` is where it was. */
static int open_profile(const struct load *load, const char *name, char path[PATH_MAX * 2],
			struct json_doc **ret_doc, struct file_id *ret_id, struct error *err)
{
	if (strchr(name, '/')) {
		if (snprintf(path, PATH_MAX * 2, "%s", name) >= PATH_MAX)
			return error_set(err, ENAMETOOLONG, "load the profile %.100s…: its path is too long", name);
		return document_open(path, false, ret_doc, ret_id, err);
	}
	if (!profile_name_valid(name))
		return error_set(err, EINVAL, "load the profile \"%.64s\": a name has letters, digits and \"_.-\" and "
					      "begins with a letter or digit; a path has a slash in it", name);
	for (int i = 0; i < DIRECTORIES; i++) {
		int r;

		(void)snprintf(path, PATH_MAX * 2, "%s/%s.json", load->directories[i], name);
		/* The first is for the operator's own, where others might have been let in. */
		r = document_open(path, i == 0, ret_doc, ret_id, err);
		if (r != -ENOENT)
			return r;
	}
	return not_found(load, name, err);
}

/* "a -> b -> a" */
static int cycle(const struct load *load, unsigned first, struct error *err)
{
	char text[512];
	size_t used = 0;

	for (unsigned i = first; i < load->depth && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s -> ", load->stack[i].name);
	return error_set(err, ELOOP, "load the profile %s: it extends itself: %s%s", load->stack[0].name, text,
			 load->stack[first].name);
}

/* 0: not seen yet; 1: met already, by another way. */
static int look_up_seen(const struct load *load, const struct file_id *id, struct error *err)
{
	for (unsigned i = 0; i < load->depth; i++)
		if (same_file(&load->stack[i].id, id))
			return cycle(load, i, err);
	for (unsigned i = 0; i < load->seen_count; i++)
		if (same_file(&load->seen[i], id))
			return 1;
	if (load->depth == DEPTH_MAX)
		return error_set(err, EINVAL, "load the profile %s: it extends others more than %d deep",
				 load->stack[0].name, DEPTH_MAX);
	if (load->seen_count == FILES_MAX)
		return error_set(err, EINVAL, "load the profile %s: it extends more than %d others",
				 load->stack[0].name, FILES_MAX);
	return 0;
}

/* A profile's values are said to be from the profile by its own name, wherever it was found. */
static int parse_named(const struct json *root, const char *path, struct profile *ret_profile,
		       const struct json **ret_extends, struct error *err)
{
	const char *name = json_string(json_get(root, "name"));
	char from[PROFILE_NAME_MAX + sizeof "profile "];

	(void)snprintf(from, sizeof from, "profile %s", name && profile_name_valid(name) ? name : "");
	return profile_parse(root, path, from, false, ret_profile, ret_extends, err);
}

static int enter(struct load *load, const char *name, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	const struct json *extends = NULL;
	char path[PATH_MAX * 2];
	struct profile profile;
	struct file_id id;
	int r = open_profile(load, name, path, &doc, &id, err);

	if (r < 0)
		return r;
	r = look_up_seen(load, &id, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = parse_named(json_root(doc), path, &profile, &extends, err);
	if (r == 0 && load->seen_count > 0)
		r = profile_meet(&load->result, &profile, &profile, err);
	if (r == 0)
		r = document_keep(doc, err);
	if (r < 0)
		return r;
	load->result = profile;
	load->seen[load->seen_count++] = id;
	load->stack[load->depth++] = (struct frame){
		.id = id,
		.name = json_string(json_get(json_root(doc), "name")),
		.next = extends ? extends->first : NULL,
	};
	doc = NULL;
	return 0;
}

int profile_load(const struct host *host, const char *name_or_path, struct profile *ret_profile, struct error *err)
{
	_cleanup_free_ struct load *load = calloc(1, sizeof *load);
	int r;

	if (!load)
		return error_set(err, ENOMEM, "load the profile %.64s: out of memory", name_or_path);
	(void)snprintf(load->directories[0], sizeof load->directories[0], "%s/profiles.d", host->config_dir);
	(void)snprintf(load->directories[1], sizeof load->directories[1], "%s/profiles", host->data_dir);
	(void)snprintf(load->directories[2], sizeof load->directories[2], "%s/profiles", host->shipped_dir);
	r = enter(load, name_or_path, err);
	while (r == 0 && load->depth > 0) {
		struct frame *top = &load->stack[load->depth - 1];

		if (!top->next) {
			load->depth--;
			continue;
		}
		name_or_path = top->next->text;
		top->next = top->next->next;
		r = enter(load, name_or_path, err);
		if (r == -ENOENT)
			(void)error_prefix(err, "the profile %s extends %.64s", top->name, name_or_path);
	}
	if (r == 0)
		*ret_profile = load->result;
	return r;
}
