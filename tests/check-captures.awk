# SPDX-License-Identifier: BSD-2-Clause
# awk -f check-captures.awk OURS THEIRS: compare what xdptail says of a capture with what tshark says,
# frame by frame. OURS and THEIRS have a line a frame, in the columns that check-captures.sh asks
# for. Prints the first differences, and in the end one line with how many there are: frames,
# agreements, disagreements; frames of which we say less, and that we do; disagreements on frames
# that tshark calls malformed.
# What is compared is the outermost IP header and what it carries: tshark lists all that it finds in
# tunnels and behind errors of ICMP, in order, so that the outermost comes first.
BEGIN {
	FS = "\t"
	split("time length src dst protocol src_port dst_port flags seq ack icmp_type icmp_code vlan fragment",
	      names, " ")
	fields = 14
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

# Sets protocol and fragment, over the extension headers of IPv6.
function find_protocol(seen, next_header, i) {
	fragment = none
	if (version == 4) {
		protocol = first($7)
		if (first($8) > 0)
			fragment = "later"
		else if (is_true(first($9)))
			fragment = "first"
		return
	}
	protocol = first($12)
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

# What tshark says of this frame, in the order of names.
function read_theirs(i) {
	find_outermost($4)
	if (!version)
		return
	for (i = 1; i <= fields; i++)
		theirs[i] = none
	theirs[3] = version == 4 ? first($5) : first($10)
	theirs[4] = version == 4 ? first($6) : first($11)
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
		theirs[6] = first($20)
		theirs[7] = first($21)
		theirs[8] = low_byte(first($22))
		theirs[9] = first($23)
		theirs[10] = first($24)
	} else if (protocol == 17 || protocol == 136) {
		theirs[6] = first($25)
		theirs[7] = first($26)
	} else if (protocol == 132) {
		theirs[6] = first($27)
		theirs[7] = first($28)
	} else if (protocol == 33) {
		theirs[6] = first($29)
		theirs[7] = first($30)
	} else if (protocol == 1) {
		theirs[11] = first($31)
		theirs[12] = first($32)
	} else if (protocol == 58) {
		theirs[11] = first($33)
		theirs[12] = first($34)
	}
}

# How the two differ; empty if they do not. Sets less if all that differs is what we leave out, with
# the reason in its place.
function difference(ours, mine, text, i) {
	less = 0
	if (ours == "" && !version)
		return ""
	if (ours == "")
		return " we have no record, tshark " theirs[3] " to " theirs[4] " in " $4
	split(ours, mine, FS)
	if (!version)
		return " " mine[4] " to " mine[5] ", tshark none in " $4
	less = mine[fields + 2] != none
	for (i = 1; i <= fields; i++) {
		if (mine[i + 1] "" == theirs[i] "")
			continue
		text = text " " names[i] " " mine[i + 1] ", tshark " theirs[i] ";"
		less = less && mine[i + 1] == none
	}
	return text == "" || mine[fields + 2] == none ? text : text " parse " mine[fields + 2]
}

FILENAME == ARGV[1] { # not FNR == NR: it may be empty
	record[$1] = $0
	next
}

{
	frames++
	read_theirs()
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
	print frames + 0, agreed + 0, disagreed + 0, told_less + 0, excused + 0
}
