"""Session records as rows, column by column: what an array lists may be long."""

from collections.abc import Sequence

import polars as pl

from analyzer import schema
from analyzer.ontap.decode import (
    Connection,
    Initiator,
    Malformed,
    Named,
    Session,
    Socket,
    Target,
    normal_address,
)

_NAMED, _SOCKET, _TARGET, _INITIATOR = Named(), Socket(), Target(), Initiator()
_NONE = (Connection(),)


def sessions(records: Sequence[Session], first: int = 0) -> pl.DataFrame:
    """One row per connection, in the order listed.

    A column ``record`` beside those of ``session.SCHEMA`` numbers the records from *first* on.

    Raises:
        Malformed: a number that no array could mean.
    """
    own, links, numbers = [], [], []
    for number, record in enumerate(records, first):
        for connection in record.connections or _NONE:
            own.append(record)
            links.append(connection)
            numbers.append(number)
    svms = [one.svm or _NAMED for one in own]
    initiators = [one.initiator or _INITIATOR for one in own]
    hosts = [one.initiator_address or _SOCKET for one in links]
    targets = [one.interface or _TARGET for one in links]
    ports = [one.ip or _SOCKET for one in targets]
    names = [(one.name or "").strip().lower() for one in initiators]
    isids = [(one.isid or "").strip().lower() for one in own]
    froms = [normal_address(one.address) if one.address else "" for one in hosts]
    tos = [normal_address(one.address) if one.address else None for one in ports]
    columns: dict[str, Sequence[object] | pl.Series] = {
        "svm_id": [one.uuid or one.name or "" for one in svms],
        "svm_uuid": [one.uuid for one in svms],
        "svm": [one.name for one in svms],
        "initiator": names,
        "initiator_raw": _raw([one.name for one in initiators], names),
        "alias": [one.alias for one in initiators],
        "comment": [one.comment for one in initiators],
        "isid": isids,
        "isid_raw": _raw([one.isid for one in own], isids),
        "tsih": [one.tsih for one in own],
        "target_portal_group": [one.target_portal_group for one in own],
        "target_portal_group_tag": [one.target_portal_group_tag for one in own],
        "connections": [len(one.connections or ()) for one in own],
        "cid": [one.cid for one in links],
        "authentication": [one.authentication_type for one in links],
        "initiator_address": froms,
        "initiator_address_raw": _raw([one.address for one in hosts], froms),
        "initiator_port": [one.port for one in hosts],
        "interface_id": [
            lif.uuid or lif.name or to or one.target_portal_group
            for lif, to, one in zip(targets, tos, own, strict=True)
        ],
        "interface_uuid": [one.uuid for one in targets],
        "interface": [one.name for one in targets],
        "interface_address": tos,
        "interface_address_raw": _raw([one.address for one in ports], tos),
        "interface_port": [one.port for one in ports],
        "igroups": _igroups([one.igroups or () for one in own]),
    }
    try:
        rows = pl.DataFrame(
            {name: columns[name] for name in schema.SESSIONS.schema},
            schema=schema.SESSIONS.schema,
            strict=True,
        )
        return rows.with_columns(pl.Series("record", numbers, dtype=pl.Int64))
    except (OverflowError, TypeError, pl.exceptions.PolarsError) as error:
        (sentence, *_) = str(error).splitlines() or [type(error).__name__]
        raise Malformed(f"the answer is malformed: {sentence}") from error


def _raw(told: list[str | None], normal: Sequence[str | None]) -> list[str | None]:
    """A text as it came, where it was spelled otherwise."""
    return [None if one == other else one for one, other in zip(told, normal, strict=True)]


def _igroups(listed: list[Sequence[Named]]) -> pl.Series:
    """A list of igroups per row, null where there is none."""
    flat = {
        "row": [row for row, igroups in enumerate(listed) for _ in igroups],
        "uuid": [one.uuid for igroups in listed for one in igroups],
        "name": [one.name for igroups in listed for one in igroups],
    }
    schema = {"row": pl.Int64, "uuid": pl.String, "name": pl.String}
    grouped = (
        pl.DataFrame(flat, schema=schema)
        .group_by("row", maintain_order=True)
        .agg(pl.struct("uuid", "name").alias("igroups"))
    )
    rows = pl.DataFrame({"row": pl.Series(range(len(listed)), dtype=pl.Int64)})
    return rows.join(grouped, on="row", how="left", maintain_order="left")["igroups"]


def distinct(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of sessions without what a listing showed twice.

    A record that came on two pages counts once, and of two records of one nexus (a login during
    the listing) the later one counts.
    """
    key = ["svm_id", "target_portal_group", "tsih"]
    nexus = ["svm_id", "initiator", "isid", "target_portal_group", "target_portal_group_tag"]
    rows = _latest(rows, key)
    rows = _latest(rows, nexus, pl.col("isid") == "")
    return rows.select(list(schema.SESSIONS.schema))


def _latest(rows: pl.DataFrame, key: list[str], spared: pl.Expr | None = None) -> pl.DataFrame:
    """The rows of the last record with each key, and those that are *spared*."""
    parts = [part.select(key).hash_rows() for part in rows.iter_slices()]
    if not parts or pl.concat(parts).n_unique() == rows["record"].n_unique():
        return rows  # as nearly always; nothing is copied
    last = pl.col("record") == pl.col("record").max().over(key)
    return rows.filter(last if spared is None else spared | last)
