/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint record`: what a container asks of the kernel, written down. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "cli/cli.h"
#include "cli/live.h"
#include "cli/options.h"
#include "cli/profile.h"
#include "cli/recording.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/units.h"
#include "lib/launch/launch.h"
#include "lib/net/protocol.h"
#include "lib/oci/config.h"
#include "lib/plan/learned.h"
#include "lib/record/store.h"
#include "lib/report/fields.h"

static int find_live(const struct host *host, const char **id, char full[132], int *ret_dirfd, struct live *ret_live)
{
	struct cgroup_layout layout;
	struct error err = {0};
	int status = live_name(host, id, full), r;

	if (status != EXIT_OK)
		return status;
	r = live_find(host, *id, ret_dirfd, &err);
	if (r == -ENOENT)
		return live_unknown(host, *id, "there is no container", EXIT_DIFFERS);
	if (r == 0)
		r = cgroup_layout_read(host, &layout, &err);
	if (r == 0)
		r = live_open(host, &layout, *ret_dirfd, ret_live, &err);
	return r < 0 ? cli_fail(EXIT_STINT, &err) : EXIT_OK;
}

/* The config that its runtime was given says what it is. */
static int read_config(int dirfd, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_close_ int bundle = openat(dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r;

	if (bundle < 0)
		return error_set(err, ENOTSUP, "record it: it was started by a hook, and can be recorded from its start only: "
					       "\"record\": true in its profile, or the annotation io.stint.record");
	r = file_read(bundle, "config.json", JSON_MAX_BYTES, &text, &length, err);
	return r < 0 ? r : json_parse("config.json", text, length, ret_doc, err);
}

static int start(const struct host *host, const char *id)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_close_ int dirfd = -1;
	char workload[FINGERPRINT_MAX], full[132];
	struct recorder_request request = {.workload = workload, .watch = WATCH_RECORD};
	struct host_config config = {0};
	struct error err = {0};
	struct live live;
	int r = find_live(host, &id, full, &dirfd, &live);

	if (r != EXIT_OK)
		return r;
	request.key = live.plan->key;
	r = read_config(dirfd, &doc, &err);
	if (r == 0)
		r = plan_find_workload(json_root(doc), NULL, workload, &err);
	if (r == 0)
		r = host_config_load(host, &config, &err);
	request.recorder = config.recorder;
	request.no_new_privileges = r == 0 && config_has_no_new_privileges(json_root(doc));
	if (r == 0)
		r = recorder_start(host, &request, NULL, &err);
	live_close(&live);
	host_config_clear(&config);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	printf("%s is being recorded, until it ends or 'stint record stop %s'\n", id, id);
	return EXIT_OK;
}

/* The recorder holds a lock on the marker as long as it writes. */
static bool wait_for_end(int marker)
{
	enum { TRIES = 1000, PAUSE_US = 10000 };

	for (int i = 0; i < TRIES; i++) {
		if (flock(marker, LOCK_SH | LOCK_NB) == 0)
			return true;
		(void)usleep(PAUSE_US);
	}
	return false;
}

static int stop(const struct host *host, const char *id)
{
	_cleanup_close_ int dirfd = -1, marker = -1;
	struct live live;
	char full[132];
	int status = find_live(host, &id, full, &dirfd, &live);

	if (status != EXIT_OK)
		return status;
	live_close(&live);
	marker = openat(dirfd, RECORDING_MARKER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (marker < 0 || unlinkat(dirfd, RECORDING_MARKER, 0) < 0) {
		fprintf(stderr, "stint: %s is not being recorded\n", id);
		return EXIT_DIFFERS;
	}
	if (!wait_for_end(marker)) {
		fprintf(stderr, "stint: %s: the recorder does not end; what it wrote last is kept\n", id);
		return EXIT_STINT;
	}
	printf("%s is not being recorded any more; 'stint record show %s' shows what it asked for\n", id, id);
	return EXIT_OK;
}

/* --- show --- */

static void print_heading(const char *name, unsigned count)
{
	printf("\n%s (%u)\n", name, count);
}

static void print_calls(const struct needs *needs, enum call_abi abi, const char *heading)
{
	struct name_columns columns = {0};
	unsigned count = 0;

	for (unsigned i = 0; i < needs->count; i++)
		count += needs->list[i].kind == NEED_CALL && needs->list[i].abi == abi;
	if (!count)
		return;
	print_heading(heading, count);
	for (unsigned i = 0; i < needs->count; i++)
		if (needs->list[i].kind == NEED_CALL && needs->list[i].abi == abi)
			name_columns_put(&columns, needs->list[i].name);
	name_columns_end(&columns);
}

static void print_kind(const struct needs *needs, enum need_kind kind, const char *heading)
{
	char text[NEED_TEXT_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < needs->count; i++)
		count += needs->list[i].kind == kind;
	if (!count)
		return;
	print_heading(heading, count);
	for (unsigned i = 0; i < needs->count; i++) {
		const struct need *need = &needs->list[i];

		if (need->kind == kind)
			printf("  %-32s  %s\n", need_text(need, text), need->program);
	}
}

static void print_endpoint(const struct endpoint *endpoint)
{
	char who[INET6_ADDRSTRLEN] = "any", port[8] = "", bytes[UNIT_TEXT_MAX];
	const char *protocol = protocol_name(endpoint->protocol);

	if (endpoint->direction == NET_EGRESS)
		(void)inet_ntop(endpoint->family, endpoint->address, who, sizeof who);
	else if (endpoint->from_private)
		(void)snprintf(who, sizeof who, "private");
	if (protocol_has_ports(endpoint->protocol))
		(void)snprintf(port, sizeof port, " %u", endpoint->port);
	printf("  %-7s  %s ", endpoint->direction == NET_EGRESS ? "egress" : "ingress", who);
	if (protocol)
		printf("%s", protocol);
	else
		printf("%u", endpoint->protocol);
	printf("%s  %s in %llu connection%s%s", port, unit_format(UNIT_SIZE, endpoint->bytes, bytes),
	       (unsigned long long)endpoint->connections, endpoint->connections == 1 ? "" : "s", endpoint->resolver ? ", a resolver" : "");
	if (endpoint->name[0] && endpoint->by_name < endpoint->connections)
		printf(", %llu by %s", (unsigned long long)endpoint->by_name, endpoint->name);
	else if (endpoint->name[0])
		printf(", %s", endpoint->name);
	printf("\n");
}

static void print_endpoints(const struct recording *recording)
{
	const struct endpoints *endpoints = &recording->endpoints;

	if (endpoints->count)
		print_heading("Endpoints", endpoints->count);
	for (unsigned i = 0; i < endpoints->count; i++)
		print_endpoint(&endpoints->list[i]);
	if (endpoints->more)
		printf("  and more, for which there was no room\n");
	if (!recording->endpoints_recorded)
		printf("\nEndpoints were not recorded%s: it takes a network namespace of the container's own, and nf_tables\n",
		       endpoints->count ? " to the end" : "");
	else if (!endpoints->count)
		printf("\nIt spoke with nobody\n");
}

static void print_recording(const struct recording *recording)
{
	printf("%s, recorded from %.19sZ ", recording->id ? recording->id : "-", recording->started ? recording->started : "-");
	if (recording->ended)
		printf("to %.19sZ", recording->ended);
	else
		printf("on");
	if (recording->runtime)
		printf(", under %s%s%s", recording->runtime, recording->runtime_version ? " " : "",
		       recording->runtime_version ? recording->runtime_version : "");
	printf("%s\nworkload %s\n", recording->complete ? ", complete" : ", not complete", recording->workload ? recording->workload : "-");
	if (recording->lost)
		printf("%llu things found no room: what is recorded is not all, or not all the workload's\n", (unsigned long long)recording->lost);
	print_calls(&recording->needs, ABI_NATIVE, "System calls");
	print_calls(&recording->needs, ABI_COMPAT, "System calls of 32-bit programs");
	print_calls(&recording->needs, ABI_X32, "System calls of x32 programs");
	print_kind(&recording->needs, NEED_ARGUMENTS, "Arguments, and who gave them first");
	print_kind(&recording->needs, NEED_CAPABILITY, "Capabilities, and who used them first");
	if (!recording->capabilities_recorded)
		printf("\nCapabilities were not recorded: it takes Linux 6.14 and eBPF to see them\n");
	print_endpoints(recording);
}

static int print_json(const struct recording *recording, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *object;
	int r = json_doc_new(&doc, err);

	if (r == 0)
		r = recording_write(recording, doc, &object, err);
	return r < 0 ? r : profile_print_json(object, err);
}

static int show(const struct host *host, const char *id, bool json)
{
	_cleanup_recording_ struct recording recording = {0};
	char workload[STORE_NAME_MAX], run[STORE_NAME_MAX], full[132];
	struct error err = {0};
	int r = live_name(host, &id, full);

	if (r != EXIT_OK)
		return r;
	r = store_find_run(host, id, workload, run, &err);
	if (r == -ENOENT)
		return live_unknown(host, id, "there is no recording of", EXIT_DIFFERS);
	if (r == 0)
		r = store_read_run(host, workload, run, &recording, &err);
	if (r == 0 && json)
		r = print_json(&recording, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	if (!json)
		print_recording(&recording);
	return EXIT_OK;
}

static int run(const struct host *host, int argc, char **argv)
{
	enum { OPT_JSON = 256 };
	static const struct option options[] = {{"json", no_argument, NULL, OPT_JSON},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *what, *id;
	bool json = false;
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return cli_help(&verb_record);
		if (option != OPT_JSON)
			return cli_option_error(&verb_record, option, argv, options);
		json = true;
	}
	if (optind == argc)
		return cli_usage_error(&verb_record, "start, stop or show what?");
	what = argv[optind++];
	status = cli_one_id(&verb_record, argc, argv, 1, &id);
	if (status != EXIT_OK)
		return status;
	if (strcmp(what, "show") == 0)
		return show(host, id, json);
	if (json)
		return cli_usage_error(&verb_record, "--json goes with show");
	if (strcmp(what, "start") == 0)
		return start(host, id);
	if (strcmp(what, "stop") == 0)
		return stop(host, id);
	return cli_usage_error(&verb_record, "record '%s'? It is start, stop or show", what);
}

const struct verb verb_record = {
	.name = "record",
	.synopsis = "record start|stop ID\n       stint record show [--json] ID",
	.summary = "Writes down what a container asks of the kernel, for a seccomp profile of its own.",
	.help =
		"  start ID      from now on; a container that is there. From its first instruction on:\n"
		"                'stint run --record', \"record\": true in its profile, or the annotation\n"
		"                io.stint.record=true\n"
		"  stop ID       no longer; it is over with the container anyway\n"
		"  show ID       the latest recording of that container: system calls, the values of the\n"
		"                arguments that matter, capabilities, and which program asked first; and with\n"
		"                whom it spoke\n"
		"\n"
		"      --json    with show: as JSON, as it is stored\n"
		"  -h, --help    this text\n"
		"\n"
		"One recording is one run of a workload. 'stint profile status' says how much of it several\n"
		"runs have shown, 'stint profile generate' makes a seccomp profile of them.\n"
		"\n"
		"Exit status: 0; 1 when there is no such container or recording; 2 for a usage error; 125 when\n"
		"stint failed.\n"
		"\n"
		"Example:\n"
		"  # stint run --record --id web-1 --rootfs rootfs -- /usr/sbin/nginx -t\n"
		"  # stint record show web-1\n",
	.run = run,
};
