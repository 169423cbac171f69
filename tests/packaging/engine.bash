# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A root made as the image's is, run by podman. crun takes no hybrid hierarchy of control groups,
# and limits can't always be raised: both are put out of the way.

# The variables in capitals are for the tests.
# shellcheck disable=SC2034

# Sets IMAGE to such a root, and ENGINE to the words of podman with a place of its own.
engine_setup() {
	needs podman crun dpkg-query
	CHECKOUT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	IMAGE=$BATS_TEST_TMPDIR/image
	"$CHECKOUT/packaging/container/gather.sh" "$XDPTAIL" "$IMAGE"
	ENGINE=(unshare --mount --propagation private bash -c
		'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec podman "$@"' podman
		--storage-driver=vfs --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/podman.run")
}

# shellcheck disable=SC2034
# Sets RUN to the words of a container in the test's network; what follows them is for the program.
engine_run() { # OPTION OF podman run...
	local limit

	limit=$(ulimit -Hn)
	RUN=("${ENGINE[@]}" run --rm "--network=ns:/run/netns/$NS_A" --uts=host --cgroups=disabled
		--ulimit "nofile=1024:$((limit < 4096 ? limit : 4096))" --ulimit nproc=4096:4096 "$@"
		--rootfs "$IMAGE" /usr/sbin/xdptail)
}
