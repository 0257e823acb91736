"""A world in the shape of ONTAP's JSON: unset members and empty arrays are left out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.simulate.thing import Interface
    from analyzer.simulate.world import World

Record = dict[str, Any]


def _set(**members: Any) -> Record:
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def _svm(world: "World", key: str) -> Record:
    svm = world.svms[key]
    return {"uuid": svm.uuid, "name": svm.name}


def sessions(world: "World") -> list[Record]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for group in world.igroups.values():
        for initiator in group.initiators:
            place = groups.setdefault((group.svm, initiator.lower()), [])
            place.append({"uuid": group.uuid, "name": group.name})
    found = []
    for login in world.logins:
        if not login.up:
            continue
        host, target = world.hosts[login.host], world.interfaces[login.interface]
        portal = {
            "uuid": target.uuid,
            "name": target.name,
            "ip": {"address": target.address, "port": 3260},
        }
        found.append(
            _set(
                svm=_svm(world, target.svm),
                target_portal_group=target.group or target.name,
                target_portal_group_tag=target.tag,
                tsih=login.tsih,
                isid=login.isid,
                initiator=_set(name=host.initiator, alias=host.alias, comment=host.comment),
                connections=[
                    {
                        "cid": one.cid,
                        "authentication_type": "chap" if host.chap else "none",
                        "initiator_address": {"address": one.address, "port": one.port},
                        "interface": portal,
                    }
                    for one in login.connections
                ],
                igroups=groups.get((target.svm, host.initiator.lower()), []),
            )
        )
    return found


def svms(world: "World") -> list[Record]:
    return [
        {
            "uuid": svm.uuid,
            "name": svm.name,
            "state": svm.state,
            "subtype": svm.subtype,
            "ipspace": {"uuid": world.new_uuid("ipspace"), "name": "Default"},
            "iscsi": {"enabled": svm.iscsi},
        }
        for svm in world.svms.values()
    ]


def interfaces(world: "World") -> list[Record]:
    return [_interface(world, one) for one in world.interfaces.values()]


def _interface(world: "World", one: "Interface") -> Record:
    def port(node: str) -> Record:
        return {"uuid": world.new_uuid("port", node, one.home_port), "name": one.home_port}

    now = one.node or one.home_node
    return {
        "uuid": one.uuid,
        "name": one.name,
        "enabled": one.enabled,
        "state": "up" if one.up else "down",
        "scope": "svm",
        "svm": _svm(world, one.svm),
        "ip": {
            "address": one.address,
            "netmask": str(one.prefix),
            "family": "ipv6" if ":" in one.address else "ipv4",
        },
        "ipspace": {"uuid": world.new_uuid("ipspace"), "name": "Default"},
        "services": ["data_core", "data_iscsi"],
        "service_policy": {
            "uuid": world.new_uuid("policy", one.svm),
            "name": "default-data-iscsi",
        },
        "location": {
            "is_home": now == one.home_node,
            "auto_revert": one.moves,
            "failover": "sfo_partners_only" if one.moves else "home_node_only",
            "home_node": _node(world, one.home_node),
            "home_port": port(one.home_node),
            "node": _node(world, now),
            "port": port(now),
            "broadcast_domain": {
                "uuid": world.new_uuid("broadcast domain", one.fabric),
                "name": f"iscsi-{one.fabric}",
            },
        },
        "vip": False,
    }


def _node(world: "World", key: str) -> Record:
    node = world.nodes[key]
    return {"uuid": node.uuid, "name": node.name}


def igroups(world: "World") -> list[Record]:
    comments = {host.initiator.lower(): host.comment for host in world.hosts.values()}
    reached: dict[tuple[str, str], set[str]] = {}
    wanted: dict[tuple[str, str], set[str]] = {}
    for host in world.hosts.values():
        needed = {world.interfaces[key].home_node for key in host.interfaces}
        wanted.setdefault((host.svm, host.initiator.lower()), set()).update(needed)
    for login in world.logins:
        if login.up:
            target, host = world.interfaces[login.interface], world.hosts[login.host]
            place = reached.setdefault((target.svm, host.initiator.lower()), set())
            place.add(target.home_node)
    found = []
    for group in world.igroups.values():
        members = [(group.svm, name.lower()) for name in group.initiators]
        required = sorted(set().union(*(wanted.get(one, set()) for one in members)))
        found.append(
            _set(
                uuid=group.uuid,
                name=group.name,
                svm=_svm(world, group.svm),
                os_type=group.os_type,
                protocol="iscsi",
                delete_on_unmap=False,
                initiators=[
                    _set(name=name, comment=comments.get(name.lower())) for name in group.initiators
                ],
                connectivity_tracking=_set(
                    connection_state=_verdict(
                        [reached.get(one, set()) for one in members], required
                    ),
                    required_nodes=[_node(world, key) for key in required],
                ),
            )
        )
    return found


def _verdict(reached: list[set[str]], required: list[str]) -> str:
    """ONTAP's own words for an igroup's initiators."""
    if not reached:
        return "no_initiators"
    if not required:
        return "no_lun_maps"
    if all(one >= set(required) for one in reached):
        return "full"
    return "partial" if any(reached) else "none"


def nodes(world: "World") -> list[Record]:
    generation, major, minor = world.version
    found = []
    for node in world.nodes.values():
        partner = world.nodes.get(node.partner)
        away = partner is not None and partner.state != "up"
        found.append(
            _set(
                uuid=node.uuid,
                name=node.name,
                state=node.state,
                membership="member",
                model=node.model,
                serial_number=node.uuid[:8],
                version=version(generation, major, minor),
                ha=_set(
                    enabled=partner is not None,
                    auto_giveback=True,
                    partners=[{"uuid": partner.uuid, "name": partner.name}] if partner else [],
                    takeover={"state": "in_takeover" if away else "not_in_takeover"},
                    giveback={"state": "nothing_to_giveback"},
                ),
            )
        )
    return found


def version(generation: int, major: int, minor: int) -> Record:
    return {
        "full": f"NetApp Release {generation}.{major}.{minor}: a simulation",
        "generation": generation,
        "major": major,
        "minor": minor,
    }


def cluster(world: "World") -> list[Record]:
    return [
        {
            "uuid": world.uuid,
            "name": world.name,
            "version": version(*world.version),
            "san_optimized": any(one.moves for one in world.interfaces.values()),
        }
    ]
