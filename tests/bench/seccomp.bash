# SPDX-License-Identifier: GPL-2.0-or-later
# The section "seccomp" of tests/bench/run: what recording costs, what a filter costs a call that it allows, and how much
# the filters of recordings leave. Sourced by it.

PROGRAMS=${STINT_TEST_ROOTFS:-/var/cache/stint-test}/programs

# As the engine gives it to a container, which has to be run for that.
docker_filter() { # FILE
	local config
	[ "$(command -v dockerd containerd docker | wc -l)" -eq 3 ] || return 1
	export STINT_FILE_DIR=$DIR BUSYBOX_ROOTFS=$DIR/rootfs ENGINE_STORAGE=vfs
	. "$TOP/tests/integration/engines.bash"
	start_containerd
	start_dockerd
	docker_ run --detach --network none --runtime plain-crun busybox sleep 60 >/dev/null
	config=$(find "$ENGINES" -path '*/moby/*/config.json' | head -n 1)
	jq .linux.seccomp "$config" >"$1"
	docker_ ps -q | while read -r id; do docker_ kill "$id" >/dev/null; done
	stop_engines
	unset ENGINES
}

# --- containers that stay, measured in turn

declare -A run_of
stays() { # ID [OPTION...]: the bundle; $PID
	local one=$1
	shift
	stint run --runtime crun --id "$one" "$@" "$BUNDLE" >"$DIR/$one.out" 2>&1 </dev/null &
	run_of[$one]=$!
	eventually 20 test -s "$STINT_ROOT/run/stint/$one/pid" || { cat "$DIR/$one.out" >&2; return 1; }
	PID=$(cat "$STINT_ROOT/run/stint/$one/pid")
	jq '.process | .args = $ARGS.positional' "$BUNDLE/config.json" --args -- /bin/getppid 500 >"$DIR/$one.exec"
}
ends() { # ID
	crun kill "$1" KILL
	wait "${run_of[$1]}" || true
}
generated_profile() { # ID: of its recording
	stint profile generate -o "$DIR/generated.json" "$1" 2>/dev/null
	jq -n --arg file "$DIR/generated.json" '{name: "generated", seccomp: $file}' >"$DIR/generated-profile.json"
}
getppid_in() { crun exec -p "$DIR/$1.exec" "$1"; } # ID: ns a call
recorded_while() { # ID CMD...: what it prints
	stint record start "$1" >/dev/null
	"${@:2}"
	stint record stop "$1" >/dev/null
}
requests_of() { # PID REQUESTS: µs a request, of two kinds
	beside "$1" redis-benchmark -n "$2" -c 30 -t set,get --csv | tr -d '"' | awk -F, 'NR > 1 { sum += 1e6 / $2; n++ } END { print sum / n }'
}
straced_requests_of() { # PID REQUESTS
	local tracer
	strace -f -qq -o /dev/null -p "$1" &
	tracer=$!
	sleep 0.3
	requests_of "$@"
	kill "$tracer"
	wait "$tracer" || true
}
# Of two files with a figure a round, A / B of each round.
round_ratios() { paste -d' ' "$DIR/$1" "$DIR/$2" | awk '{ print $1 / $2 }'; }

# A server without a filter, recorded every other time, and one under the filter of a recording.
seccomp_redis() {
	local i plain enforced
	id=bench-redis-$$
	workload redis
	runs redis "$id-seen" --record
	generated_profile "$id-seen"
	stays "$id"
	plain=$PID
	stays "$id-enforced" --profile "$DIR/generated-profile.json"
	enforced=$PID
	eventually 20 answers "$plain" 6379
	eventually 20 answers "$enforced" 6379
	requests_of "$plain" 20000 >/dev/null
	for ((i = 0; i < seccomp_rounds; i++)); do
		[ $((i % 2)) -eq 0 ] || recorded_while "$id" requests_of "$plain" 20000 >>"$DIR/redis-recorded"
		requests_of "$plain" 20000 >>"$DIR/redis-plain"
		requests_of "$enforced" 20000 >>"$DIR/redis-enforced"
		[ $((i % 2)) -eq 1 ] || recorded_while "$id" requests_of "$plain" 20000 >>"$DIR/redis-recorded"
	done
	straced_requests_of "$plain" 3000 >"$DIR/redis-straced"
	ends "$id"
	ends "$id-enforced"
	row seccomp "redis-benchmark, a request" µs <"$DIR/redis-plain"
	round_ratios redis-recorded redis-plain | row seccomp "  recorded / not recorded" ratio "<1.05"
	ratio "$(cat "$DIR/redis-straced")" "$(sort -n "$DIR/redis-plain" | sed -n "$(((seccomp_rounds + 1) / 2))p")" |
		row seccomp "  under strace -f / not recorded" ratio
	round_ratios redis-enforced redis-plain | row seccomp "  under the filter of a recording / none" ratio "<1.05"
}

