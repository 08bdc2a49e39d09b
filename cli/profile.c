/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint profile`: from recordings to a seccomp filter, and what is known of them. A table of commands. */
#include "cli/profile.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/live.h"
#include "cli/options.h"
#include "lib/base/cleanup.h"
#include "lib/base/units.h"

enum { TAKES_RUNTIME = 1, TAKES_OUTPUT = 2, TAKES_JSON = 4, TAKES_MODE = 8, TAKES_WHOLE = 16 };

static const struct command {
	const char *name;
	int (*run)(const struct profile_request *request);
	unsigned takes;
	int least, most; /* other arguments */
	const char *wanted;
} commands[] = {
	{"generate", profile_generate, TAKES_RUNTIME | TAKES_OUTPUT | TAKES_WHOLE, 1, INT_MAX, "generate a filter of which ID or WORKLOAD?"},
	{"status", profile_status, TAKES_JSON, 0, 1, "status takes one WORKLOAD at most"},
	{"show", profile_show, TAKES_JSON, 1, 1, "show which WORKLOAD or ID?"},
	{"explain", profile_explain, 0, 1, 2, "explain takes a WORKLOAD or ID, and at most one need of it"},
	{"diff", profile_diff, TAKES_JSON | TAKES_RUNTIME, 2, 2, "diff takes two of WORKLOAD, ID, FILE and docker"},
	{"merge", profile_merge, 0, 1, INT_MAX, "merge which FILE or DIR?"},
	{"accept", profile_accept, TAKES_MODE | TAKES_RUNTIME, 1, 1, "accept which WORKLOAD or ID?"},
};

/* --- what the commands share --- */

void profile_runs_close(struct profile_runs *runs)
{
	stored_runs_close(&runs->runs);
}

/* One run is a set of one. */
static int take_run(const struct host *host, const char *run, struct profile_runs *runs, struct error *err)
{
	struct stored_runs *of = &runs->runs;
	int r;

	of->list = calloc(1, sizeof *of->list);
	of->recordings = calloc(1, sizeof *of->recordings);
	if (!of->list || !of->recordings)
		return error_set(err, ENOMEM, "read a recording: out of memory");
	(void)snprintf(of->list[0].name, sizeof of->list[0].name, "%s", run);
	r = store_read_run(host, runs->workload, run, &of->list[0].recording, err);
	of->recordings[0] = &of->list[0].recording;
	of->count = r == 0;
	return r;
}

/* -ENOENT: neither. */
static int find_runs(const struct host *host, const char *name, struct profile_runs *runs, struct error *err)
{
	char run[STORE_NAME_MAX];
	int r = store_find_run(host, name, runs->workload, run, err);

	if (r == 0)
		return take_run(host, run, runs, err);
	if (r == -ENOENT)
		r = store_find_workload(host, name, runs->workload, err);
	if (r == 0)
		r = store_read(host, runs->workload, &runs->runs, err);
	return r == 0 && runs->runs.count == 0 ? -ENOENT : r;
}

int profile_find_runs(const struct host *host, const char *name, struct profile_runs *ret_runs)
{
	_cleanup_profile_runs_ struct profile_runs runs = {0};
	struct error err = {0};
	char full[132];
	int r = find_runs(host, name, &runs, &err);

	if (r == -ENOENT) { /* engines let their users write the beginning of an id */
		int status = live_name(host, &name, full);

		if (status != EXIT_OK)
			return status;
		profile_runs_close(&runs);
		r = find_runs(host, name, &runs, &err);
	}
	if (r == -ENOENT) {
		fprintf(stderr, "stint: there is no recording of a container or a workload %s ('stint profile status' lists them)\n", name);
		return EXIT_DIFFERS;
	}
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	*ret_runs = runs;
	runs = (struct profile_runs){0};
	return EXIT_OK;
}

const char *profile_short_workload(const char *workload, char text[STORE_NAME_MAX])
{
	static const char sum[] = "sha256:";
	enum { SHORT = 12 };
	bool summed = strncmp(workload, sum, strlen(sum)) == 0;

	(void)snprintf(text, STORE_NAME_MAX, "%.*s", summed ? (int)strlen(sum) + SHORT : STORE_NAME_MAX - 1, workload);
	return text;
}

/* Never less than it is. */
const char *profile_percent(double probability, char text[16])
{
	double percent = fmax(0, ceil(100 * probability - 1e-9));

	if (probability > 0 && 100 * probability < 1)
		(void)snprintf(text, 16, "below 1 %%");
	else
		(void)snprintf(text, 16, "%.0f %%", percent);
	return text;
}

int profile_print_json(const struct json *object, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = json_write(object, true, &text, &length, err);

	if (r == 0)
		(void)fwrite(text, 1, length, stdout);
	return r;
}

struct json *profile_json_number(struct json_doc *doc, double value)
{
	struct json *node;
	char text[32];

	(void)snprintf(text, sizeof text, "%.6f", value);
	node = json_new_string(doc, text);
	if (node)
		node->type = JSON_NUMBER; /* its literal */
	return node;
}

int profile_merge(const struct profile_request *request)
{
	unsigned copied = 0, there = 0;

	for (int i = 0; i < request->count; i++) {
		unsigned copied_of_this = 0, there_of_this = 0;
		struct error err = {0};

		if (store_import(request->host, request->names[i], &copied_of_this, &there_of_this, &err) < 0)
			return cli_fail(EXIT_STINT, &err);
		copied += copied_of_this;
		there += there_of_this;
	}
	printf("%u %s taken, %u %s there already\n", copied, copied == 1 ? "run was" : "runs were", there, there == 1 ? "was" : "were");
	return EXIT_OK;
}

/* --- the verb --- */

static int unknown_command(const char *name)
{
	const char *names[ARRAY_SIZE(commands) + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	near = nearest_name(name, names);
	if (near)
		return cli_usage_error(&verb_profile, "there is no 'profile %s'; did you mean '%s'?", name, near);
	return cli_usage_error(&verb_profile, "there is no 'profile %s'", name);
}

static int run_command(const char *name, const struct profile_request *request)
{
	const struct {
		bool is;
		unsigned takes;
		const char *name;
	} given[] = {
		{request->json, TAKES_JSON, "json"},   {request->runtime != NULL, TAKES_RUNTIME, "runtime"},
		{request->output != NULL, TAKES_OUTPUT, "output"}, {request->mode != NULL, TAKES_MODE, "mode"},
		{request->share != NULL, TAKES_MODE, "share"},	   {request->dry_run, TAKES_MODE, "dry-run"},
		{request->rollback, TAKES_MODE, "rollback"},	   {request->capabilities, TAKES_WHOLE, "capabilities"},
		{request->network, TAKES_WHOLE, "network"},
	};
	const struct command *command = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			command = &commands[i];
	if (!command)
		return unknown_command(name);
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		if (given[i].is && !(command->takes & given[i].takes))
			return cli_usage_error(&verb_profile, "'profile %s' takes no --%s", name, given[i].name);
	if (request->count < command->least || request->count > command->most)
		return cli_usage_error(&verb_profile, "%s", command->wanted);
	return command->run(request);
}

static int run(const struct host *host, int argc, char **argv)
{
	enum { OPT_JSON = 256, OPT_MODE, OPT_SHARE, OPT_ROLLBACK, OPT_CAPABILITIES, OPT_NETWORK };
	static const struct option options[] = {{"json", no_argument, NULL, OPT_JSON},
						{"output", required_argument, NULL, 'o'},
						{"runtime", required_argument, NULL, 'r'},
						{"mode", required_argument, NULL, OPT_MODE},
						{"share", required_argument, NULL, OPT_SHARE},
						{"dry-run", no_argument, NULL, 'n'},
						{"rollback", no_argument, NULL, OPT_ROLLBACK},
						{"capabilities", no_argument, NULL, OPT_CAPABILITIES},
						{"network", no_argument, NULL, OPT_NETWORK},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct profile_request request = {.host = host};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":o:r:nh", options, NULL)) != -1) {
		switch (option) {
		case OPT_JSON:
			request.json = true;
			break;
		case 'o':
			request.output = optarg;
			break;
		case 'r':
			request.runtime = optarg;
			break;
		case OPT_MODE:
			request.mode = optarg;
			break;
		case OPT_SHARE:
			request.share = optarg;
			break;
		case 'n':
			request.dry_run = true;
			break;
		case OPT_ROLLBACK:
			request.rollback = true;
			break;
		case OPT_CAPABILITIES:
			request.capabilities = true;
			break;
		case OPT_NETWORK:
			request.network = true;
			break;
		case 'h':
			return cli_help(&verb_profile);
		default:
			return cli_option_error(&verb_profile, option, argv, options);
		}
	}
	if (optind == argc)
		return cli_usage_error(&verb_profile, "generate, status, show, explain, diff, merge or accept?");
	request.names = argv + optind + 1;
	request.count = argc - optind - 1;
	return run_command(argv[optind], &request);
}

const struct verb verb_profile = {
	.name = "profile",
	.synopsis = "profile generate [--capabilities] [--network] [--runtime NAME] [-o FILE] ID|WORKLOAD...\n"
		    "       stint profile status [--json] [WORKLOAD]\n"
		    "       stint profile show [--json] ID|WORKLOAD\n"
		    "       stint profile explain ID|WORKLOAD [NEED]\n"
		    "       stint profile diff [--json] A B\n"
		    "       stint profile merge FILE|DIR...\n"
		    "       stint profile accept [--mode MODE] [--share N] [--dry-run|--rollback] ID|WORKLOAD",
	.summary = "Makes a seccomp filter of what a workload was seen to need, and tells what is known of it.",
	.help =
		"A WORKLOAD is an image's digest or a fingerprint; the first digits of it will do. It stands for\n"
		"all its recorded runs; the ID of a container, for its newest one.\n"
		"\n"
		"  generate      an OCI seccomp object, for a profile's \"seccomp\", 'docker run --security-opt\n"
		"                seccomp=FILE', Podman, containerd and Kubernetes. What was seen is allowed, and\n"
		"                what the runtime needs to get there; what was not seen is answered EPERM, and\n"
		"                what is newer than all that is known here ENOSYS. It is compiled, compared with\n"
		"                what was asked for call by call, and loaded once, before it is written\n"
		"  status        the workloads: how many runs, how many calls, and how probable it is that the\n"
		"                next run needs something that none did\n"
		"  show          what a workload needs: calls, arguments, capabilities\n"
		"  explain       which run and which program needed each of them. NEED as it is shown:\n"
		"                'socket', 'socket 2 1', CAP_CHOWN\n"
		"  diff          what A allows and B does not, and what else they differ in: each a WORKLOAD, an ID,\n"
		"                the FILE of an OCI seccomp object, a profile, a model (model.json and previous.json in\n"
		"                /var/lib/stint/models/WORKLOAD) or a container's config.json (with a '/' in its name,\n"
		"                or '.json'), or 'docker': stint's default filter, at least as tight as Docker's own, which is\n"
		"                in the config.json of any of its containers: FILE is\n"
		"                /run/containerd/io.containerd.runtime.v2.task/moby/ID/config.json while it runs.\n"
		"                'pipe(=pipe2)': the other one allows that for the same need\n"
		"  merge         takes recordings of another host: a run's file, or a directory of them, as it\n"
		"                lies in the other's /var/lib/stint/recordings\n"
		"  accept        what the workload was seen to need, and what it was denied since the last time,\n"
		"                is its model from now on, for profiles with \"seccomp\": \"learned\"; what is new\n"
		"                is listed. Where every run was recorded with its capabilities, the model has\n"
		"                these too: they are all that a container has once it is enforced\n"
		"\n"
		"      --mode MODE      with accept: complain (what the model does not know is allowed and reported;\n"
		"                       so it begins), canary (the same for a share of the starts, the others are\n"
		"                       not watched), or enforce (denied and reported)\n"
		"      --share N        with accept: of canary's starts N of a hundred are watched; 10\n"
		"  -n, --dry-run        with accept: only tells what would be new\n"
		"      --rollback       with accept: the model before the present one is the model again\n"
		"      --capabilities   with generate: a profile with what was seen of capabilities, and the object as\n"
		"                       its \"seccomp\"\n"
		"      --network        with generate: a profile whose \"network\" allows the endpoints that were seen, and\n"
		"                       denies the rest; the object as its \"seccomp\"\n"
		"  -o, --output FILE    with generate: FILE is replaced as a whole, or not at all\n"
		"  -r, --runtime NAME   with generate and diff: the filter is for runc, crun or any runtime, and not\n"
		"                       for those of the recordings\n"
		"      --json           with status, show and diff\n"
		"  -h, --help           this text\n"
		"\n"
		"Exit status: 0; 1 when nothing is known of that name, and when A and B differ; 2 for a usage\n"
		"error; 125 when stint failed.\n"
		"\n"
		"Examples:\n"
		"  stint run --record --id web-1 ./bundle           see what it needs, a few times\n"
		"  stint profile status                             has enough been seen?\n"
		"  stint profile generate -o web.json web-1\n"
		"  stint profile explain web-1 socket               who opens which sockets?\n"
		"  stint profile diff web-1 docker                  how much tighter is it?\n",
	.run = run,
};
