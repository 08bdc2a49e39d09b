#!/usr/bin/env bats
# The rules and byte budgets of a container's network, on each runtime: with a peer in a namespace of its own, and real packets.

load helpers
load threats
load network

setup_file() {
	stint_setup_file
	peer_start
	names_start
}
teardown_file() {
	namespaces_end
	stint_teardown_file
}
setup() { stint_setup; }
teardown() { stint_teardown; }

run_linked() { # PROFILE COMMAND...: with `stint run`; what it says is in $output, and on standard error in $stderr
	local profile=$1
	shift
	network_bundle "$id" "$NS" "$@"
	run --separate-stderr timeout 60 stint run --runtime "$RUNTIME" --profile "$profile" --id "$id" "$BUNDLE"
}
network_gone() { # ID
	[ -z "$(network_of "$1")" ]
}

first_instruction() {
	local root=$STINT_TEST_DIR/first
	linked
	mkdir -p "$root/proc" "$root/dev" "$root/sys"
	cp "$(tool first-packet -nostdlib -static -fno-stack-protector -DADDRESS=0x0101630a -DPORT=0xa00f -DCOUNT=200)" "$root/first"
	ROOTFS=$root bundle "$id" /first
	in_namespace_of "$NS"
	run --separate-stderr stint run --runtime "$RUNTIME" --profile "$(network_profile deny '{"egress": {"default": "deny"}}')" --id "$id" "$BUNDLE"
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
	[ "$(came datagrams)" -eq 0 ]
	[ "$(report_of "$id" '[.network.drops[].packets] | add')" -eq 200 ] || { report_of "$id" .network; return 1; }
	# The same without rules, and so in another namespace: all of them.
	linked
	in_namespace_of "$NS"
	run stint run --runtime "$RUNTIME" --id "$id-open" "$BUNDLE"
	eventually 5 all_came 200
}
@test "a workload whose first instruction sends: nothing that is denied arrives" { on_each_runtime first_instruction; }

reaches() {
	local profile
	linked
	profile=$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER/32 udp 4000\", \"$PEER6/128 udp 4000\", \"$PEER/32 tcp 5000\"]}}")
	run_linked "$profile" /bin/sh -c "packets send $PEER 4000 100 7; packets send $PEER6 4000 100 5; packets send $FAR 4000 100 9; packets send $PEER 4001 100 9;
		packets pull $PEER 5000 100000; packets pull $FAR 5000 10 || echo refused"
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
	[[ "$output" == '7 0'$'\n''5 0'$'\n''0 '*'100000 got'*refused ]] || { echo "$output"; return 1; }
	eventually 5 all_came 12
	[ "$(report_of "$id" '.network.exact')" = true ]
	[ "$(report_of "$id" '.network.egress.connections')" = 3 ] || { report_of "$id" .network; return 1; }
}
@test "egress: what is allowed arrives, and nothing else does, IPv4 and IPv6" { on_each_runtime reaches; }

serves() {
	local pid
	linked
	network_bundle "$id" "$NS" /bin/packets serve 7000
	stint run --runtime "$RUNTIME" --profile "$(network_profile in "{\"ingress\": {\"default\": \"deny\", \"allow\": [\"$PEER/32 tcp 7000\"]}}")" \
		--id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 &
	pid=$!
	eventually 10 grep -qs ready "$STINT_TEST_DIR/$id.out"
	[ "$(in_namespace "$PEER_PID" "$PACKETS" pull "$OWN" 7000 5000)" = '5000 got' ]
	run in_namespace "$PEER_PID" timeout 2 "$PACKETS" pull "$OWN" 7001 10
	[ "$status" -ne 0 ]
	run stint verify "$id"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	[[ "$output" == *'network'*'enforced'* ]]
	$RUNTIME kill "$id" KILL
	wait "$pid" || true
	[ "$(report_of "$id" '.network.ingress.connections')" = 1 ] || { report_of "$id" .network; return 1; }
}
@test "ingress: who is allowed is answered, others are not; verify has the rules from the kernel" { on_each_runtime serves; }

# No more than the limit arrives, and the verdict follows the first packet that did not within 5 ms.
quota_kills() {
	linked
	run_linked "$(network_profile quota '{}' '{"netEgress": {"limit": "1MiB"}}')" /bin/sh -c "packets send $PEER 4000 972 20000; sleep 20"
	[ "$status" -eq 137 ] || { echo "$status $output $stderr"; return 1; }
	[[ "$stderr" == *"stint: $id: killed: netEgress budget 1 MiB spent"* ]] || { echo "$stderr"; return 1; }
	[ "$(report_of "$id" '.verdict.budget, .verdict.limit, .verdict.action' | xargs)" = 'netEgress 1048576 kill' ]
	[ "$(report_of "$id" '.verdict.used >= 1048576')" = true ]
	[ "$(came datagrams)" -ge 1040 ] && [ "$(came datagrams)" -le 1048 ]
	[ "$(report_of "$id" .usage.netEgressBytes)" -le 1048576 ]
	# Headers are 28 bytes; IPv6 may have joined a group meanwhile.
	[ "$(report_of "$id" ".usage.netEgressBytes - $(($(came datagrams) * 1000)) | . >= 0 and . < 600")" = true ] || { report_of "$id" .; came datagrams; return 1; }
	eventually 3 network_gone "$id"
	no_leftovers "$id"
}
@test "netEgress: no more bytes than the budget leave, and it is killed" { on_each_runtime quota_kills; }

