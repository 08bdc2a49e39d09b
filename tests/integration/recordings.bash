# Recordings as files, for the tests of what is made of them. Sourced after helpers.bash.

# An empty store in $STORE, of $STINT_ROOT, for the runs of one $WORKLOAD.
a_store() {
	STORE=$STINT_ROOT/var/lib/stint/recordings
	WORKLOAD=sha256:$(printf '%064d' 7)
	run_number=0
	install -d -m 700 "$STORE/$WORKLOAD"
}

# A run in the store, complete under crun with noNewPrivileges, with JQ's keys on top of that.
recorded() { # ID JQ
	local name
	run_number=$((run_number + 1))
	name=$(printf '%s.%016x.%08x' "$1" $run_number $run_number)
	jq -n --arg id "$1" --arg workload "$WORKLOAD" --arg nanoseconds "$(printf %09d $run_number)" '{version: 1, id: $id, workload: $workload,
		runtime: {name: "crun", version: "1.8.1", noNewPrivileges: true}, started: "2026-11-26T02:15:12.\($nanoseconds)Z",
		ended: "2026-11-26T02:16:00.000000000Z", complete: true, lost: 0} + '"$2" >"$STORE/$WORKLOAD/$name.json"
	chmod 600 "$STORE/$WORKLOAD/$name.json"
}
# What strace sees of a program in a root of its own, as a recording. Only what the program itself does.
seen() { # ID CMD...
	local id=$1 calls
	shift
	strace -f -qq -o "$STINT_TEST_DIR/strace" chroot "$ROOTFS" "$@" </dev/null >/dev/null
	calls=$(sed -E '1,/execve\("\/bin|execve\("\/calls/d; s/^[0-9]+ +//; /^(\+\+\+|---|<\.\.\.)/d; s/\(.*//' "$STINT_TEST_DIR/strace" | sort -u | jq -R . | jq -cs .)
	recorded "$id" "{syscalls: $calls, runtime: {name: \"$RUNTIME\", version: \"$($RUNTIME --version | awk 'NR == 1 { print $3 }')\", noNewPrivileges: ${new_privileges:-true}}}"
}
rootfs_with_calls() {
	ROOTFS=$STINT_TEST_DIR/rootfs
	[ -e "$ROOTFS/calls" ] && return
	cp -a "$BUSYBOX_ROOTFS" "$ROOTFS"
	cp "$(tool calls -static)" "$ROOTFS/calls"
}
# A filter for /calls, for engines: getppid (39) was seen, unshare and bpf (272, 321) were not; clone3 (435) is
# refused though it was seen, and 1000 is newer than any filter.
filter_for_calls() { # FILE
	local STINT_ROOT=$STINT_TEST_DIR/root-$RUNTIME new_privileges=false
	rootfs_with_calls
	a_store
	seen t-seen /calls 39
	recorded t-clone '{syscalls: ["clone3"], runtime: {name: "any"}}'
	stint profile generate -o "$1" "$WORKLOAD" 2>/dev/null
}
CALLS_TRIED=(39 272 321 435 1000)
# How an engine passes on the default's own error, and whether a runtime gives ENOSYS to what is newer, differs for 1000 alone.
calls_answered_by_filter() { # OUTPUT [PATTERN]
	[[ "$(xargs <<<"$1")" == "39 done 272 EPERM 321 EPERM 435 ENOSYS 1000 "${2:-E*}" end" ]] || { echo "answered: $1"; return 1; }
}

# A bundle in the root filesystem with programs of many kinds: folders to write to, and capabilities to give up.
programs_bundle() { # NAME CMD...
	ROOTFS=${STINT_TEST_ROOTFS:-/var/cache/stint-test}/programs bundle "$@"
	config '.process.env += ["HOME=/tmp", "LC_ALL=C"] | .process.rlimits = []
		| .process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_DAC_OVERRIDE"])
		| .mounts += [("/tmp", "/var/log/nginx", "/var/lib/nginx", "/run") |
			{destination: ., type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=1777"]}]'
}

# --- recorders ---

recorders() { # ID
	local pid
	for pid in $(pgrep -x stint-recorder); do
		{ tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qx "$1\(~.*\)\?" && echo "$pid"
	done
	return 0
}
no_recorder() { [ -z "$(recorders "$1")" ]; }
kill_recorder() { # ID
	kill -KILL "$(recorders "$1")"
	eventually 5 no_recorder "$1"
}

# --- those that are asked ---

stopping_runtime() { # FILE [COMMAND]: the runtime, that stops the recorder before it begins with that (`run` and `create` otherwise)
	cat >"$1" <<-END
		#!/bin/sh
		case " \$* " in *" ${2:-run} "* | *" ${2:-create} "*)
			for pid in \$(pgrep -x stint-recorder); do
				! grep -zq -- "--root=$STINT_ROOT\\$" /proc/\$pid/cmdline || kill -STOP \$pid
			done ;;
		esac
		exec $(command -v "$RUNTIME") "\$@"
	END
	chmod +x "$1"
}
asks_somebody() { # ID
	local pid
	for pid in $(cat /sys/fs/cgroup/unified/stint/"$1"*/payload/cgroup.procs /sys/fs/cgroup/stint/"$1"*/payload/cgroup.procs 2>/dev/null); do
		! grep -qs seccomp "/proc/$pid/task/"*/wchan || return 0
	done
	return 1
}
is_gone() { ! kill -0 "$1" 2>/dev/null; }
is_stopped() { grep -q '^State:.*stopped' "/proc/$(recorders "$1")/status"; } # ID: its recorder
