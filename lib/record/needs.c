/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/needs.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/profile/profile.h"
#include "lib/record/arguments.h"
#include "lib/record/internal.h"

/* C0, DEL and C1: what a terminal takes for a command. */
static bool is_control(const char *character, size_t length)
{
	const unsigned char *byte = (const unsigned char *)character;

	return byte[0] < 0x20 || byte[0] == 0x7f || (length == 2 && byte[0] == 0xc2 && byte[1] < 0xa0);
}

char *clean_copy(const char *text, size_t size)
{
	char *copy = malloc(size), *to = copy;

	while (copy && *text) {
		size_t length = utf8_length(text, SIZE_MAX), taken = length ? length : 1;
		bool bad = length == 0 || is_control(text, length);

		if ((size_t)(to - copy) + (bad ? 1 : length) >= size)
			break;
		if (bad)
			*to++ = '?';
		else
			to = (char *)memcpy(to, text, length) + length;
		text += taken;
	}
	if (copy)
		*to = '\0';
	return copy;
}

static bool is_name(const char *name, const char *letters)
{
	size_t length = strnlen(name, NEED_NAME_MAX);

	return length > 0 && length < NEED_NAME_MAX && strspn(name, letters) == length;
}

static int check(const struct need *need, struct error *err)
{
	static const char call_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_#";
	static const char capability_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const struct recorded_arguments *arguments;

	if (need->kind != NEED_ARGUMENTS && (need->count || need->many))
		return error_set(err, EINVAL, "%.64s has arguments where none belong", need->name);
	if (need->kind == NEED_CAPABILITY) {
		if (strncmp(need->name, "CAP_", 4) != 0 || !is_name(need->name, capability_letters))
			return error_set(err, EINVAL, "\"%.64s\" is no name of a capability", need->name);
		return 0;
	}
	/* Neither kind's names are the other's in another case, so that either can be a key of one JSON object. */
	if (strncmp(need->name, "cap_", 4) == 0 || !is_name(need->name, call_letters))
		return error_set(err, EINVAL, "\"%.64s\" is no name of a system call", need->name);
	if (need->kind == NEED_CALL)
		return 0;
	arguments = recorded_arguments_find(need->name);
	if (!arguments)
		return error_set(err, EINVAL, "arguments of %s are not recorded", need->name);
	if (need->many ? need->count != 0 : need->count != arguments->count)
		return error_set(err, EINVAL, "of %s, %u arguments are recorded", need->name, arguments->count);
	return 0;
}

