/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRI-O: a drop-in with the handler. It has no allowed_annotations: that list is of CRI-O's own annotations, an unknown
 * one in it keeps CRI-O from starting, and those of a pod that are not CRI-O's pass anyway.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/command.h"
#include "cli/install.h"
#include "lib/install/edits.h"

enum { CRIO_SECONDS = 60 };

static int plan(struct installation *inst, struct error *err)
{
	char path[PATH_MAX], *wanted = NULL;
	int r = crio_conf(inst->runtime, inst->as_default, &wanted, err);

	if (r < 0)
		return r;
	engine_path(inst->host, crio_files.drop_in, path);
	return edit_own(inst, path, wanted, err);
}

/* `crio config` reads everything, checks it, and prints what it amounts to. */
static int validate(struct installation *inst, char note[NOTE_MAX], struct error *err)
{
	char config[PATH_MAX], directory[PATH_MAX];
	const char *const with_config[] = {"crio", "--config", config, "--config-dir", directory, "config", NULL};
	const char *const without[] = {"crio", "--config-dir", directory, "config", NULL};
	_cleanup_command_ struct command command = {0};
	int r;

	engine_path(inst->host, crio_files.config, config);
	engine_path(inst->host, crio_files.drop_in, directory);
	*strrchr(directory, '/') = '\0';
	r = command_check(access(config, F_OK) == 0 ? with_config : without, CRIO_SECONDS, &command, err);
	if (r == -ENOENT) {
		(void)snprintf(note, NOTE_MAX, "crio is not installed");
		return 0;
	}
	if (r < 0)
		return r;
	if (!inst->removing && !strstr(command.out, "[crio.runtime.runtimes." STINT_HANDLER "]"))
		return error_set(err, EINVAL, "look at crio config: the handler %s is not in it", STINT_HANDLER);
	(void)snprintf(note, NOTE_MAX, "crio config accepts it");
	return 1;
}

static int reach(const struct installation *inst, char note[NOTE_MAX])
{
	(void)inst;
	(void)snprintf(note, NOTE_MAX, "CRI-O runs pods only, and no image can be made for it here");
	return 0;
}

const struct engine engine_crio = {
	.files = &crio_files,
	.plan = plan,
	.validate = validate,
	.reach = reach,
	.installed = "CRI-O reads it at systemctl reload crio. Then a RuntimeClass with the handler stint selects it.",
	.removed = "CRI-O reads it at systemctl restart crio.",
};
