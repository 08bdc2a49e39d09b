/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The containers that are there, and what is left of others. */
#include <sys/stat.h>

#include "cli/doctor.h"
#include "cli/live.h"

/* One that is being made has no monitor for a moment, one that has ended is cleared away in a moment. */
enum { MOMENT_S = 60 };

struct count {
	struct diagnosis *d;
	int watched;
};

static bool is_new(const struct diagnosis *d, int dirfd)
{
	struct stat st;

	return fstat(dirfd, &st) < 0 ||
	       (uint64_t)st.st_mtim.tv_sec + MOMENT_S > d->host->realtime_ns() / UINT64_C(1000000000);
}

static int look_at(const char *key, int dirfd, void *data)
{
	struct count *count = data;
	struct live live;
	bool there = live_open(count->d->host, &count->d->layout, dirfd, &live, NULL) == 0;

	if (there && live.watched)
		count->watched++;
	else if (there)
		found(count->d, FINDING_WARNING, live.plan->id,
		      "'stint verify' says what still holds it; when the engine deletes it, or starts it again, its report is written",
		      "no monitor watches it");
	else if (!is_new(count->d, dirfd))
		found(count->d, FINDING_WARNING, key, "it is taken over when a container of this id is made; else remove it",
		      "%s/%s was left by a container that is no more", count->d->host->run_dir, key);
	if (there)
		live_close(&live);
	return 0;
}

void doctor_containers(struct diagnosis *d)
{
	struct count count = {.d = d};
	struct error err = {0};
	struct stat st;

	d->section = "Containers";
	/* Looking for containers makes the directory, and refuses one that is not ours: that has been said by now. */
	if (!d->layout_known || stat(d->host->run_dir, &st) < 0) {
		found(d, FINDING_OK, "watched", NULL, "none");
		return;
	}
	if (state_each(d->host, look_at, &count, &err) < 0)
		found(d, FINDING_WARNING, "watched", "see above", "could not be listed: %s", err.text);
	else
		found(d, FINDING_OK, "watched", NULL, "%d", count.watched);
}
