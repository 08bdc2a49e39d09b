/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of `stint profile diff`: recordings, files, or what Docker gives. */
#ifndef STINT_CLI_PROFILE_SIDE_H
#define STINT_CLI_PROFILE_SIDE_H

#include "cli/profile.h"
#include "lib/record/generate.h"

/* What one side is made of; the filter's strings point into it. */
struct profile_side {
	const char *name, *what; /* as it was given; what that is, in words, where it does not say so itself */
	struct json_doc *doc;
	struct generated generated;
	struct seccomp_filter own;
	const struct seccomp_filter *filter;
	/* The profile's keys but its filter, with every limit in its base unit. `partial`: of what it lacks nothing is known; a profile
	 * asks nothing by that. */
	struct json_doc *settings;
	bool partial;
};

/* EXIT_OK, EXIT_DIFFERS when nothing is known of that name, EXIT_STINT. What is wrong was said. */
int profile_side_open(const struct profile_request *request, const char *name, struct profile_side *side);
void profile_side_close(struct profile_side *side);

/* What they differ in besides the filter: [{"path": …, "a": …, "b": …}], a or b missing where there is none. profile_settings.c */
struct settings_diff {
	struct json_doc *doc;
	struct json *array;
	unsigned count;
};
int settings_diff(const struct profile_side *a, const struct profile_side *b, struct settings_diff *ret_diff, struct error *err);
void settings_diff_print(const struct settings_diff *diff);
void settings_diff_close(struct settings_diff *diff);

#endif
