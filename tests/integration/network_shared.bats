#!/usr/bin/env bats
# Rules and byte budgets of a container in a network namespace that is others', too: a pod's, or another container's. They are of what
# its own sockets send and get, told by its v2 group; nobody else is held by them.

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

pod() { # CONTAINER-TYPE ID COMMAND...: a bundle as the CRI makes one, for a member of the pod "$id"
	local type=$1 name=$2
	shift 2
	network_bundle "$name" own "$@"
	config --arg type "$type" --arg pod "$id" '.annotations += {"io.kubernetes.cri.container-type": $type, "io.kubernetes.cri.sandbox-id": $pod}'
	if [ "$type" = sandbox ]; then
		in_namespace_of "$NS"
	else
		joins "$SANDBOX_PID"
	fi
}
joins() { # PID
	config --arg path "/proc/$1/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $path'
}
# The sandbox of the pod "$id", with rules for all of it: $SANDBOX_PID.
sandbox() { # NETWORK
	linked
	pod sandbox "$id" /bin/sleep 3600
	stint run --runtime "$RUNTIME" --profile "$(network_profile "pod-$id" "$1")" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- &
	eventually 10 runs "$id"
	SANDBOX_PID=$(pid_of "$id")
}
runs() { [ "$($RUNTIME state "$1" 2>/dev/null | jq -r .status)" = running ]; }
pid_of() { $RUNTIME state "$1" | jq .pid; }
member() { # NAME PROFILE COMMAND...: in the foreground; $output and $stderr
	local name=$1 profile=$2
	shift 2
	pod container "$id-$name" "$@"
	run --separate-stderr timeout 60 stint run --runtime "$RUNTIME" ${profile:+--profile "$profile"} --id "$id-$name" "$BUNDLE"
}
pod_ends() {
	$RUNTIME kill "$id" KILL
	eventually 10 reported "$id"
}
tables() { in_namespace "$NS" nft list tables | sort | xargs; }

each_its_own() {
	local narrow
	sandbox "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER/32 udp\", \"$PEER/32 tcp 5000\"]}}"
	narrow=$(network_profile "narrow-$id" "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER/32 udp 4000\", \"$FAR/32 udp 4000\"]}}")
	# Its own rules, and the sandbox's, which is the ceiling of all.
	member narrow "$narrow" /bin/sh -c "packets send $PEER 4000 100 7; packets send $PEER 4001 100 5; packets send $FAR 4000 100 3
		packets pull $PEER 5000 10 || echo refused"
	[ "$status" -eq 0 ] || { echo "$output $stderr"; return 1; }
	[[ "$output" == '7 0'$'\n''0 '*refused ]] || { echo "$output"; return 1; }
	eventually 5 all_came 7
	[ "$(report_of "$id-narrow" '.network.exact and .network.egress.packets >= 7 and (.warnings | length) == 0')" = true ] || { report_of "$id-narrow" .; return 1; }
	[ "$(report_of "$id-narrow" '[.violations[].need] | sort | join(", ")')" = "egress $PEER tcp 5000, egress $PEER udp 4001" ] ||
		{ report_of "$id-narrow" .violations; return 1; }
	# Who has none of his own has the sandbox's alone, while the other's hold.
	pod container "$id-other" /bin/sleep 60
	stint run --runtime "$RUNTIME" --profile "$narrow" --id "$id-other" "$BUNDLE" >"$STINT_TEST_DIR/$id-other.out" 2>&1 3>&- &
	eventually 10 runs "$id-other"
	member free '' /bin/sh -c "packets send $PEER 4001 100 5; packets pull $PEER 5000 1000; packets send $FAR 4000 100 3"
	[[ "$output" == '5 0'$'\n''1000 got'$'\n''0 '* ]] || { echo "$output $stderr"; return 1; }
	# What is executed in it is held as well.
	run $RUNTIME exec "$id-other" /bin/sh -c "packets send $PEER 4000 100 2; packets send $PEER 4001 100 2"
	[[ "$output" == '2 0'$'\n''0 '* ]] || { echo "$output"; return 1; }
	for member in "$id" "$id-other"; do
		run stint verify "$member"
		[ "$status" -eq 0 ] || { echo "$output"; return 1; }
		[[ "$output" == *network*enforced* ]]
	done
	[[ "$(tables)" == 'table inet stint table inet stint-'[0-9]* ]] || { tables; return 1; }
	$RUNTIME kill "$id-other" KILL
	eventually 10 reported "$id-other"
	# Its table goes with it, the pod's stays.
	eventually 5 network_gone "$id-other"
	[ "$(tables)" = 'table inet stint' ] || { tables; return 1; }
	pod_ends
}
network_gone() { [ -z "$(network_of "$1")" ]; }
reported() { [ "$(report_of "$1" .id)" = "$1" ]; }
@test "a pod: each container has its own rules below the sandbox's" { on_each_runtime each_its_own; }

