#!/usr/bin/env bats
# The threats of the threat model that come in as text: configs that two runtimes read differently (T1), what breaks
# parsers (T11), ids and paths (T12).

load helpers
load threats

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() {
	stint_teardown
	no_host_config
}

# --- T1: one text, two readings ---

# Both ways to start a container refuse the config in $BUNDLE with the place and PATTERN; nothing began, and the file is
# as it was.
config_refused() { # NAME PATTERN
	local before
	before=$(sha256sum "$BUNDLE/config.json")
	attempt stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ] && [ -z "$output" ] && a_sentence "$stderr" && [[ "$stderr" =~ $2 ]] ||
		{ echo "stint run: $1: status $status: $output $stderr"; return 1; }
	attempt_engine create --bundle "$BUNDLE" "$id"
	[ "$status" -eq 1 ] && [ -z "$output" ] && a_sentence "$stderr" && [[ "$stderr" =~ $2 ]] ||
		{ echo "stint-runtime: $1: status $status: $output $stderr"; return 1; }
	attempt_engine run --bundle "$BUNDLE" "$id"
	[ "$status" -eq 1 ] && [ -z "$output" ] || { echo "stint-runtime run: $1: status $status: $output $stderr"; return 1; }
	[ "$(sha256sum "$BUNDLE/config.json")" = "$before" ]
}

differential_configs() {
	local strict='{"defaultAction": "SCMP_ACT_ERRNO"}' name place=', line [0-9]+, column [0-9]+:'
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sh -c 'echo it runs'
	cp "$BUNDLE/config.json" "$STINT_TEST_DIR/good.json"
	for name in c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12; do
		case $name in
		# The same key twice, either way round; keys that Go takes for the same.
		c1) seccomp="\"seccomp\": $strict, \"seccomp\": null," ;;
		c2) seccomp="\"seccomp\": null, \"seccomp\": $strict," ;;
		c3) seccomp="\"seccomp\": $strict, \"Seccomp\": null," ;;
		c4) seccomp="\"SECCOMP\": $strict, \"seccomp\": null," ;;
		c5) seccomp="\"secc\\\\u006fmp\": $strict, \"seccomp\": null," ;; # equal once it is read
		*) seccomp= ;;
		esac
		sed "s|\"linux\": {|&$seccomp|" "$STINT_TEST_DIR/good.json" >"$BUNDLE/config.json"
		case $name in
		c6) sed -i 's|"linux": {|/* a comment */ &|' "$BUNDLE/config.json" ;;
		c7) sed -i 's|"linux": {|// a comment\n&|' "$BUNDLE/config.json" ;;
		c8) echo '{"linux": {"seccomp": null}}' >>"$BUNDLE/config.json" ;; # a second document behind it
		c9) echo garbage >>"$BUNDLE/config.json" ;;
		c10) sed -i 's|"hostname": "test"|"hostname": "te\\u0000st"|' "$BUNDLE/config.json" ;;
		c11) sed -i 's|"hostname": "test"|"hostname": "te\xff\xfest"|' "$BUNDLE/config.json" ;;
		c12) sed -i 's|"hostname": "test"|"hostname": "te\\ud800st"|' "$BUNDLE/config.json" ;; # half a surrogate pair
		esac
		! cmp -s "$BUNDLE/config.json" "$STINT_TEST_DIR/good.json" || { echo "$name is not changed"; return 1; }
		config_refused "$name" "config.json$place"
	done
	# The error is at the second of the two, where a person has to look.
	sed 's|"linux": {|&\n"seccomp": null,\n"seccomp": null,|' "$STINT_TEST_DIR/good.json" >"$BUNDLE/config.json"
	line=$(grep -n '^"seccomp": null' "$BUNDLE/config.json" | tail -n 1 | cut -d : -f 1)
	config_refused place "line $line, column 1: .*seccomp"
	# A NUL byte, and a byte order mark.
	{ cat "$STINT_TEST_DIR/good.json"; printf '\0'; } >"$BUNDLE/config.json"
	config_refused nul "config.json$place"
	{ printf '\357\273\277'; cat "$STINT_TEST_DIR/good.json"; } >"$BUNDLE/config.json"
	config_refused bom "config.json$place"
	never_began "$id"
	# And the same config without all that does run: it was refused for what was in it.
	cp "$STINT_TEST_DIR/good.json" "$BUNDLE/config.json"
	run stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
	[ "$output" = 'it runs' ]
}
@test "T1: configs that runc and crun read differently are refused with the place, and nothing has begun" {
	on_each_runtime differential_configs
}

