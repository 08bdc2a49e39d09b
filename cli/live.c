/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at containers that are there now. */
#include "cli/live.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/launch/network.h"
#include "lib/report/fields.h"
#include "lib/report/journal.h"
#include "lib/state/state_dir.h"

const char *const live_status_names[LIVE_STATUS_COUNT] = {
	[LIVE_CREATED] = "created", [LIVE_RUNNING] = "running",	    [LIVE_FROZEN] = "frozen",
	[LIVE_ENDING] = "ending",   [LIVE_UNWATCHED] = "unwatched",
};

int live_group(const struct host *host, const struct cgroup_layout *layout, const struct live *live,
	       struct cgroup *ret_cgroup, struct error *err)
{
	if (live->plan->cgroup_path[0])
		return cgroup_open(host, layout, live->plan->cgroup_path, ret_cgroup, err);
	if (live->state.init > 0)
		return cgroup_open_of(host, layout, live->state.init, ret_cgroup, err);
	return error_set(err, ENOENT, "the control group of %s is not known yet", live->plan->id);
}

/* With a final report a container is over, unless it cannot die: then it is still there. */
static bool is_over(const struct ledger *ledger)
{
	return atomic_load(&ledger->report_length) > 0 &&
	       (atomic_load(&ledger->finished) || !ledger_current(ledger)->kill_pending);
}

/* By us, in the group above the container's own, or by its runtime's `pause`, in its own. */
static bool is_frozen(const struct host *host, const struct live *live, const struct cgroup *group)
{
	struct cgroup payload = CGROUP_CLOSED(group->layout);
	char path[LEDGER_PATH_MAX + 16];
	bool frozen = cgroup_frozen(group) == 1;

	if (frozen || !live->plan->nested)
		return frozen;
	(void)snprintf(path, sizeof path, "%s/payload", live->plan->cgroup_path);
	if (cgroup_open(host, group->layout, path, &payload, NULL) < 0)
		return false;
	frozen = cgroup_frozen(&payload) == 1;
	cgroup_close(&payload);
	return frozen;
}

static enum live_status status_of(const struct host *host, const struct live *live, const struct cgroup *group)
{
	const struct ledger_state *state = &live->state;

	if (!live->watched)
		return LIVE_UNWATCHED;
	if (state->ended_boot_ns || (state->budget >= 0 && state->action >= ACTION_TERM))
		return LIVE_ENDING;
	if (live->group_there && is_frozen(host, live, group))
		return LIVE_FROZEN;
	return state->started_boot_ns ? LIVE_RUNNING : LIVE_CREATED;
}

static void read_network(int dirfd, struct live *live)
{
	enum { ANSWERS_WITHIN_MS = 500 };

	if ((!live->plan->network && !live->plan->network_recorded) || !atomic_load(&live->ledger->network.applied))
		return;
	(void)network_read(dirfd, ANSWERS_WITHIN_MS, NULL);
	live->has_network = ledger_figures(live->ledger, &live->network);
}

static void take_reading(const struct host *host, struct live *live)
{
	const struct ledger_state *state = &live->state;
	const struct cgroup_usage *usage = &live->usage;

	live->reading = (struct reading){
		.now_ns = state->ended_boot_ns ? state->ended_boot_ns : host->boottime_ns(),
		.started_ns = state->started_boot_ns,
		.cpu_ns = usage->cpu_ns,
		.memory_bytes = usage->memory_bytes,
		.memory_peak_bytes = usage->memory_peak_bytes,
		.oom_kills = usage->oom_kills == UINT64_MAX ? 0 : usage->oom_kills,
		.pids = usage->pids,
		.pids_refused = usage->pids_refused == UINT64_MAX ? 0 : usage->pids_refused,
	};
	for (int b = 0; b < BUDGET_COUNT; b++)
		live->reading.network_used[b] = live->has_network ? live->network.used[b] : UINT64_MAX;
	if (state->payload_oom_kills > live->reading.oom_kills)
		live->reading.oom_kills = state->payload_oom_kills;
	/* Up to now, on our own copy: the monitor looks only when it has to. */
	schedule_count(&live->state.schedule, live->plan->budgets, &live->reading);
}

