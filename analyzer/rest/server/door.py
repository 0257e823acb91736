"""Who may ask, and under which name: token, Host header, login."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from analyzer.rest.language import QueryError
from analyzer.rest.language.error import FORBIDDEN


@dataclass(frozen=True, slots=True)
class Login:
    """What a client said of itself: ``CLUSTER@TIME`` as a Basic user name, either may be ''."""

    cluster: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """*token* is wanted of everybody, if there is one; *hosts* are names that we answer to."""

    token: str | None = None
    hosts: Sequence[str] = ()

    def enter(self, headers: Mapping[str, str]) -> Login:
        """Let a request in.

        Raises:
            QueryError: 421 under a foreign name, 401 without the token.
        """
        if not self._is_ours(headers.get("host", "")):
            raise QueryError(
                421, FORBIDDEN, "this server does not answer to that host name (see --allow-host)"
            )
        user, secret = _said(headers.get("authorization", ""))
        if self.token is not None and not hmac.compare_digest(secret, self.token.encode()):
            raise QueryError(401, FORBIDDEN, "User is not authorized.")
        if "@" not in user:
            return Login()
        cluster, _, at = user.rpartition("@")
        return Login(cluster, at)

    def _is_ours(self, host: str) -> bool:
        """An address is ours since we were reached by it; a name could lead here from anywhere."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        name = name.removeprefix("[").removesuffix("]").rstrip(".").lower()
        if name == "localhost" or name in self.hosts:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True


def _said(authorization: str) -> tuple[str, bytes]:
    """User name and secret; a bearer has no name."""
    scheme, _, told = authorization.partition(" ")
    told = told.strip()
    if scheme.lower() == "bearer":
        return "", told.encode("latin-1", "replace")
    if scheme.lower() != "basic":
        return "", b""
    try:
        user, _, secret = base64.b64decode(told, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return "", b""
    return user.decode(errors="replace"), secret
