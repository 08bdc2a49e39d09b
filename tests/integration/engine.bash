# For the tests that call stint-runtime as an engine does. Sourced after helpers.bash and threats.bash.

# Whatever a failed test left of its containers, in every runtime root of it; then what helpers clears.
engine_teardown() {
	local dir root
	for dir in "$STINT_TEST_DIR"/engine-*/*/; do
		[ -d "$dir" ] || continue
		dir=${dir%/} root=$(dirname "$dir")
		RUNTIME=${root##*engine-}
		"${RUNTIME%%-*}" --root "$root" delete --force "$(basename "$dir")" >/dev/null 2>&1 || true
	done
	stint_teardown
	no_host_config
}

budget() { # NAME LIMIT: of the bundle, as an engine's user can say it
	config --arg key "io.stint.budget.$1" --arg limit "$2" '.annotations[$key] = $limit'
}
status_of() { # ID
	engine state "$1" | jq -r .status
}
has_status() { # ID STATUS
	[ "$(status_of "$1")" = "$2" ]
}
# Below a process that reaps the container's, as an engine's shim does.
engine_by_shim() { # COMMAND...
	"$(tool shim)" stint-runtime --root "$STINT_TEST_DIR/engine-$RUNTIME" "$@"
}
engine_create() { # ID [OPTION...]
	local id=$1
	shift
	engine_by_shim create --bundle "$BUNDLE" --pid-file "$STINT_TEST_DIR/$id.pid" "$@" "$id" >"$STINT_TEST_DIR/$id.out" 2>&1 \
		</dev/null || { cat "$STINT_TEST_DIR/$id.out"; return 1; }
}
created_and_started() { # ID
	engine_create "$1" && engine start "$1"
}
reported() { # ID [COUNT]
	[ -e "$JOURNAL" ]
	[ "$(reports_count "$1")" -eq "${2:-1}" ]
}
# The container has ended, by itself or otherwise: its one report is written, and the engine deletes it.
ended_and_deleted() { # ID SECONDS
	eventually "$2" reported "$1"
	engine delete "$1"
	all_clean "$1"
	[ "$(reports_count "$1")" -eq 1 ]
}
# A command after "!" does not fail a test.
none_there() { # GLOB
	! compgen -G "$1" || { echo "there is $1"; return 1; }
}
