#!/usr/bin/env bats
# The machine itself runs out of memory: only a machine of the tests' own can be made to.

load ../integration/helpers
load ../integration/threats
load ../integration/engine

setup_file() {
	[ -e /sbin/machine-init ] || { echo "this is not the emulated machine" >&2; return 1; }
	stint_setup_file
}
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	[ -z "${ballast:-}" ] || kill -KILL "$ballast" 2>/dev/null || true
	engine_teardown
}

# Takes what there is but for 300 MiB, and is no victim itself.
take_memory() {
	python3 -c '
import re, time
open("/proc/self/oom_score_adj", "w").write("-1000")
free = int(re.search(r"MemAvailable: *(\d+)", open("/proc/meminfo").read()).group(1))
ballast = bytearray((free << 10) - (300 << 20))
print("taken", flush=True)
time.sleep(300)' >"$STINT_TEST_DIR/ballast" 2>&1 3>&- </dev/null &
	ballast=$!
	eventually 60 grep -q taken "$STINT_TEST_DIR/ballast"
}

out_of_memory() {
	local hog=$id-hog before
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sleep 200
	budget wall 40s
	created_and_started "$id"
	before=$(watchers "$id" | sort | xargs)
	bundle "$hog" /bin/sh -c 'sleep 1; exec tail /dev/zero'
	budget wall 100s
	take_memory
	created_and_started "$hog"
	eventually 60 reported "$hog"
	# The kernel took the one that took too much, and nobody's monitor.
	[ "$(report_of "$hog" '.usage.oomKills > 0 and .verdict == null and .monitor.takeovers == 0')" = true ] || { report_of "$hog" .; return 1; }
	[[ "$(stint why "$hog")" == *memory* ]] || { stint why "$hog"; return 1; }
	[ "$(watchers "$id" | sort | xargs)" = "$before" ]
	kill -KILL "$ballast"
	eventually 60 reported "$id"
	[ "$(report_of "$id" '.verdict.budget == "wall" and .usage.wallNs < 41000000000 and .monitor.exact')" = true ] || { report_of "$id" .; return 1; }
	engine delete "$id"
	engine delete "$hog"
	all_clean "$id"
	all_clean "$hog"
}
@test "the machine out of memory: the hog dies, no monitor does, budgets and reports are kept" { on_each_runtime out_of_memory; }
