# SPDX-License-Identifier: BSD-2-Clause
# --ebpf-program: a BPF object that is not ours. The one in contrib/ counts what it says; what is
# not to be trusted, or not laid out as ours, is refused in words before it gets to the kernel.

load common

setup() {
	common_setup
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	PLACE=$BATS_TEST_TMPDIR/place
	install -d -m 0755 "$PLACE"
	OWN=$PLACE/own.bpf.o
}

# contrib's, where only root can write.
syn_only() {
	local built

	built=$(dirname "$HELPERS")/../contrib/syn-only/syn_only.bpf.o
	[ -e "$built" ] || fail "$built is not built"
	install -m 0644 "$built" "$OWN"
}

# Every part of an object that xdptail looks at, each of which a macro can leave out or change; it
# counts nothing.
source_of_own() {
	cat <<-'SOURCE'
		#include <stdbool.h>
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		#include "abi.h"
		#ifndef SECTION
		#define SECTION "xdp"
		#endif
		#ifndef COUNT_VALUE
		#define COUNT_VALUE struct count_value
		#endif
		#ifndef COUNT_TYPE
		#define COUNT_TYPE BPF_MAP_TYPE_PERCPU_HASH
		#endif
		#ifndef SETTINGS_FLAGS
		#define SETTINGS_FLAGS 0
		#endif
		#ifndef TOTALS
		#define TOTALS ABI_GENERATIONS
		#endif
		struct wide_value { __u64 packets, bytes, more; };
		#ifdef RECORD
		struct packet_info *record_type;
		#endif
		#ifndef NO_CONSTANTS
		const volatile struct constants constants SEC(".rodata.constants");
		#endif
		#ifndef NO_SETTINGS
		struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__uint(map_flags, SETTINGS_FLAGS);
			__type(key, __u32);
			__type(value, struct settings);
		#ifdef PINNED
			__uint(pinning, LIBBPF_PIN_BY_NAME);
		#endif
		} settings SEC(".maps");
		#endif
		#ifndef NO_COUNTER
		struct {
			__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
			__uint(max_entries, 1);
			__type(key, __u32);
			__type(value, struct sample_counter);
		} sample_counter SEC(".maps");
		#endif
		#ifndef NO_TOTALS
		struct {
			__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
			__uint(max_entries, TOTALS);
			__type(key, __u32);
			__type(value, struct packet_totals);
		} packet_totals SEC(".maps");
		#endif
		struct generation {
			__uint(type, COUNT_TYPE);
			__uint(max_entries, 16);
			__type(key, struct count_key);
			__type(value, COUNT_VALUE);
		};
		#ifndef NO_COUNT_0
		struct generation packet_count_0 SEC(".maps");
		#endif
		#ifndef NO_COUNT_1
		struct generation packet_count_1 SEC(".maps");
		#endif
		#ifndef NO_COUNT
		struct {
			__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
			__uint(max_entries, ABI_GENERATIONS);
			__type(key, __u32);
			__array(values, struct generation);
		} packet_count SEC(".maps");
		#endif
		#ifndef NO_RING
		struct {
			__uint(type, BPF_MAP_TYPE_RINGBUF);
			__uint(max_entries, 1 << 16);
		} packet_events SEC(".maps");
		#endif
		#ifdef PERF
		struct {
			__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
			__type(key, __u32);
			__type(value, __u32);
		} packet_events_perf SEC(".maps");
		#endif
		SEC(SECTION) int own(void *ctx) { return XDP_PASS; }
		SEC("kprobe/no_such_function") int beside(void *ctx) { return *(int *)0; }
		char own_license[] SEC("license") = "Dual BSD/GPL";
	SOURCE
}

compile() { # [ARGUMENT OF clang...]
	needs clang
	printf '%s\n' "${SOURCE-$(source_of_own)}" | clang -g -O2 -target bpf -mcpu=v2 -w -I"${HEADERS:-$ROOT/bpf}" \
		-idirafter "/usr/include/$(uname -m)-linux-gnu" "$@" -c -x c -o "$OWN" -
	chmod 0644 "$OWN"
}

# Two SYNs, the second of so many bytes of Ethernet.
make_capture() { # BYTES
	"/usr/bin/python3" - "$1" >"$BATS_TEST_TMPDIR/capture" <<-'PYTHON'
		import struct, sys
		size = int(sys.argv[1])
		tcp = struct.pack("!HHIIBBHHH", 4000, 9, 1, 0, 0x50, 2, 0, 0, 0)
		ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, bytes((10, 0, 0, 1)),
		                 bytes((192, 0, 2, 1)))
		frame = (bytes(12) + b"\x08\x00" + ip + tcp).ljust(60, b"\0")
		out = sys.stdout.buffer
		out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
		for n in (60, size):
		    out.write(struct.pack("<IIII", 1700000000, 0, n, n) + frame[:n])
	PYTHON
}

