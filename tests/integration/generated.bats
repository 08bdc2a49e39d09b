#!/usr/bin/env bats
# From a recording to a filter that is enforced: held against published lists, under the same workload again and again, and
# against those who want out. In a server's container is the server alone; what loads it is in its network, outside.

load helpers
load threats
load recordings
load workloads

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() {
	stint_setup
	# Each test has a store of its own.
	export STINT_ROOT=$STINT_TEST_DIR/root
	JOURNAL=$STINT_ROOT/var/log/stint/reports.jsonl
	workload_files "$(tool first-steps -static -no-pie)"
}
teardown() { stint_teardown; }
empty_store() { rm -rf "$STINT_ROOT/var/lib/stint"; } # of the runtime before

# --- recorded: the calls that others saw are among them ---

as_filter() { jq -R 'select(startswith("#") | not) | split(" ")[]' | jq -s '{defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ., action: "SCMP_ACT_ALLOW"}]}'; }

# Loupe's list is of other versions, on another system: a call is there by one of its names.
holds_loupes_list() { # NAME
	local missing
	runs "$1" "$id" --record || { cat "$STINT_TEST_DIR/$id.err"; return 1; }
	[ "$(stint record show --json "$id" | jq .complete)" = true ]
	as_filter <"$BATS_TEST_DIRNAME/loupe/$1.list" >"$STINT_TEST_DIR/loupe.json"
	{ echo execve; stint record show --json "$id" | jq -r '.syscalls[]'; } | as_filter >"$STINT_TEST_DIR/seen.json"
	missing=$(stint profile diff "$STINT_TEST_DIR/loupe.json" "$STINT_TEST_DIR/seen.json" |
		sed -n '/^Only A allows/,/^$/p' | tail -n +2 | xargs -n 1 | grep -vF '(=' | sort | xargs)
	[ "$missing" = "$(sed -n 's/^#not here: \([a-z0-9_]*\):.*/\1/p' "$BATS_TEST_DIRNAME/loupe/$1.list" | xargs)" ] ||
		{ echo "of Loupe's list for $1 is missing: $missing"; stint record show "$id"; return 1; }
	all_clean "$id"
}
nginx_against_loupe() { workload nginx && holds_loupes_list nginx; }
redis_against_loupe() { workload redis && holds_loupes_list redis; }
lighttpd_against_loupe() { workload lighttpd && holds_loupes_list lighttpd; }
@test "generated: TC-1: what Loupe saw of nginx under load is in the recording" { on_each_runtime nginx_against_loupe; }
@test "generated: TC-1: what Loupe saw of redis-server under redis-benchmark is in the recording" { on_each_runtime redis_against_loupe; }
@test "generated: TC-1: what Loupe saw of lighttpd under load is in the recording" { on_each_runtime lighttpd_against_loupe; }

# --- enforced: the same workload runs as before, and whoever wants out does not ---

# What is denied kills. What answers ENOSYS by its name stays: C libraries try it first, and take the older form.
generated_and_killing() { # ID
	stint profile generate "$1" 2>/dev/null | jq '.defaultAction = "SCMP_ACT_KILL_PROCESS" | del(.defaultErrnoRet)
		| .syscalls |= map(if .action == "SCMP_ACT_ERRNO" and .errnoRet != 38 then .action = "SCMP_ACT_KILL_PROCESS" | del(.errnoRet) else . end)' \
		>"$STINT_TEST_DIR/filter.json"
	jq -n --arg file "$STINT_TEST_DIR/filter.json" '{name: "killing", seccomp: $file}' >"$STINT_TEST_DIR/profile.json"
}
# Executed in the container as engines do it, with a process of the same kind, and so under its filter.
executes() { # ID CMD...
	jq '.process | .args = $ARGS.positional' "$BUNDLE/config.json" --args -- "${@:2}" >"$STINT_TEST_DIR/process.json"
	$RUNTIME exec -p "$STINT_TEST_DIR/process.json" "$1"
}
executes_harness() { executes "$id-seen" /tmp/site/first-steps nothing >/dev/null; }
takes_first_steps() { executes "$id-killed" /tmp/site/first-steps >"$STINT_TEST_DIR/steps" 2>&1; }

