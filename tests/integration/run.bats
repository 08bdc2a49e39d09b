#!/usr/bin/env bats
# stint run, as a person uses it, on each real runtime: budgets spent and kept, reports, exit statuses.

load helpers

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { stint_teardown; }

well_behaved() {
	bundle "$id" /bin/sh -c 'echo hello; exit 3'
	run --separate-stderr stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[ "$status" -eq 3 ]
	[ "$output" = hello ]
	[ -z "$stderr" ]
	[ "$(report_of "$id" .exit.code)" = 3 ]
	[ "$(report_of "$id" .exit.signal)" = null ]
	[ "$(report_of "$id" .verdict)" = null ]
	[ "$(report_of "$id" .monitor.exact)" = true ]
	[ "$(report_of "$id" .runtime)" = "$RUNTIME" ]
	[ "$(reports_count "$id")" -eq 1 ]
	no_leftovers "$id"
}
@test "a well-behaved container ends by itself, with its own status and one exact report" {
	on_each_runtime well_behaved
}

cpu_spent() {
	bundle "$id" /bin/sh -c 'while :; do :; done'
	run --separate-stderr stint run --runtime "$RUNTIME" --budget cpu=500ms --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[[ "$stderr" == "stint: $id: killed: cpu budget 500"*" spent (used 50"* ]]
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" .verdict.limit)" = 500000000 ]
	[ "$(report_of "$id" .verdict.action)" = kill ]
	[ "$(report_of "$id" '.verdict.used >= 500000000')" = true ]
	[ "$(report_of "$id" '.usage.cpuNs < 560000000 + $late')" = true ]
	[ "$(report_of "$id" .exit.signal)" = 9 ]
	[ "$(reports_count "$id")" -eq 1 ]
	no_leftovers "$id"
}
@test "cpu: a busy loop is stopped when its CPU time is spent" { on_each_runtime cpu_spent; }

cpu_all_processes() {
	bundle "$id" /bin/sh -c '(while :; do :; done) & (while :; do :; done) & while :; do :; done'
	run stint run --runtime "$RUNTIME" --budget cpu=400ms --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" '.usage.cpuNs >= 400000000 and .usage.cpuNs < 470000000 + $late')" = true ]
}
@test "cpu: it is the whole container's, three loops on every CPU" { on_each_runtime cpu_all_processes; }

wall_spent() {
	bundle "$id" /bin/sleep 60
	run --separate-stderr stint run --runtime "$RUNTIME" --budget wall=700ms --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[[ "$stderr" == *"killed: wall budget 700"*" spent (used 70"* ]]
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	[ "$(report_of "$id" '.usage.wallNs >= 700000000 and .usage.wallNs < 800000000 + $late')" = true ]
	[ "$(report_of "$id" '.monitor.wakeups < 15')" = true ]
	no_leftovers "$id"
}
@test "wall: a sleeper is stopped at its time, and the monitor slept too" { on_each_runtime wall_spent; }

memory_spent() {
	bundle "$id" /bin/sh -c 'tail /dev/zero; sleep 30'
	run --separate-stderr stint run --runtime "$RUNTIME" --budget memory=24MiB --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = memory ]
	[ "$(report_of "$id" '.verdict.used >= .verdict.limit')" = true ]
	[ "$(report_of "$id" '.usage.oomKills >= 1')" = true ]
	[ "$(report_of "$id" '.usage.memoryPeakBytes <= 25165824')" = true ]
	[ "$(report_of "$id" '.usage.wallNs < 10000000000 + $late')" = true ]
	no_leftovers "$id"
}
@test "memory: a child that takes too much ends the whole container" { on_each_runtime memory_spent; }

