/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bomb: every process that there is of it makes more of them, for ever; half of them end at once and so keep changing
 * their ids. */
#include <unistd.h>

int main(void)
{
	if (fork() > 0) /* the container's first process has a quieter life */
		for (;;)
			(void)pause();
	for (;;)
		if (fork() == 0 && fork() == 0)
			_exit(0);
}
