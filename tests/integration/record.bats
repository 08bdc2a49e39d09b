#!/usr/bin/env bats
# What a container asks of the kernel, written down: held against what strace sees of the same run, and everything that
# may happen to a recording.

load helpers
load threats
load engine
load recordings

setup_file() { stint_setup_file; }
teardown_file() {
	eventually 5 none_records
	stint_teardown_file
}
setup() { stint_setup; }
teardown() { engine_teardown; }

shown() { # ID JQ-FILTER
	stint record show --json "$1" | jq -r "$2"
}
none_records() { # of this file's; dead ones apart
	local pid
	for pid in $(pgrep -x stint-recorder); do
		! grep -zq -- "--root=$STINT_ROOT\$" "/proc/$pid/cmdline" 2>/dev/null || return 1
	done
}
# The same by notification, where eBPF can be had too: as the host's configuration says.
by_notification() { # FUNCTION
	local recorder='{"recorder": "notify"}'
	host_config "$(command -v "$RUNTIME")" "$recorder"
	"$1"
	no_host_config
}
on_each_runtime_by_notification() { # FUNCTION
	notified() { by_notification "$function"; }
	local function=$1
	on_each_runtime notified
}
# What runc does at any moment, and so is not asked for (lib/seccomp/notify.c), is taken to be needed by all.
but_what_is_assumed() {
	[ -z "${recorder:-}" ] || [ "$RUNTIME" != runc ] || set -- brk epoll_pwait futex getpid gettid madvise mmap munmap nanosleep \
		rt_sigprocmask rt_sigreturn sched_yield sigaltstack tgkill write
	grep -vxF "$(printf '%s\n' "${@:-none}")" || true
}
asks_to_be_recorded() { config '.annotations["io.stint.record"] = "true"'; }

# The names of what strace -f -o saw after the runtime had executed the container's program.
names_of_trace() { # FILE
	awk '!go && (/execve\(.*\) += 0$/ || /execve resumed>.*= 0$/) { go = 1; next } go' "$1" |
		sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' | sed -E 's/^syscall_0x([0-9a-f]+)$/echo "#$((0x\1))"/e' | sort -u
}

# --- ground truth ---

