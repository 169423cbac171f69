# SPDX-License-Identifier: BSD-2-Clause
# What make install leaves, and that a program can be built with it.

load common

# make for us, not for the make that has started the tests, nor where this environment installs.
make_alone() { # ARGUMENT...
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u PREFIX -u DESTDIR -u LIBDIR make -s "$@"
}

teardown() {
	[ -z "${OWNED:-}" ] || rm -rf "$OWNED"
}

# Sets PREFIX.
install_here() {
	PREFIX=$BATS_TEST_TMPDIR/prefix
	make_alone -C "$ROOT" O="$BUILD" install PREFIX="$PREFIX"
}

@test "DESTDIR, PREFIX and LIBDIR: files go where they are told to" {
	local to=$BATS_TEST_TMPDIR/root

	make_alone -C "$ROOT" O="$BUILD" install DESTDIR="$to" PREFIX=/usr LIBDIR=/usr/lib/there
	(cd "$to" && find . ! -type d -printf '%M %P %l\n' | sed 's/ $//' | LC_ALL=C sort -k 2) \
		>"$BATS_TEST_TMPDIR/files"
	diff -u - "$BATS_TEST_TMPDIR/files" <<-'END'
		-rw-r--r-- usr/include/xdptail.h
		-rw-r--r-- usr/lib/there/libxdptail.a
		lrwxrwxrwx usr/lib/there/libxdptail.so libxdptail.so.0
		lrwxrwxrwx usr/lib/there/libxdptail.so.0 libxdptail.so.0.1.0
		-rwxr-xr-x usr/lib/there/libxdptail.so.0.1.0
		-rw-r--r-- usr/lib/there/pkgconfig/libxdptail.pc
		-rwxr-xr-x usr/sbin/xdptail
		-rw-r--r-- usr/share/bash-completion/completions/xdptail
		-rw-r--r-- usr/share/man/man3/libxdptail.3
		-rw-r--r-- usr/share/man/man5/xdptail.conf.5
		-rw-r--r-- usr/share/man/man7/xdptail-metrics.7
		-rw-r--r-- usr/share/man/man7/xdptail-stream.7
		-rw-r--r-- usr/share/man/man8/xdptail.8
		-rw-r--r-- usr/share/zsh/site-functions/_xdptail
	END
	expect_line "$to/usr/lib/there/pkgconfig/libxdptail.pc" '^prefix=/usr$'
	expect_line "$to/usr/lib/there/pkgconfig/libxdptail.pc" '^libdir=/usr/lib/there$'
	expect "names that were not replaced" \
		"$(grep -c @ "$to/usr/lib/there/pkgconfig/libxdptail.pc")" 0
}

# sudo make: what the user makes next can write there.
@test "what root builds belongs to the owner of the directory" {
	local sources

	[ "$(id -u)" = 0 ] || skip "needs root"
	OWNED=$(mktemp -d) # the owner cannot reach what is in the directory of the test
	chmod 0755 "$OWNED"
	sources="$OWNED/the sources"
	make_alone -C "$ROOT" O="$BATS_TEST_TMPDIR" dist
	mkdir "$sources"
	tar -C "$sources" --strip-components=1 -xzf "$BATS_TEST_TMPDIR"/dist/xdptail-*.tar.gz
	chown -R 65534:65533 "$sources"
	make_alone -C "$sources" O=own own/src/app/log.o own/bpf/xdptail_perf.bpf.o dist
	expect "others'" "$(find "$sources" ! '(' -user 65534 -group 65533 ')')" ""
	expect "made" "$(find "$sources/own" -name '*.gz' -o -name '*.o' | wc -l)" 3
	chown -R 0:0 "$sources/own"
	make_alone -C "$sources" O=own own/src/app/top.o
	expect "root's" "$(stat -c %u "$sources/own/src/app/top.o")" 0
}

@test "other flags: built anew, but not by install; the same: not again" {
	local dir=$BATS_TEST_TMPDIR/flags flags

	make_alone -C "$ROOT" O="$dir" CFLAGS=-O1 "$dir/src/app/log.o" "$dir/src/app/top.o"
	for flags in -O1 -O2; do
		touch "$BATS_TEST_TMPDIR/$flags"
		make_alone -C "$ROOT" O="$dir" CFLAGS=$flags "$dir/src/app/log.o"
		expect "$flags: built" "$(find "$dir" -name '*.o' -newer "$BATS_TEST_TMPDIR/$flags" -printf '%f')" \
			"$([ "$flags" = -O1 ] || echo log.o)"
	done
	make_alone -C "$ROOT" O="$dir" CFLAGS=-O3 -n install >"$BATS_TEST_TMPDIR/commands"
	expect "what install would compile" \
		"$(grep -oE -e '-c src/app/(log|top|main)\.c' "$BATS_TEST_TMPDIR/commands" | sort | xargs)" \
		"-c src/app/main.c -c src/app/top.c"
}

# Not linked against what happens to be in the linker's own directories.
@test "a library that pkg-config cannot find ends the build" {
	run env PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH= make -s -C "$ROOT" O="$BATS_TEST_TMPDIR/none" \
		"$BATS_TEST_TMPDIR/none/src/app/log.o"
	expect "exit" "$status" 2
	[[ $output == *"Package 'libpcap'"*"not found"* ]] || fail "$output"
	expect "built" "$(find "$BATS_TEST_TMPDIR/none" -name '*.o')" ""
}

