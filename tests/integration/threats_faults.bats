#!/usr/bin/env bats
# T23 of the threat model: what fails on a broken or full machine. Whatever call fails, either the container ran as it
# should, watched, with one report; or it was refused with a sentence and nothing is left of it.

load helpers
load threats

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() {
	stint_setup
	mkdir -p "$(dirname "$JOURNAL")"
	touch "$JOURNAL"
	INJECTED=0
}
teardown() {
	stint_teardown
	no_host_config
}

# A container that runs for ever unless somebody watches it: its budget is spent soon.
busy_bundle() { bundle "$1" /bin/sh -c 'while :; do :; done'; }

# What may have become of container ID, after a command that ended with $status, $output and $stderr.
judged() { # ID WHAT-WAS-DONE
	local reports pending=0
	case $status in
	137) [[ "$stderr" == *"cpu budget"*spent* || "$(report_of "$1" .verdict.budget)" == cpu ]] ||
		{ echo "$2: killed, but by whom? $stderr"; return 1; } ;;
	1 | 125 | 126 | 127) a_sentence "$(tail -n 1 <<<"$stderr")" || { echo "$2: failed without a sentence: $stderr"; return 1; } ;;
	*) echo "$2: status $status: $output $stderr"; return 1 ;;
	esac
	# A report that met the fault itself is kept until the next container's end.
	[[ "$stderr" != *"the report could not be written"* ]] || pending=1
	if [ $pending -eq 1 ]; then
		eventually 5 compgen -G "$STINT_ROOT/run/stint/$1~pending*" >/dev/null
		INJECTED=0 RUNTIME=${RUNTIME:-crun} runs_well "$1-next" "$2"
	fi
	all_clean "$1" >"$STINT_TEST_DIR/left" || { echo "$2: left (status $status: $stderr): $(cat "$STINT_TEST_DIR/left")"; return 1; }
	reports=$(reports_count "$1")
	[ "$status" -ne 137 ] || [ "$reports" -eq 1 ] || { echo "$2: $reports reports"; return 1; }
	[ "$reports" -le 1 ]
}
runs_well() { # ID WHAT-WAS-DONE-BEFORE
	attempt "$STINT_BIN/stint" run --runtime "$RUNTIME" --budget cpu=20ms --id "$1" "$BUNDLE"
	[ "$status" -eq 137 ] && [ "$(reports_count "$1")" -eq 1 ] || { echo "after $2: nothing runs any more: $status: $stderr"; return 1; }
}

# COMMAND with call CALL failing with ERROR the N-th time in each of its processes, up to where they become another
# program (-b execve): the runtime and the container are not what is tried here. False when there is no N-th call.
with_fault() { # CALL ERROR N COMMAND...
	local call=$1 error=$2 n=$3
	shift 3
	attempt strace -f -b execve -o "$STINT_TEST_DIR/trace" -e trace="$call" -e inject="$call:error=$error:when=$n" "$@"
	grep -q INJECTED "$STINT_TEST_DIR/trace" || return 1
	INJECTED=$((INJECTED + 1))
}

stint_run_with_fault() { # CALL ERROR N
	local id="t-fault-$RUNTIME-$1-$3-$$" hit=0
	with_fault "$1" "$2" "$3" "$STINT_BIN/stint" run --runtime "$RUNTIME" --budget cpu=20ms --id "$id" "$BUNDLE" || hit=1
	judged "$id" "stint run, $1:$2:$3" || return 2
	return $hit
}

