# Engines of a test file's own: their sockets, state and images are below $STINT_FILE_DIR, none of the machine's is touched.
# Sourced after helpers.bash.

wait_for() { # SECONDS CMD...: as eventually, but quiet
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "not within its time: $*" >&2; return 1; }
		sleep 0.2
	done
}

start_containerd() { # [CRI-CONFIGURATION]: without it there is no CRI plugin
	ENGINES=$STINT_FILE_DIR/engines
	export ENGINES
	mkdir -p "$ENGINES"
	local cri='"io.containerd.grpc.v1.cri"'
	[ -z "${1:-}" ] || cri=
	cat >"$ENGINES/containerd.toml" <<-CONFIG
		version = 2
		root = "$ENGINES/containerd-root"
		state = "$ENGINES/containerd-state"
		disabled_plugins = [$cri]
		[grpc]
		address = "$ENGINES/containerd.sock"
		[debug]
		address = "$ENGINES/debug.sock"
		${1:-}
	CONFIG
	run_containerd
}
run_containerd() {
	setsid containerd --config "$ENGINES/containerd.toml" </dev/null >>"$ENGINES/containerd.log" 2>&1 3>&- &
	echo $! >"$ENGINES/containerd.pid"
	wait_for 30 ctr -a "$ENGINES/containerd.sock" version || { tail -n 20 "$ENGINES/containerd.log" >&2; return 1; }
}
# Both real runtimes behind stint: an engine's runtimes are programs without arguments.
make_runtimes() {
	local runtime
	for runtime in crun runc; do
		# Each with a configuration of its own: what is behind stint is the host's to say, not the engine's.
		cat >"$ENGINES/stint-$runtime" <<-SCRIPT
			#!/bin/sh
			STINT_ROOT=$STINT_ROOT-$runtime exec $STINT_BIN/stint-runtime "\$@"
		SCRIPT
		chmod +x "$ENGINES/stint-$runtime"
		mkdir -p "$STINT_ROOT-$runtime/etc/stint"
	done
}
# The same for a container that asks a recorder: with an engine's id of 64 digits, the path of its socket has room for 15 before /run/stint.
# Nothing has been learned there. A test that uses it has `usual_paths` in its teardown.
by_a_short_path() { # FUNCTION
	ln -sfn "$STINT_ROOT-$RUNTIME" "/tmp/s.$$"
	sed -i "s#STINT_ROOT=[^ ]*#STINT_ROOT=/tmp/s.$$#" "$ENGINES/stint-$RUNTIME"
	rm -rf "$STINT_ROOT-$RUNTIME/var/lib/stint"
	"$1"
	usual_paths
}
usual_paths() {
	[ ! -L "/tmp/s.$$" ] || { make_runtimes && rm "/tmp/s.$$"; }
}
start_dockerd() {
	make_runtimes
	jq -n --arg dir "$ENGINES" --arg crun "$(command -v crun)" --arg runc "$(command -v runc)" '{"live-restore": true, runtimes: {
		"stint-crun": {path: "\($dir)/stint-crun"}, "stint-runc": {path: "\($dir)/stint-runc"}, "plain-crun": {path: $crun}, "plain-runc": {path: $runc}}}' \
		>"$ENGINES/daemon.json"
	run_dockerd
	tar -C "$BUSYBOX_ROOTFS" -c . | docker_ import - busybox >/dev/null
}
run_dockerd() { # with DOCKERD_AT, a process: in that one's network namespace, with a bridge at DOCKERD_BRIDGE there
	local at=() network=(--bridge none --iptables=false)
	[ -z "${DOCKERD_AT:-}" ] || { at=(nsenter -t "$DOCKERD_AT" -n) && network=(--bip "$DOCKERD_BRIDGE"); }
	setsid "${at[@]}" dockerd -H "unix://$ENGINES/docker.sock" --containerd "$ENGINES/containerd.sock" --data-root "$ENGINES/docker" \
		--exec-root "$ENGINES/docker-exec" --pidfile "$ENGINES/docker.pid" --config-file "$ENGINES/daemon.json" \
		"${network[@]}" --storage-driver "${ENGINE_STORAGE:-vfs}" </dev/null >>"$ENGINES/docker.log" 2>&1 3>&- &
	wait_for 60 docker_ version || { tail -n 20 "$ENGINES/docker.log" >&2; return 1; }
}
docker_() { timeout -k 1 60 docker -H "unix://$ENGINES/docker.sock" "$@"; }
ctr_() { timeout -k 1 60 ctr -a "$ENGINES/containerd.sock" "$@"; }

