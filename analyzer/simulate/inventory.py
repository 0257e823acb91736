"""A cluster's state in the shape of ONTAP's JSON: unset members and empty arrays are left out."""

from collections.abc import Callable
from typing import Any

from analyzer.errors import UsageError
from analyzer.ontap.resource import Json
from analyzer.simulate import mapped
from analyzer.simulate.event_records import MESSAGES
from analyzer.simulate.mapped import node_reference, svm_reference
from analyzer.simulate.model import Igroup, Interface, State


def inventory(state: State, name: str) -> list[Json]:
    """Records of a resource by its name, such as ``sessions``, ``interfaces`` or ``ems``.

    Raises:
        UsageError: there is no such resource.
    """
    if name not in _INVENTORIES:
        raise UsageError(f"no resource '{name}'; there are {', '.join(_INVENTORIES)}")
    return _INVENTORIES[name](state)


def _set(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def _sessions(state: State) -> list[Json]:
    groups: dict[tuple[str, str], list[Json]] = {}
    for group in state.igroups.values():
        for initiator in group.initiators:
            place = groups.setdefault((group.svm, initiator.lower()), [])
            place.append({"uuid": group.uuid, "name": group.name})
    records = []
    for login in state.logins:
        if not login.up:
            continue
        host, target = state.hosts[login.host], state.interfaces[login.interface]
        portal = {
            "uuid": target.uuid,
            "name": target.name,
            "ip": {"address": target.address, "port": 3260},
        }
        records.append(
            _set(
                svm=svm_reference(state, target.svm),
                target_portal_group=target.group or target.name,
                target_portal_group_tag=target.tag,
                tsih=login.tsih,
                isid=login.isid,
                initiator=_set(name=host.initiator, alias=host.alias, comment=host.comment),
                connections=[
                    {
                        "cid": connection.cid,
                        "authentication_type": "chap" if host.chap else "none",
                        "initiator_address": {
                            "address": connection.address,
                            "port": connection.port,
                        },
                        "interface": portal,
                    }
                    for connection in login.connections
                ],
                igroups=groups.get((target.svm, host.initiator.lower()), []),
            )
        )
    return records


def _svms(state: State) -> list[Json]:
    return [
        {
            "uuid": svm.uuid,
            "name": svm.name,
            "state": svm.state,
            "subtype": svm.subtype,
            "ipspace": _ipspace(state, key),
            "iscsi": {"enabled": svm.iscsi},
            "san_multipathing": svm.multipathing or _multipathing(state, key),
        }
        for key, svm in state.svms.items()
    ]


def _ipspace(state: State, svm: str) -> Json:
    name = state.svms[svm].ipspace
    return {"uuid": state.new_uuid("ipspace", name), "name": name}


def _multipathing(state: State, svm: str) -> str:
    moves = any(lif.moves for lif in state.interfaces.values() if lif.svm == svm)
    return "active_active" if moves else "local_active"


def _interfaces(state: State) -> list[Json]:
    return [_interface(state, interface) for interface in state.interfaces.values()]


def _interface(state: State, interface: Interface) -> Json:
    def port(key: str) -> Json:
        return {
            "uuid": state.new_uuid("port", key, interface.home_port),
            "name": interface.home_port,
        }

    node = interface.node or interface.home_node
    return {
        "uuid": interface.uuid,
        "name": interface.name,
        "enabled": interface.enabled,
        "state": "up" if interface.up else "down",
        "scope": "svm",
        "svm": svm_reference(state, interface.svm),
        "ip": {
            "address": interface.address,
            "netmask": str(interface.prefix),
            "family": "ipv6" if ":" in interface.address else "ipv4",
        },
        "ipspace": _ipspace(state, interface.svm),
        "services": ["data_core", "data_iscsi"],
        "service_policy": {
            "uuid": state.new_uuid("policy", interface.svm),
            "name": "default-data-iscsi",
        },
        "location": {
            "is_home": node == interface.home_node,
            "auto_revert": interface.moves,
            "failover": "sfo_partners_only" if interface.moves else "home_node_only",
            "home_node": node_reference(state, interface.home_node),
            "home_port": port(interface.home_node),
            "node": node_reference(state, node),
            "port": port(node),
            "broadcast_domain": {
                "uuid": state.new_uuid("broadcast domain", interface.fabric),
                "name": f"iscsi-{interface.fabric}",
            },
        },
        "vip": False,
    }


def _igroups(state: State) -> list[Json]:
    comments = {host.initiator.lower(): host.comment for host in state.hosts.values()}
    reached: dict[tuple[str, str], set[str]] = {}
    for login in state.logins:
        if login.up:
            target, host = state.interfaces[login.interface], state.hosts[login.host]
            place = reached.setdefault((target.svm, host.initiator.lower()), set())
            place.add(target.home_node)
    records = []
    for group in state.igroups.values():
        members = [(group.svm, name.lower()) for name in group.initiators]
        required = mapped.required_nodes(state, group)
        records.append(
            _set(
                uuid=group.uuid,
                name=group.name,
                svm=svm_reference(state, group.svm),
                os_type=group.os_type,
                protocol="iscsi",
                portset=_portset(state, group),
                delete_on_unmap=False,
                initiators=[
                    _set(name=name, comment=comments.get(name.lower())) for name in group.initiators
                ],
                connectivity_tracking=_set(
                    connection_state=_verdict(
                        [reached.get(member, set()) for member in members], required
                    ),
                    required_nodes=[node_reference(state, key) for key in required],
                ),
            )
        )
    return records


def _portset(state: State, group: Igroup) -> Json:
    portset = state.portsets.get(group.portset)
    return {"uuid": portset.uuid, "name": portset.name} if portset else {}


def _verdict(reached: list[set[str]], required: list[str]) -> str:
    """ONTAP's ``connection_state`` of an igroup."""
    if not reached:
        return "no_initiators"
    if not required:
        return "no_lun_maps"
    if all(nodes >= set(required) for nodes in reached):
        return "full"
    return "partial" if any(reached) else "none"


def _nodes(state: State) -> list[Json]:
    generation, major, minor = state.version
    records = []
    for node in state.nodes.values():
        partner = state.nodes.get(node.partner)
        away = partner is not None and partner.state != "up"
        records.append(
            _set(
                uuid=node.uuid,
                name=node.name,
                state=node.state,
                membership="member",
                model=node.model,
                serial_number=node.uuid[:8],
                version=_version(generation, major, minor),
                ha=_set(
                    enabled=partner is not None,
                    auto_giveback=True,
                    partners=[{"uuid": partner.uuid, "name": partner.name}] if partner else [],
                    takeover={"state": "in_takeover" if away else "not_in_takeover"},
                    giveback={"state": "nothing_to_giveback"},
                ),
            )
        )
    return records


def _version(generation: int, major: int, minor: int) -> Json:
    return {
        "full": f"NetApp Release {generation}.{major}.{minor}: a simulation",
        "generation": generation,
        "major": major,
        "minor": minor,
    }


def _cluster(state: State) -> list[Json]:
    return [
        {
            "uuid": state.uuid,
            "name": state.name,
            "version": _version(*state.version),
            "san_optimized": any(interface.moves for interface in state.interfaces.values()),
        }
    ]


def _events(state: State) -> list[Json]:
    return [
        {
            "time": f"{event.time.isoformat(timespec='seconds')}+00:00",
            "node": node_reference(state, event.node),
            "index": event.index,
            "message": {"name": event.message, "severity": event.severity},
            "log_message": f"{event.message}: {event.text}",
            "parameters": [
                {"name": name, "value": value} for name, value in event.parameters.items()
            ],
        }
        for event in state.events
    ]


def _messages(_state: State) -> list[Json]:
    return [{"name": name, "severity": severity} for name, severity in MESSAGES.items()]


_INVENTORIES: dict[str, Callable[[State], list[Json]]] = {
    "sessions": _sessions,
    "svms": _svms,
    "interfaces": _interfaces,
    "igroups": _igroups,
    "members": mapped.members,
    "nodes": _nodes,
    "lun_maps": mapped.lun_maps,
    "portsets": mapped.portsets,
    "ports": mapped.ports,
    "metrocluster": mapped.metrocluster,
    "cluster": _cluster,
    "ems": _events,
    "messages": _messages,
}
