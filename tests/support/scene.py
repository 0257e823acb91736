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
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Any

from support import catalogs
from support.folding import folded_together, parsed_once

from analyzer import demo
from analyzer.collect import collector
from analyzer.collect import files as from_files
from analyzer.config.cluster import Cluster
from analyzer.inventories import INVENTORIES
from analyzer.report import run
from analyzer.report.run import ReportRequest
from analyzer.simulate import Fault, Replay, SimulatedArray, World, base_world, script
from analyzer.store.layout import Store

DAY = date(2026, 11, 23)
STEP = timedelta(minutes=5)
CLUSTER = "prod-a"
Row = dict[str, Any]
INSTANTS = ("_after", "_by", "_at", "_seen", "first", "last", "from", "to")
TIMES = ("since", "until", "at", "before", "after")


def moment(clocked: str | datetime) -> datetime:
    """``02:10`` as an instant of the day of all scenarios; ``+1d 02:10`` is the day after."""
    if isinstance(clocked, datetime):
        return clocked
    later, _, of_day = clocked.rpartition("d ")
    return datetime.combine(DAY, time.fromisoformat(of_day)) + timedelta(days=int(later or 0))


@dataclass
class Scene:
    """A recorded history and the world as it was in the end."""

    store: Store
    world: World
    since: datetime
    until: datetime
    folders: Sequence[Path] = ()
    names: dict[str, str] = field(default_factory=dict)
    seen: dict[tuple[Any, ...], list[Row]] = field(default_factory=dict)

    def rows(
        self, name: str, /, params: Mapping[str, Any] | None = None, **times: Any
    ) -> list[Row]:
        """A report over the whole scene, or over the times that are named."""
        key = (name, repr(params), repr(times))
        if key not in self.seen:
            instants = {"since": self.since, "until": self.until, "at": self.until}
            instants |= {which: moment(at) for which, at in times.items()}
            request = ReportRequest(
                **{which: at.isoformat() for which, at in instants.items()}, params=params or {}
            )
            catalog = catalogs.opened(self.store, self.until, folders=self.folders)
            with demo.at(self.until):
                self.seen[key] = run.run(catalog, catalog.reports[name], request).records()
        return self.seen[key]

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
        return self.names.get(value, value)


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
class Watch:
    """Makes scenes below *root*; each is recorded once, however often it is watched.

    ``folders`` hold queries that take the place of the program's own.
    """

    root: Path
    folders: Sequence[Path] = ()
    recorded: dict[str, tuple[Store, World, dict[str, str]]] = field(default_factory=dict)
    scenes: dict[tuple[str, tuple[Path, ...]], Scene] = field(default_factory=dict)

    def __call__(
        self,
        text: str = "",
        /,
        until: str = "02:25",
        looks: Mapping[str, str] | None = None,
        world: Callable[[], World] = base_world,
        since: str = "02:05",
        *,
        inventories: Sequence[str] = tuple(INVENTORIES),
        http: bool = False,
    ) -> Scene:
        looks = looks or {}
        key = repr((text, until, sorted(looks.items()), world.__name__, since, inventories, http))
        if key not in self.recorded:
            folder = self.root / f"scene{len(self.recorded)}"
            recorder = _Http(folder) if http else _Import(folder, inventories)
            self.recorded[key] = self._record(
                recorder, text, moment(since), moment(until), looks, world
            )
        scene = (key, tuple(self.folders))
        if scene not in self.scenes:
            store, last, called = self.recorded[key]
            self.scenes[scene] = Scene(
                store, last, moment(since), moment(until), self.folders, called
            )
        return self.scenes[scene]

    def _record(
        self,
        recorder: "_Import | _Http",
        text: str,
        since: datetime,
        until: datetime,
        looks: Mapping[str, str],
        world: Callable[[], World],
    ) -> tuple[Store, World, dict[str, str]]:
        replay = Replay(world(), script(DAY, text))
        unseen = {moment(at): how for at, how in looks.items()}
        called = names(replay.world)
        instant = since
        with recorder.open():
            while instant <= until:
                recorder.look(instant, replay, unseen.pop(instant, ""))
                called |= names(replay.world)
                instant += STEP
        assert not unseen, f"nobody looks at {', '.join(map(str, unseen))}"
        return recorder.store, replay.world, called


