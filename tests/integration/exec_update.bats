#!/usr/bin/env bats
# exec and update, as an engine calls them, are held to the container's plan.

load helpers
load threats
load engine

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { engine_teardown; }

running_container() { # [JQ-FILTER...]: $id
	local filter
	host_config "$(command -v "$RUNTIME")" "${HOST:-}"
	bundle "$id" /bin/sleep 60
	for filter; do
		config "$filter"
	done
	created_and_started "$id"
}
process_json() { # JQ-FILTER CMD...: as Docker writes it
	local filter=$1
	shift
	jq -n '{"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"], "args": $ARGS.positional}' --args -- "$@" |
		jq "$filter" >"$STINT_TEST_DIR/process.json"
}
all_capabilities='.capabilities = ({} | .bounding = ["CAP_KILL", "CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"] |
	.effective = .bounding | .permitted = .bounding | .inheritable = .bounding | .ambient = .bounding)'
exec_json() { # what the process says is in $output
	run timeout 20 stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" exec "$@" --process "$STINT_TEST_DIR/process.json" "$id"
}
refused_exec() { # WORDS-OF-THE-ERROR OPTION...
	local words=$1
	shift
	run timeout 20 stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" exec "$@" "$id" /bin/true
	[ "$status" -ne 0 ] && [[ "$output" == *"stint: exec in $id: "*"$words"* ]] || { echo "$* → $status: $output"; return 1; }
}

# --- exec ---

privileged_exec() {
	running_container
	process_json "$all_capabilities | .noNewPrivileges = false" /bin/cat /proc/self/status
	exec_json
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	# CAP_KILL is what the container has of it.
	for set in CapPrm CapEff CapBnd CapAmb; do
		[[ "$output" == *$set:$'\t'0000000000000020* ]] || { echo "$output"; return 1; }
	done
	[[ "$output" == *NoNewPrivs:$'\t'1* ]]
	# It was not written to the engine's own file.
	[ "$(jq -r '.capabilities.bounding | length' "$STINT_TEST_DIR/process.json")" -eq 4 ]
	engine_clear "$id"
	all_clean "$id"
}
@test "T22: exec --process with every capability gets at most the container's, and no new privileges" {
	on_each_runtime privileged_exec
}

same_filter() {
	local pid exec_pid
	running_container '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
		"syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}'
	pid=$(cat "$STINT_TEST_DIR/$id.pid")
	process_json . /bin/sleep 30
	engine_by_shim exec --detach --pid-file "$STINT_TEST_DIR/exec.pid" --process "$STINT_TEST_DIR/process.json" "$id" \
		>/dev/null 2>&1 </dev/null
	exec_pid=$(cat "$STINT_TEST_DIR/exec.pid")
	[ "$exec_pid" -ne "$pid" ]
	eventually 5 grep -qx sleep "/proc/$exec_pid/comm"
	eventually 5 grep -qx sleep "/proc/$pid/comm"
	[ "$("$(tool seccomp-filter)" "$pid")" = "$("$(tool seccomp-filter)" "$exec_pid")" ]
	[ "$("$(tool seccomp-filter)" "$pid" | wc -l)" -gt 3 ]
	diff "/proc/$pid/cgroup" "/proc/$exec_pid/cgroup"
	diff <(readlink /proc/"$pid"/ns/{pid,net,mnt,ipc,uts}) <(readlink /proc/"$exec_pid"/ns/{pid,net,mnt,ipc,uts})
	engine_clear "$id"
	all_clean "$id"
}
# bats test_tags=once
@test "T22: what is exec'd has the container's own filter, groups and namespaces" { on_each_runtime same_filter; }

