/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint profile status`: the workloads that were recorded, and how complete that is. */
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "lib/base/cleanup.h"
#include "lib/record/estimate.h"
#include "lib/record/model.h"

/* One workload's. */
struct row {
	const char *workload;
	struct recording all;
	struct estimate estimate;
	unsigned calls, capabilities, without_capabilities; /* the last: runs */
	bool has_model;
	enum model_mode mode;
	unsigned unknown, denied; /* needs that the model does not know; that were denied since it was accepted */
};

static unsigned count_kind(const struct needs *needs, enum need_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < needs->count; i++)
		count += needs->list[i].kind == kind;
	return count;
}

static int read_model(const struct host *host, struct row *row, struct error *err)
{
	_cleanup_recording_ struct recording denied = {0};
	_cleanup_model_ struct model model = {0};
	int r = model_read(host, row->workload, &model, err);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = model_denied(host, row->workload, &denied, err);
	if (r < 0)
		return r;
	row->has_model = true;
	row->mode = model.mode;
	row->denied = denied.needs.count;
	for (unsigned i = 0; i < row->all.needs.count; i++)
		row->unknown += !recording_covers(&model.needs, &row->all.needs.list[i]);
	return 0;
}

static int read_row(const struct host *host, const char *workload, struct row *ret_row, bool *ret_empty, struct error *err)
{
	_cleanup_stored_runs_ struct stored_runs runs = {0};
	struct row row = {.workload = workload};
	int r = store_read(host, workload, &runs, err);

	*ret_empty = r == 0 && runs.count == 0;
	if (r < 0 || *ret_empty)
		return r;
	r = recording_union(runs.recordings, runs.count, &row.all, err);
	if (r == 0)
		r = estimate(runs.recordings, runs.count, &row.estimate, err);
	if (r == 0)
		r = read_model(host, &row, err);
	if (r < 0) {
		recording_close(&row.all);
		return r;
	}
	row.calls = count_kind(&row.all.needs, NEED_CALL);
	for (unsigned i = 0; i < runs.count; i++)
		row.without_capabilities += !runs.recordings[i]->capabilities_recorded;
	row.capabilities = count_kind(&row.all.needs, NEED_CAPABILITY);
	*ret_row = row;
	return 0;
}

/* "enforce, 2 denied": what waits for somebody to decide on. */
static const char *model_text(const struct row *row, char text[64])
{
	int n = snprintf(text, 64, "%s", row->has_model ? model_mode_names[row->mode] : "-");

	if (row->unknown)
		n += snprintf(text + n, (size_t)(64 - n), ", %u new", row->unknown);
	if (row->denied)
		(void)snprintf(text + n, (size_t)(64 - n), ", %u denied", row->denied);
	return text;
}

static void print_row(const struct row *row)
{
	char workload[STORE_NAME_MAX], about[16], most[16], model[64], incomplete[16] = "-", capabilities[16] = "not known";

	if (row->estimate.incomplete)
		(void)snprintf(incomplete, sizeof incomplete, "%u", row->estimate.incomplete);
	if (!row->without_capabilities)
		(void)snprintf(capabilities, sizeof capabilities, "%u", row->capabilities);
	printf("%-20s  %5u  %10s  %5u  %12s  %-18s  ", profile_short_workload(row->workload, workload),
	       row->estimate.runs + row->estimate.incomplete, incomplete, row->calls, capabilities, model_text(row, model));
	if (row->estimate.runs < 2)
		printf("not known");
	else
		printf("%s, at most %s", profile_percent(row->estimate.probability, about), profile_percent(row->estimate.bound, most));
	printf("%s%s\n", row->all.image ? "  " : "", row->all.image ? row->all.image : "");
	if (row->without_capabilities)
		printf("    capabilities: %u of %u runs were recorded without them (it takes Linux 6.14 and eBPF); a model of these leaves them alone\n",
		       row->without_capabilities, row->estimate.runs + row->estimate.incomplete);
}

static int add_row(struct json_doc *doc, struct json *array, const struct row *row)
{
	const struct estimate *of = &row->estimate;
	struct json *object = json_new(doc, JSON_OBJECT);
	int r = json_set(doc, object, "workload", json_new_string(doc, row->workload));

	if (r == 0 && row->all.image)
		r = json_set(doc, object, "image", json_new_string(doc, row->all.image));
	if (r == 0)
		r = json_set(doc, object, "runs", json_new_uint64(doc, of->runs + of->incomplete));
	if (r == 0)
		r = json_set(doc, object, "incomplete", json_new_uint64(doc, of->incomplete));
	if (r == 0)
		r = json_set(doc, object, "surprises", json_new_uint64(doc, of->surprises));
	if (r == 0)
		r = json_set(doc, object, "calls", json_new_uint64(doc, row->calls));
	if (r == 0)
		r = json_set(doc, object, "capabilities", json_new_uint64(doc, row->capabilities));
	if (r == 0)
		r = json_set(doc, object, "withoutCapabilities", json_new_uint64(doc, row->without_capabilities));
	if (r == 0)
		r = json_set(doc, object, "probability", profile_json_number(doc, of->probability));
	if (r == 0)
		r = json_set(doc, object, "bound", profile_json_number(doc, of->bound));
	if (r == 0)
		r = json_set(doc, object, "model", row->has_model ? json_new_string(doc, model_mode_names[row->mode]) : json_new(doc, JSON_NULL));
	if (r == 0)
		r = json_set(doc, object, "new", json_new_uint64(doc, row->unknown));
	if (r == 0)
		r = json_set(doc, object, "denied", json_new_uint64(doc, row->denied));
	return r < 0 ? r : json_append(array, object);
}

/* `array` is NULL for a table. */
static int show_workload(const struct host *host, const char *workload, struct json_doc *doc, struct json *array,
			 unsigned *count, struct error *err)
{
	struct row row;
	bool empty;
	int r = read_row(host, workload, &row, &empty, err);

	if (r < 0 || empty)
		return r;
	if (array) {
		r = add_row(doc, array, &row) < 0 ? error_set(err, ENOMEM, "tell of recordings: out of memory") : 0;
	} else {
		if (*count == 0)
			printf("%-20s  %5s  %10s  %5s  %12s  %-18s  %s\n", "WORKLOAD", "RUNS", "INCOMPLETE", "CALLS", "CAPABILITIES",
			       "MODEL", "NEXT RUN NEEDS MORE");
		print_row(&row);
	}
	++*count;
	recording_close(&row.all);
	return r;
}

static int find_workloads(const struct host *host, const char *name, struct store_names *ret_names, struct error *err)
{
	char workload[STORE_NAME_MAX];
	int r;

	if (!name)
		return store_workloads(host, ret_names, err);
	r = store_find_workload(host, name, workload, err);
	if (r < 0)
		return r;
	ret_names->list = calloc(1, sizeof *ret_names->list);
	if (!ret_names->list)
		return error_set(err, ENOMEM, "list workloads: out of memory");
	memcpy(ret_names->list[0], workload, sizeof workload);
	ret_names->count = 1;
	return 0;
}

int profile_status(const struct profile_request *request)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char(*list)[STORE_NAME_MAX] = NULL;
	struct store_names names = {0};
	struct json *array = NULL;
	struct error err = {0};
	unsigned count = 0;
	int r = find_workloads(request->host, request->names[0], &names, &err);

	list = names.list;
	if (r == -ENOENT)
		return cli_fail(EXIT_DIFFERS, &err);
	if (r == 0)
		r = json_doc_new(&doc, &err);
	if (r == 0 && request->json)
		array = json_new(doc, JSON_ARRAY);
	for (unsigned i = 0; i < names.count && r == 0; i++)
		r = show_workload(request->host, list[i], doc, array, &count, &err);
	if (r == 0 && array)
		r = profile_print_json(array, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	if (!array && count == 0)
		puts("Nothing is recorded yet: 'stint run --record' does that.");
	return EXIT_OK;
}
