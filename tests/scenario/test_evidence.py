"""Random nights of which the array's log tells, against an oracle that watches the world."""

import re
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import pytest
from support.effort import effort
from support.logged_night import LOGGED, Hit, LoggedNight, Path, logged_night
from support.scene import Scene, Watch, moment

NIGHTS = effort(2, 12)
OUT = {f"{hour:02}:{minute:02}": "skipped" for hour in range(2, 9) for minute in range(0, 60, 5)
       if "02:10" < f"{hour:02}:{minute:02}" < "08:10"}  # fmt: skip
_SIGHT = re.compile(r"the array last saw this login at (\S+Z) \(its own word: \w+\)")
_PIECE = re.compile(r"(\S+Z) [^;]*?(?:, \d+ times until (\S+Z))? \((\w+\.[\w.]+)\)(?:;|$)")


@dataclass(frozen=True)
class LossEvidence:
    """One loss: what the reports say of it, and what truly took the path."""

    path: Path
    row: dict[str, Any]
    events: list[tuple[datetime, datetime, str]]
    hit: Hit | None

    @property
    def seen_at(self) -> datetime | None:
        """When the array last saw the login, by its own word."""
        sight = _SIGHT.search(self.row["evidence"] or "")
        return _instant(sight[1]) if sight else None

    @property
    def explained(self) -> bool:
        """Whether what took the path is among the evidence, or a refusal stands beside the loss."""
        if self.hit is not None and self.hit.name == "refuse" and self.row["refused_logins"]:
            return True
        return self.hit is not None and any(
            first <= self.hit.at <= last and message in LOGGED.get(self.hit.name, ())
            for first, last, message in self.events
        )


def evidence_of(night: LoggedNight, scene: Scene) -> list[LossEvidence]:
    losses = []
    for row in scene.rows("dropped-connections"):
        path = (row["initiator"], row["initiator_address"], row["interface"])
        pieces = _PIECE.findall(row["evidence"] or "")
        events = [(_instant(first), _instant(last or first), message)
                  for first, last, message in pieces]  # fmt: skip
        losses.append(
            LossEvidence(path, row, events, night.blame(path, row["lost_after"], row["lost_by"]))
        )
    return losses


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


@pytest.fixture(scope="module")
def nights(
    tmp_path_factory: pytest.TempPathFactory,
) -> list[tuple[LoggedNight, list[LossEvidence]]]:
    watch = Watch(tmp_path_factory.mktemp("nights"))
    nights = [logged_night(Random(f"logged {k}"), "03:15", (0, 4)) for k in range(NIGHTS)]
    scenes = [watch(night.text, until="03:20", **_world(night)) for night in nights]
    return [(night, evidence_of(night, scene)) for night, scene in zip(nights, scenes, strict=True)]


@pytest.fixture(scope="module")
def outages(
    tmp_path_factory: pytest.TempPathFactory,
) -> list[tuple[LoggedNight, list[LossEvidence], list[LossEvidence]]]:
    """Nights in which nobody collected for six hours, and the same ones as they would have been."""
    watch = Watch(tmp_path_factory.mktemp("outages"))
    nights = [logged_night(Random(f"out {k}"), "08:05", (5, 40)) for k in range(NIGHTS // 2)]
    scenes = [
        (watch(night.text, until="08:10", looks=OUT, **_world(night), http=True),
         watch(night.text, until="08:10", **_world(night)))
        for night in nights
    ]  # fmt: skip
    return [
        (night, evidence_of(night, out), evidence_of(night, seen))
        for night, (out, seen) in zip(nights, scenes, strict=True)
    ]


def _world(night: LoggedNight) -> dict[str, Any]:
    return {"world": night.start, "since": "02:05"}


def test_no_evidence_is_about_another_path(
    nights: list[tuple[LoggedNight, list[LossEvidence]]],
    outages: list[tuple[LoggedNight, list[LossEvidence], list[LossEvidence]]],
) -> None:
    everything = [*nights, *((night, losses) for night, *both in outages for losses in both)]
    wrong = [
        (loss.path, loss.row["lost_by"], event)
        for night, losses in everything
        for loss in losses
        for event in loss.events
        if not night.concerns(loss.path, event[0], event[2])
    ]
    assert not wrong, f"{len(wrong)}: {wrong[:5]}"


def test_what_the_array_logged_is_the_evidence_of_what_it_took(
    nights: list[tuple[LoggedNight, list[LossEvidence]]],
) -> None:
    logged = [loss for _, losses in nights for loss in losses if _is_logged(loss)]
    explained = [loss for loss in logged if loss.explained]
    print(f"{len(explained)} of {len(logged)} losses with their evidence")
    assert len(logged) > 20 * NIGHTS
    assert len(explained) >= 0.95 * len(logged)


def test_an_outage_of_the_collector_takes_no_evidence(
    outages: list[tuple[LoggedNight, list[LossEvidence], list[LossEvidence]]],
) -> None:
    across = [loss for _, out, _ in outages for loss in out if _is_logged(loss)]
    explained = [loss for loss in across if loss.explained]
    print(f"{len(explained)} of {len(across)} losses across an outage with their evidence")
    assert len(explained) >= 0.95 * len(across) > 0
    for _night, out, seen in outages:
        open_then = {loss.path: loss for loss in seen if loss.row["status"] == "open"}
        for loss in out:
            other = open_then.get(loss.path)
            if loss.row["lost_by"] == moment("08:10") and other and other.hit == loss.hit:
                assert loss.explained == other.explained, (loss.path, loss.row, other.row)


def test_across_an_outage_the_array_last_saw_each_login_when_it_ended(
    outages: list[tuple[LoggedNight, list[LossEvidence], list[LossEvidence]]],
) -> None:
    sights = [
        (loss.path, loss.seen_at, night.ended[loss.path])
        for night, out, _ in outages
        for loss in out
        if loss.row["lost_by"] == moment("08:10")
    ]
    dated = [sight for sight in sights if sight[1] is not None]
    print(f"{len(dated)} of {len(sights)} losses across an outage with the array's last sight")
    assert not [sight for sight in dated if sight[1] != sight[2]]
    assert len(dated) >= 0.95 * len(sights) > 0
    assert {loss.seen_at for _, _, seen in outages for loss in seen} == {None}


def test_where_the_log_was_read_and_says_nothing_that_is_said(
    nights: list[tuple[LoggedNight, list[LossEvidence]]],
) -> None:
    losses = [loss for _, losses in nights for loss in losses]
    assert {loss.row["event_log"] for loss in losses} == {"read"}
    silent = [loss for loss in losses if loss.hit and not _is_logged(loss)]
    assert [loss for loss in silent if loss.row["evidence"] is None]


def _is_logged(loss: LossEvidence) -> bool:
    return loss.hit is not None and loss.hit.name in LOGGED
