#!/usr/bin/env bats
# The threats of the threat model, each by its id: what a container, an image's author, a local user or a broken
# machine may try, on the real runtimes. What comes in as text (T1, T11, T12) is in threats_input.bats, faults
# (T23) are in threats_faults.bats, seccomp filters (T15, T20) in threats_seccomp.bats.

load helpers
load threats

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	local id
	for id in ${ENGINE_IDS:-}; do
		for RUNTIME in crun runc; do engine_clear "$id"; done
	done
	stint_teardown
	no_host_config
}

# A shell as a container's first process does not hear SIGTERM.
stint_kill() { # ID
	$RUNTIME kill "$1" KILL >/dev/null 2>&1 || true
}

# --- T3: annotations that are orders to the runtime ---

# A filter of our own, so that there is something to override.
deny_getppid='.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
	"syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}'
# RET ALLOW, as crun would load it in place of linux.seccomp.
allow_all=$(printf '\x06\x00\x00\x00\x00\x00\xff\x7f' | base64)

filter_with() { # ANNOTATIONS-JSON: the filter that the kernel has for the container, in $filter
	local pid run
	bundle "$id" /bin/sleep 60
	config "$deny_getppid"
	config --argjson annotations "$1" '.annotations = $annotations | # the state is read: a runtime that cannot write it gives up
		.hooks.prestart = [{"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null; echo said"]}]'
	stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- &
	run=$!
	eventually 10 test -s "$STINT_ROOT/run/stint/$id/pid" || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	pid=$(cat "$STINT_ROOT/run/stint/$id/pid")
	eventually 10 grep -qx sleep "/proc/$pid/comm" # and no longer the runtime, which has no filter yet
	filter=$("$(tool seccomp-filter)" "$pid")
	annotations=$(jq -c .annotations "$STINT_ROOT/run/stint/$id/bundle/config.json")
	stint_kill "$id"
	wait $run || true
	all_clean "$id"
}

