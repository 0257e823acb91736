"""Queries over one store: picks the clusters, builds the models that a query needs, filters rows.

Opening reads each cluster's manifest once, so that all queries of one catalog see one consistent
state (snapshot isolation), whatever lands meanwhile. A cluster whose history is damaged is left
out, and named in ``damaged``; the others go on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from analyzer import clock, schema
from analyzer.config import policy
from analyzer.config.rules import SeverityRule
from analyzer.engine.duckdb import DuckDB
from analyzer.engine.engine import Engine, Extra, FileRetired, Result, StatementFailed, Values
from analyzer.engine.statement import own, parse
from analyzer.errors import StoreError, UsageError
from analyzer.history import manifest as manifests
from analyzer.history.parts import check_digest
from analyzer.pattern import matches_any
from analyzer.report import compose, header, names
from analyzer.report.header import Queries, Query
from analyzer.report.times import DAY, STANDARD
from analyzer.schema import Mark
from analyzer.store import marks
from analyzer.store.layout import Store
from analyzer.text import did_you_mean

T = TypeVar("T")
ModelKey = tuple[str, tuple[tuple[str, Any], ...]]  # its name, and the parameters that it uses
Open = Callable[[Store, Sequence[str], Extra, datetime], Engine]
_TRIES = 3
_PARTNER_COLUMNS = {
    "cluster": "varchar", "svm": "varchar", "initiator": "varchar", "initiator_address": "varchar",
    "interface_address": "varchar", "first_seen": "timestamp", "gone_by": "timestamp",
}  # fmt: skip
_MIRRORED = (
    "select uuid from svms where subtype in ('sync_source', 'sync_destination') or name like '%-mc'"
)
_PARTNERS = (
    f"select {', '.join(_PARTNER_COLUMNS)} from spells"
    f" where svm like '%-mc' or svm_id in ({_MIRRORED})"
)


class Catalog:
    """Tables and queries over one store, for the clusters that match *clusters* (all if none).

    *folders* hold more query files, *tables* are those of the policy, *rules* lower severities,
    *engine* opens what works it out.

    Raises:
        UsageError: no cluster matches, or a threshold does not exist.
        StoreError: the history of every cluster that matches is damaged.
    """

    def __init__(
        self,
        store: Store,
        clusters: Sequence[str] = (),
        folders: Iterable[Path] = (),
        tables: Extra | None = None,
        rules: Sequence[SeverityRule] = (),
        engine: Open = DuckDB,
    ) -> None:
        self.store = store
        self.now = clock.now()
        """The present of every answer: once, so that no two of them differ and models are shared.

        It may be set to a later one, where nothing is ``ahead``.
        """
        self.rules, self._folders = rules, tuple(folders)
        self._tables = dict(policy.tables(None) if tables is None else tables)
        stored = store.clusters()
        self._tables["stored"] = {"cluster": "varchar"}, [[name] for name in stored]
        self._keep_expected(lambda name: matches_any(clusters, name))
        self.damaged: dict[str, str] = {}
        """The clusters that are left out because their history cannot be read, and the reason."""
        self.marks: tuple[Mark, ...] = ()
        self.marks_problem: str | None = None
        """Why the marks cannot be read, if they cannot."""
        self.marks_ahead = False
        """Whether there are marks that are later than the clock, and not seen."""
        self._read_marks()
        self.clusters = [name for name in stored if matches_any(clusters, name)]
        self.expected = sorted({*self.clusters, *(row[0] for row in self._tables["configured"][1])})
        """The clusters that were ever collected, and those that are configured."""
        if clusters and not self.expected:
            near = did_you_mean(clusters[0].lower(), stored)
            raise UsageError(f"no cluster matches '{', '.join(clusters)}'{near}")
        self._open: Open = engine
        self._engine = self._opened_healthy()
        overrides = self._tables["threshold_overrides"][1]
        header.check_thresholds([name for name, _ in overrides], self.models)

    def _keep_expected(self, keeps: Callable[[str], bool]) -> None:
        for name in ("configured", "stored"):
            columns, rows = self._tables[name]
            self._tables[name] = columns, [row for row in rows if keeps(row[0])]

    def _opened_healthy(self) -> Engine:
        """An engine over the selected clusters, without those whose history is damaged."""
        try:
            return self._opened()
        except StoreError:
            self.clusters = self._healthy(self.clusters)
            if not self.clusters or not self.damaged:
                raise
            # A damaged cluster must not be reported as never collected.
            self._keep_expected(lambda name: name not in self.damaged)
            return self._opened()

    def _read_marks(self) -> None:
        """Marks later than the clock are left out; damaged marks do not prevent an answer."""
        try:
            stored = marks.read(self.store)
            self.marks = tuple(mark for mark in stored if mark.instant <= self.now)
            self.marks_ahead = len(self.marks) < len(stored)
        except StoreError as error:
            self.marks_problem = str(error)
        columns = {column.name: column.type for column in schema.MARK}
        self._tables["marks"] = columns, [msgspec.structs.astuple(mark) for mark in self.marks]

    def _opened(self) -> Engine:
        # A model is built once for the parameters that it uses. By those: the name under which its
        # table waits, and its rows. By the model's name: whose table statements read under it.
        self._model_tables: dict[ModelKey, str] = {}
        self._answers: dict[ModelKey, Result] = {}
        self._named: dict[str, ModelKey] = {}
        self._bound_names: dict[str, frozenset[str]] = {}
        engine = self._engine_of(self.clusters)
        others = sorted(set(self.store.clusters()) - {*self.clusters, *self.damaged})
        if not others or not engine.run_query(own(_MIRRORED), {}).rows:
            return engine
        # An SVM that a MetroCluster mirrors may have switched over to a cluster that is not
        # selected: what is said of it is the same as if it were.
        engine.close()
        return self._engine_of(self.clusters, self._partner_sessions(others))

    def _engine_of(self, clusters: Sequence[str], partners: Sequence[Any] = ()) -> Engine:
        sessions = {"partner_sessions": (_PARTNER_COLUMNS, partners)}
        return self._open(self.store, clusters, self._tables | sessions, self.now)

    def _partner_sessions(self, clusters: Sequence[str]) -> Sequence[Sequence[Any]]:
        """The sessions of mirrored SVMs in other clusters, ever."""
        try:
            engine = self._engine_of(clusters)
        except StoreError:
            clusters = self._healthy(clusters)
            engine = self._engine_of(clusters)
        try:
            return engine.run_query(own(_PARTNERS), {}).rows
        finally:
            engine.close()

    def _healthy(self, clusters: Iterable[str]) -> list[str]:
        """Those whose history can be opened; the others are noted as damaged."""
        healthy = []
        for cluster in clusters:
            try:
                DuckDB(self.store, [cluster], {}, self.now).close()
                healthy.append(cluster)
            except StoreError as error:
                self.damaged[cluster] = str(error)
        return healthy

    def close(self) -> None:
        self._engine.close()

    @property
    def ahead(self) -> bool:
        """Whether the store holds snapshots that are later than the clock, and not seen."""
        return self._engine.ahead

    def time_limit(self, seconds: float) -> AbstractContextManager[None]:
        """Interrupt statements that run longer; they raise ``Busy``."""
        return self._engine.time_limit(seconds)

    @cached_property
    def models(self) -> Queries:
        """Every model that no table stands for."""
        return header.models(self._folders).without(self._engine.columns)

    @cached_property
    def reports(self) -> Queries:
        return header.reports(self._folders)

    def inputs(self, query: Query) -> list[str]:
        """The tables of the store and of the policy that a query reads."""
        return sorted(compose.inputs(query, self.models) & self._engine.columns.keys())

    def run_query(
        self,
        query: Query,
        parameters: Values,
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> Result:
        """The rows of a query, a model among them; *filters* keep rows by wildcard.

        *parameters* are times and the query's own values; a missing time is null, a missing value
        is its default.

        Raises:
            UsageError: the query is not valid, has no column to filter by, or a filter matches
                nothing in the history.
        """
        parameters = names.params(self, query, parameters)
        patterns = names.filters(self, query, filters or {})
        values = self._bound(query, parameters)

        def answer() -> Result:
            if self.models.get(query.name) is query:
                return self._rows(query, values)
            self._make(query, values)
            if not patterns:
                return self._engine.run_query(query.statement, values)
            columns = dict(self._engine.describe(query.statement, values))
            conditions, bound = names.conditions(patterns, columns, query.unjudged_if_null)
            self._make_all(map(self.models.__getitem__, names.MODELS), values)
            return self._engine.run_query(
                query.statement.filtered(conditions, bound), {**values, **bound}
            )

        return self._retried(answer)

    def run(
        self,
        text: str,
        parameters: Values | None = None,
        where: object = "the statement",
    ) -> Result:
        """The rows of one SELECT over the tables and the models; *where* names it in errors.

        *parameters* are bound to its ``$names``. Models look at the last 24 hours until now,
        unless *since*, *until*, *at* or *after* are among them (naive UTC).

        Raises:
            UsageError: it is not one SELECT, or not a valid one.
        """
        now = self.now
        times = {"since": now - DAY, "until": now, "at": now, "after": now, "now": now}
        return self.run_query(header.bare(text, where), times | dict(parameters or {}))

    def select(
        self, text: str, parameters: Values | None = None, where: object = "a select"
    ) -> Result:
        """The rows of a SELECT of the program's own over the tables."""
        statement, bound = own(text, where), parameters or {}
        return self._retried(lambda: self._engine.run_query(statement, bound))

    def stream(
        self, text: str, parameters: Values, where: object = "the statement"
    ) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The rows of one SELECT over tables and models, streamed in batches.

        Run no other query of the catalog until the last one.
        """
        query = header.bare(text, where)
        values = self._bound(query, parameters)
        self._retried(lambda: self._make(query, values))
        yield from self._engine.stream_query(parse(text, where), values)

    def create_table(self, name: str, text: str, parameters: Values) -> None:
        """Make a temporary table of the rows of a SELECT of the program's own."""
        self._retried(lambda: self._engine.create_table(name, own(text), parameters))

    def drop_table(self, name: str) -> None:
        self._engine.drop_table(name)

    def _retried(self, answer: Callable[[], T]) -> T:
        """Try again over the next manifest where a writer retired a file of this one."""
        for attempt in range(1, _TRIES + 1):
            try:
                return answer()
            except FileRetired as error:
                if attempt == _TRIES:
                    raise StoreError(f"a file of the history cannot be read: {error}") from error
                self._engine.close()
                self._engine = self._opened()
            except StatementFailed:
                self._check_files()
                raise
        raise AssertionError

    def _check_files(self) -> None:
        """Whether every file that counts is what was written.

        Raises:
            StoreError: one is not; names it.
        """
        for cluster in self.clusters:
            manifest = manifests.read(self.store, cluster)
            for name, digest, _ in manifest.files() if manifest is not None else ():
                check_digest(self.store.history_folder(cluster) / name, digest)

    def _bound(self, query: Query, parameters: Values) -> Values:
        declared = compose.parameters(query, self.models)
        bound = dict.fromkeys(STANDARD) | {
            name: value for name, value in parameters.items() if name not in declared
        }
        for name, parameter in declared.items():
            bound[name] = parameter.bound(parameters.get(name, parameter.default))
        if bound["at"] is None:
            bound["at"] = bound["after"]  # models of an instant are of the second one of a pair
        if isinstance(since := bound["since"], datetime):
            bound["since_day"] = since.replace(hour=0, minute=0, second=0, microsecond=0)
        return bound

    def _make(self, query: Query, values: Values) -> None:
        """Make the models that a query stands on, in order, those that are there left alone."""
        self._make_all(compose.order(query, self.models), values)

    def _make_all(self, models: Iterable[Query], values: Values) -> None:
        for model in models:
            key, name = self._key(model, values), model.name
            if self._named.get(name) == key:
                continue
            if name in self._named:
                self._engine.rename_table(name, self._model_tables[self._named.pop(name)])
            if key in self._model_tables:
                self._engine.rename_table(self._model_tables[key], name)
            else:
                self._engine.create_table(name, model.statement, values)
                self._model_tables[key] = f"{name}__{len(self._model_tables)}"
            self._named[name] = key

    def _rows(self, model: Query, values: Values) -> Result:
        """The rows of a model for these parameters."""
        key = self._key(model, values)
        if key not in self._answers:
            if key in self._model_tables:
                named = self._named.get(model.name) == key
                statement = own(f"from {model.name if named else self._model_tables[key]}")
            else:  # who only reads it needs no table
                self._make(model, values)
                statement = model.statement
            self._answers[key] = self._engine.run_query(statement, values)
        return self._answers[key]

    def _key(self, model: Query, values: Values) -> ModelKey:
        if model.name not in self._bound_names:
            self._bound_names[model.name] = compose.bound_names(model, self.models)
        used = self._bound_names[model.name]
        return model.name, tuple((name, values[name]) for name in sorted(used) if name in values)
