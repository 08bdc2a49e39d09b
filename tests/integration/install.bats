#!/usr/bin/env bats
# `stint install` and `stint uninstall` under the real engines, which run with the configuration that was made. All of it
# is below STINT_ROOT; Podman, which reads /etc and nothing else, has a mount namespace with directories of its own there.

load helpers
load engines

setup_file() {
	stint_setup_file
	ENGINES=$STINT_FILE_DIR/engines
	export ENGINES
	mkdir -p "$ENGINES" "$STINT_ROOT/run/containerd" "$STINT_ROOT/etc/docker" "$STINT_ROOT/etc/containerd"
}
teardown_file() {
	stop_engines
	stint_teardown_file
}
setup() {
	stint_setup
	cd "$STINT_TEST_DIR"
	D=$STINT_ROOT/etc/docker/daemon.json
	C=$STINT_ROOT/etc/containerd/config.toml
	rm -rf "$STINT_ROOT/var/lib/stint" "$STINT_ROOT/etc/containers" "$STINT_ROOT/etc/crio" "$STINT_ROOT/etc/stint"
}
teardown() {
	end_process "$ENGINES/docker.pid"
	end_process "$ENGINES/containerd.pid"
	stint_teardown
}

# What there is below the root's /etc, to the byte.
etc() { (cd "$STINT_ROOT/etc" && find . -printf '%M %p\n' | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r cat); }
backup_of() { local flat=${1#/}; echo "${flat//\//-}.original"; } # PATH
is_in() { [[ "$output" == *"$1"* ]] || { echo "without \"$1\": $output"; return 1; }; }
is_not_in() { [[ "$output" != *"$1"* ]] || { echo "with \"$1\": $output"; return 1; }; }
install_fails() { # WORDS STINT-ARGUMENT...: with an error that has these words, and nothing else changes
	local words=$1 before
	shift
	before=$(etc)
	run stint install "$@"
	[ "$status" -eq 125 ] || { echo "status $status: $output"; return 1; }
	is_in "$words"
	[ "$(etc)" = "$before" ]
	[ ! -e "$STINT_ROOT/var/lib/stint/install/$2/record.json" ] || [ "${KEPT:-}" ]
}

containerd_config() {
	cat >"$C" <<-CONFIG
		# of this machine
		version = 2
		root = "$ENGINES/containerd-root"
		state = "$ENGINES/containerd-state"
		imports = ["$STINT_ROOT/etc/containerd/more/*.toml"]
		[grpc]
		address = "$STINT_ROOT/run/containerd/containerd.sock"
		[debug]
		address = "$ENGINES/debug.sock"
		[plugins]
		  [plugins."io.containerd.grpc.v1.cri"]
		    sandbox_image = "mine:1"
		    [plugins."io.containerd.grpc.v1.cri".containerd]
		      default_runtime_name = "usual"  # not runc
		      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.usual]
		        runtime_type = "io.containerd.runc.v2"
		        pod_annotations = ["team"]
		        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.usual.options]
		          SystemdCgroup = true
		          BinaryName = "/usr/bin/crun"
		  [plugins."io.containerd.internal.v1.opt"]
		    path = "$ENGINES/opt"
	CONFIG
}
run_containerd() {
	setsid containerd --config "$C" </dev/null >>"$ENGINES/containerd.log" 2>&1 3>&- &
	echo $! >"$ENGINES/containerd.pid"
	wait_for 30 ctr_ version || { tail -n 20 "$ENGINES/containerd.log" >&2; return 1; }
}
ctr_() { timeout -k 1 60 ctr -a "$STINT_ROOT/run/containerd/containerd.sock" "$@"; }
dump() { containerd --config "$C" config dump; }
docker_() { timeout -k 1 60 docker -H "unix://$STINT_ROOT/run/docker.sock" "$@"; }
run_docker() {
	setsid dockerd -H "unix://$STINT_ROOT/run/docker.sock" --containerd "$STINT_ROOT/run/containerd/containerd.sock" \
		--data-root "$ENGINES/docker" --exec-root "$ENGINES/docker-exec" --pidfile "$STINT_ROOT/run/docker.pid" --config-file "$D" \
		--bridge none --iptables=false --storage-driver vfs </dev/null >>"$ENGINES/docker.log" 2>&1 3>&- &
	echo $! >"$ENGINES/docker.pid"
	wait_for 60 docker_ version || { tail -n 20 "$ENGINES/docker.log" >&2; return 1; }
}
runtimes_of_docker() { docker_ info --format '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}{{.DefaultRuntime}}'; }

