"""Every stored table and column, declared once, each with its sentence.

The files' schemas, DuckDB's tables and the reference pages are derived from here. Types are
spelled as DuckDB does, so that a report loads no Polars; ``Inventory.schema`` translates them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import TYPE_CHECKING, Annotated, get_args, get_type_hints

import msgspec

if TYPE_CHECKING:
    import polars as pl

_TEXT = "varchar"
_TEXTS = "varchar[]"
_NUMBER = "bigint"
_REAL = "double"
_FLAG = "boolean"
_INSTANT = "timestamp"  # naive UTC, microseconds
_IGROUPS = "struct(uuid varchar, name varchar)[]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stored table; *type* is DuckDB's word for it.

    Files of earlier versions do not have a column that was *added*: it is null for their rows, and
    a row in which it is null has the hash that it always had. Added columns stand last.
    """

    name: str
    type: str
    sentence: str
    added: bool = False


def polars_schema(columns: Sequence[Column]) -> "dict[str, pl.DataType]":
    """The columns' names and types for Polars."""
    import polars as pl  # noqa: PLC0415  # reports need the names only

    types: dict[str, pl.DataType] = {
        _TEXT: pl.String(),
        _TEXTS: pl.List(pl.String()),
        _NUMBER: pl.Int64(),
        _REAL: pl.Float64(),
        _FLAG: pl.Boolean(),
        _INSTANT: pl.Datetime("us"),
        _IGROUPS: pl.List(pl.Struct({"uuid": pl.String(), "name": pl.String()})),
    }
    return {column.name: types[column.type] for column in columns}


@dataclass(frozen=True, slots=True)
class Inventory:
    """One thing that a cluster lists: its table's name, what it is, its columns.

    *key* are the columns that identify a row, by which its rows are sorted. Earlier versions did not list an
    inventory that was *added*: an attempt that did not ask for it has the hash that it always had.
    """

    name: str
    sentence: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("uuid",)
    added: bool = False

    @property
    def schema(self) -> "dict[str, pl.DataType]":
        return polars_schema(self.columns)


# One row per connection; a session without connections keeps one row.
SESSIONS = Inventory(
    "sessions",
    "Connections of the iSCSI sessions of a cluster, as it listed them.",
    (
        Column(
            "svm_id", _TEXT, "What identifies the SVM: its uuid, or its name where no uuid came."
        ),
        Column("svm_uuid", _TEXT, "UUID of the SVM."),
        Column("svm", _TEXT, "Name of the SVM at that time."),
        Column("initiator", _TEXT, "iSCSI name of the initiator, lower-cased; '' where none came."),
        Column("initiator_raw", _TEXT, "The name as it came, where it was spelled otherwise."),
        Column("alias", _TEXT, "Alias that the initiator sent when it logged in."),
        Column("comment", _TEXT, "Comment that an administrator gave the initiator (9.9)."),
        Column(
            "isid", _TEXT, "Initiator's part of the session identifier, lower-cased; '' if none."
        ),
        Column("isid_raw", _TEXT, "The ISID as it came, where it was spelled otherwise."),
        Column("tsih", _NUMBER, "Target session identifying handle; unique within a portal group."),
        Column("target_portal_group", _TEXT, "Target portal group of the session."),
        Column("target_portal_group_tag", _NUMBER, "Tag of the target portal group."),
        Column("connections", _NUMBER, "How many connections this session had in this snapshot."),
        Column("cid", _NUMBER, "Connection identifier within the session."),
        Column("authentication", _TEXT, "How the connection authenticated: chap or none."),
        Column(
            "initiator_address",
            _TEXT,
            "Host address of the connection, in normal form; '' if none.",
        ),
        Column(
            "initiator_address_raw",
            _TEXT,
            "The address as it came, where it was spelled otherwise.",
        ),
        Column("initiator_port", _NUMBER, "TCP port at the host."),
        Column(
            "interface_id", _TEXT, "What identifies the interface: uuid, else name, address, group."
        ),
        Column("interface_uuid", _TEXT, "UUID of the interface (LIF)."),
        Column("interface", _TEXT, "Name of the interface (LIF) at that time."),
        Column("interface_address", _TEXT, "Address of the interface, in normal form."),
        Column(
            "interface_address_raw",
            _TEXT,
            "The address as it came, where it was spelled otherwise.",
        ),
        Column("interface_port", _NUMBER, "TCP port of the interface; ONTAP uses 3260."),
        Column("igroups", _IGROUPS, "Igroups that hold the initiator: uuid and name."),
    ),
    key=("svm_id", "initiator", "interface_id"),
)

