/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking marked lines out of a text. */
#include "lib/install/marked.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/cleanup.h"

/* `line` without its indentation begins with `mark`. */
static bool marked(const char *line, size_t length, const char *mark)
{
	size_t blank = strspn(line, " \t");

	return blank < length && length - blank >= strlen(mark) && strncmp(line + blank, mark, strlen(mark)) == 0;
}

int marked_cut(const char *name, const char *text, char **ret_text, struct error *err)
{
	_cleanup_free_ char *cut = malloc(strlen(text) + 1);
	size_t used = 0, length;
	unsigned number = 1, begun = 0;

	if (!cut)
		return error_set(err, ENOMEM, "read %s: out of memory", name);
	for (const char *line = text; *line; line += length, number++) {
		size_t skip = 0;

		length = strcspn(line, "\n");
		length += line[length] == '\n';
		if (marked(line, length, begun ? MARK_BEGIN : MARK_END))
			return error_set(err, EINVAL,
					 "read %s, line %u: this mark of stint has no other; take both \"%s\" "
					 "and \"%s\" out, and what is between them",
					 name, number, MARK_BEGIN, MARK_END);
		if (marked(line, length, MARK_WAS))
			skip = strlen(MARK_WAS);
		if (marked(line, length, MARK_BEGIN)) {
			begun = number;
		} else if (marked(line, length, MARK_END)) {
			begun = 0;
		} else if (!begun) {
			memcpy(cut + used, line + skip, length - skip);
			used += length - skip;
		}
	}
	if (begun)
		return error_set(err, EINVAL,
				 "read %s, line %u: what begins here has no \"%s\"; put it behind the last of "
				 "stint's lines",
				 name, begun, MARK_END);
	cut[used] = '\0';
	*ret_text = steal_ptr(&cut);
	return 0;
}
