"""``[[check.destinations]]``: who hears of a check's news, and in which words."""

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from analyzer.config import secret
from analyzer.config.toml import Text, split_url
from analyzer.errors import UsageError

EdgeKind = Literal["new", "over"]
Command = Text | tuple[Text, ...]

_SECRETS = ("url", "password", "token")
_PROOFS = {"authorization", "cookie", "proxy-authorization"}
_FRAMING = {"content-length", "transfer-encoding"}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chat or ticket system: where it is, how we prove ourselves, the template of a body.

    *each* is one message for each alert, as tickets are, else one for all of a check. A chat's
    address is a secret of its own, so that it has the same sources as a token.
    """

    REFUSED: ClassVar[Mapping[str, str]] = {
        name: f"in clear text is refused; use {name}_env, {name}_file or {name}_command"
        for name in ("token", "password")
    }

    name: Text
    url: Text | None = None
    url_env: Text | None = None
    url_file: Path | None = None
    url_command: Command | None = None
    username: Text | None = None
    password_env: Text | None = None
    password_file: Path | None = None
    password_command: Command | None = None
    token_env: Text | None = None
    token_file: Path | None = None
    token_command: Command | None = None
    headers: Mapping[str, Text] = {}
    template: Path | None = None
    body: Text | None = None
    content_type: Text = "application/json"
    each: bool = False
    events: tuple[EdgeKind, ...] = ("new", "over")

    def __post_init__(self) -> None:
        problem = next(self._problems(), None)
        if problem is not None:
            raise ValueError(problem)
        if self.url is not None:
            check_url(self.url, "url")

    def _problems(self) -> Iterator[str]:
        keys = {kind: [key for key, _ in self._sources(kind)] for kind in _SECRETS}
        several = next((names for names in keys.values() if len(names) > 1), None)
        if several:
            yield f"give one of {', '.join(several)}, not several"
        if not keys["url"]:
            yield "'url' is missing; url_env, url_file or url_command keep it a secret"
        if bool(self.username) is not bool(keys["password"]):
            yield "'username' and a password go together"
        if self.username and (keys["token"] or ":" in self.username):
            yield "'username' cannot have a colon, nor a token beside it"
        if (self.template is None) is (self.body is None):
            yield "give one of template, body"
        yield from self._header_problems()

    def _header_problems(self) -> Iterator[str]:
        for name, value in {**self.headers, "Content-Type": self.content_type}.items():
            if name.lower() in _PROOFS:
                yield f"header '{name}' in clear text is refused; use token_env"
            if name.lower() in _FRAMING:
                yield f"header '{name}' depends on each message; leave it out"
            if not _HEADER.fullmatch(name) or not (value.isascii() and value.isprintable()):
                yield f"header {name!r} cannot be sent"

    def __repr__(self) -> str:
        """The name and no more: an address or a command may hold what should not be shown."""
        return f"Destination({self.name!r})"

    def _sources(self, kind: str) -> Iterator[tuple[str, secret.Source]]:
        keys = [f"{kind}_env", f"{kind}_file", f"{kind}_command"]
        if kind == "url":
            keys.insert(0, kind)
        for key in keys:
            source = getattr(self, key)
            if source is not None:
                yield key, source

    def reveal(self, kind: str) -> str | None:
        """The *url*, *password* or *token*, from where it is; None where none is configured.

        Raises:
            UsageError: it is not there; names the destination, and never the secret.
        """
        for key, source in self._sources(kind):
            if key == "url":
                return str(source)
            try:
                text = secret.reveal(key, source, 60.0)
                if kind == "url":
                    check_url(text, key)
            except (UsageError, ValueError) as error:
                raise UsageError(f"destination {self.name}: {error}") from None
            return text
        return None

    def exposed(self) -> list[Path]:
        """Files with a secret that everybody on this machine can read."""
        paths = [path for path in (self.url_file, self.password_file, self.token_file) if path]
        return [path for path in paths if secret.mode(path) & stat.S_IROTH]


def check_url(url: str, key: str) -> None:
    """See that it can be posted to, and holds no password.

    Raises:
        ValueError: it does; the address is not repeated, since a chat's is a secret.
    """
    like = f"'{key}' is not like https://alerts.example.com/hook"
    try:
        parts = split_url(url)
    except ValueError:
        raise ValueError(like) from None
    if "@" in parts.netloc:
        advice = "webhook_token_env" if key == "webhook" else "password_env or token_env"
        raise ValueError(f"'{key}' holds a password; use {advice}")
