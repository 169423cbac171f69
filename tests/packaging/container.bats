# SPDX-License-Identifier: BSD-2-Clause
# What the image is made by and of, and the words of its README, run by podman on a root that is
# made as the image's is. There is no registry here to have its base from, so the image itself is
# not built.

load ../system/common
load engine

setup() {
	common_setup
	CHECKOUT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	HERE=$CHECKOUT/packaging/container
}

# What an instruction of the last stage says.
instruction() { # NAME
	sed -n "/^FROM scratch/,\$ s/^$1 //p" "$HERE/Containerfile"
}

@test "the files that are copied are there, and enough to build" {
	local to=$BATS_TEST_TMPDIR/sources words

	mkdir "$to"
	sed '/^FROM scratch/,$d' "$HERE/Containerfile" | sed -n 's/^COPY //p' >"$BATS_TEST_TMPDIR/copies"
	[ -s "$BATS_TEST_TMPDIR/copies" ] || fail "nothing is copied"
	while read -ra words; do
		expect "words of COPY ${words[*]}" ${#words[@]} 2
		mkdir -p "$to/$(dirname "${words[1]}x")"
		if [ -d "$CHECKOUT/${words[0]}" ]; then
			cp -rT "$CHECKOUT/${words[0]}" "$to/${words[1]}"
		else
			cp "$CHECKOUT/${words[0]}" "$to/${words[1]}"
		fi
	done <"$BATS_TEST_TMPDIR/copies"
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -n -C "$to" O="$BATS_TEST_TMPDIR/objects" all >/dev/null
	[ -x "$to/packaging/container/gather.sh" ] || fail "gather.sh is not there"
}

@test "it is started by no shell, stopped by SIGTERM, and labelled with the version" {
	expect "entry point" "$(instruction ENTRYPOINT | jq -c .)" '["/usr/sbin/xdptail"]'
	expect "arguments" "$(instruction CMD | jq -c .)" '["--help"]'
	expect "signal" "$(instruction STOPSIGNAL)" SIGTERM
	expect_line "$HERE/Containerfile" \
		"image.version=\"$(sed -n 's/^VERSION.*:= //p' "$CHECKOUT/Makefile")\""
	expect_no_line "$HERE/Containerfile" '^ADD '
}

@test "the root has the program and its libraries, from where they are, and no more" {
	local name

	engine_setup
	expect "version" "$(chroot "$IMAGE" /usr/sbin/xdptail -V)" "$("$XDPTAIL" -V)"
	expect "programs" "$(find "$IMAGE" -type f -perm -100 ! -name '*.so*' -printf '%P\n')" usr/sbin/xdptail
	expect "set-id" "$(find "$IMAGE" -perm /6000)" ""
	for name in libc6 libbpf1; do
		expect_line "$IMAGE/var/lib/dpkg/status.d/$name" "^Package: $name$"
		[ -s "$IMAGE/usr/share/doc/$name/copyright" ] || fail "no copyright of $name"
	done
}

# Sets WORDS, those of README's podman run without what is the test's own: the network, and where
# the filter is.
words_of_readme() { # FILTER
	local text

	text=$(sed -n '/^podman run/,/^ *xdptail -i/ { s/ *\\$//; /^ *xdptail -i/!p }' "$HERE/README.md" | xargs)
	[[ $text == "podman run --rm --network=host --uts=host "* && $text == *seccomp.json ]] || fail "README: $text"
	text=${text#podman run --rm --network=host --uts=host }
	read -ra WORDS <<<"${text/packaging\/container\/seccomp.json/$1}"
}

@test "as README says: captures, leaves no capability, and ends whole when it is stopped" {
	local user

	engine_setup
	pair
	words_of_readme "$HERE/seccomp.json"
	for user in 0:0 65532:65532; do
		: >"$ERR"
		engine_run "${WORDS[@]}" --user "$user" --name "$NS_A"
		"${RUN[@]}" -i tail0 -a -N 1 >"$OUT" 2>"$ERR" 3>&- &
		wait_line "$ERR" "listening on tail0" $!
		traffic peer0 1000 50000
		wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' $!
		"${ENGINE[@]}" stop -t 10 "$NS_A" >/dev/null
		wait_end $!
		expect "$user: exit" "$CODE" 0
		check_stream "$OUT"
		expect "$user: packets" "$(counted packets)" 1000
		expect "$user: capabilities left" "$(jq -nc 'input.capabilities' "$OUT")" '[]'
		expect "$user: host name" "$(jq -nr 'input.hostname' "$OUT")" "$(uname -n)"
	done
}

@test "a filter that lacks bpf is called by its name" {
	engine_setup
	pair
	jq '.syscalls[].names -= ["bpf"]' "$HERE/seccomp.json" >"$BATS_TEST_TMPDIR/filter.json"
	words_of_readme "$BATS_TEST_TMPDIR/filter.json"
	engine_run "${WORDS[@]}"
	run --separate-stderr "${RUN[@]}" -i tail0 -a
	expect "exit" "$status" 3
	# shellcheck disable=SC2154
	[[ $stderr == *"although the capabilities are there"*seccomp* ]] || fail "stderr: $stderr"
}

@test "the filter has nothing that leads out" {
	local bad

	bad=$(jq -c '.defaultAction, ([.syscalls[].names[]] - ([.syscalls[].names[]] - ["mount", "umount2",
		"unshare", "setns", "ptrace", "init_module", "finit_module", "kexec_load", "reboot", "chroot",
		"pivot_root", "swapon", "keyctl", "process_vm_writev", "open_by_handle_at", "syslog",
		"io_uring_setup", "userfaultfd"]))' "$HERE/seccomp.json" | xargs -d '\n')
	expect "default, and what leads out" "$bad" '"SCMP_ACT_ERRNO" []'
}
