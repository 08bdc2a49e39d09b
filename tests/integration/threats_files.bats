#!/usr/bin/env bats
# T5, T6, T21: what an image, a container or an annotation may do to the host's files through stint and the runtime
# beneath it. stint itself writes nothing below a container's root.

load helpers
load threats
load engine

setup_file() { stint_setup_file; }
teardown_file() { stint_teardown_file; }
setup() { stint_setup; }
teardown() { engine_teardown; }

canary() { # a directory of the host's, with its fingerprint in $before
	mkdir -p "$STINT_TEST_DIR/canary/sub"
	echo 'the host'"'"'s' >"$STINT_TEST_DIR/canary/file"
	before=$(fingerprint)
}
fingerprint() { (cd "$STINT_TEST_DIR/canary" && find . -printf '%p %y %m %U %T@\n' | sort && cat file); }
own_rootfs() { # in $root
	root=$STINT_TEST_DIR/root-$RUNTIME
	rm -rf "$root"
	cp -a "$BUSYBOX_ROOTFS" "$root"
}

links_lead_nowhere() {
	local name root
	own_rootfs
	canary
	for name in dev proc sys etc tmp; do
		rm -rf "${root:?}/$name"
		ln -s "$STINT_TEST_DIR/canary" "$root/$name"
		# Whether it runs is the runtime's to say; the host's directory is not touched.
		ROOTFS=$root bundle "$id-$name" /bin/true
		timeout -k 1 20 stint run --runtime "$RUNTIME" --id "$id-$name" "$BUNDLE" >/dev/null 2>&1 </dev/null || true
		config '.mounts += [{"destination": "/\($n)/mounted", "type": "tmpfs", "source": "tmpfs"}]' --arg n "$name"
		timeout -k 1 20 stint run --runtime "$RUNTIME" --id "$id-$name" "$BUNDLE" >/dev/null 2>&1 </dev/null || true
		timeout -k 1 20 stint run --runtime "$RUNTIME" --id "$id-$name" --writable --rootfs "$root" -- /bin/true >/dev/null 2>&1 </dev/null || true
		[ "$(fingerprint)" = "$before" ] || { echo "$name: $(fingerprint)"; return 1; }
		all_clean "$id-$name"
		rm "$root/$name"
		mkdir "$root/$name"
	done
	# The root was one that runs.
	ROOTFS=$root bundle "$id" /bin/true
	stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
}
@test "T5: an image whose /dev, /proc, /sys, /etc or /tmp is a link out of it touches nothing of the host's" {
	on_each_runtime links_lead_nowhere
}

race_is_lost() {
	local root swapper n=0 end
	own_rootfs
	canary
	mkdir -p "$root/place/m"
	ln -s "$STINT_TEST_DIR/canary" "$root/link"
	ROOTFS=$root bundle "$id" /bin/sleep 60
	created_with_host_config
	"$(tool exchange)" "$root/place" "$root/link" >/dev/null 2>&1 3>&- </dev/null &
	swapper=$!
	end=$((SECONDS + 10))
	while [ $SECONDS -lt $end ] || [ "$n" -lt 20 ]; do
		n=$((n + 1))
		ROOTFS=$root bundle "$id-$n" /bin/true
		config '.mounts += [{"destination": "/place/m", "type": "tmpfs", "source": "tmpfs"}]'
		timeout -k 1 20 stint run --runtime "$RUNTIME" --id "$id-$n" "$BUNDLE" >/dev/null 2>&1 </dev/null || true
		# And an exec into one that runs, in a directory that may be the other at that moment.
		jq -n '{user: {uid: 0, gid: 0}, cwd: "/place", env: ["PATH=/bin"], args: ["/bin/true"]}' >"$STINT_TEST_DIR/process.json"
		timeout -k 1 20 stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" exec --process "$STINT_TEST_DIR/process.json" "$id" \
			>/dev/null 2>&1 </dev/null || true
	done
	kill "$swapper"
	wait "$swapper" 2>/dev/null || true
	engine_clear "$id"
	all_clean "$id"
	[ "$(fingerprint)" = "$before" ] || { fingerprint; return 1; }
	[ -z "$(ls "$STINT_ROOT/run/stint")" ]
}
created_with_host_config() {
	host_config "$(command -v "$RUNTIME")"
	created_and_started "$id"
}
@test "T6: names that are swapped under the runtime during create and exec lead to nothing of the host's" {
	# runc below 1.1.14 loses this race by itself: it makes an empty directory there (CVE-2024-45310; measured with 1.1.5).
	RUNTIME=crun id="t-swap-$$"
	race_is_lost
}

# Settings that nothing but a container's start could change here.
settings() {
	grep -s . /proc/sys/kernel/{core_pattern,hostname,domainname,modprobe,msgmax,shmmax,sem,panic,sysrq,pid_max,threads-max} \
		/proc/sys/vm/{overcommit_memory,swappiness,max_map_count} /proc/sys/net/ipv4/{ip_forward,ip_local_port_range} \
		/proc/sys/net/ipv4/conf/all/forwarding /proc/sys/fs/{file-max,nr_open} || true
}
texts_are_texts() {
	local key value before
	before=$(settings)
	while IFS= read -r value; do
		value=$(printf '%b' "$value")
		for key in io.stint.profile io.stint.budget.cpu io.stint.budget.wall "io.stint.budget.cpu$value" "$value"; do
			bundle "$id" /bin/true
			config --arg key "$key" --arg value "$value" '.annotations[$key] = $value'
			run timeout -k 1 20 stint run --runtime "$RUNTIME" --id "$id" "$BUNDLE"
			# Refused in one sentence, or without a meaning to anybody: then it runs.
			[ "$status" -eq 0 ] || [[ "$output" == "stint: "* ]] || { echo "$key=$value: $status $output"; return 1; }
			[ "$status" -ne 0 ] || [[ "$key" != io.stint.* ]] || { echo "$key=$value was taken"; return 1; }
			all_clean "$id"
		done
	done <<-'VALUES'
		1s\nkernel.msgmax=1
		+kernel.core_pattern=|/bin/sh
		kernel.hostname=owned
		$(hostname owned)
		`hostname owned`
		--hooks-dir=/tmp
		1s;hostname owned
		../../../proc/sys/kernel/hostname
		%s%n%x
		1s\t2s
	VALUES
	[ "$(settings)" = "$before" ]
}
@test "T21: what an annotation says is a text: no setting of the host's changes, nothing is run" { on_each_runtime texts_are_texts; }
