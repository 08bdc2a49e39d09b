/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one run of a workload was seen to need, and the union of several.
 *
 * As JSON, which is what lies on the disk, goes to another host, and is printed by `stint record show --json`:
 *
 *   {"version": 1, "id": "web-1", "workload": "…", "image": "…",
 *    "runtime": {"name": "runc", "version": "1.1.5", "noNewPrivileges": true, "syscalls": ["execve", …]},
 *    "started": "2026-11-26T02:15:12.000000000Z", "ended": "…",
 *    "complete": true, "lost": 0,
 *    "syscalls": ["accept4", "fcntl", …],
 *    "arguments": {"fcntl": "any", "ioctl": [[21505]], "socket": [[1, 1], [2, 1]]},
 *    "compat": {"x86": {"syscalls": ["ioctl"], "arguments": {"ioctl": [[21505]]}}, "x32": …},
 *    "capabilities": ["CAP_CHOWN"], "capabilitiesRecorded": true,
 *    "endpoints": [{"direction": "egress", …}], "endpointsRecorded": true,
 *    "programs": {"accept4": "nginx", "fcntl": "sh", "x86:ioctl": "old", "fcntl any": "sh", "socket 2 1": "nginx",
 *                 "CAP_CHOWN": "nginx"}}
 *
 * Without "capabilitiesRecorded" those that it has are some of them, and none says nothing: the kernel, or the way it was
 * recorded, does not tell of them. It is the same with "endpointsRecorded": a container without a network namespace of its own has none
 * to tell of.
 *
 * What is not known is absent: "id" and the other texts, "ended", each of the runtime's, "compat", a program. A file
 * may come from anyone: texts and counts are bounded, an unknown key is an error, and what is read has only names of
 * the right letters. Endpoints are those of lib/record/endpoints.h.
 */
#ifndef STINT_RECORD_RECORDING_H
#define STINT_RECORD_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/record/endpoints.h"
#include "lib/record/needs.h"

enum { RECORDING_TEXT_MAX = 512 }; /* bytes, with the NUL */

struct recording {
	/* NULL: not known. The recording's own: set by recording_set. */
	const char *id, *workload, *image, *runtime, *runtime_version;
	/* As time_format of lib/base/units.h writes it; `ended` NULL while it runs, or when it ended abruptly. */
	const char *started, *ended;
	bool no_new_privileges;
	bool complete; /* it was seen from its first instruction to its end, and nothing was lost */
	uint64_t lost; /* events that were not recorded, at least */
	bool capabilities_recorded; /* one that is not among the needs was not used */
	bool endpoints_recorded;    /* likewise */
	struct needs needs;
	struct endpoints endpoints;
	/* NEED_CALL only: what the runtime itself asked for after it had loaded a filter and before the workload's
	 * first instruction. */
	struct needs runtime_needs;
};

/* Replaces a text of a recording by a copy: recording_set(&recording.id, id, err). NULL makes it unknown. It is cut to
 * fit, and bytes that do not belong on a terminal become "?". -ENOMEM. */
int recording_set(const char **field, const char *text, struct error *err);

/* -EINVAL with the place, -EFBIG, -E2BIG, -ENOMEM. `name` is what errors call it. */
int recording_parse(const char *name, const char *text, size_t length, struct recording *ret_recording,
		    struct error *err);
/* The same from a tree. */
int recording_read(const char *name, const struct json *object, struct recording *ret_recording, struct error *err);
/* The same recording is the same text. */
int recording_write(const struct recording *recording, struct json_doc *doc, struct json **ret_object,
		    struct error *err);

/*
 * What any of several runs needs. Of the facts: a text that is not the same in all is not known; the earliest start,
 * the latest end (not known when one is not); complete, without new privileges, with its capabilities, and with its endpoints, when each is;
 * what was lost together. Of programs the first one's. What endpoints were sent is added up. Of none it is empty, and not
 * complete.
 */
int recording_union(const struct recording *const *runs, size_t count, struct recording *ret_union, struct error *err);

/* It needs that, or cannot say: one of a capability, where none were recorded. */
bool recording_covers(const struct recording *recording, const struct need *need);

/* In everything, the programs included. */
bool recording_equal(const struct recording *a, const struct recording *b);

void recording_close(struct recording *recording);
#define _cleanup_recording_ _cleanup_(recording_close)

#endif
