# SPDX-License-Identifier: BSD-2-Clause
# awk -f check-captures.awk OURS THEIRS: compare what xdptail says of a capture with what tshark
# says, frame by frame. OURS and THEIRS have a line a frame, in the columns that check-captures.sh
# asks for. Prints the first differences, and in the end one line with how many there are: frames,
# agreements, disagreements; frames of which we say less, and that we do; disagreements on frames
# that tshark calls malformed; frames that we say are tunnels; with decap=1, others of which tshark
# does. What is compared is the outermost IP header and what it carries: tshark lists all that it
# finds in tunnels and behind errors of ICMP, in order, so that the outermost comes first. Where we
# say that it is a tunnel, it is the next one, and of the outermost the addresses.
BEGIN {
	FS = "\t"
	split("time length src dst protocol src_port dst_port flags seq ack icmp_type icmp_code vlan fragment",
	      names, " ")
	fields = 14
	names[fields + 1] = "outer_src"
	names[fields + 2] = "outer_dst"
	parse_column = fields + 2 # of ours; behind it outer_src, outer_dst, tunnel
	# tshark's names of what is found in lists, so that those of the outermost can be skipped
	extension[0] = "ipv6.hopopts"
	extension[60] = "ipv6.dstopts"
	extension[43] = "ipv6.routing"
	extension[44] = "ipv6.fraghdr"
	extension[51] = "ah"
	# where the next header of each extension header is
	column[0] = 13
	column[60] = 14
	column[43] = 15
	column[44] = 16
	column[51] = 19
	none = "-"
}

function first(list, parts) {
	split(list, parts, ",")
	return list == "" ? none : parts[1]
}

# Of the header that is looked at: the first of its kind, or the first behind the outermost IP.
function pick(list, kind, item) {
	item = nth(list, skip[kind] + 1)
	return item == "" ? none : item
}

function nth(list, n, parts) {
	return n <= split(list, parts, ",") ? parts[n] : ""
}

function nibble(digit) {
	return index("0123456789abcdef", digit) - 1
}

# mawk has no strtonum(); the low eight bits of 0x…
function low_byte(hex, at) {
	if (hex !~ /^0x/)
		return hex
	at = length(hex)
	return 16 * nibble(substr(hex, at - 1, 1)) + nibble(substr(hex, at, 1))
}

function is_true(value) {
	return value == "1" || value == "True"
}

# Sets version (0: no IP) and vlan, from the names of what the frame consists of.
function find_outermost(protocols, parts, n, i) {
	version = 0
	vlan = none
	n = split(protocols, parts, ":")
	for (i = 1; i <= n && !version; i++) {
		if (vlan == none && parts[i] == "vlan")
			vlan = first($35)
		else if (vlan == none && parts[i] == "ieee8021ad")
			vlan = first($36)
		else if (parts[i] == "ip")
			version = 4
		else if (parts[i] == "ipv6")
			version = 6
	}
}

# The IP header behind the outermost. Sets version (0: there is none), and how many headers of each
# kind are before it.
function find_inner(protocols, parts, n, i, outermost) {
	version = 0
	n = split(protocols, parts, ":")
	for (i = 1; i <= n; i++) {
		if (parts[i] == "ip" || parts[i] == "ipv6") {
			if (outermost)
				break
			outermost = parts[i]
		}
		skip[parts[i] == "udplite" ? "udp" : parts[i]]++
	}
	if (i <= n)
		version = parts[i] == "ip" ? 4 : 6
}

# Sets protocol and fragment, over the extension headers of IPv6.
function find_protocol(seen, next_header, i) {
	fragment = none
	if (version == 4) {
		protocol = pick($7, "ip")
		if (pick($8, "ip") > 0)
			fragment = "later"
		else if (is_true(pick($9, "ip")))
			fragment = "first"
		return
	}
	protocol = pick($12, "ipv6")
	for (i in extension)
		seen[i] = skip[extension[i]]
	while (protocol ~ /^(0|43|44|51|60)$/ && fragment != "later") {
		i = ++seen[protocol]
		if (protocol == 44 && nth($17, i) > 0)
			fragment = "later"
		else if (protocol == 44 && is_true(nth($18, i)))
			fragment = "first"
		next_header = nth($(column[protocol]), i)
		protocol = next_header == "" ? none : next_header
	}
	if (protocol ~ /^(0|43|44|51|60)$/) # of a later fragment, which has not what comes next
		protocol = none
}

