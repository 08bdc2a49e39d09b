/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What messages say that policies come to (lib/net/nft_text.h), as libnftnl 1.2 words it. The source of each is nft_ruleset.h. */
#ifndef STINT_TEST_NFT_GOLDEN_H
#define STINT_TEST_NFT_GOLDEN_H

static const struct golden {
	const char *policy, *of; /* the lines that begin so, and no others */
	const char *lines[120];
} golden[] = {
	{"{\"egress\": {\"layers\": [{\"default\": \"deny\", \"allow\": [\"10.0.0.0/8 tcp 5432\"]}]}, \"ingress\": {\"layers\": []}, "
	 "\"quotas\": {}, \"owned\": false, \"raw\": false}",
	 "", {
		"chain egress type filter hook 3 priority 2147483647 policy 0",
		"chain egress-0",
		"chain egress-denied",
		"chain egress-new",
		"chain forward type filter hook 2 priority 2147483647 policy 0",
		"chain ingress type filter hook 1 priority 2147483646 policy 0",
		"chain ingress-denied",
		"chain ingress-new",
		"element egress-0-allow-0-ip 0a000000",
		"element egress-0-allow-0-ip 0b000000 end",
		"element metadata-ip 646464c8",
		"element metadata-ip 646464c9 end",
		"element metadata-ip a83f8110",
		"element metadata-ip a83f8111 end",
		"element metadata-ip a9fe0017",
		"element metadata-ip a9fe0018 end",
		"element metadata-ip a9fe2a2a",
		"element metadata-ip a9fe2a2b end",
		"element metadata-ip a9fea9fe",
		"element metadata-ip a9fea9ff end",
		"element metadata-ip a9feaa02",
		"element metadata-ip a9feaa03 end",
		"element metadata-ip a9feaa17",
		"element metadata-ip a9feaa18 end",
		"element metadata-ip c00000c0",
		"element metadata-ip c00000c1 end",
		"element metadata-ip6 fd000042000000000000000000000042",
		"element metadata-ip6 fd000042000000000000000000000043 end",
		"element metadata-ip6 fd000ec2000000000000000000000023",
		"element metadata-ip6 fd000ec2000000000000000000000024 end",
		"element metadata-ip6 fd000ec2000000000000000000000254",
		"element metadata-ip6 fd000ec2000000000000000000000255 end",
		"element metadata-ip6 fd00a9fea9fe00000000000000000001",
		"element metadata-ip6 fd00a9fea9fe00000000000000000002 end",
		"element metadata-ip6 fd2000ce000000000000000000000254",
		"element metadata-ip6 fd2000ce000000000000000000000255 end",
		"element metadata-ip6 fe8000000000000000000000a9fea9fe",
		"element metadata-ip6 fe8000000000000000000000a9fea9ff end",
		"object egress of type 1",
		"object egress-cloud-metadata of type 1",
		"object egress-connections of type 1",
		"object egress-denied of type 1",
		"object egress-invalid of type 1",
		"object egress-new of type 1",
		"object egress-new-connections of type 1",
		"object egress-over-bandwidth of type 1",
		"object egress-over-quota of type 1",
		"object forward of type 1",
		"object ingress of type 1",
		"object ingress-cloud-metadata of type 1",
		"object ingress-connections of type 1",
		"object ingress-denied of type 1",
		"object ingress-invalid of type 1",
		"object ingress-new of type 1",
		"object ingress-new-connections of type 1",
		"object ingress-over-bandwidth of type 1",
		"object ingress-over-quota of type 1",
		"rule egress-0: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x00000002 ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x00000006 ] [ payload load 2b @ transport header + 2 => reg 1 ] [ cmp eq reg 1 0x00003815 ] [ payload load 4b @ network header + 16 => reg 1 ] [ lookup reg 1 set egress-0-allow-0-ip 0x0 ] [ immediate reg 0 return ]",
		"rule egress-0: [ immediate reg 0 goto -> egress-denied ]",
		"rule egress-denied: [ limit rate 10/second burst 100 type packets flags 0x0 ] [ log prefix egress group 1 snaplen 4224 qthreshold 0 ]",
		"rule egress-denied: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x00000002 ] [ payload load 4b @ network header + 16 => reg 1 ] [ lookup reg 1 set metadata-ip 0x0 ] [ objref type 1 name egress-cloud-metadata ] [ reject type 2 code 3 ]",
		"rule egress-denied: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ payload load 16b @ network header + 24 => reg 1 ] [ lookup reg 1 set metadata-ip6 0x0 ] [ objref type 1 name egress-cloud-metadata ] [ reject type 2 code 3 ]",
		"rule egress-denied: [ objref type 1 name egress-denied ] [ reject type 2 code 3 ]",
		"rule egress-new: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x0000003a ] [ payload load 1b @ transport header + 0 => reg 1 ] [ cmp gte reg 1 0x00000085 ] [ cmp lte reg 1 0x00000088 ] [ payload load 1b @ network header + 7 => reg 1 ] [ cmp eq reg 1 0x000000ff ] [ immediate reg 0 return ]",
		"rule egress-new: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x0000003a ] [ payload load 1b @ transport header + 0 => reg 1 ] [ cmp gte reg 1 0x00000082 ] [ cmp lte reg 1 0x00000084 ] [ payload load 1b @ network header + 7 => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 return ]",
		"rule egress-new: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x0000003a ] [ payload load 1b @ transport header + 0 => reg 1 ] [ cmp gte reg 1 0x0000008f ] [ cmp lte reg 1 0x0000008f ] [ payload load 1b @ network header + 7 => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 return ]",
		"rule egress-new: [ ct load state => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000001 ) ^ 0x00000000 ] [ cmp neq reg 1 0x00000000 ] [ objref type 1 name egress-invalid ] [ immediate reg 0 drop ]",
		"rule egress-new: [ ct load status => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ] [ cmp neq reg 1 0x00000000 ] [ immediate reg 0 return ]",
		"rule egress-new: [ immediate reg 0 jump -> egress-0 ]",
		"rule egress-new: [ objref type 1 name egress-new ]",
		"rule egress: [ meta load oif => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 accept ]",
		"rule egress: [ ct load state => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000006 ) ^ 0x00000000 ] [ cmp eq reg 1 0x00000000 ] [ immediate reg 0 jump -> egress-new ]",
		"rule egress: [ objref type 1 name egress ] [ immediate reg 0 accept ]",
		"rule forward: [ objref type 1 name forward ] [ immediate reg 0 drop ]",
		"rule ingress-denied: [ limit rate 10/second burst 100 type packets flags 0x0 ] [ log prefix ingress group 1 snaplen 4224 qthreshold 0 ]",
		"rule ingress-denied: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x00000002 ] [ payload load 4b @ network header + 12 => reg 1 ] [ lookup reg 1 set metadata-ip 0x0 ] [ objref type 1 name ingress-cloud-metadata ] [ immediate reg 0 drop ]",
		"rule ingress-denied: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ payload load 16b @ network header + 8 => reg 1 ] [ lookup reg 1 set metadata-ip6 0x0 ] [ objref type 1 name ingress-cloud-metadata ] [ immediate reg 0 drop ]",
		"rule ingress-denied: [ objref type 1 name ingress-denied ] [ immediate reg 0 drop ]",
		"rule ingress-new: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x0000003a ] [ payload load 1b @ transport header + 0 => reg 1 ] [ cmp gte reg 1 0x00000085 ] [ cmp lte reg 1 0x00000088 ] [ payload load 1b @ network header + 7 => reg 1 ] [ cmp eq reg 1 0x000000ff ] [ immediate reg 0 return ]",
		"rule ingress-new: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x0000003a ] [ payload load 1b @ transport header + 0 => reg 1 ] [ cmp gte reg 1 0x00000082 ] [ cmp lte reg 1 0x00000084 ] [ payload load 1b @ network header + 7 => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 return ]",
		"rule ingress-new: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x0000003a ] [ payload load 1b @ transport header + 0 => reg 1 ] [ cmp gte reg 1 0x0000008f ] [ cmp lte reg 1 0x0000008f ] [ payload load 1b @ network header + 7 => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 return ]",
		"rule ingress-new: [ ct load state => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000001 ) ^ 0x00000000 ] [ cmp neq reg 1 0x00000000 ] [ immediate reg 0 return ]",
		"rule ingress-new: [ ct load status => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000 ] [ cmp neq reg 1 0x00000000 ] [ immediate reg 0 return ]",
		"rule ingress-new: [ objref type 1 name ingress-new ]",
		"rule ingress: [ meta load iif => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 accept ]",
		"rule ingress: [ ct load state => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000006 ) ^ 0x00000000 ] [ cmp eq reg 1 0x00000000 ] [ immediate reg 0 jump -> ingress-new ]",
		"rule ingress: [ objref type 1 name ingress ] [ immediate reg 0 accept ]",
		"set egress-0-allow-0-ip of 4 bytes, flags 6, size 0",
		"set metadata-ip of 4 bytes, flags 6, size 0",
		"set metadata-ip6 of 16 bytes, flags 6, size 0",
		"table stint",
	 }},
	{"{\"egress\": {\"layers\": []}, \"ingress\": {\"layers\": [{\"default\": \"allow\", \"deny\": [\"fd00::/8 udp 53\"]}], \"bandwidth\": 1000}, "
	 "\"quotas\": {\"netEgress\": {\"limit\": 1048576, \"used\": 1000, \"holds\": true}}, \"owned\": false, \"raw\": false}",
	 "rule egress:", {
		"rule egress: [ meta load oif => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 accept ]",
		"rule egress: [ ct load state => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000006 ) ^ 0x00000000 ] [ cmp eq reg 1 0x00000000 ] [ immediate reg 0 jump -> egress-new ]",
		"rule egress: [ objref type 2 name budget-egress ]",
		"rule egress: [ objref type 2 name budget-egress ] [ immediate reg 0 jump -> budget-egress ]",
		"rule egress: [ objref type 1 name egress ] [ immediate reg 0 accept ]",
	 }},
	{"{\"egress\": {\"layers\": []}, \"ingress\": {\"layers\": [{\"default\": \"allow\", \"deny\": [\"fd00::/8 udp 53\"]}], \"bandwidth\": 1000}, "
	 "\"quotas\": {\"netEgress\": {\"limit\": 1048576, \"used\": 1000, \"holds\": true}}, \"owned\": false, \"raw\": false}",
	 "rule ingress-0", {
		"rule ingress-0: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x00000011 ] [ payload load 2b @ transport header + 2 => reg 1 ] [ cmp eq reg 1 0x00003500 ] [ payload load 16b @ network header + 8 => reg 1 ] [ lookup reg 1 set ingress-0-deny-0-ip6 0x0 ] [ immediate reg 0 goto -> ingress-denied ]",
	 }},
	{"{\"egress\": {\"layers\": []}, \"ingress\": {\"layers\": [{\"default\": \"allow\", \"deny\": [\"fd00::/8 udp 53\"]}], \"bandwidth\": 1000}, "
	 "\"quotas\": {\"netEgress\": {\"limit\": 1048576, \"used\": 1000, \"holds\": true}}, \"owned\": false, \"raw\": false}",
	 "rule ingress:", {
		"rule ingress: [ meta load iif => reg 1 ] [ cmp eq reg 1 0x00000001 ] [ immediate reg 0 accept ]",
		"rule ingress: [ ct load state => reg 1 ] [ bitwise reg 1 = ( reg 1 & 0x00000006 ) ^ 0x00000000 ] [ cmp eq reg 1 0x00000000 ] [ immediate reg 0 jump -> ingress-new ]",
		"rule ingress: [ limit rate 1000/second burst 130072 type bytes flags 0x1 ] [ objref type 1 name ingress-over-bandwidth ] [ immediate reg 0 drop ]",
		"rule ingress: [ objref type 1 name ingress ] [ immediate reg 0 accept ]",
	 }},
	{"{\"egress\": {\"layers\": []}, \"ingress\": {\"layers\": [{\"default\": \"allow\", \"deny\": [\"fd00::/8 udp 53\"]}], \"bandwidth\": 1000}, "
	 "\"quotas\": {\"netEgress\": {\"limit\": 1048576, \"used\": 1000, \"holds\": true}}, \"owned\": false, \"raw\": false}",
	 "element ingress", {
		"element ingress-0-deny-0-ip6 fd000000000000000000000000000000",
		"element ingress-0-deny-0-ip6 fe000000000000000000000000000000 end",
	 }},
	{"{\"egress\": {\"layers\": []}, \"ingress\": {\"layers\": [{\"default\": \"allow\", \"deny\": [\"fd00::/8 udp 53\"]}], \"bandwidth\": 1000}, "
	 "\"quotas\": {\"netEgress\": {\"limit\": 1048576, \"used\": 1000, \"holds\": true}}, \"owned\": false, \"raw\": false}",
	 "rule budget", {
		"rule budget-egress: [ limit rate 1/minute burst 1 type packets flags 0x0 ] [ log prefix budget-egress group 4 snaplen 4224 qthreshold 0 ]",
		"rule budget-egress: [ objref type 1 name egress-over-quota ] [ immediate reg 0 drop ]",
	 }},
	{"{\"egress\": {\"layers\": []}, \"ingress\": {\"layers\": [{\"default\": \"allow\", \"deny\": [\"fd00::/8 udp 53\"]}], \"bandwidth\": 1000}, "
	 "\"quotas\": {\"netEgress\": {\"limit\": 1048576, \"used\": 1000, \"holds\": true}}, \"owned\": false, \"raw\": false}",
	 "quota", {
		"quota budget-egress over 2097153 bytes",
	 }},
	{"{\"egress\": {\"layers\": []}, \"ingress\": {\"layers\": [{\"default\": \"allow\", \"deny\": [\"fd00::/8 udp 53\"]}], \"bandwidth\": 1000}, "
	 "\"quotas\": {\"netEgress\": {\"limit\": 1048576, \"used\": 1000, \"holds\": true}}, \"owned\": false, \"raw\": false}",
	 "set ingress", {
		"set ingress-0-deny-0-ip6 of 16 bytes, flags 6, size 0",
	 }},
	{"{\"egress\": {\"layers\": [{\"default\": \"deny\", \"allow\": [\"10.0.0.5 tcp 5432\", \"10.0.0.6 udp 258-259\", \"fd00::1 tcp 5432\"]}]}, \"ingress\": "
	 "{\"layers\": []}, \"quotas\": {}, \"owned\": false, \"raw\": false}",
	 "rule egress-0", {
		"rule egress-0: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x00000002 ] [ payload load 4b @ network header + 16 => reg 1 ] [ meta load l4proto => reg 9 ] [ payload load 2b @ transport header + 2 => reg 10 ] [ lookup reg 1 set egress-0-allow-pairs-ip 0x0 ] [ immediate reg 0 return ]",
		"rule egress-0: [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x0000000a ] [ payload load 16b @ network header + 24 => reg 1 ] [ meta load l4proto => reg 2 ] [ payload load 2b @ transport header + 2 => reg 13 ] [ lookup reg 1 set egress-0-allow-pairs-ip6 0x0 ] [ immediate reg 0 return ]",
		"rule egress-0: [ immediate reg 0 goto -> egress-denied ]",
	 }},
	{"{\"egress\": {\"layers\": [{\"default\": \"deny\", \"allow\": [\"10.0.0.5 tcp 5432\", \"10.0.0.6 udp 258-259\", \"fd00::1 tcp 5432\"]}]}, \"ingress\": "
	 "{\"layers\": []}, \"quotas\": {}, \"owned\": false, \"raw\": false}",
	 "element egress", {
		"element egress-0-allow-pairs-ip 0a0000050600000015380000",
		"element egress-0-allow-pairs-ip 0a0000061100000001020000",
		"element egress-0-allow-pairs-ip 0a0000061100000001030000",
		"element egress-0-allow-pairs-ip6 fd0000000000000000000000000000010600000015380000",
	 }},
	{"{\"egress\": {\"layers\": [{\"default\": \"deny\", \"allow\": [\"10.0.0.5 tcp 5432\", \"10.0.0.6 udp 258-259\", \"fd00::1 tcp 5432\"]}]}, \"ingress\": "
	 "{\"layers\": []}, \"quotas\": {}, \"owned\": false, \"raw\": false}",
	 "set egress", {
		"set egress-0-allow-pairs-ip of 12 bytes, flags 2, size 3",
		"set egress-0-allow-pairs-ip6 of 24 bytes, flags 2, size 1",
	 }},
};

#endif
