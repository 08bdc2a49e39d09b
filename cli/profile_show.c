/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint profile show` and `explain`: what runs needed, together and each. */
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/recording.h"
#include "lib/base/cleanup.h"
#include "lib/record/estimate.h"

static void print_facts(const struct profile_runs *runs, const struct recording *all)
{
	printf("workload %s\n", runs->workload);
	if (all->image)
		printf("image %s\n", all->image);
	if (all->runtime)
		printf("under %s%s%s%s\n", all->runtime, all->runtime_version ? " " : "",
		       all->runtime_version ? all->runtime_version : "", all->no_new_privileges ? ", without new privileges" : "");
	if (all->lost)
		printf("%llu things found no room and are missing\n", (unsigned long long)all->lost);
}

static void print_estimate(const struct estimate *of)
{
	char about[16], most[16];

	printf("%u complete %s", of->runs, of->runs == 1 ? "run" : "runs");
	if (of->incomplete)
		printf(" and %u incomplete", of->incomplete);
	if (of->runs > 1)
		printf("; the next one needs something unseen with a probability of about %s, at most %s",
		       profile_percent(of->probability, about), profile_percent(of->bound, most));
	(void)putchar('\n');
}

static int print_as_json(const struct recording *all, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *object;
	int r = json_doc_new(&doc, err);

	if (r == 0)
		r = recording_write(all, doc, &object, err);
	return r < 0 ? r : profile_print_json(object, err);
}

/* What needs_print says nothing of: there are none, or nobody knows. */
static void print_capabilities(const struct stored_runs *runs, const struct recording *all)
{
	unsigned with = 0;

	for (unsigned i = 0; i < runs->count; i++)
		with += runs->recordings[i]->capabilities_recorded;
	if (with < runs->count)
		printf("\nCapabilities are not known: %u of %u %s recorded with them\n", with, runs->count, runs->count == 1 ? "run was" : "runs were");
	else if (!needs_capabilities(&all->needs))
		printf("\nCapabilities: none\n");
}

int profile_show(const struct profile_request *request)
{
	_cleanup_profile_runs_ struct profile_runs runs = {0};
	_cleanup_recording_ struct recording all = {0};
	struct estimate of = {0};
	struct error err = {0};
	int status = profile_find_runs(request->host, request->names[0], &runs), r;

	if (status != EXIT_OK)
		return status;
	r = recording_union(runs.runs.recordings, runs.runs.count, &all, &err);
	if (r == 0)
		r = estimate(runs.runs.recordings, runs.runs.count, &of, &err);
	if (r == 0 && request->json)
		r = print_as_json(&all, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	if (request->json)
		return EXIT_OK;
	print_facts(&runs, &all);
	print_estimate(&of);
	needs_print(&all.needs);
	print_capabilities(&runs.runs, &all);
	return EXIT_OK;
}

/* --- explain --- */

static const struct need *find_need(const struct recording *run, const struct need *need)
{
	for (unsigned i = 0; i < run->needs.count; i++)
		if (need_order(&run->needs.list[i], need) == 0)
			return &run->needs.list[i];
	return NULL;
}

static const char *started(const struct recording *run, char text[24])
{
	(void)snprintf(text, 24, "%.19s%s", run->started ? run->started : "-", run->started ? "Z" : "");
	return text;
}

static const char *program(const struct need *need)
{
	return *need->program ? need->program : "-";
}

/* One line a need: how many runs, and the first of them. */
static void explain_need(const struct stored_runs *runs, const struct need *need)
{
	const struct recording *first = NULL;
	const struct need *of_first = need;
	char text[NEED_TEXT_MAX], when[24];
	unsigned count = 0;

	for (unsigned i = 0; i < runs->count; i++) {
		const struct need *found = find_need(runs->recordings[i], need);

		count += found != NULL;
		if (!found || first)
			continue;
		first = runs->recordings[i];
		of_first = found;
	}
	/* Of values that only together are many, none is any one run's. */
	printf("%-32s  %4u/%-4u  %-20s  %-16s  %s\n", need_text(need, text), count, runs->count, first ? started(first, when) : "-",
	       program(of_first), first && first->id ? first->id : "-");
}

static void print_table_heading(void)
{
	printf("%-32s  %9s  %-20s  %-16s  %s\n", "NEED", "RUNS", "FIRST SEEN IN", "PROGRAM", "ID");
}

/* A call's name means the call and its arguments, whatever program it is of. */
static bool is_meant(const struct need *need, const char *name)
{
	char text[NEED_TEXT_MAX];

	return strcmp(need->name, name) == 0 || strcmp(need_text(need, text), name) == 0;
}

/* Every run that needed it. */
static unsigned explain_one(const struct stored_runs *runs, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < runs->count; i++)
		for (unsigned k = 0; k < runs->recordings[i]->needs.count; k++) {
			const struct recording *run = runs->recordings[i];
			const struct need *need = &run->needs.list[k];
			char text[NEED_TEXT_MAX], when[24];

			if (!is_meant(need, name))
				continue;
			if (count++ == 0)
				printf("%-32s  %-20s  %-16s  %s\n", "NEED", "RUN", "PROGRAM", "ID");
			printf("%-32s  %-20s  %-16s  %s\n", need_text(need, text), started(run, when), program(need), run->id ? run->id : "-");
		}
	return count;
}

int profile_explain(const struct profile_request *request)
{
	_cleanup_profile_runs_ struct profile_runs runs = {0};
	_cleanup_recording_ struct recording all = {0};
	const char *need = request->names[1];
	struct error err = {0};
	int status = profile_find_runs(request->host, request->names[0], &runs);

	if (status != EXIT_OK)
		return status;
	if (need && explain_one(&runs.runs, need) == 0) {
		fprintf(stderr, "stint: no run needed %s: a filter of them denies it\n", need);
		return EXIT_DIFFERS;
	}
	if (need)
		return EXIT_OK;
	if (recording_union(runs.runs.recordings, runs.runs.count, &all, &err) < 0)
		return cli_fail(EXIT_STINT, &err);
	print_table_heading();
	for (unsigned i = 0; i < all.needs.count; i++)
		explain_need(&runs.runs, &all.needs.list[i]);
	return EXIT_OK;
}
