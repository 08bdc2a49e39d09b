#!/usr/bin/env bats
# Faults: the monitor, its standby, the runtime and stint run itself killed with SIGKILL, files taken away from under
# them, and a process that cannot die. The budget is enforced all the same, and there is exactly one report.

load helpers
load threats
load engine

setup_file() {
	stint_setup_file
	cp "$(tool burn -static)" "$BUSYBOX_ROOTFS/bin/burn"
	mkdir -p "$BUSYBOX_ROOTFS/mnt"
}
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	local mount
	for mount in "$STINT_TEST_DIR"/disk-*/; do
		mountpoint -q "$mount" || continue
		fsfreeze --unfreeze "$mount" 2>/dev/null || true
	done
	engine_teardown
	for mount in "$STINT_TEST_DIR"/disk-*/; do
		! mountpoint -q "$mount" || umount "$mount"
	done
}

use_runtime() { host_config "$(command -v "$RUNTIME")" "${1:-}"; }
busy_loop='while :; do :; done'

in_background() { # CMD...: its pid is in $background
	"$@" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- </dev/null &
	background=$!
}
end_of_background() { # its exit status is in $status
	wait "$background" && status=0 || status=$?
}
running_bare() { [ "$("$RUNTIME" state "$1" 2>/dev/null | jq -r .status)" = running ]; }

# --- the monitor ---

