/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stint-recorder writes: the recording, and what the workload's model does not know. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/units.h"
#include "lib/launch/network.h"
#include "shim/recorder.h"

enum { ENDPOINTS_TIMEOUT_MS = 400 }; /* of the second that the monitor waits for a recording's end */

/* One that is stopped before has not been seen to its end. */
static bool has_ended(const struct record *record)
{
	return ledger_current(record->ledger)->ended_boot_ns != 0;
}

/* stint-network has them, which is there until the report is written: a container's end loses none. Where it is not, those it last
 * told of are kept, and are not said to be all. */
static int read_endpoints(struct record *record, struct recording *recording, struct error *err)
{
	struct endpoints now;

	if (!record->ledger->plan.network_recorded)
		return 0;
	if (network_ask_endpoints(record->state_fd, ENDPOINTS_TIMEOUT_MS, &now, NULL) == 0) {
		endpoints_close(&record->endpoints);
		record->endpoints = now;
		recording->endpoints_recorded = true;
	}
	return endpoints_add_all(&recording->endpoints, &record->endpoints, err);
}

static int compile(struct record *record, bool over, struct recording *ret, struct error *err)
{
	char ended[TIME_TEXT_MAX];
	int r = recording_union((const struct recording *const[]){&record->facts}, 1, ret, err);

	if (r == 0)
		r = record->source->kind->read(record->source, ret, err);
	ret->lost = record->source->kind->lost(record->source);
	if (r == 0)
		r = read_endpoints(record, ret, err);
	if (r == 0 && over)
		r = recording_set(&ret->ended, time_format(record->host->realtime_ns(), ended), err);
	ret->complete = over && has_ended(record) && record->facts.complete && ret->lost == 0;
	return r;
}

/* --- what the model does not know --- */

/* The ledger's place for it, by which the report tells of it: each once, with how often. Beyond the last place they are only
 * counted: what a container does in great numbers costs nobody anything. */
static int report_violation(struct record *record, const struct need *need, unsigned count, bool denied, struct error *err)
{
	struct ledger_violations *told = &record->ledger->violations;
	uint32_t all = atomic_load(&told->count), i = 0;
	char text[NEED_TEXT_MAX];

	(void)need_text(need, text);
	while (i < all && i < LEDGER_VIOLATIONS_MAX && strcmp(told->list[i].need, text) != 0)
		i++;
	if (i < all && i < LEDGER_VIOLATIONS_MAX)
		told->list[i].count = count;
	if (needs_have(&record->reported, need))
		return 0;
	if (i < LEDGER_VIOLATIONS_MAX) {
		told->list[i] = (struct ledger_violation){.denied = denied, .count = count};
		(void)snprintf(told->list[i].need, sizeof told->list[i].need, "%s", text);
		(void)snprintf(told->list[i].program, sizeof told->list[i].program, "%s", need->program ? need->program : "");
	}
	atomic_store(&told->count, all + 1);
	return needs_add(&record->reported, need, err);
}

static int report_unknown(struct record *record, const struct needs *needs, struct error *err)
{
	int r = 0;

	for (unsigned i = 0; i < needs->count && r == 0; i++)
		if (!recording_covers(&record->model.needs, &needs->list[i]))
			r = report_violation(record, &needs->list[i], 1, false, err);
	return r;
}

/* clone3 is refused on purpose, whether it was seen or not (lib/record/generate.h), and who is told so takes clone; what he
 * asks of that is denied, and told of, by itself. While a model was learned under the default filter it was the same. */
static bool is_taken_for_clone(const struct record *record, const struct need *need)
{
	return strcmp(need->name, "clone3") == 0 && needs_find(&record->model.needs.needs, NEED_CALL, need->abi, "clone");
}

static int take_denied(const struct need *need, unsigned count, void *data, struct error *err)
{
	struct record *record = data;

	if (needs_cover(&record->model.needs.needs, need) || is_taken_for_clone(record, need))
		return 0;
	return report_violation(record, need, count, true, err);
}

/* What is denied waits with the model until somebody decides on it. */
static int write_denied(struct record *record, struct error *err)
{
	unsigned before = record->reported.count;
	int r = record->source->kind->refused(record->source, take_denied, record, err);

	return r < 0 || record->reported.count == before ? r : model_deny(record->host, record->facts.workload, &record->reported, err);
}

static void say_how_much(const struct recording *recording)
{
	char line[ERROR_TEXT_MAX];
	unsigned calls = 0;

	for (unsigned i = 0; i < recording->needs.count; i++)
		calls += recording->needs.list[i].kind == NEED_CALL;
	(void)snprintf(line, sizeof line, "recorded %u system calls%s: stint record show %s", calls,
		       recording->complete ? "" : ", but not all of the run", recording->id);
	(void)say(line);
}

/* Nothing is there before the workload asked for something: a container that was never started leaves nothing. */
static int write_recording(struct record *record, bool over, struct error *err)
{
	_cleanup_recording_ struct recording now = {0};
	int r = compile(record, over, &now, err);

	if (r < 0 || !now.needs.count)
		return r;
	r = store_write(record->host, record->run, &now, err);
	if (r == 0 && record->watch == WATCH_COMPLAIN)
		r = report_unknown(record, &now.needs, err);
	if (r == 0 && over) {
		say_how_much(&now);
		r = store_trim(record->host, now.workload, err);
	}
	return r;
}

void record_write(struct record *record, bool over)
{
	struct ledger_violations *told = &record->ledger->violations;
	struct error err = {0};
	int r = record->watch == WATCH_ENFORCE ? write_denied(record, &err) : write_recording(record, over, &err);

	atomic_store(&told->lost, record->source->kind->lost(record->source));
	if (r < 0) {
		(void)snprintf(told->trouble, sizeof told->trouble, "%.*s", LEDGER_TEXT_MAX - 1, err.text);
		(void)say(err.text);
	} else if (over && has_ended(record)) {
		atomic_store(&told->recorder, LEDGER_RECORDER_TOLD);
	}
}

/* Of what the source does not see, what may be missed here: a filter that kills, capabilities that the model knows. */
void record_begin(struct record *record, bool kills, uint64_t taken_capabilities)
{
	bool capabilities = record->watch == WATCH_ENFORCE ? taken_capabilities != 0 : record->model.needs.capabilities_recorded;
	uint32_t matters = (kills && record->watch == WATCH_ENFORCE ? LEDGER_BLIND_KILLS : 0U) |
			   (capabilities ? LEDGER_BLIND_CAPABILITIES : 0U);

	atomic_store(&record->ledger->violations.blind, record->source->blind & matters);
	atomic_store(&record->ledger->violations.recorder, LEDGER_RECORDER_SEES);
	if (!record->source->runtime)
		return;
	atomic_store(&record->ledger->asked.needed, 1);
	atomic_store(&record->ledger->asked.pid, getpid());
}

bool record_is_starting(struct record *record)
{
	struct ledger_asked *asked = &record->ledger->asked;
	struct source *source = record->source;
	bool starting = source->kind->is_starting && !source->answers && source->kind->is_starting(source);

	if (starting || !source->runtime || source->answers || !atomic_load(&asked->needed))
		return starting;
	(void)snprintf(asked->runtime, sizeof asked->runtime, "%s", source->runtime);
	atomic_store(&asked->needed, 0);
	return false;
}
