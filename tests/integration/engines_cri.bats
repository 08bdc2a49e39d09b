#!/usr/bin/env bats
# containerd's CRI plugin with a handler of stint's: pods and containers as a kubelet makes them, by its own calls. Their
# network is the node's: what a pod's own would need, CNI, is none of stint's matter.

load helpers
load engines
load threats
load recordings

handlers() { # as docs/kubernetes.md has it, for both runtimes
	local runtime
	for runtime in crun runc; do
		cat <<-CONFIG
			[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.stint-$runtime]
			runtime_type = "io.containerd.runc.v2"
			pod_annotations = ["io.stint.*"]
			container_annotations = ["io.stint.*"]
			[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.stint-$runtime.options]
			BinaryName = "$STINT_FILE_DIR/engines/stint-$runtime"
			SystemdCgroup = false
		CONFIG
	done
}
podman_() { timeout -k 1 60 podman --root "$ENGINES/podman" --runroot "$ENGINES/podman-run" --tmpdir "$ENGINES/podman-tmp" --storage-driver vfs "$@"; }
image() { # NAME [PODMAN-OPTION...]: of the archive on standard input
	podman_ import "${@:2}" - "localhost/$1:latest" >/dev/null 2>&1
	rm -f "$ENGINES/$1.tar"
	podman_ save -q -o "$ENGINES/$1.tar" "localhost/$1:latest"
	ctr_ -n k8s.io image import "$ENGINES/$1.tar" >/dev/null
}
setup_file() {
	stint_setup_file
	# restrict_oom_score_adj: the machine that tests may not have CAP_SYS_RESOURCE.
	start_containerd "[plugins.\"io.containerd.grpc.v1.cri\"]
sandbox_image = \"localhost/busybox:latest\"
restrict_oom_score_adj = true
[plugins.\"io.containerd.grpc.v1.cri\".containerd]
default_runtime_name = \"stint-crun\"
$(handlers)"
	make_runtimes
	tar -C "$BUSYBOX_ROOTFS" -c . | image busybox --change 'CMD ["/bin/sleep", "100000"]'
	wait_for 30 cri Version '{}'
}
teardown_file() {
	end_process "$ENGINES/containerd.pid"
	release_mounts
	# The pods' own groups, which a kubelet makes and removes.
	groups_like stint-cri-test | xargs -r -I '{}' find '{}' -depth -type d -exec rmdir '{}' ';'
	rm -rf --one-file-system "$STINT_ROOT"-crun "$STINT_ROOT"-runc
	stint_teardown_file
}
setup() { stint_setup; }
teardown() {
	local pod
	# What a failed test left: the CRI ends the containers of a pod with it.
	for pod in $(cat "$STINT_TEST_DIR/pods" 2>/dev/null); do
		cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}" >/dev/null 2>&1 || true
		cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}" >/dev/null 2>&1 || true
	done
}

