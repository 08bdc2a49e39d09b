/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/entry.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/units.h"
#include "lib/net/prefix.h"
#include "lib/net/protocol.h"

enum { WORDS_MAX = 3, LABEL_MAX = 63 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

/* The words that are no names; the index is the kind. */
static const struct word {
	const char *text;
	bool whole; /* nothing can follow it */
} words[] = {
	[NET_ENTRY_ANY] = {"any", false},
	[NET_ENTRY_PRIVATE] = {"private", false},
	[NET_ENTRY_INTERNET] = {"internet", false},
	[NET_ENTRY_DNS] = {"dns", true},
	[NET_ENTRY_LOOPBACK] = {"loopback", true},
};

/* Of words in which only blanks stand between. `copy` holds them; returns how many, WORDS_MAX + 1 when there are more. */
static unsigned split(char *copy, char *found[WORDS_MAX])
{
	unsigned count = 0;
	char *rest = copy;

	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (count == WORDS_MAX)
			return WORDS_MAX + 1;
		found[count++] = word;
	}
	return count;
}

/* Decimal, without a sign or leading zeros. */
static bool read_number(const char *text, size_t length, unsigned max, unsigned *ret_value)
{
	unsigned value = 0;

	if (length == 0 || length > 5 || (text[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*ret_value = value;
	return value <= max;
}

static int read_protocol(const char *word, uint8_t *ret_protocol, struct error *err)
{
	static const char *const names[] = {"tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "esp", "ah", "gre", "igmp", NULL};
	int known = protocol_from_name(word);
	const char *near = nearest_name(word, names);
	unsigned number;

	if (known > 0 || (read_number(word, strlen(word), 255, &number) && number > 0)) {
		*ret_protocol = (uint8_t)(known > 0 ? (unsigned)known : number);
		return 0;
	}
	return error_set(err, EINVAL, "\"%.40s\" is no protocol%s%s; tcp, udp, udplite, sctp, dccp, icmp, icmpv6, or a number from 1 "
			 "to 255", word, near ? "; did you mean " : "", near ? near : "");
}

static int read_ports(const char *word, const char *protocol, struct net_match *match, struct error *err)
{
	const char *dash = strchr(word, '-');
	size_t length = dash ? (size_t)(dash - word) : strlen(word);
	unsigned first, last;

	if (!protocol_has_ports(match->protocol))
		return error_set(err, EINVAL, "\"%.40s\": protocol %.40s has no ports", word, protocol);
	if (!read_number(word, length, UINT16_MAX, &first))
		return error_set(err, EINVAL, "\"%.40s\" is no port; a number from 0 to 65535, or two with \"-\" between", word);
	last = first;
	if (dash && !read_number(dash + 1, strlen(dash + 1), UINT16_MAX, &last))
		return error_set(err, EINVAL, "\"%.40s\" is no port; a number from 0 to 65535, or two with \"-\" between", word);
	if (last < first)
		return error_set(err, EINVAL, "the ports \"%.40s\" run backwards", word);
	match->first = (uint16_t)first;
	match->last = (uint16_t)last;
	return 0;
}

/* Labels of letters, digits, "-" and "_", none of which is empty, and the last of which is no number: that is an address. */
static bool is_host_name(const char *name)
{
	const char *last = strrchr(name, '.');

	if (!last || strlen(name) >= DNS_NAME_MAX - 2 || strspn(name, DNS_NAME_LETTERS) != strlen(name) ||
	    strspn(last + 1, "0123456789") == strlen(last + 1))
		return false;
	for (const char *label = name;; label++) {
		size_t length = strcspn(label, ".");

		if (length == 0 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
			return false;
		label += length;
		if (!*label)
			return true;
	}
}

static int read_name(char *word, struct net_entry *entry, struct error *err)
{
	bool wild = strncmp(word, "*.", 2) == 0;
	size_t length = strlen(word);

	for (char *c = word; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (length > 1 && word[length - 1] == '.')
		word[length - 1] = '\0';
	if (wild && !strchr(word + 2, '.'))
		return error_set(err, EINVAL, "\"%.64s\" would be every name of a whole top-level domain; write \"*.example.com\"", word);
	if (!is_host_name(wild ? word + 2 : word))
		return error_set(err, EINVAL, "\"%.64s\" is no address, prefix or host name, and no word that is known here (any, "
				 "private, internet, dns, loopback, the name of a service)", word);
	entry->kind = NET_ENTRY_NAME;
	(void)snprintf(entry->name, sizeof entry->name, "%s", word);
	return 0;
}

static const struct word *find_word(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].text && strcmp(words[i].text, text) == 0)
			return &words[i];
	return NULL;
}

bool net_service_name_valid(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= LABEL_MAX && name[0] >= 'a' && name[0] <= 'z' && strspn(name, letters) == length &&
	       !find_word(name) && protocol_from_name(name) < 0;
}

static bool looks_like_address(const char *word)
{
	return strchr(word, ':') || strchr(word, '/') || strspn(word, "0123456789.") == strlen(word);
}

/* What the first word is; *ret_whole: nothing may follow. */
static int read_subject(char *word, struct net_entry *entry, bool *ret_whole, struct error *err)
{
	const struct word *known = find_word(word);

	*ret_whole = known && known->whole;
	if (known) {
		entry->kind = (enum net_entry_kind)(known - words);
		return 0;
	}
	if (looks_like_address(word)) {
		entry->kind = NET_ENTRY_PREFIX;
		return net_prefix_parse(word, &entry->match.prefix, err);
	}
	if (net_service_name_valid(word)) {
		*ret_whole = true;
		entry->kind = NET_ENTRY_SERVICE;
		(void)snprintf(entry->name, sizeof entry->name, "%s", word);
		return 0;
	}
	return read_name(word, entry, err);
}

int net_entry_parse(const char *text, struct net_entry *ret_entry, struct error *err)
{
	struct net_entry entry = {.match = {.last = UINT16_MAX}};
	char copy[NET_ENTRY_TEXT_MAX], *found[WORDS_MAX];
	unsigned count;
	bool whole;
	int r;

	if (strlen(text) >= sizeof copy)
		return error_set(err, EINVAL, "\"%.40s…\" is too long for an entry", text);
	memcpy(copy, text, strlen(text) + 1);
	count = split(copy, found);
	if (count == 0 || count > WORDS_MAX)
		return error_set(err, EINVAL, "\"%.64s\": an entry is a prefix, an address or a name, then a protocol, then a port, as in "
				 "\"10.0.0.0/8 tcp 5432\"", text);
	r = read_subject(found[0], &entry, &whole, err);
	if (r == 0 && whole && count > 1)
		return error_set(err, EINVAL, "\"%.64s\": nothing can follow %s, which has its own protocols and ports", text, found[0]);
	if (r == 0 && count > 1)
		r = read_protocol(found[1], &entry.match.protocol, err);
	if (r == 0 && count > 2)
		r = read_ports(found[2], found[1], &entry.match, err);
	if (r == 0)
		*ret_entry = entry;
	return r;
}

const char *net_entry_format(const struct net_entry *entry, char text[NET_ENTRY_TEXT_MAX])
{
	const struct net_match *match = &entry->match;
	const char *protocol = protocol_name(match->protocol);
	char prefix[NET_PREFIX_TEXT_MAX];
	const char *subject = entry->name;
	int used;

	if (entry->kind == NET_ENTRY_PREFIX)
		subject = net_prefix_format(&match->prefix, prefix);
	else if (entry->kind < ARRAY_SIZE(words))
		subject = words[entry->kind].text;
	used = snprintf(text, NET_ENTRY_TEXT_MAX, "%s", subject);
	if (match->protocol && protocol)
		used += snprintf(text + used, NET_ENTRY_TEXT_MAX - (size_t)used, " %s", protocol);
	else if (match->protocol)
		used += snprintf(text + used, NET_ENTRY_TEXT_MAX - (size_t)used, " %u", match->protocol);
	if (match->first == match->last)
		(void)snprintf(text + used, NET_ENTRY_TEXT_MAX - (size_t)used, " %u", match->first);
	else if (match->first > 0 || match->last < UINT16_MAX)
		(void)snprintf(text + used, NET_ENTRY_TEXT_MAX - (size_t)used, " %u-%u", match->first, match->last);
	return text;
}
