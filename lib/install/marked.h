/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of somebody else's text that are stint's: lines between two marks, and lines of theirs that are put out of
 * force by a mark before them. What is marked can be taken out again whatever was changed around it.
 */
#ifndef STINT_INSTALL_MARKED_H
#define STINT_INSTALL_MARKED_H

#include "lib/base/error.h"

#define MARK_BEGIN "# stint install: begin"
#define MARK_END "# stint install: end"
#define MARK_WAS "# stint install: was: "

/* The text as it is without stint: marked blocks are gone, lines that were put out of force are back. malloc'ed in
 * *ret_text. -EINVAL: a block that has no end, or an end without a beginning. */
int marked_cut(const char *name, const char *text, char **ret_text, struct error *err);

#endif
