#!/usr/bin/env bats
# bats file_tags=once
# stint as a runtime of the real dockerd and containerd: docker's and ctr's own commands.

load helpers
load engines
load recordings
load threats

setup_file() {
	stint_setup_file
	start_containerd
	start_dockerd
	docker_ save busybox:latest | ctr_ image import - >/dev/null
}
teardown_file() {
	stop_engines
	rm -rf --one-file-system "$STINT_ROOT"-crun "$STINT_ROOT"-runc
	stint_teardown_file
}
setup() { stint_setup; }
teardown() {
	docker_ ps -aq | xargs -r timeout -k 1 60 docker -H "unix://$ENGINES/docker.sock" rm -f >/dev/null 2>&1 || true
	usual_paths
}

on_each_engine_runtime() { # FUNCTION [ARG...]
	for RUNTIME in ${STINT_TEST_RUNTIMES:-crun runc}; do
		host_says '{}'
		rm -f "$STINT_ROOT-$RUNTIME/var/log/stint/reports.jsonl"
		"$@"
		wait_for 5 nothing_left_behind
	done
}
run_() { # OPTION... IMAGE CMD...: under stint
	docker_ run --runtime "stint-$RUNTIME" --network none "$@"
}
id_of() { docker_ inspect -f '{{.Id}}' "$1"; }
exited() { [ "$(docker_ inspect -f '{{.State.Status}}' "$1")" = exited ]; }
busy='while :; do :; done'

ends_by_itself() {
	local id
	[ "$(run_ --rm busybox echo hello)" = hello ]
	[ "$(echo 'through it' | run_ --rm -i busybox cat)" = 'through it' ]
	run run_ --name t-own busybox sh -c 'exit 7'
	[ "$status" -eq 7 ]
	id=$(id_of t-own)
	ended_by_itself "$id" 7
	# As docker's users write an id.
	[[ "$(behind stint why "${id:0:12}")" == "$id ended with status 7 "* ]]
	docker_ rm t-own >/dev/null
}
@test "docker: a container that ends by itself, its output, its input, its status, its report" { on_each_engine_runtime ends_by_itself; }

# Docker brings its own filter, of some 350 calls.
filters() {
	host_says '{"ceiling": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}}}'
	[ "$(run_ --rm busybox sh -c 'mkdir /d || echo no mkdir; unshare -U true || echo no unshare; echo a >/f && cat /f' 2>/dev/null | xargs)" = \
		"no mkdir no unshare a" ]
	[ "$(run_ --rm --security-opt seccomp=unconfined busybox sh -c 'mkdir /d || echo no mkdir; unshare -U true && echo unshare' 2>/dev/null | xargs)" = \
		"no mkdir unshare" ]
}
@test "docker: its own seccomp filter and the host's are both there" { on_each_engine_runtime filters; }

# What Docker's default allows the same container; it is of the year of the engine, and has not heard of newer calls.
allows() { jq -r '[.syscalls[] | select(.action == "SCMP_ACT_ALLOW") | .names[]] | unique[]'; }
# bats test_tags=once
@test "docker: stint's default filter allows nothing that Docker's own does not" {
	id=$(docker_ run -d --runtime plain-runc --network none busybox sleep 60)
	mkdir -p "$BATS_TEST_TMPDIR/bundle"
	cp "$ENGINES/containerd-state/io.containerd.runtime.v2.task/moby/$id/config.json" "$BATS_TEST_TMPDIR/docker.json"
	jq 'del(.linux.seccomp)' "$BATS_TEST_TMPDIR/docker.json" >"$BATS_TEST_TMPDIR/bundle/config.json"
	jq -n '{name: "filtered", seccomp: "default"}' >"$BATS_TEST_TMPDIR/profile.json"
	docker_ rm -f "$id" >/dev/null
	run stint profile diff --json docker "$BATS_TEST_TMPDIR/docker.json"
	[ "$(jq -c '[(.a.allowed > 250), (.b.allowed > 250), (.same | length > 250)]' <<<"$output")" = '[true,true,true]' ] || { echo "$output"; return 1; }
	jq .linux.seccomp "$BATS_TEST_TMPDIR/docker.json" | allows >"$BATS_TEST_TMPDIR/theirs"
	stint explain --json --profile "$BATS_TEST_TMPDIR/profile.json" "$BATS_TEST_TMPDIR/bundle" | jq .effective.seccomp | allows >"$BATS_TEST_TMPDIR/ours"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/theirs")" -gt 300 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/ours")" -gt 300 ]
	# What Docker's allows since (test_seccomp_base.c has its newest).
	printf '%s\n' cachestat fchmodat2 futex_requeue futex_wait futex_wake getxattrat listmount listxattrat map_shadow_stack mseal \
		name_to_handle_at pkey_alloc pkey_free pkey_mprotect removexattrat setxattrat statmount uretprobe >>"$BATS_TEST_TMPDIR/theirs"
	run grep -vxFf "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
	[ -z "$output" ] || { echo "Docker's does not allow: $output"; return 1; }
}