# Every second one ends by itself and says how much it used.
hunted() { # NUMBER
	local id=t-hunt-$1-$HUNT runtime=crun kills=0 pid victim
	[ $(($1 % 4)) -lt 2 ] || runtime=runc
	if [ $(($1 % 2)) -eq 0 ]; then
		set -- "$1" 150ms /bin/sh -c 'while :; do :; done'
	else
		set -- "$1" 10s /bin/burn 120 2
	fi
	stint run --runtime "$runtime" --budget "cpu=$2" --id "$id" --rootfs "$BUSYBOX_ROOTFS" -- "${@:3}" \
		>"$STINT_TEST_DIR/hunt/$1.out" 2>&1 </dev/null &
	pid=$!
	for _ in 1 2; do
		sleep "0.$(printf %03d $((RANDOM % 160)))"
		victim=$(pgrep -f "^stint-monitor .*--root=$STINT_ROOT $id\$") || continue
		# The first: a new standby may just have been forked, and not be one yet.
		kill -KILL "${victim%%$'\n'*}" 2>/dev/null && kills=$((kills + 1))
	done
	wait $pid
	echo "$1 $? $kills" >>"$STINT_TEST_DIR/hunt/statuses"
}
@test "the monitor is killed at random moments in a hundred runs: every budget is kept, every report is there and exact" {
	rm -rf "$STINT_TEST_DIR/hunt" "$JOURNAL"
	mkdir -p "$STINT_TEST_DIR/hunt"
	export -f hunted
	export STINT_TEST_DIR BUSYBOX_ROOTFS HUNT=$$
	seq 100 | xargs -P 5 -I '{}' bash -c 'hunted {}' 3>&-
	[ "$(wc -l <"$STINT_TEST_DIR/hunt/statuses")" -eq 100 ]
	# The hunt was one.
	[ "$(awk '{ n += $3 } END { print n }' "$STINT_TEST_DIR/hunt/statuses")" -ge 100 ]
	while read -r n status kills; do
		id=t-hunt-$n-$$
		[ "$(reports_count "$id")" -eq 1 ] || { echo "$id: $(reports_count "$id") reports, status $status, $kills kills"; cat "$STINT_TEST_DIR/hunt/$n.out"; ls "$STINT_ROOT/run/stint"; return 1; }
		if [ $((n % 2)) -eq 0 ]; then
			[ "$status" -eq 137 ]
			[ "$(report_of "$id" '.monitor.exact and .verdict.budget == "cpu" and .exit.code == 137
				and .verdict.used >= 150000000 and .usage.cpuNs >= 150000000 and .usage.cpuNs < 300000000')" = true ]
		else
			own=$(grep -x '[0-9]*' "$STINT_TEST_DIR/hunt/$n.out")
			[ "$status" -eq 0 ]
			[ "$(report_of "$id" ".monitor.exact and .verdict == null and .exit.code == 0
				and .usage.cpuNs >= $own and .usage.cpuNs < $own + 100000000")" = true ]
		fi || { echo "status $status, $kills kills"; cat "$STINT_TEST_DIR/hunt/$n.out"; report_of "$id" .; return 1; }
	done <"$STINT_TEST_DIR/hunt/statuses"
	[ "$(jq -s 'map(select(.id | startswith("t-hunt-")) | select(.monitor.takeovers > 0)) | length' "$JOURNAL")" -ge 50 ]
	[ -z "$(ls "$STINT_ROOT/run/stint")" ]
	eventually 5 test -z "$(monitors)"
	[ -z "$(groups_like "stint/t-hunt-*-$$")" ]
}

guard_killed() {
	local before
	bundle "$id" /bin/sh -c "sleep 1; $busy_loop"
	in_background stint run --runtime "$RUNTIME" --budget cpu=300ms --id "$id" "$BUNDLE"
	eventually 5 is_watched "$id"
	eventually 5 running_bare "$id"
	before=$(guard_of "$id")
	kill -KILL "$before"
	eventually 5 another_guard "$id" "$before"
	# Of the standby alone nobody takes anything over.
	end_of_background
	[ "$status" -eq 137 ]
	[ "$(reports_count "$id")" -eq 1 ]
	[ "$(report_of "$id" '.monitor.takeovers, .monitor.exact, .verdict.budget' | xargs)" = "0 true cpu" ]
	[ "$(report_of "$id" '.usage.cpuNs >= 300000000 and .usage.cpuNs < 400000000')" = true ]
	all_clean "$id"
}
another_guard() { [ -n "$(guard_of "$1")" ] && [ "$(guard_of "$1")" != "$2" ]; } # ID PID
another_monitor() { [ -n "$(monitor_of "$1")" ] && [ "$(monitor_of "$1")" != "$2" ]; }
@test "the standby is killed: there is another, and nothing else happens" { on_each_runtime guard_killed; }

killed_in_turn() {
	local i before
	use_runtime
	bundle "$id" /bin/sh -c "read -r x; $busy_loop"
	mkfifo "$STINT_TEST_DIR/$id.go"
	budget cpu 300ms
	budget wall 60s
	# An engine has nobody who would bring the monitor back: the two do it between them.
	config --arg dir "$STINT_TEST_DIR" --arg go "$id.go" '.process.args[2] |= sub("read -r x"; "read -r x </mnt/" + $go)
		| .mounts += [{destination: "/mnt", type: "bind", source: $dir, options: ["rbind", "ro"]}]'
	created_and_started "$id"
	for i in 1 2 3 4; do
		eventually 5 is_watched "$id"
		before=$(monitor_of "$id")
		kill -KILL "$before"
		eventually 5 another_monitor "$id" "$before"
		eventually 5 is_watched "$id"
		before=$(guard_of "$id")
		kill -KILL "$before"
		eventually 5 another_guard "$id" "$before"
	done
	echo go >"$STINT_TEST_DIR/$id.go"
	ended_and_deleted "$id" 10
	[ "$(report_of "$id" '.monitor.takeovers, .monitor.exact, .verdict.budget' | xargs)" = "4 true cpu" ]
	ended_with "$id" signal 9
	[ "$(report_of "$id" '.usage.cpuNs >= 300000000 and .usage.cpuNs < 400000000')" = true ]
}
@test "monitor and standby are killed in turn, four times each, under an engine" { on_each_runtime killed_in_turn; }


both_killed_under_run() {
	bundle "$id" /bin/sh -c "sleep 1; $busy_loop"
	in_background stint run --runtime "$RUNTIME" --budget cpu=300ms --id "$id" "$BUNDLE"
	eventually 5 running_bare "$id"
	kill_both "$id"
	eventually 5 is_watched "$id"
	end_of_background
	[ "$status" -eq 137 ]
	[ "$(reports_count "$id")" -eq 1 ]
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
	[ "$(report_of "$id" '.usage.cpuNs >= 300000000 and .usage.cpuNs < 500000000')" = true ]
	[ "$(report_of "$id" '.warnings | map(select(test("both processes of the monitor were killed"))) | length')" = 1 ]
	all_clean "$id"
}
@test "both are killed at once under stint run: it starts another, the budget is kept, the report says so" {
	on_each_runtime both_killed_under_run
}

both_killed_under_engine() {
	use_runtime
	bundle "$id" /bin/sleep 60
	budget wall 2s
	created_and_started "$id"
	kill_both "$id"
	# The engine's next command sees to it, and then it is watched again: here one that fails, since the container runs.
	run engine delete "$id"
	[ "$status" -ne 0 ]
	eventually 5 is_watched "$id"
	has_status "$id" running
	ended_and_deleted "$id" 10
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = "wall true" ]
	ended_with "$id" signal 9
	[ "$(report_of "$id" '.usage.wallNs >= 2000000000 and .usage.wallNs < 3000000000')" = true ]
	[ "$(report_of "$id" '.warnings | map(select(test("both processes of the monitor were killed"))) | length')" = 1 ]
	# Between create and start: it does not begin unwatched.
	bundle "$id-2" /bin/sh -c "$busy_loop"
	budget cpu 200ms
	engine_create "$id-2"
	kill_both "$id-2"
	engine start "$id-2"
	ended_and_deleted "$id-2" 10
	[ "$(report_of "$id-2" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
	# And its end was seen by nobody.
	bundle "$id-3" /bin/burn 100
	mkfifo "$STINT_TEST_DIR/$id-3.go"
	config --arg dir "$STINT_TEST_DIR" --arg go "$id-3.go" '.process.args = ["/bin/sh", "-c", "read -r x </mnt/" + $go + "; /bin/burn 100"]
		| .mounts += [{destination: "/mnt", type: "bind", source: $dir, options: ["rbind", "ro"]}]'
	created_and_started "$id-3"
	kill_both "$id-3"
	echo go >"$STINT_TEST_DIR/$id-3.go"
	eventually 5 has_status "$id-3" stopped
	run ! reported "$id-3"
	engine delete "$id-3"
	eventually 5 reported "$id-3"
	all_clean "$id-3"
	[ "$(report_of "$id-3" ".monitor.exact and .usage.cpuNs >= $(grep -x '[0-9]*' "$STINT_TEST_DIR/$id-3.out")")" = true ]
}
@test "both are killed at once under an engine: start and delete bring the monitor back, with its ledger" {
	on_each_runtime both_killed_under_engine
}

no_monitor_any_more() { # HOST-CONFIG
	local bin=$STINT_TEST_DIR/bin-$RUNTIME
	use_runtime "$1"
	mkdir -p "$bin"
	cp "$STINT_BIN"/stint* "$bin"
	bundle "$id" /bin/sh -c 'sleep 4; echo went on; exit 3'
	in_background "$bin/stint" run --runtime "$RUNTIME" --budget wall=60s --id "$id" "$BUNDLE"
	eventually 5 running_bare "$id"
	eventually 5 is_watched "$id"
	mv "$bin/stint-monitor" "$bin/away"
	kill_both "$id"
}
lost_for_good() {
	no_monitor_any_more '{}'
	end_of_background
	[ "$status" -ne 0 ]
	! grep -q 'went on' "$STINT_TEST_DIR/$id.out"
	grep -q 'killed: it would run on unwatched' "$STINT_TEST_DIR/$id.out"
	lost_is_cleared "$id"
	id=$id-on
	no_monitor_any_more '{"onMonitorLoss": "continue"}'
	end_of_background
	[ "$status" -ne 137 ]
	grep -q 'went on' "$STINT_TEST_DIR/$id.out"
	lost_is_cleared "$id"
}
# Reported by stint run itself; the id is free again.
lost_is_cleared() { # ID
	[ "$(reports_count "$1")" -eq 1 ]
	[ "$(report_of "$1" '.warnings | any(test("watched to its end by nobody"))')" = true ]
	[ "$(report_of "$1" '.monitor.exact and .usage.cpuNs > 0')" = true ]
	all_clean "$1"
	bundle "$1" /bin/true
	run stint run --runtime "$RUNTIME" --id "$1" "$BUNDLE"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	all_clean "$1"
}
not_watched() { [ -z "$(watchers "$1")" ]; }
@test "no monitor can be started any more: the container is killed, or with onMonitorLoss \"continue\" it goes on" {
	on_each_runtime lost_for_good
}

# A stint-monitor that dies of SIGKILL before it is ready, the first N times.
dies_at_first() { # N: $bin
	bin=$STINT_TEST_DIR/bin-$RUNTIME-$1
	mkdir -p "$bin"
	cp "$STINT_BIN"/stint* "$bin"
	mv "$bin/stint-monitor" "$bin/monitor"
	seq "$1" >"$bin/deaths"
	cat >"$bin/stint-monitor" <<-SCRIPT
		#!/bin/bash
		if [ -s $bin/deaths ]; then
			sed -i 1d $bin/deaths
			kill -KILL \$\$
		fi
		exec -a stint-monitor $bin/monitor "\$@"
	SCRIPT
	chmod +x "$bin/stint-monitor"
}
killed_before_it_is_ready() {
	local deaths
	for deaths in 1 2; do
		dies_at_first $deaths
		bundle "$id-$deaths" /bin/sh -c "$busy_loop"
		run "$bin/stint" run --runtime "$RUNTIME" --budget cpu=100ms --id "$id-$deaths" "$BUNDLE"
		[ "$status" -eq 137 ] || { echo "$output"; return 1; }
		[ ! -s "$bin/deaths" ]
		[ "$(reports_count "$id-$deaths")" -eq 1 ]
		[ "$(report_of "$id-$deaths" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
		all_clean "$id-$deaths"
	done
	# The one that waits while an engine's container is planned.
	use_runtime
	for deaths in 1 2; do
		dies_at_first $deaths
		bundle "$id-e$deaths" /bin/sh -c "$busy_loop"
		budget cpu 100ms
		PATH=$bin:$PATH engine_create "$id-e$deaths"
		[ ! -s "$bin/deaths" ]
		engine start "$id-e$deaths"
		eventually 5 reported "$id-e$deaths"
		engine delete --force "$id-e$deaths"
		[ "$(report_of "$id-e$deaths" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
		all_clean "$id-e$deaths"
	done
	# No end of it: the container is killed, and reported although it had no monitor.
	dies_at_first 9
	bundle "$id" /bin/sh -c "$busy_loop"
	run "$bin/stint" run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ]
	[[ "$output" == *'start the monitor: it ended before it was ready'* ]] || { echo "$output"; return 1; }
	[ "$(reports_count "$id")" -eq 1 ]
	[ "$(report_of "$id" '.warnings | any(test("watched to its end by nobody: start the monitor"))')" = true ]
	all_clean "$id"
}
@test "the monitor is killed before it is ready: it is started again, and there is a report when it cannot be" {
	on_each_runtime killed_before_it_is_ready
}

# --- stint run, and the runtime ---

run_itself_killed() {
	bundle "$id" /bin/sh -c "sleep 2; $busy_loop"
	in_background stint run --runtime "$RUNTIME" --budget cpu=300ms --id "$id" "$BUNDLE"
	eventually 5 running_bare "$id"
	eventually 5 is_watched "$id"
	kill -KILL "$background"
	end_of_background
	[ "$status" -eq 137 ]
	is_watched "$id"
	eventually 10 reported "$id"
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
	[ "$(report_of "$id" '.usage.cpuNs >= 300000000 and .usage.cpuNs < 400000000')" = true ]
	$RUNTIME delete --force "$id" >/dev/null 2>&1 || true
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
}
@test "stint run is killed: the container is still watched, stopped and reported" { on_each_runtime run_itself_killed; }

runtime_of() { pgrep -f "^$(command -v "$RUNTIME") .* $1\$"; } # ID: of the one in the foreground
runtime_killed() {
	bundle "$id" /bin/sleep 60
	in_background stint run --runtime "$RUNTIME" --budget wall=60s --id "$id" "$BUNDLE"
	eventually 5 running_bare "$id"
	kill -KILL "$(runtime_of "$id")"
	end_of_background
	[ "$status" -eq 137 ]
	grep -q 'the runtime was killed by signal 9' "$STINT_TEST_DIR/$id.out"
	[ "$(report_of "$id" '.verdict, .monitor.exact' | xargs)" = "null true" ]
	[ "$(reports_count "$id")" -eq 1 ]
	all_clean "$id"
}
@test "the runtime is killed under stint run: the container goes with it, and is reported" { on_each_runtime runtime_killed; }

# At a dozen moments between its being executed and the container's running.
runtime_killed_starting() {
	local moment n=0
	for moment in 0 0.002 0.005 0.01 0.015 0.02 0.03 0.04 0.05 0.06 0.08 0.1; do
		n=$((n + 1))
		bundle "$id-$n" /bin/sleep 1
		REAL_RUNTIME=$(command -v "$RUNTIME") FAULT=$moment-run run timeout 30 stint run --budget wall=20s --id "$id-$n" \
			--runtime "$BATS_TEST_DIRNAME/tools/faulty-runtime" "$BUNDLE"
		# 137 when there was a container already, which was killed.
		[ "$status" -eq 125 ] || [ "$status" -eq 137 ] || { echo "$moment: $status $output"; return 1; }
		[[ "$output" == *"the runtime was killed by signal 9"* ]] || { echo "$moment: $status $output"; return 1; }
		"$RUNTIME" delete --force "$id-$n" >/dev/null 2>&1 || true
		[ "$(reports_count "$id-$n")" -eq 1 ] || { echo "$moment: $(reports_count "$id-$n") reports"; return 1; }
		all_clean "$id-$n" || { echo "at $moment"; return 1; }
	done
}
@test "the runtime is killed under stint run at a dozen moments of its start: one report each, nothing is left" {
	on_each_runtime runtime_killed_starting
}

faulty() { # FAULT COMMAND...
	FAULT=$1 "${@:2}"
}
between_the_steps() {
	local fault n=0
	export REAL_RUNTIME
	REAL_RUNTIME=$(command -v "$RUNTIME")
	host_config "$(realpath "$BATS_TEST_DIRNAME/tools/faulty-runtime")"
	# Before there is a container, or in the middle: it never began, and the engine clears away.
	for fault in before-create 0-create 0.003-create 0.01-create 0.015-create 0.02-create 0.03-create; do
		n=$((n + 1))
		bundle "$id-$n" /bin/sleep 60
		run faulty $fault engine_create "$id-$n"
		[ "$status" -ne 0 ]
		engine delete --force "$id-$n" >/dev/null 2>&1 || true
		all_clean "$id-$n" || { echo "$fault"; return 1; }
		[ "$(reports_count "$id-$n")" -eq 1 ] || { echo "$fault"; return 1; }
		[ "$(report_of "$id-$n" '.started, .verdict' | xargs)" = "null null" ]
	done
	# After create, before start, after start: it is there, and is watched to its end.
	for fault in after-create before-start 0-start after-start; do
		n=$((n + 1))
		bundle "$id-$n" /bin/sh -c "$busy_loop"
		budget cpu 200ms
		run faulty $fault engine_create "$id-$n"
		[ "$fault" = after-create ] || [ "$status" -eq 0 ]
		has_status "$id-$n" created
		run faulty $fault engine start "$id-$n"
		[ "$status" -eq 0 ] || engine start "$id-$n" || [ "$fault" != before-start ]
		eventually 10 reported "$id-$n" || { echo "$fault"; return 1; }
		[ "$(report_of "$id-$n" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
		engine delete --force "$id-$n" || true
		all_clean "$id-$n" || { echo "$fault"; return 1; }
		[ "$(reports_count "$id-$n")" -eq 1 ]
	done
	# Around delete.
	for fault in before-delete 0-delete after-delete; do
		n=$((n + 1))
		bundle "$id-$n" /bin/sleep 60
		created_and_started "$id-$n"
		run faulty $fault engine delete --force "$id-$n"
		[ "$status" -ne 0 ]
		engine delete --force "$id-$n" >/dev/null 2>&1 || true
		all_clean "$id-$n" || { echo "$fault"; return 1; }
		[ "$(reports_count "$id-$n")" -eq 1 ]
	done
}
@test "the runtime is killed before, in and after create, start and delete" { on_each_runtime between_the_steps; }

killed_after() { # SECONDS COMMAND...
	engine "${@:2}" >"$STINT_TEST_DIR/$id.out" 2>&1 3>&- </dev/null &
	background=$!
	sleep "$1"
	# The shell may be between fork and exec yet: all that it is.
	pkill -KILL -P $background || true
	kill -KILL $background 2>/dev/null || true
	end_of_background 2>/dev/null
}
# stint-runtime itself, before it has become the runtime and after.
wrapper_killed() {
	local moment n=0
	use_runtime
	for moment in 0 0.001 0.002 0.004 0.006 0.01 0.02 0.03; do
		n=$((n + 1))
		bundle "$id-$n" /bin/sleep 60
		killed_after "$moment" create --bundle "$BUNDLE" "$id-$n"
		engine delete --force "$id-$n" >/dev/null 2>&1 || true
		# What had not got as far as a monitor is cleared away when its id is used again.
		eventually 5 engine_create "$id-$n" || { echo "$moment"; return 1; }
		engine delete --force "$id-$n"
		all_clean "$id-$n" || { echo "$moment"; return 1; }
		# The second, and the first if it had a monitor.
		[ "$(reports_count "$id-$n")" -eq 1 ] || [ "$(reports_count "$id-$n")" -eq 2 ] || { echo "$moment"; return 1; }
	done
}
@test "stint-runtime is killed at several moments of create: delete clears away, and the id can be used again" {
	on_each_runtime wrapper_killed
}

# While it plans, and the monitor that it has started waits to be told to go on. strace returns when both have ended.
planner_killed() {
	local calls=$STINT_TEST_DIR/calls
	use_runtime
	bundle "$id" /bin/sleep 60
	run timeout 10 strace -f -o "$calls" -e trace=execve,fallocate -e inject=fallocate:signal=KILL:when=1 \
		"$STINT_BIN/stint-runtime" --root "$STINT_TEST_DIR/engine-$RUNTIME" create --bundle "$BUNDLE" "$id"
	[ "$status" -eq 137 ]
	# On one line, or on two with another process's in between.
	awk '/execve\(.*stint-monitor/ { monitor = $1 } monitor && $1 == monitor && /execve.* = 0/ { done = 1 } END { exit !done }' "$calls"
	not_watched "$id"
	[ "$(reports_count "$id")" -eq 0 ]
	engine_create "$id"
	engine delete --force "$id"
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
	# Nor is one left by a plan that is refused.
	echo '{}' >"$BUNDLE/config.json"
	run engine create --bundle "$BUNDLE" "$id-2"
	[ "$status" -eq 1 ]
	not_watched "$id-2"
	never_began "$id-2"
}
@test "stint-runtime is killed while it plans, or refuses: the monitor that it has started already ends, without a word" {
	on_each_runtime planner_killed
}

# --- files that are taken away ---

state_removed() {
	bundle "$id" /bin/sh -c "sleep 0.7; $busy_loop"
	in_background stint run --runtime "$RUNTIME" --budget cpu=300ms --id "$id" "$BUNDLE"
	eventually 5 running_bare "$id"
	eventually 5 is_watched "$id"
	rm -rf "${STINT_ROOT:?}/run/stint/$id"
	end_of_background
	[ "$status" -eq 137 ]
	grep -q 'killed: cpu budget' "$STINT_TEST_DIR/$id.out"
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
	[ "$(report_of "$id" '.usage.cpuNs >= 300000000 and .usage.cpuNs < 400000000')" = true ]
	[ "$(reports_count "$id")" -eq 1 ]
	all_clean "$id"
	# Under an engine, all of /run/stint, and the monitor is killed as well.
	use_runtime
	bundle "$id-2" /bin/sh -c "sleep 0.7; $busy_loop"
	budget cpu 300ms
	created_and_started "$id-2"
	eventually 5 is_watched "$id-2"
	rm -rf "${STINT_ROOT:?}/run/stint"
	kill -KILL "$(monitor_of "$id-2")"
	eventually 10 reported "$id-2"
	[ "$(report_of "$id-2" '.verdict.budget, .monitor.exact, .monitor.takeovers' | xargs)" = "cpu true 1" ]
	engine delete "$id-2"
	[ "$(reports_count "$id-2")" -eq 1 ]
	all_clean "$id-2"
	# Between create and start: the engine's start works, and the budget is kept.
	bundle "$id-3" /bin/sh -c "$busy_loop"
	budget cpu 300ms
	engine_create "$id-3"
	rm -rf "${STINT_ROOT:?}/run/stint"
	engine start "$id-3"
	eventually 10 reported "$id-3"
	[ "$(report_of "$id-3" .verdict.budget)" = cpu ]
	engine delete "$id-3"
	all_clean "$id-3"
}
@test "the state directory is removed: the budget is kept, the report is written, nothing is left" {
	on_each_runtime state_removed
}

bundle_removed() {
	bundle "$id" /bin/sh -c "sleep 0.7; $busy_loop"
	in_background stint run --runtime "$RUNTIME" --budget cpu=200ms --id "$id" "$BUNDLE"
	eventually 5 running_bare "$id"
	rm -rf "${BUNDLE:?}"
	end_of_background
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
	all_clean "$id"
	use_runtime
	bundle "$id-2" /bin/sleep 60
	created_and_started "$id-2"
	rm -rf "${BUNDLE:?}"
	engine delete --force "$id-2"
	all_clean "$id-2"
	[ "$(reports_count "$id") $(reports_count "$id-2")" = "1 1" ]
}
@test "the bundle is deleted under a running container" { on_each_runtime bundle_removed; }

journal_goes() {
	local how
	# shellcheck disable=SC2016
	for how in 'rm -f "$JOURNAL"' 'mv "$JOURNAL" "$JOURNAL.1"; : >"$JOURNAL"' 'cp "$JOURNAL" "$JOURNAL.1"; : >"$JOURNAL"'; do
		id=$id-x
		mkdir -p "$(dirname "$JOURNAL")"
		echo '{"version":1,"id":"t-earlier"}' >>"$JOURNAL"
		bundle "$id" /bin/sh -c 'sleep 0.7; exit 9'
		in_background stint run --runtime "$RUNTIME" --report "$STINT_TEST_DIR/$id.own" --id "$id" "$BUNDLE"
		eventually 5 running_bare "$id"
		eval "$how"
		end_of_background
		[ "$status" -eq 9 ]
		[ "$(wc -l <"$STINT_TEST_DIR/$id.own")" -eq 1 ]
		all_clean "$id"
		[ "$(reports_count "$id")" -eq 1 ] || { echo "$how: $(cat "$STINT_TEST_DIR/$id.out")"; return 1; }
		[ ! -e "$JOURNAL.1" ] || ! grep -q "$id" "$JOURNAL.1"
		rm -f "$JOURNAL.1"
	done
}
@test "the journal is deleted, rotated or truncated during a run: the report is in the new one" {
	RUNTIME=crun id=t-jrn-$$
	journal_goes
}

@test "the journal's directory is replaced during a run: the report is kept, and written with the next one" {
	RUNTIME=crun id=t-dir-$$
	bundle "$id" /bin/sh -c 'sleep 0.7; exit 9'
	in_background stint run --id "$id" "$BUNDLE"
	eventually 5 running_bare "$id"
	rm -rf "$(dirname "$JOURNAL")"
	end_of_background
	[ "$status" -eq 9 ]
	grep -q 'the report could not be written.*it is kept' "$STINT_TEST_DIR/$id.out"
	run ! reported "$id"
	bundle "$id-2" /bin/true
	stint run --id "$id-2" "$BUNDLE"
	all_clean "$id"
	[ "$(reports_count "$id") $(reports_count "$id-2")" = "1 1" ]
}

# --- what cannot die ---

in_state_d() { [ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1)" = D ]; } # PID
@test "a process in uninterruptible sleep: kill pending is reported, delete is not held up, and its death clears all" {
	for RUNTIME in crun runc; do
		id=t-d-$RUNTIME-$$ disk=$STINT_TEST_DIR/disk-$RUNTIME
		use_runtime
		truncate -s 16M "$disk.img"
		mkfs.ext4 -q "$disk.img"
		mkdir "$disk"
		mount -o loop "$disk.img" "$disk"
		bundle "$id" /bin/sh -c 'while :; do echo x >/mnt/file; sleep 0.01; done'
		config --arg dir "$disk" '.mounts += [{destination: "/mnt", type: "bind", source: $dir, options: ["rbind", "rw"]}]'
		budget wall 1s
		created_and_started "$id"
		eventually 5 test -s "$disk/file"
		# A filesystem that is frozen holds whoever writes to it, and lets no signal through.
		fsfreeze --freeze "$disk"
		eventually 5 in_state_d "$(cat "$STINT_TEST_DIR/$id.pid")"
	done
	for RUNTIME in crun runc; do
		id=t-d-$RUNTIME-$$
		eventually 25 reported "$id"
		[ "$(report_of "$id" '.verdict.budget, .verdict.deadNs, .monitor.exact' | xargs)" = "wall null false" ]
		[ "$(report_of "$id" '.warnings | map(select(test("kill pending"))) | length')" = 1 ]
		in_state_d "$(cat "$STINT_TEST_DIR/$id.pid")"
		# Nothing of stint's waits: this takes as long as it takes the runtime to give up.
		began=$SECONDS
		run timeout 25 "$(tool shim)" stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" delete --force "$id"
		[ "$status" -ne 124 ]
		[ $((SECONDS - began)) -lt 20 ]
		is_watched "$id"
	done
	for RUNTIME in crun runc; do
		id=t-d-$RUNTIME-$$
		fsfreeze --unfreeze "$STINT_TEST_DIR/disk-$RUNTIME"
		eventually 5 not_watched "$id"
		engine delete --force "$id" >/dev/null 2>&1 || true
		all_clean "$id"
		[ "$(reports_count "$id")" -eq 1 ]
		umount "$STINT_TEST_DIR/disk-$RUNTIME"
	done
}
