/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two documents held against each other. */
#ifndef STINT_BASE_JSON_DIFF_H
#define STINT_BASE_JSON_DIFF_H

#include "lib/base/json.h"

/*
 * Calls `each` for what is not the same in both, by its path ("budgets.cpu.limit", "layers[0].allow"): a value that is in one
 * alone, the other being NULL, or two values. Objects are compared by their keys, also where there is one alone, and lists of objects
 * place by place. Other lists are taken for sets: what is told of is each element that one of them has alone, by the path of the list.
 * -E2BIG: deeper than a document that was read can be; what `each` returns below 0; -ENOMEM.
 */
typedef int json_differs(const char *path, const struct json *a, const struct json *b, void *data, struct error *err);
int json_diff(const struct json *a, const struct json *b, json_differs *each, void *data, struct error *err);

#endif
