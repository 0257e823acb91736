-- /// query
-- title = "Families of numbers for monitors"
-- description = """What each number is, in the words of OpenMetrics. A family that counts
-- what a snapshot showed falls silent when the data is too old; the others go on."""
-- [columns]
-- family = "Name, as monitors know it."
-- kind = "gauge or counter."
-- unit = "seconds, or nothing."
-- help = "What it is."
-- silent = "Whether it falls silent where the last complete snapshot is too old."
-- ///
select *
from
    (
        values
            (
                'analyzer_sessions',
                'gauge',
                '',
                'iSCSI sessions of a node; without node, of interfaces whose node is not known.',
                true
            ),
            (
                'analyzer_sessions_limit',
                'gauge',
                '',
                'Sessions that the policy allows a node.',
                true
            ),
            (
                'analyzer_hosts',
                'gauge',
                '',
                'Initiators by redundancy: which paths, nodes and subnets they stand on.',
                true
            ),
            (
                'analyzer_open_losses',
                'gauge',
                '',
                'Paths that lost sessions and are not back, by severity before maintenance.',
                true
            ),
            (
                'analyzer_findings',
                'gauge',
                '',
                'Findings of the check, by severity and whether they last (open) or are over.',
                false
            ),
            (
                'analyzer_history_damaged',
                'gauge',
                '',
                '1 where the history of a cluster cannot be read, so that it has no other number.',
                false
            ),
            (
                'analyzer_snapshot_timestamp_seconds',
                'gauge',
                'seconds',
                'When the last complete snapshot was taken, since the epoch.',
                false
            ),
            (
                'analyzer_snapshot_age_seconds',
                'gauge',
                'seconds',
                'How long ago the last complete snapshot was taken.',
                false
            ),
            (
                'analyzer_snapshot_duration_seconds',
                'gauge',
                'seconds',
                'How long the answer of the last complete snapshot took.',
                false
            ),
            (
                'analyzer_coverage_gaps',
                'gauge',
                '',
                'Spans of the last 24 hours that nobody saw whole.',
                false
            ),
            (
                'analyzer_attempts',
                'counter',
                '',
                'Attempts to take a snapshot, by how they ended.',
                false
            )
    ) f(family, kind, unit, help, silent)
