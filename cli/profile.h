/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of `stint profile` share. */
#ifndef STINT_CLI_PROFILE_H
#define STINT_CLI_PROFILE_H

#include "cli/cli.h"
#include "lib/record/store.h"
#include "lib/seccomp/filter.h"

struct profile_request {
	const struct host *host;
	const char *runtime, *output, *mode, *share; /* NULL: not given */
	bool json, dry_run, rollback, capabilities, network;
	char **names; /* the other arguments, NULL after the last */
	int count;
};

/* Each returns its exit status. */
int profile_generate(const struct profile_request *request);
int profile_status(const struct profile_request *request);
int profile_show(const struct profile_request *request);
int profile_explain(const struct profile_request *request);
int profile_diff(const struct profile_request *request);
int profile_merge(const struct profile_request *request);
int profile_accept(const struct profile_request *request);

/* That the filter's program is the filter, and that the kernel takes it. */
int profile_prove(const struct seccomp_filter *filter, struct error *err);

/* What was seen besides calls, as keys of a profile: its capabilities, and rules for its endpoints. */
struct generated;
int profile_put_seen(const struct generated *generated, bool capabilities, bool network, struct json_doc *doc, struct json *object,
		     struct error *err);

/* The runs that are meant: all of a workload, or the newest of a container. */
struct profile_runs {
	char workload[STORE_NAME_MAX];
	struct stored_runs runs; /* at least one */
};
/* EXIT_OK; EXIT_DIFFERS when there is nothing of that name; EXIT_STINT. What is wrong was said. */
int profile_find_runs(const struct host *host, const char *name, struct profile_runs *ret_runs);
void profile_runs_close(struct profile_runs *runs);
#define _cleanup_profile_runs_ _cleanup_(profile_runs_close)

/* "sha256:0123456789ab", which is enough of it to name it. */
const char *profile_short_workload(const char *workload, char text[STORE_NAME_MAX]);

/* Chances as a person reads them: "7 %", "below 1 %". */
const char *profile_percent(double probability, char text[16]);

/* On standard output. `_number` is one that need not be whole. */
int profile_print_json(const struct json *object, struct error *err);
struct json *profile_json_number(struct json_doc *doc, double value);

#endif
