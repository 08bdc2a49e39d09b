/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking another program something: what it prints, and not for longer than it is worth. */
#ifndef STINT_CLI_ASK_H
#define STINT_CLI_ASK_H

#include <stddef.h>

/* Executes argv[0], an absolute path, with nothing on its standard input and what it says on standard error
 * thrown away. At most `size` - 1 bytes of its standard output become `text`, NUL-terminated; the rest is not read.
 * Returns its exit status, or -ETIMEDOUT when it took longer than `timeout_ms` and was killed, -ECHILD when it
 * ended by a signal, or another negative errno. `text` is always filled in. */
int ask(const char *const argv[], int timeout_ms, char *text, size_t size);

#endif