all_steps_are_denied() {
	[ "$(grep -c SIGSYS "$STINT_TEST_DIR/steps")" -gt "$(steps_tried "$STINT_TEST_DIR/steps")" ] && [ "$(grep -v ' SIGSYS$' "$STINT_TEST_DIR/steps")" = "x86_64 clone3 ENOSYS" ] ||
		{ cat "$STINT_TEST_DIR/steps"; return 1; }
	for step in unshare mount keyctl bpf userfaultfd io_uring_setup ptrace vsock tiocsti; do
		grep -q "^x86_64 $step SIGSYS$" "$STINT_TEST_DIR/steps" || { echo "$step was not tried"; return 1; }
	done
}
same_as_recorded() {
	[ "$(got "$id-killed")" = "$(got "$id-seen")" ] || { diff "$STINT_TEST_DIR/$id-seen.got" "$STINT_TEST_DIR/$id-killed.got"; return 1; }
	[ -s "$STINT_TEST_DIR/$id-killed.got" ]
	all_clean "$id-killed"
}
server_enforced() { # NAME
	workload "$1"
	meanwhile=executes_harness runs "$1" "$id-seen" --record || { cat "$STINT_TEST_DIR/$id-seen.err"; return 1; }
	generated_and_killing "$id-seen"
	meanwhile=takes_first_steps runs "$1" "$id-killed" --profile "$STINT_TEST_DIR/profile.json" || { cat "$STINT_TEST_DIR/$id-killed.err"; return 1; }
	! grep 'on signal' "$STINT_TEST_DIR"/log/*.log || return 1 # a worker of nginx that was killed
	all_steps_are_denied && same_as_recorded
}
nginx_enforced() { server_enforced nginx; }
redis_enforced() { server_enforced redis; }
python_enforced() {
	workload python '&& /tmp/site/first-steps nothing >&2'
	runs python "$id-seen" --record || { cat "$STINT_TEST_DIR/$id-seen."*; return 1; }
	generated_and_killing "$id-seen"
	workload python '&& /tmp/site/first-steps >&2'
	runs python "$id-killed" --profile "$STINT_TEST_DIR/profile.json" || { cat "$STINT_TEST_DIR/$id-killed."*; return 1; }
	cp "$STINT_TEST_DIR/$id-killed.err" "$STINT_TEST_DIR/steps"
	all_steps_are_denied && same_as_recorded
}
@test "generated: TC-2: nginx, recorded, under a filter of that, works as before, and whoever wants out is killed" { on_each_runtime nginx_enforced; }
@test "generated: TC-2: redis-server, recorded, under a filter of that, works as before, and whoever wants out is killed" { on_each_runtime redis_enforced; }
@test "generated: TC-2: Python, recorded, under a filter of that, works as before, and whoever wants out is killed" { on_each_runtime python_enforced; }

# --- what a recording cannot know ---

# Another folder and another statement, and the program needs what no run before needed: of three runs alike that is said.
incomplete() {
	local i
	empty_store
	workload sqlite /tmp/a.db 'create table t (a); insert into t values (1), (2); select sum(a) from t;'
	for i in 1 2 3; do
		runs sqlite "$id-seen$i" --record
		[ "$(cat "$STINT_TEST_DIR/$id-seen$i.got")" = 3 ]
	done
	stint profile generate "$(workload_of "$id-seen1")" 2>&1 >/dev/null | grep 'in 3 complete runs 0 needed .* with a probability of up to 78 %'
	stint profile status --json "$(workload_of "$id-seen1")" | jq -e '.[0] | .runs == 3 and .bound > 0.75'
	stint profile status | grep 'at most 78 %'
	generated_and_killing "$(workload_of "$id-seen1")"
	runs sqlite "$id-same" --profile "$STINT_TEST_DIR/profile.json"
	[ "$(cat "$STINT_TEST_DIR/$id-same.got")" = 3 ]
	workload sqlite b.db 'pragma journal_mode = wal; create table t (a); insert into t values (4); vacuum; select sum(a) from t;'
	status=0
	runs sqlite "$id-other" --profile "$STINT_TEST_DIR/profile.json" || status=$?
	[ "$status" -eq 159 ] # SIGSYS
	# Seen too, it runs; and it is said that the last run was a surprise.
	runs sqlite "$id-seen4" --record
	stint profile status --json "$(workload_of "$id-seen4")" | jq -e '.[0] | .runs == 4 and .surprises == 1 and .probability > 0.2'
	generated_and_killing "$(workload_of "$id-seen4")"
	runs sqlite "$id-known" --profile "$STINT_TEST_DIR/profile.json"
	[ "$(xargs <"$STINT_TEST_DIR/$id-known.got")" = "wal 4" ]
	all_clean "$id-known"
}
workload_of() { stint record show --json "$1" | jq -r .workload; } # ID
@test "generated: TC-2: sqlite3 in another folder is denied what was not seen, and generate and status had warned" { on_each_runtime incomplete; }

# That a call is interrupted is chance too, but not the workload's: the kernel goes on with restart_syscall.
interrupted() {
	local run pid
	bundle "$id" /bin/sleep 0.1
	stint run --runtime "$RUNTIME" --id "$id-seen" --record "$BUNDLE" 2>/dev/null
	generated_and_killing "$id-seen"
	bundle "$id" /bin/sleep 1
	stint run --runtime "$RUNTIME" --id "$id" --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" 3>&- &
	run=$!
	eventually 10 test -s "$STINT_ROOT/run/stint/$id/pid"
	pid=$(cat "$STINT_ROOT/run/stint/$id/pid")
	eventually 10 grep -qx sleep "/proc/$pid/comm"
	sleep 0.2
	kill -STOP "$pid"
	kill -CONT "$pid"
	wait "$run"
	[ "$(report_of "$id" '.usage.wallNs > 9e8')" = true ] || { report_of "$id" .; return 1; }
	all_clean "$id"
}
@test "generated: what is stopped and goes on sleeps its time" { on_each_runtime interrupted; }

# --- a hundred times ---

a_hundred_times() { # NAME
	local i
	echo '{"name": "learned", "seccomp": "learned"}' >"$STINT_TEST_DIR/profile.json"
	empty_store
	workload "$1"
	# Of greater replies, too: by chance a busy redis-server has small buffers, and needs writev for any.
	for i in 1 2 3; do
		size=1000 runs "$1" "$id-$i" --profile "$STINT_TEST_DIR/profile.json" || { cat "$STINT_TEST_DIR/$id-$i.err"; return 1; }
	done
	stint profile accept --mode enforce "$id-3"
	times=100 workload "$1"
	times=100 requests=20 clients=5 runs "$1" "$id" --profile "$STINT_TEST_DIR/profile.json" || { cat "$STINT_TEST_DIR/$id.err"; return 1; }
	[ "$(got "$id")" = "100 $(cat "$STINT_TEST_DIR/$id-3.got")" ] || { got "$id"; return 1; }
	[ "$(report_of "$id" .violations)" = '[]' ] || { report_of "$id" .violations; return 1; }
	# It is that filter: what was not seen it denies.
	stint explain --json --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" >"$STINT_TEST_DIR/explained"
	jq -e '.effective.seccomp.defaultAction == "SCMP_ACT_ERRNO" and (.effective.record | not)' "$STINT_TEST_DIR/explained"
	all_clean "$id"
}
nginx_a_hundred_times() { a_hundred_times nginx; }
redis_a_hundred_times() { a_hundred_times redis; }
python_a_hundred_times() { a_hundred_times python; }
@test "generated: a hundred times ab against an enforced nginx, without a denial" { on_each_runtime nginx_a_hundred_times; }
@test "generated: a hundred times redis-benchmark against an enforced redis-server, without a denial" { on_each_runtime redis_a_hundred_times; }
@test "generated: a hundred times Python's own tests, enforced, without a denial" { on_each_runtime python_a_hundred_times; }
