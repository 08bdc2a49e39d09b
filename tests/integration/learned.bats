#!/usr/bin/env bats
# "seccomp": "learned": recorded, accepted, watched in its modes, what is denied and how that is taken in.

load helpers
load threats
load engine
load recordings

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() {
	stint_setup
	echo '{"name": "learned", "seccomp": "learned"}' >"$STINT_TEST_DIR/profile.json"
}
teardown() { engine_teardown; }

# One container of the same workload, whatever it does.
runs() { # ID SCRIPT
	bundle "$1" /bin/sh -c "$2"
	[ -z "${NO_NEW_PRIVILEGES:-}" ] || config ".process.noNewPrivileges = $NO_NEW_PRIVILEGES"
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$1" "$BUNDLE" 2>"$STINT_TEST_DIR/$1.err"
}
learned() { # ID: three runs
	local i
	rm -rf "$STINT_ROOT/var/lib/stint" # of the runtime before
	for i in 1 2 3; do
		runs "$1-l$i" 'echo a | cat'
	done
}
violations() { # ID JQ-CONDITION
	[ "$(report_of "$1" ".violations | $2")" = true ] || { echo "not so: $2"; report_of "$1" .violations; return 1; }
}
effective() { # JQ-FILTER
	stint explain --json --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" | jq -r "$1"
}

recorded_first() {
	learned "$id"
	violations "$id-l1" '. == []'
	[ "$(effective '.effective.record')" = true ]
	[ "$(effective '.sources[] | select(.path == "seccomp") | .from')" = "profile learned (the default filter)" ]
	stint record show "$id-l3" | grep -q complete
	all_clean "$id-l3"
}
@test "learned: until there is a model it is the default filter, and each run is recorded" { on_each_runtime recorded_first; }

complained_of() {
	learned "$id"
	run stint profile accept "$id-l1"
	[ "$status" -eq 0 ]
	[[ "$output" == *"accepted: "*" of 3 runs; mode complain" ]] || { echo "$output"; return 1; }
	runs "$id-1" 'echo a | cat'
	violations "$id-1" '. == []'
	runs "$id-2" 'mkdir /dev/shm/d && echo made'
	violations "$id-2" 'map(select(.need == "mkdir")) == [{need: "mkdir", program: "mkdir", action: "allowed", count: 1,
		rule: {names: ["mkdir"], action: "SCMP_ACT_ALLOW"}, remedy: .[0].remedy}]'
	[[ "$(report_of "$id-2" '.violations[0].remedy')" == "stint profile accept sha256:"* ]]
	stint why "$id-2" | grep -q 'its model does not know .*mkdir'
	# It was recorded meanwhile, and is taken in.
	run stint profile accept "$id-2"
	[[ "$output" == *"new: mkdir"* ]] || { echo "$output"; return 1; }
	runs "$id-3" 'mkdir /dev/shm/d'
	violations "$id-3" 'any(.need == "mkdir") | not'
}
# bats test_tags=once
@test "learned: complain lets pass what the model does not know, and reports each once with its rule" { on_each_runtime complained_of; }

