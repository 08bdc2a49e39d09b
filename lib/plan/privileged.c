/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/plan/privileged.h"

#include <linux/capability.h>
#include <string.h>

#include "lib/plan/edit.h"
#include "lib/plan/enforce.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* Of a container of Docker's or Podman's that asks for none. */
static const uint64_t ordinary_capabilities =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) | BIT(CAP_FOWNER) | BIT(CAP_MKNOD) | BIT(CAP_NET_RAW) |
	BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETFCAP) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
	BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);

/* Those of the runtime specification's default devices, with making nodes of any, which by itself opens none. Runtimes add
 * them by themselves, but not those for which the config has a node in its linux.devices, and --privileged has all. */
static const struct device {
	bool allow;
	const char *type;   /* NULL: of both kinds */
	int32_t major, minor; /* negative: any */
	const char *access;
} ordinary_devices[] = {
	{false, NULL, -1, -1, "rwm"}, {true, "c", -1, -1, "m"}, {true, "b", -1, -1, "m"},
	{true, "c", 1, 3, "rwm"}, /* null */	{true, "c", 1, 5, "rwm"}, /* zero */
	{true, "c", 1, 7, "rwm"}, /* full */	{true, "c", 1, 8, "rwm"}, /* random */
	{true, "c", 1, 9, "rwm"}, /* urandom */ {true, "c", 5, 0, "rwm"}, /* tty */
	{true, "c", 5, 1, "rwm"}, /* console */ {true, "c", 5, 2, "rwm"}, /* ptmx */
	{true, "c", 136, -1, "rwm"}, /* pts */
};

static const char *const masked[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
	"/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", NULL};
static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL};

static bool has_capability(const struct json *config, int wanted)
{
	json_each(set, json_find(config, "process.capabilities"))
		json_each(name, set)
			if (json_string(name) && capability_from_name(name->text, NULL) == wanted)
				return true;
	return false;
}

/* Absent, and -1: any. */
static bool is_any(const struct json *number)
{
	int64_t value;

	return !number || json_is(number, JSON_NULL) || (json_int64(number, &value, NULL) == 0 && value < 0);
}

/* Of every device of a kind; making nodes alone ("m"), which Docker lets everybody, gives nothing. */
static bool opens_every_device(const struct json *rule)
{
	const struct json *allow = json_get(rule, "allow");
	const char *access = json_string(json_get(rule, "access"));

	return json_is(allow, JSON_BOOL) && allow->boolean && is_any(json_get(rule, "major")) &&
	       is_any(json_get(rule, "minor")) && (!access || strpbrk(access, "rw"));
}

const char *privileged_because(const struct json *config)
{
	const struct json *masked_paths = json_find(config, "linux.maskedPaths");

	json_each(rule, json_find(config, "linux.resources.devices"))
		if (opens_every_device(rule))
			return "it may use every device of the host";
	if (has_capability(config, CAP_SYS_MODULE))
		return "it may load kernel modules (CAP_SYS_MODULE)";
	if (has_capability(config, CAP_SYS_RAWIO))
		return "it may use the host's hardware directly (CAP_SYS_RAWIO)";
	if (has_capability(config, CAP_SYS_ADMIN) && (!masked_paths || !masked_paths->first))
		return "it has CAP_SYS_ADMIN, and nothing of /proc and /sys is masked";
	return NULL;
}

static int tighten(enum plan_mode mode, const char *because, struct plan *plan, struct error *err)
{
	struct profile ordinary;

	if (mode == PLAN_HOOK)
		return error_set(err, ENOTSUP, "tighten a privileged container (%s), as \"privileged\" of stint.json says: a hook comes "
				 "too late for that; use stint-runtime, or Podman's precreate hook", because);
	profile_init(&ordinary, "privileged");
	ordinary.capabilities = (struct capability_setting){true, ordinary_capabilities, "privileged of stint.json"};
	plan->tighten = true;
	plan_warn(plan, "privileged container (%s): tightened to what an ordinary one has", because);
	return profile_meet(&plan->effective, &ordinary, &plan->effective, err);
}

