#!/usr/bin/env bats
# checkpoint and restore, with a CRIU that the machine's kernel suits: `restore` is planned and watched as `create` is.

load ../integration/helpers
load ../integration/threats
load ../integration/engine
load ../integration/network

setup_file() {
	stint_setup_file
	peer_start
}
teardown_file() {
	namespaces_end
	stint_teardown_file
}
setup() { stint_setup; }
teardown() { engine_teardown; }

# CRIU cannot take a file along that is not in the container, as its standard output.
started_on_nothing() {
	engine_by_shim create --bundle "$BUNDLE" --pid-file "$STINT_TEST_DIR/$id.pid" "$id" >/dev/null 2>&1 </dev/null
	engine start "$id"
}
checkpointed() {
	engine checkpoint --image-path "$STINT_TEST_DIR/image-$id" --work-path "$STINT_TEST_DIR/work-$id" "$id" >"$STINT_TEST_DIR/out" 2>&1 ||
		{ cat "$STINT_TEST_DIR/out"; grep -B5 Error "$STINT_TEST_DIR/work-$id/dump.log"; return 1; }
	eventually 20 reported "$id"
}
restored() {
	engine_by_shim restore -d --bundle "$BUNDLE" --image-path "$STINT_TEST_DIR/image-$id" --work-path "$STINT_TEST_DIR/work-$id" "$id" \
		>"$STINT_TEST_DIR/out" 2>&1 </dev/null || { cat "$STINT_TEST_DIR/out"; tail -n 20 "$STINT_TEST_DIR/work-$id/restore.log"; return 1; }
	has_status "$id" running
}

@test "runc: a checkpoint is a container's end; restored it has its limits, and its budgets go on where they stood" {
	RUNTIME=runc
	host_config "$(command -v runc)" '{"ceiling": {"budgets": {"pids": {"limit": 50}}}}'
	# As engines name theirs: of one that a person names, each run is a new container.
	id=$(printf '%064x' "$$")
	bundle "$id" /bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.2; done'
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}] | .root.readonly = true'
	budget wall 30s
	started_on_nothing
	sleep 2
	checkpointed
	[ "$(report_of "$id" '.verdict, .monitor.exact' | xargs)" = 'null true' ]
	engine delete "$id" || true
	all_clean "$id"
	restored
	# CRIU 3.17 leaves no_new_privs out, and verify says so; all else is there.
	[ "$(stint verify --json "$id" | jq -r '[.controls[] | select(.status != "enforced") | "\(.control) \(.status)"] | join(" ")')" = "noNewPrivileges absent" ] ||
		{ stint verify "$id"; return 1; }
	[ "$(kernel_has "/stint/$id~*" pids)" = 50 ]
	eventually 60 reported "$id" 2
	[ "$(report_of "$id" '.verdict.budget == "wall" and .usage.wallNs < 28500000000')" = true ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.warnings | any(test("go on from 1 earlier run"))')" = true ] || { report_of "$id" .; return 1; }
	engine delete "$id"
	all_clean "$id"
}

have_arrived() { [ "$(arrived)" -ge "$1" ]; }
network_is() { [ "$(stint verify --json "$1" | jq -r '.controls[] | select(.control == "network").status')" = "$2" ]; }
# In another network namespace, as a container has that is taken to another machine. (In the one that it was in CRIU's own lock is left.)
@test "runc: restored, a container has its network rules before it sends anything, and of its byte budget what is left" {
	RUNTIME=runc
	host_config "$(command -v runc)" "$(jq -n --arg profile "$(network_profile rules "{\"egress\": {\"allow\": [\"$PEER udp 4001\"]}}" \
		'{"netEgress": {"limit": "30KB", "action": "cut"}}')" '{defaultProfile: $profile}')"
	id=$(printf '%063x1' "$$")
	linked
	# To 4000, where what comes is counted, and where nothing may, without a pause; to 4001 a thousand bytes at a time.
	network_bundle "$id" "$NS" /bin/sh -c "packets send $PEER 4000 100 2000000000 >/dev/null &
		while :; do packets send $PEER 4001 972 1 >/dev/null; sleep 0.2; done"
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}] | .root.readonly = true'
	started_on_nothing
	eventually 60 have_arrived 3000
	checkpointed
	[ "$(report_of "$id" '.verdict == null and .network.exact and .usage.netEgressBytes >= 3000')" = true ] || { report_of "$id" .; return 1; }
	first=$(report_of "$id" .usage.netEgressBytes)
	engine delete "$id" || true
	all_clean "$id"
	linked
	in_namespace_of "$NS"
	restored
	network_is "$id" enforced || { stint verify "$id"; return 1; }
	eventually 120 have_arrived $((29000 - first)) || { arrived; in_namespace "$NS" nft list ruleset; return 1; }
	sleep 2
	engine kill "$id" KILL
	eventually 20 reported "$id" 2
	[ "$(came datagrams)" -eq 0 ] || { came datagrams; return 1; }
	[ "$(report_of "$id" '.verdict.budget + " " + .verdict.action')" = 'netEgress cut' ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" ".usage.netEgressBytes + $first | . > 28900 and . <= 30000")" = true ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" '[.network.drops[].packets] | add > 0')" = true ] || { report_of "$id" .network; return 1; }
	engine delete "$id"
	all_clean "$id"
}
