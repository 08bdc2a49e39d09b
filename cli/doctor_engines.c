/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engines: which there are, and whether stint is really in their path. */
#include "cli/doctor_engines.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/command.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/doctor/version.h"
#include "lib/install/record.h"
#include "lib/launch/launch.h"

enum { VERSION_S = 5, INFO_S = 2 };

struct engine {
	const struct engine_files *files;
	const char *advice;
};

static const struct engine engines[] = {
	{&docker_files, "stint install docker"},
	{&containerd_files, "stint install containerd, if its CRI plugin is used; ctr and dockerd need it not"},
	{&podman_files, "stint install podman"},
	{&crio_files, "stint install crio"},
};

struct files_reading {
	struct diagnosis *d;
	const struct engine_files *files;
	struct engine_settings *settings;
};

/* Says it when a file is there and cannot be read: what it says is not known then. */
static int take_file(void *data, const char *file, struct error *no_error)
{
	const struct files_reading *reading = data;
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	size_t length;
	int r = file_read(AT_FDCWD, file, ENGINE_FILE_MAX, &text, &length, &err);

	(void)no_error;
	if (r == 0 && reading->files->keys)
		r = settings_take_toml(reading->settings, reading->files->keys, file, text, &err);
	else if (r == 0)
		r = json_parse(file, text, length, &doc, &err);
	if (r < 0)
		found(reading->d, FINDING_WARNING, reading->files->name, "see whether the engine itself takes it", "%s", err.text);
	else if (doc)
		settings_take_json(reading->settings, json_root(doc));
	return 0;
}

static void take_imports(struct files_reading *reading)
{
	int count = reading->settings->import_count;
	char pattern[PATH_MAX];

	for (int i = 0; i < count; i++) {
		engine_import(reading->d->host, reading->settings->imports[i], pattern);
		(void)engine_files_each(pattern, take_file, reading, NULL);
	}
}

static void read_settings(struct files_reading *reading)
{
	const struct engine_files *files = reading->files;
	struct engine_settings *settings = reading->settings;
	char pattern[PATH_MAX];

	for (size_t i = 0; files->read[i]; i++) {
		engine_path(reading->d->host, files->read[i], pattern);
		(void)engine_files_each(pattern, take_file, reading, NULL);
	}
	take_imports(reading);
	if (files->hooks_dir && settings->hooks_dir_count == 0)
		engine_path(reading->d->host, files->hooks_dir, settings->hooks_dirs[settings->hooks_dir_count++]);
}

/* What a running dockerd has in force, in the shape of its file. */
static bool ask_dockerd(struct engine_settings *settings)
{
	static const char format[] = "{\"default-runtime\":{{json .DefaultRuntime}},\"runtimes\":{{json .Runtimes}}}";
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_command_ struct command info = {0};
	char docker[PATH_MAX];
	const char *argv[] = {docker, "info", "--format", format, NULL};

	if (!program_find("docker", docker) || command_check(argv, INFO_S, &info, NULL) < 0 ||
	    json_parse("docker info", info.out, strlen(info.out), &doc, NULL) < 0 || !json_get(json_root(doc), "runtimes")->first)
		return false;
	settings_take_json(settings, json_root(doc));
	return true;
}

/* Of several paths of one runtime the engine takes the first that is there. */
static bool counts(const struct engine_settings *settings, int i)
{
	for (int before = 0; before < i; before++)
		if (strcmp(settings->runtimes[before].name, settings->runtimes[i].name) == 0 &&
		    access(settings->runtimes[before].path, X_OK) == 0)
			return false;
	return true;
}

/* The place among its runtimes of the one that is stint; the default one before others. -1: none. */
static int stint_among(const struct engine_settings *settings)
{
	int found_at = -1;

	for (int i = 0; i < settings->runtime_count; i++)
		if (counts(settings, i) && is_stint(settings->runtimes[i].path, "stint-runtime") == STINT_IS &&
		    (found_at < 0 || strcmp(settings->runtimes[i].name, settings->default_runtime) == 0))
			found_at = i;
	return found_at;
}

