/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading JSON objects by tables of keys: what is not in the table is an error that names the
 * nearest that is, so there is one place where a key is known.
 */
#ifndef STINT_PROFILE_KEYS_H
#define STINT_PROFILE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/json.h"
#include "lib/base/units.h"

struct reader {
	const char *file; /* for messages */
	const char *from; /* the source of what is read */
	void *target;	  /* what the table's functions fill in */
	struct error *err;
};

#define TYPE(type) (1u << (type))

struct key {
	const char *name;
	unsigned types; /* bit set of TYPE() */
	int (*read)(struct reader *reader, const struct json *node, const struct key *key);
	/* For the function's own use. */
	size_t offset;
	uint64_t min, max;
};

/* Calls the key's function for each member; -EINVAL for an unknown key or another type. */
int read_object(struct reader *reader, const struct json *object, const struct key *keys, size_t count);

/* -EINVAL with file, path, line and column of `node` before the text. */
int refuse(const struct reader *reader, const struct json *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* `what` ("action") is none of `names`: -EINVAL with the nearest, or all of them. */
int refuse_name(const struct reader *reader, const struct json *node, const char *what, const char *name,
		const char *const *names);

/* An amount with a unit, from a string or from a number where that means something. */
int read_amount(const struct reader *reader, const struct json *node, enum unit unit, uint64_t *ret_value);
/* A whole number in the key's bounds. */
int read_number(const struct reader *reader, const struct json *node, const struct key *key,
		uint64_t *ret_value);
/* The place of a string in `names`, which ends with NULL, or a negative errno. */
int read_choice(const struct reader *reader, const struct json *node, const char *what,
		const char *const *names);
/* An array's elements must be strings, each once. */
int check_strings(const struct reader *reader, const struct json *array);

#endif
