"""What can happen to a world. Every operation takes keys, or patterns such as ``lnx*``.

Operations that take sessions away leave the hosts wanting them; ``recover`` is the hosts
trying again, with the ISID they had.
"""

from collections.abc import Callable

from analyzer.errors import UsageError
from analyzer.simulate.thing import Host, Igroup, Interface, Session
from analyzer.simulate.world import World

Operation = Callable[..., None]
OPERATIONS: dict[str, Operation] = {}


def operation(function: Operation) -> Operation:
    OPERATIONS[function.__name__] = function
    return function


def apply(world: World, name: str, *arguments: str) -> None:
    """Do one operation by its name.

    Raises:
        UsageError: there is none of that name, or its arguments do not fit.
    """
    if name not in OPERATIONS:
        raise UsageError(f"no operation '{name}'; there are {', '.join(OPERATIONS)}")
    try:
        OPERATIONS[name](world, *arguments)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"'{name} {' '.join(arguments)}' does not fit this world") from error
    world.revision += 1


# Hosts


@operation
def login(world: World, host: str, interface: str = "*") -> None:
    """Log in anew: next ISID, next TSIH; as many sessions as the host makes."""
    for key, one in world.like(world.hosts, host).items():
        for target in _targets(world, one, interface):
            for _ in range(one.nr_sessions):
                world.open(key, target)


@operation
def relogin(world: World, host: str, interface: str = "*") -> None:
    """Log in again in place: same ISID, new TSIH and port (a silent reconnect)."""
    world.reopen(_some(world, host, interface))


@operation
def drop(world: World, host: str, interface: str = "*") -> None:
    world.close(_some(world, host, interface))


@operation
def recover(world: World, host: str = "*", interface: str = "*") -> None:
    """Hosts get back what they lost, where the way is free again."""
    world.reopen([one for one in world.held(host, interface, up=False) if world.can_log_in(one)])


@operation
def logout(world: World, host: str, interface: str = "*") -> None:
    """On purpose: nobody tries again."""
    world.forget(world.held(host, interface, up=None))


@operation
def shutdown(world: World, host: str) -> None:
    for key, one in world.like(world.hosts, host).items():
        world.forget(world.held(key, up=None))
        one.on = False


@operation
def boot(world: World, host: str, without: str = "") -> None:
    """The counter of ISIDs begins again, and interfaces come in random order.

    ``without`` keeps one interface out: it can be logged in to later.
    """
    for key, one in world.like(world.hosts, host).items():
        one.on = True
        one.counter = 0
        order = [target for target in one.interfaces if target != without]
        world.random.shuffle(order)
        for target in order:
            if world.interfaces[target].up and world.svms[world.interfaces[target].svm].iscsi:
                login(world, key, target)


@operation
def reboot(world: World, host: str) -> None:
    shutdown(world, host)
    boot(world, host)


@operation
def clone(world: World, host: str, new: str, last_octet: str) -> None:
    """A copy with other addresses and the same initiator name, not logged in yet."""
    old = world.hosts[host]
    world.hosts[new] = Host(
        old.initiator,
        old.svm,
        [f"{address.rpartition('.')[0]}.{int(last_octet)}" for address in old.addresses],
        list(old.interfaces),
        kind=old.kind,
        chap=old.chap,
        alias=old.alias,
        on=False,
    )


@operation
def alternate(world: World, one: str, other: str) -> None:
    """Of two hosts with one name, the one that is out puts the other one out."""
    leaving, coming = (one, other) if world.held(one) else (other, one)
    shutdown(world, leaving)
    boot(world, coming)


@operation
def sessions_per_interface(world: World, host: str, number: str) -> None:
    """``nr_sessions``: log in as often as it takes, or log the surplus out."""
    for key, one in world.like(world.hosts, host).items():
        one.nr_sessions = int(number)
        for target in one.interfaces:
            held = world.held(key, target)
            world.forget(held[one.nr_sessions :])
            for _ in range(one.nr_sessions - len(held)):
                world.open(key, target)


@operation
def connect(world: World, host: str, interface: str) -> None:
    """One more connection in the sessions there are (MCS)."""
    one = world.hosts[host]
    one.connections += 1
    for session in _some(world, host, interface):
        last = session.connections[-1]
        session.connections.append(
            type(last)(last.cid + 1, last.address, one.next_port(world.random))
        )


@operation
def disconnect(world: World, host: str, interface: str, cid: str) -> None:
    """One connection goes, the session stays."""
    for session in _some(world, host, interface):
        session.connections = [one for one in session.connections if one.cid != int(cid)]


@operation
def add_host(  # noqa: PLR0913, PLR0917  # what a host is made of
    world: World, key: str, svm: str, addresses: str, igroup: str = "", initiator: str = ""
) -> None:
    """A new host (addresses separated by commas) logs in to every interface of the SVM."""
    name = initiator or f"iqn.1994-05.com.redhat:{key}"
    targets = [target for target, one in world.interfaces.items() if one.svm == svm]
    world.hosts[key] = Host(name, svm, addresses.split(","), targets)
    if igroup:
        igroup_add(world, igroup, key)
    login(world, key)


@operation
def rogue(world: World, key: str, initiator: str, address: str, interface: str) -> None:
    """Somebody nobody knows: one session, no igroup, no CHAP."""
    svm = world.interfaces[interface].svm
    world.hosts[key] = Host(initiator, svm, [address], [interface])
    world.open(key, interface)


