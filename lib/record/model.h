/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody has accepted that a workload may ask of the kernel: STATE_DIR/models/WORKLOAD/
 *
 *   model.json     {"version": 1, "mode": "enforce", "accepted": "…", "runs": 12, "runtime": "any", "needs": a recording, "seccomp": …}
 *   previous.json  the one before it, to go back to
 *   denied.json    what was refused since it was accepted: a recording
 *
 * What is refused waits there until somebody accepts it: nothing that a workload does makes its model looser.
 */
#ifndef STINT_RECORD_MODEL_H
#define STINT_RECORD_MODEL_H

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/units.h"
#include "lib/record/recording.h"

/* COMPLAIN: all is let pass that the default filter lets pass, and what the model does not know is reported. CANARY: so it is for
 * `share` of a hundred starts; the others are not watched. ENFORCE: what the model does not know is refused and reported. */
enum model_mode { MODEL_COMPLAIN, MODEL_CANARY, MODEL_ENFORCE, MODEL_MODE_COUNT };
extern const char *const model_mode_names[MODEL_MODE_COUNT + 1]; /* NULL-terminated */

/* What is done while one container runs. */
enum watch { WATCH_NOTHING, WATCH_RECORD, WATCH_COMPLAIN, WATCH_ENFORCE };

struct model {
	enum model_mode mode;
	unsigned share; /* 1 to 100 */
	unsigned runs;	/* that it was made of */
	char accepted[TIME_TEXT_MAX];
	struct recording needs;
	struct json_doc *doc;
	/* In `doc`. */
	const struct json *seccomp; /* OCI's object */
	const char *runtime;	    /* that somebody said it is for; NULL: those of the recordings */
};

/* `workload` as the store has it. -ENOENT: there is none. */
int model_read(const struct host *host, const char *workload, struct model *ret_model, struct error *err);
void model_close(struct model *model);
#define _cleanup_model_ _cleanup_(model_close)

/* Makes it the model; the one that was is the previous one. What was denied is taken to be decided on: it is forgotten. */
int model_write(const struct host *host, const char *workload, const struct model *model, struct error *err);
/* The previous one is the model again, and the other way round. -ENOENT: there is none. */
int model_roll_back(const struct host *host, const char *workload, struct error *err);

/* Adds to what was denied. */
int model_deny(const struct host *host, const char *workload, const struct needs *denied, struct error *err);
/* Empty when nothing was. */
int model_denied(const struct host *host, const char *workload, struct recording *ret_denied, struct error *err);

#endif