refused() { # SENTENCE [ARGUMENT OF xdptail...]: of OWN
	local sentence=$1

	shift
	tail_run -i tail0 --ebpf-program "$OWN" --function-name own "$@"
	[ "$status" -ne 0 ] || fail "not refused: $sentence"
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *"$sentence"* ]] || fail "not said: \"$sentence\":" "$stderr"
	expect "output" "$output" ""
	expect "attached" "$(attached)" ""
}

@test "contrib's object counts SYNs, each once, and nothing else" {
	local mode

	pair
	syn_only
	for mode in native generic; do
		tail_start --ebpf-program "$OWN" --function-name count_syns -N 1 -m "$mode"
		traffic peer0 50
		traffic -t peer0 100 0 3
		traffic -s peer0 40 0 4
		traffic -s -v 7 peer0 5
		traffic -t peer0 9
		tail_stop
		check_stream "$OUT"
		expect "$mode: exit" "$CODE" 0
		expect "$mode: ebpf_program" "$(jq -nr 'input.ebpf_program' "$OUT")" "$OWN"
		expect "$mode: function_name" "$(jq -nr 'input.function_name' "$OUT")" count_syns
		expect "$mode: seen" "$(of_total "$OUT" snapshot seen)" 204
		expect "$mode: not selected" "$(of_total "$OUT" snapshot not_selected)" 159
		expect "$mode: counted" "$(of_total "$OUT" snapshot counted)" 45
		expect "$mode: records" "$(count_records "$OUT" '.event_type == "packet"')" 45
		expect "$mode: flags" "$(jq -r 'select(.event_type == "packet") | .flags' "$OUT" |
			sort -u)" S
		expect "$mode: sources" "$(jq -r 'select(.event_type == "count") |
			"\(.src_ip) \(.packets)"' "$OUT" | sort | xargs)" \
			"10.0.0.0 15 10.0.0.1 10 10.0.0.2 10 10.0.0.3 10"
		"$XDPTAIL" audit "$OUT" || fail "the stream is not whole"
	done
}

@test "its other programs are there by name, and start says whose they are" {
	pair
	syn_only
	tail_start --ebpf-program "$OWN" -a -N 1
	traffic peer0 50
	traffic -t peer0 100
	tail_stop
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 150
	expect "ebpf_program" "$(jq -nr 'input.ebpf_program' "$OUT")" "$OWN"
	tail_start -a
	tail_stop
	expect "ours" "$(jq -nr 'input.ebpf_program' "$OUT")" null
}

@test "it counts in both generations, also where all CPUs share a counter" {
	local memory i

	pair
	syn_only
	for memory in 256M 230K; do
		tail_start --ebpf-program "$OWN" --function-name count_syns -N 2 --interval 0 \
			--max-sources 1024 --max-map-memory "$memory"
		for i in 1 2 3 4 5; do
			traffic -s peer0 40 0 4
			traffic -t peer0 4
			kill -USR1 "$PID"
			wait_line "$OUT" "\"event_type\":\"snapshot\".*\"snapshot\":$i," "$PID"
		done
		tail_stop
		check_stream "$OUT"
		expect "$memory: map_type" "$(jq -nr 'input.map_type' "$OUT")" \
			"$([ "$memory" = 230K ] && echo hash || echo percpu_hash)"
		expect "$memory: snapshots" "$(jq -r 'select(.event_type == "count" and
			.src_ip == "10.0.0.3") | "\(.snapshot) \(.packets)"' "$OUT" | xargs)" \
			"1 10 2 10 3 10 4 10 5 10"
		expect "$memory: unattributed" "$(of_total "$OUT" snapshot unattributed_packets)" 0
		expect "$memory: counted" "$(of_total "$OUT" snapshot counted)" 200
		expect "$memory: records" "$(count_records "$OUT" '.event_type == "packet"')" 100
		"$XDPTAIL" audit "$OUT" || fail "the stream is not whole"
	done
}

@test "a packet_count with a place that is empty is filled" {
	pair
	HEADERS=$BATS_TEST_TMPDIR/headers
	cp -r "$ROOT/bpf" "$HEADERS"
	sed -i 's/\.values = .*/.values = { \&packet_count_0 },/' "$HEADERS/xdptail.bpf.c"
	SOURCE='#include "xdptail.bpf.c"'
	compile -DXDPTAIL_RING
	tail_start --ebpf-program "$OWN" -a --interval 0
	kill -USR1 "$PID"
	wait_line "$OUT" '"event_type":"snapshot"' "$PID"
	traffic peer0 60 0 3
	tail_stop
	check_stream "$OUT"
	expect "of a source" "$(jq -r 'select(.event_type == "count" and .src_ip == "10.0.0.2") |
		.packets' "$OUT")" 20
	expect "unattributed" "$(of_total "$OUT" snapshot unattributed_packets)" 0
}

