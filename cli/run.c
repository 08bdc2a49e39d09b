/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stint run: from the command line to a prepared container. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "cli/options.h"
#include "cli/run.h"
#include "lib/oci/config.h"

struct run_options {
	const char *profile, *runtime, *report, *id, *rootfs;
	struct budget_options budgets;
	bool writable, record, help;
	const char *bundle;
	char *const *command;
};

enum { OPT_PROFILE = 256, OPT_BUDGET, OPT_RUNTIME, OPT_REPORT, OPT_ID, OPT_ROOTFS, OPT_WRITABLE, OPT_RECORD };

static const struct option long_options[] = {
	{"profile", required_argument, NULL, OPT_PROFILE},
	{"budget", required_argument, NULL, OPT_BUDGET},
	{"runtime", required_argument, NULL, OPT_RUNTIME},
	{"report", required_argument, NULL, OPT_REPORT},
	{"id", required_argument, NULL, OPT_ID},
	{"rootfs", required_argument, NULL, OPT_ROOTFS},
	{"writable", no_argument, NULL, OPT_WRITABLE},
	{"record", no_argument, NULL, OPT_RECORD},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* One option; EXIT_OK: go on. */
static int take_option(struct run_options *options, int option, char **argv)
{
	switch (option) {
	case OPT_PROFILE:
		options->profile = optarg;
		return EXIT_OK;
	case OPT_BUDGET:
		return cli_add_budget(&verb_run, optarg, &options->budgets);
	case OPT_RUNTIME:
		options->runtime = optarg;
		return EXIT_OK;
	case OPT_REPORT:
		options->report = optarg;
		return EXIT_OK;
	case OPT_ID:
		options->id = optarg;
		return EXIT_OK;
	case OPT_ROOTFS:
		options->rootfs = optarg;
		return EXIT_OK;
	case OPT_WRITABLE:
		options->writable = true;
		return EXIT_OK;
	case OPT_RECORD:
		options->record = true;
		return EXIT_OK;
	default:
		return cli_option_error(&verb_run, option, argv, long_options);
	}
}

static int parse(int argc, char **argv, struct run_options *options)
{
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", long_options, NULL)) != -1) {
		if (option == 'h') {
			options->help = true;
			return EXIT_OK;
		}
		status = take_option(options, option, argv);
		if (status != EXIT_OK)
			return status;
	}
	if (options->rootfs) {
		options->command = argv + optind;
		return *options->command ? EXIT_OK :
			       cli_usage_error(&verb_run, "--rootfs needs a command: --rootfs DIR -- CMD [ARG...]");
	}
	if (options->writable)
		return cli_usage_error(&verb_run, "--writable goes with --rootfs; a bundle says it in its config.json");
	if (optind != argc - 1)
		return cli_usage_error(&verb_run, optind == argc ?
			"which bundle? Give the directory that holds config.json" : "one bundle at a time");
	options->bundle = argv[optind];
	return EXIT_OK;
}

/* The config and the directory its relative paths are relative to. */
static int read_config(const struct run_options *options, char bundle[PATH_MAX], struct json_doc **ret_doc,
		       struct error *err)
{
	const char *path = options->rootfs ? options->rootfs : options->bundle;
	struct stat st;
	int r;

	if (options->bundle) {
		r = config_read(options->bundle, ret_doc, err);
		if (r < 0)
			return r;
	}
	if (!realpath(path, bundle))
		return error_errno(err, errno, "run %s", path);
	if (!options->rootfs)
		return 0;
	if (stat(bundle, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, ENOTDIR, "run in %s: it is not a directory", path);
	return rootfs_config(bundle, options->writable, isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
			     options->command, ret_doc, err);
}

static int choose_id(const struct run_options *options, char id[32], const char **ret_id, struct error *err)
{
	uint32_t random;

	if (options->id) {
		*ret_id = options->id;
		return container_id_check(options->id, err);
	}
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return error_errno(err, errno, "make up an id");
	(void)snprintf(id, 32, "stint-%08x", random);
	*ret_id = id;
	return 0;
}

/* A --report that cannot be written is said before anything runs. */
static int check_report(const char *report, char path[PATH_MAX], const char **ret_path, struct error *err)
{
	char cwd[PATH_MAX];
	int fd;

	*ret_path = NULL;
	if (!report || strcmp(report, "-") == 0)
		return 0;
	if (report[0] != '/' && !getcwd(cwd, sizeof cwd))
		return error_errno(err, errno, "find the current directory");
	if (snprintf(path, PATH_MAX, "%s%s%s", report[0] == '/' ? "" : cwd, report[0] == '/' ? "" : "/",
		     report) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "write the report to %.80s…: the path is too long", report);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, errno, "write the report to %s", report);
	(void)close(fd);
	*ret_path = path;
	return 0;
}

