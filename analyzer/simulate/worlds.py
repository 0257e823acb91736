"""Predefined worlds: the small one of scripts and tests, and a fleet of any size."""

from analyzer.simulate.model import Host, Igroup, Interface, Kind, Node, Svm
from analyzer.simulate.world import World

_CHAP = ("linux", "windows")
_OS = {"esxi": "vmware", "windows": "windows"}
_IQN: dict[Kind, str] = {
    "linux": "iqn.1994-05.com.redhat:{}",
    "esxi": "iqn.1998-01.com.vmware:{}-4f1a",
    "windows": "iqn.1991-05.com.microsoft:{}.corp.example",
    "kubernetes": "iqn.2004-10.com.ubuntu:01:{}",
    "proxmox": "iqn.1993-08.org.debian:01:{}",
    "libiscsi": "iqn.2008-11.org.linux-kvm:{}",
}


def base_world(seed: int = 1, *, moves: bool = False) -> World:
    """Two HA pairs, two SVMs, 19 hosts, all logged in.

    ``S1`` (svm_sql) has ``L1`` to ``L4`` on n1 and n2, fabrics a and b, with 13 hosts of four
    sessions each: lnx1..4, esx1..4, win1..2, pve1..3. ``S2`` (svm_k8s) has ``K1`` to ``K8`` on
    all four nodes, with wrk1..6 logged in on one HA pair each.

    Where its interfaces *move* they follow a takeover (ASA, active-active).
    """
    world = World("C1", seed)
    for name, partner in (("n1", "n2"), ("n2", "n1"), ("n3", "n4"), ("n4", "n3")):
        world.nodes[name] = Node(name, world.new_uuid("node", name), partner)
    for key, name in (("S1", "svm_sql"), ("S2", "svm_k8s")):
        world.svms[key] = Svm(name, world.new_uuid("svm", key))
    for number, (node, fabric) in enumerate((n, f) for n in ("n1", "n2") for f in "ab"):
        net = 10 if fabric == "a" else 20
        address = f"192.168.{net}.1{node[1]}"
        name = f"sql_{node}_{fabric}"
        _interface(world, f"L{number + 1}", (name, "S1", address, 1030 + number, node, fabric))
    for number, (node, fabric) in enumerate((n, f) for n in world.nodes for f in "ab"):
        net = 30 if fabric == "a" else 40
        address = f"192.168.{net}.1{node[1]}"
        name = f"k8s_{node}_{fabric}"
        _interface(world, f"K{number + 1}", (name, "S2", address, 1040 + number, node, fabric))
    for interface in world.interfaces.values():
        interface.moves = moves
    _hosts(world)
    return world


def _interface(world: World, key: str, values: tuple[str, str, str, int, str, str]) -> None:
    name, svm, address, tag, node, fabric = values
    world.interfaces[key] = Interface(
        name, world.new_uuid("interface", key), svm, address, tag, node, fabric,
        home_port="e0e" if fabric == "a" else "e0f", group=name,
    )  # fmt: skip


def _hosts(world: World) -> None:
    four = [key for key in world.interfaces if key.startswith("L")]
    octet = 100
    groups: tuple[tuple[str, Kind, int, str], ...] = (
        ("lnx", "linux", 4, "ig_ora"),
        ("esx", "esxi", 4, "ig_esx"),
        ("win", "windows", 2, "ig_sql"),
        ("pve", "proxmox", 3, "ig_pve"),
    )
    for prefix, kind, count, igroup in groups:
        for number in range(1, count + 1):
            octet += 1
            addresses = [f"192.168.10.{octet}", f"192.168.20.{octet}"]
            _host(world, (f"{prefix}{number}", kind, igroup), "S1", addresses, four)
    for number in range(1, 7):
        pair = ("n1", "n2") if number % 2 else ("n3", "n4")
        targets = [
            key
            for key, interface in world.interfaces.items()
            if interface.svm == "S2" and interface.home_node in pair
        ]
        addresses = [f"192.168.30.{100 + number}", f"192.168.40.{100 + number}"]
        key = f"wrk{number}"
        igroup = f"{key}-{world.new_uuid('worker', key)}"
        _host(world, (key, "kubernetes", igroup), "S2", addresses, targets)


def _host(
    world: World,
    identity: tuple[str, Kind, str],
    svm: str,
    addresses: list[str],
    targets: list[str],
) -> None:
    key, kind, igroup = identity
    host = Host(_IQN[kind].format(key), svm, addresses, list(targets), kind)
    host.chap = kind in _CHAP
    host.alias = key if kind in {"linux", "proxmox"} else None
    world.hosts[key] = host
    group = world.igroups.setdefault(
        igroup, Igroup(igroup, world.new_uuid("igroup", igroup), svm, _OS.get(kind, "linux"))
    )
    group.initiators.append(host.initiator)
    group.owners = sorted({*group.owners, *(world.interfaces[key].home_node for key in targets)})
    for target in targets:
        world.open(key, target)


def fleet(sessions: int, seed: int = 1, *, name: str = "fleet") -> World:
    """One HA pair, one SVM, four interfaces, and hosts of four sessions each in igroups of 16."""
    world = World(name, seed)
    for node, partner in (("n1", "n2"), ("n2", "n1")):
        world.nodes[node] = Node(node, world.new_uuid("node", node), partner)
    world.svms["S1"] = Svm("svm1", world.new_uuid("svm", "S1"))
    for number, (node, fabric) in enumerate((n, f) for n in world.nodes for f in "ab"):
        address = f"10.{number % 2}.255.1{node[1]}"
        key = f"L{number + 1}"
        _interface(world, key, (f"lif_{key}", "S1", address, 1030 + number, node, fabric))
        world.interfaces[key].prefix = 16
    for number in range((sessions + 3) // 4):
        tail = f"{number // 250 % 250}.{number % 250 + 1}"
        identity: tuple[str, Kind, str] = (f"host{number}", "linux", f"ig_{number // 16}")
        targets = list(world.interfaces)[: min(4, sessions - 4 * number)]
        _host(world, identity, "S1", [f"10.0.{tail}", f"10.1.{tail}"], targets)
    return world
