/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/plan/learned.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/oci/config.h"
#include "lib/plan/enforce.h"

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

int plan_learned(const struct host *host, const struct json *config, const char *bundle, struct plan *plan, struct error *err)
{
	_cleanup_model_ struct model model = {0};
	int r;

	if (plan->effective.seccomp.kind != SECCOMP_LEARNED)
		return 0;
	r = plan_find_workload(config, bundle, plan->workload, err);
	if (r < 0)
		return r;
	r = model_read(host, plan->workload, &model, err);
	if (r == 0)
		return apply_model(plan, &model, err);
	if (r != -ENOENT)
		return r;
	ask_for_default(&plan->effective, true);
	return 0;
}
