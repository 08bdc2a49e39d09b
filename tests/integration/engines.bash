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

start_containerd() {
	ENGINES=$STINT_FILE_DIR/engines
	export ENGINES
	mkdir -p "$ENGINES"
	cat >"$ENGINES/containerd.toml" <<-CONFIG
		version = 2
		root = "$ENGINES/containerd-root"
		state = "$ENGINES/containerd-state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$ENGINES/containerd.sock"
		[debug]
		address = "$ENGINES/debug.sock"
	CONFIG
	setsid containerd --config "$ENGINES/containerd.toml" </dev/null >"$ENGINES/containerd.log" 2>&1 3>&- &
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
start_dockerd() {
	make_runtimes
	jq -n --arg dir "$ENGINES" --arg crun "$(command -v crun)" '{"live-restore": true, runtimes: {
		"stint-crun": {path: "\($dir)/stint-crun"}, "stint-runc": {path: "\($dir)/stint-runc"}, "plain-crun": {path: $crun}}}' \
		>"$ENGINES/daemon.json"
	run_dockerd
	tar -C "$BUSYBOX_ROOTFS" -c . | docker_ import - busybox >/dev/null
}
run_dockerd() {
	setsid dockerd -H "unix://$ENGINES/docker.sock" --containerd "$ENGINES/containerd.sock" --data-root "$ENGINES/docker" \
		--exec-root "$ENGINES/docker-exec" --pidfile "$ENGINES/docker.pid" --config-file "$ENGINES/daemon.json" \
		--bridge none --iptables=false --storage-driver vfs </dev/null >>"$ENGINES/docker.log" 2>&1 3>&- &
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
	for mount in $(awk -v dir="$ENGINES/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r); do
		umount -l "$mount" 2>/dev/null || true
	done
}
stop_engines() {
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
nothing_left_behind() { [ -z "$(ls "$STINT_ROOT-$RUNTIME/run/stint" 2>/dev/null)" ]; }
