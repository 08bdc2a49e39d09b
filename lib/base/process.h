/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process to who has no capability. */
#ifndef STINT_BASE_PROCESS_H
#define STINT_BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROCESS_WORD_MAX = 64 };

/* The first argument of its command line, cut where it does not fit. False: it is gone. */
bool process_first_word(const char *proc, pid_t pid, char word[PROCESS_WORD_MAX]);
/* Since it was forked. False: it is gone, too. */
bool process_has_executed(const char *proc, pid_t pid);
/* Of a line "NAME:\tNUMBER" of /proc/PID/status; -1: it is gone. */
pid_t process_status_number(const char *proc, pid_t pid, const char *name);

#endif