what_the_runtime_reads() {
	local written
	host_config "$(command -v "$RUNTIME")"
	bundle "$id" /bin/sleep 60
	# Odd but valid text: escapes, spaces, a number that a parser might round, a key that nobody knows.
	sed -i 's|"hostname": "test"|"hostn\\u0061me" :\t"te\\u0073t", "com.example.unknown": {"n": 12345678901234567890.5e-7}|' "$BUNDLE/config.json"
	engine create --bundle "$BUNDLE" "$id" >"$STINT_TEST_DIR/$id.out" 2>&1 </dev/null
	written=$(engine_state "$id")/bundle/config.json
	# Not the original bytes, but what they say.
	! cmp -s "$written" "$BUNDLE/config.json" || return 1
	grep -q '"hostname":"test"' "$written"
	grep -q '"com.example.unknown":{"n":12345678901234567890.5e-7}' "$written"
	engine_clear "$id"
	all_clean "$id"
}
@test "T1: what the runtime reads was written anew, never the original bytes" { on_each_runtime what_the_runtime_reads; }

# --- T11: what breaks parsers ---

# COMMAND fails with STATUS and a sentence that fits PATTERN, in less than two seconds and 32 MB (of address space: what
# is resident is less).
refused_quickly() { # STATUS PATTERN COMMAND...
	local wanted=$1 pattern=$2 began=${EPOCHREALTIME/[.,]/} took
	shift 2
	attempt bash -c 'ulimit -v 32768 && exec "$@"' bash "$@"
	took=$((${EPOCHREALTIME/[.,]/} - began))
	[ "$status" -eq "$wanted" ] && a_sentence "$stderr" && [[ "$stderr" =~ $pattern ]] && [[ "$stderr" != *"out of memory"* ]] ||
		{ echo "$*: status $status: $output $stderr"; return 1; }
	[ $took -lt 2000000 ] || { echo "$*: took $took us"; return 1; }
}
refused_everywhere() { # PATTERN: the config in $BUNDLE
	refused_quickly 125 "$1" stint run --runtime crun --id "$id" "$BUNDLE"
	refused_quickly 125 "$1" stint explain "$BUNDLE"
	refused_quickly 1 "$1" stint-runtime create --bundle "$BUNDLE" "$id"
}
repeat() { # TEXT COUNT
	perl -e 'print $ARGV[0] x $ARGV[1]' "$1" "$2"
}

