-- /// query
-- title = "How redundantly everything was connected, over time"
-- description = """
-- A lane for each host, interface or node, and on it the state of its paths: what a timeline
-- draws. The window is cut into columns; of several states in one column the worst is shown, and
-- neighbours of one state are one row. Lanes that are open come first. What is unknown of a cluster
-- is in the report coverage; of an SVM that is not listed any more all is unknown from then on.
-- """
-- time = "window"
-- brief = ["lane", "standing", "state", "from", "missing"]
-- group = "Incident"
-- needs = ["interfaces"]
-- cannot_see = "What happened and was undone between two snapshots."
-- [params.by]
-- default = "host"
-- choices = ["host", "interface", "node"]
-- help = "What has a lane: host, interface or node."
-- [params.columns]
-- default = 240
-- minimum = 1
-- maximum = 10000
-- help = "How many columns the window is cut into."
-- [params.rows]
-- default = 60
-- minimum = 1
-- help = "How many lanes."
-- [params.skip]
-- default = 0
-- minimum = 0
-- help = "How many lanes to leave out before them."
-- [params.sort]
-- default = "open"
-- choices = ["open", "name"]
-- help = "Which lanes come first: open and bad ones, or by name."
-- [params.lane]
-- kind = "pattern"
-- default = "*"
-- help = "Which lanes, by the whole name of the host, interface or node; * matches."
-- [params.svm]
-- kind = "pattern"
-- default = "*"
-- names = "svm_names"
-- help = "Of which SVM; * matches."
-- [params.initiator]
-- kind = "pattern"
-- names = "initiator_names"
-- default = "*"
-- help = "Whose: by its name or a part of it, alias, host name or address; * matches."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM; null for a node."
-- lane = "The host by its initiator, the interface or the node."
-- place = "Number of the lane."
-- lanes = "How many lanes there are in all."
-- standing = """open: fewer paths at the end than it had; over: it was so in the window; weak: all
-- that it has is not redundant; steady."""
-- state = "none, one_path, one_node, one_subnet, some_paths, all_paths or unknown."
-- missing = "Paths fewer than the most that it had, sessions for an interface or a node."
-- began_after = "It began after this instant; null if it was so at the first look."
-- began_by = "First complete snapshot that shows it."
-- from = "Begin of the first column of it, within the window."
-- to = "End of the last column."
-- first_column = "Number of its first column, from 0."
-- last_column = "Number of its last column."
-- ///
with
    wanted as (
        select distinct initiator from initiator_names where name like $initiator escape '^'
    ),
    svms as (
        select cluster, svm_id, max_by(svm, first_seen) as svm
        from recent_spells
        where first_seen <= $until::timestamp
        group by all
    ),
    last_known as (
        select
            h.cluster,
            h.svm_id,
            h.initiator as lane,
            h.state,
            h.rank,
            h.missing,
            h.began_after,
            h.began,
            h.ended
        from host_states h
        join wanted w on w.initiator = h.initiator
        union all
        select cluster, svm_id, object, state, rank, missing, began_after, began, ended
        from object_states
    ),
    states as (
        select
            k.cluster,
            k.svm_id,
            k.lane,
            k.state,
            k.rank,
            k.missing,
            k.began_after,
            k.began,
            least(k.ended, u.unseen_since) as ended
        from last_known k
        left join unseen_svms u on u.cluster = k.cluster and u.svm_id = k.svm_id
        union all
        -- How it stood when it was last seen is how it stands.
        select
            k.cluster,
            k.svm_id,
            k.lane,
            'unknown',
            k.rank,
            k.missing,
            u.last_seen,
            u.unseen_since,
            null::timestamp
        from last_known k
        join unseen_svms u on u.cluster = k.cluster and u.svm_id = k.svm_id
        where coalesce(k.ended > u.unseen_since, true)
    ),
    standings as (
        select
            cluster,
            svm_id,
            lane,
            min(rank) as worst,
            max(began) as turned,
            case
                when
                    coalesce(
                        max(missing) filter (where coalesce(ended > $until::timestamp, true)), 0
                    )
                    > 0
                then 'open'
                when min(rank) <> max(rank)
                then 'over'
                when min(rank) < 5
                then 'weak'
                else 'steady'
            end as standing
        from states
        group by all
    ),
    ranked as (
        select
            t.*,
            coalesce(s.svm, nullif(t.svm_id, '')) as svm,
            count(*) over () as lanes,
            row_number() over (
                order by
                    case
                        when $sort = 'name'
                        then 0
                        when t.standing = 'open'
                        then 1
                        when t.standing = 'over'
                        then 2
                        when t.standing = 'weak'
                        then 3
                        else 4
                    end,
                    case when $sort = 'name' then 0 else t.worst end,
                    t.cluster,
                    s.svm,
                    t.lane,
                    t.svm_id
            ) as place
        from standings t
        left join svms s on s.cluster = t.cluster and s.svm_id = t.svm_id
        where
            lower(t.lane) like $lane escape '^'
            and lower(coalesce(s.svm, t.svm_id, '')) like $svm escape '^'
    ),
    chosen as (select * from ranked where place > $skip and place <= $skip + $rows),
    clock as (
        -- Seconds of the window.
        select
            greatest(1, date_diff('second', $since::timestamp, $until::timestamp)) as seconds,
            $columns::bigint as columns
    ),
    clipped as (
        select
            c.place,
            s.state,
            s.rank,
            s.missing,
            s.began_after,
            s.began as began_by,
            least(
                floor(
                    date_diff('second', $since::timestamp, greatest(s.began, $since::timestamp))
                    * k.columns
                    / k.seconds
                ),
                k.columns - 1
            )::bigint as first_column,
            least(
                greatest(
                    0,
                    floor(
                        (
                            date_diff(
                                'second',
                                $since::timestamp,
                                least(coalesce(s.ended, $until::timestamp), $until::timestamp)
                            )
                            * k.columns
                            - 1
                        )
                        / k.seconds
                    )
                ),
                k.columns - 1
            )::bigint as last_column
        from chosen c
        join
            states s
            on s.cluster = c.cluster
            and s.svm_id is not distinct from c.svm_id
            and s.lane = c.lane
        cross join clock k
        where s.began <= $until::timestamp
    ),
    ends as (
        -- Only the first and the last column of a state can hold another one too.
        select place, state, rank, missing, began_after, began_by, first_column as at_column
        from clipped
        union all
        select
            place, state, rank, missing, began_after, began_by, greatest(first_column, last_column)
        from clipped
    ),
    pieces as (
        select
            place,
            state,
            rank,
            missing,
            began_after,
            began_by,
            at_column as first_column,
            at_column as last_column
        from ends
        qualify
            row_number() over (
                partition by place, at_column order by rank, missing desc, began_after nulls first
            )
            = 1
        union all
        select place, state, rank, missing, began_after, began_by, first_column + 1, last_column - 1
        from clipped
        where last_column - first_column > 1
    ),
    marked as (
        select *, case when lag(state) over in_time = state then 0 else 1 end as turn
        from pieces
        window in_time as (partition by place order by first_column)
    ),
    islands as (
        select *, sum(turn) over (partition by place order by first_column) as island from marked
    )
select
    c.cluster,
    c.svm,
    c.lane,
    c.place,
    c.lanes,
    c.standing,
    i.state,
    max(i.missing) as missing,
    min_by(i.began_after, i.first_column) as began_after,
    min_by(i.began_by, i.first_column) as began_by,
    $since::timestamp
    + to_seconds(floor(min(i.first_column) * k.seconds / k.columns)::bigint) as "from",
    $since::timestamp
    + to_seconds(floor((max(i.last_column) + 1) * k.seconds / k.columns)::bigint) as "to",
    min(i.first_column) as first_column,
    max(i.last_column) as last_column
from islands i
join chosen c on c.place = i.place
cross join clock k
group by
    c.cluster, c.svm, c.lane, c.place, c.lanes, c.standing, i.state, i.island, k.seconds, k.columns
order by c.place, first_column