generated() {
	local ROOTFS filter=$STINT_TEST_DIR/$RUNTIME.json
	filter_for_calls "$filter"
	tar -C "$ROOTFS" -c calls | docker_ import - calls >/dev/null
	# Docker 20.10 does not pass on the default's own error: what is newer than the filter is ENOSYS by runc's doing, not by crun's.
	calls_answered_by_filter "$(docker_ run --rm --runtime "plain-$RUNTIME" --network none --security-opt "seccomp=$filter" calls /calls "${CALLS_TRIED[@]}")"
}
@test "docker: a generated filter is taken as it is, and does what it says" {
	for RUNTIME in crun runc; do
		generated
	done
}

spends() {
	local id
	host_says '{"ceiling": {"budgets": {"cpu": {"limit": "500ms"}, "wall": {"limit": "3s"}}}}'
	run run_ --name t-cpu busybox sh -c "$busy"
	[ "$status" -eq 137 ]
	id=$(id_of t-cpu)
	[ "$(last_report "$id" '.verdict.budget == "cpu" and .usage.cpuNs >= 500000000 and .usage.cpuNs < 600000000 and .monitor.exact')" = true ] ||
		{ last_report "$id" .; return 1; }
	[[ "$(behind stint why "${id:0:12}")" == *"cpu budget of 500.0ms"* ]]
	run run_ --name t-wall busybox sleep 30
	[ "$status" -eq 137 ]
	[ "$(last_report "$(id_of t-wall)" .verdict.budget)" = wall ]
	# Without the others: emulated, it takes as long.
	host_says '{"ceiling": {"budgets": {"memory": {"limit": "48MiB"}}}}'
	run run_ --name t-memory busybox tail /dev/zero
	[ "$status" -eq 137 ]
	id=$(id_of t-memory)
	[ "$(last_report "$id" '.verdict.budget, .usage.oomKills > 0' | xargs)" = 'memory true' ] || { last_report "$id" .; return 1; }
	docker_ rm t-cpu t-wall t-memory >/dev/null
}
# bats test_tags=v2
@test "docker: a budget of CPU time, of time, of memory is spent" { on_each_engine_runtime spends; }

