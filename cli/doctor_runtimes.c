/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real runtimes: which there are, and what is known to be wrong with them. */
#include <stdio.h>
#include <string.h>

#include "lib/base/command.h"
#include "cli/doctor.h"
#include "lib/base/cleanup.h"
#include "lib/doctor/vulnerability.h"
#include "lib/launch/launch.h"

enum { ASK_S = 5 };

/* Where a program came from, as Debian's package manager says it. */
struct package {
	bool packaged;
	char name[64], version[VERSION_TEXT_MAX]; /* "": it is one of another package manager's, or not known */
	char *changelog; /* NULL: not known */
};

static void first_word(const char *text, const char *end, char *word, size_t size)
{
	(void)snprintf(word, size, "%.*s", (int)strcspn(text, end), text);
}

/* "runc: /usr/sbin/runc" */
static bool ask_owner(const char *path, char *name, size_t size)
{
	_cleanup_command_ struct command owner = {0};
	char query[PATH_MAX];
	const char *argv[] = {query, "-S", path, NULL};

	if (!program_find("dpkg-query", query) || command_check(argv, ASK_S, &owner, NULL) < 0)
		return false;
	first_word(owner.out, ":,\n", name, size);
	return *name != '\0' && !strchr(name, ' ') && !strchr(name, '/');
}

static void ask_version(struct package *package)
{
	_cleanup_command_ struct command version = {0};
	char query[PATH_MAX];
	const char *argv[] = {query, "-W", "-f", "${Version}", package->name, NULL};

	if (program_find("dpkg-query", query) && command_check(argv, ASK_S, &version, NULL) == 0)
		first_word(version.out, "\n", package->version, sizeof package->version);
}

static void ask_changelog(struct package *package)
{
	_cleanup_command_ struct command changelog = {0};
	char gzip[PATH_MAX], path[160];
	const char *argv[] = {gzip, "-dc", path, NULL};

	(void)snprintf(path, sizeof path, "/usr/share/doc/%s/changelog.Debian.gz", package->name);
	if (access(path, R_OK) == 0 && program_find("gzip", gzip) && command_check(argv, ASK_S, &changelog, NULL) == 0)
		package->changelog = steal_ptr(&changelog.out);
}

/* Another package manager's programs are in the same places; one's own are not. */
static bool is_in_packages_place(const char *path)
{
	return strncmp(path, "/usr/local/", 11) != 0 && (strncmp(path, "/usr/", 5) == 0 || strncmp(path, "/bin/", 5) == 0 ||
							 strncmp(path, "/sbin/", 6) == 0);
}

static void find_package(const char *path, struct package *package)
{
	*package = (struct package){.packaged = is_in_packages_place(path)};
	if (!ask_owner(path, package->name, sizeof package->name)) {
		package->name[0] = '\0';
		return;
	}
	package->packaged = true;
	ask_version(package);
	ask_changelog(package);
}

/* "1.2.8, 1.3.3, 1.4.0-rc.3" */
static void list_fixed(const struct vulnerability *vulnerability, char list[128])
{
	size_t used = 0;

	for (int i = 0; i < FIXED_MAX && vulnerability->fixed[i] && used < 128; i++)
		used += (size_t)snprintf(list + used, 128 - used, "%s%s", i ? ", " : "", vulnerability->fixed[i]);
}

static void tell(struct diagnosis *d, const struct vulnerability *vulnerability, const struct program_version *version,
		 const struct package *package)
{
	char name[64], fixed[128] = "", advice[256];

	list_fixed(vulnerability, fixed);
	(void)snprintf(name, sizeof name, "%s %s", vulnerability->program, vulnerability->id);
	(void)snprintf(advice, sizeof advice, "fixed in %s %s", vulnerability->program, fixed);
	switch (vulnerability_judge(vulnerability, package->packaged, package->changelog)) {
	case VULNERABILITY_MENDED:
		found(d, FINDING_OK, name, NULL, "%s; mended in the package %s, says its changelog", vulnerability->what,
		      package->version);
		break;
	case VULNERABILITY_UNKNOWN:
		found(d, FINDING_WARNING, name, advice, "%s; in %s %s, unless the distribution mended it, which its package%s%s does not say", vulnerability->what,
		      vulnerability->program, version->text, package->version[0] ? " " : "", package->version);
		break;
	case VULNERABILITY_OPEN:
		found(d, vulnerability->minor ? FINDING_WARNING : FINDING_PROBLEM, name, advice, "%s; in %s %s", vulnerability->what,
		      vulnerability->program, version->text);
		break;
	}
}

static void check_vulnerabilities(struct diagnosis *d, const char *path, const struct program_version *version, const char *output)
{
	struct package package = {0};
	bool asked = false;

	for (const struct vulnerability *v = vulnerabilities; v->id; v++) {
		if (strcmp(v->program, version->program) != 0 || !vulnerability_in(v, &version->version, output))
			continue;
		if (!asked)
			find_package(path, &package);
		asked = true;
		tell(d, v, version, &package);
	}
	free(package.changelog);
}

static void check_runtime(struct diagnosis *d, const char *path)
{
	const char *argv[] = {path, "--version", NULL}, *slash = strrchr(path, '/');
	struct program_version version;
	_cleanup_command_ struct command said = {0};
	struct error err = {0};

	if (command_check(argv, ASK_S, &said, &err) < 0) {
		found(d, FINDING_PROBLEM, slash + 1, "try it by hand", "%s", err.text);
		return;
	}
	if (!version_of_output(said.out, &version)) {
		found(d, FINDING_WARNING, slash + 1, NULL, "%s: its --version says no version", path);
		return;
	}
	found(d, FINDING_OK, slash + 1, NULL, "%s: %s %s", path, version.program, version.text);
	check_vulnerabilities(d, path, &version, said.out);
}

void doctor_runtimes(struct diagnosis *d)
{
	static const char *const names[] = {"crun", "runc"};
	const char *configured = d->host_config.runtime;
	char path[PATH_MAX];
	struct error err = {0};

	d->section = "Runtimes";
	if (runtime_find(&d->host_config, NULL, path, &err) < 0)
		found(d, FINDING_PROBLEM, "in use", "no container can be started until then", "%s", err.text);
	else
		found(d, FINDING_OK, "in use", NULL, "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (program_find(names[i], path) && (!configured || strcmp(configured, path) != 0))
			check_runtime(d, path);
	if (configured && runtime_find(NULL, configured, path, NULL) == 0)
		check_runtime(d, path);
}
