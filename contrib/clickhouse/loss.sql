-- SPDX-License-Identifier: BSD-2-Clause
-- What was lost between the kernel and these tables, where, and how many. After schema.sql.
--
--   runs         what each run is, and whether it came to its end
--   missing      by run and type: how many records are not here, and from which end
--   accounts     by run and output: what the run says it wrote there, and what arrived
--   duplicates   lines that came more than once
--
-- and gaps.sql: which records are missing, one range a row.

CREATE VIEW IF NOT EXISTS xdptail.runs AS
SELECT run, max(hostname) AS hostname, max(version) AS version,
    min(timestamp) AS first_event, max(timestamp) AS last_event,
    countIf(event_type = 'start' AND NOT repeated) > 0 AS started,
    countIf(event_type = 'stop') > 0 AS stopped,
    countIf(joined) > 0 AS joined,
    max(interval_s) AS interval_s,
    maxIf(reason, event_type = 'stop') AS reason,
    maxIf(exit, event_type = 'stop') AS exit,
    maxIf(delivered, event_type = 'stats' AND total) AS told_packets,
    maxIf(listed, event_type = 'snapshot' AND total) AS told_counts
FROM xdptail.events
GROUP BY run;

-- Each record once, however often it came.
CREATE VIEW IF NOT EXISTS xdptail.numbers AS
SELECT run, 'packet' AS event_type, record_seq FROM xdptail.packets FINAL
UNION ALL
SELECT run, 'count' AS event_type, record_seq FROM xdptail.counts FINAL
UNION ALL
SELECT run, toString(event_type) AS event_type, record_seq FROM xdptail.events FINAL WHERE NOT repeated;

-- Records are numbered by run and type, from 1. So what lacks at the start, and in the middle, is what the
-- numbers lack; what lacks at the end of packets and counts, what the run's sums say beyond. An output that
-- joined a run under way has nothing from before.
CREATE VIEW IF NOT EXISTS xdptail.missing AS
SELECT hostname, run, event_type, arrived,
    if(joined, 0, first - 1) AS missing_at_start,
    last - first + 1 - arrived AS missing_between,
    greatest(multiIf(event_type = 'packet', told_packets, event_type = 'count', told_counts, last), last) - last
        AS missing_at_end
FROM
(
    SELECT run, event_type, count() AS arrived, min(record_seq) AS first, max(record_seq) AS last
    FROM xdptail.numbers
    GROUP BY run, event_type
) AS seen
ANY LEFT JOIN xdptail.runs AS runs USING (run);

-- For an output, the run's last sink record says how many lines it had been given and what became of them;
-- behind it come those of the outputs after it, and stop. So the lines that were on their way are known to
-- one, and what is not here was lost after it was written. Only for the output that leads here: of
-- others this is no statement.
CREATE VIEW IF NOT EXISTS xdptail.accounts AS
SELECT hostname, run, sink, given, left_out, dropped, given - left_out - dropped AS sent, arrived,
    given - left_out - dropped - toInt64(arrived) AS lost_on_the_way
FROM
(
    SELECT run, sink, given, left_out, dropped, arrived
    FROM
    (
        SELECT run, sink, toInt64(made) + sinks - indexOf(order_of_sinks, record_seq) + 2 AS given,
            toInt64(filtered) AS left_out, toInt64(dropped_queue_full) + dropped_error AS dropped
        FROM
        (
            SELECT run, sink, record_seq, made, filtered, dropped_queue_full, dropped_error
            FROM xdptail.events FINAL
            WHERE event_type = 'sink' AND total
        ) AS sums
        ANY LEFT JOIN
        (
            SELECT run, toInt64(count()) AS sinks, groupArray(record_seq) AS order_of_sinks
            FROM
            (
                SELECT run, record_seq
                FROM xdptail.events FINAL
                WHERE event_type = 'sink' AND total
                ORDER BY run, record_seq
            )
            GROUP BY run
        ) AS places USING (run)
    ) AS told
    ANY LEFT JOIN (SELECT run, count() AS arrived FROM xdptail.numbers GROUP BY run) AS here USING (run)
) AS compared
ANY LEFT JOIN xdptail.runs AS runs USING (run);

-- Lines that came, less those that are different. They are in no table twice once parts are merged, nor by
-- FINAL; but talkers and flows have summed them.
CREATE VIEW IF NOT EXISTS xdptail.duplicates AS
SELECT hostname, run, event_type, lines - arrived AS duplicates
FROM
(
    SELECT run, event_type, lines, arrived
    FROM (SELECT run, toString(event_type) AS event_type, sum(lines) AS lines FROM xdptail.arrivals GROUP BY run, event_type) AS came
    ANY INNER JOIN (SELECT run, event_type, count() AS arrived FROM xdptail.numbers GROUP BY run, event_type) AS differ
    USING (run, event_type)
) AS both
ANY LEFT JOIN xdptail.runs AS runs USING (run);
