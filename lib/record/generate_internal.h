/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the generator share. */
#ifndef STINT_RECORD_GENERATE_INTERNAL_H
#define STINT_RECORD_GENERATE_INTERNAL_H

#include "lib/record/generate.h"

/* What the runtimes of the recordings need. */
struct runtime_part {
	struct needs listed;   /* of profiles/seccomp-runtimes.list, with the values of arguments */
	struct needs measured; /* in these very runs, without */
};
/* `runtime` as for generate. Warns of what is not known of a runtime. */
int runtime_part_of(const struct recording *const *runs, size_t count, const char *runtime, struct generated *generated,
		    struct runtime_part *ret_part, struct error *err);
void runtime_part_close(struct runtime_part *part);

int generated_warn(struct generated *generated, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
