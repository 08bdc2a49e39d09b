/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hook files (oci-hooks(5)) that name stint-hook. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor_engines.h"

#include "lib/base/cleanup.h"
#include "lib/base/file.h"

struct hooks {
	struct diagnosis *d;
	const char *engine;
	bool create, poststop, precreate, gone;
};

static bool has_stage(const struct json *stages, const char *stage)
{
	json_each(one, stages)
		if (json_string(one) && strcmp(one->text, stage) == 0)
			return true;
	return false;
}

/* Measured: CRI-O does not start with a stage in its directories that it does not know. */
static void check_stages(struct hooks *hooks, const char *file, const struct json *stages)
{
	hooks->create |= has_stage(stages, "createRuntime") || has_stage(stages, "prestart");
	hooks->poststop |= has_stage(stages, "poststop");
	hooks->precreate |= has_stage(stages, "precreate");
	if (has_stage(stages, "precreate") && strcmp(hooks->engine, "crio") == 0)
		found(hooks->d, FINDING_PROBLEM, "crio hook", "move it to a directory that only Podman reads",
		      "%s has the stage precreate, with which CRI-O does not start", file);
}

static int look_at(void *data, const char *file, struct error *no_error)
{
	struct hooks *hooks = data;
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	const char *path;
	size_t length;
	char name[64];

	(void)no_error;
	if (file_read(AT_FDCWD, file, JSON_MAX_BYTES, &text, &length, NULL) < 0 ||
	    json_parse(file, text, length, &doc, NULL) < 0)
		return 0;
	path = json_string(json_find(json_root(doc), "hook.path"));
	switch (path ? is_stint(path, "stint-hook") : STINT_NOT) {
	case STINT_NOT:
		break;
	case STINT_GONE:
		hooks->gone = true;
		(void)snprintf(name, sizeof name, "%s hook", hooks->engine);
		found(hooks->d, FINDING_PROBLEM, name, "install it there, or remove the file: such a hook is passed over without a word",
		      "%s names %s, which cannot be executed", file, path);
		break;
	case STINT_IS:
		check_stages(hooks, file, json_get(json_root(doc), "stages"));
	}
	return 0;
}

bool doctor_hooks(struct diagnosis *d, const char *engine, const struct engine_settings *settings)
{
	struct hooks hooks = {.d = d, .engine = engine};
	char name[64], pattern[PATH_MAX];

	for (int i = 0; i < settings->hooks_dir_count; i++) {
		(void)snprintf(pattern, sizeof pattern, "%.4000s/*.json", settings->hooks_dirs[i]);
		(void)engine_files_each(pattern, look_at, &hooks, NULL);
	}
	if (!hooks.create || hooks.gone)
		return false;
	(void)snprintf(name, sizeof name, "%s hook", engine);
	d->hooks_late |= !hooks.precreate;
	if (hooks.poststop)
		found(d, FINDING_OK, name, NULL, "stint-hook is in its path%s", hooks.precreate ? ", with precreate" : "");
	else
		found(d, FINDING_WARNING, name, "add one for poststop: the report of a container whose monitor was lost is written there",
		      "stint-hook is in its path, but not at poststop");
	return true;
}
