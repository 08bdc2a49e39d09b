/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program is run for a call, and the run tells what was asked of the call (lib/seccomp/bpf.h). What was asked of
 * arguments gives new values to run it with, until nothing new is asked: then all was tried that makes a difference.
 * Architectures and numbers are taken from the tables and, with their neighbours, from all constants in the programs.
 */
#include "lib/seccomp/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/architecture.h"
#include "lib/seccomp/classes.h"
#include "lib/seccomp/compile.h"

/* Sorted, each once. */
struct numbers {
	uint32_t *at;
	size_t count;
};

/* Runs, and values looked at for them: seconds on any machine. A filter of a runtime's takes a hundredth of it. */
enum { WORK_MAX = 1 << 22 };

struct comparing {
	const struct seccomp_filter *filter;
	const struct bpf_program *programs;
	unsigned count;
	enum seccomp_comparison how;
	struct architecture *architectures; /* the filter's */
	unsigned architecture_count;
	struct numbers numbers, audits; /* to try: of calls, and for `arch`, the filter's own too */
	struct classes *classes;	 /* of each argument */
	struct bpf_trace trace;
	uint64_t work;
	struct seccomp_difference *first;
	unsigned differences;
};

static void put(struct numbers *numbers, uint32_t value)
{
	numbers->at[numbers->count++] = value;
}

static size_t constants_in(const struct comparing *c)
{
	size_t count = 0;

	for (unsigned i = 0; i < c->count; i++)
		count += c->programs[i].length;
	return count;
}

static void put_constants(const struct comparing *c, struct numbers *numbers)
{
	for (unsigned i = 0; i < c->count; i++)
		for (unsigned at = 0; at < c->programs[i].length; at++)
			if (BPF_CLASS(c->programs[i].code[at].code) == BPF_JMP)
				for (uint32_t near = 0; near < 3; near++)
					put(numbers, c->programs[i].code[at].k + near - 1);
}

static bool has_name(const struct comparing *c, uint32_t number)
{
	for (unsigned i = 0; i < c->architecture_count; i++) {
		_cleanup_free_ char *name = architecture_call_name(c->architectures[i].token, number);

		if (name)
			return true;
	}
	return false;
}

/* Numbers without a name that make a difference are beside the constants of the programs. */
static void put_named(const struct comparing *c, struct numbers *numbers)
{
	for (size_t i = 0; i < ARCHITECTURE_NUMBERS; i++)
		for (uint32_t n = architecture_numbers[i].from; n <= architecture_numbers[i].to; n++)
			if (has_name(c, n))
				put(numbers, n);
}

static int make_numbers(struct comparing *c, struct error *err)
{
	enum { OTHERS = 8192 }; /* more than in the tables, and architectures */
	size_t room = 3 * constants_in(c) + OTHERS;

	c->numbers.at = reallocarray(NULL, 2 * room, sizeof c->numbers.at[0]);
	c->audits.at = reallocarray(NULL, room, sizeof c->audits.at[0]);
	if (!c->numbers.at || !c->audits.at)
		return error_set(err, ENOMEM, "compare seccomp filters: out of memory");
	put_constants(c, &c->numbers);
	put_named(c, &c->numbers);
	put(&c->numbers, INT32_MAX);
	put(&c->numbers, UINT32_MAX);
	for (size_t i = 0, count = c->numbers.count; i < count; i++)
		put(&c->numbers, c->numbers.at[i] ^ X32_BIT);
	c->numbers.count = unique_values(c->numbers.at, c->numbers.count);
	put_constants(c, &c->audits);
	for (const uint32_t *token = architecture_tokens; *token; token++)
		put(&c->audits, architecture_audit(*token));
	put(&c->audits, 0);
	put(&c->audits, UINT32_MAX);
	c->audits.count = unique_values(c->audits.at, c->audits.count);
	return 0;
}

static int open_architectures(struct comparing *c, struct error *err)
{
	uint32_t tokens[SECCOMP_ARCHITECTURES_MAX + 1];
	int count = architectures_of(c->filter, tokens, err);

	if (count < 0)
		return count;
	c->architectures = calloc((size_t)count, sizeof *c->architectures);
	if (!c->architectures)
		return error_set(err, ENOMEM, "compare seccomp filters: out of memory");
	c->architecture_count = (unsigned)count;
	for (unsigned i = 0; i < c->architecture_count; i++)
		architecture_open(c->filter, tokens[i], &c->architectures[i]);
	return 0;
}

