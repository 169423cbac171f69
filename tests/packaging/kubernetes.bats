# SPDX-License-Identifier: BSD-2-Clause
# The manifest: by what the API has, by what is in it, and its container by podman. There is no
# cluster.

load ../system/common
load engine

setup() {
	common_setup
	CHECKOUT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	MANIFEST=$CHECKOUT/packaging/kubernetes/daemonset.yaml
}

manifest() { # FILE WHAT
	/usr/bin/python3 "$BATS_TEST_DIRNAME/manifest.py" "$@"
}

@test "the manifest has what the API has, and all that it refers to" {
	manifest "$MANIFEST" check
}

@test "what is wrong in a manifest is found" {
	local change want

	while IFS='|' read -r change want; do
		sed "$change" "$MANIFEST" >"$BATS_TEST_TMPDIR/changed.yaml"
		! cmp -s "$MANIFEST" "$BATS_TEST_TMPDIR/changed.yaml" || fail "$change: changes nothing"
		run manifest "$BATS_TEST_TMPDIR/changed.yaml" check
		# shellcheck disable=SC2154
		[[ $status -eq 1 && $output == *"$want"* ]] || fail "$change: $status, $output; want $want"
	done <<-'TABLE'
		s/hostNetwork/hostNetworks/|hostNetworks: is not a key that the API has there
		s/hostNetwork: true/hostNetwork: "yes"/|hostNetwork: is 'yes', not of type bool
		s/maxUnavailable: 10%/maxUnavailable: few/|maxUnavailable: is no share
		s/privileged: false/privileged: true/|securityContext: gives more
		s/"PERFMON"/"PERFMON", "SYS_ADMIN"/|capabilities: are not the three
		s/  xdptail.json:/  settings.json:/|settings.json: is not what the program is told to read
		s/serviceAccountName: xdptail/serviceAccountName: other/|there is none of that name
		s/runAsUser: 0/runAsGroup: 0/|a key is there twice
	TABLE
}

@test "its settings are right, and its image is the one that is built, in all places" {
	local image

	manifest "$MANIFEST" settings >"$BATS_TEST_TMPDIR/xdptail.json"
	"$XDPTAIL" check-config "$BATS_TEST_TMPDIR/xdptail.json"
	image=$(manifest "$MANIFEST" image | jq -r .)
	expect "version" "${image##*:}" "$(sed -n 's/^VERSION.*:= //p' "$CHECKOUT/Makefile")"
	expect_line "$CHECKOUT/packaging/kubernetes/kustomization.yaml" "name: ${image%:*}$"
	expect_line "$CHECKOUT/packaging/kubernetes/kustomization.yaml" "newTag: ${image##*:}$"
	expect_line "$CHECKOUT/packaging/kubernetes/kustomization.yaml" "^  - $(basename "$MANIFEST")$"
}

@test "a container with its rights and arguments captures, and ends whole" {
	local -a words
	local split

	engine_setup
	pair
	mkdir "$BATS_TEST_TMPDIR/config"
	manifest "$MANIFEST" settings | sed 's/"eth0"/"tail0"/; s/"sample": 1000/"sample": 1/' \
		>"$BATS_TEST_TMPDIR/config/xdptail.json"
	mapfile -t words < <(manifest "$MANIFEST" engine)
	for split in "${!words[@]}"; do
		[ "${words[split]}" != -- ] || break
	done
	engine_run "${words[@]:0:split}" "--security-opt=seccomp=$CHECKOUT/packaging/container/seccomp.json" \
		--name "$NS_A" -v "$BATS_TEST_TMPDIR/config:/etc/xdptail:ro"
	"${RUN[@]}" "${words[@]:split+1}" >"$OUT" 2>"$ERR" 3>&- &
	wait_line "$ERR" "listening on tail0" $!
	traffic peer0 1000 50000
	wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' $!
	"${ENGINE[@]}" stop -t 10 "$NS_A" >/dev/null
	wait_end $!
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
}
