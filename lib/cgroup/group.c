/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making, opening, entering and removing groups. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

static int check_filesystem(const struct host *host, const struct hierarchy *h, int fd, struct error *err)
{
	struct statfs fs;

	if (host->any_filesystem)
		return 0;
	if (fstatfs(fd, &fs) < 0)
		return error_errno(err, errno, "look at the filesystem of %s", h->path);
	if (fs.f_type != (h->unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
		return error_set(err, EXDEV, "use %s: it is not on a cgroup filesystem", h->path);
	return 0;
}

static int open_root(const struct hierarchy *h, struct error *err)
{
	int fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, errno, "open %s", h->path) : fd;
}

/* v1: a new cpuset group has no CPUs and no memory nodes, and takes no process then. */
static void inherit_cpuset(int parent, int fd)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	char text[4096], own[4096];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (file_read_small(fd, files[i], own, sizeof own) == 0 &&
		    file_read_small(parent, files[i], text, sizeof text) > 0)
			(void)file_write_small(fd, files[i], text);
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strcspn(list, " "), list += *list == ' ')
		if (strncmp(list, word, length) == 0 && (list[length] == ' ' || !list[length]))
			return true;
	return false;
}

/* The path of a directory that is open, for messages. */
static const char *name_of(const struct host *host, const struct hierarchy *h, int fd, char text[1400])
{
	char link[sizeof host->proc + 32];
	ssize_t n;

	(void)snprintf(link, sizeof link, "%s/self/fd/%d", host->proc, fd);
	n = readlink(link, text, 1399);
	if (n < 0)
		return h->path;
	text[n] = '\0';
	return text;
}

/* v2: what the group's children may have limits of. */
static int enable_controllers(const struct host *host, const struct hierarchy *h, int fd, unsigned controllers,
			      struct error *err)
{
	static const struct {
		enum controller controller;
		const char *name;
	} names[] = {{CONTROLLER_CPU, "cpu"}, {CONTROLLER_MEMORY, "memory"}, {CONTROLLER_PIDS, "pids"},
		     {CONTROLLER_IO, "io"}, {CONTROLLER_CPUSET, "cpuset"}};
	char enabled[1024], word[32], name[1400];

	if (file_read_small(fd, "cgroup.subtree_control", enabled, sizeof enabled) < 0)
		enabled[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r;

		if (!(h->controllers & controllers & 1u << names[i].controller) || has_word(enabled, names[i].name))
			continue;
		(void)snprintf(word, sizeof word, "+%s", names[i].name);
		r = file_write_small(fd, "cgroup.subtree_control", word);
		if (r == -EBUSY)
			return error_set(err, EBUSY, "enable the %s controller in %s/cgroup.subtree_control: processes are in "
						     "that very group; move them to a group below it first",
					 names[i].name, name_of(host, h, fd, name));
		if (r < 0 && r != -ENOENT && r != -EINVAL) /* not available down here: a limit of it fails later */
			return error_errno(err, -r, "enable the %s controller in %s/cgroup.subtree_control", names[i].name,
					   name_of(host, h, fd, name));
	}
	return 0;
}

struct removal {
	bool left, progress;
};

/* Removes every group below, deepest first, by trying: a walk gives parents first, so a level of
 * depth goes with each round. */
static int remove_children(int fd, void *data)
{
	struct removal *removal = data;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir) {
		(void)close_fd(copy);
		return 0;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0)
			removal->progress = true;
		else if (errno != ENOENT)
			removal->left = true;
	}
	(void)closedir(dir);
	return 0;
}

static int remove_below(int fd)
{
	for (int round = 0; round <= WALK_DEPTH_MAX; round++) {
		struct removal removal = {0};
		int r = walk_groups(fd, remove_children, &removal);

		if (r == 0 && !removal.left)
			return 0;
		if (!removal.progress)
			return r < 0 ? r : -EBUSY;
	}
	return -EBUSY;
}

static int has_processes(int fd)
{
	char text[64];
	ssize_t n = file_read_small(fd, "cgroup.procs", text, sizeof text);

	return n > 0 || n == -EFBIG;
}

/* One component, the last of `path`; exclusive: it must be new. A leftover without processes is made anew, since
 * its counters would be another container's. */
