/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint verify`: the kernel's state against the plan, control by control. */
#include "cli/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/launch/launch.h"
#include "lib/report/fields.h"
#include "lib/report/journal.h"

static const char *const status_names[CONTROL_STATUS_COUNT] = {
	[CONTROL_ENFORCED] = "enforced", [CONTROL_DEGRADED] = "degraded", [CONTROL_ABSENT] = "absent",
};

struct control *verification_add(struct verification *v, const char *name, enum control_status status)
{
	struct control *control = &v->controls[v->count < CONTROLS_MAX ? v->count++ : CONTROLS_MAX - 1];

	*control = (struct control){.status = status};
	(void)snprintf(control->name, sizeof control->name, "%s", name);
	return control;
}

static int count_status(const struct verification *v, enum control_status status)
{
	int count = 0;

	for (int i = 0; i < v->count; i++)
		count += v->controls[i].status == status;
	return count;
}

static void print_text(const struct verification *v)
{
	(void)printf("%s: %d of %d controls enforced, %d degraded, %d absent\n\n", v->live->plan->id,
		     count_status(v, CONTROL_ENFORCED), v->count, count_status(v, CONTROL_DEGRADED),
		     count_status(v, CONTROL_ABSENT));
	(void)printf("%-18s  %-9s  %-27s  %s\n", "CONTROL", "STATUS", "PLANNED", "FOUND");
	for (int i = 0; i < v->count; i++) {
		const struct control *control = &v->controls[i];

		(void)printf("%-18s  %-9s  %-27s  %s", control->name, status_names[control->status], control->planned,
			     control->found);
		if (control->note[0])
			(void)printf(" (%s)", control->note);
		(void)putchar('\n');
	}
}

static struct json *control_node(struct json_doc *doc, const struct control *control)
{
	struct json *node = json_new(doc, JSON_OBJECT);

	if (!node || json_set(doc, node, "control", json_new_string(doc, control->name)) < 0 ||
	    json_set(doc, node, "status", json_new_string(doc, status_names[control->status])) < 0 ||
	    json_set(doc, node, "planned", json_new_string(doc, control->planned)) < 0 ||
	    json_set(doc, node, "found", json_new_string(doc, control->found)) < 0 ||
	    json_set(doc, node, "note", control->note[0] ? json_new_string(doc, control->note) :
							   json_new(doc, JSON_NULL)) < 0)
		return NULL;
	return node;
}

static int print_json(const struct verification *v, bool differs, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *array;
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	array = json_new(doc, JSON_ARRAY);
	for (int i = 0; array && i < v->count; i++)
		if (json_append(array, control_node(doc, &v->controls[i])) < 0)
			array = NULL;
	if (!array || json_set(doc, json_root(doc), "id", json_new_string(doc, v->live->plan->id)) < 0 ||
	    json_set(doc, json_root(doc), "differs", json_new_bool(doc, differs)) < 0 ||
	    json_set(doc, json_root(doc), "controls", array) < 0)
		return error_set(err, ENOMEM, "verify %s: out of memory", v->live->plan->id);
	r = json_write(json_root(doc), true, &text, &length, err);
	if (r == 0)
		(void)fputs(text, stdout);
	return r;
}

static int verify_live(struct verification *v, bool json, struct error *err)
{
	bool differs;
	int r = 0;

	verify_monitor(v);
	verify_limits(v);
	verify_process(v);
	verify_budgets(v);
	verify_network(v);
	differs = count_status(v, CONTROL_ENFORCED) < v->count;
	if (json)
		r = print_json(v, differs, err);
	else
		print_text(v);
	return r < 0 ? r : differs ? EXIT_DIFFERS : EXIT_OK;
}

/* The plan as it was made, and what else the launcher wrote, from the state directory. */
static int read_state(int dirfd, const char *name, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(dirfd, name, JSON_LARGE_BYTES, &text, &length, err);

	if (r < 0)
		return r;
	return json_parse_large(name, text, length, ret_doc, err);
}

static int verify(const struct host *host, int dirfd, bool json, struct error *err)
{
	_cleanup_free_ struct verification *v = calloc(1, sizeof *v);
	_cleanup_json_ struct json_doc *doc = NULL, *asking = NULL;
	struct cgroup_layout layout;
	struct live live;
	int r;

	if (!v)
		return error_set(err, ENOMEM, "out of memory");
	r = read_state(dirfd, "plan.json", &doc, err);
	if (r == 0 && faccessat(dirfd, RECORDING_FILTER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		r = read_state(dirfd, RECORDING_FILTER, &asking, err);
	if (r == 0)
		r = cgroup_layout_read(host, &layout, err);
	if (r == 0)
		r = live_open(host, &layout, dirfd, &live, err);
	if (r < 0)
		return r;
	v->host = host;
	v->layout = &layout;
	v->live = &live;
	v->effective = json_get(json_root(doc), "effective");
	v->sources = json_get(json_root(doc), "sources");
	v->asking = asking ? json_root(asking) : NULL;
	r = json_is(v->effective, JSON_OBJECT) ? verify_live(v, json, err) :
		error_set(err, EINVAL, "read plan.json of %s: it has no effective plan", live.plan->id);
	live_close(&live);
	return r;
}

static int verify_id(const struct host *host, const char *id, bool json)
{
	_cleanup_json_ struct json_doc *report = NULL;
	_cleanup_close_ int dirfd = -1;
	struct error err = {0};
	int r = live_find(host, id, &dirfd, &err);

	if (r == 0)
		r = verify(host, dirfd, json, &err);
	if (r == -ENOENT && journal_last(host, id, &report, NULL) == 0) {
		fputs("stint: verify ", stderr);
		print_clean(stderr, id);
		fputs(": it has ended, nothing is left to be compared; 'stint report' tells what it used\n", stderr);
		return EXIT_STINT;
	}
	if (r == -ENOENT && dirfd < 0)
		return live_unknown(host, id, "verify: there is no container", EXIT_STINT);
	return r < 0 ? cli_fail(EXIT_STINT, &err) : r;
}

static int run(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *id = NULL;
	char full[132];
	bool json = false;
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return cli_help(&verb_verify);
		if (option != 'j')
			return cli_option_error(&verb_verify, option, argv, options);
		json = true;
	}
	r = cli_one_id(&verb_verify, argc, argv, 1, &id);
	if (r == EXIT_OK)
		r = live_name(host, &id, full);
	return r == EXIT_OK ? verify_id(host, id, json) : r;
}

const struct verb verb_verify = {
	.name = "verify",
	.synopsis = "verify ID [--json]",
	.summary = "Compares what the kernel enforces on a container with its plan.",
	.help = "Control by control: enforced (as planned, or stricter), degraded (weaker than planned) or absent.\n"
		"\n"
		"      --json  {\"id\": ..., \"differs\": false, \"controls\": [{\"control\": ..., \"status\": ...}]}\n"
		"  -h, --help  this text\n"
		"\n"
		"Exit status: 0 when everything is as planned; 1 when anything differs; 2 for a usage error;\n"
		"125 when it could not be looked at.\n"
		"\n"
		"Example:\n"
		"  stint verify web-1 || stint verify web-1 --json | jq '.controls[] | select(.status != \"enforced\")'\n",
	.run = run,
};
