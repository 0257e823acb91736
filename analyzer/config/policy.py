"""``policy.toml``: what the administrator declares, as tables that queries join.

Each section is a list of entries, and a table of its own; a field of an entry is a column of that
table. A pattern is a name in which ``*`` stands for anything: in the table it is a pattern for SQL's
``like … escape '^'``, in lower case.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import msgspec
from msgspec import Meta

from analyzer import clock
from analyzer.config import toml
from analyzer.config.cluster import Cluster
from analyzer.config.rules import SeverityRule
from analyzer.config.toml import Instant, Pattern, Text
from analyzer.pattern import like

Count = Annotated[int, Meta(ge=0, le=2**53)]
Threshold = Annotated[float, Meta(ge=0, le=1e7)]  # days, not beyond what a timestamp holds


class PolicyTable(NamedTuple):
    """A table that queries join: columns with DuckDB's types, and rows."""

    columns: dict[str, str]
    rows: list[list[Any]]


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of a section; a field whose key has another name is renamed."""


class Expect(_Entry, frozen=True, kw_only=True, rename={"pattern": "initiator"}):
    """``[[expect]]``: what the initiators must have that it matches by name and by igroup."""

    pattern: Pattern | None = None
    igroup: Pattern | None = None
    paths: Count | None = None
    nodes: Count | None = None
    subnets: Count | None = None
    sessions_per_path: Count | None = None


class HostName(_Entry, frozen=True, kw_only=True, rename={"host": "name"}):
    """``[[hosts]]``: what people call the host of an initiator."""

    initiator: Text
    host: Text

    def __post_init__(self) -> None:
        # Initiators compare in lower case.
        msgspec.structs.force_setattr(self, "initiator", self.initiator.lower())


class Fabric(_Entry, frozen=True, kw_only=True, rename={"fabric": "name"}):
    """``[[fabrics]]``: the fabric that a subnet such as 192.168.10.0/24 belongs to."""

    subnet: Text
    fabric: Text


class Accept(_Entry, frozen=True, kw_only=True, rename={"pattern": "initiator"}):
    """``[[accept]]``: findings that are known and accepted, until then."""

    report: Text | None = None
    fault: Text | None = None
    pattern: Pattern | None = None
    until: Instant
    reason: Text | None = None

    def rule(self) -> SeverityRule:
        """The same as a severity rule for findings of every report."""
        reason = f": {self.reason}" if self.reason else ""
        return SeverityRule(
            to="info",
            reason=f"accepted until {clock.iso(self.until)}{reason}",
            report=self.report or "*",
            fault=self.fault or "*",
            initiator=self.pattern or "*",
        )


class Limit(_Entry, frozen=True, kw_only=True):
    """``[[limits]]``: how many iSCSI sessions a node may hold."""

    cluster: Pattern | None = None
    node: Pattern | None = None
    sessions: Count


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    expect: tuple[Expect, ...] = ()
    hosts: tuple[HostName, ...] = ()
    fabrics: tuple[Fabric, ...] = ()
    accept: tuple[Accept, ...] = ()
    limits: tuple[Limit, ...] = ()
    thresholds: dict[str, Threshold] = {}

    def rules(self) -> tuple[SeverityRule, ...]:
        """The acceptances that hold at present, as severity rules."""
        return tuple(entry.rule() for entry in self.accept if entry.until > clock.now())


_SECTIONS: tuple[tuple[str, str, type[_Entry]], ...] = (
    ("expect", "policy", Expect),
    ("hosts", "host_names", HostName),
    ("fabrics", "fabrics", Fabric),
    ("accept", "accepted", Accept),
    ("limits", "limits", Limit),
)
_TYPES = {Instant: "timestamp", int: "bigint"}


def load(path: Path | None, zone: tzinfo = UTC) -> Policy:
    """Read the file; without one nothing is declared. Times without an offset are in *zone*.

    Raises:
        UsageError: it cannot be read or says something that it cannot; names the key.
    """
    return Policy() if path is None else toml.load(path, Policy, zone)


def tables(
    path: Path | None,
    limits: Sequence[Limit] = (),
    zone: tzinfo = UTC,
    clusters: Iterable[Cluster] = (),
) -> dict[str, PolicyTable]:
    """The tables that queries join, by name; without a file nothing is declared in them.

    ``place`` is the position of the entry in its section; the first that matches counts. *limits*
    and *clusters* are those of the configuration; its limits come behind the policy's own.

    Raises:
        UsageError: the file cannot be read or says something that it cannot; names the key.
    """
    policy = load(path, zone)
    entries = {section: getattr(policy, section) for section, _, _ in _SECTIONS}
    entries["limits"] += tuple(limits)
    return {
        table: PolicyTable(
            _columns(kind), [_row(*entry) for entry in enumerate(entries[section], 1)]
        )
        for section, table, kind in _SECTIONS
    } | {
        "threshold_overrides": PolicyTable(
            {"name": "varchar", "value": "double"}, [[*item] for item in policy.thresholds.items()]
        ),
        "configured": PolicyTable(
            {"cluster": "varchar", "expected_interval": "bigint"},
            [[cluster.name, cluster.interval] for cluster in clusters],
        ),
    }


def _columns(kind: type[_Entry]) -> dict[str, str]:
    hints = get_type_hints(kind)
    types = {name: next(iter(get_args(hint)), hint) for name, hint in hints.items()}
    return {"place": "bigint"} | {name: _TYPES.get(of, "varchar") for name, of in types.items()}


def _row(place: int, entry: _Entry) -> list[Any]:
    values = (getattr(entry, name) for name in entry.__struct_fields__)
    return [place, *(like(value) if isinstance(value, Pattern) else value for value in values)]


_PREFACE = """\
# What most hosts of each igroup had in the last seven days. It tells what was, not what
# ought to be: raise what was too low, and delete what is not worth a rule.
"""


def suggestion(rows: Iterable[Mapping[str, Any]]) -> str:
    """A policy file that what was seen would meet, from rows of ``policy-suggestion``."""
    parts = [_PREFACE]
    for row in rows:
        parts.append(
            f"\n# {row['cluster']}, {row['svm']}: {row['agree']} of {row['hosts']} hosts are so\n"
            f"[[expect]]\nigroup = {quoted(row['igroup'])}\n"
        )
        parts += [
            f"{name} = {row[name]}\n"
            for name in ("paths", "nodes", "subnets", "sessions_per_path")
            if row[name] is not None
        ]
    return "".join(parts)


def quoted(text: str) -> str:
    """Text in a TOML file: JSON's strings are TOML's basic strings."""
    return json.dumps(text, ensure_ascii=False)
