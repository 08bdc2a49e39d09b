#!/usr/bin/env bats
# The capabilities of a model: recorded where the kernel tells of them, generated, enforced, and taken in when they are denied.

load helpers
load threats
load engine

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() {
	stint_setup
	mount -t tracefs none /sys/kernel/tracing 2>/dev/null || true
	echo '{"name": "learned", "seccomp": "learned"}' >"$STINT_TEST_DIR/profile.json"
}
teardown() { engine_teardown; }

# cap_capable came with Linux 6.14.
kernel_tells() { [ -e /sys/kernel/tracing/events/capability ] || [ -e /sys/kernel/debug/tracing/events/capability ]; }

where_the_kernel_tells() { # FUNCTION
	if kernel_tells; then
		on_each_runtime "$1"
	else
		on_each_runtime not_known
	fi
}

# What is learned: one capability that matters (a file that its owner may not read), and a call that needs one only at times.
reads='echo text >/tmp/f && chmod 0 /tmp/f && cat /tmp/f && chown 0 /tmp/f'
gives_away='echo text >/tmp/f && chown 5 /tmp/f && echo given || echo refused'

runs() { # ID SCRIPT
	bundle "$1" /bin/sh -c "$2"
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SYSLOG", "CAP_SYS_ADMIN"])
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$1" "$BUNDLE" 2>"$STINT_TEST_DIR/$1.err"
}
learned() { # ID: three runs
	local i
	rm -rf "$STINT_ROOT/var/lib/stint" # of the runtime before
	for i in 1 2 3; do
		runs "$1-l$i" "$reads" >/dev/null
	done
}
violations() { # ID JQ-CONDITION
	[ "$(report_of "$1" ".violations | $2")" = true ] || { echo "not so: $2"; report_of "$1" .violations; return 1; }
}
effective() { # JQ-FILTER
	stint explain --json --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" | jq -c "$1"
}

recorded_and_generated() {
	learned "$id"
	[ "$(stint record show --json "$id-l1" | jq -c '[.capabilities, .capabilitiesRecorded]')" = '[["CAP_DAC_OVERRIDE"],true]' ]
	[ "$(stint profile generate --capabilities "$id-l1" 2>/dev/null | jq -c '.capabilities')" = '["CAP_DAC_OVERRIDE"]' ]
	stint profile generate "$id-l1" 2>/dev/null | cmp - <(stint profile generate --capabilities "$id-l1" 2>/dev/null | jq .seccomp) ||
		[ "$(stint profile generate "$id-l1" 2>/dev/null | jq -S .)" = "$(stint profile generate --capabilities "$id-l1" 2>/dev/null | jq -S .seccomp)" ]
	stint profile explain "$id-l1" CAP_DAC_OVERRIDE | grep -q '^CAP_DAC_OVERRIDE .*cat '
	# What is generated is a profile.
	stint profile generate --capabilities -o "$STINT_TEST_DIR/own.json" "$id-l1" 2>/dev/null
	bundle "$id" /bin/sh -c "$reads"
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_DAC_OVERRIDE"])
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	[ "$(stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/own.json" --id "$id" "$BUNDLE" 2>/dev/null)" = text ]
}
# bats test_tags=once
@test "capabilities: what was used is recorded, generated, and explained" { where_the_kernel_tells recorded_and_generated; }

enforced() {
	learned "$id"
	stint profile accept --mode enforce "$id-l1" | grep -q 'and 1 capability of 3 runs; mode enforce'
	runs "$id-1" "$reads" >"$STINT_TEST_DIR/out"
	[ "$(cat "$STINT_TEST_DIR/out")" = text ]
	violations "$id-1" '. == []'
	[ "$(effective '[.effective.capabilities, (.sources[] | select(.path == "capabilities") | .from | test("model"))]')" = '[["CAP_DAC_OVERRIDE"],true]' ]
	[ "$(effective '.takenCapabilities | index("CAP_CHOWN") != null and index("CAP_DAC_OVERRIDE") == null')" = true ]
	# Another use is refused, told of with its remedy, and taken in when somebody says so.
	runs "$id-2" "$gives_away" >"$STINT_TEST_DIR/out" 2>&1
	grep -q refused "$STINT_TEST_DIR/out"
	violations "$id-2" 'map(select(.need == "CAP_CHOWN") | [.action, .count, .program]) == [["denied", 1, "chown"]]'
	[[ "$(report_of "$id-2" '.violations[0].remedy')" == "stint profile accept sha256:"* ]]
	stint why "$id-2" | grep -q 'denied it CAP_CHOWN' || { stint why "$id-2"; return 1; }
	runs "$id-3" "$gives_away" 2>&1 | grep -q refused
	run stint profile accept "$id-l1"
	[[ "$output" == *"new: CAP_CHOWN"*"was denied"* ]] || { echo "$output"; return 1; }
	runs "$id-4" "$gives_away" | grep -q given
	violations "$id-4" 'any(.need == "CAP_CHOWN") | not'
	stint profile accept --rollback "$id-l1"
	runs "$id-5" "$gives_away" 2>&1 | grep -q refused
	all_clean "$id-5"
}
# bats test_tags=once
@test "capabilities: enforce takes what the model does not know, tells of it, and takes it in" { where_the_kernel_tells enforced; }

