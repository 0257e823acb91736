"""A small array told snapshot by snapshot, for tests that know the truth."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from support import catalogs
from support.folding import record_together

if TYPE_CHECKING:
    from support.together import SharedStore

from analyzer import schema
from analyzer.demo import at
from analyzer.inventories import INVENTORIES
from analyzer.report import header
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

T0 = datetime(2026, 11, 20, 2, 0)  # naive means UTC here
STEP = timedelta(minutes=5)
FOLDERS: tuple[Path, ...] = ()
"""Folders of queries that take the place of the program's own."""


@dataclass(frozen=True)
class Lif:
    """An interface; *node* is where it is, *home* where it belongs."""

    name: str
    address: str
    node: str
    home: str = ""
    state: str = "up"
    enabled: bool = True
    svm: str = "svm_sql"
    failover: str = "home_node_only"
    ipspace: str | None = None

    @property
    def subnet(self) -> str:
        return self.address.rsplit(".", 1)[0] + ".0/24"

    def row(self) -> dict[str, Any]:
        home = self.home or self.node
        return {
            "uuid": f"uuid-{self.name}", "name": self.name, "svm_uuid": f"uuid-{self.svm}",
            "svm": self.svm, "address": self.address, "netmask": "24", "subnet": self.subnet,
            "enabled": self.enabled, "state": self.state, "is_home": home == self.node,
            "home_node": home, "node": self.node, "home_port": "a", "port": "a",
            "failover": self.failover, "service_policy": "default-data-iscsi",
            "services": ["data_iscsi"], "ipspace": self.ipspace,
        }  # fmt: skip


@dataclass(frozen=True)
class Login:
    """One session of one connection."""

    host: str
    lif: Lif
    address: str
    tsih: int
    isid: str
    igroup: str | None = "ig_ora"
    authentication: str = "chap"
    connections: int = 1
    alias: str | None = None

    @property
    def initiator(self) -> str:
        return f"iqn.2026-11.example:{self.host}"

    def rows(self) -> list[dict[str, Any]]:
        igroups = [{"uuid": f"uuid-{self.igroup}", "name": self.igroup}] if self.igroup else None
        return [
            dict.fromkeys(schema.SESSIONS.schema)
            | {
                "svm_id": f"uuid-{self.lif.svm}", "svm_uuid": f"uuid-{self.lif.svm}",
                "svm": self.lif.svm, "initiator": self.initiator, "alias": self.alias or self.host,
                "isid": self.isid, "tsih": self.tsih, "target_portal_group": self.lif.name,
                "target_portal_group_tag": 1000, "connections": self.connections, "cid": cid,
                "authentication": self.authentication, "initiator_address": self.address,
                "initiator_port": 40000 + self.tsih % 20000 + cid,
                "interface_id": f"uuid-{self.lif.name}", "interface_uuid": f"uuid-{self.lif.name}",
                "interface": self.lif.name, "interface_address": self.lif.address,
                "interface_port": 3260, "igroups": igroups,
            }
            for cid in range(self.connections)
        ]  # fmt: skip


A1 = Lif("sql_n1_a", "192.168.10.11", "n1")
B1 = Lif("sql_n1_b", "192.168.20.11", "n1")
A2 = Lif("sql_n2_a", "192.168.10.12", "n2")
B2 = Lif("sql_n2_b", "192.168.20.12", "n2")
LIFS = (A1, B1, A2, B2)


def linux(number: int, lifs: tuple[Lif, ...] = LIFS, times: int = 1, **more: Any) -> list[Login]:
    """A host as Linux logs in: one session (or *times*) to each interface, a NIC per subnet."""
    host = more.pop("host", f"lnx{number}")
    return [
        Login(
            host=host,
            lif=lif,
            address=more.get("address") or f"{lif.address.rsplit('.', 1)[0]}.{100 + number}",
            tsih=number * 100 + place * 10 + turn,
            isid=f"00:02:3d:00:{number:02x}:{place * 10 + turn:02x}",
            **{key: value for key, value in more.items() if key != "address"},
        )
        for place, lif in enumerate(lifs)
        for turn in range(times)
    ]


