"""``analyzer.toml``: which clusters, how to reach them, and what to keep.

Secrets are never in the file: a cluster names an environment variable, a file or a command
that has them. Errors name the key, and the nearest known one.
"""

import difflib
import os
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analyzer import clock
from analyzer.errors import UsageError
from analyzer.store import check_cluster

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

[retention]
compact_after = "14d"             # history replaces older snapshot files
keep = "400d"                     # older history goes
"""

_SECRETS = ("password_env", "password_file", "password_command", "token_env", "token_command")
_CLUSTER = {
    "name", "url", "username", *_SECRETS, "client_cert", "client_key", "verify", "timeout",
    "return_timeout", "max_records", "svms", "interval", "shrink",
}  # fmt: skip
_TOP = {"store", "clusters", "retention", "limits", "maintenance", "lower", "check", "policy"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One array and how to ask it; times in seconds.

    *shrink* is the share of sessions that may vanish before the answer is asked for again.
    """

    name: str
    url: str
    username: str | None = None
    secret: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, repr=False)
    client_cert: Path | None = None
    client_key: Path | None = None
    verify: bool | Path = True
    timeout: float = 120.0
    return_timeout: int = 15
    max_records: int = 10_000
    svms: tuple[str, ...] = ()
    interval: int | None = None
    shrink: float = 0.5

    @property
    def uses_token(self) -> bool:
        return any(name.startswith("token") for name in self.secret)

    @property
    def can_renew(self) -> bool:
        """Whether asking for the secret again may give another one."""
        return any(name.endswith("_command") for name in self.secret)

    def reveal(self) -> str:
        """The password or token, from where the file says it is.

        Raises:
            UsageError: it is not there; the message never holds the secret.
        """
        for name, told in self.secret.items():
            return _reveal(self.name, name, told)
        raise UsageError(f"{self.name}: no password, token or client certificate is configured")


