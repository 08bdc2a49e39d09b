/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * containerd: a handler of the plugin for Kubernetes. Where it goes depends on how containerd merges files. Up to 1.7 a
 * plugin's table in an imported file takes the place of the whole table, so a drop-in would lose what config.toml says:
 * the handler goes into the last file that has the table. From 2.0 tables are merged by key, and a drop-in will do.
 * Either way containerd's own dump, before and after, has to be the same but for the handler.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/command.h"
#include "cli/install.h"
#include "lib/install/edits.h"
#include "lib/install/marked.h"

static const char drop_in_name[] = "stint.toml";
enum { CONTAINERD_SECONDS = 60, IMPORTS_MAX = 64 };

/* What is in force. */
static int dump(struct installation *inst, struct toml **ret_dump, struct error *err)
{
	char path[PATH_MAX];
	const char *argv[] = {"containerd", "--config", path, "config", "dump", NULL};
	_cleanup_command_ struct command command = {0};
	int r;

	engine_path(inst->host, containerd_files.config, path);
	if (access(path, F_OK) < 0)
		argv[2] = "/dev/null"; /* there does not have to be one, unless it is named */
	r = command_check(argv, CONTAINERD_SECONDS, &command, err);
	if (r == -ENOENT)
		return error_set(err, ENOENT,
				 "find containerd: it is not in PATH, and only it can say what its configuration "
				 "amounts to; install it first");
	return r < 0 ? r : toml_parse("containerd's dump", command.out, strlen(command.out), ret_dump, err);
}

/* Files that the root configuration imports, in their order; imports of imports are left to containerd. */
struct imports {
	size_t count;
	char *paths[IMPORTS_MAX];
	char drop_ins[PATH_MAX]; /* the directory of which every *.toml is read; "": none */
};

static void imports_clear(struct imports *imports)
{
	for (size_t i = 0; i < imports->count; i++)
		free(imports->paths[i]);
}

static int add_path(void *data, const char *path, struct error *err)
{
	struct imports *imports = data;

	if (imports->count == IMPORTS_MAX)
		return error_set(err, E2BIG, "read %s: more than %d files are imported", path, IMPORTS_MAX);
	imports->paths[imports->count] = strdup(path);
	return imports->paths[imports->count++] ? 0 : error_set(err, ENOMEM, "read %s: out of memory", path);
}

static void note_drop_ins(struct imports *imports, const char *pattern)
{
	static const char all[] = "/*.toml";
	size_t length = strlen(pattern), end = strlen(all);

	if (length > end && strcmp(pattern + length - end, all) == 0 && !memchr(pattern, '*', length - end))
		(void)snprintf(imports->drop_ins, sizeof imports->drop_ins, "%.*s", (int)(length - end), pattern);
}

static int find_imports(const struct installation *inst, const struct toml *root, struct imports *imports,
			struct error *err)
{
	_cleanup_(toml_strings_freep) char **imported = NULL;
	const struct toml_item *pair = root ? toml_find(root, TOML_PAIR, containerd_keys.imports) : NULL;
	int r = 0;

	if (!pair)
		return 0;
	imported = toml_strings(root, pair);
	if (!imported)
		return error_set(err, EINVAL, "read %s, line %u: imports is no list of plain strings",
				 containerd_files.config, pair->line);
	for (size_t i = 0; imported[i] && r == 0; i++) {
		char pattern[PATH_MAX];

		engine_import(inst->host, imported[i], pattern);
		note_drop_ins(imports, pattern);
		r = engine_files_each(pattern, add_path, imports, err);
	}
	return r;
}

/* What the files say that are there without stint. */
struct search {
	struct imports imports;
	struct toml *root; /* NULL: there is no config.toml */
	int64_t version;
	char *kept_default;
	char last[PATH_MAX]; /* of the files, the last that has the plugin's table; config.toml where none has */
};

static void search_clear(struct search *search)
{
	imports_clear(&search->imports);
	toml_free(search->root);
	free(search->kept_default);
}

static int parse_without(struct installation *inst, const char *path, struct toml **ret_toml, struct error *err)
{
	_cleanup_(edit_clear) struct edit edit = {0};
	int r = edit_read(inst, path, false, &edit, err);

	if (r < 0 || !edit.without) {
		*ret_toml = NULL;
		return r;
	}
	return toml_parse(edit.path, edit.without, strlen(edit.without), ret_toml, err);
}

static int find_last(struct installation *inst, struct search *search, struct error *err)
{
	char table[TOML_PATH_SIZE];

	(void)snprintf(table, sizeof table, "plugins.%s", containerd_plugin(search->version));
	for (size_t i = 0; i < search->imports.count; i++) {
		_cleanup_toml_ struct toml *file = NULL;
		int r = parse_without(inst, search->imports.paths[i], &file, err);

		if (r < 0)
			return r;
		if (file && toml_has(file, table))
			(void)snprintf(search->last, sizeof search->last, "%s", search->imports.paths[i]);
	}
	return 0;
}

