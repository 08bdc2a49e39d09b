#!/usr/bin/env bats
# Seccomp filters: the profile's and the bundle's own, composed, as the kernel has them.

load helpers
load threats

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { stint_teardown; }

# A bundle whose container tries three calls and says which were denied, each with its own way to fail.
tries() { # ID
	bundle "$1" /bin/sh -c 'mkdir /tmp/d || echo no mkdir; chmod 600 /tmp/f || echo no chmod; ln -s a /tmp/l || echo no symlink'
	config '.process.args[2] = "touch /tmp/f; " + .process.args[2]
		| .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]}]'
}
denies() { # NAMES-JSON
	jq -n --argjson names "$1" '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
		syscalls: [{names: $names, action: "SCMP_ACT_ERRNO"}]}'
}
profile() { # FILTER-JSON
	jq -n --argjson filter "$1" '{name: "filtered", seccomp: $filter}' >"$STINT_TEST_DIR/profile.json"
}
denied() { # what the container said, of a run as ID
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$1" "$BUNDLE" 2>/dev/null | sed -n 's/^no //p' | xargs
}

composed() {
	local mkdir='["mkdir", "mkdirat"]' chmod='["chmod", "fchmod", "fchmodat", "fchmodat2"]'
	tries "$id"
	profile "$(denies "$mkdir")"
	[ "$(denied "$id-1")" = mkdir ]
	config --argjson filter "$(denies "$chmod")" '.linux.seccomp = $filter'
	[ "$(denied "$id-2")" = "mkdir chmod" ]
	# What both say in a list, and in a list and an open filter.
	profile "$(denies '["symlink", "symlinkat"]' | jq '.syscalls += [{names: ["chmod"], action: "SCMP_ACT_ALLOW"}]')"
	[ "$(denied "$id-3")" = "chmod symlink" ]
	config '.linux.seccomp.syscalls = []'
	[ "$(denied "$id-4")" = symlink ]
	all_clean "$id"
}
@test "seccomp: what the profile denies and what the bundle denies is denied" { on_each_runtime composed; }

# Arguments are composed too: what is read back from the kernel is one filter that asks for the flags.
arguments() {
	local allowed pid run
	allowed=$(jq -n '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: [
		{names: ["unshare"], action: "SCMP_ACT_ERRNO", errnoRet: 95, args: [{index: 0, value: 268435456, valueTwo: 268435456, op: "SCMP_CMP_MASKED_EQ"}]}]}')
	bundle "$id" /bin/sh -c 'unshare -U true || echo no user; unshare -u true || echo no uts'
	config '.process.capabilities |= map_values((. + ["CAP_SYS_ADMIN"]) | unique)'
	profile "$allowed"
	[ "$(denied "$id-1")" = user ]
	config --argjson filter "$(jq '.syscalls[0].args[0] |= (.value = 67108864 | .valueTwo = 67108864)' <<<"$allowed")" '.linux.seccomp = $filter'
	[ "$(denied "$id-2")" = "user uts" ]
}
# bats test_tags=once
@test "seccomp: filters that look at arguments are composed" { on_each_runtime arguments; }

refused() {
	bundle "$id" /bin/true
	profile '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW",
		"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_GE"}, {"index": 0, "value": 5, "op": "SCMP_CMP_LE"}]}]}'
	run --separate-stderr stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ]
	[[ "$stderr" == *profile.json*"seccomp.syscalls[0].args[1]"*"second condition"* ]] || { echo "$stderr"; return 1; }
	profile '{"defaultAction": "SCMP_ACT_ERRNO", "listenerPath": "/run/one", "syscalls": []}'
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "listenerPath": "/run/two"}'
	run --separate-stderr stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ]
	[[ "$stderr" == *"config.json"*listener* ]] || { echo "$stderr"; return 1; }
	all_clean "$id"
}
# bats test_tags=once
@test "seccomp: what cannot be composed is refused with a sentence" { on_each_runtime refused; }

# --- the default filter ---

first_steps() { # ID [STINT-RUN-OPTION...]
	local name=$1
	shift
	first_steps_bundle "$name"
	stint run --runtime "$RUNTIME" --id "$name" "$@" "$BUNDLE" 2>"$STINT_TEST_DIR/$name.err" || { cat "$STINT_TEST_DIR/$name.err"; return 1; }
}
asks_for_default() { jq -n '{name: "filtered", seccomp: "default"}' >"$STINT_TEST_DIR/profile.json"; }

denies_first_steps() {
	local without with
	asks_for_default
	without=$(first_steps "$id-1")
	with=$(first_steps "$id-2" --profile "$STINT_TEST_DIR/profile.json")
	[ "$(wc -l <<<"$with")" -eq "$(wc -l <<<"$without")" ]
	[ "$(wc -l <<<"$with")" -gt "$(steps_tried <(echo "$with"))" ]
	! grep -vE ' (EPERM|ENOSYS)$' <<<"$with" || return 1
	# It is not for want of capabilities: without the filter these get further.
	for step in unshare clone keyctl add_key userfaultfd io_uring_setup ptrace mount vsock alg personality tiocsti tiocsti-hidden; do
		grep -E "^x86_64 $step " <<<"$without" | grep -qvE ' (EPERM|ENOSYS)$' || { echo "$step is denied without it"; grep " $step " <<<"$without"; return 1; }
	done
	[ "$(grep -cE ' (EPERM|ENOSYS)$' <<<"$(grep '^i386' <<<"$without")")" -lt 10 ]
	# Names that it does not know the runtime leaves out without a word.
	[ ! -s "$STINT_TEST_DIR/$id-2.err" ] || { cat "$STINT_TEST_DIR/$id-2.err"; return 1; }
	all_clean "$id"
}
# bats test_tags=once
@test "seccomp: the default filter denies the first steps of who wants out" { on_each_runtime denies_first_steps; }

