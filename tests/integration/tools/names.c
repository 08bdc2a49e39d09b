/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: a resolver and who asks it, for the tests of the network.
 *
 *   names serve ADDRESS FILE		answers at port 53, UDP and TCP, with the lines of FILE as they are at the time:
 *					"NAME A|AAAA|CNAME TTL VALUE"; IPv4 or IPv6. By TCP, "NAME CUT BYTES -": in two segments, of
 *					which the first has so many; "NAME WITHIN - OTHER": in a record of its answer, and from the
 *					beginning of the second segment on, is an answer to the question for OTHER
 *   names ask SERVER NAME [A|AAAA] [tcp]	prints the addresses that the answer has, one a line
 *   names reach SERVER NAME PORT	asks, and connects to the first address at once: "connected MILLISECONDS", or why not
 *   names connect ADDRESS PORT		likewise, without asking
 *   names flood SERVER DOMAIN COUNT	asks for n1.DOMAIN, n2.DOMAIN …, as fast as it can, and waits for none of the answers
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 2500, MESSAGE_MAX = 4096 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static socklen_t address_of(const char *text, int port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *six = (void *)ret;
	struct sockaddr_in *four = (void *)ret;

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((unsigned short)port);
		return sizeof *four;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		fail(text);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((unsigned short)port);
	return sizeof *six;
}

static unsigned char *put_16(unsigned char *at, unsigned value)
{
	*at++ = (unsigned char)(value >> 8);
	*at++ = (unsigned char)value;
	return at;
}

static unsigned char *put_name(unsigned char *at, const char *name)
{
	while (*name) {
		size_t length = strcspn(name, ".");

		*at++ = (unsigned char)length;
		memcpy(at, name, length);
		at += length;
		name += length + (name[length] == '.');
	}
	*at++ = 0;
	return at;
}

/* As far as it is not a pointer to where it was before. Returns what follows. */
static const unsigned char *get_name(const unsigned char *at, const unsigned char *end, char name[256])
{
	size_t used = 0;

	while (at < end && *at && *at < 64 && at + 1 + *at < end && used + *at + 2 < 256) {
		memcpy(name + used, at + 1, *at);
		used += *at;
		name[used++] = '.';
		at += 1 + *at;
	}
	name[used ? used - 1 : 0] = '\0';
	return at + (at < end && *at >= 0xc0 ? 2 : 1);
}

static unsigned type_of(const char *word)
{
	return strcmp(word, "A") == 0 ? ns_t_a : strcmp(word, "AAAA") == 0 ? ns_t_aaaa : strcmp(word, "CNAME") == 0 ? ns_t_cname : 0;
}

static unsigned char *put_record(unsigned char *at, const char *name, unsigned type, unsigned ttl, const char *value)
{
	unsigned char *length, *data;

	at = put_name(at, name);
	at = put_16(put_16(at, type), ns_c_in);
	at = put_16(put_16(at, ttl >> 16), ttl & 0xffff);
	length = at;
	data = at + 2;
	if (type == ns_t_cname)
		at = put_name(data, value);
	else if (type == ns_t_txt)
		at = data;
	else if (inet_pton(type == ns_t_a ? AF_INET : AF_INET6, value, data) == 1)
		at = data + (type == ns_t_a ? 4 : 16);
	(void)put_16(length, (unsigned)(at - data));
	return at;
}

static unsigned char *put_question(unsigned char out[512], const char *name, unsigned type);
static size_t answer(const char *file, const unsigned char *question, size_t size, unsigned char out[MESSAGE_MAX], size_t *cut);

/* A record that has a whole message in it, as it is sent by TCP. */
static unsigned char *put_within(unsigned char *at, const char *file, const char *name, const char *other)
{
	unsigned char question[512] = {0}, *data = put_record(at, name, ns_t_txt, 60, NULL);
	size_t size = (size_t)(put_question(question, other, ns_t_a) - question) - 2, cut = 0;

	size = answer(file, question + 2, size, data + 2, &cut);
	(void)put_16(data, (unsigned)size);
	(void)put_16(data - 2, (unsigned)size + 2);
	return data + 2 + size;
}

