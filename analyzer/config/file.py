"""``analyzer.toml``: which clusters, how to reach them, and what to keep.

Secrets are never in the file: a cluster names an environment variable, a file or a command
that has them. Errors name the key, and the nearest known one.
"""

import os
import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analyzer.config import checks as toml
from analyzer.config.rules import Alarm, alarm
from analyzer.errors import UsageError
from analyzer.pattern import check_cluster

EXAMPLE = """\
store = "store"

[[clusters]]
name = "prod-a"
url = "https://prod-a.example.com"
username = "reader"
password_env = "PROD_A_PASSWORD"  # or password_file, password_command,
                                  # client_cert and client_key, token_env, token_command
# verify = "/etc/ssl/prod-ca.pem" # true is the default; false warns on every run
interval = "5m"                   # how often snapshots are expected
# connectivity_tracking = true    # also ONTAP's own verdict on igroups: costs it time

[retention]
compact_after = "14d"             # history replaces older snapshot files
keep = "400d"                     # older history goes

# [[maintenance]]                 # found and recorded, as info, and nobody is woken
# since = 2026-12-05T22:00:00+01:00
# until = 2026-12-06T02:00:00+01:00
# cluster = "prod-a"              # also svm, igroup, initiator, report; * matches
# reason = "CHG-4711"

# [[lower]]                       # workers log out when idle: never more than low
# igroup = "worker-*"
# to = "low"

# [check]
# fail_on = "high"                # least severity that makes the exit status 1
# reports = { flapping = "critical", idle-initiators = "never" }
# webhook = "https://alerts.example.com/analyzer"
# webhook_token_env = "ALERT_TOKEN"
"""

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_TOKEN = re.compile(r"[!-~]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRETS = ("password_env", "password_file", "password_command", "token_env", "token_command")
_CLUSTER = {
    "name", "url", "username", *_SECRETS, "client_cert", "client_key", "verify", "timeout",
    "deadline", "return_timeout", "max_records", "svms", "interval", "shrink", "connectivity_tracking",
}  # fmt: skip
_TOP = {"store", "clusters", "retention", "limits", "maintenance", "lower", "check", "policy"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One array and how to ask it; times in seconds.

    *timeout* is of one whole answer, *deadline* of everything that one run asks, pages and
    retries included (None: the interval).
    *shrink* is the share of sessions that may vanish before the answer is asked for again;
    *connectivity_tracking* also asks igroups for ONTAP's own verdict, which costs it time.
    """

    name: str
    url: str
    username: str | None = None
    secret: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, repr=False)
    client_cert: Path | None = None
    client_key: Path | None = None
    verify: bool | Path = True
    timeout: float = 120.0
    deadline: float | None = None
    return_timeout: int = 15
    max_records: int = 10_000
    svms: tuple[str, ...] = ()
    interval: int | None = None
    shrink: float = 0.5
    connectivity_tracking: bool = False

    @property
    def run_seconds(self) -> float:
        """What *deadline* comes to."""
        return self.deadline or self.interval or 300.0

    @property
    def uses_token(self) -> bool:
        return any(name.startswith("token") for name in self.secret)

    @property
    def in_clear(self) -> bool:
        """Whether what is sent, the password too, can be read on the way."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and parts.hostname not in _LOOPBACK

    @property
    def can_renew(self) -> bool:
        """Whether asking for the secret again may give another one: a token expires."""
        return "token_command" in self.secret

    def reveal(self, within: float = 60.0) -> str:
        """The password or token, from where the file says it is; *within* so many seconds.

        Raises:
            UsageError: it is not there; the message never holds the secret.
        """
        for key, told in self.secret.items():
            secret = _reveal(self.name, key, told, min(within, 60.0))
            if not secret:
                raise UsageError(f"{self.name}: {key} gave nothing")
            if self.uses_token and not _TOKEN.fullmatch(secret):
                raise UsageError(f"{self.name}: {key} gave no token: it holds a space or such")
            return secret
        raise UsageError(f"{self.name}: no password, token or client certificate is configured")


def _reveal(cluster: str, key: str, told: str | tuple[str, ...], within: float) -> str:
    if key.endswith("_env"):
        secret = os.environ.get(str(told))
        if not secret:
            raise UsageError(f"{cluster}: {key} names {told}, which is not set")
        return secret
    if key.endswith("_file"):
        try:
            return Path(str(told)).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise UsageError(f"{cluster}: {key}: {told}: {error.strerror}") from error
        except UnicodeDecodeError:
            raise UsageError(f"{cluster}: {key}: {told}: not UTF-8 text") from None
    command = [told] if isinstance(told, str) else list(told)
    try:
        done = subprocess.run(
            command, shell=isinstance(told, str), stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", timeout=within, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{cluster}: {key} ended with status {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{cluster}: {key} did not answer within {within:.0f} seconds") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{cluster}: {key} cannot be run: {why}") from None
    return done.stdout.rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    path: Path
    store: Path = Path("store")
    clusters: tuple[Cluster, ...] = ()
    compact_after: timedelta | None = None
    keep: timedelta | None = None
    limits: tuple[tuple[str, str, int], ...] = ()
    alarm: Alarm = field(default_factory=Alarm)
    policy: Path | None = None

    def named(self, names: tuple[str, ...]) -> tuple[Cluster, ...]:
        """The clusters of these names, all if none is given.

        Raises:
            UsageError: one is not configured; names the nearest.
        """
        known = {cluster.name: cluster for cluster in self.clusters}
        for name in names:
            if name not in known:
                raise UsageError(
                    f"{self.path}: there is no cluster '{name}'{toml.near(name, known)}"
                )
        return tuple(known[name] for name in names) if names else self.clusters


def load(path: Path) -> Config:
    """Read the file; relative paths in it are relative to it.

    Raises:
        UsageError: it cannot be read or says something that it cannot; names the key.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error
    toml.only(path, "", told, _TOP)
    clusters = toml.tables(path, told, "clusters")
    made = tuple(_cluster(path, item) for item in clusters)
    names = [cluster.name for cluster in made]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path}: cluster '{name}' is there twice")
    retention = told.get("retention", {})
    toml.only(path, "retention: ", retention, {"compact_after", "keep"})
    return Config(
        path=path,
        store=toml.beside(path, toml.get(path, told, "store", str, "store")),
        clusters=made,
        compact_after=toml.span(path, retention, "compact_after", at="retention: "),
        keep=toml.span(path, retention, "keep", at="retention: "),
        limits=tuple(_limit(path, item) for item in toml.tables(path, told, "limits")),
        alarm=alarm(path, told),
        policy=toml.file(path, told, "policy"),
    )


def _cluster(path: Path, told: dict[str, Any]) -> Cluster:
    name = check_cluster(toml.get(path, told, "name", str, at="[[clusters]]: "))
    at = f"cluster '{name}': "
    for key in ("password", "token", "secret"):
        if key in told:
            raise UsageError(
                f"{path}: {at}'{key}' in clear text is refused; use {key}_env, or {key}_command"
            )
    toml.only(path, at, told, _CLUSTER)
    secret = {key: _secret(path, at, key, told[key]) for key in _SECRETS if key in told}
    if len(secret) > 1:
        raise UsageError(f"{path}: {at}give one of {', '.join(secret)}, not several")
    username = toml.get(path, told, "username", str, None, at=at)
    if any(key.startswith("password") for key in secret) and not username:
        raise UsageError(f"{path}: {at}'username' is missing")
    if username and ":" in username:
        raise UsageError(f"{path}: {at}'username' cannot have a colon")
    if ("client_cert" in told) != ("client_key" in told):
        raise UsageError(f"{path}: {at}client_cert and client_key go together")
    verify = told.get("verify", True)
    if not isinstance(verify, bool | str) or verify == "":
        raise UsageError(f"{path}: {at}'verify' is true, false or a CA file")
    interval = toml.span(path, told, "interval", at=at)
    return Cluster(
        name=name,
        url=_url(path, at, toml.get(path, told, "url", str, at=at)),
        username=username,
        secret=secret,
        client_cert=toml.file(path, told, "client_cert", at=at),
        client_key=toml.file(path, told, "client_key", at=at),
        verify=verify if isinstance(verify, bool) else toml.beside(path, verify),
        timeout=toml.number(path, at, told, "timeout", 120.0, 1, 3600),
        deadline=toml.number(path, at, told, "deadline", 300.0, 1, 86_400)
        if "deadline" in told
        else None,
        return_timeout=int(toml.number(path, at, told, "return_timeout", 15, 0, 120)),
        max_records=int(toml.number(path, at, told, "max_records", 10_000, 1, 1_000_000)),
        svms=_svms(path, at, told.get("svms", [])),
        interval=int(interval.total_seconds()) if interval else None,
        shrink=toml.number(path, at, told, "shrink", 0.5, 0, 1),
        connectivity_tracking=toml.get(path, told, "connectivity_tracking", bool, False, at=at),
    )


def _url(path: Path, at: str, told: str) -> str:
    try:
        parts = urlsplit(told.rstrip("/"))
        port = parts.port
    except ValueError:
        raise UsageError(f"{path}: {at}'url' is not like https://prod-a.example.com") from None
    if "@" in parts.netloc:
        raise UsageError(
            f"{path}: {at}'url' holds a password or user; use username and password_env"
        )
    more = parts.path or parts.query or parts.fragment or port == 0
    if parts.scheme not in {"https", "http"} or not parts.hostname or more:
        raise UsageError(f"{path}: {at}'url' is not like https://prod-a.example.com")
    return told.rstrip("/")


def _svms(path: Path, at: str, told: Any) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(one, str) and one for one in told):
        raise UsageError(f"{path}: {at}'svms' is a list of names or uuids")
    return tuple(told)


def _secret(path: Path, at: str, key: str, told: Any) -> str | tuple[str, ...]:
    if key.endswith("_command") and isinstance(told, list) and told:
        return tuple(str(part) for part in told)
    if not isinstance(told, str) or not told:
        raise UsageError(f"{path}: {at}'{key}' must be text")
    if key.endswith("_env") and not _VARIABLE.fullmatch(told):
        # It is not repeated: it may be the secret itself.
        raise UsageError(f"{path}: {at}'{key}' is the name of a variable, not what is in it")
    return str(toml.beside(path, told)) if key.endswith("_file") else told


def _limit(path: Path, told: dict[str, Any]) -> tuple[str, str, int]:
    at = "limits: "
    toml.only(path, at, told, {"cluster", "node", "sessions"})
    sessions = int(toml.number(path, at, told, "sessions", -1, 0, 2**53))
    where = (toml.get(path, told, key, str, "*", at=at) for key in ("cluster", "node"))
    return (*where, sessions)