quota_warns() {
	linked
	run_linked "$(network_profile quota '{}' '{"netEgress": {"limit": "100KiB", "action": "warn", "warn": "50%"}}')" \
		/bin/sh -c "packets send $PEER 4000 972 70; sleep 1; packets send $PEER 4000 972 130"
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	[ "$output" = '70 0'$'\n''130 0' ]
	[[ "$stderr" == *"netEgress budget of 100 KiB is 50% spent"* ]] || { echo "$stderr"; return 1; }
	[[ "$stderr" == *"netEgress budget of 100 KiB is spent"* ]] || { echo "$stderr"; return 1; }
	[ "$(report_of "$id" .verdict.action)" = warn ]
	eventually 5 all_came 200
	# IPv6 may have joined a group meanwhile.
	[ "$(report_of "$id" '.usage.netEgressBytes - 200000 | . >= 0 and . < 600')" = true ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.network.egress.packets - 200 | . >= 0 and . < 6')" = true ] || { report_of "$id" .; return 1; }
}
@test "netEgress: warned at half of it, told at its end, and nothing is lost" { on_each_runtime quota_warns; }

quota_cuts() {
	linked
	run_linked "$(network_profile quota '{}' '{"netEgress": {"limit": "100KiB", "action": "cut"}}')" /bin/sh -c "packets send $PEER 4000 972 200; echo on"
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	[[ "$output" == '102 '*$'\n'on ]] || { echo "$output"; return 1; }
	[ "$(report_of "$id" '.verdict.budget, .verdict.action' | xargs)" = 'netEgress cut' ]
	[ "$(report_of "$id" .exit.code)" = 0 ]
	all_came 102
}
@test "netEgress: cut, and the workload goes on" { on_each_runtime quota_cuts; }

quota_of_ingress() {
	linked
	run_linked "$(network_profile quota '{}' '{"netIngress": {"limit": "1MiB"}}')" /bin/sh -c "packets pull $PEER 5000 50000000; sleep 20"
	[ "$status" -eq 137 ] || { echo "$output $stderr"; return 1; }
	[ "$(report_of "$id" .verdict.budget)" = netIngress ]
	[ "$(report_of "$id" .usage.netIngressBytes)" -le 1048576 ]
}
@test "netIngress: over TCP, and it is killed" { on_each_runtime quota_of_ingress; }

flood_by_tcp() {
	local server
	linked
	# One of its own: whose end does not arrive either, and keeps it waiting.
	nsenter -t "$PEER_PID" -n "$PACKETS" serve 5001 >/dev/null 2>&1 </dev/null 3>&- &
	server=$!
	sleep 0.3
	run_linked "$(network_profile quota '{}' '{"netEgress": {"limit": "1MiB"}}')" /bin/sh -c "packets push $PEER 5001 50000000; sleep 20"
	kill $server
	[ "$status" -eq 137 ] || { echo "$status $output $stderr"; return 1; }
	[ "$(arrived)" -le 1048576 ] && [ "$(arrived)" -gt 900000 ] || { arrived; return 1; }
	[ "$(report_of "$id" .verdict.budget)" = netEgress ]
}
# bats test_tags=once
@test "netEgress: no more than the budget leaves by TCP, however much is pushed" { on_each_runtime flood_by_tcp; }

flooded_by_udp() {
	linked
	network_bundle "$id" "$NS" /bin/sh -c "packets count 7000 /dev/shm/counted & echo ready; sleep 4; cat /dev/shm/counted"
	stint run --runtime "$RUNTIME" --profile "$(network_profile quota '{}' '{"netIngress": {"limit": "100KiB", "action": "cut"}}')" \
		--id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 </dev/null 3>&- &
	local pid=$!
	eventually 10 grep -qs ready "$STINT_TEST_DIR/$id.out"
	sleep 0.5
	in_namespace "$PEER_PID" "$PACKETS" send $OWN 7000 972 2000
	wait $pid || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	[ "$(report_of "$id" '.verdict.budget + " " + .verdict.action')" = 'netIngress cut' ] || { report_of "$id" .; return 1; }
	# A slow reader's own buffer may lose some of them.
	got=$(sed -n 's/^\([0-9]*\) [0-9]*$/\1/p' "$STINT_TEST_DIR/$id.out")
	[ "$got" -gt 20 ] && [ "$got" -le 102 ] || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	[ "$(report_of "$id" .usage.netIngressBytes)" -le 102400 ]
}
# bats test_tags=once
@test "netIngress: no more datagrams than the budget come in, however many are sent" { on_each_runtime flooded_by_udp; }

# The moment of the first packet that did not pass, by the clock of who sent it, against the verdict's.
prompt() {
	local refused started detected
	linked
	run_linked "$(network_profile quota '{}' '{"netEgress": {"limit": "100KiB", "action": "cut"}}')" packets send "$PEER" 4000 972 200
	refused=$(cut -d ' ' -f 2 <<<"$output")
	[ "$(report_of "$id" '.verdict.detectedNs | type')" = number ] || { report_of "$id" .; return 1; }
	started=$(date -d "$(report_of "$id" .started)" +%s%N)
	detected=$((started + $(report_of "$id" .verdict.detectedNs)))
	echo "$(((detected - refused) / 1000)) us"
	[ $((detected - refused)) -lt $((5000000 + $(report_of "$id" '$late'))) ]
}
@test "netEgress: the verdict comes within 5 ms of the packet that went over" { on_each_runtime prompt; }

# --- hooks, without the wrapper ---

# The container that engines whose runtime is not ours have: nothing in its config but two hooks.
hooked() { # NETWORK BUDGETS: the bundle, by the host's own profile
	local stage
	host_config "$(command -v "$RUNTIME")" "$(jq -n --arg profile "$(network_profile hooked "$1" "$2")" '{defaultProfile: $profile}')"
	for stage in createRuntime poststop; do
		config --arg hook "$STINT_BIN/stint-hook" --arg root "--root=$STINT_ROOT" --arg stage $stage \
			'.hooks[$stage] += [{path: $hook, args: ["stint-hook", $root, $stage], env: []}]'
	done
}
bare_run() { # ID: what the hook says is in its log, which crun shows nobody
	rm -f "$STINT_ROOT/var/log/stint/hook.log"
	run timeout 60 "$RUNTIME" --root "$STINT_TEST_DIR/bare-$RUNTIME" run --bundle "$BUNDLE" "$1"
	hook_said=$(cat "$STINT_ROOT/var/log/stint/hook.log" 2>/dev/null) || true
}
reported_once() { [ "$(reports_count "$1" 2>/dev/null)" = 1 ]; }
by_hooks() {
	local root=$STINT_TEST_DIR/first
	linked
	mkdir -p "$root/proc" "$root/dev" "$root/sys"
	cp "$(tool first-packet -nostdlib -static -fno-stack-protector -DADDRESS=0x0101630a -DPORT=0xa00f -DCOUNT=200)" "$root/first"
	ROOTFS=$root bundle "$id" /first
	in_namespace_of "$NS"
	hooked '{"egress": {"default": "deny"}}' '{}'
	bare_run "$id"
	[ "$status" -eq 0 ] || { echo "$output $hook_said"; return 1; }
	eventually 5 reported_once "$id"
	[ "$(came datagrams)" -eq 0 ]
	[ "$(report_of "$id" '[.network.drops[].packets] | add')" -eq 200 ] || { report_of "$id" .; return 1; }
	no_leftovers "$id"
	# A byte budget, and rules in a namespace that the runtime makes.
	linked
	network_bundle "$id-2" "$NS" /bin/sh -c "packets send $PEER 4000 972 20000; sleep 20"
	hooked '{}' '{"netEgress": {"limit": "100KiB"}}'
	bare_run "$id-2"
	[ "$status" -eq 137 ] || { echo "$status $output $hook_said"; return 1; }
	eventually 5 reported_once "$id-2"
	[ "$(report_of "$id-2" '.verdict.budget, .verdict.action' | xargs)" = 'netEgress kill' ] || { report_of "$id-2" .; return 1; }
	[ "$(came datagrams)" -ge 100 ] && [ "$(came datagrams)" -le 102 ] || { came datagrams; return 1; }
	eventually 3 network_gone "$id-2"
	no_leftovers "$id-2"
	network_bundle "$id-3" own /bin/sh -c 'ping -c 1 -W 1 10.0.0.1 >/dev/null 2>&1 || echo nobody; exit 3'
	hooked '{"egress": {"default": "deny"}, "ingress": {"default": "deny"}}' '{}'
	bare_run "$id-3"
	[ "$status" -eq 3 ] && [ "$output" = nobody ] || { echo "$status $output $hook_said"; return 1; }
	eventually 5 reported_once "$id-3"
	no_leftovers "$id-3"
}
@test "hooks alone: the rules are there before the first instruction, a byte budget is held, and nothing is left" { on_each_runtime by_hooks; no_host_config; }

hooks_refuse() {
	local -A refused=(
		['.process.capabilities |= map_values(["CAP_NET_RAW"])']="capabilities*a hook comes too late: use stint-runtime, or Podman's precreate"
		['.process.capabilities |= map_values(["CAP_NET_ADMIN"])']='capabilities*a hook comes too late'
		['del(.linux.namespaces[] | select(.type == "network"))']="network (*host's network"
	)
	local n=0 way why
	# What the container would keep, and where the rules would be somebody else's.
	for way in "${!refused[@]}"; do
		n=$((n + 1)) why=${refused[$way]}
		network_bundle "$id-$n" own /bin/echo it runs
		hooked '{"egress": {"default": "deny"}}' '{}'
		config "$way"
		bare_run "$id-$n"
		[ "$status" -ne 0 ] && [[ "$output" != *"it runs"* ]] && [[ "$hook_said" == *"stint: createRuntime of $id-$n: cannot enforce: "*$why* ]] ||
			{ echo "$way: $status $output $hook_said"; return 1; }
		"$RUNTIME" --root "$STINT_TEST_DIR/bare-$RUNTIME" delete --force "$id-$n" >/dev/null 2>&1 || true
		[ -z "$(network_of "$id-$n")" ]
		no_leftovers "$id-$n"
	done
}
# bats test_tags=once
@test "hooks alone: what the container would keep is refused, and so is the host's network" { on_each_runtime hooks_refuse; no_host_config; }

# Engines move a container's interface in when they like, Docker 28 between create and start.
late_interface() {
	local pid
	network_bundle "$id" own /bin/sh -c "packets send $PEER 4000 100 5; packets send $FAR 4000 100 5"
	host_config "$(command -v "$RUNTIME")" "$(jq -n --arg profile "$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER/32 udp 4000\"]}}")" '{defaultProfile: $profile}')"
	engine_create "$id"
	connect_to "$(cat "$STINT_TEST_DIR/$id.pid")"
	forget
	engine start "$id"
	eventually 5 all_came 5
	eventually 5 test -s "$JOURNAL"
	engine_clear "$id"
	no_host_config
	[ "$(came datagrams)" -eq 5 ]
}
# bats test_tags=once
@test "an interface that comes between create and start finds the rules there" { on_each_runtime late_interface; }

