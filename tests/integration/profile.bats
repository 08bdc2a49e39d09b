#!/usr/bin/env bats
# `stint profile`: from recordings to a filter that real runtimes load, and what is told of them. The recordings are files,
# made here of what strace sees.

load helpers
load recordings
load threats

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() {
	stint_setup
	cd "$STINT_TEST_DIR" # where the files are
	# Each test has a store of its own.
	export STINT_ROOT=$STINT_TEST_DIR/root
	JOURNAL=$STINT_ROOT/var/log/stint/reports.jsonl
	a_store
}
teardown() { stint_teardown; }

three_runs() {
	recorded web-1 '{syscalls: ["read", "socket"], arguments: {socket: [[2, 1]]}, capabilities: ["CAP_CHOWN"], programs: {read: "nginx", "socket 2 1": "nginx"}}'
	recorded web-1 '{syscalls: ["read", "write", "socket"], arguments: {socket: [[2, 1], [1, 1]]}, programs: {read: "nginx", "socket 1 1": "sh"}}'
	recorded web-2 '{syscalls: ["read"], programs: {read: "nginx"}}'
}
allowed() { jq -r '.syscalls[] | select(.action == "SCMP_ACT_ALLOW") | .names[]' "$1" | sort -u | xargs; } # FILE

# --- what is told ---

@test "profile: status says how many runs there are and what is to be expected of the next one" {
	[ "$(stint profile status)" = "Nothing is recorded yet: 'stint run --record' does that." ]
	[ "$(stint profile status --json | jq -c .)" = '[]' ]
	three_runs
	[[ "$(stint profile status)" == *"sha256:000000000000  "*" 3 "*"67 %, at most 98 %"* ]]
	[ "$(stint profile status --json sha256:000 | jq -c '.[0] | [.workload, .runs, .incomplete, .surprises, .calls, .capabilities]')" = \
		"[\"$WORKLOAD\",3,0,1,3,1]" ]
	[ "$(stint profile status --json | jq '.[0] | .probability > 0.66 and .probability < 0.67 and .bound > 0.97 and .bound < 0.98')" = true ]
	recorded web-3 '{complete: false, syscalls: ["bpf"]}'
	[ "$(stint profile status --json | jq -c '.[0] | [.runs, .incomplete, .surprises, .calls]')" = '[4,1,1,4]' ]
	run stint profile status no-such
	[ "$status" -eq 1 ]
}

@test "profile: show is the union, explain is who needed it" {
	three_runs
	run stint profile show "$WORKLOAD"
	[ "$status" -eq 0 ]
	[[ "$output" == *"3 complete runs; the next one needs something unseen with a probability of about 67 %, at most 98 %"*"System calls (3)"*"read socket write"*"socket 1 1"*"CAP_CHOWN"* ]]
	[ "$(stint profile show --json "$WORKLOAD" | jq -c '[.syscalls, .arguments, .capabilities, .complete]')" = \
		'[["read","socket","write"],{"socket":[[1,1],[2,1]]},["CAP_CHOWN"],true]' ]
	# An ID is its newest run.
	[ "$(stint profile show --json web-1 | jq -c .arguments.socket)" = '[[1,1],[2,1]]' ]
	[ "$(stint profile show --json web-2 | jq -c .syscalls)" = '["read"]' ]
	run stint profile explain "$WORKLOAD"
	[ "$(grep '^socket 1 1 ' <<<"$output" | xargs)" = "socket 1 1 1/3 2026-11-26T02:15:12Z sh web-1" ]
	[ "$(grep '^read ' <<<"$output" | xargs)" = "read 3/3 2026-11-26T02:15:12Z nginx web-1" ]
	[ "$(stint profile explain "$WORKLOAD" 'socket 2 1' | tail -n +2 | xargs)" = \
		"socket 2 1 2026-11-26T02:15:12Z nginx web-1 socket 2 1 2026-11-26T02:15:12Z - web-1" ]
	[ "$(stint profile explain "$WORKLOAD" socket | wc -l)" -eq 6 ]
	run stint profile explain "$WORKLOAD" bpf
	[ "$status" -eq 1 ]
	[ "$output" = "stint: no run needed bpf: a filter of them denies it" ]
	run stint profile show no-such
	[ "$status" -eq 1 ]
	[[ "$output" == *"'stint profile status' lists them"* ]]
}

