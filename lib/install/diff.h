/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two texts as a unified diff. */
#ifndef STINT_INSTALL_DIFF_H
#define STINT_INSTALL_DIFF_H

#include <stdio.h>

/* With three lines of context, as diff -u writes it and patch reads it. A text that is NULL is a file that is not
 * there: /dev/null. Nothing is written for equal texts. 0, or -ENOMEM. */
int diff_write(FILE *out, const char *path, const char *before, const char *after);

#endif