@test "docker: installed into a running dockerd, tried, twice, taken out again" {
	local before
	containerd_config
	run_containerd
	printf '{\n    "max-concurrent-downloads": 7, "labels": ["a=\\u00e9", "n=1"],\n\t"live-restore": true}' >"$D"
	chmod 640 "$D"
	before=$(etc)
	run_docker
	run stint install docker --dry-run
	[ "$status" -eq 0 ]
	is_in "--- $D"
	is_in '+    "stint": {'
	[ "$(etc)" = "$before" ]
	[ ! -e "$STINT_ROOT/var/lib/stint" ]
	(cd / && patch --dry-run -sp0 <<<"$output")
	run stint install docker
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	is_in "docker: $D changed (as it was: $STINT_ROOT/var/lib/stint/install/docker/$(backup_of "$D"))"
	is_in "docker: not checked: this dockerd has no --validate"
	is_in "docker: reloaded: dockerd (pid $(cat "$STINT_ROOT/run/docker.pid")) has read it"
	is_in "docker: tried: a container ran under stint (docker run --runtime stint), and its report is there"
	[ "$(stat -c %a "$D")" = 640 ]
	[ "$(jq -c 'del(.runtimes)' "$D")" = '{"max-concurrent-downloads":7,"labels":["a=é","n=1"],"live-restore":true}' ]
	[ "$(jq -r .runtimes.stint.path "$D")" = "$STINT_BIN/stint-runtime" ]
	[[ "$(runtimes_of_docker)" == *'stint '*runc ]]
	# Nothing of the trial is left, but its report.
	[ -z "$(docker_ ps -aq)$(docker_ images -q)" ]
	[ "$(jq -s length "$JOURNAL")" -eq 1 ]
	[ "$(ls "$STINT_ROOT/var/lib/stint/install/docker" | sort)" = "$(printf '%s\n' "$(backup_of "$D")" record.json | sort)" ]
	before=$(etc)
	run stint install docker
	[ "$status" -eq 0 ] && [ "$output" = 'docker: nothing to change: stint is installed, as asked' ]
	[ "$(etc)" = "$before" ]
	run stint install docker --as-default
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	is_in "docker: tried: a container ran under stint (docker run), and its report is there"
	[[ "$(runtimes_of_docker)" == *'stint '*stint ]]
	stint install docker
	[[ "$(runtimes_of_docker)" == *'stint '*runc ]]
	stint install docker --as-default
	[[ "$(runtimes_of_docker)" == *'stint '*stint ]]
	run stint uninstall docker
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	is_in "docker: reloaded: dockerd"
	[[ "$(runtimes_of_docker)" != *stint* ]]
	[ "$(cat "$D")" = "$(printf '{\n    "max-concurrent-downloads": 7, "labels": ["a=\\u00e9", "n=1"],\n\t"live-restore": true}')" ]
	[ "$(stat -c %a "$D")" = 640 ]
	[ ! -e "$STINT_ROOT/var/lib/stint/install/docker" ]
	run stint uninstall docker
	[ "$status" -eq 0 ] && [ "$output" = 'docker: nothing to change: stint install has put nothing there' ]
}

@test "docker: when the trial fails the file and the running dockerd are as before" {
	containerd_config
	run_containerd
	rm -f "$D"
	mkdir -p "$STINT_ROOT/etc/stint"
	echo '{"runtime": "/bin/false"}' >"$STINT_ROOT/etc/stint/stint.json"
	echo '{"debug": false}' >"$D"
	run_docker
	install_fails '; the files are as they were' docker --as-default
	is_in 'install docker: run docker: exit status'
	[[ "$(runtimes_of_docker)" != *stint* ]]
	[ -z "$(docker_ ps -aq)$(docker_ images -q)" ]
	# It stays what it was, by name, when it cannot become the default.
	rm "$STINT_ROOT/etc/stint/stint.json"
	stint install docker
	echo '{"runtime": "/bin/false"}' >"$STINT_ROOT/etc/stint/stint.json"
	KEPT=1 install_fails 'install docker: run docker: exit status' docker --as-default
	[[ "$(runtimes_of_docker)" == *'stint '*runc ]]
	stint uninstall docker
	# And when it cannot be reloaded: this dockerd reads another file.
	rm "$STINT_ROOT/etc/stint/stint.json"
	end_process "$ENGINES/docker.pid"
	D=$ENGINES/other.json run_docker_elsewhere
	install_fails 'does not have the runtime stint as asked; does it read another file' docker
}
run_docker_elsewhere() {
	echo '{}' >"$D"
	run_docker
}