@test "profile: diff is in numbers and names, of recordings, of files, of the default" {
	three_runs
	stint profile generate web-1 >one.json 2>/dev/null
	run stint profile diff web-1 ./one.json
	[ "$status" -eq 0 ]
	[[ "$output" == *"A  web-1 allows 6 calls, 1 of them by their arguments"*"6 are allowed alike" ]]
	run stint profile diff web-2 "$WORKLOAD"
	[ "$status" -eq 1 ]
	[[ "$output" == *"5 are allowed alike"*"Only B allows (1)"*"  socket"* ]]
	run stint profile diff --json "$WORKLOAD" docker
	[ "$status" -eq 1 ]
	[ "$(jq -c '[.a.allowed, .onlyA, .otherArguments, (.b.allowed > 250), (.onlyB | index("mount"))]' <<<"$output")" = '[6,[],["socket"],true,null]' ]
	[[ "$(stint profile diff "$WORKLOAD" docker)" == *"A  allowed where argument 0 is 1 and argument 1 & 0xf is 1"* ]]
	[[ "$(stint profile diff "$WORKLOAD" docker)" == *"B  docker (stint's default filter, "*") allows "* ]]
	# A container's config.json is as good as the filter in it.
	jq -n --slurpfile filter one.json '{ociVersion: "1.0.2", process: {}, linux: {seccomp: $filter[0]}}' >config.json
	run stint profile diff web-1 ./config.json
	[ "$status" -eq 0 ]
	[[ "$output" == *"B  ./config.json (the filter of a config.json) allows 6 calls"*"6 are allowed alike" ]]
	run -125 stint profile diff web-1 "$TOP/tests/integration/config.json"
	[[ "$output" == *"this config.json has no linux.seccomp: its container has no filter" ]] || { echo "$output"; return 1; }
	# An engine's own form is no filter yet.
	jq '.syscalls[0].excludes = {caps: ["CAP_SYS_ADMIN"]}' one.json >engine.json
	run -125 stint profile diff web-1 ./engine.json
	[[ "$output" == *"this is Docker's own form, which depends on capabilities and kernels"* ]] || { echo "$output"; return 1; }
	# What only the names differ in is said.
	for call in accept accept4; do
		jq --arg call $call '.syscalls[].names |= (. - [$call] | map(if . == "read" then $call else . end))' one.json >$call.json
	done
	run stint profile diff ./accept.json accept4.json
	[ "$status" -eq 1 ]
	[[ "$output" == *"accept(=accept4)"*"accept4(=accept)"* ]]
	run stint profile diff web-1 ./no-such.json
	[ "$status" -eq 125 ]
	echo '{"defaultAction": "SCMP_ACT_NONE"}' >wrong.json
	run stint profile diff web-1 ./wrong.json
	[ "$status" -eq 125 ]
	[[ "$output" == *"read ./wrong.json: "*"no such action"* ]]
}

