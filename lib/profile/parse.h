/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a profile's reader. `target` is what is named at each. */
#ifndef STINT_PROFILE_PARSE_H
#define STINT_PROFILE_PARSE_H

#include "lib/profile/keys.h"
#include "lib/profile/profile.h"

int parse_budgets(struct reader *reader, const struct json *node, struct budget_setting budgets[BUDGET_COUNT]);
/* "10MiB/s": an amount of `unit` a second. */
int read_per_second(const struct reader *reader, const struct json *node, enum unit unit, const char *example,
		    uint64_t *ret_value);
int parse_resources(struct reader *reader, const struct json *node, struct resources *resources);
int parse_seccomp(struct reader *reader, const struct json *node, struct seccomp_setting *seccomp);
int parse_network(struct reader *reader, const struct json *node, struct network_setting network[NET_DIRECTIONS]);
/* Only its shape. */
int check_baseline(struct reader *reader, const struct json *node);

#endif
