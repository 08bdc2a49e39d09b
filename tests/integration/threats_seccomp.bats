#!/usr/bin/env bats
# T15 and T20: what may loosen a seccomp filter from beside it: an agent that answers for it, another ABI than the one it
# was written for, a call that is newer. What each number of each ABI answers is swept in test_seccomp_base.c.

load helpers
load threats

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	[ -z "${agent:-}" ] || kill "$agent" 2>/dev/null || true
	stint_teardown
}

profile() { # SECCOMP-JSON
	jq -n --argjson seccomp "$1" '{name: "filtered", seccomp: $seccomp}' >"$STINT_TEST_DIR/profile.json"
}

# --- T20: another ABI ---

first_steps() { # [JQ-EDIT [JQ-OPTION...]]
	first_steps_bundle "$id"
	[ $# -eq 0 ] || config "${@:2}" "$1"
	stint run --runtime "$RUNTIME" --id "$id" --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" >"$STINT_TEST_DIR/steps.out"
}
calls_of_32_bits() { grep -q '^i386 ' "$STINT_TEST_DIR/steps.out"; } # not every kernel has any
answer_to() { awk -v abi="$1" -v step="$2" '$1 == abi && $2 == step { print $3 }' "$STINT_TEST_DIR/steps.out"; } # ABI STEP

no_abi_is_a_way_round() {
	local step answer
	profile '"default"'
	first_steps
	! grep -vE ' (EPERM|ENOSYS)$' "$STINT_TEST_DIR/steps.out" || return 1
	for step in $(awk '$1 == "i386" { print $2 }' "$STINT_TEST_DIR/steps.out"); do
		answer=$(answer_to x86_64 "$step")
		[ -z "$answer" ] || [ "$(answer_to i386 "$step")" = "$answer" ] || { grep " $step " "$STINT_TEST_DIR/steps.out"; return 1; }
	done
	! calls_of_32_bits || [ "$(answer_to i386 vsock-by-socketcall) $(answer_to i386 alg-by-socketcall)" = "EPERM EPERM" ]
	all_clean "$id"
}
# bats test_tags=once
@test "T20: int 0x80 is answered as x86_64 is, x32 is denied as well, and no socket is had by socketcall" { on_each_runtime no_abi_is_a_way_round; }

another_abi_is_killed() {
	profile '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO"}]}'
	first_steps
	[ "$(answer_to x86_64 keyctl)" = EPERM ]
	[ "$(awk '$1 != "x86_64" { print $3 }' "$STINT_TEST_DIR/steps.out" | sort -u)" = SIGSYS ] || { cat "$STINT_TEST_DIR/steps.out"; return 1; }
	all_clean "$id"
}
# bats test_tags=once
@test "T20: where a filter names one ABI the others are killed" { on_each_runtime another_abi_is_killed; }

composed_for_all() {
	local all='["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]' list
	# Two answers for socket, which libseccomp refuses for i386.
	profile "$(jq -n --argjson all "$all" '{defaultAction: "SCMP_ACT_ALLOW", architectures: $all, syscalls: [
		{names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 97, args: [{index: 0, value: 38, op: "SCMP_CMP_EQ"}]}]}')"
	first_steps '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: $all, syscalls: [
		{names: ["socket"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 40, op: "SCMP_CMP_EQ"}]}]}' --argjson all "$all"
	! grep -E ' (vsock|alg)(-by-socketcall)? ok$' "$STINT_TEST_DIR/steps.out" || return 1
	# A list keeps what it allows of socket; it is socketcall that is refused.
	profile '"default"'
	first_steps_bundle "$id"
	list=$(stint explain --json --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" | jq .effective.seccomp)
	profile "$(jq -n --argjson all "$all" '{defaultAction: "SCMP_ACT_ALLOW", architectures: $all, syscalls: [
		{names: ["socket"], action: "SCMP_ACT_KILL_PROCESS", args: [{index: 0, value: 17, op: "SCMP_CMP_EQ"}]}]}')"
	first_steps '.linux.seccomp = $list | .process.args = ["/bin/sh", "-c", "/bin/first-steps; ip -o link show lo"]' --argjson list "$list"
	[ "$(answer_to x86_64 alg)" = ENOSYS ]
	! calls_of_32_bits || [ "$(answer_to i386 alg-by-socketcall) $(answer_to i386 alg)" = "SIGSYS ENOSYS" ]
	grep -q 'lo:' "$STINT_TEST_DIR/steps.out" # by a socket of AF_NETLINK
	all_clean "$id"
}
# bats test_tags=once
@test "T20: filters composed for i386 too are loaded, and neither ABI is looser for it" { on_each_runtime composed_for_all; }

