#!/usr/bin/env bats
# bats file_tags=once
# Network rules under the real dockerd and podman: their bridges, Docker's own resolver, its other networks. All of it is in the
# peer's namespace.

load helpers
load engines
load threats
load network

setup_file() {
	stint_setup_file
	peer_start
	names_start
	export DOCKERD_AT=$PEER_PID DOCKERD_BRIDGE=$PEER/24
	start_containerd
	start_dockerd
	in_namespace "$PEER_PID" ip addr add $FAR/32 dev lo
	local root=$STINT_FILE_DIR/network-root
	cp -a "$BUSYBOX_ROOTFS" "$root"
	cp "$PACKETS" "$NAMES" "$root/bin/"
	tar -C "$root" -c . | docker_ import - packets >/dev/null
	docker_ network create --subnet 10.98.0.0/24 t-net >/dev/null
}
teardown_file() {
	stop_engines
	namespaces_end
	rm -rf --one-file-system "$STINT_ROOT"-crun "$STINT_ROOT"-runc
	stint_teardown_file
}
setup() { stint_setup; }
teardown() { docker_ ps -aq | xargs -r timeout -k 1 60 docker -H "unix://$ENGINES/docker.sock" rm -f >/dev/null 2>&1 || true; }

on_each_engine_runtime() { # FUNCTION
	for RUNTIME in ${STINT_TEST_RUNTIMES:-crun runc}; do
		rm -f "$STINT_ROOT-$RUNTIME/var/log/stint/reports.jsonl"
		forget
		"$1"
		wait_for 5 nothing_left_behind
	done
}
run_() { # OPTION... COMMAND...: under stint, by the profile in $profile
	host_says "$(jq -n --arg profile "$profile" '{defaultProfile: $profile}')"
	docker_ run --runtime "stint-$RUNTIME" "$@"
}
report() { jq -c -r "$1" "$STINT_ROOT-$RUNTIME/var/log/stint/reports.jsonl" | tail -n 1; } # JQ-FILTER: of the last one

on_the_bridge() {
	profile=$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER udp 4000\", \"$PEER tcp 5000\"]}}")
	run run_ --rm packets sh -c "packets send $PEER 4000 100 7; packets send $PEER 4001 100 9; packets pull $PEER 5000 1000; packets pull $FAR 5000 10 || echo refused"
	[ "$status" -eq 0 ] && [[ "$output" == '7 0'$'\n'*'1000 got'*refused* ]] || { echo "$status $output"; return 1; }
	wait_for 5 all_came 7
	[ "$(report '[.network.exact, .network.egress.connections, (.violations | length)] | join(" ")')" = 'true 2 2' ] || { report .; return 1; }
	# Without a profile all of it arrives.
	profile=default
	[ "$(run_ --rm packets packets pull $FAR 5000 10)" = '10 got' ]
}
# bats test_tags=v2
@test "docker's bridge: what is allowed arrives, and nothing else does" { on_each_engine_runtime on_the_bridge; }

published() {
	local address
	profile=$(network_profile in "{\"ingress\": {\"default\": \"deny\", \"allow\": [\"any tcp 7000\"]}}")
	run_ -d --name t-in packets packets serve 7000 >/dev/null
	address=$(docker_ inspect -f '{{.NetworkSettings.IPAddress}}' t-in)
	wait_for 5 in_namespace "$PEER_PID" "$PACKETS" pull "$address" 7000 10
	run in_namespace "$PEER_PID" timeout 2 "$PACKETS" pull "$address" 7001 10
	[ "$status" -ne 0 ]
	behind stint verify "$(docker_ inspect -f '{{.Id}}' t-in)"
	docker_ rm -f t-in >/dev/null
}
@test "docker's bridge: who is let in, and verify" { on_each_engine_runtime published; }

budget_is_kept() {
	profile=$(network_profile quota '{}' '{"netEgress": {"limit": "100KiB"}}')
	run run_ --rm packets sh -c "packets send $PEER 4000 972 2000; sleep 20"
	[ "$status" -eq 137 ] || { echo "$status $output"; return 1; }
	[ "$(report '.verdict.budget + " " + .verdict.action')" = 'netEgress kill' ] || { report .; return 1; }
	[ "$(came datagrams)" -le 102 ]
	[ "$(report .usage.netEgressBytes)" -le 102400 ]
}
# bats test_tags=v2
@test "docker's bridge: no more bytes than the budget leave" { on_each_engine_runtime budget_is_kept; }

# Docker's resolver answers at 127.0.0.11, and asks the one behind it from within the container's namespace.
resolved() {
	printf '%s\n' "api.example.com A 30 $FAR" "other.example.com A 30 $FAR" >"$RECORDS"
	profile=$(network_profile names "{\"egress\": {\"allow\": [\"$PEER udp 53\", \"api.example.com tcp 5000\"]}}")
	run run_ --rm --network t-net --dns $PEER packets sh -c "names connect $FAR 5000; names reach 127.0.0.11 other.example.com 5000
		names reach 127.0.0.11 api.example.com 5000; true"
	[ "$(grep -c '^connected' <<<"$output")" -eq 1 ] && [[ "${lines[-1]}" == connected* ]] || { echo "$output"; return 1; }
	# By TCP, on loopback.
	profile=$(network_profile names "{\"egress\": {\"allow\": [\"$PEER tcp 53\", \"api.example.com tcp 5000\"]}}")
	run run_ --rm --network t-net --dns $PEER packets sh -c "names ask 127.0.0.11 api.example.com A tcp; sleep 0.2; names connect $FAR 5000"
	[[ "$output" == $FAR$'\n'connected* ]] || { echo "$output"; return 1; }
}
@test "docker's own resolver: what it says of a name that is allowed opens, and nothing else" { on_each_engine_runtime resolved; }

