-- SPDX-License-Identifier: BSD-2-Clause
-- Tables of the stream xdptail/1, for ClickHouse of today (run on 26.7). Whatever inserts puts
-- whole lines into xdptail.stream, which keeps nothing: views hand each record to the table of its
-- kind.
--
--   packets, counts   the many; a key that is absent from a line is NULL where 0 would mean
--                     something
--   events            the few: all other types
--   talkers           of counts, by minute: exact
--   flows             of packets, by minute: scaled by sample_rate, an estimate
--   arrivals          lines that came, duplicates and all, by run, type and day; kept longest, so
--                     that what has come of age is not taken for lost
--
-- Age is counted in whole days, of UTC.
--
-- A clause that an old server must do without stands in a line of its own.

CREATE DATABASE IF NOT EXISTS xdptail;

-- Every key of every type.
CREATE TABLE IF NOT EXISTS xdptail.stream
(
    timestamp DateTime64(9, 'UTC'),
    event_type LowCardinality(String),
    run LowCardinality(String),
    record_seq UInt64,
    -- packet
    interface LowCardinality(String),
    src_ip IPv6,
    dst_ip IPv6,
    src_port Nullable(UInt16),
    dst_port Nullable(UInt16),
    protocol Nullable(UInt8),
    packet_type Nullable(UInt8),
    packet_len UInt32,
    seq_num Nullable(UInt32),
    ack_num Nullable(UInt32),
    tcp_flags Nullable(UInt8),
    flags LowCardinality(String),
    icmp_type Nullable(UInt8),
    icmp_code Nullable(UInt8),
    ttl UInt8,
    vlan Nullable(UInt16),
    vlan_inner Nullable(UInt16),
    outer_src_ip IPv6,
    outer_dst_ip IPv6,
    tunnel LowCardinality(String),
    fragment LowCardinality(String),
    parse LowCardinality(String),
    sample_rate UInt32,
    cpu UInt32,
    cpu_seq UInt64,
    -- count
    snapshot UInt64,
    packets UInt64,
    bytes UInt64,
    -- snapshot
    total Bool,
    interval_start DateTime64(9, 'UTC'),
    interval_end DateTime64(9, 'UTC'),
    counts LowCardinality(String),
    sources UInt64,
    listed UInt64,
    seen UInt64,
    not_ip UInt64,
    no_source UInt64,
    undetermined UInt64,
    not_selected UInt64,
    counted UInt64,
    counted_bytes UInt64,
    unlisted_packets UInt64,
    unlisted_bytes UInt64,
    unattributed_packets UInt64,
    unattributed_bytes UInt64,
    unattributed_full UInt64,
    unattributed_busy UInt64,
    unattributed_no_memory UInt64,
    unattributed_other UInt64,
    -- stats
    sampled UInt64,
    delivered UInt64,
    lost_ring_full UInt64,
    lost_no_buffer UInt64,
    lost_other UInt64,
    lost_undecodable UInt64,
    discarded UInt64,
    cpu_ms UInt64,
    rss_kb UInt64,
    ring_high_water UInt64,
    longest_wait_ms UInt64,
    -- sink
    sink LowCardinality(String),
    made UInt64,
    written UInt64,
    filtered UInt64,
    dropped_queue_full UInt64,
    dropped_error UInt64,
    queued UInt64,
    disconnects UInt64,
    -- start
    version LowCardinality(String),
    schema LowCardinality(String),
    hostname LowCardinality(String),
    kernel LowCardinality(String),
    function_name LowCardinality(String),
    ebpf_program LowCardinality(String),
    transport LowCardinality(String),
    capture String,
    prog_run Bool,
    ring_bytes UInt32,
    sample_mode LowCardinality(String),
    interval_s UInt32,
    decap Bool,
    max_sources UInt32,
    map_type LowCardinality(String),
    map_bytes UInt64,
    capabilities Array(String),
    repeated Bool,
    joined Bool,
    file UInt64,
    -- interface
    ifindex UInt32,
    state LowCardinality(String),
    hook LowCardinality(String),
    mode LowCardinality(String),
    reason String,
    -- loss
    `where` LowCardinality(String),
    cause LowCardinality(String),
    records UInt64,
    first DateTime64(9, 'UTC'),
    last DateTime64(9, 'UTC'),
    -- clock
    step_ns Int64,
    -- stop
    exit UInt8
)
ENGINE = Null;