/* Lines are in the order of a chain: a CNAME before what it leads to. *cut: where the second segment begins, or as it was. */
static size_t answer(const char *file, const unsigned char *question, size_t size, unsigned char out[MESSAGE_MAX], size_t *cut)
{
	char wanted[256], name[256], word[16], value[256];
	const unsigned char *rest = get_name(question + 12, question + size, wanted);
	size_t asked = (size_t)(rest - question) + 4;
	unsigned char *at = out + asked;
	unsigned type, ttl, count = 0;
	FILE *lines = fopen(file, "re");

	if (size < asked || !lines)
		return 0;
	type = (unsigned)rest[0] << 8 | rest[1];
	memcpy(out, question, asked);
	while (fscanf(lines, "%255s %15s %u %255s", name, word, &ttl, value) == 4 && at - out < MESSAGE_MAX - 600) {
		if (strcasecmp(name, wanted) == 0 && strcmp(word, "CUT") == 0)
			*cut = ttl;
		if (strcasecmp(name, wanted) == 0 && strcmp(word, "WITHIN") == 0) {
			unsigned char *end = put_within(at, file, name, value);

			*cut = (size_t)(at - out) + strlen(name) + 2 + 10 + 2; /* of the length, the record's head */
			at = end;
			count++;
		}
		if (strcasecmp(name, wanted) != 0 || !type_of(word) || (type_of(word) != type && type_of(word) != ns_t_cname))
			continue;
		at = put_record(at, name, type_of(word), ttl, value);
		count++;
		if (type_of(word) == ns_t_cname)
			(void)snprintf(wanted, sizeof wanted, "%s", value);
	}
	(void)fclose(lines);
	(void)put_16(out + 2, 0x8180);
	(void)put_16(out + 6, count);
	(void)put_16(out + 8, 0);
	(void)put_16(out + 10, 0);
	return (size_t)(at - out);
}

static int open_server(int type, const char *address)
{
	struct sockaddr_storage at;
	socklen_t size = address_of(address, 53, &at);
	int fd = socket(at.ss_family, type | SOCK_CLOEXEC, 0), one = 1;

	(void)setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 || (type == SOCK_STREAM && listen(fd, 8) < 0))
		fail("listen");
	return fd;
}

static _Noreturn void serve(const char *address, const char *file)
{
	struct pollfd fds[] = {{.fd = open_server(SOCK_DGRAM, address), .events = POLLIN},
			       {.fd = open_server(SOCK_STREAM, address), .events = POLLIN}};
	unsigned char in[MESSAGE_MAX], out[MESSAGE_MAX + 2];
	size_t cut = 0;

	(void)puts("ready");
	(void)fflush(stdout);
	while (poll(fds, 2, -1) > 0) {
		struct sockaddr_storage from;
		socklen_t size = sizeof from;
		ssize_t n;

		if (fds[0].revents) {
			n = recvfrom(fds[0].fd, in, sizeof in, 0, (struct sockaddr *)&from, &size);
			if (n > 17)
				(void)sendto(fds[0].fd, out, answer(file, in, (size_t)n, out, &cut), 0, (struct sockaddr *)&from, size);
		}
		if (fds[1].revents) {
			int peer = accept4(fds[1].fd, NULL, NULL, SOCK_CLOEXEC);

			n = read(peer, in, sizeof in);
			if (n > 19) {
				size_t length;

				cut = 0;
				length = answer(file, in + 2, (size_t)n - 2, out + 2, &cut) + 2;
				(void)put_16(out, (unsigned)length - 2);
				(void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
				if (cut && write(peer, out, cut) > 0)
					(void)usleep(200000);
				if (write(peer, out + cut, length - cut) < 0)
					perror("write");
			}
			(void)close(peer);
		}
	}
	exit(1);
}

static ssize_t exchange(const char *server, int type, const unsigned char *question, size_t length, unsigned char in[MESSAGE_MAX])
{
	struct sockaddr_storage to;
	struct timeval patience = {.tv_sec = 2};
	socklen_t size = address_of(server, 53, &to);
	int fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
	ssize_t n;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&to, size) < 0 || write(fd, question, length) != (ssize_t)length)
		fail("ask");
	n = read(fd, in, MESSAGE_MAX);
	while (type == SOCK_STREAM && n > 0 && (n < 2 || n < (in[0] << 8 | in[1]) + 2)) {
		ssize_t more = read(fd, in + n, (size_t)(MESSAGE_MAX - n));

		if (more <= 0)
			break;
		n += more;
	}
	if (n < 12)
		fail("answer");
	(void)close(fd);
	return n;
}

