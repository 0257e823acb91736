"""One statement being run, relation by relation."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from analyzer.engine.engine import Values
from analyzer.engine.spark.dialect import SparkPart, SparkStatement
from analyzer.engine.spark.session import checkpoint


class Run:
    """One statement being run.

    A relation that several others read is computed once and checkpointed: Spark would compute it
    anew for each.
    """

    def __init__(self, session: Any, statement: SparkStatement, bound: Values) -> None:
        self._session = session
        self._statement = statement
        self._bound = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in bound.items()
        }
        self._frames: list[Any] = []  # the server forgets a relation that nobody holds
        self._parts = {part.name: part for part in statement.parts}
        self._sql = {part.name: part.sql for part in statement.parts}

    def table(self) -> Any:
        """The rows, as an Arrow table."""
        return self.frame().toArrow()

    def frame(self) -> Any:
        """The rows, not worked out yet."""
        uses = Counter(self._statement.uses)
        for part in self._statement.parts:
            uses.update(part.uses)
        for part in self._statement.parts:
            if part.grows is not None:
                self._grow(part, part.grows)
            elif uses[part.name] > 1:
                self._checkpoint(part.name, self._front(part.sql, part.uses))
        return self._frame(self._front(self._statement.sql, self._statement.uses))

    def _front(self, sql: str, uses: Iterable[str]) -> str:
        """The statement *sql* behind the relations that it stands on."""
        needed: set[str] = set()
        waiting = list(uses)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                if self._sql[name] == self._parts[name].sql:  # a checkpoint reads no relation
                    waiting += self._parts[name].uses
        front = ", ".join(
            f"{name} AS ({self._sql[name]})" for name in self._parts if name in needed
        )
        return f"WITH {front} {sql}" if front else sql

    def _frame(self, sql: str) -> Any:
        return self._session.sql(sql, args=self._bound)

    def _checkpoint(self, name: str, sql: str) -> Any:
        view = f"checkpoint_{id(self)}_{len(self._frames)}"
        frame = checkpoint(self._session, self._frame(sql))
        frame.createOrReplaceTempView(view)
        self._frames.append(frame)
        self._sql[name] = f"SELECT * FROM {view}"
        return frame

    def _grow(self, part: SparkPart, grows: str) -> None:
        """Round by round, each standing on the one before it, until nothing is added."""
        rounds = []
        frame = self._checkpoint(part.name, self._front(part.sql, part.uses))
        while not frame.isEmpty():
            rounds.append(self._sql[part.name])
            frame = self._checkpoint(part.name, self._front(grows, (part.name, *part.uses)))
        self._sql[part.name] = " UNION ALL ".join(rounds) or self._sql[part.name]
