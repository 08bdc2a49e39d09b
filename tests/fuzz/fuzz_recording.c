/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a recording: what is read is bounded, sorted and fit for a terminal, is written as JSON that is read
 * again as the same, and is its own union; the estimate's figures are probabilities.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/estimate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_needs(const struct needs *needs)
{
	char text[NEED_TEXT_MAX], name[NEED_NAME_MAX];
	struct need need;

	check(needs->count <= NEEDS_MAX);
	for (unsigned i = 0; i < needs->count; i++) {
		check(i == 0 || need_order(&needs->list[i - 1], &needs->list[i]) < 0);
		check(need_parse(need_text(&needs->list[i], text), name, &need));
		check(need_order(&need, &needs->list[i]) == 0);
		for (const char *at = needs->list[i].program; *at; at++)
			check((unsigned char)*at >= 0x20 && *at != 0x7f);
	}
}

static void check_endpoints(const struct endpoints *endpoints)
{
	check(endpoints->count <= ENDPOINTS_MAX);
	for (unsigned i = 0; i < endpoints->count; i++) {
		const struct endpoint *endpoint = &endpoints->list[i];

		check(endpoint->by_name <= endpoint->connections && (endpoint->name[0] || !endpoint->by_name));
		check(strspn(endpoint->name, DNS_NAME_LETTERS) == strlen(endpoint->name));
		check(endpoints_find(endpoints, endpoint) == endpoint);
	}
}

static void check_again(const struct recording *recording)
{
	_cleanup_recording_ struct recording again = {0};
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *object = NULL;
	size_t length = 0;

	check(json_doc_new(&doc, NULL) == 0 && recording_write(recording, doc, &object, NULL) == 0 &&
	      json_write(object, false, &text, &length, NULL) == 0);
	if (length > JSON_MAX_BYTES)
		return;
	check(recording_parse("again", text, length, &again, NULL) == 0);
	check(recording_equal(recording, &again));
}

static void check_together(const struct recording *recording)
{
	const struct recording *const runs[] = {recording, recording};
	_cleanup_recording_ struct recording both = {0};
	struct estimate result;

	check(recording_union(runs, 2, &both, NULL) == 0);
	check(needs_equal(&both.needs, &recording->needs));
	check(estimate(runs, 2, &result, NULL) == 0);
	check(result.probability >= 0 && result.bound <= 1 && result.bound >= result.probability);
	check(result.surprises == 0 && result.alone == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_recording_ struct recording recording = {0};
	struct error err = {0};

	if (recording_parse("fuzz", (const char *)data, size, &recording, &err) < 0) {
		check(err.code > 0 && err.text[0] && recording.needs.count == 0);
		return 0;
	}
	check_needs(&recording.needs);
	check_needs(&recording.runtime_needs);
	check_endpoints(&recording.endpoints);
	check_again(&recording);
	check_together(&recording);
	return 0;
}
