/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_rules DIR: what stint-network does with the network.json of a container, in the network namespace that it is
 * started in: reads it, makes the batch, has the kernel carry it out. It says how many ms that took without the reading, which stint-network
 * does while the runtime starts the container.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "shim/network_rules.h"

int main(int argc, char **argv)
{
	_cleanup_close_ int dirfd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct error err = {.text = "usage: apply_rules DIR"};
	char holder[NET_HOLDER_MAX];
	struct timespec read, done;
	struct rules *rules;
	int r = dirfd < 0 ? -1 : rules_prepare(dirfd, &rules, &err);

	(void)clock_gettime(CLOCK_MONOTONIC, &read);
	if (r == 0)
		r = rules_holder(rules, holder, &err);
	if (r == 0)
		r = rules_set(rules, "bench", &err);
	(void)clock_gettime(CLOCK_MONOTONIC, &done);
	if (r < 0)
		fprintf(stderr, "apply_rules: %s\n", err.text);
	else
		printf("%.6f\n", (double)(done.tv_sec - read.tv_sec) * 1e3 + (double)(done.tv_nsec - read.tv_nsec) / 1e6);
	return r < 0;
}
