/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a profile could not be enforced here, by the plan of a container that asks for nothing. */
#include "cli/doctor.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/plan/plan.h"

/* As an engine's: with a filter of the engine's own, a network of the container's, and nothing else. */
static const char plain_config[] =
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"cwd\":\"/\",\"args\":[\"true\"]},\"root\":{\"path\":\"rootfs\"},"
	"\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}}";

static void check_plan(struct diagnosis *d, const char *profile, enum plan_mode mode, const char *name,
		       enum finding_status refused)
{
	_cleanup_json_ struct json_doc *config = NULL;
	_cleanup_free_ struct plan *plan = calloc(1, sizeof *plan);
	struct plan_request request = {.profile = profile};
	struct host_config host_config = d->host_config;
	struct error err = {0};

	if (!plan || json_parse("config.json", plain_config, sizeof plain_config - 1, &config, &err) < 0)
		return;
	host_config.refuse_unenforceable = false;
	if (plan_make(d->host, &host_config, &d->layout, json_root(config), &request, mode, plan, &err) < 0) {
		found(d, FINDING_PROBLEM, profile ? profile : "selected", "no container gets this profile until then", "%s: %s", name, err.text);
		return;
	}
	for (int i = 0; i < plan->warning_count; i++)
		found(d, d->host_config.refuse_unenforceable ? refused : FINDING_WARNING, plan->profile_name,
		      d->host_config.refuse_unenforceable ? "containers with this profile are refused: take it out of the profile, or let them "
		      "run all the same with \"onUnenforceable\": \"warn\" in stint.json" : NULL,
		      "%s: %s", name, plan->warnings[i]);
	if (!plan->warning_count)
		found(d, FINDING_OK, plan->profile_name, NULL, "%s: can be enforced whole", name);
}

void doctor_profile(struct diagnosis *d, const char *profile)
{
	d->section = "Profile";
	if (!d->layout_known || !d->host_config_known) {
		found(d, FINDING_WARNING, profile ? profile : "default", "see above", "what can be enforced is not known");
		return;
	}
	check_plan(d, profile, PLAN_WRAPPER, "under stint-runtime", FINDING_PROBLEM);
	if (d->hooks_late)
		check_plan(d, profile, PLAN_HOOK, "under stint-hook, where the engine's config lacks it", FINDING_WARNING);
}