static int make_step(int parent, const char *name, bool exclusive, const char *path, const struct hierarchy *h,
		     struct error *err)
{
	for (int tries = 0;; tries++) {
		_cleanup_close_ int fd = -1;

		if (mkdirat(parent, name, 0755) == 0 || (errno == EEXIST && !exclusive))
			return 0;
		if (errno != EEXIST)
			return error_errno(err, errno, "make cgroup %s in %s", path, h->path);
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOTDIR)
			return error_set(err, EEXIST, "make cgroup %s in %s: the kernel has a file of that name there; use "
						      "another name (the container's id, or cgroupsPath)", path, h->path);
		if (fd < 0 && errno != ENOENT) /* gone meanwhile: try again */
			return error_errno(err, errno, "open cgroup %s in %s", path, h->path);
		if (tries || (fd >= 0 && (has_processes(fd) || remove_below(fd) < 0 ||
					  unlinkat(parent, name, AT_REMOVEDIR) < 0)))
			return error_set(err, EEXIST, "make cgroup %s in %s: it is there already, with processes in it",
					 path, h->path);
	}
}

/* One component of a path, and the path up to it for messages. */
struct step {
	char name[256], path[1100];
};

/* Takes the one at `*at`, in `path`, and moves `*at` behind it. */
static bool next_step(const char *path, const char **at, struct step *step)
{
	size_t length;

	*at += **at == '/';
	length = strcspn(*at, "/");
	if (length == 0)
		return false;
	(void)snprintf(step->name, sizeof step->name, "%.*s", (int)length, *at);
	*at += length;
	(void)snprintf(step->path, sizeof step->path, "%.*s", (int)(*at - path), path);
	return true;
}

