# What the tests of the threats share. Sourced after helpers.bash.

# A tool of tests/integration/tools, compiled once a file: prints its path.
tool() { # NAME [CC-OPTION...]
	local name=$1 out=$STINT_FILE_DIR/tools/$1
	shift
	[ -e "$out" ] || {
		mkdir -p "$STINT_FILE_DIR/tools"
		cc -O2 -D_GNU_SOURCE -o "$out.$BASHPID" "$TOP/tests/integration/tools/$name.c" "$@" &&
			mv "$out.$BASHPID" "$out"
	} || return 1
	echo "$out"
}

# A bundle whose program tries what those who want out try first, by each ABI, and says "ABI NAME ANSWER". It has no
# capability.
first_steps_bundle() { # NAME
	local root=$STINT_TEST_DIR/steps
	[ -e "$root" ] || { cp -a "$BUSYBOX_ROOTFS" "$root" && cp "$(tool first-steps -static -no-pie)" "$root/bin/"; }
	ROOTFS=$root bundle "$1" /bin/first-steps
	config '.process.capabilities |= map_values([])'
}

# How many it tries at least; not every kernel has i386's calls.
steps_tried() { if grep -q '^i386 ' "$1"; then echo 70; else echo 45; fi; } # FILE

# The host's configuration names the runtime that stint-runtime becomes. MORE: other keys, as JSON.
host_config() { # RUNTIME-PATH [MORE]
	mkdir -p "$STINT_ROOT/etc/stint"
	jq -n --arg runtime "$1" --argjson more "${2:-{\}}" '{runtime: $runtime} + $more' >"$STINT_ROOT/etc/stint/stint.json"
}
no_host_config() { rm -f "$STINT_ROOT/etc/stint/stint.json"; }

# As an engine calls it: with a root of its own for the runtime's state.
engine() { # COMMAND...
	stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" "$@"
}
attempt_engine() { attempt stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" "$@"; }
engine_state() { # ID: the state directory
	compgen -G "$STINT_ROOT/run/stint/$1~*"
}
engine_create() { # ID: its output on files, since what a container holds open would keep `run` waiting
	engine create --bundle "$BUNDLE" --pid-file "$STINT_TEST_DIR/$1.pid" "$1" \
		>"$STINT_TEST_DIR/$1.out" 2>&1 </dev/null || { cat "$STINT_TEST_DIR/$1.out"; return 1; }
}
engine_clear() { # ID
	engine delete --force "$1" >/dev/null 2>&1 || true
}

watchers() { # ID: the monitor and its standby, whatever root the runtime has
	local pid
	for pid in $(pgrep -x stint-monitor) $(pgrep -x stint-guard); do
		{ tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qx "$1\(~.*\)\?" && echo "$pid"
	done
	return 0
}

# Neither group nor state nor watcher nor a container in the runtime's own books.
clean() { # ID
	[ -z "$(groups_like "stint/$1")$(groups_like "stint/$1~*")" ] &&
		! compgen -G "$STINT_ROOT/run/stint/$1*" >/dev/null &&
		! compgen -G "/run/*/$1" >/dev/null && ! compgen -G "$STINT_TEST_DIR/engine-*/$1" >/dev/null &&
		[ -z "$(watchers "$1")" ]
}
all_clean() { # ID
	eventually 5 clean "$1" || {
		groups_like "stint/$1*"
		ls -d "$STINT_ROOT"/run/stint/"$1"* /run/*/"$1" "$STINT_TEST_DIR"/engine-*/"$1" 2>/dev/null
		watchers "$1"
		return 1
	}
}
# Of a container that was refused: nothing of it ever began.
never_began() { # ID
	all_clean "$1" || return 1
	[ ! -e "$JOURNAL" ] || [ "$(reports_count "$1")" -eq 0 ] || { echo "there is a report of $1"; return 1; }
}

# The words of an error: one line, beginning with the program's name, and something after it.
a_sentence() { # TEXT
	[[ "$1" =~ ^stint:\ .{10,} ]] || { echo "no sentence: $1"; return 1; }
}

# Runs FUNCTION of this file in a mount namespace with a private /run, as probes of ids and paths have to be.
in_private_run() { # FUNCTION [ARG...]
	export STINT_TEST_DIR BUSYBOX_ROOTFS TOP JOURNAL BATS_TEST_DIRNAME
	unshare --mount --propagation private bash -euc '
		mount -t tmpfs none /run
		source "$BATS_TEST_DIRNAME/helpers.bash"
		source "$BATS_TEST_DIRNAME/threats.bash"
		source "$STINT_TEST_DIR/functions"
		"$@"' bash "$@"
}

# Every name below the directories, and what is in the files: to show that nothing was changed.
tree_hash() { # DIR...
	find "$@" -printf '%p %y %m %U %l\n' | sort
	find "$@" -type f -exec sha256sum {} + | sort
}

# Processes of that name, dead ones that nobody reaps apart.
living() { pgrep -x -r R,S,D,T,t "$1"; }

# As bats' `run --separate-stderr`, but for commands that should fail and might leave a container, which would hold the
# pipe of `run` open: sets $status, $output and $stderr.
attempt() { # COMMAND...
	status=0
	timeout -k 5 30 "$@" >"$STINT_TEST_DIR/attempt.out" 2>"$STINT_TEST_DIR/attempt.err" </dev/null || status=$?
	output=$(tr -d '\0' <"$STINT_TEST_DIR/attempt.out")
	stderr=$(tr -d '\0' <"$STINT_TEST_DIR/attempt.err")
}

is_watched() { [ -n "$(monitor_of "$1")" ] && [ -n "$(guard_of "$1")" ]; }
# At one moment: the standby is stopped first, so that it does not take over in between.
kill_both() { # ID
	local monitor guard
	eventually 5 is_watched "$1"
	monitor=$(monitor_of "$1") guard=$(guard_of "$1")
	kill -STOP "$guard"
	kill -KILL "$monitor"
	kill -KILL "$guard"
}
