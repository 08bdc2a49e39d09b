/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets: both ends of what the tests of the network send.
 *
 *   packets count PORT FILE             counts datagrams that come to PORT: "DATAGRAMS BYTES" in FILE, anew with each
 *   packets serve PORT                  takes TCP connections, one after the other: "N\n" asks for N bytes; what else comes is thrown away
 *   packets send ADDRESS PORT SIZE COUNT   so many datagrams of so many bytes; prints how many the kernel took, and CLOCK_REALTIME of
 *                                       the first that it refused, or 0
 *   packets push ADDRESS PORT BYTES     over TCP
 *   packets pull ADDRESS PORT BYTES     over TCP: "BYTES got"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 16];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(int type, const char *address, const char *port, struct sockaddr_storage *ret, socklen_t *ret_size)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	int fd, one = 1, room = 8 << 20; /* for a burst, whoever is slow to read it */

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((unsigned short)atoi(port));
		*ret_size = sizeof *four;
	} else {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((unsigned short)atoi(port));
		if (inet_pton(AF_INET6, address, &six->sin6_addr) != 1)
			fail(address);
		*ret_size = sizeof *six;
	}
	fd = socket(ret->ss_family, type, 0);
	if (fd < 0)
		fail("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	return fd;
}

static _Noreturn void count(const char *port, const char *file)
{
	struct sockaddr_storage at;
	unsigned long datagrams = 0, bytes = 0;
	socklen_t size;
	int fd = open_socket(SOCK_DGRAM, "::", port, &at, &size), out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (bind(fd, (struct sockaddr *)&at, size) < 0)
		fail("bind");
	for (;;) {
		char text[64];
		int length = snprintf(text, sizeof text, "%lu %lu\n", datagrams, bytes);
		ssize_t n;

		if (pwrite(out, text, (size_t)length, 0) != length)
			fail(file);
		n = recv(fd, buffer, sizeof buffer, 0);
		datagrams += n >= 0;
		bytes += n >= 0 ? (unsigned long)n : 0;
	}
}

static void give(int fd, long bytes)
{
	while (bytes > 0) {
		ssize_t n = write(fd, buffer, bytes < (long)sizeof buffer ? (size_t)bytes : sizeof buffer);

		if (n <= 0)
			return;
		bytes -= n;
	}
}

static _Noreturn void serve(const char *port)
{
	struct sockaddr_storage at;
	socklen_t size;
	int fd = open_socket(SOCK_STREAM, "::", port, &at, &size);

	if (bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 8) < 0)
		fail("listen");
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int peer = accept(fd, NULL, NULL);
		ssize_t n = peer < 0 ? -1 : read(peer, buffer, sizeof buffer - 1);

		if (n > 0 && buffer[0] >= '0' && buffer[0] <= '9') {
			buffer[n] = '\0';
			give(peer, atol(buffer));
		}
		while (n > 0)
			n = read(peer, buffer, sizeof buffer);
		if (peer >= 0)
			(void)close(peer);
	}
}

static int send_datagrams(const char *address, const char *port, const char *size_text, const char *count_text)
{
	struct sockaddr_storage to;
	struct timespec refused = {0};
	socklen_t to_size;
	unsigned long taken = 0;
	int fd = open_socket(SOCK_DGRAM, address, port, &to, &to_size);

	for (long i = 0; i < atol(count_text); i++) {
		if (sendto(fd, buffer, (size_t)atol(size_text), 0, (struct sockaddr *)&to, to_size) >= 0) {
			taken++;
			continue;
		}
		if (errno == EPERM && !refused.tv_sec)
			(void)clock_gettime(CLOCK_REALTIME, &refused);
	}
	(void)printf("%lu %lld\n", taken, (long long)refused.tv_sec * 1000000000ll + refused.tv_nsec);
	return 0;
}

static int talk(const char *address, const char *port, long bytes, int pull)
{
	struct sockaddr_storage to;
	struct timeval patience = {.tv_sec = 3};
	socklen_t size;
	int fd = open_socket(SOCK_STREAM, address, port, &to, &size);
	long got = 0;
	ssize_t n;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&to, size) < 0)
		fail("connect");
	if (!pull) {
		buffer[0] = 'x';
		give(fd, bytes);
	} else {
		(void)dprintf(fd, "%ld\n", bytes);
		while (got < bytes && (n = read(fd, buffer, sizeof buffer)) > 0)
			got += n;
		(void)printf("%ld got\n", got);
	}
	return 0;
}

int main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN); /* who hangs up does not end who serves */
	if (argc == 4 && strcmp(argv[1], "count") == 0)
		count(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (argc == 6 && strcmp(argv[1], "send") == 0)
		return send_datagrams(argv[2], argv[3], argv[4], argv[5]);
	if (argc == 5 && strcmp(argv[1], "push") == 0)
		return talk(argv[2], argv[3], atol(argv[4]), 0);
	if (argc == 5 && strcmp(argv[1], "pull") == 0)
		return talk(argv[2], argv[3], atol(argv[4]), 1);
	return 2;
}