static int make_in(const struct host *host, const struct hierarchy *h, const char *path, unsigned controllers,
		   bool exclusive, struct error *err)
{
	_cleanup_close_ int fd = open_root(h, err);
	const char *at = path;
	struct step step;
	int r = fd < 0 ? fd : check_filesystem(host, h, fd, err);

	while (r == 0 && next_step(path, &at, &step)) {
		int child;

		if (h->unified)
			r = enable_controllers(host, h, fd, controllers, err);
		if (r == 0)
			r = make_step(fd, step.name, exclusive && *at == '\0', step.path, h, err);
		if (r < 0)
			return r;
		child = openat(fd, step.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			return error_errno(err, errno, "open cgroup %s in %s", step.path, h->path);
		if (h->controllers & 1u << CONTROLLER_CPUSET && !h->unified)
			inherit_cpuset(fd, child);
		(void)close(fd);
		fd = child;
	}
	if (r == 0)
		r = check_filesystem(host, h, fd, err);
	return r < 0 ? r : steal_fd(&fd);
}

static bool wanted(const struct hierarchy *h, unsigned controllers)
{
	return h->unified || (h->controllers & controllers);
}

/* What an exclusive one made in the hierarchies up to `last` is new there, and nobody else's. */
static void unmake(const struct cgroup_layout *layout, const char *path, unsigned controllers, int last)
{
	path += strspn(path, "/");
	for (int i = 0; i <= last; i++) {
		_cleanup_close_ int root = -1;

		if (!wanted(&layout->hierarchies[i], controllers))
			continue;
		root = open_root(&layout->hierarchies[i], NULL);
		if (root >= 0)
			(void)unlinkat(root, path, AT_REMOVEDIR);
	}
}

int cgroup_make(const struct host *host, const struct cgroup_layout *layout, const char *path, unsigned controllers,
		bool exclusive, struct cgroup *ret_cgroup, struct error *err)
{
	struct cgroup group = CGROUP_CLOSED(layout);
	int r = cgroup_path_check(path, err), i;

	for (i = 0; r >= 0 && i < layout->count; i++) {
		const struct hierarchy *h = &layout->hierarchies[i];

		if (wanted(h, controllers))
			r = group.fds[i] = make_in(host, h, path, controllers, exclusive, err);
	}
	if (r < 0) {
		cgroup_close(&group);
		if (exclusive) /* -EEXIST: the last one's is another's */
			unmake(layout, path, controllers, r == -EEXIST ? i - 2 : i - 1);
		return r;
	}
	*ret_cgroup = group;
	return 0;
}

int cgroup_make_child(const struct host *host, const struct cgroup *parent, const char *name,
		      struct cgroup *ret_cgroup, struct error *err)
{
	const struct cgroup_layout *layout = parent->layout;
	struct cgroup child = CGROUP_CLOSED(layout);
	int r = 0;

	for (int i = 0; r == 0 && i < layout->count; i++) {
		const struct hierarchy *h = &layout->hierarchies[i];

		if (parent->fds[i] < 0)
			continue;
		if (h->unified)
			r = enable_controllers(host, h, parent->fds[i], ~0u, err);
		if (r == 0)
			r = make_step(parent->fds[i], name, false, name, h, err);
		if (r < 0)
			break;
		child.fds[i] = openat(parent->fds[i], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child.fds[i] < 0)
			r = error_errno(err, errno, "open cgroup %s", name);
		else
			r = check_filesystem(host, h, child.fds[i], err);
		if (r == 0 && h->controllers & 1u << CONTROLLER_CPUSET && !h->unified)
			inherit_cpuset(parent->fds[i], child.fds[i]);
	}
	if (r < 0) {
		cgroup_close(&child);
		return r;
	}
	*ret_cgroup = child;
	return 0;
}

/* `path` below the hierarchy's root, following nothing; -ENOENT when it is not there. */
static int open_in(const struct host *host, const struct hierarchy *h, const char *path, struct error *err)
{
	_cleanup_close_ int fd = open_root(h, err);
	int r;

	if (fd < 0)
		return fd;
	path += strspn(path, "/");
	if (*path) {
		int child = openat(fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (child < 0)
			return -errno;
		(void)close(fd);
		fd = child;
	}
	r = check_filesystem(host, h, fd, err);
	return r < 0 ? r : steal_fd(&fd);
}

int cgroup_open(const struct host *host, const struct cgroup_layout *layout, const char *path,
		struct cgroup *ret_cgroup, struct error *err)
{
	struct cgroup group = CGROUP_CLOSED(layout);
	bool found = false;
	int r = strcmp(path, "/") == 0 ? 0 : cgroup_path_check(path, err);

	for (int i = 0; r == 0 && i < layout->count; i++) {
		int fd = open_in(host, &layout->hierarchies[i], path, err);

		if (fd >= 0)
			found = true;
		else if (fd != -ENOENT && fd != -ENODEV)
			r = error_errno(err, -fd, "open cgroup %s in %s", path, layout->hierarchies[i].path);
		group.fds[i] = fd < 0 ? -EBADF : fd;
	}
	if (r == 0 && !found)
		r = error_set(err, ENOENT, "open cgroup %s: it does not exist", path);
	if (r < 0) {
		cgroup_close(&group);
		return r;
	}
	*ret_cgroup = group;
	return 0;
}

/* A line of /proc/PID/cgroup, "4:memory:/path" or "0::/path", is of which hierarchy? */
static int hierarchy_of(const struct cgroup_layout *layout, const char *controllers)
{
	for (int i = 0; i < layout->count; i++) {
		const struct hierarchy *h = &layout->hierarchies[i];

		if (h->unified ? *controllers == '\0' :
		    h->controllers ? controllers_of(controllers) == h->controllers : h->name[0] && strcmp(controllers, h->name) == 0)
			return i;
	}
	return -1;
}

int cgroup_open_of(const struct host *host, const struct cgroup_layout *layout, pid_t pid,
		   struct cgroup *ret_cgroup, struct error *err)
{
	struct cgroup group = CGROUP_CLOSED(layout);
	char path[sizeof host->proc + 32], text[16384], *save = NULL;
	ssize_t n;
	bool found = false;

	(void)snprintf(path, sizeof path, "%s/%d/cgroup", host->proc, (int)pid);
	n = file_read_small(AT_FDCWD, path, text, sizeof text);
	if (n < 0)
		return error_errno(err, (int)-n, "find the cgroup of process %d: read %s", (int)pid, path);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':'), *where = controllers ? strchr(controllers + 1, ':') : NULL;
		int i;

		if (!where)
			continue;
		*where++ = '\0';
		i = hierarchy_of(layout, controllers + 1);
		/* Its root would be everything: a process there has no group of its own. "/../x" is outside of
		 * our cgroup namespace, and would lead out of the hierarchy. */
		if (i < 0 || group.fds[i] >= 0 || strcmp(where, "/") == 0 || cgroup_path_check(where, NULL) < 0)
			continue;
		group.fds[i] = open_in(host, &layout->hierarchies[i], where, NULL);
		found = found || group.fds[i] >= 0;
	}
	if (!found)
		return error_set(err, ESRCH, "find the cgroup of process %d: it is in none of its own", (int)pid);
	*ret_cgroup = group;
	return 0;
}

