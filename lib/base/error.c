/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of errors. It often quotes what a stranger wrote (a key, a path, an annotation), and it
 * ends on terminals, in logs and in reports: so it is always one line of valid UTF-8 without
 * control characters, whatever was put in.
 */
#include "lib/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/utf8.h"

static void clean(char *text)
{
	const char *from = text;
	char *to = text;

	while (*from) {
		size_t length = utf8_length(from, SIZE_MAX);
		unsigned char first = (unsigned char)from[0];

		if (first == '\n' || first == '\r' || first == '\t') {
			*to++ = ' ';
		} else if (length == 0 || first < 0x20 || first == 0x7f) {
			*to++ = '?';
		} else if (first == 0xc2 && (unsigned char)from[1] < 0xa0) {
			*to++ = '?'; /* terminals obey U+0080 to U+009F too */
		} else {
			memmove(to, from, length);
			to += length;
		}
		from += length ? length : 1;
	}
	*to = '\0';
}

/* By way of a buffer: an argument may well be the text that is there. */
__attribute__((format(printf, 3, 0)))
static int fill(struct error *err, int code, const char *format, va_list args, const char *after)
{
	char text[ERROR_TEXT_MAX];
	size_t length;

	if (code <= 0) /* "it failed" must never come out as success */
		code = code < 0 ? -code : EIO;
	if (!err)
		return -code;
	text[0] = '\0';
	(void)vsnprintf(text, sizeof text, format, args);
	length = strlen(text);
	(void)snprintf(text + length, sizeof text - length, "%s%s", after ? ": " : "",
		       after ? after : "");
	clean(text);
	memcpy(err->text, text, strlen(text) + 1);
	err->code = code;
	return -code;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = fill(err, code, format, args, NULL);
	va_end(args);
	return r;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	char meaning[128];
	va_list args;
	int r;

	va_start(args, format);
	r = fill(err, code, format, args, strerror_r(code, meaning, sizeof meaning));
	va_end(args);
	return r;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char before[ERROR_TEXT_MAX];
	va_list args;
	int r;

	if (!err)
		return -EIO; /* which error it was went with the text */
	memcpy(before, err->text, strlen(err->text) + 1);
	va_start(args, format);
	r = fill(err, err->code, format, args, before);
	va_end(args);
	return r;
}
