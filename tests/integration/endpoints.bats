#!/usr/bin/env bats
# With whom a recorded workload speaks, and the rules that are made of it, on each runtime: with a peer in a namespace of its own.

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
	# The report has those with the most bytes first, though no rule asks for its network.
	[ "$(report_of "$id" '.network | [.exact, (.endpoints | map(.bytes) | . == (sort | reverse)), .endpoints[0].port, (.endpoints | length)]' | jq -c .)" = '[true,true,5000,3]' ] ||
		{ report_of "$id" .network; return 1; }
	[ "$(report_of "$id" '([.network.endpoints[].bytes] | add) <= .usage.netEgressBytes + .usage.netIngressBytes')" = true ] || { report_of "$id" .; return 1; }
	stint report --last "$id" | grep -q "^  spoke with      egress $PEER tcp 5000, .* in 2 connections$" || { stint report --last "$id"; return 1; }
	stint profile generate --network -o "$profile" "$id"
	[ "$(jq -c '.network' "$profile")" = "{\"egress\":{\"default\":\"deny\",\"allow\":[\"$PEER tcp 5000\",\"$PEER udp 4000\",\"$PEER6 udp 4000\"]},\"ingress\":{\"default\":\"deny\",\"allow\":[]}}" ] ||
		{ jq -c .network "$profile"; return 1; }
	[ "$(jq -c '[.capabilities, (.seccomp | type)]' "$profile")" = '[null,"object"]' ]

	linked
	run_linked "$id-held" --profile "$profile" -- /bin/sh -c "$SPEAKS"
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
	[ "$(came datagrams)" -eq 12 ] || { came datagrams; report_of "$id-held" .network; return 1; }
	[ "$(report_of "$id-held" '.network | has("endpoints")')" = false ] # it is not recorded
	[ "$(report_of "$id-held" '[.network.drops[].packets] | add // 0')" -eq 0 ] || { report_of "$id-held" .network; return 1; }

	linked
	run_linked "$id-other" --profile "$profile" -- /bin/sh -c "packets send $FAR 4000 100 3; packets send $PEER 4001 100 2; packets pull $FAR 5000 10 || echo refused"
	[ "${lines[-1]}" = refused ] || { echo "$output $stderr"; return 1; }
	[ "$(came datagrams)" -eq 0 ]
}
@test "what a recorded run spoke with is allowed by the profile that is made of it, and nothing else" { on_each_runtime recorded_and_held; }

# With rules that hold at the same time, and killed: what was seen until then is there, and nothing that was denied.
recorded_under_rules() {
	local profile
	linked
	profile=$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER udp 4000\"]}}")
	network_bundle "$id" "$NS" /bin/sh -c "packets send $PEER 4000 100 1; packets send $FAR 4000 100 1; exec sleep 600"
	stint run --runtime "$RUNTIME" --record --profile "$profile" --id "$id" "$BUNDLE" >/dev/null 2>&1 3>&- &
	eventually 10 all_came 1
	stint verify "$id" | grep -q '^network .*enforced' || { stint verify "$id"; return 1; }
	kill -9 "$(init_of "$id")"
	wait $! || true
	[ "$(endpoints_of "$id")" = "[[\"egress\",\"$PEER\",\"udp\",4000,1]]" ] || { endpoints_of "$id"; return 1; }
	[ "$(stint record show --json "$id" | jq '[.endpointsRecorded, .complete]' -c)" = '[true,true]' ]
}
init_of() { stint ps --json | jq -r --arg id "$1" '.. | objects | select(.id? == $id) | .pid'; }
@test "endpoints of a container with rules that is killed" { on_each_runtime recorded_under_rules; }

merged() {
	linked
	run_linked "$id" --record -- /bin/sh -c "packets send $PEER 4000 100 1"
	linked
	run_linked "$id-2" --record -- /bin/sh -c "packets send $PEER 4000 100 1; packets send $FAR 4000 100 1"
	stint profile generate --network "$id" "$id-2" | jq -e --arg one "$PEER udp 4000" --arg two "$FAR udp 4000" \
		'.network.egress.allow == [$one, $two]'
	# Whose network is the host's has none that are its own.
	network_bundle "$id-host" own /bin/true
	config 'del(.linux.namespaces[] | select(.type == "network"))'
	stint run --runtime "$RUNTIME" --record --id "$id-host" "$BUNDLE"
	[ -z "$(network_of "$id-host")" ]
	stint record show "$id-host" | grep -q '^Endpoints were not recorded: it takes a network namespace'
	run --separate-stderr stint profile generate --network "$id" "$id-host"
	[ "$status" -eq 1 ] && [[ "$stderr" == *"1 of 2 runs were recorded without their endpoints"* ]] || { echo "$status $stderr"; return 1; }
}
# bats test_tags=once
@test "of several runs the endpoints are put together, and one without them is refused" { on_each_runtime merged; }

# Who is only recorded is not held by anything, and goes on without it.
recorder_lost() {
	local background
	linked
	network_bundle "$id" "$NS" /bin/sh -c "packets send $PEER 4000 100 1; sleep 2; packets send $PEER 4000 100 2"
	stint run --runtime "$RUNTIME" --record --id "$id" "$BUNDLE" >/dev/null 2>&1 3>&- &
	background=$!
	eventually 10 all_came 1
	kill -KILL "$(network_of "$id")"
	wait $background
	eventually 5 all_came 3
	[ "$(stint record show --json "$id" | jq .endpointsRecorded)" = false ]
	[ "$(report_of "$id" '[.network, .warnings]')" = '[null,[]]' ] || { report_of "$id" .; return 1; }
}
# bats test_tags=once
@test "a container that is only recorded goes on when stint-network is killed" { on_each_runtime recorder_lost; }

