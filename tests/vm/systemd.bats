#!/usr/bin/env bats
# systemd is PID 1, and makes the containers' groups: the runtimes' systemd driver. Nothing can be put above the scope
# that it makes, which goes as soon as it is empty; what is written to a group behind systemd's back it may undo.

load ../integration/helpers
load ../integration/threats
load ../integration/engine

setup_file() {
	[ "$(cat /proc/1/comm)" = systemd ] || { echo "systemd is not PID 1 here" >&2; return 1; }
	stint_setup_file
}
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	engine_teardown
	no_host_config
}

engine() { stint-runtime --systemd-cgroup --root "$STINT_TEST_DIR/engine-$RUNTIME" "$@"; }
engine_by_shim() { "$(tool shim)" stint-runtime --systemd-cgroup --root "$STINT_TEST_DIR/engine-$RUNTIME" "$@"; }

scope_bundle() { # CMD...
	bundle "$id" "$@"
	config --arg path "system.slice:stint:$id" '.linux.cgroupsPath = $path'
	scope=/sys/fs/cgroup/system.slice/stint-$id.scope
}
scope_gone() { [ ! -e "$scope" ]; }
# crun makes a group in the scope, runc has none there.
in_kernel() { # FILE...
	local group
	group=/sys/fs/cgroup$(sed 's/^0:://' "/proc/$(cat "$STINT_TEST_DIR/$id.pid")/cgroup")
	(cd "$group" && cat "$@" | xargs)
}
limits_in_kernel() { in_kernel memory.max pids.max cpu.max; }
limited_to() { # MEMORY PIDS QUOTA PERIOD
	[ "$(limits_in_kernel)" = "$*" ] || { limits_in_kernel; return 1; }
	stint verify "$id"
}
ended() { # ID: its scope, its state and its watchers are gone when the engine has deleted it
	eventually 20 reported "$1"
	engine delete "$1"
	eventually 10 scope_gone
	all_clean "$1"
	[ "$(reports_count "$1")" -eq 1 ]
}
ceiling() { host_config "$(command -v "$RUNTIME")" "{\"ceiling\": $1}"; }

limits_stick() {
	ceiling '{"budgets": {"memory": {"limit": "64MiB"}, "pids": {"limit": 40}}, "resources": {"cpu": {"quota": 50000, "period": 100000}}}'
	scope_bundle /bin/sleep 100
	created_and_started "$id"
	limited_to 67108864 40 50000 100000
	[ "$(in_kernel memory.oom.group)" = 1 ]
	systemctl daemon-reload
	limited_to 67108864 40 50000 100000
	# Beyond the plan, and within it.
	echo '{"memory": {"limit": 1073741824}, "pids": {"limit": 4000}}' | engine update --resources - "$id"
	limited_to 67108864 40 50000 100000
	echo '{"memory": {"limit": 33554432}, "pids": {"limit": 20}}' | engine update --resources - "$id"
	systemctl daemon-reload
	limited_to 33554432 20 50000 100000
	engine kill "$id" KILL
	ended "$id"
}
@test "systemd: limits outlive a daemon-reload and an update beyond the plan" { on_each_runtime limits_stick; }

# What one process says that it has used, and what the report says of all: the scope is gone a moment after its last process.
exact_reports() {
	local n used said
	ceiling '{}'
	for n in 1 2 3 4 5; do
		scope_bundle /bin/sh -c 'until read -r s </proc/$$/stat; set -- $s; [ $((${14} + ${15})) -ge 30 ]; do :; done; read -r s </proc/$$/stat; set -- $s; echo used $((${14} + ${15}))'
		created_and_started "$id"
		ended "$id"
		said=$(sed -n 's/^used //p' "$STINT_TEST_DIR/$id.out")
		used=$(report_of "$id" '.usage.cpuNs')
		[ "$(report_of "$id" '.monitor.exact, .verdict, (.usage.memoryPeakBytes > 0)' | xargs)" = 'true null true' ] || { report_of "$id" .; return 1; }
		[ "$used" -ge $(((said - 1) * 10000000)) ] || { echo "$used, and itself says $said"; return 1; }
		id=$id-
	done
}
@test "systemd: reports are exact, although the scope goes as soon as it is empty" { on_each_runtime exact_reports; }

budgets_hold() {
	local budget
	ceiling '{}'
	for budget in cpu=600ms wall=2s memory=32MiB pids=20; do
		id=t-${budget%=*}-$RUNTIME-$$
		case $budget in
		cpu=*) scope_bundle /bin/sh -c 'while :; do :; done' ;;
		wall=*) scope_bundle /bin/sleep 100 ;;
		memory=*) scope_bundle /bin/sh -c 'sleep 2; tail /dev/zero; sleep 100' ;;
		pids=*) scope_bundle /bin/sh -c 'for i in $(seq 40); do sleep 100 & done; wait' ;;
		esac
		budget "${budget%=*}" "${budget#*=}"
		created_and_started "$id"
		# Which sets memory.oom.group of a scope back: what the kernel leaves of the container the monitor ends.
		systemctl daemon-reload
		ended "$id"
		[ "$(report_of "$id" '.verdict.budget, .verdict.action, .monitor.exact' | xargs)" = "${budget%=*} kill true" ] || { report_of "$id" .; return 1; }
		stint why "$id"
	done
}
@test "systemd: a spent budget of CPU time, wall time, memory or processes ends the container" { on_each_runtime budgets_hold; }

