/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two network namespaces of our own with a cable between them: "inside" is where the rules are, "outside" is everybody else. A
 * packet is made byte by byte, sent from one, and looked for in the other; behind it goes a frame of no protocol that no
 * rule sees, and when that has come, the packet has come or never will. All on one processor, so the order holds.
 */
#ifndef STINT_TEST_NETWORK_FIXTURE_H
#define STINT_TEST_NETWORK_FIXTURE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/net/policy.h"

enum { LAB_ETHERTYPE = 0x88b5 /* for experiments on the spot (IEEE 802) */, LAB_FRAME_MAX = 2048 };

struct lab {
	int inside, outside;		/* the namespaces */
	int inside_frames, outside_frames; /* packet sockets, on the cable's two ends */
};

static const uint8_t lab_inside_mac[6] = {2, 0, 0, 0, 0, 1}, lab_outside_mac[6] = {2, 0, 0, 0, 0, 2};

static inline void lab_enter(int namespace)
{
	cr_assert_eq(setns(namespace, CLONE_NEWNET), 0, "enter a namespace: %s", strerror(errno));
}

static inline int lab_namespace(void)
{
	int fd;

	cr_assert_eq(unshare(CLONE_NEWNET), 0, "make a namespace: %s", strerror(errno));
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	return fd;
}

/*
 * The kernel's own packets are counted too: it says which groups it is in, looks for routers and for who else has its address, some of
 * it seconds after a link is up. Not of a link that has no addresses of its own making and no neighbours to ask.
 */
#define LAB_LINK_UP "ip link set lo up; ip link set eth0 addrgenmode none; ip link set eth0 arp off; ip link set eth0 up;"

static inline void lab_run(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

static inline int lab_frames(void)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(0x0003 /* ETH_P_ALL */),
				      .sll_ifindex = (int)if_nametoindex("eth0")};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), room = 4 << 20;

	cr_assert_geq(fd, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
	return fd;
}

static inline void lab_wait(int from, int to, const uint8_t mac[6]);

static inline struct lab lab_open(void)
{
	static const char cable[] = "ip link add eth0 address 02:00:00:00:00:01 type veth peer name eth0 netns /proc/self/fd/%d "
				    "address 02:00:00:00:00:02";
	struct lab lab;
	char command[256];
	cpu_set_t one;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	(void)sched_setaffinity(0, sizeof one, &one);
	lab.outside = lab_namespace();
	lab.inside = lab_namespace();
	cr_assert_eq(fcntl(lab.outside, F_SETFD, 0), 0);
	(void)snprintf(command, sizeof command, cable, lab.outside);
	lab_run(command);
	lab_run(LAB_LINK_UP "ip addr add 10.9.0.2/24 dev eth0;"
		"ip addr add fd09::2/64 dev eth0 nodad; ip addr add fe80::2/64 dev eth0 nodad;"
		"ip neigh add 10.9.0.1 lladdr 02:00:00:00:00:02 dev eth0 nud permanent;"
		"ip neigh add fd09::1 lladdr 02:00:00:00:00:02 dev eth0 nud permanent;"
		"ip route add default via 10.9.0.1; ip -6 route add default via fd09::1;"
		"ip route add local 10.9.1.0/24 dev lo; ip -6 route add local fd09:1::/64 dev lo");
	lab.inside_frames = lab_frames();
	lab_enter(lab.outside);
	lab_run(LAB_LINK_UP "ip addr add 10.9.0.1/24 dev eth0;"
		"ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:01 dev eth0 nud permanent;"
		"ip route add blackhole default"); /* or it says of each packet that there is no way to where it goes */
	lab.outside_frames = lab_frames();
	lab_enter(lab.inside);
	lab_wait(lab.inside_frames, lab.outside_frames, lab_outside_mac);
	lab_wait(lab.outside_frames, lab.inside_frames, lab_inside_mac);
	return lab;
}