# --- names ---

names_of() { # ID: of what has one
	stint record show --json "$1" | jq -c '[.endpoints[] | select(.name) | [.address, .port, .name, .byName // 0, .connections]]'
}
allowed_by() { # ID...: what is proposed
	stint profile generate --network "$@" | jq -c .network.egress.allow
}

# An address of two names, one that nobody asked for, and one of whoever is no resolver have no name that a rule is made of. Behind the name
# that has one there may be another address later, and no longer the first.
named() {
	local profile=$STINT_TEST_DIR/named.json
	linked
	peer_has 10.99.3.1 10.99.3.2 10.99.3.3 "$OTHER"
	cat >"$RECORDS" <<-END
		api.example.com A 60 $FAR
		api.example.com AAAA 60 $PEER6
		one.example.com A 60 10.99.3.1
		two.example.com A 60 10.99.3.1
		other.example.com A 60 10.99.3.2
		any A 60 10.99.3.3
	END
	run_linked "$id" --record -- /bin/sh -c "names reach $PEER api.example.com 5000; names reach $PEER api.example.com 5000
		names ask $PEER api.example.com AAAA tcp; names connect $PEER6 5000; names ask $PEER one.example.com; names reach $PEER two.example.com 5000
		names ask $OTHER other.example.com; names connect 10.99.3.2 5000; names reach $PEER any 5000"
	[ "$status" -eq 0 ] && [ "$(grep -c '^connected' <<<"$output")" -eq 6 ] || { echo "$output $stderr"; return 1; }
	[ "$(names_of "$id")" = "[[\"$FAR\",5000,\"api.example.com\",2,2],[\"10.99.3.1\",5000,\"two.example.com\",0,1],\
[\"10.99.3.3\",5000,\"any\",1,1],[\"$PEER6\",5000,\"api.example.com\",1,1]]" ] || { names_of "$id"; stint record show "$id"; return 1; }
	stint record show "$id" | grep -q "egress   $FAR tcp 5000  .* in 2 connections, api.example.com$"
	stint record show "$id" | grep -q "egress   10.99.3.1 tcp 5000  .* in 1 connection, 0 by two.example.com$"
	[ "$(allowed_by "$id")" = "[\"$OTHER udp 53\",\"10.99.3.1 tcp 5000\",\"10.99.3.2 tcp 5000\",\"10.99.3.3 tcp 5000\",\"api.example.com tcp 5000\",\"dns\"]" ] ||
		{ allowed_by "$id"; return 1; }
	stint profile generate --network -o "$profile" "$id"

	linked
	peer_has 10.99.3.4
	echo "api.example.com A 60 10.99.3.4" >"$RECORDS"
	echo "other.example.com A 60 $FAR" >>"$RECORDS"
	run_linked "$id-held" --profile "$profile" -- /bin/sh -c "names reach $PEER api.example.com 5000; names reach $PEER other.example.com 5000"
	[ "$(sed 's/ [0-9]*$//' <<<"$output" | xargs)" = 'connected Connection timed out' ] || { echo "$output $stderr"; return 1; }
	[ "$(report_of "$id-held" '[.violations[].need] | join(" ")')" = "egress $FAR tcp 5000" ] || { report_of "$id-held" .violations; return 1; }

	# A run that had the address from elsewhere needs it by address.
	linked
	run_linked "$id-bare" --record -- /bin/sh -c "names connect $FAR 5000"
	[ "$(names_of "$id-bare")" = '[]' ]
	[[ "$(allowed_by "$id" "$id-bare")" == *"\"$FAR tcp 5000\""* ]] || { allowed_by "$id" "$id-bare"; return 1; }
	[[ "$(allowed_by "$id-bare" "$id")" == *"\"$FAR tcp 5000\""* ]]
}
# bats test_tags=once
@test "names: an endpoint that was reached by its name alone is allowed by it, wherever it is then; another name's address is not" { on_each_runtime named; }

# Its rules believe whom they allow for questions alone; who is only recorded opens nothing.
named_under_rules() {
	linked
	echo "api.example.com A 60 $FAR" >"$RECORDS"
	run_linked "$id" --record --profile "$(network_profile some "{\"egress\": {\"allow\": [\"10.99.0.0/16 udp\", \"api.example.com tcp 5000\"]}}")" -- \
		/bin/sh -c "names reach $PEER api.example.com 5000; true"
	[ "$output" = 'Connection timed out' ] || { echo "$output $stderr"; return 1; }
	[ "$(names_of "$id")" = '[]' ] || { names_of "$id"; return 1; }
	linked
	run_linked "$id-dns" --record --profile "$(network_profile all '{"egress": {"allow": ["dns", "api.example.com tcp 5000"]}}')" -- \
		names reach "$PEER" api.example.com 5000
	[[ "$output" == connected* ]] || { echo "$output $stderr"; return 1; }
	[ "$(names_of "$id-dns")" = "[[\"$FAR\",5000,\"api.example.com\",1,1]]" ] || { names_of "$id-dns"; return 1; }
}
# bats test_tags=once
@test "names: under rules, the answers of a resolver that they do not allow as one name nothing that passes, and open nothing" { on_each_runtime named_under_rules; }
