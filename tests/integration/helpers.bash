# What the integration tests share. They run the programs in $STINT_BIN, as a user has them installed,
# under real runtimes. Each file has a STINT_ROOT of its own, so nothing of the machine's is touched.

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

stint_setup_file() {
	[ "$(id -u)" -eq 0 ] || skip "containers need root"
	[ -n "${STINT_BIN:-}" ] || { echo "STINT_BIN is not set: see 'make check-integration'" >&2; return 1; }
	"$TOP/scripts/host-setup"
	STINT_FILE_DIR=$(mktemp -d /tmp/stint-test.XXXXXX)
	export STINT_FILE_DIR
	export STINT_ROOT=$STINT_FILE_DIR/root
	export BUSYBOX_ROOTFS=$STINT_FILE_DIR/rootfs
	export DEBIAN_ROOTFS=${STINT_TEST_ROOTFS:-/var/cache/stint-test}/debian
	mkdir -p "$STINT_ROOT"
	"$TOP/scripts/make-rootfs" busybox "$BUSYBOX_ROOTFS"
	export PATH=$STINT_BIN:$PATH
}

stint_teardown_file() {
	# Nothing may be left of any container of this file's.
	[ -z "$(monitors)" ] || { echo "monitors are left: $(monitors)" >&2; return 1; }
	rm -rf --one-file-system "${STINT_FILE_DIR:?}"
}

stint_setup() {
	STINT_TEST_DIR=$BATS_TEST_TMPDIR
	JOURNAL=$STINT_ROOT/var/log/stint/reports.jsonl
	bats_require_minimum_version 1.5.0
}

stint_teardown() {
	local id
	# A failed test may leave a container: it is ended by its own runtime and id.
	for id in "$STINT_ROOT"/run/stint/*; do
		[ -d "$id" ] || continue
		id=$(basename "$id")
		for runtime in crun runc; do
			$runtime delete --force "${id%%~*}" >/dev/null 2>&1 || true
		done
	done
}

# A bundle for CMD in $BUNDLE, with busybox; edit its config.json with `config JQ`.
bundle() { # NAME CMD...
	local name=$1
	shift
	BUNDLE=$STINT_TEST_DIR/bundle-$name
	mkdir -p "$BUNDLE"
	jq --arg root "${ROOTFS:-$BUSYBOX_ROOTFS}" '.root.path = $root | .process.args = $ARGS.positional' \
		"$TOP/tests/integration/config.json" --args -- "$@" >"$BUNDLE/config.json"
}
config() { # JQ-FILTER
	jq "$@" "$BUNDLE/config.json" >"$BUNDLE/config.new" && mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}

# Of the newest report of ID. $late, in the filter: by how much a figure may be above its bound where the processors are
# emulated. What runs is charged there for what its host does else; how late we are is told by the bounds on a real one.
report_of() { # ID JQ-FILTER
	local late=0
	[ ! -e /sbin/machine-init ] || late=500000000
	jq -c "select(.id == \"$1\")" "$JOURNAL" | tail -n 1 | jq -c -r --argjson late $late "$2"
}
# How it ended. Before Linux 6.15 only a container's parent is sure to be told: under an engine a report may not have it.
ended_with() { # ID code|signal NUMBER
	local got
	got=$(report_of "$1" ".exit.$2")
	[ "$got" = "$3" ] || { [ "$got" = null ] && ! kernel_tells_exit; } || { report_of "$1" .; return 1; }
}
kernel_tells_exit() { [ "$(printf '6.15\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.15 ]; }
reports_count() { # ID
	jq -c "select(.id == \"$1\")" "$JOURNAL" | wc -l
}

eventually() { # SECONDS CMD...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "not within its time: $*" >&2; return 1; }
		sleep 0.02
	done
}

# The processes that watch a container of this file's, dead ones apart.
monitors() {
	local pid
	for pid in $(pgrep -x stint-monitor; pgrep -x stint-guard); do
		grep -zq -- "--root=$STINT_ROOT\$" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
	done
	return 0
}
watcher_of() { # NAME ID
	local pid
	for pid in $(pgrep -x "$1"); do
		{ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -q -- "--root=$STINT_ROOT $2\(~[0-9a-f]*\)\? " && echo "$pid"
	done
	return 0
}
monitor_of() { watcher_of stint-monitor "$1"; } # ID: the one at work
guard_of() { watcher_of stint-guard "$1"; }

# Neither groups nor state nor processes of container ID.
nothing_left() { # ID
	[ -z "$(groups_like "stint/$1")" ] &&
		! compgen -G "$STINT_ROOT/run/stint/$1*" >/dev/null &&
		[ -z "$(monitor_of "$1")$(guard_of "$1")" ]
}
no_leftovers() { # ID
	eventually 3 nothing_left "$1" || {
		groups_like "stint/$1"
		ls -d "$STINT_ROOT"/run/stint/* 2>/dev/null
		return 1
	}
}

# What the kernel has of a control group, whichever version it is of. GROUP may be a pattern.
kernel_has() { # GROUP memory|memory-used|pids|pids-used|quota|shares|cpu-ns
	local root=/sys/fs/cgroup
	# shellcheck disable=SC2086 # a pattern
	if [ -e $root/cgroup.controllers ]; then
		case $2 in
		memory) cat $root$1/memory.max ;;
		memory-used) cat $root$1/memory.current ;;
		pids) cat $root$1/pids.max ;;
		pids-used) cat $root$1/pids.current ;;
		quota) cut -d ' ' -f 1 $root$1/cpu.max ;;
		shares) # the least that make this weight: runtimes give 1 + (shares - 2) * 9999 / 262142
			echo $(((($(cat $root$1/cpu.weight) - 1) * 262142 + 9998) / 9999 + 2)) ;;
		cpu-ns) awk '$1 == "usage_usec" { print $2 * 1000 }' $root$1/cpu.stat ;;
		esac
	else
		case $2 in
		memory) cat $root/memory$1/memory.limit_in_bytes ;;
		memory-used) cat $root/memory$1/memory.usage_in_bytes ;;
		pids) cat $root/pids$1/pids.max ;;
		pids-used) cat $root/pids$1/pids.current ;;
		quota) cat $root/cpu$1/cpu.cfs_quota_us ;;
		shares) cat $root/cpu$1/cpu.shares ;;
		cpu-ns) cat $root/cpuacct$1/cpuacct.usage ;;
		esac
	fi
}
# Every tree of control groups that stint needs.
cgroup_trees() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		echo /sys/fs/cgroup
	else
		echo /sys/fs/cgroup/{cpu,cpuacct,memory,pids,freezer,unified}
	fi
}
# The groups there are, in any tree.
groups_like() { # PATTERN
	compgen -G "/sys/fs/cgroup/*/$1" || true
	compgen -G "/sys/fs/cgroup/$1" || true
}

# Every runtime there is, or those that $STINT_TEST_RUNTIMES names, with $RUNTIME set and an id of its own.
on_each_runtime() { # FUNCTION
	local runtime
	for runtime in ${STINT_TEST_RUNTIMES:-crun runc}; do
		RUNTIME=$runtime
		id="t-$BATS_SUITE_TEST_NUMBER-$runtime-$$"
		"$1"
	done
}
