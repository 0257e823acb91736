"""Records as rows of the stored tables, column by column: a listing may be long."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_interface
from operator import attrgetter
from typing import Any

import polars as pl

from analyzer import schema
from analyzer.inventories import INVENTORIES
from analyzer.ontap.decode import Malformed
from analyzer.ontap.fields import column_fields
from analyzer.ontap.record import (
    ConnectionRecord,
    EventRecord,
    IgroupRecord,
    Initiator,
    InterfaceRecord,
    LunMapRecord,
    MemberRecord,
    Named,
    NodeRecord,
    PortsetRecord,
    SessionRecord,
    Socket,
    Target,
    naive,
)

_NAMED, _SOCKET, _TARGET, _INITIATOR = Named(), Socket(), Target(), Initiator()
_NONE = (ConnectionRecord(),)


def sessions(records: Sequence[SessionRecord], first: int = 0) -> pl.DataFrame:
    """One row per connection, in the order listed.

    A column ``record`` beside those of ``schema.SESSIONS`` numbers the records from *first* on.

    Raises:
        Malformed: a number that no array could mean.
    """
    sessions, connections, numbers = [], [], []
    for number, record in enumerate(records, first):
        for connection in record.connections or _NONE:
            sessions.append(record)
            connections.append(connection)
            numbers.append(number)
    svms = [session.svm or _NAMED for session in sessions]
    initiators = [session.initiator or _INITIATOR for session in sessions]
    hosts = [connection.initiator_address or _SOCKET for connection in connections]
    targets = [connection.interface or _TARGET for connection in connections]
    portals = [target.ip or _SOCKET for target in targets]
    names = [(initiator.name or "").strip().lower() for initiator in initiators]
    isids = [(session.isid or "").strip().lower() for session in sessions]
    froms = [normal_address(host.address) if host.address else "" for host in hosts]
    tos = [normal_address(portal.address) if portal.address else None for portal in portals]
    columns: dict[str, Sequence[object] | pl.Series] = {
        "svm_id": [svm.uuid or svm.name or "" for svm in svms],
        "svm_uuid": [svm.uuid for svm in svms],
        "svm": [svm.name for svm in svms],
        "initiator": names,
        "initiator_raw": _raw([initiator.name for initiator in initiators], names),
        "alias": [initiator.alias for initiator in initiators],
        "comment": [initiator.comment for initiator in initiators],
        "isid": isids,
        "isid_raw": _raw([session.isid for session in sessions], isids),
        "tsih": [session.tsih for session in sessions],
        "target_portal_group": [session.target_portal_group for session in sessions],
        "target_portal_group_tag": [session.target_portal_group_tag for session in sessions],
        "connections": [len(session.connections or ()) for session in sessions],
        "cid": [connection.cid for connection in connections],
        "authentication": [connection.authentication_type for connection in connections],
        "initiator_address": froms,
        "initiator_address_raw": _raw([host.address for host in hosts], froms),
        "initiator_port": [host.port for host in hosts],
        "interface_id": [
            target.uuid or target.name or address or session.target_portal_group
            for target, address, session in zip(targets, tos, sessions, strict=True)
        ],
        "interface_uuid": [target.uuid for target in targets],
        "interface": [target.name for target in targets],
        "interface_address": tos,
        "interface_address_raw": _raw([portal.address for portal in portals], tos),
        "interface_port": [portal.port for portal in portals],
        "igroups": _igroups([session.igroups or () for session in sessions]),
        "record": numbers,
    }
    try:
        types = {**schema.SESSIONS.schema, "record": pl.Int64()}
        rows = pl.DataFrame({name: columns[name] for name in types}, schema=types, strict=True)
    except (OverflowError, TypeError, pl.exceptions.PolarsError) as error:
        (sentence, *_) = str(error).splitlines() or [type(error).__name__]
        raise Malformed(f"the answer is malformed: {sentence}") from error
    return rows if rows.height == len(records) else _one_of_each(rows)


def _one_of_each(rows: pl.DataFrame) -> pl.DataFrame:
    """A connection that its session lists twice counts once: a history holds sets of rows."""
    columns = [name for name in rows.columns if name != "igroups"]  # of the record, which is there
    rows = rows.unique(columns, keep="first", maintain_order=True)
    count = pl.len().over("record").cast(rows.schema["connections"])
    return rows.with_columns(pl.min_horizontal("connections", count))


def _raw(texts: list[str | None], normal: Sequence[str | None]) -> list[str | None]:
    """A text as it came, where it differs from its normal spelling."""
    if texts == normal:  # as nearly always
        return [None] * len(texts)
    return [None if text == other else text for text, other in zip(texts, normal, strict=True)]


def _igroups(lists: list[Sequence[Named]]) -> pl.Series:
    """A list of igroups per row, null where there is none."""
    flat = {
        "row": [row for row, igroups in enumerate(lists) for _ in igroups],
        "uuid": [igroup.uuid for igroups in lists for igroup in igroups],
        "name": [igroup.name for igroups in lists for igroup in igroups],
    }
    types = {"row": pl.Int64, "uuid": pl.String, "name": pl.String}
    grouped = (
        pl.DataFrame(flat, schema=types)
        .group_by("row", maintain_order=True)
        .agg(pl.struct("uuid", "name").alias("igroups"))
    )
    if grouped.height == len(lists):
        return grouped["igroups"]
    rows = pl.DataFrame({"row": pl.Series(range(len(lists)), dtype=pl.Int64)})
    return rows.join(grouped, on="row", how="left", maintain_order="left")["igroups"]


def distinct(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of sessions, deduplicated.

    A record on two pages counts once, and of two records of one nexus (a login during the
    listing) the later one counts.
    """
    key = ["svm_id", "target_portal_group", "tsih"]
    nexus = ["svm_id", "initiator", "isid", "target_portal_group", "target_portal_group_tag"]
    rows = _latest(rows, key)
    rows = _latest(rows, nexus, pl.col("isid") == "")
    return rows[list(schema.SESSIONS.schema)]