enforced() {
	local before
	learned "$id"
	stint profile accept --mode enforce "$id-l1"
	runs "$id-1" 'echo a | cat'
	violations "$id-1" '. == []'
	! stint record show "$id-1" >/dev/null 2>&1 || { echo "it was recorded"; return 1; }
	runs "$id-2" 'for i in 1 2 3; do mkdir /dev/shm/d || echo refused; done' >"$STINT_TEST_DIR/out" 2>&1
	[ "$(grep -c refused "$STINT_TEST_DIR/out")" -eq 3 ]
	[ "$(report_of "$id-1" '[.violationsExact, .warnings]')" = "[true,[]]" ] || { report_of "$id-1" .; return 1; }
	violations "$id-2" 'map(select(.need == "mkdir") | [.action, .count, .program]) == [["denied", 3, "mkdir"]]'
	stint why "$id-2" | grep -q 'its seccomp filter denied it .*mkdir 3 times'
	# Still denied: nothing that it does makes it looser.
	runs "$id-3" 'mkdir /dev/shm/d || echo refused' >"$STINT_TEST_DIR/out" 2>&1
	grep -q refused "$STINT_TEST_DIR/out"
	before=$(effective .effective.seccomp | sha256sum)
	stint profile status | grep -qE 'enforce, [12] denied'
	run stint profile accept --dry-run "$id-l1"
	[[ "$output" == *"new: mkdir"*"was denied"*"would be accepted"* ]] || { echo "$output"; return 1; }
	[ "$(effective .effective.seccomp | sha256sum)" = "$before" ]
	stint profile accept "$id-l1"
	runs "$id-4" 'mkdir /dev/shm/d && echo made' >"$STINT_TEST_DIR/out" 2>&1
	grep -q made "$STINT_TEST_DIR/out"
	violations "$id-4" 'any(.need == "mkdir") | not'
	stint profile accept --rollback "$id-l1"
	[ "$(effective .effective.seccomp | sha256sum)" = "$before" ]
	runs "$id-5" 'mkdir /dev/shm/d || echo refused' >"$STINT_TEST_DIR/out" 2>&1
	grep -q refused "$STINT_TEST_DIR/out"
	all_clean "$id-5"
}
@test "learned: enforce refuses what the model does not know, until it is accepted; and back" { on_each_runtime enforced; }
enforced_by_notification() {
	host_config "$(command -v "$RUNTIME")" '{"recorder": "notify"}'
	enforced
	no_host_config
}
# bats test_tags=once
@test "learned: by notification, enforce refuses, reports and heals as by eBPF" { on_each_runtime enforced_by_notification; }

more_refused_than() { [ "$(grep -sc refused "$STINT_TEST_DIR/out")" -gt "$1" ] 2>/dev/null; }
refuser_killed() {
	local i run
	host_config "$(command -v "$RUNTIME")" '{"recorder": "notify"}'
	rm -rf "$STINT_ROOT/var/lib/stint"
	for i in 1 2 3; do
		runs "$id-l$i" 'sleep 0.1; sleep 0.1; echo a'
	done
	stint profile accept --mode enforce "$id-l1"
	bundle "$id-1" /bin/sh -c 'while :; do mkdir /dev/shm/d && echo made || echo refused; sleep 0.1; done'
	stint run --profile "$STINT_TEST_DIR/profile.json" --id "$id-1" "$BUNDLE" >"$STINT_TEST_DIR/out" 2>&1 3>&- &
	run=$!
	eventually 10 more_refused_than 2
	stint verify "$id-1" | grep -q 'as planned.*asks the recorder' || { stint verify "$id-1"; return 1; }
	kill_recorder "$id-1"
	eventually 10 more_refused_than $(($(grep -c refused "$STINT_TEST_DIR/out") + 3))
	$RUNTIME kill "$id-1" KILL
	wait $run || true
	no_host_config
	! grep made "$STINT_TEST_DIR/out" || return 1
	[ "$(report_of "$id-1" .violationsExact)" = false ]
	report_of "$id-1" '.warnings[]' | grep 'violations may be missing: its recorder did not see it to its end'
	stint why "$id-1" | grep 'violations may be missing'
}
# bats test_tags=once
@test "learned: by notification, what is denied stays so when the recorder is killed" { on_each_runtime refuser_killed; }

