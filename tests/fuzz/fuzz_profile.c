/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a profile: what is read composes with itself to itself, and is written as JSON that
 * can be read.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/profile/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct profile *profile)
{
	_cleanup_json_ struct json_doc *doc = NULL, *again = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *node = NULL;
	struct profile met;
	size_t length = 0;

	if (profile_meet(profile, profile, &met, NULL) < 0 || !profile_at_least_as_strict(&met, profile) ||
	    !profile_at_least_as_strict(profile, &met))
		abort();
	if (json_doc_new(&doc, NULL) < 0 || profile_to_json(profile, doc, &node, NULL) < 0 ||
	    json_write(node, false, &text, &length, NULL) < 0)
		abort();
	if (json_parse("again", text, length, &again, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	const struct json *extends = NULL;
	struct error err = {0};
	struct profile profile;

	if (json_parse("profile.json", (const char *)data, size, &doc, &err) < 0)
		return 0;
	/* A path would read files of this machine. */
	if (json_string(json_get(json_root(doc), "seccomp")) && json_get(json_root(doc), "seccomp")->text[0] == '/')
		return 0;
	for (int without_name = 0; without_name <= 1; without_name++) {
		int r = profile_parse(json_root(doc), "profile.json", "profile fuzz", without_name, &profile, &extends, &err);

		if (r == 0)
			check(&profile);
		else if (!err.text[0] || strlen(err.text) >= sizeof err.text)
			abort();
	}
	return 0;
}
