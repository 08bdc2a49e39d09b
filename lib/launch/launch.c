/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/launch/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/launch/network.h"
#include "lib/oci/config.h"
#include "lib/plan/edit.h"
#include "lib/plan/update.h"

/* Which controllers the group above the container's own is made in: those whose counters the report
 * needs after the runtime has removed its own group, and those that hold limits. */
enum {
	GROUP_CONTROLLERS = 1u << CONTROLLER_CPU | 1u << CONTROLLER_CPUACCT | 1u << CONTROLLER_MEMORY |
			    1u << CONTROLLER_PIDS | 1u << CONTROLLER_IO | 1u << CONTROLLER_FREEZER,
};

/* A path that does not fit is an error, not a shorter path. */
static int join(char *to, size_t size, const char *directory, const char *key, const char *name,
		struct error *err)
{
	int n = key ? snprintf(to, size, "%s/%s/%s", directory, key, name) :
		      snprintf(to, size, "%s", directory);

	if (n < 0 || (size_t)n >= size)
		return error_set(err, ENAMETOOLONG, "the path %.80s… is longer than stint can keep", directory);
	return 0;
}

/* Where our group goes: above the path that the engine gave, which stays valid and keeps the
 * engine's own figures right, or below /stint. */
static int choose_group(struct ledger_plan *plan, const struct launch_request *request, struct error *err)
{
	const char *given = config_cgroups_path(json_root(request->config));
	int n;

	if (request->launcher == LAUNCHER_HOOK || request->systemd_cgroup)
		return 0;
	if (given && *given) {
		int r = cgroup_path_check(given, err);

		if (r < 0)
			return error_prefix(err, "linux.cgroupsPath of config.json");
		n = snprintf(plan->cgroup_path, sizeof plan->cgroup_path, "%s%s", *given == '/' ? "" : "/", given);
	} else {
		n = snprintf(plan->cgroup_path, sizeof plan->cgroup_path, "/stint/%s", plan->key);
	}
	if (n >= (int)sizeof plan->cgroup_path)
		return error_set(err, ENAMETOOLONG, "linux.cgroupsPath of config.json is too long");
	launch_copy(plan->keep_above, sizeof plan->keep_above, plan->cgroup_path);
	*strrchr(plan->keep_above, '/') = '\0';
	plan->nested = true;
	return 0;
}

static int make_group(struct launch *launch, const struct launch_request *request, struct error *err)
{
	const struct ledger_plan *plan = &launch->ledger->plan;
	struct cgroup group = CGROUP_CLOSED(request->layout), payload = CGROUP_CLOSED(request->layout);
	struct cgroup_limits limits, oom = CGROUP_LIMITS_NONE;
	int r;

	r = cgroup_make(request->host, request->layout, plan->cgroup_path, GROUP_CONTROLLERS, true, &group, err);
	if (r < 0)
		return r;
	launch->group_made = true;
	plan_limits(request->plan, &limits);
	r = cgroup_limits_set(&group, &limits, err);
	if (r == 0)
		r = cgroup_make_child(request->host, &group, "payload", &payload, err);
	if (r == 0 && limits.oom_group) {
		/* The kernel looks for oom.group from the victim up to the group that ran out, which is
		 * the inner one when both have the same limit. */
		oom.oom_group = true;
		r = cgroup_limits_set(&payload, &oom, err);
	}
	cgroup_close(&payload);
	cgroup_close(&group);
	return r;
}

int launch_write_json(int dirfd, const char *name, const struct json *node, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = json_write(node, false, &text, &length, err);

	if (r < 0)
		return r;
	return file_write_atomic(dirfd, name, text, length, 0600, false, err);
}

static int write_files(struct launch *launch, const struct launch_request *request, struct error *err)
{
	const struct ledger_plan *plan = &launch->ledger->plan;
	_cleanup_json_ struct json_doc *doc = NULL, *bounds = NULL;
	_cleanup_close_ int bundle = -1;
	char inner[LEDGER_PATH_MAX + 16];
	struct network_hook hook;
	struct edit_request edit = {.bundle = request->bundle,
				    .allow_annotations = request->host_config->allow_annotations,
				    .oom_group = request->layout->mode == CGROUP_V2 && !plan->nested};
	int r = plan_to_json(request->plan, &doc, err);

	if (r == 0)
		r = launch_write_json(launch->state_fd, "plan.json", json_root(doc), err);
	if (r == 0)
		r = update_bounds(request->plan, &bounds, err);
	if (r == 0)
		r = launch_write_json(launch->state_fd, "bounds.json", json_root(bounds), err);
	if (r == 0)
		r = launch_network(launch, request, err);
	if (r < 0 || request->launcher == LAUNCHER_HOOK)
		return r;
	if (plan->network || plan->network_recorded) {
		r = network_hook(request->host, launch->key, &hook, err);
		edit.hook = &hook.hook;
	}
	if (r < 0)
		return r;
	if (plan->nested) {
		(void)snprintf(inner, sizeof inner, "%s/payload", plan->cgroup_path);
		edit.cgroups_path = inner;
	}
	r = config_edit(request->config, request->plan, &edit, err);
	if (r < 0)
		return r;
	r = dir_make_private(launch->state_fd, "bundle", 0700, true, &bundle, err);
	if (r < 0)
		return r;
	return launch_write_json(bundle, "config.json", json_root(request->config), err);
}

/* An engine may use one name again for the same container's next life; what that holds until the runtime writes
 * it is the pid of a process that is dead, or somebody else's by now. */
