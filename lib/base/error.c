/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int fill(struct error *err, int code, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
static int fill(struct error *err, int code, const char *format, va_list args)
{
	if (err) {
		err->code = code;
		(void)vsnprintf(err->text, sizeof err->text, format, args);
	}
	return -code;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = fill(err, code, format, args);
	va_end(args);
	return r;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	char meaning[128];
	va_list args;
	size_t length;
	int r;

	va_start(args, format);
	r = fill(err, code, format, args);
	va_end(args);
	if (!err)
		return r;
	length = strlen(err->text);
	(void)snprintf(err->text + length, sizeof err->text - length, ": %s",
		       strerror_r(code, meaning, sizeof meaning));
	return r;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char before[ERROR_TEXT_MAX];
	size_t length;
	va_list args;

	if (!err)
		return -EINVAL;
	memcpy(before, err->text, sizeof before);
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	length = strlen(err->text);
	(void)snprintf(err->text + length, sizeof err->text - length, ": %s", before);
	return -err->code;
}
