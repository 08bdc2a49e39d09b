/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a DNS answer: what is taken from it is a host's name and addresses that can be used as they are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/net/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_answer answer;
	struct error err = {0};
	int r = dns_read_answer(data, size, &answer, &err);

	if (r < 0) {
		if (!err.text[0] || answer.count)
			abort();
		return 0;
	}
	if (answer.count > DNS_ADDRESSES_MAX || !answer.name[0] || strlen(answer.name) >= DNS_NAME_MAX ||
	    strspn(answer.name, DNS_NAME_LETTERS) != strlen(answer.name))
		abort();
	for (size_t i = 0; i < answer.count; i++)
		if (answer.addresses[i].family != AF_INET && answer.addresses[i].family != AF_INET6)
			abort();
	if (!dns_name_matches(answer.name, answer.name))
		abort();
	return 0;
}
