/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Versions of runtimes and engines, as their --version says them and as they follow one another:
 * "1.0.0-rc95" < "1.0.0" = "v1.0.0+ds1" < "1.0.1". What comes after the numbers counts only where it says that
 * the release is still to come ("-rc.3", "~rc3", "-beta2").
 */
#ifndef STINT_DOCTOR_VERSION_H
#define STINT_DOCTOR_VERSION_H

#include <stdbool.h>

enum { VERSION_RELEASED = 1 << 20, VERSION_TEXT_MAX = 64 };
struct version {
	unsigned parts[3];
	unsigned candidate; /* of a release candidate its number; VERSION_RELEASED otherwise */
};

/* False when the text does not begin with a number (or "v" and a number), or one is too large. Parts that
 * are not there are 0. */
bool version_parse(const char *text, struct version *ret_version);
/* Below, at or above zero. */
int version_compare(const struct version *a, const struct version *b);

/* What "PROGRAM --version" printed: its first line, from which the first word that is a version with a dot in
 * it is taken. False when there is none; the outputs are untouched then. */
struct program_version {
	char program[32]; /* the line's first word, in small letters: "runc", "crun", "docker" */
	char text[VERSION_TEXT_MAX]; /* as it was printed */
	struct version version;
};
bool version_of_output(const char *output, struct program_version *ret_version);

#endif
