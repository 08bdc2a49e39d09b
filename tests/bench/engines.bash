# SPDX-License-Identifier: GPL-2.0-or-later
# The section "engines" of tests/bench/run: a container that runs `true`, under real engines, with their own runtime and
# with stint over the same one. Sourced by it.

# Engines of our own, as the integration tests have them, on a file system of layers as everybody else has them.
engines_start() {
	export STINT_FILE_DIR=$DIR BUSYBOX_ROOTFS=$DIR/rootfs ENGINE_STORAGE=overlay2
	. "$TOP/tests/integration/engines.bash"
	start_containerd
	start_dockerd
	# The programs themselves, which have STINT_ROOT from the engine. Podman gives a runtime no environment.
	usual_directories
	ln -sf "$STINT_BIN/stint-runtime" "$ENGINES/stint-crun"
	ln -sf "$STINT_BIN/stint-runtime" "$ENGINES/stint-runc"
	docker_ save busybox:latest | ctr_ image import - >/dev/null
	tar -C "$DIR/rootfs" -c . | engines_podman import - busybox >/dev/null 2>&1
}
# Where stint's directories are without STINT_ROOT, in this mount namespace alone.
usual=()
usual_directories() {
	local dir
	for dir in /etc/stint /var/lib/stint /var/log/stint; do
		[ -d $dir ] || usual+=($dir)
		mkdir -p $dir "$STINT_ROOT$dir"
		mount --bind "$STINT_ROOT$dir" $dir
	done
}
engines_end() {
	stop_engines
	umount -l /etc/stint /var/lib/stint /var/log/stint 2>/dev/null || true
	[ ${#usual[@]} -eq 0 ] || rmdir "${usual[@]}" 2>/dev/null || true
	usual=()
}
podman_options=()
engines_podman() { timeout -k 1 60 podman "${podman_options[@]}" "$@"; }

engines_compare() { # ENGINE RUNTIME: the commands' timings are 0 plain, 1 stint
	timings 0 | row engines "$1 run, $2" ms
	timings 1 | row engines "$1 run, stint over $2" ms
	ratio "$(median_of 1)" "$(median_of 0)" | row engines "$1: stint over $2 / $2" ratio "<1.05"
	ratio "$(fastest_of 1)" "$(fastest_of 0)" | row engines "$1, least disturbed tenth: stint over $2 / $2" ratio
}

section_engines() {
	local runtime image=docker.io/library/busybox:latest docker ctr podman rounds=$engine_rounds
	for program in dockerd ctr podman; do
		command -v "$program" >/dev/null || { not_measured engines "$program" "not installed"; return; }
	done
	podman_options=(--root "$DIR/podman" --runroot "$DIR/podman-run" --tmpdir "$DIR/podman-tmp" --cgroup-manager cgroupfs
		--events-backend file --storage-driver overlay)
	engines_start
	docker=(docker -H "unix://$ENGINES/docker.sock" run --rm --network none)
	ctr=(ctr -a "$ENGINES/containerd.sock" run --rm)
	podman=(podman "${podman_options[@]}")
	local limits=(--rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000)
	for runtime in crun runc; do
		use_runtime "$runtime"
		alternate 0 -- "${docker[@]}" --runtime "plain-$runtime" busybox true -- "${docker[@]}" --runtime "stint-$runtime" busybox true
		engines_compare docker "$runtime"
		alternate 0 -- "${ctr[@]}" --runc-binary "$(command -v "$runtime")" "$image" "bench-p-$runtime-%N" true \
			-- "${ctr[@]}" --runc-binary "$ENGINES/stint-$runtime" "$image" "bench-s-$runtime-%N" true
		engines_compare ctr "$runtime"
		alternate 0 -- "${podman[@]}" --runtime "$(command -v "$runtime")" run "${limits[@]}" busybox true \
			-- "${podman[@]}" --runtime "$STINT_BIN/stint-runtime" run "${limits[@]}" busybox true
		engines_compare podman "$runtime"
	done
	engines_end
}