struct run {
	struct host_config host_config;
	struct cgroup_layout layout;
	struct plan plan;
	struct json_doc *config;
	char bundle[PATH_MAX], runtime[PATH_MAX], report[PATH_MAX], made_id[32];
	const char *id;
	struct launch launch;
};

static int prepare(const struct host *host, const struct run_options *options, struct run *run,
		   struct error *err)
{
	struct plan_request request = {.profile = options->profile, .budgets = options->budgets.values, .record = options->record};
	struct launch_request launch = {.host = host, .host_config = &run->host_config, .layout = &run->layout,
					.plan = &run->plan, .runtime = run->runtime, .bundle = run->bundle,
					.launcher = LAUNCHER_RUN, .launcher_guards = true, .monitor = -1};
	int r = choose_id(options, run->made_id, &run->id, err);

	if (r == 0)
		r = host_root_check(err);
	if (r == 0)
		r = host_config_load(host, &run->host_config, err);
	if (r == 0)
		r = cgroup_layout_read(host, &run->layout, err);
	if (r == 0)
		r = runtime_find(&run->host_config, options->runtime, run->runtime, err);
	if (r == 0)
		r = read_config(options, run->bundle, &run->config, err);
	if (r == 0)
		r = config_check(json_root(run->config), err);
	if (r == 0)
		r = check_report(options->report, run->report, &launch.report_file, err);
	request.id = run->id;
	request.bundle = run->bundle;
	request.runtime = run->runtime;
	if (r == 0)
		r = plan_make(host, &run->host_config, &run->layout, json_root(run->config), &request,
			      PLAN_WRAPPER, &run->plan, err);
	if (r < 0)
		return r;
	launch.config = run->config;
	launch.id = run->id;
	return launch_prepare(&launch, &run->launch, err);
}

static int run_main(const struct host *host, int argc, char **argv)
{
	struct run_options options = {0};
	struct error err = {0};
	struct run *run;
	int status = parse(argc, argv, &options), r;

	if (status != EXIT_OK)
		return status;
	if (options.help)
		return cli_help(&verb_run);
	run = calloc(1, sizeof *run);
	if (!run) {
		(void)error_set(&err, ENOMEM, "run a container: out of memory");
		return cli_fail(EXIT_STINT, &err);
	}
	r = prepare(host, &options, run, &err);
	if (r < 0)
		status = cli_fail(EXIT_STINT, &err);
	else
		status = run_foreground(host, &run->launch, run->id, run->runtime,
					options.report && strcmp(options.report, "-") == 0);
	json_doc_free(run->config);
	host_config_clear(&run->host_config);
	free(run);
	return status;
}

const struct verb verb_run = {
	.name = "run",
	.synopsis = "run [OPTION]... BUNDLE\n       stint run [OPTION]... --rootfs DIR -- CMD [ARG...]",
	.summary = "Runs a container on an allotment, and stops it when a budget is spent.",
	.help =
		"      --profile NAME|FILE  the profile; without it the one that the host's configuration\n"
		"                           selects, and without that 'default'\n"
		"      --budget NAME=LIMIT  in place of the profile's value, below the host's ceiling; may be\n"
		"                           repeated: wall=30s cpu=2s memory=256MiB pids=64 cpuRate=30s/1m\n"
		"                           memoryTime=64GiB.s\n"
		"      --runtime NAME|PATH  runc, crun, or a path; without it the host configuration's, else\n"
		"                           crun, else runc\n"
		"      --report FILE|-      append the report to FILE too, or print it on standard output\n"
		"      --id ID              the container's id; without it one is made up\n"
		"      --record             write down what it asks of the kernel: 'stint record show ID'\n"
		"      --rootfs DIR         make a bundle on the spot: DIR is the root, read-only\n"
		"      --writable           with --rootfs: DIR may be written\n"
		"  -h, --help               this text\n"
		"\n"
		"The bundle's config.json is not changed: the runtime reads an edited copy.\n"
		"'stint explain BUNDLE' shows what would be applied, and who asked for it.\n"
		"\n"
		"Exit status: the container's own; 137 when stint killed it; 2 for a usage error; 125 when stint\n"
		"failed; 126 when the command cannot be executed; 127 when it is not there.\n"
		"\n"
		"Examples:\n"
		"  stint run --profile function ./bundle\n"
		"  stint run --budget cpu=2s --budget memory=64MiB --rootfs ./rootfs -- /bin/sh\n",
	.run = run_main,
};