exec_options() {
	running_container
	refused_exec 'CAP_NET_ADMIN: the container itself does not have it' --cap CAP_NET_ADMIN
	refused_exec 'CAP_SYS_ADMIN: the container itself does not have it' --cap CAP_KILL --cap=CAP_SYS_ADMIN
	refused_exec 'CAP_SYS_ADMIN: the container itself does not have it' -c CAP_SYS_ADMIN
	refused_exec 'CAP_NO_SUCH' --cap CAP_NO_SUCH
	refused_exec "leaves the container's control group" --cgroup ../..
	refused_exec "leaves the container's control group" --cgroup=memory:sub/../../..
	refused_exec 'gets no new privileges' --no-new-privs=false
	# What runtimes read in different ways: one of them would take these for --process and --cap.
	for form in "-p$STINT_TEST_DIR/process.json" "--proc=$STINT_TEST_DIR/process.json" -cCAP_SYS_ADMIN -dcCAP_SYS_ADMIN --ca=CAP_SYS_ADMIN; do
		refused_exec 'can be read in more than one way' "$form"
	done
	# After the id it is the command's.
	run timeout 20 stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" exec --cap CAP_KILL "$id" /bin/echo --cap CAP_SYS_ADMIN -pX
	[ "$status" -eq 0 ] && [ "$output" = '--cap CAP_SYS_ADMIN -pX' ] || { echo "$output"; return 1; }
	engine_clear "$id"
	all_clean "$id"
}
# bats test_tags=once
@test "exec: options that would go beyond the plan are refused, others are not" { on_each_runtime exec_options; }

bad_process() {
	local text
	running_container
	for text in '{' '{"args": "no list", "cwd": "/"}' '{"args": [], "cwd": "/"}' '{"args": ["/bin/true"], "cwd": "/", "Capabilities": {}}' \
		'{"args": ["/bin/true"], "cwd": "/", "args": ["/bin/sh"]}' '{"args": ["/bin/true"], "cwd": "/"} {}'; do
		echo "$text" >"$STINT_TEST_DIR/process.json"
		exec_json
		[ "$status" -ne 0 ] && [[ "$output" == *"stint: exec in $id: "*process.json* ]] || { echo "$text → $output"; return 1; }
	done
	rm "$STINT_TEST_DIR/process.json"
	exec_json
	[ "$status" -ne 0 ] && [[ "$output" == *"No such file"* ]]
	has_status "$id" running
	engine_clear "$id"
	all_clean "$id"
}
# bats test_tags=once
@test "exec: a process.json that runtimes would read differently is refused, with its place" { on_each_runtime bad_process; }

exec_descriptors() {
	running_container
	process_json . /bin/sh -c 'read -r line <&3; echo "got $line"; ls /proc/self/fd'
	exec 7<<<'by the descriptor'
	run bash -c "exec 3<&7 7<&-; exec timeout 20 stint-runtime --root '$STINT_TEST_DIR/engine-$RUNTIME' exec \
		--preserve-fds 1 --process '$STINT_TEST_DIR/process.json' '$id'"
	exec 7<&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	# 0 to 3, and ls's own: nothing of ours.
	[ "$(echo $output)" = 'got by the descriptor 0 1 2 3 4' ] || { echo "$output"; return 1; }
	engine_clear "$id"
	all_clean "$id"
}
# bats test_tags=once
@test "exec --process: descriptors that are to be preserved are, and none of ours is there" { on_each_runtime exec_descriptors; }

exec_brings_back() {
	running_container
	eventually 5 is_watched "$id"
	kill_both "$id"
	eventually 5 flock --shared --nonblock "$(engine_state "$id")/ledger" true
	timeout 10 stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" exec "$id" /bin/true
	eventually 5 is_watched "$id"
	engine_clear "$id"
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
}
# bats test_tags=once
@test "exec brings a lost monitor back first" { on_each_runtime exec_brings_back; }

# --- update ---

payload() { kernel_has "/stint/$id~*/payload" "$1"; }
above() { kernel_has "/stint/$id~*" "$1"; }
update_json() { # JSON
	echo "$1" | engine update --resources - "$id"
}
host_limits='{"ceiling": {"resources": {"memory": {"limit": 268435456}, "pids": {"limit": 64}, "cpu": {"quota": 100000, "period": 100000}}}}'