@test "T11: a config that is too deep, too large or no file is refused at once, in little memory" {
	id="t-shape-$$"
	bundle "$id" /bin/true
	good=$(cat "$BUNDLE/config.json")
	unsuitable() { # PATTERN: config.json from standard input
		cat >"$BUNDLE/config.json"
		refused_everywhere "$1"
	}
	repeat '[' 1000000 | unsuitable 'at most 1048576 are accepted|line 1, column'
	{ repeat '[' 1000000; repeat ']' 1000000; } | unsuitable 'at most 1048576 are accepted'
	{ repeat '[' 500000; repeat ']' 500000; } | unsuitable 'line 1, column 65: .*deep'
	{ repeat '{"a":' 100000; echo 1; repeat '}' 100000; } | unsuitable 'line 1, column .*deep'
	{ echo '{"a": "'; repeat 'x' 100000000; echo '"}'; } | unsuitable 'at most 1048576 are accepted'
	{ echo '{"a": "'; repeat 'x' 1000000; echo '"}'; } | unsuitable 'line 1, column'
	{ echo '['; repeat '0,' 500000; echo '0]'; } | unsuitable 'line 2, column [0-9]+: too many values'
	{ echo '{'; repeat '"":0,' 200000; echo '"":0}'; } | unsuitable 'line 2, column'
	printf '' | unsuitable 'config.json'
	printf '{' | unsuitable 'line 1, column'
	echo 'null' | unsuitable 'config.json: it is no object'
	head -c 500000 /dev/urandom | unsuitable 'line [0-9]+, column'
	truncate -s 100G "$BUNDLE/config.json"
	refused_everywhere 'at most 1048576 are accepted'
	rm "$BUNDLE/config.json"
	refused_everywhere 'No such file'
	mkfifo "$BUNDLE/config.json"
	refused_everywhere 'not a regular file'
	rm "$BUNDLE/config.json"
	mkdir "$BUNDLE/config.json"
	refused_everywhere 'not a regular file|directory'
	rmdir "$BUNDLE/config.json"
	ln -s /dev/zero "$BUNDLE/config.json"
	refused_everywhere 'symbolic link|not a regular file'
	rm "$BUNDLE/config.json"
	echo "$good" >"$STINT_TEST_DIR/elsewhere.json"
	ln -s "$STINT_TEST_DIR/elsewhere.json" "$BUNDLE/config.json"
	refused_everywhere 'symbolic link'
	never_began "$id"
}

@test "T11: a value of the wrong type, or a number out of range, is refused with its key and its place" {
	id="t-value-$$"
	bundle "$id" /bin/true
	cp "$BUNDLE/config.json" "$STINT_TEST_DIR/good.json"
	while IFS='|' read -r filter pattern; do
		jq "$filter" "$STINT_TEST_DIR/good.json" >"$BUNDLE/config.json"
		refused_everywhere "$pattern" || { echo "$filter"; return 1; }
	done <<-'LIST'
	.linux.resources.memory.limit = "lots"|linux.resources.memory.limit .line [0-9]+, column [0-9]+
	.linux.resources.memory.limit = 1.5|linux.resources.memory.limit .line
	.linux.resources.memory.limit = {}|linux.resources.memory.limit .line
	.linux.resources.memory = []|linux.resources.memory .line
	.linux.resources.pids.limit = true|linux.resources.pids.limit .line
	.linux.resources.cpu.period = -1|linux.resources.cpu.period .line
	.linux.resources.cpu.cpus = 3|linux.resources.cpu.cpus .line
	.linux.resources.cpu.cpus = "0-99999999999"|linux.resources.cpu.cpus
	.linux.seccomp = "none"|linux.seccomp .line
	.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}}|linux.seccomp.syscalls .line
	.linux.namespaces = {}|linux.namespaces .line
	.linux.namespaces = [{"type": 3}]|type .line
	.linux = []|linux .line
	.linux.cgroupsPath = 5|linux.cgroupsPath .line
	.process = null|process
	.process.args = []|process.args
	.process.args = "sh"|process.args .line
	.process.args = ["sh", 3]|process.args
	.process.user.uid = -1|process.user.uid .line
	.process.noNewPrivileges = "yes"|process.noNewPrivileges .line
	.process.cwd = "relative"|process.cwd .line
	.process.capabilities = ["CAP_SYS_ADMIN"]|process.capabilities .line
	.root = "rootfs"|root .line
	.root.path = ""|root.path
	.mounts = {}|mounts .line
	.hooks.poststart = {}|hooks.poststart .line
	.hooks.prestart = [{"args": []}]|path
	.annotations = {"a": 1}|annotations.a .line
	LIST
	# Numbers that a tool would write otherwise.
	for number in 9223372036854775808 -9223372036854775809 99999999999999999999999999 1e400 1E2 0x10 1. 01 +5 "$(repeat 9 100000)"; do
		jq '.linux.resources.memory.limit = 424242' "$STINT_TEST_DIR/good.json" >"$BUNDLE/config.json"
		perl -pi -e "s/424242/$number/" "$BUNDLE/config.json"
		refused_everywhere 'line [0-9]+, column [0-9]+' || { echo "${number:0:40}"; return 1; }
	done
	never_began "$id"
}

