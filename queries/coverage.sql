-- /// query
-- title = "Coverage and gaps"
-- description = """
-- The window as spans without holes: complete between two complete snapshots, else unknown with
-- the reason. Nothing is stated to have happened, or not to have, in what is unknown.
-- """
-- time = "window"
-- group = "Data quality"
-- brief = ["from", "status", "snapshots", "reason"]
-- picture = "coverage"
-- page = 10
-- evidence = true
-- [columns]
-- cluster = "Cluster."
-- from = "Begin of the span."
-- to = "End of the span."
-- status = "complete or unknown."
-- snapshots = "Snapshots in the span, its end included."
-- reason = "Why it is unknown."
-- collectors = "Hosts whose collectors took those snapshots."
-- ///
with
    piece as (
        select
            cluster,
            greatest(coalesce(starts, $since), $since) as start,
            least(coalesce(ends, $until), $until) as finish,
            case when is_gap or ends is null then 'unknown' else 'complete' end as status,
            reason
        from coverage_spans
    ),
    span as (select * from piece where start < finish),
    numbered as (
        -- Neighbours of one kind are one span.
        select
            *,
            case
                when
                    status = lag(status) over w
                    and coalesce(reason, '') = coalesce(lag(reason) over w, '')
                    and status = 'complete'
                then 0
                else 1
            end as starts
        from span
        window w as (partition by cluster order by start, finish)
    ),
    island as (
        select *, sum(starts) over (partition by cluster order by start, finish) as number
        from numbered
    ),
    joined as (
        select
            cluster,
            number,
            min(start) as start,
            max(finish) as finish,
            min(status) as status,
            min(reason) as reason
        from island
        group by cluster, number
    )
select
    j.cluster,
    j.start as "from",
    j.finish as "to",
    j.status,
    count(a.taken_at) as snapshots,
    j.reason,
    list_sort(list(distinct a.collector) filter (where a.collector is not null)) as collectors
from joined j
left join
    attempts a
    on a.cluster = j.cluster
    and a.taken_at <= j.finish
    and (a.taken_at > j.start or (a.taken_at = j.start and j.start = $since))
group by all
order by j.cluster, "from", "to"
