"""One statement being run, relation by relation."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql.connect.session import SparkSession

from analyzer.engine.spark.dialect import Part, Statement


@dataclass(frozen=True, slots=True)
class Kept:
    """A relation that was worked out; its frame is held, or the server would forget it."""

    view: str
    frame: Any


class Run:
    """One statement being run.

    A relation that several others stand on is worked out once and kept: Spark would work it out
    anew for each. *kept* holds the views of such relations by what they were made of.
    """

    def __init__(
        self, session: Any, told: Statement, bound: Mapping[str, Any], kept: dict[str, Kept]
    ) -> None:
        self._session = session
        self._told = told
        self._bound = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in bound.items()
        }
        self._kept = kept
        self._parts = {part.name: part for part in told.parts}
        self._sql = {part.name: part.sql for part in told.parts}

    def table(self) -> Any:
        wanted = Counter(self._told.uses)
        for part in self._told.parts:
            wanted.update(part.uses)
        for part in self._told.parts:
            if part.grows is not None:
                self._grow(part, part.grows)
            elif wanted[part.name] > 1:
                self._keep(part.name, self._front(part.sql, part.uses))
        return self._frame(self._front(self._told.sql, self._told.uses)).toArrow()

    def _front(self, sql: str, uses: Iterable[str]) -> str:
        """The statement *sql* behind the relations that it stands on."""
        needed: set[str] = set()
        waiting = list(uses)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                if self._sql[name] == self._parts[name].sql:  # what is kept stands on nothing
                    waiting += self._parts[name].uses
        front = ", ".join(
            f"{name} AS ({self._sql[name]})" for name in self._parts if name in needed
        )
        return f"WITH {front} {sql}" if front else sql

    def _frame(self, sql: str) -> Any:
        return self._session.sql(sql, args=self._bound)

    def _keep(self, name: str, sql: str) -> Any:
        told = sorted(item for item in self._bound.items() if f":{item[0]}" in sql)
        key = f"{sql} {told}"
        if key not in self._kept:
            view = f"kept_{len(self._kept)}"
            # The client takes a kept relation for the active session's, whoever asked.
            SparkSession._active_session.session = self._session  # noqa: SLF001  # no other way
            frame = self._frame(sql).localCheckpoint()
            frame.createOrReplaceTempView(view)
            self._kept[key] = Kept(view, frame)
        self._sql[name] = f"SELECT * FROM {self._kept[key].view}"
        return self._kept[key].frame

    def _grow(self, part: Part, grows: str) -> None:
        """Round by round, each standing on the one before it, until nothing is added."""
        rounds = []
        frame = self._keep(part.name, self._front(part.sql, part.uses))
        while not frame.isEmpty():
            rounds.append(self._sql[part.name])
            frame = self._keep(part.name, self._front(grows, (part.name, *part.uses)))
        self._sql[part.name] = " UNION ALL ".join(rounds) or self._sql[part.name]
