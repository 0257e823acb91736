"""Rules of alarms: maintenance, severity overrides, thresholds, who hears of it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from analyzer.config.destination import Destination, check_url
from analyzer.config.toml import Instant, Text

Severity = Literal["critical", "high", "medium", "low", "info"]
Threshold = Literal[Severity, "never"]
NEVER: Threshold = "never"
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")


def at_least(least: str) -> tuple[str, ...]:
    """*least* and what is worse (contract: info < low < medium < high < critical)."""
    return SEVERITIES[: SEVERITIES.index(least) + 1] if least in SEVERITIES else ()


class SeverityRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Findings that these wildcards match are at most *to*; within *since* and *until* only.

    A finding of several initiators is matched if all of them are.
    """

    to: Severity = "info"
    reason: Text = "lower"
    report: Text = "*"
    cluster: Text = "*"
    svm: Text = "*"
    igroup: Text = "*"
    initiator: Text = "*"
    fault: Text = "*"
    since: Instant | None = None
    until: Instant | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError("'since' is after 'until'")


class Override(SeverityRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[lower]]``: a severity override, which says how severe such findings are at most."""

    to: Severity


class Maintenance(SeverityRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[maintenance]]``: findings of a window of time are recorded, and nobody is alerted."""

    reason: Text = "maintenance"
    since: Instant
    until: Instant


class CheckSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[check]``: *reports* has thresholds of their own for some reports, or ``never``.

    *console* is where people reach ``analyzer serve``.
    """

    fail_on: Severity = "high"
    reports: Mapping[str, Threshold] = {}
    webhook: Text | None = None
    webhook_token_env: Text | None = None
    console: Text | None = None
    destinations: tuple[Destination, ...] = ()

    def __post_init__(self) -> None:
        if self.webhook is not None:
            check_url(self.webhook, "webhook")
        if self.console is not None:
            check_url(self.console, "console")
        names = [destination.name for destination in self.destinations]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"destination '{name}' is there twice")
