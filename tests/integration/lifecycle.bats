#!/usr/bin/env bats
# A container's life as an engine drives it, by create, start and delete, and by run as a person does; what a
# runtime's command line may look like; what passes through; hooks without the wrapper.

load helpers
load threats
load engine

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { engine_teardown; }

use_runtime() { host_config "$(command -v "$RUNTIME")" "${1:-}"; }

# --- create, start, delete ---

as_an_engine() {
	local log=$STINT_TEST_DIR/$id.log pid
	use_runtime
	bundle "$id" /bin/sh -c 'echo it runs; sleep 60'
	engine_by_shim --log "$log" --log-format json create --bundle "$BUNDLE" --pid-file "$STINT_TEST_DIR/$id.pid" "$id" \
		>"$STINT_TEST_DIR/$id.out" 2>"$STINT_TEST_DIR/$id.err" </dev/null
	pid=$(cat "$STINT_TEST_DIR/$id.pid")
	[ "$pid" -gt 1 ]
	kill -0 "$pid"
	has_status "$id" created
	[ "$(engine state "$id" | jq .pid)" = "$pid" ]
	[ ! -s "$STINT_TEST_DIR/$id.out" ]
	[ ! -s "$STINT_TEST_DIR/$id.err" ]
	[ ! -s "$log" ]
	run --separate-stderr engine --log "$log" --log-format json start "$id"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	eventually 5 has_status "$id" running
	eventually 5 grep -qx 'it runs' "$STINT_TEST_DIR/$id.out"
	[ "$(cat "$STINT_TEST_DIR/$id.pid")" = "$pid" ]
	run ! reported "$id"
	run --separate-stderr engine --log "$log" --log-format json kill "$id" KILL
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	eventually 5 has_status "$id" stopped
	run --separate-stderr engine --log "$log" --log-format json delete "$id"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	eventually 5 reported "$id"
	[ "$(report_of "$id" '.verdict, .monitor.exact, .runtime' | xargs)" = "null true $RUNTIME" ]
	ended_with "$id" signal 9
	[ "$(report_of "$id" '.created < .started and .started < .ended')" = true ]
	[ ! -s "$log" ]
	all_clean "$id"
}
@test "create, start, state, kill and delete as an engine calls them: silent, with the caller's pid file, one report" {
	on_each_runtime as_an_engine
}

engine_budget() {
	use_runtime
	bundle "$id" /bin/sh -c 'while :; do :; done'
	budget cpu 300ms
	created_and_started "$id"
	eventually 10 has_status "$id" stopped
	ended_and_deleted "$id" 5
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
	ended_with "$id" signal 9
	[ "$(report_of "$id" '.usage.cpuNs >= 300000000 and .usage.cpuNs < 400000000 + $late')" = true ]
}
@test "a budget is enforced under create and start" { on_each_runtime engine_budget; }

bundle_is_cwd() {
	use_runtime
	bundle "$id" /bin/sh -c 'exit 4'
	(cd "$BUNDLE" && engine_by_shim create "$id" >"$STINT_TEST_DIR/out" 2>&1 </dev/null)
	engine start "$id"
	ended_and_deleted "$id" 5
	ended_with "$id" code 4
}
# bats test_tags=once
@test "without --bundle the bundle is the current directory" { on_each_runtime bundle_is_cwd; }

on_a_console() {
	local socket=$STINT_TEST_DIR/$id.sock pid
	use_runtime
	bundle "$id" /bin/sh -c 'read -r line; tty; test -t 0 && test -t 1 && test -t 2 && echo "heard: $line"'
	config '.process.terminal = true'
	"$(tool console)" "$socket" >"$STINT_TEST_DIR/$id.tty" 2>&1 3>&- &
	pid=$!
	eventually 5 test -S "$socket"
	if [ "$RUNTIME" = runc ]; then
		engine_by_shim create --bundle "$BUNDLE" --console-socket "$socket" "$id"
	else
		engine_by_shim create --bundle "$BUNDLE" "--console-socket=$socket" "$id"
	fi
	engine start "$id"
	wait $pid || true
	grep -q 'heard: hello terminal' "$STINT_TEST_DIR/$id.tty" || { cat "$STINT_TEST_DIR/$id.tty"; return 1; }
	grep -q /dev/pts/ "$STINT_TEST_DIR/$id.tty"
	ended_and_deleted "$id" 5
	ended_with "$id" code 0
}
# bats test_tags=once
@test "--console-socket: the container's terminal reaches the engine" { on_each_runtime on_a_console; }

run_as_a_person() {
	use_runtime
	# For a moment: the status of one that is gone before it could be seen is its caller's alone.
	bundle "$id" /bin/sh -c 'echo "said $(cat)"; sleep 0.3; exit 5'
	local began=$SECONDS
	run --separate-stderr engine run --bundle "$BUNDLE" "$id" <<<"to it"
	[ "$status" -eq 5 ]
	[ "$output" = "said to it" ]
	[ -z "$stderr" ]
	all_clean "$id"
	[ "$(report_of "$id" .monitor.exact)" = true ]
	ended_with "$id" code 5
	# crun ends when its last child has: the monitor must not be one.
	[ $((SECONDS - began)) -lt 5 ]
	# The same name again, at once.
	bundle "$id" /bin/sh -c 'while :; do :; done'
	budget cpu 200ms
	run engine run --bundle "$BUNDLE" "$id"
	[ "$status" -eq 137 ]
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 2 ]
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	ended_with "$id" code 137
}
# bats test_tags=once
@test "stint-runtime run, as a person does, twice with one name" { on_each_runtime run_as_a_person; }