def _reveal(cluster: str, key: str, told: str | tuple[str, ...]) -> str:
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
    command = [told] if isinstance(told, str) else list(told)
    try:
        done = subprocess.run(
            command, shell=isinstance(told, str), capture_output=True, text=True, timeout=60,
            check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{cluster}: {key} ended with status {error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{cluster}: {key} did not answer") from error
    return done.stdout.rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window in which findings are recorded and alerts are not raised."""

    since: str
    until: str
    cluster: str = "*"
    svm: str = "*"
    igroup: str = "*"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    path: Path
    store: Path = Path("store")
    clusters: tuple[Cluster, ...] = ()
    compact_after: timedelta | None = None
    keep: timedelta | None = None
    limits: tuple[tuple[str, str, int], ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    lower: Mapping[str, str] = field(default_factory=dict)
    check: Mapping[str, Any] = field(default_factory=dict)
    policy: Path | None = None

    def named(self, names: tuple[str, ...]) -> tuple[Cluster, ...]:
        """The clusters of these names, all if none is given.

        Raises:
            UsageError: one is not configured; names the nearest.
        """
        known = {cluster.name: cluster for cluster in self.clusters}
        for name in names:
            if name not in known:
                raise UsageError(f"{self.path}: there is no cluster '{name}'{_near(name, known)}")
        return tuple(known[name] for name in names) if names else self.clusters


def _near(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(sorted(known))}"


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
    _only(path, "", told, _TOP)
    clusters = _tables(path, told, "clusters")
    made = tuple(_cluster(path, item) for item in clusters)
    names = [cluster.name for cluster in made]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path}: cluster '{name}' is there twice")
    retention = told.get("retention", {})
    _only(path, "retention.", retention, {"compact_after", "keep"})
    return Config(
        path=path,
        store=_beside(path, _get(path, told, "store", str, "store")),
        clusters=made,
        compact_after=_span(path, retention, "compact_after"),
        keep=_span(path, retention, "keep"),
        limits=tuple(_limit(path, item) for item in _tables(path, told, "limits")),
        maintenance=tuple(_maintenance(path, item) for item in _tables(path, told, "maintenance")),
        lower=told.get("lower", {}),
        check=told.get("check", {}),
        policy=_beside(path, told["policy"]) if "policy" in told else None,
    )


def _cluster(path: Path, told: dict[str, Any]) -> Cluster:
    name = check_cluster(_get(path, told, "name", str))
    at = f"cluster '{name}': "
    for key in ("password", "token", "secret"):
        if key in told:
            raise UsageError(
                f"{path}: {at}'{key}' in clear text is refused; use {key}_env, or {key}_command"
            )
    _only(path, at, told, _CLUSTER)
    url = _get(path, told, "url", str).rstrip("/")
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise UsageError(
            f"{path}: {at}'url' holds a password or user; use username and password_env"
        )
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.path or parts.query:
        raise UsageError(f"{path}: {at}'url' is not like https://prod-a.example.com")
    secret = {key: _secret(path, at, key, told[key]) for key in _SECRETS if key in told}
    if len(secret) > 1:
        raise UsageError(f"{path}: {at}give one of {', '.join(secret)}, not several")
    if any(key.startswith("password") for key in secret) and "username" not in told:
        raise UsageError(f"{path}: {at}'username' is missing")
    if ("client_cert" in told) != ("client_key" in told):
        raise UsageError(f"{path}: {at}client_cert and client_key go together")
    verify = told.get("verify", True)
    if not isinstance(verify, bool | str):
        raise UsageError(f"{path}: {at}'verify' is true, false or a CA file")
    interval = _span(path, told, "interval")
    return Cluster(
        name=name,
        url=url,
        username=_get(path, told, "username", str, None),
        secret=secret,
        client_cert=_beside(path, told["client_cert"]) if "client_cert" in told else None,
        client_key=_beside(path, told["client_key"]) if "client_key" in told else None,
        verify=verify if isinstance(verify, bool) else _beside(path, verify),
        timeout=_number(path, at, told, "timeout", 120.0, 1, 3600),
        return_timeout=int(_number(path, at, told, "return_timeout", 15, 0, 120)),
        max_records=int(_number(path, at, told, "max_records", 10_000, 1, 1_000_000)),
        svms=tuple(told.get("svms", ())),
        interval=int(interval.total_seconds()) if interval else None,
        shrink=_number(path, at, told, "shrink", 0.5, 0, 1),
    )


def _secret(path: Path, at: str, key: str, told: Any) -> str | tuple[str, ...]:
    if key.endswith("_command") and isinstance(told, list) and told:
        return tuple(str(part) for part in told)
    if isinstance(told, str) and told:
        return str(_beside(path, told)) if key.endswith("_file") else told
    raise UsageError(f"{path}: {at}'{key}' must be text")


def _limit(path: Path, told: dict[str, Any]) -> tuple[str, str, int]:
    _only(path, "limits: ", told, {"cluster", "node", "sessions"})
    sessions = _get(path, told, "sessions", int)
    return told.get("cluster", "*"), told.get("node", "*"), sessions


def _maintenance(path: Path, told: dict[str, Any]) -> Maintenance:
    _only(path, "maintenance: ", told, {"since", "until", "cluster", "svm", "igroup", "reason"})
    texts = {
        key: clock.iso(value) if hasattr(value, "isoformat") else str(value)
        for key, value in told.items()
    }
    try:
        return Maintenance(**texts)
    except TypeError as error:
        raise UsageError(f"{path}: maintenance needs since and until") from error


def _only(path: Path, at: str, told: Any, known: set[str]) -> None:
    if not isinstance(told, dict):
        raise UsageError(f"{path}: '{at.strip('.: ')}' must be a table")
    for key in told:
        if key not in known:
            raise UsageError(f"{path}: {at}unknown key '{key}'{_near(key, known)}")


def _tables(path: Path, told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = told.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UsageError(f"{path}: '{key}' is written [[{key}]]")
    return found


def _get(path: Path, told: dict[str, Any], key: str, kind: type, *default: Any) -> Any:
    if key not in told:
        if default:
            return default[0]
        raise UsageError(f"{path}: '{key}' is missing")
    if not isinstance(told[key], kind):
        raise UsageError(f"{path}: '{key}' must be {kind.__name__}")
    return told[key]


def _number(
    path: Path, at: str, told: dict[str, Any], key: str, default: float, least: float, most: float
) -> float:
    value = told.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise UsageError(f"{path}: {at}'{key}' is a number from {least} to {most}")
    return float(value)


def _span(path: Path, told: dict[str, Any], key: str) -> timedelta | None:
    if key not in told:
        return None
    try:
        return clock.duration(str(told[key]))
    except UsageError as error:
        raise UsageError(f"{path}: '{key}': {error}") from error


def _beside(path: Path, name: str) -> Path:
    return (path.resolve().parent / Path(name).expanduser()) if name else path
