"""LUN maps, portsets and ports in the shape of ONTAP's JSON."""

from datetime import datetime, timedelta

from analyzer.ontap.resource import Json
from analyzer.simulate.model import Igroup, Interface, State

_REMEMBERED = timedelta(hours=48)


def lun_maps(state: State) -> list[Json]:
    """The LUNs of each igroup, reported by their owner and its partner (selective LUN map)."""
    return [
        {
            "svm": svm_reference(state, igroup.svm),
            "lun": {
                "uuid": state.new_uuid("lun", key, number),
                "name": f"/vol/{igroup.name}/lun{number}",
                "node": node_reference(state, owner),
            },
            "igroup": {
                "uuid": igroup.uuid,
                "name": igroup.name,
                "os_type": igroup.os_type,
                "protocol": "iscsi",
            },
            "logical_unit_number": number,
            "reporting_nodes": [
                node_reference(state, node) for node in reporting_nodes(state, owner)
            ],
        }
        for key, igroup in state.igroups.items()
        for number, owner in enumerate(igroup.owners)
    ]


def reporting_nodes(state: State, owner: str) -> list[str]:
    """The owner of a LUN and its HA partner."""
    return sorted({owner, state.nodes[owner].partner or owner})


def required_nodes(state: State, igroup: Igroup) -> list[str]:
    """Nodes that hosts of the igroup must reach: owners of its LUNs, and their partners."""
    return sorted({node for owner in igroup.owners for node in reporting_nodes(state, owner)})


def members(state: State) -> list[Json]:
    """The initiators of each igroup with their logins; one that ended is forgotten after 48 hours."""
    logins = dict.fromkeys(
        (state.hosts[login.host].initiator.lower(), login.interface)
        for login in state.logins
        if login.up
    )
    return [
        {
            "svm": svm_reference(state, igroup.svm),
            "igroup": {"uuid": igroup.uuid, "name": igroup.name},
            "name": initiator,
            "connectivity_tracking": {
                "connections": [
                    {"logins": [_login(lif, seen, connected=connected)]}
                    for key, lif in state.interfaces.items()
                    if lif.svm == igroup.svm
                    for path in [(initiator.lower(), key)]
                    for connected in [path in logins]
                    for seen in [state.time if connected else state.last_seen.get(path)]
                    if seen is not None and state.time - seen < _REMEMBERED
                ]
            },
        }
        for igroup in state.igroups.values()
        for initiator in igroup.initiators
    ]


def _login(lif: Interface, seen: datetime, *, connected: bool) -> Json:
    return {
        "connected": connected,
        "last_seen_time": f"{seen.isoformat(timespec='seconds')}+00:00",
        "interface": {"ip": {"uuid": lif.uuid}},
    }


def portsets(state: State) -> list[Json]:
    return [
        {
            "uuid": portset.uuid,
            "name": portset.name,
            "svm": svm_reference(state, portset.svm),
            "protocol": "iscsi",
            "interfaces": [
                {
                    "uuid": state.interfaces[key].uuid,
                    "ip": {
                        "uuid": state.interfaces[key].uuid,
                        "name": state.interfaces[key].name,
                        "ip": {"address": state.interfaces[key].address},
                    },
                }
                for key in sorted(
                    set(portset.interfaces) & state.interfaces.keys(),
                    key=lambda key: state.interfaces[key].uuid,
                )
            ],
            "igroups": [
                {"uuid": igroup.uuid, "name": igroup.name}
                for igroup in state.igroups.values()
                if igroup.portset == portset.name and igroup.svm == portset.svm
            ],
        }
        for portset in state.portsets.values()
    ]


def ports(state: State) -> list[Json]:
    """The home ports of the interfaces, on every node; down with the switch they hang on."""
    names = sorted({interface.home_port for interface in state.interfaces.values()})
    down = {
        (interface.node or interface.home_node, interface.home_port)
        for interface in state.interfaces.values()
        if not interface.linked
    }
    return [
        {
            "uuid": state.new_uuid("port", key, name),
            "name": name,
            "node": node_reference(state, key),
            "enabled": True,
            "state": "down" if (key, name) in down else "up",
            "type": "physical",
            "speed": 25000,
            "mtu": 9000,
            "reachability": "not_repairable" if (key, name) in down else "ok",
        }
        for key in state.nodes
        for name in names
    ]


def metrocluster(state: State) -> list[Json]:
    """The SVMs that are mirrored at another site."""
    return [
        {
            "cluster": {"uuid": state.uuid, "name": state.name},
            "svm": {"uuid": svm.uuid, "name": svm.name},
            "partner_svm": {
                "uuid": state.new_uuid("partner", key),
                "name": svm.mirror or f"{svm.name}-mc",
            },
            "configuration_state": "healthy",
        }
        for key, svm in state.svms.items()
        if svm.subtype.startswith("sync_")
    ]


def node_reference(state: State, key: str) -> Json:
    return {"uuid": state.nodes[key].uuid, "name": state.nodes[key].name}


def svm_reference(state: State, key: str) -> Json:
    return {"uuid": state.svms[key].uuid, "name": state.svms[key].name}
