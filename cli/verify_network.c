/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint verify`: the rules of the container's network. stint-network looks, in a process of its own: it enters the container's
 * namespace, and is the only one of our programs that knows how to speak to nf_tables. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "cli/verify.h"
#include "lib/base/command.h"
#include "lib/launch/launch.h"
#include "lib/report/fields.h"

#define put_text(field, ...) ((void)snprintf(field, sizeof field, __VA_ARGS__))

static int ask(const struct verification *v, struct json_doc **ret_doc, struct error *err)
{
	enum { SECONDS = 20 };
	_cleanup_command_ struct command command = {0};
	char path[PATH_MAX], root[PATH_MAX];
	const char *argv[] = {path, root, "--verify", v->live->plan->key, NULL};
	int r = program_path("stint-network", path, err);

	(void)snprintf(root, sizeof root, "--root=%s", v->host->root);
	if (r == 0)
		r = command_check(argv, SECONDS, &command, err);
	return r < 0 ? r : json_parse("what stint-network says", command.out, strlen(command.out), ret_doc, err);
}

void verify_network(struct verification *v)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct error err = {0};
	struct control *control;
	const char *status;

	if (!v->live->plan->network)
		return;
	control = verification_add(v, "network", CONTROL_ABSENT);
	put_text(control->planned, "rules of the plan");
	if (ask(v, &doc, &err) < 0) {
		put_text(control->found, "not known");
		put_text(control->note, "%.250s", err.text);
		return;
	}
	status = report_text(json_root(doc), "status", "absent");
	control->status = strcmp(status, "enforced") == 0 ? CONTROL_ENFORCED :
			  strcmp(status, "degraded") == 0 ? CONTROL_DEGRADED : CONTROL_ABSENT;
	put_text(control->found, "%s", control->status == CONTROL_ENFORCED ? "in the kernel" :
				       control->status == CONTROL_DEGRADED ? "others in the kernel" : "none in the kernel");
	put_text(control->note, "%.250s", report_text(json_root(doc), "difference", ""));
}