@test "docker: what was changed since is kept when stint is taken out" {
	rm -f "$D"
	stint install docker --as-default
	[ "$(jq -c . "$D")" = "{\"runtimes\":{\"stint\":{\"path\":\"$STINT_BIN/stint-runtime\"}},\"default-runtime\":\"stint\"}" ]
	jq '.runtimes.mine = {path: "/bin/mine"} | .debug = true' "$D" >"$D.new" && mv "$D.new" "$D"
	stint uninstall docker
	[ "$(jq -c . "$D")" = '{"runtimes":{"mine":{"path":"/bin/mine"}},"debug":true}' ]
	# Where nothing but its form was changed, it is there again to the byte.
	printf '{"debug":\ttrue}' >"$D"
	stint install docker
	jq -c . "$D" >"$D.new" && mv "$D.new" "$D"
	stint uninstall docker
	[ "$(cat "$D")" = "$(printf '{"debug":\ttrue}')" ]
	# The default that was there comes back.
	echo '{"default-runtime": "mine", "runtimes": {"mine": {"path": "/bin/mine"}}}' >"$D"
	stint install docker --as-default
	jq '.debug = true' "$D" >"$D.new" && mv "$D.new" "$D"
	stint install docker
	[ "$(jq -c '[."default-runtime", .debug, (.runtimes | keys)]' "$D")" = '["mine",true,["mine","stint"]]' ]
	stint uninstall docker
	[ "$(jq -c . "$D")" = '{"default-runtime":"mine","runtimes":{"mine":{"path":"/bin/mine"}},"debug":true}' ]
	# A file that was not there goes, and so does the directory.
	rm -rf "$STINT_ROOT/etc/docker"
	stint install docker
	[ -e "$D" ]
	stint uninstall docker
	[ ! -e "$STINT_ROOT/etc/docker" ]
	mkdir "$STINT_ROOT/etc/docker"
	# One that somebody put back by hand is not touched again; neither is one that was not written any more.
	printf '{"debug":\ttrue}' >"$D"
	stint install docker
	cp "$STINT_ROOT/var/lib/stint/install/docker/$(backup_of "$D")" "$D"
	run stint uninstall docker
	[ "$status" -eq 0 ]
	[ "$(cat "$D")" = "$(printf '{"debug":\ttrue}')" ]
	[ "$(stint uninstall docker)" = 'docker: nothing to change: stint install has put nothing there' ]
	rm "$D"
	# A link stays one.
	echo '{}' >"$STINT_ROOT/etc/real.json"
	ln -s ../real.json "$D"
	stint install docker
	[ -L "$D" ] && [ "$(jq -r .runtimes.stint.path "$STINT_ROOT/etc/real.json")" = "$STINT_BIN/stint-runtime" ]
	stint uninstall docker
	[ "$(cat "$STINT_ROOT/etc/real.json")" = '{}' ]
	rm "$D" "$STINT_ROOT/etc/real.json"
	# And what became one since is what is meant.
	echo '{}' >"$D"
	stint install docker
	mv "$D" "$STINT_ROOT/etc/real.json"
	ln -s ../real.json "$D"
	stint install docker --as-default
	[ "$(jq -c '[."default-runtime", (.runtimes | keys)]' "$STINT_ROOT/etc/real.json")" = '["stint",["stint"]]' ]
	stint uninstall docker
	[ -L "$D" ]
	[ "$(cat "$STINT_ROOT/etc/real.json")" = '{}' ]
	rm "$D"
	mv "$STINT_ROOT/etc/real.json" "$D"
	stint install docker
	mv "$D" "$STINT_ROOT/etc/real.json"
	ln -s ../real.json "$D"
	stint uninstall docker
	[ "$(cat "$STINT_ROOT/etc/real.json")" = '{}' ]
	rm "$D" "$STINT_ROOT/etc/real.json"
}

@test "docker: a daemon.json that is not understood is refused, and left as it is" {
	echo '{"debug": true, // no' >"$D"
	install_fails "$D, line 1" docker
	echo '{"runtimes": ["stint"]}' >"$D"
	install_fails '"runtimes" is not an object' docker
	echo '{"runtimes": {"stint": {"path": "/opt/other"}}}' >"$D"
	install_fails 'there is a runtime "stint" that stint install did not write' docker
	echo '{"debug": true, "Debug": false}' >"$D"
	install_fails 'but for case' docker
	printf '[]' >"$D"
	install_fails "Docker's configuration is an object" docker
	rm "$D"
	ln -s nowhere "$D"
	install_fails 'a symbolic link to nothing' docker
	rm "$D"
	# A program that is not there is never named.
	mkdir "$STINT_TEST_DIR/alone"
	cp "$STINT_BIN/stint" "$STINT_TEST_DIR/alone"
	run "$STINT_TEST_DIR/alone/stint" install docker
	[ "$status" -eq 125 ]
	is_in "find stint-runtime, which is to be beside this program: $STINT_TEST_DIR/alone/stint-runtime"
	[ ! -e "$D" ]
}

@test "containerd: installed with the options of its default handler, all else as it was" {
	local before
	containerd_config
	before=$(etc)
	dump >"$STINT_TEST_DIR/before"
	run_containerd
	run stint install containerd --dry-run --as-default
	[ "$status" -eq 0 ]
	[ "$(etc)" = "$before" ]
	(cd / && patch --dry-run -sp0 <<<"$output")
	run stint install containerd
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	is_in "containerd: checked: containerd config dump has the handler, and all else as before"
	is_in "containerd: tried: a container ran under stint (ctr run --runc-binary), and its report is there"
	dump >"$STINT_TEST_DIR/after"
	run diff "$STINT_TEST_DIR/before" "$STINT_TEST_DIR/after"
	[ -z "$(grep '^<' <<<"$output")" ]
	is_in 'SystemdCgroup = true'
	is_in "BinaryName = \"$STINT_BIN/stint-runtime\""
	is_in 'pod_annotations = ["team", "io.stint.*"]'
	is_not_in crun
	[ "$(sed '/stint install: begin/,$d' "$C")" = "$(sed '/stint install: begin/,$d' <"$STINT_ROOT/var/lib/stint/install/containerd/$(backup_of "$C")")" ]
	[ "$(stint install containerd)" = 'containerd: nothing to change: stint is installed, as asked' ]
	stint install containerd --as-default
	[ "$(dump | grep -c 'default_runtime_name = "stint"')" -eq 1 ]
	grep -qx '# stint install: was:       default_runtime_name = "usual"  # not runc' "$C"
	[ "$(dump | grep -A 3 'runtimes.stint.options' | grep -c 'SystemdCgroup = true')" -eq 1 ]
	[ "$(stint install containerd --as-default)" = 'containerd: nothing to change: stint is installed, as asked' ]
	# containerd starts with it, and its plugin is content.
	end_process "$ENGINES/containerd.pid"
	run_containerd
	ctr_ plugins ls | grep -E 'grpc.v1 +cri ' | grep -qw ok
	# Without ctr it is not tried, and installed all the same.
	stint uninstall containerd
	mkdir only
	ln -s "$(command -v containerd)" only/containerd
	run env PATH="$PWD/only" "$STINT_BIN/stint" install containerd
	[ "$status" -eq 0 ]
	is_in 'containerd: not tried: run ctr: there is no such program in PATH'
	# Taken out of what was changed since.
	sed -i 's/mine:1/mine:2/' "$C"
	stint uninstall containerd
	mv "$C" changed
	containerd_config
	sed 's/mine:1/mine:2/' "$C" | diff - changed
	# And put back to the byte where nothing was.
	containerd_config
	before=$(etc)
	stint install containerd --as-default
	stint uninstall containerd
	[ "$(etc)" = "$before" ]
}

