"""How a scene is looked at: through saved answers, or over HTTP by the real collector."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from support.folding import folded_together

from analyzer import demo
from analyzer.collect import collector
from analyzer.collect import files as from_files
from analyzer.config.cluster import Cluster
from analyzer.simulate import Fault, Replay, SimulatedArray, World
from analyzer.store.layout import Store

Row = dict[str, Any]
_SPELLINGS = 2  # of one answer: those of looks in a row differ


class Import:
    """Looks through saved answers; what is the same twice is spelled in another way."""

    def __init__(
        self, store: Store, cluster: str, folder: Path, inventories: Sequence[str]
    ) -> None:
        self.store = store
        self.cluster = cluster
        self.folder = folder
        self.inventories = inventories
        self.looks = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with folded_together(self.store, self.cluster):
            yield

    def look(self, instant: datetime, replay: Replay, how: str) -> None:
        word, *rest = how.split() or [""]
        world = replay.advance(instant)
        self.looks += 1
        if word == "skipped":
            return
        if word == "failed":
            from_files.fail(
                self.store, self.cluster, instant, " ".join(rest) or "HTTP 500", future=True
            )
            return
        answers = json.dumps(seen(world, word, rest))
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
        texts = _pages(answers, self.looks % _SPELLINGS, broken=word == "partial")
        pages = [self._write(f"page{number}", text) for number, text in enumerate(texts, 1)]
        files = {name: self._write(name, _answer(records)) for name, records in lists.items()}
        from_files.bring(self.store, self.cluster, instant, pages, files, future=True)

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / f"{name}.json"
        path.write_text(text)
        return path


@cache
def _pages(sessions: str, spelling: int, *, broken: bool) -> list[str]:
    """Two pages, spelled and shuffled in one of several ways; a broken listing ends with a link."""
    random = Random(f"{spelling} {sessions}")
    records = [_spelled(record, random) for record in json.loads(sessions)]
    random.shuffle(records)
    half = random.randint(0, len(records))
    more = {"_links": {"next": {"href": "/api/protocols/san/iscsi/sessions?start.tsih=1"}}}
    return [_answer(records[:half], more), _answer(records[half:], more if broken else {})]


def _answer(records: list[Row], more: Mapping[str, Any] = MappingProxyType({})) -> str:
    return json.dumps({"records": records, "num_records": len(records), **more})


def _spelled(record: Row, random: Random) -> Row:
    def case(text: str) -> str:
        return random.choice([text, text.upper(), text.title()])

    record["initiator"]["name"] = case(record["initiator"]["name"])
    record["isid"] = case(record["isid"])
    for connection in record["connections"]:
        for place in (connection["initiator_address"], connection["interface"]["ip"]):
            if random.random() < 0.3:
                place["address"] = f"::FFFF:{place['address']}"
    random.shuffle(record.get("igroups", []))
    return record


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


class Http:
    """Looks through a simulated array and the real collector."""

    def __init__(self, store: Store, cluster: str) -> None:
        self.store = store
        self.cluster = cluster
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
            self.cluster, self.array.url, "reader", password_env="SCENE_SECRET", interval=300,
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