@dataclass
class World:
    """What the array says when it is asked; *inventories* are those that it lets be listed."""

    root: Path
    cluster: str = "prod-a"
    now: datetime = T0
    sessions: list[Login] = field(default_factory=list)
    lifs: list[Lif] = field(default_factory=lambda: list(LIFS))
    nodes: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"n1": {"ha_partner": "n2"}, "n2": {"ha_partner": "n1"}}
    )
    igroups: dict[str, dict[str, Any]] = field(default_factory=dict)
    lun_maps: dict[str, dict[str, Any]] = field(default_factory=dict)  # by igroup
    portsets: dict[str, tuple[Lif, ...]] = field(default_factory=dict)
    ports: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    multipathing: str | None = None
    inventories: tuple[str, ...] = ("svms", "interfaces", "igroups", "nodes")
    step: timedelta = STEP
    interval: int | None = None  # seconds, as configured
    unrecorded: list[Snapshot] | None = field(default=None, repr=False)
    """Snapshots that wait for those of other tests; None where each is recorded at once."""
    shared: "SharedStore | None" = field(default=None, repr=False)
    """Where they were recorded with them."""

    def take(self, times: int = 1, status: str = "complete") -> "World":
        """Take *times* snapshots, one step apart; they are folded together."""
        taken = []
        for _ in range(times):
            taken.append(self._snapshot(status))
            self.now += self.step
        if self.unrecorded is None:
            record_together(Store(self.root), taken)
        else:
            self.unrecorded += taken
        return self

    def without(self, host: str, *lifs: Lif) -> "World":
        """The host loses its sessions on *lifs*, or all."""
        self.sessions = [
            login for login in self.sessions
            if login.host != host or (lifs and login.lif.name not in {lif.name for lif in lifs})
        ]  # fmt: skip
        return self

    def change(self, lif: Lif, **what: Any) -> "World":
        """The interface moves, or goes down."""
        changed = replace(lif, **what)
        self.lifs = [changed if other.name == lif.name else other for other in self.lifs]
        self.sessions = [
            replace(login, lif=changed) if login.lif.name == lif.name else login
            for login in self.sessions
        ]
        return self

    def _snapshot(self, status: str) -> Snapshot:
        rows = (
            [row for login in self.sessions for row in login.rows()] if status != "failed" else []
        )
        frame = pl.DataFrame(rows, schema=schema.SESSIONS.schema)
        inventories = {
            "svms": [
                {"uuid": f"uuid-{svm}", "name": svm, "state": "running", "subtype": "default",
                 "san_multipathing": self.multipathing}
                for svm in sorted({lif.svm for lif in self.lifs})
            ],
            "interfaces": [lif.row() for lif in self.lifs],
            "nodes": [
                {"uuid": f"uuid-{name}", "name": name, "state": "up", "ha_enabled": True,
                 "takeover_state": "not_attempted", "giveback_state": "nothing_to_giveback", **more}
                for name, more in self.nodes.items()
            ],
            "igroups": [
                {"uuid": f"uuid-{name}", "name": name, "svm_uuid": "uuid-svm_sql", "svm": "svm_sql",
                 "os_type": "linux", "protocol": "iscsi", **more}
                for name, more in self.igroups.items()
            ],
            "lun_maps": [
                {"uuid": f"uuid-{name}", "name": name, "svm_uuid": "uuid-svm_sql",
                 "svm": "svm_sql", "luns": 4, **more}
                for name, more in self.lun_maps.items()
            ],
            "portsets": [
                {"uuid": f"uuid-{name}", "name": name, "svm_uuid": "uuid-svm_sql",
                 "svm": "svm_sql", "protocol": "iscsi",
                 "interface_uuids": [f"uuid-{lif.name}" for lif in lifs]}
                for name, lifs in self.portsets.items()
            ],
            "ports": [
                {"uuid": f"uuid-{port['node']}-{port['name']}", "enabled": True, "state": "up",
                 "type": "physical", "reachability": "ok", **port}
                for port in self.ports
            ],
            "metrocluster": [],
            "ems": self.events,
        }  # fmt: skip
        failed = status == "failed"
        return Snapshot(
            self.cluster,
            self.now,
            Listing(status, "HTTP 500" if failed else None, frame, 1),
            {
                name: Listing(
                    "complete", None, _frame(inventories.get(name, []), INVENTORIES[name].schema), 1
                )
                for name in self.inventories
                if not failed
            },
            collector="test",
            expected_interval=self.interval,
        )

    def ask(
        self,
        name: str,
        policy_text: str = "",
        /,
        since: datetime | None = None,
        filters: dict[str, list[str]] | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The rows of a report at the end of the history, or over it."""
        return self._rows(
            Question(header.reports(FOLDERS)[name], policy_text, since, filters, params)
        )

    def model(self, name: str) -> list[dict[str, Any]]:
        """The rows of a model at the end of the history."""
        return self._rows(Question(header.models(FOLDERS)[name], params={"settle": 10}))

    def _rows(self, question: "Question") -> list[dict[str, Any]]:
        if self.shared is not None:
            return self.shared.rows(self, question)
        return question.answer(Store(self.root), T0, self.now)


def four_hosts(root: Path) -> World:
    """Four Linux hosts of one igroup, all paths there: eight sessions on each node."""
    world = World(root)
    for number in range(1, 5):
        world.sessions += linux(number)
    return world


@dataclass(frozen=True)
class Question:
    """A report or a model, and what is asked of it."""

    query: header.Query
    policy_text: str = ""
    since: datetime | None = None
    filters: dict[str, list[str]] | None = None
    params: dict[str, Any] = field(default_factory=dict)

    def answer(self, store: Store, begin: datetime, now: datetime) -> list[dict[str, Any]]:
        """The rows for a history from *begin* to *now*."""
        window, instant = {"since": self.since or begin, "until": now}, {"at": now}
        times = {"window": window, "instant": instant, "always": window | instant}
        values = times.get(self.query.time, {}) | {"now": now} | self.params
        catalog = catalogs.opened(store, now, self.policy_text, FOLDERS)
        with at(now):  # nothing later than the clock is seen
            return catalog.run_query(self.query, values, self.filters).records()


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)