no_interface() {
	network_bundle "$id" own /bin/sh -c 'packets send 127.0.0.1 4000 10 3; ip link | grep -c eth0'
	run stint run --runtime "$RUNTIME" --profile "$(network_profile deny '{"egress": {"default": "deny"}, "ingress": {"default": "deny"}}')" --id "$id" "$BUNDLE"
	[ "$status" -eq 1 ] || { echo "$output"; return 1; }
	[[ "$output" == *$'\n'0 ]]
	[ "$(report_of "$id" '.usage.netEgressBytes, .network.exact' | xargs)" = '0 true' ]
}
# bats test_tags=once
@test "a namespace with nothing but loopback works, too" { on_each_runtime no_interface; }

no_policy() {
	network_bundle "$id" own /bin/sleep 20
	stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE" </dev/null 3>&- &
	local pid=$!
	eventually 10 is_watched "$id"
	[ -z "$(network_of "$id")" ]
	$RUNTIME kill "$id" KILL
	wait "$pid" || true
	[ "$(report_of "$id" .network)" = null ]
}
# bats test_tags=once
@test "a container without network rules has no stint-network" { on_each_runtime no_policy; }

# Nothing of it is left: neither processes nor descriptors nor the namespace.
no_leaks() {
	local namespaces=
	network_bundle "$id" own /bin/readlink /proc/self/ns/net
	for _ in 1 2 3 4 5; do
		run stint run --runtime "$RUNTIME" --profile "$(network_profile deny '{"egress": {"default": "deny"}}')" --id "$id" "$BUNDLE"
		[[ "$output" == net:* ]] || { echo "$output"; return 1; }
		namespaces+=" ${output//[!0-9]/}"
	done
	eventually 5 network_gone "$id"
	eventually 5 nobody_in $namespaces
	no_leftovers "$id"
}
nobody_in() { # NAMESPACE...
	! lsns -t net -n -o NS | grep -qxF "$(printf '%s\n' "$@")"
}
# bats test_tags=once
@test "when it has ended nothing is left of it" { on_each_runtime no_leaks; }

