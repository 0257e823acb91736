"""A store in which every name, address and uuid is a pseudonym.

The store is rewritten before any report is run, so that no word of a report can hold what was
replaced. It is a store like any other: its snapshots can be restored from its history. Attempts
stand in the order of time, other rows in that of their hashes, lists in that of the pseudonyms: in
the order of the names, who has a list of the names could read each pseudonym off by its rank.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from analyzer.evidence.pseudonym import Pseudonyms
from analyzer.history import History
from analyzer.history import manifest as manifests
from analyzer.history.verify import recomputed
from analyzer.inventories import INVENTORIES
from analyzer.schema import Mark
from analyzer.store import marks
from analyzer.store.layout import Store

# What kind of value a column holds. A column of text that is neither here nor in ``_UNCHANGED`` is
# replaced as a word of its own kind.
_KINDS = {
    "svm_id": "svm_id",
    "svm_uuid": "svm_id",
    "interface_id": "interface_id",
    "interface_uuid": "interface_id",
    "cluster_uuid": "uuid",
    "initiator": "initiator",
    "initiator_raw": "initiator",
    "initiators": "initiator",
    "target_portal_group": "interface",  # ONTAP names it after the interface
    "initiator_address": "address",
    "interface_address": "address",
    "address": "address",
    "initiator_address_raw": "raw_address",
    "interface_address_raw": "raw_address",
    "netmask": "mask",
    "subnet": "subnet",
    "home_node": "node",
    "node": "node",
    "ha_partner": "node",
    "required_nodes": "node",
    "reporting_nodes": "node",
    "home_port": "port",
    "port": "port",
    "base_port": "port",
    "lag_ports": "port",
    "lag_active_ports": "port",
    "interface_uuids": "interface_id",
    "partner": "svm",
    "partner_uuid": "svm_id",
    "site": "cluster",
    "service_policy": "policy",
    "listed": "svm_id",
    "scope": "svm_id",
    "reason": "reason",
    "text": "reason",
    **{f"{name}_reason": "reason" for name in INVENTORIES},
}
# Of an inventory: what its names are, and its uuids, which sessions refer to.
_NAMES = {
    "svms": "svm", "interfaces": "interface", "igroups": "igroup", "nodes": "node",
    "lun_maps": "igroup", "portsets": "portset", "ports": "port", "metrocluster": "svm",
    "messages": None,
}  # fmt: skip
_UUIDS = {"svms": "svm_id", "interfaces": "interface_id", "metrocluster": "svm_id"}
_UNCHANGED = {
    "isid", "isid_raw", "authentication", "state", "subtype", "failover", "services", "os_type",
    "protocol", "connection_state", "type", "reachability", "san_multipathing", "takeover_state",
    "giveback_state", "model", "version", "message", "severity",
    "taken_at", "ems_since", "status", "answered", "content", *(f"{name}_status" for name in INVENTORIES),
}  # fmt: skip
# What kind of value a parameter of an event holds; any other is replaced as a word of its own kind.
_PARAMETERS = {
    "vifname": "interface",
    "lif": "interface",
    "vsrvid": "svm",
    "vserver": "svm",
    "vifip": "address",
    "initiator_ip_address": "address",
    "node": "node",
    "tonode": "node",
    "port": "port",
    "toport": "port",
    "initiator": "initiator",
    "initiator_name": "initiator",
}
_STRUCTS = {"igroups", "parameters", "ended_logins"}
_STEPS = {"eventType"}  # parameters whose value names nobody


def anonymise(store: Store, pseudonyms: Pseudonyms) -> None:
    """Rewrite the store in place; it is nobody else's."""
    for cluster in store.clusters():
        named = str(pseudonyms.of("cluster", cluster))
        for path in sorted(store.history_folder(cluster).glob("*.parquet")):
            _rewrite(path, path.name.split(".")[0], pseudonyms)
        for path in sorted(store.snapshot_folder(cluster).glob("date=*/*.parquet")):
            _rewrite(path, path.name.split(".")[1], pseudonyms)
        _rename(store, cluster, named, pseudonyms)
        _hash(store, named)
    if stored := marks.read(store):
        marks.write(store, [_mark(mark, pseudonyms) for mark in stored])


def _mark(mark: Mark, pseudonyms: Pseudonyms) -> Mark:
    """A mark under another name: its words are somebody's, its instant and its flags are not."""
    return msgspec.structs.replace(
        mark,
        name=str(pseudonyms.of("mark", mark.name)),
        note=pseudonyms.of("note", mark.note),
        ticket=pseudonyms.of("ticket", mark.ticket),
    )