int live_open(const struct host *host, const struct cgroup_layout *layout, int dirfd, struct live *ret_live,
	      struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct cgroup group = CGROUP_CLOSED(layout);
	struct live live = {0};
	int r = ledger_open(dirfd, false, &live.ledger, &fd, err);

	if (r < 0)
		return r;
	live.plan = &live.ledger->plan;
	if (is_over(live.ledger)) {
		r = error_set(err, ENOENT, "%.128s has ended", live.plan->id);
		ledger_unmap(live.ledger);
		return r;
	}
	live.state = *ledger_current(live.ledger);
	live.monitor = atomic_load(&live.ledger->monitor);
	live.standby = atomic_load(&live.ledger->standby);
	live.watched = ledger_watched(fd);
	live.usage = live.state.usage;
	live.group_there = live_group(host, layout, &live, &group, NULL) == 0 && cgroup_usage_read(&group, &live.usage) == 0;
	live.status = status_of(host, &live, &group);
	cgroup_close(&group);
	read_network(dirfd, &live);
	take_reading(host, &live);
	*ret_live = live;
	return 0;
}

void live_close(struct live *live)
{
	ledger_unmap(live->ledger);
	live->ledger = NULL;
}

uint64_t live_used(const struct live *live, enum budget budget)
{
	return schedule_used(&live->state.schedule, live->plan->budgets, &live->reading, budget);
}

struct search {
	const char *id;
	int by_key, by_id; /* descriptors */
	int count;
	char keys[512]; /* of those with this id, for the message */
};

static int look_for(const char *key, int dirfd, void *data)
{
	struct search *search = data;
	struct ledger *ledger = NULL;
	size_t used = strlen(search->keys);

	if (ledger_open(dirfd, false, &ledger, NULL, NULL) < 0)
		return 0;
	if (!is_over(ledger)) {
		if (strcmp(key, search->id) == 0 && search->by_key < 0)
			search->by_key = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (strncmp(ledger->plan.id, search->id, sizeof ledger->plan.id) == 0) {
			if (search->by_id < 0)
				search->by_id = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			search->count++;
			(void)snprintf(search->keys + used, sizeof search->keys - used, "%s%s", used ? ", " : "", key);
		}
	}
	ledger_unmap(ledger);
	return 0;
}

int live_find(const struct host *host, const char *id, int *ret_dirfd, struct error *err)
{
	struct search search = {.id = id, .by_key = -1, .by_id = -1};
	int r = state_each(host, look_for, &search, err);
	_cleanup_close_ int by_key = search.by_key, by_id = search.by_id;

	if (r < 0)
		return r;
	if (by_key >= 0) { /* named without a doubt */
		*ret_dirfd = steal_fd(&by_key);
		return 0;
	}
	if (search.count > 1)
		return error_set(err, EEXIST, "%d containers under different runtime roots have the id %s; name one "
				 "by its key: %s", search.count, id, search.keys);
	if (by_id < 0)
		return error_set(err, ENOENT, "no container %s is there", id);
	*ret_dirfd = steal_fd(&by_id);
	return 0;
}

struct prefix {
	const char *given;
	char full[2][132]; /* the first two that differ */
	int count;
};

static void try_prefix(struct prefix *prefix, const char *id)
{
	if (strncmp(id, prefix->given, strlen(prefix->given)) != 0)
		return;
	for (int i = 0; i < prefix->count; i++)
		if (strncmp(prefix->full[i], id, sizeof prefix->full[i] - 1) == 0)
			return;
	if (prefix->count < 2)
		(void)snprintf(prefix->full[prefix->count++], sizeof prefix->full[0], "%s", id);
}

