/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the host's configuration, by a table of its keys. */
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/entry.h"
#include "lib/profile/internal.h"
#include "lib/profile/keys.h"
#include "lib/profile/select.h"

static int check_profile_name(const struct reader *reader, const struct json *node)
{
	/* A relative path would depend on who calls. */
	if (node->text[0] == '/' || profile_name_valid(node->text))
		return 0;
	return refuse(reader, node, "the name of a profile or an absolute path is wanted, not \"%.64s\"", node->text);
}

static int read_runtime(struct reader *reader, const struct json *node, const struct key *key)
{
	struct host_config *config = reader->target;

	(void)key;
	if (node->text[0] != '/' || strlen(node->text) >= PATH_MAX)
		return refuse(reader, node, "the absolute path of a runtime is wanted, not \"%.64s\"", node->text);
	config->runtime = node->text;
	return 0;
}

static int read_default_profile(struct reader *reader, const struct json *node, const struct key *key)
{
	struct host_config *config = reader->target;

	(void)key;
	config->default_profile = node->text;
	return check_profile_name(reader, node);
}

static int read_ceiling(struct reader *reader, const struct json *node, const struct key *key)
{
	struct host_config *config = reader->target;

	(void)key;
	config->has_ceiling = true;
	return profile_parse(node, reader->file, "ceiling", true, &config->ceiling, NULL, reader->err);
}

static int read_glob(struct reader *reader, const struct json *node, const struct key *key)
{
	(void)reader, (void)node, (void)key;
	return 0; /* every text is a glob */
}

static int read_globs(struct reader *reader, const struct json *node, const struct key *key)
{
	(void)key;
	json_each(condition, node)
		if (condition->type != JSON_STRING)
			return refuse(reader, condition, "a string (a glob) is wanted, not %s",
				      json_type_name(condition->type));
	return 0;
}

static int read_network(struct reader *reader, const struct json *node, const struct key *key)
{
	int i = read_choice(reader, node, "network", workload_networks);

	(void)key;
	return i < 0 ? i : 0;
}

static int read_rule_profile(struct reader *reader, const struct json *node, const struct key *key)
{
	(void)key;
	return check_profile_name(reader, node);
}

static int read_select(struct reader *reader, const struct json *node, const struct key *key)
{
	static const struct key rule_keys[] = {
		{.name = "image", .types = TYPE(JSON_STRING), .read = read_glob},
		{.name = "namespace", .types = TYPE(JSON_STRING), .read = read_glob},
		{.name = "annotation", .types = TYPE(JSON_OBJECT), .read = read_globs},
		{.name = "args", .types = TYPE(JSON_STRING), .read = read_glob},
		{.name = "env", .types = TYPE(JSON_OBJECT), .read = read_globs},
		{.name = "cgroupParent", .types = TYPE(JSON_STRING), .read = read_glob},
		{.name = "network", .types = TYPE(JSON_STRING), .read = read_network},
		{.name = "rootfs", .types = TYPE(JSON_STRING), .read = read_glob},
		{.name = "id", .types = TYPE(JSON_STRING), .read = read_glob},
		{.name = "hostname", .types = TYPE(JSON_STRING), .read = read_glob},
		{.name = "profile", .types = TYPE(JSON_STRING), .read = read_rule_profile},
	};
	struct host_config *config = reader->target;

	(void)key;
	json_each(rule, node) {
		int r = read_object(reader, rule, rule_keys, ARRAY_SIZE(rule_keys));

		if (r < 0)
			return r;
		if (!json_get(rule, "profile"))
			return refuse(reader, rule, "the rule names no \"profile\"");
	}
	config->select = node;
	return 0;
}

static int check_service(const struct reader *reader, const struct json *service)
{
	struct net_entry entry;
	struct error err = {0};

	if (!net_service_name_valid(service->key))
		return refuse(reader, service, "the name of a service has small letters, digits and \"-\", begins with a letter, and is "
					       "no word of network rules");
	if (service->type != JSON_ARRAY)
		return refuse(reader, service, "an array of entries such as \"10.0.0.5 tcp 5432\" is wanted");
	json_each(text, service) {
		if (text->type != JSON_STRING)
			return refuse(reader, text, "a string is wanted, not %s", json_type_name(text->type));
		if (net_entry_parse(text->text, &entry, &err) < 0)
			return refuse(reader, text, "%s", err.text);
		if (entry.kind == NET_ENTRY_SERVICE)
			return refuse(reader, text, "\"%s\" is no address and no host name; a service is made of those and names no other",
				      entry.name);
	}
	return 0;
}