# T9: what is meant for a container is never set in the host's network.
host_network() {
	local before way
	before=$(host_rules)
	for way in 'del(.linux.namespaces[] | select(.type == "network"))' \
		'(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/net"' \
		'(.linux.namespaces[] | select(.type == "network")).path = $link'; do
		network_bundle "$id" own /bin/echo it runs
		ln -sfn /proc/self/ns/net "$STINT_TEST_DIR/host-network"
		config --arg link "$STINT_TEST_DIR/host-network" "$way"
		run stint run --runtime "$RUNTIME" --profile "$(network_profile deny '{"egress": {"default": "deny"}}')" --id "$id" "$BUNDLE"
		[ "$status" -eq 125 ] && [[ "$output" == *"cannot enforce: network ("* ]] && [[ "$output" != *"it runs"* ]] ||
			{ echo "$way: $status $output"; return 1; }
	done
	[ "$(host_rules)" = "$before" ]
	no_leftovers "$id"
}
# bats test_tags=once
@test "T9: rules for a container in the host's network are refused, and the host's are as they were" { on_each_runtime host_network; }

# T10: who may administer the network, because its profile says so, is held all the same.
escapes() {
	local mounts='[["/usr", "/lib", "/lib64"][] | {destination: ., type: "bind", source: ., options: ["rbind", "ro"]}]'
	linked
	network_bundle "$id" "$NS" /bin/sh -c "/usr/sbin/nft flush ruleset; /usr/sbin/nft delete table inet stint
		/usr/sbin/nft add chain inet stint mine
		/usr/sbin/nft -f - <<-END
			table inet mine { chain first { type filter hook output priority -400; policy accept; accept; }; }
		END
		/usr/sbin/nft list tables; packets send $PEER 4000 10 20; unshare -n true || echo no namespace; unshare -Ur true || echo no user"
	mkdir -p "$STINT_FILE_DIR/network-rootfs/usr" "$STINT_FILE_DIR/network-rootfs/lib" "$STINT_FILE_DIR/network-rootfs/lib64"
	config --argjson mounts "$(jq -n "$mounts")" '.mounts += $mounts | .process.capabilities |= map_values(["CAP_NET_ADMIN", "CAP_NET_RAW"])'
	network_profile admin '{"egress": {"default": "deny"}}' >/dev/null
	jq '.capabilities = ["CAP_NET_ADMIN", "CAP_NET_RAW"]' "$STINT_TEST_DIR/admin.json" >"$STINT_TEST_DIR/administers.json"
	run stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/administers.json" --id "$id" "$BUNDLE"
	[[ "$output" == *"Operation not permitted"*"no namespace"*"no user"* ]] || { echo "$output"; return 1; }
	[[ "$output" == *"table inet mine"* ]] # it may have tables of its own
	[ "$(came datagrams)" -eq 0 ] || { came datagrams; return 1; }
	[ "$(report_of "$id" '[.network.drops[].packets] | add >= 20')" = true ] || { report_of "$id" .network; return 1; }
}
@test "T10: a container that keeps CAP_NET_ADMIN and CAP_NET_RAW on purpose does not get out of its rules" { on_each_runtime escapes; }

# Of a flood a second's share passes, 128 KiB at least, and what the clock gives meanwhile; the rest is dropped.
rate_holds() { # PROFILE LIMIT RATE: of five million bytes
	local most
	linked
	run_linked "$1" packets send "$PEER" 4000 972 5000
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	most=$(report_of "$id" "$2 + ([$3, 131072] | max) + $3 * ((.usage.wallNs + \$late) / 1e9 + 0.1) | floor") # it is seen to run a little after it does
	[ "$(arrived)" -le "$most" ] && [ "$(arrived)" -gt $(($2 + 100000)) ] || { arrived; report_of "$id" .; return 1; }
}
bandwidth_holds() { rate_holds "$(network_profile slow '{"egress": {"bandwidth": "200KiB/s"}}')" 0 204800; }
throttled() {
	rate_holds "$(network_profile slow '{}' '{"netEgress": {"limit": "300KiB", "action": "throttle", "throttleTo": "100KiB/s"}}')" 307200 102400
	[ "$(report_of "$id" '.verdict.budget + " " + .verdict.action')" = 'netEgress throttle' ] || { report_of "$id" .; return 1; }
}
# Of twenty connections in a minute five; the last of those goes on by what its byte budget leaves when it is spent.
rates_together() {
	local most
	linked
	network_profile slow '{"egress": {"newConnections": "5/m"}}' '{"netEgress": {"limit": "100KiB", "action": "throttle", "throttleTo": "50KiB/s"}}' >/dev/null
	run_linked "$STINT_TEST_DIR/slow.json" /bin/sh -c "for port in 1 2 3 4; do packets send $PEER 400\$port 100 1; done; packets send $PEER 4000 972 1000
		for port in \$(seq 5 19); do packets send $PEER \$((4000 + port)) 100 1; done"
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	[ "$(grep -c '^1 ' <<<"$output")" -eq 4 ] && [ "$(grep -c '^0 ' <<<"$output")" -eq 15 ] || { echo "$output"; return 1; }
	[ "$(report_of "$id" '.network.drops | map({(.rule): .packets}) | add | .["egress-new-connections"] == 15 and .["egress-over-quota"] > 0')" = true ] ||
		{ report_of "$id" .network; return 1; }
	[ "$(report_of "$id" '.verdict.budget + " " + .verdict.action')" = 'netEgress throttle' ] || { report_of "$id" .; return 1; }
	most=$(report_of "$id" '102400 + 131072 + 51200 * ((.usage.wallNs + $late) / 1e9 + 0.1) | floor')
	[ "$(arrived)" -le "$most" ] && [ "$(arrived)" -gt 200000 ] || { arrived; report_of "$id" .; return 1; }
}
# bats test_tags=once
@test "newConnections of a minute, and a byte budget that is throttled, together" { on_each_runtime rates_together; }
# bats test_tags=once
@test "bandwidth: no more leaves than a second's share" { on_each_runtime bandwidth_holds; }
# bats test_tags=once
@test "netEgress: throttled, and no more leaves than what is left to it" { on_each_runtime throttled; }

