"""The row: one connection of one iSCSI session, as one cluster listed it.

A session without connections keeps one row. Columns are declared once, here; the schema of
the files, of the tables and the reference pages are derived from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

import polars as pl


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stored table."""

    name: str
    type: pl.DataType
    sentence: str


_TEXT = pl.String()
_NUMBER = pl.Int64()
_IGROUPS = pl.List(pl.Struct({"uuid": pl.String(), "name": pl.String()}))

COLUMNS = (
    Column("svm_id", _TEXT, "What identifies the SVM: its uuid, or its name where no uuid came."),
    Column("svm_uuid", _TEXT, "UUID of the SVM."),
    Column("svm", _TEXT, "Name of the SVM at that time."),
    Column("initiator", _TEXT, "iSCSI name of the initiator, lower-cased; '' where none came."),
    Column("initiator_raw", _TEXT, "The name as it came, where it was spelled otherwise."),
    Column("alias", _TEXT, "Alias that the initiator sent when it logged in."),
    Column("comment", _TEXT, "Comment that an administrator gave the initiator (9.9)."),
    Column("isid", _TEXT, "Initiator's part of the session identifier, lower-cased; '' if none."),
    Column("isid_raw", _TEXT, "The ISID as it came, where it was spelled otherwise."),
    Column("tsih", _NUMBER, "Target session identifying handle; unique within a portal group."),
    Column("target_portal_group", _TEXT, "Target portal group of the session."),
    Column("target_portal_group_tag", _NUMBER, "Tag of the target portal group."),
    Column("connections", _NUMBER, "How many connections this session had in this snapshot."),
    Column("cid", _NUMBER, "Connection identifier within the session."),
    Column("authentication", _TEXT, "How the connection authenticated: chap or none."),
    Column(
        "initiator_address", _TEXT, "Host address of the connection, in normal form; '' if none."
    ),
    Column(
        "initiator_address_raw", _TEXT, "The address as it came, where it was spelled otherwise."
    ),
    Column("initiator_port", _NUMBER, "TCP port at the host."),
    Column(
        "interface_id", _TEXT, "What identifies the interface: uuid, else name, address, group."
    ),
    Column("interface_uuid", _TEXT, "UUID of the interface (LIF)."),
    Column("interface", _TEXT, "Name of the interface (LIF) at that time."),
    Column("interface_address", _TEXT, "Address of the interface, in normal form."),
    Column(
        "interface_address_raw", _TEXT, "The address as it came, where it was spelled otherwise."
    ),
    Column("interface_port", _NUMBER, "TCP port of the interface; ONTAP uses 3260."),
    Column("igroups", _IGROUPS, "Igroups that hold the initiator: uuid and name."),
)

SCHEMA: dict[str, pl.DataType] = {column.name: column.type for column in COLUMNS}


def frame(columns: Mapping[str, Sequence[object] | pl.Series]) -> pl.DataFrame:
    """Rows from columns of equal length, every one of ``SCHEMA`` present."""
    return pl.DataFrame({name: columns[name] for name in SCHEMA}, schema=SCHEMA, strict=True)


@lru_cache(maxsize=65536)
def normal_address(text: str) -> str:
    """One spelling per address (IPv6 forms, mapped IPv4); text that is none stays as it is."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return text.strip()
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
