/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One log line in the form engines read from `--log`: runc's, as JSON
 * {"level":"error","msg":"…","time":"…"} or as text. Pure formatting; writing it is the caller's.
 */
#ifndef STINT_BASE_LOG_H
#define STINT_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_format { LOG_TEXT, LOG_JSON };

/* Ends in a newline, is cut to fit (a cut JSON line is still valid JSON). Returns its length. */
size_t log_line(enum log_format format, const char *level, const char *message,
		uint64_t realtime_ns, char *line, size_t size);

#endif
