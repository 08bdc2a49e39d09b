/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings from a few words. */
#ifndef STINT_TESTS_RECORD_FIXTURE_H
#define STINT_TESTS_RECORD_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/recording.h"

/* "read, socket 2 1, CAP_CHOWN" */
static inline void recording_need(struct recording *recording, const char *needs)
{
	char texts[4096], name[NEED_NAME_MAX];
	struct error err = {0};
	struct need need;

	(void)snprintf(texts, sizeof texts, "%s", needs);
	for (char *at = texts, *text; (text = strsep(&at, ","));) {
		text += strspn(text, " ");
		if (!*text)
			continue;
		cr_assert(need_parse(text, name, &need), "%s", text);
		cr_assert_eq(needs_add(&recording->needs, &need, &err), 0, "%s", err.text);
	}
}

static inline struct recording recording_of(const char *needs)
{
	struct recording recording = {.complete = true};

	recording_need(&recording, needs);
	return recording;
}

static inline char *recording_as_text(const struct recording *recording)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *object = NULL;
	struct error err = {0};
	char *text = NULL;
	size_t length;

	cr_assert_eq(json_doc_new(&doc, &err), 0);
	cr_assert_eq(recording_write(recording, doc, &object, &err), 0, "%s", err.text);
	cr_assert_eq(json_write(object, false, &text, &length, &err), 0, "%s", err.text);
	return text;
}

#endif
