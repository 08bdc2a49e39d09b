/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a TOML file that stint is to be installed into. What is accepted has its items inside the text and in
 * its order; what is edited is TOML again, and without stint's marks it is what it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/install/edits.h"
#include "lib/install/marked.h"

static const char dump_text[] =
	"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndefault_runtime_name = \"runc\"\n"
	"[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\nruntime_type = \"io.containerd.runc.v2\"\n"
	"[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\nSystemdCgroup = true\n";

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void look(const struct toml *toml)
{
	size_t at = 0;

	for (size_t i = 0; i < toml->count; i++) {
		const struct toml_item *item = &toml->items[i];
		char *string = toml_string(toml, item);

		check(item->start >= at && item->end > item->start && item->end <= toml->length);
		check(item->kind != TOML_PAIR ||
		      (item->value > item->start && item->value_end > item->value && item->value_end <= item->end));
		at = item->end;
		free(string);
		toml_strings_free(toml_strings(toml, item));
	}
}

/* Handlers of stint's own aside, and marks that somebody else wrote. */
static void edit(const char *text, const struct toml *toml, const struct toml *dump)
{
	struct containerd_request request = {
		.runtime = "/s", .dump = dump, .version = containerd_version(toml), .as_default = true};
	struct toml *again = NULL;
	char *edited = NULL, *cut = NULL;
	size_t length = strlen(text);

	if (strstr(text, "stint install:") || containerd_edit("fuzz", text, &request, &edited, NULL) < 0)
		return;
	check(toml_parse("edited", edited, strlen(edited), &again, NULL) == 0);
	check(marked_cut("edited", edited, &cut, NULL) == 0);
	check(strncmp(cut, text, length) == 0 && (cut[length] == '\0' || strcmp(cut + length, "\n") == 0));
	toml_free(again);
	free(edited);
	free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct toml *toml = NULL, *dump = NULL;

	if (toml_parse("fuzz", (const char *)data, size, &toml, NULL) < 0) {
		check(!toml);
		return 0;
	}
	check(toml_parse("dump", dump_text, strlen(dump_text), &dump, NULL) == 0);
	look(toml);
	edit(toml->text, toml, dump);
	toml_free(dump);
	toml_free(toml);
	return 0;
}