@test "containerd: a file that is imported, one that is not there, one whose handlers are built in" {
	local before
	# Up to 1.7 the table of an imported file takes the place of the whole table: the handler goes there.
	containerd_config
	mkdir -p "$STINT_ROOT/etc/containerd/more"
	cat >"$STINT_ROOT/etc/containerd/more/a.toml" <<-CONFIG
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		sandbox_image = "other:1"
	CONFIG
	echo 'oom_score = 5' >"$STINT_ROOT/etc/containerd/more/b.toml"
	before=$(etc)
	dump >"$STINT_TEST_DIR/before"
	stint install containerd
	[ "$(etc | grep -c 'stint install: begin')" -eq 1 ]
	grep -q 'runtimes.stint' "$STINT_ROOT/etc/containerd/more/a.toml"
	# The one that is built in would be gone with a handler named.
	grep -q 'runtimes.runc\]' "$STINT_ROOT/etc/containerd/more/a.toml"
	dump >"$STINT_TEST_DIR/after"
	[ -z "$(diff "$STINT_TEST_DIR/before" "$STINT_TEST_DIR/after" | grep '^<' | grep -v imports)" ]
	stint uninstall containerd
	[ "$(etc)" = "$before" ]
	# An import of an import is not looked for: what containerd makes of it is, and it is put back.
	echo "imports = [\"$STINT_ROOT/etc/containerd/deep.toml\"]" >>"$STINT_ROOT/etc/containerd/more/b.toml"
	sed 's/other:1/deep:1/' "$STINT_ROOT/etc/containerd/more/a.toml" >"$STINT_ROOT/etc/containerd/deep.toml"
	install_fails "does not have stint's handler as it was written" containerd
	rm -r "$STINT_ROOT/etc/containerd"
	# Without a configuration there is one afterwards, and then not.
	stint install containerd
	[ "$(dump | grep -c 'containerd.runtimes.*options')" -eq 2 ]
	stint uninstall containerd
	[ ! -e "$STINT_ROOT/etc/containerd" ]
	mkdir "$STINT_ROOT/etc/containerd"
	# The plugins of version 1 have their own names.
	printf '[plugins.cri]\n  sandbox_image = "old:1"\n' >"$C"
	stint install containerd --as-default
	grep -qx '\[plugins.cri.containerd.runtimes.stint\]' "$C"
	[ "$(dump | grep -c '"old:1"')" -eq 1 ]
	[ "$(dump | grep -c 'default_runtime_name = "stint"')" -eq 1 ]
	stint uninstall containerd
}

