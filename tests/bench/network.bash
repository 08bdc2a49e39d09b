# SPDX-License-Identifier: GPL-2.0-or-later
# The section "network" of tests/bench/run: what it takes to set rules, against `nft -f` of the same, and what a packet costs that
# they allow, against none and iptables. Sourced by it. All of it is in network namespaces of its own.

# A profile that allows COUNT prefixes, none beside another (`ports`: addresses, each with a port of its own); what stint-network is given
# for it, and the same as nft has it: as stint-network sets it, and as one writes such a list.
network_rules() { # COUNT [ports]: $DIR/rules/network.json, $DIR/rules.nft, $DIR/written.nft
	awk -v n="$1" -v ports="${2:-}" 'BEGIN { for (i = 0; i < n; i++)
		printf "11.%d.%d.%d%s\n", i * 32 / 65536, i * 32 / 256 % 256, i * 32 % 256, ports ? " tcp " i * 2 + 1 : "/28" }' | jq -R . |
		jq -s '{stintVersion: "1.0", name: "bench", network: {egress: {default: "deny", allow: .}}}' >"$DIR/network.json"
	new_id
	stint run --runtime crun --id "$ID" --profile "$DIR/network.json" "$DIR/asleep" >"$DIR/$ID.out" 2>&1 </dev/null &
	for _ in $(seq 200); do
		[ ! -s "$STINT_ROOT/run/stint/$ID/pid" ] || break
		sleep 0.1
	done
	mkdir -p "$DIR/rules"
	cp "$STINT_ROOT/run/stint/$ID/network.json" "$DIR/rules/"
	nsenter -t "$(cat "$STINT_ROOT/run/stint/$ID/pid")" -n nft list ruleset >"$DIR/rules.nft"
	crun kill "$ID" KILL
	wait $! || true
	# Many prefixes of one length are a set of their first addresses; one writes them as they are.
	sed '/& 255[.]255[.]255[.]240 == /! b elements
		s///
		:elements
		/set egress-0-allow-0-ip-28 /, /}/ { s/flags constant/flags constant,interval/; s/11[.][0-9.]*/&\/28/g }' "$DIR/rules.nft" >"$DIR/written.nft"
}

network_ratio() { # WHICH NAME [GOAL]
	awk -v base="$(median_of 0)" -v a="$(median_of 1)" -v b="$(median_of "$1")" 'BEGIN { print (a - base) / (b - base) }' |
		row network "  stint / $2" ratio "${3:-}"
}

# Each in a new namespace, as a container has one, and less what that takes by itself. One more has rules all the time, as there is on
# every host with an engine: before the first rule and after the last one the kernel patches itself.
network_apply() {
	local size rounds=$network_rounds goal what
	bundle asleep /bin/sleep 600
	for size in 1 '1000 ports' 10000 100000; do
		what="an allow list of ${size/ ports/ addresses, each with a port of its own}"
		# shellcheck disable=SC2086
		network_rules $size
		if [ "$size" = 1 ]; then
			unshare -n sh -c 'nft -f "$1" && exec sleep 600' sh "$DIR/rules.nft" &
			background+=($!)
			disown
			sleep 1
		fi
		alternate 0 -- unshare -n true -- unshare -n "$STINT_BENCH_PROGRAMS/apply_rules" "$DIR/rules" -- unshare -n nft -f "$DIR/rules.nft" -- \
			unshare -n nft -f "$DIR/written.nft"
		goal=
		[ "$size" != 1 ] || goal='<0.1'
		[ "$size" != 10000 ] || goal='<0.333'
		awk -v base="$(median_of 0)" -v a="$(median_of 1)" 'BEGIN { print a - base }' | row network "$what: stint-network's part" ms
		for _ in $(seq 15); do unshare -n "$STINT_BENCH_PROGRAMS/apply_rules" "$DIR/rules"; done >"$DIR/waited"
		row network "  of that, what the container waits for" ms <"$DIR/waited"
		awk -v base="$(median_of 0)" -v a="$(median_of 3)" 'BEGIN { print a - base }' | row network "  nft -f of the list as it is written" ms
		awk -v base="$(median_of 0)" -v a="$(median_of 2)" 'BEGIN { print a - base }' | row network "  nft -f of what stint-network sets" ms
		network_ratio 3 "nft of the list" "$goal"
		network_ratio 2 "nft of the same rules"
		awk -v base="$(median_of 0)" -v a="$(sort -n "$DIR/waited" | sed -n 8p)" -v b="$(median_of 3)" 'BEGIN { print a / (b - base) }' |
			row network "  what the container waits for / nft of the list" ratio
	done
}