engine_with_fault() { # CALL ERROR N
	local id="t-fault-$RUNTIME-$1-$3-$$" hit=0
	with_fault "$1" "$2" "$3" "$STINT_BIN/stint-runtime" --root "$STINT_TEST_DIR/engine-$RUNTIME" create --bundle "$BUNDLE" "$id" || hit=1
	if [ "$status" -eq 0 ]; then
		[ -n "$(watchers "$id")" ] || { echo "engine, $1:$2:$3: created, and not watched"; return 2; }
		# To its end now and then only: where nobody reaps the container the monitor waits a second for its status.
		if [ $((INJECTED % 16)) -eq 0 ]; then
			engine start "$id" || { echo "engine, $1:$2:$3: created, but not to be started"; return 2; }
			eventually 5 stopped "$id" || { echo "engine, $1:$2:$3: its budget does not hold"; return 2; }
		fi
		engine delete --force "$id"
		[ $((INJECTED % 16)) -ne 0 ] || eventually 5 one_report "$id"
		status=125 stderr='stint: it was deleted'
	fi
	judged "$id" "engine, $1:$2:$3" || return 2
	return $hit
}
one_report() { [ "$(reports_count "$1")" -eq 1 ]; }
stopped() { [ "$("$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" state "$1" | jq -r .status)" = stopped ]; }

# Each of the N-th calls there are, up to MAX; FUNCTION gives 1 when there is no such call, 2 when it went wrong.
each_call() { # FUNCTION CALL ERROR MAX
	local n result
	for ((n = 1; n <= $4; n++)); do
		result=0
		"$1" "$2" "$3" $n || result=$?
		[ $result -ne 2 ] || return 1
		[ $result -ne 1 ] || return 0
	done
}

launcher_faults() { # FUNCTION
	each_call "$1" openat EMFILE 50
	each_call "$1" mkdirat ENOSPC 20
	each_call "$1" write ENOSPC 5
	each_call "$1" mmap ENOMEM 6
	each_call "$1" socketpair EMFILE 4
	each_call "$1" sendto ENOBUFS 2
	each_call "$1" clone3 EAGAIN 2
	each_call "$1" clone EAGAIN 4
	each_call "$1" vfork EAGAIN 2
	each_call "$1" fallocate ENOSPC 2
	each_call "$1" renameat ENOSPC 4
	each_call "$1" fcntl EMFILE 4
	each_call "$1" pidfd_open EMFILE 2
	each_call "$1" socket EMFILE 2
	each_call "$1" signalfd4 EMFILE 1
	each_call "$1" poll ENOMEM 2
}
@test "T23: stint run, each call it makes failing once: it runs well or leaves nothing" {
	RUNTIME=crun
	busy_bundle run
	launcher_faults stint_run_with_fault
	[ $INJECTED -ge 60 ] || { echo "only $INJECTED faults"; return 1; }
}

@test "T23: stint run around runc likewise" {
	RUNTIME=runc
	busy_bundle run
	for n in 3 8 15 22 30; do stint_run_with_fault openat EMFILE $n || [ $? -eq 1 ]; done
	for n in 1 5 9; do stint_run_with_fault mkdirat ENOSPC $n || [ $? -eq 1 ]; done
	each_call stint_run_with_fault socketpair EMFILE 4
	[ $INJECTED -ge 9 ]
}

@test "T23: stint-runtime create, each call it makes failing once: what it created is watched, or there is nothing" {
	# A host that gives every container a budget: create has no options for it.
	RUNTIME=crun
	echo '{"name": "short", "budgets": {"cpu": {"limit": "20ms"}}}' >"$STINT_TEST_DIR/short.json"
	host_config "$(command -v crun)" "{\"defaultProfile\": \"$STINT_TEST_DIR/short.json\"}"
	busy_bundle engine
	launcher_faults engine_with_fault
	[ $INJECTED -ge 60 ] || { echo "only $INJECTED faults"; return 1; }
}

