/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the container will ask for names: the `nameserver` lines of what it will see as /etc/resolv.conf. */
#ifndef STINT_PLAN_RESOLVERS_H
#define STINT_PLAN_RESOLVERS_H

#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/net/resolve.h"

/* Reads the text of a resolv.conf: the first three, as libc does. What is on loopback is left out: it passes anyway. Docker's
 * own (127.0.0.11) asks the servers behind it from inside the container's network namespace, but for those that it notes as
 * "host(…)", and so those stand for it: as it noted them in the file or, where it notes none (before 26), `host_text`'s,
 * the host's own; NULL: not known. */
void resolvers_read(const char *text, const char *host_text, struct net_context *context);

/* Of the mount that the config makes there, else of the root's file, looked up as if that were "/". A file that is not there
 * has none. `bundle`: what relative paths are relative to; NULL: not known. */
int resolvers_find(const struct host *host, const struct json *config, const char *bundle, struct net_context *context,
		   struct error *err);

#endif