# The runtime on its way may make a call that the model denies (crun: kill), and wait for an answer that nobody else can give.
refuser_killed_before_handing_over() {
	local i run
	rm -rf "$STINT_ROOT/var/lib/stint"
	for i in 1 2 3; do
		runs "$id-l$i" 'echo a | cat; sleep 0.1'
	done
	stint profile accept --mode enforce "$id-l1"
	stopping_runtime "$STINT_TEST_DIR/stopping-$RUNTIME"
	host_config "$STINT_TEST_DIR/stopping-$RUNTIME" '{"recorder": "notify"}'
	bundle "$id-1" /bin/sh -c 'echo a | cat; mkdir /dev/shm/d && echo made || echo refused'
	stint run --profile "$STINT_TEST_DIR/profile.json" --id "$id-1" "$BUNDLE" >"$STINT_TEST_DIR/out" 2>&1 3>&- &
	run=$!
	eventually 10 asks_somebody "$id-1"
	kill_recorder "$id-1"
	eventually 10 is_gone $run || { kill -KILL $run; cat "$STINT_TEST_DIR/out"; return 1; }
	no_host_config
	cat "$STINT_TEST_DIR/out"
	! grep made "$STINT_TEST_DIR/out" || return 1
	[ "$(report_of "$id-1" .violationsExact)" = false ]
	# Once its program has begun it goes on, though it asks for nothing.
	bundle "$id-2" /bin/sh -c 'echo a | cat; sleep 5; echo ended'
	host_config "$(command -v "$RUNTIME")" '{"recorder": "notify"}'
	stint run --profile "$STINT_TEST_DIR/profile.json" --id "$id-2" "$BUNDLE" >"$STINT_TEST_DIR/out" 2>&1 3>&- &
	run=$!
	eventually 10 grep -qx a "$STINT_TEST_DIR/out"
	sleep 2.5 # it looks once a second
	kill_recorder "$id-2"
	eventually 10 is_gone $run
	grep -qx ended "$STINT_TEST_DIR/out" || { cat "$STINT_TEST_DIR/out"; return 1; }
	report_of "$id-2" '.warnings[]' | grep 'its recorder did not see it to its end'
	no_host_config
}
# bats test_tags=once
@test "learned: by notification, a recorder that is killed before the hand-over holds nobody up" {
	on_each_runtime refuser_killed_before_handing_over
}

# What the runtime needs of a recording made by notification does not hold it up: the program may begin before the recorder hears of it.
handed_over_late() {
	host_config "$(command -v "$RUNTIME")" '{"recorder": "notify"}'
	rm -rf "$STINT_ROOT/var/lib/stint"
	runs "$id-l1" 'echo a | cat'
	stint profile accept --mode enforce "$id-l1"
	stopping_runtime "$STINT_TEST_DIR/stopping-$RUNTIME"
	host_config "$STINT_TEST_DIR/stopping-$RUNTIME" "$(jq -n --arg file "$STINT_TEST_DIR/profile.json" '{recorder: "notify", defaultProfile: $file}')"
	bundle "$id" /bin/sh -c 'echo a | cat; mkdir /dev/shm/d || echo refused'
	created_and_started "$id"
	eventually 10 grep -qx a "$STINT_TEST_DIR/$id.out"
	eventually 5 asks_somebody "$id"
	kill -CONT "$(recorders "$id")"
	ended_and_deleted "$id" 10
	grep -qx refused "$STINT_TEST_DIR/$id.out"
	violations "$id" 'map(.need) == ["mkdir"]'
	no_host_config
}
# bats test_tags=once
@test "learned: by notification, a program that begins before its listener is taken is not taken for its runtime" { on_each_runtime handed_over_late; }

# A model that was recorded by eBPF may deny what the runtime calls to hand over by what is asked: crun wait4, runc read.
denied_to_hand_over() {
	host_config "$(command -v "$RUNTIME")" '{"recorder": "ebpf"}'
	rm -rf "$STINT_ROOT/var/lib/stint"
	bundle "$id" /bin/echo hello
	stint run --profile "$STINT_TEST_DIR/profile.json" --id "$id-l1" "$BUNDLE"
	stint profile accept --mode enforce "$id-l1"
	host_config "$(command -v "$RUNTIME")" '{"recorder": "notify"}'
	[ "$(stint run --profile "$STINT_TEST_DIR/profile.json" --id "$id-1" "$BUNDLE" 2>"$STINT_TEST_DIR/err")" = hello ] || { cat "$STINT_TEST_DIR/err"; return 1; }
	[ "$(report_of "$id-1" .violationsExact)" = false ]
	report_of "$id-1" '.warnings[]' | grep "what its model denies stays denied, and is not told of: .*filter denies .*, which $RUNTIME calls to hand over"
	# The remedy.
	stint run --record --id "$id-2" "$BUNDLE" 2>/dev/null
	stint profile accept --mode enforce "$id-2"
	[ "$(stint run --profile "$STINT_TEST_DIR/profile.json" --id "$id-3" "$BUNDLE" 2>/dev/null)" = hello ]
	[ "$(report_of "$id-3" '.warnings | any(startswith("what its model"))')" = false ] || { report_of "$id-3" .warnings; return 1; }
	no_host_config
}
# bats test_tags=once
@test "learned: by notification, a model that denies what handing over takes is enforced, and not told of" { on_each_runtime denied_to_hand_over; }