# --- names ---

names_open() {
	linked
	peer_has 10.99.3.1 10.99.3.2
	cat >"$RECORDS" <<-END
		api.example.com A 60 $FAR
		www.example.com CNAME 60 web.example.net
		web.example.net A 60 10.99.3.1
		other.example.com A 60 10.99.3.2
		six.example.com AAAA 60 $PEER6
	END
	run_linked "$(network_profile names "{\"egress\": {\"allow\": [\"dns\", \"api.example.com tcp 5000\", \"www.example.com tcp 5000\", \"six.example.com tcp 5000\"]}}")" \
		/bin/sh -c "names connect $FAR 5000; names reach $PEER api.example.com 5000; names connect $FAR 5000
			names reach $PEER www.example.com 5000; names ask $PEER web.example.net; names reach $PEER other.example.com 5000
			names connect $PEER6 5000; names ask $PEER six.example.com AAAA tcp; sleep 0.2; names connect $PEER6 5000; names connect $FAR 4999; true"
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	[[ "$output" == 'Connection timed out'$'\n''connected '+([0-9])$'\n''connected '?(?)?$'\n''connected '+([0-9])$'\n'10.99.3.1$'\n''Connection timed out'$'\n'\
'Connection timed out'$'\n'$PEER6$'\n''connected '?(?)?$'\n''Connection timed out' ]] || { echo "$output"; return 1; }
}
@test "names: what the resolver says of one that is allowed is open, IPv4 and IPv6, by UDP and TCP and through a CNAME; others are not" { on_each_runtime names_open; }

# However short the answer's own time is: half a minute, for who asks first and connects later.
names_expire() {
	linked
	echo "api.example.com A 1 $FAR" >"$RECORDS"
	run_linked "$(network_profile names '{"egress": {"allow": ["dns", "*.example.com tcp 5000"]}}')" \
		/bin/sh -c "names reach $PEER api.example.com 5000; sleep 25; names connect $FAR 5000; sleep 7; names connect $FAR 5000; names reach $PEER api.example.com 5000"
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	[ "$(sed 's/ [0-9]*$//' <<<"$output" | xargs)" = 'connected connected Connection timed out connected' ] || { echo "$output"; return 1; }
}
# bats test_tags=once
@test "names: an address is closed again when the answer's time is over, and open with the next one" {
	local runtimes=${STINT_TEST_RUNTIMES:-crun}
	RUNTIME=${runtimes%% *} id=t-names-expire names_expire
}

# Whoever has the name may say that it has any address.
names_deny() {
	local deny='{"default": "allow", "deny": ["private"], "allow": ["dns"]}'
	linked
	peer_has 169.254.169.254
	cat >"$RECORDS" <<-END
		cloud.example.com A 60 169.254.169.254
		api.example.com A 60 $FAR
	END
	run_linked "$(network_profile names '{"egress": {"allow": ["dns", "*.example.com tcp 5000"]}}')" \
		/bin/sh -c "names reach $PEER cloud.example.com 5000; names reach $PEER api.example.com 5000"
	[ "$(sed 's/ [0-9]*$//' <<<"$output" | xargs)" = 'Connection timed out connected' ] || { echo "$output"; return 1; }
	linked
	id=$id-within
	run_linked "$(network_profile within "{\"egress\": {\"allow\": [\"dns\", \"*.example.com tcp 5000\"], \"within\": [$deny]}}")" \
		/bin/sh -c "names reach $PEER api.example.com 5000; true"
	[ "$output" = 'Connection timed out' ] || { echo "$output"; return 1; }
	[ "$(report_of "$id" '.violations[] | .need, .rule.egress.allow[0]' | xargs)" = "egress $FAR tcp 5000 api.example.com tcp 5000" ] ||
		{ report_of "$id" .violations; return 1; }
}
# bats test_tags=once
@test "names: an answer opens neither the cloud's metadata nor what another layer denies" { on_each_runtime names_deny; }

