#!/usr/bin/env bats
# stint verify: the seccomp filter that the kernel runs, read back and held against the plan.

load helpers
load threats

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	[ ! -s "$STINT_TEST_DIR/run" ] || { $RUNTIME resume "$id" || $RUNTIME kill "$id" KILL; } >/dev/null 2>&1 || true
	stint_teardown
}

# A list as engines have it: everything that a shell needs, of three architectures, clone without new namespaces, and a name
# that no runtime knows.
engine_filter() {
	jq -n '{defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], syscalls: [
		{names: ["access", "arch_prctl", "brk", "capget", "capset", "chdir", "clock_nanosleep", "clock_gettime", "close", "close_range",
			"dup", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "execve", "exit", "exit_group", "faccessat", "faccessat2",
			"fchdir", "fchown", "fcntl", "fork", "fstat", "fstatfs", "futex", "getcwd", "getdents64", "getegid", "geteuid",
			"getgid", "getpgrp", "getpid", "getppid", "getrandom", "gettid", "getuid", "ioctl", "kill", "lseek", "madvise", "mmap", "mprotect",
			"munmap", "nanosleep", "newfstatat", "open", "openat", "openat2", "pipe", "pipe2", "poll", "ppoll", "prctl", "prlimit64", "read",
			"readlink", "readlinkat", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "sched_getaffinity", "sched_yield",
			"set_robust_list", "set_tid_address", "setgid", "setgroups", "setpgid", "setsid", "setuid", "sigaltstack", "stat", "statfs", "statx",
			"tgkill", "time", "umask", "uname", "vfork", "wait4", "waitid", "write", "writev", "socketcall", "a_call_of_tomorrow"],
			action: "SCMP_ACT_ALLOW"},
		{names: ["personality"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 0, op: "SCMP_CMP_EQ"}]},
		{names: ["personality"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 4294967295, op: "SCMP_CMP_EQ"}]},
		{names: ["socket"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 40, op: "SCMP_CMP_NE"}]},
		{names: ["clone"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ"}]},
		{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'
}

# Runs the bundle as $id; its first process in $pid, once it is COMM and no longer the runtime.
begin() { # COMM
	stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/out" 2>&1 3>&- &
	echo $! >"$STINT_TEST_DIR/run"
	eventually 10 test -s "$STINT_ROOT/run/stint/$id/pid" || { cat "$STINT_TEST_DIR/out"; return 1; }
	pid=$(cat "$STINT_ROOT/run/stint/$id/pid")
	eventually 10 grep -qx "$1" "/proc/$pid/comm" || { cat "$STINT_TEST_DIR/out"; return 1; }
	eventually 5 stint_is running
}
stint_is() { [ "$(stint ps --json | jq -r ".[] | select(.id == \"$id\") | .status")" = "$1" ]; }
finish() {
	"$RUNTIME" kill "$id" KILL >/dev/null 2>&1 || true
	wait "$(cat "$STINT_TEST_DIR/run")" || true
	rm "$STINT_TEST_DIR/run"
	all_clean "$id"
}
# The control of that name, in $control; the exit status in $status.
verify() { # NAME
	run --separate-stderr timeout 30 stint verify "$id" --json
	control=$(jq -c ".controls[] | select(.control == \"$1\")" <<<"$output")
	[ -n "$control" ] || { echo "$output $stderr"; return 1; }
}
says() { # JQ-CONDITION
	jq -e "$1" <<<"$control" >/dev/null || { echo "$control"; return 1; }
}

enforced() {
	local filter
	for filter in "$(engine_filter)" "$(engine_filter | jq '.defaultAction = "SCMP_ACT_KILL_PROCESS"')" \
		"$(engine_filter | jq '.defaultAction = "SCMP_ACT_ALLOW" | del(.architectures) |
			.syscalls = [{names: ["mkdir", "keyctl"], action: "SCMP_ACT_ERRNO"}, {names: ["bpf"], action: "SCMP_ACT_KILL_PROCESS"},
			{names: ["socket"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 16, op: "SCMP_CMP_EQ"}, {index: 2, value: 9, op: "SCMP_CMP_GE"}]}]')"; do
		bundle "$id" /bin/sleep 60
		config --argjson filter "$filter" '.linux.seccomp = $filter'
		begin sleep
		verify seccomp
		[ "$status" -eq 0 ] || { echo "$output"; return 1; }
		says '.status == "enforced" and (.found | startswith("as planned, ")) and .note == "asked for by config.json"'
		run stint verify "$id"
		[[ "$output" == *"seccomp "*enforced*"a filter of "*" call"*"as planned, "*instructions* ]] || { echo "$output"; return 1; }
		finish
	done
}
# bats test_tags=once
@test "verify: a filter that the kernel runs as planned is enforced" { on_each_runtime enforced; }

# T3 of the threat model: an annotation has the runtime load another filter, and the status of the process looks the same.
# bats test_tags=once
@test "verify: T3: a filter that is not what was asked for is found, and a call that it lets pass is named" {
	local allow_all known
	RUNTIME=crun id="t-verify-$$"
	allow_all=$(printf '\x06\x00\x00\x00\x00\x00\xff\x7f' | base64)
	host_config "$(command -v crun)" '{"allowAnnotations": ["run.oci.seccomp_bpf_data"]}'
	bundle "$id" /bin/sleep 60
	config --argjson filter "$(engine_filter)" --arg data "$allow_all" '.linux.seccomp = $filter | .annotations = {"run.oci.seccomp_bpf_data": $data}'
	begin sleep
	grep -q '^Seccomp:.*2' "/proc/$pid/status"
	verify seccomp
	[ "$status" -eq 1 ]
	says '.status == "degraded" and .found == "another filter, 1 instruction"'
	says '.note | test("^[a-z_0-9]+\\(.*\\) on x86_64: errno 1 is asked for, allowed is the answer; and [0-9]+ calls more$")'
	finish
	# As the plan has it but for who knows a word: mkdir, of which the mode's upper half is 0x5ec2e7.
	bundle "$id" /bin/sleep 60
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	known=$({
		printf '\x20\x00\x00\x00\x04\x00\x00\x00' # A = the architecture
		printf '\x15\x00\x01\x00\x3e\x00\x00\xc0' # x86_64?
		printf '\x06\x00\x00\x00\x00\x00\x00\x00' # killed
		printf '\x20\x00\x00\x00\x00\x00\x00\x00' # A = the number
		printf '\x35\x00\x06\x00\x00\x00\x00\x40' # x32?
		printf '\x15\x00\x00\x04\x53\x00\x00\x00' # mkdir?
		printf '\x20\x00\x00\x00\x1c\x00\x00\x00' # A = the upper half of its mode
		printf '\x15\x00\x02\x00\xe7\xc2\x5e\x00'
		printf '\x06\x00\x00\x00\x01\x00\x05\x00' # errno 1
		printf '\x06\x00\x00\x00\x00\x00\x00\x00'
		printf '\x06\x00\x00\x00\x00\x00\xff\x7f' # allowed
		printf '\x06\x00\x00\x00\x00\x00\x00\x00'
	} | base64 -w 0)
	config --arg data "$known" '.annotations = {"run.oci.seccomp_bpf_data": $data}'
	begin sleep
	verify seccomp
	[ "$status" -eq 1 ]
	says '.note == "mkdir(0, 0x5ec2e700000000) on x86_64: errno 1 is asked for, allowed is the answer"'
	finish
}

# It is stopped for a moment at most: what it does goes on, and no signal is lost.
leaves_no_trace() {
	local before
	bundle "$id" /bin/sh -c 'n=0; trap "n=\$((n + 1)); echo \$n" USR1; trap "echo done; exit 3" TERM; echo ready; while :; do sleep 0.01; done'
	config --argjson filter "$(engine_filter)" '.linux.seccomp = $filter'
	begin sh
	eventually 5 grep -qx ready "$STINT_TEST_DIR/out"
	for n in 1 2 3 4 5 6 7 8 9 10; do
		stint verify "$id" >/dev/null 3>&- &
		before=$!
		kill -USR1 "$pid" # around the time when it is stopped
		wait $before
		eventually 5 grep -qx "$n" "$STINT_TEST_DIR/out" || { cat "$STINT_TEST_DIR/out"; return 1; }
	done
	grep -q '^TracerPid:.*[[:space:]]0$' "/proc/$pid/status"
	run -1 grep -q '^State:.*[tT] ' "/proc/$pid/status"
	"$RUNTIME" kill "$id" TERM
	wait "$(cat "$STINT_TEST_DIR/run")" || [ $? -eq 3 ]
	rm "$STINT_TEST_DIR/run"
	all_clean "$id"
}
# bats test_tags=once
@test "verify: the container goes on, and hears every signal" { on_each_runtime leaves_no_trace; }

paused() {
	bundle "$id" /bin/sleep 60
	config --argjson filter "$(engine_filter)" '.linux.seccomp = $filter'
	begin sleep
	"$RUNTIME" pause "$id"
	eventually 5 stint_is frozen
	verify seccomp
	[ "$status" -eq 1 ]
	says '.status == "degraded" and .found == "a filter, not checked" and .note == "the container is paused"'
	stint_is frozen
	# And where nobody is there to say that it is paused: it is tried, for a while, and let go. On v2 it can be read all the same.
	kill -STOP "$(cat "$STINT_TEST_DIR/run")" "$(guard_of "$id")"
	kill -KILL "$(monitor_of "$id")" "$(guard_of "$id")"
	eventually 5 stint_is unwatched
	verify seccomp
	[ "$status" -eq 1 ]
	says '.status == "enforced" or .note == "its first process cannot be stopped: is it paused?"'
	"$RUNTIME" resume "$id"
	verify seccomp
	says '.status == "enforced"'
	grep -q '^TracerPid:.*[[:space:]]0$' "/proc/$pid/status"
	run -1 grep -q '^State:.*[tT] ' "/proc/$pid/status"
	"$RUNTIME" kill "$id" KILL
	kill -CONT "$(cat "$STINT_TEST_DIR/run")"
	finish
}
@test "verify: a paused container is not checked, and keeps nobody waiting" { on_each_runtime paused; }

# In the host's pid namespace a container outlives its first process, under crun: runc run ends what is left.
ended() {
	bundle "$id" /bin/sh -c 'sleep 15 & exec sleep 61'
	config --argjson filter "$(engine_filter)" '.linux.seccomp = $filter | .linux.namespaces |= map(select(.type != "pid"))'
	begin sleep
	verify seccomp
	says '.status == "enforced"'
	kill -KILL "$pid"
	[ "$RUNTIME" = runc ] || {
		eventually 5 first_process_is_gone
		[ "$status" -eq 1 ]
	}
	finish
	run stint verify "$id"
	[ "$status" -eq 125 ]
	[[ "$output" == *"has ended"* ]]
}
first_process_is_gone() { verify process 2>/dev/null >&2 && says '.status == "absent" and .found == "it has ended"'; }
# bats test_tags=once
@test "verify: of a container whose first process has ended it says so" { on_each_runtime ended; }