# What tshark says of this frame, in the order of names; with tunnel, of the packet inside.
function read_theirs(tunnel, i) {
	split("", skip)
	find_outermost($4)
	if (!version)
		return
	for (i = 1; i <= fields + 2; i++)
		theirs[i] = none
	if (tunnel) {
		theirs[fields + 1] = version == 4 ? first($5) : first($10)
		theirs[fields + 2] = version == 4 ? first($6) : first($11)
		find_inner($4)
	}
	theirs[3] = version == 4 ? pick($5, "ip") : pick($10, "ipv6")
	theirs[4] = version == 4 ? pick($6, "ip") : pick($11, "ipv6")
	if (theirs[3] == none) { # a header too short or too broken to have one
		version = 0
		return
	}
	find_protocol()
	theirs[1] = $2
	theirs[2] = $3
	theirs[5] = protocol
	theirs[13] = vlan
	theirs[14] = fragment
	if (fragment == "later")
		return
	if (protocol == 6) {
		theirs[6] = pick($20, "tcp")
		theirs[7] = pick($21, "tcp")
		theirs[8] = low_byte(pick($22, "tcp"))
		theirs[9] = pick($23, "tcp")
		theirs[10] = pick($24, "tcp")
	} else if (protocol == 17 || protocol == 136) {
		theirs[6] = pick($25, "udp")
		theirs[7] = pick($26, "udp")
	} else if (protocol == 132) {
		theirs[6] = pick($27, "sctp")
		theirs[7] = pick($28, "sctp")
	} else if (protocol == 33) {
		theirs[6] = pick($29, "dccp")
		theirs[7] = pick($30, "dccp")
	} else if (protocol == 1) {
		theirs[11] = pick($31, "icmp")
		theirs[12] = pick($32, "icmp")
	} else if (protocol == 58) {
		theirs[11] = pick($33, "icmpv6")
		theirs[12] = pick($34, "icmpv6")
	}
}

# How the two differ; empty if they do not. Sets less if all that differs is what we leave out, with
# the reason in its place.
function difference(ours, mine, text, i, last) {
	less = 0
	if (ours == "" && !version)
		return ""
	if (ours == "")
		return " we have no record, tshark " theirs[3] " to " theirs[4] " in " $4
	split(ours, mine, FS)
	if (!version)
		return " " mine[4] " to " mine[5] ", tshark none in " $4
	less = mine[parse_column] != none
	for (i = 1; i <= fields + 2; i++) {
		last = i <= fields ? i + 1 : i + 2 # parse is between them
		if (mine[last] "" == theirs[i] "")
			continue
		text = text " " names[i] " " mine[last] ", tshark " theirs[i] ";"
		less = less && mine[last] == none
	}
	return text == "" || mine[parse_column] == none ? text : text " parse " mine[parse_column]
}

# Does tshark see IP in a tunnel of a kind that we look into?
function is_tunnel(protocols) {
	return protocols ~ /:ip(v6)?(:ipv6\.[a-z]+)*(:gre|:udp:vxlan|:udp:geneve|:udp:gtp)?((:eth)?(:ethertype)?(:vlan:ethertype)*)?:ip(v6)?(:|$)/
}

FILENAME == ARGV[1] { # not FNR == NR: it may be empty
	record[$1] = $0
	next
}

{
	frames++
	tunnel = split(record[$1], ours) ? ours[parse_column + 3] : none
	if (tunnel != none)
		tunnels++
	else if (decap && is_tunnel($4) && unseen++ < 20)
		print "  frame " $1 ": not looked into: " $4
	read_theirs(tunnel != none)
	text = difference(record[$1])
	# group 117440512 of its expert is "malformed"; the last columns are complaints of lengths;
	# and there are times and lengths that it cannot hold
	malformed = $4 ~ /_ws\.malformed/ || $37 ~ /117440512/ || $38 $39 $40 $41 != "" ||
		$2 ~ /-/ || $3 == 2147483647
	if (text == "") {
		agreed++
		next
	}
	if (less)
		told_less++
	else if (malformed)
		excused++
	else
		disagreed++
	if (++shown <= 20)
		print "  frame " $1 (less ? " (less):" : malformed ? " (malformed for tshark):" : ":") text
}

END {
	if (shown > 20)
		print "  and " shown - 20 " more"
	print frames + 0, agreed + 0, disagreed + 0, told_less + 0, excused + 0, tunnels + 0, unseen + 0
}
