# shellcheck shell=bash disable=SC2034 # READER is for the tests
# SPDX-License-Identifier: BSD-2-Clause
# Daemons that read what outputs to sockets send, each on sockets of its own in DIR, or on the
# loopback interface of a namespace: nothing of the machine's own is touched.
#
# Each *_start sets READER, its process.

lines_in() { # FILE: 0 when it is not there yet
	wc -l 2>/dev/null <"$1" || echo 0
}

has_lines() { # FILE COUNT: or more
	[ "$(lines_in "$1")" -ge "$2" ]
}

wait_lines() { # FILE COUNT
	wait_until "$1 has $2 lines" has_lines "$@"
}

listens() { # NAMESPACE -t|-u PORT
	[ -n "$(ip netns exec "$1" ss -Hln "$2" "sport = :$3")" ]
}

# rsyslogd with a socket of the local form (DIR/local), one of RFC 5424 (DIR/new), and port 514 of
# TCP and UDP on the loopback interface of NS_A. It writes
#   DIR/messages   what it took for the text of each message
#   DIR/headers    what it took for the rest: PRI, host, tag, pid, MSGID, structured data, time
#   DIR/json       what mmjsonparse made of the text, by a cookie of "": bare JSON
#   DIR/cee        the same by its default cookie, "@cee:"
#   DIR/neither    what neither took
rsyslog_start() { # [DIR]
	DIR=${1:-$BATS_TEST_TMPDIR/rsyslog}
	mkdir -p "$DIR"
	ip -n "$NS_A" link set lo up
	rsyslog_config >"$DIR/conf"
	# -i NONE: no pid file
	ip netns exec "$NS_A" rsyslogd -n -i NONE -f "$DIR/conf" >"$DIR/log" 2>&1 3>&- &
	READER=$!
	wait_until "rsyslogd has its sockets" test -S "$DIR/local" -a -S "$DIR/new"
	wait_until "rsyslogd listens to TCP" listens "$NS_A" -t 514
	wait_until "rsyslogd listens to UDP" listens "$NS_A" -u 514
}

rsyslog_config() {
	cat <<-C
		global(workDirectory="$DIR")
		# a second worker takes every other batch as soon as there are many, and overtakes
		main_queue(queue.workerThreads="1")
		module(load="imuxsock" SysSock.Use="off")
		module(load="imtcp")
		module(load="imudp")
		module(load="mmjsonparse")
		input(type="imuxsock" Socket="$DIR/local" UseSysTimeStamp="off" IgnoreTimestamp="off"
			UsePIDFromSystem="off" RateLimit.Interval="0" ruleset="all")
		input(type="imuxsock" Socket="$DIR/new" UseSysTimeStamp="off" IgnoreTimestamp="off"
			UsePIDFromSystem="off" UseSpecialParser="off" ParseHostname="on"
			RateLimit.Interval="0" ruleset="all")
		input(type="imtcp" Address="127.0.0.1" Port="514" ruleset="all")
		input(type="imudp" Address="127.0.0.1" Port="514" RcvBufSize="64m" ruleset="all")
		template(name="messages" type="string" string="%msg%\n")
		template(name="headers" type="string"
			string="%pri% %hostname% %app-name% %procid% %msgid% %structured-data% %timereported:::date-rfc3339%\n")
		template(name="parsed" type="string" string="%\$!all-json%\n")
		template(name="raw" type="string" string="%rawmsg%\n")
		ruleset(name="all") {
			action(type="omfile" file="$DIR/messages" template="messages")
			action(type="omfile" file="$DIR/headers" template="headers")
			if \$msg contains "@cee:" then {
				action(type="mmjsonparse")
				if \$parsesuccess == "OK" then {
					action(type="omfile" file="$DIR/cee" template="parsed")
					stop
				}
			} else {
				action(type="mmjsonparse" cookie="")
				if \$parsesuccess == "OK" then {
					action(type="omfile" file="$DIR/json" template="parsed")
					stop
				}
			}
			action(type="omfile" file="$DIR/neither" template="raw")
		}
	C
}

