"""What raises an alarm and what does not: maintenance, lowered severities, thresholds, a webhook."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analyzer import clock
from analyzer.config import checks as toml
from analyzer.errors import UsageError

SEVERITIES = ("critical", "high", "medium", "low", "info")
_WHERE = ("report", "cluster", "svm", "igroup", "initiator")
NEVER = "never"


def at_least(least: str) -> tuple[str, ...]:
    """*least* and what is worse (contract: info < low < medium < high < critical)."""
    return SEVERITIES[: SEVERITIES.index(least) + 1]


@dataclass(frozen=True, slots=True)
class Lower:
    """Findings that these wildcards match are at most *to*; within *since* and *until* only.

    A finding of several initiators is matched if all of them are.
    """

    to: str
    reason: str
    report: str = "*"
    cluster: str = "*"
    svm: str = "*"
    igroup: str = "*"
    initiator: str = "*"
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """``[[maintenance]]``, ``[[lower]]`` and ``[check]`` of the configuration.

    *reports* has thresholds of their own for some reports, or ``never``.
    """

    lower: tuple[Lower, ...] = ()
    fail_on: str = "high"
    reports: Mapping[str, str] = field(default_factory=dict)
    webhook: str | None = None
    webhook_token_env: str | None = None


def alarm(path: Path, told: dict[str, Any]) -> Alarm:
    """Read these tables of a configuration.

    Raises:
        UsageError: one of them says something that it cannot; names the key.
    """
    check = told.get("check", {})
    toml.only(path, "check: ", check, {"fail_on", "reports", "webhook", "webhook_token_env"})
    reports = toml.get(path, check, "reports", dict, {})
    for name, threshold in reports.items():
        _known(path, f"check.reports.{name}", threshold, (*SEVERITIES, NEVER))
    return Alarm(
        lower=(
            *(_lower(path, one, "maintenance") for one in toml.tables(path, told, "maintenance")),
            *(_lower(path, one, "lower") for one in toml.tables(path, told, "lower")),
        ),
        fail_on=_known(path, "check.fail_on", check.get("fail_on", "high"), SEVERITIES),
        reports=reports,
        webhook=_webhook(path, check),
        webhook_token_env=toml.get(path, check, "webhook_token_env", str, None),
    )


def _lower(path: Path, told: dict[str, Any], kind: str) -> Lower:
    toml.only(path, f"{kind}: ", told, {*_WHERE, "since", "until", "to", "reason"})
    if kind == "maintenance" and not {"since", "until"} <= told.keys():
        raise UsageError(f"{path}: maintenance needs since and until")
    if kind == "lower" and "to" not in told:
        raise UsageError(f"{path}: 'to' of [[lower]] is missing")
    since, until = (_instant(path, f"{kind}.{key}", told.get(key)) for key in ("since", "until"))
    if since is not None and until is not None and since > until:
        raise UsageError(f"{path}: {kind}: since is after until")
    return Lower(
        to=_known(path, f"{kind}.to", told.get("to", "info"), SEVERITIES),
        reason=toml.get(path, told, "reason", str, kind),
        since=since,
        until=until,
        **{key: toml.get(path, told, key, str, "*") for key in _WHERE},
    )


def _instant(path: Path, key: str, value: Any) -> datetime | None:
    """An instant in UTC; a time without a zone is UTC."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return clock.parse(value.isoformat())
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        return clock.parse(str(value))
    except UsageError as error:
        raise UsageError(f"{path}: '{key}': {error}") from error


def _known(path: Path, key: str, value: Any, words: tuple[str, ...]) -> str:
    if value not in words:
        raise UsageError(f"{path}: '{key}' is one of {', '.join(words)}")
    return str(value)


def _webhook(path: Path, check: dict[str, Any]) -> str | None:
    url: str | None = toml.get(path, check, "webhook", str, None)
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.password or parts.username:
        raise UsageError(f"{path}: 'check.webhook' holds a password; use webhook_token_env")
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise UsageError(f"{path}: 'check.webhook' is not like https://alerts.example.com/hook")
    return url