@test "T11: a profile that is too deep, too large, mistyped or misspelt is refused with line, column and the nearest key" {
	id="t-profile-$$" profile=$STINT_TEST_DIR/p.json
	bundle "$id" /bin/true
	profile_refused() { # PATTERN
		refused_quickly 125 "$1" stint run --profile "$profile" --runtime crun --id "$id" "$BUNDLE" &&
			refused_quickly 125 "$1" stint explain --profile "$profile" "$BUNDLE"
	}
	while IFS='|' read -r text pattern; do
		printf '{"name": "p",\n  %s}\n' "$text" >"$profile"
		profile_refused "$pattern" || { echo "$text"; return 1; }
	done <<-'LIST'
	"budgts": {}|line 2, column 3[):].*"budgts".*"budgets"
	"budgets": {"cpus": {"limit": "1s"}}|line 2, column 15[):].*"cpus".*"cpu"
	"budgets": {"cpu": {"limt": "1s"}}|line 2, column 23[):].*"limt".*"limit"
	"resources": {"memory": {"Limit": 5}}|line 2, column .*"Limit".*"limit"
	"budgets": {"cpu": {"limit": "1s", "limit": "2s"}}|line 2, column 38[):].*limit
	"budgets": {"cpu": {"limit": "1s", "LIMIT": "2s"}}|line 2, column 38[):].*LIMIT
	"budgets": {"cpu": {"limit": "-1s"}}|line 2, column
	"budgets": {"cpu": {"limit": "0s"}}|line 2, column
	"budgets": {"cpu": {"limit": "1 fortnight"}}|line 2, column
	"budgets": {"cpu": {"limit": "99999999999999999999s"}}|line 2, column
	"budgets": {"cpu": {"limit": "1e999s"}}|line 2, column
	"budgets": {"cpu": {"limit": 5}}|line 2, column
	"budgets": {"cpu": {"limit": {}}}|line 2, column
	"budgets": {"cpu": {"limit": "1s", "action": "explode"}}|line 2, column .*explode
	"budgets": {"cpu": {"limit": "1s", "warn": "180%"}}|line 2, column
	"budgets": {"memory": {"limit": "16EiB"}}|line 2, column
	"budgets": {"memory": {"limit": "99999999999999999999999GiB"}}|line 2, column
	"budgets": {"pids": {"limit": 1.5}}|line 2, column
	"budgets": {"pids": {"limit": 18446744073709551616}}|line 2, column
	"budgets": []|line 2, column
	"capabilities": ["CAP_NET_BIND_SERVCE"]|line 2, column .*CAP_NET_BIND_SERVCE.*CAP_NET_BIND_SERVICE
	"seccomp": 7|line 2, column
	"extends": ["../../etc/passwd"]|etc/passwd
	"extends": "default"|line 2, column
	"name": "twice"|line 2, column 3[):].*name
	"stintVersion": "99.0"|stintVersion|99.0
	"noNewPrivileges": "yes"|line 2, column
	LIST
	{ echo '{"name": "p", "seccomp":'; repeat '[' 500000; repeat ']' 500000; } >"$profile"
	profile_refused 'line 2, column .*deep'
	truncate -s 100M "$profile"
	profile_refused 'more than [0-9]+ bytes'
	rm "$profile"
	mkfifo "$profile"
	profile_refused 'no(t a)? regular file'
	rm "$profile"
	ln -s /dev/zero "$profile"
	profile_refused 'no(t a)? regular file|symbolic link'
	rm "$profile"
	# One that extends itself, and two that extend each other.
	echo "{\"name\": \"p\", \"extends\": [\"$profile\"]}" >"$profile"
	profile_refused 'extends|itself|cycle'
	never_began "$id"
}

