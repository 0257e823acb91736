"""Operations of hosts."""

from analyzer.simulate.model import Host, Session
from analyzer.simulate.operation.attribute import igroup_add
from analyzer.simulate.operation.registry import operation
from analyzer.simulate.world import World


@operation
def login(world: World, host: str, interface: str = "*") -> None:
    """Log in anew: next ISID, next TSIH; as many sessions as the host makes."""
    for key, machine in world.like(world.hosts, host).items():
        for target in _targets(world, machine, interface):
            for _ in range(machine.nr_sessions):
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
    world.reopen(
        [login for login in world.held(host, interface, up=False) if world.can_log_in(login)]
    )


@operation
def logout(world: World, host: str, interface: str = "*") -> None:
    """On purpose: nobody tries again."""
    world.forget(world.held(host, interface, up=None))


@operation
def shutdown(world: World, host: str) -> None:
    for key, machine in world.like(world.hosts, host).items():
        world.forget(world.held(key, up=None))
        machine.on = False


@operation
def boot(world: World, host: str, without: str = "") -> None:
    """The counter of ISIDs begins again, and interfaces come in random order.

    ``without`` keeps one interface out: it can be logged in to later.
    """
    for key, machine in world.like(world.hosts, host).items():
        machine.on = True
        machine.counter = 0
        order = [target for target in machine.interfaces if target != without]
        world.random.shuffle(order)
        for target in order:
            if world.interfaces[target].up and world.svms[world.interfaces[target].svm].serves:
                login(world, key, target)


@operation
def reboot(world: World, host: str) -> None:
    shutdown(world, host)
    boot(world, host)


@operation
def renumber(world: World, host: str, *addresses: str) -> None:
    """Other addresses, from its next logins on."""
    world.hosts[host].addresses = list(addresses)


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
def alternate(world: World, first: str, second: str) -> None:
    """Of two hosts with the same name, the one that is out puts the other out."""
    leaving, coming = (first, second) if world.held(first) else (second, first)
    shutdown(world, leaving)
    boot(world, coming)


@operation
def sessions_per_interface(world: World, host: str, number: str) -> None:
    """``nr_sessions``: log in as often as it takes, or log the surplus out."""
    for key, machine in world.like(world.hosts, host).items():
        machine.nr_sessions = int(number)
        for target in machine.interfaces:
            held = world.held(key, target)
            world.forget(held[machine.nr_sessions :])
            for _ in range(machine.nr_sessions - len(held)):
                world.open(key, target)


@operation
def connect(world: World, host: str, interface: str) -> None:
    """One more connection in the sessions there are (MCS)."""
    machine = world.hosts[host]
    machine.connections += 1
    for session in _some(world, host, interface):
        last = session.connections[-1]
        session.connections.append(
            type(last)(last.cid + 1, last.address, machine.next_port(world.random))
        )


@operation
def disconnect(world: World, host: str, interface: str, cid: str) -> None:
    """One connection goes, the session stays."""
    for session in _some(world, host, interface):
        session.connections = [
            connection for connection in session.connections if connection.cid != int(cid)
        ]


@operation
def add_host(  # each is a property of the host
    world: World, key: str, svm: str, addresses: str, igroup: str = "", initiator: str = ""
) -> None:
    """A new host (addresses separated by commas) logs in to every interface of the SVM."""
    name = initiator or f"iqn.1994-05.com.redhat:{key}"
    targets = [target for target, lif in world.interfaces.items() if lif.svm == svm]
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
def refuse(world: World, host: str, interface: str) -> None:
    """The array refuses a login from the host's address; nothing but its event log shows it."""
    for machine in world.like(world.hosts, host).values():
        for key in _targets(world, machine, interface):
            lif = world.interfaces[key]
            address = machine.address_for(lif)
            svm = world.svms[lif.svm].name
            text = (
                f"Initiator {machine.initiator} at {address} may not use LIF {lif.name} of {svm}."
            )
            world.log(
                lif.node or lif.home_node, "iscsi.loginIpNotAuthorized", text,
                initiator_name=machine.initiator, vserver=svm, lif=lif.name,
                initiator_ip_address=address,
            )  # fmt: skip


@operation
def remove_host(world: World, host: str) -> None:
    for key, machine in world.like(world.hosts, host).items():
        world.forget(world.held(key, up=None))
        for group in world.igroups.values():
            if machine.initiator in group.initiators:
                group.initiators.remove(machine.initiator)
        del world.hosts[key]


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