run_detached() {
	use_runtime
	bundle "$id" /bin/sleep 60
	budget wall 1500ms
	engine_by_shim run -d --bundle "$BUNDLE" --pid-file "$STINT_TEST_DIR/$id.pid" "$id" >"$STINT_TEST_DIR/$id.out" 2>&1 </dev/null
	has_status "$id" running
	[ ! -s "$STINT_TEST_DIR/$id.out" ]
	[ "$(engine state "$id" | jq .pid)" = "$(cat "$STINT_TEST_DIR/$id.pid")" ]
	run ! reported "$id"
	eventually 10 has_status "$id" stopped
	ended_and_deleted "$id" 5
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	[ "$(report_of "$id" '.usage.wallNs >= 1500000000 and .usage.wallNs < 2000000000 + $late')" = true ]
}
# bats test_tags=once
@test "stint-runtime run -d: it returns, and the container is watched" { on_each_runtime run_detached; }

# --- the command line ---

forms_of() { # FORM-OF-GLOBAL... -- FORM-OF-CREATE...: each is split at spaces; ROOT, LOG, BUNDLE, PIDFILE stand for themselves
	local word words=() name=$1
	shift
	for word; do
		word=${word//ROOT/$STINT_TEST_DIR/engine-$RUNTIME}
		word=${word//LOG/$STINT_TEST_DIR/forms.log}
		word=${word//BUNDLE/$BUNDLE}
		words+=("${word//PIDFILE/$STINT_TEST_DIR/forms.pid}")
	done
	rm -f "$STINT_TEST_DIR/forms.pid"
	stint-runtime "${words[@]}" "$name" >"$STINT_TEST_DIR/out" 2>&1 </dev/null || { cat "$STINT_TEST_DIR/out"; return 1; }
	kill -0 "$(cat "$STINT_TEST_DIR/forms.pid")"
	jq -e --arg root "$BUSYBOX_ROOTFS" '.root.path == $root' "$STINT_ROOT"/run/stint/"$name"~*/bundle/config.json >/dev/null
	engine delete --force "$name"
	all_clean "$name"
	[ "$(reports_count "$name")" -eq 1 ]
}
forms_both_take() {
	use_runtime
	bundle "$id" /bin/sleep 60
	forms_of "$id-1" --root ROOT --log LOG create --bundle BUNDLE --pid-file PIDFILE
	forms_of "$id-2" --root=ROOT --log=LOG --log-format=json create --bundle=BUNDLE --pid-file=PIDFILE
	forms_of "$id-3" --debug --root ROOT create -b BUNDLE --no-pivot --pid-file PIDFILE
	forms_of "$id-4" --root ROOT create --no-new-keyring --pid-file=PIDFILE --bundle BUNDLE
}
# bats test_tags=once
@test "options with two dashes, with a value after = or as the next word, in any order" {
	on_each_runtime forms_both_take
}
# bats test_tags=once
@test "runc's own forms: one dash" {
	id="t-forms-$$"
	RUNTIME=runc
	use_runtime
	bundle "$id" /bin/sleep 60
	forms_of "$id-1" -root ROOT -log=LOG -log-format json create -bundle BUNDLE -pid-file PIDFILE
	forms_of "$id-2" -root=ROOT create -b=BUNDLE -no-pivot -pid-file=PIDFILE
}

# Passed on, they would bring the runtime to another bundle or pid file than the one that stint made.
unclear_forms() {
	local form
	use_runtime
	bundle "$id" /bin/sh -c 'echo it runs'
	for form in "-b$BUNDLE" "--bun=$BUNDLE" "--bundl=$BUNDLE" "-db$BUNDLE" "-fconfig.json" "--pid-f=$STINT_TEST_DIR/x.pid"; do
		run --separate-stderr env -C "$BUNDLE" stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" run "$form" "$id"
		[ "$status" -eq 1 ] && [ -z "$output" ] && [[ "$stderr" == "stint: run: the option ${form:0:8}"* ]] ||
			{ echo "$form: $status $output $stderr"; return 1; }
	done
	never_began "$id"
}
# bats test_tags=once
@test "an option that runtimes read differently is refused, not passed on" { on_each_runtime unclear_forms; }

named_as_commands() {
	local name
	use_runtime
	for name in create start; do
		bundle "$name" /bin/sh -c 'exit 6'
		engine_by_shim create --bundle "$BUNDLE" "$name" >"$STINT_TEST_DIR/out" 2>&1 </dev/null
		has_status "$name" created
		engine start "$name"
		eventually 5 has_status "$name" stopped
		engine delete "$name"
		all_clean "$name"
		ended_with "$name" code 6
	done
	# A bundle of such a name as well.
	bundle "$id" /bin/sh -c 'sleep 0.3; exit 7'
	mv "$BUNDLE" "$STINT_TEST_DIR/create"
	run env -C "$STINT_TEST_DIR" stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" run --bundle create create
	[ "$status" -eq 7 ]
	all_clean create
	ended_with create code 7
	rm -rf "${STINT_TEST_DIR:?}/create"
}
# bats test_tags=once
@test "a container, or a bundle, that is called create or start" {
	on_each_runtime named_as_commands
	# Of each runtime, one called start and two called create.
	read -ra runtimes <<<"${STINT_TEST_RUNTIMES:-crun runc}"
	[ "$(reports_count start) $(reports_count create)" = "${#runtimes[@]} $((2 * ${#runtimes[@]}))" ]
}

errors_reach_the_log() {
	local log=$STINT_TEST_DIR/$id.log
	use_runtime
	bundle "$id" /bin/true
	echo 'not json' >"$BUNDLE/config.json"
	for command in create run; do
		rm -f "$log"
		run --separate-stderr engine --log "$log" --log-format json "$command" --bundle "$BUNDLE" "$id"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		a_sentence "$stderr"
		[ "$(wc -l <"$log")" -eq 1 ]
		[ "$(jq -r .level "$log")" = error ]
		[ "$(jq -r .msg "$log")" = "$stderr" ]
		# A moment that is now, as RFC 3339.
		[ "$(($(date +%s) - $(date -d "$(jq -r .time "$log")" +%s)))" -lt 30 ]
	done
	# It is appended to what is there, and in words where no format was given.
	run --separate-stderr engine "--log=$log" create --bundle "$BUNDLE" "$id"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "$(wc -l <"$log")" -eq 2 ]
	[[ "$(tail -n 1 "$log")" == *"${stderr#stint: }"* || "$(tail -n 1 "$log")" == *"config.json"* ]]
	never_began "$id"
}
# As root of a user namespace with two ranges of ids, as rootless engines make theirs.
rootless() { # CMD...
	local pid status=0
	unshare --user bash -c 'kill -STOP $$; exec "$@"' - "$@" >"$STINT_TEST_DIR/out" 2>&1 </dev/null 3>&- &
	pid=$!
	eventually 5 grep -q '^State:.*T' "/proc/$pid/status"
	printf '0 0 1\n1 100000 65536\n' >"$STINT_TEST_DIR/map"
	cat "$STINT_TEST_DIR/map" >"/proc/$pid/uid_map"
	kill -CONT "$pid"
	wait "$pid" || status=$?
	cat "$STINT_TEST_DIR/out"
	return $status
}
# bats test_tags=once
@test "a user namespace's root, as rootless engines have it, is told that it is not enough" {
	local told='this needs the machine'"'"'s own root, and is root of a user namespace only'
	bundle "t-rootless-$$" /bin/true
	for command in "stint-runtime create --bundle $BUNDLE t-rootless-$$" "stint run $BUNDLE" "stint-hook createRuntime"; do
		run rootless $command
		[ "$status" -ne 0 ] && [[ "$output" == *"$told"* ]] || { echo "$command: $output"; return 1; }
	done
	# What makes no container is the runtime's, if it may be known which that is.
	rootless stint-runtime --version
	host_config crun
	chmod 600 "$STINT_ROOT/etc/stint/stint.json"
	chown 100 "$STINT_ROOT/etc/stint/stint.json"
	run rootless stint-runtime delete --force "t-rootless-$$"
	no_host_config
	[ "$status" -ne 0 ] && [[ "$output" == *"$told"* ]] || { echo "delete: $output"; return 1; }
}

# bats test_tags=once
@test "errors are one JSON line in --log and one line on standard error; nothing is on standard output" {
	on_each_runtime errors_reach_the_log
}

# --- what passes through ---

same_as_bare() { # ARG...: through stint-runtime as without it; --root comes first unless BARE is set
	local root=(--root "$STINT_TEST_DIR/engine-$RUNTIME") through bare
	[ -z "${BARE:-}" ] || root=()
	through=$(stint-runtime "${root[@]}" "$@" 2>"$STINT_TEST_DIR/err" </dev/null) && through+=" 0" || through+=" $?"
	through+=$(sed 's/time="[^"]*"//; s/^[0-9T:.-]*Z*//' "$STINT_TEST_DIR/err")
	bare=$("$(command -v "$RUNTIME")" "${root[@]}" "$@" 2>"$STINT_TEST_DIR/err" </dev/null) && bare+=" 0" || bare+=" $?"
	bare+=$(sed 's/time="[^"]*"//; s/^[0-9T:.-]*Z*//' "$STINT_TEST_DIR/err")
	[ "$through" = "$bare" ] || { echo "$RUNTIME $*: $through"; echo "without stint: $bare"; return 1; }
	through_said=$through
}

passes_through() {
	use_runtime
	BARE=1 same_as_bare --version
	[[ "$through_said" == *"$RUNTIME version"* ]]
	BARE=1 same_as_bare features
	BARE=1 same_as_bare --help
	BARE=1 same_as_bare no-such-command
	BARE=1 same_as_bare
	bundle "$id" /bin/sleep 60
	created_and_started "$id"
	same_as_bare state "$id"
	[[ "$through_said" == *running* ]]
	same_as_bare state "t-none-$$"
	[[ "$through_said" != *" 0"* ]]
	same_as_bare list
	[[ "$through_said" == *"$id"* ]]
	same_as_bare list -q
	same_as_bare list --format json
	same_as_bare ps --format json "$id"
	[[ "$through_said" == *"$(cat "$STINT_TEST_DIR/$id.pid")"* ]]
	same_as_bare kill "$id" NOSUCHSIGNAL
	same_as_bare exec "$id" /no/such/command
	same_as_bare exec "$id" /bin/sh -c 'echo said; exit 7'
	[[ "$through_said" == *said*" 7" ]]
	engine delete --force "$id"
	all_clean "$id"
}
# bats test_tags=once
@test "--version, features, state, list, ps, kill, exec and unknown commands answer as the bare runtime does" {
	on_each_runtime passes_through
}

commands_have_their_effect() {
	use_runtime
	bundle "$id" /bin/sh -c 'trap "echo got usr1" USR1; echo ready; while :; do sleep 0.05; done'
	created_and_started "$id"
	eventually 5 grep -q ready "$STINT_TEST_DIR/$id.out"
	engine kill "$id" USR1
	eventually 5 grep -q 'got usr1' "$STINT_TEST_DIR/$id.out"
	engine pause "$id"
	has_status "$id" paused
	engine resume "$id"
	has_status "$id" running
	[ "$(engine exec "$id" /bin/cat <<<'through it')" = 'through it' ]
	engine update --memory 67108864 --pids-limit 30 "$id"
	[ "$(kernel_has "/stint/$id~*/payload" memory)" = 67108864 ]
	[ "$(kernel_has "/stint/$id~*/payload" pids)" = 30 ]
	echo '{"memory": {"limit": 50331648}}' | engine update --resources - "$id"
	[ "$(kernel_has "/stint/$id~*/payload" memory)" = 50331648 ]
	# What our own level allows stays.
	[ "$(kernel_has "/stint/$id~*" memory)" = 2147483648 ]
	engine delete --force "$id"
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
}
@test "kill, pause, resume, exec with standard input, and update do what they do" {
	on_each_runtime commands_have_their_effect
}

exec_counts() {
	use_runtime
	bundle "$id" /bin/sleep 60
	budget cpu 400ms
	created_and_started "$id"
	run timeout 20 stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" exec "$id" /bin/sh -c 'while :; do :; done'
	[ "$status" -eq 137 ]
	ended_and_deleted "$id" 5
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" '.usage.cpuNs >= 400000000 and .usage.cpuNs < 500000000 + $late')" = true ]
	[ "$(report_of "$id" .monitor.exact)" = true ]
}
@test "what is exec'd into a container counts towards its budget" { on_each_runtime exec_counts; }

exec_counts_under_run() {
	local pid
	bundle "$id" /bin/sleep 60
	stint run --runtime "$RUNTIME" --budget cpu=300ms --id "$id" "$BUNDLE" >"$STINT_TEST_DIR/out" 2>&1 3>&- &
	pid=$!
	eventually 5 running_bare "$id"
	run timeout 20 "$RUNTIME" exec "$id" /bin/sh -c 'while :; do :; done'
	[ "$status" -eq 137 ]
	wait $pid && status=0 || status=$?
	[ "$status" -eq 137 ]
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" '.usage.cpuNs >= 300000000 and .usage.cpuNs < 400000000 + $late')" = true ]
	all_clean "$id"
}
running_bare() { [ "$("$RUNTIME" state "$1" 2>/dev/null | jq -r .status)" = running ]; }
@test "so does what the bare runtime execs into a container of stint run" { on_each_runtime exec_counts_under_run; }

