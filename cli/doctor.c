/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint doctor`: the parts one after another, and what they found for people and for machines. */
#include "cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/report/fields.h"

static const char *const status_names[FINDING_STATUS_COUNT] = {
	[FINDING_OK] = "ok", [FINDING_WARNING] = "warning", [FINDING_PROBLEM] = "problem",
};

void found(struct diagnosis *d, enum finding_status status, const char *name, const char *advice, const char *format, ...)
{
	struct finding *finding = &d->findings[d->count < FINDINGS_MAX ? d->count++ : FINDINGS_MAX - 1];
	va_list args;

	*finding = (struct finding){.section = d->section, .status = status};
	(void)snprintf(finding->name, sizeof finding->name, "%s", name);
	(void)snprintf(finding->advice, sizeof finding->advice, "%s", advice ? advice : "");
	va_start(args, format);
	(void)vsnprintf(finding->found, sizeof finding->found, format, args);
	va_end(args);
}

static int count_status(const struct diagnosis *d, enum finding_status status)
{
	int count = 0;

	for (int i = 0; i < d->count; i++)
		count += d->findings[i].status == status;
	return count;
}

/* The worst of them. */
static enum finding_status overall(const struct diagnosis *d)
{
	return count_status(d, FINDING_PROBLEM) ? FINDING_PROBLEM :
	       count_status(d, FINDING_WARNING) ? FINDING_WARNING : FINDING_OK;
}

enum { NAME_WIDTH = 22 };

/* What is found may have been written by anybody. */
static void print_text(const struct diagnosis *d)
{
	static const char *const colours[FINDING_STATUS_COUNT] = {"", "\033[33m", "\033[31m"};
	const char *section = NULL;
	int colour = cli_colour();

	for (int i = 0; i < d->count; i++) {
		const struct finding *finding = &d->findings[i];

		if (finding->section != section)
			(void)printf("%s%s\n", section ? "\n" : "", finding->section);
		section = finding->section;
		(void)printf("  %s%-7s%s  ", colour ? colours[finding->status] : "", status_names[finding->status],
			     colour && finding->status ? "\033[0m" : "");
		print_clean(stdout, finding->name);
		(void)printf("%*s  ", NAME_WIDTH - (int)strlen(finding->name) > 0 ? NAME_WIDTH - (int)strlen(finding->name) : 0, "");
		print_clean(stdout, finding->found);
		if (finding->advice[0]) {
			(void)fputs("\n           -> ", stdout);
			print_clean(stdout, finding->advice);
		}
		(void)putchar('\n');
	}
	(void)printf("\n%d checks: %d problems, %d warnings\n", d->count, count_status(d, FINDING_PROBLEM),
		     count_status(d, FINDING_WARNING));
}

static struct json *finding_node(struct json_doc *doc, const struct finding *finding)
{
	struct json *node = json_new(doc, JSON_OBJECT);

	if (!node || json_set(doc, node, "section", json_new_string(doc, finding->section)) < 0 ||
	    json_set(doc, node, "name", json_new_string(doc, finding->name)) < 0 ||
	    json_set(doc, node, "status", json_new_string(doc, status_names[finding->status])) < 0 ||
	    json_set(doc, node, "found", json_new_string(doc, finding->found)) < 0 ||
	    json_set(doc, node, "advice", finding->advice[0] ? json_new_string(doc, finding->advice) :
							       json_new(doc, JSON_NULL)) < 0)
		return NULL;
	return node;
}

static int print_json(const struct diagnosis *d, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *root, *checks;
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	root = json_root(doc);
	checks = json_new(doc, JSON_ARRAY);
	for (int i = 0; checks && i < d->count; i++)
		if (json_append(checks, finding_node(doc, &d->findings[i])) < 0)
			checks = NULL;
	if (!checks || json_set(doc, root, "version", json_new_uint64(doc, 1)) < 0 ||
	    json_set(doc, root, "status", json_new_string(doc, status_names[overall(d)])) < 0 ||
	    json_set(doc, root, "problems", json_new_uint64(doc, (uint64_t)count_status(d, FINDING_PROBLEM))) < 0 ||
	    json_set(doc, root, "warnings", json_new_uint64(doc, (uint64_t)count_status(d, FINDING_WARNING))) < 0 ||
	    json_set(doc, root, "checks", checks) < 0)
		return error_set(err, ENOMEM, "doctor: out of memory");
	r = json_write(root, true, &text, &length, err);
	if (r == 0)
		(void)fputs(text, stdout);
	return r;
}

static int doctor(const struct host *host, bool json, const char *profile)
{
	_cleanup_free_ struct diagnosis *d = calloc(1, sizeof *d);
	struct error err = {0};
	int r = d ? 0 : error_set(&err, ENOMEM, "doctor: out of memory");

	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	d->host = host;
	doctor_kernel(d);
	doctor_cgroups(d);
	doctor_installation(d);
	doctor_containers(d);
	doctor_runtimes(d);
	doctor_engines(d);
	doctor_profile(d, profile);
	if (json)
		r = print_json(d, &err);
	else
		print_text(d);
	host_config_clear(&d->host_config);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	return overall(d) == FINDING_PROBLEM ? EXIT_DIFFERS : EXIT_OK;
}

static int run(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"profile", required_argument, NULL, 'p'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *profile = NULL;
	bool json = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":p:h", options, NULL)) != -1) {
		if (option == 'h')
			return cli_help(&verb_doctor);
		if (option == 'j')
			json = true;
		else if (option == 'p')
			profile = optarg;
		else
			return cli_option_error(&verb_doctor, option, argv, options);
	}
	if (optind < argc)
		return cli_usage_error(&verb_doctor, "doctor takes no argument: '%s'", argv[optind]);
	return doctor(host, json, profile);
}

const struct verb verb_doctor = {
	.name = "doctor",
	.synopsis = "doctor [--json] [--profile NAME|FILE]",
	.summary = "Looks at what stint needs of this machine, and says what is not as it should be.",
	.help = "Kernel, control groups, installation, containers, runtimes, engines, and what of a profile could not be\n"
		"enforced here. It changes nothing. Each line is ok, a warning (less than there could be) or a problem,\n"
		"and says what to do.\n"
		"\n"
		"  -p, --profile NAME|FILE  this profile instead of the one the host selects\n"
		"      --json               {\"version\": 1, \"status\": ..., \"checks\": [{\"name\": ..., \"status\": ...}]}\n"
		"  -h, --help               this text\n"
		"\n"
		"Exit status: 0 when there is no problem, warnings or not; 1 when there is one; 2 for a usage error;\n"
		"125 when stint failed.\n"
		"\n"
		"Example:\n"
		"  stint doctor --json | jq -r '.checks[] | select(.status == \"problem\") | .found'\n",
	.run = run,
};
