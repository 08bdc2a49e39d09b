/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/dns.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int broken(struct error *err, const char *what)
{
	return error_set(err, EBADMSG, "read a DNS answer: %s", what);
}

/* As libresolv prints it: what no host name is made of is escaped, and so refused here. */
static bool host_name(const char *text, char name[DNS_NAME_MAX])
{
	size_t length = strlen(text);

	if (length && text[length - 1] == '.')
		length--;
	if (!length || length >= DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		name[i] = c;
	}
	name[length] = '\0';
	return strspn(name, DNS_NAME_LETTERS) == length;
}

static int read_question(ns_msg *message, struct dns_answer *answer, int *ret_type, struct error *err)
{
	ns_rr question;

	if (!ns_msg_getflag(*message, ns_f_qr) || ns_msg_getflag(*message, ns_f_opcode) != ns_o_query)
		return broken(err, "it is no answer");
	if (ns_msg_getflag(*message, ns_f_tc))
		return broken(err, "it was cut short");
	if (ns_msg_count(*message, ns_s_qd) != 1 || ns_parserr(message, ns_s_qd, 0, &question) < 0)
		return broken(err, "it does not say what was asked for");
	*ret_type = ns_rr_type(question);
	if (ns_rr_class(question) != ns_c_in || (*ret_type != ns_t_a && *ret_type != ns_t_aaaa))
		return broken(err, "it was not addresses that were asked for");
	if (!host_name(ns_rr_name(question), answer->name))
		return broken(err, "the name that was asked for is no host's");
	return 0;
}

static bool about(const ns_rr *record, const char *name)
{
	char owner[DNS_NAME_MAX];

	return ns_rr_class(*record) == ns_c_in && host_name(ns_rr_name(*record), owner) && strcmp(owner, name) == 0;
}

/* The name that `name` is another one for. False: there is none. */
static bool follow(ns_msg *message, char name[DNS_NAME_MAX], uint32_t *ttl)
{
	char text[NS_MAXDNAME];
	ns_rr record;

	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		if (ns_parserr(message, ns_s_an, i, &record) < 0 || ns_rr_type(record) != ns_t_cname || !about(&record, name))
			continue;
		if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(record), text, sizeof text) < 0 ||
		    !host_name(text, name))
			return false;
		*ttl = ns_rr_ttl(record) < *ttl ? ns_rr_ttl(record) : *ttl;
		return true;
	}
	return false;
}

static void take_addresses(ns_msg *message, const char *name, int type, uint32_t ttl, struct dns_answer *answer)
{
	size_t size = type == ns_t_a ? NS_INADDRSZ : NS_IN6ADDRSZ;
	ns_rr record;

	for (int i = 0; i < ns_msg_count(*message, ns_s_an) && answer->count < DNS_ADDRESSES_MAX; i++) {
		struct dns_address *address = &answer->addresses[answer->count];

		if (ns_parserr(message, ns_s_an, i, &record) < 0 || (int)ns_rr_type(record) != type ||
		    ns_rr_rdlen(record) != size || !about(&record, name))
			continue;
		*address = (struct dns_address){.family = type == ns_t_a ? AF_INET : AF_INET6,
						.ttl = ns_rr_ttl(record) < ttl ? ns_rr_ttl(record) : ttl};
		memcpy(address->bytes, ns_rr_rdata(record), size);
		answer->count++;
	}
}

int dns_read_answer(const void *bytes, size_t length, struct dns_answer *ret_answer, struct error *err)
{
	char name[DNS_NAME_MAX];
	uint32_t ttl = UINT32_MAX;
	ns_msg message;
	int r, type = 0;

	*ret_answer = (struct dns_answer){0};
	if (length > NS_MAXMSG || ns_initparse(bytes, (int)length, &message) < 0)
		return broken(err, "its parts are not where it says");
	r = read_question(&message, ret_answer, &type, err);
	if (r < 0)
		return r;
	if (ns_msg_getflag(message, ns_f_rcode) != ns_r_noerror)
		return 0;
	memcpy(name, ret_answer->name, sizeof name);
	for (int i = 0; i < DNS_CHAIN_MAX && follow(&message, name, &ttl); i++)
		;
	take_addresses(&message, name, type, ttl, ret_answer);
	return 0;
}

bool dns_name_matches(const char *pattern, const char *name)
{
	size_t length = strlen(name), suffix;

	if (pattern[0] != '*' || pattern[1] != '.')
		return strcmp(pattern, name) == 0;
	suffix = strlen(pattern + 1);
	return length > suffix && strcmp(name + length - suffix, pattern + 1) == 0;
}
