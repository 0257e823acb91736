"""An anonymised bundle says the same of nobody."""

import io
import json
import re
import shutil
from collections import Counter
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.bundles import WINDOW, Write, members, reports, unpacked

from analyzer import cli, history, schema
from analyzer.collect import files
from analyzer.console import html_file
from analyzer.evidence.anonymise import anonymise
from analyzer.evidence.bundle import BundleRequest, _take
from analyzer.evidence.pseudonym import Pseudonyms
from analyzer.inventories import INVENTORIES
from analyzer.ontap.frame import normal_address
from analyzer.report.catalog import Catalog
from analyzer.store import marks
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

# Values of a report that name somebody; the rest is the verdict.
NAMES = {
    "cluster", "svm", "initiator", "initiator_address", "interface", "interface_address",
    "replaced_by", "cause", "members", "addresses", "interfaces", "igroups", "previously",
    "detail", "evidence", "alias", "node", "nodes", "subnets", "host_addresses", "missing", "reason", "host",
    "interface_node", "subnet", "port", "text",
}  # fmt: skip
# ONTAP's own words; the last two are the steps of a failover in its event log.
PUBLIC_WORDS = {"HTTP 401", "import", "complete", "running", "default", "Default", "linux",
              "takeover", "giveback"}  # fmt: skip


def verdicts(rows: list[dict[str, Any]]) -> Counter[str]:
    """The rows without names; of a list of names how many they are."""
    return Counter(
        json.dumps(
            {
                key: len(value) if isinstance(value, list) else None if key in NAMES else value
                for key, value in row.items()
            }
        )
        for row in rows
    )


def frames(bundle: Path) -> dict[str, pl.DataFrame]:
    return {
        name: pl.read_parquet(io.BytesIO(data), hive_partitioning=False)
        for name, data in members(bundle).items()
        if name.endswith(".parquet")
    }