# It may be asked, as everything there may; but no entry says that it is for questions.
names_of_others() {
	linked
	peer_has "$OTHER"
	echo "api.example.com A 60 $FAR" >"$RECORDS"
	run_linked "$(network_profile names "{\"egress\": {\"allow\": [\"dns\", \"$OTHER\", \"api.example.com tcp 5000\"]}}")" \
		/bin/sh -c "names ask $OTHER api.example.com; names connect $FAR 5000; names ask $OTHER api.example.com A tcp; names connect $FAR 5000; names reach $PEER api.example.com 5000"
	[ "$(sed 's/ [0-9]*$//' <<<"$output" | xargs)" = "$FAR Connection timed out $FAR Connection timed out connected" ] || { echo "$output $stderr"; return 1; }
	[ "$(report_of "$id" '.violations[0] | .need, .rule.egress.allow[0]' | xargs)" = "egress $FAR tcp 5000 $FAR tcp 5000" ] ||
		{ report_of "$id" .violations; return 1; }
}
# bats test_tags=once
@test "names: an answer of anybody but the resolver opens nothing, and gives no name to what was denied" { on_each_runtime names_of_others; }

# Whoever has a name says what is in its answers, and who asks says how large segments are: where a message begins is not for either to say.
names_in_pieces() {
	local name
	linked
	peer_has 10.99.3.1 10.99.3.2 10.99.3.3
	{
		for name in '1 1' '2 2' '3 40'; do
			echo "cut${name% *}.example.com CUT ${name#* } -"
			echo "cut${name% *}.example.com A 60 10.99.3.${name% *}"
		done
		echo "other.example.net WITHIN 60 api.example.com"
		echo "api.example.com A 60 $FAR"
	} >"$RECORDS"
	run_linked "$(network_profile names '{"egress": {"allow": ["dns", "*.example.com tcp 5000"]}}')" \
		/bin/sh -c "for n in 1 2 3; do names ask $PEER cut\$n.example.com A tcp; sleep 0.2; names connect 10.99.3.\$n 5000; done
			names ask $PEER other.example.net A tcp; sleep 0.5; names connect $FAR 5000; true"
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	[ "$(sed 's/ [0-9]*$//' <<<"$output" | xargs)" = '10.99.3.1 connected 10.99.3.2 connected 10.99.3.3 connected Connection timed out' ] ||
		{ echo "$output"; return 1; }
}
# bats test_tags=once
@test "names: by TCP an answer may come in pieces, and what stands within another opens nothing" { on_each_runtime names_in_pieces; }

# What is asked for in great numbers opens no more than the kernel is told in a second, and the next one is open again.
names_flood() {
	local i
	linked
	for i in $(seq 1 900); do echo "n$i.example.com A 60 10.98.$((i / 250)).$((i % 250 + 1))"; done >"$RECORDS"
	echo "api.example.com A 60 $FAR" >>"$RECORDS"
	network_bundle "$id" "$NS" /bin/sh -c "names flood $PEER example.com 900; sleep 2; names reach $PEER api.example.com 5000; echo done; sleep 30"
	stint run --runtime "$RUNTIME" --profile "$(network_profile names '{"egress": {"allow": ["dns", "*.example.com tcp 5000"]}}')" \
		--id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 &
	local pid=$!
	eventually 20 grep -qs done "$STINT_TEST_DIR/$id.out"
	grep -q '^connected' "$STINT_TEST_DIR/$id.out" || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	run in_namespace "$NS" nft list set inet stint egress-0-names-0-ip
	[ "$(grep -o expires <<<"$output" | wc -l)" -le 500 ] || { echo "$output"; return 1; }
	[[ "$output" == *"$FAR"* ]]
	run stint verify "$id"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	$RUNTIME kill "$id" KILL
	wait "$pid" || true
	[[ "$(report_of "$id" '.warnings | join(" ")')" == *"times DNS answers came too fast"* ]] || { report_of "$id" .; return 1; }
}
# bats test_tags=once
@test "names: a flood of answers opens some, is counted, and keeps nobody from the next; verify holds" { on_each_runtime names_flood; }

names_and_capabilities() {
	local capability
	linked
	for capability in CAP_NET_ADMIN CAP_NET_RAW; do
		network_profile names '{"egress": {"allow": ["dns", "api.example.com"]}}' >/dev/null
		jq --arg capability "$capability" '.capabilities = [$capability]' "$STINT_TEST_DIR/names.json" >"$STINT_TEST_DIR/forges.json"
		network_bundle "$id" "$NS" /bin/echo it runs
		config --arg capability "$capability" '.process.capabilities |= map_values([$capability])'
		run stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/forges.json" --id "$id" "$BUNDLE"
		[ "$status" -eq 125 ] && [[ "$output" == *"exclude each other"* ]] || { echo "$status $output"; return 1; }
	done
	no_leftovers "$id"
}
# bats test_tags=once
@test "names: a container that could forge answers has none" { on_each_runtime names_and_capabilities; }

# --- what was denied ---

denied_is_told() {
	linked
	run_linked "$(network_profile some "{\"egress\": {\"allow\": [\"$PEER udp 4000\"]}, \"ingress\": {\"default\": \"deny\"}}")" \
		/bin/sh -c "packets send $PEER 4000 100 3; packets send $PEER 4001 100 5; packets send $PEER6 4000 100 2; packets pull $FAR 5000 10 || true"
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
	[ "$(report_of "$id" '[.violations[] | select(.need | startswith("egress")) | "\(.need) \(if (.need | test("tcp")) then "" else .count end) \(.action)"] | join(", ")')" = \
		"egress $PEER udp 4001 5 denied, egress $PEER6 udp 4000 2 denied, egress $FAR tcp 5000  denied" ] ||
		{ report_of "$id" .violations; return 1; }
	[ "$(report_of "$id" '.violations[0].rule.egress.allow[0]')" = "$PEER udp 4001" ]
	run stint why "$id"
	[[ "$output" == *"its network rules denied it egress $PEER udp 4001 5 times, egress $PEER6 udp 4000 2 times, "* ]] || { echo "$output"; return 1; }
	# What it says would let it pass does.
	forget
	linked
	run_linked "$(network_profile more "{\"egress\": {\"allow\": [\"$PEER udp 4000\", \"$PEER6 udp 4000\"]}}")" packets send "$PEER6" 4000 100 4
	eventually 5 all_came 4
}
@test "denied: each place once, with how often and the entry that would allow it; why tells" { on_each_runtime denied_is_told; }

