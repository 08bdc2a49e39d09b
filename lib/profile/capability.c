/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of capabilities, by number, as in capabilities(7). */
#include <linux/capability.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/profile.h"

#define NAME(capability) [capability] = #capability
static const char *const names[] = {
	NAME(CAP_CHOWN),
	NAME(CAP_DAC_OVERRIDE),
	NAME(CAP_DAC_READ_SEARCH),
	NAME(CAP_FOWNER),
	NAME(CAP_FSETID),
	NAME(CAP_KILL),
	NAME(CAP_SETGID),
	NAME(CAP_SETUID),
	NAME(CAP_SETPCAP),
	NAME(CAP_LINUX_IMMUTABLE),
	NAME(CAP_NET_BIND_SERVICE),
	NAME(CAP_NET_BROADCAST),
	NAME(CAP_NET_ADMIN),
	NAME(CAP_NET_RAW),
	NAME(CAP_IPC_LOCK),
	NAME(CAP_IPC_OWNER),
	NAME(CAP_SYS_MODULE),
	NAME(CAP_SYS_RAWIO),
	NAME(CAP_SYS_CHROOT),
	NAME(CAP_SYS_PTRACE),
	NAME(CAP_SYS_PACCT),
	NAME(CAP_SYS_ADMIN),
	NAME(CAP_SYS_BOOT),
	NAME(CAP_SYS_NICE),
	NAME(CAP_SYS_RESOURCE),
	NAME(CAP_SYS_TIME),
	NAME(CAP_SYS_TTY_CONFIG),
	NAME(CAP_MKNOD),
	NAME(CAP_LEASE),
	NAME(CAP_AUDIT_WRITE),
	NAME(CAP_AUDIT_CONTROL),
	NAME(CAP_SETFCAP),
	NAME(CAP_MAC_OVERRIDE),
	NAME(CAP_MAC_ADMIN),
	NAME(CAP_SYSLOG),
	NAME(CAP_WAKE_ALARM),
	NAME(CAP_BLOCK_SUSPEND),
	NAME(CAP_AUDIT_READ),
	NAME(CAP_PERFMON),
	NAME(CAP_BPF),
	NAME(CAP_CHECKPOINT_RESTORE),
	NULL, /* nearest_name wants an end */
};
enum { KNOWN = ARRAY_SIZE(names) - 1 };
_Static_assert(CAP_CHECKPOINT_RESTORE == 40 && (int)KNOWN == CAP_CHECKPOINT_RESTORE + 1, "a gap");

int capability_from_name(const char *name, struct error *err)
{
	const char *nearest;

	for (int n = 0; n < (int)KNOWN; n++)
		if (strcmp(names[n], name) == 0)
			return n;
	nearest = nearest_name(name, names);
	if (nearest)
		return error_set(err, EINVAL, "\"%.64s\" is no capability; did you mean %s?", name, nearest);
	return error_set(err, EINVAL, "\"%.64s\" is no capability; they are named as in CAP_NET_BIND_SERVICE", name);
}

const char *capability_name(int number)
{
	return number >= 0 && number < (int)KNOWN ? names[number] : NULL;
}

uint64_t capability_mask(const struct json *array)
{
	uint64_t mask = 0;

	json_each(entry, array)
	{
		int number = json_string(entry) ? capability_from_name(entry->text, NULL) : -1;

		if (number >= 0)
			mask |= UINT64_C(1) << number;
	}
	return mask;
}

struct json *capability_names(struct json_doc *doc, uint64_t mask)
{
	struct json *array = json_new(doc, JSON_ARRAY);

	for (int n = 0; array && n < (int)KNOWN; n++)
		if ((mask >> n & 1) && json_append(array, json_new_string(doc, names[n])) < 0)
			return NULL;
	return array;
}
