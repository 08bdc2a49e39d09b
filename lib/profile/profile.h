/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile: what a workload may use. The model, its defaults, and reading it from JSON.
 *
 * Every field is "unset" (nothing asked) or a value in base units: nanoseconds, bytes,
 * byte-seconds, counts. Each value carries the name of the source that set it ("profile function",
 * "ceiling", "annotation io.stint.budget.cpu", "--budget cpu", "config.json"), which `stint explain`
 * prints. Source names are interned strings owned by nobody: they live as long as the process.
 */
#ifndef STINT_PROFILE_PROFILE_H
#define STINT_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/units.h"
#include "lib/budget/budget.h"
#include "lib/net/policy.h"

#define UNSET UINT64_MAX

/* A scalar and who set it. */
struct setting {
	uint64_t value; /* UNSET: nothing asked */
	const char *from;
};

/* One budget. `limit` unset: there is no such budget. With a rate (`per`), `limit` is the bucket's
 * size and rate_limit/rate_per the refill, kept as the pair it was written as so that composing
 * never rounds; without, rate_per is UNSET and the budget is absolute. */
struct budget_setting {
	struct setting limit;
	uint64_t rate_limit;
	struct setting rate_per;
	struct setting action;	 /* enum action; unset: nobody asked, kill. profile_parse sets the default */
	struct setting grace_ns; /* unset: none */
	struct setting warn;	 /* percent; unset: none */
	struct setting stall_resource; /* `stall` only: enum stall_resource */
	struct setting throttle_to; /* of bytes on the network that are throttled: bytes a second; else unset */
};

enum stall_resource { STALL_CPU, STALL_MEMORY, STALL_IO };

/* OCI linux.resources, the part stint composes. Lower is stricter for every one of them; the CPU
 * quota is compared as the fraction quota/period. Sets are intersected. */
enum { CPU_SET_WORDS = 16, CPU_SET_MAX = CPU_SET_WORDS * 64 };
struct cpu_set {
	bool set;
	const char *from;
	uint64_t bits[CPU_SET_WORDS];
};

struct resources {
	struct setting cpu_shares;
	struct setting cpu_quota;  /* microseconds per cpu_period */
	struct setting cpu_period; /* microseconds; 100000 when only a quota was given */
	struct cpu_set cpus, mems;
	struct setting memory_limit, memory_reservation, memory_swap; /* swap: memory+swap, as in OCI */
	struct setting pids_limit;
};

struct capability_setting {
	bool set;
	uint64_t mask; /* bit n: capability number n (linux/capability.h) */
	const char *from;
};

/* DEFAULT: the container's own filter, or where it brings none that of lib/seccomp/base.h. OBJECT: OCI linux.seccomp
 * objects, each in its own document, that all hold; composed when the plan is made. A set: in the order of their text,
 * each once. */
enum seccomp_kind { SECCOMP_UNSET, SECCOMP_UNCONFINED, SECCOMP_DEFAULT, SECCOMP_LEARNED, SECCOMP_OBJECT };
enum { SECCOMP_OBJECTS_MAX = 8 };
struct seccomp_setting {
	enum seccomp_kind kind;
	const struct json *objects[SECCOMP_OBJECTS_MAX];
	unsigned count;
	const char *from;
	const char *default_from; /* of OBJECT: who asks for the default beside it; or NULL */
};

/* One direction of `network`. A layer is {"default": …, "allow": […], "deny": […]}, each in a document of its own, with entries
 * as net_entry_format writes them, sorted; a packet has to pass them all (lib/net/policy.h). A set: in the order of
 * their text, each once. */
enum { NETWORK_LAYERS_MAX = 16 };
struct network_setting {
	const struct json *layers[NETWORK_LAYERS_MAX];
	unsigned count;
	const char *from; /* of the layers */
	struct setting bandwidth; /* bytes a second */
	uint64_t new_connections; /* so many in so long */
	struct setting new_connections_ns;
	struct setting new_connections_at_once; /* after a rest */
	struct setting connections; /* at the same time */
};

struct profile {
	const char *name; /* never NULL: "ceiling" and the like for those without */
	struct budget_setting budgets[BUDGET_COUNT];
	struct resources resources;
	struct capability_setting capabilities;
	struct setting no_new_privileges; /* 1, or unset */
	struct setting record; /* 1: write down what it asks of the kernel; or unset */
	struct seccomp_setting seccomp;
	struct network_setting network[NET_DIRECTIONS];
	/* Read and checked for its shape here; applied by the part that owns it. */
	const struct json *baseline;
	const char *baseline_from;
};

/* Nothing asked at all: the loosest profile, neutral in profile_meet. */
void profile_init(struct profile *profile, const char *name);

/* Reads one profile. Unknown keys, wrong types, duplicate or impossible values are -EINVAL with the
 * key, its line and column, and the nearest known key; nothing is set then. `extends`, when
 * present, is left in *ret_extends (its array node, or NULL). `from` is the source name of every
 * value. Objects and names point into `root`'s document, which must outlive the profile.
 * `without_name`: a ceiling, which may have neither "stintVersion" nor "name". */
int profile_parse(const struct json *root, const char *file, const char *from, bool without_name,
		  struct profile *ret_profile, const struct json **ret_extends, struct error *err);

/* "cpu" and "2s": of --budget cpu=2s and of the annotation io.stint.budget.cpu. A rate needs
 * LIMIT/PER ("cpuRate", "30s/1m"). Sets limit (and rate) of that budget only. */
int profile_set_budget(struct profile *profile, const char *name, const char *value,
		       const char *from, struct error *err);

/* Is anything asked of a direction, of the network, of bytes on it? */
bool network_asks(const struct network_setting *network);
bool profile_asks_network(const struct profile *profile);

/* "CAP_NET_ADMIN" → its number; -EINVAL with the nearest name. */
int capability_from_name(const char *name, struct error *err);
const char *capability_name(int number); /* NULL above the last known */
/* Of an array of names, without those that are none; of anything else it is 0. `_names` is the reverse; NULL: no memory. */
uint64_t capability_mask(const struct json *names);
struct json *capability_names(struct json_doc *doc, uint64_t mask);

/* A copy of the text that lives as long as the process; equal texts give the same pointer. NULL
 * without memory. */
const char *intern(const char *text);

/* The shape of a profile with every limit as a number in base units, for `stint explain --json`: what is
 * unset is absent, but a budget always has its action. `per` of a rate is how long the whole limit
 * takes to refill, rounded up. */
int profile_to_json(const struct profile *profile, struct json_doc *doc, struct json **ret_node,
		    struct error *err);

/* Calls `each` for every value that is set: its path ("budgets.cpu.limit"), its value as a node,
 * and where it came from. */
int profile_each_source(const struct profile *profile, struct json_doc *doc,
			int (*each)(const char *path, struct json *value, const char *from, void *data),
			void *data, struct error *err);

#endif