flood() {
	linked
	run_linked "$(network_profile deny '{"egress": {"default": "deny"}}')" \
		/bin/sh -c 'for port in $(seq 2000 2020); do packets send '$PEER' $port 10 1; done >/dev/null
			for port in $(seq 2000 2300); do packets send '$PEER' $port 10 20; done >/dev/null; sleep 1'
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
	[ "$(report_of "$id" '.violations | length')" = 16 ] || { report_of "$id" .violations; return 1; }
	[[ "$(report_of "$id" '.warnings | join(" ")')" == *"packets were denied to or from more places than there is room for"* ]] || { report_of "$id" .warnings; return 1; }
	[ "$(report_of "$id" '[.network.drops[].packets] | add >= 6020')" = true ] || { report_of "$id" .network; return 1; }
}
# bats test_tags=once
@test "denied: of a flood there are sixteen places, and a number" { on_each_runtime flood; }

# --- stint-network itself ---

started_behind() { # PROFILE COMMAND: by a shell, with `stint run`, whose pid is $background; until the rules hold
	linked
	network_bundle "$id" "$NS" /bin/sh -c "$2"
	stint run --runtime "$RUNTIME" --profile "$1" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 </dev/null 3>&- &
	background=$!
	eventually 10 is_watched "$id"
	eventually 5 applied "$id"
}
# Killed while the container sleeps, which then tries what it may and what it may not.
killed_meanwhile() { # PROFILE [alone]
	started_behind "$1" "sleep 4; packets send $PEER 4000 100 3; packets send $PEER 4001 100 3; packets pull $FAR 5000 10 || echo refused"
	[ -z "${2:-}" ] || kill -STOP $background # who would bring it back
	kill -KILL "$(network_of "$id")"
	[ -z "${2:-}" ] || { eventually 20 ended "$id" && kill -CONT $background; }
	status=0
	wait $background || status=$?
	output=$(cat "$STINT_TEST_DIR/$id.out")
}
ended() { [ -n "$(report_of "$1" .ended)" ]; }
applied() { stint verify --json "$1" 2>/dev/null | jq -e '.controls[] | select(.control == "network") | .status == "enforced"' >/dev/null; }
rules_outlive_it() {
	host_config "$(command -v "$RUNTIME")" '{"onMonitorLoss": "continue"}'
	killed_meanwhile "$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER udp 4000\"]}}")" alone
	[ "$status" -eq 0 ] && [[ "$output" == *'3 0'$'\n''0 '*refused* ]] || { echo "$status $output"; return 1; }
	eventually 5 all_came 3
	[ "$(report_of "$id" '.warnings | any(test("stint-network was killed: the rules and byte budgets hold"))')" = true ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.network == null or (.network.exact | not)')" = true ] || { report_of "$id" .network; return 1; }
	no_leftovers "$id"
}
# bats test_tags=once
@test "stint-network is killed: the rules hold, and the report says so" { on_each_runtime rules_outlive_it; no_host_config; }