# A program's own run, recorded and traced: the same names. The trace begins while the container is created and not started.
against_strace() { # NAME SCRIPT
	local name=$1 script=$2 one=$id-$1 trace=$STINT_TEST_DIR/trace-$1 tracer pid
	programs_bundle "$one" /bin/sh -c "$script"
	asks_to_be_recorded
	engine_create "$one"
	pid=$(cat "$STINT_TEST_DIR/$one.pid")
	strace -f -s 32 -o "$trace" -p "$pid" 2>"$trace.err" 3>&- &
	tracer=$!
	eventually 10 grep -q "^$pid " "$trace" # what its first thread waits in: from here on it is traced
	engine start "$one"
	eventually 60 has_status "$one" stopped
	wait "$tracer" || true
	ended_and_deleted "$one" 20
	names_of_trace "$trace" | but_what_is_assumed >"$trace.names"
	shown "$one" '.syscalls[]' | LC_ALL=C sort -u | but_what_is_assumed >"$trace.recorded"
	[ "$(wc -l <"$trace.names")" -gt 15 ] || { echo "$name: strace saw little"; tail -n 5 "$trace" "$trace.err" "$STINT_TEST_DIR/$one.out"; return 1; }
	diff "$trace.names" "$trace.recorded" || {
		echo "$name under $RUNTIME: < strace, > recorded"
		grep -n execve "$trace"
		tail "$STINT_TEST_DIR/$one.out"
		return 1
	}
	[ "$(shown "$one" '.complete, .lost, .runtime.name' | xargs)" = "true 0 $RUNTIME" ] || { shown "$one" .; return 1; }
}
programs() { # those from the first given to the last
	local from=${1%-*} to=${1#*-}
	host_config "$(command -v "$RUNTIME")" "${recorder:-}"
	local name script
	while IFS=$'\t' read -r name script; do
		against_strace "$name" "$script" || return 1
	done < <(grep -v '^#' "$BATS_TEST_DIRNAME/programs.list" | sed -n "$from,${to}p")
}
first_programs() { programs 1-4; }
more_programs() { programs 5-8; }
next_programs() { programs 9-15; }
last_programs() { programs 16-99; }
@test "record: shells, coreutils and nginx: name for name what strace sees" { on_each_runtime first_programs; }
# bats test_tags=once
@test "record: text, python, perl and redis: name for name what strace sees" { on_each_runtime more_programs; }
# bats test_tags=once
@test "record: sqlite, memcached, git, openssl, curl, node and lighttpd: name for name what strace sees" { on_each_runtime next_programs; }
# bats test_tags=once
@test "record: archivers, jq, lua, tcl, busybox and procps: name for name what strace sees" { on_each_runtime last_programs; }

some_programs() { programs 1-8; }
# bats test_tags=once
@test "record: by notification, shells, coreutils, python, perl, nginx and redis: name for name what strace sees" {
	on_each_runtime_by_notification some_programs
}

# --- what is recorded ---

runs() { # ID SCRIPT [OPTION...]: recorded
	local one=$1
	bundle "$one" /bin/sh -c "$2"
	shift 2
	stint run --record --runtime "$RUNTIME" --id "$one" "$@" "$BUNDLE" 2>"$STINT_TEST_DIR/$one.err"
}
has_need() { # ID JQ-CONDITION
	[ "$(shown "$1" "$2")" = true ] || { echo "not so: $2"; shown "$1" .; return 1; }
}

arguments() {
	cat >"$STINT_TEST_DIR/asks.c" <<-'END'
		#include <sys/socket.h>
		#include <sys/ioctl.h>
		#include <sys/prctl.h>
		#include <sys/personality.h>
		#include <fcntl.h>
		#include <unistd.h>
		#include <sys/syscall.h>
		int main(void)
		{
			int s = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
			setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
			for (unsigned i = 0; i < 200; i++)
				ioctl(s, 0x12340000u + i, 0);
			fcntl(s, F_GETFL);
			syscall(SYS_fcntl, s, 0x7700000000 + F_GETFD);
			prctl(PR_SET_NAME, "renamed");
			personality(0xffffffff);
			long x32 = 0x40000000 + SYS_getppid, compat;
			__asm__ volatile("syscall" : "+a"(x32) : : "rcx", "r11", "memory");
			__asm__ volatile("int $0x80" : "=a"(compat) : "a"(64), "b"(0) : "memory"); /* getppid */
			return 0;
		}
	END
	cc -O1 -static -o "$BUSYBOX_ROOTFS/bin/asks" "$STINT_TEST_DIR/asks.c"
	runs "$id" 'asks; true'
	# A kernel may have no 32-bit calls: int 0x80 is a segmentation fault then, and no call.
	local compat='.compat | has("x86") | not'
	# By notification those are there, too, of which nobody is asked.
	local only='. == ["getppid"]'
	[ -z "${recorder:-}" ] || only='contains(["getppid"])'
	! "$BUSYBOX_ROOTFS/bin/asks" ||
		compat="(.compat.x86.syscalls | $only) and .programs[\"x86:getppid\"] == \"renamed\""
	has_need "$id" '.arguments.socket == [[2, 2]] and .arguments.setsockopt == [[1, 2]] and .arguments.personality == [[4294967295]]'
	has_need "$id" '.arguments.ioctl == "any" and (.arguments.fcntl | contains([[3], [1]])) and (.arguments.prctl | contains([[15]]))'
	[ -n "${recorder:-}" ] || has_need "$id" '.compat.x32.syscalls == ["getppid"]'
	has_need "$id" "$compat"
	has_need "$id" '.programs["x32:getppid"] == "renamed"'
	has_need "$id" '.programs["socket 2 2"] == "asks" and .programs["personality 4294967295"] == "renamed"'
	stint record show "$id" >"$STINT_TEST_DIR/text"
	[[ "$compat" == *not ]] || grep -qE '^System calls of 32-bit programs \([0-9]+\)$' "$STINT_TEST_DIR/text"
	grep -qE '^  socket 2 2 +asks$' "$STINT_TEST_DIR/text"
}
@test "record: values of arguments, 32-bit and x32 calls, and who asked" { on_each_runtime arguments; }
# bats test_tags=once
@test "record: by notification, values of arguments, 32-bit and x32 calls, and who asked" { on_each_runtime_by_notification arguments; }

# What the container asks for, and nothing of what its runtime does for it: between the filter's loading and the first
# instruction is written down apart.
only_the_workload() {
	local filter='{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}]}'
	jq -n '{name: "open"}' >"$STINT_TEST_DIR/profile.json"
	bundle "$id" /bin/true
	config --argjson filter "$filter" '.linux.seccomp = $filter | .process.noNewPrivileges = false'
	stint run --record --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id-1" "$BUNDLE"
	has_need "$id-1" '.syscalls | any(IN("mount", "pivot_root", "seccomp", "capset", "setns", "execve")) | not'
	has_need "$id-1" '.runtime.syscalls | contains(["execve", "capset"]) and (any(. == "pivot_root") | not)'
	has_need "$id-1" '.runtime.noNewPrivileges == false and (.runtime.version | length) > 3'
	config '.process.noNewPrivileges = true'
	stint run --record --runtime "$RUNTIME" --id "$id-2" "$BUNDLE" 2>/dev/null
	has_need "$id-2" '.runtime.syscalls | contains(["execve"]) and (any(. == "capset") | not)'
}
@test "record: the runtime's own calls are not the workload's" { on_each_runtime only_the_workload; }
# bats test_tags=once
@test "record: by notification, the runtime's own calls are not the workload's" { on_each_runtime_by_notification only_the_workload; }

# cap_capable came with Linux 6.14.
capabilities() {
	local expected='[]'
	[ ! -e /sys/kernel/tracing/events/capability ] && [ ! -e /sys/kernel/debug/tracing/events/capability ] || expected='["CAP_CHOWN"]'
	bundle "$id" /bin/sh -c 'touch /tmp/f; chown 5 /tmp/f; chroot / true 2>/dev/null; true'
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN"]) | .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	stint run --record --runtime "$RUNTIME" --id "$id" "$BUNDLE" 2>/dev/null
	[ "$(shown "$id" '.capabilities | tojson')" = "$expected" ] || { shown "$id" .; return 1; }
	# That a process may grow is asked for CAP_SYS_ADMIN, and it grows without.
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | .process.args[2] = "sort /etc/passwd | head -c 1"'
	stint run --record --runtime "$RUNTIME" --id "$id-2" "$BUNDLE" 2>/dev/null
	[ "$(shown "$id-2" '.capabilities | tojson')" = '[]' ] || { shown "$id-2" .; return 1; }
	config '.process.args[2] = "mount -t tmpfs none /tmp"'
	stint run --record --runtime "$RUNTIME" --id "$id-3" "$BUNDLE" 2>/dev/null
	[ "$expected" = '[]' ] || has_need "$id-3" '.capabilities == ["CAP_SYS_ADMIN"]'
}
@test "record: capabilities that were used and held, where the kernel tells" {
	mount -t tracefs none /sys/kernel/tracing 2>/dev/null || true
	on_each_runtime capabilities
}

# --- execs, starts and ends ---

executed_into() {
	host_config "$(command -v "$RUNTIME")" "${recorder:-}"
	bundle "$id" /bin/sleep 60
	asks_to_be_recorded
	created_and_started "$id"
	engine exec "$id" /bin/mkdir /dev/shm/d >/dev/null 2>&1
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
	has_need "$id" '.complete and (.syscalls | any(. == "mkdir") and (any(. == "setns") | not)) and .programs.mkdir == "mkdir"'
}
@test "record: what is executed in a container is recorded too" { on_each_runtime executed_into; }
# bats test_tags=once
@test "record: by notification, what is executed in a container is recorded too" { on_each_runtime_by_notification executed_into; }

# There is room for 128 at a time that ask; one more ends, and hangs nobody.
too_many() {
	host_config "$(command -v "$RUNTIME")" "$recorder"
	bundle "$id" /bin/sleep 100
	asks_to_be_recorded
	created_and_started "$id"
	for _ in $(seq 127); do
		engine exec --detach --pid-file "$STINT_TEST_DIR/$id.executed" "$id" /bin/sleep 100 </dev/null >/dev/null 2>&1
	done
	run timeout 20 stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" exec "$id" /bin/echo there
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ] && [[ "$output" != there ]] || { echo "$status $output"; return 1; }
	kill -KILL "$(cat "$STINT_TEST_DIR/$id.executed")"
	eventually 10 executes "$id"
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
}
executes() { [ "$(engine exec "$1" /bin/echo there </dev/null 2>/dev/null)" = there ]; }
# bats test_tags=once
@test "record: by notification, of more execs than can ask one fails, and hangs nobody" { on_each_runtime_by_notification too_many; }