# crun makes calls of its own on the way of an exec that are none of a model recorded by eBPF: they are not told as the workload's.
executed_under_refusals() {
	local i NO_NEW_PRIVILEGES=false
	rm -rf "$STINT_ROOT/var/lib/stint"
	for i in 1 2 3; do
		runs "$id-l$i" 'echo a | cat; sleep 0.1'
	done
	stint profile accept --mode enforce "$id-l1"
	host_config "$(command -v "$RUNTIME")" "$(jq -n --arg file "$STINT_TEST_DIR/profile.json" '{recorder: "notify", defaultProfile: $file}')"
	bundle "$id" /bin/sh -c 'mkdir /dev/shm/d || echo refused; sleep 100'
	config '.process.noNewPrivileges = false'
	created_and_started "$id"
	eventually 10 grep -qx refused "$STINT_TEST_DIR/$id.out"
	for i in 1 2 3; do
		engine exec "$id" /bin/sh -c 'echo a | cat; rmdir /dev/shm/d; true' 2>/dev/null </dev/null
	done
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
	violations "$id" 'map([.need, .program, .count]) | sort == [["mkdir", "mkdir", 1], ["rmdir", "rmdir", 3]]'
	no_host_config
}
# bats test_tags=once
@test "learned: by notification, what a runtime does on the way of an exec is none of the workload's" {
	on_each_runtime executed_under_refusals
}

# Who handed its listener over is gone, and what its shell forks has executed nothing: a shell that has programs of its own (busybox).
executed_and_handed_over_late() {
	local NO_NEW_PRIVILEGES=false
	host_config "$(command -v "$RUNTIME")" "$(jq -n --arg file "$STINT_TEST_DIR/profile.json" '{recorder: "notify", defaultProfile: $file}')"
	rm -rf "$STINT_ROOT/var/lib/stint"
	bundle "$id-l1" /bin/sh -c 'echo a | cat; sleep 100'
	config '.process.noNewPrivileges = false'
	created_and_started "$id-l1"
	eventually 10 grep -qx a "$STINT_TEST_DIR/$id-l1.out"
	engine exec "$id-l1" /bin/sh -c 'echo a | cat' </dev/null
	engine kill "$id-l1" KILL
	ended_and_deleted "$id-l1" 10
	stint profile accept --mode enforce "$id-l1"
	bundle "$id" /bin/sh -c 'echo a | cat; sleep 100'
	config '.process.noNewPrivileges = false'
	created_and_started "$id"
	eventually 10 grep -qx a "$STINT_TEST_DIR/$id.out"
	kill -STOP "$(recorders "$id")"
	engine exec --detach "$id" /bin/sh -c 'rmdir /dev/shm/d; true' </dev/null >"$STINT_TEST_DIR/exec" 2>&1 3>&-
	eventually 5 asks_somebody "$id"
	kill -CONT "$(recorders "$id")"
	eventually 5 nobody_asks "$id"
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
	violations "$id" 'map([.need, .count]) == [["rmdir", 1]]'
	no_host_config
}
nobody_asks() { ! asks_somebody "$1"; }
# bats test_tags=once
@test "learned: by notification, what an exec that began before its listener is taken forks is the workload's" {
	on_each_runtime executed_and_handed_over_late
}

