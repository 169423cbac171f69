-- SPDX-License-Identifier: BSD-2-Clause
-- Questions, and a statement for each. Of the last hour, day or week: WHERE says which. Exact are
-- those of counts, talkers and events; those of packets and flows are estimates, see README.md.
-- An IPv4 address is stored, and shown, as ::ffff:192.0.2.7; it is asked for by
-- toIPv6('192.0.2.7').

-- talkers: who sent most in the last hour? (exact)
SELECT src_ip, sum(packets) AS packets, sum(bytes) AS bytes
FROM xdptail.talkers
WHERE minute >= now() - INTERVAL 1 HOUR
GROUP BY src_ip
ORDER BY packets DESC, src_ip
LIMIT 20;

-- talkers_by_host: who sent most, to which host? (exact)
SELECT hostname, src_ip, sum(packets) AS packets, sum(bytes) AS bytes
FROM xdptail.talkers
ANY LEFT JOIN xdptail.runs AS runs USING (run)
WHERE minute >= now() - INTERVAL 1 HOUR
GROUP BY hostname, src_ip
ORDER BY packets DESC, hostname, src_ip
LIMIT 20;

-- rate: packets and bits a second, by host and interval (exact)
SELECT hostname, interval_end, counted / seconds AS packets_per_second, 8 * counted_bytes / seconds AS bits_per_second
FROM
(
    SELECT run, interval_end, counted, counted_bytes,
        greatest(dateDiff('millisecond', interval_start, interval_end), 1) / 1000 AS seconds
    FROM xdptail.events FINAL
    WHERE event_type = 'snapshot' AND NOT total AND timestamp >= now() - INTERVAL 1 HOUR
) AS snapshots
ANY LEFT JOIN xdptail.runs AS runs USING (run)
ORDER BY hostname, interval_end;

-- unlisted: how much of the traffic is in no count record, for want of room in --top or in the
-- table?
SELECT host AS hostname, sum(counted) AS packets, sum(unlisted_packets) AS unlisted, sum(unattributed_packets) AS unattributed
FROM xdptail.events FINAL
ANY LEFT JOIN (SELECT run, hostname AS host FROM xdptail.runs) AS runs USING (run)
WHERE event_type = 'snapshot' AND NOT total AND timestamp >= now() - INTERVAL 1 DAY
GROUP BY host
ORDER BY host;

-- new_sources: who was there in the last hour, and not in the week before?
SELECT src_ip, sum(packets) AS packets, min(minute) AS since
FROM xdptail.talkers
WHERE minute >= now() - INTERVAL 1 HOUR AND src_ip NOT IN
(
    SELECT src_ip FROM xdptail.talkers WHERE minute >= now() - INTERVAL 7 DAY AND minute < now() - INTERVAL 1 HOUR
)
GROUP BY src_ip
ORDER BY packets DESC, src_ip
LIMIT 20;

-- everywhere: which sources came to most hosts?
SELECT src_ip, uniqExact(hostname) AS hosts, sum(packets) AS packets
FROM xdptail.talkers
ANY LEFT JOIN xdptail.runs AS runs USING (run)
WHERE minute >= now() - INTERVAL 1 DAY
GROUP BY src_ip
ORDER BY hosts DESC, packets DESC, src_ip
LIMIT 20;

-- one_source: what one address sent, by minute
SELECT minute, sum(packets) AS packets, sum(bytes) AS bytes
FROM xdptail.talkers
WHERE src_ip = toIPv6('192.0.2.7') AND minute >= now() - INTERVAL 1 DAY
GROUP BY minute
ORDER BY minute;

-- protocols: packets by protocol (estimate)
SELECT protocol, sum(packets) AS packets, sum(samples) AS samples
FROM xdptail.flows
WHERE minute >= now() - INTERVAL 1 HOUR
GROUP BY protocol
ORDER BY packets DESC, protocol;