# Docker's user has no annotation to say it with: a rule does. A health check and an exec are part of it.
learns() {
	local id i
	echo '{"name": "learned", "extends": ["default"], "seccomp": "learned"}' >"$STINT_TEST_DIR/learned.json"
	host_says "$(jq -n --arg file "$STINT_TEST_DIR/learned.json" '{select: [{env: {LEARN: "yes"}, profile: $file}]}')"
	for i in 1 2; do
		run_ -d -e LEARN=yes --health-cmd 'touch /f' --health-interval 200ms --name t-seen-$i busybox sh -c 'echo a | cat; sleep 60' >/dev/null
		wait_for 10 healthy t-seen-$i
		docker_ exec t-seen-$i ln -s /f /dev/shm/l
		id=$(id_of t-seen-$i)
		docker_ rm -f t-seen-$i >/dev/null
	done
	behind stint record show --json "$id" | jq -e '.complete and (.syscalls | contains(["symlink", "utimensat"])) and
		(.syscalls | any(. == "pivot_root" or . == "setns") | not)'
	behind stint profile accept --mode enforce "$id" 2>/dev/null
	[ "$(run_ --name t-held -e LEARN=yes busybox sh -c 'echo a | cat; mkdir /d || echo no mkdir' 2>/dev/null | xargs)" = "a no mkdir" ]
	[ "$(last_report "$(id_of t-held)" '.violations | any(.need == "mkdir" and .action == "denied")')" = true ]
	docker_ rm t-held >/dev/null
}
@test "docker: what a container asks for is recorded, accepted, and enforced" { on_each_engine_runtime learns; }

# The recorder is asked for each call of the container's, and then for those that are denied; and so it is of what is executed in it.
learns_by_notification() {
	local id
	echo '{"name": "learned", "extends": ["default"], "seccomp": "learned"}' >"$STINT_TEST_DIR/learned.json"
	host_says "$(jq -n --arg file "$STINT_TEST_DIR/learned.json" '{recorder: "notify", select: [{env: {LEARN: "yes"}, profile: $file}]}')"
	run_ -d -e LEARN=yes --name t-asks busybox sh -c 'echo a | cat; sleep 60' >/dev/null
	docker_ exec t-asks ln -s /f /dev/shm/l
	[ "$(docker_ exec -t -u 5 t-asks id -u | tr -d '\r')" = 5 ]
	id=$(id_of t-asks)
	docker_ rm -f t-asks >/dev/null
	behind stint record show --json "$id" | jq -e '.complete and (.syscalls | contains(["clone", "symlink"]) and (any(. == "pivot_root" or . == "setns") | not))'
	behind stint profile accept --mode enforce "$id" 2>/dev/null
	run_ -d --name t-held -e LEARN=yes busybox sh -c 'echo a | cat; mkdir /d || echo no mkdir; sleep 60' >/dev/null
	[ "$(docker_ exec t-held sh -c 'ln -s /f /dev/shm/l; rmdir /proc || echo no rmdir' 2>/dev/null)" = 'no rmdir' ]
	[ "$(docker_ logs t-held 2>/dev/null | xargs)" = 'a no mkdir' ]
	id=$(id_of t-held)
	docker_ rm -f t-held >/dev/null
	wait_for 5 reported_behind "$id"
	[ "$(last_report "$id" '[.violations[] | "\(.need) \(.action)"] | sort')" = '["mkdir denied","rmdir denied"]' ] || { last_report "$id" .; return 1; }
}
@test "docker: by notification, what a container asks for is recorded, accepted, and enforced" { on_each_engine_runtime by_a_short_path learns_by_notification; }

refused() {
	host_says '{"ceiling": {"budgets": {"cpuu": {"limit": "1s"}}}}'
	run run_ --name t-bad busybox echo ran
	[ "$status" -ne 0 ]
	# docker's user reads stint's own sentence.
	[[ "$output" == *'stint: read '*'/etc/stint/stint.json: ceiling.budgets.cpuu (line '*'unknown key "cpuu"; did you mean "cpu"?'* ]] ||
		{ echo "$output"; return 1; }
	docker_ rm t-bad >/dev/null
}
@test "docker: what stint refuses its user is told, in stint's own words" { on_each_engine_runtime refused; }