int plan_privileged(enum privileged privileged, const struct json *config, enum plan_mode mode, struct plan *plan,
		    struct error *err)
{
	const char *because = privileged_because(config);

	if (!because)
		return 0;
	switch (privileged) {
	case PRIVILEGED_REFUSE:
		return error_set(err, EPERM, "a privileged container (%s) is not run on this host: \"privileged\" of stint.json is "
				 "\"refuse\"; start it without --privileged and what stands for it", because);
	case PRIVILEGED_TIGHTEN:
		return tighten(mode, because, plan, err);
	case PRIVILEGED_ALLOW:
		break;
	}
	plan_warn(plan, "privileged container: %s", because);
	return 0;
}

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "tighten a privileged container: out of memory");
}

static struct json *device_rule(struct json_doc *doc, const struct device *device)
{
	struct json *rule = json_new(doc, JSON_OBJECT);

	if (json_set(doc, rule, "allow", json_new_bool(doc, device->allow)) < 0 ||
	    (device->type && json_set(doc, rule, "type", json_new_string(doc, device->type)) < 0) ||
	    (device->major >= 0 && json_set(doc, rule, "major", json_new_uint64(doc, (uint64_t)device->major)) < 0) ||
	    (device->minor >= 0 && json_set(doc, rule, "minor", json_new_uint64(doc, (uint64_t)device->minor)) < 0) ||
	    json_set(doc, rule, "access", json_new_string(doc, device->access)) < 0)
		return NULL;
	return rule;
}

/* The last rule that fits a device decides, so what the config says of single ones comes last. */
static int tighten_devices(struct json_doc *doc, struct error *err)
{
	struct json *resources = json_ensure_object(doc, json_get(json_root(doc), "linux"), "resources");
	struct json *rules = json_new(doc, JSON_ARRAY);

	for (size_t i = 0; i < ARRAY_SIZE(ordinary_devices); i++)
		if (json_append(rules, device_rule(doc, &ordinary_devices[i])) < 0)
			return no_memory(err);
	json_each(rule, json_get(resources, "devices"))
		if (!opens_every_device(rule) && json_append(rules, json_copy(doc, rule)) < 0)
			return no_memory(err);
	return !resources || json_set(doc, resources, "devices", rules) < 0 ? no_memory(err) : 0;
}

static bool has_string(const struct json *array, const char *text)
{
	json_each(entry, array)
		if (json_string(entry) && strcmp(entry->text, text) == 0)
			return true;
	return false;
}

static int add_paths(struct json_doc *doc, const char *key, const char *const paths[], struct error *err)
{
	struct json *linux_node = json_get(json_root(doc), "linux"), *list = json_get(linux_node, key);

	if (!json_is(list, JSON_ARRAY)) {
		list = json_new(doc, JSON_ARRAY);
		if (json_set(doc, linux_node, key, list) < 0)
			return no_memory(err);
	}
	for (size_t i = 0; paths[i]; i++)
		if (!has_string(list, paths[i]) && json_append(list, json_new_string(doc, paths[i])) < 0)
			return no_memory(err);
	return 0;
}

static int tighten_mounts(struct json_doc *doc, struct error *err)
{
	int r = 0;

	json_each(mount, json_get(json_root(doc), "mounts")) {
		const char *type = json_string(json_get(mount, "type"));

		if (r == 0 && type && (strcmp(type, "sysfs") == 0 || strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0))
			r = mount_read_only(doc, mount, err);
	}
	return r;
}

int edit_privileged(struct json_doc *doc, struct error *err)
{
	int r = tighten_devices(doc, err);

	if (r == 0)
		r = add_paths(doc, "maskedPaths", masked, err);
	if (r == 0)
		r = add_paths(doc, "readonlyPaths", read_only, err);
	return r < 0 ? r : tighten_mounts(doc, err);
}