pids_spent() {
	bundle "$id" /bin/sh -c 'i=0; (while [ $i -lt 50 ]; do sleep 30 & i=$((i+1)); done); sleep 30'
	run stint run --runtime "$RUNTIME" --budget pids=16 --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = pids ]
	[ "$(report_of "$id" '.usage.pidsPeak <= 16')" = true ]
	# When it was refused a fork, not when it ended.
	[ "$(report_of "$id" '.usage.wallNs < 10000000000 + $late')" = true ]
	no_leftovers "$id"
}
@test "pids: a container that forks too much is ended" { on_each_runtime pids_spent; }

memory_time_spent() {
	bundle "$id" /bin/sh -c 'head -c 20m /dev/zero | tail -c 20m | sleep 60 & dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null; sleep 60'
	run stint run --runtime "$RUNTIME" --budget memory=64MiB --budget memoryTime=20MiB.s --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = memoryTime ]
	[ "$(report_of "$id" '.usage.memoryByteSeconds >= 20971520')" = true ]
}
# What it used is known, and counts towards the next life, however much is left.
memory_time_counted() {
	bundle "$id" /bin/sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null; sleep 2'
	stint run --runtime "$RUNTIME" --budget memory=64MiB --budget memoryTime=1TiB.s --id "$id" "$BUNDLE"
	[ "$(report_of "$id" '.usage | .memoryByteSeconds >= 35 * 1048576 and .memoryByteSeconds <= .memoryPeakBytes * .wallNs / 1000000000')" = true ] ||
		{ report_of "$id" .usage; return 1; }
	[ "$(report_of "$id" '.monitor.wakeups < 50')" = true ] || { report_of "$id" .monitor; return 1; }
}
@test "memoryTime: what was used is counted, far from the limit too" { RUNTIME=crun; id="t-mc-$$"; memory_time_counted; }
@test "memoryTime: byte-seconds are spent by holding memory" { RUNTIME=crun; id="t-mt-$$"; memory_time_spent; }

@test "cpuRate with throttle: the container goes on, slower" {
	id="t-rate-$$"
	bundle "$id" /bin/sh -c 'while :; do :; done'
	cat >"$STINT_TEST_DIR/rate.json" <<-JSON
	{"name": "rate", "budgets": {"cpuRate": {"limit": "200ms", "per": "1s", "action": "throttle"}, "wall": {"limit": "3s"}}}
	JSON
	run stint run --profile "$STINT_TEST_DIR/rate.json" --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	# The bucket, and then a fifth of a CPU: 0.2 + 3 × 0.2, and what a period's end lets through.
	[ "$(report_of "$id" '.usage.cpuNs > 500000000 and .usage.cpuNs < 1300000000 + $late')" = true ]
	[ "$(report_of "$id" '.usage.throttledNs > 0')" = true ]
}

@test "term with grace: the container may clean up, and is killed if it does not" {
	id="t-term-$$"
	cat >"$STINT_TEST_DIR/term.json" <<-JSON
	{"name": "term", "budgets": {"wall": {"limit": "500ms", "action": "term", "grace": "1s"}}}
	JSON
	bundle "$id" /bin/sh -c 'trap "echo cleaned; exit 0" TERM; while :; do sleep 0.05; done'
	run --separate-stderr stint run --profile "$STINT_TEST_DIR/term.json" --id "$id" "$BUNDLE"
	[[ "$output" == *cleaned* ]]
	[ "$(report_of "$id" .verdict.action)" = term ]
	[ "$(report_of "$id" '.usage.wallNs < 1200000000 + $late')" = true ]
	id="t-term2-$$"
	bundle "$id" /bin/sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	run stint run --profile "$STINT_TEST_DIR/term.json" --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" '.usage.wallNs >= 1500000000 and .usage.wallNs < 2000000000 + $late')" = true ]
}