# --- pause ---

paused_to_its_end() {
	local before after
	use_runtime
	bundle "$id" /bin/sh -c 'while :; do :; done'
	budget wall 4s
	budget cpu 60s
	created_and_started "$id"
	sleep 0.3
	engine pause "$id"
	before=$(kernel_has "/stint/$id~*" cpu-ns)
	sleep 0.5
	has_status "$id" paused
	after=$(kernel_has "/stint/$id~*" cpu-ns)
	[ $((after - before)) -lt 20000000 ]
	eventually 10 has_status "$id" stopped
	ended_and_deleted "$id" 5
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	ended_with "$id" signal 9
	[ "$(report_of "$id" '.usage.wallNs >= 4000000000 and .usage.wallNs < 4500000000 + $late')" = true ]
	[ "$(report_of "$id" '.usage.cpuNs < 1000000000 + $late')" = true ]
}
@test "pause: wall time goes on and CPU time does not; a paused container is killed at its wall time" {
	on_each_runtime paused_to_its_end
}

paused_and_resumed() {
	use_runtime
	bundle "$id" /bin/sh -c 'while :; do :; done'
	budget cpu 1500ms
	created_and_started "$id"
	sleep 0.2
	engine pause "$id"
	sleep 1.2
	has_status "$id" paused
	run ! reported "$id"
	engine resume "$id"
	eventually 10 has_status "$id" stopped
	ended_and_deleted "$id" 5
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" '.usage.cpuNs >= 1500000000 and .usage.cpuNs < 1600000000 + $late')" = true ]
	[ "$(report_of "$id" '.usage.wallNs > 2600000000')" = true ]
}
# bats test_tags=once
@test "pause and resume: the CPU budget goes on where it was" { on_each_runtime paused_and_resumed; }