# The companion inventories: what the sessions refer to. Each is listed in the same run, has a
# status of its own and is folded by the same machinery; all are identified by uuid, not by name.
SVMS = Inventory(
    "svms",
    "Storage virtual machines: the scope of a snapshot.",
    (
        Column("uuid", _TEXT, "UUID of the SVM."),
        Column("name", _TEXT, "Name of the SVM."),
        Column("state", _TEXT, "running, stopped and so on."),
        Column("subtype", _TEXT, "default, sync_source, sync_destination, dp_destination."),
    ),
)

INTERFACES = Inventory(
    "interfaces",
    "IP interfaces (LIFs): which node and which subnet a session stands on.",
    (
        Column("uuid", _TEXT, "UUID of the interface."),
        Column("name", _TEXT, "Name of the interface."),
        Column("svm_uuid", _TEXT, "UUID of its SVM."),
        Column("svm", _TEXT, "Name of its SVM."),
        Column("address", _TEXT, "Address, in normal form."),
        Column("netmask", _TEXT, "Netmask or prefix length, as it came."),
        Column("subnet", _TEXT, "Subnet in CIDR form, from address and netmask."),
        Column("enabled", _FLAG, "Administrative state."),
        Column("state", _TEXT, "Operational state: up or down."),
        Column("is_home", _FLAG, "Whether it is on its home port now."),
        Column("home_node", _TEXT, "Name of its home node."),
        Column("node", _TEXT, "Name of the node it is on now."),
        Column("home_port", _TEXT, "Name of its home port."),
        Column("port", _TEXT, "Name of the port it is on now."),
        Column("failover", _TEXT, "Failover policy, such as sfo_partners_only."),
        Column("service_policy", _TEXT, "Name of its service policy."),
        Column("services", _TEXTS, "Services it offers, such as data_iscsi."),
    ),
)

IGROUPS = Inventory(
    "igroups",
    "Initiator groups: who is expected.",
    (
        Column("uuid", _TEXT, "UUID of the igroup."),
        Column("name", _TEXT, "Name of the igroup."),
        Column("svm_uuid", _TEXT, "UUID of its SVM."),
        Column("svm", _TEXT, "Name of its SVM."),
        Column("os_type", _TEXT, "Operating system type of its hosts."),
        Column("protocol", _TEXT, "iscsi, fcp or mixed."),
        Column("portset", _TEXT, "Name of the portset it is bound to."),
        Column("initiators", _TEXTS, "Its initiators, lower-cased."),
        Column("connection_state", _TEXT, "ONTAP's own verdict (9.11.1), where asked for."),
        Column("required_nodes", _TEXTS, "Nodes that ONTAP says must be reached, where asked for."),
    ),
)

NODES = Inventory(
    "nodes",
    "Nodes and their partners.",
    (
        Column("uuid", _TEXT, "UUID of the node."),
        Column("name", _TEXT, "Name of the node."),
        Column("state", _TEXT, "up, down, taken_over, waiting_for_giveback and so on."),
        Column("ha_enabled", _FLAG, "Whether takeover is enabled."),
        Column("ha_partner", _TEXT, "Name of its HA partner."),
        Column("takeover_state", _TEXT, "State of a takeover of its partner."),
        Column("giveback_state", _TEXT, "State of a giveback to its partner."),
        Column("model", _TEXT, "Controller model."),
        Column("version", _TEXT, "ONTAP release of the node."),
    ),
)

INVENTORIES = {inventory.name: inventory for inventory in (SVMS, INTERFACES, IGROUPS, NODES)}


NOT_ASKED = "not asked"