def words(value: Any) -> set[str]:
    if isinstance(value, dict):
        if "value" in value:  # a parameter of an event: what it is called is ONTAP's own word
            return words(value["value"])
        return set().union(*map(words, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(words, value))
    return {value} if isinstance(value, str) else set()


def named(bundle: Path) -> set[str]:
    """Every name, address and uuid that the bundle's tables hold."""
    plain_columns = {"isid", "isid_raw", "authentication", "state", "failover", "services", "os_type",
            "protocol", "connection_state", "takeover_state", "giveback_state", "model", "version",
            "type", "reachability", "san_multipathing", "message", "severity", "status", "answered", "content", "fingerprint", "netmask", "service_policy", "subtype",
            *(f"{name}_status" for name in INVENTORIES)}  # fmt: skip
    texts: set[str] = set()
    for name, frame in frames(bundle).items():
        if ".messages." in name or "/messages." in name:
            continue  # ONTAP's own
        for column in frame.drop(plain_columns, strict=False).get_columns():
            texts |= words(column.unique().to_list() if column.dtype == pl.String() else [
                *column.to_list()])  # fmt: skip
    return {word for word in texts if len(word) > 3} - PUBLIC_WORDS


def hashes(bundle: Path) -> set[str]:
    """The hashes of complete snapshots: of the names that are in them."""
    texts: set[str] = set()
    for name, frame in frames(bundle).items():
        if "/attempts" in name:
            complete = frame.filter(pl.col("status") == "complete")
            texts |= {*complete["content"], *complete["fingerprint"]}
    assert len(texts) > 2
    return texts


def everything(bundle: Path) -> str:
    """All that a reader of the bundle can read: its bytes, and what is in its tables."""
    parts = []
    for name, data in members(bundle).items():
        parts += [name, data.decode("latin-1")]
        if name.endswith(".parquet"):
            parts.append(repr(pl.read_parquet_metadata(io.BytesIO(data))))
    parts += [repr(frame.rows()) for frame in frames(bundle).values()]
    return "\n".join(parts).lower()


def test_every_finding_is_still_there_and_as_severe(incident: Path, anonymous: Path) -> None:
    plain, hidden = reports(incident), reports(anonymous)
    assert plain.keys() == hidden.keys()
    assert sum(len(report["rows"]) for report in plain.values()) > 100
    for name in plain:
        assert verdicts(plain[name]["rows"]) == verdicts(hidden[name]["rows"]), name
        assert len(plain[name]["coverage"]) == len(hidden[name]["coverage"])


def test_no_name_address_or_uuid_is_left_anywhere(incident: Path, anonymous: Path) -> None:
    names = named(incident)
    assert {"prod-a", "svm_sql", "192.168.10.11", "sql_n1_a"} <= names
    assert any(word.startswith("iqn.") for word in names)
    content = everything(anonymous)
    assert sorted(word for word in names if word.lower() in content) == []
    assert not re.search(r"\blnx\d|\besx\d", content)
    assert hashes(incident).isdisjoint(hashes(anonymous))


def test_the_same_key_gives_the_same_bytes_and_another_other_names(
    write: Write, anonymous: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = write(*WINDOW, "--anonymise", "--key-file", str(key))
    assert again.read_bytes() == anonymous.read_bytes()
    monkeypatch.setattr(html_file, "of_reports", lambda *_: "")  # nobody reads its page
    other = write(*WINDOW, "--anonymise")
    names = [
        {row["initiator"] for row in reports(bundle)["paths"]["rows"]}
        for bundle in (anonymous, other)
    ]
    assert len(names[0]) == len(names[1]) > 10
    assert names[0].isdisjoint(names[1])


def test_an_anonymised_store_gives_back_its_own_snapshots(anonymous: Path, tmp_path: Path) -> None:
    store = unpacked(anonymous, tmp_path)
    assert cli.status(["--store", str(store), "verify"]) == 0
    (cluster,) = Store(store).clusters()
    assert history.rebuild(Store(store), cluster).lost == []


def test_words_of_the_administrator_and_of_failures_go(tmp_path: Path) -> None:
    """Aliases, comments, spellings of their own, reasons: none of them is a column of a report."""
    row = dict.fromkeys(schema.SESSIONS.schema) | {
        "svm_id": "payroll-svm", "svm": "payroll-svm", "initiator": "iqn.2019-02.com.acme:payroll",
        "initiator_raw": "iqn.2019-02.com.ACME:Payroll", "alias": "payroll.acme.example",
        "comment": "ask Jane Roe", "isid": "00:01", "tsih": 1, "connections": 1, "cid": 0,
        "target_portal_group": "payroll-lif", "interface": "payroll-lif",
        "interface_id": "payroll-lif", "initiator_address": "2001:db8::acdc",
        "initiator_address_raw": "2001:0DB8:0::ACDC", "interface_address": "fe80::acdc",
        "igroups": [{"uuid": None, "name": "payroll-hosts"}],
    }  # fmt: skip
    store = Store(tmp_path / "store")
    rows = pl.DataFrame([row], schema=schema.SESSIONS.schema)
    login = {"initiator": row["initiator"], "interface_uuid": row["interface_id"],
             "last_seen": datetime(2026, 11, 22, 23)}  # fmt: skip
    igroup = dict.fromkeys(INVENTORIES["igroups"].schema) | {"uuid": "payroll", "name": "acme",
                                                            "ended_logins": [login]}  # fmt: skip
    igroups = pl.DataFrame([igroup], schema=INVENTORIES["igroups"].schema)
    history.record(
        store,
        Snapshot("acme-a", datetime(2026, 11, 23), Listing("complete", None, rows),
                 {"igroups": Listing("complete", None, igroups)}),
    )  # fmt: skip
    files.fail(store, "acme-a", datetime(2026, 11, 23, 1), "acme-a.example: HTTP 401 for roe")
    into = Store(tmp_path / "into")
    history.excerpt(store, "acme-a", into, datetime(2026, 11, 22), datetime(2026, 11, 24))
    jane = schema.Mark(
        name="acme-CHG1", instant=datetime(2026, 11, 23), note="ask Jane", ticket="roe-1"
    )
    marks.write(into, [jane])
    anonymise(into, Pseudonyms(b"x" * 32))
    (mark,) = marks.read(into)
    assert (mark.name[:5], mark.instant) == ("mark-", jane.instant)
    shutil.rmtree(store.root)
    content = ""
    for path in sorted(into.root.rglob("*")):
        content += str(path.relative_to(into.root))
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path, hive_partitioning=False)
            content += repr(frame.rows()) + repr(pl.read_parquet_metadata(path))
        elif path.is_file():
            content += path.read_text()
    assert not re.search("acme|payroll|jane|roe|acdc|2001:", content, re.IGNORECASE)
    assert "HTTP 401" in content
    (cluster,) = into.clusters()
    assert history.verify(into, cluster).problem is None
    (values,) = history.rows(into, cluster, datetime(2026, 11, 23))
    session = dict(zip(schema.SESSIONS.schema, values, strict=True))
    assert session["interface_id"] == session["interface"] == session["target_portal_group"]
    assert session["svm_id"] == session["svm"]
    assert session["initiator_raw"].lower() == session["initiator"] != session["initiator_raw"]
    assert normal_address(session["initiator_address_raw"]) == session["initiator_address"]
    assert ip_address(session["interface_address"]) in ip_network("fe80::/10")
    assert session["isid"] == "00:01"
    (remembered,) = Catalog(into).run("select unnest(ended_logins) as login from igroups").records()
    assert remembered["login"] == {"initiator": session["initiator"],
                                   "interface_uuid": session["interface_id"],
                                   "last_seen": login["last_seen"]}  # fmt: skip


def test_a_full_private_network_can_be_anonymised(tmp_path: Path) -> None:
    """No key is without a pseudonym that is somebody's address there; one is taken all the same."""
    rows = [
        dict.fromkeys(schema.SESSIONS.schema)
        | {"svm_id": "s", "initiator": f"iqn.2026-11.example:h{host}", "isid": "00:01",
           "tsih": host, "connections": 1, "target_portal_group": "l1", "interface_id": "l1",
           "initiator_address": f"192.168.{host}.1"}
        for host in range(256)
    ]  # fmt: skip
    store = Store(tmp_path / "store")
    frame = pl.DataFrame(rows, schema=schema.SESSIONS.schema)
    history.record(store, Snapshot("a", datetime(2026, 11, 23), Listing("complete", None, frame)))
    at = datetime(2026, 11, 23)
    folder = tmp_path / "folder"
    folder.mkdir()
    _take(store, BundleRequest(at, at, ["a"], anonymous=True), folder)
    (cluster,) = Store(folder / "store").clusters()
    restored = history.rows(Store(folder / "store"), cluster, at)
    assert (
        len({row[list(schema.SESSIONS.schema).index("initiator_address")] for row in restored})
        == 256
    )


def test_a_key_is_long_enough(
    tmp_path: Path, recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text("short")
    command = ["--store", str(recorded.root), "evidence", "--output", str(tmp_path / "x.zip"),
               "--anonymise", "--key-file", str(tmp_path / "key")]  # fmt: skip
    assert cli.status(command) == 2
    assert "16 bytes" in capsys.readouterr().err


def test_the_order_of_rows_and_lists_tells_no_name(anonymous: Path) -> None:
    lists = rows = 0
    for name, frame in frames(anonymous).items():
        order = frame["taken_at"] if "/attempts-" in name else frame.hash_rows()
        assert order.is_sorted(), name
        rows += frame.height
        for column in frame.get_columns():
            for value in column.to_list():
                if isinstance(value, list) and len(value) > 1 and column.name != "services":
                    assert value == sorted(value, key=str), f"{name}: {column.name}"
                    lists += 1
    assert (lists > 10, rows > 100) == (True, True)