is_recorded() { stint record show "$1" 2>/dev/null; }
has_call() { shown "$1" .syscalls 2>/dev/null | grep -q "\"$2\""; }

started_and_stopped() {
	host_config "$(command -v "$RUNTIME")" "${recorder:-}"
	bundle "$id" /bin/sh -c 'uname; while [ ! -e /dev/shm/go ]; do sleep 0.05; done; mkdir /dev/shm/d; rmdir /dev/shm/d; exec sleep 60'
	created_and_started "$id"
	run stint record stop "$id"
	[ "$status" -eq 1 ]
	[[ "$output" == *"is not being recorded"* ]]
	stint record start "$id"
	run stint record start "$id"
	[ "$status" -eq 125 ]
	[[ "$output" == *"is being recorded already"* ]]
	engine exec "$id" /bin/touch /dev/shm/go
	eventually 5 has_call "$id" rmdir # while it runs
	has_need "$id" '.ended == null and .complete == false'
	stint record stop "$id"
	[ -z "$(recorders "$id")" ]
	has_need "$id" '.ended != null and .complete == false and (.syscalls | any(. == "rmdir") and (any(. == "uname") | not))'
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
}
@test "record: from now on and no longer, of a container that runs" { on_each_runtime started_and_stopped; }

# Of a container that has a filter which asks, its recorder stays, and answers.
stopped_by_notification() {
	bundle "$id" /bin/sh -c 'while [ ! -e /dev/shm/go ]; do sleep 0.05; done; mkdir /dev/shm/d && exec sleep 60'
	run stint record start no-such
	asks_to_be_recorded
	created_and_started "$id"
	eventually 5 has_call "$id" nanosleep || eventually 1 has_call "$id" clock_nanosleep
	stint record stop "$id"
	has_need "$id" '.ended != null and .complete == false and (.syscalls | any(. == "mkdir") | not)'
	engine exec "$id" /bin/touch /dev/shm/go
	eventually 5 engine exec "$id" /bin/ls /dev/shm/d
	run ! stint record start "$id"
	[[ "$output" == *"the container has its seccomp filter already"* ]] || { echo "$output"; return 1; }
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
	eventually 5 no_recorder "$id"
}
# bats test_tags=once
@test "record: by notification, from the start only; and what is recorded no longer is answered" {
	on_each_runtime_by_notification stopped_by_notification
}

