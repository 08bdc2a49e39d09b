/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runtimes need, for a generated filter: as they were measured, and as the list has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/generate_internal.h"
#include "lib/record/runtime.h"

/* One runtime that ran some of the recordings. Texts are the recordings'. */
struct seen_runtime {
	const char *name, *version; /* NULL: not known */
	bool no_new_privileges;
	bool measured; /* in each of its runs */
};

static int order_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int by_runtime(const void *one, const void *other)
{
	const struct seen_runtime *a = one, *b = other;
	int r = order_texts(a->name, b->name);

	if (r == 0)
		r = order_texts(a->version, b->version);
	if (r == 0)
		r = a->no_new_privileges - b->no_new_privileges;
	return r ? r : a->measured - b->measured;
}

static bool is_same(const struct seen_runtime *a, const struct seen_runtime *b)
{
	return order_texts(a->name, b->name) == 0 && order_texts(a->version, b->version) == 0 &&
	       a->no_new_privileges == b->no_new_privileges;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

/* Sorted, each once: an unmeasured run first, which is then the one that stays. `runtime` replaces theirs. */
static unsigned list_runtimes(const struct recording *const *runs, size_t count, const char *runtime, struct seen_runtime *list)
{
	unsigned kept = 0;

	for (size_t i = 0; i < count; i++)
		list[i] = (struct seen_runtime){runtime ? runtime : base_name(runs[i]->runtime),
						runtime ? NULL : runs[i]->runtime_version, runs[i]->no_new_privileges,
						runs[i]->runtime_needs.count > 0};
	qsort(list, count, sizeof *list, by_runtime);
	for (size_t i = 0; i < count; i++)
		if (!kept || !is_same(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	return kept;
}

/* Of a runtime that is not known, any might do: unless it was measured, and so is known. */
static int add_unknown(const struct seen_runtime *seen, struct generated *generated, struct needs *listed, struct error *err)
{
	const char *taken;
	int r = 0;

	if (seen->measured)
		return generated_warn(generated, err, "what %s needs to start the workload is only what was seen of it: it is not known to stint",
				      seen->name ? seen->name : "the runtime");
	r = runtime_needs_add(RUNTIME_ANY, NULL, seen->no_new_privileges, listed, &taken, err);
	if (r == 0)
		r = generated_warn(generated, err, "%s%s is not known: the filter allows what any runtime needs (--runtime says which it is)",
				   seen->name ? "the runtime " : "the runtime of these recordings", seen->name ? seen->name : "");
	return r;
}

static int add_listed(const struct seen_runtime *seen, struct generated *generated, struct needs *listed, struct error *err)
{
	const char *taken = NULL;
	int r = seen->name ? runtime_needs_add(seen->name, seen->version, seen->no_new_privileges, listed, &taken, err) : -ENOENT;

	if (r == -ENOENT)
		return add_unknown(seen, generated, listed, err);
	if (r == 0 && taken)
		r = generated_warn(generated, err, "what %s %s needs to start the workload is not known: that of %s %s is allowed",
				   seen->name, seen->version, seen->name, taken);
	return r;
}

static int check_runtime(const char *runtime, struct error *err)
{
	_cleanup_needs_ struct needs none = {0};
	const char *taken;
	int r = runtime ? runtime_needs_add(runtime, NULL, true, &none, &taken, err) : 0;

	return r == -ENOENT ? -EINVAL : r;
}

int runtime_part_of(const struct recording *const *runs, size_t count, const char *runtime, struct generated *generated,
		    struct runtime_part *ret_part, struct error *err)
{
	_cleanup_free_ struct seen_runtime *list = calloc(count, sizeof *list);
	unsigned different = list ? list_runtimes(runs, count, runtime, list) : 0;
	struct runtime_part part = {0};
	const struct need last = {.kind = NEED_CALL, .name = "execve"}; /* of each runtime */
	int r = list ? check_runtime(runtime, err) : error_set(err, ENOMEM, "generate a seccomp filter: out of memory");

	if (r == 0)
		r = needs_add(&part.listed, &last, err);
	for (unsigned i = 0; i < different && r == 0; i++)
		r = add_listed(&list[i], generated, &part.listed, err);
	for (size_t i = 0; i < count && r == 0 && !runtime; i++)
		r = needs_add_all(&part.measured, &runs[i]->runtime_needs, err);
	if (r < 0) {
		runtime_part_close(&part);
		return r;
	}
	*ret_part = part;
	return 0;
}

void runtime_part_close(struct runtime_part *part)
{
	needs_close(&part->listed);
	needs_close(&part->measured);
}
