/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From recordings a seccomp filter: what was seen, what the runtime needs to get there, and no more. Pure; what includes
 * this links libseccomp.
 *
 * A call is answered in one of these ways:
 *
 *   allowed           it was seen, the runtime needs it, or the kernel may make it of one that was seen (restart_syscall)
 *   allowed where …   its arguments were recorded, and few values were seen (lib/record/argument_rules.h)
 *   EPERM             libseccomp knows it, and it was not seen
 *   ENOSYS            it is newer than the libseccomp that made the filter; or it is the newer form of a call that is
 *                     allowed (lib/seccomp/equivalent.h), so that a C library that tries it takes the other; or it is
 *                     clone3, seen or not, where CAP_SYS_ADMIN was not used: its flags lie in memory, where no filter can
 *                     tell a thread from a user namespace, and who is told that it is not there takes clone. What is
 *                     ENOSYS by its name says so itself, since Docker 20.10 does not pass on what the default's error is;
 *                     with other arguments than those that are allowed it is the default's, which has no other form
 *
 * The native architecture alone is allowed, and x86 or x32 where calls of theirs were seen: then a call that is allowed is
 * allowed on each of them, since OCI has no way to say otherwise. What goes through socketcall
 * or ipc, which hide their arguments, is answered as these are.
 */
#ifndef STINT_RECORD_GENERATE_H
#define STINT_RECORD_GENERATE_H

#include <stddef.h>

#include "lib/record/recording.h"
#include "lib/seccomp/call_names.h"
#include "lib/seccomp/filter.h"

struct generated {
	struct seccomp_filter filter;
	struct recording seen; /* the union, and restart_syscall where it may come of that */
	struct call_names names; /* what the filter's strings point to; sorted as its calls */
	/* What a person has to know: malloc'ed sentences. */
	char **warnings;
	unsigned warning_count;
};

/* `runtime`: "runc", "crun", "any", or NULL for those of the recordings. The same recordings in any order give the same.
 * -EINVAL: none are given, or no such runtime; -E2BIG, -ENOMEM. */
int generate(const struct recording *const *runs, size_t count, const char *runtime, struct generated *ret_generated,
	     struct error *err);
void generated_close(struct generated *generated);
#define _cleanup_generated_ _cleanup_(generated_close)

#endif