budgets() {
	sandbox '{"egress": {"default": "allow"}}'
	pod container "$id-rich" /bin/sleep 60
	stint run --runtime "$RUNTIME" --profile "$(network_profile "rich-$id" '{}' '{"netEgress": {"limit": "100KiB"}}')" --id "$id-rich" "$BUNDLE" \
		>"$STINT_TEST_DIR/$id-rich.out" 2>&1 3>&- &
	eventually 10 runs "$id-rich"
	member poor "$(network_profile "poor-$id" '{}' '{"netEgress": {"limit": "100KiB"}}')" /bin/sh -c "packets send $PEER 4000 972 200; sleep 20"
	[ "$status" -eq 137 ] || { echo "$status $output $stderr"; return 1; }
	[[ "$stderr" == *"netEgress budget 100 KiB spent"* ]] || { echo "$stderr"; return 1; }
	[ "$(came datagrams)" -eq 102 ] || { came datagrams; return 1; }
	# The other has all of its own.
	run $RUNTIME exec "$id-rich" packets send $PEER 4000 972 100
	[ "$output" = '100 0' ] || { echo "$output"; return 1; }
	runs "$id-rich"
	[ "$(stint ps --json | jq -c --arg id "$id-rich" '.[] | select(.id == $id) | [.budgets.netEgress.used, .usage.netEgressBytes, .usage.netIngressBytes]')" = '[100000,100000,0]' ] ||
		{ stint ps --json; return 1; }
	stint ps >"$STINT_TEST_DIR/ps"
	grep -q '^ID .* SENT  *RECEIVED  *MONITOR$' "$STINT_TEST_DIR/ps"
	grep -qE "^$id-rich .* 97.65 KiB/100 KiB +0 B +[0-9]+$" "$STINT_TEST_DIR/ps" || { cat "$STINT_TEST_DIR/ps"; return 1; }
	$RUNTIME kill "$id-rich" KILL
	eventually 10 reported "$id-rich"
	[ "$(report_of "$id-rich" '.verdict == null and .usage.netEgressBytes == 100000')" = true ] || { report_of "$id-rich" .; return 1; }
	pod_ends
}
@test "a pod: byte budgets are each container's" { on_each_runtime budgets; }

# What comes in is told by the socket that gets it, answers of the resolver too.
comes_in() {
	sandbox '{"egress": {"default": "allow"}}'
	peer_has 10.99.2.1
	echo "api.example.com A 60 10.99.2.1" >"$RECORDS"
	member names "$(network_profile "names-$id" '{"egress": {"default": "deny", "allow": ["dns", "api.example.com tcp 5000"]}}')" /bin/sh -c \
		"names connect 10.99.2.1 5000; names reach $PEER api.example.com 5000"
	[[ "$output" != connected*$'\n'* && "$output" == *$'\n'connected* ]] || { echo "$output $stderr"; return 1; }
	pod container "$id-serves" /bin/sh -c "packets serve 7000 & exec packets serve 7001"
	stint run --runtime "$RUNTIME" --profile "$(network_profile "serves-$id" "{\"ingress\": {\"default\": \"deny\", \"allow\": [\"$PEER/32 tcp 7000\"]}}")" \
		--id "$id-serves" "$BUNDLE" >"$STINT_TEST_DIR/$id-serves.out" 2>&1 3>&- &
	pod container "$id-open" packets serve 7002
	stint run --runtime "$RUNTIME" --id "$id-open" "$BUNDLE" >"$STINT_TEST_DIR/$id-open.out" 2>&1 3>&- &
	eventually 10 grep -qs ready "$STINT_TEST_DIR/$id-open.out"
	eventually 10 said_ready 2 "$STINT_TEST_DIR/$id-serves.out"
	[ "$(in_namespace "$PEER_PID" "$PACKETS" pull "$OWN" 7000 5000)" = '5000 got' ]
	[ "$(in_namespace "$PEER_PID" "$PACKETS" pull "$OWN" 7002 5000)" = '5000 got' ]
	run in_namespace "$PEER_PID" timeout 2 "$PACKETS" pull "$OWN" 7001 10
	[ "$status" -ne 0 ]
	$RUNTIME kill "$id-serves" KILL
	$RUNTIME kill "$id-open" KILL
	eventually 10 reported "$id-serves"
	[ "$(report_of "$id-serves" .network.ingress.connections)" = 1 ] || { report_of "$id-serves" .network; return 1; }
	eventually 10 reported "$id-open"
	pod_ends
}
said_ready() { [ "$(grep -c ready "$2")" -ge "$1" ]; }
@test "a pod: what comes in, and what a resolver answers, is the container's that gets it" { on_each_runtime comes_in; }