/* A question after two bytes for its length. Returns its end. */
static unsigned char *put_question(unsigned char out[512], const char *name, unsigned type)
{
	unsigned char *at = put_name(out + 14, name);

	(void)put_16(out + 2, (unsigned)getpid());
	(void)put_16(out + 4, 0x0100);
	(void)put_16(out + 6, 1);
	at = put_16(put_16(at, type), ns_c_in);
	(void)put_16(out, (unsigned)(at - out - 2));
	return at;
}

static int flood(const char *server, const char *domain, int count)
{
	struct sockaddr_storage to;
	socklen_t size = address_of(server, 53, &to);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, size) < 0)
		fail("connect");
	for (int i = 1; i <= count; i++) {
		unsigned char out[512] = {0};
		char name[256];

		(void)snprintf(name, sizeof name, "n%d.%s", i, domain);
		if (write(fd, out + 2, (size_t)(put_question(out, name, ns_t_a) - out - 2)) < 0)
			fail("ask");
		if (i % 50 == 0) /* the resolver's socket has room for so many */
			(void)usleep(10000);
	}
	return 0;
}

/* The addresses, as text; returns how many. */
static int ask(const char *server, const char *name, unsigned type, int tcp, char addresses[][INET6_ADDRSTRLEN], int max)
{
	unsigned char out[512] = {0}, in[MESSAGE_MAX], *at = put_question(out, name, type), *message = in + (tcp ? 2 : 0);
	const unsigned char *rest, *end;
	char owner[256];
	int count = 0;

	end = in + (tcp ? exchange(server, SOCK_STREAM, out, (size_t)(at - out), in)
			: exchange(server, SOCK_DGRAM, out + 2, (size_t)(at - out - 2), in));
	rest = get_name(message + 12, end, owner) + 4;
	while (rest < end && count < max) {
		unsigned kind, length;

		rest = get_name(rest, end, owner);
		kind = (unsigned)rest[0] << 8 | rest[1];
		length = (unsigned)rest[8] << 8 | rest[9];
		if (kind == type)
			(void)inet_ntop(type == ns_t_a ? AF_INET : AF_INET6, rest + 10, addresses[count++], INET6_ADDRSTRLEN);
		rest += 10 + length;
	}
	return count;
}

static int try(const char *address, const char *port)
{
	struct sockaddr_storage to;
	socklen_t size = address_of(address, atoi(port), &to), error_size = sizeof(int);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	struct timespec before, after;

	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	if (connect(fd, (struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS)
		error = errno;
	else if (poll(&wait, 1, PATIENCE_MS) == 1)
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
	else
		error = ETIMEDOUT;
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	(void)close(fd);
	if (error)
		(void)printf("%s\n", strerror(error));
	else
		(void)printf("connected %ld\n", (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
	return error != 0;
}

int main(int argc, char **argv)
{
	char addresses[16][INET6_ADDRSTRLEN];
	int count;

	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		serve(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "connect") == 0)
		return try(argv[2], argv[3]);
	if (argc >= 4 && strcmp(argv[1], "ask") == 0) {
		count = ask(argv[2], argv[3], argc > 4 ? type_of(argv[4]) : ns_t_a, argc > 5, addresses, 16);
		for (int i = 0; i < count; i++)
			(void)puts(addresses[i]);
		return count == 0;
	}
	if (argc == 5 && strcmp(argv[1], "flood") == 0)
		return flood(argv[2], argv[3], atoi(argv[4]));
	if (argc == 5 && strcmp(argv[1], "reach") == 0) {
		if (ask(argv[2], argv[3], ns_t_a, 0, addresses, 16) == 0) {
			(void)puts("it has no address");
			return 1;
		}
		return try(addresses[0], argv[4]);
	}
	return 2;
}
