/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_rules DIR: what stint-network does with the network.json of a container, in the network namespace that it is
 * started in: reads it, makes the batch, has the kernel carry it out.
 */
#include <fcntl.h>
#include <stdio.h>

#include "lib/base/cleanup.h"
#include "shim/network_rules.h"

int main(int argc, char **argv)
{
	_cleanup_close_ int dirfd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct error err = {.text = "usage: apply_rules DIR"};
	char holder[NET_HOLDER_MAX];
	struct rules *rules;
	int r = dirfd < 0 ? -1 : rules_prepare(dirfd, &rules, &err);

	if (r == 0)
		r = rules_holder(rules, holder, &err);
	if (r == 0)
		r = rules_set(rules, "bench", &err);
	if (r < 0)
		fprintf(stderr, "apply_rules: %s\n", err.text);
	return r < 0;
}
