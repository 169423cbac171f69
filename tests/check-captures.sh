#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# check-captures.sh BUILD DIR: read every capture in DIR with the xdptail that was built there and
# with tshark, and compare them packet by packet: time, length, outermost addresses, protocol,
# ports, flags, sequence numbers, ICMP's type and code, VLAN, fragments. Then the same with --decap,
# where it is of the packets inside tunnels, and the addresses around them. Fails when they disagree
# on a frame that tshark does not call malformed.
set -euo pipefail

build=$(realpath "$1")
dir=$2
tests=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line a record: time, and what check-captures.awk compares.
records() { # FILE OPTION...
	"$build/xdptail" -q -a -N 1 --timestamps ns --interval 0 --top 1 -r "$@" |
		jq -r 'select(.event_type == "packet") | [
			(.timestamp[0:19] + "Z" | fromdateiso8601 | tostring) + .timestamp[19:29],
			.packet_len, .src_ip, .dst_ip, .protocol, .src_port, .dst_port, .tcp_flags,
			.seq_num, .ack_num, .icmp_type, .icmp_code, .vlan,
			.fragment, .parse, .outer_src_ip, .outer_dst_ip, .tunnel] | map(. // "-" | tostring) | join("\t")'
}

# The same, with the number of its frame before it, which a copy of the capture tells.
ours() { # FILE OPTION...
	"$build/tests/system/number_frames" "$1" >"$work/numbered"
	records "$@" >"$work/records"
	records "$work/numbered" "${@:2}" | sed 's/\..*//' >"$work/numbers"
	[ "$(wc -l <"$work/records")" = "$(wc -l <"$work/numbers")" ] || {
		echo "$1: not as many records as of its copy" >&2
		return 1
	}
	paste "$work/numbers" "$work/records"
}

# The columns that check-captures.awk knows by their numbers.
theirs() { # FILE
	local field arguments=()

	for field in frame.number frame.time_epoch frame.len frame.protocols \
		ip.src ip.dst ip.proto ip.frag_offset ip.flags.mf \
		ipv6.src ipv6.dst ipv6.nxt ipv6.hopopts.nxt ipv6.dstopts.nxt ipv6.routing.nxt \
		ipv6.fraghdr.nxt ipv6.fraghdr.offset ipv6.fraghdr.more ah.next_header \
		tcp.srcport tcp.dstport tcp.flags tcp.seq_raw tcp.ack_raw \
		udp.srcport udp.dstport sctp.srcport sctp.dstport dccp.srcport dccp.dstport \
		icmp.type icmp.code icmpv6.type icmpv6.code vlan.id ieee8021ad.id \
		_ws.expert.group ip.bogus_ip_length ip.bogus_header_length ip.bogus_ip_version \
		tcp.bogus_header_length; do
		arguments+=(-e "$field")
	done
	# as they lie on the wire: nothing put together again, nothing relative
	tshark -n -r "$1" -o ip.defragment:FALSE -o ipv6.defragment:FALSE \
		-o tcp.desegment_tcp_streams:FALSE -o tcp.relative_sequence_numbers:FALSE \
		-o tcp.analyze_sequence_numbers:FALSE \
		-T fields -E separator=/t -E occurrence=a -E aggregator=, "${arguments[@]}" \
		2>"$work/tshark" || true # it says so of a capture that is cut, too
}

put() { # FRAMES AGREEMENTS DISAGREEMENTS LESS MALFORMED...
	echo "$1 frames, $2 agreements, $3 disagreements; $4 where we say less and why," \
		"$5 disagreements on what tshark calls malformed"
}

put_tunnels() { # FRAMES AGREEMENTS DISAGREEMENTS LESS MALFORMED TUNNELS UNSEEN
	echo "with --decap: $6 tunnels, $(put "$@"); $7 tunnels not looked into"
}

# Leaves what check-captures.awk prints in $work/result, its last line in the array result.
compare() { # DECAP FILE OPTION...
	ours "${@:2}" 2>>"$work/messages" >"$work/ours" || {
		cat "$work/messages"
		exit 1
	}
	awk -v decap="$1" -f "$tests/check-captures.awk" "$work/ours" "$work/theirs" >"$work/result"
	read -r -a result < <(tail -n 1 "$work/result")
}

sums=(0 0 0 0 0 0 0)
inner_sums=(0 0 0 0 0 0 0)
read_captures=0
for file in "$dir"/*.cap "$dir"/*.pcap "$dir"/*.pcapng "$dir"/*.gz; do
	[ -e "$file" ] || continue
	status=0
	"$build/xdptail" -q -N 0 -r "$file" >/dev/null 2>"$work/messages" || status=$?
	if [ "$status" -gt 1 ]; then
		echo "$(basename "$file"): not read: $(sed 's/^xdptail: error: //' "$work/messages")"
		continue
	fi
	theirs "$file" >"$work/theirs"
	compare 0 "$file"
	echo "$(basename "$file"): $(put "${result[@]}")"
	head -n -1 "$work/result"
	for i in "${!sums[@]}"; do
		sums[i]=$((sums[i] + result[i]))
	done
	compare 1 "$file" --decap
	if [ "${result[5]}" -gt 0 ] || [ "${result[6]}" -gt 0 ]; then
		echo "$(basename "$file"): $(put_tunnels "${result[@]}")"
		head -n -1 "$work/result"
	fi
	for i in "${!sums[@]}"; do
		inner_sums[i]=$((inner_sums[i] + result[i]))
	done
	read_captures=$((read_captures + 1))
done

echo "$read_captures captures: $(put "${sums[@]}")"
echo "$read_captures captures: $(put_tunnels "${inner_sums[@]}")"
[ "$read_captures" -gt 0 ] && [ "${sums[2]}" -eq 0 ] && [ "${inner_sums[2]}" -eq 0 ]
