/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines: JSON that stays JSON whatever the message, however short the place. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/log.h"

static const uint64_t moment = UINT64_C(1764036912) * 1000000000u + 5;

Test(log, forms)
{
	char line[256];

	cr_assert_eq(log_line(LOG_TEXT, "error", "it \"failed\"\nbadly", moment, line, sizeof line), strlen(line));
	cr_assert_str_eq(line,
		"time=\"2025-11-25T02:15:12.000000005Z\" level=error msg=\"it \\\"failed\\\"\\nbadly\"\n");
	cr_assert_eq(log_line(LOG_JSON, "warning", "a\\b\t", moment, line, sizeof line), strlen(line));
	cr_assert_str_eq(line,
		"{\"level\":\"warning\",\"msg\":\"a\\\\b\\t\",\"time\":\"2025-11-25T02:15:12.000000005Z\"}\n");
}

Test(log, any_message_at_any_size_is_one_line_of_json)
{
	static const char *const messages[] = {
		"", "plain", "\"\"\"\"\"\"\"\"", "\\\\\\\\\\\\", "\n\r\t\x01\x1f\x7f",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
		"\xff\xfe\xed\xa0\x80\xc3", "a\xe2\x82",
	};

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		for (size_t size = 0; size < 160; size++) {
			_cleanup_json_ struct json_doc *doc = NULL;
			char line[168];
			struct error err = {0};
			size_t length;

			memset(line, '#', sizeof line);
			length = log_line(LOG_JSON, "error", messages[i], moment, line, size);
			cr_assert_eq(line[size], '#', "message %zu in %zu bytes", i, size);
			if (length == 0) {
				cr_assert_lt(size, 80, "there was place enough");
				continue;
			}
			cr_assert_lt(length, size);
			cr_assert_eq(strlen(line), length);
			cr_assert_eq(strchr(line, '\n'), line + length - 1);
			cr_assert_eq(json_parse("line", line, length, &doc, &err), 0, "%s: %s", line, err.text);
			cr_assert_not_null(json_string(json_get(json_root(doc), "msg")));
			cr_assert_str_eq(json_string(json_get(json_root(doc), "level")), "error");
		}
}

Test(log, a_whole_message_comes_through)
{
	static const char message[] = "\"q\" \\ \n\t\x01\x7f \xc3\xa4\xf0\x9f\x98\x80";
	_cleanup_json_ struct json_doc *doc = NULL;
	char line[256];
	size_t length = log_line(LOG_JSON, "error", message, moment, line, sizeof line);

	cr_assert_eq(json_parse("line", line, length, &doc, NULL), 0);
	cr_assert_str_eq(json_string(json_get(json_root(doc), "msg")), message);
	cr_assert_str_eq(json_string(json_get(json_root(doc), "time")), "2025-11-25T02:15:12.000000005Z");
}