update_within_host() {
	HOST=$host_limits running_container '.linux.resources.memory = {"limit": 67108864} | .linux.resources.pids = {"limit": 20} |
		.linux.resources.cpu = {"quota": 20000, "period": 100000}'
	[ "$(above memory)" = 67108864 ]
	# What config.json itself had asked for may be loosened, up to what the host says.
	update_json '{"memory": {"limit": 134217728, "swap": 134217728}, "pids": {"limit": 40}, "cpu": {"quota": 50000, "period": 100000}}'
	[ "$(payload memory) $(above memory)" = '134217728 134217728' ]
	[ "$(payload pids) $(above pids)" = '40 40' ]
	[ "$(payload quota) $(above quota)" = '50000 50000' ]
	# And held there.
	update_json '{"memory": {"limit": 1073741824, "swap": -1}, "pids": {"limit": -1}, "cpu": {"quota": 400000, "period": 100000}}'
	[ "$(payload memory) $(above memory)" = '268435456 268435456' ]
	[ "$(payload pids) $(above pids)" = '64 64' ]
	[ "$(payload quota) $(above quota)" = '100000 100000' ]
	# Tightened again, by options; what is not named stays.
	engine update --memory 32M --pids-limit 10 "$id"
	[ "$(payload memory) $(payload pids) $(payload quota)" = '33554432 10 100000' ]
	engine_clear "$id"
	all_clean "$id"
	[[ "$(report_of "$id" '.warnings | join("\n")')" == *'update held to the plan: memory.limit: 1073741824 asked, 268435456 set'*'pids.limit: -1 asked, 64 set'* ]] ||
		{ report_of "$id" .warnings; return 1; }
}
@test "update: within what the host decided, and not beyond; the report says what was held" { on_each_runtime update_within_host; }

update_is_narrow() {
	local text
	HOST=$host_limits running_container
	update_json '{"cpu": {"shares": 501}, "blockIO": {}, "pids": {"limit": 0}, "memory": {"limit": 0}}'
	[ "$(payload shares)" = 501 ]
	[ "$(payload memory) $(payload pids)" = '268435456 64' ]
	for text in '{' '[]' '{"memory": {"limit": "1"}}' '{"memory": {"limit": 1}, "Memory": {"limit": -1}}' '{"memory": {"limit": 1e6}}'; do
		echo "$text" >"$STINT_TEST_DIR/resources.json"
		run engine update --resources "$STINT_TEST_DIR/resources.json" "$id"
		[ "$status" -ne 0 ] && [[ "$output" == *"stint: update $id: "* ]] || { echo "$text → $output"; return 1; }
	done
	run engine update --memory lots "$id"
	[ "$status" -ne 0 ] && [[ "$output" == *"--memory lots: a number is wanted"* ]]
	run engine update --mem=1g "$id"
	[ "$status" -ne 0 ] && [[ "$output" == *'can be read in more than one way'* ]]
	[ "$(payload memory) $(payload pids)" = '268435456 64' ]
	engine_clear "$id"
	all_clean "$id"
}
@test "update: what is not asked for stays; what is not valid is refused, and changes nothing" { on_each_runtime update_is_narrow; }

update_brings_back() {
	HOST=$host_limits running_container
	eventually 5 is_watched "$id"
	kill_both "$id"
	eventually 5 flock --shared --nonblock "$(engine_state "$id")/ledger" true
	update_json '{"pids": {"limit": 30}}'
	eventually 5 is_watched "$id"
	[ "$(payload pids)" = 30 ]
	engine_clear "$id"
	all_clean "$id"
	[ "$(reports_count "$id")" -eq 1 ]
}
@test "update brings a lost monitor back first" { on_each_runtime update_brings_back; }

# The CPU budget is planned by the quota: with more of it the budget is spent sooner than was planned.
update_then_budget() {
	HOST=$host_limits running_container '.process.args = ["/bin/sh", "-c", "while :; do :; done"]' \
		'.annotations["io.stint.budget.cpu"] = "1s"' '.linux.resources.cpu = {"quota": 10000, "period": 100000}'
	sleep 0.3
	update_json '{"cpu": {"quota": 100000, "period": 100000}}'
	eventually 8 reported "$id"
	engine_clear "$id"
	all_clean "$id"
	[ "$(report_of "$id" '.verdict.budget == "cpu" and .usage.cpuNs >= 1000000000 and .usage.cpuNs < 1100000000 + $late')" = true ] ||
		{ report_of "$id" .; return 1; }
}
@test "update: the budgets are kept with the new limits" { on_each_runtime update_then_budget; }

not_ours() {
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sleep 60
	"$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" create --bundle "$BUNDLE" "$id" >/dev/null 2>&1 </dev/null
	engine start "$id"
	[ "$(engine exec "$id" /bin/echo said)" = said ]
	engine update --pids-limit 12 "$id"
	"$RUNTIME" --root "$STINT_TEST_DIR/engine-$RUNTIME" delete --force "$id"
}
@test "a container that was made without stint is exec'd into and updated as it was" { on_each_runtime not_ours; }
