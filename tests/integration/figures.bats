#!/usr/bin/env bats
# The figures of a report against what the workload itself says that it used, and each budget spent and not spent by
# real programs in a Debian root.

load helpers
load threats

setup_file() {
	stint_setup_file
	cp "$(tool burn -static)" "$(tool hold -static)" "$BUSYBOX_ROOTFS/bin/"
	"$TOP/scripts/make-rootfs" debian "$DEBIAN_ROOTFS"
	own_start_of crun >"$STINT_FILE_DIR/own-crun"
	own_start_of runc >"$STINT_FILE_DIR/own-runc"
}
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { stint_teardown; }

# What a runtime itself spends in the container's group: the most of a few runs of a program that does nothing, three times
# over, since a busy machine makes it more.
own_start_of() { # RUNTIME
	local n most=0 now
	for n in 1 2 3 4 5; do
		now=$(stint run --runtime "$1" --report - --rootfs "$BUSYBOX_ROOTFS" -- /bin/true | jq .usage.cpuNs)
		[ "$now" -lt "$most" ] || most=$now
	done
	[ "$most" -gt 0 ] && echo $((3 * most))
}
# The numbers that it printed, and its report.
said_by() { sed -n '1p' "$STINT_TEST_DIR/$1.out"; }

burning() { # NUMBER: of fifty; from 10 to 206 ms, in one to four processes
	local runtime=crun
	[ $(($1 % 2)) -eq 0 ] || runtime=runc
	stint run --runtime "$runtime" --id "t-burn-$1-$FIFTY" --rootfs "$BUSYBOX_ROOTFS" -- /bin/burn $((10 + 4 * $1)) $((1 + $1 % 4)) \
		>"$STINT_TEST_DIR/$1.out" 2>&1
}
# bats test_tags=once
@test "fifty containers that measure their own CPU time: a report is never below, nor above by more than the runtime's start" {
	export -f burning
	export STINT_TEST_DIR BUSYBOX_ROOTFS FIFTY=$$
	seq 0 49 | xargs -P 3 -I '{}' bash -c 'burning {}' 3>&-
	for n in $(seq 0 49); do
		id=t-burn-$n-$$ own=$(cat "$STINT_FILE_DIR/own-crun")
		[ $((n % 2)) -eq 0 ] || own=$(cat "$STINT_FILE_DIR/own-runc")
		said=$(said_by $n)
		[ "$said" -ge $(((10 + 4 * n) * 1000000)) ]
		[ "$(reports_count "$id")" -eq 1 ]
		[ "$(report_of "$id" ".monitor.exact and .usage.cpuNs >= $said and .usage.cpuNs <= $said + $own")" = true ] ||
			{ echo "it said $said, the runtime's start is $own:"; report_of "$id" .usage; return 1; }
	done
}

burning_past() {
	bundle "$id" /bin/sh -c 'n=0; while [ $n -lt 20 ]; do /bin/burn 100; n=$((n+1)); done'
	run --separate-stderr stint run --runtime "$RUNTIME" --budget cpu=700ms --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	sum=0
	for n in "${lines[@]}"; do sum=$((sum + n)); done
	# Several were done with; what they used is in the figure, and so is what the last one had.
	[ "$sum" -ge 400000000 ]
	[ "$sum" -le 700000000 ]
	[ "$(report_of "$id" ".monitor.exact and .usage.cpuNs >= $sum and .usage.cpuNs >= 700000000 and .usage.cpuNs < 780000000 + \$late")" = true ]
	[ "$(report_of "$id" '.verdict.used >= .verdict.limit and .usage.cpuNs >= .verdict.used')" = true ]
	all_clean "$id"
}
@test "a container that is killed for its CPU time: what ended before is all in the figure" { on_each_runtime burning_past; }

memory_peak() {
	local mib
	for mib in 5 40 160; do
		bundle "$id" /bin/hold $mib 50
		run --separate-stderr stint run --runtime "$RUNTIME" --budget memory=256MiB --id "$id" "$BUNDLE"
		[ "$status" -eq 0 ]
		# The kernel charges by pages, in batches; page tables and the runtime's start are there too.
		[ "$(report_of "$id" ".usage.memoryPeakBytes >= $mib * 1048576 and .usage.memoryPeakBytes <= $mib * 1048576 + 24 * 1048576")" = true ] ||
			{ report_of "$id" .usage; return 1; }
		[ "$output" -ge $((mib * 1048576)) ]
		[ "$(report_of "$id" .verdict)" = null ]
	done
	all_clean "$id"
}
@test "the memory peak is what was held, although it was given back" { on_each_runtime memory_peak; }

wall_time() {
	local before after
	bundle "$id" /bin/sleep 1
	before=$(date +%s%N)
	stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	after=$(date +%s%N)
	# It begins when the monitor sees that there is a container, which may be a moment late.
	[ "$(report_of "$id" ".usage.wallNs >= 950000000 and .usage.wallNs <= $after - $before")" = true ]
	[ "$(report_of "$id" '.usage.wallNs < 1500000000 + $late and .usage.cpuNs < 500000000 + $late')" = true ]
	# The same by the clock on the wall, whose digits the report gives: within what is lost in rounding.
	[ "$(date -d "$(report_of "$id" .started)" +%s%N)" -ge "$before" ]
	[ "$(date -d "$(report_of "$id" .ended)" +%s%N)" -le "$after" ]
	wall=$(($(date -d "$(report_of "$id" .ended)" +%s%N) - $(date -d "$(report_of "$id" .started)" +%s%N)))
	[ "$(report_of "$id" "(.usage.wallNs - $wall) | fabs < 50000000")" = true ]
}
@test "wall time is the time from start to end, and the moments agree" { on_each_runtime wall_time; }

