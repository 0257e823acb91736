"""Operations on interfaces, nodes, fabrics and services."""

from analyzer.simulate.model import Interface
from analyzer.simulate.operation.registry import operation
from analyzer.simulate.world import World


@operation
def drop_lif(world: World, interface: str) -> None:
    """Administratively down."""
    for key, lif in world.like(world.interfaces, interface).items():
        lif.enabled = False
        world.close(world.held(interface=key))


@operation
def raise_lif(world: World, interface: str) -> None:
    for lif in world.like(world.interfaces, interface).values():
        lif.enabled = True


@operation
def failover(world: World, interface: str, node: str) -> None:
    """The interface goes to a node; its hosts log in again in place."""
    for key in world.like(world.interfaces, interface):
        _move(world, key, node, "vifmgr.lifmoved.byadmin")


@operation
def takeover(world: World, node: str) -> None:
    """The node's partner takes over: interfaces that may move do, the others are gone."""
    world.nodes[node].state = "taken_over"
    partner = world.nodes[node].partner
    _log_step(world, partner, "takeover", node)
    for key, lif in world.interfaces.items():
        if (lif.node or lif.home_node) != node:
            continue
        if lif.moves:
            _move(world, key, partner, "vifmgr.lifmoved.nodedown")
        else:
            lif.served = False
            _log_lif(world, key, partner, "vifmgr.lifdown.noports")
            world.close(world.held(interface=key))


@operation
def giveback(world: World, node: str) -> None:
    """The node serves again; interfaces that moved go home, lost sessions wait for recover."""
    world.nodes[node].state = "up"
    _log_step(world, world.nodes[node].partner, "giveback", node)
    for key, lif in world.interfaces.items():
        if lif.home_node != node:
            continue
        lif.served = True
        if lif.node and lif.node != node:
            _move(world, key, node, "vifmgr.lifsuccessfullymoved")


@operation
def fabric_off(world: World, fabric: str) -> None:
    _link(world, fabric, on=False)


@operation
def fabric_on(world: World, fabric: str) -> None:
    _link(world, fabric, on=True)


@operation
def service_off(world: World, svm: str) -> None:
    """The iSCSI service of an SVM stops: all its sessions are gone."""
    world.svms[svm].iscsi = False
    text = f"The iSCSI service of SVM {world.svms[svm].name} is down."
    world.log(next(iter(world.nodes)), "iscsi.notice", text, m=text)
    for key, lif in world.interfaces.items():
        if lif.svm == svm:
            world.close(world.held(interface=key))


@operation
def service_on(world: World, svm: str) -> None:
    world.svms[svm].iscsi = True


@operation
def svm_off(world: World, svm: str) -> None:
    """An SVM is stopped: all its sessions are gone."""
    world.svms[svm].state = "stopped"
    name = world.svms[svm].name
    world.log(
        next(iter(world.nodes)), "vserver.stop.succeeded", f"SVM {name} stopped.", vserver=name
    )
    for key, lif in world.interfaces.items():
        if lif.svm == svm:
            world.close(world.held(interface=key))


@operation
def svm_on(world: World, svm: str) -> None:
    world.svms[svm].state = "running"


@operation
def add_interface(world: World, key: str, like: str, node: str, address: str) -> None:
    """One more interface beside another, for the same hosts; nobody logs in to it yet."""
    old = world.interfaces[like]
    tag = 1 + max(lif.tag for lif in world.interfaces.values())
    name = f"{old.name}_{key}"
    world.interfaces[key] = Interface(
        name, world.new_uuid("interface", key), old.svm, address, tag, node, old.fabric,
        old.prefix, old.home_port, old.moves, group=name,
    )  # fmt: skip
    for host in world.hosts.values():
        if like in host.interfaces:
            host.interfaces.append(key)


@operation
def remove_interface(world: World, interface: str) -> None:
    for key in world.like(world.interfaces, interface):
        world.forget(world.held(interface=key, up=None))
        for host in world.hosts.values():
            if key in host.interfaces:
                host.interfaces.remove(key)
        del world.interfaces[key]


@operation
def recreate_interface(world: World, interface: str) -> None:
    """Deleted and recreated with the same name and address: another uuid, another tag."""
    for key, lif in world.like(world.interfaces, interface).items():
        lif.uuid = world.new_uuid("interface", key, world.revision)
        lif.tag = 1 + max(other.tag for other in world.interfaces.values())
        lif.last_tsih = 0
        world.reopen(world.held(interface=key))


@operation
def readdress(world: World, interface: str, address: str) -> None:
    """The same interface at another address; its hosts log in again."""
    for key, lif in world.like(world.interfaces, interface).items():
        lif.address = address
        world.reopen(world.held(interface=key))


def _link(world: World, fabric: str, *, on: bool) -> None:
    """A switch: all interfaces that hang on it."""
    below = {key: lif for key, lif in world.interfaces.items() if lif.fabric == fabric}
    message = "vifmgr.portup" if on else "vifmgr.portdown"
    for node, port in sorted(
        {(lif.node or lif.home_node, lif.home_port) for lif in below.values()}
    ):
        text = f"Port {port} of node {node} is {'up' if on else 'down'}."
        world.log(node, message, text, port=port, node=node)
    for key, lif in below.items():
        lif.linked = on
        if not on:
            _log_lif(world, key, lif.node or lif.home_node, "vifmgr.lifdown.noports")
            world.close(world.held(interface=key))


def _move(world: World, key: str, node: str, message: str) -> None:
    """An interface goes to a node; its hosts log in again in place."""
    world.nodes[node]  # must exist
    world.interfaces[key].node = node
    _log_lif(world, key, node, message)
    _log_lif(world, key, node, "vifmgr.lifbeinghosted")
    world.reopen(world.held(interface=key))


def _log_lif(world: World, key: str, node: str, message: str) -> None:
    lif = world.interfaces[key]
    svm = world.svms[lif.svm].name
    text = f"LIF {lif.name} (on virtual server {svm}), IP address {lif.address}, node {node}."
    world.log(
        node, message, text, vifname=lif.name, vsrvid=svm, vifip=lif.address, tonode=node,
        toport=lif.home_port,
    )  # fmt: skip


def _log_step(world: World, node: str, step: str, other: str) -> None:
    """Log a finished step of a failover, as the node does that performs it."""
    summary = f"{step} of {other} by {node} completed"
    world.log(node, "cf.transition.info", summary, eventType=step, eventSummary=summary)
