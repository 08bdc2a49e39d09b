/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every call that libseccomp knows on some architectures, by name. What includes this links libseccomp. */
#ifndef STINT_SECCOMP_CALL_NAMES_H
#define STINT_SECCOMP_CALL_NAMES_H

#include <stdint.h>

#include "lib/base/error.h"

/* Sorted, each once; malloc'ed. Begins as {0}. */
struct call_names {
	char **list;
	unsigned count;
};
/* Of libseccomp's tokens of architectures; 0 is none. -ENOMEM. */
int call_names_of(const uint32_t *tokens, unsigned count, struct call_names *ret_names, struct error *err);
/* Its place, or -1. */
int call_names_find(const struct call_names *names, const char *name);
void call_names_close(struct call_names *names);
#define _cleanup_call_names_ _cleanup_(call_names_close)

#endif