@operation
def remove_host(world: World, host: str) -> None:
    for key, one in world.like(world.hosts, host).items():
        world.forget(world.held(key, up=None))
        for group in world.igroups.values():
            if one.initiator in group.initiators:
                group.initiators.remove(one.initiator)
        del world.hosts[key]


# Interfaces, nodes, fabrics, services


@operation
def drop_lif(world: World, interface: str) -> None:
    """Administratively down."""
    for key, one in world.like(world.interfaces, interface).items():
        one.enabled = False
        world.close(world.held(interface=key))


@operation
def raise_lif(world: World, interface: str) -> None:
    for one in world.like(world.interfaces, interface).values():
        one.enabled = True


@operation
def failover(world: World, interface: str, node: str) -> None:
    """The interface goes to a node; its hosts log in again in place."""
    for key, one in world.like(world.interfaces, interface).items():
        one.node = node
        world.nodes[node]  # must exist
        world.reopen(world.held(interface=key))


@operation
def takeover(world: World, node: str) -> None:
    """The node's partner takes over: interfaces that may move do, the others are gone."""
    world.nodes[node].state = "taken_over"
    for key, one in world.interfaces.items():
        if (one.node or one.home_node) != node:
            continue
        if one.moves:
            failover(world, key, world.nodes[node].partner)
        else:
            one.served = False
            world.close(world.held(interface=key))


@operation
def giveback(world: World, node: str) -> None:
    """The node serves again; interfaces that moved go home, lost sessions wait for recover."""
    world.nodes[node].state = "up"
    for key, one in world.interfaces.items():
        if one.home_node != node:
            continue
        one.served = True
        if one.node and one.node != node:
            failover(world, key, node)


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
    for key, one in world.interfaces.items():
        if one.svm == svm:
            world.close(world.held(interface=key))


@operation
def service_on(world: World, svm: str) -> None:
    world.svms[svm].iscsi = True


@operation
def add_interface(world: World, key: str, like: str, node: str, address: str) -> None:
    """One more interface in the SVM and fabric of another; nobody logs in to it yet."""
    old = world.interfaces[like]
    tag = 1 + max(one.tag for one in world.interfaces.values())
    name = f"{old.name}_{key}"
    world.interfaces[key] = Interface(
        name, world.new_uuid("interface", key), old.svm, address, tag, node, old.fabric,
        old.prefix, old.home_port, old.moves, group=name,
    )  # fmt: skip
    for host in world.hosts.values():
        if host.svm == old.svm:
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
    """Deleted and made again with the same name and address: another uuid, another tag."""
    for key, one in world.like(world.interfaces, interface).items():
        one.uuid = world.new_uuid("interface", key, world.revision)
        one.tag = 1 + max(other.tag for other in world.interfaces.values())
        one.last_tsih = 0
        world.reopen(world.held(interface=key))


# Names and groups


@operation
def rename_svm(world: World, svm: str, name: str) -> None:
    world.svms[svm].name = name


@operation
def rename_interface(world: World, interface: str, name: str, group: str = "follows") -> None:
    """The name of the portal group ``follows`` or ``stays``."""
    one = world.interfaces[interface]
    one.group = name if group == "follows" else one.group or one.name
    one.name = name


@operation
def igroup_add(world: World, igroup: str, host: str) -> None:
    """Makes the igroup, in the host's SVM, where there is none of that name."""
    for one in world.like(world.hosts, host).values():
        group = world.igroups.setdefault(
            igroup, Igroup(igroup, world.new_uuid("igroup", igroup), one.svm)
        )
        if one.initiator not in group.initiators:
            group.initiators.append(one.initiator)


@operation
def igroup_remove(world: World, igroup: str, host: str) -> None:
    """The host leaves the igroup; its sessions stay."""
    world.igroups[igroup].initiators.remove(world.hosts[host].initiator)


@operation
def set(world: World, key: str, field: str, value: str) -> None:  # noqa: A001  # the operation's name
    """Change an attribute of anything: ``set lnx1 comment "rack 4"``."""
    for things in (world.hosts, world.interfaces, world.svms, world.nodes, world.igroups):
        if key in things:
            thing = things[key]
            old = getattr(thing, field, _NOTHING)
            if old is _NOTHING:
                raise UsageError(f"'{key}' has no '{field}'")
            new: object = value
            if isinstance(old, bool):
                new = value.lower() == "true"
            elif isinstance(old, int):
                new = int(value)
            setattr(thing, field, new)
            return
    raise UsageError(f"nothing in this world is called '{key}'")


_NOTHING = object()


def _some(world: World, host: str, interface: str) -> list[Session]:
    """The sessions that are up and fit.

    Raises:
        UsageError: no host fits.
    """
    world.like(world.hosts, host)
    return world.held(host, interface)


def _targets(world: World, host: Host, interface: str) -> list[str]:
    if interface == "*":
        return list(host.interfaces)
    return list(world.like(world.interfaces, interface))


def _link(world: World, fabric: str, *, on: bool) -> None:
    """A switch: all interfaces that hang on it."""
    for key, one in world.interfaces.items():
        if one.fabric == fabric:
            one.linked = on
            if not on:
                world.close(world.held(interface=key))