void cgroup_close(struct cgroup *cgroup)
{
	for (int i = 0; i < HIERARCHY_MAX; i++)
		cgroup->fds[i] = close_fd(cgroup->fds[i]);
}

/* In the hierarchy that a line of /proc/self/cgroup is about: to `path` where the caller wants to be
 * there, else to the root; nothing where it is there already. v1 lets a thread move itself without
 * stopping every fork of the machine until an RCU grace period has passed (10 ms), as writing to
 * cgroup.procs does. */
static int enter_one(const struct hierarchy *h, const char *now, const char *path, bool into, struct error *err)
{
	_cleanup_close_ int fd = -1;
	char where[1300];
	int r;

	if (strcmp(now, into ? path : "/") == 0 || snprintf(where, sizeof where, "%s%s", h->path, into ? path : "") >= (int)sizeof where)
		return 0;
	fd = open(where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : file_write_small(fd, h->unified ? "cgroup.procs" : "tasks", "0");
	/* Out of a group that somebody else put us in is better, but not needed. */
	return r < 0 && into ? error_errno(err, -r, "move to cgroup %s in %s", path, h->path) : 0;
}

int cgroup_enter(const struct host *host, const struct cgroup_layout *layout, const char *path, unsigned controllers,
		 struct error *err)
{
	char file[sizeof host->proc + 32], text[16384], into[1100], *save = NULL;
	ssize_t n;
	int r = cgroup_path_check(path, err);

	if (r < 0)
		return r;
	(void)snprintf(into, sizeof into, "%s%s", *path == '/' ? "" : "/", path);
	(void)snprintf(file, sizeof file, "%s/self/cgroup", host->proc);
	n = file_read_small(AT_FDCWD, file, text, sizeof text);
	if (n < 0)
		return error_errno(err, (int)-n, "read %s", file);
	for (char *line = strtok_r(text, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':'), *now = names ? strchr(names + 1, ':') : NULL;
		int i;

		if (!now)
			continue;
		*now++ = '\0';
		i = hierarchy_of(layout, names + 1);
		if (i >= 0)
			r = enter_one(&layout->hierarchies[i], now, into, wanted(&layout->hierarchies[i], controllers), err);
	}
	return r;
}

static int remove_in(const struct hierarchy *h, const char *path, const char *keep_above)
{
	char at[1300];
	_cleanup_close_ int root = open_root(h, NULL), fd = -1;
	int r;

	path += strspn(path, "/");
	keep_above += strspn(keep_above, "/");
	if (root < 0)
		return root == -ENOENT ? 0 : root;
	if (snprintf(at, sizeof at, "%s", path) >= (int)sizeof at)
		return 0;
	/* Mostly there is nothing below it any more, or it is gone itself. */
	if (unlinkat(root, at, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		fd = openat(root, at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? 0 : remove_below(fd);
		if (r < 0)
			return r;
	}
	while (*at && strcmp(at, keep_above) != 0) {
		char *slash = strrchr(at, '/');

		if (unlinkat(root, at, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return strcmp(at, path) == 0 ? -errno : 0;
		if (!slash)
			break;
		*slash = '\0';
	}
	return 0;
}

bool cgroup_remove_empty(const struct cgroup_layout *layout, const char *path, int *next)
{
	for (; *next < layout->count; ++*next) {
		char at[1600];

		(void)snprintf(at, sizeof at, "%s%s%s", layout->hierarchies[*next].path, *path == '/' ? "" : "/", path);
		if (unlinkat(AT_FDCWD, at, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return false;
	}
	return true;
}

int cgroup_remove(const struct host *host, const struct cgroup_layout *layout, const char *path,
		  const char *keep_above, struct error *err)
{
	int r = cgroup_path_check(path, err);

	(void)host;
	if (r < 0)
		return r;
	for (int i = 0; i < layout->count; i++) {
		int one = remove_in(&layout->hierarchies[i], path, keep_above);

		if (one < 0)
			r = error_errno(err, -one, "remove cgroup %s in %s", path, layout->hierarchies[i].path);
	}
	return r;
}