@test "a capture goes through it with --prog-run, and ends where it can't" {
	local capture=$BATS_TEST_TMPDIR/capture

	syn_only
	make_capture 60
	"$XDPTAIL" -r "$capture" --prog-run --ebpf-program "$OWN" --function-name count_syns -N 1 \
		--transport ringbuf >"$OUT" 2>"$ERR"
	check_stream "$OUT"
	expect "records" "$(count_records "$OUT" '.event_type == "packet"')" 2
	expect "seen" "$(of_total "$OUT" snapshot seen)" 2
	expect "ebpf_program" "$(jq -nr 'input.ebpf_program' "$OUT")" "$OWN"
	make_capture 10
	run --separate-stderr "$XDPTAIL" -r "$capture" --prog-run --ebpf-program "$OWN" \
		--function-name count_syns
	[ "$status" -ne 0 ] || fail "not refused"
	[[ $stderr == *"a frame of 10 bytes can't be given to the kernel's program, and only"* ]] ||
		fail "$stderr"
	run --separate-stderr "$XDPTAIL" -r "$capture" --ebpf-program "$OWN"
	expect "exit" "$status" 2
	[[ $stderr == *"--ebpf-program: does not apply to a capture file"* ]] || fail "$stderr"
}

@test "a program that looks into tunnels is asked for by name, and refused where there is none" {
	pair
	syn_only
	refused 'the program "count_syns" cannot look into tunnels: there is no "count_syns_decap"' \
		--function-name count_syns --decap
	refused 'there is no program "count_all"; there are "count_tcp_packets", "count_packets", "count_syns"' \
		--function-name count_all
}

@test "without a program beside it, interfaces that begin with IP are refused" {
	pair
	ip -n "$NS_A" tuntap add tun0 mode tun
	compile
	tail_run -i tun0 --ebpf-program "$OWN" --function-name own
	expect "exit" "$status" 4
	[[ $stderr == *'frames of "tun0" begin with IP, and there is no program'* ]] || fail "$stderr"
}

@test "a file that somebody else could have made is refused" {
	pair
	compile
	tail_start --ebpf-program "$OWN" --function-name own
	tail_stop
	expect "a good one: exit" "$CODE" 0
	chmod 0664 "$OWN"
	refused "own.bpf.o: others may write to it (mode 0664); chmod go-w"
	chmod 0646 "$OWN"
	refused "own.bpf.o: others may write to it (mode 0646)"
	chmod 0644 "$OWN"
	chown 12345 "$OWN"
	refused "own.bpf.o: belongs to user 12345; a BPF object must belong to root or to user 0"
	chown 0 "$OWN"
	chmod 0775 "$PLACE"
	refused "own.bpf.o: others may write to its directory (mode 0775)"
	chmod 0755 "$PLACE"
	chown 12345 "$PLACE"
	refused "own.bpf.o: its directory belongs to user 12345"
	chown 0 "$PLACE"
	chmod 1777 "$PLACE"
	tail_start --ebpf-program "$OWN" --function-name own
	tail_stop
	expect "in a sticky directory: exit" "$CODE" 0
}

@test "what is no object is refused, and nothing is waited for" {
	pair
	compile
	mv "$OWN" "$PLACE/real.o"
	refused "cannot open $OWN: No such file or directory"
	ln -s real.o "$OWN"
	refused "own.bpf.o: is a symbolic link"
	rm "$OWN"
	mkfifo -m 0644 "$OWN"
	refused "own.bpf.o: is not a regular file"
	rm "$OWN"
	mkdir "$OWN"
	refused "own.bpf.o: is not a regular file"
	rmdir "$OWN"
	: >"$OWN"
	refused "own.bpf.o: has 0 bytes, and an object has 1 to 16777216"
	truncate -s 16777217 "$OWN"
	refused "own.bpf.o: has 16777217 bytes"
	head -c 700 "$PLACE/real.o" >"$OWN"
	refused "own.bpf.o: is no BPF object: "
	echo "not an ELF file" >"$OWN"
	refused "own.bpf.o: is no BPF object: "
}

@test "each map that is missing is named" {
	local row

	pair
	for row in SETTINGS:settings COUNTER:sample_counter TOTALS:packet_totals \
		COUNT_0:packet_count_0 COUNT_1:packet_count_1 COUNT:packet_count \
		CONSTANTS:.rodata.constants RING:packet_events; do
		compile "-DNO_${row%%:*}"
		refused "own.bpf.o: map \"${row#*:}\" is missing"
	done
}