# --- the end ---

deleted_twice() {
	use_runtime
	bundle "$id" /bin/true
	created_and_started "$id"
	eventually 5 has_status "$id" stopped
	ended_and_deleted "$id" 5
	# A second one is answered as the runtime answers it, by an engine's `--force` too.
	same_as_bare delete "$id"
	[[ "$through_said" != *" 0"* ]]
	same_as_bare delete --force "$id"
	engine delete -f "$id" >/dev/null 2>&1 || true
	bundle "$id-2" /bin/sleep 60
	created_and_started "$id-2"
	# Not without --force while it runs.
	run engine delete "$id-2"
	[ "$status" -ne 0 ]
	has_status "$id-2" running
	engine delete --force "$id-2"
	all_clean "$id-2"
	[ "$(report_of "$id-2" .verdict)" = null ]
	ended_with "$id-2" signal 9
	run engine delete --force "$id-2"
	all_clean "$id-2"
	[ "$(reports_count "$id") $(reports_count "$id-2")" = "1 1" ]
	# Created and never started.
	bundle "$id-3" /bin/sleep 60
	engine_create "$id-3"
	engine delete --force "$id-3"
	all_clean "$id-3"
	[ "$(reports_count "$id-3")" -eq 1 ]
	[ "$(report_of "$id-3" '.started, .usage.wallNs' | xargs)" = "null null" ]
}
# bats test_tags=once
@test "delete twice, delete --force of one that runs, and of one that was never started" {
	on_each_runtime deleted_twice
}