/* Internet checksums (RFC 1071). */
static inline uint32_t lab_sum(uint32_t sum, const void *data, size_t length)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static inline void lab_put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline uint16_t lab_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct lab_packet {
	uint8_t family, protocol;
	uint8_t source[16], destination[16];
	uint16_t source_port, port; /* of ICMP: the identifier, and the type (in the high byte) */
	uint8_t hop_limit, flags;   /* flags: of TCP; 0: SYN */
	uint32_t marker;	    /* the last four bytes, by which it is known again */
	size_t padding;
};

static inline void lab_checksum(const struct lab_packet *p, uint8_t *transport, size_t length, size_t at)
{
	size_t size = p->family == AF_INET ? 4 : 16;
	uint32_t sum = 0;

	if (p->protocol != IPPROTO_ICMP) {
		sum = lab_sum(lab_sum(0, p->source, size), p->destination, size);
		sum += p->protocol + (uint32_t)length;
	}
	lab_put16(transport + at, lab_fold(lab_sum(sum, transport, length)));
}

static inline size_t lab_transport(const struct lab_packet *p, uint8_t *at)
{
	size_t header = p->protocol == IPPROTO_TCP ? 20 : p->protocol == IPPROTO_ICMPV6 && p->port >> 8 >= 130 ? 24 : 8;
	size_t length = header + p->padding + sizeof p->marker;

	lab_put16(at, p->source_port);
	lab_put16(at + 2, p->port);
	memcpy(at + length - sizeof p->marker, &p->marker, sizeof p->marker);
	switch (p->protocol) {
	case IPPROTO_TCP:
		at[12] = 5 << 4;
		at[13] = p->flags ? p->flags : 2;
		lab_put16(at + 14, 1024);
		lab_checksum(p, at, length, 16);
		break;
	case IPPROTO_UDP:
		lab_put16(at + 4, (uint32_t)length);
		lab_checksum(p, at, length, 6);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		lab_put16(at, p->port);
		lab_put16(at + 2, 0);
		lab_put16(at + 4, p->source_port);
		lab_checksum(p, at, length, 2);
		break;
	default:
		memset(at, 0, header);
	}
	return length;
}

static inline size_t lab_build(const struct lab_packet *p, uint8_t packet[LAB_FRAME_MAX])
{
	size_t length;

	memset(packet, 0, LAB_FRAME_MAX);
	if (p->family == AF_INET) {
		length = 20 + lab_transport(p, packet + 20);
		packet[0] = 0x45;
		lab_put16(packet + 2, (uint32_t)length);
		packet[8] = p->hop_limit ? p->hop_limit : 64;
		packet[9] = p->protocol;
		memcpy(packet + 12, p->source, 4);
		memcpy(packet + 16, p->destination, 4);
		lab_put16(packet + 10, lab_fold(lab_sum(0, packet, 20)));
		return length;
	}
	length = lab_transport(p, packet + 40);
	packet[0] = 0x60;
	lab_put16(packet + 4, (uint32_t)length);
	packet[6] = p->protocol;
	packet[7] = p->hop_limit ? p->hop_limit : 64;
	memcpy(packet + 8, p->source, 16);
	memcpy(packet + 24, p->destination, 16);
	return length + 40;
}

static inline struct lab_packet lab_answer_to(const struct lab_packet *p, uint32_t marker)
{
	struct lab_packet answer = *p;

	memcpy(answer.source, p->destination, 16);
	memcpy(answer.destination, p->source, 16);
	answer.source_port = p->port;
	answer.port = p->source_port;
	answer.marker = marker;
	return answer;
}

static inline void lab_send_frame(int frames, const uint8_t to[6], uint16_t type, const void *data, size_t length)
{
	uint8_t frame[14 + LAB_FRAME_MAX] = {0};

	memcpy(frame, to, 6);
	frame[6] = 2;
	lab_put16(frame + 12, type);
	memcpy(frame + 14, data, length);
	cr_assert_geq(send(frames, frame, length < 46 ? 60 : length + 14, 0), 0, "send a frame: %s", strerror(errno));
}