# Two namespaces with a link between them.
network_ends() {
	unshare -n sleep 600 &
	near=$!
	unshare -n sleep 600 &
	far=$!
	background+=($near $far)
	until [ "$(readlink /proc/$near/ns/net)" != "$(readlink /proc/self/ns/net)" ] && [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
		sleep 0.01
	done
	nsenter -t $far -n ip link add peer type veth peer name eth0 netns $near
	nsenter -t $far -n sh -c 'ip addr add 11.0.0.0/31 dev peer; ip link set peer up'
	nsenter -t $near -n sh -c 'ip link set lo up; ip addr add 11.0.0.1/31 dev eth0; ip link set eth0 up'
	nsenter -t $far -n iperf3 -s >/dev/null 2>&1 &
	background+=($!)
	sleep 0.5
}
with_none() { :; }
with_stint() { nsenter -t $near -n "$STINT_BENCH_PROGRAMS/apply_rules" "$DIR/rules" >/dev/null; }
with_iptables() {
	nsenter -t $near -n sh -c 'for chain in INPUT OUTPUT; do
		iptables -P $chain DROP; iptables -A $chain -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; done
		iptables -A OUTPUT -o lo -j ACCEPT; iptables -A INPUT -i lo -j ACCEPT
		iptables -A OUTPUT -d 11.0.0.0 -m conntrack --ctstate NEW -j ACCEPT'
}
network_packets() {
	local what round near far
	network_rules 1
	for round in 1 2 3; do
		for what in none stint iptables; do
			network_ends
			with_$what
			# Small datagrams as fast as one process can: ns a packet.
			nsenter -t $near -n iperf3 -c 11.0.0.0 -u -b 0 -l 64 -t 2 -J | jq '.end.sum | .seconds * 1e9 / .packets' >>"$DIR/packets-$what"
			# And a stream, of which the kernel makes large ones: what a KiB takes.
			nsenter -t $near -n iperf3 -c 11.0.0.0 -t 2 -J | jq '.end.sum_received | .seconds * 1e9 / .bytes * 1024' >>"$DIR/stream-$what"
			kill -9 $near $far "${background[-1]}"
			wait $near $far "${background[-1]}" 2>/dev/null || true
		done
	done
	for what in none stint iptables; do row network "a datagram that is sent, rules of $what" ns <"$DIR/packets-$what"; done
	awk -v a="$(sort -n "$DIR/packets-stint" | sed -n 2p)" -v b="$(sort -n "$DIR/packets-iptables" | sed -n 2p)" 'BEGIN { print a / b }' |
		row network "  stint / iptables" ratio
	for what in none stint iptables; do row network "a KiB of a TCP stream, rules of $what" ns <"$DIR/stream-$what"; done
	awk -v a="$(sort -n "$DIR/stream-stint" | sed -n 2p)" -v b="$(sort -n "$DIR/stream-none" | sed -n 2p)" 'BEGIN { print a / b }' |
		row network "  stint / none" ratio
}

section_network() {
	if [ ! -x "$STINT_BIN/stint-network" ] || [ ! -x "${STINT_BENCH_PROGRAMS:-}/apply_rules" ]; then
		not_measured network "all" "it takes stint-network, and the programs that 'make bench' makes"
	elif [ "$(command -v nft iperf3 iptables | wc -l)" -ne 3 ]; then
		not_measured network "all" "nft, iperf3 or iptables is not installed"
	else
		network_apply
		network_packets
	fi
}
