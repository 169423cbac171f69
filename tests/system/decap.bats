# SPDX-License-Identifier: BSD-2-Clause
# --decap: the packets inside tunnels are counted, selected and recorded, and those around are
# beside them.

load common

TUNNELS="vxlan geneve gre ipip gtpu"

of_start() { # KEY
	jq -nc "input.$1" "$OUT"
}

@test "the packet inside is the one that is counted, selected and recorded" {
	local mode tunnel

	pair
	for mode in native generic; do
		tail_start -N 1 -m "$mode" --decap
		for tunnel in $TUNNELS; do
			traffic -t -e "$tunnel" peer0 30 0 3
			traffic -e "$tunnel" peer0 7
		done
		traffic -t -p 5000 peer0 10
		tail_stop
		check_stream "$OUT"
		expect "$mode: decap" "$(of_start decap)" true
		expect "$mode: seen" "$(seen)" 195
		expect "$mode: packets" "$(counted packets)" 160
		for tunnel in $TUNNELS; do
			expect "$mode $tunnel: numbers" "$(jq -r "select(.tunnel == \"$tunnel\") | .seq_num" \
				"$OUT" | xargs)" "$(seq 0 29 | xargs)"
			expect_packet ".tunnel == \"$tunnel\" and .seq_num == 1" src_ip=10.0.0.1 \
				dst_ip=198.51.100.7 src_port=4000 dst_port=9 protocol=6 packet_type=0 \
				tcp_flags=16 ttl=64 outer_src_ip=172.16.0.1 outer_dst_ip=172.16.0.2 \
				vlan=null parse=null fragment=null
		done
		expect_packet '.src_port == 5000' tunnel=null outer_src_ip=null src_ip=10.0.0.0
		expect "$mode: sources" "$(jq -r 'select(.event_type == "count") |
			"\(.src_ip) \(.packets)"' "$OUT" | sort | xargs)" \
			"10.0.0.0 60 10.0.0.1 50 10.0.0.2 50"
	done
}

@test "without it, the packet around is" {
	local transport

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 --transport "$transport"
		traffic -t -e vxlan peer0 10
		tail_stop
		check_stream "$OUT"
		expect "$transport: decap" "$(of_start decap)" null
		expect "$transport: packets" "$(counted packets)" 10
		expect_packet true src_ip=172.16.0.1 dst_ip=172.16.0.2 dst_port=4789 protocol=17 \
			packet_len=114 tunnel=null outer_src_ip=null
		tail_start -a -N 1 --transport "$transport" --decap
		traffic -t -e vxlan peer0 10
		tail_stop
		check_stream "$OUT"
		expect "$transport: packets with it" "$(counted packets)" 10
		expect_packet true src_ip=10.0.0.0 packet_len=114 tunnel=vxlan \
			outer_src_ip=172.16.0.1
	done
}

@test "tags are those of the frame" {
	pair
	tail_start -N 1 --decap
	traffic -t -v 5 -v 6 -e gre peer0 1
	tail_stop
	check_stream "$OUT"
	expect_packet true tunnel=gre vlan=5 vlan_inner=6 src_ip=10.0.0.0
}

@test "jumbo frames: bytes are those of the frame on the wire" {
	local size

	pair
	ip -n "$NS_A" link set tail0 mtu 9100
	ip -n "$NS_B" link set peer0 mtu 9100
	tail_start -N 1 -m auto --decap
	for size in 1500 4000 9000; do
		traffic -t -p "$size" -e vxlan peer0 1 0 1 "$size"
	done
	tail_stop
	check_stream "$OUT"
	for size in 1500 4000 9000; do
		expect_packet ".src_port == $size" tunnel=vxlan packet_len=$((size + 50)) parse=null
	done
	expect "bytes" "$(of_total "$OUT" snapshot counted_bytes)" 14650
}

@test "a VXLAN of the kernel" {
	local end ns dev number peer

	pair
	for end in "$NS_A tail0 1 2" "$NS_B peer0 2 1"; do
		read -r ns dev number peer <<<"$end"
		ip -n "$ns" link add vxlan0 type vxlan id 42 dstport 4789 dev "$dev" \
			local "192.0.2.$number" remote "192.0.2.$peer" 2>/dev/null ||
			skip "needs a kernel with VXLAN (CONFIG_VXLAN)"
		ip -n "$ns" address add "10.9.0.$number/24" dev vxlan0
		ip -n "$ns" link set vxlan0 up
	done
	tail_start -a -N 1 -m native --decap
	ip netns exec "$NS_B" ping -q -c 3 -i 0.2 -W 5 10.9.0.1
	tail_stop
	check_stream "$OUT"
	expect "requests" "$(count_records "$OUT" '.icmp_type == 8')" 3
	expect_packet '.icmp_type == 8' src_ip=10.9.0.2 dst_ip=10.9.0.1 protocol=1 tunnel=vxlan \
		outer_src_ip=192.0.2.2 outer_dst_ip=192.0.2.1 packet_len=148
	# ARP inside has no IP: the packet around stands for itself
	expect_packet '.protocol == 17' src_ip=192.0.2.2 dst_port=4789 tunnel=null
}

@test "an interface whose frames begin at IP" {
	local inner="45000028 00000000 40060000 c0000207 c6336408 01bbbdc1 01020304 0a0b0c0d 5018ffff 00000000"

	[ -c /dev/net/tun ] || skip "this kernel has no tun devices"
	ip netns add "$NS_A"
	ip netns exec "$NS_A" sysctl -q -w net.ipv6.conf.default.disable_ipv6=1
	ip -n "$NS_A" tuntap add dev tun0 mode tun || skip "no tun device may be made here"
	ip -n "$NS_A" link set tun0 up
	INTERFACE=tun0 tail_start -N 1 --decap
	ip netns exec "$NS_A" "$HELPERS/tun" tun0 1 "4500003c 00000000 40040000 ac100001 ac100002 $inner"
	tail_stop
	expect_packet true src_ip=192.0.2.7 protocol=6 src_port=443 packet_len=60 tunnel=ipip \
		outer_src_ip=172.16.0.1 outer_dst_ip=172.16.0.2
}
