/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the ledger to one line of the journal: the contract's keys, in its order. */
#include "lib/report/report.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/units.h"
#include "lib/record/arguments.h"
#include "lib/record/model.h"

#define UNKNOWN UINT64_MAX

enum {
	VIOLATION_LENGTH = 4 * LEDGER_NAME_MAX + 512,
	DENIAL_LENGTH = 4 * LEDGER_NAME_MAX + 2 * LEDGER_HOST_MAX + 288,
	ENDPOINT_LENGTH = DNS_NAME_MAX + 288,
};

/* Why the line always fits: once cleaned, a text grows at most twofold (quotes and backslashes),
 * and there are the warnings of plan and state, ours, and a few names. */
_Static_assert(2 * (2 * LEDGER_WARNINGS_MAX + 2 + 8) * LEDGER_TEXT_MAX + LEDGER_VIOLATIONS_MAX * VIOLATION_LENGTH +
		       LEDGER_DENIALS_MAX * DENIAL_LENGTH +
		       LEDGER_DROPS_MAX * (2 * LEDGER_NAME_MAX + 96) + LEDGER_ENDPOINTS_MAX * ENDPOINT_LENGTH + 4096 <= LEDGER_REPORT_MAX,
	       "a report fits its place in the ledger");

/* Nested calls stay readable when a missing node is remembered rather than tested for. */
struct builder {
	struct json_doc *doc;
	bool failed;
};

static void put(struct builder *b, struct json *object, const char *key, struct json *value)
{
	if (!object || json_set(b->doc, object, key, value) < 0)
		b->failed = true;
}

static void add(struct builder *b, struct json *array, struct json *value)
{
	if (!array || json_append(array, value) < 0)
		b->failed = true;
}

static struct json *number(struct builder *b, uint64_t value)
{
	return value == UNKNOWN ? json_new(b->doc, JSON_NULL) : json_new_uint64(b->doc, value);
}