static int forget_pid_file(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || unlink(path) == 0 || errno == ENOENT)
		return 0;
	return error_errno(err, errno, "remove the earlier pid file %s", path);
}

/* Before a hook the container is there. */
static void has_begun(struct ledger *ledger, const struct launch_request *request)
{
	struct ledger_state state = *ledger_current(ledger);

	state.init = request->init;
	state.started_boot_ns = request->host->boottime_ns();
	state.started_real_ns = request->host->realtime_ns();
	ledger_commit(ledger, &state);
}

static int record(struct launch *launch, const struct launch_request *request, struct error *err)
{
	struct error why = {0};
	int r = request->plan->watch == WATCH_NOTHING ? 0 : launch_record(request, launch, &why);

	if (r == 0)
		return launch_take_filter(request, launch, err);
	/* The one that would ask nobody. */
	(void)unlinkat(launch->state_fd, RECORDING_FILTER, 0);
	/* A filter is enforced without anybody who tells of it, too. */
	if (request->host_config->refuse_unenforceable && request->plan->watch != WATCH_ENFORCE)
		return error_set(err, -r, "%s", why.text);
	if (request->plan->watch == WATCH_ENFORCE)
		(void)error_prefix(&why, "what its model denies stays denied, and is not told of");
	launch_warn(&launch->ledger->plan, why.text);
	return 0;
}

static int prepare(struct launch *launch, const struct launch_request *request, struct error *err)
{
	struct ledger_plan *plan;
	int r;

	/* Nothing here sets them yet, and a container that is said to have them must. */
	r = request->launcher == LAUNCHER_HOOK ?
			0 : config_check_root(json_root(request->config), request->bundle, err);

	if (r == 0)
		r = launch_claim(launch, request->id, err);
	if (r < 0)
		return r;
	plan = &launch->ledger->plan;
	launch_fill_plan(plan, request, launch->key);
	r = launch_take_earlier_lives(plan, request, err);
	if (r < 0)
		return r;
	r = choose_group(plan, request, err);
	if (r < 0)
		return r;
	r = join(launch->bundle, sizeof launch->bundle, launch->host->run_dir, launch->key, "bundle", err);
	if (r == 0)
		r = request->pid_file ?
			    join(launch->pid_file, LEDGER_PATH_MAX, request->pid_file, NULL, NULL, err) :
			    join(launch->pid_file, LEDGER_PATH_MAX, launch->host->run_dir, launch->key, "pid", err);
	if (r == 0)
		r = join(plan->report_file, sizeof plan->report_file,
			 request->report_file ? request->report_file : "", NULL, NULL, err);
	if (r < 0)
		return r;
	launch_copy(plan->pid_file, sizeof plan->pid_file, launch->pid_file);
	if (plan->nested)
		r = make_group(launch, request, err);
	if (r == 0 && request->pid_file)
		r = forget_pid_file(request->pid_file, err);
	if (r == 0 && request->init)
		has_begun(launch->ledger, request);
	if (r < 0)
		return r;
	if (request->monitor >= 0)
		monitor_go_on(request->monitor);
	r = write_files(launch, request, err); /* while the monitor gets ready */
	return r < 0 ? r : record(launch, request, err);
}

int launch_prepare(const struct launch_request *request, struct launch *ret_launch, struct error *err)
{
	struct launch launch = LAUNCH_NONE;
	int r;

	launch.host = request->host;
	state_key(request->id, request->runtime_root, launch.key);
	r = prepare(&launch, request, err);
	if (r < 0) {
		launch_undo(&launch);
		return r;
	}
	*ret_launch = launch;
	return 0;
}

/* A runtime that was killed half way may have left processes in it. */
static void remove_group(const struct launch *launch, bool watched)
{
	const struct ledger_plan *plan = &launch->ledger->plan;
	struct cgroup_layout layout;
	struct cgroup group;

	for (int i = 0; i < 1000; i++) {
		if (cgroup_layout_read(launch->host, &layout, NULL) == 0) {
			if (cgroup_open(launch->host, &layout, plan->cgroup_path, &group, NULL) == 0) {
				(void)cgroup_kill(&group);
				cgroup_close(&group);
			}
			if (watched ||
			    cgroup_remove(launch->host, &layout, plan->cgroup_path, plan->keep_above, NULL) == 0)
				return;
		}
		(void)usleep(2000);
	}
}

void launch_undo(struct launch *launch)
{
	/* A monitor that has gone on already clears away itself, as soon as its launcher ends. One that comes later
	 * finds nothing. */
	bool watched = launch->ledger_fd >= 0 && ledger_lock(launch->ledger_fd) == -EWOULDBLOCK;

	if (launch->group_made)
		remove_group(launch, watched);
	/* Only a directory that we made: state_fd is open. Closed first, since descriptors may be what there are too few of. */
	if (launch->state_fd >= 0 && !watched) {
		launch->state_fd = close_fd(launch->state_fd);
		(void)dir_remove(launch->run_fd, launch->key);
	}
	launch_close(launch);
}

void launch_close(struct launch *launch)
{
	ledger_unmap(launch->ledger);
	launch->ledger = NULL;
	launch->ledger_fd = close_fd(launch->ledger_fd);
	launch->recorder = close_fd(launch->recorder);
	launch->state_fd = close_fd(launch->state_fd);
	launch->run_fd = close_fd(launch->run_fd);
}