static int compare(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static int order_alike(const struct need *a, const struct need *b)
{
	int r = compare(a->kind, b->kind);

	if (r == 0)
		r = compare(a->abi, b->abi);
	return r ? r : strcmp(a->name, b->name);
}

/* `many` before all values. */
int need_order(const struct need *a, const struct need *b)
{
	int r = order_alike(a, b);

	if (r == 0)
		r = compare(b->many, a->many);
	if (r == 0)
		r = compare(a->count, b->count);
	for (unsigned i = 0; i < a->count && r == 0; i++)
		r = compare(a->values[i], b->values[i]);
	return r;
}

bool need_is_alike(const struct need *a, const struct need *b)
{
	return order_alike(a, b) == 0;
}

/* Where it is, or would be. */
static unsigned place(const struct needs *needs, const struct need *need, bool *ret_found)
{
	unsigned low = 0, high = needs->count;

	*ret_found = false;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int r = need_order(&needs->list[middle], need);

		*ret_found |= r == 0;
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where those of its kind, ABI and name begin. */
static unsigned place_alike(const struct needs *needs, const struct need *need)
{
	const struct need first = {.kind = need->kind, .abi = need->abi, .name = need->name, .many = true};
	bool found;

	return place(needs, &first, &found);
}

static unsigned count_alike(const struct needs *needs, unsigned at, const struct need *need)
{
	unsigned n = 0;

	while (at + n < needs->count && need_is_alike(&needs->list[at + n], need))
		n++;
	return n;
}

static void need_close(struct need *need)
{
	free((char *)need->name);
	free((char *)need->program);
}

static void take_out(struct needs *needs, unsigned at, unsigned count)
{
	for (unsigned i = at; i < at + count; i++)
		need_close(&needs->list[i]);
	memmove(needs->list + at, needs->list + at + count, (needs->count - at - count) * sizeof *needs->list);
	needs->count -= count;
}

static int make_room(struct needs *needs, struct error *err)
{
	unsigned room = needs->room ? 2 * needs->room : 64;
	struct need *list;

	if (needs->count == NEEDS_MAX)
		return error_set(err, E2BIG, "there are more than %d needs, the most that are recorded", NEEDS_MAX);
	if (needs->count < needs->room)
		return 0;
	list = reallocarray(needs->list, room, sizeof *list);
	if (!list)
		return error_set(err, ENOMEM, "record a need: out of memory");
	needs->list = list;
	needs->room = room;
	return 0;
}

static int insert(struct needs *needs, unsigned at, const struct need *need, struct error *err)
{
	struct need copy = *need;
	int r = make_room(needs, err);

	if (r < 0)
		return r;
	copy.name = strdup(need->name);
	copy.program = clean_copy(need->program ? need->program : "", NEED_NAME_MAX);
	if (!copy.name || !copy.program) {
		need_close(&copy);
		return error_set(err, ENOMEM, "record a need: out of memory");
	}
	memmove(needs->list + at + 1, needs->list + at, (needs->count - at) * sizeof *needs->list);
	needs->list[at] = copy;
	needs->count++;
	return 0;
}

/* It is there already: who asked may be news. */
static int add_program(struct need *there, const char *program, struct error *err)
{
	char *copy;

	if (*there->program || !program || !*program)
		return 0;
	copy = clean_copy(program, NEED_NAME_MAX);
	if (!copy)
		return error_set(err, ENOMEM, "record a need: out of memory");
	free((char *)there->program);
	there->program = copy;
	return 0;
}

static int add_one(struct needs *needs, const struct need *need, struct error *err)
{
	bool found;
	unsigned at = place(needs, need, &found);

	return found ? add_program(&needs->list[at], need->program, err) : insert(needs, at, need, err);
}

static int add_arguments(struct needs *needs, const struct need *need, struct error *err)
{
	struct need many = {
		.kind = NEED_ARGUMENTS, .abi = need->abi, .name = need->name, .many = true, .program = need->program};
	unsigned at = place_alike(needs, need), values = count_alike(needs, at, need);

	if (values && needs->list[at].many)
		return add_one(needs, &many, err);
	if (!need->many && (values < NEEDS_VALUES_MAX || needs_have(needs, need)))
		return add_one(needs, need, err);
	take_out(needs, at, values);
	return insert(needs, at, &many, err);
}

int needs_add(struct needs *needs, const struct need *need, struct error *err)
{
	struct need call = {.kind = NEED_CALL, .abi = need->abi, .name = need->name, .program = need->program};
	int r = check(need, err);

	if (r < 0 || need->kind != NEED_ARGUMENTS)
		return r < 0 ? r : add_one(needs, need, err);
	r = add_one(needs, &call, err);
	return r < 0 ? r : add_arguments(needs, need, err);
}

int needs_add_all(struct needs *needs, const struct needs *other, struct error *err)
{
	int r = 0;

	for (unsigned i = 0; i < other->count && r == 0; i++)
		r = needs_add(needs, &other->list[i], err);
	return r;
}

const struct need *needs_find(const struct needs *needs, enum need_kind kind, enum call_abi abi, const char *name)
{
	const struct need wanted = {.kind = kind, .abi = abi, .name = name};
	unsigned at = place_alike(needs, &wanted);

	return count_alike(needs, at, &wanted) ? &needs->list[at] : NULL;
}

bool needs_have(const struct needs *needs, const struct need *need)
{
	bool found;

	(void)place(needs, need, &found);
	return found;
}

bool needs_cover(const struct needs *needs, const struct need *need)
{
	unsigned first = place_alike(needs, need);

	return needs_have(needs, need) ||
	       (need->kind == NEED_ARGUMENTS && count_alike(needs, first, need) && needs->list[first].many);
}

bool needs_equal(const struct needs *a, const struct needs *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (need_order(&a->list[i], &b->list[i]) != 0 || strcmp(a->list[i].program, b->list[i].program) != 0)
			return false;
	return true;
}

uint64_t needs_capabilities(const struct needs *needs)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < needs->count; i++) {
		int number = needs->list[i].kind == NEED_CAPABILITY ? capability_from_name(needs->list[i].name, NULL) : -1;

		if (number >= 0)
			mask |= UINT64_C(1) << number;
	}
	return mask;
}

void needs_close(struct needs *needs)
{
	for (unsigned i = 0; i < needs->count; i++)
		need_close(&needs->list[i]);
	free(needs->list);
	*needs = (struct needs){0};
}
