# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Two ClickHouses, each in a directory of the test's own: of today, in a process (npm's chdb), and
# the server that Debian 12 has, 18.16. The first takes the SQL of contrib/clickhouse as it is, the
# second what clickhouse-compat.sed makes of it.

# --- of today ---

# Once in a build directory, and where npm has it.
chdb_install() {
	local source=$BATS_TEST_DIRNAME/chdb

	CHDB=$(dirname "$XDPTAIL")/contrib/chdb
	command -v node >/dev/null || lacks "needs the command node"
	! cmp -s "$source/package-lock.json" "$CHDB/installed" || return 0
	needs npm
	mkdir -p "$CHDB"
	cp "$source"/package*.json "$CHDB"
	# not ci: a lock file made on one architecture lacks the binaries of the others
	npm install --prefix "$CHDB" --no-save --ignore-scripts --no-audit --no-fund >"$CHDB/log" 2>&1 ||
		lacks "npm could not fetch chdb: $(tail -n 1 "$CHDB/log")"
	cp "$source/package-lock.json" "$CHDB/installed"
}

new_sql() { # FORMAT < SQL
	NODE_PATH=$CHDB/node_modules node "$BATS_TEST_DIRNAME/chdb/query.js" "$BATS_TEST_TMPDIR/chdb" "$1"
}

new_start() {
	chdb_install
	cat "$CLICKHOUSE"/{schema,loss,gaps}.sql | new_sql TSV
}

new_insert() { # FILE...
	printf "INSERT INTO xdptail.stream FROM INFILE '%s' SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow;\n" \
		"$@" | new_sql TSV
}

# --- of Debian 12 ---

free_port() {
	/usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

old_config() { # DIR
	cat >"$1/config.xml" <<-C
		<yandex>
			<logger><level>warning</level><log>$1/log</log><errorlog>$1/log</errorlog></logger>
			<listen_host>127.0.0.1</listen_host>
			<tcp_port>$OLD_TCP</tcp_port>
			<http_port>$OLD_HTTP</http_port>
			<path>$1/data/</path>
			<tmp_path>$1/tmp/</tmp_path>
			<users_config>$1/users.xml</users_config>
			<default_profile>default</default_profile>
			<default_database>default</default_database>
			<mark_cache_size>67108864</mark_cache_size>
			<timezone>UTC</timezone>
		</yandex>
	C
	cat >"$1/users.xml" <<-C
		<yandex>
			<profiles><default></default></profiles>
			<users><default>
				<password></password>
				<networks><ip>127.0.0.1</ip></networks>
				<profile>default</profile>
				<quota>default</quota>
			</default></users>
			<quotas><default></default></quotas>
		</yandex>
	C
}

old_answers() {
	! is_over "$SERVER" || fail "clickhouse-server ended:" "$(cat "$BATS_TEST_TMPDIR"/server/{out,log})"
	curl -s "http://127.0.0.1:$OLD_HTTP/ping" | grep -q Ok
}

is_over() { # PID
	! kill -0 "$1" 2>/dev/null
}

# Sets SERVER, its process, and its ports.
old_start() {
	local dir=$BATS_TEST_TMPDIR/server

	needs clickhouse-server clickhouse-client curl
	mkdir -p "$dir/data" "$dir/tmp"
	OLD_TCP=$(free_port)
	OLD_HTTP=$(free_port)
	old_config "$dir"
	clickhouse-server --config-file="$dir/config.xml" >"$dir/out" 2>&1 3>&- &
	SERVER=$!
	wait_until "clickhouse-server answers" old_answers
	sed -f "$BATS_TEST_DIRNAME/clickhouse-compat.sed" "$CLICKHOUSE"/{schema,loss}.sql | old_sql TSV
}

old_sql() { # FORMAT < SQL
	clickhouse-client --port "$OLD_TCP" --multiquery --format "$1"
}

# As README.md says, by HTTP.
old_insert() { # FILE...
	local file

	for file in "$@"; do
		insert_by_curl "$file"
	done
}

insert_by_curl() { # FILE
	local answer

	answer=$(curl -sS --data-binary @- "http://127.0.0.1:$OLD_HTTP/?$(insert_query)" <"$1")
	[ -z "$answer" ] || fail "$answer"
}

insert_query() {
	echo 'date_time_input_format=best_effort&query=INSERT+INTO+xdptail.stream+FORMAT+JSONEachRow'
}