static bool is_default(const struct engine_settings *settings, int i)
{
	const char *chosen = settings->default_runtime;

	return strchr(chosen, '/') ? is_stint(chosen, "stint-runtime") == STINT_IS :
				     i >= 0 && strcmp(chosen, settings->runtimes[i].name) == 0;
}

static void check_gone(struct diagnosis *d, const struct engine *engine, const struct engine_settings *settings)
{
	for (int i = 0; i < settings->runtime_count; i++)
		if (counts(settings, i) && is_stint(settings->runtimes[i].path, "stint-runtime") == STINT_GONE)
			found(d, FINDING_PROBLEM, engine->files->name, "install it there, or take the runtime out of the configuration",
			      "its runtime \"%s\" is %s, which cannot be executed", settings->runtimes[i].name, settings->runtimes[i].path);
}

static void tell_path(struct diagnosis *d, const struct engine *engine, const char *version,
		      const struct engine_settings *settings, const char *whence)
{
	int i = stint_among(settings);
	bool hooked = engine->files->hooks_dir && doctor_hooks(d, engine->files->name, settings);

	if (is_default(settings, i))
		found(d, FINDING_OK, engine->files->name, NULL, "%s; stint is its default runtime%s", version, whence);
	else if (i >= 0)
		found(d, FINDING_OK, engine->files->name, NULL, "%s; stint is its runtime \"%s\"%s, not the default", version,
		      settings->runtimes[i].name, whence);
	else if (hooked)
		found(d, FINDING_OK, engine->files->name, NULL, "%s; stint is in its path by hooks", version);
	else
		found(d, FINDING_WARNING, engine->files->name, engine->advice, "%s; stint is not in its path%s", version, whence);
}

/* What is in force is the running daemon's word; what it will be after a restart is the file's. */
static void check_docker(struct diagnosis *d, const struct engine *engine, const char *version,
			 const struct engine_settings *file)
{
	_cleanup_free_ struct engine_settings *live = calloc(1, sizeof *live);
	bool answers = live && ask_dockerd(live);

	tell_path(d, engine, version, answers ? live : file, answers ? "" : ", by its file (dockerd does not answer)");
	if (answers && stint_among(file) >= 0 && stint_among(live) < 0)
		found(d, FINDING_PROBLEM, engine->files->name, "systemctl reload docker",
		      "dockerd has not read its daemon.json, which names stint, or runs with another");
}

static void check_engine(struct diagnosis *d, const struct engine *engine, const char *path)
{
	_cleanup_free_ struct engine_settings *settings = calloc(1, sizeof *settings);
	const char *argv[] = {path, "--version", NULL};
	struct program_version version = {.text = "of unknown version"};
	_cleanup_command_ struct command said = {0};

	if (!settings)
		return;
	if (command_check(argv, VERSION_S, &said, NULL) == 0)
		(void)version_of_output(said.out, &version);
	read_settings(&(struct files_reading){d, engine->files, settings});
	check_gone(d, engine, settings);
	if (!engine->files->keys)
		check_docker(d, engine, version.text, settings);
	else
		tell_path(d, engine, version.text, settings, "");
}

static void check_interrupted(struct diagnosis *d, const char *engine)
{
	_cleanup_record_ struct record record = {0};
	char advice[128];

	if (record_read(d->host, engine, &record, NULL) < 0 || record.finished)
		return;
	(void)snprintf(advice, sizeof advice, "stint install %s ends it, stint uninstall %s takes it back", engine, engine);
	found(d, FINDING_WARNING, engine, advice, "stint install or uninstall was interrupted");
}

void doctor_engines(struct diagnosis *d)
{
	char path[PATH_MAX];
	int count = 0;

	d->section = "Engines";
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		check_interrupted(d, engines[i].files->name);
		if (program_find(engines[i].files->program, path)) {
			count++;
			check_engine(d, &engines[i], path);
		}
	}
	if (!count)
		found(d, FINDING_OK, "engines", NULL, "none of docker, containerd, podman and crio is installed: stint run needs none");
}
