/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_rules FILE: what stint-network does with the network.json of a container, in the network namespace that it is
 * started in: reads it, makes the batch, has the kernel carry it out. Prints the microseconds of each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/net/nft_ruleset.h"
#include "lib/net/nft_send.h"
#include "lib/net/resolve.h"

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int read_policy(const char *path, struct net_policy *policy, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(AT_FDCWD, path, JSON_LARGE_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse_large(path, text, length, &doc, err);
	return r < 0 ? r : net_policy_from_json(json_root(doc), policy, err);
}

int main(int argc, char **argv)
{
	_cleanup_batch_ struct nft_batch batch = {0};
	double at[4] = {now_us()};
	struct net_policy policy;
	struct error err = {0};
	int fd = -1, r;

	if (argc != 2)
		return 2;
	r = read_policy(argv[1], &policy, &err);
	at[1] = now_us();
	if (r == 0)
		r = nft_ruleset(&policy, 0, &batch, &err);
	at[2] = now_us();
	if (r == 0)
		r = nft_open(&fd, &err);
	if (r == 0)
		r = nft_send(fd, &batch, &err);
	at[3] = now_us();
	if (r < 0)
		fprintf(stderr, "apply_rules: %s\n", err.text);
	else
		printf("read %.0f make %.0f kernel %.0f\n", at[1] - at[0], at[2] - at[1], at[3] - at[2]);
	return r < 0;
}
