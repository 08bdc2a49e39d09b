/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint why`: one sentence about what ended a container, or how far one that runs has got. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/live.h"
#include "cli/options.h"
#include "lib/base/cleanup.h"
#include "lib/report/fields.h"
#include "lib/report/journal.h"
#include "lib/report/report.h"

static const char *const told[LIVE_STATUS_COUNT] = {
	[LIVE_CREATED] = "is created and not started yet",
	[LIVE_RUNNING] = "is running",
	[LIVE_FROZEN] = "is frozen",
	[LIVE_ENDING] = "is ending",
	[LIVE_UNWATCHED] = "is there, but no monitor watches it",
};

static void print_live(const struct live *live)
{
	char used_text[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX];
	const char *separator = ": it has used ";

	(void)printf("%s %s", live->plan->id, told[live->status]);
	for (int b = 0; b < BUDGET_COUNT; b++) {
		uint64_t used = live_used(live, (enum budget)b);

		if (!live->plan->budgets[b].set || used == UINT64_MAX)
			continue;
		(void)printf("%s%s of its %s budget of %s", separator, unit_format(budget_kinds[b].unit, used, used_text),
			     budget_kinds[b].name, unit_format(budget_kinds[b].unit, live->plan->budgets[b].limit, limit));
		separator = ", ";
	}
	(void)puts(separator[0] == ':' ? "; it has no budget." : ".");
}

/* EXIT_OK when it is there and was told of, -ENOENT when it is not there. */
static int why_live(const struct host *host, const char *id, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	struct cgroup_layout layout;
	struct live live;
	int r = live_find(host, id, &dirfd, err);

	if (r < 0)
		return r;
	r = cgroup_layout_read(host, &layout, err);
	if (r == 0)
		r = live_open(host, &layout, dirfd, &live, err);
	if (r < 0)
		return r;
	print_live(&live);
	live_close(&live);
	return EXIT_OK;
}

static int why(const struct host *host, const char *id)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	int r = why_live(host, id, &err);

	if (r == EXIT_OK)
		return EXIT_OK;
	if (r == -EEXIST)
		return cli_fail(EXIT_STINT, &err);
	/* Whatever kept us from seeing it there, the journal may know how it ended. */
	r = journal_last(host, id, &doc, &err);
	if (r == -ENOENT)
		return live_unknown(host, id, "nothing is known of", EXIT_DIFFERS);
	if (r == 0)
		r = report_why(json_root(doc), &text, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	(void)puts(text);
	return EXIT_OK;
}

static int run(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *id = NULL;
	char full[132];
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return cli_help(&verb_why);
		return cli_option_error(&verb_why, option, argv, options);
	}
	r = cli_one_id(&verb_why, argc, argv, 1, &id);
	if (r == EXIT_OK)
		r = live_name(host, &id, full);
	return r == EXIT_OK ? why(host, id) : r;
}

const struct verb verb_why = {
	.name = "why",
	.synopsis = "why ID",
	.summary = "Says in one sentence what ended a container.",
	.help = "Which budget was spent, how far, and who set its limit. Of a container that is still there it\n"
		"says how far its budgets are used.\n"
		"\n"
		"  -h, --help  this text\n"
		"\n"
		"Exit status: 0; 1 when nothing is known of ID; 2 for a usage error; 125 when stint failed.\n"
		"\n"
		"Example:\n"
		"  $ stint why web-1\n"
		"  web-1 was killed 2.013s after its start: it had used 2.001s of its cpu budget of 2.000s, set by\n"
		"  profile function.\n",
	.run = run,
};
