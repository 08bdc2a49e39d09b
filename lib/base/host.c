/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real host: directories as configured, below one prefix, and the kernel's clocks. */
#include "lib/base/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/file.h"

#ifndef STINT_RUN_DIR
#define STINT_RUN_DIR "/run/stint"
#endif
#ifndef STINT_STATE_DIR
#define STINT_STATE_DIR "/var/lib/stint"
#endif
#ifndef STINT_LOG_DIR
#define STINT_LOG_DIR "/var/log/stint"
#endif
#ifndef STINT_CONFIG_DIR
#define STINT_CONFIG_DIR "/etc/stint"
#endif
#ifndef STINT_DATA_DIR
#define STINT_DATA_DIR "/usr/local/share/stint"
#endif

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t boottime_ns(void)
{
	return now(CLOCK_BOOTTIME);
}

static uint64_t realtime_ns(void)
{
	return now(CLOCK_REALTIME);
}

int host_init(struct host *host, const char *root, struct error *err)
{
	struct host h = {.boottime_ns = boottime_ns, .realtime_ns = realtime_ns, .proc = "/proc",
			 .resolv_conf = "/etc/resolv.conf"};
	size_t length = root ? strlen(root) : 0;

	if (length && root[0] != '/')
		return error_set(err, EINVAL, "use STINT_ROOT \"%.100s\": it must be an absolute path",
				 root);
	while (length && root[length - 1] == '/')
		length--;
	if (length >= sizeof h.root)
		return error_set(err, EINVAL, "use STINT_ROOT \"%.100s\": it has %zu bytes, at most %zu fit",
				 root, length, sizeof h.root - 1);
	if (length)
		memcpy(h.root, root, length);
	(void)snprintf(h.run_dir, sizeof h.run_dir, "%s%s", h.root, STINT_RUN_DIR);
	(void)snprintf(h.state_dir, sizeof h.state_dir, "%s%s", h.root, STINT_STATE_DIR);
	(void)snprintf(h.log_dir, sizeof h.log_dir, "%s%s", h.root, STINT_LOG_DIR);
	(void)snprintf(h.config_dir, sizeof h.config_dir, "%s%s", h.root, STINT_CONFIG_DIR);
	(void)snprintf(h.data_dir, sizeof h.data_dir, "%s%s", h.root, STINT_DATA_DIR);
	(void)snprintf(h.shipped_dir, sizeof h.shipped_dir, "%s", STINT_DATA_DIR);
	*host = h;
	return 0;
}

int host_init_from_environment(struct host *host, struct error *err)
{
	return host_init(host, secure_getenv("STINT_ROOT"), err);
}

/* user_namespaces(7): the first one maps every id to itself, in one line. Without a /proc it is known later that there is
 * none. */
static bool in_first_user_namespace(void)
{
	char map[64];
	unsigned long inside, outside, length;
	ssize_t n = file_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof map);

	return n == -ENOENT ||
	       (n > 0 && sscanf(map, "%lu %lu %lu", &inside, &outside, &length) == 3 && inside == 0 && outside == 0 &&
		length == UINT32_MAX);
}

int host_root_check(struct error *err)
{
	if (geteuid() != 0)
		return error_set(err, EPERM, "run a container: this needs root");
	if (!in_first_user_namespace())
		return error_set(err, EPERM, "run a container: this needs the machine's own root, and is root of a user "
				 "namespace only; stint does not work under rootless engines: use one that runs as root, or "
				 "the engine's own runtime");
	return 0;
}

unsigned host_cpus_online(const struct host *host)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	(void)host;
	return n > 0 ? (unsigned)n : 1;
}