@test "profile: diff tells of what else two profiles differ in, by their keys" {
	local settings='[.settings[] | [.path, .a, .b]]'
	jq -n '{name: "one", seccomp: "default", capabilities: ["CAP_CHOWN", "CAP_KILL"], resources: {pids: {limit: 64}},
		budgets: {cpu: {limit: "2s"}, wall: {limit: "1m"}}, network: {egress: {default: "deny", allow: ["192.0.2.1 tcp 443"]}}}' >one.json
	jq '.name = "two" | .capabilities = ["CAP_KILL"] | .budgets.cpu.limit = "10s" | .budgets.wall.limit = "60s" | del(.resources) |
		.noNewPrivileges = true | .network.egress.allow += ["192.0.2.2 udp 53"]' one.json >two.json
	run stint profile diff one.json ./two.json
	[ "$status" -eq 1 ]
	[[ "$output" == *"A  one.json (a profile with the default filter) allows "*"Besides the filter (5)"* ]] || { echo "$output"; return 1; }
	[ "$(sed -n '/^Besides/,$p' <<<"$output" | tail -n +2 | xargs)" = "budgets.cpu.limit A 2.000s B 10.000s resources.pids.limit A 64 B - \
capabilities A CAP_CHOWN B - network.egress.allow A - B 192.0.2.2 udp 53 noNewPrivileges A - B true" ] || { echo "$output"; return 1; }
	run stint profile diff --json one.json two.json
	[ "$(jq -c "$settings" <<<"$output")" = '[["budgets.cpu.limit",2000000000,10000000000],["resources.pids.limit",64,null],'\
'["capabilities","CAP_CHOWN",null],["network.egress.allow",null,"192.0.2.2 udp 53"],["noNewPrivileges",null,true]]' ] || { echo "$output"; return 1; }
	run stint profile diff one.json one.json
	[ "$status" -eq 0 ]
	[ "$(stint profile diff --json one.json one.json | jq -c .settings)" = '[]' ]
	# Of what one side cannot know nothing is said.
	run stint profile diff --json one.json docker
	[ "$(jq -c '.settings | map(.path) | unique' <<<"$output")" = '["capabilities"]' ]
	run stint profile diff --json docker docker
	[ "$status" -eq 0 ]
	# Recordings: what generate would make of them.
	recorded cap-1 '{capabilitiesRecorded: true, syscalls: ["read"], capabilities: ["CAP_CHOWN"]}'
	run stint profile diff --json cap-1 one.json
	[ "$(jq -c "$settings" <<<"$output")" = '[["capabilities",null,"CAP_KILL"]]' ] || { echo "$output"; return 1; }
	# Two models.
	jq -n '{version: 1, mode: "complain", share: 100, accepted: "", runs: 1, needs: {capabilitiesRecorded: true, capabilities: ["CAP_CHOWN"]},
		seccomp: {defaultAction: "SCMP_ACT_ERRNO"}}' >model.json
	jq '.mode = "enforce" | .needs.capabilities = []' model.json >previous.json
	run stint profile diff --json previous.json model.json
	[ "$status" -eq 1 ]
	[ "$(jq -c "$settings" <<<"$output")" = '[["mode","enforce","complain"],["capabilities",null,"CAP_CHOWN"]]' ]
	echo '{"name": "three", "budget": {}}' >wrong.json
	run stint profile diff one.json wrong.json
	[ "$status" -eq 125 ]
	[[ "$output" == *'did you mean "budgets"'* ]] || { echo "$output"; return 1; }
}

@test "profile: recordings of another host are merged, once" {
	three_runs
	mv "$STORE" "$STINT_TEST_DIR/theirs"
	[ "$(stint profile merge "$STINT_TEST_DIR/theirs")" = "3 runs were taken, 0 were there already" ]
	[ "$(stint profile merge "$STINT_TEST_DIR/theirs/$WORKLOAD"/web-2.*.json "$STINT_TEST_DIR/theirs/$WORKLOAD")" = "0 runs were taken, 4 were there already" ]
	[ "$(stint profile status --json | jq '.[].runs')" = 3 ]
	echo '{"version": 1, "syscalls": ["\u001b[31m"]}' >"$STINT_TEST_DIR/web-9.0000000000000001.00000001.json"
	run stint profile merge "$STINT_TEST_DIR/web-9.0000000000000001.00000001.json"
	[ "$status" -eq 125 ]
}

@test "profile: the command line is checked" {
	three_runs
	local words
	for words in '' generat generate 'show' 'show a b' 'status a b' 'diff a' 'diff a b c' 'explain a b c' merge \
		'generate --json web-1' 'show --runtime runc web-1' 'status -o f' 'merge --json f' 'generate --no-such web-1' 'generate web-1 -o'; do
		run stint profile $words
		[ "$status" -eq 2 ] || { echo "'$words': $status: $output"; return 1; }
		[[ "$output" == *"Try 'stint profile --help'." ]]
	done
	[[ "$(stint profile generat 2>&1 || true)" == *"did you mean 'generate'"* ]]
	run stint profile generate --runtime runcc web-1
	[ "$status" -eq 125 ]
	[[ "$output" == *"runc, crun and any are known"* ]]
}

# --- what is generated ---

