/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording in memory, and of several one. recording_json.c reads and writes it. */
#include "lib/record/recording.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/internal.h"

static const size_t texts[] = {
	offsetof(struct recording, id),
	offsetof(struct recording, workload),
	offsetof(struct recording, image),
	offsetof(struct recording, runtime),
	offsetof(struct recording, runtime_version),
	offsetof(struct recording, started),
	offsetof(struct recording, ended),
};

static const char **text_at(struct recording *recording, size_t offset)
{
	return (const char **)((char *)recording + offset);
}

static const char *text_of(const struct recording *recording, size_t offset)
{
	return *(const char *const *)((const char *)recording + offset);
}

int recording_set(const char **field, const char *text, struct error *err)
{
	char *copy = text ? clean_copy(text, RECORDING_TEXT_MAX) : NULL;

	if (text && !copy)
		return error_set(err, ENOMEM, "keep a recording: out of memory");
	free((char *)*field);
	*field = copy;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Moments in the one form of theirs are in the order of their texts. */
static int merge_text(struct recording *into, const struct recording *other, size_t offset, struct error *err)
{
	const char **text = text_at(into, offset), *theirs = text_of(other, offset);

	if (same(*text, theirs))
		return 0;
	if (offset == offsetof(struct recording, started))
		return theirs && (!*text || strcmp(theirs, *text) < 0) ? recording_set(text, theirs, err) : 0;
	if (offset == offsetof(struct recording, ended) && *text && theirs)
		return strcmp(theirs, *text) > 0 ? recording_set(text, theirs, err) : 0;
	return recording_set(text, NULL, err);
}

static int copy_texts(struct recording *into, const struct recording *other, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
		r = recording_set(text_at(into, texts[i]), text_of(other, texts[i]), err);
	return r;
}

static int merge(struct recording *into, const struct recording *other, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
		r = merge_text(into, other, texts[i], err);
	if (r == 0)
		r = needs_add_all(&into->needs, &other->needs, err);
	if (r == 0)
		r = endpoints_add_all(&into->endpoints, &other->endpoints, err);
	if (r == 0)
		r = needs_add_all(&into->runtime_needs, &other->runtime_needs, err);
	into->no_new_privileges &= other->no_new_privileges;
	into->complete &= other->complete;
	into->capabilities_recorded &= other->capabilities_recorded;
	into->endpoints_recorded &= other->endpoints_recorded;
	if (__builtin_add_overflow(into->lost, other->lost, &into->lost))
		into->lost = UINT64_MAX;
	return r;
}

int recording_union(const struct recording *const *runs, size_t count, struct recording *ret_union, struct error *err)
{
	_cleanup_recording_ struct recording all = {
		.no_new_privileges = count > 0, .complete = count > 0, .capabilities_recorded = count > 0, .endpoints_recorded = count > 0};
	int r = count ? copy_texts(&all, runs[0], err) : 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = merge(&all, runs[i], err);
	if (r < 0)
		return r;
	*ret_union = all;
	all = (struct recording){0};
	return 0;
}

bool recording_covers(const struct recording *recording, const struct need *need)
{
	return (need->kind == NEED_CAPABILITY && !recording->capabilities_recorded) || needs_cover(&recording->needs, need);
}

bool recording_equal(const struct recording *a, const struct recording *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!same(text_of(a, texts[i]), text_of(b, texts[i])))
			return false;
	return a->no_new_privileges == b->no_new_privileges && a->complete == b->complete && a->lost == b->lost &&
	       a->capabilities_recorded == b->capabilities_recorded && a->endpoints_recorded == b->endpoints_recorded &&
	       needs_equal(&a->needs, &b->needs) && endpoints_equal(&a->endpoints, &b->endpoints) && needs_equal(&a->runtime_needs, &b->runtime_needs);
}

void recording_close(struct recording *recording)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free((char *)text_of(recording, texts[i]));
	needs_close(&recording->needs);
	endpoints_close(&recording->endpoints);
	needs_close(&recording->runtime_needs);
	*recording = (struct recording){0};
}
