"""How an account proves itself: where its secret is, and the secret itself when it is needed.

A secret is never in the configuration: that names an environment variable, a file or a command
that has it.
"""

import codecs
import os
import re
import select
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import msgspec

from analyzer.config.toml import Text
from analyzer.errors import UsageError

_TOKEN = re.compile(r"[!-~]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LARGEST = 1 << 16  # bytes of a secret
LONGEST = 60.0  # seconds that a command or a pipe may take

Source = str | Path | tuple[str, ...]  # a variable, a file, or a command


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most one source of a password or token; or, or also, a client certificate."""

    REFUSED: ClassVar[Mapping[str, str]] = {
        name: f"in clear text is refused; use {instead}_env, or {instead}_command"
        for name, instead in [("password", "password"), ("token", "token"), ("secret", "password")]
    }

    password_env: Text | None = None
    password_file: Path | None = None
    password_command: Text | tuple[Text, ...] | None = None
    token_env: Text | None = None
    token_command: Text | tuple[Text, ...] | None = None
    client_cert: Path | None = None
    client_key: Path | None = None

    def __post_init__(self) -> None:
        if len(self.secret) > 1:
            raise ValueError(f"give one of {', '.join(self.secret)}, not several")
        for key, source in self.secret.items():
            if not source:
                raise ValueError(f"'{key}' names no command")
            # The value is not repeated: it may be the secret itself.
            if key.endswith("_env") and not _VARIABLE.fullmatch(str(source)):
                raise ValueError(f"'{key}' is the name of a variable, not what is in it")
        if (self.client_cert is None) != (self.client_key is None):
            raise ValueError("client_cert and client_key go together")

    @property
    def secret(self) -> dict[str, Source]:
        """The key that says where the secret is, and what it says; empty if there is none."""
        sources = {
            "password_env": self.password_env,
            "password_file": self.password_file,
            "password_command": self.password_command,
            "token_env": self.token_env,
            "token_command": self.token_command,
        }
        return {key: source for key, source in sources.items() if source is not None}

    @property
    def uses_token(self) -> bool:
        return self.token_env is not None or self.token_command is not None

    @property
    def can_renew(self) -> bool:
        """Whether asking for the secret again may give another one: a token expires."""
        return self.token_command is not None

    def exposed(self) -> list[Path]:
        """Files with a secret that everybody on this machine can read."""
        files = [path for path in (self.password_file, self.client_key) if path is not None]
        return [path for path in files if mode(path) & stat.S_IROTH]

    def reveal(self, within: float = LONGEST) -> str:
        """The password or token, from where it is; a command may take *within* seconds.

        Raises:
            UsageError: it is not there; the message never holds the secret.
        """
        for key, source in self.secret.items():
            secret = reveal(key, source, min(within, LONGEST))
            if self.uses_token and not _TOKEN.fullmatch(secret):
                raise UsageError(f"{key} gave no token: it holds a space or such")
            return secret
        raise UsageError("no password, token or client certificate is configured")


def mode(path: Path) -> int:
    """The permissions of a file; 0 where it is not there."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def reveal(key: str, source: Source, within: float) -> str:
    """The secret that the configuration's *key* names; command or pipe may take *within* seconds.

    Raises:
        UsageError: it is not there, or no password of one line; the message never holds the secret.
    """
    text = _reveal(key, source, within)
    if not text:
        raise UsageError(f"{key} gave nothing")
    # A second line, or UTF-16 without its mark: logins that are refused lock the account.
    if _CONTROL.search(text):
        raise UsageError(f"{key} gave no secret: it holds an end of line or a control character")
    return text


def _reveal(key: str, source: Source, within: float) -> str:
    if isinstance(source, Path):
        return _read(key, source, within)
    if key.endswith(("_env", "-env")):  # a key of the configuration, or an option
        secret = os.environb.get(str(source).encode())
        if not secret:
            raise UsageError(f"{key} names {source}, which is not set")
        return _text(f"{key}: {source}:", secret)
    try:
        done = subprocess.run(
            source, shell=isinstance(source, str), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=within, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{key} ended with status {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{key} did not answer within {within:.0f} seconds") from error
    except OSError as error:
        raise UsageError(f"{key} cannot be run: {error.strerror}") from None
    return _text(f"{key} printed", done.stdout)


def _read(key: str, path: Path, within: float) -> str:
    try:
        content = _content(path, within)
    except TimeoutError:
        raise UsageError(f"{key}: {path}: no end of it within {within:.0f} seconds") from None
    except OSError as error:
        raise UsageError(f"{key}: {path}: {error.strerror}") from error
    return _text(f"{key}: {path}:", content)


def _content(path: Path, within: float) -> bytes:
    """What a file holds, of one that is too large its beginning.

    Raises:
        TimeoutError: it is a pipe, and who writes to it was not done by then.
    """
    end, content, poll = time.monotonic() + within, b"", select.poll()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        poll.register(stream, select.POLLIN)
        while len(content) <= _LARGEST:
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                raise TimeoutError
            piece = stream.read(_LARGEST)
            if piece == b"":
                break
            content += piece or b""
    return content


def _text(where: str, content: bytes) -> str:
    """The secret without a byte order mark before it and the end of line behind it."""
    if len(content) > _LARGEST:
        raise UsageError(f"{where} too large for a secret")
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError(f"{where} not UTF-8 text") from None
