/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/arguments.h"

#include <stddef.h>
#include <string.h>

const struct recorded_arguments recorded_arguments[RECORDED_ARGUMENTS_COUNT] = {
	{"bpf", 1, {0}},	   /* command */
	{"clone", 1, {0}},	   /* flags */
	{"fcntl", 1, {1}},	   /* command */
	{"ioctl", 1, {1}},	   /* request */
	{"keyctl", 1, {0}},	   /* operation */
	{"personality", 1, {0}},   /* itself */
	{"prctl", 1, {0}},	   /* option */
	{"setns", 1, {1}},	   /* kind of namespace */
	{"setsockopt", 2, {1, 2}}, /* level, name */
	{"socket", 2, {0, 1}},	   /* domain, type */
	{"unshare", 1, {0}},	   /* flags */
};

const struct recorded_arguments *recorded_arguments_find(const char *name)
{
	for (unsigned i = 0; i < RECORDED_ARGUMENTS_COUNT; i++)
		if (strcmp(recorded_arguments[i].name, name) == 0)
			return &recorded_arguments[i];
	return NULL;
}

bool need_is_denied(const struct seccomp_filter *filter, const struct need *need)
{
	const struct recorded_arguments *which = recorded_arguments_find(need->name);
	uint64_t args[SECCOMP_ARGS] = {0};

	for (unsigned i = 0; which && i < need->count; i++)
		args[which->index[i]] = need->values[i];
	return seccomp_ask(filter, need->name, args).action >= SECCOMP_ERRNO;
}
