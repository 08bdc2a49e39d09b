#!/usr/bin/env bats
# bats file_tags=once
# stint under the real podman: as its runtime, and as its hooks.

load helpers
load engines
load threats
load recordings

setup_file() {
	stint_setup_file
	ENGINES=$STINT_FILE_DIR/engines
	export ENGINES
	mkdir -p "$ENGINES"
	make_runtimes
	tar -C "$BUSYBOX_ROOTFS" -c . | podman_ import - busybox >/dev/null 2>&1
}
teardown_file() {
	podman_ rm -fa -t 0 >/dev/null 2>&1 || true
	release_mounts
	rm -rf --one-file-system "$STINT_ROOT"-crun "$STINT_ROOT"-runc
	stint_teardown_file
}
setup() { stint_setup; }
teardown() {
	podman_ rm -fa -t 0 >/dev/null 2>&1 || true
	usual_paths
}

# There, since its conmon leaves an empty file "oom" where it runs when a container was out of memory.
podman_() (
	cd "$ENGINES" || exit
	exec timeout -k 1 60 podman --root "$ENGINES/data" --runroot "$ENGINES/run" --tmpdir "$ENGINES/tmp" --cgroup-manager cgroupfs \
		--events-backend file --storage-driver vfs "$@"
)
# Podman calls a runtime with next to no environment.
under() { # COMMAND...: podman with stint as its runtime
	podman_ --runtime "$ENGINES/stint-$RUNTIME" "$@"
}
limits=(--ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --network none)
id_of() { podman_ inspect -f '{{.Id}}' "$1"; }
busy='while :; do :; done'
reported_behind() { [ -n "$(reports_of "$1")" ]; }