-- services: packets by protocol and port of the service (estimate)
SELECT protocol, port, sum(packets) AS packets, uniqExact(src_ip) AS sources
FROM xdptail.flows
WHERE minute >= now() - INTERVAL 1 HOUR AND port > 0
GROUP BY protocol, port
ORDER BY packets DESC, protocol, port
LIMIT 20;

-- conversations: who sends most to whom, and how sure is that? (estimate; 95 of 100 lie within)
SELECT src_ip, dst_ip, protocol, port, sum(packets) AS packets, sum(samples) AS samples,
    round(packets * 1.96 / sqrt(samples)) AS plus_minus
FROM xdptail.flows
WHERE minute >= now() - INTERVAL 1 HOUR
GROUP BY src_ip, dst_ip, protocol, port
ORDER BY packets DESC, src_ip, dst_ip, protocol, port
LIMIT 20;

-- estimate: how near do samples come to the exact count, by source?
SELECT src_ip, exact, estimated, round(100 * (estimated - exact) / exact, 1) AS percent_off
FROM
(
    SELECT src_ip, toInt64(sum(packets)) AS exact FROM xdptail.talkers
    WHERE minute >= now() - INTERVAL 1 HOUR GROUP BY src_ip
) AS counted
ANY INNER JOIN
(
    SELECT src_ip, toInt64(sum(packets)) AS estimated FROM xdptail.flows
    WHERE minute >= now() - INTERVAL 1 HOUR GROUP BY src_ip
) AS sampled USING (src_ip)
ORDER BY exact DESC, src_ip
LIMIT 20;

-- one_port: samples to a port, newest first
SELECT timestamp, src_ip, src_port, packet_len, flags
FROM xdptail.packets
WHERE dst_port = 443 AND timestamp >= now() - INTERVAL 1 HOUR
ORDER BY timestamp DESC, record_seq DESC
LIMIT 20;

-- scans: which sources ask for connections to many ports? (SYN without ACK)
SELECT src_ip, uniqExact(dst_port) AS ports, uniqExact(dst_ip) AS hosts, count() AS samples
FROM xdptail.packets
WHERE bitAnd(tcp_flags, 18) = 2 AND timestamp >= now() - INTERVAL 1 HOUR
GROUP BY src_ip
ORDER BY ports DESC, samples DESC, src_ip
LIMIT 20;

-- resets: of which sources is a large part RST?
SELECT src_ip, count() AS samples, round(100 * countIf(bitAnd(tcp_flags, 4) = 4) / samples, 1) AS percent_reset
FROM xdptail.packets
WHERE protocol = 6 AND timestamp >= now() - INTERVAL 1 HOUR
GROUP BY src_ip
HAVING samples >= 10
ORDER BY percent_reset DESC, samples DESC, src_ip
LIMIT 20;

-- sizes: how large are packets? By powers of two.
SELECT intExp2(ceil(log2(packet_len))) AS up_to, sum(sample_rate) AS packets
FROM xdptail.packets
WHERE timestamp >= now() - INTERVAL 1 HOUR
GROUP BY up_to
ORDER BY up_to;

-- versions: how much is IPv6?
SELECT if(startsWith(IPv6NumToString(src_ip), '::ffff:'), 4, 6) AS version, sum(sample_rate) AS packets
FROM xdptail.packets
WHERE timestamp >= now() - INTERVAL 1 HOUR
GROUP BY version
ORDER BY version;

-- hops: from how far away? Senders start at 64, 128 or 255.
SELECT multiIf(ttl <= 64, 64, ttl <= 128, 128, 255) - ttl AS hops, sum(sample_rate) AS packets
FROM xdptail.packets
WHERE timestamp >= now() - INTERVAL 1 HOUR
GROUP BY hops
ORDER BY packets DESC, hops
LIMIT 20;

-- vlans: packets by VLAN tags; none is NULL
SELECT vlan, vlan_inner, sum(sample_rate) AS packets
FROM xdptail.packets
WHERE timestamp >= now() - INTERVAL 1 HOUR
GROUP BY vlan, vlan_inner
ORDER BY packets DESC, vlan, vlan_inner
LIMIT 20;