/* The filter's architecture for calls of this number, or NULL. Number -1 is a tracer's "no call": of x86_64. No call has
 * x32's token for its architecture. */
static const struct architecture *architecture_for(const struct comparing *c, uint32_t audit, uint32_t number)
{
	uint32_t x32 = 0;

	if (architecture_audit(audit) != audit)
		return NULL;
	for (const uint32_t *token = architecture_tokens; *token; token++)
		if (*token != audit && architecture_audit(*token) == audit && number >= X32_BIT && number != UINT32_MAX)
			x32 = *token;
	for (unsigned i = 0; i < c->architecture_count; i++)
		if (c->architectures[i].token == (x32 ? x32 : audit))
			return &c->architectures[i];
	return NULL;
}

static bool is_denied(struct seccomp_answer answer)
{
	return answer.action >= SECCOMP_ERRNO;
}

static bool is_right(const struct comparing *c, const struct wanted *wanted, struct seccomp_answer got)
{
	if (c->how == SECCOMP_EXACTLY)
		return (got.action == wanted->loosest.action && got.data == wanted->loosest.data) ||
		       (got.action == wanted->strictest.action && got.data == wanted->strictest.data);
	if (wanted->by_default && is_denied(wanted->loosest) &&
	    (got.action >= SECCOMP_KILL_THREAD || (got.action == SECCOMP_ERRNO && got.data == ENOSYS)))
		return true;
	return got.action >= wanted->compiled.action;
}

/* One call that is asked about: its architecture, NULL for one that the filter does not have, and what it has of it. */
struct asked {
	const struct architecture *architecture;
	struct numbered_call call;
	struct seccomp_data data;
};

static void note_difference(struct comparing *c, const struct asked *asked, const struct wanted *wanted,
			    struct seccomp_answer got)
{
	uint32_t token = asked->architecture ? asked->architecture->token : asked->data.arch;
	_cleanup_free_ char *name = asked->architecture ? architecture_call_name(token, (uint32_t)asked->data.nr) : NULL;
	const char *architecture = architecture_name(token);

	if (c->differences++)
		return;
	*c->first = (struct seccomp_difference){.architecture = architecture ? architecture : "another architecture",
						.wanted = wanted->loosest, .got = got};
	if (name)
		(void)snprintf(c->first->call, sizeof c->first->call, "%s", name);
	else
		(void)snprintf(c->first->call, sizeof c->first->call, "call %u", (uint32_t)asked->data.nr);
	for (int i = 0; i < SECCOMP_ARGS; i++)
		c->first->args[i] = asked->data.args[i];
}

static struct wanted wanted_of(const struct asked *asked)
{
	const struct seccomp_answer kill = {SECCOMP_KILL_THREAD, 0};

	return asked->architecture ? numbered_call_ask(&asked->call, (const uint64_t *)asked->data.args)
				   : (struct wanted){kill, kill, kill, true};
}