# Whoever has CAP_NET_ADMIN there could change a table that is nobody's.
nobody_changes_it() {
	sandbox '{"egress": {"default": "allow"}}'
	pod container "$id-held" /bin/sleep 60
	stint run --runtime "$RUNTIME" --profile "$(network_profile "held-$id" '{"egress": {"default": "deny"}}')" --id "$id-held" "$BUNDLE" \
		>"$STINT_TEST_DIR/$id-held.out" 2>&1 3>&- &
	eventually 10 runs "$id-held"
	run in_namespace "$NS" nft delete table inet "$(tables | xargs -n 3 | awk '/stint-/ {print $3}')"
	[ "$status" -ne 0 ]
	in_namespace "$NS" nft flush ruleset || true
	run $RUNTIME exec "$id-held" packets send $PEER 4000 100 2
	[[ "$output" == '0 '* ]] || { echo "$output"; return 1; }
	# With who owns it the rules may go: then the container does.
	kill -KILL "$(network_of "$id-held")"
	eventually 10 reported "$id-held"
	runs "$id"
	pod_ends
}
@test "a pod: who has CAP_NET_ADMIN in it cannot change a container's rules" { on_each_runtime nobody_changes_it; }

joined() {
	linked
	network_bundle "$id" "$NS" /bin/sleep 3600
	stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- &
	eventually 10 runs "$id"
	network_bundle "$id-joins" own /bin/sh -c "packets send $PEER 4000 100 2; packets send $PEER 4001 100 2"
	joins "$(pid_of "$id")"
	run --separate-stderr stint run --runtime "$RUNTIME" --profile "$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER/32 udp 4000\"]}}")" \
		--id "$id-joins" "$BUNDLE"
	[[ "$output" == '2 0'$'\n''0 '* ]] || { echo "$output $stderr"; return 1; }
	run $RUNTIME exec "$id" packets send $PEER 4001 100 2
	[ "$output" = '2 0' ] || { echo "$output"; return 1; }
	pod_ends
}
@test "a container that joins another's network (container:X) has its own rules, and the other none" { on_each_runtime joined; }

# By a name nobody sees that it is another's, but for the rules that are there.
named_namespace_of_another() {
	linked
	network_bundle "$id" "$NS" /bin/sleep 3600
	stint run --runtime "$RUNTIME" --profile "$(network_profile none '{"egress": {"default": "deny"}}')" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- &
	eventually 10 runs "$id"
	network_bundle "$id-second" "$NS" packets send $PEER 4000 100 2
	run --separate-stderr stint run --runtime "$RUNTIME" --profile "$(network_profile all '{"egress": {"default": "allow"}}')" --id "$id-second" "$BUNDLE"
	[ "$status" -eq 125 ] || { echo "$status $output"; return 1; }
	[[ "$stderr" == *"is container $id's"* ]] || { echo "$stderr"; return 1; }
	[ "$(came datagrams)" -eq 0 ]
	run $RUNTIME exec "$id" packets send $PEER 4000 100 2
	[[ "$output" == '0 '* ]] || { echo "$output"; return 1; }
	pod_ends
	# It is over: who comes next has the namespace.
	run stint run --runtime "$RUNTIME" --profile "$(network_profile all '{"egress": {"default": "allow"}}')" --id "$id-third" "$BUNDLE"
	[ "$output" = '2 0' ] || { echo "$output"; return 1; }
}
@test "two containers in one named network namespace: the second cannot replace the rules of the first" {
	on_each_runtime named_namespace_of_another
}

at_the_same_moment() {
	local i round profile running=()
	linked
	network_bundle "$id" "$NS" /bin/sleep 1
	profile=$(network_profile none '{"egress": {"default": "deny"}}')
	for round in 1 2 3 4 5; do
		for i in 1 2; do
			stint run --runtime "$RUNTIME" --profile "$profile" --id "$id-$i-$round" "$BUNDLE" >"$STINT_TEST_DIR/$i.out" 2>&1 3>&- &
			running[i]=$!
		done
		wait "${running[1]}" || true
		wait "${running[2]}" || true
		# One of them ran, and the other says whose it is, or that it was as fast.
		[ "$(grep -lE "is container $id-|others were set|one process can" "$STINT_TEST_DIR"/[12].out | wc -l)" -eq 1 ] || { tail "$STINT_TEST_DIR"/[12].out; return 1; }
	done
}
@test "two containers that are started at the same moment in one named network namespace: one is refused" { on_each_runtime at_the_same_moment; }
