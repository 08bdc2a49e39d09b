/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint profile generate`: made, proved, tried, and only then written. */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/profile/profile.h"
#include "lib/record/estimate.h"
#include "lib/record/generate.h"
#include "lib/seccomp/compile.h"

/* What may be said to be complete: nothing new in all but one run of twenty, at most. */
static const double complete_enough = 0.05;

/* All runs of all that was named. */
struct chosen {
	struct profile_runs *of; /* each name */
	int named;
	const struct recording **list;
	size_t count;
};

static void chosen_close(struct chosen *chosen)
{
	for (int i = 0; i < chosen->named; i++)
		profile_runs_close(&chosen->of[i]);
	free(chosen->of);
	free(chosen->list);
}

static int choose(const struct profile_request *request, struct chosen *chosen)
{
	struct error err = {0};

	chosen->of = calloc((size_t)request->count, sizeof *chosen->of);
	for (int i = 0; i < request->count && chosen->of; i++) {
		struct stored_runs *runs = &chosen->of[i].runs;
		int status = profile_find_runs(request->host, request->names[i], &chosen->of[i]);
		const struct recording **more;

		if (status != EXIT_OK)
			return status;
		chosen->named++;
		more = reallocarray(chosen->list, chosen->count + runs->count, sizeof *more);
		if (!more)
			break;
		chosen->list = more;
		memcpy(more + chosen->count, runs->recordings, runs->count * sizeof *more);
		chosen->count += runs->count;
	}
	if (chosen->named == request->count)
		return EXIT_OK;
	(void)error_set(&err, ENOMEM, "read recordings: out of memory");
	return cli_fail(EXIT_STINT, &err);
}

static int warn_of_estimate(const char *name, const struct stored_runs *runs, struct error *err)
{
	struct estimate of;
	char bound[16];
	int r = estimate(runs->recordings, runs->count, &of, err);

	if (r < 0 || of.bound <= complete_enough)
		return r;
	fprintf(stderr, "stint: warning: %s: in %u complete %s ", name, of.runs, of.runs == 1 ? "run" : "runs");
	if (of.runs < 2)
		fprintf(stderr, "nothing can be said of how complete this is\n");
	else
		fprintf(stderr, "%u needed what none before it did: the next one needs something unseen with a probability of up to %s\n",
			of.surprises, profile_percent(of.bound, bound));
	return 0;
}

static int warn(const struct profile_request *request, const struct chosen *chosen, const struct generated *generated,
		struct error *err)
{
	int r = 0;

	for (unsigned i = 0; i < generated->warning_count; i++)
		fprintf(stderr, "stint: warning: %s\n", generated->warnings[i]);
	for (int i = 0; i < chosen->named && r == 0; i++)
		r = warn_of_estimate(request->names[i], &chosen->of[i].runs, err);
	return r;
}

int profile_prove(const struct seccomp_filter *filter, struct error *err)
{
	_cleanup_bpf_ struct bpf_program program = {0};
	int r = seccomp_compile(filter, &program, err);

	if (r == 0)
		r = seccomp_prove(filter, &program, err);
	return r < 0 ? r : seccomp_try(&program, err);
}

static const uint64_t of_network = UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_RAW;

int profile_put_seen(const struct generated *generated, bool capabilities, bool network, struct json_doc *doc, struct json *object,
		     struct error *err)
{
	struct json *rules = NULL;
	/* Who keeps one of those could forge what a name has, and may have. */
	bool by_name = !capabilities || !(needs_capabilities(&generated->seen.needs) & of_network);
	int r = network ? endpoints_propose(&generated->seen.endpoints, by_name, doc, &rules, err) : 0;

	if (r < 0)
		return r;
	if (json_set(doc, object, "name", json_new_string(doc, "generated")) < 0 ||
	    (capabilities &&
	     json_set(doc, object, "capabilities", capability_names(doc, needs_capabilities(&generated->seen.needs))) < 0) ||
	    (rules && json_set(doc, object, "network", rules) < 0))
		return error_set(err, ENOMEM, "write a profile: out of memory");
	return 0;
}

/* A whole profile, for what an OCI seccomp object has no place for. */
static int make_profile(const struct profile_request *request, const struct generated *generated, struct json_doc *doc,
			struct json *seccomp, struct json **ret_object, struct error *err)
{
	struct json *object = json_new(doc, JSON_OBJECT);
	int r = profile_put_seen(generated, request->capabilities, request->network, doc, object, err);

	if (r == 0 && json_set(doc, object, "seccomp", seccomp) < 0)
		return error_set(err, ENOMEM, "write a profile: out of memory");
	if (r == 0)
		*ret_object = object;
	return r;
}

static int write_generated(const struct profile_request *request, const struct generated *generated, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *object;
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r == 0)
		r = seccomp_write(&generated->filter, doc, &object, err);
	if (r == 0 && (request->capabilities || request->network))
		r = make_profile(request, generated, doc, object, &object, err);
	if (r == 0 && !request->output)
		return profile_print_json(object, err);
	if (r == 0)
		r = json_write(object, true, &text, &length, err);
	return r < 0 ? r : file_write_atomic(AT_FDCWD, request->output, text, length, 0644, true, err);
}

/* None would be what was seen of them, and the workload would have to do without. */
static int check_capabilities(const struct chosen *chosen, struct error *err)
{
	size_t without = 0;

	for (size_t i = 0; i < chosen->count; i++)
		without += !chosen->list[i]->capabilities_recorded;
	return without ? error_set(err, ENODATA, "generate capabilities: %zu of %zu runs were recorded without them: it takes Linux 6.14 "
				   "and eBPF to see them ('stint profile show' tells of a run)", without, chosen->count) : 0;
}

/* A list that lacks some would deny what the workload does. */
static int check_endpoints(const struct chosen *chosen, struct error *err)
{
	size_t without = 0, more = 0;

	for (size_t i = 0; i < chosen->count; i++) {
		without += !chosen->list[i]->endpoints_recorded;
		more += chosen->list[i]->endpoints.more;
	}
	if (without)
		return error_set(err, ENODATA, "generate network rules: %zu of %zu runs were recorded without their endpoints, or not with all: "
				 "it takes a network namespace of the container's own, from its start ('stint record show' tells of a run)",
				 without, chosen->count);
	if (more)
		return error_set(err, ENODATA, "generate network rules: in %zu of %zu runs there were more endpoints than were recorded: who "
				 "speaks with so many is not described by a list of them", more, chosen->count);
	return 0;
}

/* What network rules take, unless the profile's own capabilities name it. */
static void warn_of_lost(const struct profile_request *request, const struct generated *generated)
{
	if (request->network && !request->capabilities && (needs_capabilities(&generated->seen.needs) & of_network))
		fprintf(stderr, "stint: warning: it used CAP_NET_RAW or CAP_NET_ADMIN, which a container with network rules keeps only where its "
				"profile names them: --capabilities does\n");
	if (request->network && generated->seen.endpoints.more)
		fprintf(stderr, "stint: warning: all runs together spoke with more endpoints than there is room for: the list is not whole\n");
}

int profile_generate(const struct profile_request *request)
{
	_cleanup_(chosen_close) struct chosen chosen = {0};
	_cleanup_generated_ struct generated generated = {0};
	struct error err = {0};
	int status = choose(request, &chosen), r;

	if (status != EXIT_OK)
		return status;
	r = request->capabilities ? check_capabilities(&chosen, &err) : 0;
	if (r == 0 && request->network)
		r = check_endpoints(&chosen, &err);
	if (r < 0)
		return cli_fail(r == -ENODATA ? EXIT_DIFFERS : EXIT_STINT, &err);
	r = generate(chosen.list, chosen.count, request->runtime, &generated, &err);
	if (r == 0)
		r = warn(request, &chosen, &generated, &err);
	if (r == 0)
		warn_of_lost(request, &generated);
	if (r == 0)
		r = profile_prove(&generated.filter, &err);
	if (r == 0)
		r = write_generated(request, &generated, &err);
	return r < 0 ? cli_fail(EXIT_STINT, &err) : EXIT_OK;
}