/* The least significant half of an argument comes first, or last. */
static uint8_t half_of(uint8_t word)
{
	return (uint8_t)(word & 1) ^ (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static int no_runtimes(const char *what, struct error *err)
{
	return error_set(err, ENOTSUP, "the program %s, which no runtime's filter does", what);
}

static int too_much(const char *of, struct error *err)
{
	return error_set(err, E2BIG, "the program looks at %s in too many ways to try them all", of);
}

/* Takes what the last run asked. 1: something new of an argument. */
static int take_questions(struct comparing *c, struct error *err)
{
	int news = 0;

	if (c->trace.opaque)
		return no_runtimes("computes with what it reads of a call", err);
	for (unsigned i = 0; i < c->trace.count; i++) {
		struct bpf_question q = c->trace.questions[i];
		struct classes *classes;
		unsigned before;

		if (q.word < BPF_WORD_POINTER) {
			if (q.mask != UINT32_MAX || (q.op == BPF_JSET && q.value != X32_BIT))
				return no_runtimes("looks at bits of a call's number", err);
			continue;
		}
		if (q.word < BPF_WORD_ARGS)
			return no_runtimes("looks at where a call is made", err);
		classes = &c->classes[(q.word - BPF_WORD_ARGS) / 2];
		before = classes->question_count;
		q.word = half_of(q.word);
		if (!classes_add_question(classes, &q))
			return too_much("an argument", err);
		news |= classes->question_count > before;
	}
	return news;
}

static int take_conditions(struct comparing *c, const struct asked *asked, struct error *err)
{
	const struct seccomp_call *calls[NUMBERED_CALL_MAX];
	unsigned count = asked->architecture ? numbered_call_all(&asked->call, calls) : 0;

	for (unsigned i = 1; asked->architecture && i < asked->call.inside_count; i++)
		(void)classes_add_condition(&c->classes[0], &(struct seccomp_condition){SECCOMP_EQ, i, 0});
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < calls[i]->count; k++)
			for (int a = 0; a < SECCOMP_ARGS; a++)
				if (calls[i]->rules[k].args[a].op != SECCOMP_ANY &&
				    !classes_add_condition(&c->classes[a], &calls[i]->rules[k].args[a]))
					return error_set(err, E2BIG, "%s has more conditions than can be tried",
							 calls[i]->name);
	return 0;
}

static int spend(struct comparing *c, uint64_t work, struct error *err)
{
	c->work += work;
	return c->work > WORK_MAX ? too_much("calls", err) : 0;
}

/* Sets the arguments to the next combination of values; false after the last. */
static bool next_arguments(const struct comparing *c, unsigned at[SECCOMP_ARGS], struct asked *asked)
{
	for (int i = 0; i < SECCOMP_ARGS; i++) {
		at[i] = (at[i] + 1) % c->classes[i].count;
		asked->data.args[i] = c->classes[i].values[at[i]];
		if (at[i] != 0)
			return true;
	}
	return false;
}

/* All combinations of the values there are. 1: there is a difference; 2: there are new questions, and so new values. */
enum { DIFFERS = 1, NEW_QUESTIONS = 2 };
static int try_values(struct comparing *c, struct asked *asked, struct error *err)
{
	unsigned at[SECCOMP_ARGS] = {0};
	int news = 0, r;

	for (int i = 0; i < SECCOMP_ARGS; i++)
		asked->data.args[i] = c->classes[i].values[0];
	do {
		struct wanted wanted = wanted_of(asked);
		struct seccomp_answer got;

		c->trace.count = 0;
		got = seccomp_answer_of(bpf_run_all(c->programs, c->count, &asked->data, &c->trace));
		r = take_questions(c, err);
		if (r < 0 || spend(c, 1, err) < 0)
			return r < 0 ? r : -E2BIG;
		news |= r;
		if (!is_right(c, &wanted, got)) {
			note_difference(c, asked, &wanted, got);
			return DIFFERS;
		}
	} while (next_arguments(c, at, asked));
	return news ? NEW_QUESTIONS : 0;
}

static int compare_call(struct comparing *c, uint32_t audit, uint32_t number, struct error *err)
{
	struct asked asked = {.architecture = architecture_for(c, audit, number),
			      .data = {.nr = (int)number, .arch = audit}};
	bool narrow = asked.architecture && architecture_is_narrow(asked.architecture->token);
	int r;

	if (asked.architecture)
		numbered_call_open(c->filter, asked.architecture, number, &asked.call);
	for (int i = 0; i < SECCOMP_ARGS; i++)
		c->classes[i].condition_count = c->classes[i].question_count = 0;
	r = take_conditions(c, &asked, err);
	do {
		uint64_t tried = 0;

		for (int i = 0; r >= 0 && i < SECCOMP_ARGS; i++) {
			c->classes[i].tried = 0;
			r = classes_find(&c->classes[i], narrow, err);
			tried += c->classes[i].tried;
		}
		if (r >= 0)
			r = spend(c, tried, err);
		if (r >= 0)
			r = try_values(c, &asked, err);
	} while (r == NEW_QUESTIONS);
	return r;
}

/* What was asked in the last run did not depend on the number. */
static bool number_is_nothing(const struct comparing *c)
{
	for (unsigned i = 0; i < c->trace.count; i++)
		if (c->trace.questions[i].word == BPF_WORD_NUMBER)
			return false;
	return true;
}

/* The calls that have a name, of the filter's architectures, the machine's own first. */
static int compare_named(struct comparing *c, struct error *err)
{
	int r = 0;

	for (unsigned a = 0; a < c->architecture_count; a++)
		for (size_t i = 0; i < c->numbers.count && r >= 0; i++) {
			uint32_t token = c->architectures[a].token, audit = architecture_audit(token);
			_cleanup_free_ char *name = NULL;

			if (architecture_for(c, audit, c->numbers.at[i]) != &c->architectures[a])
				continue;
			name = architecture_call_name(token, c->numbers.at[i]);
			if (name)
				r = compare_call(c, audit, c->numbers.at[i], err);
		}
	return r < 0 ? r : 0;
}

/* Whatever else a process can try. One difference is enough. */
static int compare_others(struct comparing *c, struct error *err)
{
	int r = 0;

	for (size_t a = 0; a < c->audits.count; a++) {
		uint32_t audit = c->audits.at[a];
		bool ours = architecture_for(c, audit, 0) || architecture_for(c, audit, X32_BIT);

		for (size_t i = 0; i < c->numbers.count && r == 0; i++) {
			r = compare_call(c, audit, c->numbers.at[i], err);
			if (!ours && i == 0 && number_is_nothing(c))
				break;
		}
	}
	return r < 0 ? r : 0;
}

/* Rules that no runtime can have given to the kernel. That it is stricter for that is as good. */
static void compare_unknown(struct comparing *c)
{
	for (unsigned i = 0; i < c->filter->count; i++) {
		const struct seccomp_call *call = &c->filter->calls[i];
		struct seccomp_answer strictest = c->filter->otherwise;

		for (unsigned k = 0; k < call->count; k++)
			if (call->rules[k].answer.action > strictest.action)
				strictest = call->rules[k].answer;
		if (strictest.action == c->filter->otherwise.action || architecture_knows(call->name) || c->differences++)
			continue;
		*c->first = (struct seccomp_difference){.left_out = true, .wanted = strictest,
							.got = c->filter->otherwise};
		(void)snprintf(c->first->call, sizeof c->first->call, "%s", call->name);
	}
}

static int compare_all(struct comparing *c, struct error *err)
{
	int r = open_architectures(c, err);

	c->classes = calloc(SECCOMP_ARGS, sizeof *c->classes);
	if (r == 0 && !c->classes)
		r = error_set(err, ENOMEM, "compare seccomp filters: out of memory");
	if (r == 0)
		r = make_numbers(c, err);
	if (r == 0)
		r = compare_named(c, err);
	if (r == 0)
		compare_unknown(c);
	if (r == 0 && c->differences == 0)
		r = compare_others(c, err);
	return r;
}

int seccomp_compare(const struct seccomp_filter *filter, const struct bpf_program *programs, unsigned count,
		    enum seccomp_comparison how, struct seccomp_difference *ret_first, struct error *err)
{
	_cleanup_free_ struct comparing *c = calloc(1, sizeof *c);
	struct seccomp_difference first;
	int r;

	if (!c)
		return error_set(err, ENOMEM, "compare seccomp filters: out of memory");
	*c = (struct comparing){.filter = filter, .programs = programs, .count = count, .how = how, .first = &first};
	r = compare_all(c, err);
	free(c->architectures);
	free(c->classes);
	free(c->numbers.at);
	free(c->audits.at);
	if (r < 0 || c->differences == 0)
		return r;
	first.calls = c->differences;
	*ret_first = first;
	return 1;
}

static const char *answer_text(struct seccomp_answer answer, char text[32])
{
	static const char *const texts[] = {"allowed", "logged",  "traced",	   "notified",
					    "errno",   "trapped", "thread killed", "process killed"};
	bool number = answer.action == SECCOMP_ERRNO || answer.action == SECCOMP_TRACE;

	(void)snprintf(text, 32, number ? "%s %u" : "%s", texts[answer.action], answer.data);
	return text;
}

const char *seccomp_difference_text(const struct seccomp_difference *d, char text[SECCOMP_DIFFERENCE_TEXT_MAX])
{
	char args[6 * 20] = "", wanted[32], got[32];
	int used = SECCOMP_ARGS;

	if (d->left_out) {
		(void)snprintf(text, SECCOMP_DIFFERENCE_TEXT_MAX,
			       "%s: %s is asked for, and libseccomp does not know the call: %s", d->call,
			       answer_text(d->wanted, wanted), answer_text(d->got, got));
		return text;
	}
	while (used > 0 && d->args[used - 1] == 0)
		used--;
	for (int i = 0; i < used; i++)
		(void)snprintf(args + strlen(args), sizeof args - strlen(args), "%s%#lx", i ? ", " : "",
			       (unsigned long)d->args[i]);
	(void)snprintf(text, SECCOMP_DIFFERENCE_TEXT_MAX, "%s(%s) on %s: %s is asked for, %s is the answer", d->call,
		       args, d->architecture, answer_text(d->wanted, wanted), answer_text(d->got, got));
	return text;
}
