"""Deliberate breaks of the code: each makes the named scenario fail, by the named report.

The matrix in tests/README.md is this list.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import test_catalogue as catalogue
from support.broken_query import break_query
from support.scene import Watch
from support.steps import Steps, alone

from analyzer import history
from analyzer.collect import files
from analyzer.ontap import frame
from analyzer.store import snapshot
from analyzer.store.snapshot import Listing, Snapshot


@dataclass(frozen=True)
class Edit:
    """What is replaced in a query's text; *scenario* must fail, saying something of *report*."""

    file: str
    old: str
    new: str
    scenario: Callable[[Watch], Steps]
    report: str


EDITS = {
    "key by TSIH": [
        Edit(
            "model/history/cascade",
            f"concat_ws(chr(31), host, {key})",
            "concat_ws(chr(31), host, portal_group, tsih)",
            catalogue.test_i04_a_silent_reconnect,
            "events",
        )
        for key in ("isid, initiator_address, lif", "initiator_address, lif")
    ],
    "nexus before path": [
        Edit(
            "model/history/cascade",
            "concat_ws(chr(31), host, isid, initiator_address, lif)",
            "concat_ws(chr(31), host, isid, lif)",
            catalogue.test_a_port_bound_host_that_reboots_and_swaps_its_isids,
            "events",
        )
    ],
    "set instead of count": [
        Edit(
            "model/history/lost_paths",
            "join svm_wide w on w.loss = p.loss",
            "join svm_wide w on w.loss = p.loss where coalesce(r.path_sessions, 0) = 0",
            catalogue.test_some_of_the_sessions_of_a_path_are_lost,
            "dropped-connections",
        )
    ],
    "links as acquittals": [
        Edit(
            "model/history/lost_paths",
            "where c.round >= 4",
            "where c.round >= 6",
            catalogue.test_a_host_that_moves_to_another_interface_names_it,
            "dropped-connections",
        )
    ],
    "no retraction": [
        Edit(
            "model/history/missed_connections",
            "where c.cluster is null",
            "where false",
            catalogue.test_a_path_missed_by_one_snapshot_was_never_away,
            "events",
        )
    ],
    "baseline counted as new": [
        Edit(
            "new-initiators",
            "where seen_after is not null and first_seen >= $since and seen_after < $until",
            "where first_seen >= $since",
            catalogue.test_i01_a_quiet_night,
            "new-initiators",
        )
    ],
    "purity 0.5": [
        Edit(
            "model/history/pure_objects",
            ">= h.cause_purity *",
            ">= 0.5 *",
            catalogue.test_a_node_and_a_path_at_once_are_not_the_svm,
            "outages",
        )
    ],
    "bounds swapped": [
        Edit(
            "dropped-connections",
            "l.initiator_sessions_left, l.lost_after, l.lost_by,",
            "l.initiator_sessions_left, l.lost_by as lost_after, l.lost_after as lost_by,",
            catalogue.test_i02_one_cable,
            "dropped-connections",
        )
    ],
    "any session is a recovery": [
        Edit(
            "model/history/losses",
            "path_sessions_left + sessions_lost - 0.01 end",
            "0.5 end",
            catalogue.test_a_count_that_comes_back_in_steps,
            "dropped-connections",
        )
    ],
    "a loss of its first window only": [
        Edit(
            "model/history/losses",
            "coalesce(ended_by >= $since, true) as in_window",
            "lost_by >= $since as in_window",
            catalogue.test_a_window_within_an_outage_has_all_of_it,
            "dropped-connections",
        )
    ],
    "evidence of another object": [
        Edit(
            "model/history/loss_evidence",
            "else a.node = l.node",
            "else true",
            catalogue.test_what_did_not_change_about_the_array_is_no_evidence,
            "outages",
        )
    ],
    "the log of any node": [
        Edit(
            "model/history/loss_evidence",
            "when event = 'taken_over' and node = about_node",
            "when event = 'taken_over'",
            catalogue.test_the_log_of_another_node_is_no_evidence_and_its_silence_is_said,
            "outages",
        )
    ],
    "the log of any time": [
        Edit(
            "model/history/loss_evidence",
            "and e.happened_at > l.lost_after",
            "and e.happened_at > l.lost_after - interval 1 hour",
            catalogue.test_an_event_before_the_interval_is_no_evidence,
            "dropped-connections",
        )
    ],
    "any port of the node": [
        Edit(
            "model/history/loss_evidence",
            "and u.port = e.port",
            "and true",
            catalogue.test_a_port_is_the_evidence_of_its_own_interfaces,
            "dropped-connections",
        )
    ],
    "everything that the log says": [
        Edit(
            "model/history/loss_evidence",
            "and o.rank < g.rank",
            "and false",
            catalogue.test_what_follows_from_a_takeover_goes_without_saying,
            "outages",
        )
    ],
    "refused to anybody": [
        Edit(
            "model/history/refused_logins",
            "and e.initiator = l.initiator",
            "and e.initiator is not null",
            catalogue.test_a_refused_login_stands_beside_the_path_that_its_host_misses,
            "dropped-connections",
        )
    ],
    "what is not seen was removed": [
        Edit(
            "model/history/interface_changes",
            "(s.svm_id is not null or not (c.is_added or c.is_removed))",
            "true",
            catalogue.test_what_an_account_no_longer_sees_was_not_removed,
            "events",
        )
    ],
    "a rename is at once": [
        Edit(
            "model/history/renamed_initiators",
            "c.first_seen >= g.gone_by - h.recent_hours * interval 1 hour",
            "c.first_seen >= g.gone_by",
            catalogue.test_an_initiator_under_a_new_name_path_by_path,
            "new-initiators",
        )
    ],
    "reconnects anywhere are a row": [
        Edit(
            "flapping",
            "changed_after is distinct from lag(changed_by)",
            "changed_after is null and null is distinct from lag(changed_by)",
            catalogue.test_a_path_that_reconnects_again_and_again_is_flapping,
            "flapping",
        )
    ],
    "a loss without end": [
        Edit(
            "model/history/losses",
            "when e.abandoned_at <= $now::timestamp",
            "when false",
            catalogue.test_a_host_that_is_taken_out_of_service_is_abandoned,
            "dropped-connections",
        )
    ],
}


