"""The context of every command: store, configuration, policy, narration."""

import sys
from collections.abc import Sequence
from datetime import UTC, tzinfo
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from analyzer.errors import ExtraMissing, StoreError, UsageError
from analyzer.text import escape_lines

if TYPE_CHECKING:
    from analyzer.config.file import Config
    from analyzer.report.archive import Archive
    from analyzer.store.layout import Store

_CONFIGS = (Path("analyzer.toml"), Path("/etc/analyzer/analyzer.toml"))
_POLICY = Path("policy.toml")


class Context(msgspec.Struct, frozen=True, dict=True):
    """The global options, and what follows from them."""

    store: Path | None
    config: Path | None
    verbose: bool
    quiet: bool
    damaged: dict[str, str] = {}
    """Clusters and marks that an answer left out because they cannot be read, and the reason."""

    @cached_property
    def _config_file(self) -> Path | None:
        """The file that was named, ./analyzer.toml, or the one in /etc."""
        return self.config or next((path for path in _CONFIGS if path.is_file()), None)

    @cached_property
    def configuration(self) -> "Config":
        """The configuration; where there is no file, what holds without one.

        Raises:
            UsageError: the file that was named is not there, or says something that it cannot.
        """
        from analyzer.config.file import Config, load

        return load(self._config_file) if self._config_file is not None else Config()

    def required(self) -> "Config":
        """The configuration, which this command cannot do without."""
        if self._config_file is None:
            raise UsageError(
                "there is no analyzer.toml here, and none in /etc/analyzer; name one with --config"
                " or write one: 'analyzer doctor --example' prints it"
            )
        if not self.configuration.clusters:
            raise UsageError("no cluster is configured; add [[clusters]] to the configuration")
        return self.configuration

    @property
    def zone(self) -> tzinfo:
        """The zone of times without an offset: the configured one, else UTC."""
        return self.configuration.timezone or UTC

    def open(self) -> "Store":
        """The store that was named, configured, or ./store; it may not be there yet."""
        from analyzer.store.layout import Store

        return Store(self.store or self.configuration.store)

    def existing(self) -> "Store":
        """The store, for a command that cannot do without one."""
        store = self.open()
        if not store.exists():
            raise UsageError(
                f"there is no store at {store.root}; 'analyzer collect' and 'analyzer import'"
                " make one"
            )
        return store

    def catalog(
        self, clusters: Sequence[str] = (), folders: Sequence[Path] = (), engine: str = "duckdb"
    ) -> "Archive":
        """The store's tables, after taking in what a killed writer may have left."""
        from analyzer.errors import Busy

        store = self.existing()
        for cluster in store.clusters():
            try:
                if store.pending(cluster):
                    from analyzer import history

                    history.catch_up(store, cluster)
            except (Busy, StoreError) as error:
                self.say(f"not yet folded: {error}")
        return self.tables(clusters, folders, engine)

    def tables(
        self, clusters: Sequence[str] = (), folders: Sequence[Path] = (), engine: str = "duckdb"
    ) -> "Archive":
        """The store's tables as they are: nothing is written."""
        from analyzer.config import policy
        from analyzer.report.archive import Archive

        config, path = self.configuration, self.policy_file()
        rules = config.rules + policy.load(path, self.zone).rules()
        tables = policy.tables(path, config.limits, self.zone, config.clusters)
        if engine == "duckdb":
            archive = Archive(self.open(), clusters, folders, tables, rules)
        else:
            try:
                from analyzer.engine.spark import Spark
            except ImportError as error:
                raise ExtraMissing(f"--engine {engine}", "spark") from error
            archive = Archive(self.open(), clusters, folders, tables, rules, partial(Spark, engine))
        for cluster, reason in archive.damaged.items():
            if cluster not in self.damaged:
                self.complain(f"analyzer: {cluster} is left out: {reason}")
        self.damaged.update(archive.damaged)
        if archive.marks_problem is not None and archive.marks_problem not in self.damaged.values():
            self.complain(f"analyzer: the marks are left out: {archive.marks_problem}")
            self.damaged["the marks"] = archive.marks_problem
        return archive

    def exit_status(self, code: int = 0) -> int:
        """The exit status of an answer: 4 where a damaged cluster was left out of it."""
        return StoreError.exit_code if self.damaged else code

    def policy_file(self) -> Path | None:
        """The policy file: the configured one, or ./policy.toml if it exists."""
        return self.configuration.policy or (_POLICY if _POLICY.is_file() else None)

    def policy_text(self) -> str:
        """The policy file with the configured limits behind it; '' if there is nothing of both."""
        from analyzer.config import policy, toml

        path = self.policy_file()
        text = toml.read(path) if path is not None else ""
        for limit in self.configuration.limits:
            text += (
                f"\n[[limits]]\ncluster = {policy.quoted(limit.cluster or '*')}\n"
                f"node = {policy.quoted(limit.node or '*')}\nsessions = {limit.sessions}\n"
            )
        return text

    def detail(self, text: str) -> None:
        """Narrate on stderr what only --verbose wants to hear."""
        if self.verbose:
            self.complain(text)

    def say(self, text: str) -> None:
        """Narrate on stderr."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Say on stderr what went wrong, --quiet or not."""
        # Through the stream that is there now: a bar puts one in its place, and goes on below.
        sys.stderr.write(f"{escape_lines(text)}\n")


pass_context = click.make_pass_decorator(Context)
