# What the tests of the network share. Sourced after helpers.bash and threats.bash.
#
# The other end lives in a network namespace of its own; a veth pair is made in there, never in the machine's, and one end of
# it moved to where the container is:
#
#	 container's namespace      peer's namespace
#	   eth0 10.99.0.2/24  <-->  veth0 10.99.0.1/24, and 10.99.1.1 behind it
#	   fd99::2/64               fd99::1/64
#
# The peer has a resolver at its address (names_start), and somebody else who answers at 10.99.0.9.

PEER=10.99.0.1 FAR=10.99.1.1 OWN=10.99.0.2 PEER6=fd99::1 OTHER=10.99.0.9
export PEER FAR OWN PEER6 OTHER

# A process in a namespace of its own: prints its pid.
new_namespace() {
	unshare -n sleep 3600 >/dev/null 2>&1 </dev/null 3>&- &
	local pid=$!
	eventually 5 in_its_own_namespace "$pid" >&2
	echo "$pid" >>"$BATS_FILE_TMPDIR/namespaces"
	echo "$pid"
}
in_its_own_namespace() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
in_namespace() { # PID COMMAND...
	local pid=$1
	shift
	nsenter -t "$pid" -n "$@"
}

# The other end, with who counts datagrams to port 4000 and takes connections to 5000.
peer_start() {
	PACKETS=$(tool packets -static)
	PEER_PID=$(new_namespace)
	export PEER_PID PACKETS
	COUNTED=$BATS_FILE_TMPDIR/counted
	export COUNTED
	in_namespace "$PEER_PID" ip link set lo up
	# nsenter itself becomes them: who is ended is who runs.
	nsenter -t "$PEER_PID" -n "$PACKETS" count 4000 "$COUNTED" >/dev/null 2>&1 </dev/null 3>&- &
	echo $! >>"$BATS_FILE_TMPDIR/namespaces"
	nsenter -t "$PEER_PID" -n "$PACKETS" serve 5000 >/dev/null 2>&1 </dev/null 3>&- &
	echo $! >>"$BATS_FILE_TMPDIR/namespaces"
	eventually 5 test -s "$COUNTED"
}
# Who answers there says what is in the file RECORDS: see tools/names.c.
names_start() {
	NAMES=$(tool names -static)
	RECORDS=$BATS_FILE_TMPDIR/records
	export NAMES RECORDS
	: >"$RECORDS"
	local address
	for address in $PEER $OTHER; do
		nsenter -t "$PEER_PID" -n "$NAMES" serve "$address" "$RECORDS" >"$BATS_FILE_TMPDIR/resolver-$address" 2>&1 </dev/null 3>&- &
		echo $! >>"$BATS_FILE_TMPDIR/namespaces"
		eventually 5 grep -q ready "$BATS_FILE_TMPDIR/resolver-$address"
	done
}
# More addresses of the peer's, after connect_to.
peer_has() { # ADDRESS...
	local address
	for address; do
		in_namespace "$PEER_PID" ip addr add "$address/32" dev veth0
	done
}
# Ends what the two above started.
namespaces_end() {
	local pid
	while read -r pid; do
		kill -9 "$pid" 2>/dev/null || true
	done <"$BATS_FILE_TMPDIR/namespaces"
	rm -f "$BATS_FILE_TMPDIR/namespaces"
}

# A link between the peer and the namespace of process PID. The neighbours are told, so that nothing but what the container
# sends is counted.
connect_to() { # PID
	in_namespace "$PEER_PID" ip link del veth0 2>/dev/null || true
	in_namespace "$PEER_PID" ip link add veth0 address 02:00:00:00:99:01 type veth peer name eth0 address 02:00:00:00:99:02 netns "$1"
	in_namespace "$PEER_PID" ip addr add $PEER/24 dev veth0
	in_namespace "$PEER_PID" ip addr add $FAR/32 dev veth0
	in_namespace "$PEER_PID" ip -6 addr add $PEER6/64 dev veth0 nodad
	in_namespace "$PEER_PID" ip link set veth0 up
	in_namespace "$1" ip link set lo up
	in_namespace "$1" ip addr add $OWN/24 dev eth0
	in_namespace "$1" ip -6 addr add fd99::2/64 dev eth0 nodad
	in_namespace "$1" ip link set eth0 up
	in_namespace "$1" ip route add default via $PEER
	in_namespace "$1" ip neigh replace $PEER lladdr 02:00:00:00:99:01 dev eth0 nud permanent
	in_namespace "$PEER_PID" ip neigh replace $OWN lladdr 02:00:00:00:99:02 dev veth0 nud permanent
}

# A namespace with a link to the peer, for one container: $NS.
linked() {
	NS=$(new_namespace)
	connect_to "$NS"
	forget
}

# A bundle for COMMAND with `packets` in it, in the network namespace that process PID keeps for it (or, "own", in one that the
# runtime makes). It has a name, as engines give one to a namespace that they made for a container.
network_bundle() { # NAME PID|own COMMAND...
	local name=$1 pid=$2 root=$STINT_FILE_DIR/network-rootfs
	shift 2
	[ -e "$root" ] || { cp -a "$BUSYBOX_ROOTFS" "$root" && cp "$PACKETS" "$NAMES" "$root/bin/" && echo "nameserver $PEER" >"$root/etc/resolv.conf"; }
	ROOTFS=$root bundle "$name" "$@"
	[ "$pid" = own ] || in_namespace_of "$pid"
}
in_namespace_of() { # PID
	ln -sf "/proc/$1/ns/net" "$STINT_TEST_DIR/namespace-$1"
	config --arg path "$STINT_TEST_DIR/namespace-$1" '(.linux.namespaces[] | select(.type == "network")).path = $path'
}
# A profile of that network, and of those budgets: prints its file.
network_profile() { # NAME NETWORK [BUDGETS]
	jq -n --arg name "$1" --argjson network "$2" --argjson budgets "${3:-{\}}" \
		'{stintVersion: "1.0", name: $name, network: $network, budgets: $budgets}' >"$STINT_TEST_DIR/$1.json"
	echo "$STINT_TEST_DIR/$1.json"
}
# Datagrams that have come to the peer since `forget`.
forget() { cat "$COUNTED" >"$BATS_TEST_TMPDIR/forgotten"; }
came() { # datagrams|bytes
	local now before column=1
	[ "$1" = datagrams ] || column=2
	now=$(cut -d ' ' -f $column "$COUNTED")
	before=$(cut -d ' ' -f $column "$BATS_TEST_TMPDIR/forgotten")
	echo $((now - before))
}
all_came() { [ "$(came datagrams)" -eq "$1" ]; }
# What has come to the peer's end of the cable, as IP packets, by the cable's own figures.
arrived() { in_namespace "$PEER_PID" ip -s -j link show veth0 | jq '.[0].stats64.rx | .bytes - 14 * .packets'; }
# stint-network of container ID.
network_of() { watcher_of stint-network "$1"; }
# The machine's own rules, by a digest: nothing of the tests' may change them.
host_rules() { nft list ruleset 2>&1 | sha256sum; }