# --- T15: who answers for a filter ---

agent_opens_nothing() {
	local socket=$STINT_TEST_DIR/agent-$RUNTIME run watcher
	"$(tool notify-agent)" "$socket" >"$STINT_TEST_DIR/asked" 3>&- &
	agent=$!
	eventually 5 test -S "$socket"
	profile '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
	bundle "$id" /bin/sh -c 'mkdir /tmp/d || echo no mkdir; ln -s a /tmp/l && echo symlink; exec sleep 60'
	config --arg socket "$socket" '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]}]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], listenerPath: $socket,
			syscalls: [{names: ["mkdir", "mkdirat", "symlink", "symlinkat"], action: "SCMP_ACT_NOTIFY"}]}'
	stint run --runtime "$RUNTIME" --id "$id" --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" >"$STINT_TEST_DIR/said" 2>&1 3>&- &
	run=$!
	eventually 10 grep -qx symlink "$STINT_TEST_DIR/said" || { cat "$STINT_TEST_DIR/said"; return 1; }
	grep -qx 'no mkdir' "$STINT_TEST_DIR/said"
	[ "$(sort -u "$STINT_TEST_DIR/asked" | xargs)" = 88 ] || { cat "$STINT_TEST_DIR/asked"; return 1; } # symlink, and it alone
	# None of stint's processes has the filter's descriptor, nor a connection to the agent.
	for watcher in $(watchers "$id") $run; do
		! find "/proc/$watcher/fd" -lname '*seccomp*' | grep . || return 1
	done
	$RUNTIME kill "$id" KILL
	wait $run || true
	kill "$agent"
	wait "$agent" || true
	agent=
	all_clean "$id"
}
# bats test_tags=once
@test "T15: an agent that lets everything go on opens nothing that the profile denies" { on_each_runtime agent_opens_nothing; }

# The recorder's own socket, that runtimes hand the notifications of their filters to.
peer() { # MODE: it stays; $peers
	mkfifo "$STINT_TEST_DIR/stay" 2>/dev/null || true
	"$TOP/tests/integration/tools/notify-peer.py" "$socket" "$id" "$1" <>"$STINT_TEST_DIR/stay" >"$STINT_TEST_DIR/peer" 2>&1 3>&- &
	peers="$peers $!"
	eventually 5 grep -q sent "$STINT_TEST_DIR/peer"
}
descriptors() { ls "/proc/$recorder/fd" | wc -l; }
has_descriptors() { [ "$(descriptors)" -le "$1" ]; }
beats() { # the container goes on
	local before
	before=$(stat -c %Y.%s "$STINT_TEST_DIR/beat")
	eventually 5 beaten "$before"
}
beaten() { [ "$(stat -c %Y.%s "$STINT_TEST_DIR/beat")" != "$1" ]; }

