"""Authentication: bearer or basic token, Host-header allow list, cluster and time from the login."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from analyzer.rest.language import QueryError
from analyzer.rest.language.error import FORBIDDEN


@dataclass(frozen=True, slots=True)
class Identity:
    """What a client says of itself: ``CLUSTER@TIME`` as a Basic user name, either may be ''."""

    cluster: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """*token* is needed by every request, if there is one; *hosts* are names that we answer to."""

    token: str | None = None
    hosts: Sequence[str] = ()

    def authenticate(self, headers: Mapping[str, str]) -> Identity:
        """Admit a request.

        Raises:
            QueryError: 421 under a foreign name (DNS rebinding), 401 without the token.
        """
        if not self._is_ours(headers.get("host", "")):
            raise QueryError(
                421, FORBIDDEN, "this server does not answer to that host name (see --allow-host)"
            )
        user, secret = _credentials(headers.get("authorization", ""))
        if self.token is not None and not hmac.compare_digest(secret, self.token.encode()):
            raise QueryError(401, FORBIDDEN, "User is not authorized.")
        if "@" not in user:
            return Identity()
        cluster, _, at = user.rpartition("@")
        return Identity(cluster, at)

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


def _credentials(authorization: str) -> tuple[str, bytes]:
    """User name and secret; a bearer has no name."""
    scheme, _, credentials = authorization.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        return "", credentials.encode("latin-1", "replace")
    if scheme.lower() != "basic":
        return "", b""
    try:
        user, _, secret = base64.b64decode(credentials, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return "", b""
    return user.decode(errors="replace"), secret