@test "warn: thresholds and a warn-only budget are said and reported, and nothing is stopped" {
	id="t-warn-$$"
	cat >"$STINT_TEST_DIR/warn.json" <<-JSON
	{"name": "warn", "budgets": {"wall": {"limit": "10s", "warn": "10%"}, "cpu": {"limit": "100ms", "action": "warn"}}}
	JSON
	bundle "$id" /bin/sh -c 'until read -r stat </proc/$$/stat; set -- $stat; [ $((${14} + ${15})) -gt 20 ]; do :; done; sleep 1.2'
	run --separate-stderr stint run --profile "$STINT_TEST_DIR/warn.json" --id "$id" "$BUNDLE"
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"wall budget"*"10%"* ]]
	[ "$(report_of "$id" '.warnings | map(select(test("cpu budget"))) | length')" = 1 ]
	[ "$(report_of "$id" '.warnings | map(select(test("wall budget"))) | length')" = 1 ]
	[ "$(report_of "$id" .verdict.action)" = warn ]
}

@test "freeze: a spent budget stops the clock, and nothing else; kill ends it" {
	id="t-freeze-$$"
	cat >"$STINT_TEST_DIR/freeze.json" <<-JSON
	{"name": "freeze", "budgets": {"cpu": {"limit": "200ms", "action": "freeze"}, "wall": {"limit": "2s"}}}
	JSON
	bundle "$id" /bin/sh -c 'while :; do :; done'
	run stint run --profile "$STINT_TEST_DIR/freeze.json" --id "$id" "$BUNDLE"
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	[ "$(report_of "$id" '.usage.cpuNs < 260000000 + $late')" = true ]
	no_leftovers "$id"
}

# bats test_tags=once
@test "--rootfs makes a bundle on the spot, read-only unless --writable" {
	run --separate-stderr stint run --rootfs "$BUSYBOX_ROOTFS" -- /bin/sh -c 'id -u; touch /x 2>/dev/null || echo read-only'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = read-only ]
	cp -a "$BUSYBOX_ROOTFS" "$STINT_TEST_DIR/w"
	run stint run --writable --rootfs "$STINT_TEST_DIR/w" -- /bin/touch /x
	[ "$status" -eq 0 ]
	[ -e "$STINT_TEST_DIR/w/x" ]
}

# bats test_tags=once
@test "exit status: 2 usage, 125 stint, 126 not executable, 127 not found, as docker run" {
	run stint run
	[ "$status" -eq 2 ]
	run stint run --no-such-option x
	[ "$status" -eq 2 ]
	run stint run "$STINT_TEST_DIR/no-such-bundle"
	[ "$status" -eq 125 ]
	for runtime in crun runc; do
		run -127 stint run --runtime $runtime --rootfs "$BUSYBOX_ROOTFS" -- /no/such/command
		run stint run --runtime $runtime --rootfs "$BUSYBOX_ROOTFS" -- /etc
		[ "$status" -eq 126 ]
	done
}

# bats test_tags=once
@test "--report FILE and --report -: the same line as in the journal" {
	id="t-rep-$$"
	bundle "$id" /bin/true
	run stint run --report "$STINT_TEST_DIR/one.jsonl" --id "$id" "$BUNDLE"
	[ "$status" -eq 0 ]
	[ "$(wc -l <"$STINT_TEST_DIR/one.jsonl")" -eq 1 ]
	[ "$(cat "$STINT_TEST_DIR/one.jsonl")" = "$(grep "\"$id\"" "$STINT_ROOT/var/log/stint/reports.jsonl")" ]
	run --separate-stderr stint run --report - --id "$id-2" "$BUNDLE"
	[ "$(jq -r .id <<<"$output")" = "$id-2" ]
}

# bats test_tags=once
@test "the bundle's config.json is not changed, and may be used again" {
	id="t-again-$$"
	bundle "$id" /bin/true
	before=$(sha256sum "$BUNDLE/config.json")
	stint run --id "$id" "$BUNDLE"
	stint run --id "$id" "$BUNDLE"
	[ "$(sha256sum "$BUNDLE/config.json")" = "$before" ]
	[ "$(reports_count "$id")" -eq 2 ]
}