some_came() { [ "$(came datagrams)" -gt "$1" ]; }
another_network() { [ -n "$(network_of "$1")" ] && [ "$(network_of "$1")" != "$2" ]; }
comes_back() {
	local first profile
	profile=$(network_profile quota '{}' '{"netEgress": {"limit": "100KiB"}}')
	host_config "$(command -v "$RUNTIME")" '{"onMonitorLoss": "continue"}'
	started_behind "$profile" "sleep 3; packets send $PEER 4000 972 200; sleep 20"
	first=$(network_of "$id")
	kill -KILL "$first"
	eventually 5 another_network "$id" "$first"
	status=0
	wait $background || status=$?
	[ "$status" -eq 137 ] || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	[ "$(report_of "$id" '[.verdict.budget, .network.exact, (.warnings | any(test("stint-network was started again")))] | join(" ")')" = 'netEgress true true' ] ||
		{ report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.usage.netEgressBytes | . <= 102400 and . > 100000')" = true ] || { report_of "$id" .; return 1; }
	# Under an engine by its next command; what was spent in between counts.
	host_config "$(command -v "$RUNTIME")" "{\"onMonitorLoss\": \"continue\", \"defaultProfile\": \"$profile\"}"
	linked
	network_bundle "$id-2" "$NS" /bin/sh -c "sleep 3; packets send $PEER 4000 972 200; sleep 60"
	engine_create "$id-2"
	first=$(network_of "$id-2")
	engine start "$id-2"
	eventually 5 is_watched "$id-2"
	kill -KILL "$first"
	eventually 5 some_came 100
	[ -z "$(network_of "$id-2")" ]
	engine exec "$id-2" /bin/true || true # may be killed on its way
	eventually 5 ended "$id-2"
	[ "$(report_of "$id-2" '.verdict.budget, .verdict.action' | xargs)" = 'netEgress kill' ] || { report_of "$id-2" .; return 1; }
	engine_clear "$id-2"
	no_leftovers "$id"
	no_leftovers "$id-2"
}
@test "stint-network is killed: stint run brings it back, and so does an engine's next command" { on_each_runtime comes_back; no_host_config; }

# All of it is used and nothing went over: who comes back and asks the kernel hears of nothing that was spent.
used_up() {
	local first
	host_config "$(command -v "$RUNTIME")" '{"onMonitorLoss": "continue"}'
	linked
	peer_has 192.0.1.1 # of the Internet's: what IPv6 says to the link by itself does not count
	network_bundle "$id" "$NS" /bin/sh -c "sleep 1; packets send 192.0.1.1 4000 972 100; sleep 4"
	stint run --runtime "$RUNTIME" --profile "$(network_profile quota '{}' '{"netEgressInternet": {"limit": "100KB", "action": "cut"}}')" \
		--id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 </dev/null 3>&- &
	background=$!
	eventually 10 all_came 100
	first=$(network_of "$id")
	kill -KILL "$first"
	eventually 5 another_network "$id" "$first"
	wait $background || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	[ "$(report_of "$id" '.network.exact, .verdict' | xargs)" = 'true null' ] || { report_of "$id" .; return 1; }
}
# bats test_tags=once
@test "a budget that is used to its last byte is not spent, however often stint-network is killed" { on_each_runtime used_up; no_host_config; }

lived() { [ -e "$JOURNAL" ] && [ "$(wc -l <"$JOURNAL")" -eq "$1" ]; }
# A container that an engine starts again, which has used more before than its warning is due at.
warned_before() {
	local id n
	id=$(printf '%08x%056x' $$ 1) # as engines make them up
	rm -f "$JOURNAL"
	host_config "$(command -v "$RUNTIME")" "{\"defaultProfile\": \"$(network_profile quota '{}' '{"netEgress": {"limit": "100KiB", "action": "cut", "warn": "50%"}}')\"}"
	linked
	network_bundle "$id" "$NS" packets send "$PEER" 4000 972 70
	for n in 1 2; do
		engine_create "$id"
		engine start "$id"
		eventually 10 lived "$n"
		engine delete "$id"
	done
	[ "$(jq -s -c '[.[].verdict.action]' "$JOURNAL")" = '[null,"cut"]' ] || { cat "$JOURNAL"; return 1; }
	[ "$(came datagrams)" -ge 101 ] && [ "$(came datagrams)" -le 102 ] || { came datagrams; return 1; }
}
# bats test_tags=once
@test "netEgress: warned in an earlier life, it is started again, and has what is left" { on_each_runtime warned_before; no_host_config; }

# Somebody else has what the rules log, in a namespace that has a name: said by whoever cannot have it, whatever the runtime shows of a hook.
log_is_taken() {
	linked
	network_bundle "$id" "$NS" /bin/echo it runs
	nsenter -t "$NS" -n python3 -c 'import socket, struct, sys, time
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.bind((0, 0))
s.send(struct.pack("=LHHLLBBHHHB3x", 28, 4 << 8 | 1, 5, 1, 0, 0, 0, socket.htons(1), 5, 1, 1))
assert struct.unpack_from("=i", s.recv(100), 16)[0] == 0
print("taken", flush=True)
time.sleep(60)' >"$STINT_TEST_DIR/taken" 2>&1 </dev/null 3>&- &
	local taker=$!
	eventually 5 grep -qs taken "$STINT_TEST_DIR/taken"
	run stint run --runtime "$RUNTIME" --profile "$(network_profile deny '{"egress": {"default": "deny"}}')" --id "$id" "$BUNDLE"
	kill $taker
	[ "$status" -eq 125 ] && [[ "$output" == *"listen to what the network's rules log (of a network namespace one process can"* ]] &&
		[[ "$output" != *"it runs"* ]] || { echo "$status $output"; return 1; }
	[ "$(report_of "$id" '.warnings | any(test("listen to what the network.s rules log"))')" = true ] || { report_of "$id" .; return 1; }
	no_leftovers "$id"
}
# bats test_tags=once
@test "rules that cannot be set: why is said under every runtime, and stands in the report" { on_each_runtime log_is_taken; }

goes_with_it() {
	host_config "$(command -v "$RUNTIME")"
	killed_meanwhile "$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER udp 4000\"]}}")"
	[ "$status" -eq 137 ] && [[ "$output" == *"stint-network was killed: the container is killed"* ]] || { echo "$status $output"; return 1; }
	[ "$(came datagrams)" -eq 0 ]
	no_leftovers "$id"
}
# bats test_tags=once
@test "stint-network is killed: so is the container, unless the host has it otherwise" { on_each_runtime goes_with_it; no_host_config; }

# Stopped while the answer and what it makes somebody try are on their way: the one that is sent again passes, and was never denied;
# what the answer does not open was, however soon after it.
crossing() {
	local network
	echo "api.example.com A 60 $FAR" >"$RECORDS"
	started_behind "$(network_profile names '{"egress": {"allow": ["dns", "api.example.com tcp 5000"]}}')" \
		"sleep 3; names reach $PEER api.example.com 5000 & sleep 0.2; names connect $FAR 4999; wait"
	network=$(network_of "$id")
	kill -STOP "$network"
	eventually 10 denied_of "$NS"
	sleep 0.5
	kill -CONT "$network"
	wait $background || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	[[ "$(sort "$STINT_TEST_DIR/$id.out" | xargs)" == 'Connection timed out connected '+([0-9])[0-9][0-9][0-9] ]] || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	[ "$(report_of "$id" '[.violations[] | .need + " " + .rule.egress.allow[0]] | join(", ")')" = "egress $FAR tcp 4999 api.example.com tcp 4999" ] ||
		{ report_of "$id" .violations; return 1; }
}
denied_of() { [[ "$(in_namespace "$1" nft list counter inet stint egress-denied)" != *'packets 0 '* ]]; }
# bats test_tags=once
@test "names: a packet that crossed the answer which opens its way was not denied; one to another port was" { on_each_runtime crossing; }

# --- long lists ---

many_entries() {
	linked
	jq -n --arg peer "$PEER udp 4000" '{stintVersion: "1.0", name: "many", network: {egress: {default: "deny",
		allow: ([$peer] + [range(100000) | "11.\(. * 2 / 65536 | floor).\(. * 2 / 256 % 256 | floor).\(. * 2 % 256)"])}}}' >"$STINT_TEST_DIR/many.json"
	run_linked "$STINT_TEST_DIR/many.json" packets send "$PEER" 4000 100 5
	[ "$status" -eq 0 ] && [ "$output" = '5 0' ] || { echo "$output $stderr"; return 1; }
	all_came 5
}
# bats test_tags=once
@test "egress: an allow list of 100,000 addresses" { on_each_runtime many_entries; }
