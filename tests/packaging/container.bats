# SPDX-License-Identifier: BSD-2-Clause
# What the image is made by and of, and the words of its README, run by podman on a root that is made as
# the image's is. There is no registry here to have its base from, so the image itself is not built.

load ../system/common

setup() {
	common_setup
	CHECKOUT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	HERE=$CHECKOUT/packaging/container
	IMAGE=$BATS_TEST_TMPDIR/image
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

# Sets IMAGE to a root made as the image's is.
gather() {
	needs dpkg-query
	"$HERE/gather.sh" "$XDPTAIL" "$IMAGE"
}

@test "the root has the program and its libraries, from where they are, and no more" {
	local name

	gather
	expect "version" "$(chroot "$IMAGE" /usr/sbin/xdptail -V)" "$("$XDPTAIL" -V)"
	expect "programs" "$(find "$IMAGE" -type f -perm -100 ! -name '*.so*' -printf '%P\n')" usr/sbin/xdptail
	expect "set-id" "$(find "$IMAGE" -perm /6000)" ""
	for name in libc6 libbpf1; do
		expect_line "$IMAGE/var/lib/dpkg/status.d/$name" "^Package: $name$"
		[ -s "$IMAGE/usr/share/doc/$name/copyright" ] || fail "no copyright of $name"
	done
}

# The words of README's podman run, but for the network, which is this test's own. crun takes no hybrid
# hierarchy of control groups, and a limit can't be raised here: neither is what this is about.
podman_words() {
	local text limit

	limit=$(ulimit -Hn)
	text=$(sed -n '/^podman run/,/^ *xdptail -i/ { s/ *\\$//; /^ *xdptail -i/!p }' "$HERE/README.md" | xargs)
	[[ $text == *--cap-drop=ALL*--read-only* || $text == *--read-only*--cap-drop=ALL* ]] || fail "README: $text"
	text=${text#podman run }
	text=${text/--network=host/--network=ns:/run/netns/$NS_A}
	text=${text/packaging\/container\/seccomp.json/${PROFILE:-$HERE/seccomp.json}}
	read -ra WORDS <<<"$text"
	WORDS=(podman --storage-driver=vfs --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/run"
		run "${WORDS[@]}" --cgroups=disabled --ulimit "nofile=1024:$((limit < 4096 ? limit : 4096))"
		--ulimit nproc=4096:4096)
}

in_room() { # COMMAND...: becomes that process
	exec unshare --mount --propagation private bash -c \
		'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' in_room "$@"
}

run_container() { # ARGUMENT OF podman... -- ARGUMENT OF xdptail...
	local -a engine=()

	while [ "$1" != -- ]; do
		engine+=("$1")
		shift
	done
	podman_words
	in_room "${WORDS[@]}" "${engine[@]}" --rootfs "$IMAGE" /usr/sbin/xdptail "${@:2}"
}

@test "as README says: captures, leaves no capability, and ends whole when it is stopped" {
	local user

	needs podman crun
	gather
	pair
	for user in 0:0 65532:65532; do
		: >"$ERR"
		run_container --user "$user" --name "$NS_A" -- -i tail0 -a -N 1 >"$OUT" 2>"$ERR" 3>&- &
		wait_line "$ERR" "listening on tail0" $!
		traffic peer0 1000 50000
		wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' $!
		(podman_words && in_room "${WORDS[@]:0:6}" stop -t 10 "$NS_A") >/dev/null
		wait_end $!
		expect "$user: exit" "$CODE" 0
		check_stream "$OUT"
		expect "$user: packets" "$(counted packets)" 1000
		expect "$user: capabilities left" "$(jq -nc 'input.capabilities' "$OUT")" '[]'
		expect "$user: host name" "$(jq -nr 'input.hostname' "$OUT")" "$(uname -n)"
	done
}

@test "a filter that lacks bpf is called by its name" {
	needs podman crun
	gather
	pair
	PROFILE=$BATS_TEST_TMPDIR/profile.json
	jq '.syscalls[].names -= ["bpf"]' "$HERE/seccomp.json" >"$PROFILE"
	run --separate-stderr run_container -- -i tail0 -a
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