annotations_are_no_orders() {
	local plain key value
	filter_with '{}'
	plain=$filter
	[ "$(wc -l <<<"$plain")" -gt 3 ]
	while read -r key value; do
		value=${value//ID/$id}
		filter_with "$(jq -n --arg key "$key" --arg value "$value" '{($key): $value, "com.example.kept": "yes"}')"
		[ "$filter" = "$plain" ] || { echo "$key changes the filter"; return 1; }
		[ "$annotations" = '{"com.example.kept":"yes"}' ] || { echo "$key reaches the runtime"; return 1; }
		[ ! -e "$STINT_TEST_DIR/written" ] || { echo "$key wrote a file"; return 1; }
	done <<-LIST
	run.oci.seccomp_bpf_data $allow_all
	run.oci.seccomp_fail_unknown_syscall 1
	run.oci.seccomp.receiver $STINT_TEST_DIR/written
	run.oci.seccomp.plugins $STINT_TEST_DIR/written
	run.oci.hooks.stdout $STINT_TEST_DIR/written
	run.oci.hooks.stderr $STINT_TEST_DIR/written
	run.oci.handler wasm
	run.oci.systemd.subgroup escape
	run.oci.systemd.force_cgroup_v1 $STINT_TEST_DIR/written
	run.oci.delegate-cgroup escape
	run.oci.keep_original_groups 1
	run.oci.mount_context_type context
	org.systemd.property.MemoryMax uint64 18446744073709551615
	org.systemd.property.DeviceAllow [("char-*", "rwm")]
	org.criu.config $STINT_TEST_DIR/written
	LIST
}
# bats test_tags=once
@test "T3: no annotation that a runtime obeys changes the seccomp filter, writes a file or reaches the runtime" {
	on_each_runtime annotations_are_no_orders
}

# bats test_tags=once
@test "T3: what the host's allowAnnotations names does pass, and is then obeyed" {
	RUNTIME=crun id="t-allowed-$$"
	host_config "$(command -v crun)" '{"allowAnnotations": ["run.oci.seccomp_bpf_data", "run.oci.hooks.*"]}'
	filter_with '{}'
	plain=$filter
	filter_with "$(jq -n --arg value "$allow_all" '{"run.oci.seccomp_bpf_data": $value, "run.oci.handler": "wasm"}')"
	[ "$(jq -r 'keys[]' <<<"$annotations")" = run.oci.seccomp_bpf_data ]
	[ "$filter" != "$plain" ]
	[ "$(wc -l <<<"$filter")" -eq 2 ]
	filter_with "$(jq -n --arg value "$STINT_TEST_DIR/written" '{"run.oci.hooks.stdout": $value}')"
	grep -q said "$STINT_TEST_DIR/written"
}

# --- T4: the image's environment in hooks ---

hooks_take_nothing() {
	local hooks marker=$STINT_FILE_DIR/marker library root=$STINT_TEST_DIR/rootfs-$RUNTIME
	library=$(tool marker -shared -fPIC "-DMARKER=\"$marker\"")
	# The probe itself works: a program that is linked dynamically does load it.
	rm -f "$marker"
	LD_PRELOAD=$library /bin/true
	[ -e "$marker" ]
	rm -f "$marker"
	cp -a "$BUSYBOX_ROOTFS" "$root"
	cp "$STINT_BIN/stint-hook" "$root/bin/"
	# A createContainer hook has the rootfs as its directory: the library can come with the image.
	cp "$library" "$root/poc.so"
	ROOTFS=$root bundle "$id" /bin/sh -c 'echo the payload'
	# Neither stint-hook nor anybody else has a stage for createContainer and startContainer; it must be harmless
	# there too.
	# Without a timeout: where the container ends together with a poststart hook, crun (1.8) takes the two SIGCHLDs for the
	# container's alone, and waits until the hook's time is over.
	hooks=$(jq -n --arg hook "$STINT_BIN/stint-hook" --arg root "--root=$STINT_ROOT" '
		def call($path; $stage): [{path: $path, args: ["stint-hook", $root, $stage]}];
		{prestart: call($hook; "prestart"), createRuntime: call($hook; "createRuntime"),
		 createContainer: call($hook; "poststop"), startContainer: call("/bin/stint-hook"; "poststop"),
		 poststart: call($hook; "poststart"), poststop: call($hook; "poststop")}')
	config --argjson hooks "$hooks" --arg library "$library" '.hooks = $hooks | .process.env += [
		"LD_PRELOAD=" + $library + ":/proc/self/cwd/poc.so", "LD_AUDIT=/proc/self/cwd/poc.so", "GCONV_PATH=/proc/self/cwd",
		"LD_LIBRARY_PATH=/proc/self/cwd", "GLIBC_TUNABLES=glibc.malloc.check=3", "STINT_ROOT=/proc/self/cwd"]'
	run stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	[[ "$output" == *"the payload"* ]]
	[ ! -e "$marker" ] || { echo "the image's library was loaded on the host"; return 1; }
	[ ! -e "$root/run" ] # nor was the image's STINT_ROOT believed
	[ "$(reports_count "$id")" -eq 1 ]
	all_clean "$id"
}
# bats test_tags=once
@test "T4: a library in the container's environment is never loaded by a hook, at any of the six hook points" {
	on_each_runtime hooks_take_nothing
}

# bats test_tags=once
@test "T4: neither hook, monitor nor runtime is linked dynamically, and the monitor has no environment" {
	for program in stint stint-runtime stint-hook stint-monitor; do
		run readelf -l "$STINT_BIN/$program"
		[ "$status" -eq 0 ]
		[[ "$output" != *INTERP* ]] || { echo "$program has an interpreter"; return 1; }
	done
	RUNTIME=crun id="t-env-$$"
	bundle "$id" /bin/sleep 60
	SECRET=visible stint run --runtime crun --id "$id" "$BUNDLE" 3>&- &
	pid=$!
	eventually 10 both_watch "$id"
	for watcher in $(watchers "$id"); do
		[ -z "$(tr -d '\0' <"/proc/$watcher/environ")" ]
	done
	stint_kill "$id"
	wait $pid || true
	all_clean "$id"
}
both_watch() { [ "$(watchers "$1" | wc -l)" -ge 2 ]; }

# --- T7: descriptors ---

# Nothing that is in the parent's directory, no directory of the host's, and none of its pipes.
only_its_own_descriptors() { # PID INHERITED-DIR
	local fd target
	for fd in /proc/"$1"/fd/*; do
		target=$(readlink "$fd") || continue
		case $target in
		"$2"*) echo "process $1 ($(cat "/proc/$1/comm")) has $target"; return 1 ;;
		/) echo "process $1 ($(cat "/proc/$1/comm")) has the host's root"; return 1 ;;
		esac
		echo "$target"
	done
}
inherited_nothing() { # ID PIPES-FILE INHERITED-DIR: each of its watchers
	local pid list
	eventually 10 both_watch "$1"
	for pid in $(watchers "$1"); do
		[ "$(readlink /proc/"$pid"/cwd)" = / ]
		list=$(only_its_own_descriptors "$pid" "$3") || { echo "$list"; return 1; }
		! grep -Fxf "$2" <<<"$list" || { echo "process $pid has a pipe of the parent's"; return 1; }
		[ "$(wc -l <<<"$list")" -lt 64 ]
		for fd in 0 1 2; do [ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ]; done
	done
}

# Seen from outside: a shell in there opens descriptors of its own to look.
container_has_three() { # [RUNTIME-OPTION...] ID
	local pid
	pid=$($RUNTIME "${@:1:$#-1}" state "${@: -1}" | jq .pid)
	eventually 10 grep -q sleep "/proc/$pid/cmdline"
	[ "$(find "/proc/$pid/fd" -mindepth 1 -printf '%f\n' | sort -n | tr '\n' ' ')" = '0 1 2 ' ] || { ls -l "/proc/$pid/fd"; return 1; }
}
container_is_up() { # [RUNTIME-OPTION...] ID
	[ "$($RUNTIME "${@:1:$#-1}" state "${@: -1}" 2>/dev/null | jq -r .status)" = running ]
}

run_with_descriptors() {
	local dir=$STINT_TEST_DIR/inherited-$RUNTIME pid
	mkdir -p "$dir"
	bundle "$id" /bin/sleep 60
	"$(tool many-fds)" "$dir" stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- &
	pid=$!
	eventually 10 container_is_up "$id"
	[ "$(find /proc/$pid/fd -lname "$dir*" | wc -l)" -ge 50 ] # they were inherited so far
	# shellcheck disable=SC2016
	find /proc/$pid/fd -lname 'pipe:*' -printf '%l\n' | sort >"$STINT_TEST_DIR/$id.pipes"
	# The one that the monitor speaks through is meant for it; ours are those with both ends here.
	uniq -d "$STINT_TEST_DIR/$id.pipes" >"$STINT_TEST_DIR/$id.theirs"
	[ "$(wc -l <"$STINT_TEST_DIR/$id.theirs")" -ge 50 ]
	inherited_nothing "$id" "$STINT_TEST_DIR/$id.theirs" "$dir"
	container_has_three "$id"
	stint_kill "$id"
	wait $pid || true
	all_clean "$id"
}
# bats test_tags=once
@test "T7: two hundred descriptors of a careless parent reach neither monitor nor container of stint run" {
	on_each_runtime run_with_descriptors
}

engine_with_descriptors() {
	local dir=$STINT_TEST_DIR/inherited-$RUNTIME
	mkdir -p "$dir"
	ENGINE_IDS="$ENGINE_IDS $id"
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sleep 60
	# `create` returns although two hundred descriptors and the pipe on its output were there to be kept open.
	timeout 30 "$(tool many-fds)" "$dir" stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" create --bundle "$BUNDLE" "$id" \
		>"$STINT_TEST_DIR/$id.out" 2>&1 </dev/null
	: >"$STINT_TEST_DIR/none"
	inherited_nothing "$id" "$STINT_TEST_DIR/none" "$dir"
	timeout 30 "$(tool many-fds)" "$dir" stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" start "$id"
	inherited_nothing "$id" "$STINT_TEST_DIR/none" "$dir"
	container_has_three --root "$STINT_TEST_DIR/engine-$RUNTIME" "$id"
	engine_clear "$id"
	all_clean "$id"
}
# bats test_tags=once
@test "T7: nor those of an engine, by create and start" {
	ENGINE_IDS=
	on_each_runtime engine_with_descriptors
}

# bats test_tags=once
@test "T7: the hook has let go of all but its standard descriptors before it reads anything" {
	mkdir -p "$STINT_TEST_DIR/inherited"
	mkfifo "$STINT_TEST_DIR/state"
	"$(tool many-fds)" "$STINT_TEST_DIR/inherited" stint-hook "--root=$STINT_ROOT" poststop <"$STINT_TEST_DIR/state" >"$STINT_TEST_DIR/out" 2>&1 3>&- &
	pid=$!
	exec 7>"$STINT_TEST_DIR/state"
	eventually 5 grep -q stint-hook "/proc/$pid/comm"
	eventually 5 hook_has_three "$pid"
	echo '{"ociVersion": "1.0.2", "id": "t-none", "status": "stopped", "bundle": "/"}' >&7
	exec 7>&-
	wait $pid
}
hook_has_three() { [ "$(find "/proc/$1/fd" -type l | wc -l)" -eq 3 ]; }

# --- T8: the monitor's program ---

program_is_safe() { # CAPABILITY-EDIT EXPECTED-ERROR-PATTERN
	local before after watcher pid
	before=$(sha256sum "$STINT_BIN"/stint*)
	# In the host's pid namespace, root, with a script that tries each way there is to the monitor's program.
	bundle "$id" /bin/sh -c '
		n=0
		while [ $n -lt 500 ]; do
			set -- $(grep -lE "^stint-(monitor|guard).*root='"$STINT_ROOT"'" /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3)
			[ $# -lt 2 ] || break
			n=$((n+1)); sleep 0.01
		done
		echo "found $#"
		for pid; do
			echo "exe: $( (echo overwritten >>/proc/$pid/exe) 2>&1)"
			echo "mem: $( (echo overwritten >>/proc/$pid/mem) 2>&1)"
			echo "root: $( (echo overwritten >>/proc/$pid/root'"$STINT_BIN"'/stint-monitor) 2>&1)"
			echo "environ: $(cat /proc/$pid/environ 2>&1)"
		done
		echo tried; sleep 60'
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	config "$1"
	stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- &
	pid=$!
	eventually 20 grep -q tried "$STINT_TEST_DIR/$id.out"
	[ "$(grep -c "^exe: .*$2" "$STINT_TEST_DIR/$id.out")" -ge 2 ] || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
	[ "$(grep -c '^exe:' "$STINT_TEST_DIR/$id.out")" -eq "$(grep -c "^exe: .*$2" "$STINT_TEST_DIR/$id.out")" ]
	stint_kill "$id"
	wait $pid || true
	after=$(sha256sum "$STINT_BIN"/stint*)
	diff <(echo "$before") <(echo "$after")
	all_clean "$id"
}
program_is_safe_plain() { program_is_safe . 'Permission denied\|Operation not permitted'; }
program_is_safe_ptrace() {
	program_is_safe '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"])' 'Text file busy'
}
# bats test_tags=once
@test "T8: a container's root in the host's pid namespace does not get at the monitor's program" {
	on_each_runtime program_is_safe_plain
}
# bats test_tags=once
@test "T8: nor can it be written with CAP_SYS_PTRACE and CAP_DAC_OVERRIDE while a monitor runs it" {
	on_each_runtime program_is_safe_ptrace
}

# --- T13: the state directory, made by somebody else before us ---

state_directory_refused() { # SETUP-COMMAND
	local result=0
	rm -rf "${STINT_ROOT:?}/run"
	mkdir -p "$STINT_ROOT/run"
	eval "$1"
	bundle "$id" /bin/sh -c 'echo it runs'
	attempt stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ] && a_sentence "$stderr" && [ -z "$output" ] || result=1
	host_config "$(command -v "$RUNTIME")"
	attempt_engine create --bundle "$BUNDLE" "$id"
	[ "$status" -eq 1 ] && a_sentence "$stderr" || result=1
	[ ! -e "$STINT_TEST_DIR/engine-$RUNTIME/$id" ] && [ -z "$(groups_like "stint/$id*")" ] && [ -z "$(watchers "$id")" ] || result=1
	no_host_config
	[ $result -eq 0 ] || echo "not refused, or not well: $1: $output$stderr"
	return $result
}
state_directories_refused() {
	local outside=$STINT_TEST_DIR/outside-$RUNTIME before
	mkdir -p "$outside/stint"
	echo canary >"$outside/stint/canary"
	before=$(tree_hash "$outside")
	state_directory_refused 'install -d -o 65534 -m 0700 "$STINT_ROOT/run/stint"'
	state_directory_refused 'install -d -o 65534 -m 0777 "$STINT_ROOT/run/stint"'
	state_directory_refused 'install -d -m 0777 "$STINT_ROOT/run/stint"'
	state_directory_refused 'install -d -m 1777 "$STINT_ROOT/run/stint"'
	state_directory_refused 'install -d -g 65534 -m 0770 "$STINT_ROOT/run/stint"'
	state_directory_refused "ln -s $outside/stint \"\$STINT_ROOT/run/stint\""
	state_directory_refused "ln -s $outside/not-there \"\$STINT_ROOT/run/stint\""
	state_directory_refused 'touch "$STINT_ROOT/run/stint"'
	state_directory_refused 'mkfifo "$STINT_ROOT/run/stint"'
	[ "$(tree_hash "$outside")" = "$before" ]
	rm -rf "${STINT_ROOT:?}/run"
}
# bats test_tags=once
@test "T13: a state directory that another user made, that others may write, or that is no directory, is refused" {
	on_each_runtime state_directories_refused
}

key_directory_refused() { # SETUP-COMMAND, which makes $key
	local key result=0
	rm -rf "${STINT_ROOT:?}/run"
	install -d -m 0700 "$STINT_ROOT/run/stint"
	key=$STINT_ROOT/run/stint/$id
	eval "$1"
	bundle "$id" /bin/sh -c 'echo it runs'
	attempt stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ] && a_sentence "$stderr" && [ -z "$output" ] || result=1
	[ -z "$(groups_like "stint/$id*")" ] && [ -z "$(watchers "$id")" ] || result=1
	[ $result -eq 0 ] || echo "not refused, or not well: $1: $output$stderr"
	return $result
}
key_directories_refused() {
	local outside=$STINT_TEST_DIR/outside-$RUNTIME before
	mkdir -p "$outside/bundle"
	echo canary >"$outside/bundle/config.json"
	echo canary >"$outside/ledger"
	before=$(tree_hash "$outside")
	key_directory_refused 'install -d -o 65534 -m 0777 "$key"; touch "$key/theirs"'
	key_directory_refused 'install -d -m 0777 "$key"'
	key_directory_refused "ln -s $outside \"\$key\""
	key_directory_refused "ln -s $outside/not-there \"\$key\""
	key_directory_refused 'touch "$key"'
	[ "$(tree_hash "$outside")" = "$before" ]
	rm -rf "${STINT_ROOT:?}/run"
}
# bats test_tags=once
@test "T13: so is the directory of one container" { on_each_runtime key_directories_refused; }

one_id_at_once() {
	local round n statuses runs
	for round in 1 2 3 4 5 6; do
		bundle "$id-$round" /bin/sh -c 'while :; do :; done'
		runs=()
		for n in 1 2 3; do
			{
				status=0
				timeout -k 5 30 stint run --runtime "$RUNTIME" --budget cpu=30ms --id "$id-$round" "$BUNDLE" \
					>/dev/null 2>"$STINT_TEST_DIR/err-$n" </dev/null || status=$?
				echo $status >"$STINT_TEST_DIR/status-$n"
			} 3>&- &
			runs+=($!)
		done
		wait "${runs[@]}"
		statuses=$(sort -n "$STINT_TEST_DIR"/status-{1,2,3} | tr '\n' ' ')
		[ "$statuses" = '125 125 137 ' ] || { echo "round $round: $statuses"; cat "$STINT_TEST_DIR"/err-{1,2,3}; return 1; }
		[ "$(cat "$STINT_TEST_DIR"/err-{1,2,3} | grep -c "^stint: a container with id $id-$round ")" -eq 2 ] || { cat "$STINT_TEST_DIR"/err-{1,2,3}; return 1; }
		[ "$(reports_count "$id-$round")" -eq 1 ]
		all_clean "$id-$round"
	done
}
# bats test_tags=once
@test "T13: of three that start one id at once, one runs and the others are told" { on_each_runtime one_id_at_once; }

# --- T14: the control socket ---

socket_is_ours() {
	local state send abstract
	ENGINE_IDS="$ENGINE_IDS $id"
	host_config "$(command -v "$RUNTIME")"
	send=$(tool send-as)
	chmod 0755 "$STINT_FILE_DIR" "$STINT_FILE_DIR/tools"
	bundle "$id" /bin/sleep 60
	# From a container in the host's network namespace an abstract socket could be reached.
	engine_create "$id"
	engine start "$id"
	state=$(engine_state "$id")
	[ -S "$state/socket" ]
	[ "$(stat -c '%a %u' "$state")" = '700 0' ]
	[ "$(stat -c '%a %u' "$STINT_ROOT/run/stint")" = '700 0' ]
	# Ours is there by its path, and none of any monitor's has an abstract name.
	grep -q "/socket$" /proc/net/unix
	abstract=$(awk '$8 ~ /^@/ {print $8}' /proc/net/unix)
	[[ "$abstract" != *stint* && "$abstract" != *"$id"* && "$abstract" != *"$STINT_ROOT"* ]]
	for pid in $(watchers "$id"); do
		for inode in $(find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'); do
			! awk -v inode="$inode" '$7 == inode && $8 ~ /^@/ {found = 1} END {exit !found}' /proc/net/unix
		done
	done
	# uid 65534 does not get through the directory; with the right to, the monitor does not listen to it: 2 is "kill".
	run "$send" 65534 plain "$state" 2
	[ "$output" = 'connect: Permission denied' ]
	run "$send" 65534 override "$state" 2
	[ "$output" = 'no answer' ]
	sleep 0.2
	kill -0 "$(cat "$STINT_TEST_DIR/$id.pid")"
	[ "$("$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" state "$id" | jq -r .status)" = running ]
	# The same words from root are obeyed: it is who says them that counts.
	run "$send" 0 override "$state" 2
	[ "$output" = 'answer 0' ]
	eventually 5 stopped
	engine_clear "$id"
	all_clean "$id"
}
stopped() { [ "$("$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" state "$id" | jq -r .status)" = stopped ]; }
# bats test_tags=once
@test "T14: another user cannot speak to the monitor, by path or by permission, and no socket is abstract" {
	ENGINE_IDS=
	on_each_runtime socket_is_ours
}

# --- T16: the monitor lives on what the container cannot take from it ---

# Without a process of their own, which a fork bomb's machine has no time for.
resident_kb() { # PID: sets $rss
	local key value unit
	rss=
	while read -r key value unit; do
		[ "$key" = VmRSS: ] && rss=$value
	done <"/proc/$1/status" 2>/dev/null
	[ -n "$rss" ]
}
descriptors() { # PID: sets $fds
	local list=("/proc/$1/fd/"*)
	fds=${#list[@]}
}

# The monitor before and during an attack: the same process, the same descriptors, the same memory.
attack() { # PROFILE-JSON PAYLOAD: sets $status
	local pid monitor rss_before rss fds_before fds samples=0 init
	jq '.name = "attack"' <<<"$1" >"$STINT_TEST_DIR/attack.json"
	bundle "$id" /bin/sh -c "while [ ! -e /dev/shm/go ]; do sleep 0.02; done; $2"
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/attack.json" --id "$id" "$BUNDLE" \
		>"$STINT_TEST_DIR/$id.out" 2>"$STINT_TEST_DIR/$id.err" 3>&- &
	pid=$!
	eventually 10 test -s "$STINT_ROOT/run/stint/$id/pid"
	eventually 10 both_watch "$id"
	sleep 0.2
	init=$(cat "$STINT_ROOT/run/stint/$id/pid")
	monitor=$(monitor_of "$id")
	resident_kb "$monitor"
	descriptors "$monitor"
	rss_before=$rss fds_before=$fds
	eventually 5 touch "/proc/$init/root/dev/shm/go"
	while kill -0 $pid 2>/dev/null; do
		resident_kb "$monitor" || break
		descriptors "$monitor"
		[ $((rss - rss_before)) -le 256 ] || { echo "the monitor grew from $rss_before to $rss kB"; return 1; }
		[ "$fds" -le $((fds_before + 4)) ] || { echo "the monitor had $fds_before descriptors and has $fds"; return 1; }
		samples=$((samples + 1))
		sleep 0.05
	done
	wait $pid && status=0 || status=$?
	report_of "$id" . # shown when a test fails
	[ $samples -ge 4 ] || { echo "only $samples samples, status $status"; return 1; }
	# One and the same monitor to the end.
	[ "$(report_of "$id" '.warnings | map(select(test("monitor"))) | length')" = 0 ]
	[ "$(report_of "$id" .monitor.exact)" = true ]
	[ "$(reports_count "$id")" -eq 1 ]
	all_clean "$id"
}

fork_bomb() {
	local ROOTFS=$STINT_TEST_DIR/rootfs
	[ -e "$ROOTFS" ] || cp -a "$BUSYBOX_ROOTFS" "$ROOTFS"
	cp "$(tool bomb -static)" "$ROOTFS/bin/"
	# The kernel refuses it more than 200 processes, which ends nothing: it goes on until its wall time.
	attack '{"resources": {"pids": {"limit": 200}}, "budgets": {"wall": {"limit": "1500ms"}}}' \
		'exec /bin/bomb'
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	[ "$(report_of "$id" '.usage.pidsPeak > 100 and .usage.pidsPeak <= 200')" = true ]
	[ "$(report_of "$id" '.verdict.deadNs < 500000000 + $late')" = true ]
}
# bats test_tags=once
@test "T16: a fork bomb is ended, and its monitor neither grows nor dies" { on_each_runtime fork_bomb; }

memory_hog() {
	# The first process lives on while one child after another is killed for its memory.
	attack '{"resources": {"memory": {"limit": 25165824}}, "budgets": {"wall": {"limit": "1500ms"}}}' \
		'while :; do tail /dev/zero; done'
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" '.usage.oomKills >= 2')" = true ]
	[ "$(report_of "$id" '.usage.memoryPeakBytes <= 25165824')" = true ]
}
# bats test_tags=once
@test "T16: a memory hog meets the kernel's limit, and its monitor neither grows nor dies" { on_each_runtime memory_hog; }

log_filler() {
	attack '{"budgets": {"wall": {"limit": "1500ms"}}}' 'yes "$(head -c 4000 /dev/zero | tr "\0" x)" & yes >&2'
	[ "$status" -eq 137 ]
	[ "$(stat -c %s "$STINT_TEST_DIR/$id.out")" -gt 10000000 ]
	rm -f "$STINT_TEST_DIR/$id.out" "$STINT_TEST_DIR/$id.err"
	# None of it is in what stint writes.
	[ "$(stat -c %s "$JOURNAL")" -lt 1000000 ]
}
# bats test_tags=once
@test "T16: what a container prints without end passes its monitor by" { on_each_runtime log_filler; }

# --- T17: process ids that are used again ---

# In namespaces of its own: few ids, and with "v1" no unified hierarchy, so that killing has to go by process ids.
# Others take ids all the time; the container does too, in the same pid namespace.
reused_ids() { # HIERARCHIES
	unshare --mount --propagation private --pid --fork --mount-proc bash -c '
		saved=$(cat /proc/sys/kernel/pid_max)
		trap "echo $saved >/proc/sys/kernel/pid_max" EXIT
		mount -t tmpfs none /run
		[ "$5" != v1 ] || umount /sys/fs/cgroup/unified || exit 1
		echo 700 >/proc/sys/kernel/pid_max || exit 1
		"$1" 6 >"$6" &
		bystander=$!
		for round in 1 2 3; do
			stint run --runtime "$2" --budget wall=500ms --id "$3-$round" "$4"
			echo "status $?"
		done
		wait $bystander
		echo "bystander $?"' bash "$(tool churn -static)" "$RUNTIME" "$id" "$BUNDLE" "$1" "$STINT_TEST_DIR/taken" 3>&-
}
bystander_survives() {
	local hierarchies round root=$STINT_TEST_DIR/rootfs-$RUNTIME
	cp -a "$BUSYBOX_ROOTFS" "$root"
	cp "$(tool churn -static)" "$root/bin/"
	ROOTFS=$root bundle "$id" /bin/churn 60
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	for hierarchies in all $([ -e /sys/fs/cgroup/cgroup.controllers ] || echo v1); do
		run reused_ids $hierarchies
		[ "$(grep -c '^status 137$' <<<"$output")" -eq 3 ] || { echo "$output"; return 1; }
		grep -q '^bystander 0$' <<<"$output" || { echo "$output"; cat "$STINT_TEST_DIR/taken"; return 1; }
		# Each id was used several times over.
		[ "$(awk '{print $2}' "$STINT_TEST_DIR/taken")" -gt 1400 ] || { cat "$STINT_TEST_DIR/taken"; return 1; }
		for round in 1 2 3; do
			[ "$(report_of "$id-$round" .verdict.budget)" = wall ]
			all_clean "$id-$round"
		done
	done
}
# bats test_tags=once
@test "T17: with ids reused all the time nobody but the container is killed, by cgroup.kill or by its processes' ids" {
	on_each_runtime bystander_survives
}

# --- T18: what is hard to kill ---

all_dead() { # ID EXPECTED-VERDICT
	[ "$(report_of "$1" .verdict.budget)" = "$2" ]
	[ "$(report_of "$1" '.verdict.deadNs < 100000000 + $late')" = true ] || { echo "deadNs: $(report_of "$1" .verdict.deadNs)"; return 1; }
	[ "$(report_of "$1" '.warnings | map(select(test("pending"))) | length')" = 0 ]
	[ -z "$(living tree)" ] || { echo "processes are left"; return 1; }
	all_clean "$1"
}
tree_bundle() {
	local root=$STINT_TEST_DIR/rootfs-$RUNTIME
	[ -e "$root" ] || {
		cp -a "$BUSYBOX_ROOTFS" "$root"
		cp "$(tool tree -static)" "$root/bin/"
	}
	ROOTFS=$root bundle "$id" /bin/tree
	config "$1"
}
# Alone in its pid namespace, which falls with its first process, and in the host's, where each has to be killed.
same_pid_namespace='del(.linux.namespaces[] | select(.type == "pid"))'
tree_dies() {
	local edit
	for edit in . "$same_pid_namespace"; do
		tree_bundle "$edit"
		run stint run --runtime "$RUNTIME" --budget wall=1s --id "$id" "$BUNDLE"
		[ "$status" -eq 137 ]
		[[ "$output" == *"ready 48"* ]]
		[ "$(report_of "$id" '.usage.pidsPeak >= 48')" = true ]
		all_dead "$id" wall
	done
}
@test "T18: orphans, sessions, vfork, traced and stopped processes are all gone within 100 ms" {
	on_each_runtime tree_dies
}

tree_dies_on_v1() {
	tree_bundle "$same_pid_namespace"
	run unshare --mount --propagation private bash -c 'umount /sys/fs/cgroup/unified && exec stint run "$@"' bash \
		--runtime "$RUNTIME" --budget wall=1s --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[[ "$output" == *"ready 48"* ]]
	[ "$(report_of "$id" .cgroup)" = v1 ]
	all_dead "$id" wall
}
# bats test_tags=hybrid
@test "T18: so they are where there is no cgroup.kill" { on_each_runtime tree_dies_on_v1; }

frozen_tree_dies() { # with the hierarchies that there are
	local pid
	tree_bundle "$same_pid_namespace"
	"$@" timeout -k 1 20 stint run --runtime "$RUNTIME" --budget wall=2s --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- &
	pid=$!
	eventually 10 grep -q ready "$STINT_TEST_DIR/$id.out"
	"$@" "$RUNTIME" pause "$id"
	[ "$("$@" "$RUNTIME" state "$id" | jq -r .status)" = paused ]
	wait $pid && status=0 || status=$?
	[ "$status" -eq 137 ]
	all_dead "$id" wall
}
frozen_tree_dies_everywhere() {
	frozen_tree_dies env
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || return 0
	id=$id-v1
	printf '#!/bin/sh\numount /sys/fs/cgroup/unified && exec "$@"\n' >"$STINT_TEST_DIR/on-v1"
	chmod +x "$STINT_TEST_DIR/on-v1"
	frozen_tree_dies unshare --mount --propagation private "$STINT_TEST_DIR/on-v1"
}
@test "T18: so is a tree that its runtime has paused, with its wall time spent while it is frozen" {
	on_each_runtime frozen_tree_dies_everywhere
}

# --- T19: a container does not change its own groups ---

# In a container: the trees that it has, and the names that files have in them.
trees='
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		trees=. memory_limit=memory.max quota=cpu.max unlimited=max
	else
		trees="cpuacct memory pids freezer unified" memory_limit=memory.limit_in_bytes quota=cpu.cfs_quota_us unlimited=-1
	fi'
escape=$trees'
	echo "own: $(cat /proc/self/cgroup | tr "\n" " ")"
	for procs in $(find /sys/fs/cgroup -name cgroup.procs 2>/dev/null | head -n 30); do
		echo "write: $( (echo 0 >$procs) 2>&1) $procs"
	done
	for file in $(find /sys/fs/cgroup -name $memory_limit -o -name $quota -o -name pids.max -o -name cgroup.kill \
			-o -name notify_on_release -o -name release_agent 2>/dev/null | head -n 40); do
		echo "limit: $( (echo 1 >$file) 2>&1) $file"
	done
	for tree in $trees; do
		mkdir /sys/fs/cgroup/$tree/escape 2>/dev/null && echo made a group
		mount -o remount,rw /sys/fs/cgroup/$tree 2>/dev/null && echo remounted
	done
	echo tried
	while :; do :; done'

cannot_escape() { # EDIT
	bundle "$id" /bin/sh -c "$escape"
	config "$1"
	run stint run --runtime "$RUNTIME" --budget cpu=1s --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ] || { echo "$output"; return 1; }
	[[ "$output" == *tried* && "$output" != *"made a group"* && "$output" != *remounted* ]] || { echo "$output"; return 1; }
	# It did find groups to write to, and each write was refused: the error is between the words.
	[ "$(grep -c '^write: ' <<<"$output")" -ge 2 ]
	! grep '^write: \|^limit: ' <<<"$output" | grep -v 'Read-only file system\|nonexistent directory\|No such file\|Permission denied' || return 1
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" '.usage.cpuNs >= 1000000000')" = true ]
	all_clean "$id"
}
groups_are_read_only() {
	local all_capabilities='.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
	cannot_escape "$all_capabilities"
	# Asked for writable, with no cgroup namespace: made read-only. crun and runc know the type by either name.
	cannot_escape "$all_capabilities"' | (.mounts[] | select(.type == "cgroup")).options = ["nosuid", "noexec", "nodev", "rw"]'
	cannot_escape "$all_capabilities"' | (.mounts[] | select(.type == "cgroup")) |= del(.options)'
}
@test "T19: a cgroup mount is read-only without a cgroup namespace, asked for or not; usage is still charged" {
	on_each_runtime groups_are_read_only
}

namespaced_group_is_charged() {
	# In a cgroup namespace of its own a writable mount shows the container's own group and no more: it moves itself
	# below that, and goes on being charged, and limited, above.
	bundle "$id" /bin/sh -c "$trees"'
		for tree in $trees; do
			mkdir /sys/fs/cgroup/$tree/inner && echo 0 >/sys/fs/cgroup/$tree/inner/cgroup.procs && echo "moved in $tree"
			[ ! -e /sys/fs/cgroup/$tree/stint ] || echo "sees the host in $tree"
		done
		for tree in $trees; do
			echo $unlimited >/sys/fs/cgroup/$tree/$memory_limit; echo max >/sys/fs/cgroup/$tree/pids.max
		done
		while :; do :; done'
	config '.linux.namespaces += [{"type": "cgroup"}] |
		(.mounts[] | select(.type == "cgroup")).options = ["nosuid", "noexec", "nodev", "rw"] |
		.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
	run stint run --runtime "$RUNTIME" --budget cpu=800ms --budget memory=64MiB --budget pids=50 --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ] || { echo "$output"; return 1; }
	[[ "$output" != *"sees the host"* ]]
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		[[ "$output" == *"moved in ."* ]] || { echo "$output"; return 1; }
	else
		[[ "$output" == *"moved in cpuacct"* && "$output" == *"moved in memory"* ]] || { echo "$output"; return 1; }
	fi
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" '.usage.cpuNs >= 800000000 and .usage.cpuNs < 1100000000 + $late')" = true ]
	[ "$(report_of "$id" .monitor.exact)" = true ]
	all_clean "$id"
}
@test "T19: in a cgroup namespace it may move itself down, and is charged all the same" {
	on_each_runtime namespaced_group_is_charged
}

namespaced_limits_hold() {
	# Limits are a level above what the container can reach: lifting its own lifts nothing.
	bundle "$id" /bin/sh -c "$trees"'
		echo -1 >/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes
		for tree in $trees; do
			echo $unlimited >/sys/fs/cgroup/$tree/$memory_limit && echo lifted memory
			echo max >/sys/fs/cgroup/$tree/pids.max && echo lifted pids
		done
		i=0; (while [ $i -lt 60 ]; do sleep 20 & i=$((i+1)); done); sleep 20'
	config '.linux.namespaces += [{"type": "cgroup"}] |
		(.mounts[] | select(.type == "cgroup")).options = ["nosuid", "noexec", "nodev", "rw"] |
		.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
	run stint run --runtime "$RUNTIME" --budget memory=64MiB --budget pids=30 --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ] || { echo "$output"; return 1; }
	# On v2 mounted with nsdelegate the kernel does not even let it do that.
	[ -e /sys/fs/cgroup/cgroup.controllers ] || [[ "$output" == *"lifted memory"* && "$output" == *"lifted pids"* ]] || { echo "$output"; return 1; }
	[ "$(report_of "$id" .verdict.budget)" = pids ]
	[ "$(report_of "$id" '.usage.pidsPeak <= 30')" = true ]
	all_clean "$id"
}
@test "T19: limits hold although the container lifts those of its own group" { on_each_runtime namespaced_limits_hold; }
