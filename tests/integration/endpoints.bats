#!/usr/bin/env bats
# With whom a recorded workload speaks, and the rules that are made of it, on each runtime: with a peer in a namespace of its own.

load helpers
load threats
load network

setup_file() {
	stint_setup_file
	peer_start
}
teardown_file() {
	namespaces_end
	stint_teardown_file
}
setup() { stint_setup; }
teardown() { stint_teardown; }

linked() {
	NS=$(new_namespace)
	connect_to "$NS"
	forget
}
run_linked() { # ID OPTION... -- COMMAND...
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	network_bundle "$name" "$NS" "$@"
	run --separate-stderr timeout 60 stint run --runtime "$RUNTIME" "${options[@]}" --id "$name" "$BUNDLE"
}
endpoints_of() { # ID: what there is of each but bytes
	stint record show --json "$1" | jq -c '[.endpoints[] | [.direction, .address // .from, .protocol, .port, .connections]]'
}

SPEAKS="packets send $PEER 4000 100 7; packets send $PEER6 4000 100 5; packets pull $PEER 5000 100000; packets pull $PEER 5000 10"

recorded_and_held() {
	local profile=$STINT_TEST_DIR/generated.json
	linked
	run_linked "$id" --record -- /bin/sh -c "$SPEAKS; packets pull 127.0.0.1 5000 1 || true"
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
	[ "$(endpoints_of "$id")" = "[[\"egress\",\"$PEER\",\"tcp\",5000,2],[\"egress\",\"$PEER\",\"udp\",4000,1],[\"egress\",\"$PEER6\",\"udp\",4000,1]]" ] ||
		{ endpoints_of "$id"; stint record show "$id"; return 1; }
	[ "$(stint record show --json "$id" | jq '.endpointsRecorded')" = true ]
	# Both ways: what was pulled is among them.
	[ "$(stint record show --json "$id" | jq '.endpoints[0].bytes > 100000')" = true ]
	stint record show "$id" | grep -q "egress   $PEER6 udp 4000  .* in 1 connection$"
	stint profile generate --network -o "$profile" "$id"
	[ "$(jq -c '.network' "$profile")" = "{\"egress\":{\"default\":\"deny\",\"allow\":[\"$PEER tcp 5000\",\"$PEER udp 4000\",\"$PEER6 udp 4000\"]},\"ingress\":{\"default\":\"deny\",\"allow\":[]}}" ] ||
		{ jq -c .network "$profile"; return 1; }
	[ "$(jq -c '[.capabilities, (.seccomp | type)]' "$profile")" = '[null,"object"]' ]

	linked
	run_linked "$id-held" --profile "$profile" -- /bin/sh -c "$SPEAKS"
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
	[ "$(came datagrams)" -eq 12 ] || { came datagrams; report_of "$id-held" .network; return 1; }
	[ "$(report_of "$id-held" '[.network.drops[].packets] | add // 0')" -eq 0 ] || { report_of "$id-held" .network; return 1; }

	linked
	run_linked "$id-other" --profile "$profile" -- /bin/sh -c "packets send $FAR 4000 100 3; packets send $PEER 4001 100 2; packets pull $FAR 5000 10 || echo refused"
	[ "${lines[-1]}" = refused ] || { echo "$output $stderr"; return 1; }
	[ "$(came datagrams)" -eq 0 ]
}
@test "what a recorded run spoke with is allowed by the profile that is made of it, and nothing else" { on_each_runtime recorded_and_held; }
