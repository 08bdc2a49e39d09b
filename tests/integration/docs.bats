#!/usr/bin/env bats
# What the documents say is so: their examples are run, their tables are held against the programs.

load helpers

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() {
	stint_setup
	# A document's transcripts begin on a machine without reports.
	export STINT_ROOT=$STINT_TEST_DIR/root
	JOURNAL=$STINT_ROOT/var/log/stint/reports.jsonl
	mkdir -p "$STINT_ROOT"
	cd "$STINT_TEST_DIR"
}
teardown() {
	release_overlay
	stint_teardown
	eventually 10 no_monitor
}
no_monitor() { [ -z "$(monitors)" ]; }

# The fenced blocks of FILE whose words after the backquotes begin with WORDS, each into blocks/N, with
# those words in blocks/N.words.
blocks() { # FILE WORDS
	rm -rf blocks
	mkdir blocks
	awk -v wanted="$2" '
		/^```/ && inside { inside = 0; next }
		/^```/ {
			words = substr($0, 4)
			inside = 1
			take = index(words " ", wanted " ") == 1
			if (take) { out = sprintf("blocks/%02d", ++n); print words >(out ".words"); printf "" >out }
			next
		}
		inside && take { print >out }' "$TOP/$1"
	compgen -G 'blocks/[0-9][0-9]' || true
}
files_of() { # FILE: its profiles, as files
	local block kind
	for kind in profile refused; do
		for block in $(blocks "$1" "json $kind"); do
			cp "$block" "$(cut -d ' ' -f 3 "$block.words")"
		done
	done
}
busybox_here() {
	ln -s "$BUSYBOX_ROOTFS" rootfs
	a_bundle
}
a_bundle() {
	bundle doc /bin/sleep 20
	mv "$BUNDLE" bundle
}

# Amounts, moments, pids and spaces differ from run to run; nothing else may.
normal() {
	sed -E -e '/^[0-9]+$/b' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' -e 's/cgroup (v1|v2|hybrid)/cgroup MODE/' \
		-e 's/\bin [0-9]+ of [0-9]+/in ALL/' -e 's/[0-9]+\.[0-9]+/N/g' \
		-e 's/\b(N|[0-9]+) ?(ns|us|ms|s|m|h|B|[KMGT]iB|MB)\b/N/g' -e 's/\b[0-9]{3,}\b/N/g' \
		-e 's/N( N)+/N/g' -e 's/[[:space:]]+/ /g' -e 's/ $//'
}