# An exec is on its way when the recorder of a container whose program has begun dies: crun's makes a call there that the model denies.
executed_while_refuser_dies() {
	local i exec NO_NEW_PRIVILEGES=false
	rm -rf "$STINT_ROOT/var/lib/stint"
	for i in 1 2 3; do
		runs "$id-l$i" 'echo a | cat; sleep 0.1'
	done
	stint profile accept --mode enforce "$id-l1"
	stopping_runtime "$STINT_TEST_DIR/stopping-$RUNTIME" exec
	host_config "$STINT_TEST_DIR/stopping-$RUNTIME" "$(jq -n --arg file "$STINT_TEST_DIR/profile.json" '{recorder: "notify", defaultProfile: $file}')"
	bundle "$id" /bin/sh -c 'mkdir /dev/shm/d || echo refused; sleep 100'
	config '.process.noNewPrivileges = false'
	created_and_started "$id"
	eventually 10 grep -qx refused "$STINT_TEST_DIR/$id.out"
	# One that has begun before goes on, too.
	"$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" exec --detach --pid-file "$STINT_TEST_DIR/$id.begun" "$id" /bin/sleep 100 \
		>"$STINT_TEST_DIR/begun" 2>&1 </dev/null 3>&- || { cat "$STINT_TEST_DIR/begun"; return 1; }
	engine exec "$id" /bin/echo there >"$STINT_TEST_DIR/exec" 2>&1 </dev/null 3>&- &
	exec=$!
	eventually 5 is_stopped "$id"
	[ "$RUNTIME" != crun ] || eventually 10 asks_somebody "$id"
	kill_recorder "$id"
	eventually 10 is_gone $exec || { kill -KILL $exec; return 1; }
	[ "$RUNTIME" != crun ] || eventually 5 grep -x "stint: exec in $id: stint-recorder was killed, .*" "$STINT_TEST_DIR/exec"
	run ! engine exec "$id" /bin/echo there </dev/null
	[[ "$output" == "stint: exec in $id: its seccomp filter asks stint-recorder, which was killed: "* ]] || { echo "$output"; return 1; }
	has_status "$id" running
	kill -0 "$(cat "$STINT_TEST_DIR/$id.begun")"
	engine kill "$id" KILL
	ended_and_deleted "$id" 10
	[ "$RUNTIME" != crun ] || report_of "$id" '.warnings[]' | grep 'stint-recorder was killed: what was being executed in the container is killed'
	no_host_config
}
# bats test_tags=once
@test "learned: by notification, an exec whose recorder is killed before the hand-over fails, and the container goes on" {
	on_each_runtime executed_while_refuser_dies
}

flood() {
	learned "$id"
	stint profile accept --mode enforce "$id-l1"
	runs "$id-1" 'i=0; while [ $i -lt 500 ]; do mkdir /dev/shm/d; i=$((i+1)); done; true' >/dev/null
	violations "$id-1" 'map(select(.need == "mkdir") | .count) == [500]'
	[ "$(report_of "$id-1" '.violations | length')" -lt 17 ]
}
# bats test_tags=once
@test "learned: a flood of denials is counted, and told of once" { on_each_runtime flood; }

# fcntl is allowed for some commands: of more others than there is room for nobody knows whether the filter denied them.
lost_some() {
	cat >"$STINT_TEST_DIR/commands.c" <<-'END'
		#include <fcntl.h>
		#include <stdlib.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
				syscall(SYS_fcntl, 0, 5000 + i);
			return syscall(SYS_fcntl, 0, F_GETFL) < 0;
		}
	END
	cc -O1 -static -o "$BUSYBOX_ROOTFS/bin/commands" "$STINT_TEST_DIR/commands.c"
	rm -rf "$STINT_ROOT/var/lib/stint"
	for i in 1 2 3; do
		runs "$id-l$i" 'commands; true'
	done
	stint profile accept --mode enforce "$id-l1"
	runs "$id-1" 'commands 20; true'
	[ "$(report_of "$id-1" '[.violationsExact, (.violations | length > 15)]')" = '[true,true]' ] ||
		{ report_of "$id-1" '[.violationsExact, .violations, .warnings]'; return 1; }
	runs "$id-2" 'commands 150; true'
	[ "$(report_of "$id-2" .violationsExact)" = false ]
	report_of "$id-2" '.warnings[]' | grep "violations may be missing: [1-9][0-9]* events found no room in the recorder's tables"
	stint report "$id-2" | grep 'violations may be missing: [1-9]'
	stint why "$id-2" | grep 'violations may be missing: see the warnings of its report'
}
# bats test_tags=once
@test "learned: of denials that found no room with the recorder the report says that some may be missing" { on_each_runtime lost_some; }