works() {
	asks_for_default
	bundle "$id" /bin/sh -c 'echo a | cat; (sleep 0.1 & wait); mkdir /tmp/d && ls /tmp && nc -z 127.0.0.1 1 || id -u; exec busybox date +done'
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]}]'
	[ "$(stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id" "$BUNDLE" | xargs)" = "a d 0 done" ]
	# A container that may mount may do so with it.
	bundle "$id" /bin/sh -c 'mount -t tmpfs none /mnt && echo mounted; unshare -U true && echo own'
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | .root.readonly = false'
	mkdir -p "$BUSYBOX_ROOTFS/mnt"
	[ "$(stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id" "$BUNDLE" | xargs)" = "mounted own" ]
	# But not where the profile takes the capability away.
	jq '.capabilities = ["CAP_KILL"]' "$STINT_TEST_DIR/profile.json" >"$STINT_TEST_DIR/less.json"
	[ -z "$(stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/less.json" --id "$id" "$BUNDLE" 2>/dev/null)" ]
	all_clean "$id"
}
# bats test_tags=once
@test "seccomp: under the default filter programs run, as far as their capabilities go" { on_each_runtime works; }

says() {
	local pid run
	asks_for_default
	bundle "$id" /bin/sleep 60
	run stint explain --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE"
	[[ "$output" == *"seccomp"*"a filter"*"profile filtered (the default filter)"* ]] || { echo "$output"; return 1; }
	stint explain --json --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" >"$STINT_TEST_DIR/explained"
	[ "$(jq -r '.effective.seccomp.defaultErrnoRet' "$STINT_TEST_DIR/explained")" = 38 ]
	jq -e '[.effective.seccomp.syscalls[] | select(.action == "SCMP_ACT_ERRNO" and (has("args") | not))] | length == 1' "$STINT_TEST_DIR/explained"
	stint run --runtime "$RUNTIME" --profile "$STINT_TEST_DIR/profile.json" --id "$id" "$BUNDLE" >/dev/null 2>&1 3>&- &
	run=$!
	eventually 10 test -s "$STINT_ROOT/run/stint/$id/pid"
	pid=$(cat "$STINT_ROOT/run/stint/$id/pid")
	eventually 10 grep -qx sleep "/proc/$pid/comm"
	stint verify "$id" | grep -E '^seccomp +enforced .*profile filtered \(the default filter\)'
	$RUNTIME kill "$id" KILL
	wait $run || true
	# What the bundle brings stays, and is what is said.
	config --argjson filter "$(denies '["mkdir"]')" '.linux.seccomp = $filter'
	stint explain --json --profile "$STINT_TEST_DIR/profile.json" "$BUNDLE" >"$STINT_TEST_DIR/explained"
	[ "$(jq -r '.sources[] | select(.path == "seccomp") | .from' "$STINT_TEST_DIR/explained")" = config.json ]
	[ "$(jq -c .effective.seccomp "$STINT_TEST_DIR/explained")" = "$(jq -c .linux.seccomp "$BUNDLE/config.json")" ]
	all_clean "$id"
}
# bats test_tags=once
@test "seccomp: explain and verify say what the default filter is, and the bundle's own stays" { on_each_runtime says; }

# bats test_tags=once
@test "seccomp: a list that is not understood makes no filter, and its line is told" {
	list=$STINT_TEST_DIR/list
	while IFS='|' read -r text says; do
		printf '%b' "$text" >"$list"
		run --separate-stderr "$TOP/scripts/seccomp-list" "$list"
		[ "$status" -eq 1 ] || { echo "accepted: $text"; return 1; }
		[[ "$stderr" == "$list:$says"* ]] || { echo "$text: $stderr"; return 1; }
	done <<-'LIST'
	allow\n\tread\n|1: a group needs a comment
	# why\nallow\n# why\ndeny\n\tread\n|4: the group before this has no calls
	# why\nallow\n|2: the group before this has no calls
	# why\nalow\n\tread\n|2: a group begins with allow, deny or absent
	# why\nallow with SYS_ADMIN\n\tread\n|2: "with" cannot be followed by "SYS_ADMIN"
	# why\nallow where argument 6 is 1\n\tread\n|2: "where" is followed by
	# why\nallow where argument 1 is one\n\tread\n|2: "is" cannot be followed by "one"
	# why\nallow where argument 1 looks 1\n\tread\n|2: an argument "is", "is not" or "has none of"
	# why\ndeny with CAP_KILL\n\tread\n|2: what is denied is denied to all
	\tread\n|1: calls outside a group
	# why\nallow\n\tread Write\n|3: "Write" is no name of a call
	# why\nallow\n\tread\n\n# why\ndeny\n\tread\n|7: read is in line 3 too
	LIST
}