@test "profile: a filter is the same whatever the order, is replaced whole, and warns while little was seen" {
	three_runs
	run --separate-stderr stint profile generate web-1 web-2 "$WORKLOAD"
	[ "$status" -eq 0 ]
	[ "$output" = "$(stint profile generate "$WORKLOAD" 2>/dev/null)" ]
	[[ "$stderr" == *"warning: $WORKLOAD: in 3 complete runs 1 needed what none before it did: the next one needs something unseen with a probability of up to 98 %"* ]]
	[[ "$stderr" == *"warning: web-2: in 1 complete run nothing can be said"* ]]
	echo old >f.json
	run stint profile generate --runtime none -o f.json web-1
	[ "$status" -eq 125 ]
	[ "$(cat f.json)" = old ]
	stint profile generate -o f.json web-1 2>/dev/null
	[ "$(stat -c %a f.json)" = 644 ]
	[ "$(allowed f.json)" = "close execve read socket umask write" ]
	[ "$(jq -c '[.defaultAction, .defaultErrnoRet, .architectures]' f.json)" = '["SCMP_ACT_ERRNO",38,["SCMP_ARCH_X86_64"]]' ]
	run stint profile generate -o no/such/dir.json web-1
	[ "$status" -eq 125 ]
	# Seventy runs alike are enough.
	for _ in $(seq 70); do
		recorded web-4 '{workload: "many", syscalls: ["read"]}'
	done
	mkdir -m 700 "$STORE/many"
	mv "$STORE/$WORKLOAD"/web-4.* "$STORE/many"
	run --separate-stderr stint profile generate many
	[ -z "$stderr" ]
}

@test "profile: what has no name, and a runtime that is not known, are said" {
	recorded odd '{syscalls: ["read", "#467"], runtime: {name: "youki", version: "0.3"}}'
	run --separate-stderr stint profile generate odd
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"warning: the runtime youki is not known"*"warning: 1 call was seen that libseccomp has no name for here: the filter does not allow it: #467"* ]]
}

# --- real containers ---

under_filter() { # ID-SUFFIX CMD...: the profile's filter, and what the container says
	local suffix=$1
	shift
	bundle "$id" "$@"
	config ".process.noNewPrivileges = ${new_privileges:-true}"
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id-$suffix" "$BUNDLE" 2>&1
}
generated_profile() { # ID
	stint profile generate -o "$STINT_TEST_DIR/filter.json" "$1" 2>/dev/null
	jq -n --arg file "$STINT_TEST_DIR/filter.json" --argjson new "${new_privileges:-true}" '{name: "generated", seccomp: $file, noNewPrivileges: $new}' >"$STINT_TEST_DIR/profile.json"
}