# A call that the bundle's own filter kills for is denied by neither an error nor an answer of the recorder's.
killed_for() {
	learned "$id"
	stint profile accept --mode enforce "$id-l1"
	[ -z "${1:-}" ] || host_config "$(command -v "$RUNTIME")" "{\"recorder\": \"$1\"}"
	bundle "$id-1" /bin/sh -c 'echo a | cat; exec mkdir /dev/shm/d'
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	run -159 stint run --profile "$STINT_TEST_DIR/profile.json" --id "$id-1" "$BUNDLE"
	no_host_config
	report_of "$id-1" '.exit.code' | grep -x 159
	stint why "$id-1" >"$STINT_TEST_DIR/why"
	grep 'SIGSYS is how a seccomp filter ends who makes a call that it denies' "$STINT_TEST_DIR/why"
}
killed_for_seen() {
	host_config "$(command -v "$RUNTIME")"
	killed_for
	violations "$id-1" 'any(.need == "mkdir" and .action == "denied")'
	[ "$(report_of "$id-1" '[.violationsExact, .warnings]')" = '[true,[]]' ] || { report_of "$id-1" .; return 1; }
	grep 'it denies; its seccomp filter denied it mkdir' "$STINT_TEST_DIR/why"
}
killed_for_unseen() {
	killed_for notify
	violations "$id-1" '. == []'
	[ "$(report_of "$id-1" '.violationsExact')" = false ]
	report_of "$id-1" '.warnings[]' | grep 'violations may be missing: calls for which its filter kills or sends SIGSYS are not seen'
	grep "the kernel's log says which one .*violations may be missing" "$STINT_TEST_DIR/why"
}
# bats test_tags=once
@test "learned: a call that is killed for is told of; by notification it is said that it cannot be seen" {
	on_each_runtime killed_for_seen
	on_each_runtime killed_for_unseen
}

# An installation without the recorder: the filter holds, and the report says that nobody tells of what it denies.
untold() {
	local bin=$STINT_TEST_DIR/bin-$RUNTIME
	learned "$id"
	stint profile accept --mode enforce "$id-l1"
	mkdir "$bin"
	cp "$STINT_BIN"/stint* "$bin"
	rm "$bin/stint-recorder"
	bundle "$id-1" /bin/sh -c 'mkdir /dev/shm/d || echo refused'
	[ "$("$bin/stint" run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id-1" "$BUNDLE" 2>/dev/null)" = refused ]
	[ "$(report_of "$id-1" '[.violations, .violationsExact]')" = '[[],false]' ]
	report_of "$id-1" '.warnings[0]' | grep 'what its model denies stays denied, and is not told of: .*there is no .*stint-recorder'
	stint why "$id-1" | grep 'violations may be missing'
}
# bats test_tags=once
@test "learned: where no recorder can be had the filter holds, and the report says that denials are not told of" { on_each_runtime untold; }

canary() {
	local i recorded=0
	learned "$id"
	stint profile accept --mode canary --share 100 "$id-l1" | grep -q 'mode canary, 100 of 100 starts'
	runs "$id-1" 'mkdir /dev/shm/d'
	violations "$id-1" 'any(.need == "mkdir" and .action == "allowed")'
	stint profile accept --share 1 "$id-l1" >/dev/null
	for i in 2 3 4 5 6; do
		runs "$id-$i" true
		! stint record show "$id-$i" >/dev/null 2>&1 || recorded=$((recorded + 1))
	done
	[ "$recorded" -lt 4 ] # one of a hundred each: four of five in less than one of ten million runs
}
# bats test_tags=once
@test "learned: canary watches a share of the starts" { on_each_runtime canary; }