own_listener() {
	bundle "$id" /bin/true
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nowhere", syscalls: [{names: ["acct"], action: "SCMP_ACT_NOTIFY"}]}'
	run -125 stint run --record --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[[ "$output" == *"the seccomp filter has a listener of its own"* ]] || { echo "$output"; return 1; }
	all_clean "$id"
}
# bats test_tags=once
@test "record: by notification, a filter that has a listener is not given another" { on_each_runtime_by_notification own_listener; }

# Nobody waits for a recorder that is gone: what it is asked for is answered with ENOSYS.
is_not_asking() { ! grep -qs seccomp "/proc/$1/wchan"; }
killed_while_asked() {
	bundle "$id" /bin/sh -c 'while uname >/dev/null; do :; done; exit 3'
	asks_to_be_recorded
	created_and_started "$id"
	eventually 5 has_call "$id" uname
	kill -KILL "$(recorders "$id")"
	eventually 5 is_not_asking "$(cat "$STINT_TEST_DIR/$id.pid")"
	engine kill "$id" KILL 2>/dev/null || true
	ended_and_deleted "$id" 10
	has_need "$id" '.complete == false and (.syscalls | any(. == "uname"))'
}
# bats test_tags=once
@test "record: by notification, a container whose recorder is killed does not hang" { on_each_runtime_by_notification killed_while_asked; }

