-- /// query
-- title = "Names of nodes, interfaces and subnets"
-- description = "Every name of that kind that the history has seen."
-- [params.kind]
-- default = "node"
-- help = "node, interface or subnet."
-- [columns]
-- name = "Name, lower-cased."
-- part = "Whether a part of the name is enough: never."
-- ///
with
    named as (
        select 'node' as kind, name
        from nodes
        union
        select 'node' as kind, node as name
        from interfaces
        union
        select 'interface' as kind, name
        from interfaces
        union
        select 'interface' as kind, interface as name
        from spells
        union
        select 'interface' as kind, interface as name
        from sightings
        union
        select
            'subnet' as kind, subnet || coalesce(' in ' || nullif(ipspace, 'Default'), '') as name
        from interfaces
    )
select lower(name) as name, false as part
from named
where kind = $kind and name <> ''