wall_from_start() {
	use_runtime
	bundle "$id" /bin/sleep 60
	budget wall 800ms
	engine_create "$id"
	sleep 1
	has_status "$id" created
	run ! reported "$id"
	engine start "$id"
	eventually 5 has_status "$id" running
	eventually 10 has_status "$id" stopped
	ended_and_deleted "$id" 5
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	[ "$(report_of "$id" '.usage.wallNs >= 800000000 and .usage.wallNs < 1200000000 + $late')" = true ]
	[ "$(report_of "$id" '.verdict.detectedNs >= 800000000 and .verdict.detectedNs < 1200000000')" = true ]
}
# bats test_tags=once
@test "wall time counts from start, not from create" { on_each_runtime wall_from_start; }

one_id_two_engines() {
	local one=$STINT_TEST_DIR/engine-$RUNTIME-one two=$STINT_TEST_DIR/engine-$RUNTIME-two
	use_runtime
	bundle "$id" /bin/sh -c 'while :; do :; done'
	budget cpu 300ms
	"$(tool shim)" stint-runtime --root "$one" create --bundle "$BUNDLE" "$id" >"$STINT_TEST_DIR/out" 2>&1 </dev/null
	bundle "$id" /bin/sleep 60
	"$(tool shim)" stint-runtime --root "$two" create --bundle "$BUNDLE" "$id" >"$STINT_TEST_DIR/out" 2>&1 </dev/null
	[ "$(compgen -G "$STINT_ROOT/run/stint/$id~*" | wc -l)" -eq 2 ]
	# A third of the same is refused, and harms neither.
	run --separate-stderr stint-runtime --root "$two" create --bundle "$BUNDLE" "$id"
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"exists already"* ]]
	stint-runtime --root "$one" start "$id"
	stint-runtime --root "$two" start "$id"
	eventually 10 reported "$id"
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	stint-runtime --root "$one" delete "$id"
	[ "$(stint-runtime --root "$two" state "$id" | jq -r .status)" = running ]
	stint-runtime --root "$two" delete --force "$id"
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 2 ]
	[ "$(report_of "$id" .verdict)" = null ]
	ended_with "$id" signal 9
	[ "$(report_of "$id" '.usage.cpuNs < 200000000 + $late')" = true ]
}
# bats test_tags=once
@test "one id under two runtime roots: two containers, two budgets, two reports" { on_each_runtime one_id_two_engines; }

failed_create() { # ID: the rest says why
	local log=$STINT_TEST_DIR/$1.log
	run --separate-stderr engine --log "$log" --log-format json create --bundle "$BUNDLE" "$1"
	[ "$status" -ne 0 ]
	[ -z "$output" ]
	# The runtime's own words.
	jq -e -s 'map(select(.level == "error" or .level == "fatal")) | length > 0' "$log" >/dev/null
	all_clean "$1"
	[ "$(reports_count "$1")" -eq 1 ]
	[ "$(report_of "$1" '.started, .exit, .verdict' | xargs)" = "null null null" ]
}
create_fails() {
	use_runtime
	bundle "$id" /bin/true
	config --arg path "$STINT_TEST_DIR/no-such-rootfs" '.root.path = $path'
	failed_create "$id"
	bundle "$id-2" /no/such/command
	failed_create "$id-2"
	bundle "$id-3" /bin/true
	config '.mounts += [{"destination": "/x", "type": "bind", "source": "/no/such/source", "options": ["bind"]}]'
	failed_create "$id-3"
	# And the id can be had at once.
	bundle "$id" /bin/true
	created_and_started "$id"
	eventually 5 reported "$id" 2
	engine delete "$id"
	all_clean "$id"
}
@test "a create that fails in the runtime leaves nothing, and is reported" { on_each_runtime create_fails; }

