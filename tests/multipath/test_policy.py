"""The policy file: what it may say, and what it is told when it says something else."""

from datetime import datetime
from pathlib import Path

import pytest
from support.array_builder import A1, B1, LIFS, World, linux

from analyzer.config import policy
from analyzer.config.toml import Pattern
from analyzer.errors import UsageError


def test_without_a_file_every_table_is_there_and_empty() -> None:
    tables = policy.tables(None)
    assert set(tables) == {
        "policy", "host_names", "fabrics", "accepted", "configured", "limits",
        "threshold_overrides",
    }  # fmt: skip
    assert all(columns and rows == [] for columns, rows in tables.values())


def test_wildcards_become_like_patterns(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[expect]]\ninitiator = "IQN.2026-11.example:a_b*"\npaths = 4\n')
    columns, rows = policy.tables(path)["policy"]
    patterns = dict(zip(columns, rows[0], strict=True))
    assert patterns["pattern"] == "iqn.2026-11.example:a^_b%"
    assert (patterns["place"], patterns["paths"], patterns["igroup"]) == (1, 4, None)


def test_a_date_is_its_midnight(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[[accept]]\nuntil = 2027-01-31\n")
    columns, rows = policy.tables(path)["accepted"]
    assert dict(zip(columns, rows[0], strict=True))["until"] == datetime(2027, 1, 31)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[expects]]\npaths = 4\n", ("'expects'", "'expect'")),
        ("[[expect]]\npath = 4\n", ("'path'", "'paths'")),
        ('[[expect]]\npaths = "4"\n', ("'paths'", "whole number")),
        ("[[limits]]\nnode = 'n1'\n", ("'sessions' is missing",)),
        ("[expect]\npaths = 4\n", ("[[expect]]",)),
        ("[[accept]]\nuntil = 'soon'\n", ("accept[1]", "'until'", "'soon' is not a time")),
        ("[[expect]\n", ("policy.toml",)),
        ("[thresholds]\npeer_share = 'most'\n", ("'peer_share'", "number")),
        ("[thresholds]\nhistory_days = 1e8\n", ("'history_days'", "<= 10000000")),
        ("[[thresholds]]\npeer_share = 0.5\n", ("[thresholds]",)),
    ],
)
def test_what_it_cannot_mean_is_refused_with_the_words_to_mend_it(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        policy.tables(path)
    assert all(word in str(caught.value) for word in words)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.toml"):
        policy.tables(tmp_path / "missing.toml")


def test_limits_of_the_configuration_come_behind_the_files_own(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[limits]]\nnode = "n1"\nsessions = 100\n')
    _, rows = policy.tables(
        path, [policy.Limit(cluster=Pattern("prod-*"), node=Pattern("n*"), sessions=200)]
    )["limits"]
    assert rows == [[1, None, "n1", 100], [2, "prod-%", "n%", 200]]


def test_what_is_suggested_is_met_by_what_it_came_from(tmp_path: Path) -> None:
    world = World(tmp_path, sessions=linux(1) + linux(2) + linux(3, LIFS[:2], igroup="ig_two"))
    rows = world.take(12).ask("policy-suggestion")
    assert [(row["igroup"], row["hosts"], row["paths"], row["nodes"]) for row in rows] == [
        ("ig_ora", 2, 4, 2), ("ig_two", 1, 2, 1),
    ]  # fmt: skip
    text = policy.suggestion(rows)
    assert "single_node" in {row["fault"] for row in world.ask("multipath-imbalance")}
    assert world.ask("multipath-imbalance", text) == []


def test_a_policy_overrides_a_threshold_by_name(tmp_path: Path) -> None:
    world = World(tmp_path, sessions=linux(1) + linux(2) + linux(3)).without("lnx2", LIFS[3]).take()
    assert "interface_missing" in {row["fault"] for row in world.ask("multipath-imbalance")}
    asks_all = "[thresholds]\npeer_share = 1.0\n"
    faults = {row["expected_from"] for row in world.ask("multipath-imbalance", asks_all)}
    assert "igroup peers" not in faults


def test_policy_settles_what_is_enough_and_what_is_not(world: World) -> None:
    world.sessions += linux(9, (A1, B1), igroup="ig_backup")
    enough = '[[expect]]\nigroup = "ig_back*"\npaths = 2\nnodes = 1\n'
    world.take()
    assert world.ask("multipath-imbalance", enough) == []
    more = '[[expect]]\ninitiator = "*:lnx1"\npaths = 6\n'
    rows = world.ask("multipath-imbalance", more)
    missing = [row for row in rows if row["fault"] == "interface_missing"]
    assert ("iqn.2026-11.example:lnx1", "policy") in {
        (row["initiator"], row["expected_from"]) for row in missing
    }


def test_an_accepted_finding_is_info_until_its_date(world: World) -> None:
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    world.take()
    text = '[[accept]]\nfault = "single_node"\ninitiator = "*lnx9"\nuntil = {}\nreason = "lab"\n'
    rows = world.ask("multipath-imbalance", text.format("2999-01-01"))
    finding = next(row for row in rows if row["fault"] == "single_node")
    assert finding["severity"] == "info"
    assert finding["detail"].endswith("accepted until 2999-01-01T00:00:00Z: lab")
    rows = world.ask("multipath-imbalance", text.format("2020-01-01"))
    assert next(row for row in rows if row["fault"] == "single_node")["severity"] == "high"


def test_a_threshold_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    world = World(tmp_path, sessions=linux(1)).take()
    with pytest.raises(UsageError, match=r"'peer_shar'; did you mean 'peer_share'\?"):
        world.ask("paths", "[thresholds]\npeer_shar = 1.0\n")
