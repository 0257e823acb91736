"""``policy.toml``: what the administrator declares, as rows that queries can join.

Sections are lists of tables. A pattern is a name in which ``*`` stands for anything; it is
kept as a LIKE pattern whose escape is a backslash.
"""

import difflib
import json
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from analyzer.errors import UsageError
from analyzer.pattern import like

Tables = dict[str, tuple[dict[str, str], list[list[Any]]]]

_KINDS = {"pattern": "varchar", "text": "varchar", "number": "bigint", "instant": "timestamp"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section: its column, what its value is, and whether it must be there."""

    column: str
    kind: str
    sentence: str
    required: bool = False


SECTIONS: dict[str, tuple[str, dict[str, Key]]] = {
    "expect": (
        "policy",
        {
            "initiator": Key("pattern", "pattern", "Initiators that the entry is about."),
            "igroup": Key("igroup", "pattern", "Igroups whose members it is about."),
            "paths": Key("paths", "number", "Interfaces that each must use."),
            "nodes": Key("nodes", "number", "Nodes that each must reach."),
            "subnets": Key("subnets", "number", "Subnets that each must use."),
            "sessions_per_path": Key("sessions_per_path", "number", "Sessions on each path."),
        },
    ),
    "hosts": (
        "host_names",
        {
            "initiator": Key(
                "initiator", "text", "Initiator, in any case of letters.", required=True
            ),
            "name": Key("host", "text", "What people call the host.", required=True),
        },
    ),
    "fabrics": (
        "fabrics",
        {
            "subnet": Key("subnet", "text", "Subnet, such as 192.168.10.0/24.", required=True),
            "name": Key("fabric", "text", "Fabric that it belongs to.", required=True),
        },
    ),
    "accept": (
        "accepted",
        {
            "report": Key("report", "text", "Report whose findings are accepted."),
            "fault": Key("fault", "text", "Fault that is accepted; any, if absent."),
            "initiator": Key("pattern", "pattern", "Initiators it is accepted for."),
            "until": Key("until", "instant", "When the acceptance ends.", required=True),
            "reason": Key("reason", "text", "Why."),
        },
    ),
    "limits": (
        "limits",
        {
            "cluster": Key("cluster", "pattern", "Clusters that the limit is for."),
            "node": Key("node", "pattern", "Nodes that the limit is for."),
            "sessions": Key(
                "sessions", "number", "iSCSI sessions that a node may hold.", required=True
            ),
        },
    ),
}


def tables(path: Path | None, limits: Iterable[tuple[str, str, int]] = ()) -> Tables:
    """The tables that queries join, by name: columns with their types, and rows.

    Without a file they are empty. ``place`` is the position of the entry in its section; the
    first that matches counts. *limits* are those of the configuration (cluster, node,
    sessions); they come behind the file's own.

    Raises:
        UsageError: the file cannot be read, or a key or a value in it is not known.
    """
    told = _read(path) if path is not None else {}
    _known(path, "section", told, {**SECTIONS, "thresholds": None})
    made = {
        table: (
            {"place": "bigint", **{key.column: _KINDS[key.kind] for key in keys.values()}},
            _rows(path, section, told.get(section, []), keys),
        )
        for section, (table, keys) in SECTIONS.items()
    }
    rows = made["limits"][1]
    rows += [
        [place, _pattern(cluster), _pattern(node), sessions]
        for place, (cluster, node, sessions) in enumerate(limits, start=len(rows) + 1)
    ]
    made["threshold_overrides"] = (
        {"name": "varchar", "value": "double"},
        _thresholds(path, told.get("thresholds", {})),
    )
    return made


def _thresholds(path: Path | None, overrides: object) -> list[list[Any]]:
    """Rows of name and number; which names there are is what the model ``thresholds`` declares."""
    if not isinstance(overrides, dict):
        raise UsageError(f"{path}: write [thresholds], one table")
    for name, value in overrides.items():
        if type(value) not in {int, float} or not 0 <= value < math.inf:
            raise UsageError(f"{path}: [thresholds]: '{name}' is not a number of zero or more")
    return [[name, float(value)] for name, value in overrides.items()]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def _known(path: Path | None, what: str, told: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for key in told:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, cutoff=0.0)
            raise UsageError(
                f"{path}: unknown {what} '{key}'; the nearest known one is '{near[0]}'"
            )


def _rows(
    path: Path | None, section: str, entries: object, keys: Mapping[str, Key]
) -> list[list[Any]]:
    if not isinstance(entries, Sequence) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: write [[{section}]], a list of tables")
    rows = []
    for place, entry in enumerate(entries, start=1):
        where = f"{path}: [[{section}]] {place}"
        _known(path, f"key of [[{section}]]", entry, keys)
        for name, key in keys.items():
            if key.required and name not in entry:
                raise UsageError(f"{where}: '{name}' is missing")
        rows.append([place, *(_value(where, name, entry, key) for name, key in keys.items())])
    return rows


def _value(where: str, name: str, entry: Mapping[str, Any], key: Key) -> object:
    if name not in entry:
        return None
    value = _READ[key.kind](entry[name])
    if value is None:
        raise UsageError(f"{where}: '{name}' is not {_MEANT[key.kind]}")
    return value


def _pattern(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    # Initiators compare lower-cased; igroups and nodes keep the case they have.
    lowered = value.lower() if value.lower().startswith(("iqn.", "eui.", "naa.")) else value
    return like(lowered)


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value.lower() if value.lower().startswith(("iqn.", "eui.", "naa.")) else value


def _number(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  # naive means UTC here
    return None


_READ: dict[str, Callable[[object], object]] = {
    "pattern": _pattern,
    "text": _text,
    "number": _number,
    "instant": _instant,
}
_MEANT = {
    "pattern": "a name, in which * may stand for anything",
    "text": "a text",
    "number": "a whole number",
    "instant": "a date or a time, written without quotes",
}


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
            f"[[expect]]\nigroup = {_quoted(row['igroup'])}\n"
        )
        parts += [
            f"{name} = {row[name]}\n"
            for name in ("paths", "nodes", "subnets", "sessions_per_path")
            if row[name] is not None
        ]
    return "".join(parts)


def _quoted(text: str) -> str:
    # JSON's strings are TOML's basic strings; a literal * has no other spelling than itself.
    return json.dumps(text, ensure_ascii=False)
