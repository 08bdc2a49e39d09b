/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the journal: the last report, every report, those that still wait in their ledgers. */
#include "tests/unit/journal_fixture.h"

TestSuite(journal_read, .init = make_host, .fini = remove_host);

static int64_t wakeups_of(struct json *report)
{
	int64_t value = -1;

	(void)json_int64(json_find(report, "monitor.wakeups"), &value, NULL);
	return value;
}

static void last_is(const char *id, int64_t wakeups)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(journal_last(&host, id, &doc, &err), 0, "%s: %s", id ? id : "any", err.text);
	cr_assert_eq(wakeups_of(json_root(doc)), wakeups, "%s", id ? id : "any");
}

static void last_is_none(const char *id)
{
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(journal_last(&host, id, &doc, &err), -ENOENT);
	cr_assert_null(doc);
	cr_assert_neq(err.text[0], '\0');
}

/* Appends a report of `id` and forgets its ledger. */
static void past(const char *id, unsigned n)
{
	char key[64];

	(void)snprintf(key, sizeof key, "past-%s-%u", id, n);
	append(ledger_of(key, id, n, NULL));
}

Test(journal_read, last_report_of_an_id)
{
	last_is_none("a");
	last_is_none(NULL);
	past("a", 1);
	past("ab", 2);
	past("a", 3);
	past("b", 4);
	last_is("a", 3);
	last_is("ab", 2);
	last_is(NULL, 4);
	last_is_none("profile-3"); /* it is in the line, but as no id */
}

Test(journal_read, last_report_is_found_far_back_and_between_rubbish)
{
	_cleanup_free_ char *bulk = malloc(400000);

	put_line("{\"id\":\"zero\"}\n{\"id\":\n[]\n\n{\"id\":7}\nnull\n\xff\xfe\n");
	past("old", 1);
	memset(bulk, 'x', 400000); /* one line, longer than is read at once; then many */
	bulk[299999] = '\n';
	for (int i = 300100; i < 400000; i += 100)
		bulk[i] = '\n';
	bulk[399999] = '\n';
	put("reports.jsonl", bulk, 400000);
	for (unsigned n = 2; n < 100; n++)
		past("new", n);
	put_line("{\"version\":1,\"id\":\"old\",\"monitor\":{\"wakeups\":666}}");
	last_is("old", 1); /* the last line is not whole */
	last_is("new", 99);
	{
		_cleanup_json_ struct json_doc *doc = NULL;

		cr_assert_eq(journal_last(&host, "zero", &doc, NULL), 0);
	}
}

Test(journal_read, last_report_that_waits_in_its_ledger)
{
	struct ledger *waiting;

	past("a", 1);
	waiting = ledger_of("waiting", "a", 2, NULL);
	last_is("a", 2);
	last_is(NULL, 2);
	append(waiting);
	last_is("a", 2);
	past("a", 3);
	atomic_store(&waiting->sinks[SINK_JOURNAL].written, 0);
	last_is("a", 3); /* a later one is in the journal */
}

struct seen {
	int64_t wakeups[64];
	int count, stop_after;
	size_t bytes;
};

static int note(struct json *report, const char *line, void *data)
{
	struct seen *seen = data;

	cr_assert_null(strchr(line, '\n'));
	cr_assert_eq(line[strlen(line) - 1], '}');
	seen->wakeups[seen->count++] = wakeups_of(report);
	return seen->count == seen->stop_after ? 77 : 0;
}

Test(journal_read, each_oldest_first_then_those_that_wait)
{
	struct seen all = {0}, of_a = {0}, stopped = {.stop_after = 2};
	_cleanup_free_ char *bulk = malloc(200000);
	struct error err = {0};
	struct ledger *waiting, *marked_late;

	cr_assert_eq(journal_each(&host, NULL, note, &all, &err), 0, "no journal is no failure");
	past("a", 1);
	memset(bulk, 'x', 200000);
	bulk[199999] = '\n';
	put("reports.jsonl", bulk, 200000);
	past("b", 2);
	put_line("rubbish\n\n");
	past("a", 3);
	waiting = ledger_of("later", "a", 5, NULL);
	(void)ledger_of("earlier", "a", 4, NULL);
	marked_late = ledger_of("marked-late", "b", 6, NULL);
	append(marked_late);
	atomic_store(&marked_late->sinks[SINK_JOURNAL].written, 0);
	(void)waiting;
	cr_assert_eq(journal_each(&host, NULL, note, &all, &err), 0, "%s", err.text);
	cr_assert_eq(all.count, 6);
	cr_assert_eq(memcmp(all.wakeups, (int64_t[]){1, 2, 3, 6, 4, 5}, 6 * sizeof(int64_t)), 0);
	cr_assert_eq(journal_each(&host, "a", note, &of_a, &err), 0);
	cr_assert_eq(of_a.count, 4);
	cr_assert_eq(memcmp(of_a.wakeups, (int64_t[]){1, 3, 4, 5}, 4 * sizeof(int64_t)), 0);
	cr_assert_eq(journal_each(&host, NULL, note, &stopped, &err), 77);
	cr_assert_eq(stopped.count, 2);
}
