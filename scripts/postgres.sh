#!/bin/sh
# Runs a command beside a PostgreSQL server of its own, and stops the server whatever happens:
#
#     scripts/postgres.sh cargo test --test store
#
# The server keeps its data in a new folder, listens on 127.0.0.1 alone, on a free port, and is told of to the command by
# BYLINE_TEST_POSTGRES. Where PostgreSQL is not installed, Debian's package is, if we are root. The script ends as the command
# does; with 69 where there is no PostgreSQL, with 70 where it does not start.
set -eu

[ $# -gt 0 ] || { echo "usage: scripts/postgres.sh COMMAND [ARGUMENT...]" >&2; exit 2; }

# Debian keeps the server's programs off the path, by version: the newest that is there.
find_server() {
    if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then return 0; fi
    newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$newest" ] && PATH="$newest:$PATH" && command -v initdb >/dev/null
}

if ! find_server; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "postgres.sh: PostgreSQL is not installed, and can't be by this user" >&2
        exit 69
    fi
    echo "postgres.sh: installing Debian's postgresql" >&2
    # No cluster of its own: ours is made below.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/byline-tests.conf
    {
        DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
    } >&2 || { echo "postgres.sh: it can't be installed" >&2; exit 69; }
    find_server || { echo "postgres.sh: no server came with it" >&2; exit 69; }
fi

# The server refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    if id postgres >/dev/null 2>&1; then server_user=postgres; else server_user=nobody; fi
    as_server() { runuser -u "$server_user" -- env "PATH=$PATH" "$@"; }
else
    server_user=$(id -un)
    as_server() { "$@"; }
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/byline-postgres.XXXXXX")
log=$folder/log

stop() {
    # "immediate" waits for nobody; the data is thrown away.
    as_server pg_ctl -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

[ "$(id -u)" != 0 ] || chown "$server_user" "$folder"
# Bytes for a locale: a test must not depend on the machine's.
(cd "$folder" && as_server initdb -D "$folder/data" -U byline --auth=trust --encoding=UTF8 --locale=C >"$folder/initdb" 2>&1) ||
    { cat "$folder/initdb" >&2; exit 70; }

# A port is free until somebody takes it: try a few.
tries=0
until
    port=$((20000 + ($(od -An -N2 -tu2 /dev/urandom) % 20000)))
    (cd "$folder" && as_server pg_ctl -D "$folder/data" -l "$log" -w -t 60 \
        -o "-h 127.0.0.1 -p $port -k $folder -c max_connections=200" start >/dev/null 2>&1)
do
    tries=$((tries + 1))
    [ $tries -lt 5 ] || { echo "postgres.sh: the server does not start" >&2; cat "$log" >&2; exit 70; }
done

BYLINE_TEST_POSTGRES="postgres://byline@127.0.0.1:$port/postgres" "$@"