# A filter of what the program itself needs; Docker's; the default one; none.
seccomp_getppid() {
	local i one p=bench-$$ kinds=(none generated default)
	local run=(/bin/sh -c 'getppid 1 >/dev/null; sleep "$0"')
	bundle "$p-seen" "${run[@]}" 0.1
	stint run --runtime crun --record --id "$p-seen" "$BUNDLE" >/dev/null 2>&1
	generated_profile "$p-seen"
	jq -n '{name: "default", seccomp: "default"}' >"$DIR/default-profile.json"
	if [ -s "$DIR/docker.json" ]; then
		jq -n --arg file "$DIR/docker.json" '{name: "docker", seccomp: $file}' >"$DIR/docker-profile.json"
		kinds+=(docker)
	fi
	for one in "${kinds[@]}"; do
		local options=()
		[ "$one" = none ] || options=(--profile "$DIR/$one-profile.json")
		bundle "$p-$one" "${run[@]}" 600
		stays "$p-$one" ${options[@]+"${options[@]}"}
	done
	for ((i = 0; i < seccomp_rounds; i++)); do
		for one in "${kinds[@]:i % ${#kinds[@]}}" "${kinds[@]:0:i % ${#kinds[@]}}"; do
			getppid_in "$p-$one" >>"$DIR/getppid-$one"
		done
		recorded_while "$p-none" getppid_in "$p-none" >>"$DIR/getppid-recorded"
	done
	sed -i 's/"500"/"2"/' "$DIR/$p-none.exec"
	strace -f -qq -o /dev/null crun exec -p "$DIR/$p-none.exec" "$p-none" >"$DIR/getppid-straced"
	for one in "${kinds[@]}"; do
		[ "$one" = none ] || instructions_of "$p-$one" >"$DIR/instructions-$one"
		ends "$p-$one"
	done
	seccomp_getppid_rows
}
seccomp_getppid_rows() {
	row seccomp "getppid without a filter" ns <"$DIR/getppid-none"
	row seccomp "  recorded" ns <"$DIR/getppid-recorded"
	row seccomp "  under strace -f" ns <"$DIR/getppid-straced"
	round_ratios getppid-recorded getppid-none | row seccomp "  recorded / not recorded" ratio
	round_ratios getppid-generated getppid-none | row seccomp "  under a generated filter / none" ratio
	round_ratios getppid-default getppid-none | row seccomp "  under the default filter / none" ratio
	row seccomp "instructions of a generated filter, crun" "" <"$DIR/instructions-generated"
	row seccomp "instructions of the default filter, crun" "" <"$DIR/instructions-default"
	if [ -s "$DIR/getppid-docker" ]; then
		row seccomp "instructions of Docker's filter, crun" "" <"$DIR/instructions-docker"
		round_ratios getppid-docker getppid-none | row seccomp "  under Docker's filter / none" ratio
		round_ratios getppid-generated getppid-docker | row seccomp "  under a generated filter / Docker's" ratio "<1"
	else
		not_measured seccomp "  under Docker's filter / none" "Docker is not installed"
	fi
}

# --- what is left

instructions_of() { { stint verify "$1" || true; } | sed -n 's/^seccomp .* \([0-9]*\) instructions.*/\1/p'; } # ID
instructions() { instructions_of "$verified" >"$DIR/instructions"; }
allowed() { stint profile diff --json "$1" docker | jq .a.allowed || true; } # FILE

seccomp_left_of() { # NAME [ARG...]
	local name=$1 verified
	shift
	id=bench-$name-$$
	for RUNTIME in crun runc; do
		verified=$id-$RUNTIME-enforced
		workload "$name" "$@"
		runs "$name" "$id-$RUNTIME" --record
		generated_profile "$id-$RUNTIME"
		stint record show --json "$id-$RUNTIME" | jq '.syscalls | length' | row seccomp "$name: calls that were recorded, $RUNTIME" ""
		allowed "$DIR/generated.json" | row seccomp "  and that its filter allows" ""
		: >"$DIR/instructions"
		meanwhile=instructions runs "$name" "$verified" --profile "$DIR/generated-profile.json"
		[ ! -s "$DIR/instructions" ] || row seccomp "  instructions of it" "" <"$DIR/instructions"
	done
	RUNTIME=crun
}
seccomp_left() {
	local name
	for name in nginx redis memcached lighttpd; do seccomp_left_of "$name"; done
	seccomp_left_of sqlite /tmp/a.db 'create table t (a); insert into t values (1); select * from t;'
	! [ -s "$DIR/docker.json" ] || jq '[.syscalls[] | select(.action == "SCMP_ACT_ALLOW") | .names[]] | unique | length' "$DIR/docker.json" |
		row seccomp "Docker's filter: names it allows" ""
}

# In a shell of its own, since its functions are the integration tests'.
seccomp_measured() (
	export STINT_TEST_DIR=$DIR STINT_FILE_DIR=$DIR BUSYBOX_ROOTFS=$DIR/rootfs BATS_TEST_DIRNAME=$TOP/tests/integration RUNTIME=crun
	for file in helpers recordings workloads; do . "$TOP/tests/integration/$file.bash"; done
	workload_files
	cc -O2 -static -o "$DIR/rootfs/bin/getppid" "$HERE/getppid.c"
	seccomp_getppid
	seccomp_redis
	seccomp_left
)
section_seccomp() {
	if [ ! -e "$PROGRAMS" ]; then
		not_measured seccomp "all" "there is no $PROGRAMS: scripts/make-rootfs programs makes it"
	elif [ ! -x "$STINT_BIN/stint-recorder" ]; then
		not_measured seccomp "all" "stint is built without its recorder: configure --with-bpf"
	else
		docker_filter "$DIR/docker.json" || true
		seccomp_measured
	fi
}