def names_instead_of_uuids(sessions: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    return lambda *arguments: sessions(*arguments).with_columns(
        svm_id=pl.col("svm"), interface_id=pl.col("interface")
    )


def case_sensitive_initiators(sessions: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    return lambda *arguments: sessions(*arguments).with_columns(
        initiator=pl.coalesce("initiator_raw", "initiator")
    )


def partial_as_complete(sessions: Callable[..., Listing]) -> Callable[..., Listing]:
    return lambda pages: replace(sessions(pages), status="complete")


def failed_as_empty(_fail: object) -> Callable[..., Any]:
    return lambda store, cluster, taken_at, _why, **_options: history.record(
        store, Snapshot(cluster, taken_at, Listing("complete", None, snapshot.empty()))
    )


PATCHES: dict[str, tuple[Any, str, Callable[..., Any], Callable[[Watch], Steps], str]] = {
    "names instead of uuids": (
        frame, "sessions", names_instead_of_uuids,
        partial(
            catalogue.test_i15_an_svm_and_an_interface_are_renamed.__wrapped__,
            rename=catalogue.RENAMES["the portal group follows"],
        ),
        "events",
    ),
    "case-sensitive initiators": (
        frame, "sessions", case_sensitive_initiators, catalogue.test_i01_a_quiet_night, "events",
    ),
    "partial read as complete": (
        files, "_sessions", partial_as_complete, catalogue.test_i12_a_truncated_page,
        "dropped-connections",
    ),
    "failed read as empty": (
        files, "fail", failed_as_empty,
        catalogue.test_failures_in_a_row_are_unknown_and_nothing_else, "events",
    ),
}  # fmt: skip


# What breaks of itself is noticed by the scenarios; here they are what is tested.
QUICK = {"set instead of count", "evidence of another object", "partial read as complete"}


def names_of(breaks: Iterable[str]) -> list[object]:
    return [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.thorough) for name in breaks
    ]


@pytest.mark.parametrize("name", EDITS)
def test_the_query_has_what_is_broken(name: str, tmp_path: Path) -> None:
    for edit in EDITS[name]:
        break_query(tmp_path, edit.file, edit.old, edit.new)


@pytest.mark.parametrize("name", names_of(EDITS))
def test_a_broken_query_is_noticed(name: str, tmp_path: Path) -> None:
    for edit in EDITS[name]:
        break_query(tmp_path / "queries", edit.file, edit.old, edit.new)
    with pytest.raises(AssertionError, match=rf"^{re.escape(edit.report)} "):
        alone(edit.scenario, Watch(tmp_path, [tmp_path / "queries"]))


@pytest.mark.parametrize("name", names_of(PATCHES))
def test_a_broken_reading_is_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, function, broken, scenario, report = PATCHES[name]
    monkeypatch.setattr(module, function, broken(getattr(module, function)))
    with pytest.raises(AssertionError, match=rf"^{re.escape(report)} "):
        alone(scenario, Watch(tmp_path))


def test_the_readme_holds_the_matrix() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text()
    for name in (*EDITS, *PATCHES):
        assert f"| {name} |" in text
