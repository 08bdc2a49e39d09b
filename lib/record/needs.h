/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a workload needs of the kernel, as a flat sorted set: calls by their names, the values of the arguments that
 * matter (lib/record/arguments.h), and capabilities. A set from outside is hostile: all of it is bounded.
 */
#ifndef STINT_RECORD_NEEDS_H
#define STINT_RECORD_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

enum need_kind { NEED_CALL, NEED_ARGUMENTS, NEED_CAPABILITY };

/* Which table of calls a number was looked up in. COMPAT: 32-bit programs and int 0x80 on x86_64. */
enum call_abi { ABI_NATIVE, ABI_COMPAT, ABI_X32, ABI_COUNT };

enum {
	NEED_NAME_MAX = 64,	/* bytes of a name, and of a program, with the NUL */
	NEED_ARGUMENTS_MAX = 2, /* arguments of one call that are recorded */
	NEEDS_VALUES_MAX = 64,	/* different values of one call's arguments; beyond it: many */
	NEEDS_MAX = 8192,
};

struct need {
	enum need_kind kind;
	enum call_abi abi; /* of a capability: ABI_NATIVE */
	/* Of the call, [a-z0-9_#] ("#467" where it has none; not "cap_…"), or "CAP_…". */
	const char *name;
	/* NEED_ARGUMENTS: the values in the order of `recorded_arguments`, the low 32 bits of each. */
	unsigned count;
	uint32_t values[NEED_ARGUMENTS_MAX];
	bool many;	     /* NEED_ARGUMENTS: more values than are kept, so any; count is 0 */
	const char *program; /* which was seen to ask first; "": not known */
};

/* Sorted by kind, ABI, name and values, each once. Names and programs are the set's own. Arguments of a call are never
 * there without the call itself, nor values beside their `many`. Begins as {0}. */
struct needs {
	struct need *list;
	unsigned count, room;
};

/* Takes copies. What is there already stays, with its program, unless that was not known; `many` swallows the values,
 * and one value above NEEDS_VALUES_MAX is many. Arguments bring their call. A program is cut to fit, and bytes of it
 * that do not belong on a terminal become "?"; NULL is "". -EINVAL: no name of its kind, or arguments that are not
 * recorded of that call; -E2BIG: more than NEEDS_MAX. */
int needs_add(struct needs *needs, const struct need *need, struct error *err);
/* All of `other`. */
int needs_add_all(struct needs *needs, const struct needs *other, struct error *err);

/* The first of its kind, ABI and name, of which the next ones follow it in the list; or NULL. */
const struct need *needs_find(const struct needs *needs, enum need_kind kind, enum call_abi abi, const char *name);
/* Exactly it is there. */
bool needs_have(const struct needs *needs, const struct need *need);
/* It is there, or its arguments are, as `many`. */
bool needs_cover(const struct needs *needs, const struct need *need);
/* The order of a set; 0: the same, whatever the programs. */
int need_order(const struct need *a, const struct need *b);
/* Of the same kind, ABI and name. */
bool need_is_alike(const struct need *a, const struct need *b);
/* The same needs, first asked by the same programs. */
bool needs_equal(const struct needs *a, const struct needs *b);

/* What a need is called: "accept4", "socket 2 1", "fcntl any", "x86:ioctl 21505", "CAP_CHOWN". */
enum { NEED_TEXT_MAX = NEED_NAME_MAX + 32 };
const char *need_text(const struct need *need, char text[NEED_TEXT_MAX]);
/* The reverse, of exactly such a text: false for any other. The need's name is in `name`. */
bool need_parse(const char *text, char name[NEED_NAME_MAX], struct need *ret_need);

/* The capabilities among them, by their numbers. */
uint64_t needs_capabilities(const struct needs *needs);

/* Gives back what it holds; it is empty then. */
void needs_close(struct needs *needs);
#define _cleanup_needs_ _cleanup_(needs_close)

#endif