def _latest(rows: pl.DataFrame, key: list[str], exempt: pl.Expr | None = None) -> pl.DataFrame:
    """The rows of the last record with each key, and those that are *exempt*."""
    parts = [part[key].hash_rows() for part in rows.iter_slices()]
    if not parts or pl.concat(parts).n_unique() == rows["record"].n_unique():
        return rows  # as nearly always; nothing is copied
    last = pl.col("record") == pl.col("record").max().over(key)
    return rows.filter(last if exempt is None else exempt | last)


@lru_cache(maxsize=65536)
def _subnet(address: str | None, netmask: str | int | None) -> str | None:
    if not address or netmask in (None, ""):
        return None
    try:
        return str(ip_interface(f"{address}/{netmask}").network)
    except ValueError:
        return None


def _value(record: Any, path: Sequence[str]) -> Any:
    """A field of a record, by its parts; of a list the values that are set, in order; or None."""
    for place, name in enumerate(path):
        if isinstance(record, list):
            values = {_value(item, path[place:]) for item in record}
            return sorted(values - {None, ""}) or None
        record = None if record is None else getattr(record, name)
    return (sorted(record) or None) if isinstance(record, list) else record


def _address(record: InterfaceRecord) -> str | None:
    return normal_address(record.ip.address) if record.ip and record.ip.address else None


def _netmask(record: InterfaceRecord) -> str | None:
    return None if record.ip is None or record.ip.netmask is None else str(record.ip.netmask)


def _network(record: InterfaceRecord) -> str | None:
    return _subnet(record.ip.address, _netmask(record)) if record.ip else None


def _members(record: IgroupRecord) -> list[str] | None:
    names = {(member.name or "").strip().lower() for member in record.initiators or []}
    return sorted(names - {""}) or None


def _partner(record: NodeRecord) -> str | None:
    names = _value(record, ("ha", "partners", "name"))
    return names[0] if names else None


def _bound_interfaces(record: PortsetRecord) -> list[str] | None:
    uuids = {
        (interface.ip.uuid if interface.ip else None) or interface.uuid
        for interface in record.interfaces or []
        if interface.fc is None
    }
    return sorted(uuid for uuid in uuids if uuid) or None


def _parameters(record: EventRecord) -> list[dict[str, str | None]] | None:
    return [{"name": p.name, "value": p.value} for p in record.parameters or ()] or None


# Columns that are not a field as it came.
_WORKED_OUT: dict[str, dict[str, Callable[[Any], Any]]] = {
    "interfaces": {"address": _address, "netmask": _netmask, "subnet": _network},
    # The ended logins are requested apart, see ``analyzer.collect.gap``.
    "igroups": {"initiators": _members, "ended_logins": lambda _: None},
    "nodes": {"ha_partner": _partner},
    "portsets": {"interface_uuids": _bound_interfaces},
    "ems": {
        "node": attrgetter("node_name"),
        "time": attrgetter("instant"),
        "parameters": _parameters,
    },
}


def _mapped_igroups(records: Sequence[LunMapRecord]) -> Iterator[tuple[Any, ...]]:
    """The LUN maps of each igroup that can hold iSCSI initiators, over its LUNs."""
    igroups: dict[str, list[LunMapRecord]] = {}
    for record in records:
        if record.igroup.protocol != "fcp":
            igroups.setdefault(record.igroup.uuid, []).append(record)
    for uuid, maps in sorted(igroups.items()):
        svm = maps[0].svm or Named()
        nodes = [node for record in maps for node in record.reporting_nodes or []]
        luns = len({record.lun.uuid for record in maps})
        yield uuid, maps[0].igroup.name, svm.uuid, svm.name, luns, _value(nodes, ("name",))


def ended_logins(records: Iterable[MemberRecord]) -> list[dict[str, object]]:
    """The logins of initiators that ended: the last sight of each, as ``ended_logins`` holds them.

    One that goes on through another node has not ended.
    """
    last_seen: dict[tuple[str, str], datetime] = {}
    connected = set()
    for record in records:
        for login in record.logins:
            uuid = login.interface and login.interface.ip and login.interface.ip.uuid
            path = (record.name.strip().lower(), uuid or "")
            if login.connected is not False:
                connected.add(path)
            elif uuid and login.last_seen_time:
                instant = naive(login.last_seen_time)
                last_seen[path] = max(instant, last_seen.get(path, instant))
    return [
        {"initiator": path[0], "interface_uuid": path[1], "last_seen": last_seen[path]}
        for path in sorted(last_seen.keys() - connected)
    ]


def inventory(name: str, records: Sequence[Any]) -> pl.DataFrame:
    """Records of an inventory as rows, in order of their key; one on two pages counts once."""
    columns = INVENTORIES[name].schema
    if name == "lun_maps":
        return pl.DataFrame(list(_mapped_igroups(records)), schema=columns, orient="row")
    paths = {column: field.split(".") for column, field in column_fields(name).items()}
    worked_out = _WORKED_OUT.get(name, {})

    def row(record: Any) -> list[Any]:
        return [
            worked_out[column](record) if column in worked_out else _value(record, paths[column])
            for column in columns
        ]

    rows = {record.key: row(record) for record in records}
    return pl.DataFrame([rows[key] for key in sorted(rows)], schema=columns, orient="row")


@lru_cache(maxsize=65536)
def normal_address(text: str) -> str:
    """The normal spelling of an address (IPv6 forms, mapped IPv4); other text stays as it is."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return text.strip()
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
