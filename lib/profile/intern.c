/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that live as long as the process, each kept once. */
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"

enum { BUCKETS = 256 };

struct entry {
	struct entry *next;
	char text[];
};

static struct entry *table[BUCKETS];

static unsigned hash(const char *text)
{
	unsigned h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h % BUCKETS;
}

const char *intern(const char *text)
{
	struct entry **bucket, *entry;
	size_t size;

	if (!text)
		return NULL;
	bucket = &table[hash(text)];
	for (entry = *bucket; entry; entry = entry->next)
		if (strcmp(entry->text, text) == 0)
			return entry->text;
	size = strlen(text) + 1;
	entry = malloc(sizeof *entry + size);
	if (!entry)
		return NULL;
	memcpy(entry->text, text, size);
	entry->next = *bucket;
	*bucket = entry;
	return entry->text;
}

static const char separator[] = ", ";

/* The first name of a list, by length. */
static size_t name_length(const char *list)
{
	const char *end = strstr(list, separator);

	return end ? (size_t)(end - list) : strlen(list);
}

static const char *after_name(const char *list)
{
	list += name_length(list);
	return *list ? list + strlen(separator) : list;
}

static int compare_names(const char *a, const char *b)
{
	size_t length_a = name_length(a), length_b = name_length(b);
	int order = memcmp(a, b, length_a < length_b ? length_a : length_b);

	return order ? order : (length_a > length_b) - (length_a < length_b);
}

/* Both lists are sorted (one name is), so this is a merge. */
const char *intern_both(const char *a, const char *b)
{
	_cleanup_free_ char *list = NULL;
	size_t used = 0;

	if (!a || !b)
		return a ? a : b;
	list = malloc(strlen(a) + strlen(b) + sizeof separator);
	if (!list)
		return NULL;
	while (*a || *b) {
		int order = !*a ? 1 : !*b ? -1 : compare_names(a, b);
		const char *name = order <= 0 ? a : b;
		size_t length = name_length(name);

		if (used) {
			memcpy(list + used, separator, strlen(separator));
			used += strlen(separator);
		}
		memcpy(list + used, name, length);
		used += length;
		if (order <= 0)
			a = after_name(a);
		if (order >= 0)
			b = after_name(b);
	}
	list[used] = '\0';
	return intern(list);
}