class _Import:
    """Looks through saved answers, as different as they can be spelled."""

    def __init__(self, folder: Path, inventories: Sequence[str]) -> None:
        self.store = Store(folder / "store")
        self.folder = folder
        self.inventories = inventories
        self.random = Random(str(folder.name))

    @contextmanager
    def open(self) -> Iterator[None]:
        with folded_together(self.store, CLUSTER), parsed_once():
            yield

    def look(self, instant: datetime, replay: Replay, how: str) -> None:
        word, *rest = how.split() or [""]
        world = replay.advance(instant)
        if word == "skipped":
            return
        if word == "failed":
            from_files.fail(self.store, CLUSTER, instant, " ".join(rest) or "HTTP 500", future=True)
            return
        sessions = seen(world, word, rest)
        lists = {name: world.inventory(name) for name in self.inventories}
        if word == "only":
            lists = {
                name: [
                    record
                    for record in records
                    if ("svm" not in record and name != "svms")
                    or record.get("svm", record)["uuid"] == world.svms[rest[0]].uuid
                ]
                for name, records in lists.items()
            }
        self.random.shuffle(sessions)
        pages = self._pages(
            [self._spelled(session) for session in sessions], broken=word == "partial"
        )
        files = {name: self._write(name, records) for name, records in lists.items()}
        from_files.bring(self.store, CLUSTER, instant, pages, files, future=True)

    def _pages(self, records: list[Row], *, broken: bool) -> list[Path]:
        """Two pages; a broken listing ends with a next link."""
        half = self.random.randint(0, len(records))
        more = {"_links": {"next": {"href": "/api/protocols/san/iscsi/sessions?start.tsih=1"}}}
        last = more if broken else {}
        return [
            self._write("page1", records[:half], more),
            self._write("page2", records[half:], last),
        ]

    def _write(
        self, name: str, records: list[Row], more: Mapping[str, Any] = {}
    ) -> Path:  # only read
        path = self.folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"records": records, "num_records": len(records), **more}))
        return path

    def _spelled(self, record: Row) -> Row:
        copy = json.loads(json.dumps(record))
        copy["initiator"]["name"] = self._case(copy["initiator"]["name"])
        copy["isid"] = self._case(copy["isid"])
        for connection in copy["connections"]:
            for place in (connection["initiator_address"], connection["interface"]["ip"]):
                if self.random.random() < 0.3:
                    place["address"] = f"::FFFF:{place['address']}"
        self.random.shuffle(copy.get("igroups", []))
        return dict(copy)

    def _case(self, text: str) -> str:
        return self.random.choice([text, text.upper(), text.title()])


def seen(world: World, word: str, rest: list[str]) -> list[Row]:
    """The sessions that a look gets to see."""
    if word == "empty":
        return []
    if word == "misses":
        world = world.copy()
        for host, interface in zip(rest[::2], rest[1::2], strict=True):
            world.close(world.held(host, interface))
    sessions = world.sessions()
    if word == "partial":
        return sessions[: int(rest[0])]
    if word == "only":
        return [
            session for session in sessions if session["svm"]["uuid"] == world.svms[rest[0]].uuid
        ]
    return sessions


class _Http:
    """Looks through a simulated array and the real collector."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "store")
        self.array: SimulatedArray | None = None

    def look(self, instant: datetime, replay: Replay, how: str) -> None:
        os.environ["SCENE_SECRET"] = "pretend"
        if self.array is None:
            self.array = SimulatedArray(replay.world, username="reader", password="pretend")
            self.array.__enter__()
        self.array.clock = lambda: instant
        with self.array.moving():
            replay.advance(instant)
        if how == "skipped":
            return
        word, *rest = how.split() or [""]
        sessions = "*/iscsi/sessions"
        if word == "failed":
            self.array.faults = [Fault("status", status=401)]
        elif word == "partial":
            self.array.faults = [Fault("status", sessions, nth=1, status=500)]
        elif word == "empty":
            self.array.faults = [Fault("missing", sessions)]
        else:
            assert not word, f"nobody can look like this over HTTP: {how}"
            self.array.faults = []
        rest = rest or ["1000"]
        few = int(rest[0]) if word == "partial" else 1000
        cluster = Cluster(
            CLUSTER, self.array.url, "reader", password_env="SCENE_SECRET", interval=300,
            deadline=60.0, max_records=few,
        )  # fmt: skip
        with demo.at(instant):
            (outcome,) = collector.collect(self.store, [cluster])
        if word in {"failed", "partial", ""}:
            assert outcome.status == (word or "complete"), outcome

    @contextmanager
    def open(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self.array is not None:
                self.array.__exit__(None, None, None)


def like(pattern: str) -> Callable[[Any], bool]:
    """A test for text."""
    return lambda text: text is not None and fnmatchcase(text, pattern)
