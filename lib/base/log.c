/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/units.h"

/* A text inside a JSON string, as much as fits whole; returns the length. */
static size_t escape(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char piece[8];
		int length;

		if (c == '"' || c == '\\')
			length = snprintf(piece, sizeof piece, "\\%c", c);
		else if (c < 0x20)
			length = snprintf(piece, sizeof piece, "\\u%04x", c);
		else
			length = snprintf(piece, sizeof piece, "%c", c);
		if (n + (size_t)length >= size)
			break;
		memcpy(out + n, piece, (size_t)length);
		n += (size_t)length;
	}
	/* Not within a character of UTF-8. */
	if (*text)
		while (n && ((unsigned char)*text & 0xc0) == 0x80 && ((unsigned char)out[n - 1] & 0x80)) {
			bool first = ((unsigned char)out[n - 1] & 0xc0) == 0xc0;

			n--;
			if (first)
				break;
		}
	out[n] = '\0';
	return n;
}

size_t log_line(enum log_format format, const char *level, const char *message, uint64_t realtime_ns, char *line,
		size_t size)
{
	char time[TIME_TEXT_MAX], tail[TIME_TEXT_MAX + 16];
	size_t n, tail_length;

	(void)time_format(realtime_ns, time);
	if (format == LOG_JSON) {
		n = (size_t)snprintf(line, size, "{\"level\":\"%s\",\"msg\":\"", level);
		tail_length = (size_t)snprintf(tail, sizeof tail, "\",\"time\":\"%s\"}\n", time);
	} else {
		n = (size_t)snprintf(line, size, "time=\"%s\" level=%s msg=\"", time, level);
		tail_length = (size_t)snprintf(tail, sizeof tail, "\"\n");
	}
	if (size < n + tail_length + 1)
		return 0;
	n += escape(message, line + n, size - n - tail_length);
	memcpy(line + n, tail, tail_length + 1);
	return n + tail_length;
}