static int read_services(struct reader *reader, const struct json *node, const struct key *key)
{
	struct host_config *config = reader->target;
	int r = 0;

	(void)key;
	json_each(service, node)
		if (r == 0)
			r = check_service(reader, service);
	config->services = node;
	return r;
}

static int read_on_unenforceable(struct reader *reader, const struct json *node, const struct key *key)
{
	static const char *const names[] = {"refuse", "warn", NULL};
	struct host_config *config = reader->target;
	int i = read_choice(reader, node, "choice", names);

	(void)key;
	config->refuse_unenforceable = i != 1;
	return i < 0 ? i : 0;
}

static int read_on_monitor_loss(struct reader *reader, const struct json *node, const struct key *key)
{
	static const char *const names[] = {"kill", "continue", NULL};
	struct host_config *config = reader->target;
	int i = read_choice(reader, node, "choice", names);

	(void)key;
	config->kill_on_monitor_loss = i != 1;
	return i < 0 ? i : 0;
}

static int read_privileged(struct reader *reader, const struct json *node, const struct key *key)
{
	static const char *const names[] = {
		[PRIVILEGED_ALLOW] = "allow", [PRIVILEGED_TIGHTEN] = "tighten", [PRIVILEGED_REFUSE] = "refuse", NULL};
	struct host_config *config = reader->target;
	int i = read_choice(reader, node, "choice", names);

	(void)key;
	if (i < 0)
		return i;
	config->privileged = (enum privileged)i;
	return 0;
}

static int read_recorder(struct reader *reader, const struct json *node, const struct key *key)
{
	static const char *const names[] = {"ebpf", "notify", NULL};
	struct host_config *config = reader->target;
	int i = read_choice(reader, node, "recorder", names);

	(void)key;
	config->recorder = i == 1 ? RECORDER_NOTIFY : RECORDER_EBPF;
	return i < 0 ? i : 0;
}

static int read_allow_annotations(struct reader *reader, const struct json *node, const struct key *key)
{
	struct host_config *config = reader->target;

	(void)key;
	config->allow_annotations = node;
	return check_strings(reader, node);
}

static const struct key keys[] = {
	{.name = "runtime", .types = TYPE(JSON_STRING), .read = read_runtime},
	{.name = "defaultProfile", .types = TYPE(JSON_STRING), .read = read_default_profile},
	{.name = "ceiling", .types = TYPE(JSON_OBJECT), .read = read_ceiling},
	{.name = "select", .types = TYPE(JSON_ARRAY), .read = read_select},
	{.name = "services", .types = TYPE(JSON_OBJECT), .read = read_services},
	{.name = "onUnenforceable", .types = TYPE(JSON_STRING), .read = read_on_unenforceable},
	{.name = "onMonitorLoss", .types = TYPE(JSON_STRING), .read = read_on_monitor_loss},
	{.name = "privileged", .types = TYPE(JSON_STRING), .read = read_privileged},
	{.name = "recorder", .types = TYPE(JSON_STRING), .read = read_recorder},
	{.name = "allowAnnotations", .types = TYPE(JSON_ARRAY), .read = read_allow_annotations},
};

int host_config_load(const struct host *host, struct host_config *ret_config, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct host_config config = {.refuse_unenforceable = true, .kill_on_monitor_loss = true};
	char path[PATH_MAX + sizeof "/stint.json"];
	struct reader reader = {.file = path, .from = "stint.json", .target = &config, .err = err};
	int r;

	profile_init(&config.ceiling, "ceiling");
	(void)snprintf(path, sizeof path, "%s/stint.json", host->config_dir);
	r = document_open(path, true, &doc, NULL, err);
	if (r == 0)
		r = read_object(&reader, json_root(doc), keys, ARRAY_SIZE(keys));
	if (r < 0 && (r != -ENOENT || doc))
		return r;
	if (r < 0 && err)
		*err = (struct error){0}; /* no file is no error */
	config.doc = steal_ptr(&doc);
	*ret_config = config;
	return 0;
}

void host_config_clear(struct host_config *config)
{
	json_doc_free(config->doc);
	*config = (struct host_config){0};
}
