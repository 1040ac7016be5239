#!/bin/sh
# Runs a command where the homeserver Synapse and an independent Matrix client (matrix-nio) can be had:
#
#     scripts/synapse.sh cargo test --test matrix
#     scripts/synapse.sh --serve sh
#
# Both are Python packages, installed once, as wheels, into a virtual environment in the cache folder; the command is told of
# its interpreter by BYLINE_TEST_SYNAPSE. The tests start homeservers themselves, because they also kill them. With --serve one
# is started for the command, to try things by hand: with a new folder, on a free port of 127.0.0.1, stopped whatever happens; its
# address is in BYLINE_TEST_HOMESERVER, and the account @byline:localhost has the password "byline". The script ends as the command does; with 69
# where Synapse can't be had, with 70 where it does not start.
set -eu

usage() { echo "usage: scripts/synapse.sh [--serve] COMMAND [ARGUMENT...]" >&2; exit 2; }

serve=
[ "${1-}" != --serve ] || { serve=yes; shift; }
[ $# -gt 0 ] || usage

packages='matrix-synapse==1.163.2 matrix-nio[e2e]==0.26.0'
cache="${BYLINE_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/byline-ci}"
environment=$cache/synapse-1.163.2-nio-0.26.0
python=$environment/bin/python
config=$(cd "$(dirname "$0")/.." && pwd)/tests/matrix/homeserver.yaml

install() {
    command -v python3 >/dev/null || { echo "synapse.sh: there is no Python 3" >&2; return 1; }
    echo "synapse.sh: installing $packages" >&2
    rm -rf "$environment"
    python3 -m venv "$environment" >&2 || { echo "synapse.sh: Python has no working venv" >&2; return 1; }
    # Wheels only: building one would need compilers.
    # shellcheck disable=SC2086 # two packages, no spaces in their names
    "$python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: $packages >&2 ||
        { echo "synapse.sh: they can't be installed" >&2; return 1; }
    touch "$environment/complete"
}

mkdir -p "$cache"
# Two runs at once must not install over each other. Without flock they may.
if command -v flock >/dev/null; then
    exec 9>"$environment.lock"
    flock 9
fi
[ -e "$environment/complete" ] || install || exit 69
exec 9>&-

export BYLINE_TEST_SYNAPSE="$python"
[ -n "$serve" ] || exec "$@"

folder=$(mktemp -d "${TMPDIR:-/tmp}/byline-synapse.XXXXXX")
server=

stop() {
    # At once: the data is thrown away.
    if [ -n "$server" ]; then kill -9 "$server" 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

is_up() {
    "$python" -c "import urllib.request as r; r.urlopen('$1/_matrix/client/versions', timeout=5)" 2>/dev/null
}

# Waits for the server up to a minute; fails as soon as it has ended.
comes_up() {
    waited=0
    until is_up "$1"; do
        kill -0 "$server" 2>/dev/null || return 1
        waited=$((waited + 1))
        [ $waited -lt 120 ] || return 1
        sleep 0.5
    done
}

cat >"$folder/log.yaml" <<END
version: 1
disable_existing_loggers: false
handlers: { console: { class: logging.StreamHandler } }
root: { level: WARNING, handlers: [console] }
END

# A port is free until somebody takes it: try a few.
tries=0
while :; do
    port=$((20000 + ($(od -An -N2 -tu2 /dev/urandom) % 20000)))
    address=http://127.0.0.1:$port
    sed -e "s|{folder}|$folder|g" -e "s|{port}|$port|g" "$config" >"$folder/homeserver.yaml"
    "$python" -m synapse.app.homeserver -c "$folder/homeserver.yaml" --generate-keys >"$folder/log" 2>&1
    "$python" -m synapse.app.homeserver -c "$folder/homeserver.yaml" >>"$folder/log" 2>&1 &
    server=$!
    ! comes_up "$address" || break
    kill -9 "$server" 2>/dev/null || true
    tries=$((tries + 1))
    [ $tries -lt 3 ] || { echo "synapse.sh: the server does not start" >&2; cat "$folder/log" >&2; exit 70; }
done
"$python" -m synapse._scripts.register_new_matrix_user -c "$folder/homeserver.yaml" -u byline -p byline --no-admin "$address" >&2

BYLINE_TEST_HOMESERVER=$address "$@"
