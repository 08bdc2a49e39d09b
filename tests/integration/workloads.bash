# Programs as workloads: a bundle of each, a load from outside, a run to its end. In a server's container is the server
# alone; what loads it is in its network, outside. Sourced after recordings.bash, whose programs they are.

# What they find in /tmp/site; TOOLS are there too.
workload_files() { # [TOOL...]
	mkdir -p "$STINT_TEST_DIR/site" "$STINT_TEST_DIR/log"
	seq 2000 >"$STINT_TEST_DIR/site/index.html"
	cat >"$STINT_TEST_DIR/site/lighttpd.conf" <<-'END'
		server.modules = ("mod_access", "mod_alias", "mod_redirect")
		server.document-root = "/tmp/site"
		server.port = 8080
		server.username = "www-data"
		server.groupname = "www-data"
		server.upload-dirs = ("/tmp")
		server.errorlog = "/tmp/error.log"
		server.pid-file = "/tmp/lighttpd.pid"
		index-file.names = ("index.php", "index.html")
		url.access-deny = ("~", ".inc")
		static-file.exclude-extensions = (".php", ".pl", ".fcgi")
	END
	cp "$TOP/tests/integration/tools/own-tests.py" "$@" "$STINT_TEST_DIR/site"
}
workload() { # NAME: its bundle
	case $1 in
	nginx) programs_bundle "$id" nginx -g 'daemon off;' ;;
	redis) programs_bundle "$id" redis-server --save '' ;;
	lighttpd) programs_bundle "$id" lighttpd -D -f /tmp/site/lighttpd.conf ;;
	python) programs_bundle "$id" /bin/sh -c "python3 -P /tmp/site/own-tests.py ${times:-1} ${2:-}" ;;
	memcached) programs_bundle "$id" memcached -u nobody -p 11211 -t 2 ;;
	sqlite) programs_bundle "$id" sqlite3 "${@:2}" ;;
	esac
	config --arg dir "$STINT_TEST_DIR" '.process.cwd = "/tmp" | .mounts += [
		{destination: "/tmp/site", type: "bind", source: ($dir + "/site"), options: ["bind", "ro"]},
		{destination: "/var/log/nginx", type: "bind", source: ($dir + "/log"), options: ["bind"]}]'
}
# Of a container that serves: in its network, and as its program's files, but none of it.
beside() { # PID CMD...
	nsenter --net="/proc/$1/ns/net" chroot "${STINT_TEST_ROOTFS:-/var/cache/stint-test}/programs" "${@:2}"
}
answers() { nsenter --net="/proc/$1/ns/net" bash -c ": </dev/tcp/127.0.0.1/$2" 2>/dev/null; } # PID PORT
port_of() { case $1 in nginx) echo 80 ;; redis) echo 6379 ;; lighttpd) echo 8080 ;; memcached) echo 11211 ;; esac }

# One load, and what came of it without the times.
ab_fetches() { # PID URL
	beside "$1" ab -q -n 100 -c 10 "http://127.0.0.1$2" | grep -E '^(Complete|Failed|Non-2xx)' | xargs
}
load_of() { # NAME PID
	case $1 in
	nginx) ab_fetches "$2" /index.nginx-debian.html ;;
	lighttpd) ab_fetches "$2" :8080/index.html ;;
	redis) # as Loupe calls it, but for how often
		beside "$2" redis-benchmark -n "${requests:-100}" -c "${clients:-30}" -d "${size:-3}" -q -t ping_inline,ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,lpush,lrange_100,lrange_300,lrange_500,lrange_600,mset |
			tr '\r' '\n' | grep -c 'requests per second, p50'
		;;
	memcached)
		beside "$2" python3 -c 'import socket
for i in range(100):
	s = socket.create_connection(("127.0.0.1", 11211)); s.sendall(b"set a 0 0 1\r\nx\r\nget a\r\nincr b 1\r\ndelete a\r\nstats\r\n")
	while not s.recv(65536).endswith(b"END\r\n"): pass
	s.close()
print("done")'
		;;
	esac
}
loads_of() { # NAME PID: $times of them, and what else the test does there
	local i
	for ((i = 0; i < ${times:-1}; i++)); do
		load_of "$1" "$2"
	done
	[ -z "${meanwhile:-}" ] || "$meanwhile" "$2"
}

# Runs the workload to its end. What came of it is in $STINT_TEST_DIR/ID.got.
runs() { # NAME ID [STINT-RUN-OPTION...]
	local name=$1 one=$2 run pid
	shift 2
	if [ "$name" = python ] || [ "$name" = sqlite ]; then
		stint run --runtime "$RUNTIME" --id "$one" "$@" "$BUNDLE" >"$STINT_TEST_DIR/$one.got" 2>"$STINT_TEST_DIR/$one.err" </dev/null
		return
	fi
	stint run --runtime "$RUNTIME" --id "$one" "$@" "$BUNDLE" >"$STINT_TEST_DIR/$one.err" 2>&1 </dev/null 3>&- &
	run=$!
	eventually 10 test -s "$STINT_ROOT/run/stint/$one/pid" || { cat "$STINT_TEST_DIR/$one.err"; return 1; }
	pid=$(cat "$STINT_ROOT/run/stint/$one/pid")
	eventually 20 answers "$pid" "$(port_of "$name")" || { cat "$STINT_TEST_DIR/$one.err"; return 1; }
	loads_of "$name" "$pid" >"$STINT_TEST_DIR/$one.got" || return 1
	$RUNTIME kill "$one" "$([ "$name" = nginx ] && echo QUIT || echo INT)"
	wait "$run"
}
got() { sort "$STINT_TEST_DIR/$1.got" | uniq -c | xargs; } # ID