exec_and_pause() {
	ceiling '{"budgets": {"wall": {"limit": "60s"}}}'
	scope_bundle /bin/sleep 100
	created_and_started "$id"
	[ "$(engine exec "$id" /bin/echo within </dev/null)" = within ]
	engine pause "$id"
	[ "$(engine state "$id" | jq -r .status)" = paused ]
	engine resume "$id"
	stint verify "$id"
	stint ps | grep -q "$id"
	engine delete --force "$id"
	eventually 10 scope_gone
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
}
@test "systemd: exec, pause, resume, ps, delete by force" { on_each_runtime exec_and_pause; }

without_an_engine() {
	bundle "$id" /bin/sleep 100
	# Its output goes to a file: what holds a pipe open would be waited for.
	stint run --runtime "$RUNTIME" --id "$id" --budget wall=15s --budget memory=32MiB --budget pids=16 "$BUNDLE" >"$STINT_TEST_DIR/out" 2>&1 </dev/null 3>&- &
	local pid=$!
	eventually 20 stint verify "$id"
	systemctl daemon-reload
	stint verify "$id"
	wait "$pid" || [ $? -eq 137 ] || { cat "$STINT_TEST_DIR/out"; report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = 'wall true' ] || { report_of "$id" .; return 1; }
	no_leftovers "$id"
}
@test "systemd: stint run beside it, whose groups a daemon-reload leaves as they are" { on_each_runtime without_an_engine; }

# Which group it will be is known when systemd moves the runtime's process into it.
recorded() {
	ceiling '{}'
	scope_bundle /bin/sh -c 'mkdir /dev/shm/d; sleep 30'
	config '.annotations["io.stint.record"] = "true"'
	created_and_started "$id"
	engine exec "$id" /bin/ln -s a /dev/shm/l
	engine kill "$id" KILL
	ended "$id"
	stint record show --json "$id" | jq -e '.complete and (.syscalls | contains(["mkdir", "symlink"]) and
		(any(IN("pivot_root", "setns", "mount", "seccomp")) | not))' || { stint record show "$id"; return 1; }
}
@test "systemd: what a container in a scope asks for is recorded" { on_each_runtime recorded; }

@test "systemd: Podman with its systemd cgroup manager" {
	RUNTIME=crun
	ceiling '{"budgets": {"pids": {"limit": 50}}}'
	printf '#!/bin/sh\nexport STINT_ROOT=%q\nexec %q "$@"\n' "$STINT_ROOT" "$STINT_BIN/stint-runtime" >"$STINT_TEST_DIR/stint-runtime"
	chmod 755 "$STINT_TEST_DIR/stint-runtime"
	podman_() { timeout -k 1 120 podman --runtime "$STINT_TEST_DIR/stint-runtime" --cgroup-manager systemd --network-cmd-path /bin/false "$@"; }
	tar -C "$BUSYBOX_ROOTFS" -c . | podman_ import - busybox >/dev/null 2>&1
	[ "$(podman_ run --rm --network none busybox echo hello)" = hello ]
	run podman_ run --name t-podman --network none --annotation io.stint.budget.cpu=300ms busybox sh -c 'while :; do :; done'
	[ "$status" -eq 137 ] || { echo "$output"; return 1; }
	id=$(podman_ inspect -f '{{.Id}}' t-podman)
	eventually 20 reported "$id"
	[ "$(report_of "$id" '.verdict.budget, .monitor.exact' | xargs)" = 'cpu true' ] || { report_of "$id" .; return 1; }
	podman_ rm t-podman
	all_clean "$id"
}

@test "systemd: rootless Podman's user is told that stint needs the machine's own root" {
	local home=$BATS_TEST_TMPDIR/home
	chmod 755 "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	useradd --create-home --home-dir "$home" t-rootless
	# Podman goes by the name when it asks itself what a runtime can.
	mkdir "$home/rootfs" "$home/stint"
	cp -a "$BUSYBOX_ROOTFS/." "$home/rootfs/"
	chown -R t-rootless: "$home"
	printf '#!/bin/sh\nexport STINT_ROOT=%q\nexec %q "$@"\n' "$STINT_ROOT" "$STINT_BIN/stint-runtime" >"$home/stint/crun"
	chmod 755 "$home/stint/crun"
	rootless() { # OPTION...
		timeout -k 1 120 runuser -u t-rootless -- env -C "$home" HOME="$home" XDG_RUNTIME_DIR="$home/run" PATH="$PATH" \
			podman --cgroup-manager cgroupfs --log-level error "$@" </dev/null
	}
	mkdir -m 700 "$home/run"
	chown t-rootless: "$home/run"
	# Podman itself works there.
	[ "$(rootless run --rm --cgroups disabled --network none --rootfs "$home/rootfs" echo hello)" = hello ]
	run rootless --runtime "$home/stint/crun" run --rm --cgroups disabled --network none --rootfs "$home/rootfs" echo hello
	[ "$status" -ge 125 ] && [[ "$output" == *"this needs the machine's own root"* && "$output" != *hello* ]] ||
		{ echo "$status $output"; return 1; }
}
