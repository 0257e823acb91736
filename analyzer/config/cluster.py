"""``[[clusters]]``: one array, and how to reach it."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from analyzer.config.secret import Credentials
from analyzer.config.toml import Seconds, Text, split_url
from analyzer.errors import UsageError
from analyzer.pattern import check_cluster

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_DEADLINE = 300.0  # of a run, where neither deadline nor interval is configured


class Cluster(Credentials, frozen=True, forbid_unknown_fields=True):
    """One array and how to reach it; times in seconds.

    *timeout* is for one whole answer, first byte to last; *deadline* for everything that one run
    asks, pages and retries. *verify* is true, false or a CA file. *shrink* is the share of sessions
    that may vanish before the listing is repeated; *connectivity_tracking* also requests ONTAP's
    own verdict on igroups, which costs the array time.
    """

    name: Text
    url: Text
    username: Text | None = None
    verify: bool | Text = True
    timeout: Annotated[float, Meta(ge=1, le=3600)] = 120.0
    deadline: Annotated[float, Meta(ge=1, le=86_400)] | None = None
    return_timeout: Annotated[int, Meta(ge=0, le=120)] = 15
    max_records: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000
    svms: tuple[Text, ...] = ()
    interval: Seconds | None = None
    shrink: Annotated[float, Meta(ge=0, le=1)] = 0.5
    connectivity_tracking: bool = False

    def __post_init__(self) -> None:
        try:
            check_cluster(self.name)
        except UsageError as error:
            raise ValueError(str(error)) from None
        super().__post_init__()
        msgspec.structs.force_setattr(self, "url", _url(self.url))
        passwords = (self.password_env, self.password_file, self.password_command)
        if any(passwords) and not self.username:
            raise ValueError("'username' is missing")
        if self.username and ":" in self.username:
            raise ValueError("'username' cannot have a colon")

    def __repr__(self) -> str:
        """The name and no more: a command may hold what should not be shown."""
        return f"Cluster({self.name!r})"

    @property
    def run_seconds(self) -> float:
        """The deadline of a run: the interval, unless another one is configured."""
        return self.deadline or self.interval or _DEADLINE

    @property
    def in_clear(self) -> bool:
        """Whether everything that is sent, passwords included, can be read on the way."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and parts.hostname not in _LOOPBACK

    def reveal(self, within: float = 60.0) -> str:
        """The password or token; the error names the cluster.

        Raises:
            UsageError: it is not there; the message never holds the secret.
        """
        try:
            return super().reveal(within)
        except UsageError as error:
            raise UsageError(f"{self.name}: {error}") from error


def _url(url: str) -> str:
    """The address of an array, without a slash at its end.

    Raises:
        ValueError: it is not one, or holds a secret; says so without the address.
    """
    like = "'url' is not like https://prod-a.example.com"
    try:
        parts = split_url(url.rstrip("/"))
    except ValueError:
        raise ValueError(like) from None
    if "@" in parts.netloc:
        raise ValueError("'url' holds a password or user; use username and password_env")
    if parts.path or parts.query or parts.fragment:
        raise ValueError(like)
    return url.rstrip("/")
