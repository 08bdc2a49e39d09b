/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stint: the person's command. `main` finds the verb; the verbs are in files of their own. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/base/cleanup.h"
#include "lib/base/units.h"

static const struct verb *const verbs[] = {
	&verb_run, &verb_explain, &verb_ps, &verb_report, &verb_why, &verb_verify, &verb_record, &verb_profile,
	&verb_doctor, &verb_install, &verb_uninstall,
};

int cli_fail(int status, const struct error *err)
{
	fprintf(stderr, "stint: %s\n", err->text);
	return status;
}

int cli_usage_error(const struct verb *verb, const char *format, ...)
{
	va_list args;

	fputs("stint: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'stint %s --help'.\n", verb->name);
	return EXIT_USAGE;
}

int cli_help(const struct verb *verb)
{
	printf("Usage: stint %s\n\n%s\n\n%s", verb->synopsis, verb->summary, verb->help);
	return EXIT_OK;
}

int cli_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (!no_colour || !*no_colour);
}

static void print_help(void)
{
	printf("stint keeps a container to its allotment.\n\n"
	       "Usage: stint VERB [OPTION]... [ARGUMENT]...\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\n'stint VERB --help' explains one. A first try, as root:\n\n"
	       "  stint run --budget cpu=2s --rootfs DIR -- /bin/sh -c 'while :; do :; done'\n");
}

static int unknown_verb(const char *name)
{
	const char *names[ARRAY_SIZE(verbs) + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		names[i] = verbs[i]->name;
	near = nearest_name(name, names);
	fprintf(stderr, "stint: there is no verb '%s'", name);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs("\nTry 'stint --help'.\n", stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct error err = {0};
	struct host host;

	if (argc < 2) {
		fputs("stint: no verb given\nTry 'stint --help'.\n", stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help();
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("stint " STINT_VERSION);
		return EXIT_OK;
	}
	if (host_init_from_environment(&host, &err) < 0)
		return cli_fail(EXIT_STINT, &err);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return verbs[i]->run(&host, argc - 1, argv + 1);
	return unknown_verb(argv[1]);
}