@test "T11: what comes in on the command line is held to the same" {
	id="t-words-$$"
	bundle "$id" /bin/true
	for budget in cpu= =1s cpu=-1s cpu=0 cpu=1x cpu=99999999999999999999s bogus=1s memory=1e9GiB pids=-5 "cpu=$(repeat 9 100000)s" \
		"$(repeat x 100000)=1s" $'cpu=1s\n' 'cpu=1s/' 'cpuRate=1s/0s'; do
		attempt bash -c 'ulimit -v 32768 && exec "$@"' bash stint run --budget "$budget" --runtime crun --id "$id" "$BUNDLE"
		[[ $status -eq 2 || $status -eq 125 ]] && a_sentence "$stderr" || { echo "${budget:0:60}: $status: $stderr"; return 1; }
	done
	never_began "$id"
}

# --- T12: ids and paths ---

# All of these run with a private /run, a private root of the runtime's, and STINT_ROOT in a directory with neighbours.

bad_ids() {
	printf '%s\0' . .. ... ../.. ../../canary a/b /a /etc a/ a/.. ./a .hidden -rf -r -- --force +plus 'a b' $'a\nb' $'\n' $'a\tb' $'\e[2J' 'a*' '*' \
		'a;b' '$(id)' 'a\b' 'a:b' 'ä' $'\xff' "$(repeat a 129)" "$(repeat a 4096)" "$(repeat ../ 1000)" ''
}

no_id_escapes() { # RUNTIME
	local RUNTIME=$1 engine=$STINT_TEST_DIR/engine-$1 before rejected=0
	export STINT_ROOT=$STINT_TEST_DIR/ids-$RUNTIME/root
	mkdir -p "$STINT_ROOT/run/neighbour" "$STINT_ROOT/var/log/stint" "$engine/neighbour" /run/neighbour /run/stint /run/crun /run/runc
	mkdir -m 0700 "$STINT_ROOT/run/stint"
	for before in /run /run/neighbour /run/stint "$STINT_ROOT" "$STINT_ROOT/run" "$STINT_ROOT/run/neighbour" "$engine" "$engine/neighbour"; do
		echo canary >"$before/canary"
	done
	host_config "$(command -v "$RUNTIME")"
	everything() {
		tree_hash /run "$STINT_TEST_DIR"
		ls -d /sys/fs/cgroup/*/canary* /sys/fs/cgroup/*/stint/*canary* /sys/fs/cgroup/*/payload 2>/dev/null || true
	}
	refused() { # COMMAND...: one that has $bad for an id
		attempt "$@"
		rm -f "$STINT_TEST_DIR"/attempt.*
		rejected=$((rejected + 1))
		[[ $status -eq 1 || $status -eq 125 ]] && a_sentence "$stderr" && [[ "$stderr" == *"container id"* ]] && return 0
		printf 'not refused, or not for its id: %q (status %s): %s%s\n' "${*:0:120}" $status "$output" "$stderr"
		return 1
	}
	before=$(everything)
	while IFS= read -r -d '' bad; do
		refused stint run --runtime "$RUNTIME" --id "$bad" "$BUNDLE"
		refused stint-runtime --root "$engine" create --bundle "$BUNDLE" -- "$bad"
		refused stint-runtime --root "$engine" run --bundle "$BUNDLE" -- "$bad"
		refused stint-runtime --root "$engine" start -- "$bad"
		refused stint-runtime --root "$engine" delete -- "$bad"
		refused stint-runtime --root "$engine" delete --force -- "$bad"
		refused stint-runtime --root "$engine" kill -- "$bad" KILL
		# Without the dashes a word that begins with one is an option, and no id.
		case $bad in -*) continue ;; esac
		refused stint-runtime --root "$engine" create --bundle "$BUNDLE" "$bad"
		refused stint-runtime --root "$engine" start "$bad"
		refused stint-runtime --root "$engine" delete --force "$bad"
		refused stint-runtime --root "$engine" kill "$bad" KILL
	done < <(bad_ids)
	[ $rejected -ge 300 ]
	diff <(echo "$before") <(everything)
}
@test "T12: no id reaches out of its directory, by stint run or by create, start, delete and kill" {
	id=t-none
	bundle ids /bin/sh -c 'echo it runs'
	declare -f no_id_escapes bad_ids repeat >"$STINT_TEST_DIR/functions"
	export BUNDLE
	in_private_run no_id_escapes crun
	in_private_run no_id_escapes runc
}

