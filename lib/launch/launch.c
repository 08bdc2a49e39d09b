/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/launch/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/file.h"
#include "lib/launch/network.h"
#include "lib/net/resolve.h"
#include "lib/oci/config.h"
#include "lib/plan/edit.h"
#include "lib/plan/update.h"
#include "lib/report/journal.h"
#include "lib/state/lives.h"

/* Which controllers the group above the container's own is made in: those whose counters the report
 * needs after the runtime has removed its own group, and those that hold limits. */
enum {
	GROUP_CONTROLLERS = 1u << CONTROLLER_CPU | 1u << CONTROLLER_CPUACCT | 1u << CONTROLLER_MEMORY |
			    1u << CONTROLLER_PIDS | 1u << CONTROLLER_IO | 1u << CONTROLLER_FREEZER,
};

static void copy_text(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, size - 1) : 0;

	if (length)
		memcpy(to, from, length);
	to[length] = '\0';
}

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

static void warn(struct ledger_plan *plan, const char *text)
{
	for (int i = 0; i < LEDGER_WARNINGS_MAX; i++)
		if (!plan->warnings[i][0]) {
			copy_text(plan->warnings[i], sizeof plan->warnings[i], text);
			return;
		}
}

static void plan_budgets(struct ledger_plan *to, const struct profile *effective)
{
	for (int b = 0; b < BUDGET_COUNT; b++) {
		const struct budget_setting *from = &effective->budgets[b];
		struct budget_rule *rule = &to->budgets[b];

		if (from->limit.value == UNSET)
			continue;
		*rule = (struct budget_rule){
			.set = true,
			.action = from->action.value == UNSET ? ACTION_KILL : (uint8_t)from->action.value,
			.warn = from->warn.value == UNSET ? 0 : (uint8_t)from->warn.value,
			.limit = from->limit.value,
			.grace_ns = from->grace_ns.value == UNSET ? 0 : from->grace_ns.value,
		};
		if (from->rate_per.value != UNSET) {
			rule->rate_limit = from->rate_limit;
			rule->rate_per = from->rate_per.value;
		}
		copy_text(to->sources[b], sizeof to->sources[b], from->limit.from);
	}
}

