-- SPDX-License-Identifier: BSD-2-Clause
-- What was lost between the kernel and these tables, where, and how many. After schema.sql.
--
--   runs         what each run is, and whether it came to its end
--   missing      by run and type: how many records are not here, and from which end
--   accounts     by run and output: what the run says it wrote there, and what arrived
--   duplicates   lines that came more than once
--
-- and gaps.sql: which records are missing, one range a row. What came and has come of age is not
-- missing: it is "expired" here.

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
SELECT run, 'packet' AS event_type, record_seq, toDate(timestamp) AS day FROM xdptail.packets FINAL
UNION ALL
SELECT run, 'count' AS event_type, record_seq, toDate(timestamp) AS day FROM xdptail.counts FINAL
UNION ALL
SELECT run, toString(event_type) AS event_type, record_seq, toDate(timestamp) AS day
FROM xdptail.events FINAL WHERE NOT repeated;

-- Lines of days that have gone from the table of their type, from its oldest end. Those that came
-- twice are there twice: that is not known any more.
CREATE VIEW IF NOT EXISTS xdptail.expired AS
SELECT run, event_type, sum(lines) AS expired
FROM
(
    SELECT run, event_type, day, lines, first_day
    FROM
    (
        SELECT run, toString(event_type) AS event_type, day, sum(lines) AS lines
        FROM xdptail.arrivals GROUP BY run, event_type, day
    ) AS came
    ANY LEFT JOIN
    (
        SELECT run, event_type, min(day) AS first_day FROM xdptail.numbers GROUP BY run, event_type
    ) AS here
    USING (run, event_type)
) AS days
WHERE first_day = toDate(0) OR day < first_day
GROUP BY run, event_type;

-- How many outputs a run has had, of each of which it has a sum in the end; how many sums came; and
-- the number of the record before these.
CREATE VIEW IF NOT EXISTS xdptail.outputs AS
SELECT run, toInt64(uniqExact(sink)) AS outputs, toInt64(countIf(total)) AS sums,
    toInt64(maxIf(record_seq, NOT total)) AS before_sums
FROM xdptail.events FINAL
WHERE event_type = 'sink'
GROUP BY run;

-- Records are numbered by run and type, from 1. So what lacks at the start, and in the middle, is
-- what the numbers lack; what lacks at the end of packets and counts, what the run's sums say
-- beyond: all of them, where none came. An output that joined a run under way has nothing from
-- before.
CREATE VIEW IF NOT EXISTS xdptail.missing AS
SELECT hostname, run, event_type, arrived, expired,
    if(joined OR expired > 0 OR arrived = 0, 0, first - 1) AS missing_at_start,
    if(arrived = 0, 0, last - first + 1 - arrived) AS missing_between,
    if(arrived = 0 AND expired > 0, 0, greatest(told, last) - last) AS missing_at_end
FROM
(
    SELECT run, event_type, arrived, first, last, told, expired
    FROM
    (
        SELECT run, event_type, countIf(record_seq > 0) AS arrived, minIf(record_seq, record_seq > 0) AS first,
            max(record_seq) AS last, max(told) AS told
        FROM
        (
            SELECT run, event_type, record_seq, toUInt64(0) AS told FROM xdptail.numbers
            UNION ALL
            SELECT run, 'packet' AS event_type, toUInt64(0) AS record_seq, told_packets AS told
            FROM xdptail.runs WHERE told_packets > 0
            UNION ALL
            SELECT run, 'count' AS event_type, toUInt64(0) AS record_seq, told_counts AS told
            FROM xdptail.runs WHERE told_counts > 0
            UNION ALL
            SELECT run, 'sink' AS event_type, toUInt64(0) AS record_seq, toUInt64(before_sums + outputs) AS told
            FROM xdptail.outputs ANY INNER JOIN (SELECT run FROM xdptail.runs WHERE stopped) AS ended USING (run)
            UNION ALL
            SELECT run, 'start' AS event_type, toUInt64(0) AS record_seq, toUInt64(1) AS told
            FROM xdptail.runs WHERE NOT joined
        )
        GROUP BY run, event_type
    ) AS seen
    ANY LEFT JOIN xdptail.expired USING (run, event_type)
) AS numbered
ANY LEFT JOIN xdptail.runs AS runs USING (run);

-- For an output, the run's last sink record says how many lines it had been given and what became
-- of them; behind it come those of the outputs after it, and stop. So the lines that were on their
-- way are known to one, and what is not here was lost after it was written. Where a sum of another
-- output is not here, its place is known by the records before. Only for the output that leads
-- here: of
-- others this is no statement.
CREATE VIEW IF NOT EXISTS xdptail.accounts AS
SELECT hostname, run, sink, given, left_out, dropped, given - left_out - dropped AS sent, arrived, expired,
    given - left_out - dropped - toInt64(arrived) - toInt64(expired) AS lost_on_the_way
FROM
(
    SELECT run, sink, given, left_out, dropped, arrived, expired
    FROM
    (
        SELECT run, sink, toInt64(made) + 2
                + if(sums >= outputs, sums - indexOf(order_of_sums, record_seq), before_sums + outputs - record_seq)
                AS given,
            toInt64(filtered) AS left_out, toInt64(dropped_queue_full) + dropped_error AS dropped
        FROM
        (
            SELECT run, sink, toInt64(record_seq) AS record_seq, made, filtered, dropped_queue_full, dropped_error
            FROM xdptail.events FINAL
            WHERE event_type = 'sink' AND total
        ) AS last_words
        ANY LEFT JOIN
        (
            SELECT run, outputs, sums, before_sums, order_of_sums
            FROM xdptail.outputs
            ANY LEFT JOIN
            (
                SELECT run, groupArray(record_seq) AS order_of_sums
                FROM
                (
                    SELECT run, toInt64(record_seq) AS record_seq
                    FROM xdptail.events FINAL
                    WHERE event_type = 'sink' AND total
                    ORDER BY run, record_seq
                )
                GROUP BY run
            ) AS ordered USING (run)
        ) AS places USING (run)
    ) AS told
    ANY LEFT JOIN
    (
        SELECT run, sum(here) AS arrived, sum(gone) AS expired
        FROM
        (
            SELECT run, toUInt64(1) AS here, toUInt64(0) AS gone FROM xdptail.numbers
            UNION ALL
            SELECT run, toUInt64(0) AS here, expired AS gone FROM xdptail.expired
        )
        GROUP BY run
    ) AS came USING (run)
) AS compared
ANY LEFT JOIN xdptail.runs AS runs USING (run);

-- Lines that came, less those that are different. They are in no table twice once parts are merged,
-- nor by FINAL; but talkers and flows have summed them.
CREATE VIEW IF NOT EXISTS xdptail.duplicates AS
SELECT hostname, run, event_type, lines - expired - arrived AS duplicates
FROM
(
    SELECT run, event_type, lines, arrived, expired
    FROM
    (
        SELECT run, event_type, lines, arrived
        FROM (SELECT run, toString(event_type) AS event_type, sum(lines) AS lines FROM xdptail.arrivals GROUP BY run, event_type) AS came
        ANY INNER JOIN (SELECT run, event_type, count() AS arrived FROM xdptail.numbers GROUP BY run, event_type) AS differ
        USING (run, event_type)
    ) AS numbered
    ANY LEFT JOIN xdptail.expired USING (run, event_type)
) AS both
ANY LEFT JOIN xdptail.runs AS runs USING (run);