selected() {
	local id
	jq -n '{"stintVersion": "1.0", "name": "gold", "extends": ["default"]}' >"$STINT_TEST_DIR/gold.json"
	jq -n '{"stintVersion": "1.0", "name": "open", "extends": ["default"]}' >"$STINT_TEST_DIR/open.json"
	host_says "$(jq -n --arg dir "$STINT_TEST_DIR" '{select: [{env: {TIER: "gold"}, profile: "\($dir)/gold.json"}, {network: "host", profile: "\($dir)/open.json"},
		{args: "sleep *", cgroupParent: "/stint-test-\"*", profile: "service"}, {args: "sleep 0", network: "own", profile: "function"}]}')"
	run_ --name t-gold -e TIER=gold busybox true
	docker_ run --runtime "stint-$RUNTIME" --network host --name t-open busybox true
	run_ --name t-args busybox sleep 0
	run_ --name t-none busybox true
	[ "$(for id in t-gold t-open t-args t-none; do last_report "$(id_of $id)" .profile; done | xargs)" = 'gold open function default' ]
	docker_ rm t-gold t-open t-args t-none >/dev/null
}
@test "docker: a profile by what a container shows of itself" { on_each_engine_runtime selected; }

lives() {
	local id pid
	host_says '{"ceiling": {"resources": {"memory": {"limit": 134217728}, "pids": {"limit": 50}}}}'
	run_ -d --name t-life -m 32m --health-cmd true --health-interval 1s busybox sleep 300 >/dev/null
	id=$(id_of t-life)
	behind stint verify "${id:0:12}"
	[ "$(docker_ exec t-life echo in)" = in ]
	run docker_ exec t-life sh -c 'exit 5'
	[ "$status" -eq 5 ]
	# A privileged exec gets what the container itself has.
	[ "$(docker_ exec --privileged t-life grep CapEff /proc/self/status)" = "$(docker_ exec t-life grep CapEff /proc/self/status)" ]
	[ "$(docker_ exec --privileged t-life grep NoNewPrivs /proc/self/status | xargs)" = 'NoNewPrivs: 1' ]
	docker_ pause t-life >/dev/null
	[ "$(docker_ inspect -f '{{.State.Status}}' t-life)" = paused ]
	docker_ unpause t-life >/dev/null
	docker_ top t-life | grep -q 'sleep 300'
	[ "$(docker_ stats --no-stream --format '{{.PIDs}}' t-life)" -ge 1 ]
	wait_for 10 healthy t-life
	docker_ stop -t 1 t-life >/dev/null
	ended_by_itself "$id" 137
	# The same container once more.
	docker_ start t-life >/dev/null
	pid=$(docker_ inspect -f '{{.State.Pid}}' t-life)
	kill -0 "$pid"
	docker_ rm -f t-life >/dev/null
	[ "$(reports_of "$id" | wc -l)" -eq 2 ]
}
healthy() { [ "$(docker_ inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; }
@test "docker: exec, privileged exec, pause, top, stats, health checks, stop, start, rm" { on_each_engine_runtime lives; }

# (Docker 20.10 asks for the kernel's memory, too, which crun refuses on v2, with stint and without.)
updated() {
	local id
	host_says '{"ceiling": {"resources": {"memory": {"limit": 134217728}, "pids": {"limit": 50}}}}'
	run_ -d --name t-update -m 32m busybox sleep 300 >/dev/null
	id=$(id_of t-update)
	# What -m said may be loosened, and not beyond the host's.
	docker_ update -m 64m --memory-swap 64m t-update >/dev/null
	[ "$(cat /sys/fs/cgroup/memory/docker/"$id"/payload/memory.limit_in_bytes)" = 67108864 ]
	docker_ update -m 1g --memory-swap 1g --pids-limit 500 t-update >/dev/null
	[ "$(cat /sys/fs/cgroup/memory/docker/"$id"/payload/memory.limit_in_bytes)" = 134217728 ]
	[ "$(cat /sys/fs/cgroup/pids/docker/"$id"/payload/pids.max)" = 50 ]
	docker_ stop -t 1 t-update >/dev/null
	[[ "$(last_report "$id" '.warnings | join(" ")')" == *'update held to the plan: memory.limit: 1073741824 asked, 134217728 set'* ]]
	docker_ rm t-update >/dev/null
}
@test "docker: update" { on_each_engine_runtime updated; }

exec_counts() {
	host_says '{"ceiling": {"budgets": {"cpu": {"limit": "400ms"}}}}'
	run_ -d --name t-exec busybox sleep 300 >/dev/null
	run docker_ exec t-exec sh -c "$busy"
	[ "$status" -eq 137 ]
	wait_for 5 exited t-exec
	[ "$(last_report "$(id_of t-exec)" .verdict.budget)" = cpu ]
	docker_ rm t-exec >/dev/null
}
@test "docker: what is exec'd counts towards the budget" { on_each_engine_runtime exec_counts; }

restarts() {
	local id
	host_says '{"ceiling": {"budgets": {"cpu": {"limit": "500ms"}}}}'
	run_ -d --name t-again --restart on-failure:5 busybox sh -c "$busy" >/dev/null
	id=$(id_of t-again)
	wait_for 20 gave_up t-again
	# The restart was refused: the budget is spent, and restarting does not fill it.
	[[ "$(docker_ inspect -f '{{.State.Error}}' t-again)" == *'stint: the cpu budget of 500.0ms of this container is spent, in 1 earlier run; a new container begins anew'* ]]
	[ "$(reports_of "$id" | wc -l)" -eq 1 ]
	docker_ rm t-again >/dev/null
}
gave_up() { [ -n "$(docker_ inspect -f '{{.State.Error}}' "$1")" ] && exited "$1"; }
# bats test_tags=v2
@test "docker: a restart policy does not give a spent budget again" { on_each_engine_runtime restarts; }

namespaces_shared() {
	local rules
	run_ -d --name t-first busybox sleep 300 >/dev/null
	docker_ run -d --runtime "stint-$RUNTIME" --network container:t-first --pid container:t-first --name t-second busybox sleep 300 >/dev/null
	behind stint verify "$(id_of t-second)"
	docker_ run --rm --runtime "stint-$RUNTIME" --network host busybox true
	# Rules would be the machine's: refused, and none of the machine's has changed.
	rules=$(nft list ruleset 2>&1)
	host_says '{"ceiling": {"network": {"egress": {"default": "deny"}}}}'
	run docker_ run --rm --runtime "stint-$RUNTIME" --network host busybox true
	[ "$status" -ne 0 ] && [[ "$output" == *"stint: "*network*host* ]] || { echo "$status $output"; return 1; }
	[ "$(nft list ruleset 2>&1)" = "$rules" ]
	# In another container's namespace they are this one's alone.
	docker_ run -d --runtime "stint-$RUNTIME" --network container:t-first --name t-held busybox sleep 300 >/dev/null
	run behind stint verify "$(id_of t-held)"
	[[ "$output" == *network*enforced* ]] || { echo "$output"; return 1; }
	run behind stint verify "$(id_of t-first)"
	[[ "$output" != *network*enforced* ]] || { echo "$output"; return 1; }
	docker_ rm -f t-held >/dev/null
	docker_ rm -f t-second >/dev/null
	[ "$(docker_ inspect -f '{{.State.Status}}' t-first)" = running ]
	docker_ rm -f t-first >/dev/null
}
@test "docker: --network host and container:X, --pid container:X" { on_each_engine_runtime namespaces_shared; }

daemon_killed() {
	local id
	host_says '{"ceiling": {"budgets": {"wall": {"limit": "6s"}}}}'
	run_ -d --name t-on busybox sleep 300 >/dev/null
	id=$(id_of t-on)
	kill -KILL "$(cat "$ENGINES/docker.pid")"
	wait_for 10 no_dockerd
	rm -f "$ENGINES/docker.pid"
	# Nobody of docker's is there; the budget is kept, and reported, all the same.
	wait_for 15 reported_behind "$id"
	[ "$(last_report "$id" '.verdict.budget == "wall" and .usage.wallNs < 6500000000')" = true ] || { last_report "$id" .; return 1; }
	run_dockerd
	wait_for 10 exited t-on
	[ "$(docker_ inspect -f '{{.State.ExitCode}}' t-on)" = 137 ]
	docker_ rm t-on >/dev/null
	[ "$(reports_of "$id" | wc -l)" -eq 1 ]
}
no_dockerd() { ! docker_ version; }
reported_behind() { [ -n "$(reports_of "$1")" ]; }
@test "docker: the daemon is killed under a running container (live-restore)" { on_each_engine_runtime daemon_killed; }

shim_killed() {
	local id shim
	run_ -d --name t-shim busybox sleep 300 >/dev/null
	id=$(id_of t-shim)
	shim=$(pgrep -f "^/usr/bin/containerd-shim-runc-v2 .*-id $id ")
	kill -KILL "$shim"
	# containerd deletes by force what a dead shim leaves.
	wait_for 20 exited t-shim
	wait_for 10 reported_behind "$id"
	[ "$(last_report "$id" '.verdict == null and .monitor.exact')" = true ] || { last_report "$id" .; return 1; }
	docker_ rm -f t-shim >/dev/null
	[ "$(reports_of "$id" | wc -l)" -eq 1 ]
}
@test "docker: containerd's shim is killed under a running container" { on_each_engine_runtime shim_killed; }

cli() { # VERB ARGUMENT...: with runtime $with
	local verb=$1
	shift
	[ "$verb" != run ] || set -- --runtime "$with" --network none "$@"
	docker_ "$verb" "$@"
}
@test "docker: twenty commands say and do the same with and without stint" {
	RUNTIME=crun
	host_says '{}'
	# The default profile sets no new privileges, and limits that these have not: nothing that shows here.
	with=plain-crun same_commands >"$STINT_TEST_DIR/plain"
	with=stint-crun same_commands >"$STINT_TEST_DIR/stint"
	said_the_same "$STINT_TEST_DIR/plain" "$STINT_TEST_DIR/stint"
}

under_stint() { with=stint-$RUNTIME cli "$@"; }
privileged() { privileged_as_the_host_says --device-cgroup-rule 'a *:* rwm' --security-opt systempaths=unconfined; }
@test "docker: --privileged is warned of, tightened or refused, as the host says" { on_each_engine_runtime privileged; }

paused_to_its_end() {
	local id
	host_says '{"ceiling": {"budgets": {"wall": {"limit": "3s"}, "cpu": {"limit": "60s"}}}}'
	run_ -d --name t-paused busybox sh -c "$busy" >/dev/null
	id=$(id_of t-paused)
	docker_ pause t-paused >/dev/null
	wait_for 10 exited t-paused
	wait_for 5 reported_behind "$id"
	[ "$(last_report "$id" '.verdict.budget == "wall" and .usage.cpuNs < 2500000000 and .monitor.exact')" = true ] || { last_report "$id" .; return 1; }
	docker_ rm t-paused >/dev/null
}
@test "docker: a paused container's wall time goes on, and ends it" { on_each_engine_runtime paused_to_its_end; }

same_ctr_commands() { # RUNTIME-PATH
	local image=docker.io/library/busybox:latest run="run --runc-binary $1"
	# shellcheck disable=SC2086
	{
		set +e
		ctr_ $run --rm $image t-s1 sh -c 'echo out; exit 4'; echo "$?"
		ctr_ $run --rm $image t-s2 sh -c 'echo err >&2; exit 5'; echo "$?"
		ctr_ $run --rm $image t-s3 /no/such/command; echo "$?"
		ctr_ $run --rm --env A=b $image t-s4 sh -c 'echo $A'; echo "$?"
		ctr_ $run --rm --cwd /tmp $image t-s5 pwd; echo "$?"
		ctr_ $run --rm --read-only $image t-s6 touch /x; echo "$?"
		ctr_ $run --rm --user 1000:1000 $image t-s7 id; echo "$?"
		ctr_ $run --rm --mount type=tmpfs,dst=/t $image t-s8 sh -c 'echo a >/t/a && cat /t/a'; echo "$?"
		ctr_ $run --rm --label a=b $image t-s9 true; echo "$?"
		ctr_ $run --rm --memory-limit 33554432 $image t-s10 true; echo "$?"
		ctr_ $run --rm $image t-s11 grep CapBnd /proc/self/status; echo "$?"
		ctr_ $run -d $image t-same sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'; echo "$?"
		ctr_ task exec --exec-id e1 t-same sh -c 'echo in; exit 9'; echo "$?"
		ctr_ task exec --exec-id e2 --cwd /tmp t-same pwd; echo "$?"
		ctr_ task exec --exec-id e3 t-same /no/such; echo "$?"
		ctr_ task ls | awk '{print $1, $3}'; echo "$?"
		ctr_ task metrics t-same | awk '{print $1}' | sort; echo "$?"
		ctr_ task pause t-same; ctr_ task ls | awk '$1 == "t-same" {print $3}'; ctr_ task resume t-same; echo "$?"
		ctr_ task kill -s WINCH t-same; ctr_ task ls | awk '$1 == "t-same" {print $3}'
		ctr_ container info t-same | jq '.ID, .Image, .Labels, .Runtime.Name, .Spec.process.args'; echo "$?"
		ctr_ task kill -s TERM t-same; wait_for 5 stopped_task t-same; echo "$?"
		ctr_ task rm t-same; ctr_ container rm t-same; echo "$?"
	} 2>&1
}
@test "ctr: twenty commands say and do the same with and without stint" {
	RUNTIME=crun
	host_says '{}'
	same_ctr_commands "$(command -v crun)" >"$STINT_TEST_DIR/plain"
	same_ctr_commands "$ENGINES/stint-crun" >"$STINT_TEST_DIR/stint"
	said_the_same "$STINT_TEST_DIR/plain" "$STINT_TEST_DIR/stint"
}

containerd_alone() {
	local image=docker.io/library/busybox:latest runtime=$ENGINES/stint-$RUNTIME
	[ "$(ctr_ run --rm --runc-binary "$runtime" $image t-ctr-1 echo hello)" = hello ]
	run ctr_ run --rm --runc-binary "$runtime" --annotation io.stint.budget.cpu=400ms $image t-ctr-2 sh -c "$busy"
	[ "$status" -eq 137 ]
	[ "$(last_report t-ctr-2 '.verdict.budget, .verdict.source' | xargs)" = 'cpu annotation io.stint.budget.cpu' ]
	run ctr_ run --rm --runc-binary "$runtime" --annotation io.stint.budget.cpu=lots $image t-ctr-3 echo ran
	[ "$status" -ne 0 ]
	[[ "$output" == *'stint: annotation io.stint.budget.cpu: "lots" is not a duration'* ]] || { echo "$output"; return 1; }
	ctr_ run -d --runc-binary "$runtime" $image t-ctr-4 sleep 300
	[ "$(ctr_ task exec --exec-id e1 t-ctr-4 echo in)" = in ]
	ctr_ task metrics t-ctr-4 | grep -q memory
	ctr_ task pause t-ctr-4
	ctr_ task ls | grep -q 't-ctr-4.*PAUSED'
	ctr_ task resume t-ctr-4
	ctr_ task kill -s KILL t-ctr-4
	wait_for 5 stopped_task t-ctr-4
	ctr_ task rm t-ctr-4 || true
	ctr_ container rm t-ctr-4
	wait_for 5 reported_behind t-ctr-4
	[ "$(last_report t-ctr-4 '.exit.signal, .monitor.exact' | xargs)" = '9 true' ]
}
stopped_task() { ctr_ task ls | grep -q "$1.*STOPPED"; }
# bats test_tags=v2
@test "containerd: run, a budget by annotation, a refusal, exec, metrics, pause, kill" { on_each_engine_runtime containerd_alone; }
