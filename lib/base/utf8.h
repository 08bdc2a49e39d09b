/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Valid UTF-8 and nothing else: what JSON, logs and terminals can be given. */
#ifndef STINT_BASE_UTF8_H
#define STINT_BASE_UTF8_H

#include <stddef.h>

/* The bytes (1 to 4) of the character at `text`, or 0 when it is no valid one: cut short, overlong,
 * a surrogate, above U+10FFFF (Unicode, table 3-7). Reads at most `left` bytes;
 * SIZE_MAX will do where a NUL ends it. */
static inline size_t utf8_length(const char *text, size_t left)
{
	const unsigned char *byte = (const unsigned char *)text;
	/* Only the second byte has bounds of its own; they are what excludes the forms above. */
	unsigned char least = 0x80, most = 0xbf;
	size_t length;

	if (left == 0)
		return 0;
	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xc2 || byte[0] > 0xf4)
		return 0;
	length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	if (byte[0] == 0xe0)
		least = 0xa0;
	else if (byte[0] == 0xed)
		most = 0x9f;
	else if (byte[0] == 0xf0)
		least = 0x90;
	else if (byte[0] == 0xf4)
		most = 0x8f;
	if (left < length || byte[1] < least || byte[1] > most)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

#endif