class Attempt(msgspec.Struct, kw_only=True):
    """One attempt to list a cluster's sessions; each field is a column of ``attempts``.

    A field with a default is an added column.
    """

    taken_at: Annotated[datetime, "When the cluster was asked."]
    status: Annotated[str, "complete, partial, failed or suspect, settled by what came after."]
    answered: Annotated[str, "Status as it was before anything came after it."]
    reason: Annotated[str | None, "Why it is not complete."]
    sessions: Annotated[int, "Sessions listed."]
    connections: Annotated[int, "Connections listed."]
    pages: Annotated[int, "Pages that the answer came in."]
    content: Annotated[str, "Hash over the session rows, whatever their order."]
    fingerprint: Annotated[str, "Hash over status, rows, scope and inventories."]
    listed: Annotated[list[str], "SVMs in the SVM list or in the rows (svm_id)."]
    scope: Annotated[list[str], "SVMs that this attempt can speak for (svm_id)."]
    svms_status: Annotated[str, "Whether the svms were listed in the same run."]
    svms_reason: Annotated[str | None, "Why the svms were not listed."]
    interfaces_status: Annotated[str, "Whether the interfaces were listed in the same run."]
    interfaces_reason: Annotated[str | None, "Why the interfaces were not listed."]
    igroups_status: Annotated[str, "Whether the igroups were listed in the same run."]
    igroups_reason: Annotated[str | None, "Why the igroups were not listed."]
    nodes_status: Annotated[str, "Whether the nodes were listed in the same run."]
    nodes_reason: Annotated[str | None, "Why the nodes were not listed."]
    cluster_uuid: Annotated[str | None, "UUID of the cluster."]
    version: Annotated[str | None, "ONTAP release."]
    collector: Annotated[str | None, "Which collector asked, or import."]
    seconds: Annotated[float | None, "How long the answer took."]
    expected_interval: Annotated[int | None, "Seconds between snapshots, as configured."]
    clock_skew: Annotated[
        float | None, "Seconds that the cluster's clock was ahead of the collector's."
    ]

    def inventory_status(self, name: str) -> str:
        """How the listing of the inventory *name* ended."""
        return getattr(self, f"{name}_status") or NOT_ASKED


class Mark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An instant with a name; each field is a column of ``marks``."""

    name: Annotated[str, "What it is called; it may stand wherever a time may."]
    instant: Annotated[datetime, "The instant that it names."]
    note: Annotated[str | None, "What somebody wrote of it."] = None
    ticket: Annotated[str | None, "The change or incident that it belongs to."] = None
    keep: Annotated[bool, "Whether prune spares what answers at that instant."] = False
    baseline: Annotated[bool, "Whether reports of a pair compare with it; true of one at most."] = (
        False
    )


_COLUMN_TYPES = {
    str: _TEXT, int: _NUMBER, float: _REAL, bool: _FLAG, datetime: _INSTANT, list[str]: _TEXTS
}  # fmt: skip


def _columns(struct: type[msgspec.Struct]) -> Iterator[Column]:
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        kind, sentence = get_args(hints[field.name])
        if isinstance(kind, UnionType):
            kind = get_args(kind)[0]  # every column may be null on disk
        yield Column(field.name, _COLUMN_TYPES[kind], sentence, added=not field.required)


ATTEMPT = tuple(_columns(Attempt))
MARK = tuple(_columns(Mark))

BOUNDS = {
    "seen_after": "The complete snapshot before first_seen; null in a baseline.",
    "first_seen": "First of the consecutive complete snapshots that show it unchanged.",
    "last_seen": "Last of them.",
    "gone_by": "First complete snapshot without it; null while it is still there.",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One folded table (an SCD type 2 table with interval bounds).

    An attempt's listing counts here if its field *field* is *value*; rows that are alike in *key*
    are similar; *scoped* tables are folded per SVM, the others as a whole; *inventory* names the
    inventory they come from.
    """

    name: str
    columns: tuple[Column, ...]
    field: str
    value: str
    key: tuple[str, ...]
    scoped: bool = False
    inventory: str | None = None

    @property
    def taken(self) -> str:
        """The condition on an attempt that makes its listing count, as SQL."""
        return f"{self.field} = '{self.value}'"

    def takes(self, attempt: Attempt) -> bool:
        """The same, of an attempt at hand."""
        return bool(getattr(attempt, self.field) == self.value)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def listed(self) -> str:
        """The columns, for a select list."""
        return ", ".join(f'"{name}"' for name in self.names)


TABLES = (
    Table("spells", SESSIONS.columns, "status", "complete", SESSIONS.key, scoped=True),
    # What partial answers showed: presence only, so it is a history of its own.
    Table("sightings", SESSIONS.columns, "status", "partial", SESSIONS.key, scoped=True),
    *(
        Table(name, inventory.columns, f"{name}_status", "complete", inventory.key, inventory=name)
        for name, inventory in INVENTORIES.items()
    ),
)


def empty_rows(table: Table) -> str:
    """A select of no rows with the table's columns and bounds."""
    columns = [f'null::{column.type} as "{column.name}"' for column in table.columns]
    bounds = [f"null::timestamp as {name}" for name in BOUNDS]
    return f"select {', '.join(columns + bounds)} where false"
