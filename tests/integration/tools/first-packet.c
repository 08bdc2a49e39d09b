/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * first-packet: from its first instructions on it sends datagrams, as fast as it can. There is nothing before them: no C library, no
 * constructor. -DADDRESS=… (four bytes, in network order), -DPORT=… (in network order), -DCOUNT=…; linked with -nostdlib -static.
 */
#include <linux/in.h>
#include <sys/syscall.h>

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

void _start(void)
{
	struct sockaddr_in to = {.sin_family = 2, .sin_port = PORT, .sin_addr.s_addr = ADDRESS};
	long fd = call(SYS_socket, 2, 2, 0, 0, 0, 0);

	for (int i = 0; i < COUNT; i++)
		call(SYS_sendto, fd, (long)"first", 5, 0, (long)&to, sizeof to);
	call(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	for (;;)
		;
}
