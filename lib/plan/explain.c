/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan for machines and for people. */
#include <stdio.h>
#include <string.h>

#include "lib/plan/plan.h"

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "describe the plan: out of memory");
}

struct sources {
	struct json_doc *doc;
	struct json *array;
};

static int add_source(const char *path, struct json *value, const char *from, void *data)
{
	struct sources *sources = data;
	struct json *entry = json_new(sources->doc, JSON_OBJECT);

	if (!entry || json_set(sources->doc, entry, "path", json_new_string(sources->doc, path)) < 0 ||
	    json_set(sources->doc, entry, "value", value) < 0 ||
	    json_set(sources->doc, entry, "from", json_new_string(sources->doc, from)) < 0)
		return -ENOMEM;
	return json_append(sources->array, entry);
}

static int add_taken(const struct plan *plan, struct json_doc *doc, struct error *err)
{
	if (plan->watch != WATCH_ENFORCE || !plan->learned.set)
		return 0;
	if (json_set(doc, json_root(doc), "takenCapabilities", capability_names(doc, plan->taken_capabilities)) < 0 ||
	    json_set(doc, json_root(doc), "takenAmbient", capability_names(doc, plan->taken_ambient)) < 0)
		return no_memory(err);
	return 0;
}

int plan_to_json(const struct plan *plan, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct sources sources;
	struct json *root, *effective, *warnings;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	root = json_root(doc);
	sources = (struct sources){doc, json_new(doc, JSON_ARRAY)};
	warnings = json_new(doc, JSON_ARRAY);
	r = profile_to_json(&plan->effective, doc, &effective, err);
	if (r == 0 && (!sources.array || !warnings))
		r = no_memory(err);
	if (r == 0)
		r = profile_each_source(&plan->effective, doc, add_source, &sources, err);
	for (int i = 0; r == 0 && i < plan->warning_count; i++)
		if (json_append(warnings, json_new_string(doc, plan->warnings[i])) < 0)
			r = no_memory(err);
	if (r < 0)
		return r;
	if (json_set(doc, root, "effective", effective) < 0 || json_set(doc, root, "sources", sources.array) < 0 ||
	    json_set(doc, root, "profile", json_new_string(doc, plan->profile_name)) < 0 ||
	    json_set(doc, root, "selectedBy", json_new_string(doc, plan->selected_by)) < 0 ||
	    json_set(doc, root, "cgroup", json_new_string(doc, cgroup_mode_names[plan->cgroup_mode])) < 0 ||
	    json_set(doc, root, "warnings", warnings) < 0)
		return no_memory(err);
	r = add_taken(plan, doc, err);
	if (r == 0)
		*ret_doc = steal_ptr(&doc);
	return r;
}

/* The unit that a value's path tells, and how many of that unit's base one of the value is: a budget's own, or that of
 * the resource's name. */
static bool unit_of(const char *path, enum unit *ret_unit, uint64_t *ret_factor)
{
	static const struct {
		const char *path;
		enum unit unit;
		uint64_t factor;
	} resources[] = {{"resources.memory.limit", UNIT_SIZE, 1}, {"resources.memory.reservation", UNIT_SIZE, 1},
			 {"resources.memory.swap", UNIT_SIZE, 1}, {"resources.pids.limit", UNIT_COUNT, 1},
			 {"resources.cpu.quota", UNIT_DURATION, 1000}, {"resources.cpu.period", UNIT_DURATION, 1000}};
	char name[64];
	const char *dot;
	int budget;

	*ret_factor = 1;
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		if (strcmp(path, resources[i].path) == 0) {
			*ret_unit = resources[i].unit;
			*ret_factor = resources[i].factor;
			return true;
		}
	if (strncmp(path, "budgets.", 8) != 0 || !(dot = strchr(path + 8, '.')))
		return false;
	(void)snprintf(name, sizeof name, "%.*s", (int)(dot - path - 8), path + 8);
	budget = budget_from_name(name);
	if (strcmp(dot, ".per") == 0 || strcmp(dot, ".grace") == 0)
		*ret_unit = UNIT_DURATION;
	else if (strcmp(dot, ".limit") == 0 && budget >= 0)
		*ret_unit = budget_kinds[budget].unit;
	else
		return false;
	return true;
}

static void print_row(FILE *out, const char *path, const char *value, const char *from)
{
	if (*from)
		fprintf(out, "  %-30s %-22s %s\n", path, value, from);
	else
		fprintf(out, "  %-30s %s\n", path, value);
}