cri() { # METHOD REQUEST
	timeout -k 1 90 /usr/bin/python3 "$TOP/tests/integration/tools/cri.py" "$ENGINES/containerd.sock" "$@"
}
node_namespaces='{"network": 2, "pid": 1, "ipc": 0}'
pod_config() { # NAME [ANNOTATIONS]
	jq -n --arg name "$1" --arg uid "$1-$RUNTIME-$$" --argjson annotations "${2:-{\}}" --argjson namespaces "$node_namespaces" --arg logs "$STINT_TEST_DIR/logs-$RUNTIME" '{
		metadata: {name: $name, uid: $uid, namespace: "tenant-a", attempt: 0}, log_directory: $logs, annotations: $annotations,
		linux: {cgroup_parent: "/stint-cri-test/pod-\($uid)", security_context: {namespace_options: $namespaces}}}'
}
run_pod() { # NAME [ANNOTATIONS]: sets pod, config
	config=$(pod_config "$@")
	pod=$(cri RunPodSandbox "$(jq -n --argjson config "$config" --arg handler "stint-$RUNTIME" '{config: $config, runtime_handler: $handler}')" | jq -r .pod_sandbox_id)
	[ -n "$pod" ] || return 1
	echo "$pod" >>"$STINT_TEST_DIR/pods"
}
logged() { cut -d ' ' -f 4- "$STINT_TEST_DIR/logs-$RUNTIME/$1"; } # LOG: what a container with that log_path said
create() { # NAME ATTEMPT MORE CMD...: prints the id, or the error
	local name=$1 attempt=$2 more=$3
	shift 3
	cri CreateContainer "$(jq -n --arg pod "$pod" --argjson config "$config" --arg name "$name" --argjson attempt "$attempt" --argjson more "$more" \
		--argjson namespaces "$node_namespaces" '{pod_sandbox_id: $pod, sandbox_config: $config, config: ({metadata: {name: $name, attempt: $attempt},
		image: {image: "localhost/busybox:latest"}, command: $ARGS.positional,
		linux: {security_context: {namespace_options: $namespaces}}} * $more)}' --args -- "$@")" | jq -r .container_id
}
of() { # METHOD ID [MORE]: of a container
	cri "$1" "$(jq -n --arg id "$2" --argjson more "${3:-{\}}" '{container_id: $id} + $more')"
}
status_of() { of ContainerStatus "$1" | jq -r '.status | "\(.state) \(.exit_code) \(.reason)"'; }
has_ended() { [[ "$(status_of "$1")" == 2* ]]; }
end_pod() {
	cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}" >/dev/null
	cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}" >/dev/null
}
reported_behind() { [ -n "$(reports_of "$1")" ]; }
documented() { # the rules and profiles of docs/kubernetes.md
	local n
	awk -v dir="$STINT_TEST_DIR" '/^```/ { inside = $0 == "```json"; if (inside) n++; next } inside { print >(dir "/block" n) }' "$TOP/docs/kubernetes.md"
	host_says "$(cat "$STINT_TEST_DIR/block1")"
	mkdir -p "$STINT_ROOT-$RUNTIME/etc/stint/profiles.d"
	for n in 2 3; do
		cp "$STINT_TEST_DIR/block$n" "$STINT_ROOT-$RUNTIME/etc/stint/profiles.d/$(jq -r .name "$STINT_TEST_DIR/block$n").json"
	done
}
on_each_handler() { # FUNCTION
	for RUNTIME in crun runc; do
		rm -f "$STINT_ROOT-$RUNTIME"/var/log/stint/*
		documented
		"$1"
		wait_for 10 nothing_left_behind
	done
}

whole_life() {
	local quiet busy again
	run_pod whole
	quiet=$(create quiet 0 '{}' /bin/sh -c 'trap "exit 0" TERM; sleep 1000 & wait')
	of StartContainer "$quiet" >/dev/null
	busy=$(create busy 0 '{}' /bin/sh -c 'while :; do :; done')
	of StartContainer "$busy" >/dev/null
	# A health check.
	[ "$(of ExecSync "$quiet" '{"cmd": ["/bin/sh", "-c", "echo well; exit 3"], "timeout": 10}' | jq -r '"\(.stdout | @base64d) \(.exit_code)"' | xargs)" = 'well 3' ]
	# One spends its budget, and it alone is stopped; the kubelet reads 137.
	wait_for 20 has_ended "$busy"
	[ "$(status_of "$busy")" = '2 137 Error' ] || { status_of "$busy"; return 1; }
	wait_for 5 reported_behind "$busy"
	[ "$(last_report "$busy" '.verdict.budget, .profile, .image, .monitor.exact' | xargs)" = 'cpu tenant localhost/busybox:latest true' ] || { last_report "$busy" .; return 1; }
	[[ "$(behind stint why "${busy:0:13}")" == *'cpu budget of 300.0ms'* ]]
	[[ "$(status_of "$quiet")" == 1* ]]
	# The sandbox is told apart from its containers.
	[ "$(behind stint ps --json | jq -r --arg id "$pod" '.[] | select(.id == $id) | .profile')" = sandbox ]
	behind stint verify "$quiet"
	# As the kubelet starts it again: a new container, whose budget begins anew.
	again=$(create busy 1 '{}' /bin/true)
	of StartContainer "$again" >/dev/null
	wait_for 20 has_ended "$again"
	[ "$(status_of "$again")" = '2 0 Completed' ] || { status_of "$again"; return 1; }
	of RemoveContainer "$busy" >/dev/null
	of StopContainer "$quiet" '{"timeout": 10}' >/dev/null
	[ "$(status_of "$quiet")" = '2 0 Completed' ] || { status_of "$quiet"; return 1; }
	wait_for 5 reported_behind "$quiet"
	[ "$(last_report "$quiet" '.verdict, .exit.code, .monitor.exact' | xargs)" = 'null 0 true' ] || { last_report "$quiet" .; return 1; }
	of RemoveContainer "$quiet" >/dev/null
	end_pod
	wait_for 5 reported_behind "$pod"
	[ "$(last_report "$pod" '.profile, .verdict' | xargs)" = 'sandbox null' ]
	[ "$(reports_of "$busy" | wc -l)$(reports_of "$quiet" | wc -l)$(reports_of "$pod" | wc -l)" = 111 ]
}
@test "CRI: a pod from RunPodSandbox to RemovePodSandbox, one of its containers spends its budget" { on_each_handler whole_life; }

says_what() {
	local id
	# The pod's annotation goes to its containers, and only tightens: the profile has 300 ms.
	run_pod says '{"io.stint.budget.wall": "2s", "io.stint.budget.cpu": "10m"}'
	id=$(create sleeper 0 '{}' /bin/sleep 100)
	of StartContainer "$id" >/dev/null
	[ "$(behind stint verify --json "$id" | jq -r '.controls[] | select(.control == "budget cpu") | .planned')" = 300.0ms ] || { behind stint verify --json "$id"; return 1; }
	wait_for 20 has_ended "$id"
	wait_for 5 reported_behind "$id"
	[ "$(last_report "$id" '.verdict.budget, .verdict.source' | xargs)" = 'wall annotation io.stint.budget.wall' ] || { last_report "$id" .; return 1; }
	end_pod
	# What is refused arrives where the kubelet makes an event of it.
	run run_pod bad '{"io.stint.budget.cpu": "lots"}'
	[ "$status" -ne 0 ]
	[[ "$output" == *'stint: annotation io.stint.budget.cpu: "lots" is not a duration'* ]] || { echo "$output"; return 1; }
}
@test "CRI: budgets by a pod's annotations only tighten; what is refused the caller is told" { on_each_handler says_what; }

updated() {
	local id
	run_pod updated
	id=$(create limited 0 '{"linux": {"resources": {"memory_limit_in_bytes": 33554432}}}' /bin/sleep 100)
	of StartContainer "$id" >/dev/null
	# Up to the profile's 64 MiB, and no further.
	of UpdateContainerResources "$id" '{"linux": {"memory_limit_in_bytes": 50331648}}' >/dev/null
	[ "$(kernel_has "/stint-cri-test/pod-updated-$RUNTIME-$$/$id/payload" memory)" = 50331648 ]
	of UpdateContainerResources "$id" '{"linux": {"memory_limit_in_bytes": 1073741824}}' >/dev/null
	[ "$(kernel_has "/stint-cri-test/pod-updated-$RUNTIME-$$/$id/payload" memory)" = 67108864 ]
	# containerd goes and comes back; its containers are watched on.
	end_process "$ENGINES/containerd.pid"
	run_containerd
	wait_for 30 cri Version '{}'
	[[ "$(status_of "$id")" == 1* ]]
	behind stint verify "$id"
	of StopContainer "$id" '{"timeout": 0}' >/dev/null
	wait_for 5 reported_behind "$id"
	[[ "$(last_report "$id" '.warnings | join(" ")')" == *'update held to the plan: memory.limit: 1073741824 asked, 67108864 set'* ]] || { last_report "$id" .; return 1; }
	end_pod
}
@test "CRI: an update is held to the plan; containerd is restarted under a pod" { on_each_handler updated; }

privileged() {
	local id
	host_says '{"privileged": "refuse"}'
	config=$(pod_config open | jq '.linux.security_context.privileged = true')
	pod=$(cri RunPodSandbox "$(jq -n --argjson config "$config" --arg handler "stint-$RUNTIME" '{config: $config, runtime_handler: $handler}')" | jq -r .pod_sandbox_id)
	echo "$pod" >>"$STINT_TEST_DIR/pods"
	id=$(create open 0 '{"linux": {"security_context": {"privileged": true}}}' /bin/sleep 100)
	run of StartContainer "$id"
	[ "$status" -ne 0 ]
	[[ "$output" == *'stint: a privileged container (it may use every device of the host) is not run on this host'* ]] || { echo "$output"; return 1; }
	end_pod
}
@test "CRI: a privileged container is refused where the host says so" { on_each_handler privileged; }

# The same file as containerd's own command takes it, and as a kubelet hands on a pod's `localhost` profile, with and without
# allowPrivilegeEscalation.
generated() {
	local ROOTFS filter=$STINT_TEST_DIR/$RUNTIME.json id security privileges
	filter_for_calls "$filter"
	tar -C "$ROOTFS" -c calls | image calls
	calls_answered_by_filter "$(ctr_ -n k8s.io run --rm --runc-binary "$(command -v "$RUNTIME")" --seccomp --seccomp-profile "$filter" \
		localhost/calls:latest "t-calls-$RUNTIME" /calls "${CALLS_TRIED[@]}")" ENOSYS
	host_says '{}'
	run_pod generated
	for privileges in true false; do
		security=$(jq -n --arg filter "$filter" --argjson privileges $privileges '{linux: {security_context: {no_new_privs: $privileges,
			seccomp: {profile_type: 2, localhost_ref: $filter}}}, log_path: "calls-\($privileges)", image: {image: "localhost/calls:latest"}}')
		id=$(create "calls-$privileges" 0 "$security" /calls "${CALLS_TRIED[@]}")
		of StartContainer "$id" >/dev/null
		wait_for 20 has_ended "$id"
		[ "$(status_of "$id")" = '2 0 Completed' ] || { status_of "$id"; return 1; }
		calls_answered_by_filter "$(logged "calls-$privileges")" ENOSYS
	done
	end_pod
}
@test "containerd: a generated filter is taken by ctr, and by the CRI as a localhost profile, and does what it says" { on_each_handler generated; }

# By the pod's annotation, and by a profile of the host's. The sandbox is not asked for anything.
is_recorded() { # ID
	behind stint record show --json "$1" >"$STINT_TEST_DIR/shown" || return 1
	jq -e --arg runtime "$RUNTIME" '.complete and .lost == 0 and .runtime.name == $runtime and (.syscalls | contains(["mkdir", "symlink"]))
		and (.syscalls | any(. == "pivot_root" or . == "setns") | not) and .image == "localhost/busybox:latest"' "$STINT_TEST_DIR/shown" >/dev/null ||
		{ cat "$STINT_TEST_DIR/shown"; return 1; }
}
seen_by_a_kubelet() { # sets id
	id=$(create seen 0 '{}' /bin/sh -c 'mkdir /dev/shm/d; trap "exit 0" TERM; sleep 1000 & wait')
	of StartContainer "$id" >/dev/null
	[ "$(of ExecSync "$id" '{"cmd": ["/bin/ln", "-s", "/f", "/dev/shm/l"], "timeout": 10}' | jq .exit_code)" = 0 ]
	of StopContainer "$id" '{"timeout": 10}' >/dev/null
	wait_for 5 reported_behind "$id"
	of RemoveContainer "$id" >/dev/null
}
recorded_pods() {
	local id
	host_says '{}'
	run_pod noted '{"io.stint.record": "true"}'
	seen_by_a_kubelet
	end_pod
	is_recorded "$id"
	jq -n '{name: "seen", record: true}' >"$STINT_TEST_DIR/seen.json"
	host_says "$(jq -n --arg file "$STINT_TEST_DIR/seen.json" '{select: [{annotation: {"io.kubernetes.cri.container-type": "container"}, profile: $file}]}')"
	run_pod ruled
	seen_by_a_kubelet
	end_pod
	is_recorded "$id"
	! behind stint record show "$pod" 2>/dev/null || return 1
	# What they need becomes a filter that a kubelet can give them.
	behind stint profile generate -o "$STINT_TEST_DIR/seen-$RUNTIME.json" "$id" 2>/dev/null
	run_pod held
	id=$(create held 0 "$(jq -n --arg filter "$STINT_TEST_DIR/seen-$RUNTIME.json" '{linux: {security_context: {seccomp: {profile_type: 2, localhost_ref: $filter}}}, log_path: "held"}')" \
		/bin/sh -c 'mkdir /dev/shm/d && echo made; rmdir /dev/shm/d || echo kept')
	of StartContainer "$id" >/dev/null
	wait_for 20 has_ended "$id"
	end_pod
	[ "$(logged held | grep -v rmdir | xargs)" = 'made kept' ] || { logged held; return 1; }
}
@test "CRI: what a pod's container asks for is recorded, by its annotation and by a profile, and is enough for it" { on_each_handler recorded_pods; }
