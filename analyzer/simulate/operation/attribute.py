"""Changes by administrators: names, igroups, attributes."""

from analyzer.errors import UsageError
from analyzer.simulate.model import Igroup, Portset
from analyzer.simulate.operation.registry import operation
from analyzer.simulate.world import World


@operation
def rename_svm(world: World, svm: str, name: str) -> None:
    world.svms[svm].name = name


@operation
def rename_node(world: World, node: str, name: str) -> None:
    """Whatever names its node by name has the new one."""
    world.nodes = {
        name if key == node else key: controller for key, controller in world.nodes.items()
    }
    world.nodes[name].name = name
    for other in world.nodes.values():
        other.partner = name if other.partner == node else other.partner
    for lif in world.interfaces.values():
        lif.home_node = name if lif.home_node == node else lif.home_node
        lif.node = name if lif.node == node else lif.node
    for group in world.igroups.values():
        group.owners = [name if owner == node else owner for owner in group.owners]


@operation
def rename_interface(world: World, interface: str, name: str, group: str = "follows") -> None:
    """The name of the portal group ``follows`` or ``stays``."""
    lif = world.interfaces[interface]
    lif.group = name if group == "follows" else lif.group or lif.name
    lif.name = name


@operation
def igroup_add(world: World, igroup: str, host: str) -> None:
    """Makes the igroup, in the host's SVM, where there is none of that name."""
    for machine in world.like(world.hosts, host).values():
        group = world.igroups.setdefault(
            igroup, Igroup(igroup, world.new_uuid("igroup", igroup), machine.svm)
        )
        if machine.initiator not in group.initiators:
            group.initiators.append(machine.initiator)


@operation
def igroup_remove(world: World, igroup: str, host: str) -> None:
    """The host leaves the igroup; its sessions stay."""
    world.igroups[igroup].initiators.remove(world.hosts[host].initiator)


@operation
def recreate_igroup(world: World, igroup: str) -> None:
    """Deleted and recreated with the same name and members: another uuid."""
    world.igroups[igroup].uuid = world.new_uuid("igroup", igroup, world.revision)


@operation
def map_luns(world: World, igroup: str, *owners: str) -> None:
    """Its LUNs are owned by these nodes, one each; none where none is named."""
    for node in owners:
        world.nodes[node]  # must exist
    world.igroups[igroup].owners = list(owners)


@operation
def bind(world: World, igroup: str, portset: str, *interfaces: str) -> None:
    """Bind it to a portset of these interfaces, which is created where there is none."""
    group = world.igroups[igroup]
    for interface in interfaces:
        world.interfaces[interface]  # must exist
    world.portsets[portset] = Portset(
        portset, world.new_uuid("portset", portset), group.svm, list(interfaces)
    )
    group.portset = portset


@operation
def set(world: World, key: str, field: str, value: str) -> None:  # noqa: A001  # the operation's name
    """Change an attribute of anything: ``set lnx1 comment "rack 4"``."""
    for items in (world.hosts, world.interfaces, world.svms, world.nodes, world.igroups):
        if key in items:
            item = items[key]
            old = getattr(item, field, _NOTHING)
            if old is _NOTHING:
                raise UsageError(f"'{key}' has no '{field}'")
            new: object = value
            if isinstance(old, bool):
                new = value.lower() == "true"
            elif isinstance(old, int):
                new = int(value)
            setattr(item, field, new)
            return
    raise UsageError(f"nothing in this world is called '{key}'")


_NOTHING = object()
