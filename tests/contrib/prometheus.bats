# SPDX-License-Identifier: BSD-2-Clause
# The metrics file and those who read it: promtool, node_exporter, Prometheus; the alerts, and the
# dashboard.

# PID is a test's own; the names are of common.bash
# shellcheck disable=SC2030,SC2031,SC2153

load ../system/common

setup() {
	common_setup
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RULES=$ROOT/contrib/prometheus/xdptail.rules.yml
	DASHBOARD=$ROOT/contrib/grafana/xdptail.json
	DIR=$BATS_TEST_TMPDIR/metrics
	mkdir "$DIR"
}

lint() { # FILE
	run promtool check metrics <"$1"
	expect "promtool check metrics: exit" "$status" 0
	expect "promtool check metrics" "$output" ""
}

# Two runs, each on an interface, with files of their own; they have written a snapshot of traffic.
two_runs() {
	local n

	pair
	ip -n "$NS_A" link add tail1 type veth peer name peer1 netns "$NS_B"
	ip -n "$NS_B" link set peer1 up
	ip -n "$NS_A" link set tail1 up
	ip -n "$NS_A" link set lo up
	for n in 0 1; do
		ip netns exec "$NS_A" "$XDPTAIL" -i "tail$n" -a -N 1 --interval 1 \
			--metrics-file "$DIR/tail$n.prom" -o "file:$DIR/$n.jsonl" 2>"$ERR.$n" 3>&- &
		RUNS[n]=$!
		wait_line "$ERR.$n" "listening on tail$n" "${RUNS[n]}"
		traffic "peer$n" $((1000 * (n + 1))) 0 $((10 * (n + 1))) >/dev/null
		wait_line "$DIR/tail$n.prom" \
			"^xdptail_seen_packets_total{name=\"tail$n\"} $((1000 * (n + 1)))\$" "${RUNS[n]}"
	done
}

end_runs() {
	kill -INT "${RUNS[@]}"
	wait_end "${RUNS[0]}"
	wait_end "${RUNS[1]}"
}

exporter() {
	ip netns exec "$NS_A" prometheus-node-exporter --web.listen-address=127.0.0.1:9100 \
		--collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$DIR" >"$BATS_TEST_TMPDIR/exporter" 2>&1 3>&- &
	wait_line "$BATS_TEST_TMPDIR/exporter" 'msg="Listening on"' $!
}

get() { # URL [OPTION OF curl...]
	ip netns exec "$NS_A" curl -sS --max-time 20 "${@:2}" "http://127.0.0.1:$1"
}

prometheus_server() {
	local place=$BATS_TEST_TMPDIR/prometheus

	mkdir "$place"
	cp "$RULES" "$place"
	sed 's/: 15s/: 1s/; s/localhost/127.0.0.1/' "$ROOT/contrib/prometheus/prometheus.yml" >"$place/prometheus.yml"
	ip netns exec "$NS_A" prometheus --config.file="$place/prometheus.yml" \
		--storage.tsdb.path="$place/data" --web.listen-address=127.0.0.1:9090 \
		>"$BATS_TEST_TMPDIR/server" 2>&1 3>&- &
	wait_line "$BATS_TEST_TMPDIR/server" 'Server is ready' $!
}

query() { # EXPRESSION: what the server answers
	get 9090/api/v1/query --data-urlencode "query=$1"
}

# Until what is asked for has come; a time ends it, too, which is no part of any result.
wait_query() { # EXPRESSION VALUE
	PATIENCE=30 wait_until "$1 is $2" has_answer "$@"
}

has_answer() { # EXPRESSION VALUE
	[ "$(query "$1" | jq -r '.data.result[0].value[1]')" = "$2" ]
}

rules_now() {
	get 9090/api/v1/rules | jq -c '[.data.groups[].rules[]]'
}

has_healthy_rules() {
	[ "$(rules_now | jq 'all(.health == "ok")')" = true ]
}

# The names of metrics in a text.
names() {
	grep -o 'xdptail_[a-z_]*' | sort -u
}

