/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs' own option loops share. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/units.h"
#include "lib/profile/profile.h"

enum { OPTIONS_MAX = 24 };

static const char *nearest_option(const char *word, const struct option *options)
{
	const char *names[OPTIONS_MAX + 1] = {NULL};
	char name[64];

	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	for (size_t i = 0; i < OPTIONS_MAX && options[i].name; i++)
		names[i] = options[i].name;
	return nearest_name(name, names);
}

int cli_option_error(const struct verb *verb, int result, char **argv, const struct option *options)
{
	const char *word = argv[optind - 1], *near;

	if (result == ':')
		return cli_usage_error(verb, "option '%s' needs a value", word);
	if (strncmp(word, "--", 2) != 0) /* among short ones, optind may not have moved on yet */
		return cli_usage_error(verb, "there is no option '-%c'", optopt);
	if (optopt != 0)
		return cli_usage_error(verb, "option '%.*s' takes no value", (int)strcspn(word, "="), word);
	near = nearest_option(word + 2, options);
	if (near)
		return cli_usage_error(verb, "there is no option '%s'; did you mean '--%s'?", word, near);
	return cli_usage_error(verb, "there is no option '%s'", word);
}

int cli_one_id(const struct verb *verb, int argc, char **argv, int needed, const char **ret_id)
{
	if (argc - optind > 1)
		return cli_usage_error(verb, "one container at a time: '%s' is one too many", argv[optind + 1]);
	*ret_id = optind < argc ? argv[optind] : NULL;
	if (needed && !*ret_id)
		return cli_usage_error(verb, "which container? Give its ID ('stint ps' and 'stint report' list them)");
	return EXIT_OK;
}

int cli_add_budget(const struct verb *verb, const char *value, struct budget_options *budgets)
{
	_cleanup_free_ struct profile *scratch = calloc(1, sizeof *scratch);
	const char *equals = strchr(value, '=');
	struct error err = {0};
	char name[64], from[96];

	if (budgets->count == BUDGETS_MAX)
		return cli_usage_error(verb, "more than %d --budget options", BUDGETS_MAX);
	if (!equals || equals == value)
		return cli_usage_error(verb, "--budget '%s' is not NAME=LIMIT, as in cpu=2s", value);
	(void)snprintf(name, sizeof name, "%.*s", (int)(equals - value), value);
	if (scratch) {
		profile_init(scratch, "--budget");
		(void)snprintf(from, sizeof from, "--budget %s", value);
		if (profile_set_budget(scratch, name, equals + 1, from, &err) < 0)
			return cli_usage_error(verb, "%s", err.text);
	}
	budgets->values[budgets->count++] = value;
	return EXIT_OK;
}
