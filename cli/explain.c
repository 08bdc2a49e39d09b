/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint explain`: the plan for a bundle, with the source of every value. Changes nothing. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "lib/base/cleanup.h"
#include "lib/oci/config.h"
#include "lib/plan/plan.h"

struct request {
	const char *bundle;
	struct plan_request plan;
	struct budget_options budgets;
	bool json;
};

static int print_plan(const struct plan *plan, bool json, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r;

	if (json) {
		r = plan_to_json(plan, &doc, err);
		if (r == 0)
			r = json_write(json_root(doc), true, &text, &length, err);
	} else {
		r = plan_to_text(plan, &text, err);
	}
	if (r == 0)
		(void)fputs(text, stdout);
	return r;
}

static int make_plan(const struct host *host, const struct request *request, const struct json *config,
		     struct plan *plan, struct error *err)
{
	struct host_config host_config = {0};
	struct cgroup_layout layout;
	int r = cgroup_layout_read(host, &layout, err);

	if (r < 0)
		return r;
	r = host_config_load(host, &host_config, err);
	if (r < 0)
		return r;
	r = plan_make(host, &host_config, &layout, config, &request->plan, PLAN_WRAPPER, plan, err);
	if (r == 0)
		r = print_plan(plan, request->json, err);
	host_config_clear(&host_config); /* the plan may point into it */
	return r;
}

static int explain(const struct host *host, const struct request *request)
{
	_cleanup_json_ struct json_doc *config = NULL;
	_cleanup_free_ struct plan *plan = calloc(1, sizeof *plan);
	struct error err = {0};
	int r = plan ? config_read(request->bundle, &config, &err) : error_set(&err, ENOMEM, "out of memory");

	if (r == 0)
		r = config_check(json_root(config), &err);
	if (r == 0)
		r = make_plan(host, request, json_root(config), plan, &err);
	return r < 0 ? cli_fail(EXIT_STINT, &err) : EXIT_OK;
}

static int run(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"profile", required_argument, NULL, 'p'},
						{"budget", required_argument, NULL, 'b'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct request request = {0};
	char bundle[PATH_MAX];
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":p:b:h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			request.json = true;
			break;
		case 'p':
			request.plan.profile = optarg;
			break;
		case 'b':
			status = cli_add_budget(&verb_explain, optarg, &request.budgets);
			if (status != EXIT_OK)
				return status;
			break;
		case 'h':
			return cli_help(&verb_explain);
		default:
			return cli_option_error(&verb_explain, option, argv, options);
		}
	}
	if (argc - optind != 1)
		return cli_usage_error(&verb_explain, optind == argc ?
			"which bundle? Give the directory that holds config.json" : "one bundle at a time");
	request.bundle = argv[optind];
	request.plan.bundle = realpath(request.bundle, bundle);
	request.plan.budgets = request.budgets.values;
	return explain(host, &request);
}

const struct verb verb_explain = {
	.name = "explain",
	.synopsis = "explain [--json] [--profile NAME|FILE] [--budget NAME=LIMIT]... BUNDLE",
	.summary = "Shows what would be applied to a bundle, and who asked for it. Changes nothing.",
	.help = "  -p, --profile NAME|FILE  this profile instead of the one the host selects\n"
		"  -b, --budget NAME=LIMIT  this limit instead of the profile's, below the host's ceiling\n"
		"      --json               {\"effective\": ..., \"sources\": [...]}, limits in base units\n"
		"  -h, --help               this text\n"
		"\n"
		"Exit status: 0; 2 for a usage error; 125 when there can be no plan: the error says why.\n"
		"\n"
		"Example:\n"
		"  stint explain --profile function --budget cpu=2s ./bundle\n",
	.run = run,
};
