/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/plan/resolvers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/net/prefix.h"

enum {
	NAMESERVERS_MAX = 3,	       /* MAXNS of libc's <resolv.h>; musl has the same */
	RESOLV_CONF_MAX = 64 << 10,
};

static const char resolv_conf[] = "/etc/resolv.conf";

static bool is_loopback(const struct net_prefix *address)
{
	static const struct net_prefix loopback = {AF_INET, 8, {127}}, loopback6 = {AF_INET6, 128, {[15] = 1}};

	return net_prefix_covers(&loopback, address) || net_prefix_covers(&loopback6, address);
}

/* An address, of which the zone ("fe80::1%eth0") does not matter here. */
static bool read_address(const char *word, size_t length, struct net_prefix *ret_address)
{
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < length; i++)
		if (word[i] == '%')
			length = i;
	if (length == 0 || length >= sizeof text || memchr(word, '/', length))
		return false;
	memcpy(text, word, length);
	text[length] = '\0';
	return net_prefix_parse(text, ret_address, NULL) == 0;
}

static void add(struct net_context *context, const struct net_prefix *address)
{
	for (size_t i = 0; i < context->resolver_count; i++)
		if (net_prefix_order(&context->resolvers[i], address) == 0)
			return;
	if (context->resolver_count < NET_RESOLVERS_MAX && !is_loopback(address))
		context->resolvers[context->resolver_count++] = *address;
}

/* "[10.0.0.2 host(127.0.0.53) fd00::2]"; those in host() are asked from the host's network. */
static void add_behind(const char *list, size_t length, struct net_context *context)
{
	static const char between[] = " \t[]";

	for (size_t i = 0, word; i < length; i += word) {
		struct net_prefix address;

		i += strspn(list + i, between);
		word = strcspn(list + i, " \t[]\n");
		if (i + word > length || !word)
			return;
		if (read_address(list + i, word, &address))
			add(context, &address);
	}
}

/* The word after `keyword` and blanks, or NULL when the line is another. */
static const char *value_of(const char *line, const char *keyword)
{
	size_t length = strlen(keyword);

	if (strncmp(line, keyword, length) != 0 || !strchr(" \t", line[length]) || !line[length])
		return NULL;
	line += length;
	return line + strspn(line, " \t");
}

/* *ret_noted: Docker has said what is behind its own. Returns whether one of the servers is on loopback. */
static bool read_text(const char *text, struct net_context *context, bool *ret_noted)
{
	static const struct net_prefix docker = {AF_INET, 32, {127, 0, 0, 11}};
	bool local = false;
	int servers = 0;

	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *server = value_of(line, "nameserver"), *behind = value_of(line, "# ExtServers:");
		struct net_prefix address;

		end = strchrnul(line, '\n');
		if (behind && behind < end) {
			*ret_noted = true;
			add_behind(behind, (size_t)(end - behind), context);
		}
		if (!server || server >= end || servers == NAMESERVERS_MAX ||
		    !read_address(server, strcspn(server, " \t\r\n"), &address))
			continue;
		servers++;
		local = local || is_loopback(&address);
		context->docker_resolver |= net_prefix_order(&address, &docker) == 0;
		add(context, &address);
	}
	return local;
}

void resolvers_read(const char *text, const char *host_text, struct net_context *context)
{
	bool noted = false;

	if (read_text(text, context, &noted) && !noted && host_text)
		(void)read_text(host_text, context, &noted);
}

/* What it is is seen before it is opened: to open a device can be to use it. `at` is an O_PATH descriptor, or negative with errno. */
static int open_seen_as_file(int at)
{
	char link[64];
	struct stat st;
	int fd;

	if (at < 0 || fstat(at, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", at);
	fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_below(int root_fd, const char *path)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	_cleanup_close_ int at = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);

	return open_seen_as_file(at);
}

/* The last mount there is the one that is seen. */
static const char *mounted_file(const struct json *config)
{
	const char *source = NULL;

	json_each(mount, json_get(config, "mounts")) {
		const char *destination = json_string(json_get(mount, "destination"));

		if (destination && strcmp(destination, resolv_conf) == 0)
			source = json_string(json_get(mount, "source"));
	}
	return source;
}

static bool from_bundle(const char *path, const char *bundle, char full[PATH_MAX])
{
	int n;

	if (*path != '/' && !bundle)
		return false;
	n = *path == '/' ? snprintf(full, PATH_MAX, "%s", path) : snprintf(full, PATH_MAX, "%s/%s", bundle, path);
	return n < PATH_MAX;
}

static int open_root_file(const struct json *config, const char *bundle)
{
	const char *root = json_string(json_find(config, "root.path"));
	_cleanup_close_ int root_fd = -1;
	char path[PATH_MAX];

	if (!root || !from_bundle(root, bundle, path))
		return -ENOENT;
	root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? -errno : open_below(root_fd, resolv_conf);
}

/* The bind mount's source is on the host, and the runtime follows its links. */
static int open_seen(const struct json *config, const char *bundle)
{
	const char *source = mounted_file(config);
	_cleanup_close_ int at = -1;
	char path[PATH_MAX];

	if (!source)
		return open_root_file(config, bundle);
	if (!from_bundle(source, bundle, path))
		return -ENOENT;
	at = open(path, O_PATH | O_CLOEXEC);
	return open_seen_as_file(at);
}

int resolvers_find(const struct host *host, const struct json *config, const char *bundle, struct net_context *context,
		   struct error *err)
{
	_cleanup_close_ int fd = open_seen(config, bundle);
	_cleanup_free_ char *text = NULL, *host_text = NULL;
	size_t length;
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return error_errno(err, -fd, "read the container's %s, for whom \"dns\" stands for", resolv_conf);
	r = file_read_fd(fd, "the container's /etc/resolv.conf", RESOLV_CONF_MAX, &text, &length, err);
	if (r < 0)
		return r;
	(void)file_read(AT_FDCWD, host->resolv_conf, RESOLV_CONF_MAX, &host_text, &length, NULL);
	resolvers_read(text, host_text, context);
	return 0;
}