on_each_engine_runtime() { # FUNCTION [ARG...]
	for RUNTIME in ${STINT_TEST_RUNTIMES:-crun runc}; do
		host_says '{}'
		rm -f "$STINT_ROOT-$RUNTIME"/var/log/stint/*
		"$@"
		wait_for 5 nothing_left_behind
	done
}

lives() {
	local id
	[ "$(under run --rm "${limits[@]}" busybox echo hello)" = hello ]
	run under run --name t-own "${limits[@]}" busybox sh -c 'exit 7'
	[ "$status" -eq 7 ]
	id=$(id_of t-own)
	ended_by_itself "$id" 7
	under run -d --name t-life "${limits[@]}" busybox sleep 300 >/dev/null
	id=$(id_of t-life)
	behind stint verify "$id"
	[ "$(under exec t-life echo in)" = in ]
	[ "$(under exec --privileged t-life grep CapEff /proc/self/status)" = "$(under exec t-life grep CapEff /proc/self/status)" ]
	under pause t-life >/dev/null
	[ "$(podman_ inspect -f '{{.State.Status}}' t-life)" = paused ]
	under unpause t-life >/dev/null
	under stop -t 1 t-life >/dev/null
	under start t-life >/dev/null
	under rm -f -t 0 t-life t-own >/dev/null
	wait_for 5 two_reports "$id"
}
two_reports() { [ "$(reports_of "$1" | wc -l)" -eq 2 ]; }
# bats test_tags=v2
@test "podman --runtime: run, exec, privileged exec, pause, stop, start, rm" { on_each_engine_runtime lives; }

spends() {
	local id
	host_says '{"ceiling": {"budgets": {"cpu": {"limit": "500ms"}}}}'
	run under run --name t-cpu "${limits[@]}" busybox sh -c "$busy"
	[ "$status" -eq 137 ]
	id=$(id_of t-cpu)
	[ "$(last_report "$id" '.verdict.budget == "cpu" and .usage.cpuNs >= 500000000 and .usage.cpuNs < 600000000 and .monitor.exact')" = true ] ||
		{ last_report "$id" .; return 1; }
	# Once more: its budget is spent.
	run under start -a t-cpu
	[ "$status" -ne 0 ]
	[[ "$output" == *'stint: the cpu budget of 500.0ms of this container is spent, in 1 earlier run'* ]] || { echo "$output"; return 1; }
	run under run --name t-wall "${limits[@]}" --annotation io.stint.budget.wall=700ms busybox sleep 30
	[ "$status" -eq 137 ]
	[ "$(last_report "$(id_of t-wall)" '.verdict.budget, .verdict.source' | xargs)" = 'wall annotation io.stint.budget.wall' ]
	run under run --rm "${limits[@]}" --annotation io.stint.budget.wall=lots busybox echo ran
	[ "$status" -ne 0 ]
	[[ "$output" == *'stint: annotation io.stint.budget.wall: "lots" is not a duration'* ]] || { echo "$output"; return 1; }
	under rm -f t-cpu t-wall >/dev/null
}
# bats test_tags=v2
@test "podman --runtime: budgets are spent, and not given again; what is refused podman's user is told" {
	on_each_engine_runtime spends
}

cli() { # VERB ARGUMENT...: with runtime $with
	local verb=$1
	shift
	[ "$verb" != run ] || set -- "${limits[@]}" "$@"
	podman_ --runtime "$with" "$verb" "$@"
}
generated() {
	local ROOTFS filter=$STINT_TEST_DIR/$RUNTIME.json
	filter_for_calls "$filter"
	tar -C "$ROOTFS" -c calls | podman_ import - calls >/dev/null 2>&1
	calls_answered_by_filter "$(podman_ --runtime "$(command -v "$RUNTIME")" run --rm "${limits[@]}" --security-opt "seccomp=$filter" \
		calls /calls "${CALLS_TRIED[@]}")" ENOSYS
}
@test "podman: a generated filter is taken as it is, and does what it says" { on_each_engine_runtime generated; }

asks_to_be_recorded() {
	local id
	host_says '{}'
	under run -d --annotation io.stint.record=true --name t-seen "${limits[@]}" busybox sh -c 'mkdir /dev/shm/d; sleep 60' >/dev/null
	id=$(id_of t-seen)
	under exec t-seen ln -s /f /dev/shm/l
	under rm -f -t 0 t-seen >/dev/null
	behind stint record show --json "$id" | jq -e '.complete and (.syscalls | contains(["mkdir", "symlink"]) and (any(. == "pivot_root") | not))'
}
@test "podman: what a container asks for is recorded, by its annotation" { on_each_engine_runtime asks_to_be_recorded; }

# The recorder is asked for each call of the container's, and then for those that are denied; and so it is of what is executed in it.
learns_by_notification() {
	local id
	echo '{"name": "learned", "extends": ["default"], "seccomp": "learned"}' >"$STINT_TEST_DIR/learned.json"
	host_says "$(jq -n --arg file "$STINT_TEST_DIR/learned.json" '{recorder: "notify", select: [{env: {LEARN: "yes"}, profile: $file}]}')"
	under run -d -e LEARN=yes --name t-asks "${limits[@]}" busybox sh -c 'echo a | cat; sleep 60' >/dev/null
	under exec t-asks sh -c 'ln -s /f /dev/shm/l'
	[ "$(under exec -t -u 5 t-asks id -u | tr -d '\r')" = 5 ]
	id=$(id_of t-asks)
	under rm -f -t 0 t-asks >/dev/null
	behind stint record show --json "$id" | jq -e '.complete and (.syscalls | contains(["clone", "symlink"]) and (any(. == "pivot_root" or . == "setns") | not))'
	behind stint profile accept --mode enforce "$id" 2>/dev/null
	under run -d -e LEARN=yes --name t-held "${limits[@]}" busybox sh -c 'echo a | cat; mkdir /d || echo no mkdir; sleep 60' >/dev/null
	[ "$(under exec t-held sh -c 'ln -s /f /dev/shm/l; rmdir /proc || echo no rmdir' 2>/dev/null)" = 'no rmdir' ]
	[ "$(podman_ logs t-held 2>/dev/null | xargs)" = 'a no mkdir' ]
	id=$(id_of t-held)
	under rm -f -t 0 t-held >/dev/null
	wait_for 5 reported_behind "$id"
	[ "$(last_report "$id" '[.violations[] | "\(.need) \(.action)"] | sort')" = '["mkdir denied","rmdir denied"]' ] || { last_report "$id" .; return 1; }
}
@test "podman: by notification, what a container asks for is recorded, accepted, and enforced" {
	on_each_engine_runtime by_a_short_path learns_by_notification
}

@test "podman: twenty commands say and do the same with and without stint" {
	RUNTIME=crun
	host_says '{}'
	with=crun same_commands >"$STINT_TEST_DIR/plain"
	with=$ENGINES/stint-crun same_commands >"$STINT_TEST_DIR/stint"
	said_the_same "$STINT_TEST_DIR/plain" "$STINT_TEST_DIR/stint"
}

under_stint() { with=$ENGINES/stint-$RUNTIME cli "$@"; }
privileged() { privileged_as_the_host_says --device-cgroup-rule 'a *:* rwm' --security-opt unmask=ALL; }
@test "podman: --privileged is warned of, tightened or refused, as the host says" { on_each_engine_runtime privileged; }

hooked() { # COMMAND...: podman with its own runtime and stint's hooks
	podman_ --runtime "$RUNTIME" --hooks-dir "$STINT_TEST_DIR/hooks" --hooks-dir "$STINT_TEST_DIR/hooks-precreate" "$@"
}
by_hooks() {
	local id
	hook_files
	run hooked run --name t-cpu "${limits[@]}" --annotation io.stint.budget.cpu=500ms busybox sh -c "$busy"
	[ "$status" -eq 137 ] || { echo "$output"; return 1; }
	id=$(id_of t-cpu)
	wait_for 5 reported_behind "$id"
	[ "$(last_report "$id" '.verdict.budget == "cpu" and .usage.cpuNs >= 500000000 and .usage.cpuNs < 600000000')" = true ] ||
		{ last_report "$id" .; return 1; }
	run hooked run --name t-memory "${limits[@]}" --annotation io.stint.budget.memory=32MiB busybox tail /dev/zero
	[ "$status" -eq 137 ]
	id=$(id_of t-memory)
	wait_for 5 reported_behind "$id"
	[ "$(last_report "$id" .verdict.budget)" = memory ] || { last_report "$id" .; return 1; }
	run hooked run --name t-own "${limits[@]}" busybox sh -c 'exit 4'
	[ "$status" -eq 4 ]
	id=$(id_of t-own)
	wait_for 5 reported_behind "$id"
	[ "$(last_report "$id" .verdict)" = null ]
	podman_ rm -f t-cpu t-memory t-own >/dev/null
}
# bats test_tags=v2
@test "podman's hooks: with precreate a budget is set, kept and reported" { on_each_engine_runtime by_hooks; }

hooks_refuse() {
	hook_files
	host_says '{"ceiling": {"capabilities": []}}'
	run podman_ --runtime "$RUNTIME" --hooks-dir "$STINT_TEST_DIR/hooks" run --rm "${limits[@]}" busybox echo ran
	[ "$status" -ne 0 ] && [[ "$output" != ran* ]]
	grep -q 'stint: createRuntime of .*cannot enforce: .*capabilities.*precreate' "$STINT_ROOT-$RUNTIME/var/log/stint/hook.log"
	# The same with precreate is not refused, but done.
	[ "$(hooked run --rm "${limits[@]}" busybox grep CapBnd /proc/self/status | xargs)" = 'CapBnd: 0000000000000000' ]
}
# The hook finds the runtime in the container, before its program.
hooks_record() {
	local id
	hook_files
	hooked run --annotation io.stint.record=true --name t-seen "${limits[@]}" busybox mkdir /dev/shm/d
	id=$(id_of t-seen)
	wait_for 5 reported_behind "$id"
	behind stint record show --json "$id" | jq -e '(.syscalls | any(. == "mkdir") and (any(. == "pivot_root") | not))'
	podman_ rm t-seen >/dev/null
}
@test "podman's hooks: a recording begins with the program" { on_each_engine_runtime hooks_record; }

@test "podman's hooks: without precreate, what a hook comes too late for is refused" { on_each_engine_runtime hooks_refuse; }