# The monitor alone: programs are looked for beside the one that runs, so a directory of copies can have another.
broken_monitor() { # sets $BROKEN: a directory of programs whose monitor meets the fault that is in $STINT_TEST_DIR/fault
	BROKEN=$STINT_TEST_DIR/broken
	mkdir -p "$BROKEN"
	cp "$STINT_BIN"/stint* "$BROKEN/"
	mv "$BROKEN/stint-monitor" "$BROKEN/the-real-one"
	cat >"$BROKEN/stint-monitor" <<-SCRIPT
	#!/bin/sh
	read -r call error n <$STINT_TEST_DIR/fault
	exec /usr/bin/strace -f -o $STINT_TEST_DIR/trace -e trace=\$call -e inject=\$call:error=\$error:when=\$n \\
		$BROKEN/the-real-one "\$@"
	SCRIPT
	chmod +x "$BROKEN/stint-monitor"
}
monitor_with_fault() { # CALL ERROR N
	local id="t-fault-$RUNTIME-$1-$3-$$" hit=1
	echo "$1 $2 $3" >"$STINT_TEST_DIR/fault"
	attempt "$BROKEN/stint" run --runtime "$RUNTIME" --budget cpu=20ms --id "$id" "$BUNDLE"
	judged "$id" "monitor, $1:$2:$3" || return 2
	if grep -q INJECTED "$STINT_TEST_DIR/trace"; then
		hit=0
		INJECTED=$((INJECTED + 1))
	fi
	return $hit
}
monitor_faults() {
	local call
	broken_monitor
	each_call monitor_with_fault openat EMFILE "$1"
	each_call monitor_with_fault write ENOSPC 12
	each_call monitor_with_fault mmap ENOMEM 6
	each_call monitor_with_fault clone EAGAIN 2
	each_call monitor_with_fault fcntl EMFILE 3
	each_call monitor_with_fault mkdirat ENOSPC 3
	for call in epoll_create1 timerfd_create inotify_init1 socket bind listen eventfd2 pidfd_open dup2; do
		each_call monitor_with_fault $call EMFILE 2
	done
}
@test "T23: each call of the monitor failing once, from its start to the report" {
	RUNTIME=crun
	busy_bundle monitor
	monitor_faults 40
	[ $INJECTED -ge 50 ] || { echo "only $INJECTED faults"; return 1; }
}

@test "T23: the monitor beside runc likewise" {
	RUNTIME=runc
	busy_bundle monitor
	broken_monitor
	for n in 2 9 16 23; do monitor_with_fault openat EMFILE $n || [ $? -eq 1 ]; done
	each_call monitor_with_fault socket EMFILE 1
	each_call monitor_with_fault clone EAGAIN 1
	[ $INJECTED -ge 5 ]
}

@test "T23: with too few descriptors, or too little memory, it runs well or leaves nothing" {
	local ran=0 refused=0
	RUNTIME=crun
	busy_bundle few
	# With less room than the program itself takes the kernel ends it before it is one.
	for limit in --nofile={4..40..3} --nofile={60,100,200,1024} --as={4..22..3}000000; do
		id="t-few${limit//[-=]/_}-$$"
		attempt prlimit "$limit:${limit#*=}" "$STINT_BIN/stint" run --runtime crun --budget cpu=20ms --id "$id" "$BUNDLE"
		if [ "$status" -eq 137 ] && [[ "$stderr" == *"cpu budget"* ]]; then
			ran=$((ran + 1))
		else
			refused=$((refused + 1))
			[ "$status" -ne 139 ] || { echo "$limit: it crashed"; return 1; }
			[ -n "$stderr" ] || { echo "$limit: status $status without a word"; return 1; }
		fi
		all_clean "$id" || { echo "$limit: left: $stderr"; return 1; }
		[ "$(reports_count "$id")" -le 1 ]
	done
	[ $ran -ge 3 ] && [ $refused -ge 3 ] || { echo "ran $ran, refused $refused"; return 1; }
}

# --- a disk that is full ---

# FUNCTION in a mount namespace of its own, where it may mount small filesystems below $STINT_ROOT.
with_mounts() { # FUNCTION [ARG...]
	declare -f busy_bundle judged runs_well "$1" >"$STINT_TEST_DIR/functions"
	export RUNTIME BUNDLE
	unshare --mount --propagation private bash -euc '
		source "$BATS_TEST_DIRNAME/helpers.bash"
		source "$BATS_TEST_DIRNAME/threats.bash"
		source "$STINT_TEST_DIR/functions"
		"$@"' bash "$@"
}