ids_that_are_good() { # RUNTIME
	local RUNTIME=$1 id
	export STINT_ROOT=$STINT_TEST_DIR/good-$RUNTIME/root
	JOURNAL=$STINT_ROOT/var/log/stint/reports.jsonl
	for id in a _ 0 A.b-c_d+e create run --; do
		[ "$id" != -- ] || id=$(repeat z 128)
		output=$(stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE" 2>&1)
		[ "$output" = 'it runs' ] || { echo "$id: $output"; return 1; }
		[ "$(reports_count "$id")" -eq 1 ]
		all_clean "$id"
	done
}
@test "T12: ids that are allowed do work, whatever they are called" {
	bundle ids /bin/sh -c 'echo it runs'
	declare -f ids_that_are_good repeat >"$STINT_TEST_DIR/functions"
	export BUNDLE
	in_private_run ids_that_are_good crun
	in_private_run ids_that_are_good runc
}

climbing_paths() { # RUNTIME
	local RUNTIME=$1 path before
	export STINT_ROOT=$STINT_TEST_DIR/climb-$RUNTIME/root
	host_config "$(command -v "$RUNTIME")"
	groups() { find /sys/fs/cgroup -mindepth 1 -maxdepth 3 -type d -name '*t-climb*'; }
	for path in .. /.. ../t-climb /a/../../t-climb t-climb/.. /t-climb/../../../t-climb ./t-climb /t-climb/. //t-climb /t-climb// t-climb//x \
		$'/t-climb\n' $'/t-climb\t/x' "/$(repeat a 300)" "$(repeat /a 3000)" "$(repeat ../ 400)t-climb"; do
		jq --arg path "$path" '.linux.cgroupsPath = $path' "$STINT_TEST_DIR/climb.json" >"$BUNDLE/config.json"
		for command in stint engine; do
			if [ $command = stint ]; then
				attempt stint run --runtime "$RUNTIME" --id t-climb "$BUNDLE"
			else
				attempt_engine create --bundle "$BUNDLE" t-climb
			fi
			[[ $status -eq 1 || $status -eq 125 ]] && a_sentence "$stderr" && [[ "$stderr" == *cgroup*path* || "$stderr" == *cgroupsPath* ]] ||
				{ printf '%s %q: status %s: %s%s\n' $command "${path:0:60}" $status "$output" "$stderr"; return 1; }
		done
	done
	[ -z "$(groups)" ] || { groups; return 1; }
	[ -z "$(ls -A "$STINT_ROOT/run/stint" 2>/dev/null)" ]
}
@test "T12: a cgroup path that climbs is refused before any group is made" {
	bundle climb /bin/sh -c 'echo it runs'
	cp "$BUNDLE/config.json" "$STINT_TEST_DIR/climb.json"
	declare -f climbing_paths repeat >"$STINT_TEST_DIR/functions"
	export BUNDLE
	in_private_run climbing_paths crun
	in_private_run climbing_paths runc
}

@test "T12: a bundle that is a symbolic link, no directory, or not there is refused" {
	id="t-bundle-$$" RUNTIME=crun
	bundle real /bin/sh -c 'echo it runs'
	real=$BUNDLE
	host_config "$(command -v crun)"
	ln -s "$real" "$STINT_TEST_DIR/link"
	ln -s "$STINT_TEST_DIR/link" "$STINT_TEST_DIR/link2"
	ln -s loop "$STINT_TEST_DIR/loop"
	touch "$STINT_TEST_DIR/file"
	for BUNDLE in "$STINT_TEST_DIR"/{link,link2,loop,file,nothing} "$(repeat a 5000)" ''; do
		attempt stint run --id "$id" "$BUNDLE"
		[ "$status" -eq 125 ] && a_sentence "$stderr" || { echo "$BUNDLE: $output$stderr"; return 1; }
		attempt_engine create --bundle "$BUNDLE" "$id"
		[ "$status" -eq 1 ] && a_sentence "$stderr" || { echo "$BUNDLE: $output$stderr"; return 1; }
	done
	attempt stint run --id "$id" "$STINT_TEST_DIR/link"
	[[ "$stderr" == *"symbolic link"* ]]
	never_began "$id"
	# The link's target itself is fine.
	run stint run --id "$id" "$real"
	[ "$output" = 'it runs' ]
}

# What --runtime and the host's configuration may not name.
bad_runtimes() {
	printf 'not a program\n' >"$STINT_TEST_DIR/not-executable"
	ln -sf "$STINT_BIN/stint-runtime" "$STINT_TEST_DIR/by-link"
	ln -f "$STINT_BIN/stint-runtime" "$STINT_BIN/.t-by-hard-link" # a hard link needs the same filesystem
	printf '%s\n' "$STINT_TEST_DIR/missing" "$STINT_TEST_DIR/not-executable" "$STINT_TEST_DIR" /dev/null \
		"$STINT_BIN/stint-runtime" "$STINT_BIN/stint" "$STINT_BIN/stint-monitor" "$STINT_BIN/stint-hook" \
		"$STINT_BIN/../bin/stint-runtime" "$STINT_TEST_DIR/by-link" "$STINT_BIN/.t-by-hard-link"
}
@test "T12: a runtime that is missing, not executable, or stint itself under any name is refused" {
	id="t-runtime-$$" RUNTIME=bad
	bundle x /bin/sh -c 'echo it runs'
	while read -r bad; do
		attempt stint run --runtime "$bad" --id "$id" "$BUNDLE"
		[ "$status" -eq 125 ] && a_sentence "$stderr" && [[ "$stderr" == *"$(basename "$bad")"* ]] || { echo "$bad: $status: $output$stderr"; return 1; }
		host_config "$bad"
		attempt stint-runtime create --bundle "$BUNDLE" "$id"
		[ "$status" -eq 1 ] && a_sentence "$stderr" || { echo "$bad: $status: $output$stderr"; return 1; }
		# Nor does a command that passes through.
		attempt stint-runtime state "$id"
		[ "$status" -eq 1 ] && [ -z "$output" ] && a_sentence "$stderr" || { echo "$bad: $status: $output$stderr"; return 1; }
		no_host_config
	done < <(bad_runtimes)
	rm -f "$STINT_BIN/.t-by-hard-link"
	attempt stint run --runtime no-such-runtime --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ] && a_sentence "$stderr"
	attempt stint run --runtime '' --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ] && a_sentence "$stderr"
	# A relative path in the host's configuration is no path.
	host_config crun
	attempt stint-runtime create --bundle "$BUNDLE" "$id"
	[ "$status" -eq 1 ] && a_sentence "$stderr"
	never_began "$id"
}

