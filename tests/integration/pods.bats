#!/usr/bin/env bats
# A pod as the CRI makes one: a sandbox that holds the namespaces, and containers that join them. What is the sandbox is
# told apart by its annotation, in the host's own rules; budgets are each container's own.

load helpers
load threats
load engine

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	engine_teardown
	groups_like "stint-pods-$$/pod*" | xargs -r rmdir 2>/dev/null || true
	groups_like "stint-pods-$$" | xargs -r rmdir 2>/dev/null || true
}

pod_config() { # what containerd's CRI plugin adds, for sandbox $pod
	config --arg type "$1" --arg pod "$pod" --arg id "$id" --arg path "/stint-pods-$$/pod-$pod/$id" '
		.annotations += {"io.kubernetes.cri.container-type": $type, "io.kubernetes.cri.sandbox-id": $pod,
			"io.kubernetes.cri.sandbox-namespace": "tenant-a", "io.kubernetes.cri.sandbox-name": "web"} |
		.linux.cgroupsPath = $path'
}
sandbox() {
	id=$pod
	bundle "$id" /bin/sleep 60
	pod_config sandbox
	created_and_started "$id"
	sandbox_pid=$(cat "$STINT_TEST_DIR/$id.pid")
}
container() { # NAME CMD...
	id=$pod-$1
	bundle "$id" "${@:2}"
	pod_config container
	config --arg pid "$sandbox_pid" '.annotations["io.kubernetes.cri.image-name"] = "registry.example/team/app:1" |
		.linux.namespaces |= map(if .type == "network" or .type == "ipc" or .type == "uts"
			then .path = "/proc/\($pid)/ns/\(.type | sub("network"; "net"))" else . end)'
	created_and_started "$id"
}

# The three JSON blocks of the document: rules, and the profiles that they name.
configured_as_documented() {
	local block
	awk -v dir="$STINT_TEST_DIR" '/^```/ { inside = $0 == "```json"; if (inside) n++; next } inside { print >(dir "/block" n) }' "$TOP/docs/kubernetes.md"
	host_config "$(command -v "$RUNTIME")" "$(cat "$STINT_TEST_DIR/block1")"
	mkdir -p "$STINT_ROOT/etc/stint/profiles.d"
	for block in 2 3; do
		cp "$STINT_TEST_DIR/block$block" "$STINT_ROOT/etc/stint/profiles.d/$(jq -r .name "$STINT_TEST_DIR/block$block").json"
	done
}

pod_of_two() {
	local pod=$id sandbox_pid
	configured_as_documented
	sandbox
	container quiet /bin/sh -c 'trap "exit 0" TERM; sleep 60 & wait'
	container busy /bin/sh -c 'while :; do :; done'
	# Each has namespaces of the sandbox's, and a group below the pod's own.
	[ "$(readlink "/proc/$(cat "$STINT_TEST_DIR/$pod-quiet.pid")/ns/net")" = "$(readlink "/proc/$sandbox_pid/ns/net")" ]
	grep -q ":/stint-pods-$$/pod-$pod/$pod-quiet/payload\$" "/proc/$(cat "$STINT_TEST_DIR/$pod-quiet.pid")/cgroup"
	# One spends its budget: it alone is stopped.
	eventually 10 reported "$pod-busy"
	[ "$(report_of "$pod-busy" '.verdict.budget == "cpu" and .profile == "tenant" and .image == "registry.example/team/app:1"
		and .usage.cpuNs >= 300000000 and .usage.cpuNs < 400000000 + $late and .monitor.exact')" = true ] || { report_of "$pod-busy" .; return 1; }
	has_status "$pod-quiet" running
	has_status "$pod" running
	stint verify "$pod-quiet"
	stint verify "$pod"
	[ "$(stint ps --json | jq -r ".[] | select(.id == \"$pod\") | .profile")" = sandbox ]
	# The figures are each container's: the busy one's CPU time is in neither of the others.
	engine kill "$pod-quiet" TERM
	eventually 10 reported "$pod-quiet"
	[ "$(report_of "$pod-quiet" '.verdict == null and .usage.cpuNs < 300000000 + $late')" = true ] || { report_of "$pod-quiet" .; return 1; }
	ended_with "$pod-quiet" code 0
	for id in "$pod-busy" "$pod-quiet" "$pod"; do
		engine delete --force "$id"
		all_clean "$id"
		[ "$(reports_count "$id")" -eq 1 ]
	done
	[ "$(report_of "$pod" '.profile == "sandbox" and .verdict == null and .usage.cpuNs < 300000000 + $late')" = true ] || { report_of "$pod" .; return 1; }
	# The pod's own group is the engine's: it stays until that removes it, and nothing of ours keeps it from it.
	groups_like "stint-pods-$$/pod-$pod" >"$STINT_TEST_DIR/groups"
	[ -s "$STINT_TEST_DIR/groups" ]
	xargs rmdir <"$STINT_TEST_DIR/groups"
}
@test "a pod of a sandbox and two containers: budgets are each container's, the sandbox has a profile of its own" {
	on_each_runtime pod_of_two
}

sandbox_dies_first() {
	local pod=$id sandbox_pid
	host_config "$(command -v "$RUNTIME")"
	sandbox
	container a /bin/sleep 60
	kill -KILL "$sandbox_pid"
	eventually 10 reported "$pod"
	has_status "$pod-a" running
	engine delete --force "$pod-a"
	engine delete --force "$pod"
	for id in "$pod" "$pod-a"; do
		all_clean "$id"
		[ "$(reports_count "$id")" -eq 1 ]
		[ "$(report_of "$id" '.verdict == null and .monitor.exact')" = true ] || { report_of "$id" .; return 1; }
		ended_with "$id" signal 9
	done
}
@test "a pod whose sandbox dies first: its containers are watched on" { on_each_runtime sandbox_dies_first; }
