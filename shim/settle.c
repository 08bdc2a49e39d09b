/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/settle.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/base/file.h"
#include "lib/launch/launch.h"

int settle_let_go(unsigned first, struct error *err)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "open /dev/null");
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return error_errno(err, errno, "redirect the standard descriptors");
	if (syscall(SYS_close_range, first, ~0U, 0) < 0)
		return error_errno(err, errno, "close the descriptors that were inherited");
	/* Not ours to pass on, though nothing is executed from here. */
	(void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	if (chdir("/") < 0)
		return error_errno(err, errno, "change to /");
	return 0;
}

int settle_move_away(const struct host *host, const struct cgroup_layout *layout, struct error *err)
{
	struct cgroup group = CGROUP_CLOSED(layout);
	int r = cgroup_make(host, layout, MONITOR_GROUP, MONITOR_CONTROLLERS, false, &group, err);

	cgroup_close(&group);
	return r < 0 ? r : cgroup_enter(host, layout, MONITOR_GROUP, MONITOR_CONTROLLERS, err);
}

/* The program's pages are every monitor's: they are in memory once. */
void settle_stay_in_memory(void)
{
	extern const char __executable_start[], etext[];

	if (mlockall(MCL_CURRENT | MCL_ONFAULT) == 0) /* data and stack as far as they are used */
		(void)mlock(__executable_start, (size_t)(etext - __executable_start));
}

void settle_be_prompt(void)
{
	struct sched_param parameters = {.sched_priority = 1};

	settle_stay_in_memory();
	if (sched_setscheduler(0, SCHED_FIFO, &parameters) < 0)
		(void)setpriority(PRIO_PROCESS, 0, -20);
}

void settle_prepare_to_be_prompt(void)
{
	static const struct rlimit allowed = {.rlim_cur = 1, .rlim_max = 1};
	static const struct rlimit locked = {.rlim_cur = 16 << 20, .rlim_max = 16 << 20};

	if (file_write_small(AT_FDCWD, "/proc/self/oom_score_adj", "-1000") < 0)
		(void)file_write_small(AT_FDCWD, "/proc/self/oom_score_adj", "0");
	(void)prctl(PR_SET_TIMERSLACK, 1UL);
	(void)setrlimit(RLIMIT_MEMLOCK, &locked);
	/* Where the limit may not be raised (no CAP_SYS_RESOURCE) it has to be now. */
	if (setrlimit(RLIMIT_RTPRIO, &allowed) < 0)
		settle_be_prompt();
}
