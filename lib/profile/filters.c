/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default seccomp filter; and of several filters, one. */
#include <stdio.h>


#include "lib/base/cleanup.h"
#include "lib/profile/compose.h"
#include "lib/profile/internal.h"
#include "lib/seccomp/base.h"

static int fold(const struct seccomp_setting *seccomp, struct seccomp_filter *all, unsigned *inexact, struct error *err)
{
	int r = seccomp_read(seccomp->objects[0], all, err);

	for (unsigned i = 1; r == 0 && i < seccomp->count; i++) {
		_cleanup_seccomp_ struct seccomp_filter so_far = *all, next = {0};
		unsigned one = 0;

		*all = (struct seccomp_filter){0};
		r = seccomp_read(seccomp->objects[i], &next, err);
		if (r == 0)
			r = seccomp_meet(&so_far, &next, all, &one, err);
		*inexact = one > *inexact ? one : *inexact;
	}
	return r;
}

int profile_take_filter(struct profile *profile, const struct json *object, const char *from, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *copy = NULL;
	int r = json_doc_new(&doc, err);

	if (r == 0 && !(copy = json_copy(doc, object)))
		r = error_set(err, ENOMEM, "take a seccomp filter: out of memory");
	if (r == 0)
		r = document_keep(doc, err);
	if (r < 0)
		return r;
	doc = NULL;
	profile->seccomp = (struct seccomp_setting){.kind = SECCOMP_OBJECT, .objects = {copy}, .count = 1, .from = intern(from)};
	return profile->seccomp.from ? 0 : error_set(err, ENOMEM, "take a seccomp filter: out of memory");
}

/* A filter as an object of a document that lives on. */
static int write_kept(const struct seccomp_filter *filter, struct json **ret_object, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	int r = json_doc_new(&doc, err);

	if (r == 0)
		r = seccomp_write(filter, doc, ret_object, err);
	if (r == 0)
		r = document_keep(doc, err);
	if (r == 0)
		doc = NULL;
	return r;
}

bool profile_asks_default_filter(const struct profile *profile)
{
	return profile->seccomp.kind == SECCOMP_DEFAULT || profile->seccomp.default_from;
}

int profile_take_default_filter(const struct profile *profile, uint64_t capabilities, struct profile *config,
				struct error *err)
{
	const struct seccomp_setting *asked = &profile->seccomp;
	_cleanup_seccomp_ struct seccomp_filter filter = {0};
	struct json *object;
	char from[256];
	int r = seccomp_base(seccomp_native(), capabilities, &filter, err);

	if (r == 0)
		r = write_kept(&filter, &object, err);
	if (r < 0)
		return r;
	(void)snprintf(from, sizeof from, "%s (the default filter)",
		       asked->kind == SECCOMP_DEFAULT ? asked->from : asked->default_from);
	config->seccomp = (struct seccomp_setting){.kind = SECCOMP_OBJECT, .objects = {object}, .count = 1,
						   .from = intern(from)};
	return config->seccomp.from ? 0 : error_set(err, ENOMEM, "take the default filter: out of memory");
}

int profile_compose_filters(struct profile *profile, unsigned *ret_inexact, struct error *err)
{
	_cleanup_seccomp_ struct seccomp_filter all = {0};
	struct json *object;
	int r;

	*ret_inexact = 0;
	if (profile->seccomp.count < 2)
		return 0;
	r = fold(&profile->seccomp, &all, ret_inexact, err);
	if (r == 0)
		r = write_kept(&all, &object, err);
	if (r < 0)
		return error_prefix(err, "compose the seccomp filters of %s", profile->seccomp.from);
	profile->seccomp.objects[0] = object;
	profile->seccomp.count = 1;
	return 0;
}