@test "uninstall, uninstall-service: nothing is left but settings and what is others'" {
	local to="$BATS_TEST_TMPDIR/a root"

	make_alone -C "$ROOT" O="$BUILD" install install-service DESTDIR="$to"
	touch "$to/usr/local/lib/systemd/system/other.service"
	make_alone -C "$ROOT" O="$BUILD" uninstall uninstall-service DESTDIR="$to"
	expect "left" "$(cd "$to" && find . ! -type d | LC_ALL=C sort | xargs)" \
		"./etc/xdptail/xdptail.json ./usr/local/lib/systemd/system/other.service"
}

@test "install-service: units beside the rest, what is looked for in /etc there, settings kept" {
	local to=$BATS_TEST_TMPDIR/root unit

	make_alone -C "$ROOT" O="$BUILD" install-service DESTDIR="$to"
	(cd "$to" && find . ! -type d -printf '%M %P\n' | LC_ALL=C sort -k 2) >"$BATS_TEST_TMPDIR/files"
	diff -u - "$BATS_TEST_TMPDIR/files" <<-'END'
		-rw-r--r-- etc/logrotate.d/xdptail
		-rw-r--r-- etc/xdptail/xdptail.json
		-rw-r--r-- usr/local/lib/systemd/system/xdptail.service
		-rw-r--r-- usr/local/lib/systemd/system/xdptail@.service
		-rw-r--r-- usr/local/lib/sysusers.d/xdptail.conf
		-rw-r--r-- usr/local/lib/tmpfiles.d/xdptail.conf
		-rw-r--r-- usr/local/share/doc/xdptail/examples/metrics.conf
		-rw-r--r-- usr/local/share/doc/xdptail/examples/metrics@.conf
		-rw-r--r-- usr/local/share/doc/xdptail/examples/old-kernel.conf
		-rw-r--r-- usr/local/share/doc/xdptail/examples/remote-syslog.conf
	END
	for unit in "$to"/usr/local/lib/systemd/system/* "$to"/usr/local/share/doc/xdptail/examples/metrics@.conf; do
		expect_line "$unit" '^ExecStart=/usr/local/sbin/xdptail -f /etc/xdptail/xdptail.json'
		expect_no_line "$unit" ' /usr/\(sbin\|share\)'
	done
	"$XDPTAIL" check-config "$to/etc/xdptail/xdptail.json"
	echo '{}' >"$to/etc/xdptail/xdptail.json"
	make_alone -C "$ROOT" O="$BUILD" install-service DESTDIR="$to"
	expect "settings" "$(cat "$to/etc/xdptail/xdptail.json")" '{}'
}

@test "the library has the functions of the header, and nothing else" {
	local library symbols=$BATS_TEST_TMPDIR/symbols

	declared >"$BATS_TEST_TMPDIR/header"
	for library in "-D libxdptail.so" "-g libxdptail.a"; do
		# shellcheck disable=SC2086 # an option and a name
		(cd "$BUILD" && nm --defined-only ${library}) |
			awk 'NF == 3 && $2 != "A" { sub("@.*", "", $3); print $3 }' >"$symbols"
		expect_same_words "$library" "$symbols" "$BATS_TEST_TMPDIR/header"
	done
}

@test "one version, everywhere" {
	local soname version

	install_here
	version=$(sed -n 's/^#define XDPTAIL_VERSION "\(.*\)"$/\1/p' "$PREFIX/include/xdptail.h")
	expect "the command's" "$("$PREFIX/sbin/xdptail" -V)" "xdptail $version"
	expect "pkg-config's" \
		"$(PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig pkg-config --modversion libxdptail)" "$version"
	soname=$(readelf -d "$PREFIX/lib/libxdptail.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
	expect "the soname" "$soname" "libxdptail.so.${version%%.*}"
	expect "what it leads to" "$(basename "$(readlink -f "$PREFIX/lib/$soname")")" \
		"libxdptail.so.$version"
}

@test "the example is built with what was installed: C and C++, shared and static" {
	local kind

	install_here
	cp -r "$ROOT/contrib/example" "$BATS_TEST_TMPDIR"
	for kind in packet_count packet_count_static packet_count_cpp packet_count_cpp_static; do
		PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig make_alone -C "$BATS_TEST_TMPDIR/example" \
			CFLAGS="-Wall -Wextra -Werror" LDFLAGS="-Wl,-rpath,$PREFIX/lib" "$kind"
		run --separate-stderr "$BATS_TEST_TMPDIR/example/$kind" there-is-none
		expect "$kind: exit" "$status" 1
		# shellcheck disable=SC2154 # of run
		[[ $stderr == "packet_count: "*[a-z]* ]] || fail "$kind: got \"$stderr\""
		expect "$kind: needs libxdptail.so" \
			"$(readelf -d "$BATS_TEST_TMPDIR/example/$kind" | grep -c 'libxdptail\.so\.0')" \
			"$([[ $kind == *static ]] && echo 0 || echo 1)"
	done
}

@test "a program may have functions of the library's inner names" {
	install_here
	cat >"$BATS_TEST_TMPDIR/own.c" <<-'END'
		#include <xdptail.h>
		int counts_open(void);
		int counts_open(void) { return 0; }
		int main(void) { xdptail_close(0); return counts_open(); }
	END
	# shellcheck disable=SC2046 # a list
	cc "$BATS_TEST_TMPDIR/own.c" -I"$PREFIX/include" "$PREFIX/lib/libxdptail.a" \
		$(PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig pkg-config --static --libs libxdptail |
			sed 's/-lxdptail//') -o "$BATS_TEST_TMPDIR/own"
	"$BATS_TEST_TMPDIR/own"
}
