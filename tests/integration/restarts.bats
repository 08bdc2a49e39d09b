#!/usr/bin/env bats
# A budget outlives its process: an engine that starts a container again does not give it its budgets again.

load helpers
load threats
load engine

setup_file() {
	stint_setup_file
	cp "$(tool burn -static)" "$BUSYBOX_ROOTFS/bin/burn"
}
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { engine_teardown; }

engine_id() { # NUMBER: one as engines make them up
	printf '%08x%04x%052x' $$ "$BATS_SUITE_TEST_NUMBER" "$1"
}
life() { # runs it once, to its end
	created_and_started "$id"
	eventually 10 stopped "$id"
	engine delete "$id"
	all_clean "$id"
}
stopped() { has_status "$1" stopped; }
refused_again() { # WORDS
	run engine_create "$id"
	[ "$status" -ne 0 ] && [[ "$output" == *"stint: the $1 of this container is spent, in "*" earlier run"* ]] ||
		{ echo "$status: $output"; return 1; }
	engine delete "$id" >/dev/null 2>&1 || true
	all_clean "$id"
}

spent_once() {
	id=$(engine_id 1)
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sh -c 'while :; do :; done'
	budget cpu 200ms
	life
	[ "$(report_of "$id" .verdict.budget)" = cpu ]
	refused_again "cpu budget of 200.0ms"
	# What was refused did not run, and is no life.
	[ "$(reports_count "$id")" -eq 1 ]
	refused_again "cpu budget of 200.0ms"
	# Another container's budget is its own.
	id=$(engine_id 2)
	life
	[ "$(reports_count "$id")" -eq 1 ]
}
@test "a spent CPU budget is not given again with a restart" { on_each_runtime_in_turn spent_once; }

# Ids are the same for both runtimes: the engine's root is not, and so are their keys.
on_each_runtime_in_turn() { # FUNCTION
	for RUNTIME in ${STINT_TEST_RUNTIMES:-crun runc}; do
		rm -f "$JOURNAL"
		"$1"
	done
}

goes_on() {
	local n=0
	id=$(engine_id 3)
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/burn 400 1
	budget cpu 1200ms
	# Of 1200: 400, 800, and the rest of the third; what runtimes take to start is the less the more is burnt.
	for n in 1 2 3; do
		life
	done
	[ "$(jq -s -c '[.[].verdict.budget]' "$JOURNAL")" = '[null,null,"cpu"]' ] || { cat "$JOURNAL"; return 1; }
	[ "$(report_of "$id" '.verdict.used >= 1200000000 and .usage.cpuNs < 400000000 + $late')" = true ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.warnings | any(. == "its budgets go on from 2 earlier runs of this container")')" = true ]
	# All of it together is the budget, and no more than that and what runtimes need to start.
	[ "$(jq -s 'map(.usage.cpuNs) | add | . >= 1200000000 and . < 1280000000' "$JOURNAL")" = true ] || { cat "$JOURNAL"; return 1; }
	refused_again "cpu budget of 1.200s"
}
# bats test_tags=once
@test "what earlier lives used of a CPU budget counts" { on_each_runtime_in_turn goes_on; }

wall_goes_on() {
	id=$(engine_id 4)
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sleep 1
	budget wall 1500ms
	life
	life
	[ "$(jq -s -c '[.[].verdict.budget]' "$JOURNAL")" = '[null,"wall"]' ] || { cat "$JOURNAL"; return 1; }
	[ "$(report_of "$id" '.usage.wallNs > 100000000 and .usage.wallNs < 500000000 + $late')" = true ] || { report_of "$id" .; return 1; }
	refused_again "wall budget of 1.500s"
}
# bats test_tags=once
@test "and of a wall budget: the time between is not the container's" { on_each_runtime_in_turn wall_goes_on; }

rate_goes_on() {
	id=$(engine_id 5)
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/burn 250 1
	budget cpuRate 400ms/20s
	life
	life
	[ "$(jq -s -c '[.[].verdict.budget]' "$JOURNAL")" = '[null,"cpuRate"]' ] || { cat "$JOURNAL"; return 1; }
	# It fills again with time, and so the container may be started: with what its runtime needs of it, too.
	sleep 4
	life
	[ "$(report_of "$id" .verdict.budget)" = cpuRate ]
	[ "$(report_of "$id" '.usage.cpuNs > 50000000 and .usage.cpuNs < 150000000 + $late')" = true ] || { report_of "$id" .; return 1; }
}
# bats test_tags=once
@test "and of a rate: the bucket is as it was left, and filled by the time that has passed" { on_each_runtime_in_turn rate_goes_on; }

names_begin_anew() {
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sh -c 'while :; do :; done'
	budget cpu 100ms
	life
	life
	[ "$(reports_count "$id")" -eq 2 ]
	[ "$(jq -s -c '[.[].verdict.budget] | unique' "$JOURNAL")" = '["cpu"]' ]
	[ "$(report_of "$id" .warnings)" = '[]' ]
}
each_with_its_journal() { rm -f "$JOURNAL"; names_begin_anew; }
# bats test_tags=once
@test "a name that a person gave is a new container each time" { on_each_runtime each_with_its_journal; }

bad_record() {
	id=$(engine_id 6)
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/true
	budget cpu 10s
	life
	file=$(compgen -G "$STINT_ROOT/var/lib/stint/lives/${id:0:2}/$id*")
	[ "$(stat -c %a "$file")" = 600 ]
	echo '{"runs": 1, "used": {"cpu": "a lot"}}' >"$file"
	run engine_create "$id"
	[ "$status" -ne 0 ] && [[ "$output" == *"what earlier runs of this container used ("*"/lives/${id:0:2}/$id"*"used.cpu"* ]] || { echo "$output"; return 1; }
	engine delete "$id" >/dev/null 2>&1 || true
	rm "$file"
	life
	rm "$STINT_ROOT/var/lib/stint/lives/"*/*
}
# bats test_tags=once
@test "a record that cannot be read is an error, not a new budget" { on_each_runtime_in_turn bad_record; }
