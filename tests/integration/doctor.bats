#!/usr/bin/env bats
# stint doctor: on this machine, and on what a test puts below its STINT_ROOT.

load helpers
source "$BATS_TEST_DIRNAME/engines.bash"

setup_file() {
	stint_setup_file
	start_containerd
	start_dockerd
}
teardown_file() {
	stop_engines
	stint_teardown_file
}
setup() {
	stint_setup
	# No engine of the machine's is asked.
	export DOCKER_HOST=unix://$STINT_TEST_DIR/no-such.sock
	export STINT_ROOT=$STINT_TEST_DIR/root
	mkdir -p "$STINT_ROOT"
	cd "$STINT_TEST_DIR"
}
teardown() { stint_teardown; }

examined() { # STATUS [OPTION...]: its JSON in ./now
	local wanted=$1 status=0
	shift
	timeout -k 1 60 "${DOCTOR:-stint}" doctor --json "$@" >now || status=$?
	[ "$status" -eq "$wanted" ] || { echo "status $status"; jq -c '.checks[] | select(.status != "ok")' now; return 1; }
	# What every answer has.
	jq -e --argjson status "$status" '(keys == ["checks", "problems", "status", "version", "warnings"]) and .version == 1 and
		all(.checks[]; keys == ["advice", "found", "name", "section", "status"] and (.found | length) > 0) and
		([.checks[] | select(.status == "problem")] | length) == .problems and
		([.checks[] | select(.status == "warning")] | length) == .warnings and
		.status == (if .problems > 0 then "problem" elif .warnings > 0 then "warning" else "ok" end) and
		(.problems > 0) == ($status == 1)' now >/dev/null
}
said() { # NAME: status and what was found, of every check of that name
	jq -r --arg name "$1" '.checks[] | select(.name == $name) | "\(.status): \(.found)"' now
}
is_said() { # NAME PATTERN
	[[ "$(said "$1")" == $2 ]] || { printf 'of %s is said:\n%s\n' "$1" "$(said "$1")"; return 1; }
}
put() { # FILE: standard input, below the root
	mkdir -p "$(dirname "$STINT_ROOT/$1")"
	cat >"$STINT_ROOT/$1"
}