@test "signals reach the container" {
	id="t-sig-$$"
	bundle "$id" /bin/sh -c 'trap "echo got it; exit 7" TERM; echo up; while :; do sleep 0.05; done'
	stint run --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/out" 2>&1 &
	pid=$!
	eventually 5 grep -q up "$STINT_TEST_DIR/out"
	kill -TERM $pid
	wait $pid || status=$?
	[ "$status" -eq 7 ]
	grep -q 'got it' "$STINT_TEST_DIR/out"
}

# bats test_tags=once
@test "with a terminal: the container has one, and its size is the caller's" {
	id="t-tty-$$"
	bundle "$id" /bin/sh -c 'tty; test -t 0 && echo is-a-tty'
	jq '.process.terminal = true' "$BUNDLE/config.json" >"$BUNDLE/c" && mv "$BUNDLE/c" "$BUNDLE/config.json"
	for runtime in crun runc; do
		# Its standard input stays open: at its end `script` would hang up on the container.
		run timeout 20 script -qec "$STINT_BIN/stint run --runtime $runtime --id $id-$runtime $BUNDLE" /dev/null < <(sleep 3)
		[ "$status" -eq 0 ]
		[[ "$output" == *is-a-tty* ]]
	done
}

# bats test_tags=once
@test "what a container wrote to its terminal before crun began to copy is not lost" {
	id="t-flush-$$"
	bundle "$id" /bin/sh -c 'echo first; echo; echo "{\"level\": \"mine\"}"; sleep 0.01; echo last'
	config '.process.terminal = true'
	# crun makes this call before its first look whether the container has ended.
	printf '#!/bin/sh\nexec strace -qq -o /dev/null -e trace=signalfd4 -e inject=signalfd4:delay_enter=500000 crun "$@"\n' >"$STINT_TEST_DIR/slow-crun"
	chmod 755 "$STINT_TEST_DIR/slow-crun"
	run timeout 20 script -qec "$STINT_BIN/stint run --runtime $STINT_TEST_DIR/slow-crun --id $id $BUNDLE" /dev/null < <(sleep 3)
	[ "$status" -eq 0 ]
	[ "$(tr -d '\r' <<<"$output")" = $'first\n\n{"level": "mine"}\nlast' ] || { od -c <<<"$output"; return 1; }
}

# bats test_tags=once
@test "why and report tell the person" {
	id="t-why-$$"
	bundle "$id" /bin/sh -c 'while :; do :; done'
	run stint run --budget cpu=100ms --id "$id" "$BUNDLE"
	run stint why "$id"
	[ "$status" -eq 0 ]
	[[ "$output" == *"$id"* && "$output" == *cpu* && "$output" == *"--budget cpu"* ]]
	[ "${#lines[@]}" -eq 1 ]
	run stint report "$id"
	[ "$status" -eq 0 ]
	[[ "$output" == *cpu* ]]
	run stint report "$id" --format json --last
	[ "$(jq -r .verdict.budget <<<"$output")" = cpu ]
	run stint why no-such-container
	[ "$status" -eq 1 ]
}

# bats test_tags=once
@test "an id may be shortened, as an engine's users do" {
	local first second n
	n=$(printf '%08x%08x' $$ "$BATS_SUITE_TEST_NUMBER")
	first=abcd${n}1$(printf '%043d' 0) second=abcd${n}2$(printf '%043d' 0)
	for id in "$first" "$second"; do
		stint run --id "$id" --rootfs "$BUSYBOX_ROOTFS" -- /bin/true
	done
	run stint why "abcd${n}2"
	[ "$status" -eq 0 ] && [[ "$output" == "$second ended with status 0"* ]] || { echo "$output"; return 1; }
	run stint report "abcd${n}1" --format json
	[ "$status" -eq 0 ] && [ "$(jq -r .id <<<"$output")" = "$first" ]
	run stint why "abcd$n"
	[ "$status" -eq 125 ] && [[ "$output" == *"more than one id begins with abcd$n"* ]] || { echo "$output"; return 1; }
	run stint why abc
	[ "$status" -eq 1 ]
	# The table shows them short.
	run stint report
	grep -q "^${first:0:12} " <<<"$output"
}