hostile_peers() {
	local run recorder socket peers="" before mode i
	mkdir -p "$STINT_ROOT/etc/stint"
	echo '{"recorder": "notify"}' >"$STINT_ROOT/etc/stint/stint.json"
	rm -f "$STINT_TEST_DIR/beat"
	bundle "$id" /bin/sh -c 'while echo beat; do sleep 0.1; done'
	stint run --record --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/beat" 2>/dev/null 3>&- &
	run=$!
	eventually 10 test -s "$STINT_TEST_DIR/beat"
	recorder=$(pgrep -x stint-recorder -a | awk -v id="$id" '$NF ~ id { print $1 }')
	socket=$(compgen -G "$STINT_ROOT/run/stint/$id*/seccomp")
	before=$(descriptors)
	for mode in garbage many none wrong half; do
		for i in 1 2 3; do
			peer "$mode"
		done
	done
	# Those that have not said all are kept, but no more than eight, each with one descriptor.
	for i in 1 2 3 4 5 6 7 8 9 10; do
		peer half
	done
	[ "$(descriptors)" -le $((before + 16)) ] || { ls -l "/proc/$recorder/fd"; return 1; }
	beats
	# Runtimes are heard all the same.
	$RUNTIME exec "$id" /bin/true
	# A process of somebody else's is not answered.
	[ "$("$TOP/tests/integration/tools/notify-peer.py" "$socket" "$id" stranger)" = "Function not implemented" ]
	# shellcheck disable=SC2086
	kill $peers
	eventually 5 has_descriptors "$before" || { ls -l "/proc/$recorder/fd"; return 1; }
	beats
	# Nobody but root gets there.
	run ! setpriv --reuid 65534 --clear-groups python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$socket"
	$RUNTIME kill "$id" KILL
	wait $run || true
	rm "$STINT_ROOT/etc/stint/stint.json"
	all_clean "$id"
	[ "$(stint record show --json "$id" | jq '.complete and (.syscalls | any(. == "getppid" or . == "ptrace") | not)')" = true ] ||
		stint record show "$id"
}
# bats test_tags=once
@test "T15: peers that are no runtime get nothing from the recorder, and keep nothing of it" { on_each_runtime hostile_peers; }

# A container that is not the recorder's, and is started with a filter that asks it: by another id, or by the same one in another
# place. It does not start, and whoever waits for it is told so within its time: a runtime's own process may hold the one descriptor
# that it would be answered by, and waits as long as nobody answers.
refused_starts() {
	local run socket root=$STINT_TEST_DIR/root-of-others one status
	mkdir -p "$STINT_ROOT/etc/stint" "$root"
	echo '{"recorder": "notify"}' >"$STINT_ROOT/etc/stint/stint.json"
	rm -f "$STINT_TEST_DIR/beat"
	bundle "$id" /bin/sh -c 'while echo beat; do sleep 0.1; done'
	stint run --record --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/beat" 2>/dev/null 3>&- &
	run=$!
	eventually 10 test -s "$STINT_TEST_DIR/beat"
	bundle "$id-other" /bin/true
	config --slurpfile filter "$(compgen -G "$STINT_ROOT/run/stint/$id*/recording-filter.json")" '.linux.seccomp = $filter[0]'
	for one in "$id-other" "$id"; do
		status=0
		timeout -k 1 20 $RUNTIME --root "$root" run --bundle "$BUNDLE" "$one" </dev/null >"$STINT_TEST_DIR/said" 2>&1 3>&- || status=$?
		$RUNTIME --root "$root" delete --force "$one" 2>/dev/null || true
		echo "$RUNTIME: $status: $(cat "$STINT_TEST_DIR/said")"
		[ "$status" -ne 0 ] && [ "$status" -ne 124 ] && [ "$status" -ne 137 ] || return 1
	done
	# The recorder's own container is none the worse for it.
	beats
	$RUNTIME exec "$id" /bin/true
	$RUNTIME kill "$id" KILL
	wait $run || true
	rm "$STINT_ROOT/etc/stint/stint.json"
	all_clean "$id"
	[ "$(stint record show --json "$id" | jq .complete)" = true ]
}
# bats test_tags=once
@test "T15: a container that the recorder does not answer for is not started, and does not hang" { on_each_runtime refused_starts; }