# Runs the commands of a transcript, those that begin with "# ", and compares what they print.
transcript() { # BLOCK
	local line command= expected= last=0 ids id
	ids=$(grep -oE -- '--id [a-z0-9-]+' "$1" | cut -d ' ' -f 2 | sort -u)
	while IFS= read -r line || [ -n "$line" ]; do
		if [[ $line == '# '* ]]; then
			[ -z "$command" ] || step_of_transcript
			command=${line#'# '} expected=
		else
			expected+=$line$'\n'
		fi
	done <"$1"
	[ -z "$command" ] || step_of_transcript
}
all_ids=
step_of_transcript() {
	local got renamed=$command wanted
	# The documents' short ids are renamed: others may use them on this machine.
	all_ids=$(printf '%s\n' $all_ids $ids | sort -u)
	for id in $all_ids; do
		renamed=$(sed -E "s/(^| )$id( |\$)/\\1t-$id-$$\\2/g" <<<"$renamed")
	done
	if [[ $renamed == *'&' ]]; then
		eval "${renamed%&}" >background.log 2>&1 </dev/null 3>&- &
		eventually 10 something_runs
		return
	fi
	got=$( (exit "$last"); eval "$renamed" 2>&1 </dev/null) && last=0 || last=$?
	for id in $all_ids; do
		got=${got//t-$id-$$/$id}
	done
	wanted=$(normal <<<"${expected%$'\n'}")
	got=$(normal <<<"$got")
	[ "$got" = "$wanted" ] || {
		printf '# %s\n--- the document:\n%s\n--- the program:\n%s\n' "$command" "$wanted" "$got"
		return 1
	}
}
# And its monitor has its standby.
something_runs() {
	local id
	id=$(stint ps --json | jq -re '.[] | select(.status == "running") | .id') && stint verify "$id" >/dev/null
}

transcripts() { # FILE
	local block count=0
	for block in $(blocks "$1" console); do
		transcript "$block"
		count=$((count + 1))
	done
	[ "$count" -gt 0 ]
}

@test "README: the transcripts are what one sees" {
	ln -s "$TOP/scripts" scripts
	a_bundle
	transcripts README.md
}

@test "docs/profile.md: the transcripts are what one sees" {
	busybox_here
	files_of docs/profile.md
	transcripts docs/profile.md
}

@test "docs/report.md: the transcripts are what one sees" {
	busybox_here
	transcripts docs/report.md
}

@test "the documents' profiles are explained, and those that are said to be refused are refused" {
	local document block count=0
	busybox_here
	for document in README.md docs/profile.md; do
		for block in $(blocks $document 'json profile'); do
			cp "$block" ./shown.json
			run stint explain --profile ./shown.json bundle
			[ "$status" -eq 0 ]
			[[ "$output" == "Profile $(jq -r .name shown.json),"* ]]
			count=$((count + 1))
		done
		for block in $(blocks $document 'json refused'); do
			cp "$block" ./shown.json
			run stint explain --profile ./shown.json bundle
			[ "$status" -eq 125 ]
			count=$((count + 1))
		done
	done
	[ "$count" -ge 7 ]
	# And those of the manual pages.
	awk '/^\.Bd/ { inside = 1; next } /^\.Ed/ { inside = 0 } inside' "$TOP/docs/stint-profile.5" >page.json
	stint explain --profile ./page.json bundle
	mkdir -p "$STINT_ROOT/etc/stint"
	awk '/^\.Bd/ { inside = 1; next } /^\.Ed/ { inside = 0 } inside' "$TOP/docs/stint.json.5" >"$STINT_ROOT/etc/stint/stint.json"
	run stint explain bundle
	[ "$status" -eq 0 ]
	[[ "$output" == "Profile service,"* ]]
}

@test "a profile's every key is in docs/profile.md and in stint-profile(5)" {
	local key keys ours
	keys=$(sed -nE 's/.*(\.name = |NUMBER\(|SET\(|OCI_ONLY\()"([A-Za-z]+)".*/\2/p' "$TOP"/lib/profile/parse*.c)
	ours=$(sed -nE 's/.*(\.name = |NUMBER\(|SET\()"([A-Za-z]+)".*/\2/p' "$TOP"/lib/profile/parse*.c)
	ours+=" $(sed -nE 's/^\t\[BUDGET_[A-Z_]+\] = \{"([A-Za-z]+)".*/\1/p' "$TOP/lib/budget/budget.c")"
	[ "$(wc -w <<<"$keys")" -ge 40 ]
	[ "$(wc -w <<<"$ours")" -ge 40 ]
	for key in $keys $ours; do
		grep -qE "\`([a-z]+\.)?$key\`" "$TOP/docs/profile.md" || { echo "docs/profile.md does not say $key"; return 1; }
	done
	for key in $ours; do
		grep -qw -- "$key" "$TOP/docs/stint-profile.5" || { echo "stint-profile(5) does not say $key"; return 1; }
	done
}

@test "stint-profile(5): the budgets that it says are refused are those that are" {
	local refused
	refused=$(sed -nE 's/^\t\[BUDGET_[A-Z_]+\] = \{"([A-Za-z]+)".*false\},$/\1/p' "$TOP/lib/budget/budget.c" | sort | xargs)
	[ -n "$refused" ]
	[ "$(grep -B1 '^Cannot be enforced by this version' "$TOP/docs/stint-profile.5" | sed -n 's/^\.It Cm //p' | tr -d , | xargs -n1 | sort | xargs)" = "$refused" ]
}

@test "stint.json's every key is in docs/configuration.md and in stint.json(5)" {
	local key keys
	keys=$(sed -nE 's/.*\.name = "([A-Za-z]+)".*/\1/p' "$TOP/lib/profile/host_config.c")
	[ "$(wc -w <<<"$keys")" -ge 11 ]
	for key in $keys; do
		grep -q "\`$key\`" "$TOP/docs/configuration.md" || { echo "docs/configuration.md does not say $key"; return 1; }
		grep -qw -- "$key" "$TOP/docs/stint.json.5" || { echo "stint.json(5) does not say $key"; return 1; }
	done
}

@test "docs/report.md has the keys of a real report, no more and no fewer" {
	local id=t-keys-$$ block
	busybox_here
	run stint run --id "$id" --budget cpu=50ms --budget memoryTime=1GiB.s --rootfs rootfs -- /bin/sh -c 'while :; do :; done'
	[ "$status" -eq 137 ]
	report_of "$id" '[paths | map(tostring) | join(".")] | sort | .[]' >real
	[ "$(wc -l <real)" -ge 40 ]
	sed -nE 's/^\| `([A-Za-z.]+)` \|.*/\1/p' "$TOP/docs/report.md" | grep -vxE 'text|json|lambda|isolate|html' | sort >documented
	LC_ALL=C sort -o real real
	LC_ALL=C sort -o documented documented
	diff real documented
	block=$(blocks docs/report.md 'json report')
	jq -r '[paths | map(tostring) | join(".")] | .[]' "$block" | LC_ALL=C sort >example
	diff real example
	# What is said to be null in this version is.
	[ "$(report_of "$id" '[.usage.netEgressBytes, .usage.netIngressBytes, .image]')" = '[null,null,null]' ]
	[ "$(report_of "$id" '[.violations, .anomalies]')" = '[[],[]]' ]
}

@test "docs/configuration.md: its example is accepted, its rules choose, its ceiling holds" {
	local conf=$STINT_ROOT/etc/stint/stint.json
	busybox_here
	mkdir -p "$(dirname "$conf")/profiles.d"
	cp "$(blocks docs/configuration.md 'json config')" "$conf"
	choose() { jq --argjson a "$1" '.annotations = $a' bundle/config.json >c && mv c bundle/config.json && stint explain --json bundle; }
	[ "$(choose '{}' | jq -r .profile)" = service ]
	[ "$(choose '{"io.kubernetes.cri.sandbox-namespace": "ci-1"}' | jq -r .profile)" = function ]
	[ "$(choose '{"io.kubernetes.cri.image-name": "r/batch-1"}' | jq -r .profile)" = service ]
	[ "$(choose '{"io.kubernetes.cri.image-name": "r/batch-1", "tier": "low"}' | jq -r .profile)" = strict ]
	# The ceiling is above the operator's own words.
	run stint explain --json --budget wall=48h bundle
	[ "$(jq -c '[.effective.budgets.wall.limit, (.sources[] | select(.path == "budgets.wall.limit").from)]' <<<"$output")" = '[86400000000000,"ceiling"]' ]
	# The host's own profile comes before a shipped one of the same name.
	echo '{"name": "strict", "budgets": {"wall": {"limit": "7s"}}}' >"$(dirname "$conf")/profiles.d/strict.json"
	[ "$(stint explain --json bundle | jq .effective.budgets.wall.limit)" = 7000000000 ]
	# Who can write it decides what root runs.
	chmod 666 "$conf"
	run stint explain bundle
	[ "$status" -eq 125 ]
	[[ "$output" == *"chmod go-w"* ]]
	chmod 644 "$conf"
	chmod 777 "$(dirname "$conf")/profiles.d"
	run stint explain bundle
	[ "$status" -eq 125 ]
	chmod 755 "$(dirname "$conf")/profiles.d"
	stint explain bundle
}

# An image of two layers on which a container's root is an overlay, as Docker lays it out, in $STORE.
overlay_root() { # the uppermost layer's NAME, the container's
	mkdir -p "$STORE"/{base,"$1","$2-init","$2"}/diff "$STORE/$2"/{work,merged}
	mount -t overlay -o "lowerdir=$STORE/$2-init/diff:$STORE/$1/diff:$STORE/base/diff,upperdir=$STORE/$2/diff,workdir=$STORE/$2/work" \
		overlay "$STORE/$2/merged"
}
release_overlay() { [ -z "${STORE:-}" ] || umount -q "$STORE"/*/merged "$STORE" || true; }

@test "docs/configuration.md: the rules on what Docker's containers show choose" {
	local conf=$STINT_ROOT/etc/stint/stint.json
	a_bundle
	mkdir -p "$(dirname "$conf")"
	STORE=$STINT_TEST_DIR/overlay2
	mkdir "$STORE"
	# An overlay's upper directory may be on no overlay.
	mount -t tmpfs none "$STORE"
	sed "s|/var/lib/docker/overlay2|$STORE|" "$(blocks docs/configuration.md 'json select')" >"$conf"
	chosen() { # JQ-FILTER
		jq "$1" bundle/config.json >c && mkdir -p b && mv c b/config.json && stint explain --json b | jq -r '"\(.profile) \(.selectedBy)"'
	}
	overlay_root 4f5e9c one
	overlay_root 5f5e9c two
	[[ "$(chosen ".root.path = \"$STORE/one/merged\" | .process.args = [\"/usr/sbin/nginx\", \"-g\"]")" == 'service select[0] (line 3, '*') of stint.json' ]]
	[ "$(chosen ".root.path = \"$STORE/two/merged\" | .process.args = [\"/usr/sbin/nginx\", \"-g\"]")" = 'default default' ]
	[ "$(chosen ".root.path = \"$STORE/one/merged\"")" = 'default default' ]
	# Its layer copied into another image is another directory.
	cp -a "$STORE/4f5e9c/diff" "$STORE/5f5e9c/diff"
	[ "$(chosen ".root.path = \"$STORE/two/merged\" | .process.args = [\"/usr/sbin/nginx\", \"-g\"]")" = 'default default' ]
	[[ "$(chosen '.process.env = ["TIER=batch"] | .linux.cgroupsPath = "/docker/1"')" == 'function select[1] (line 4, '* ]]
	[ "$(chosen '.process.env = ["TIER=batch"] | .linux.cgroupsPath = "/other/1"')" = 'default default' ]
	[[ "$(chosen '.hostname = "build-7"')" == 'strict select[2] (line 5, '* ]]
	[ "$(chosen '.hostname = "build-7" | .linux.namespaces |= map(select(.type != "network"))')" = 'default default' ]
	run stint explain b
	[[ "${lines[0]}" == 'Profile default, cgroup '* ]]
	chosen '.hostname = "build-7"'
	run stint explain b
	[ "${lines[1]}" = "The profile was selected by select[2] (line 5, column 5) of stint.json." ]
	run stint explain --profile function b
	[[ "$output" != *selected* ]]
	[ "$(stint explain --json --profile function b | jq -r .selectedBy)" = --profile ]
	release_overlay
}

@test "docs/configuration.md: annotations that are orders to a runtime do not pass unless they are let" {
	local id=t-orders-$$ edited=$STINT_ROOT/run/stint/t-orders-$$/bundle/config.json pid
	busybox_here
	mkdir -p "$STINT_ROOT/etc/stint"
	cp "$(blocks docs/configuration.md 'json config')" "$STINT_ROOT/etc/stint/stint.json"
	jq '.annotations = {"run.oci.keep_original_groups": "1", "run.oci.hooks.stdout": "/x", "org.systemd.property.MemoryMax": "1",
		"org.criu.config": "/x", "bundle": "/x", "mine": "y"}' bundle/config.json >c && mv c bundle/config.json
	stint run --id "$id" --budget wall=3s bundle >/dev/null 2>&1 3>&- &
	pid=$!
	eventually 10 something_runs
	[ "$(jq -c '.annotations | keys' "$edited")" = '["mine","run.oci.keep_original_groups"]' ]
	# The directories are as the page says.
	[ "$(stat -c %a "$STINT_ROOT/run/stint")" = 700 ]
	[ "$(stat -c %a "$STINT_ROOT/run/stint/$id")" = 700 ]
	for name in bundle/config.json plan.json ledger socket pid log; do
		[ -e "$STINT_ROOT/run/stint/$id/$name" ]
	done
	[ "$(stat -c %a "$STINT_ROOT/var/log/stint")" = 755 ]
	wait "$pid" || [ $? -eq 137 ]
	[ "$(stat -c %a "$JOURNAL")" = 640 ]
	chmod 770 "$STINT_ROOT/run/stint"
	run stint run --rootfs rootfs -- /bin/true
	[ "$status" -eq 125 ]
	[[ "$output" == *"chmod go-w"* ]]
	chmod 700 "$STINT_ROOT/run/stint"
}

options_of() { sed -nE 's/.*\{"([a-z-]+)", (required|no)_argument.*/\1/p' "$TOP/$1"; }
page() { groff -mandoc -Tascii -P-cbou "$TOP/docs/$1"; }

@test "every option is in its help and its manual page, and every option of a help exists" {
	local source manual verb option help options pair
	for pair in cli/run.c:stint-run.1:run cli/explain.c:stint.1:explain cli/ps.c:stint.1:ps cli/report.c:stint.1:report \
		cli/why.c:stint.1:why cli/verify.c:stint.1:verify cli/doctor.c:stint.1:doctor cli/install.c:stint.1:install \
		cli/record.c:stint.1:record cli/profile.c:stint.1:profile hook/hook.c:stint-hook.8: shim/monitor.c:stint-monitor.8: shim/recorder.c:stint-recorder.8: shim/network.c:stint-network.8:; do
		IFS=: read -r source manual verb <<<"$pair"
		options=$(options_of "$source")
		[ -n "$options" ]
		help=
		[ -z "$verb" ] || help=$(stint "$verb" --help)
		[ "$source" != hook/hook.c ] || help=$(stint-hook --help)
		for option in $options; do
			page "$manual" | grep -qE -- "--$option\b" || { echo "$manual does not say --$option"; return 1; }
			# Monitors and recorders are not started by hand.
			[[ "$source" == shim/* ]] || grep -qE -- "^  .*--$option\b" <<<"$help" || { echo "$source: no help for --$option"; return 1; }
		done
		for option in $(grep -oE '^  +(-., )?--[a-z-]+' <<<"$help" | grep -oE '[a-z]+(-[a-z]+)*$'); do
			grep -qx -- "$option" <<<"$options" || { echo "$source: the help's --$option does not exist"; return 1; }
		done
		# A short one is in the page where it is in the help.
		for option in $(grep -oE '^  -., --[a-z-]+' <<<"$help" | cut -c 3-4); do
			page "$manual" | grep -qE -- "(^|[ [])$option[], ]" || { echo "$manual does not say $option"; return 1; }
		done
	done
}

@test "every verb is in stint's help and in stint(1), and no other" {
	local verb
	sed -nE '/^const struct verb /,/^};/s/^\t\.name = "([a-z]+)",/\1/p' "$TOP"/cli/*.c | sort >verbs
	[ "$(wc -l <verbs)" -ge 6 ]
	stint --help | sed -nE 's/^  ([a-z]+) +[A-Z].*/\1/p' | sort | diff verbs -
	sed -nE '/^\.Sh DESCRIPTION/,/^\.Sh ENV/s/^\.It Cm ([a-z]+)$/\1/p' "$TOP/docs/stint.1" | sort | diff verbs -
	while read -r verb; do
		stint "$verb" --help | head -n 1 | grep -q "^Usage: stint $verb\b"
		stint "$verb" --help | grep -q '^Exit status:'
	done <verbs
}

@test "the manual pages are without fault" {
	local file
	for file in "$TOP"/docs/*.[1-8]; do
		run groff -ww -b -mandoc -Tutf8 -z "$file"
		[ -z "$output" ]
		run mandoc -T lint -W warning "$file"
		[ -z "$output" ]
		# What it refers to is there.
		for name in $(sed -nE 's/^\.Xr (stint[a-z.-]*) ([1-8]).*/\1.\2/p' "$file"); do
			[ -e "$TOP/docs/$name" ] || { echo "$file refers to $name"; return 1; }
		done
	done
}

@test "exit statuses are those that are documented" {
	local id=t-status-$$ verb pid group
	busybox_here
	run stint run --id "$id" --rootfs rootfs -- /bin/sh -c 'exit 7'
	[ "$status" -eq 7 ]
	run stint run --id "$id" --budget wall=100ms --rootfs rootfs -- /bin/sleep 9
	[ "$status" -eq 137 ]
	run stint run --rootfs rootfs -- /etc
	[ "$status" -eq 126 ]
	run -127 stint run --rootfs rootfs -- /no/such
	run stint run --rootfs no-such -- /bin/true
	[ "$status" -eq 125 ]
	for verb in run explain ps report why verify record profile doctor; do
		run stint "$verb" --no-such-option
		[ "$status" -eq 2 ]
		run stint "$verb" --help
		[ "$status" -eq 0 ]
	done
	for verb in run explain why verify record profile; do
		run stint "$verb"
		[ "$status" -eq 2 ]
	done
	run stint
	[ "$status" -eq 2 ]
	run stint report "$id"
	[ "$status" -eq 0 ]
	run stint why "$id"
	[ "$status" -eq 0 ]
	for verb in report why; do
		run stint "$verb" no-such
		[ "$status" -eq 1 ]
	done
	run stint profile show no-such
	[ "$status" -eq 1 ]
	run stint verify no-such
	[ "$status" -eq 125 ]
	run stint verify "$id"
	[ "$status" -eq 125 ]
	run stint explain no-such
	[ "$status" -eq 125 ]
	stint run --id "$id" --budget wall=5s --budget pids=16 --rootfs rootfs -- /bin/sleep 9 >/dev/null 2>&1 3>&- &
	pid=$!
	eventually 10 something_runs
	run stint verify "$id"
	[ "$status" -eq 0 ]
	for group in /sys/fs/cgroup/pids/stint/"$id" /sys/fs/cgroup/stint/"$id"; do
		[ ! -e "$group/pids.max" ] || echo max >"$group/pids.max"
	done
	run stint verify "$id"
	[ "$status" -eq 1 ]
	[[ "$output" == *absent* ]]
	wait "$pid" || [ $? -eq 137 ]
	run stint-hook
	[ "$status" -eq 2 ]
	run stint-hook --help
	[ "$status" -eq 0 ]
	run bash -c 'stint-hook createRuntime </dev/null'
	[ "$status" -eq 1 ]
	run bash -c 'stint-hook precreate <bundle/config.json | jq -e .linux.resources.pids.limit'
	[ "$output" = 4096 ]
	run stint-runtime create --bundle no-such t-none
	[ "$status" -eq 1 ]
	run stint-monitor
	[ "$status" -eq 2 ]
}

paused_is_frozen() {
	local pid
	bundle "$id" /bin/sleep 30
	stint run --runtime "$RUNTIME" --id "$id" --budget wall=8s "$BUNDLE" >/dev/null 2>&1 3>&- &
	pid=$!
	eventually 10 something_runs
	"$RUNTIME" pause "$id"
	[ "$(stint ps --json | jq -r '.[].status')" = frozen ]
	[[ "$(stint why "$id")" == "$id is frozen: it has used "* ]]
	"$RUNTIME" resume "$id"
	[ "$(stint ps --json | jq -r '.[].status')" = running ]
	"$RUNTIME" kill "$id" KILL
	wait "$pid" || true
	[[ "$(stint why "$id")" == *"by signal 9 (SIGKILL)"* ]]
}
@test "stint(1): a paused container is frozen" { on_each_runtime paused_is_frozen; }

levels_warn() {
	echo '{"name": "near", "budgets": {"memory": {"limit": "64MiB", "warn": "25%"}, "pids": {"limit": 64, "warn": "25%"}}}' >near.json
	bundle "$id" /bin/sh -c 'i=0; while [ $i -lt 20 ]; do sleep 0.3 & i=$((i+1)); done; dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null; wait'
	run stint run --runtime "$RUNTIME" --profile ./near.json --id "$id" "$BUNDLE"
	[ "$status" -eq 0 ]
	[[ "$output" == *"memory budget of 64 MiB is 25% spent"* ]]
	[[ "$output" == *"pids budget of 64 is 25% spent"* ]]
	[ "$(report_of "$id" '[.warnings[] | select(test("25% spent"))] | length')" = 2 ]
	[ "$(report_of "$id" .verdict)" = null ]
	# A level that is only to be said has no limit of the kernel's, and is said all the same.
	echo '{"name": "said", "budgets": {"pids": {"limit": 8, "action": "warn"}}}' >said.json
	run stint run --runtime "$RUNTIME" --profile ./said.json --id "$id" "$BUNDLE"
	[ "$status" -eq 0 ]
	[ "$(report_of "$id" '[.verdict.budget, .verdict.action, (.verdict.used > 8), .verdict.deadNs]')" = '["pids","warn",true,null]' ]
}
@test "docs/profile.md: levels warn too, and one that only warns stops nothing" { on_each_runtime levels_warn; }

@test "docs/profile.md: a rate warns before it is spent" {
	local id=t-rate-$$
	busybox_here
	echo '{"name": "rate", "budgets": {"cpuRate": {"limit": "200ms", "per": "10s", "warn": "50%"}}}' >rate.json
	run stint run --id "$id" --profile ./rate.json --rootfs rootfs -- /bin/sh -c 'while :; do :; done'
	[ "$status" -eq 137 ]
	[[ "${lines[0]}" == *"cpuRate budget of 200.0ms is 50% spent"* ]]
	[ "$(report_of "$id" .verdict.budget)" = cpuRate ]
}

@test "HACKING: folders, options of configure, and arrows that go downward" {
	local folder option order before include
	for folder in "$TOP"/lib/*/ "$TOP"/{cli,shim,hook,profiles,scripts,docs,tests}/; do
		folder=${folder#"$TOP"/}
		grep -qF "\`$folder\`" "$TOP/HACKING.md" || { echo "HACKING.md does not say $folder"; return 1; }
	done
	for option in $(sed -nE 's/^STINT_DIR\(\[([a-z-]+)\].*/--with-\1/p; s/^AC_ARG_ENABLE.*AS_HELP_STRING\(\[(--[a-z-]+)\].*/\1/p' "$TOP/configure.ac"); do
		grep -qF -- "\`$option\`" "$TOP/HACKING.md" || { echo "HACKING.md does not say $option"; return 1; }
	done
	# "in the order base, budget, … each folder uses only those before it"
	order=$(tr '\n' ' ' <"$TOP/HACKING.md" | sed -E 's/.*in the order ([a-z, ]+) each folder.*/\1/' | tr -d ,)
	[ "$(printf '%s\n' $order | sort)" = "$(ls "$TOP/lib")" ]
	before=
	for folder in $order; do
		before+=" $folder"
		for include in $(grep -hoE '^#include "[a-z]+/[a-z]+' "$TOP/lib/$folder"/*.[ch] | cut -d '"' -f 2 | sort -u); do
			[[ " $before " == *" ${include#lib/} "* && $include == lib/* ]] || { echo "lib/$folder includes $include"; return 1; }
		done
	done
	for folder in cli shim hook; do
		for include in $(grep -hoE '^#include "[a-z]+/' "$TOP/$folder"/*.[ch] | cut -d '"' -f 2 | sort -u); do
			[[ $include == lib/ || $include == "$folder/" ]] || { echo "$folder includes $include"; return 1; }
		done
	done
}

@test "links between documents lead somewhere" {
	local file link
	for file in "$TOP"/*.md "$TOP"/docs/*.md; do
		for link in $(grep -oE '\]\([^)#]+\)' "$file" | sed -E 's/^\]\((.*)\)$/\1/' | grep -v '^https\?:'); do
			[ -e "$(dirname "$file")/$link" ] || { echo "$file: $link"; return 1; }
		done
	done
}