@test "each map of another type or size is named, with both" {
	pair
	compile '-DCOUNT_VALUE=struct wide_value'
	refused 'own.bpf.o: map "packet_count_0": value size 24, need 16'
	compile -DCOUNT_TYPE=BPF_MAP_TYPE_HASH
	refused 'own.bpf.o: map "packet_count_0": type hash, need percpu_hash'
	compile -DTOTALS=3
	refused 'own.bpf.o: map "packet_totals": max_entries 3, need 2'
	compile -DSETTINGS_FLAGS=8
	refused 'own.bpf.o: map "settings": flags 8, need 0'
	compile -DPERF
	refused 'own.bpf.o: there are both maps "packet_events" and "packet_events_perf"'
}

@test "records and settings of another layout are named by member" {
	pair
	HEADERS=$BATS_TEST_TMPDIR/headers
	cp -r "$ROOT/bpf" "$HEADERS"
	sed -i 's/__be32 seq_num;/__be32 gone;/' "$HEADERS/abi.h"
	compile -DRECORD
	refused 'own.bpf.o: struct packet_info: member "seq_num" is missing'
	cp "$ROOT/bpf/abi.h" "$HEADERS"
	sed -i 's/__u32 sample_rate; \/\* N; /&the second /; s/^\t__u32 generation; .*/\t__u32 later;/;
		s/^\t__u32 pad; \/\* zero \*\//\t__u32 generation;/' "$HEADERS/abi.h"
	compile
	refused 'own.bpf.o: struct settings: "generation" at byte 12, need 0'
	cp "$ROOT/bpf/abi.h" "$HEADERS"
	sed -i 's/__u32 ifindex;/__u16 ifindex, more;/' "$HEADERS/abi.h"
	compile -DRECORD
	refused 'own.bpf.o: struct packet_info: "ifindex" has 2 bytes, need 4'
}

@test "the map of the samples is the transport, and another one is refused" {
	pair
	compile
	refused 'own.bpf.o: its samples come through the map "packet_events", so the transport "perf"' \
		--transport perf
	compile -DNO_RING -DPERF
	refused 'its samples come through the map "packet_events_perf", so the transport "ringbuf"' \
		--transport ringbuf
	tail_start --ebpf-program "$OWN" --function-name own
	tail_stop
	expect "transport" "$(jq -nr 'input.transport' "$OUT")" perf
}

@test "SIGHUP does not take another one" {
	local config=$BATS_TEST_TMPDIR/config

	pair
	compile
	printf '{ "ebpf_program": "%s", "function_name": "own" }' "$OWN" >"$config"
	tail_start -f "$config"
	printf '{ "ebpf_program": "/nowhere", "function_name": "own", "sample": 3 }' >"$config"
	kill -HUP "$PID"
	wait_line "$OUT" '"sample_rate":3' "$PID"
	tail_stop
	expect_line "$ERR" '"ebpf-program" changed; it takes effect after a restart'
	expect "ebpf_program" "$(jq -r 'select(.event_type == "start") | .ebpf_program' "$OUT" |
		sort -u)" "$OWN"
}

@test "only the named program is loaded, and only if it is for XDP" {
	pair
	compile # with a kprobe that no kernel takes
	tail_start --ebpf-program "$OWN" --function-name own
	[[ $(attached) == *prog/xdp* ]] || fail "nothing is attached"
	tail_stop
	expect "exit" "$CODE" 0
	refused 'own.bpf.o: the program "beside" is of section "kprobe/no_such_function", need "xdp"' \
		--function-name beside
	compile '-DSECTION="xdp/cpumap"'
	refused 'own.bpf.o: the program "own" is of section "xdp/cpumap", need "xdp"'
}

@test "a map that wants to be pinned is not" {
	pair
	[ -d /sys/fs/bpf ] || skip "needs /sys/fs/bpf"
	[ ! -e /sys/fs/bpf/settings ] || skip "somebody has pinned a map of that name"
	compile -DPINNED
	tail_start --ebpf-program "$OWN" --function-name own
	[ ! -e /sys/fs/bpf/settings ] || fail "the map is pinned"
	tail_stop
	expect "exit" "$CODE" 0
	[ ! -e /sys/fs/bpf/settings ] || fail "the map is pinned"
}

@test "a program that the verifier does not take is refused" {
	pair
	SOURCE='#include "xdptail.bpf.c"
		SEC("xdp") int own(struct xdp_md *ctx)
		{
			return *(volatile int *)(long)ctx->data;
		}'
	compile -DXDPTAIL_RING
	refused "own.bpf.o: Linux $(uname -r) does not take the program \"own\": its verifier says \"R"
	expect "exit" "$status" 4
	expect "lines of messages" "$(wc -l <<<"$stderr")" 1
	tail_run -i tail0 --ebpf-program "$OWN" --function-name own -v
	[[ $stderr == *'debug: verifier: processed '* ]] || fail "$stderr"
}
