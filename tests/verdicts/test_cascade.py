"""What holds of the matching cascade, whatever the two snapshots are."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import few
from support.folding import record_together
from support.snapshot_rows import START, lone, row

from analyzer.collect import files
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store

LATER = START + timedelta(minutes=5)
Rows = list[dict[str, Any]]

# Few hosts, addresses, interfaces and handles, so that everything collides with everything.
SESSIONS = st.builds(
    lambda host, address, lif, isid, tsih: row("a", host, 1)
    | {
        "isid": f"00:{isid:02}", "tsih": 10 * lif + tsih, "interface_id": f"L{lif}",
        "interface_uuid": f"L{lif}", "interface": f"lif{lif}", "target_portal_group": f"lif{lif}",
        "target_portal_group_tag": lif, "interface_address": f"10.1.1.{lif}",
        "initiator_address": f"10.0.{address}.{host}", "initiator_port": 1000 + tsih,
    },
    st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.integers(1, 3), st.integers(1, 4),
)  # fmt: skip


def listing(rows: Rows) -> Rows:
    """What an array can list: one session per handle, and per nexus."""
    handles = {(r["target_portal_group"], r["tsih"]): r for r in rows}
    nexus = {(r["initiator"], r["isid"], r["target_portal_group"]): r for r in handles.values()}
    return list(nexus.values())


SNAPSHOTS = st.lists(SESSIONS, max_size=8).map(listing)
# An example is several pairs, since asking is what takes time.
PAIRS = st.lists(st.tuples(SNAPSHOTS, SNAPSHOTS), min_size=2, max_size=5)


def changes(*pairs: tuple[Rows, Rows]) -> list[Rows]:
    """The changes of each pair of listings, each in a cluster of its own."""
    # Somebody who never changes keeps the SVM in scope.
    rows = [row("a", 99, 1)]
    names = [f"c{number:02}" for number in range(len(pairs))]
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for cluster, sides in zip(names, pairs, strict=True):
            record_together(store, [
                replace(lone("complete", rows + side, minute), cluster=cluster)
                for minute, side in zip((0, 5), sides, strict=True)
            ])  # fmt: skip
        catalog = Catalog(store)
        request = ReportRequest(before=START.isoformat(), after=LATER.isoformat())
        records = run.run(catalog, header.reports()["changes"], request).records()
        catalog.close()
    return [
        [{**r, "cluster": None} for r in records if r["cluster"] == cluster] for cluster in names
    ]


def total(rows: Rows, *kinds: str) -> int:
    return sum(r["sessions"] for r in rows if r["change"] in kinds)


@few
@given(PAIRS)
def test_sessions_are_conserved(pairs: list[tuple[Rows, Rows]]) -> None:
    for (before, after), rows in zip(pairs, changes(*pairs), strict=True):
        _check_conserved(before, after, rows)


def _check_conserved(before: Rows, after: Rows, rows: Rows) -> None:
    lost, appeared = total(rows, "lost"), total(rows, "appeared")
    assert len(before) - lost == len(after) - appeared
    assert 0 <= lost <= len(before)
    assert 0 <= appeared <= len(after)
    # A session that lives on is carried on, wherever it is now; so is what else both have on a path.
    nexus = [{(r["initiator"], r["isid"], r["target_portal_group"], r["tsih"]): r for r in side}
             for side in (before, after)]  # fmt: skip
    living = nexus[0].keys() & nexus[1].keys()
    paths = [
        [(r["initiator"], r["initiator_address"], r["interface_id"])
         for key, r in side.items() if key not in living]
        for side in nexus
    ]  # fmt: skip
    still = sum(min(paths[0].count(path), paths[1].count(path)) for path in set(paths[0]))
    assert len(before) - lost >= len(living) + still


@few
@given(st.lists(SNAPSHOTS, min_size=2, max_size=5))
def test_a_snapshot_compared_with_itself_gives_nothing(snapshots: list[Rows]) -> None:
    assert not any(changes(*((rows, rows) for rows in snapshots)))


@few
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    pairs: list[tuple[Rows, Rows]], chance: random.Random
) -> None:
    mixed = [(chance.sample(a, len(a)), chance.sample(b, len(b))) for a, b in pairs]
    both = changes(*pairs, *mixed)
    assert both[: len(pairs)] == both[len(pairs) :]


@few
@given(PAIRS)
def test_what_is_lost_one_way_appears_the_other_way(pairs: list[tuple[Rows, Rows]]) -> None:
    both = changes(*pairs, *((after, before) for before, after in pairs))
    for forth, back in zip(both[: len(pairs)], both[len(pairs) :], strict=True):
        assert total(forth, "lost") == total(back, "appeared")
        assert total(forth, "appeared") == total(back, "lost")


def test_links_name_each_other() -> None:
    before = [row("a", 1, 1)]
    after = [before[0] | {"interface_id": "M", "interface": "m", "isid": "00:77", "tsih": 5}]
    (rows,) = changes((before, after))
    assert {r["change"]: r["replaced_by"] for r in rows} == {
        "appeared": "10.0.0.1 to l",
        "lost": "10.0.0.1 to m",
    }


def test_a_renamed_svm_is_one_row_and_no_loss() -> None:
    before = [row("a", host, 1) for host in (1, 2, 3)]
    after = [session | {"svm": "new"} for session in before]
    (rows,) = changes((before, after))
    assert [(r["change"], r["sessions"]) for r in rows] == [("svm_renamed", 3)]


def test_an_interface_made_anew_is_one_row_and_its_sessions_go_on() -> None:
    before = [row("a", host, 1) | {"interface_id": "X", "interface_address": "10.1.1.9"} for host in (1, 2)]  # fmt: skip
    after = [session | {"interface_id": "Y", "tsih": 40 + k, "initiator_port": 77}
             for k, session in enumerate(before)]  # fmt: skip
    (rows,) = changes((before, after))
    assert [(r["change"], r["sessions"]) for r in rows] == [("interface_replaced", 2)]


def test_a_living_session_that_loses_a_connection_is_not_lost() -> None:
    first = row("a", 1, 1) | {"connections": 2}
    second = first | {"cid": 1, "initiator_port": 2}
    (rows,) = changes(([first, second], [first | {"connections": 1}]))
    assert [(r["change"], r["sessions"]) for r in rows] == [("connection_lost", 1)]


def test_real_captures_import_and_report(tmp_path: Path) -> None:
    payloads = Path(__file__).parents[2].parent / "shared" / "payloads"
    if not payloads.is_dir():
        pytest.skip("the captures are not at hand")
    store = Store(tmp_path / "store")
    for k, path in enumerate(sorted(payloads.glob("0[127]_*.json"))):
        page = tmp_path / path.name
        page.write_text(json.dumps(json.loads(path.read_text())["body"]))
        attempt, code = files.bring(store, f"c{k}", START, [page], future=True)
        assert (attempt.status, code) == ("complete", 0)
        again = tmp_path / "again.json"
        again.write_text(page.read_text())
        files.bring(store, f"c{k}", LATER, [again], future=True)
    catalog = Catalog(store)
    for name, report in header.reports().items():
        result = run.run(
            catalog, report, ReportRequest(since=START.isoformat(), until=LATER.isoformat())
        )
        if name in {"changes", "events", "dropped-connections"}:
            assert result.rows == []
    assert catalog.run("select count(*) from spells where cluster = 'c2'").rows == [(7,)]
    catalog.close()
