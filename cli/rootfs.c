/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cli/run.h"

static const char template_json[] =
	"{\"ociVersion\":\"1.0.2\","
	"\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},\"args\":[],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"HOME=/root\","
	"\"TERM=xterm\"],\"cwd\":\"/\","
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"effective\":[\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"permitted\":[\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"\",\"readonly\":true},\"hostname\":\"stint\","
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}],"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
	"\"/sys/firmware\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]}}";

int rootfs_config(const char *rootfs, bool writable, bool terminal, char *const *command,
		  struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *root, *process, *args;
	int r = json_parse("the made config.json", template_json, strlen(template_json), &doc, err);

	if (r < 0)
		return r;
	root = json_root(doc);
	process = json_get(root, "process");
	args = json_new(doc, JSON_ARRAY);
	r = args ? 0 : -ENOMEM;
	for (; r == 0 && *command; command++)
		r = json_append(args, json_new_string(doc, *command));
	if (r == 0)
		r = json_set(doc, process, "args", args);
	if (r == 0)
		r = json_set(doc, process, "terminal", json_new_bool(doc, terminal));
	if (r == 0)
		r = json_set(doc, json_get(root, "root"), "path", json_new_string(doc, rootfs));
	if (r == 0)
		r = json_set(doc, json_get(root, "root"), "readonly", json_new_bool(doc, !writable));
	if (r < 0)
		return error_errno(err, -r, "make a config.json for %s", rootfs);
	*ret_doc = steal_ptr(&doc);
	return 0;
}