end_process() { # PID-FILE
	local pid
	[ -s "$1" ] || return 0
	pid=$(cat "$1")
	kill -TERM "$pid" 2>/dev/null || return 0
	for _ in $(seq 100); do
		[ -d "/proc/$pid" ] && [ "$(cut -d ' ' -f 3 "/proc/$pid/stat" 2>/dev/null)" != Z ] || return 0
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
}
release_mounts() {
	local mount
	: "${ENGINES:?}"
	for mount in $(awk -v dir="$ENGINES/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r); do
		umount -l "$mount" 2>/dev/null || true
	done
}
# Nothing was begun where setup_file failed before it said where: without a place, all mounts are below it.
stop_engines() {
	[ -n "${ENGINES:-}" ] || return 0
	docker_ ps -aq 2>/dev/null | xargs -r timeout -k 1 60 docker -H "unix://$ENGINES/docker.sock" rm -f >/dev/null 2>&1 || true
	end_process "$ENGINES/docker.pid"
	end_process "$ENGINES/containerd.pid"
	release_mounts
}

# stint as it is behind one of the engines' runtimes.
behind() { # COMMAND...: with $RUNTIME
	STINT_ROOT=$STINT_ROOT-$RUNTIME "$@"
}
host_says() { # JSON: the configuration of stint behind $RUNTIME
	jq -n --arg runtime "$(command -v "$RUNTIME")" --argjson more "$1" '{runtime: $runtime} + $more' \
		>"$STINT_ROOT-$RUNTIME/etc/stint/stint.json"
}
reports_of() { # ID: a line each
	jq -c --arg id "$1" 'select(.id == $id)' "$STINT_ROOT-$RUNTIME/var/log/stint/reports.jsonl"
}
last_report() { # ID JQ-FILTER
	reports_of "$1" | tail -n 1 | jq -c -r "$2"
}
ended_by_itself() { # ID STATUS
	[ "$(last_report "$1" '.verdict, .monitor.exact' | xargs)" = 'null true' ] || { last_report "$1" .; return 1; }
	JOURNAL=$STINT_ROOT-$RUNTIME/var/log/stint/reports.jsonl ended_with "$1" code "$2"
}
nothing_left_behind() { [ -z "$(ls "$STINT_ROOT-$RUNTIME/run/stint" 2>/dev/null)" ]; }

# Podman's hooks.d: files of one name would hide one another, whatever their directories.
hook_files() {
	local dir=$STINT_TEST_DIR/hooks stage
	mkdir -p "$dir" "$dir-precreate"
	for stage in createRuntime poststop precreate; do
		jq -n --arg hook "$STINT_BIN/stint-hook" --arg root "$STINT_ROOT-$RUNTIME" --arg stage $stage '{version: "1.0.0",
			hook: {path: $hook, args: ["stint-hook", "--root", $root, $stage], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
			when: {always: true}, stages: [$stage]}' >"$dir/stint-$stage.json"
	done
	mv "$dir/stint-precreate.json" "$dir-precreate"
}

# Twenty commands of docker or podman: what they say, their status, and what inspect shows. The caller's `cli` runs one of
# them, with a runtime.
same_commands() {
	local name=t-same
	cli run --name $name -d -m 64m --env A=b --hostname h busybox sh -c 'echo begun; trap "exit 3" TERM; sleep 600 & wait' >/dev/null
	{
		set +e
		# The two streams come apart, and either may arrive first.
		cli run --rm busybox sh -c 'echo out; echo err >&2; exit 4' 2>"$STINT_TEST_DIR/err"; echo "$?"; cat "$STINT_TEST_DIR/err"
		cli run --rm busybox /no/such/command; echo "$?"
		cli run --rm -u 1000:1000 busybox id; echo "$?"
		cli run --rm -w /tmp busybox pwd; echo "$?"
		cli run --rm --read-only busybox touch /x; echo "$?"
		cli run --rm --tmpfs /t busybox sh -c 'echo a >/t/a && cat /t/a'; echo "$?"
		cli run --rm --cap-drop ALL busybox grep CapEff /proc/self/status; echo "$?"
		cli run --rm --cap-add SYS_PTRACE busybox grep CapBnd /proc/self/status; echo "$?"
		cli run --rm --ulimit nofile=100:100 busybox sh -c 'ulimit -n'; echo "$?"
		cli run --rm --sysctl kernel.msgmax=4096 busybox cat /proc/sys/kernel/msgmax; echo "$?"
		cli run --rm -t busybox sh -c 'test -t 1 && echo a terminal'; echo "$?"
		cli logs $name; echo "$?"
		cli exec $name sh -c 'echo $A; hostname; exit 9'; echo "$?"
		cli exec -u 5 -w / -e B=c $name sh -c 'id -u; echo $B'; echo "$?"
		cli exec $name /no/such; echo "$?"
		cli top $name -o comm | sort; echo "${PIPESTATUS[0]}"
		cli pause $name; cli inspect -f '{{.State.Status}}' $name; cli unpause $name; echo "$?"
		cli kill -s WINCH $name; cli inspect -f '{{.State.Running}}' $name
		cli inspect -f '{{.State.Status}} {{.State.OOMKilled}} {{.HostConfig.Memory}} {{.HostConfig.CgroupParent}} {{.Path}} {{.Args}}' $name
		cli inspect -f '{{range .Config.Env}}{{println .}}{{end}}' $name | sort
		cli stop -t 5 $name; cli inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' $name
		cli start $name; cli restart -t 1 $name; cli kill $name; cli wait $name; cli rm -f $name; echo "$?"
	} 2>&1 | sed -E 's/[0-9a-f]{64}/ID/g; s#^Error: [^ ]*crun: #Error: RUNTIME: #'
}
# Of two runs of it, or of the like.
said_the_same() { # FILE FILE
	[ "$(wc -l <"$1")" -gt 40 ] || { cat "$1"; return 1; }
	diff "$1" "$2" || { cat "$1"; return 1; }
}

# --privileged, as each of stint.json's three words has it. The caller's `under_stint` runs one of the engine's commands,
# `id_of` tells a container's id. A machine that has not every capability itself cannot run one with all of them: what is
# allowed is one with the ADDED options, which amount to as much.
privileged_as_the_host_says() { # ADDED...
	local id look='grep CapBnd /proc/self/status; mkdir /x; mount -t tmpfs none /x && echo mounted
		[ -n "$(head -c 1 /proc/timer_list)" ] && echo not masked; touch /sys/kernel/x 2>&1 | grep -o Read-only'
	run under_stint run --name t-open --cap-add SYS_ADMIN "$@" busybox sh -c "$look"
	[[ "$output" == *mounted* && "$output" == *'not masked'* ]] || { echo "$output"; return 1; }
	id=$(id_of t-open)
	wait_for 5 reported_behind "$id"
	[[ "$(last_report "$id" '.warnings | join(" ")')" == *'privileged container: it may use every device of the host'* ]] || { last_report "$id" .; return 1; }
	host_says '{"privileged": "tighten"}'
	run under_stint run --name t-tight --privileged busybox sh -c "$look"
	[[ "$output" == *'CapBnd:	00000000a80425fb'* && "$output" != *mounted* && "$output" != *'not masked'* && "$output" == *Read-only* ]] ||
		{ echo "$output"; return 1; }
	id=$(id_of t-tight)
	wait_for 5 reported_behind "$id"
	[[ "$(last_report "$id" '.warnings | join(" ")')" == *'privileged container (it may use every device of the host): tightened'* ]] || { last_report "$id" .; return 1; }
	# Nor does an exec of it get more.
	under_stint run -d --name t-tight-2 --privileged busybox sleep 300 >/dev/null
	[ "$(under_stint exec --privileged t-tight-2 grep CapBnd /proc/self/status | xargs)" = 'CapBnd: 00000000a80425fb' ]
	host_says '{"privileged": "refuse"}'
	run under_stint run --name t-none --privileged busybox echo ran
	[ "$status" -ne 0 ]
	[[ "$output" == *'stint: a privileged container (it may use every device of the host) is not run on this host'* ]] || { echo "$output"; return 1; }
	run under_stint run --name t-none-2 --cap-add ALL busybox echo ran
	[ "$status" -ne 0 ]
	[[ "$output" == *'CAP_SYS_MODULE'* ]] || { echo "$output"; return 1; }
	# What is not privileged runs.
	[ "$(under_stint run --rm --cap-add NET_ADMIN busybox echo ran)" = ran ]
	under_stint rm -f t-open t-tight t-tight-2 >/dev/null
	under_stint rm -f t-none t-none-2 >/dev/null 2>&1 || true
}