descriptors_arrive() {
	use_runtime
	bundle "$id" /bin/sh -c 'cat <&3; cat <&4; ls /proc/self/fd | wc -l'
	echo three >"$STINT_TEST_DIR/three"
	echo four >"$STINT_TEST_DIR/four"
	run engine run --bundle "$BUNDLE" --preserve-fds 2 "$id" 3<"$STINT_TEST_DIR/three" 4<"$STINT_TEST_DIR/four"
	[ "$status" -eq 0 ]
	[ "${lines[0]} ${lines[1]}" = "three four" ]
	all_clean "$id"
	(LISTEN_FDS=1 engine create --bundle "$BUNDLE" --preserve-fds=2 "$id-2" 3<"$STINT_TEST_DIR/three" \
		4<"$STINT_TEST_DIR/four") >"$STINT_TEST_DIR/$id-2.out" 2>&1 </dev/null || { cat "$STINT_TEST_DIR/$id-2.out"; return 1; }
	engine start "$id-2"
	ended_and_deleted "$id-2" 5
}
# bats test_tags=once
@test "descriptors from 3 up arrive with --preserve-fds" { on_each_runtime descriptors_arrive; }

engine_gives_a_path() {
	local dir
	use_runtime
	for dir in $(cgroup_trees); do mkdir -p "$dir/t-pod-$$/pod"; done
	bundle "$id" /bin/sleep 60
	config --arg path "/t-pod-$$/pod/$id" '.linux.cgroupsPath = $path'
	created_and_started "$id"
	grep -q ":/t-pod-$$/pod/$id/payload\$" "/proc/$(cat "$STINT_TEST_DIR/$id.pid")/cgroup"
	# The engine's path is there, and has the container's figures.
	[ "$(kernel_has "/t-pod-$$/pod/$id" pids-used)" -ge 1 ]
	[ "$(kernel_has "/t-pod-$$/pod/$id" memory-used)" -gt 0 ]
	[ -z "$(groups_like "stint/$id*")" ]
	engine delete --force "$id"
	all_clean "$id"
	[ "$(report_of "$id" .monitor.exact)" = true ]
	for dir in $(cgroup_trees); do
		none_there "$dir/t-pod-$$/pod/*/"
		[ -d "$dir/t-pod-$$/pod" ] || { echo "$dir: the parent is gone"; return 1; }
		rmdir "$dir/t-pod-$$/pod" "$dir/t-pod-$$"
	done
}
@test "cgroupsPath of the engine's: our level is inside it, and its parent stays" {
	on_each_runtime engine_gives_a_path
}

# --- many ---

# All are held at a fifo until the last one is there. Every tenth spends its budget first.
one_of_many() { # NUMBER GATE
	local id=t-many-$1-$$ runtime=crun
	[ $(($1 % 4)) -ne 0 ] || runtime=runc
	mkdir -p "$STINT_TEST_DIR/many/$1"
	# shellcheck disable=SC2016
	jq --arg root "$BUSYBOX_ROOTFS" --arg gate "$2" --arg n "$1" '.root.path = $root
		| .process.args = ["/bin/sh", "-c", "[ $((" + $n + " % 10)) -ne 0 ] || while :; do :; done; read -r x </gate/fifo; exit 3"]
		| .mounts += [{"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"},
			{"destination": "/gate", "type": "bind", "source": $gate, "options": ["rbind", "ro"]}]' \
		"$TOP/tests/integration/config.json" >"$STINT_TEST_DIR/many/$1/config.json"
	stint run --runtime "$runtime" --budget cpu=300ms --budget wall=150s --id "$id" "$STINT_TEST_DIR/many/$1" >"$STINT_TEST_DIR/many/$1/out" 2>&1
	echo "$1 $?" >>"$STINT_TEST_DIR/many/statuses"
}
at_the_gate() { # COUNT
	[ "$(pgrep -f -x -c '/bin/sh -c .* read -r x </gate/fifo; exit 3')" -ge "$1" ]
}
# bats test_tags=once
@test "two hundred containers at once: each is watched, each has its one report, nothing is left" {
	mkdir -p "$STINT_TEST_DIR/gate" "$STINT_TEST_DIR/many" "$STINT_TEST_DIR/root-gate"
	cp -a "$BUSYBOX_ROOTFS/." "$STINT_TEST_DIR/root-gate"
	mkdir -p "$STINT_TEST_DIR/root-gate/gate" "$STINT_TEST_DIR/root-gate/mnt"
	BUSYBOX_ROOTFS=$STINT_TEST_DIR/root-gate
	mkfifo "$STINT_TEST_DIR/gate/fifo"
	export -f one_of_many
	export STINT_TEST_DIR TOP BUSYBOX_ROOTFS
	MANY=200
	seq $MANY | xargs -P $MANY -I '{}' bash -c "$(declare -f one_of_many | sed 's/\$\$/'$$'/g'); one_of_many {} '$STINT_TEST_DIR/gate'" 3>&- &
	all=$!
	# Nine of ten wait at the fifo, the tenth of them were killed.
	eventually 90 at_the_gate $((MANY - MANY / 10))
	eventually 30 test -e "$STINT_TEST_DIR/many/statuses"
	eventually 30 killed_ones $((MANY / 10))
	[ "$(monitors | wc -l)" -eq $((2 * (MANY - MANY / 10))) ]
	: >"$STINT_TEST_DIR/gate/fifo"
	wait $all || true
	[ "$(wc -l <"$STINT_TEST_DIR/many/statuses")" -eq $MANY ]
	[ "$(grep -c ' 3$' "$STINT_TEST_DIR/many/statuses")" -eq $((MANY - MANY / 10)) ]
	[ "$(grep -c '0 137$' "$STINT_TEST_DIR/many/statuses")" -eq $((MANY / 10)) ]
	jq -s -e --arg suffix "-$$" --argjson many $MANY 'map(select(.id | startswith("t-many-") and endswith($suffix)))
		| length == $many and (map(.id) | unique | length == $many) and all(.monitor.exact)
		and (map(select(.verdict.budget == "cpu" and .usage.cpuNs >= 300000000)) | length == $many / 10)
		and (map(select(.exit.code == 3 and .verdict == null)) | length == $many * 9 / 10)' "$JOURNAL" >/dev/null
	for i in 1 4 10 99 200; do all_clean "t-many-$i-$$"; done
	[ -z "$(ls "$STINT_ROOT/run/stint")" ]
	[ -z "$(monitors)" ]
	[ -z "$(groups_like "stint/t-many-*-$$")" ]
}
killed_ones() { [ "$(grep -c ' 137$' "$STINT_TEST_DIR/many/statuses")" -eq "$1" ]; }

