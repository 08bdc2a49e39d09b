/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors as values. A function that can fail takes `struct error *err` last and returns 0 (or a
 * count, or a descriptor) or a negative errno. The line that fails fills the error and returns:
 *
 *     return error_set(err, EINVAL, "read %s: the limit is %s, it must be above zero", path, text);
 *
 * The text says what was attempted, on what, why it failed and, where a person can do something
 * about it, what. `err` may be NULL when the caller does not want the text. Outputs (`ret_…`) are
 * left as they were on failure. Nothing in lib/ prints or exits.
 */
#ifndef STINT_BASE_ERROR_H
#define STINT_BASE_ERROR_H

#include <stddef.h>

enum { ERROR_TEXT_MAX = 1024 };

struct error {
	int code; /* errno, positive; 0: nothing went wrong */
	char text[ERROR_TEXT_MAX];
};

/* Fills *err (if not NULL) and returns -code. Text that is too long is cut, never overrun. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with ": " and the meaning of `code` (strerror) after the text. */
int error_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts context and ": " before the text that is there; returns -err->code. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
