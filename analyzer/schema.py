"""Every stored table and column, declared once, each with its sentence.

The files' schemas, DuckDB's tables and the reference pages are derived from here.
"""

from collections.abc import Iterator
from datetime import datetime
from types import UnionType
from typing import Annotated, get_args, get_type_hints

import msgspec

from analyzer.column import (
    FLAG,
    IGROUP_LIST,
    INSTANT,
    NUMBER,
    REAL,
    TEXT,
    TEXTS,
    Column,
    Inventory,
)
from analyzer.inventories import INVENTORIES, NOT_REQUESTED

# One row per connection; a session without connections keeps one row.
SESSIONS = Inventory(
    "sessions",
    "Connections of the iSCSI sessions of a cluster, as it listed them.",
    (
        Column(
            "svm_id", TEXT, "What identifies the SVM: its uuid, or its name where no uuid came."
        ),
        Column("svm_uuid", TEXT, "UUID of the SVM."),
        Column("svm", TEXT, "Name of the SVM at that time."),
        Column("initiator", TEXT, "iSCSI name of the initiator, lower-cased; '' where none came."),
        Column("initiator_raw", TEXT, "The name as it came, where it was spelled otherwise."),
        Column("alias", TEXT, "Alias that the initiator sent when it logged in."),
        Column("comment", TEXT, "Comment that an administrator gave the initiator (9.9)."),
        Column(
            "isid", TEXT, "Initiator's part of the session identifier, lower-cased; '' if none."
        ),
        Column("isid_raw", TEXT, "The ISID as it came, where it was spelled otherwise."),
        Column("tsih", NUMBER, "Target session identifying handle; unique within a portal group."),
        Column("target_portal_group", TEXT, "Target portal group of the session."),
        Column("target_portal_group_tag", NUMBER, "Tag of the target portal group."),
        Column("connections", NUMBER, "How many connections this session had in this snapshot."),
        Column("cid", NUMBER, "Connection identifier within the session."),
        Column("authentication", TEXT, "How the connection authenticated: chap or none."),
        Column(
            "initiator_address",
            TEXT,
            "Host address of the connection, in normal form; '' if none.",
        ),
        Column(
            "initiator_address_raw",
            TEXT,
            "The address as it came, where it was spelled otherwise.",
        ),
        Column("initiator_port", NUMBER, "TCP port at the host."),
        Column(
            "interface_id", TEXT, "What identifies the interface: uuid, else name, address, group."
        ),
        Column("interface_uuid", TEXT, "UUID of the interface (LIF)."),
        Column("interface", TEXT, "Name of the interface (LIF) at that time."),
        Column("interface_address", TEXT, "Address of the interface, in normal form."),
        Column(
            "interface_address_raw",
            TEXT,
            "The address as it came, where it was spelled otherwise.",
        ),
        Column("interface_port", NUMBER, "TCP port of the interface; ONTAP uses 3260."),
        Column("igroups", IGROUP_LIST, "Igroups that hold the initiator: uuid and name."),
    ),
    key=("svm_id", "initiator", "interface_id"),
)


class Attempt(msgspec.Struct, kw_only=True):
    """One attempt to list a cluster's sessions; each field is a column of ``attempts``.

    A field with a default is an added column.
    """

    taken_at: Annotated[datetime, "When the cluster was queried."]
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
    collector: Annotated[str | None, "Host of the collector, or import."]
    seconds: Annotated[float | None, "How long the answer took."]
    expected_interval: Annotated[int | None, "Seconds between snapshots, as configured."]
    clock_skew: Annotated[
        float | None, "Seconds that the cluster's clock was ahead of the collector's."
    ]
    # Earlier versions did not know these inventories, and requested none.
    lun_maps_status: Annotated[str | None, "Whether the LUN maps were listed in the same run."] = (
        None
    )
    lun_maps_reason: Annotated[str | None, "Why the LUN maps were not listed."] = None
    portsets_status: Annotated[str | None, "Whether the portsets were listed in the same run."] = (
        None
    )
    portsets_reason: Annotated[str | None, "Why the portsets were not listed."] = None
    ports_status: Annotated[str | None, "Whether the ports were listed in the same run."] = None
    ports_reason: Annotated[str | None, "Why the ports were not listed."] = None
    metrocluster_status: Annotated[
        str | None, "Whether its MetroCluster was listed in the same run."
    ] = None
    metrocluster_reason: Annotated[str | None, "Why its MetroCluster was not listed."] = None
    ems_status: Annotated[str | None, "Whether the event log was read in the same run."] = None
    ems_reason: Annotated[str | None, "Why the event log was not read."] = None
    ems_since: Annotated[
        datetime | None, "From when on the event log was read, by the array's clock."
    ] = None
    messages_status: Annotated[str | None, "Whether its messages were listed in the same run."] = (
        None
    )
    messages_reason: Annotated[str | None, "Why its messages were not listed."] = None

    def inventory_status(self, name: str) -> str:
        """How the listing of the inventory *name* ended."""
        return getattr(self, f"{name}_status") or NOT_REQUESTED


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
    str: TEXT, int: NUMBER, float: REAL, bool: FLAG, datetime: INSTANT, list[str]: TEXTS
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


class Table(msgspec.Struct, frozen=True):
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