static int look(struct installation *inst, struct search *search, struct error *err)
{
	char key[TOML_PATH_SIZE];
	const struct toml *root;
	int r;

	engine_path(inst->host, containerd_files.config, search->last);
	r = parse_without(inst, search->last, &search->root, err);
	if (r < 0)
		return r;
	root = search->root;
	search->version = containerd_version(root ? root : inst->before);
	if (!containerd_plugin(search->version))
		return error_set(err, EINVAL, "edit %s: its version is not one from 1 to %d", search->last,
				 CONTAINERD_VERSION_MAX);
	containerd_path(containerd_plugin(search->version), CONTAINERD_DEFAULT, key);
	search->kept_default = root ? toml_string(root, toml_find(root, TOML_PAIR, key)) : NULL;
	r = find_imports(inst, root, &search->imports, err);
	return r < 0 ? r : find_last(inst, search, err);
}

static int plan_drop_in(struct installation *inst, struct containerd_request *request, const struct search *search,
			struct error *err)
{
	char path[PATH_MAX], *wanted = NULL;
	int r;

	(void)snprintf(path, sizeof path, "%.4000s/%s", search->imports.drop_ins, drop_in_name);
	request->root = search->root;
	r = containerd_edit(path, NULL, request, &wanted, err);
	return r < 0 ? r : edit_own(inst, path, wanted, err);
}

static int plan(struct installation *inst, struct error *err)
{
	_cleanup_(search_clear) struct search search = {0};
	struct containerd_request request = {.runtime = inst->runtime, .as_default = inst->as_default};
	struct edit *edit;
	int r = dump(inst, &inst->before, err);

	if (r == 0)
		r = look(inst, &search, err);
	if (r < 0)
		return r;
	request.dump = inst->before;
	request.version = search.version;
	request.kept_default = search.kept_default;
	if (containerd_version(inst->before) >= 3 && search.imports.drop_ins[0])
		return plan_drop_in(inst, &request, &search, err);
	r = edit_add(inst, search.last, false, &edit, err);
	return r < 0 ? r : containerd_edit(edit->path, edit->without, &request, &edit->wanted, err);
}

static int cut(const char *name, const char *text, const char *original, char **ret_text, struct error *err)
{
	(void)original;
	return marked_cut(name, text, ret_text, err);
}

static int validate(struct installation *inst, char note[NOTE_MAX], struct error *err)
{
	_cleanup_toml_ struct toml *after = NULL;
	int r = dump(inst, &after, err);

	if (r == -ENOENT && inst->removing) {
		(void)snprintf(note, NOTE_MAX, "containerd is not installed any more");
		return 0;
	}
	if (r < 0)
		return r;
	if (inst->removing) {
		(void)snprintf(note, NOTE_MAX, "containerd config dump reads it");
		return 1;
	}
	/* What was in force may have had stint as the default already. */
	r = containerd_same(inst->before, after, true, err);
	if (r < 0)
		return r;
	if (!containerd_has(after, inst->runtime, inst->as_default))
		return error_set(err, EINVAL,
				 "look at containerd config dump: it does not have stint's handler as it was written; "
				 "does a file that is imported later replace it?");
	(void)snprintf(note, NOTE_MAX, "containerd config dump has the handler, and all else as before");
	return 1;
}

static void socket_of(const struct installation *inst, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/run/containerd/containerd.sock", inst->host->root);
}

static bool answers(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0 || strlen(path) >= sizeof address.sun_path)
		return false;
	memcpy(address.sun_path, path, strlen(path));
	return connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

/* ctr itself would wait ten seconds for one that is not there. */
static int reach(const struct installation *inst, char note[NOTE_MAX])
{
	char path[PATH_MAX];

	socket_of(inst, path);
	if (answers(path))
		return 1;
	(void)snprintf(note, NOTE_MAX, "no containerd answers at %.300s", path);
	return 0;
}

static int run(const struct installation *inst, const struct smoke *smoke, const char **ret_how, struct error *err)
{
	char address[PATH_MAX], fifos[PATH_MAX];
	const char *const argv[] = {
		"ctr",
		"-a",
		address,
		"run",
		"--rm",
		"--fifo-dir",
		fifos,
		"--runc-binary",
		inst->runtime,
		"--rootfs",
		smoke->directory,
		smoke->name,
		"/stint",
		"--version",
		NULL,
	};

	socket_of(inst, address);
	(void)snprintf(fifos, sizeof fifos, "%s/run/containerd/fifo", inst->host->root);
	*ret_how = "ctr run --runc-binary";
	return smoke_run(argv, err);
}

const struct engine engine_containerd = {
	.files = &containerd_files,
	.plan = plan,
	.cut = cut,
	.validate = validate,
	.reach = reach,
	.run = run,
	.installed = "containerd reads it when it starts: systemctl restart containerd (containers go on). Then a "
		     "RuntimeClass with the\n"
		     "handler stint selects it.",
	.removed = "containerd reads it when it starts: systemctl restart containerd (containers go on).",
};