-- One sampled packet a row. The order is that of the stream: loss is a gap between neighbours,
-- times and numbers compress to almost nothing, and a line that came twice becomes one row. Within
-- a run time rises with record_seq, so its minima and maxima find an hour; addresses have a filter.
CREATE TABLE IF NOT EXISTS xdptail.packets
(
    INDEX by_time timestamp TYPE minmax GRANULARITY 1,
    INDEX by_src src_ip TYPE bloom_filter GRANULARITY 4,
    INDEX by_dst dst_ip TYPE bloom_filter GRANULARITY 4,
    timestamp DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    run LowCardinality(String),
    record_seq UInt64 CODEC(Delta, ZSTD),
    interface LowCardinality(String),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port Nullable(UInt16) CODEC(ZSTD),
    dst_port Nullable(UInt16) CODEC(ZSTD),
    protocol Nullable(UInt8),
    packet_type Nullable(UInt8),
    packet_len UInt32 CODEC(ZSTD),
    seq_num Nullable(UInt32) CODEC(ZSTD),
    ack_num Nullable(UInt32) CODEC(ZSTD),
    tcp_flags Nullable(UInt8),
    flags LowCardinality(String),
    icmp_type Nullable(UInt8),
    icmp_code Nullable(UInt8),
    ttl UInt8 CODEC(ZSTD),
    vlan Nullable(UInt16),
    vlan_inner Nullable(UInt16),
    outer_src_ip IPv6 CODEC(ZSTD),
    outer_dst_ip IPv6 CODEC(ZSTD),
    tunnel LowCardinality(String),
    fragment LowCardinality(String),
    parse LowCardinality(String),
    sample_rate UInt32 CODEC(ZSTD),
    cpu UInt32 CODEC(ZSTD),
    cpu_seq UInt64 CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(timestamp)
ORDER BY (run, record_seq, timestamp)
TTL toDate(timestamp) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
;

-- One source of one interval a row.
CREATE TABLE IF NOT EXISTS xdptail.counts
(
    INDEX by_time timestamp TYPE minmax GRANULARITY 1,
    INDEX by_src src_ip TYPE bloom_filter GRANULARITY 4,
    timestamp DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    run LowCardinality(String),
    record_seq UInt64 CODEC(Delta, ZSTD),
    snapshot UInt64 CODEC(Delta, ZSTD),
    interface LowCardinality(String),
    src_ip IPv6 CODEC(ZSTD),
    packets UInt64 CODEC(ZSTD),
    bytes UInt64 CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(timestamp)
ORDER BY (run, record_seq, timestamp)
TTL toDate(timestamp) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1
;

-- The rest: what explains the others, so it stays longest. A start record that is repeated has the
-- number of the first and a time of its own.
CREATE TABLE IF NOT EXISTS xdptail.events
AS xdptail.stream
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (run, event_type, record_seq, timestamp)
TTL toDate(timestamp) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1
;

CREATE TABLE IF NOT EXISTS xdptail.talkers
(
    minute DateTime('UTC'),
    run LowCardinality(String),
    interface LowCardinality(String),
    src_ip IPv6,
    packets UInt64,
    bytes UInt64
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, src_ip, run, interface)
TTL minute + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1
;

-- The lower port is taken for the service's.
CREATE TABLE IF NOT EXISTS xdptail.flows
(
    minute DateTime('UTC'),
    run LowCardinality(String),
    interface LowCardinality(String),
    src_ip IPv6,
    dst_ip IPv6,
    protocol UInt8,
    port UInt16,
    samples UInt64,
    packets UInt64,
    bytes UInt64
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMMDD(minute)
ORDER BY (minute, src_ip, dst_ip, protocol, port, run, interface)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1
;

CREATE TABLE IF NOT EXISTS xdptail.arrivals
(
    day Date,
    run LowCardinality(String),
    event_type LowCardinality(String),
    lines UInt64
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, run, event_type)
TTL day + INTERVAL 500 DAY
SETTINGS ttl_only_drop_parts = 1
;

CREATE MATERIALIZED VIEW IF NOT EXISTS xdptail.to_packets TO xdptail.packets AS
SELECT timestamp, run, record_seq, interface, src_ip, dst_ip, src_port, dst_port, protocol, packet_type,
    packet_len, seq_num, ack_num, tcp_flags, flags, icmp_type, icmp_code, ttl, vlan, vlan_inner,
    outer_src_ip, outer_dst_ip, tunnel, fragment, parse, sample_rate, cpu, cpu_seq
FROM xdptail.stream
WHERE event_type = 'packet';

CREATE MATERIALIZED VIEW IF NOT EXISTS xdptail.to_counts TO xdptail.counts AS
SELECT timestamp, run, record_seq, snapshot, interface, src_ip, packets, bytes
FROM xdptail.stream
WHERE event_type = 'count';

CREATE MATERIALIZED VIEW IF NOT EXISTS xdptail.to_events TO xdptail.events AS
SELECT *
FROM xdptail.stream
WHERE event_type NOT IN ('packet', 'count');

CREATE MATERIALIZED VIEW IF NOT EXISTS xdptail.to_talkers TO xdptail.talkers AS
SELECT toStartOfMinute(timestamp) AS minute, run, interface, src_ip, sum(packets) AS packets,
    sum(bytes) AS bytes
FROM xdptail.stream
WHERE event_type = 'count'
GROUP BY minute, run, interface, src_ip;

CREATE MATERIALIZED VIEW IF NOT EXISTS xdptail.to_flows TO xdptail.flows AS
SELECT toStartOfMinute(timestamp) AS minute, run, interface, src_ip, dst_ip, ifNull(protocol, 255) AS protocol,
    least(ifNull(src_port, 0), ifNull(dst_port, 0)) AS port, count() AS samples,
    sum(toUInt64(sample_rate)) AS packets, sum(toUInt64(packet_len) * sample_rate) AS bytes
FROM xdptail.stream
WHERE event_type = 'packet'
GROUP BY minute, run, interface, src_ip, dst_ip, protocol, port;

CREATE MATERIALIZED VIEW IF NOT EXISTS xdptail.to_arrivals TO xdptail.arrivals AS
SELECT toDate(timestamp) AS day, run, event_type, count() AS lines
FROM xdptail.stream
WHERE NOT repeated
GROUP BY day, run, event_type;