runs_and_is_denied() {
	local new_privileges n
	for new_privileges in true false; do
		rootfs_with_calls
		rm -f "$STORE/$WORKLOAD"/*
		seen "seen-$RUNTIME" /calls 39
		generated_profile "seen-$RUNTIME"
		# What was seen works, each time; what was not is refused; what nobody knows is not there.
		for n in $(seq 10); do
			[ "$(under_filter "$new_privileges-$n" /calls 39 | xargs)" = "39 done end" ]
		done
		[ "$(under_filter "$new_privileges-d" /calls 39 272 321 323 101 425 250 1000 | xargs)" = \
			"39 done 272 EPERM 321 EPERM 323 EPERM 101 EPERM 425 EPERM 250 EPERM 1000 ENOSYS end" ]
	done
	all_clean "$id"
}
@test "profile: what was seen runs under the generated filter; what was not is EPERM, what is newer ENOSYS" { on_each_runtime runs_and_is_denied; }

a_shell() {
	rootfs_with_calls
	# By chance a signal comes while it waits, or not.
	rm -f "$STORE/$WORKLOAD"/*
	for _ in $(seq 10); do
		seen "shell-$RUNTIME" /bin/sh -c 'ls / | wc -l; head -n 1 /etc/passwd'
	done
	generated_profile "$WORKLOAD"
	[ "$(under_filter 1 /bin/sh -c 'ls / | wc -l; head -n 1 /etc/passwd' | xargs)" = "8 root:x:0:0:root:/root:/bin/sh" ]
	# runc hands both streams on by itself, in either order.
	[ "$(under_filter 2 /bin/sh -c 'mkdir /dev/shm/d || echo no; ls / | wc -l' | sort | tr '\n' ';')" = \
		"8;mkdir: can't create directory '/dev/shm/d': Operation not permitted;no;" ]
	all_clean "$id"
}
@test "profile: a shell with its children, and what else it tries" { on_each_runtime a_shell; }

execs() {
	local pid
	rootfs_with_calls
	seen "execs-$RUNTIME" /calls 39 wait
	generated_profile "execs-$RUNTIME"
	bundle "$id" /calls wait
	mkfifo "$STINT_TEST_DIR/fifo-$RUNTIME"
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id" "$BUNDLE" <"$STINT_TEST_DIR/fifo-$RUNTIME" >/dev/null 2>&1 3>&- &
	pid=$!
	exec 9>"$STINT_TEST_DIR/fifo-$RUNTIME"
	eventually 10 runs
	jq '.process | .args = ["/calls", "39", "272"]' "$BUNDLE/config.json" >"$STINT_TEST_DIR/process.json"
	[ "$($RUNTIME exec -p "$STINT_TEST_DIR/process.json" "$id" | xargs)" = "39 done 272 EPERM end" ]
	exec 9>&-
	wait "$pid"
	all_clean "$id"
}
runs() { [ "$($RUNTIME state "$id" 2>/dev/null | jq -r .status)" = running ]; }
@test "profile: the runtime's exec passes the filter too" { on_each_runtime execs; }

# Two of libseccomp's architectures, and what they make of socketcall.
with_32_bits() {
	rootfs_with_calls
	seen "seen-$RUNTIME" /calls 39
	recorded old "{syscalls: [\"socket\"], arguments: {socket: [[2, 1]]}, compat: {x86: {syscalls: [\"read\", \"connect\"]}}}"
	stint profile generate -o "$STINT_TEST_DIR/filter.json" "$WORKLOAD" 2>/dev/null
	[ "$(jq -c .architectures "$STINT_TEST_DIR/filter.json")" = '["SCMP_ARCH_X86","SCMP_ARCH_X86_64"]' ]
	jq -n --arg file "$STINT_TEST_DIR/filter.json" '{name: "generated", seccomp: $file}' >"$STINT_TEST_DIR/profile.json"
	[ "$(under_filter 1 /calls 39 272 1000 | xargs)" = "39 done 272 EPERM 1000 ENOSYS end" ]
	# By the runtime alone, as it is.
	rootfs_with_calls
	bundle "$id" /calls 39 272 1000
	config --slurpfile filter "$STINT_TEST_DIR/filter.json" '.linux.seccomp = $filter[0]'
	[ "$($RUNTIME run --bundle "$BUNDLE" "$id-alone" | xargs)" = "39 done 272 EPERM 1000 ENOSYS end" ]
	rm -f "$STORE/$WORKLOAD"/*
	all_clean "$id"
}
@test "profile: a filter for 32-bit programs too is loaded by both runtimes" { on_each_runtime with_32_bits; }

# The whole way, as a person goes it: recorded, generated, enforced. Threads and a child are made by clone3.
whole_way() {
	local workload n script='import socket, subprocess, threading
threads = [threading.Thread(target=sum, args=(range(1000),)) for _ in range(3)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
listener = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listener.getsockname()).close()
print(subprocess.run(["/bin/echo", "fine"], capture_output=True, text=True).stdout)'
	local tries='import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for number, first, second in ((272, 0x10000000, 0), (56, 0x10000011, 0), (435, 0, 0), (321, 0, 0), (323, 0, 0), (250, 0, 0), (425, 1, 0), (41, 40, 1), (16, 0, 0x5412)):
    libc.syscall(number, first, second, 0, 0, 0, 0)
    print(number, errno.errorcode[ctypes.get_errno()])'
	ROOTFS=$DEBIAN_ROOTFS bundle "$id" /usr/bin/python3 -c "$script"
	for n in 1 2 3; do
		[[ "$(stint run --runtime "$RUNTIME" --record --id "$id-$n" "$BUNDLE" 2>&1)" == fine*recorded* ]]
	done
	workload=$(stint record show --json "$id-1" | jq -r .workload)
	generated_profile "$workload"
	for n in $(seq 10); do
		[ "$(stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id-e$n" "$BUNDLE" 2>&1 | xargs)" = fine ]
	done
	ROOTFS=$DEBIAN_ROOTFS bundle "$id" /usr/bin/python3 -c "$tries"
	[ "$(stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id-t" "$BUNDLE" 2>&1 | xargs)" = \
		"272 EPERM 56 ENOSYS 435 ENOSYS 321 EPERM 323 EPERM 250 EPERM 425 EPERM 41 ENOSYS 16 ENOSYS" ]
	all_clean "$id"
}
@test "profile: TC-2: python with threads and children is recorded, runs under its filter, and cannot do more" { on_each_runtime whole_way; }
