# SPDX-License-Identifier: BSD-2-Clause
# What is refused before anything is attached: each with its exit code, and one line that names the
# culprit.

load common

# Of the last tail_run.
expect_refusal() { # NAME EXIT TEXT
	expect "$1: exit" "$status" "$2"
	# shellcheck disable=SC2154
	[[ $stderr == "xdptail: error: "*"$3"* ]] || fail "$1: got \"$stderr\", want \"$3\""
	expect "$1: lines of messages" "$(wc -l <<<"$stderr")" 1
}

@test "bad invocations" {
	local arguments code want

	pair
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here"
	echo '{"interface": "tail0"}' >good
	mkdir dir
	while IFS='|' read -r arguments code want; do
		# shellcheck disable=SC2086
		tail_run $arguments
		expect_refusal "$arguments" "$code" "$want"
		# audit has a verdict all the same, and a run its last records
		[ "${arguments%% *}" = audit ] || [ "$code" = 4 ] ||
			expect "$arguments: stdout" "$output" ""
	done <<-'TABLE'
		|2|no interface is named: use -i IF
		doctr|2|"doctr": no such command; did you mean doctor?
		audti x|2|"audti": no such command; did you mean audit?
		chek-config x|2|"chek-config": no such command; did you mean check-config?
		help|2|"help": no such command; did you mean --help?
		tcp port 80|2|"tcp": not an option; filters (tcpdump's expressions)
		-i tail0 -o stdout,queue=1M,queue=2M|2|--output: queue is given twice
		-a|2|no interface is named: use -i IF
		-i|2|--interface: needs a value
		-i a/b|2|"a/b" cannot be the name of an interface
		-i tail0:1|2|"tail0:1" cannot be the name of an interface
		-i ..|2|".." cannot be the name of an interface
		--interface=|2|--interface: "" cannot be the name of an interface
		-i an-interface-of-a-long-name|2|cannot be the name of an interface
		-i tail0 -i lo -i tail0|2|--interface: "tail0" is given twice
		-i nothing|4|there is no interface "nothing"
		-i tail0 -N|2|--sample: needs a value: --sample N
		-i tail0 --sample=|2|--sample: "" is not a number from 0 to 1073741824
		-i tail0 -N -1|2|--sample: "-1" is not a number from 0 to 1073741824
		-i tail0 -N +1|2|--sample: "+1" is not a number from 0 to 1073741824
		-i tail0 -N 0x10|2|--sample: "0x10" is not a number from 0 to 1073741824
		-i tail0 -N 1.5|2|--sample: "1.5" is not a number from 0 to 1073741824
		-i tail0 -N 1073741825|2|--sample: "1073741825" is not a number from 0 to 1073741824
		-i tail0 -N 99999999999999999999|2|is not a number from 0 to 1073741824
		-i tail0 --ring-size 1K|2|--ring-size: "1K" is not a number of bytes from 64K to 1G
		-i tail0 --ring-size 2048M|2|--ring-size: "2048M" is not a number of bytes from 64K to 1G
		-i tail0 --ring-size 16X|2|--ring-size: "16X" is not a number of bytes
		-i tail0 --max-map-memory 1K|2|--max-map-memory: "1K" is not a number of bytes from 64K to 1024G
		-i tail0 --max-sources 0|2|--max-sources: "0" is not a number from 1 to 1048576
		-i tail0 --top 1048577|2|--top: "1048577" is not a number from 0 to 1048576
		-i tail0 --interval ten|2|--interval: "ten" is not a time
		-i tail0 --interval 86401|2|--interval: "86401" is not a time from 0 to 86400 seconds
		-i tail0 -c 0|2|--count: "0" is not a number from 1
		-i tail0 --duration 0|2|--duration: "0" is not a time from 1
		-i tail0 --batch 1001|2|--batch: "1001" is not a number from 0 to 1000
		-i tail0 -m fast|2|--mode: "fast" is not one of auto, native, generic
		-i tail0 --transport udp|2|--transport: "udp" is not one of auto, ringbuf, perf
		-i tail0 --sample-mode odd|2|--sample-mode: "odd" is not one of every, random
		-i tail0 --timestamps s|2|--timestamps: "s" is not one of us, ns
		-i tail0 --user nobody-of-that-name|2|--user: there is no user "nobody-of-that-name"
		-i tail0 --user=|2|--user: the value is empty
		-i tail0 --function-name nothing|2|there is no program "nothing"; there are "count
		-i tail0 -a --function-name count_tcp_packets|2|--function-name
		-i tail0 --all=yes|2|--all: takes no value
		-i tail0 --s 1|2|--s: could be --sample or --sample-mode
		-i tail0 --frobnicate|2|--frobnicate: no such option
		-i tail0 --trasnport perf|2|did you mean --transport?
		-i tail0 -Z|2|-Z: no such option
		-i tail0 -n|2|-n: no such option; addresses are never resolved
		-i tail0 -w x.pcap|2|-w: no such option; use -o file:PATH
		-i tail0 tcp port 80|2|"tcp": not an option; filters
		-i tail0 -- tcp|2|"tcp": not an option; filters
		tail0|2|did you mean -i tail0?
		-i tail0 -o elsewhere|2|"elsewhere" is not an output
		-i tail0 -o dir/x|2|"dir/x" is not an output; to write to a file of that name, use file:dir/x
		-i tail0 -o stdout -o -|2|"stdout" is given twice
		-i tail0 -o stdout:x|2|"stdout" takes no target, but got "x"
		-i tail0 -o file:|2|missing target for "file": use file:PATH
		-i tail0 -o file:dir|2|cannot write to "dir": it is a directory
		-i tail0 -o file:nowhere/x|2|the directory "nowhere" does not exist
		-i tail0 -o file:x,queue=1|2|queue: "1" is not a number of bytes from 64K
		-i tail0 -o file:x,queu=1M|2|unknown setting queu: the settings of file are queue,
		-i tail0 -o file:x,queue|2|"queue" in the settings of "file:x" is not of the form key=value
		-i tail0 -o file:x,events=packets|2|events: "packets" is not one of packet
		-i tail0 -o file:x,keep=3|2|keep requires rotate_size
		-i tail0 -o file:x,rotate_size=1|2|rotate_size: "1" is not a number of bytes from 64K
		-i tail0 -o stdout,when_full=block|2|when_full=block of "stdout" is for capture files
		-i tail0 -o syslog:loghost|2|"loghost" is not a target for syslog; use /PATH
		-i tail0 -o syslog:udp://|2|"udp://": expected a host name or address after the //
		-i tail0 -o syslog:tcp://host:0|2|"tcp://host:0": "0" is not a port
		-i tail0 -o syslog,facility=none|2|facility: "none" is not one of user, mail
		-i tail0 -o unix|2|missing target for "unix"
		-r|2|--read: needs a value: --read FILE
		-r nothing|2|cannot open "nothing": No such file
		-r good|2|"good" is no capture that can be read
		-r good -i tail0|2|--read: there is --interface too
		-r good --mode native|2|--mode: does not apply to a capture file
		-i tail0 --prog-run|2|--prog-run: does not apply to an interface
		-f nothing|2|cannot read the config file "nothing": No such file
		-f dir|2|cannot read the config file "dir": it is no regular file
		-f good good|2|"good": not an option
		audit nothing|1|audit: cannot read "nothing": No such file
		audit dir|1|audit: cannot read "dir": Is a directory
		audit --frobnicate|2|audit: unknown option "--frobnicate"
		audit --json=yes good|2|audit: unknown option "--json=yes"
		doctor -i|2|doctor: --interface: needs a value
		doctor --frobnicate|2|doctor: unknown option "--frobnicate"
		doctor tail0|2|doctor: "tail0": not an option; an interface is named by -i
		check-config|2|check-config takes one file
		check-config good good|2|check-config takes one file
		check-config nothing|2|cannot read the config file "nothing": No such file
		check-config dir|2|cannot read the config file "dir": it is no regular file
		check-config --frobnicate|2|check-config: unknown option "--frobnicate"
	TABLE
	expect "attached" "$(attached)" ""
	expect "files that were made" "$(find . -mindepth 1 ! -name good ! -name dir)" ""
}

# Through -f, and by the command that only reads it.
@test "bad config files: the line and the key are named" {
	local text want

	pair
	cd "$BATS_TEST_TMPDIR"
	while IFS='|' read -r text want; do
		printf '%b' "$text" >config
		tail_run -f config
		expect_refusal "-f: $text" 2 "config:$want"
		expect "-f: $text: stdout" "$output" ""
		tail_run check-config config
		expect_refusal "check-config: $text" 2 "config:$want"
		expect "check-config: $text: stdout" "$output" ""
	done <<-'TABLE'
		|1: the file ends before its object does
		[]|1: top level must be an object
		{}\n{}|2: trailing data after the object
		{\n"sample": 1,\n}|3: unexpected character (missing or extra comma?)
		{\n'sample': 1}|2: strings are in double quotes
		{\n"sample: 1}\n|2: a string begins here and does not end
		{\n\n/* x|3: a comment begins here and does not end
		{"sample": NaN}|1: "NaN" is no word of JSON
		{"sample": 1,\n"sample": 2}|2: sample: is given twice, and first in line 1
		{"a":[[[[[[[[1]]]]]]]]}|1: more than 8 objects and arrays inside each other
		{\n"sampel": 1}|2: sampel: no such key; did you mean "sample"?
		{\n"help": true}|2: help: no such key: it is for the command line only
		{"sample":\n"1"}|1: sample: expected a number, got a string
		{"sample": 1.5}|1: sample: expected a number, got a number with a fraction
		{"sample": -1}|1: sample: "-1" is not a number from 0 to 1073741824
		{"sample": 99999999999999999999}|1: sample: is a number with too many digits
		{"top": null}|1: top: expected a number, got null
		{"ring_size": "1T"}|1: ring_size: "1T" is not a number of bytes from 64K to 1G
		{"mode": "fast"}|1: mode: "fast" is not one of auto, native, generic
		{"all": 1}|1: all: expected true or false, got a number
		{"verbose": 10}|1: verbose: 10 is not a number from 0 to 9
		{"interface": []}|1: interface: the list is empty
		{"interface": "a/b"}|1: interface: "a/b" cannot be the name of an interface
		{"interface": ["lo", "lo"]}|1: interface: "lo" is given twice
		{"user": ""}|1: user: the value is empty
		{"output": "printer"}|1: output: "printer" is not an output
		{"output": {}}|1: output: an output without "type"
		{"output": {"type": "file"}}|1: output: missing target for "file"
		{"output": {"type": "stdout",\n"queu": 1}}|2: output: unknown setting queu: the settings of stdout
		{"output": {"type": "stdout",\n"queue": 1}}|2: output: queue: "1" is not a number of bytes from 64K
		{"output": {"type": "stdout", "events": ["x"]}}|1: output: events: "x" is not one of packet
		{"output": ["stdout", "-"]}|1: output: "stdout" is given twice
		{"interface": "lo",\n"read": "x"}|2: read: there is --interface too
		{"read": "x",\n"trace": true}|2: trace: does not apply to a capture file
	TABLE
	expect "attached" "$(attached)" ""
}