# --- hooks, without the wrapper ---

with_hooks() { # STAGE...
	local stage
	for stage; do
		config --arg hook "$STINT_BIN/stint-hook" --arg root "--root=$STINT_ROOT" --arg stage "$stage" \
			'.hooks[$stage] += [{path: $hook, args: ["stint-hook", $root, $stage], env: []}]'
	done
}
bare() { "$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" "$@"; }
bare_by_shim() { "$(tool shim)" "$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" "$@"; }
stopped_bare() { [ "$(bare state "$1" | jq -r .status)" = stopped ]; }
# What a config must have for a profile to be satisfied without its being edited.
limited() { config '.linux.resources.memory = {"limit": 134217728} | .linux.resources.pids = {"limit": 100} | .process.noNewPrivileges = true'; }

hook_budget() {
	use_runtime
	bundle "$id" /bin/sh -c 'while :; do :; done'
	limited
	with_hooks createRuntime poststop
	budget cpu 400ms
	run bare run --bundle "$BUNDLE" "$id"
	[ "$status" -eq 137 ]
	eventually 5 reported "$id"
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	[ "$(report_of "$id" '.verdict.used >= 400000000 and .verdict.used < 500000000 + $late')" = true ]
	# The group is the runtime's, which removes it: the figures are the last, or the report says that they are not.
	[ "$(report_of "$id" '.usage.cpuNs >= 400000000 and .usage.cpuNs < 500000000 + $late')" = true ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.monitor.exact or (.warnings | length > 0)')" = true ] || { report_of "$id" .; return 1; }
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
}
@test "hooks under a bare runtime: a budget is enforced, and there is one report" { on_each_runtime hook_budget; }

hook_lifecycle() {
	use_runtime
	bundle "$id" /bin/sleep 60
	limited
	with_hooks createRuntime poststart poststop
	budget wall 3s
	bare_by_shim create --bundle "$BUNDLE" "$id" >"$STINT_TEST_DIR/out" 2>&1 </dev/null
	sleep 1
	bare start "$id"
	eventually 10 stopped_bare "$id"
	eventually 5 reported "$id"
	bare delete "$id"
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
	[ "$(report_of "$id" .verdict.budget)" = wall ]
	ended_with "$id" signal 9
	# From poststart.
	[ "$(report_of "$id" '.usage.wallNs >= 3000000000 and .usage.wallNs < 3500000000 + $late')" = true ] || { report_of "$id" .; return 1; }
	# One that ends by itself, and one that is deleted before it begins.
	bundle "$id-2" /bin/sh -c 'exit 5'
	limited
	with_hooks createRuntime poststart poststop
	run bare run --bundle "$BUNDLE" "$id-2"
	[ "$status" -eq 5 ]
	eventually 5 reported "$id-2"
	all_clean "$id-2"
	[ "$(report_of "$id-2" .verdict)" = null ]
	bundle "$id-3" /bin/sleep 60
	limited
	with_hooks createRuntime poststart poststop
	bare_by_shim create --bundle "$BUNDLE" "$id-3" >"$STINT_TEST_DIR/out" 2>&1 </dev/null
	bare delete --force "$id-3"
	eventually 5 reported "$id-3"
	all_clean "$id-3"
}
# bats test_tags=once
@test "hooks under a bare runtime: wall time from poststart, an end by itself, an end before the beginning" {
	on_each_runtime hook_lifecycle
}

# What a tenant can have refused as often as he likes fills no disk.
# bats test_tags=once
@test "what hooks say is kept, and the file before it, and no more" {
	local log=$STINT_ROOT/var/log/stint
	mkdir -p "$log"
	run ! stint-hook --root "$STINT_ROOT" createRuntime <<<'{'
	[ "$(wc -l <"$log/hook.log")" -eq 1 ]
	truncate -s 1M "$log/hook.log"
	run ! stint-hook --root "$STINT_ROOT" createRuntime <<<'{'
	[ "$(stat -c %s "$log/hook.log.1")" -eq $((1 << 20)) ]
	[ "$(wc -l <"$log/hook.log")" -eq 1 ]
	grep -q 'stint: createRuntime: ' "$log/hook.log"
	truncate -s 1M "$log/hook.log"
	run ! stint-hook --root "$STINT_ROOT" createRuntime <<<'{'
	[ "$(cd "$log" && echo hook.*)" = 'hook.log hook.log.1' ]
}

hook_refuses() {
	cat >"$STINT_TEST_DIR/bare.json" <<-JSON
	{"name": "bare", "capabilities": [], "budgets": {"wall": {"limit": "10s"}}}
	JSON
	use_runtime "$(jq -n --arg p "$STINT_TEST_DIR/bare.json" '{defaultProfile: $p}')"
	bundle "$id" /bin/sh -c 'echo it runs'
	limited
	with_hooks createRuntime poststop
	run bare run --bundle "$BUNDLE" "$id"
	[ "$status" -ne 0 ]
	# crun tells what a hook says to nobody: it is in the hooks' own log.
	[ "$RUNTIME" = crun ] || [[ "$output" == *"stint: createRuntime of $id: "* ]] || { echo "$output"; return 1; }
	output+=$(grep "stint: createRuntime of $id: " "$STINT_ROOT/var/log/stint/hook.log")
	[[ "$output" == *"cannot enforce: capabilities"*"stint-runtime"*"precreate"* ]]
	[[ "$output" != *"it runs"* ]]
	bare delete --force "$id" >/dev/null 2>&1 || true
	never_began "$id"
	# What the config grants already is no reason to refuse.
	config '.process.capabilities = {bounding: [], effective: [], permitted: [], inheritable: [], ambient: []}'
	run bare run --bundle "$BUNDLE" "$id"
	[ "$status" -eq 0 ]
	[[ "$output" == *"it runs"* ]]
	eventually 5 reported "$id"
	all_clean "$id"
	# And the host can say that it goes on all the same, which is recorded.
	use_runtime "$(jq -n --arg p "$STINT_TEST_DIR/bare.json" '{defaultProfile: $p, onUnenforceable: "warn"}')"
	bundle "$id-2" /bin/sh -c 'echo it runs'
	limited
	with_hooks createRuntime poststop
	run bare run --bundle "$BUNDLE" "$id-2"
	[ "$status" -eq 0 ]
	[[ "$output" == *"it runs"* ]]
	eventually 5 reported "$id-2"
	[ "$(report_of "$id-2" '.warnings | map(select(test("not enforced: capabilities"))) | length')" = 1 ]
	all_clean "$id-2"
}
# bats test_tags=once
@test "a hook refuses what it comes too late for, and names the two ways that work" { on_each_runtime hook_refuses; }

hook_beside_wrapper() {
	use_runtime
	bundle "$id" /bin/sh -c 'while :; do :; done'
	with_hooks prestart createRuntime poststart poststop
	budget cpu 200ms
	run engine run --bundle "$BUNDLE" "$id"
	[ "$status" -eq 137 ]
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = "cpu true" ]
}
# bats test_tags=once
@test "hooks beside the wrapper: one plan, one monitor, one report" { on_each_runtime hook_beside_wrapper; }

