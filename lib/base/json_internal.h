/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The document's arena, shared by the reader and the editing functions. */
#ifndef STINT_BASE_JSON_INTERNAL_H
#define STINT_BASE_JSON_INTERNAL_H

#include "lib/base/json.h"

struct chunk;
struct json_doc {
	struct chunk *chunks;
	struct json *root;
};

void *json_alloc(struct json_doc *doc, size_t size);
char *json_text(struct json_doc *doc, const char *text, size_t length);
void json_link(struct json *parent, struct json *child); /* at its end */
int json_doc_make(struct json_doc **ret_doc);

#endif