/* A list of thousands is for machines (--json). */
enum { ELEMENTS_SHOWN = 64 };

static const char *element_text(const struct json *element, char **json)
{
	size_t length;

	if (json_string(element))
		return element->text;
	if (json_write(element, false, json, &length, NULL) < 0)
		return "?";
	(*json)[length - 1] = '\0'; /* the newline */
	return *json;
}

/* One to a line: a set of them is wider than a terminal. */
static void print_elements(FILE *out, const char *path, const struct json *array, const char *from)
{
	size_t count = 0;

	if (!array->first)
		print_row(out, path, "none", from);
	json_each(element, array) {
		_cleanup_free_ char *json = NULL;

		if (count++ < ELEMENTS_SHOWN)
			print_row(out, element == array->first ? path : "", element_text(element, &json),
				  element == array->first ? from : "");
	}
	if (count > ELEMENTS_SHOWN)
		fprintf(out, "  %-30s and %zu more\n", "", count - ELEMENTS_SHOWN);
}

/* Bytes a second. */
static bool is_rate(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".bandwidth") == 0 || strcmp(dot, ".throttleTo") == 0);
}

int plan_value_text(const char *path, const struct json *value, char **ret_text, struct error *err)
{
	char text[UNIT_TEXT_MAX], rate[UNIT_TEXT_MAX + 2];
	const char *known = json_string(value);
	enum unit unit;
	uint64_t amount, factor;
	size_t length;

	if (unit_of(path, &unit, &factor) && json_uint64(value, &amount, NULL) == 0 && amount <= UINT64_MAX / factor) {
		known = unit_format(unit, amount * factor, text);
	} else if (is_rate(path) && json_uint64(value, &amount, NULL) == 0) {
		(void)snprintf(rate, sizeof rate, "%s/s", unit_format(UNIT_SIZE, amount, text));
		known = rate;
	}
	if (!known && json_write(value, false, ret_text, &length, err) == 0) {
		(*ret_text)[length - 1] = '\0'; /* the newline */
		return 0;
	}
	if (known && (*ret_text = strdup(known)))
		return 0;
	return no_memory(err);
}

static void print_value(FILE *out, const char *path, const struct json *value, const char *from)
{
	_cleanup_free_ char *text = NULL;

	if (json_is(value, JSON_ARRAY))
		print_elements(out, path, value, from);
	else if (json_is(value, JSON_OBJECT))
		print_row(out, path, strcmp(path, "seccomp") == 0 ? "a filter" : "(an object)", from);
	else if (plan_value_text(path, value, &text, NULL) == 0)
		print_row(out, path, text, from);
}

/* The heading that a value comes under. */
static const char *section_of(const char *path)
{
	static const char *const sections[][2] = {{"budgets.", "Budgets"}, {"resources.", "Resources"},
						  {"network", "Network"}, {"baseline", "Baseline"}};

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strncmp(path, sections[i][0], strlen(sections[i][0])) == 0)
			return sections[i][1];
	return "Security";
}

static void print_all(FILE *out, const struct json *root)
{
	const char *section = NULL, *by = json_string(json_get(root, "selectedBy"));

	fprintf(out, "Profile %s, cgroup %s. What is in force, and who asked for it:\n",
		json_string(json_get(root, "profile")), json_string(json_get(root, "cgroup")));
	if (strstr(by, "stint.json"))
		fprintf(out, "The profile was selected by %s.\n", by);
	if (!json_get(root, "sources")->first)
		fputs("\n  nothing\n", out);
	json_each(source, json_get(root, "sources")) {
		const char *path = json_string(json_get(source, "path"));

		if (section_of(path) != section) {
			section = section_of(path);
			fprintf(out, "\n%s\n", section);
		}
		print_value(out, path, json_get(source, "value"), json_string(json_get(source, "from")));
	}
	if (json_get(root, "warnings")->first)
		fputs("\nWarnings\n", out);
	json_each(warning, json_get(root, "warnings"))
		fprintf(out, "  %s\n", json_string(warning));
}

int plan_to_text(const struct plan *plan, char **ret_text, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	char *text = NULL;
	size_t length;
	FILE *out;
	int r = plan_to_json(plan, &doc, err);

	if (r < 0)
		return r;
	out = open_memstream(&text, &length);
	if (!out)
		return no_memory(err);
	print_all(out, json_root(doc));
	if (fclose(out) != 0) {
		free(text);
		return no_memory(err);
	}
	*ret_text = text;
	return 0;
}