# A model is for the runtime that it was recorded under. Under the other one that is said before, and the remedy is one.
another_runtime() {
	local recorded_with=$RUNTIME other=runc remedy
	[ "$RUNTIME" = crun ] || other=crun
	learned "$id"
	stint profile accept "$id-l1"
	RUNTIME=$other runs "$id-1" 'echo a | cat' # complain
	[ "$(report_of "$id-1" '.warnings + .violations | length')" = 0 ] || { report_of "$id-1" .; return 1; }
	stint profile accept --mode canary --share 100 "$id-l1"
	RUNTIME=$other runs "$id-2" 'echo a | cat'
	# With one run of the other runtime's its needs are in it too: a model of those of one alone.
	rm -rf "$STINT_ROOT/var/lib/stint"
	RUNTIME=$recorded_with runs "$id-l4" 'echo a | cat'
	stint profile accept --mode enforce "$id-l4"
	RUNTIME=$other run -125 runs "$id-3" 'echo a | cat'
	grep "enforce the model of sha256:[0-9a-f]*: it was made for $recorded_with, and denies [0-9]* calls that $other needs to start a container" \
		"$STINT_TEST_DIR/$id-3.err" || { cat "$STINT_TEST_DIR/$id-3.err"; return 1; }
	all_clean "$id-3"
	remedy=$(sed -n 's/.*: stint profile accept/stint profile accept/p' "$STINT_TEST_DIR/$id-3.err")
	eval "$remedy"
	RUNTIME=$other runs "$id-4" 'echo a | cat'
	violations "$id-4" '. == []'
	runs "$id-5" 'echo a | cat'
	violations "$id-5" '. == []'
	# What is taken in later does not take it back.
	runs "$id-6" 'mkdir /dev/shm/d' || true
	stint profile accept "$id-l4"
	RUNTIME=$other runs "$id-7" 'mkdir /dev/shm/d && echo made' | grep made
	# One that nothing is known of may do.
	printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "$recorded_with")" >"$STINT_TEST_DIR/other-$recorded_with"
	chmod +x "$STINT_TEST_DIR/other-$recorded_with"
	RUNTIME=$STINT_TEST_DIR/other-$recorded_with runs "$id-8" 'echo a | cat'
	[[ "$(report_of "$id-8" '.warnings | join(" ")')" == *"what other-$recorded_with needs to start a container is not known"* ]] || { report_of "$id-8" .; return 1; }
}
# bats test_tags=once
@test "learned: a model that another runtime cannot start with says so, and what to do" { on_each_runtime another_runtime; }

without_no_new_privileges() {
	local NO_NEW_PRIVILEGES=true
	rm -rf "$STINT_ROOT/var/lib/stint"
	runs "$id-l1" 'echo a | cat'
	stint profile accept --mode enforce "$id-l1"
	runs "$id-1" 'echo a | cat'
	NO_NEW_PRIVILEGES=false
	run -125 runs "$id-2" 'echo a | cat'
	grep "it was recorded with noNewPrivileges, and denies [0-9]* calls that $RUNTIME needs" "$STINT_TEST_DIR/$id-2.err" || { cat "$STINT_TEST_DIR/$id-2.err"; return 1; }
	eval "$(sed -n 's/.*: stint profile accept/stint profile accept/p' "$STINT_TEST_DIR/$id-2.err")"
	runs "$id-3" 'echo a | cat'
	stint profile accept --mode enforce "$id-l1"
	runs "$id-4" 'echo a | cat'
	violations "$id-4" '. == []'
}
# bats test_tags=once
@test "learned: a model that was recorded with noNewPrivileges and is started without says so, and what to do" {
	on_each_runtime without_no_new_privileges
}

another_image() {
	learned "$id"
	stint profile accept --mode enforce "$id-l1"
	cp -a "$BUSYBOX_ROOTFS" "$STINT_TEST_DIR/other-$RUNTIME"
	echo 'VERSION_ID=2' >"$STINT_TEST_DIR/other-$RUNTIME/etc/os-release"
	ROOTFS=$STINT_TEST_DIR/other-$RUNTIME runs "$id-1" 'mkdir /dev/shm/d && echo made' >"$STINT_TEST_DIR/out"
	grep -q made "$STINT_TEST_DIR/out"
	stint record show "$id-1" >/dev/null
}
# bats test_tags=once
@test "learned: another image is another workload, without a model" { on_each_runtime another_image; }