static unsigned count_cpus(const struct cpu_set *set)
{
	unsigned n = 0;

	for (int i = 0; i < CPU_SET_WORDS; i++)
		n += (unsigned)__builtin_popcountll(set->bits[i]);
	return n;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void fill_plan(struct ledger_plan *to, const struct launch_request *request, const char *key)
{
	const struct plan *plan = request->plan;
	const struct resources *resources = &plan->effective.resources;
	struct cgroup_limits limits;
	unsigned allowed = resources->cpus.set ? count_cpus(&resources->cpus) : 0;

	plan_limits(plan, &limits);
	copy_text(to->id, sizeof to->id, request->id);
	copy_text(to->key, sizeof to->key, key);
	copy_text(to->profile, sizeof to->profile, plan->profile_name);
	copy_text(to->image, sizeof to->image, plan->image);
	copy_text(to->runtime_path, sizeof to->runtime_path, request->runtime);
	copy_text(to->runtime, sizeof to->runtime, base_name(request->runtime));
	to->cgroup_mode = (uint8_t)plan->cgroup_mode;
	to->launcher = (uint8_t)request->launcher;
	to->launcher_guards = request->launcher_guards;
	to->kill_on_monitor_loss = plan->kill_on_monitor_loss;
	to->network = plan->network && net_policy_asks(plan->network);
	to->network_recorded = plan->network && plan->network->record.set;
	to->network_owned = plan->network && plan->network->owned;
	to->watch = (uint8_t)plan->watch;
	(void)snprintf(to->workload, sizeof to->workload, "%s", plan->workload);
	plan_budgets(to, &plan->effective);
	if (limits.cpu_quota_us != UINT64_MAX) {
		to->cpu_quota_us = limits.cpu_quota_us;
		to->cpu_period_us = limits.cpu_period_us;
	}
	to->memory_limit = limits.memory_bytes == UINT64_MAX ? 0 : limits.memory_bytes;
	to->pids_limit = limits.pids == UINT64_MAX ? 0 : limits.pids;
	to->cpus = host_cpus_online(request->host);
	if (allowed && allowed < to->cpus)
		to->cpus = allowed;
	to->created_boot_ns = request->host->boottime_ns();
	to->created_real_ns = request->host->realtime_ns();
	for (int i = 0; i < plan->warning_count && i < LEDGER_WARNINGS_MAX; i++)
		copy_text(to->warnings[i], sizeof to->warnings[i], plan->warnings[i]);
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
	copy_text(plan->keep_above, sizeof plan->keep_above, plan->cgroup_path);
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

/* The budgets as the kernel holds them: they go on from earlier lives, and a quota beside each says when its warning is due. */
static void set_quotas(struct net_policy *policy, const struct budget_rule budgets[BUDGET_COUNT])
{
	static const struct {
		enum budget budget;
		unsigned holds, warns;
	} quotas[] = {
		{BUDGET_NET_EGRESS, NET_QUOTA_EGRESS, NET_QUOTA_EGRESS_WARN},
		{BUDGET_NET_INGRESS, NET_QUOTA_INGRESS, NET_QUOTA_INGRESS_WARN},
		{BUDGET_NET_EGRESS_INTERNET, NET_QUOTA_EGRESS_INTERNET, NET_QUOTA_EGRESS_INTERNET_WARN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(quotas); i++) {
		const struct budget_rule *rule = &budgets[quotas[i].budget];
		struct net_quota *quota = &policy->quotas[quotas[i].holds], *warning = &policy->quotas[quotas[i].warns];

		if (!quota->set)
			continue;
		quota->used = rule->used_before;
		if (!rule->warn)
			continue;
		*warning = *quota;
		warning->holds = false;
		warning->throttle = 0;
		warning->limit = budget_warn_at(rule->limit, rule->warn) - 1; /* told when more has come */
	}
}

/* What stint-network reads; it does so, and gets ready, while the runtime does. */
static int write_network(struct launch *launch, const struct launch_request *request, struct error *err)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	_cleanup_json_ struct json_doc *doc = NULL;
	struct net_policy policy = *request->plan->network; /* the quotas are ours, the rest the plan's */
	int r;

	set_quotas(&policy, launch->ledger->plan.budgets);
	r = self < 0 ? error_errno(err, errno, "start stint-network: hold ourselves by a pidfd") :
		       net_policy_to_json(&policy, &doc, err);
	if (r == 0)
		r = launch_write_json(launch->state_fd, NETWORK_POLICY, json_root(doc), err);
	return r < 0 ? r : network_start(request->host, request->layout, launch->key, launch->state_fd, self, err);
}

/* A recording that lacks the endpoints says so, and is no reason not to start a container. */
static int prepare_network(struct launch *launch, const struct launch_request *request, struct error *err)
{
	struct ledger_plan *plan = &launch->ledger->plan;
	struct error why = {0};
	int r;

	if (!plan->network && !plan->network_recorded)
		return 0;
	r = write_network(launch, request, &why);
	if (r == 0)
		return 0;
	if (plan->network)
		return error_set(err, -r, "%s", why.text);
	plan->network_recorded = false;
	warn(plan, why.text);
	return 0;
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
		r = prepare_network(launch, request, err);
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

/* The container of before has ended and is being cleared away at this moment. */
static bool wait_until_cleared(int run_fd, const char *key)
{
	for (int i = 0; i < 1000; i++) {
		if (faccessat(run_fd, key, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			return true;
		(void)usleep(2000);
	}
	return false;
}

static int begins_already(const char *id, struct error *err)
{
	return error_set(err, EEXIST, "a container with id %s is being started by another; choose another id", id);
}

/* Ours to prepare or to clear away: claimed, and still the directory that has the name. */
static bool claim(int run_fd, const char *key, int dirfd)
{
	struct stat held, named;

	return state_claim(dirfd) == 0 && fstat(dirfd, &held) == 0 &&
	       fstatat(run_fd, key, &named, AT_SYMLINK_NOFOLLOW) == 0 && held.st_ino == named.st_ino &&
	       held.st_dev == named.st_dev;
}

static int exists_already(const char *id, struct error *err)
{
	return error_set(err, EEXIST, "a container with id %s exists already and is being watched; choose another "
				      "id, or delete that one", id);
}

/* Without a ledger, or with none of ours: its launcher was killed before there was a plan, unless it is being
 * watched by another version of stint. */
static int clear_unfinished(int run_fd, int dirfd, const char *key, const char *id, struct error *err)
{
	_cleanup_close_ int ledger_fd = openat(dirfd, "ledger", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (ledger_fd >= 0 && ledger_watched(ledger_fd))
		return exists_already(id, err);
	r = dir_remove(run_fd, key);
	return r < 0 ? error_errno(err, -r, "clear away what is left of an earlier container with id %s", id) : 0;
}

/* A directory of this key is there: a container that is watched, or what monitors that were killed
 * left. The latter is finished by a monitor of its own, which then clears it away. */
static int finish_leftover(const struct host *host, int run_fd, const char *key, const char *id,
			   struct error *err)
{
	_cleanup_close_ int dirfd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int ledger_fd = -1, pipe = -1;
	struct ledger *ledger = NULL;
	bool final;
	int r;

	if (dirfd < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "look at the state of %s", id);
	r = dir_check_private(dirfd, key, err);
	if (r < 0)
		return r;
	r = ledger_open(dirfd, false, &ledger, &ledger_fd, err);
	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return error_prefix(err, "look at the state of %s", id);
	final = r == 0 && atomic_load(&ledger->report_length) > 0;
	ledger_unmap(r == 0 ? ledger : NULL);
	if (final && wait_until_cleared(run_fd, key))
		return 0;
	if (!claim(run_fd, key, dirfd))
		return begins_already(id, err);
	if (r < 0)
		return clear_unfinished(run_fd, dirfd, key, id, err);
	if (ledger_watched(ledger_fd))
		return exists_already(id, err);
	ledger_fd = close_fd(ledger_fd);
	r = monitor_start(host, key, -1, false, &pipe, err);
	if (r < 0)
		return error_prefix(err, "finish what is left of an earlier container with id %s", id);
	return error_set(err, EEXIST, "an earlier container with id %s, whose monitor had been killed, is being "
				      "watched again; it must end before the id can be used", id);
}

static int make_state(struct launch *launch, const char *id, struct error *err)
{
	int r = state_open(launch->host, &launch->run_fd, err);

	if (r < 0)
		return r;
	r = dir_make_private(launch->run_fd, launch->key, 0700, true, &launch->state_fd, err);
	if (r == -EEXIST) {
		r = finish_leftover(launch->host, launch->run_fd, launch->key, id, err);
		if (r < 0)
			return r;
		r = dir_make_private(launch->run_fd, launch->key, 0700, true, &launch->state_fd, err);
	}
	if (r == -EEXIST || r == -ENOENT) /* another's, from this moment; or taken from us before it was claimed */
		return begins_already(id, err);
	if (r < 0)
		return r;
	if (!claim(launch->run_fd, launch->key, launch->state_fd)) {
		launch->state_fd = close_fd(launch->state_fd); /* not ours to remove */
		return begins_already(id, err);
	}
	return ledger_make(launch->state_fd, &launch->ledger, &launch->ledger_fd, err);
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

/* Time passed since refills a rate's bucket. */
static uint64_t missing_now(const struct budget_rule *rule, uint64_t missing, uint64_t passed_ns)
{
	struct bucket bucket;

	bucket_start(&bucket, rule, 0, 0);
	bucket.level = budget_remaining(rule->limit, missing);
	return budget_remaining(rule->limit, bucket_take(&bucket, rule, passed_ns, 0));
}

/* It goes on where its earlier lives left off, and is not started to be stopped at once. */
static int take_earlier_lives(struct ledger_plan *plan, const struct launch_request *request, struct error *err)
{
	_cleanup_close_ int lives_fd = -1;
	char text[LEDGER_TEXT_MAX];
	struct life life;
	bool counts = false;
	int r;

	if (!life_is_kept(plan->id))
		return 0;
	r = lives_open(request->host, plan->key, &lives_fd, err);
	if (r < 0)
		return r;
	r = life_read(lives_fd, plan->key, &life, err);
	if (r < 0)
		return error_prefix(err, "read what earlier runs of this container used (%s/lives/%.2s/%s; without that file "
				    "its budgets begin anew)", request->host->state_dir, plan->key, plan->key);
	plan->runs_before = life.runs;
	for (int b = 0; b < BUDGET_COUNT; b++) {
		struct budget_rule *rule = &plan->budgets[b];
		char limit[UNIT_TEXT_MAX];

		if (!rule->set || budget_kinds[b].level)
			continue;
		rule->used_before = !budget_kinds[b].rate ? life.used[b] :
				    missing_now(rule, life.used[b], budget_remaining(plan->created_real_ns, life.ended_real_ns));
		counts = counts || rule->used_before;
		if (!budget_kinds[b].rate && rule->action >= ACTION_TERM && rule->used_before >= rule->limit)
			return error_set(err, EDQUOT, "the %s budget of %s of this container is spent, in %llu earlier run%s; "
						      "a new container begins anew", budget_kinds[b].name,
					 unit_format(budget_kinds[b].unit, rule->limit, limit),
					 (unsigned long long)life.runs, life.runs == 1 ? "" : "s");
	}
	(void)snprintf(text, sizeof text, "its budgets go on from %llu earlier run%s of this container",
		       (unsigned long long)life.runs, life.runs == 1 ? "" : "s");
	if (counts)
		warn(plan, text);
	return 0;
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
	/* A filter is enforced without anybody who tells of it, too. */
	if (request->host_config->refuse_unenforceable && request->plan->watch != WATCH_ENFORCE)
		return error_set(err, -r, "%s", why.text);
	warn(&launch->ledger->plan, why.text);
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
		r = make_state(launch, request->id, err);
	if (r < 0)
		return r;
	plan = &launch->ledger->plan;
	fill_plan(plan, request, launch->key);
	r = take_earlier_lives(plan, request, err);
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
	copy_text(plan->pid_file, sizeof plan->pid_file, launch->pid_file);
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
