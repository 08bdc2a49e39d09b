/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the journal, in constant memory: forwards for all reports, backwards for the last one.
 * Reports that could not be appended yet are looked for first: one that is appended and whose ledger
 * goes away meanwhile is then in the journal when that is read.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/report/fields.h"
#include "lib/report/journal.h"

enum {
	READ_BYTES = 160 << 10,
	PENDING_MAX = 64, /* so many ledgers with a report that could not be appended */
};
_Static_assert(READ_BYTES > 2 * LEDGER_REPORT_MAX, "a whole line fits what is read at once");

/* -ENOENT, without error text: there is no journal yet. */
static int open_journal(const struct host *host, struct error *err)
{
	_cleanup_close_ int dirfd = open(host->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (dirfd < 0)
		return errno == ENOENT ? -ENOENT : error_errno(err, errno, "open %s", host->log_dir);
	fd = openat(dirfd, "reports.jsonl", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT :
			error_errno(err, errno, "open %s/reports.jsonl", host->log_dir);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "read %s/reports.jsonl: it is no regular file", host->log_dir);
	return steal_fd(&fd);
}

static ssize_t read_at(int fd, char *buffer, size_t size, off_t at)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, buffer + done, size - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* The report on this line when it is one, of `id` when that is not NULL; else NULL. */
static struct json_doc *parse_line(const char *line, size_t length, const char *id)
{
	_cleanup_json_ struct json_doc *doc = NULL;

	/* Most lines of a long journal are of others: do not parse those. */
	if (length == 0 || length > LEDGER_REPORT_MAX || (id && !memmem(line, length, id, strlen(id))))
		return NULL;
	if (json_parse("reports.jsonl", line, length, &doc, NULL) < 0)
		return NULL;
	if (!json_is(json_root(doc), JSON_OBJECT) || !json_string(json_get(json_root(doc), "id")) ||
	    (id && strcmp(json_string(json_get(json_root(doc), "id")), id) != 0))
		return NULL;
	return steal_ptr(&doc);
}

/* Reports in ledgers that are final and not in the journal. */
struct pending {
	const char *id; /* NULL: of any */
	struct {
		char *line; /* without its newline */
		size_t length;
		uint64_t ended_ns;
	} reports[PENDING_MAX];
	int count;
};

static void pending_clear(struct pending *pending)
{
	for (int i = 0; i < pending->count; i++)
		free(pending->reports[i].line);
	pending->count = 0;
}

static int note_pending(const char *key, int dirfd, void *data)
{
	struct pending *pending = data;
	struct ledger *ledger = NULL;
	uint32_t length;
	char *line;

	(void)key;
	if (pending->count == PENDING_MAX)
		return 1;
	if (ledger_open(dirfd, false, &ledger, NULL, NULL) < 0)
		return 0;
	length = atomic_load(&ledger->report_length);
	if (length > 1 && length <= LEDGER_REPORT_MAX && !atomic_load(&ledger->sinks[SINK_JOURNAL].written) &&
	    (!pending->id || strncmp(ledger->plan.id, pending->id, sizeof ledger->plan.id) == 0)) {
		line = strndup(ledger->report, length - 1);
		if (line) {
			pending->reports[pending->count].ended_ns = ledger_current(ledger)->ended_real_ns;
			pending->reports[pending->count].length = strlen(line);
			pending->reports[pending->count++].line = line;
		}
	}
	ledger_unmap(ledger);
	return 0;
}

static void find_pending(const struct host *host, const char *id, struct pending *pending)
{
	*pending = (struct pending){.id = id};
	/* Who may read the journal but not the state directory sees what is in the journal. */
	(void)state_each(host, note_pending, pending, NULL);
	for (int i = 1; i < pending->count; i++) /* by their end; they are few */
		for (int j = i; j > 0 && pending->reports[j - 1].ended_ns > pending->reports[j].ended_ns; j--) {
			__typeof__(pending->reports[0]) swap = pending->reports[j];

			pending->reports[j] = pending->reports[j - 1];
			pending->reports[j - 1] = swap;
		}
}

/* Says that this line of the journal is one of those that were pending. */
static void forget_pending(struct pending *pending, const char *line, size_t length)
{
	for (int i = 0; i < pending->count; i++)
		if (pending->reports[i].length == length && memcmp(pending->reports[i].line, line, length) == 0)
			pending->reports[i].length = 0;
}

struct reading_journal {
	const char *id;
	int (*each)(struct json *report, const char *line, void *data);
	void *data;
	struct pending pending;
};

/* `line` is writable and has its newline, which becomes the NUL. */
static int take_line(struct reading_journal *reading, char *line, size_t length)
{
	_cleanup_json_ struct json_doc *doc = parse_line(line, length, reading->id);

	if (!doc)
		return 0;
	line[length] = '\0';
	forget_pending(&reading->pending, line, length);
	return reading->each(json_root(doc), line, reading->data);
}

/* Whole lines only; what is longer than a report can be is passed over. */
static int read_forwards(int fd, struct reading_journal *reading, const char *path, struct error *err)
{
	_cleanup_free_ char *buffer = malloc(READ_BYTES);
	size_t held = 0;
	off_t at = 0;
	bool skipping = false;

	if (!buffer)
		return error_set(err, ENOMEM, "read %s: out of memory", path);
	for (;;) {
		ssize_t n = read_at(fd, buffer + held, READ_BYTES - held, at);
		char *line = buffer, *newline;

		if (n < 0)
			return error_errno(err, (int)-n, "read %s", path);
		if (n == 0)
			return 0;
		at += n;
		held += (size_t)n;
		while ((newline = memchr(line, '\n', held - (size_t)(line - buffer)))) {
			int r = skipping ? 0 : take_line(reading, line, (size_t)(newline - line));

			if (r != 0)
				return r;
			skipping = false;
			line = newline + 1;
		}
		held -= (size_t)(line - buffer);
		if (held > LEDGER_REPORT_MAX) {
			skipping = true;
			held = 0;
		}
		memmove(buffer, line, held);
	}
}

int journal_each(const struct host *host, const char *id,
		 int (*each)(struct json *report, const char *line, void *data), void *data, struct error *err)
{
	struct reading_journal reading = {.id = id, .each = each, .data = data};
	_cleanup_close_ int fd = -1;
	int r = 0;

	find_pending(host, id, &reading.pending);
	fd = open_journal(host, err);
	if (fd >= 0)
		r = read_forwards(fd, &reading, "reports.jsonl", err);
	else if (fd != -ENOENT)
		r = fd;
	for (int i = 0; r == 0 && i < reading.pending.count; i++)
		if (reading.pending.reports[i].length > 0)
			r = take_line(&reading, reading.pending.reports[i].line, reading.pending.reports[i].length);
	pending_clear(&reading.pending);
	return r;
}

/* The last report among the whole lines in `buffer`. */
static struct json_doc *last_line(const char *buffer, size_t length, const char *id)
{
	while (length > 0) {
		const char *newline = memrchr(buffer, '\n', length - 1);
		const char *line = newline ? newline + 1 : buffer;
		struct json_doc *doc = parse_line(line, length - 1 - (size_t)(line - buffer), id);

		if (doc)
			return doc;
		length = (size_t)(line - buffer);
	}
	return NULL;
}

/* `end` goes back from newline to newline, by as many whole lines as fit what is read at once. */
static int read_backwards(int fd, off_t end, const char *id, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_free_ char *buffer = malloc(READ_BYTES);

	if (!buffer)
		return error_set(err, ENOMEM, "read reports.jsonl: out of memory");
	while (end > 0) {
		off_t start = end > READ_BYTES ? end - READ_BYTES : 0;
		ssize_t n = read_at(fd, buffer, (size_t)(end - start), start);
		const char *first, *last;

		if (n <= 0)
			return n < 0 ? error_errno(err, (int)-n, "read reports.jsonl") : -ENOENT;
		last = memrchr(buffer, '\n', (size_t)n);
		first = start == 0 ? buffer : memchr(buffer, '\n', (size_t)n);
		if (first && start > 0)
			first++;
		if (!last || first > last) { /* within a line longer than any report */
			end = start;
			continue;
		}
		*ret_doc = last_line(first, (size_t)(last + 1 - first), id);
		if (*ret_doc)
			return 0;
		end = start + (first - buffer);
	}
	return -ENOENT;
}

static int last_in_journal(const struct host *host, const char *id, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_close_ int fd = open_journal(host, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at %s/reports.jsonl", host->log_dir);
	return read_backwards(fd, st.st_size, id, ret_doc, err);
}

static struct json_doc *last_pending(const struct host *host, const char *id)
{
	struct json_doc *doc = NULL;
	struct pending pending;

	find_pending(host, id, &pending);
	for (int i = pending.count - 1; !doc && i >= 0; i--)
		doc = parse_line(pending.reports[i].line, pending.reports[i].length, id);
	pending_clear(&pending);
	return doc;
}

/* RFC 3339 in UTC with nine decimals: the later moment is the greater text. */
static bool ended_later(struct json_doc *a, struct json_doc *b)
{
	return strcmp(report_text(json_root(a), "ended", ""), report_text(json_root(b), "ended", "")) > 0;
}

int journal_last(const struct host *host, const char *id, struct json_doc **ret_report, struct error *err)
{
	_cleanup_json_ struct json_doc *waiting = last_pending(host, id), *appended = NULL;
	int r = last_in_journal(host, id, &appended, err);

	if (r < 0 && r != -ENOENT && !waiting)
		return r;
	if (!waiting && !appended)
		return id ? error_set(err, ENOENT, "there is no report of %s", id) :
			    error_set(err, ENOENT, "there is no report yet");
	if (!waiting || (appended && ended_later(appended, waiting)))
		*ret_report = steal_ptr(&appended);
	else
		*ret_report = steal_ptr(&waiting);
	return 0;
}