static int try_report(struct json *report, const char *line, void *data)
{
	(void)line;
	try_prefix(data, report_text(report, "id", ""));
	return 0;
}

static int try_ledger(const char *key, int dirfd, void *data)
{
	struct ledger *ledger = NULL;

	(void)key;
	if (ledger_open(dirfd, false, &ledger, NULL, NULL) < 0)
		return 0;
	if (strnlen(ledger->plan.id, sizeof ledger->plan.id) < sizeof ledger->plan.id)
		try_prefix(data, ledger->plan.id);
	ledger_unmap(ledger);
	return 0;
}

static bool is_known(const struct host *host, const char *id)
{
	_cleanup_json_ struct json_doc *report = NULL;
	_cleanup_close_ int dirfd = -1;

	return live_find(host, id, &dirfd, NULL) != -ENOENT || journal_last(host, id, &report, NULL) == 0;
}

int live_name(const struct host *host, const char **id, char full[132])
{
	enum { SHORTEST = 4 };
	struct prefix prefix = {.given = *id};

	if (strlen(*id) < SHORTEST || is_known(host, *id))
		return EXIT_OK;
	(void)state_each(host, try_ledger, &prefix, NULL);
	(void)journal_each(host, NULL, try_report, &prefix, NULL);
	if (prefix.count > 1) {
		fprintf(stderr, "stint: more than one id begins with %s: %s, %s\n", *id, prefix.full[0], prefix.full[1]);
		return EXIT_STINT;
	}
	if (prefix.count == 1) {
		(void)snprintf(full, 132, "%s", prefix.full[0]);
		*id = full;
	}
	return EXIT_OK;
}

const char *live_short_id(const char *id, char text[132])
{
	enum { WHOLE = 64, SHORT = 12 };
	bool made_up = strlen(id) == WHOLE && strspn(id, "0123456789abcdef") == WHOLE;

	(void)snprintf(text, 132, "%.*s", made_up ? SHORT : 131, id);
	return text;
}

/* Ids that something is known of, for "did you mean". Enough of them, in constant memory: the last
 * ones of a long journal. */
enum { IDS_MAX = 256 };
struct ids {
	char text[IDS_MAX][132];
	unsigned count;
};

static void note_id(struct ids *ids, const char *id)
{
	(void)snprintf(ids->text[ids->count++ % IDS_MAX], sizeof ids->text[0], "%s", id);
}

static int note_report_id(struct json *report, const char *line, void *data)
{
	(void)line;
	note_id(data, report_text(report, "id", ""));
	return 0;
}

static int note_ledger_id(const char *key, int dirfd, void *data)
{
	struct ledger *ledger = NULL;

	(void)key;
	if (ledger_open(dirfd, false, &ledger, NULL, NULL) < 0)
		return 0;
	if (strnlen(ledger->plan.id, sizeof ledger->plan.id) < sizeof ledger->plan.id)
		note_id(data, ledger->plan.id);
	ledger_unmap(ledger);
	return 0;
}

int live_unknown(const struct host *host, const char *id, const char *what, int status)
{
	const char *names[IDS_MAX + 1] = {NULL}, *near;
	_cleanup_free_ struct ids *ids = calloc(1, sizeof *ids);

	fprintf(stderr, "stint: %s ", what);
	print_clean(stderr, id);
	if (ids) {
		(void)journal_each(host, NULL, note_report_id, ids, NULL);
		(void)state_each(host, note_ledger_id, ids, NULL);
		for (unsigned i = 0; i < ids->count && i < IDS_MAX; i++)
			names[i] = ids->text[i];
		near = nearest_name(id, names);
		if (near && strcmp(near, id) != 0) {
			fputs("; did you mean ", stderr);
			print_clean(stderr, near);
			fputc('?', stderr);
		} else {
			fputs("; 'stint ps' and 'stint report' list those that are known", stderr);
		}
	}
	fputc('\n', stderr);
	return status;
}