joined() {
	profile=$(network_profile open '{"egress": {"default": "allow"}}')
	run_ -d --name t-first --network t-net packets sleep 100 >/dev/null
	profile=$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER udp 4000\"]}}")
	run run_ --rm --network container:t-first packets sh -c "packets send $PEER 4000 100 2; packets send $PEER 4001 100 2"
	[ "$status" -eq 0 ] && [[ "$output" == '2 0'$'\n''0 '* ]] || { echo "$status $output"; return 1; }
	[ "$(docker_ exec t-first packets send $PEER 4001 100 2)" = '2 0' ]
	docker_ rm -f t-first >/dev/null
}
@test "docker: a container in another's network has rules of its own there" { on_each_engine_runtime joined; }

# --- podman ---

podman_() {
	timeout -k 1 60 nsenter -t "$PEER_PID" -n podman --root "$ENGINES/podman" --runroot "$ENGINES/podman-run" --tmpdir "$ENGINES/podman-tmp" \
		--network-config-dir "$ENGINES/podman-net" --cgroup-manager cgroupfs --events-backend file --storage-driver vfs "$@"
}
on_podmans_bridge() {
	host_says "$(jq -n --arg profile "$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER udp 4000\", \"$PEER tcp 5000\"]}}")" '{defaultProfile: $profile}')"
	run podman_ --runtime "$ENGINES/stint-$RUNTIME" run --rm --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --network t-pod packets \
		sh -c "packets send $PEER 4000 100 7; packets send $PEER 4001 100 9; packets pull $PEER 5000 1000; packets pull $FAR 5000 10 || echo refused"
	[ "$status" -eq 0 ] && [[ "$output" == *'7 0'$'\n'*'1000 got'*refused* ]] || { echo "$status $output"; return 1; }
	wait_for 5 all_came 7
	[ "$(report '[.network.exact, .network.egress.connections, (.violations | length)] | join(" ")')" = 'true 2 2' ] || { report .; return 1; }
}
# Its own runtime, which stint's hooks stand beside.
by_hooks() { # OPTION... COMMAND...
	podman_ --runtime "$RUNTIME" --hooks-dir "$STINT_TEST_DIR/hooks" --hooks-dir "$STINT_TEST_DIR/hooks-precreate" \
		run --rm --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --network t-pod "$@"
}
by_podmans_hooks() {
	hook_files
	host_says "$(jq -n --arg profile "$(network_profile some "{\"egress\": {\"default\": \"deny\", \"allow\": [\"$PEER udp 4000\"]}}" '{"netEgress": {"limit": "10KiB", "action": "cut"}}')" '{defaultProfile: $profile}')"
	run by_hooks --cap-add NET_RAW packets sh -c "exec 2>&1; packets pull $FAR 5000 10 || echo refused; packets send $PEER 4000 972 20 | cut -d ' ' -f 1; grep CapBnd /proc/self/status"
	[ "$status" -eq 0 ] && [[ "$output" == *refused$'\n'10$'\n'CapBnd* ]] || { echo "$status $output"; return 1; }
	[ $((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' <<<"$output") >> 13 & 1)) -eq 0 ] || { echo "$output"; return 1; }
	wait_for 5 all_came 10
	wait_for 5 report_has '"\(.verdict.budget) \(.verdict.action) \([.violations[].need] | join(","))"' "netEgress cut egress $FAR tcp 5000" || { report .; return 1; }
	# Without precreate a hook comes too late to take CAP_NET_RAW away, and says so.
	rm "$STINT_TEST_DIR/hooks-precreate/stint-precreate.json"
	run by_hooks --cap-add NET_RAW packets echo ran
	[ "$status" -ne 0 ] && [[ "$output" != *ran* ]] || { echo "$status $output"; return 1; }
	grep -q 'stint: createRuntime of .*cannot enforce: capabilities .*precreate' "$STINT_ROOT-$RUNTIME/var/log/stint/hook.log"
}
report_has() { [ "$(report "$1")" = "$2" ]; }
with_podmans_bridge() { # FUNCTION
	podman_ image exists packets || tar -C "$STINT_FILE_DIR/network-root" -c . | podman_ import - packets >/dev/null 2>&1
	podman_ network create --disable-dns --subnet 10.97.0.0/24 t-pod >/dev/null
	on_each_engine_runtime "$1"
	podman_ network rm -f t-pod >/dev/null
	rm -rf /var/lib/cni/networks/t-pod
}
# bats test_tags=v2
@test "podman's bridge: what is allowed arrives, and nothing else does" { with_podmans_bridge on_podmans_bridge; }
@test "podman's hooks: rules and a byte budget hold beside its own runtime; what they come too late for is refused" { with_podmans_bridge by_podmans_hooks; }