-- odd: broken, truncated and fragmented packets, by source
SELECT src_ip, parse, fragment, count() AS samples
FROM xdptail.packets
WHERE (parse != '' OR fragment != '') AND timestamp >= now() - INTERVAL 1 DAY
GROUP BY src_ip, parse, fragment
ORDER BY samples DESC, src_ip, parse, fragment
LIMIT 20;

-- icmp: by type and code
SELECT protocol, icmp_type, icmp_code, sum(sample_rate) AS packets
FROM xdptail.packets
WHERE icmp_type IS NOT NULL AND timestamp >= now() - INTERVAL 1 DAY
GROUP BY protocol, icmp_type, icmp_code
ORDER BY packets DESC, protocol, icmp_type, icmp_code
LIMIT 20;

-- not_counted: what came in that is in no count: not IP, of another protocol, broken
SELECT host AS hostname, sum(seen) AS seen, sum(not_ip) AS not_ip, sum(not_selected) AS other_protocol,
    sum(no_source + undetermined) AS broken
FROM xdptail.events FINAL
ANY LEFT JOIN (SELECT run, hostname AS host FROM xdptail.runs) AS runs USING (run)
WHERE event_type = 'snapshot' AND NOT total AND timestamp >= now() - INTERVAL 1 DAY
GROUP BY host
ORDER BY host;

-- cost: what xdptail takes of each host: CPU, memory, and how near the ring came to its end
SELECT host AS hostname, sum(cpu_ms) AS cpu_ms, sum(delivered) AS samples, max(rss_kb) AS rss_kb,
    max(ring_high_water) AS ring_high_water, max(longest_wait_ms) AS longest_wait_ms
FROM xdptail.events FINAL
ANY LEFT JOIN (SELECT run, hostname AS host FROM xdptail.runs) AS runs USING (run)
WHERE event_type = 'stats' AND NOT total AND timestamp >= now() - INTERVAL 1 DAY
GROUP BY host
ORDER BY host;

-- interfaces: what happened to interfaces
SELECT timestamp, host AS hostname, interface, state, mode, reason
FROM xdptail.events FINAL
ANY LEFT JOIN (SELECT run, hostname AS host FROM xdptail.runs) AS runs USING (run)
WHERE event_type = 'interface' AND timestamp >= now() - INTERVAL 7 DAY
ORDER BY timestamp, host, interface, state;

-- silent: hosts that have not ended, and sent no snapshot for three intervals
SELECT hostname, run, last_event, interval_s
FROM xdptail.runs
WHERE NOT stopped AND interval_s > 0 AND last_event < now() - 3 * interval_s
ORDER BY hostname, last_event;

-- storage: rows, bytes on disk, and bytes a row
SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, round(bytes / rows, 1) AS bytes_a_row
FROM system.parts
WHERE database = 'xdptail' AND active
GROUP BY table
ORDER BY table;

-- told: losses that the stream itself reports
SELECT host AS hostname, `where`, cause, sum(records) AS records, min(first) AS since, max(last) AS until
FROM xdptail.events FINAL
ANY LEFT JOIN (SELECT run, hostname AS host FROM xdptail.runs) AS runs USING (run)
WHERE event_type = 'loss' AND timestamp >= now() - INTERVAL 7 DAY
GROUP BY host, `where`, cause
ORDER BY records DESC, host, `where`, cause;

-- unfinished: runs without a stop, so that nothing is known of their last records
SELECT hostname, run, first_event, last_event
FROM xdptail.runs
WHERE NOT stopped
ORDER BY hostname, first_event;

-- missing: which runs and types lack records here, and at which end?
SELECT *
FROM xdptail.missing
WHERE missing_at_start + missing_between + missing_at_end > 0
ORDER BY hostname, run, event_type;

-- on_the_way: was it lost behind xdptail? Of the output that leads here.
SELECT *
FROM xdptail.accounts
WHERE sink LIKE 'file:%'
ORDER BY hostname, run;

-- duplicates: what came more than once?
SELECT *
FROM xdptail.duplicates
WHERE duplicates > 0
ORDER BY hostname, run, event_type;