/* Sends it from inside as a program that may send whatever it likes to IP. Returns errno, or 0. */
static inline int lab_send_raw(uint8_t family, const uint8_t *destination, const void *packet, size_t length)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	_cleanup_close_ int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	static const int on = 1;

	cr_assert_geq(fd, 0, "%s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	memcpy(&to.sin_addr, destination, 4);
	memcpy(&to6.sin6_addr, destination, 16);
	if (to6.sin6_addr.s6_addr[0] >= 0xfe)
		to6.sin6_scope_id = if_nametoindex("eth0");
	if (family == AF_INET)
		return sendto(fd, packet, length, 0, (struct sockaddr *)&to, sizeof to) < 0 ? errno : 0;
	return sendto(fd, packet, length, 0, (struct sockaddr *)&to6, sizeof to6) < 0 ? errno : 0;
}

/* Reads frames up to the one of no protocol; how many had the marker at their end, and (if not NULL) their IP bytes. */
static inline size_t lab_frames_with(int frames, uint32_t marker, uint64_t *ret_bytes)
{
	uint8_t frame[70000];
	size_t found = 0;

	for (int waits = 0; waits < 2000;) {
		struct sockaddr_ll from;
		socklen_t from_size = sizeof from;
		ssize_t length = recvfrom(frames, frame, sizeof frame, 0, (struct sockaddr *)&from, &from_size);
		size_t end;

		if (length < 0) {
			usleep(1000);
			waits++;
			continue;
		}
		if (length < 34 || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if ((frame[12] << 8 | frame[13]) == LAB_ETHERTYPE)
			return found;
		end = frame[12] == 0x08 ? 14u + (size_t)(frame[16] << 8 | frame[17]) : 54u + (size_t)(frame[18] << 8 | frame[19]);
		if (end > (size_t)length || memcmp(frame + end - sizeof marker, &marker, sizeof marker) != 0)
			continue;
		found++;
		if (ret_bytes)
			*ret_bytes += end - 14;
	}
	cr_assert_fail("the frame that comes last has not come");
	return 0;
}

static inline void lab_send_last(int frames, const uint8_t to[6])
{
	lab_send_frame(frames, to, LAB_ETHERTYPE, "", 0);
}

/* Until the kernel has seen, which takes it up to a second, that there is somebody at the other end, it drops what is sent. */
static inline void lab_wait(int from, int to, const uint8_t mac[6])
{
	uint8_t frame[2048];
	bool up = false;
	ssize_t length;

	for (int waits = 0; waits < 5000 && !up; waits++) {
		lab_send_last(from, mac);
		while ((length = recv(to, frame, sizeof frame, 0)) >= 0)
			up |= length >= 14 && (frame[12] << 8 | frame[13]) == LAB_ETHERTYPE && memcmp(frame, mac, 6) == 0;
		usleep(1000);
	}
	cr_assert(up, "the link is not up");
}

/* Sent from inside: did it come out? */
static inline bool lab_leaves(const struct lab *lab, const struct lab_packet *p)
{
	uint8_t packet[LAB_FRAME_MAX];
	size_t length = lab_build(p, packet);

	(void)lab_send_raw(p->family, p->destination, packet, length);
	lab_send_last(lab->inside_frames, lab_outside_mac);
	return lab_frames_with(lab->outside_frames, p->marker, NULL) > 0;
}

/* Sent from outside: did anybody inside hear of it? A raw socket does, behind the rules. */
static inline bool lab_comes_in(const struct lab *lab, const struct lab_packet *p)
{
	_cleanup_close_ int ear = socket(p->family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, p->protocol);
	uint8_t packet[LAB_FRAME_MAX];
	size_t length = lab_build(p, packet);
	bool heard = false;
	ssize_t got;

	cr_assert_geq(ear, 0);
	lab_send_frame(lab->outside_frames, lab_inside_mac, p->family == AF_INET ? 0x0800 : 0x86dd, packet, length);
	lab_send_last(lab->outside_frames, lab_inside_mac);
	(void)lab_frames_with(lab->inside_frames, p->marker, NULL);
	while ((got = recv(ear, packet, sizeof packet, 0)) > 0)
		heard |= got >= 4 && memcmp(packet + got - 4, &p->marker, 4) == 0;
	return heard;
}

#endif
