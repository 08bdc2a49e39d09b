/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of several seccomp filters, one. */
#include "lib/base/cleanup.h"
#include "lib/profile/compose.h"
#include "lib/profile/internal.h"
#include "lib/seccomp/filter.h"

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

int profile_compose_filters(struct profile *profile, unsigned *ret_inexact, struct error *err)
{
	_cleanup_seccomp_ struct seccomp_filter all = {0};
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *object;
	int r;

	*ret_inexact = 0;
	if (profile->seccomp.count < 2)
		return 0;
	r = fold(&profile->seccomp, &all, ret_inexact, err);
	if (r == 0)
		r = json_doc_new(&doc, err);
	if (r == 0)
		r = seccomp_write(&all, doc, &object, err);
	if (r == 0)
		r = document_keep(doc, err);
	if (r < 0)
		return error_prefix(err, "compose the seccomp filters of %s", profile->seccomp.from);
	doc = NULL;
	profile->seccomp.objects[0] = object;
	profile->seccomp.count = 1;
	return 0;
}
