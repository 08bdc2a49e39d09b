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
@test "seccomp: what cannot be composed is refused with a sentence" { on_each_runtime refused; }