def _rewrite(path: Path, table: str, pseudonyms: Pseudonyms) -> None:
    metadata = pl.read_parquet_metadata(path)
    facts = {"analyzer": _facts(text, pseudonyms)} if (text := metadata.get("analyzer")) else {}
    frame = pl.read_parquet(path, hive_partitioning=False, glob=False)
    columns = [_column(column, table, pseudonyms) for column in frame.get_columns()]
    frame = pl.DataFrame(columns)
    _write(frame[frame.hash_rows().arg_sort()], path, facts)


def _write(frame: pl.DataFrame, path: Path, facts: Mapping[str, str]) -> None:
    frame.write_parquet(path, compression="zstd", metadata=dict(facts))


def _facts(text: str, pseudonyms: Pseudonyms) -> str:
    """The attempt in a session file's metadata."""
    attempt = json.loads(text)
    return json.dumps(
        {name: _value(value, name, "attempts", pseudonyms) for name, value in attempt.items()}
    )


def _kind(column: str, table: str) -> str | None:
    if column in _UNCHANGED:
        return None
    if column == "name":
        return _NAMES[table]
    if column == "uuid":
        return _UUIDS.get(table, "uuid")
    return _KINDS.get(column, column)


def _column(column: pl.Series, table: str, pseudonyms: Pseudonyms) -> pl.Series:
    texts = {pl.String(), pl.List(pl.String())}
    if column.dtype not in texts and column.name not in _STRUCTS:
        return column
    if column.dtype == pl.String() and _kind(column.name, table):
        distinct = column.unique().to_list()
        replaced = [_value(value, column.name, table, pseudonyms) for value in distinct]
        return column.replace_strict(distinct, replaced, return_dtype=pl.String())
    replaced = [_value(value, column.name, table, pseudonyms) for value in column.to_list()]
    return pl.Series(column.name, replaced, dtype=column.dtype)


def _value(value: Any, column: str, table: str, pseudonyms: Pseudonyms) -> Any:
    kind = _kind(column, table)
    if kind is None or (kind == "ipspace" and value == "Default"):  # every array has that one
        return value
    if isinstance(value, str):
        return pseudonyms.of(kind, value)
    if isinstance(value, list):
        return sorted((_member(item, kind, pseudonyms) for item in value), key=str)
    return value


def _member(item: Any, kind: str, pseudonyms: Pseudonyms) -> Any:
    if isinstance(item, dict) and "value" in item:
        name = item["name"]
        kind = _PARAMETERS.get(name, "parameter")
        value = item["value"] if name in _STEPS else pseudonyms.of(kind, item["value"])
        return {"name": name, "value": value}
    if isinstance(item, dict) and "last_seen" in item:
        return {name: _value(value, name, "", pseudonyms) for name, value in item.items()}
    if isinstance(item, dict):
        return {
            "uuid": pseudonyms.of("uuid", item["uuid"]),
            "name": pseudonyms.of("igroup", item["name"]),
        }
    return pseudonyms.of(kind, item)


def _rename(store: Store, cluster: str, named: str, pseudonyms: Pseudonyms) -> None:
    """The cluster's folders, and what its manifest names."""
    manifest = manifests.read(store, cluster)
    assert manifest is not None  # noqa: S101  # an excerpt has one
    manifest.cluster = named
    for folded in manifest.tables.values():
        folded.listed = None  # a hash of what nobody may recognise
        latest = {str(pseudonyms.of("svm_id", svm)): at for svm, at in folded.latest.items()}
        folded.latest = dict(sorted(latest.items()))
    store.history_folder(cluster).rename(store.history_folder(named))
    if store.snapshot_folder(cluster).exists():
        store.snapshot_folder(cluster).rename(store.snapshot_folder(named))
    manifests.forget_digests(manifest)
    manifests.write(store, manifest, keep_previous=False)


def _hash(store: Store, cluster: str) -> None:
    """The hashes of what the rows are now, in attempts, snapshot files and the manifest."""
    with History.read(store, cluster) as history:
        hashes = recomputed(history, history.attempts())
        manifest = history.manifest
    for part in manifest.attempts:
        path = store.history_folder(cluster) / part.file
        frame = pl.read_parquet(path, hive_partitioning=False, glob=False).sort("taken_at")
        rows = [hashes[instant] for instant in frame["taken_at"]]
        frame = frame.with_columns(
            pl.Series("content", [content for content, _ in rows]),
            pl.Series("fingerprint", [fingerprint for _, fingerprint in rows]),
        )
        _write(frame, path, {})
    for instant in store.instants(cluster):
        path = store.snapshot(cluster, instant)
        facts = json.loads(pl.read_parquet_metadata(path)["analyzer"])
        facts["content"], facts["fingerprint"] = hashes[instant]
        _write(
            pl.read_parquet(path, hive_partitioning=False, glob=False),
            path,
            {"analyzer": json.dumps(facts)},
        )
    manifests.add_digests(manifest, store.history_folder(cluster))
    manifests.write(store, manifest, keep_previous=False)