pids_peak() {
	bundle "$id" /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 0.5 & done; wait; sleep 0.1'
	stint run --runtime "$RUNTIME" --budget pids=40 --id "$id" "$BUNDLE"
	# Ten of its own; runc has a few threads in there at the start.
	[ "$(report_of "$id" '.usage.pidsPeak >= 10 and .usage.pidsPeak <= 24 and .verdict == null')" = true ]
}
@test "the peak of processes" { on_each_runtime pids_peak; }

# --- real programs ---

on_debian() { # ID-SUFFIX BUDGET CMD...: its exit status is in $status
	local suffix=$1 budget=$2
	shift 2
	run --separate-stderr timeout 60 stint run --runtime "$RUNTIME" --budget "$budget" --id "$id-$suffix" --rootfs "$DEBIAN_ROOTFS" -- "$@"
	[ "$(reports_count "$id-$suffix")" -eq 1 ]
	[ "$(report_of "$id-$suffix" .monitor.exact)" = true ]
}
not_spent() { # SUFFIX
	[ "$status" -eq 0 ] && [ "$(report_of "$id-$1" .verdict)" = null ] || { echo "$status $output $stderr"; report_of "$id-$1" .; return 1; }
	all_clean "$id-$1"
}
spent() { # SUFFIX BUDGET
	[ "$status" -eq 137 ] && [ "$(report_of "$id-$1" .verdict.budget)" = "$2" ] || { echo "$status $output $stderr"; report_of "$id-$1" .; return 1; }
	[ "$(report_of "$id-$1" '.verdict.used >= .verdict.limit')" = true ]
	all_clean "$id-$1"
}

python() {
	local count='
import os, sys, time
children = [os.fork() for i in range(2)] if sys.argv[1] == "fork" else []
if children and 0 in children: children = []
end = time.process_time() + float(sys.argv[2])
while time.process_time() < end: sum(range(1000))
for child in children: os.waitpid(child, 0)
print(time.process_time())' hold='
import sys, time
held = bytearray(int(sys.argv[1]) << 20)
time.sleep(0.2)
print(len(held))' threads='
import sys, threading, time
for i in range(int(sys.argv[1])): threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()'
	on_debian cpu-kept cpu=20s python3 -c "$count" alone 0.3
	not_spent cpu-kept
	[ "$(report_of "$id-cpu-kept" ".usage.cpuNs >= $(tail -n 1 <<<"$output") * 1000000000 - 1000")" = true ]
	on_debian cpu cpu=600ms python3 -c "$count" fork 30
	spent cpu cpu
	[ "$(report_of "$id-cpu" '.usage.cpuNs < 700000000 + $late')" = true ]
	on_debian memory-kept memory=200MiB python3 -c "$hold" 100
	not_spent memory-kept
	[ "$(report_of "$id-memory-kept" '.usage.memoryPeakBytes > 100 * 1048576')" = true ]
	on_debian memory memory=64MiB python3 -c "$hold" 200
	spent memory memory
	on_debian wall-kept wall=30s python3 -c 'import time; time.sleep(0.5)'
	not_spent wall-kept
	on_debian wall wall=700ms python3 -c 'import time; time.sleep(60)'
	spent wall wall
	on_debian pids-kept pids=40 python3 -c "$threads" 20
	not_spent pids-kept
	on_debian pids pids=15 python3 -c "$threads" 30
	spent pids pids
}
@test "python3 in a Debian root: CPU, memory, wall and pids, each spent and not spent" { on_each_runtime python; }

stress() {
	on_debian cpu-kept cpu=30s stress-ng --quiet --temp-path /dev/shm --cpu 2 --cpu-ops 20
	not_spent cpu-kept
	on_debian cpu cpu=800ms stress-ng --quiet --temp-path /dev/shm --cpu 3 --timeout 40
	spent cpu cpu
	[ "$(report_of "$id-cpu" '.usage.cpuNs < 900000000 + $late')" = true ]
	on_debian memory-kept memory=256MiB stress-ng --quiet --temp-path /dev/shm --vm 1 --vm-bytes 32M --vm-ops 200
	not_spent memory-kept
	on_debian memory memory=64MiB stress-ng --quiet --temp-path /dev/shm --oomable --vm 2 --vm-bytes 200M --vm-keep --timeout 40
	spent memory memory
	on_debian wall wall=900ms stress-ng --quiet --temp-path /dev/shm --sleep 2 --timeout 40
	spent wall wall
	on_debian pids-kept pids=80 stress-ng --quiet --temp-path /dev/shm --fork 1 --fork-ops 100
	not_spent pids-kept
	on_debian pids pids=20 stress-ng --quiet --temp-path /dev/shm --clone 2 --timeout 40
	spent pids pids
}
@test "stress-ng in a Debian root: CPU, memory, wall and pids" { on_each_runtime stress; }