# Of all that a run writes: while it goes on, and at its end.
written() {
	cat "$DIR"/*.prom | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' | sort -u
}

@test "promtool finds nothing to say about what is written" {
	needs promtool
	two_runs
	lint "$DIR/tail0.prom"
	end_runs
	lint "$DIR/tail0.prom"
	lint "$DIR/tail1.prom"
	"$HELPERS/make_capture" -n 100 >"$DIR/odd \" \\ name"
	"$XDPTAIL" -r "$DIR/odd \" \\ name" --metrics-file "$DIR/c.prom" >"$OUT"
	lint "$DIR/c.prom"
}

@test "alerts: they are well formed, and each of them is tested and told of" {
	needs promtool
	cd "$(dirname "$RULES")"
	promtool check rules xdptail.rules.yml
	promtool test rules xdptail.rules.test.yml
	promtool check config --syntax-only prometheus.yml
	sed -n 's/^ *- alert: //p' "$RULES" | sort >"$BATS_TEST_TMPDIR/alerts"
	grep -o 'alertname: Xdptail[A-Za-z]*' xdptail.rules.test.yml | sed 's/.* //' | sort -u |
		diff -u "$BATS_TEST_TMPDIR/alerts" -
	grep -o '^| `Xdptail[A-Za-z]*' README.md | tr -d '|` ' | sort -u | diff -u "$BATS_TEST_TMPDIR/alerts" -
}

@test "node_exporter serves two files, every sample of them as it was written" {
	needs prometheus-node-exporter curl
	two_runs
	end_runs
	exporter
	get 9100/metrics >"$BATS_TEST_TMPDIR/served"
	expect_line "$BATS_TEST_TMPDIR/served" '^node_textfile_scrape_error 0$'
	cat "$DIR"/*.prom | /usr/bin/python3 -c '
import re, sys
def samples(text):
    pairs = (re.fullmatch(r"(xdptail_[a-z_]*)\{(.*)\} (\S+)", line) for line in text.splitlines())
    return {(p[1], frozenset(re.findall(r"(\w+)=(\"(?:[^\"\\]|\\.)*\")", p[2]))): float(p[3]) for p in pairs if p}
written, served = samples(sys.stdin.read()), samples(open(sys.argv[1]).read())
assert len(written) > 100, len(written)
for key in written.keys() | served.keys():
    assert written.get(key) == served.get(key), (key, written.get(key), served.get(key))
' "$BATS_TEST_TMPDIR/served"
}

@test "Prometheus collects them, evaluates every rule, and answers what the dashboard asks" {
	local sum

	needs prometheus prometheus-node-exporter curl
	two_runs
	cp "$DIR/tail0.prom" "$BATS_TEST_TMPDIR/live"
	exporter
	prometheus_server
	wait_query 'xdptail_seen_packets_total{name="tail0"}' 1000
	wait_query 'xdptail_seen_packets_total{name="tail1"}' 2000
	wait_query 'sum(xdptail_packets_total) - sum(xdptail_seen_packets_total)' 0
	wait_query 'sum(xdptail_interface_packets_total{interface="tail1"})' 2000
	# a rate takes two looks
	wait_query 'count(rate(xdptail_seen_packets_total[5m]))' 2

	# $datasource is not part of an expression
	# shellcheck disable=SC2016 # Grafana's variables
	jq -r '[.panels[].targets[]?.expr, .annotations.list[].expr] | .[]' "$DASHBOARD" |
		sed 's/\$__rate_interval/5m/g; s/\$instance/.*/g; s/\$name/.*/g' >"$BATS_TEST_TMPDIR/expressions"
	expect_within "expressions" "$(wc -l <"$BATS_TEST_TMPDIR/expressions")" 20 100
	expect_no_line "$BATS_TEST_TMPDIR/expressions" '\$'
	while IFS= read -r expression; do
		sum=$(query "$expression" | jq -c '[.status, (.data.result | length > 0)]')
		case $expression in
		changes*) [[ $sum == '["success",'* ]] || fail "$expression: $sum" ;;
		*) expect "$expression" "$sum" '["success",true]' ;;
		esac
	done <"$BATS_TEST_TMPDIR/expressions"

	# each was evaluated, and none has anything to say
	local rules
	PATIENCE=30 wait_until "all rules are evaluated, and healthy" has_healthy_rules
	rules=$(rules_now)
	expect "rules" "$(jq length <<<"$rules")" "$(grep -c 'alert:' "$RULES")"
	expect "alerts" "$(jq -r '.[] | select(.state != "inactive").name' <<<"$rules" | xargs)" ""

	# one of them that has ended is told of
	kill -INT "${RUNS[0]}"
	wait_end "${RUNS[0]}"
	wait_query 'ALERTS{alertname="XdptailDown",name="tail0"}' 1
	kill -INT "${RUNS[1]}"
	wait_end "${RUNS[1]}"
}

@test "alerts and dashboard name no metric that is not written, and the dashboard fits together" {
	two_runs
	cp "$DIR/tail0.prom" "$DIR/live.prom"
	end_runs
	written >"$BATS_TEST_TMPDIR/written"
	for text in "$RULES" "$DASHBOARD" "${RULES%.yml}.test.yml"; do
		expect "not written, in $text" "$(grep -v '^ *#' "$text" | names |
			comm -23 - "$BATS_TEST_TMPDIR/written")" ""
	done
	# what is written and not shown
	expect "not shown" "$(jq -r '.. | .expr? // empty' "$DASHBOARD" | names |
		comm -13 - "$BATS_TEST_TMPDIR/written" | xargs)" \
		"xdptail_attached_interfaces xdptail_config_reloads_total xdptail_counted_bytes_total \
xdptail_end_time_seconds xdptail_interval_seconds xdptail_metrics_files_total \
xdptail_output_filtered_lines_total xdptail_output_lines_total xdptail_sample_rate \
xdptail_samples_discarded_total xdptail_seen_packets_total xdptail_snapshots_total \
xdptail_unattributed_bytes_total"
	/usr/bin/python3 - "$DASHBOARD" <<-'SCRIPT'
		import json, sys
		board = json.load(open(sys.argv[1]))
		taken, ids = {}, set()
		for panel in board["panels"]:
		    assert panel["id"] not in ids, panel["id"]
		    ids.add(panel["id"])
		    at = panel["gridPos"]
		    assert at["x"] + at["w"] <= 24, panel["title"]
		    for x in range(at["x"], at["x"] + at["w"]):
		        for y in range(at["y"], at["y"] + at["h"]):
		            assert (x, y) not in taken, (panel["title"], taken[x, y])
		            taken[x, y] = panel["title"]
		    assert panel["type"] == "row" or panel["targets"] and panel["description"], panel["title"]
		    letters = [t["refId"] for t in panel.get("targets", [])]
		    assert len(letters) == len(set(letters)), panel["title"]
	SCRIPT
}
