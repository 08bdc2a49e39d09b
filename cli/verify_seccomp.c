/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint verify`: the seccomp filter that the plan asks for, and what the kernel runs in its place. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/verify.h"
#include "lib/base/cleanup.h"
#include "lib/seccomp/compare.h"
#include "lib/seccomp/loaded.h"

#define put_text(field, ...) ((void)snprintf(field, sizeof field, __VA_ARGS__))

/* Who asked for a value of the plan. */
static const char *source_of(const struct verification *v, const char *path)
{
	json_each(source, v->sources) {
		const char *one = json_string(json_get(source, "path")), *from = json_string(json_get(source, "from"));

		if (one && from && strcmp(one, path) == 0)
			return from;
	}
	return "?";
}

static void not_checked(struct control *control, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void not_checked(struct control *control, const char *format, ...)
{
	va_list args;

	control->status = CONTROL_DEGRADED;
	put_text(control->found, "a filter, not checked");
	va_start(args, format);
	(void)vsnprintf(control->note, sizeof control->note, format, args);
	va_end(args);
}

static void compare(const struct seccomp_filter *planned, const struct loaded_filters *loaded, struct control *control)
{
	struct seccomp_difference first;
	char text[SECCOMP_DIFFERENCE_TEXT_MAX];
	struct error err = {0};
	unsigned instructions = 0;
	int r = seccomp_compare(planned, loaded->programs, loaded->count, SECCOMP_AT_LEAST, &first, &err);

	for (unsigned i = 0; i < loaded->count; i++)
		instructions += loaded->programs[i].length;
	control->status = r == 0 ? CONTROL_ENFORCED : CONTROL_DEGRADED;
	put_text(control->found, "%s, %u instruction%s", r == 0 ? "as planned" : "another filter", instructions,
		 instructions == 1 ? "" : "s");
	if (r < 0)
		put_text(control->note, "%.250s", err.text);
	else if (r > 0 && first.calls > 1)
		put_text(control->note, "%.200s; and %u calls more", seccomp_difference_text(&first, text),
			 first.calls - 1);
	else if (r > 0)
		put_text(control->note, "%.250s", seccomp_difference_text(&first, text));
}

static void read_back(const struct verification *v, const struct subject *subject, const struct seccomp_filter *planned,
		      struct control *control)
{
	enum { STOP_MS = 2000 };
	_cleanup_loaded_ struct loaded_filters loaded = {.count = 0};
	struct error err = {0};
	int r;

	if (v->live->status == LIVE_FROZEN) {
		not_checked(control, "the container is paused");
	} else if (!subject->in_group) {
		not_checked(control, "the process is not in the container's group");
	} else if (subject->tracer) {
		not_checked(control, "process %u traces it", subject->tracer);
	} else {
		r = seccomp_loaded(subject->pid, subject->pidfd, STOP_MS, &loaded, &err);
		if (r < 0)
			not_checked(control, "%s", r == -ETIMEDOUT ?
					    "its first process cannot be stopped: is it paused?" : err.text);
		else
			compare(planned, &loaded, control);
	}
}

void verify_seccomp(struct verification *v, const struct subject *subject)
{
	const struct json *planned = json_get(v->effective, "seccomp");
	_cleanup_seccomp_ struct seccomp_filter filter = {0};
	struct control *control;
	struct error err = {0};

	if (!planned || json_is(planned, JSON_NULL) ||
	    (json_string(planned) && strcmp(json_string(planned), "unconfined") == 0))
		return;
	control = verification_add(v, "seccomp", subject->seccomp_mode == 2 ? CONTROL_ENFORCED : CONTROL_ABSENT);
	put_text(control->planned, "%s", json_string(planned) ? json_string(planned) : "a filter");
	put_text(control->found, "%s", subject->seccomp_mode == 2 ? "a filter" :
				       subject->seccomp_mode == 1 ? "strict mode" : "no filter");
	if (subject->seccomp_mode != 2)
		return;
	if (json_string(planned)) {
		put_text(control->note, "that there is one; the plan does not say which");
		return;
	}
	if (seccomp_read(v->asking ? v->asking : planned, &filter, &err) < 0) {
		not_checked(control, "%s", err.text);
		return;
	}
	put_text(control->planned, "a filter of %u call%s", filter.count, filter.count == 1 ? "" : "s");
	put_text(control->note, "asked for by %.200s%s", source_of(v, "seccomp"), v->asking ? "; it asks the recorder" : "");
	read_back(v, subject, &filter, control);
}