@test "T12: a host configuration that others may write is not believed" {
	id="t-config-$$" RUNTIME=crun
	bundle x /bin/sh -c 'echo it runs'
	printf '#!/bin/sh\ntouch %s\n' "$STINT_TEST_DIR/pwned" >"$STINT_TEST_DIR/evil"
	chmod +x "$STINT_TEST_DIR/evil"
	for change in 'chmod 0666' 'chmod 0664' 'chown 65534'; do
		host_config "$STINT_TEST_DIR/evil"
		$change "$STINT_ROOT/etc/stint/stint.json"
		attempt stint run --id "$id" "$BUNDLE"
		[ "$status" -eq 125 ] && a_sentence "$stderr" || { echo "$change: $output$stderr"; return 1; }
		attempt stint-runtime create --bundle "$BUNDLE" "$id"
		[ "$status" -eq 1 ] && a_sentence "$stderr" || { echo "$change: $output$stderr"; return 1; }
		rm "$STINT_ROOT/etc/stint/stint.json"
	done
	host_config "$STINT_TEST_DIR/evil"
	chmod 0777 "$STINT_ROOT/etc/stint"
	attempt stint run --id "$id" "$BUNDLE"
	[ "$status" -eq 125 ] && a_sentence "$stderr" || { echo "directory: $output$stderr"; return 1; }
	chmod 0755 "$STINT_ROOT/etc/stint"
	[ ! -e "$STINT_TEST_DIR/pwned" ]
	never_began "$id"
}