/* The length of the UTF-8 character at `s`, or 0 when it is none that JSON can hold. */
static size_t character_length(const unsigned char *s, size_t left)
{
	size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Neither longer than need be, nor a surrogate, nor above U+10FFFF. */
	if (length == 3 && (s[0] == 0xe0 ? s[1] < 0xa0 : s[0] == 0xed && s[1] > 0x9f))
		return 0;
	if (length == 4 && (s[0] == 0xf0 ? s[1] < 0x90 : s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

/* A text from the ledger, which may have been cut within a character, as one that JSON can hold and
 * a terminal can show: what is neither becomes "?". `size` is the field's, NUL-terminated or not. */
static struct json *text(struct builder *b, const char *field, size_t size)
{
	char clean[LEDGER_TEXT_MAX + 1];
	size_t length = strnlen(field, size < LEDGER_TEXT_MAX ? size : LEDGER_TEXT_MAX), out = 0;

	for (size_t i = 0; i < length;) {
		const unsigned char *s = (const unsigned char *)field + i;
		size_t n = character_length(s, length - i);
		bool control = *s < 0x20 || *s == 0x7f || (*s == 0xc2 && n == 2 && s[1] < 0xa0);

		if (n == 0 || control) {
			clean[out++] = '?';
			i += n ? n : 1;
			continue;
		}
		memcpy(clean + out, s, n);
		out += n;
		i += n;
	}
	clean[out] = '\0';
	return json_new_string(b->doc, clean);
}

static struct json *text_or_null(struct builder *b, const char *field, size_t size)
{
	return field[0] ? text(b, field, size) : json_new(b->doc, JSON_NULL);
}

static struct json *moment(struct builder *b, uint64_t realtime_ns)
{
	char buffer[TIME_TEXT_MAX];

	return realtime_ns ? json_new_string(b->doc, time_format(realtime_ns, buffer)) : json_new(b->doc, JSON_NULL);
}

static uint64_t since(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

static struct json *exit_object(struct builder *b, const struct ledger_state *state)
{
	struct json *object;

	if (!state->exit_known)
		return json_new(b->doc, JSON_NULL);
	object = json_new(b->doc, JSON_OBJECT);
	put(b, object, "code", json_new_int64(b->doc, state->exit_code));
	put(b, object, "signal",
	    state->exit_signal ? json_new_int64(b->doc, state->exit_signal) : json_new(b->doc, JSON_NULL));
	return object;
}

static struct json *verdict_object(struct builder *b, const struct ledger_plan *plan,
				   const struct ledger_state *state)
{
	uint64_t began = state->started_boot_ns ? state->started_boot_ns : plan->created_boot_ns;
	struct json *object;

	if (state->budget < 0 || state->budget >= BUDGET_COUNT)
		return json_new(b->doc, JSON_NULL);
	object = json_new(b->doc, JSON_OBJECT);
	put(b, object, "budget", json_new_string(b->doc, budget_kinds[state->budget].name));
	put(b, object, "limit", json_new_uint64(b->doc, plan->budgets[state->budget].limit));
	put(b, object, "used", number(b, state->verdict_used));
	put(b, object, "action",
	    json_new_string(b->doc, action_names[state->action < ACTION_COUNT ? state->action : ACTION_KILL]));
	put(b, object, "detectedNs", json_new_uint64(b->doc, since(began, state->detected_boot_ns)));
	put(b, object, "deadNs", number(b, state->dead_known ? state->dead_ns : UNKNOWN));
	put(b, object, "source", text_or_null(b, plan->sources[state->budget], LEDGER_TEXT_MAX));
	return object;
}

/* v1 counts the kills of each group by itself, v2 those below it too: never add them. */
static uint64_t oom_kills(const struct ledger_state *state)
{
	uint64_t own = state->usage.oom_kills;

	if (own == UNKNOWN)
		return state->payload_oom_kills ? state->payload_oom_kills : UNKNOWN;
	return own > state->payload_oom_kills ? own : state->payload_oom_kills;
}

static struct json *usage_object(struct builder *b, const struct ledger_plan *plan, const struct ledger_state *state,
				 const struct ledger_figures *network)
{
	const struct cgroup_usage *usage = &state->usage;
	bool timed = state->started_boot_ns && state->ended_boot_ns;
	struct json *object = json_new(b->doc, JSON_OBJECT);
	const struct {
		const char *key;
		uint64_t value;
	} figures[] = {
		{"wallNs", timed ? since(state->started_boot_ns, state->ended_boot_ns) : UNKNOWN},
		{"cpuNs", usage->cpu_ns},
		{"cpuUserNs", usage->cpu_user_ns},
		{"cpuSystemNs", usage->cpu_system_ns},
		{"throttledNs", usage->throttled_ns},
		{"memoryPeakBytes", usage->memory_peak_bytes},
		{"memoryByteSeconds",
		 plan->budgets[BUDGET_MEMORY_TIME].set ? state->schedule.memory.whole : UNKNOWN},
		{"pidsPeak", usage->pids_peak},
		{"ioReadBytes", usage->io_read_bytes},
		{"ioWriteBytes", usage->io_write_bytes},
		{"netEgressBytes", network ? network->bytes[NET_EGRESS] : UNKNOWN},
		{"netIngressBytes", network ? network->bytes[NET_INGRESS] : UNKNOWN},
		{"oomKills", oom_kills(state)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		put(b, object, figures[i].key, number(b, figures[i].value));
	return object;
}

static struct json *direction_object(struct builder *b, const struct ledger_figures *figures, int direction)
{
	struct json *object = json_new(b->doc, JSON_OBJECT);

	put(b, object, "bytes", number(b, figures->bytes[direction]));
	put(b, object, "packets", number(b, figures->packets[direction]));
	put(b, object, "connections", number(b, figures->connections[direction]));
	return object;
}

static struct json *endpoints_array(struct builder *b, const struct ledger_figures *figures)
{
	struct json *array = json_new(b->doc, JSON_ARRAY);

	for (uint32_t i = 0; i < figures->endpoint_count && i < LEDGER_ENDPOINTS_MAX; i++)
		if (!array || endpoint_write(&figures->endpoints[i], b->doc, array) < 0)
			b->failed = true;
	return array;
}

/* What passed, and what did not. `figures` NULL: nobody counted, or could be asked. */
static struct json *network_object(struct builder *b, const struct ledger_state *state, const struct ledger_figures *figures)
{
	struct json *object, *drops;

	if (!figures)
		return json_new(b->doc, JSON_NULL);
	object = json_new(b->doc, JSON_OBJECT);
	drops = json_new(b->doc, JSON_ARRAY);
	put(b, object, "egress", direction_object(b, figures, NET_EGRESS));
	put(b, object, "ingress", direction_object(b, figures, NET_INGRESS));
	for (uint32_t i = 0; i < figures->drop_count && i < LEDGER_DROPS_MAX; i++) {
		struct json *drop = json_new(b->doc, JSON_OBJECT);

		put(b, drop, "rule", text(b, figures->drops[i].rule, sizeof figures->drops[i].rule));
		put(b, drop, "packets", number(b, figures->drops[i].packets));
		put(b, drop, "bytes", number(b, figures->drops[i].bytes));
		add(b, drops, drop);
	}
	put(b, object, "drops", drops);
	if (figures->has_endpoints)
		put(b, object, "endpoints", endpoints_array(b, figures));
	put(b, object, "exact", json_new_bool(b->doc, state->network_exact));
	return object;
}

static struct json *monitor_object(struct builder *b, const struct ledger_state *state)
{
	struct json *object = json_new(b->doc, JSON_OBJECT);

	put(b, object, "wakeups", json_new_uint64(b->doc, state->wakeups));
	put(b, object, "takeovers", json_new_uint64(b->doc, state->takeovers));
	put(b, object, "exact", json_new_bool(b->doc, state->exact));
	return object;
}

/* Adds the lines of `from`; true when one of them says that the figures are not the last ones. */
static bool add_warnings(struct builder *b, struct json *array,
			 const char from[LEDGER_WARNINGS_MAX][LEDGER_TEXT_MAX])
{
	bool said = false;

	for (int i = 0; i < LEDGER_WARNINGS_MAX && from[i][0]; i++) {
		said |= strncmp(from[i], "figures are ", strlen("figures are ")) == 0;
		add(b, array, text(b, from[i], LEDGER_TEXT_MAX));
	}
	return said;
}

/* "3 WHAT", unless there were none. */
static void add_count(struct builder *b, struct json *array, uint32_t count, const char *what)
{
	char line[LEDGER_TEXT_MAX];

	(void)snprintf(line, sizeof line, "%u %s", count, what);
	if (count)
		add(b, array, json_new_string(b->doc, line));
}

/* --- whether violations are all there were --- */

static bool is_held_against_model(const struct ledger_plan *plan)
{
	return plan->watch == WATCH_COMPLAIN || plan->watch == WATCH_ENFORCE;
}

static bool may_be_missing(const struct ledger_violations *violations)
{
	return atomic_load(&violations->lost) || atomic_load(&violations->blind) ||
	       atomic_load(&violations->recorder) != LEDGER_RECORDER_TOLD;
}

static struct json *violations_exact(struct builder *b, const struct ledger_plan *plan, const struct ledger_violations *violations)
{
	return is_held_against_model(plan) ? json_new_bool(b->doc, !may_be_missing(violations)) : json_new(b->doc, JSON_NULL);
}

/* Of a recorder that was not to be started the plan's warnings tell. */
static void add_missing_violations(struct builder *b, struct json *array, const struct ledger_violations *violations)
{
	unsigned long long lost = atomic_load(&violations->lost);
	uint32_t blind = atomic_load(&violations->blind), recorder = atomic_load(&violations->recorder);
	const char *trouble = violations->trouble;
	char line[LEDGER_TEXT_MAX + 96];

	(void)snprintf(line, sizeof line, "violations may be missing: %llu events found no room in the recorder's tables", lost);
	if (lost)
		add(b, array, json_new_string(b->doc, line));
	if (blind & LEDGER_BLIND_KILLS)
		add(b, array, json_new_string(b->doc, "violations may be missing: calls for which its filter kills or sends SIGSYS are "
						      "not seen by notification"));
	if (blind & LEDGER_BLIND_CAPABILITIES)
		add(b, array, json_new_string(b->doc, "violations may be missing: the use of capabilities is not seen here"));
	(void)snprintf(line, sizeof line, "%s%s%.*s",
		       recorder == LEDGER_RECORDER_SEES ? "violations may be missing: its recorder did not see it to its end" : "its recorder",
		       *trouble ? ": " : "", (int)sizeof violations->trouble, trouble);
	if (recorder == LEDGER_RECORDER_SEES || *trouble)
		add(b, array, text(b, line, sizeof line));
}

static struct json *warnings_array(struct builder *b, const struct ledger_plan *plan, const struct ledger_state *state,
				   const struct ledger_violations *violations)
{
	struct json *array = json_new(b->doc, JSON_ARRAY);
	uint32_t count = atomic_load(&violations->count);
	char more[LEDGER_TEXT_MAX];
	bool said;

	(void)add_warnings(b, array, plan->warnings);
	said = add_warnings(b, array, state->warnings);
	if (count > LEDGER_VIOLATIONS_MAX) {
		(void)snprintf(more, sizeof more, "there were %u more violations than there is room for", count - LEDGER_VIOLATIONS_MAX);
		add(b, array, json_new_string(b->doc, more));
	}
	add_count(b, array, atomic_load(&violations->denials.more), "packets were denied to or from more places than there is room for");
	add_count(b, array, atomic_load(&violations->denials.unheard), "times DNS answers came too fast: what they name was not opened");
	if (is_held_against_model(plan))
		add_missing_violations(b, array, violations);
	if (!state->exact && !said)
		add(b, array, json_new_string(b->doc, state->usage.cpu_ns != UNKNOWN ?
			"figures are from the last reading before its end, not the kernel's last ones" :
			"figures are missing: its control group could not be read"));
	return array;
}

/* The rule of an OCI filter that would allow it. */
static struct json *allowing_rule(struct builder *b, const struct need *need)
{
	struct json *rule = json_new(b->doc, JSON_OBJECT), *names = json_new(b->doc, JSON_ARRAY), *args = json_new(b->doc, JSON_ARRAY);
	const struct recorded_arguments *which = recorded_arguments_find(need->name);

	add(b, names, json_new_string(b->doc, need->name));
	put(b, rule, "names", names);
	put(b, rule, "action", json_new_string(b->doc, "SCMP_ACT_ALLOW"));
	for (unsigned i = 0; which && i < need->count; i++) {
		struct json *condition = json_new(b->doc, JSON_OBJECT);

		put(b, condition, "index", json_new_uint64(b->doc, which->index[i]));
		put(b, condition, "value", json_new_uint64(b->doc, UINT32_MAX));
		put(b, condition, "valueTwo", json_new_uint64(b->doc, need->values[i]));
		put(b, condition, "op", json_new_string(b->doc, "SCMP_CMP_MASKED_EQ"));
		add(b, args, condition);
	}
	if (need->count)
		put(b, rule, "args", args);
	return rule;
}

static struct json *violation_object(struct builder *b, const struct ledger_violation *violation, const char *workload)
{
	struct json *object = json_new(b->doc, JSON_OBJECT);
	char name[NEED_NAME_MAX], remedy[LEDGER_NAME_MAX + 32];
	struct need need;

	put(b, object, "need", text(b, violation->need, sizeof violation->need));
	put(b, object, "program", text_or_null(b, violation->program, sizeof violation->program));
	put(b, object, "action", json_new_string(b->doc, violation->denied ? "denied" : "allowed"));
	put(b, object, "count", json_new_uint64(b->doc, violation->count));
	if (need_parse(violation->need, name, &need) && need.kind != NEED_CAPABILITY)
		put(b, object, "rule", allowing_rule(b, &need));
	(void)snprintf(remedy, sizeof remedy, "stint profile accept %s", workload);
	put(b, object, "remedy", text(b, remedy, sizeof remedy));
	return object;
}

/* What stands between quotes here is made of letters, digits and signs that JSON leaves as they are. */
static struct json *denial_object(struct builder *b, const struct ledger_denial *denial)
{
	const char *direction = denial->direction == NET_EGRESS ? "egress" : "ingress";
	bool named = denial->host[0];
	struct json *object = json_new(b->doc, JSON_OBJECT), *rule = json_new(b->doc, JSON_OBJECT),
		    *list = json_new(b->doc, JSON_OBJECT), *allow = json_new(b->doc, JSON_ARRAY);
	char need[LEDGER_NAME_MAX + 16], by_name[LEDGER_HOST_MAX + LEDGER_NAME_MAX], remedy[LEDGER_HOST_MAX + 2 * LEDGER_NAME_MAX + 96];
	const char *rest = strchr(denial->entry, ' ');

	(void)snprintf(need, sizeof need, "%s %s", direction, denial->entry);
	(void)snprintf(by_name, sizeof by_name, "%s%s", denial->host, rest ? rest : "");
	(void)snprintf(remedy, sizeof remedy, "put \"%s\"%s%s%s into network.%s.allow of each layer that denies it", denial->entry,
		       named ? " or \"" : "", named ? by_name : "", named ? "\"" : "", direction);
	add(b, allow, json_new_string(b->doc, named ? by_name : denial->entry));
	put(b, list, "allow", allow);
	put(b, rule, direction, list);
	put(b, object, "need", text(b, need, sizeof need));
	put(b, object, "program", json_new(b->doc, JSON_NULL));
	put(b, object, "action", json_new_string(b->doc, "denied"));
	put(b, object, "count", json_new_uint64(b->doc, atomic_load(&denial->count)));
	put(b, object, "rule", rule);
	put(b, object, "remedy", text(b, remedy, sizeof remedy));
	return object;
}

static struct json *violations_array(struct builder *b, const struct ledger_plan *plan, const struct ledger_violations *violations)
{
	struct json *array = json_new(b->doc, JSON_ARRAY);
	uint32_t count = atomic_load(&violations->count);

	for (uint32_t i = 0; i < count && i < LEDGER_VIOLATIONS_MAX; i++)
		add(b, array, violation_object(b, &violations->list[i], plan->workload));
	count = atomic_load(&violations->denials.count);
	for (uint32_t i = 0; i < count && i < LEDGER_DENIALS_MAX; i++)
		add(b, array, denial_object(b, &violations->denials.list[i]));
	return array;
}

static void build(struct builder *b, const struct ledger_plan *plan, const struct ledger_state *state,
		  const struct ledger_violations *violations, const struct ledger_figures *network)
{
	struct json *root = json_root(b->doc);

	put(b, root, "version", json_new_uint64(b->doc, 1));
	put(b, root, "id", text(b, plan->id, sizeof plan->id));
	put(b, root, "profile", text_or_null(b, plan->profile, sizeof plan->profile));
	put(b, root, "image", text_or_null(b, plan->image, sizeof plan->image));
	put(b, root, "runtime", text_or_null(b, plan->runtime, sizeof plan->runtime));
	put(b, root, "cgroup", plan->cgroup_mode <= CGROUP_V2 ?
		json_new_string(b->doc, cgroup_mode_names[plan->cgroup_mode]) : json_new(b->doc, JSON_NULL));
	put(b, root, "created", moment(b, plan->created_real_ns));
	put(b, root, "started", moment(b, state->started_real_ns));
	put(b, root, "ended", moment(b, state->ended_real_ns));
	put(b, root, "exit", exit_object(b, state));
	put(b, root, "verdict", verdict_object(b, plan, state));
	put(b, root, "usage", usage_object(b, plan, state, network));
	put(b, root, "network", network_object(b, state, network));
	put(b, root, "monitor", monitor_object(b, state));
	put(b, root, "violations", violations_array(b, plan, violations));
	put(b, root, "violationsExact", violations_exact(b, plan, violations));
	put(b, root, "anomalies", json_new(b->doc, JSON_ARRAY));
	put(b, root, "warnings", warnings_array(b, plan, state, violations));
}

int report_line(const struct ledger_plan *plan, const struct ledger_state *state, const struct ledger_violations *violations,
		const struct ledger_figures *network, char line[LEDGER_REPORT_MAX], struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *written = NULL;
	struct builder b = {0};
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	b.doc = doc;
	build(&b, plan, state, violations, network);
	if (b.failed)
		return error_set(err, ENOMEM, "build the report of %.128s: out of memory", plan->id);
	r = json_write(json_root(doc), false, &written, &length, err);
	if (r < 0)
		return error_prefix(err, "write the report of %.128s", plan->id);
	if (length >= LEDGER_REPORT_MAX)
		return error_set(err, EMSGSIZE, "write the report of %.128s: it is %zu bytes, there is room for %d",
				 plan->id, length, LEDGER_REPORT_MAX);
	memcpy(line, written, length + 1);
	return (int)length;
}
