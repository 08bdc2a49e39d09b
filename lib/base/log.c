/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log line from a message that may hold anything: quoted, on one line, cut between characters. */
#include "lib/base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/units.h"
#include "lib/base/utf8.h"

enum { PIECE_MAX = 8 };

/* What stands between quotes for the character at `text`; returns the bytes of it that were taken. */
static size_t quote(const char *text, char piece[PIECE_MAX])
{
	size_t length = utf8_length(text, SIZE_MAX);
	unsigned char c = (unsigned char)*text;

	if (length == 0)
		(void)snprintf(piece, PIECE_MAX, "\xef\xbf\xbd");
	else if (c == '"' || c == '\\')
		(void)snprintf(piece, PIECE_MAX, "\\%c", c);
	else if (c == '\n')
		(void)snprintf(piece, PIECE_MAX, "\\n");
	else if (c == '\t')
		(void)snprintf(piece, PIECE_MAX, "\\t");
	else if (c < 0x20 || c == 0x7f)
		(void)snprintf(piece, PIECE_MAX, "\\u%04x", c);
	else
		(void)snprintf(piece, PIECE_MAX, "%.*s", (int)length, text);
	return length ? length : 1;
}

/* As much of `text` as fits, whole pieces only; returns the length. */
static size_t quote_all(const char *text, char *out, size_t size)
{
	size_t written = 0;

	while (*text) {
		char piece[PIECE_MAX];
		size_t taken = quote(text, piece), length = strlen(piece);

		if (written + length >= size)
			break;
		memcpy(out + written, piece, length);
		written += length;
		text += taken;
	}
	return written;
}

size_t log_line(enum log_format format, const char *level, const char *message,
		uint64_t realtime_ns, char *line, size_t size)
{
	char time[TIME_TEXT_MAX], head[128], tail[TIME_TEXT_MAX + 16];
	size_t head_length, tail_length, length;

	(void)time_format(realtime_ns, time);
	if (format == LOG_JSON) {
		(void)snprintf(head, sizeof head, "{\"level\":\"%.16s\",\"msg\":\"", level);
		(void)snprintf(tail, sizeof tail, "\",\"time\":\"%s\"}\n", time);
	} else {
		(void)snprintf(head, sizeof head, "time=\"%s\" level=%.16s msg=\"", time, level);
		(void)snprintf(tail, sizeof tail, "\"\n");
	}
	head_length = strlen(head);
	tail_length = strlen(tail);
	if (size < head_length + tail_length + 1)
		return 0; /* not even an empty message fits */
	memcpy(line, head, head_length);
	length = head_length +
		 quote_all(message, line + head_length, size - head_length - tail_length);
	memcpy(line + length, tail, tail_length + 1);
	return length + tail_length;
}