complained_of() {
	learned "$id"
	stint profile accept "$id-l1" | grep -q 'and 1 capability of 3 runs; mode complain'
	runs "$id-1" "$gives_away" | grep -q given
	violations "$id-1" 'map(select(.need == "CAP_CHOWN")) == [{need: "CAP_CHOWN", program: "chown", action: "allowed", count: 1, remedy: .[0].remedy}]'
	stint why "$id-1" | grep -q 'its model does not know .*CAP_CHOWN'
	[ "$(effective '.effective.capabilities | index("CAP_CHOWN") != null')" = true ]
}
# bats test_tags=once
@test "capabilities: complain leaves them alone, and tells of those that the model does not know" { where_the_kernel_tells complained_of; }

# What fails, or is asked for and not had, without the model's doing.
not_its_doing() {
	rm -rf "$STINT_ROOT/var/lib/stint"
	runs "$id-l1" "$reads; head -n 1 /etc/passwd; unshare -U hostname a; echo b" >/dev/null 2>&1
	stint profile accept --mode enforce "$id-l1" >/dev/null
	# A probe: who has CAP_SYSLOG sees addresses, and others zeros.
	runs "$id-1" 'head -n 1 /proc/kallsyms' | grep -q '^0000000000000000 '
	violations "$id-1" '. == []'
	# In a user namespace of its own a process has every capability, and none over what is outside.
	runs "$id-2" 'unshare -U hostname a || echo refused' 2>/dev/null | grep -q refused
	violations "$id-2" '. == []'
	# Who is not root has none anyway.
	bundle "$id-3" /bin/sh -c 'chown 7 /tmp || echo refused'
	config '.process.user = {uid: 5, gid: 5} | .process.capabilities |= (map_values([]) + {bounding: ["CAP_CHOWN"]})
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]}]'
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id-3" "$BUNDLE" 2>/dev/null | grep -q refused
	violations "$id-3" '. == []'
}
# bats test_tags=once
@test "capabilities: what a model did not take is no violation of it: probes, user namespaces, other users" { where_the_kernel_tells not_its_doing; }

# A process that asks to keep some fails when one is missing, whether it uses it or not.
asked_to_keep() {
	local root=$STINT_TEST_DIR/root-$RUNTIME
	rm -rf "$STINT_ROOT/var/lib/stint"
	cp -a "$BUSYBOX_ROOTFS" "$root"
	cp "$(tool keep -static)" "$root/bin/keep"
	ROOTFS=$root runs "$id-l1" 'keep 0'
	[ "$(stint record show --json "$id-l1" | jq -c .capabilities)" = '["CAP_CHOWN"]' ]
	stint profile accept --mode enforce "$id-l1" >/dev/null
	ROOTFS=$root runs "$id-1" 'keep 0' | grep -qx kept
	violations "$id-1" '. == []'
	ROOTFS=$root runs "$id-2" 'keep 0 21' | grep -qx 'Operation not permitted'
	violations "$id-2" 'map([.need, .action, .program]) == [["CAP_SYS_ADMIN", "denied", "keep"]]'
}
# bats test_tags=once
@test "capabilities: those that a process asks to keep are needed, and told of when they are not there" { where_the_kernel_tells asked_to_keep; }

# What is exec'd is held to them, and stint verify finds them.
held() {
	local run
	rm -rf "$STINT_ROOT/var/lib/stint"
	runs "$id-l1" 'sleep 0.01; echo text >/tmp/f; chown 0 /tmp/f; cat /tmp/f' >/dev/null
	stint profile accept --mode enforce --runtime any "$id-l1" >/dev/null
	runs "$id-1" 'sleep 30' 3>&- &
	run=$!
	eventually 5 stint verify "$id-1" >"$STINT_TEST_DIR/verify"
	grep -qE '^capabilities +enforced +0 +0' "$STINT_TEST_DIR/verify" || { cat "$STINT_TEST_DIR/verify"; return 1; }
	$RUNTIME kill "$id-1" KILL
	wait $run || true
}
# bats test_tags=once
@test "capabilities: stint verify finds those of the model" { where_the_kernel_tells held; }

# By notification none are seen: then a model knows none, and leaves them alone.
not_known() {
	host_config "$(command -v "$RUNTIME")" '{"recorder": "notify"}'
	learned "$id"
	[ "$(stint record show --json "$id-l1" | jq -c '[.capabilities, .capabilitiesRecorded]')" = '[[],false]' ]
	stint record show "$id-l1" | grep -q 'Capabilities were not recorded'
	stint profile status | grep -q 'capabilities: 3 of 3 runs were recorded without them'
	[ "$(stint profile status --json | jq '.[0].withoutCapabilities')" -eq 3 ]
	run stint profile generate --capabilities "$id-l1"
	[ "$status" -eq 1 ]
	[[ "$output" == *"1 of 1 runs were recorded without them"* ]] || { echo "$output"; return 1; }
	stint profile accept --mode enforce "$id-l1" | grep -q 'system calls of 3 runs; mode enforce'
	runs "$id-1" "$gives_away" | grep -q given
	[ "$(effective '[.takenCapabilities, (.effective.capabilities | index("CAP_CHOWN") != null)]')" = '[null,true]' ]
	no_host_config
	# One run that knew them does not make up for those that did not.
	runs "$id-2" "$gives_away" >/dev/null
	[ "$(effective .takenCapabilities)" = null ]
}
@test "capabilities: where they were not recorded nothing is known of them, and nothing is taken" { on_each_runtime not_known; }