# The recorder is killed when the runtime has loaded the filter and nobody has taken the descriptor yet by which it is answered: the
# process that waits holds that itself, and so the kernel answers nobody in the recorder's place.
killed_before_handing_over() {
	local run
	stopping_runtime "$STINT_TEST_DIR/stopping-$RUNTIME"
	host_config "$STINT_TEST_DIR/stopping-$RUNTIME" '{"recorder": "notify"}'
	bundle "$id" /bin/true
	stint run --record --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.err" 2>&1 3>&- &
	run=$!
	eventually 10 asks_somebody "$id"
	kill -KILL $(recorders "$id")
	eventually 15 is_gone $run || { kill -KILL $run; return 1; }
	all_clean "$id"
	report_of "$id" '.warnings[]' | grep 'stint-recorder was killed: the container is killed, which asks it by notification'
}
# bats test_tags=once
@test "record: by notification, a container whose recorder is killed before the hand-over ends" { on_each_runtime killed_before_handing_over; }

executed_before_handing_over() {
	local exec
	stopping_runtime "$STINT_TEST_DIR/stopping-$RUNTIME" exec
	host_config "$STINT_TEST_DIR/stopping-$RUNTIME" '{"recorder": "notify"}'
	bundle "$id" /bin/sleep 60
	asks_to_be_recorded
	created_and_started "$id"
	engine exec "$id" /bin/true >"$STINT_TEST_DIR/exec" 2>&1 </dev/null 3>&- &
	exec=$!
	eventually 10 asks_somebody "$id"
	kill_recorder "$id"
	eventually 10 is_gone $exec || { kill -KILL $exec; return 1; }
	eventually 5 grep "stint: exec in $id: stint-recorder was killed" "$STINT_TEST_DIR/exec" || { cat "$STINT_TEST_DIR/exec"; return 1; }
	ended_and_deleted "$id" 10
	no_host_config
}
# bats test_tags=once
@test "record: by notification, an exec whose recorder is killed before the hand-over ends" { on_each_runtime executed_before_handing_over; }

killed() {
	host_config "$(command -v "$RUNTIME")" "${recorder:-}"
	bundle "$id" /bin/sh -c 'mkdir /dev/shm/d; exec sleep 60'
	asks_to_be_recorded
	created_and_started "$id"
	eventually 5 has_call "$id" mkdir
	kill -KILL "$(recorders "$id")"
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
	has_need "$id" '.complete == false and .ended == null and (.syscalls | any(. == "mkdir"))'
}
@test "record: of a recorder that was killed, what it had written is kept, and is not called complete" { on_each_runtime killed; }

