/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/plan/learned.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/oci/config.h"
#include "lib/base/cleanup.h"
#include "lib/plan/enforce.h"
#include "lib/record/runtime.h"

int plan_find_workload(const struct json *config, const char *bundle, char ret_workload[FINGERPRINT_MAX], struct error *err)
{
	const struct json *args = json_find(config, "process.args");
	const char *root = json_string(json_find(config, "root.path")), *program = args ? json_string(args->first) : NULL;
	char path[PATH_MAX];
	_cleanup_close_ int fd = -1;

	if (!root || !program || (*root != '/' && !bundle))
		return error_set(err, EINVAL, "find out which workload it is: config.json names no root.path, or no process.args");
	if (snprintf(path, sizeof path, "%s%s%s", *root == '/' ? "" : bundle, *root == '/' ? "" : "/", root) >= (int)sizeof path)
		return error_set(err, ENAMETOOLONG, "find out which workload it is: root.path is too long");
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "find out which workload it is: open its root filesystem %s", path);
	return workload_fingerprint(fd, program, config_environment(config, "PATH"), json_string(json_find(config, "process.cwd")),
				    ret_workload, err);
}

/* One start in so many, by chance: who is started cannot choose. */
static bool is_chosen(unsigned share)
{
	uint32_t random = 0;

	return getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random || random % 100 < share;
}

static void ask_for_default(struct profile *profile, bool record)
{
	profile->seccomp.kind = SECCOMP_DEFAULT;
	if (record)
		profile->record = (struct setting){1, profile->seccomp.from};
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *list_some(const struct needs *needs, char *text, size_t size)
{
	enum { SOME = 4 };
	size_t used = 0;
	char one[NEED_TEXT_MAX];

	text[0] = '\0';
	for (unsigned i = 0; i < needs->count && i < SOME && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", need_text(&needs->list[i], one));
	if (needs->count > SOME && used < size)
		(void)snprintf(text + used, size - used, " …");
	return text;
}

/*
 * A runtime loads the filter and then has to get to the workload: what it lacks there it fails of, in its own words or in none. So
 * it is said before, with the remedy. What another runtime than stint knows needs cannot be known: that is said, and may work.
 */
static int check_runtime(struct plan *plan, const struct model *model, const char *runtime, bool no_new_privileges, struct error *err)
{
	const char *made_for = model->runtime ? model->runtime : model->needs.runtime ? base_name(model->needs.runtime) : NULL;
	_cleanup_seccomp_ struct seccomp_filter filter = {0};
	_cleanup_needs_ struct needs missing = {0};
	struct error unknown = {0};
	char some[128];
	int r;

	if (!runtime || (made_for && strcmp(made_for, base_name(runtime)) == 0 &&
			 (no_new_privileges || !model->needs.no_new_privileges)))
		return 0;
	r = seccomp_read(model->seccomp, &filter, err);
	if (r < 0)
		return r;
	r = runtime_needs_denied(base_name(runtime), no_new_privileges, &filter, &missing, &unknown);
	if (r == -ENOENT) {
		plan_warn(plan, "the model of %s is for %s, and what %s needs to start a container is not known: if it does not start, "
				"record it under %s and accept that", plan->workload, made_for ? made_for : "another runtime",
			  base_name(runtime), base_name(runtime));
		return 0;
	}
	if (r < 0)
		return error_set(err, -r, "%s", unknown.text);
	if (missing.count == 0)
		return 0;
	/* Neither does the filter for any runtime have more than each needs with it. */
	if (!no_new_privileges && model->needs.no_new_privileges)
		return error_set(err, ENOTSUP, "enforce the model of %s: it was recorded with noNewPrivileges, and denies %u calls that %s needs "
				 "to start a container without (%s): set noNewPrivileges, or record it without: stint profile accept --mode "
				 "complain %s", plan->workload, missing.count, base_name(runtime), list_some(&missing, some, sizeof some),
				 plan->workload);
	return error_set(err, ENOTSUP, "enforce the model of %s: it was made for %s, and denies %u calls that %s needs to start a container "
			 "(%s): stint profile accept --runtime any %s", plan->workload, made_for ? made_for : "other runtimes",
			 missing.count, base_name(runtime), list_some(&missing, some, sizeof some), plan->workload);
}

static int apply_model(struct plan *plan, const struct model *model, struct error *err)
{
	struct profile *profile = &plan->effective;
	bool complains = model->mode == MODEL_COMPLAIN || (model->mode == MODEL_CANARY && is_chosen(model->share));
	char from[256];

	if (model->mode != MODEL_ENFORCE) {
		plan->watch = complains ? WATCH_COMPLAIN : WATCH_NOTHING;
		ask_for_default(profile, complains);
		return 0;
	}
	plan->watch = WATCH_ENFORCE;
	(void)snprintf(from, sizeof from, "%.96s (the model of %.19s… that was accepted at %.19sZ)", profile->seccomp.from,
		       plan->workload, model->accepted);
	if (model->needs.capabilities_recorded)
		plan->learned = (struct capability_setting){true, needs_capabilities(&model->needs.needs), intern(from)};
	return profile_take_filter(profile, model->seccomp, from, err);
}

int plan_learned(const struct host *host, const struct json *config, const struct plan_request *request, struct plan *plan,
		 struct error *err)
{
	_cleanup_model_ struct model model = {0};
	int r;

	if (plan->effective.seccomp.kind != SECCOMP_LEARNED)
		return 0;
	r = plan_find_workload(config, request->bundle, plan->workload, err);
	if (r < 0)
		return r;
	r = model_read(host, plan->workload, &model, err);
	if (r == 0 && model.mode == MODEL_ENFORCE)
		r = check_runtime(plan, &model, request->runtime,
				  config_has_no_new_privileges(config) || plan->effective.no_new_privileges.value == 1, err);
	if (r == 0)
		return apply_model(plan, &model, err);
	if (r != -ENOENT)
		return r;
	ask_for_default(&plan->effective, true);
	return 0;
}
