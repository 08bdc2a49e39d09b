/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The document's arena and links, shared by the reader (json.c) and the tree (json_tree.c). */
#ifndef STINT_BASE_JSON_INTERNAL_H
#define STINT_BASE_JSON_INTERNAL_H

#include "lib/base/json.h"

struct chunk;
struct json_doc {
	struct chunk *chunks; /* the newest first */
	struct json *root;
};

int json_doc_make(struct json_doc **ret_doc);
/* A copy in the arena, NUL-terminated; NULL without memory. */
char *json_text(struct json_doc *doc, const char *text, size_t length);
void json_link(struct json *parent, struct json *child); /* at its end */
/* Compares keys as the laxest reader does: see the comment there. */
int json_compare_folded(const char *a, const char *b);

#endif
