# SPDX-License-Identifier: BSD-2-Clause
# Interfaces whose frames do not begin with Ethernet, and frames that have more than Ethernet.

load common

TCP4="45000028 00000000 40060000 c0000207 c6336408 01bbbdc1 01020304 0a0b0c0d 5018ffff 00000000"
UDP4="45000020 00000000 40110000 c0000209 c6336408 01bbbdc1 000c0000 61616161"
UDP6="60000000 000c1140 20010db8 00000000 00000000 00000007 20010db8 00000000 00000000 00000008"
UDP6+=" 01bbbdc1 000c0000 61616161"

tun() { # [TYPE]: a tun device, up, on which the kernel itself sends nothing
	[ -c /dev/net/tun ] || skip "this kernel has no tun devices"
	[ -e "/run/netns/$NS_A" ] || ip netns add "$NS_A"
	ip netns exec "$NS_A" sysctl -q -w net.ipv6.conf.default.disable_ipv6=1
	ip -n "$NS_A" tuntap add dev tun0 mode tun || skip "no tun device may be made here"
	[ -z "${1:-}" ] || ip netns exec "$NS_A" "$HELPERS/tun" -t "$1" tun0
	ip -n "$NS_A" link set tun0 up
}

tun_send() { # COUNT HEX...
	ip netns exec "$NS_A" "$HELPERS/tun" tun0 "$@"
}

# The source, length, protocol and ports of each packet record.
packets() {
	jq -r 'select(.event_type == "packet") |
		"\(.src_ip) \(.packet_len) \(.protocol) \(.src_port) \(.dst_port)"' "$OUT"
}

@test "a tun device: frames that begin at IP, by both transports" {
	local transport

	tun
	for transport in ringbuf perf; do
		INTERFACE=tun0 tail_start -a -N 1 --transport "$transport"
		expect "$transport: sent" "$(tun_send 1 "$TCP4" "$UDP4" "$UDP6")" 3
		tail_stop
		expect "$transport: exit" "$CODE" 0
		expect "$transport: packets" "$(packets)" "$(printf '%s\n' \
			"192.0.2.7 40 6 443 48577" "192.0.2.9 32 17 443 48577" \
			"2001:db8::7 52 17 443 48577")"
	done
}

@test "a tun device: TCP alone, and the rest is accounted for" {
	local snapshot

	tun
	INTERFACE=tun0 tail_start -N 1
	expect "sent" "$(tun_send 100 "$TCP4" "$UDP4")" 200
	tail_stop
	expect "packets" "$(count_records "$OUT" '.event_type == "packet"')" 100
	snapshot=$(jq -c 'select(.event_type == "snapshot" and .total) |
		[.seen, .not_ip // 0, .not_selected, .counted]' "$OUT")
	expect "snapshot" "$snapshot" "[200,0,100,100]"
}

# What a tunnel's driver hands XDP is another matter than its type: see below.
@test "every type of interface whose frames begin at IP is taken" {
	local type

	for type in 65534 512 768 769 776 778; do
		tun "$type"
		INTERFACE=tun0 tail_start -a -N 1
		expect "type $type: sent" "$(tun_send 1 "$UDP4")" 1
		tail_stop
		expect "type $type: packets" "$(packets)" "192.0.2.9 32 17 443 48577"
		ip -n "$NS_A" link del tun0
	done
}

@test "an interface with other frames is refused by name" {
	local type

	for type in 280 801 824; do
		tun "$type"
		tail_run -i tun0 -a
		expect "type $type: exit" "$status" 4
		# shellcheck disable=SC2154
		[[ $stderr == *"frames of \"tun0\" begin with neither Ethernet nor IP (its type is $type,"* ]] ||
			fail "type $type: stderr: $stderr"
		ip -n "$NS_A" link del tun0
	done
}

@test "tunnels of IP" {
	local kind n=0

	pair
	for kind in "wireguard" "ipip local 192.0.2.1 remote 192.0.2.2" \
		"gre local 192.0.2.1 remote 192.0.2.2" "sit local 192.0.2.1 remote 192.0.2.2"; do
		# shellcheck disable=SC2086 # its words
		ip -n "$NS_A" link add tunnel0 type $kind 2>/dev/null || continue
		n=$((n + 1))
		ip -n "$NS_A" link set tunnel0 up
		INTERFACE=tunnel0 tail_start -a -N 1
		tail_stop
		expect "$kind: exit" "$CODE" 0
		ip -n "$NS_A" link del tunnel0
	done
	[ "$n" -gt 0 ] || skip "this kernel has neither WireGuard nor a tunnel of IP"
}

@test "an ipip tunnel: the packets inside are seen" {
	pair
	ip -n "$NS_A" link add tunnel0 type ipip local 192.0.2.1 remote 192.0.2.2 2>/dev/null ||
		skip "this kernel has no ipip tunnels"
	ip -n "$NS_B" link add tunnel0 type ipip local 192.0.2.2 remote 192.0.2.1
	ip -n "$NS_A" address add 198.51.100.1/24 dev tunnel0
	ip -n "$NS_B" address add 198.51.100.2/24 dev tunnel0
	ip -n "$NS_A" link set tunnel0 up
	ip -n "$NS_B" link set tunnel0 up
	INTERFACE=tunnel0 tail_start -a -N 1
	ip netns exec "$NS_B" ping -q -c 1 -W 5 198.51.100.1
	tail_stop
	expect "requests" "$(count_records "$OUT" '.icmp_type == 8 and .src_ip == "198.51.100.2"')" 1
}

@test "the program for frames that begin at IP is not to be named" {
	pair
	tail_run -i tail0 --function-name count_packets_ip
	expect "exit" "$status" 2
	[[ $stderr == *'there is no program "count_packets_ip"; there are "count_tcp_packets", "count_packets"'* ]] ||
		fail "stderr: $stderr"
}