# A recorder has room for so many processes of a runtime's at once (shim/recorder_shared.h). It is filled as an engine could: by
# what is put into the container's group from outside and has not executed a program of the container's.
group_of() { # ID: in the v2 tree
	local path
	path=$(sed -n 's/^0:://p' "/proc/$(cat "$STINT_ROOT/run/stint/$1/pid")/cgroup")
	[ -d "/sys/fs/cgroup/unified$path" ] && echo "/sys/fs/cgroup/unified$path" || echo "/sys/fs/cgroup$path"
}
holds_at_least() { [ "$(wc -l <"$1")" -ge "$2" ]; } # FILE LINES
lost_some() {
	local filler
	bundle "$id" /bin/sh -c 'mkdir /dev/shm/d; while [ ! -e /dev/shm/go ]; do sleep 0.1; done; rmdir /dev/shm/d'
	stint run --record --runtime "$RUNTIME" --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/$id.err" 2>&1 3>&- &
	local run=$!
	eventually 10 has_call "$id" mkdir
	perl -e 'open my $procs, ">", "$ARGV[0]/cgroup.procs" or die; syswrite $procs, $$ or die; close $procs;
		for (1 .. 1100) { my $pid = fork; die unless defined $pid; push @all, $pid if $pid; $pid or do { sleep 300; exit } }
		$SIG{TERM} = sub { kill "KILL", @all; exit }; sleep 300' "$(group_of "$id")" </dev/null 3>&- &
	filler=$!
	eventually 20 holds_at_least "$(group_of "$id")/cgroup.procs" 1102
	kill -TERM $filler
	wait $filler || true
	$RUNTIME exec "$id" /bin/touch /dev/shm/go
	wait $run
	has_need "$id" '.complete == false and .lost > 50 and .ended != null and (.syscalls | contains(["mkdir", "rmdir"]))'
	grep "$id: recorded [0-9]* system calls, but not all of the run" "$STINT_TEST_DIR/$id.err"
	stint record show "$id" | grep 'not complete'
	stint record show "$id" | grep '^[0-9]* things found no room'
	stint profile status --json "$(shown "$id" .workload)" | jq -e '.[0] | .incomplete > 0 and .incomplete <= .runs'
	stint profile generate "$id" 2>&1 >/dev/null | grep 'in 0 complete runs nothing can be said of how complete this is'
	# Nothing of them was taken for the workload's.
	has_need "$id" '(.syscalls | any(. == "kill" or . == "setns") | not) and ([.programs[]] | any(. == "perl") | not)'
	all_clean "$id"
}
# bats test_tags=once
@test "record: what finds no room is counted, and the recording is not complete" { on_each_runtime lost_some; }

never_started() {
	bundle "$id" /no/such/program
	run -127 stint run --record --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	eventually 5 no_recorder "$id"
	run ! is_recorded "$id"
	host_config "$(command -v "$RUNTIME")" "${recorder:-}"
	bundle "$id" /bin/true
	asks_to_be_recorded
	engine_create "$id-2"
	engine delete --force "$id-2"
	eventually 5 no_recorder "$id-2"
	run ! is_recorded "$id-2"
	all_clean "$id-2"
}
@test "record: a container that never began leaves nothing" { on_each_runtime never_started; }
# bats test_tags=once
@test "record: by notification, a container that never began leaves nothing" { on_each_runtime_by_notification never_started; }

# --- who asks for it ---

asked_for() {
	bundle "$id" /bin/true
	jq -n '{name: "seen", record: true}' >"$STINT_TEST_DIR/profile.json"
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id-1" "$BUNDLE" 2>/dev/null
	is_recorded "$id-1"
	stint explain --json --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" | jq -e '.effective.record and
		(.sources | any(.path == "record" and .from == "profile seen"))'
	config '.annotations["io.stint.record"] = "false"'
	stint run --runtime "$RUNTIME" --id "$id-2" "$BUNDLE"
	run ! is_recorded "$id-2"
	config '.annotations["io.stint.record"] = "yes"'
	run stint run --runtime "$RUNTIME" --id "$id-3" "$BUNDLE"
	[ "$status" -eq 125 ]
	[[ "$output" == *'annotation io.stint.record: "true" or "false" is wanted'* ]]
}
@test "record: by --record, the profile, or the annotation" { on_each_runtime asked_for; }

# An installation without the recorder.
cannot() {
	local bin=$STINT_TEST_DIR/bin-$RUNTIME
	mkdir "$bin"
	cp "$STINT_BIN"/stint* "$bin"
	rm "$bin/stint-recorder"
	no_host_config
	bundle "$id" /bin/true
	run -125 "$bin/stint" run --record --runtime "$RUNTIME" --id "$id-1" "$BUNDLE"
	[[ "$output" == *"record system calls: there is no"*"without the recorder"* ]] || { echo "$output"; return 1; }
	all_clean "$id-1"
	host_config "$(command -v "$RUNTIME")" '{"onUnenforceable": "warn"}'
	"$bin/stint" run --record --id "$id-2" "$BUNDLE"
	[[ "$(report_of "$id-2" '.warnings[0]')" == *"there is no"* ]]
}
# bats test_tags=once
@test "record: where it cannot be had the container is refused, or it is said in the report" { on_each_runtime cannot; }