# Debian 12 has no containerd 2. In its place is a program that prints what that prints, for a configuration of which the
# handlers are the imported files' text behind config.toml's: tables are merged by key there.
@test "containerd 2, as its sources have it: a drop-in, where config.toml imports a directory" {
	local before drop_in=$STINT_ROOT/etc/containerd/conf.d/stint.toml
	rm -rf "$STINT_ROOT/etc/containerd"
	mkdir -p "$STINT_ROOT/etc/containerd" bin
	cat >"$C" <<-CONFIG
		version = 3
		imports = ["conf.d/*.toml"]
		[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
		runtime_type = 'io.containerd.runc.v2'
		sandboxer = 'podsandbox'
		[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
		SystemdCgroup = true
	CONFIG
	cat >bin/containerd <<-SCRIPT
		#!/bin/sh
		[ "\$*" = "--config $C config dump" ] || exit 1
		cat $C
		[ ! -e $drop_in ] || grep -v ^version $drop_in
	SCRIPT
	chmod +x bin/containerd
	before=$(etc)
	export PATH=$PWD/bin:$PATH
	stint install containerd
	[ "$(grep -v '^#' "$drop_in")" = "version = 3
[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.stint]
runtime_type = 'io.containerd.runc.v2'
sandboxer = 'podsandbox'
pod_annotations = [\"io.stint.*\"]
container_annotations = [\"io.stint.*\"]
[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.stint.options]
BinaryName = \"$STINT_BIN/stint-runtime\"
SystemdCgroup = true" ]
	[ "$(stint install containerd)" = 'containerd: nothing to change: stint is installed, as asked' ]
	stint uninstall containerd
	[ "$(etc)" = "$before" ]
	mkdir "$(dirname "$drop_in")"
	echo 'oom_score = 1' >"$drop_in"
	install_fails 'there is a file that stint install did not write' containerd
	rm -r "$STINT_ROOT/etc/containerd"
	mkdir "$STINT_ROOT/etc/containerd"
}

@test "containerd: a config.toml that is not understood is refused, and left as it is" {
	echo 'version = ' >"$C"
	install_fails 'run containerd: exit status 1' containerd
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\ncontainerd = {snapshotter = "native"}\n' >"$C"
	install_fails 'is written as a value, and nothing can be added to it; write it as [' containerd
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.stint]\nruntime_type = "x"\n' >"$C"
	install_fails 'there is a handler "stint" that stint install did not write' containerd
	containerd_config
	sed -i 's/"io.containerd.runc.v2"/"io.containerd.kata.v2"/' "$C"
	install_fails 'none has the type io.containerd.runc.v2' containerd
	containerd_config
	stint install containerd
	sed -i '/stint install: end/d' "$C"
	KEPT=1 install_fails 'has no "# stint install: end"' containerd
	run stint uninstall containerd
	[ "$status" -eq 125 ]
	is_in "$C, line"
	# Without containerd nobody knows what is in force; what is in it can be taken out all the same.
	containerd_config
	stint install containerd
	run env PATH=/none "$STINT_BIN/stint" install containerd
	[ "$status" -eq 125 ]
	is_in 'find containerd: it is not in PATH'
	run env PATH=/none "$STINT_BIN/stint" uninstall containerd
	[ "$status" -eq 0 ]
	is_in 'containerd is not installed any more'
	containerd_config_is_back
}
containerd_config_is_back() {
	mv "$C" back
	containerd_config
	diff "$C" back
}

# A mount namespace whose /etc, /run and /var are its own, with nothing in /etc/containers, and STINT_ROOT not set.
as_a_machine() { # SCRIPT
	run timeout -k 1 120 unshare -m bash -euc '
		mount --make-rprivate /
		for dir in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 none $dir; done
		mkdir -p /run/lock /run/upper /run/work
		mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
		mount -t tmpfs -o mode=755 none /etc/containers
		echo "{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}" >/etc/containers/policy.json
		unset STINT_ROOT
		after() { for i in $(seq 200); do [ -n "$(ls /run/stint 2>/dev/null | grep -v "^\.")" ] || return 0; sleep 0.05; done; ls -A /run/stint; return 1; }
		etc() { (cd /etc/containers && find . | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r cat); }
		refused() { if "$@"; then return 1; fi; }
		reports() { cat /var/log/stint/reports.jsonl 2>/dev/null | wc -l; }
		rootfs=$1
		quick="--rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --rootfs $rootfs"
		'"$1"'
		after' bash "$BUSYBOX_ROOTFS" </dev/null 3>&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "podman: installed as a runtime, by default, twice, and taken out again" {
	as_a_machine '
		was=$(etc)
		stint install podman --dry-run
		[ "$(etc)" = "$was" ]
		stint install podman
		[ "$(reports)" -eq 1 ]
		podman run $quick /bin/true
		[ "$(reports)" -eq 1 ]
		podman --runtime stint run $quick /bin/true
		after
		[ "$(reports)" -eq 2 ]
		stint install podman --as-default
		stint install podman --as-default
		podman run $quick /bin/true
		after
		[ "$(reports)" -eq 4 ]
		echo "# mine" >>/etc/containers/containers.conf.d/50-stint.conf
		stint uninstall podman
		tail -n 1 /var/lib/stint/install/changed/etc-containers-containers.conf.d-50-stint.conf
		[ "$(etc)" = "$was" ]
		podman run $quick /bin/true
		stint uninstall podman'
	is_in '+++ /etc/containers/containers.conf.d/50-stint.conf'
	is_in 'podman: tried: a container ran under stint (podman --runtime stint run), and its report is there'
	is_in 'podman: tried: a container ran under stint (podman run), and its report is there'
	is_in 'podman: nothing to change: stint is installed, as asked'
	is_in '# mine'
	is_in 'podman: nothing to change: stint install has put nothing there'
}

@test "podman: hooks, precreate among them, in a directory of their own; other hooks go on" {
	as_a_machine '
		mkdir /etc/containers/own.d /etc/containers/containers.conf.d
		cat >/etc/containers/own.d/own.json <<-HOOK
			{"version": "1.0.0", "hook": {"path": "/usr/bin/touch", "args": ["touch", "/run/own-hook"]},
			 "when": {"always": true}, "stages": ["poststop"]}
		HOOK
		printf "[engine]\nhooks_dir = [\"/etc/containers/own.d\"] # ours\n" >/etc/containers/containers.conf.d/10-own.conf
		was=$(etc)
		stint install podman --hooks
		[ "$(reports)" -eq 1 ]
		rm /run/own-hook
		grep -x "hooks_dir = \[\"/etc/containers/own.d\", \"/etc/containers/stint-hooks.d\"\]" /etc/containers/containers.conf.d/50-stint.conf
		jq -e ".hook.env | length == 1" /etc/containers/stint-hooks.d/stint-{createRuntime,poststop,precreate}.json
		[ ! -e /etc/containers/oci ]
		podman run --annotation io.stint.budget.wall=700ms $quick /bin/sleep 30 || [ $? -eq 137 ]
		after
		[ "$(tail -n 1 /var/log/stint/reports.jsonl | jq -r .verdict.budget)" = wall ]
		[ -e /run/own-hook ]
		stint install podman --hooks
		stint install podman
		[ ! -e /etc/containers/stint-hooks.d ]
		podman run $quick /bin/true
		after
		[ "$(reports)" -eq 3 ]
		stint uninstall podman
		[ "$(etc)" = "$was" ]'
	is_in "podman: tried: a container ran under stint (podman run), and its report is there"
	is_in 'podman: nothing to change: stint is installed, as asked'
	is_in 'stint-precreate.json removed'
}

@test "podman: when the trial fails nothing is left; somebody else's file is not touched" {
	as_a_machine '
		was=$(etc)
		rm -rf /etc/stint
		mkdir /etc/stint
		echo "{\"runtime\": \"/bin/false\"}" >/etc/stint/stint.json
		refused stint install podman --as-default
		[ "$(etc)" = "$was" ]
		[ ! -e /var/lib/stint/install/podman ]
		rm /etc/stint/stint.json
		mkdir /etc/containers/containers.conf.d
		echo "[engine]" >/etc/containers/containers.conf.d/50-stint.conf
		was=$(etc)
		refused stint install podman
		[ "$(etc)" = "$was" ]
		echo "[engine" >/etc/containers/containers.conf.d/50-stint.conf
		mv /etc/containers/containers.conf.d/50-stint.conf /etc/containers/containers.conf.d/60-other.conf
		was=$(etc)
		refused stint install podman --hooks
		[ "$(etc)" = "$was" ]'
	is_in 'install podman: run podman: exit status'
	is_in 'there is a file that stint install did not write'
	is_in '60-other.conf, line 1: not valid TOML'
}

@test "crio: a drop-in, checked where crio is there" {
	run stint install crio --as-default
	[ "$status" -eq 0 ]
	is_in 'crio: not checked: crio is not installed'
	[ "$(grep -v '^#' "$STINT_ROOT/etc/crio/crio.conf.d/50-stint.conf")" = "[crio.runtime]
default_runtime = \"stint\"

[crio.runtime.runtimes.stint]
runtime_path = \"$STINT_BIN/stint-runtime\"
runtime_type = \"oci\"" ]
	[ "$(stint install crio --as-default)" = 'crio: nothing to change: stint is installed, as asked' ]
	stint uninstall crio
	[ ! -e "$STINT_ROOT/etc/crio" ]
	# CRI-O reads every file of the directory, whatever its name: one that was changed is kept elsewhere.
	stint install crio
	echo '# mine' >>"$STINT_ROOT/etc/crio/crio.conf.d/50-stint.conf"
	stint uninstall crio
	[ ! -e "$STINT_ROOT/etc/crio" ]
	[ "$(tail -n 1 "$STINT_ROOT"/var/lib/stint/install/changed/*crio.conf.d-50-stint.conf)" = '# mine' ]
	# Where it cannot be written nothing is left.
	echo file >"$STINT_ROOT/etc/crio"
	install_fails 'install crio: look at' crio
	rm "$STINT_ROOT/etc/crio"
}

@test "stint doctor finds what was installed" {
	local engine
	rm -rf "$STINT_ROOT"/etc/{docker,containerd}
	for engine in docker containerd podman crio; do
		stint install $engine
	done
	export DOCKER_HOST=unix:///nowhere
	[ "$(stint doctor --json | jq -r '.checks[] | select(.section == "Engines" and (.found | contains("stint is its runtime"))) | .name' |
		xargs)" = 'docker containerd podman' ]
	for engine in docker containerd podman crio; do
		stint uninstall $engine
	done
	[ "$(stint doctor --json | jq '[.checks[] | select(.section == "Engines" and (.found | contains("stint is its runtime")))] | length')" -eq 0 ]
	mkdir "$STINT_ROOT"/etc/{docker,containerd}
}

@test "docs/install.md: the diff is what is done" {
	cat >"$C" <<-'CONFIG'
		version = 2

		[plugins]
		  [plugins."io.containerd.grpc.v1.cri"]
		    [plugins."io.containerd.grpc.v1.cri".cni]
		      bin_dir = "/usr/lib/cni"
		      conf_dir = "/etc/cni/net.d"
		  [plugins."io.containerd.internal.v1.opt"]
		    path = "/var/lib/containerd/opt"
	CONFIG
	stint install containerd --dry-run | sed "s|$STINT_ROOT||; s|$STINT_BIN|/usr/bin|" >shown
	awk '/^```/ && inside { exit } inside { print } /^```diff containerd/ { inside = 1 }' "$TOP/docs/install.md" >documented
	[ -s documented ]
	diff documented shown
}

# The scripts of the DaemonSet in docs/kubernetes.md, to be run where process 1 is this test's own and has directories of its own
# where they write. The one program that there is none of here is systemctl: what it is asked is noted.
daemonset_script() { # NUMBER
	awk -v wanted="$1" '/^```yaml daemonset/ { inside = 1 } /^```$/ { inside = 0 }
		inside && /^            - \|$/ { n++; taking = 1; next }
		taking && !/^              / { taking = 0 }
		inside && taking && n == wanted { print substr($0, 15) }' "$TOP/docs/kubernetes.md"
}
@test "docs/kubernetes.md: what the DaemonSet runs installs, does nothing a second time, and removes" {
	local prefix=${STINT_BIN%/bin}
	daemonset_script 1 | sed 's#^\(cp .*\) /stint/\. #\1 "$PREFIX"/. #' >install.sh
	daemonset_script 2 >remove.sh
	grep -q 'stint install containerd$' install.sh
	grep -q trap remove.sh
	mkdir -p node/{local,etc,state,run}
	cat >node/etc/config.toml <<<'version = 2'
	cp node/etc/config.toml before
	cat >all.sh <<-'SCRIPT'
		set -eu
		mount --bind node/local /usr/local
		mount --bind node/etc /etc/containerd
		mount --bind node/state /var/lib
		mount -t tmpfs tmpfs /run
		mkdir -p /host/usr/local /usr/local/bin
		mount --bind /usr/local /host/usr/local
		printf '#!/bin/sh\necho "$*" >>"%s/asked"\n[ ! -e %s/failing ]\n' "$PWD" "$PWD" >/usr/local/bin/systemctl
		chmod 755 /usr/local/bin/systemctl
		install_it() { sh -ec "$(cat install.sh)"; }
		# Ended before containerd is restarted: the next one does it, while a program of stint's runs there.
		touch failing
		if install_it; then exit 1; fi
		rm failing
		mkfifo state
		/usr/local/bin/stint-hook poststop <state >hook 2>&1 &
		hook=$!
		exec 7>state
		install_it
		containerd config dump >dump
		install_it
		exec 7>&-
		wait $hook || true
		sh -ec "$(cat remove.sh)" &
		pid=$!
		until pgrep -P $pid sleep >/dev/null; do sleep 0.1; done
		kill -TERM $pid
		wait $pid
	SCRIPT
	# The pod's /host is a directory of the test's.
	sed -i "s#/host#$PWD/host#g" all.sh install.sh
	PREFIX=$prefix timeout -k 1 60 unshare --mount --propagation private --pid --fork --mount-proc env -u STINT_ROOT bash all.sh >said 2>&1 </dev/null ||
		{ cat said; return 1; }
	# The programs were built for where they are tested, not for /usr/local; they find one another by where they are.
	grep -q 'BinaryName = "/usr/local/bin/stint-runtime"' dump || { cat said dump; return 1; }
	[ "$(cat asked)" = "$(printf 'restart containerd\nrestart containerd\nrestart containerd')" ] || { cat asked said; return 1; }
	diff before node/etc/config.toml
	[ -x node/local/bin/stint-runtime ]
}

@test "two at once: the second is told of the first, and a dry run is not" {
	local verb first
	mkdir bin
	# The first is held up where it asks CRI-O.
	cat >bin/crio <<-SCRIPT
		#!/bin/sh
		touch $PWD/asked
		until [ -e $PWD/go ]; do sleep 0.05; done
		cat $STINT_ROOT/etc/crio/crio.conf.d/50-stint.conf
	SCRIPT
	chmod +x bin/crio
	PATH=$PWD/bin:$PATH timeout 30 stint install crio </dev/null >first 2>&1 3>&- &
	first=$!
	wait_for 20 test -e asked
	for verb in install uninstall; do
		run stint $verb podman
		[ "$status" -eq 125 ]
		[[ "$output" =~ ^'stint: another stint install or uninstall is at work, process '([0-9]+)'; try again when it has ended'$ ]] ||
			{ echo "$output"; return 1; }
		[ "$(cat "/proc/${BASH_REMATCH[1]}/comm")" = stint ]
	done
	run stint install podman --dry-run
	[ "$status" -eq 0 ]
	touch go
	wait "$first" || { cat first; return 1; }
	stint uninstall crio
}

# An engine's program that ends whoever asks it: the last that happens to a machine that is switched off.
interrupting() { # PROGRAM
	mkdir -p interrupting
	printf '#!/bin/sh\nkill -9 $PPID\n' >"interrupting/$1"
	chmod +x "interrupting/$1"
}
interrupted() { # STINT-ARGUMENT...
	run env PATH="$PWD/interrupting:$PATH" "$STINT_BIN/stint" "$@"
	[ "$status" -eq 137 ] || { echo "status $status: $output"; return 1; }
}
crio_s_advice() { DOCKER_HOST=unix:///nowhere stint doctor --json | jq -r '.checks[] | select(.name == "crio") | .advice // empty'; }
@test "what was interrupted is taken up by whoever comes next" {
	local drop_in=$STINT_ROOT/etc/crio/crio.conf.d/50-stint.conf empty written
	empty=$(etc)
	interrupting crio
	# Installing again checks what was written, though there is nothing to change.
	interrupted install crio
	[ -e "$drop_in" ]
	[ "$(crio_s_advice)" = 'stint install crio ends it, stint uninstall crio takes it back' ]
	run stint install crio
	[ "$status" -eq 0 ]
	is_in 'crio: not checked: crio is not installed'
	[ -z "$(crio_s_advice)" ]
	[ "$(stint install crio)" = 'crio: nothing to change: stint is installed, as asked' ]
	written=$(etc)
	# So does uninstalling, half way in either direction.
	interrupted install crio --as-default
	[ "$(etc)" != "$written" ]
	stint uninstall crio
	[ "$(etc)" = "$empty" ]
	interrupted install crio
	interrupted uninstall crio
	[ ! -e "$drop_in" ]
	stint uninstall crio
	[ "$(etc)" = "$empty" ]
	[ "$(stint uninstall crio)" = 'crio: nothing to change: stint install has put nothing there' ]
	interrupted install crio
	interrupted uninstall crio
	stint install crio
	[ "$(etc)" = "$written" ]
	stint uninstall crio
	# What was never tried does not stay when it cannot be.
	interrupted install crio
	mkdir refusing
	printf '#!/bin/sh\necho "Error: no" >&2\nexit 1\n' >refusing/crio
	chmod +x refusing/crio
	run env PATH="$PWD/refusing:$PATH" "$STINT_BIN/stint" install crio
	[ "$status" -eq 125 ]
	is_in 'run crio: exit status 1: Error: no; the files are as they were before an installation that was interrupted'
	[ "$(etc)" = "$empty" ]
	# What was does.
	stint install crio
	run env PATH="$PWD/refusing:$PATH" "$STINT_BIN/stint" uninstall crio
	[ "$status" -eq 125 ]
	is_in 'exit status 1: Error: no; the files are as they were'
	[ "$(etc)" = "$written" ]
	stint uninstall crio
	[ "$(etc)" = "$empty" ]
}

# Ends stint before the NUMBERth system call of that name; fails when it has come to its end before.
cut_short() { # CALL NUMBER STINT-ARGUMENT...
	local call=$1 number=$2 status=0
	shift 2
	timeout 20 strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$number" "$STINT_BIN/stint" "$@" >/dev/null 2>&1
	status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 137 ] || { echo "status $status" >&2; kill $$; }
	[ "$status" -eq 137 ]
}
# From the state that FROM makes, VERB ENGINE is ended at each step that changes something on disk; then it is done again, or
# taken back.
at_every_step() { # FROM WORD...
	local from=$1 call number again empty whole points=0
	shift
	empty=$(etc)
	$from
	stint "$@" >/dev/null
	whole=$(etc)
	for call in ${CALLS:-rename renameat mkdir mkdirat unlink unlinkat rmdir}; do
		for ((number = 1; ; number++)); do
			for again in "$*" "uninstall $2"; do
				stint uninstall "$2" >/dev/null
				$from >/dev/null
				cut_short "$call" "$number" "$@" || break 2
				stint $again >said || { cat said; echo "$call $number"; return 1; }
				[ "$(etc)" = "$([ "$again" = "$*" ] && echo "$whole" || echo "$empty")" ] ||
					{ echo "$* ended before $call $number, then $again:"; etc; return 1; }
			done
			points=$((points + 1))
		done
	done
	stint uninstall "$2" >/dev/null
	[ "$(etc)" = "$empty" ]
	[ ! -e "$STINT_ROOT/var/lib/stint/install/$2" ]
	[ "$points" -gt 2 ]
}
@test "ended at any step: done again it is whole, taken back nothing is left" {
	with_hooks() { stint install podman --hooks; }
	by_name() { stint install docker; }
	printf '{"debug":\ttrue}' >"$D"
	at_every_step true install docker
	at_every_step by_name install docker --as-default
	at_every_step by_name uninstall docker
	at_every_step with_hooks install podman
	at_every_step with_hooks uninstall podman
	rm "$D"
}

@test "docker: ended while dockerd is made to read its file, which says for a moment what goes without saying" {
	by_name() { stint install docker; }
	containerd_config
	run_containerd
	printf '{"debug":\ttrue}' >"$D"
	run_docker
	CALLS=rename at_every_step by_name uninstall docker
	[[ "$(runtimes_of_docker)" != *stint* ]]
	rm "$D"
}

@test "a disk that is full, a file that is immutable, a directory where a file must be: nothing is changed, and it says why" {
	cat >all.sh <<-'SCRIPT'
		set -eu
		mount -t tmpfs -o size=64k,mode=755 none "$STINT_ROOT/etc/docker"
		mkdir -p "$STINT_ROOT/var/lib/stint"
		cd "$STINT_ROOT/etc/docker"
		fails() { # WORDS
			if stint install docker >said 2>&1; then return 1; fi
			grep -F "$1" said
			rm said
			[ "$(cat daemon.json)" = '{"debug": true}' ]
			[ ! -e "$STINT_ROOT/var/lib/stint/install/docker" ]
			[ "$(find . -type f)" = ./daemon.json ]
		}
		echo '{"debug": true}' >daemon.json
		chattr +i daemon.json
		fails 'is it, or its directory, immutable? lsattr shows it, and chattr -i ends it; the files are as they were'
		chattr -i daemon.json
		touch said
		dd if=/dev/zero of=fill bs=4k 2>/dev/null || true
		if stint install docker 2>/dev/shm/said.$$; then exit 1; fi
		rm fill said
		grep -F 'write '"$PWD"'/daemon.json: No space left on device; the files are as they were' /dev/shm/said.$$
		rm /dev/shm/said.$$
		[ "$(find . -type f)" = ./daemon.json ]
		[ ! -e "$STINT_ROOT/var/lib/stint/install/docker" ]
		mount -t tmpfs -o size=64k,mode=755 none "$STINT_ROOT/var/lib/stint"
		dd if=/dev/zero of="$STINT_ROOT/var/lib/stint/fill" bs=4k 2>/dev/null || true
		fails 'No space left on device; the files are as they were'
		rm "$STINT_ROOT/var/lib/stint/fill"
		stint install docker
		stint uninstall docker
		[ "$(cat daemon.json)" = '{"debug": true}' ]
		rm daemon.json
		mkdir daemon.json
		if stint install docker; then exit 1; fi
	SCRIPT
	run timeout -k 1 60 unshare -m bash all.sh
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	is_in 'daemon.json: it is not a regular file'
}

@test "install as nobody: it says who may" {
	local copy
	copy=$(mktemp -d /tmp/stint-nobody.XXXXXX)
	chmod 755 "$copy"
	cp "$STINT_BIN/stint" "$STINT_BIN/stint-runtime" "$copy"
	run setpriv --reuid 65534 --clear-groups env -u STINT_ROOT "$copy/stint" install crio
	rm -r "$copy"
	[ "$status" -eq 125 ]
	is_in 'stint: run it as root: '
}

@test "install, uninstall: usage" {
	run stint install
	[ "$status" -eq 2 ]
	run stint install dokcer
	[ "$status" -eq 2 ]
	is_in "did you mean docker"
	run stint install docker podman
	[ "$status" -eq 2 ]
	run stint install crio --hooks
	[ "$status" -eq 2 ]
	is_in '--hooks is for podman'
	run stint uninstall docker --as-default
	[ "$status" -eq 2 ]
}
