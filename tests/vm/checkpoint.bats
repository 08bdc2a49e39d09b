#!/usr/bin/env bats
# checkpoint and restore, with a CRIU that the machine's kernel suits: `restore` is planned and watched as `create` is.

load ../integration/helpers
load ../integration/threats
load ../integration/engine

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { engine_teardown; }

@test "runc: a checkpoint is a container's end; restored it has its limits, and its budgets go on where they stood" {
	RUNTIME=runc
	host_config "$(command -v runc)" '{"ceiling": {"budgets": {"pids": {"limit": 50}}}}'
	# As engines name theirs: of one that a person names, each run is a new container.
	id=$(printf '%064x' "$$")
	bundle "$id" /bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.2; done'
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}] | .root.readonly = true'
	budget wall 30s
	# CRIU cannot take a file along that is not in the container, as its standard output.
	engine_by_shim create --bundle "$BUNDLE" --pid-file "$STINT_TEST_DIR/$id.pid" "$id" >/dev/null 2>&1 </dev/null
	engine start "$id"
	sleep 2
	engine checkpoint --image-path "$STINT_TEST_DIR/image" --work-path "$STINT_TEST_DIR/work" "$id" >"$STINT_TEST_DIR/out" 2>&1 ||
		{ cat "$STINT_TEST_DIR/out"; grep -B5 Error "$STINT_TEST_DIR/work/dump.log"; return 1; }
	eventually 20 reported "$id"
	[ "$(report_of "$id" '.verdict, .monitor.exact' | xargs)" = 'null true' ]
	engine delete "$id" || true
	all_clean "$id"
	engine_by_shim restore -d --bundle "$BUNDLE" --image-path "$STINT_TEST_DIR/image" --work-path "$STINT_TEST_DIR/work" "$id" \
		>"$STINT_TEST_DIR/out" 2>&1 </dev/null || { cat "$STINT_TEST_DIR/out"; tail -n 20 "$STINT_TEST_DIR/work/restore.log"; return 1; }
	has_status "$id" running
	# CRIU 3.17 leaves no_new_privs out, and verify says so; all else is there.
	[ "$(stint verify --json "$id" | jq -r '[.controls[] | select(.status != "enforced") | "\(.control) \(.status)"] | join(" ")')" = "noNewPrivileges absent" ] ||
		{ stint verify "$id"; return 1; }
	[ "$(kernel_has "/stint/$id~*" pids)" = 50 ]
	eventually 60 reported "$id" 2
	[ "$(report_of "$id" '.verdict.budget == "wall" and .usage.wallNs < 28500000000')" = true ] || { report_of "$id" .; return 1; }
	[ "$(report_of "$id" '.warnings | any(test("go on from 1 earlier run"))')" = true ] || { report_of "$id" .; return 1; }
	engine delete "$id"
	all_clean "$id"
}