@test "this machine has no problem, and what is said of it is so" {
	local name
	examined 0
	is_said version "ok: Linux $(uname -r), $(uname -m)"
	# stint works here, and these are what it works with.
	for name in pidfd 'clone3 into a cgroup' 'cgroup.kill' 'seccomp filter' 'seccomp notification' 'pressure (PSI)' BTF 'real-time scheduling'; do
		is_said "$name" 'ok: works'
	done
	is_said 'network rules' 'ok: all kinds of them work'
	# Debian 12's own kernel is older than this.
	if [ "$(printf '6.15\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.15 ]; then
		is_said 'exit status by pidfd' 'ok: works'
	else
		is_said 'exit status by pidfd' 'warning: does not work: *'
	fi
	cp -r "$BUSYBOX_ROOTFS" rootfs
	bundle doctor true
	is_said mode "ok: $(stint explain --json "$BUNDLE" | jq -r .cgroup)"
	for name in memory pids cpu cpuacct; do
		is_said $name 'ok: *'
	done
	for name in stint-runtime stint-hook stint-monitor stint-recorder stint-network; do
		is_said $name "ok: $(readlink -f "$STINT_BIN")/$name"
	done
	is_said default 'ok: under stint-runtime: can be enforced whole'
	is_said docker "warning: $(dockerd --version | grep -oE '[0-9][^ ,]+' | head -n 1); stint is not in its path, by its file (dockerd does not answer)"
	is_said podman "warning: $(podman --version | cut -d ' ' -f 3); stint is not in its path"
	is_said containerd "warning: *; stint is not in its path"
	# For people it is the same.
	run stint doctor
	[ "$status" -eq 0 ]
	[[ "${lines[-1]}" == "$(jq '.checks | length' now) checks: 0 problems, $(jq .warnings now) warnings" ]]
	[ "$(grep -cE '^  (ok|warning|problem) ' <<<"$output")" -eq "$(jq '.checks | length' now)" ]
	[ "$(grep -c '^           -> ' <<<"$output")" -eq "$(jq '[.checks[].advice | select(.)] | length' now)" ]
}

@test "runtimes: the versions are their own, and a package's mended fault is no alarm" {
	local version
	examined 0
	for runtime in crun runc; do
		is_said $runtime "ok: $(command -v $runtime): $runtime $($runtime --version | sed -n "s/^$runtime version //p")"
	done
	version=$(dpkg-query -W -f '${Version}' runc)
	zcat /usr/share/doc/runc/changelog.Debian.gz | grep -q CVE-2024-21626
	is_said 'runc CVE-2024-21626' "ok: *; mended in the package $version, says its changelog"
	# The changelog is silent about this one: nothing is stated as a fact.
	! zcat /usr/share/doc/runc/changelog.Debian.gz | grep -q CVE-2025-31133 ||
		{ echo "the package has mended it: the test wants another"; return 1; }
	is_said 'runc CVE-2025-31133' "warning: *unless the distribution mended it, which its package $version does not say"
	# crun here has no krun.
	[ -z "$(said 'crun CVE-2025-24965')" ]
}

@test "runtimes: the project's own program of such a version is a problem" {
	cp "$(readlink -f "$(command -v runc)")" runc
	put etc/stint/stint.json <<<"{\"runtime\": \"$PWD/runc\"}"
	examined 1
	is_said 'in use' "ok: $PWD/runc"
	[[ "$(said 'runc CVE-2024-21626')" == *"problem: a descriptor of a host directory leaks into the container; in runc 1."* ]]
	[[ "$(jq -r '.checks[] | select(.name == "runc CVE-2024-21626" and .status == "problem").advice' now)" == 'fixed in runc 1.1.12' ]]
}

@test "runtimes: one that is not there, is stint itself, hangs or says nothing" {
	put etc/stint/stint.json <<<'{"runtime": "/no/such/runc"}'
	examined 1
	is_said 'in use' 'problem: use /no/such/runc as the runtime: *'
	put etc/stint/stint.json <<<"{\"runtime\": \"$STINT_BIN/stint-runtime\"}"
	examined 1
	is_said 'in use' 'problem: *that is stint itself*'
	printf '#!/bin/sh\nexec sleep 300\n' >hangs
	printf '#!/bin/sh\necho hello\n' >greets
	printf '#!/bin/sh\nyes "runc 1"\n' >talks
	chmod +x hangs greets talks
	put etc/stint/stint.json <<<"{\"runtime\": \"$PWD/hangs\"}"
	SECONDS=0
	examined 1
	[ $SECONDS -lt 40 ]
	is_said hangs "problem: run $PWD/hangs --version: it had not ended after 5 s*"
	put etc/stint/stint.json <<<"{\"runtime\": \"$PWD/greets\"}"
	examined 0
	is_said greets "warning: $PWD/greets: its --version says no version"
	put etc/stint/stint.json <<<"{\"runtime\": \"$PWD/talks\"}"
	examined 1
	is_said talks "problem: run $PWD/talks*"
}

@test "the installation: programs, directories, the configuration" {
	local name
	mkdir alone
	cp "$STINT_BIN/stint" alone
	DOCTOR=$PWD/alone/stint examined 1
	for name in stint-runtime stint-hook stint-monitor stint-recorder stint-network; do
		is_said $name "problem: $PWD/alone/$name: No such file or directory"
	done
	cp "$STINT_BIN"/stint-* alone
	chmod 644 alone/stint-hook
	chmod 777 alone/stint-monitor
	DOCTOR=$PWD/alone/stint examined 1
	is_said stint-runtime 'ok: *'
	is_said stint-hook 'problem: * cannot be executed'
	is_said stint-monitor 'problem: * may be written by others than root'
	# Directories that stint would refuse.
	examined 0
	is_said "containers' state" 'ok: * not there yet, is made when it is needed'
	mkdir -p "$STINT_ROOT"/run/stint "$STINT_ROOT"/var/{lib,log}
	chmod 777 "$STINT_ROOT/run/stint"
	ln -s /tmp "$STINT_ROOT/var/log/stint"
	install -d -o nobody "$STINT_ROOT/var/lib/stint"
	examined 1
	is_said "containers' state" 'problem: *chmod go-w*'
	is_said log 'problem: *'
	is_said 'lasting state' 'problem: *belongs to user 65534*'
	[ "$(jq .problems now)" -eq 3 ]
	rm -r "$STINT_ROOT"/run "$STINT_ROOT"/var
	# And a configuration.
	put etc/stint/stint.json <<<'{"runtim": "/usr/bin/crun"}'
	examined 1
	is_said stint.json 'problem: *did you mean "runtime"*'
	put etc/stint/stint.json <<<'{"select": [{"id": "a", "profile": "service"}, {"id": "b", "profile": "servise"}]}'
	examined 1
	[[ "$(jq -r '.checks[] | select(.name | startswith("select[1] (line 1, ")).found' now)" == *servise*'did you mean "service"'* ]]
	is_said select 'ok: 2 rules'
}

@test "what of a profile could not be enforced here" {
	echo '{"stintVersion": "1.0", "name": "wishes", "budgets": {"netEgress": {"limit": "1MiB"}, "ioWrite": {"limit": "1MiB"}, "cpu": {"limit": "1s"}}}' >wishes.json
	examined 1 --profile ./wishes.json
	is_said wishes 'problem: under stint-runtime: not enforced: budgets.ioWrite (*'
	put etc/stint/stint.json <<<'{"onUnenforceable": "warn"}'
	examined 0 -p ./wishes.json
	is_said wishes 'warning: under stint-runtime: not enforced: budgets.ioWrite (*'
	examined 1 --profile functoin
	is_said functoin 'problem: under stint-runtime: *did you mean "function"*'
	examined 0 --profile function
	is_said function 'ok: *'
	put etc/stint/stint.json <<<'{"defaultProfile": "strict"}'
	examined 0
	is_said strict 'ok: *'
}

@test "containers: those that are watched, and what others left" {
	local id=t-doctor-$$ pid
	mkdir -p "$STINT_ROOT/run/stint/"{t-old,t-new}
	chmod 700 "$STINT_ROOT"/run/stint{,/*}
	touch -d '1 hour ago' "$STINT_ROOT/run/stint/t-old"
	bundle doctor sleep 30
	stint run --id "$id" --budget wall=20s "$BUNDLE" >/dev/null 2>&1 3>&- &
	pid=$!
	eventually 10 is_watched
	examined 0
	is_said watched 'ok: 1'
	is_said t-old 'warning: */run/stint/t-old was left by a container that is no more'
	[ -z "$(said t-new)" ]
	# Both its monitors are killed, while who would bring them back cannot.
	kill -STOP "$pid" "$(guard_of "$id")"
	kill -KILL "$(monitor_of "$id")" "$(guard_of "$id")"
	eventually 10 monitors_are_gone
	examined 0
	is_said "$id" 'warning: no monitor watches it'
	is_said watched 'ok: 0'
	kill -CONT "$pid"
	eventually 10 is_watched
	crun kill "$id" KILL
	wait "$pid" || true
	eventually 10 monitors_are_gone
	examined 0
	is_said watched 'ok: 0'
}
is_watched() { [ "$(stint ps --json | jq -r '.[].status')" = running ]; }
monitors_are_gone() { [ -z "$(monitors)" ]; }

@test "docker: its file, and what a running dockerd has in force" {
	put etc/docker/daemon.json <<<"{\"runtimes\": {\"stint\": {\"path\": \"$STINT_BIN/stint-runtime\"}}}"
	examined 0
	is_said docker 'ok: *; stint is its runtime "stint", by its file (dockerd does not answer), not the default'
	put etc/docker/daemon.json <<<"{\"runtimes\": {\"stint\": {\"path\": \"$STINT_BIN/stint-runtime\"}}, \"default-runtime\": \"stint\"}"
	examined 0
	is_said docker 'ok: *; stint is its default runtime*'
	put etc/docker/daemon.json <<<'{"runtimes": {"stint": {"path": "/no/stint-runtime"}}}'
	examined 1
	[[ "$(said docker)" == 'problem: its runtime "stint" is /no/stint-runtime, which cannot be executed'*'warning: '*'not in its path'* ]]
	put etc/docker/daemon.json <<<'{"runtimes": '
	examined 0
	[[ "$(said docker)" == 'warning: '*'daemon.json'*'warning: '*'not in its path'* ]]
	# The dockerd of these tests has scripts that execute stint-runtime.
	export DOCKER_HOST=unix://$ENGINES/docker.sock
	rm "$STINT_ROOT/etc/docker/daemon.json"
	examined 0
	is_said docker "ok: *; stint is its runtime \"stint-*\", not the default"
	# One that does not answer holds nobody up.
	kill -STOP "$(cat "$ENGINES/docker.pid")"
	SECONDS=0
	examined 0 || { kill -CONT "$(cat "$ENGINES/docker.pid")"; false; }
	kill -CONT "$(cat "$ENGINES/docker.pid")"
	[ $SECONDS -lt 20 ]
	is_said docker '*, by its file (dockerd does not answer?'
}

@test "docker: a dockerd that has not read its file" {
	put etc/docker/daemon.json <<<"{\"runtimes\": {\"stint\": {\"path\": \"$STINT_BIN/stint-runtime\"}}}"
	run_bare_dockerd
	export DOCKER_HOST=unix://$STINT_TEST_DIR/bare.sock
	wait_for 60 docker version
	examined 1 || { end_process bare.pid; false; }
	end_process bare.pid
	[[ "$(said docker)" == *'warning: '*'stint is not in its path'* ]]
	[[ "$(said docker)" == *'problem: dockerd has not read its daemon.json, which names stint'* ]]
}
run_bare_dockerd() {
	echo '{}' >bare.json
	setsid dockerd -H "unix://$PWD/bare.sock" --containerd "$ENGINES/containerd.sock" --data-root "$PWD/bare" \
		--exec-root "$PWD/bare-exec" --pidfile "$PWD/bare.pid" --config-file "$PWD/bare.json" \
		--containerd-namespace bare --containerd-plugins-namespace bare-plugins \
		--bridge none --iptables=false --storage-driver vfs </dev/null >bare.log 2>&1 3>&- &
}

@test "containerd: its file and what that imports" {
	put etc/containerd/config.toml <<-CONFIG
		version = 2
		imports = ["$STINT_ROOT/etc/containerd/conf.d/*.toml", "extra.toml"]
	CONFIG
	examined 0
	is_said containerd 'warning: *not in its path'
	put etc/containerd/conf.d/stint.toml <<-CONFIG
		version = 2
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.stint]
		  runtime_type = "io.containerd.runc.v2"
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.stint.options]
		    BinaryName = "$STINT_BIN/stint-runtime"
	CONFIG
	examined 0
	is_said containerd 'ok: *; stint is its runtime "stint", not the default'
	put etc/containerd/extra.toml <<-CONFIG
		[plugins."io.containerd.grpc.v1.cri".containerd]
		default_runtime_name = "stint"
	CONFIG
	examined 0
	is_said containerd 'ok: *; stint is its default runtime'
	# containerd itself takes these files.
	containerd --config "$STINT_ROOT/etc/containerd/conf.d/stint.toml" config dump | grep -q "BinaryName = \"$STINT_BIN/stint-runtime\""
}

@test "podman: runtimes and hooks" {
	put etc/containers/containers.conf.d/stint.conf <<-CONFIG
		[engine.runtimes]
		stint = ["/no/such/stint-runtime", "$STINT_BIN/stint-runtime"]
	CONFIG
	examined 1
	is_said podman 'problem: its runtime "stint" is /no/such/stint-runtime*ok: *'
	put etc/containers/containers.conf.d/stint.conf <<-CONFIG
		[engine]
		runtime = "stint"
		[engine.runtimes]
		stint = ["$STINT_BIN/stint-runtime", "/no/such/stint-runtime"]
	CONFIG
	examined 0
	is_said podman 'ok: *; stint is its default runtime'
	CONTAINERS_CONF=$STINT_ROOT/etc/containers/containers.conf.d/stint.conf podman info --format '{{.Host.OCIRuntime.Path}}' |
		grep -qx "$STINT_BIN/stint-runtime"
	rm -r "$STINT_ROOT/etc/containers"
	hook createRuntime '["createRuntime"]'
	examined 0
	is_said 'podman hook' 'warning: *not at poststop'
	is_said podman 'ok: *; stint is in its path by hooks'
	# A hook comes too late for what the config lacks.
	is_said default 'ok: under stint-runtime: *warning: under stint-hook*'
	hook poststop '["poststop"]'
	examined 0
	is_said 'podman hook' 'ok: stint-hook is in its path'
	hook precreate '["precreate"]'
	examined 0
	is_said 'podman hook' 'ok: stint-hook is in its path, with precreate'
	is_said default 'ok: under stint-runtime: can be enforced whole'
	# Where another directory is named, nothing in this one counts.
	put etc/containers/containers.conf <<<'[engine]
hooks_dir = ["/no/such/directory"]'
	examined 0
	is_said podman 'warning: *; stint is not in its path'
	put etc/containers/containers.conf.d/hooks.conf <<<"[engine]
hooks_dir = [\"$STINT_ROOT/usr/share/containers/oci/hooks.d\"]"
	examined 0
	is_said 'podman hook' 'ok: stint-hook is in its path, with precreate'
	rm -r "$STINT_ROOT/etc/containers"
	hook poststop '["poststop"]' /no/such/stint-hook
	examined 1
	is_said 'podman hook' 'problem: */stint-poststop.json names /no/such/stint-hook, which cannot be executed'
}
hook() { # NAME STAGES [PATH]
	put "usr/share/containers/oci/hooks.d/stint-$1.json" <<<"{\"version\": \"1.0.0\", \"hook\": {\"path\": \"${3:-$STINT_BIN/stint-hook}\"}, \"when\": {\"always\": true}, \"stages\": $2}"
}

@test "it changes nothing" {
	mkdir -p "$STINT_ROOT/run/stint" "$STINT_ROOT/etc/stint"
	chmod 700 "$STINT_ROOT/run/stint"
	echo '{}' >"$STINT_ROOT/etc/stint/stint.json"
	find "$STINT_ROOT" -printf '%p %m %T@ %C@\n' | sort >before
	strace -o trace -e trace=openat,open,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,mknod,mknodat,symlink,symlinkat,link,linkat,chmod,fchmod,fchmodat,chown,fchown,fchownat,mount,truncate,ftruncate \
		stint doctor >/dev/null
	find "$STINT_ROOT" -printf '%p %m %T@ %C@\n' | sort >after
	diff before after
	grep -q openat trace
	# Looking at the containers makes their directory where it is missing; here it is there.
	! grep -vE '^(openat|open)\(|EEXIST|^---|^\+\+\+|^mkdir.*EEXIST' trace
	! grep -E 'O_CREAT|O_TRUNC' trace
	rm -r "$STINT_ROOT/run" "$STINT_ROOT/etc"
	stint doctor >/dev/null
	[ -z "$(ls "$STINT_ROOT")" ]
}

@test "without root it says so, and ends" {
	local dir
	dir=$(mktemp -d /tmp/stint-test-doctor.XXXXXX)
	chmod 755 "$dir"
	cp "$STINT_BIN"/stint* "$dir"
	cd /
	run timeout -k 1 60 env -u STINT_ROOT setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/stint" doctor
	rm -r "$dir"
	[ "$status" -eq 1 ]
	[[ "$output" == *'warning  user '*'run it as root'* ]]
	[[ "$output" == *'warning  network rules '*'make a network namespace: Operation not permitted'*'is refused here'* ]]
}

@test "docs/doctor.md: its sections, its keys, the programs it knows faults of" {
	local section
	examined 0
	for section in $(jq -r '[.checks[].section] | unique | .[] | gsub(" "; "_")' now); do
		grep -q "^| ${section//_/ } |" "$TOP/docs/doctor.md" || { echo "docs/doctor.md does not say $section"; return 1; }
	done
	[ "$(sed -nE 's/^\| `([a-zA-Z.]+)` \|.*/\1/p' "$TOP/docs/doctor.md" | LC_ALL=C sort)" = \
		"$(jq -r '(keys[]), (.checks[0] | keys[] | "checks.\(.)")' now | LC_ALL=C sort)" ]
}
