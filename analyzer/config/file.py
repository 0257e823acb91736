"""``analyzer.toml``: which clusters, how to reach them, what to keep, and what alarms."""

from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path

import msgspec

from analyzer.config import toml
from analyzer.config.cluster import Cluster
from analyzer.config.policy import Limit
from analyzer.config.rules import CheckSettings, Maintenance, Override, SeverityRule
from analyzer.config.toml import Duration
from analyzer.errors import UsageError
from analyzer.text import did_you_mean

EXAMPLE = """\
store = "store"
# timezone = "Europe/Zurich"      # of times without an offset, and of tables for people; else UTC

[[clusters]]
name = "prod-a"
url = "https://prod-a.example.com"
username = "reader"
password_env = "PROD_A_PASSWORD"  # or password_file, password_command,
                                  # client_cert and client_key, token_env, token_command
# verify = "/etc/ssl/prod-ca.pem" # true is the default; false warns on every run
interval = "5m"                   # how often snapshots are expected
# timeout = 120                   # seconds for one whole answer
# deadline = 300                  # seconds for the whole run; the interval is the default
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
# reports = { flapping = "critical", new-initiators = "never" }
# webhook = "https://alerts.example.com/analyzer"
# webhook_token_env = "ALERT_TOKEN"
# console = "https://history.example.com"  # where 'analyzer serve' is reached: for links

# [[check.destinations]]          # notified of what is new and over: chats, ticket systems
# name = "chat"
# url_env = "CHAT_URL"            # or url, url_file, url_command
# body = '{"text": {{ alerts | map(attribute="text") | join("\\n") | tojson }} }'
"""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[retention]``: when history replaces snapshot files, and when history goes."""

    compact_after: Duration | None = None
    keep: Duration | None = None


class _Zone(msgspec.Struct):
    """The one key that says how the others are read."""

    timezone: tzinfo = UTC


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; *timezone* is None where it says none, which means UTC."""

    store: Path = Path("store")
    timezone: tzinfo | None = None
    clusters: tuple[Cluster, ...] = ()
    retention: Retention = Retention()
    limits: tuple[Limit, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    lower: tuple[Override, ...] = ()
    check: CheckSettings = CheckSettings()
    policy: Path | None = None

    def __post_init__(self) -> None:
        names = [cluster.name.lower() for cluster in self.clusters]
        for cluster in self.clusters:
            if names.count(cluster.name.lower()) > 1:  # filters match without regard to case
                raise ValueError(f"cluster '{cluster.name}' is there twice")

    @property
    def rules(self) -> tuple[SeverityRule, ...]:
        """The rules that lower severities."""
        return (*self.maintenance, *self.lower)

    def named(self, names: Iterable[str]) -> tuple[Cluster, ...]:
        """The clusters of these names, each once; all if there are none.

        Raises:
            UsageError: one is not configured; names the nearest.
        """
        configured = {cluster.name: cluster for cluster in self.clusters}
        unique = tuple(dict.fromkeys(names))
        for name in unique:
            if name not in configured:
                raise UsageError(f"there is no cluster '{name}'{did_you_mean(name, configured)}")
        return tuple(configured[name] for name in unique) if unique else self.clusters

    def warnings(self) -> Iterator[str]:
        """Settings that are valid and hardly intended."""
        for place, rule in enumerate(self.maintenance, start=1):
            if self.timezone is None and not (rule.since.offset and rule.until.offset):
                yield (
                    f"maintenance[{place}]: a time without an offset is UTC;"
                    " write one such as +01:00, or set timezone"
                )
        for cluster in self.clusters:
            for path in cluster.exposed():
                yield f"{cluster.name}: everybody on this machine can read {path}; chmod o-r"
        for destination in self.check.destinations:
            for path in destination.exposed():
                yield (
                    f"destination {destination.name}: everybody on this machine can read {path};"
                    " chmod o-r"
                )


def load(path: Path) -> Config:
    """Read the file; relative paths in it are relative to it.

    Raises:
        UsageError: it cannot be read or says something that it cannot; names the key.
    """
    text = toml.read(path)
    zone = toml.loads(text, _Zone, path).timezone
    config = toml.loads(text, Config, path, zone)
    return msgspec.structs.replace(
        config,
        store=toml.beside(path, config.store),
        clusters=tuple(_with_ca_file(path, cluster) for cluster in config.clusters),
    )


def _with_ca_file(path: Path, cluster: Cluster) -> Cluster:
    if isinstance(cluster.verify, bool):
        return cluster
    return msgspec.structs.replace(cluster, verify=str(toml.beside(path, Path(cluster.verify))))
