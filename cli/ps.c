/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint ps`: the containers that are there, and how far they have got. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/live.h"
#include "cli/options.h"
#include "lib/base/cleanup.h"
#include "lib/state/state_dir.h"

struct listing {
	const struct host *host;
	const struct cgroup_layout *layout;
	struct json_doc *doc;	 /* NULL: as text */
	struct json *array;
	bool out_of_memory;
	bool network;		     /* one has rules or budgets of its network */
	int id_width, profile_width; /* of the longest; those of the words above them at least */
};

/* "used/limit", or "used" where there is no limit, "-" for what is not known. */
static void cell(enum unit unit, uint64_t used, uint64_t limit, int width)
{
	char used_text[UNIT_TEXT_MAX] = "-", limit_text[UNIT_TEXT_MAX], text[2 * UNIT_TEXT_MAX + 2];

	if (used != UINT64_MAX)
		(void)unit_format(unit, used, used_text);
	if (limit && limit != UINT64_MAX)
		(void)snprintf(text, sizeof text, "%s/%s", used_text, unit_format(unit, limit, limit_text));
	else
		(void)snprintf(text, sizeof text, "%s", used_text);
	(void)printf("%-*s  ", width, text);
}

/* The limit of a budget; `otherwise` the kernel's, where the plan has one; 0: none. */
static uint64_t limit_of(const struct live *live, enum budget budget, uint64_t otherwise)
{
	return live->plan->budgets[budget].set ? live->plan->budgets[budget].limit : otherwise;
}

static uint64_t wall_used(const struct live *live)
{
	return live->state.started_boot_ns ? live_used(live, BUDGET_WALL) : UINT64_MAX;
}

static int measure_one(const char *key, int dirfd, void *data)
{
	struct listing *listing = data;
	struct ledger *ledger;
	char short_id[132];
	int id, profile;

	(void)key;
	if (ledger_open(dirfd, false, &ledger, NULL, NULL) < 0)
		return 0;
	id = (int)strlen(live_short_id(ledger->plan.id, short_id));
	profile = (int)strnlen(ledger->plan.profile, sizeof ledger->plan.profile);
	listing->id_width = id > listing->id_width ? id : listing->id_width;
	listing->network |= ledger->plan.network || ledger->plan.network_recorded;
	listing->profile_width = profile > listing->profile_width ? profile : listing->profile_width;
	ledger_unmap(ledger);
	return 0;
}

static void print_header(const struct listing *listing)
{
	(void)printf("%-*s  %-*s  %-9s  %-17s  %-17s  %-19s  %-9s  ", listing->id_width, "ID", listing->profile_width, "PROFILE",
		     "STATUS", "WALL", "CPU", "MEMORY", "PIDS");
	if (listing->network)
		(void)printf("%-19s  %-19s  ", "SENT", "RECEIVED");
	(void)puts("MONITOR");
}

/* Bytes that left it, or came, in this life. */
static uint64_t passed(const struct live *live, int direction)
{
	return live->has_network ? live->network.bytes[direction] : UINT64_MAX;
}

static void network_cell(const struct live *live, int direction, enum budget budget)
{
	bool budgeted = live->plan->budgets[budget].set;

	cell(UNIT_SIZE, budgeted ? live_used(live, budget) : passed(live, direction), limit_of(live, budget, 0), 19);
}

static void print_row(const struct listing *listing, const struct live *live)
{
	char id[132];

	(void)printf("%-*s  %-*s  %-9s  ", listing->id_width, live_short_id(live->plan->id, id), listing->profile_width,
		     live->plan->profile, live_status_names[live->status]);
	cell(UNIT_DURATION, wall_used(live), limit_of(live, BUDGET_WALL, 0), 17);
	cell(UNIT_DURATION, live->usage.cpu_ns, limit_of(live, BUDGET_CPU, 0), 17);
	cell(UNIT_SIZE, live->usage.memory_bytes, limit_of(live, BUDGET_MEMORY, live->plan->memory_limit), 19);
	cell(UNIT_COUNT, live->usage.pids, limit_of(live, BUDGET_PIDS, live->plan->pids_limit), 9);
	for (int d = 0; listing->network && d < NET_DIRECTIONS; d++)
		network_cell(live, d, d == NET_EGRESS ? BUDGET_NET_EGRESS : BUDGET_NET_INGRESS);
	if (live->watched && live->monitor > 0)
		(void)printf("%d\n", live->monitor);
	else
		(void)puts("-");
}

static struct json *number(struct json_doc *doc, uint64_t value)
{
	return value == UINT64_MAX ? json_new(doc, JSON_NULL) : json_new_uint64(doc, value);
}

static struct json *budgets_node(struct json_doc *doc, const struct live *live, bool *failed)
{
	struct json *budgets = json_new(doc, JSON_OBJECT);

	for (int b = 0; budgets && b < BUDGET_COUNT; b++) {
		struct json *budget;

		if (!live->plan->budgets[b].set)
			continue;
		budget = json_new(doc, JSON_OBJECT);
		*failed |= !budget ||
			   json_set(doc, budget, "used", number(doc, live_used(live, (enum budget)b))) < 0 ||
			   json_set(doc, budget, "limit", number(doc, live->plan->budgets[b].limit)) < 0 ||
			   json_set(doc, budgets, budget_kinds[b].name, budget) < 0;
	}
	return budgets;
}

static struct json *usage_node(struct json_doc *doc, const struct live *live, bool *failed)
{
	struct json *usage = json_new(doc, JSON_OBJECT);

	*failed |= !usage || json_set(doc, usage, "wallNs", number(doc, wall_used(live))) < 0 ||
		   json_set(doc, usage, "cpuNs", number(doc, live->usage.cpu_ns)) < 0 ||
		   json_set(doc, usage, "memoryBytes", number(doc, live->usage.memory_bytes)) < 0 ||
		   json_set(doc, usage, "pids", number(doc, live->usage.pids)) < 0 ||
		   json_set(doc, usage, "netEgressBytes", number(doc, passed(live, NET_EGRESS))) < 0 ||
		   json_set(doc, usage, "netIngressBytes", number(doc, passed(live, NET_INGRESS))) < 0;
	return usage;
}

static void add_object(struct listing *listing, const struct live *live)
{
	struct json_doc *doc = listing->doc;
	struct json *object = json_new(doc, JSON_OBJECT);
	bool failed = !object, monitor = live->watched && live->monitor > 0;

	if (object)
		failed = json_set(doc, object, "id", json_new_string(doc, live->plan->id)) < 0 ||
			 json_set(doc, object, "key", json_new_string(doc, live->plan->key)) < 0 ||
			 json_set(doc, object, "profile", json_new_string(doc, live->plan->profile)) < 0 ||
			 json_set(doc, object, "status", json_new_string(doc, live_status_names[live->status])) < 0 ||
			 json_set(doc, object, "usage", usage_node(doc, live, &failed)) < 0 ||
			 json_set(doc, object, "budgets", budgets_node(doc, live, &failed)) < 0 || failed ||
			 json_set(doc, object, "pid", number(doc, live->state.init > 0 ?
					  (uint64_t)live->state.init : UINT64_MAX)) < 0 ||
			 json_set(doc, object, "monitor", number(doc, monitor ?
					  (uint64_t)live->monitor : UINT64_MAX)) < 0 ||
			 json_append(listing->array, object) < 0;
	listing->out_of_memory |= failed;
}

static int list_one(const char *key, int dirfd, void *data)
{
	struct listing *listing = data;
	struct live live;

	(void)key;
	if (live_open(listing->host, listing->layout, dirfd, &live, NULL) < 0)
		return 0; /* ended, or not ready */
	if (listing->doc)
		add_object(listing, &live);
	else
		print_row(listing, &live);
	live_close(&live);
	return 0;
}

static int ps(const struct host *host, bool json)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct cgroup_layout layout;
	struct listing listing = {.host = host, .layout = &layout, .id_width = 12, .profile_width = 8};
	struct error err = {0};
	size_t length;
	int r = cgroup_layout_read(host, &layout, &err);

	if (r == 0 && json)
		r = json_doc_new(&doc, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	listing.doc = doc;
	listing.array = json ? json_new(doc, JSON_ARRAY) : NULL;
	if (json && !listing.array)
		listing.out_of_memory = true;
	if (!json) {
		(void)state_each(host, measure_one, &listing, NULL);
		print_header(&listing);
	}
	if (!listing.out_of_memory)
		r = state_each(host, list_one, &listing, &err);
	if (r == 0 && listing.out_of_memory)
		r = error_set(&err, ENOMEM, "list the containers: out of memory");
	if (r == 0 && json)
		r = json_write(listing.array, false, &text, &length, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	if (json)
		(void)fputs(text, stdout);
	return EXIT_OK;
}

static int run(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	bool json = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return cli_help(&verb_ps);
		if (option != 'j')
			return cli_option_error(&verb_ps, option, argv, options);
		json = true;
	}
	if (optind < argc)
		return cli_usage_error(&verb_ps, "ps takes no argument: '%s'", argv[optind]);
	return ps(host, json);
}

const struct verb verb_ps = {
	.name = "ps",
	.synopsis = "ps [--json]",
	.summary = "Lists the containers that are there, with what they have used of their budgets.",
	.help = "      --json  an array of objects: id, key, profile, status, usage, budgets, pid, monitor\n"
		"  -h, --help  this text\n"
		"\n"
		"STATUS is created, running, frozen, ending (its budget is spent, or it is being cleared away) or\n"
		"unwatched (no monitor is alive: 'stint verify ID' says what still holds it). USED/LIMIT stands\n"
		"where there is a limit. SENT and RECEIVED stand there when a container has network rules or byte\n"
		"budgets. MONITOR is the pid of the monitor.\n"
		"\n"
		"Exit status: 0; 2 for a usage error; 125 when stint failed.\n"
		"\n"
		"Example:\n"
		"  stint ps --json | jq '.[] | select(.status == \"unwatched\") | .id'\n",
	.run = run,
};
