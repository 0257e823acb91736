"""A scripted world, looked at every five minutes, and what the reports say of it.

A *look* is one snapshot. Looks are imported with their rows in random order, initiator names and
ISIDs in random letter case and addresses in random spelling, unless they are collected over HTTP.
What a look cannot see is told per time of day::

    {"02:15": "failed HTTP 401"}   # no answer
    {"02:15": "partial 30"}        # the first 30 rows of it
    {"02:15": "empty"}             # an answer without rows
    {"02:15": "only S2"}           # the account sees one SVM
    {"02:15": "misses lnx1 L2"}    # rows that are there and do not come
    {"02:15": "skipped"}           # nobody looked
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from support.folding import parsed_once
from support.looks import Http, Import, Row

from analyzer import demo
from analyzer.config import policy
from analyzer.inventories import INVENTORIES
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.simulate import Replay, World, base_world, script
from analyzer.store.layout import Store

DAY = date(2026, 11, 23)
STEP = timedelta(minutes=5)
CLUSTER = "prod-a"
INSTANTS = ("_after", "_by", "_at", "_seen", "first", "last", "from", "to")
TIMES = ("since", "until", "at", "before", "after")


def moment(clocked: str | datetime) -> datetime:
    """``02:10`` as an instant of the day of all scenarios; ``+1d 02:10`` is the day after."""
    if isinstance(clocked, datetime):
        return clocked
    later, _, of_day = clocked.rpartition("d ")
    return datetime.combine(DAY, time.fromisoformat(of_day)) + timedelta(days=int(later or 0))


@dataclass(frozen=True)
class Script:
    """What happens in a night, and what is seen of it."""

    text: str
    until: str
    looks: tuple[tuple[str, str], ...]
    world: Callable[[], World]
    since: str
    inventories: tuple[str, ...]
    http: bool


@dataclass(frozen=True)
class Recording:
    """A script that was played, as a cluster of a history."""

    history: "History"
    cluster: str
    names: dict[str, str]


@dataclass
class Scene:
    """A night, and what the reports say of it."""

    script: Script
    watch: "Watch"

    @property
    def recording(self) -> Recording:
        if self.script not in self.watch.recordings:
            record_together(self.watch.root, [self.watch])
        return self.watch.recordings[self.script]

    @property
    def store(self) -> Store:
        return self.recording.history.store

    def rows(
        self, name: str, /, params: Mapping[str, Any] | None = None, **times: Any
    ) -> list[Row]:
        """A report over the whole scene, or over the times that are named."""
        since, until = moment(self.script.since), moment(self.script.until)
        instants = {"since": since, "until": until, "at": until}
        instants |= {which: moment(at) for which, at in times.items()}
        request = ReportRequest(
            **{which: at.isoformat() for which, at in instants.items()}, params=params or {}
        )
        return self.recording.history.rows(name, request, self.recording.cluster)

    def rows_like(self, name: str, /, **expect: Any) -> list[Row]:
        """Rows of a report with these values: ``initiator="lnx1"``, ``lost_by="02:15"``.

        Things go by their key in the world; ``detail`` is a part of the text, a function a test.
        """
        params = expect.pop("params", None)
        times = {which: expect.pop(which) for which in TIMES if which in expect}
        wanted = {column: self._value(column, value) for column, value in expect.items()}
        return [
            row
            for row in self.rows(name, params, **times)
            if all(_fits(column, row[column], value) for column, value in wanted.items())
        ]

    def say(self, name: str, /, rows: int = 1, **expect: Any) -> list[Row]:
        """Exactly so many rows are like this."""
        rows_like = self.rows_like(name, **expect)
        assert len(rows_like) == rows, self._mismatch(name, expect, rows_like)
        return rows_like

    def never(self, name: str, /, **expect: Any) -> None:
        """No row is like this."""
        self.say(name, rows=0, **expect)

    def only(self, name: str, /, rows: int = 1, **expect: Any) -> None:
        """Exactly so many rows are like this, and there are no others."""
        self.say(name, rows, **expect)
        times = {which: at for which, at in expect.items() if which in (*TIMES, "params")}
        self.say(name, rows, **times)

    def _mismatch(self, name: str, expect: Row, fitting: list[Row]) -> str:
        times = {which: at for which, at in expect.items() if which in (*TIMES, "params")}
        all_rows = self.rows_like(name, **times)
        shown = "\n".join(json.dumps(row, default=str) for row in all_rows[:40])
        return f"{name} {expect}: {len(fitting)} of {len(all_rows)} rows fit\n{shown}"

    def _value(self, column: str, value: Any) -> Any:
        if isinstance(value, list):
            return sorted(self._value(column, item) for item in value)
        if not isinstance(value, str):
            return value
        if column.endswith(INSTANTS) and column != "replaced_by":
            return moment(value)
        return self.recording.names.get(value, value)


def _fits(column: str, value: Any, wanted: Any) -> bool:
    if callable(wanted):
        return bool(wanted(value))
    if isinstance(wanted, set):
        return value in wanted
    if column in {"detail", "reason"} and wanted is not None:
        return value is not None and wanted in value
    return bool(value == wanted)


def names(world: World) -> dict[str, str]:
    """What reports call the things, by the keys of the script."""
    return {
        **{key: host.initiator.lower() for key, host in world.hosts.items()},
        **{key: interface.name for key, interface in world.interfaces.items()},
        **{key: svm.name for key, svm in world.svms.items()},
    }


@dataclass
class History:
    """Recordings of nights that end together, each a cluster; a question is asked once for all.

    What a report says of a cluster does not depend on the others (``cli/test_names.py``), but for
    times that are not named.
    """

    store: Store
    now: datetime
    folders: Sequence[Path]
    answers: dict[str, list[Row]] = field(default_factory=dict)

    @cached_property
    def catalog(self) -> Catalog:
        with demo.at(self.now):
            return Catalog(self.store, folders=self.folders, tables=policy.tables(None))

    def rows(self, name: str, request: ReportRequest, cluster: str) -> list[Row]:
        """What a report says of a cluster."""
        key = f"{name} {request}"
        if key not in self.answers:
            with demo.at(self.now):
                report = run.run(self.catalog, self.catalog.reports[name], request)
            self.answers[key] = report.records()
        return [row for row in self.answers[key] if row["cluster"] == cluster]


@dataclass
class Watch:
    """Makes scenes, which are recorded below *root* when one of them is asked.

    ``folders`` hold queries that take the place of the program's own.
    """

    root: Path
    folders: Sequence[Path] = ()
    scripts: list[Script] = field(default_factory=list)
    recordings: dict[Script, Recording] = field(default_factory=dict)

    def __call__(
        self,
        text: str = "",
        /,
        until: str = "02:25",
        looks: Mapping[str, str] = {},  # only read
        world: Callable[[], World] = base_world,
        since: str = "02:05",
        *,
        inventories: Sequence[str] = tuple(INVENTORIES),
        http: bool = False,
    ) -> Scene:
        unseen = tuple(sorted(looks.items()))
        self.scripts.append(Script(text, until, unseen, world, since, tuple(inventories), http))
        return Scene(self.scripts[-1], self)


def record_together(root: Path, watches: Sequence[Watch]) -> None:
    """Record what is not yet; equal scripts once, and in one store those that end together."""
    waiting: dict[str, dict[Script, None]] = {}
    for watch in watches:
        for night in watch.scripts:
            if night not in watch.recordings:
                waiting.setdefault(night.until, {})[night] = None
    with parsed_once():
        for until, nights in waiting.items():
            folder = root / f"until {until} {len(list(root.glob('*')))}"
            history = History(Store(folder / "store"), moment(until), watches[0].folders)
            for number, night in enumerate(nights):
                cluster = f"{CLUSTER}{number or ''}"
                recording = Recording(
                    history, cluster, _play(night, history.store, cluster, folder)
                )
                for watch in watches:
                    watch.recordings[night] = recording


def _play(night: Script, store: Store, cluster: str, folder: Path) -> dict[str, str]:
    """Look at it as it happens; returns what reports call the things, by the keys of the script."""
    recorder = (
        Http(store, cluster) if night.http else Import(store, cluster, folder, night.inventories)
    )
    replay = Replay(night.world(), script(DAY, night.text))
    unseen = {moment(at): how for at, how in night.looks}
    called = {CLUSTER: cluster} | names(replay.world)
    instant = moment(night.since)
    with recorder.open():
        while instant <= moment(night.until):
            recorder.look(instant, replay, unseen.pop(instant, ""))
            called |= names(replay.world)
            instant += STEP
    assert not unseen, f"nobody looks at {', '.join(map(str, unseen))}"
    return called


def like(pattern: str) -> Callable[[Any], bool]:
    """A test for text."""
    return lambda text: text is not None and fnmatchcase(text, pattern)