# All that was sent has arrived: the same bytes as in a file of the same run, in the same order, and
# the same values after a parser that is not ours. Nothing else has.
expect_arrived() { # FILE [json|cee]
	local parsed=$DIR/${2:-json}

	wait_lines "$parsed" "$(wc -l <"$1")"
	same_output <(sed 's/^ //; s/^@cee: //' "$DIR/messages") "$1" || fail "texts differ"
	same_output <(jq -c . "$parsed") <(jq -c . "$1") || fail "values differ"
	expect "what is no JSON" "$(lines_in "$DIR/neither")" 0
}

# syslog-ng, of SYSLOG_NG, with the same sockets, but for TCP port 601 and no UDP. It writes
#   DIR/json      what its JSON parser made of the text
#   DIR/headers   program, process, and type
syslog_ng_start() { # DIR
	local library plugins

	DIR=$1
	mkdir -p "$DIR"
	ip -n "$NS_A" link set lo up
	syslog_ng_config >"$DIR/conf"
	plugins=$(dirname "$(find "$SYSLOG_NG/usr/lib/syslog-ng" -name libafsocket.so | head -n 1)")
	library=$(echo "$SYSLOG_NG"/usr/lib/*-linux-gnu)
	LD_LIBRARY_PATH=$plugins:$library:$SYSLOG_NG/usr/lib/syslog-ng ip netns exec "$NS_A" \
		"$SYSLOG_NG/usr/sbin/syslog-ng" -F --no-caps -f "$DIR/conf" -R "$DIR/persist" \
		-p "$DIR/pid" -c "$DIR/control" "--module-path=$plugins" >"$DIR/log" 2>&1 3>&- &
	READER=$!
	wait_until "syslog-ng has its sockets" test -S "$DIR/local" -a -S "$DIR/new"
	wait_until "syslog-ng listens to TCP" listens "$NS_A" -t 601
}

syslog_ng_config() {
	cat <<-C
		@version: 3.38
		@module syslogformat
		@module afsocket
		@module affile
		@module json-plugin
		@module basicfuncs
		options { keep-hostname(yes); stats-freq(0); };
		source all {
			unix-dgram("$DIR/local");
			unix-dgram("$DIR/new" flags(syslog-protocol));
			syslog(ip("127.0.0.1") port(601) transport("tcp"));
		};
		parser json { json-parser(prefix(".j.")); };
		destination headers { file("$DIR/headers" template("\$PROGRAM \$PID \$MSGID\n")); };
		destination parsed {
			file("$DIR/json" template("\$(format-json --key .j.* --rekey .j.* --shift-levels 2)\n"));
		};
		log { source(all); destination(headers); parser(json); destination(parsed); };
	C
}

# The texts of messages, as lines.
rsyslog_copy() { # DIR...
	local dir

	for dir in "$@"; do
		sed 's/^ //' "$dir/messages"
	done
}

# A reader of a stream socket, DIR/socket, that writes what it reads to DIR/messages.
socat_start() { # [DIR]
	DIR=${1:-$BATS_TEST_TMPDIR/socat}
	mkdir -p "$DIR"
	rm -f "$DIR/socket"
	socat -u "UNIX-LISTEN:$DIR/socket,fork" "OPEN:$DIR/messages,creat,append" 2>"$DIR/log" 3>&- &
	READER=$!
	wait_until "socat listens" test -S "$DIR/socket"
}

# Each line of COPY is one of FILE, and they come in the same order.
expect_some_of() { # COPY FILE
	awk 'NR == FNR { at[$0] = NR; next }
		!($0 in at) { print "not a line of the file: " $0; exit 1 }
		at[$0] <= last { print "out of order, or twice: " $0; exit 1 }
		{ last = at[$0] }' <(nameless "$2") <(nameless "$1") || fail "$1 is not a part of $2"
}
