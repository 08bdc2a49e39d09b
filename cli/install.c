/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint install ENGINE` and `stint uninstall ENGINE`: telling an engine of stint, and taking it back. */
#include "cli/install.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "lib/base/units.h"

static const struct engine *const engines[] = {&engine_docker, &engine_containerd, &engine_podman, &engine_crio};

struct request {
	const struct engine *engine;
	bool as_default, hooks, dry_run;
};

static int with_installation(const struct host *host, const struct request *request,
			     int (*work)(struct installation *inst, bool dry_run, struct error *err))
{
	_cleanup_free_ struct installation *inst = calloc(1, sizeof *inst);
	struct error err = {0};
	int r;

	if (!inst) {
		(void)error_set(&err, ENOMEM, "out of memory");
		return cli_fail(EXIT_STINT, &err);
	}
	inst->host = host;
	inst->engine = request->engine;
	inst->as_default = request->as_default;
	inst->hooks = request->hooks;
	r = work(inst, request->dry_run, &err);
	installation_clear(inst);
	if (r >= 0)
		return EXIT_OK;
	(void)error_prefix(&err, "%s %s", work == install_into ? "install" : "uninstall", request->engine->files->name);
	return cli_fail(EXIT_STINT, &err);
}

static bool is_installed(const struct host *host, const struct engine *engine)
{
	_cleanup_record_ struct record record = {0};

	return record_read(host, engine->files->name, &record, NULL) == 0 && record.finished;
}

/* What has not been tried does not become what everybody's containers run under: first it is there by name only. */
static int install_as_asked(const struct host *host, const struct request *request)
{
	struct request by_name = *request;
	bool first = request->as_default && !request->dry_run && !is_installed(host, request->engine);
	int status = EXIT_OK;

	by_name.as_default = false;
	if (first)
		status = with_installation(host, &by_name, install_into);
	if (status == EXIT_OK)
		status = with_installation(host, request, install_into);
	if (status != EXIT_OK && first && is_installed(host, request->engine))
		(void)with_installation(host, &by_name, uninstall_from);
	return status;
}

static int uninstall_as_asked(const struct host *host, const struct request *request)
{
	return with_installation(host, request, uninstall_from);
}

static int alone(const struct host *host, const struct request *request,
		 int (*work)(const struct host *host, const struct request *request))
{
	_cleanup_close_ int lock = -1;
	struct error err = {0};

	if (request->dry_run || record_lock(host, &lock, &err) == 0)
		return work(host, request);
	if (geteuid() != 0)
		(void)error_prefix(&err, "run it as root");
	return cli_fail(EXIT_STINT, &err);
}

static int find_engine(const struct verb *verb, int argc, char **argv, const struct engine **ret_engine)
{
	const char *names[ARRAY_SIZE(engines) + 1] = {NULL}, *near;

	if (argc - optind != 1)
		return cli_usage_error(verb, "which engine? One of docker, containerd, podman, crio");
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		names[i] = engines[i]->files->name;
		if (strcmp(argv[optind], engines[i]->files->name) == 0) {
			*ret_engine = engines[i];
			return EXIT_OK;
		}
	}
	near = nearest_name(argv[optind], names);
	return cli_usage_error(verb, "there is no engine '%s'; %s%s", argv[optind],
			       near ? "did you mean " : "stint knows docker, containerd, podman and crio",
			       near ? near : "");
}

/* Negative: go on; else the exit status. */
static int parse(const struct verb *verb, const struct option *options, int argc, char **argv, struct request *request)
{
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":nh", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			request->as_default = true;
			break;
		case 'n':
			request->dry_run = true;
			break;
		case 'k':
			request->hooks = true;
			break;
		case 'h':
			return cli_help(verb);
		default:
			return cli_option_error(verb, option, argv, options);
		}
	}
	status = find_engine(verb, argc, argv, &request->engine);
	return status == EXIT_OK ? -1 : status;
}

static int run_install(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {{"as-default", no_argument, NULL, 'd'},
						{"dry-run", no_argument, NULL, 'n'},
						{"hooks", no_argument, NULL, 'k'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct request request = {0};
	int status = parse(&verb_install, options, argc, argv, &request);

	if (status >= 0)
		return status;
	if (request.hooks && !request.engine->has_hooks)
		return cli_usage_error(&verb_install, "--hooks is for podman; %s has stint as a runtime",
				       request.engine->files->name);
	return alone(host, &request, install_as_asked);
}

static int run_uninstall(const struct host *host, int argc, char **argv)
{
	static const struct option options[] = {
		{"dry-run", no_argument, NULL, 'n'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct request request = {0};
	int status = parse(&verb_uninstall, options, argc, argv, &request);

	return status >= 0 ? status : alone(host, &request, uninstall_as_asked);
}

const struct verb verb_install = {
	.name = "install",
	.synopsis = "install docker|containerd|podman|crio [--dry-run] [--as-default] [--hooks]",
	.summary = "Tells an engine of stint, as its runtime \"stint\".",
	.help = "Keeps everything else of the engine's configuration, lets the engine check the result, and runs a\n"
		"container under it where the engine can be reached. When either fails the files are put back. What\n"
		"was there before is kept in /var/lib/stint/install; a second time changes nothing.\n"
		"\n"
		"  -n, --dry-run     print what would be changed, as a unified diff, and change nothing\n"
		"      --as-default  every new container runs under stint, not only those that ask for it\n"
		"      --hooks       podman: stint's hooks too, for containers whose runtime is another\n"
		"  -h, --help        this text\n"
		"\n"
		"Exit status: 0; 2 for a usage error; 125 when it failed: the error says what, and the files are as "
		"before.\n"
		"\n"
		"Example:\n"
		"  stint install docker --dry-run && stint install docker && docker run --runtime stint IMAGE\n",
	.run = run_install,
};

const struct verb verb_uninstall = {
	.name = "uninstall",
	.synopsis = "uninstall docker|containerd|podman|crio [--dry-run]",
	.summary = "Takes out of an engine what 'stint install' put there.",
	.help = "Files that nobody changed since are put back as they were; out of others stint's part is taken.\n"
		"\n"
		"  -n, --dry-run  print what would be changed, as a unified diff, and change nothing\n"
		"  -h, --help     this text\n"
		"\n"
		"Exit status: 0; 2 for a usage error; 125 when it failed: the error says what.\n"
		"\n"
		"Example:\n"
		"  stint uninstall docker\n",
	.run = run_uninstall,
};
