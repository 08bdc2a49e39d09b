/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of a stint that was built without eBPF: there is none. */
#include "shim/recorder.h"

#include <errno.h>

static int start(const struct source_request *request, struct source **ret_source, struct error *err)
{
	(void)request, (void)ret_source;
	return error_set(err, ENOTSUP, "record system calls by eBPF: stint was built without it (configure --with-bpf)");
}

const struct source_kind source_ebpf = {.capability = -1, .start = start};
