/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state that a runtime gives a hook on its standard input (runtime-spec runtime.md). Runtimes
 * differ in all but id, bundle and annotations; `pid` is meaningful only in the stages that run in
 * the runtime's namespaces while the container lives.
 */
#ifndef STINT_OCI_STATE_H
#define STINT_OCI_STATE_H

#include <sys/types.h>

#include "lib/base/json.h"

struct oci_state {
	struct json_doc *doc; /* owns the strings */
	const char *id, *bundle, *status;
	pid_t pid; /* 0: none given */
	const struct json *annotations;
};

int oci_state_parse(const char *text, size_t length, struct oci_state *ret_state, struct error *err);
void oci_state_clear(struct oci_state *state);

#endif