precreated() {
	cat >"$STINT_TEST_DIR/strict.json" <<-JSON
	{"name": "strict-one", "capabilities": ["CAP_KILL"], "resources": {"memory": {"limit": 50331648}, "pids": {"limit": 20}}}
	JSON
	use_runtime "$(jq -n --arg p "$STINT_TEST_DIR/strict.json" '{defaultProfile: $p}')"
	bundle "$id" /bin/sh -c 'grep CapEff /proc/self/status'
	config '.process.noNewPrivileges = false | .linux.somethingNew = "NUMBERS"'
	sed -i 's/"NUMBERS"/[18446744073709551615, 1.50, -1e-7]/' "$BUNDLE/config.json"
	run --separate-stderr stint-hook "--root=$STINT_ROOT" precreate <"$BUNDLE/config.json"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	jq -e '.process.capabilities.bounding == ["CAP_KILL"] and .process.capabilities.inheritable == []
		and .linux.resources.memory.limit == 50331648 and .linux.resources.pids.limit == 20
		and (.hooks | not)' <<<"$output" >/dev/null
	# What it does not know is kept letter for letter.
	[[ "$output" == *18446744073709551615*1.50*-1e-7* ]]
	mkdir -p "$STINT_TEST_DIR/bundle-edited"
	echo "$output" >"$STINT_TEST_DIR/bundle-edited/config.json"
	run bare run --bundle "$STINT_TEST_DIR/bundle-edited" "$id"
	[ "$status" -eq 0 ]
	[[ "$output" == *0000000000000020* ]]
	# With the config so edited, the hook after it has nothing to refuse.
	BUNDLE=$STINT_TEST_DIR/bundle-edited
	with_hooks createRuntime poststop
	run bare run --bundle "$BUNDLE" "$id"
	[ "$status" -eq 0 ]
	eventually 5 reported "$id"
	all_clean "$id"
}
# bats test_tags=once
@test "precreate: config.json on standard input, the edited one on standard output" { on_each_runtime precreated; }

# bats test_tags=once
@test "precreate refuses a bad config with one line, and prints nothing" {
	for text in '' '{' '[]' '{"ociVersion": "1.0.2", "ociversion": "1.0.2"}' '{"process": {"args": "/bin/true"}}'; do
		run --separate-stderr stint-hook "--root=$STINT_ROOT" precreate <<<"$text"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ "$stderr" == "stint: precreate: "* ]]
	done
	run stint-hook no-such-stage </dev/null
	[ "$status" -eq 2 ]
}
