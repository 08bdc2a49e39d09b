/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint profile accept`: what a workload was seen to need, and what it was denied since, becomes its model. */
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/recording.h"
#include "lib/base/cleanup.h"
#include "lib/record/generate.h"
#include "lib/record/model.h"

/* The runs of the workload that was named, or of the one that the container was, and what that was denied. */
struct evidence {
	struct profile_runs runs;
	struct recording denied;
	const struct recording **list;
	size_t count;
	struct model model; /* the one there is */
	bool has_model;
};

static void evidence_close(struct evidence *evidence)
{
	profile_runs_close(&evidence->runs);
	recording_close(&evidence->denied);
	model_close(&evidence->model);
	free(evidence->list);
}

/* It was denied under the runtime that the model is for. */
static int same_runtime(struct recording *denied, const struct recording *model, struct error *err)
{
	int r = recording_set(&denied->runtime, model->runtime, err);

	denied->no_new_privileges = model->no_new_privileges;
	denied->capabilities_recorded = model->capabilities_recorded; /* it adds to what is known of them */
	return r < 0 ? r : recording_set(&denied->runtime_version, model->runtime_version, err);
}

static int gather(const struct profile_request *request, struct evidence *evidence, struct error *err)
{
	struct stored_runs *runs = &evidence->runs.runs;
	int r = 0;

	if (runs->count == 1) { /* of one container: all runs of the workload that it is */
		stored_runs_close(runs);
		*runs = (struct stored_runs){0};
		r = store_read(request->host, evidence->runs.workload, runs, err);
	}
	if (r == 0)
		r = model_denied(request->host, evidence->runs.workload, &evidence->denied, err);
	if (r == 0)
		r = model_read(request->host, evidence->runs.workload, &evidence->model, err);
	evidence->has_model = r == 0;
	if (r < 0 && r != -ENOENT)
		return r;
	r = evidence->has_model ? same_runtime(&evidence->denied, &evidence->model.needs, err) : 0;
	if (r < 0)
		return r;
	evidence->list = calloc(runs->count + 2, sizeof *evidence->list);
	if (!evidence->list)
		return error_set(err, ENOMEM, "accept a model: out of memory");
	for (unsigned i = 0; i < runs->count; i++)
		evidence->list[evidence->count++] = runs->recordings[i];
	if (evidence->has_model) /* of runs that are not kept any more, too */
		evidence->list[evidence->count++] = &evidence->model.needs;
	if (evidence->denied.needs.count)
		evidence->list[evidence->count++] = &evidence->denied;
	return 0;
}

/* A line for each thing that is not in the model yet. */
static unsigned print_new(const struct evidence *evidence, const struct needs *needs)
{
	char text[NEED_TEXT_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < needs->count; i++) {
		const struct need *need = &needs->list[i];

		if (evidence->has_model && recording_covers(&evidence->model.needs, need))
			continue;
		count++;
		if (evidence->has_model)
			printf("  new: %-32s %s%s\n", need_text(need, text), need->program,
			       needs_cover(&evidence->denied.needs, need) ? ", was denied" : "");
	}
	return count;
}

static int choose_mode(const struct profile_request *request, const struct evidence *evidence, struct model *model)
{
	model->mode = evidence->has_model ? evidence->model.mode : MODEL_COMPLAIN;
	model->share = evidence->has_model ? evidence->model.share : 10;
	if (request->mode)
		for (model->mode = 0; model->mode < MODEL_MODE_COUNT && strcmp(request->mode, model_mode_names[model->mode]) != 0;)
			model->mode++;
	if (request->share)
		model->share = (unsigned)strtoul(request->share, NULL, 10);
	if (model->mode == MODEL_MODE_COUNT)
		return cli_usage_error(&verb_profile, "--mode %s: it is complain, canary or enforce", request->mode);
	if (request->share && (strspn(request->share, "0123456789") != strlen(request->share) || model->share < 1 || model->share > 100))
		return cli_usage_error(&verb_profile, "--share %s: a whole number from 1 to 100 is wanted", request->share);
	return EXIT_OK;
}

static void print_accepted(const struct evidence *evidence, const struct model *model, unsigned new_ones, bool dry_run)
{
	char text[STORE_NAME_MAX];
	unsigned calls = 0, capabilities = (unsigned)__builtin_popcountll(needs_capabilities(&model->needs.needs));

	for (unsigned i = 0; i < model->needs.needs.count; i++)
		calls += model->needs.needs.list[i].kind == NEED_CALL;
	printf("%s: %s: %u system calls", profile_short_workload(evidence->runs.workload, text),
	       dry_run ? "would be accepted" : "accepted", calls);
	if (model->needs.capabilities_recorded)
		printf(" and %u %s", capabilities, capabilities == 1 ? "capability" : "capabilities");
	printf(" of %u run%s", model->runs, model->runs == 1 ? "" : "s");
	if (evidence->has_model)
		printf(", %u new", new_ones);
	printf("; mode %s", model_mode_names[model->mode]);
	if (model->mode == MODEL_CANARY)
		printf(", %u of 100 starts", model->share);
	(void)putchar('\n');
}

static int accept(const struct profile_request *request, struct evidence *evidence, struct error *err)
{
	_cleanup_generated_ struct generated generated = {0};
	_cleanup_json_ struct json_doc *doc = NULL;
	/* What was said once holds for what is taken in later. */
	struct model model = {.runs = evidence->runs.runs.count,
			      .runtime = request->runtime ? request->runtime : evidence->model.runtime};
	struct json *object = NULL;
	unsigned new_ones;
	int status = choose_mode(request, evidence, &model), r;

	if (status != EXIT_OK)
		return status;
	r = generate(evidence->list, evidence->count, model.runtime, &generated, err);
	if (r == 0)
		r = profile_prove(&generated.filter, err);
	if (r == 0)
		r = json_doc_new(&doc, err);
	if (r == 0)
		r = seccomp_write(&generated.filter, doc, &object, err);
	if (r < 0)
		return cli_fail(EXIT_STINT, err);
	for (unsigned i = 0; i < generated.warning_count; i++)
		fprintf(stderr, "stint: warning: %s\n", generated.warnings[i]);
	(void)time_format(request->host->realtime_ns(), model.accepted);
	model.needs = generated.seen; /* lent */
	model.seccomp = object;
	new_ones = print_new(evidence, &generated.seen.needs);
	r = request->dry_run ? 0 : model_write(request->host, evidence->runs.workload, &model, err);
	if (r < 0)
		return cli_fail(EXIT_STINT, err);
	print_accepted(evidence, &model, new_ones, request->dry_run);
	return EXIT_OK;
}

static int roll_back(const struct profile_request *request, const char *workload, struct error *err)
{
	char text[STORE_NAME_MAX];
	int r = model_roll_back(request->host, workload, err);

	if (r < 0)
		return cli_fail(r == -ENOENT ? EXIT_DIFFERS : EXIT_STINT, err);
	printf("%s: the model before the present one is the model again\n", profile_short_workload(workload, text));
	return EXIT_OK;
}

int profile_accept(const struct profile_request *request)
{
	_cleanup_(evidence_close) struct evidence evidence = {0};
	struct error err = {0};
	int status = profile_find_runs(request->host, request->names[0], &evidence.runs);

	if (status != EXIT_OK)
		return status;
	if (request->rollback)
		return roll_back(request, evidence.runs.workload, &err);
	return gather(request, &evidence, &err) < 0 ? cli_fail(EXIT_STINT, &err) : accept(request, &evidence, &err);
}
