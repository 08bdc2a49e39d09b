#!/usr/bin/env bats
# The machine itself runs out of memory: only a machine of the tests' own can be made to.

load ../integration/helpers
load ../integration/threats
load ../integration/engine

setup_file() {
	[ -e /sbin/machine-init ] || { echo "this is not the emulated machine" >&2; return 1; }
	# Short of memory, the kernel kills rather than reads the programs in again and again: what was used in the last
	# second stays. Else this takes minutes on a slow disk, and shows no more.
	echo y >/sys/kernel/mm/lru_gen/enabled
	echo 1000 >/sys/kernel/mm/lru_gen/min_ttl_ms
	stint_setup_file
}
teardown_file() {
	echo 0 >/sys/kernel/mm/lru_gen/min_ttl_ms
	echo n >/sys/kernel/mm/lru_gen/enabled
	stint_teardown_file
}
setup() { stint_setup; }
teardown() {
	echo 0 >/proc/sys/vm/nr_hugepages
	engine_teardown
}

# All that there is but for 300 MiB is set aside for those who ask for huge pages; nobody does.
take_memory() {
	local available
	available=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
	echo $(((available - (300 << 10)) >> 11)) >/proc/sys/vm/nr_hugepages
	available=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
	[ "$available" -lt $((400 << 10)) ] || { echo "$available KiB are left" >&2; return 1; }
}

out_of_memory() {
	local hog=$id-hog before pid
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sleep 200
	budget wall 75s
	created_and_started "$id"
	before=$(watchers "$id" | sort | xargs)
	# Who has to read his program from the disk again and again is late: 80 s, without this and the setting above.
	for pid in $before; do awk '$1 == "VmLck:" { exit $2 < 1000 }' "/proc/$pid/status"; done
	bundle "$hog" /bin/sh -c 'sleep 1; exec dd if=/dev/zero of=/dev/null bs=1G'
	budget wall 100s
	take_memory
	created_and_started "$hog"
	eventually 60 reported "$hog"
	# The kernel took the one that took too much, and nobody's monitor.
	[ "$(report_of "$hog" '.usage.oomKills > 0 and .verdict == null and .monitor.takeovers == 0')" = true ] || { report_of "$hog" .; return 1; }
	[[ "$(stint why "$hog")" == *memory* ]] || { stint why "$hog"; return 1; }
	[ "$(watchers "$id" | sort | xargs)" = "$before" ] || { echo "watched by $before before, now by $(watchers "$id")" >&2; return 1; }
	echo 0 >/proc/sys/vm/nr_hugepages
	eventually 80 reported "$id"
	[ "$(report_of "$id" '.verdict.budget == "wall" and .usage.wallNs < 76000000000 and .monitor.exact')" = true ] || { report_of "$id" .; return 1; }
	engine delete "$id"
	engine delete "$hog"
	all_clean "$id"
	all_clean "$hog"
}
@test "the machine out of memory: the hog dies, no monitor does, budgets and reports are kept" { on_each_runtime out_of_memory; }
