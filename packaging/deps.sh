#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# deps.sh GROUP…: install what building, running and testing need; groups: build demo test lint, and
# bench, contrib (the programs that read the stream), deb, rpm (make deb, make rpm), package-check
# (what looks at packages), kernels (what fetches and boots kernels to test on), clangs (other
# compilers of the BPF programs, where Debian 12 has them).
# Debian and Ubuntu (apt), Fedora (dnf). Changes nothing when all is there; names what is missing,
# and fails, when it may not install.
set -eu
PATH=$PATH:/usr/sbin:/sbin # where some of it is, and a user's does not lead

# group  Debian's name        Fedora's name; "-": it has none
packages() {
	cat <<-'TABLE'
		build gcc               gcc
		build make              make
		build libc6-dev         glibc-devel
		build clang             clang
		build bpftool           bpftool
		build libbpf-dev        libbpf-devel
		build libelf-dev        elfutils-libelf-devel
		build zlib1g-dev        zlib-devel
		build libjson-c-dev     json-c-devel
		build uthash-dev        uthash-devel
		build libpcap-dev       libpcap-devel
		build libzstd-dev       libzstd-devel
		build pkg-config        pkgconf-pkg-config
		demo  iproute2          iproute
		demo  iputils-ping      iputils
		demo  jq                jq
		demo  socat             socat
		test  libcriterion-dev  criterion-devel
		test  bats              bats
		test  jq                jq
		test  iproute2          iproute
		test  iputils-ping      iputils
		test  ethtool           ethtool
		test  socat             socat
		test  util-linux        util-linux
		test  procps            procps-ng
		test  systemd           systemd
		test  tshark            wireshark-cli
		test  rsyslog           rsyslog-mmjsonparse
		test  libclang-rt-dev   compiler-rt
		test  logrotate         logrotate
		test  g++               gcc-c++
		test  bash-completion   bash-completion
		test  zsh               zsh
		test  mandoc            mandoc
		test  zstd              zstd
		test  python3-fastjsonschema python3-fastjsonschema
		test  python3-jsonschema python3-jsonschema
		lint  clang-format      clang-tools-extra
		lint  clang-tidy        clang-tools-extra
		lint  shellcheck        ShellCheck
		lint  mandoc            mandoc
		bench tcpdump           tcpdump
		bench valgrind          valgrind
		bench python3           python3
		bench tcpreplay         tcpreplay
		bench tshark            wireshark-cli
		bench xdp-tools         xdp-tools
		bench pmacct            pmacct
		bench ngrep             ngrep
		bench gnuplot-nox       gnuplot-minimal
		contrib jq              jq
		contrib rsyslog         rsyslog-mmjsonparse
		contrib rsyslog-relp    rsyslog-relp
		contrib logrotate       logrotate
		contrib curl            curl
		contrib clickhouse-server -
		contrib clickhouse-client -
		contrib miller          miller
		contrib lnav            lnav
		contrib sqlite-utils    -
		contrib visidata        visidata
		contrib nodejs          nodejs
		contrib npm             nodejs-npm
		contrib python3-yaml    python3-pyyaml
		contrib prometheus      golang-github-prometheus
		contrib prometheus-node-exporter golang-github-prometheus-node-exporter
		deb   build-essential   -
		deb   debhelper         -
		rpm   rpm               rpm-build
		package-check lintian   -
		package-check blhc      -
		package-check diffoscope-minimal -
		package-check debootstrap -
		package-check man-db    man-db
		package-check rpmlint   rpmlint
		package-check acl       acl
		package-check libseccomp2 libseccomp
		package-check python3-yaml python3-pyyaml
		package-check podman    podman
		package-check crun      crun
		kernels qemu-system-x86 qemu-system-x86-core
		kernels busybox-static  busybox
		kernels cpio            cpio
		kernels xz-utils        xz
		kernels binutils        binutils
		kernels apt             apt
		kernels dpkg            dpkg
		kernels debian-archive-keyring debian-keyring
		clangs clang-14         -
		clangs clang-16         -
		clangs clang-19         -
	TABLE
}

wanted() { # COLUMN GROUP…: names, each once
	column=$1
	shift
	packages | awk -v column="$column" -v groups=" $* " \
		'index(groups, " " $1 " ") && $column != "-" && !seen[$column]++ { print $column }'
}

missing_deb() {
	for package in $(wanted 2 "$@"); do
		case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
		installed) continue ;;
		esac
		# Ubuntu ships bpftool with the kernel's tools, and others' nodejs has npm in it
		case $package in
		bpftool | npm) ! command -v "$package" >/dev/null || continue ;;
		esac
		echo "$package"
	done
}

missing_rpm() {
	for package in $(wanted 3 "$@"); do
		rpm -q --quiet --whatprovides "$package" || echo "$package"
	done
}

# On other systems: by the commands and libraries themselves.
missing_other() {
	for command in cc make clang bpftool pkg-config; do
		command -v "$command" >/dev/null || echo "$command"
	done
	for library in libbpf json-c libpcap libzstd zlib; do
		pkg-config --exists "$library" 2>/dev/null || echo "$library (headers)"
	done
}

# What a package of the right name may be too old for.
check_versions() {
	case " $* " in *" build "*) ;; *) return 0 ;; esac
	pkg-config --atleast-version=1.1 libbpf && return 0
	echo "deps.sh: libbpf $(pkg-config --modversion libbpf) is too old: 1.1 or newer is needed" >&2
	exit 1
}

# One word a package, so unquoted.
install_deb() {
	# in this runlevel invoke-rc.d starts no daemon (rsyslogd, clickhouse-server) where systemd
	# isn't PID 1; where it is, what is installed is started, as with any package
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	apt-get update -q
	# shellcheck disable=SC2086
	apt-get install -q -y --no-install-recommends $1
}

install_rpm() {
	# shellcheck disable=SC2086
	dnf install -y $1
}

[ $# -gt 0 ] || set -- build
for group in "$@"; do
	case $group in
	build | demo | test | lint | bench | contrib | deb | rpm | package-check | kernels | clangs) ;;
	*) echo "deps.sh: no group \"$group\"; there are build, demo, test, lint, bench, contrib, deb, rpm, package-check, kernels, clangs" >&2 && exit 2 ;;
	esac
done

if command -v apt-get >/dev/null; then
	missing=$(missing_deb "$@") how="apt-get install"
elif command -v dnf >/dev/null; then
	missing=$(missing_rpm "$@") how="dnf install"
else
	missing=$(missing_other) how=
fi
if [ -z "$missing" ]; then
	check_versions "$@"
	exit 0
fi
missing=$(echo "$missing" | tr '\n' ' ')

if [ -z "$how" ]; then
	echo "deps.sh: missing: $missing; neither apt nor dnf is here to install them" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "deps.sh: missing: $missing; as root: $how $missing" >&2
	exit 1
fi
echo "deps.sh: installing: $missing" >&2
case $how in
apt-get*) install_deb "$missing" ;;
dnf*) install_rpm "$missing" ;;
esac
check_versions "$@"
