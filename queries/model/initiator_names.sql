-- /// query
-- title = "Names that an initiator is found by"
-- description = """Every name of every initiator that the history has seen, or that an igroup
-- lists: its own, what follows the colon in it, aliases, addresses, and what the policy calls its
-- host."""
-- [columns]
-- initiator = "Initiator, lower-cased."
-- name = "A name of it, lower-cased."
-- part = "Whether a part of that name is enough."
-- ///
with
    seen as (
        select initiator, alias, initiator_address
        from spells
        where initiator <> ''
        union
        select initiator, alias, initiator_address
        from sightings
        where initiator <> ''
    ),
    known as (
        select initiator
        from seen
        union
        select lower(unnest(initiators)) as initiator
        from igroups
    )
select initiator, initiator as name, true as part
from known
union
select initiator, split_part(initiator, ':', 2) as name, false as part
from known
where initiator like '%:%'
union
select initiator, lower(alias) as name, false as part
from seen
where alias <> ''
union
select initiator, initiator_address as name, false as part
from seen
where initiator_address <> ''
union
select k.initiator, lower(h.host) as name, false as part
from host_names h
join known k on k.initiator = lower(h.initiator)
