/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers in containerd's dump, for the files that write one. `plugin` is as the dump, or the file, names it. */
#ifndef STINT_INSTALL_CONTAINERD_DUMP_H
#define STINT_INSTALL_CONTAINERD_DUMP_H

#include "lib/install/edits.h"

void containerd_handler_path(const char *plugin, const char *name, char path[TOML_PATH_SIZE]);
/* The name of the handler that this item belongs to, as a segment of a path: NULL for none. */
const char *containerd_handler_of(const struct toml_item *item, const char *plugin, char name[TOML_PATH_SIZE]);
/* The handler whose options stint's takes over: the default one, or else the first that calls a runc. -ENOENT: none
 * does. */
int containerd_template(const struct containerd_request *request, const char *plugin, char name[TOML_PATH_SIZE],
			struct error *err);

#endif