full_run_directory() {
	local ran=0 refused=0 option
	rm -rf "${STINT_ROOT:?}/run"
	mkdir -p "$STINT_ROOT/run"
	for option in size={4,8,16,32,48,64,72,80,88,96,104,112,120,128,160,256}k nr_inodes={2,3,4,5,6,7,8,9,10,11,12,14,16,20}; do
		id="t-full-$RUNTIME-${option//=/-}-$$"
		mount -t tmpfs -o "$option" none "$STINT_ROOT/run"
		attempt stint run --runtime "$RUNTIME" --budget cpu=20ms --id "$id" "$BUNDLE"
		[ "$status" -eq 137 ] && ran=$((ran + 1)) || refused=$((refused + 1))
		judged "$id" "$option" || return 1
		[ -z "$(find "$STINT_ROOT/run/stint" -mindepth 1 2>/dev/null)" ]
		umount "$STINT_ROOT/run"
	done
	[ $ran -ge 4 ] && [ $refused -ge 6 ] || { echo "ran $ran, refused $refused"; return 1; }
}
full_run() {
	busy_bundle "full-$RUNTIME"
	export STINT_TEST_DIR BUSYBOX_ROOTFS TOP JOURNAL BATS_TEST_DIRNAME
	with_mounts full_run_directory
}
@test "T23: a full filesystem under the state directory: it runs well or leaves nothing" { on_each_runtime full_run; }

full_log_directory() {
	local log=$STINT_ROOT/var/log n
	rm -rf "${log:?}"
	mkdir -p "$log"
	mount -t tmpfs -o size=64k none "$log"
	mkdir "$log/stint"
	runs_well "$id-before" nothing
	# Full to the last byte, and then with room for half a report.
	head -c 100000 /dev/zero >"$log/filler" 2>/dev/null || true
	head -c 100000 /dev/zero >>"$JOURNAL.filler" 2>/dev/null || true
	[ "$(df --output=avail "$log" | tail -n 1)" -eq 0 ]
	# What is left of the journal's own last page: fill it, as other reports would.
	n=$(($(stat -c %s "$JOURNAL") % 4096))
	head -n 1 "$JOURNAL" >"$STINT_TEST_DIR/line"
	while [ $((4096 - n % 4096)) -gt "$(stat -c %s "$STINT_TEST_DIR/line")" ]; do
		cat "$STINT_TEST_DIR/line" >>"$JOURNAL"
		n=$(stat -c %s "$JOURNAL")
	done
	for n in 1 2 3; do
		attempt stint run --runtime "$RUNTIME" --budget cpu=20ms --id "$id-$n" "$BUNDLE"
		[ "$status" -eq 137 ] || { echo "status $status: $stderr"; return 1; }
		[[ "$stderr" == *"cpu budget"*"the report could not be written"* ]] || { echo "$stderr"; return 1; }
		[ "$(reports_count "$id-$n")" -eq 0 ]
		[ -d "$STINT_ROOT/run/stint/$id-$n~pending1" ]
	done
	# The same id may be used again while its report waits.
	attempt stint run --runtime "$RUNTIME" --budget cpu=20ms --id "$id-1" "$BUNDLE"
	[ "$status" -eq 137 ] && [ -d "$STINT_ROOT/run/stint/$id-1~pending2" ]
	# Whole lines only.
	jq -e .id "$JOURNAL" >/dev/null
	[ "$(tail -c 1 "$JOURNAL" | od -An -c | tr -d ' ')" = '\n' ]
	rm "$log/filler" "$JOURNAL.filler"
	runs_well "$id-after" 'room was made'
	eventually 5 test -z "$(ls -A "$STINT_ROOT/run/stint")" || ls "$STINT_ROOT/run/stint"
	for n in 2 3 after; do [ "$(reports_count "$id-$n")" -eq 1 ] || { echo "$id-$n: $(reports_count "$id-$n") reports"; return 1; }; done
	[ "$(reports_count "$id-1")" -eq 2 ]
	[ "$(report_of "$id-2" .verdict.budget)" = cpu ]
	jq -e .id "$JOURNAL" >/dev/null
	umount "$log"
}
full_log() {
	busy_bundle "log-$RUNTIME"
	export STINT_TEST_DIR BUSYBOX_ROOTFS TOP JOURNAL BATS_TEST_DIRNAME id
	with_mounts full_log_directory
}
@test "T23: a full filesystem under the log directory: budgets hold, and reports are kept until there is room" {
	on_each_runtime full_log
}
