/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stint's own programs, directories and configuration. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/doctor.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/launch/launch.h"

static void check_program(struct diagnosis *d, const char *name)
{
	char path[PATH_MAX];
	struct error err = {0};
	struct stat st;

	if (program_path(name, path, &err) < 0)
		found(d, FINDING_PROBLEM, name, "run stint by its own path", "%s", err.text);
	else if (stat(path, &st) < 0)
		found(d, FINDING_PROBLEM, name, "install all of stint's programs into one directory", "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		found(d, FINDING_PROBLEM, name, "see its mode, and whether its filesystem is mounted noexec", "%s cannot be executed", path);
	else if (st.st_mode & (S_IWGRP | S_IWOTH) || st.st_uid != 0)
		found(d, FINDING_PROBLEM, name, "chown root and chmod go-w: root runs it",
		      "%s may be written by others than root", path);
	else
		found(d, FINDING_OK, name, NULL, "%s", path);
}

/* As stint itself asks it of them before it uses them; but what is not there is not made. */
static void check_directory(struct diagnosis *d, const char *name, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error err = {0};

	if (fd < 0 && errno == ENOENT)
		found(d, FINDING_OK, name, NULL, "%s: not there yet, is made when it is needed", path);
	else if (fd < 0)
		found(d, FINDING_PROBLEM, name, "a directory of root's must be there, and no link: remove it", "%s: %s", path,
		      strerror(errno));
	else if (dir_check_private(fd, path, &err) < 0)
		found(d, FINDING_PROBLEM, name, "nothing is started until then", "%s", err.text);
	else
		found(d, FINDING_OK, name, NULL, "%s", path);
}

/* A rule whose profile is not there shows when a container comes that it holds for. */
static void check_rules(struct diagnosis *d)
{
	int rules = 0;

	json_each(rule, d->host_config.select) {
		_cleanup_free_ struct profile *profile = calloc(1, sizeof *profile);
		char where[256], name[280];
		struct error err = {0};

		rules++;
		if (!profile || profile_load(d->host, json_string(json_get(rule, "profile")), profile, &err) == 0)
			continue;
		(void)snprintf(name, sizeof name, "%s", json_where(rule, where));
		found(d, FINDING_PROBLEM, name, "containers for which this rule holds are refused until then", "%s", err.text);
	}
	if (rules)
		found(d, FINDING_OK, "select", NULL, "%d rules", rules);
}

static void check_configuration(struct diagnosis *d)
{
	struct error err = {0};

	d->host_config_known = host_config_load(d->host, &d->host_config, &err) == 0;
	if (!d->host_config_known) {
		found(d, FINDING_PROBLEM, "stint.json", "no container is started until then", "%s", err.text);
		return;
	}
	found(d, FINDING_OK, "stint.json", NULL, d->host_config.doc ? "%s/stint.json" : "%s/stint.json is not there: the defaults hold",
	      d->host->config_dir);
	check_rules(d);
}

void doctor_installation(struct diagnosis *d)
{
	d->section = "Installation";
	check_program(d, "stint-runtime");
	check_program(d, "stint-hook");
	check_program(d, "stint-monitor");
	check_program(d, "stint-recorder");
#ifdef WITH_NETWORK
	check_program(d, "stint-network");
#endif
	check_directory(d, "containers' state", d->host->run_dir);
	check_directory(d, "lasting state", d->host->state_dir);
	check_directory(d, "log", d->host->log_dir);
	check_configuration(d);
}
