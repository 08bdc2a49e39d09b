/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unified diff by the longest common subsequence of lines. Equal lines at both ends are set aside first, so that the
 * table is of what was touched; where that is large after all, it is shown as replaced whole.
 */
#include "lib/install/diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/cleanup.h"

enum { CONTEXT = 3, TABLE_MAX = 4 << 20 };

struct line {
	const char *text;
	size_t length; /* with its newline */
};

struct lines {
	struct line *lines;
	size_t count;
};

/* One step of the way from one text to the other: a line of both, of the old one or of the new one. */
struct step {
	char sign;
	const struct line *line;
};

struct script {
	struct step *steps;
	size_t count;
};

static int split(const char *text, struct lines *ret)
{
	size_t count = 0, i = 0;

	text = text ? text : "";
	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n')
		count++;
	ret->lines = calloc(count + 1, sizeof *ret->lines);
	ret->count = count;
	if (!ret->lines)
		return -ENOMEM;
	for (const char *at = text; *at; at += ret->lines[i++].length) {
		size_t length = strcspn(at, "\n");

		ret->lines[i] = (struct line){at, length + (at[length] == '\n')};
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static void add(struct script *script, char sign, const struct line *line)
{
	script->steps[script->count++] = (struct step){sign, line};
}

/* table[i * (m + 1) + j]: how many lines a[i…] and b[j…] have in common. */
static void fill(uint32_t *table, const struct line *a, size_t n, const struct line *b, size_t m)
{
	for (size_t i = n; i-- > 0;) {
		for (size_t j = m; j-- > 0;) {
			uint32_t *at = &table[i * (m + 1) + j];
			uint32_t down = at[m + 1], right = at[1];

			*at = same(&a[i], &b[j]) ? at[m + 2] + 1 : down > right ? down : right;
		}
	}
}

static int middle(struct script *script, const struct line *a, size_t n, const struct line *b, size_t m)
{
	_cleanup_free_ uint32_t *table = NULL;
	size_t i = 0, j = 0;

	if (n && m && (n + 1) * (m + 1) <= TABLE_MAX) {
		table = calloc((n + 1) * (m + 1), sizeof *table);
		if (!table)
			return -ENOMEM;
		fill(table, a, n, b, m);
		while (i < n && j < m) {
			if (same(&a[i], &b[j])) {
				add(script, ' ', &a[i++]);
				j++;
			} else if (table[(i + 1) * (m + 1) + j] >= table[i * (m + 1) + j + 1]) {
				add(script, '-', &a[i++]);
			} else {
				add(script, '+', &b[j++]);
			}
		}
	}
	while (i < n)
		add(script, '-', &a[i++]);
	while (j < m)
		add(script, '+', &b[j++]);
	return 0;
}

static int compare(struct script *script, const struct lines *before, const struct lines *after)
{
	const struct line *a = before->lines, *b = after->lines;
	size_t n = before->count, m = after->count, head = 0, tail = 0;
	int r;

	script->steps = calloc(n + m + 1, sizeof *script->steps);
	if (!script->steps)
		return -ENOMEM;
	while (head < n && head < m && same(&a[head], &b[head]))
		head++;
	while (tail < n - head && tail < m - head && same(&a[n - 1 - tail], &b[m - 1 - tail]))
		tail++;
	for (size_t i = 0; i < head; i++)
		add(script, ' ', &a[i]);
	r = middle(script, a + head, n - head - tail, b + head, m - head - tail);
	for (size_t i = n - tail; i < n; i++)
		add(script, ' ', &a[i]);
	return r;
}

/* The end of the hunk that has the change at `from`: changes that are close share one. */
static size_t hunk_end(const struct script *script, size_t from)
{
	size_t last = from;

	for (size_t i = from; i < script->count && i <= last + 2 * CONTEXT; i++)
		if (script->steps[i].sign != ' ')
			last = i;
	return last + CONTEXT + 1 < script->count ? last + CONTEXT + 1 : script->count;
}

static void put_range(FILE *out, char sign, size_t line, size_t count)
{
	fprintf(out, " %c%zu", sign, count ? line + 1 : line);
	if (count != 1)
		fprintf(out, ",%zu", count);
}

/* `old_line` and `new_line`: how many lines of each come before. */
static void put_hunk(FILE *out, const struct step *steps, size_t count, size_t old_line, size_t new_line)
{
	size_t old_count = 0, new_count = 0;

	for (size_t i = 0; i < count; i++) {
		old_count += steps[i].sign != '+';
		new_count += steps[i].sign != '-';
	}
	fputs("@@", out);
	put_range(out, '-', old_line, old_count);
	put_range(out, '+', new_line, new_count);
	fputs(" @@\n", out);
	for (size_t i = 0; i < count; i++) {
		const struct line *line = steps[i].line;

		fprintf(out, "%c%.*s", steps[i].sign, (int)line->length, line->text);
		if (line->text[line->length - 1] != '\n')
			fputs("\n\\ No newline at end of file\n", out);
	}
}

static void put_script(FILE *out, const struct script *script)
{
	size_t old_line = 0, new_line = 0, at = 0;

	for (size_t i = 0; i < script->count; i++) {
		size_t from, end;

		if (script->steps[i].sign == ' ')
			continue;
		from = i - at > CONTEXT ? i - CONTEXT : at;
		old_line += from - at; /* between hunks lines are in both */
		new_line += from - at;
		end = hunk_end(script, i);
		put_hunk(out, script->steps + from, end - from, old_line, new_line);
		for (at = from; at < end; at++) {
			old_line += script->steps[at].sign != '+';
			new_line += script->steps[at].sign != '-';
		}
		i = end - 1;
	}
}

int diff_write(FILE *out, const char *path, const char *before, const char *after)
{
	_cleanup_free_ struct line *old_lines = NULL, *new_lines = NULL;
	_cleanup_free_ struct step *steps = NULL;
	struct lines a, b;
	struct script script = {0};
	int r = split(before, &a);

	old_lines = a.lines;
	if (r == 0) {
		r = split(after, &b);
		new_lines = b.lines;
	}
	if (r == 0)
		r = compare(&script, &a, &b);
	steps = script.steps;
	if (r < 0)
		return r;
	if (!before == !after && strcmp(before ? before : "", after ? after : "") == 0)
		return 0;
	fprintf(out, "--- %s\n+++ %s\n", before ? path : "/dev/null", after ? path : "/dev/null");
	put_script(out, &script);
	return 0;
}
