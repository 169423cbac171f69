-- SPDX-License-Identifier: BSD-2-Clause
-- Which records are missing, one range a row; for servers with window functions (21.4). After
-- loss.sql. What is missing at the end of a run's packets and counts, its sums tell; what has come
-- of age is not missing. Ask for some runs or types: SELECT * FROM xdptail.gaps WHERE run IN (...)
-- reads only those, in the order in which they are stored.

CREATE VIEW IF NOT EXISTS xdptail.gaps AS
SELECT hostname, run, event_type, before + 1 AS first_missing, record_seq - 1 AS last_missing,
    record_seq - before - 1 AS records, previous_time AS after, timestamp AS until
FROM
(
    SELECT run, event_type, record_seq, timestamp,
        lagInFrame(record_seq) OVER w AS before,
        lagInFrame(timestamp) OVER w AS previous_time,
        row_number() OVER w AS place
    FROM
    (
        SELECT run, 'packet' AS event_type, record_seq, timestamp FROM xdptail.packets FINAL
        UNION ALL
        SELECT run, 'count', record_seq, timestamp FROM xdptail.counts FINAL
        UNION ALL
        SELECT run, toString(event_type), record_seq, timestamp FROM xdptail.events FINAL WHERE NOT repeated
        UNION ALL
        SELECT run, 'packet', told_packets + 1, last_event FROM xdptail.runs WHERE told_packets > 0
        UNION ALL
        SELECT run, 'count', told_counts + 1, last_event FROM xdptail.runs WHERE told_counts > 0
        UNION ALL
        SELECT run, 'sink', toUInt64(before_sums + outputs + 1), last_event
        FROM xdptail.outputs
        ANY INNER JOIN (SELECT run, last_event FROM xdptail.runs WHERE stopped) AS ended USING (run)
        UNION ALL
        SELECT run, 'start', 2, last_event FROM xdptail.runs
    )
    WINDOW w AS (PARTITION BY run, event_type ORDER BY record_seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
) AS neighbours
ANY LEFT JOIN (SELECT run, hostname, joined FROM xdptail.runs) AS runs USING (run)
ANY LEFT JOIN xdptail.expired AS expired USING (run, event_type)
WHERE record_seq > before + 1 AND NOT (place = 1 AND (joined OR expired > 0))
ORDER BY hostname, run, event_type, first_missing;
