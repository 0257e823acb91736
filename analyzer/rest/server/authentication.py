"""Authentication: bearer or basic token, Host-header allow list, cluster and time from the login."""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from analyzer.rest.language import QueryError
from analyzer.rest.language.error import FORBIDDEN, INVALID, bad

# A Basic user name ends at the first colon (RFC 7617), which an extended time has in its middle.
_EXTENDED = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)(?=:|$)", re.IGNORECASE
)
_CUT = re.compile(r"(.*[- T])?\d\d", re.IGNORECASE)  # an hour whose minutes are in the password


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity that a client sends: ``CLUSTER@TIME`` as a Basic user name, either may be ''."""

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
        if not self.answers_to(headers.get("host", "")):
            raise QueryError(
                421, FORBIDDEN, "this server does not answer to that host name (see --allow-host)"
            )
        identity, secret = _login(headers.get("authorization", ""))
        if self.token is not None and not hmac.compare_digest(secret, self.token.encode()):
            raise QueryError(401, FORBIDDEN, "User is not authorized.")
        return identity

    def answers_to(self, host: str) -> bool:
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


def _login(authorization: str) -> tuple[Identity, bytes]:
    """Identity and secret; a bearer has no name.

    Raises:
        QueryError: 262197, a time that was cut by its colon and cannot be put together again.
    """
    scheme, _, credentials = authorization.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        return Identity(), credentials.encode("latin-1", "replace")
    if scheme.lower() != "basic":
        return Identity(), b""
    try:
        login = base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return Identity(), b""
    user, _, password = login.partition(b":")
    if b"@" not in user:
        return Identity(), password
    cluster, _, at = user.decode(errors="replace").rpartition("@")
    rest = login[user.rindex(b"@") + 1 :].decode("latin-1")
    extended = _EXTENDED.match(rest)
    if extended:
        at, password = extended[0].upper(), rest[extended.end() + 1 :].encode("latin-1")
    elif password and _CUT.fullmatch(at):
        sentence = f'the time of the login ends at its colon ("{at}"): write 20261120T005045Z'
        raise bad(INVALID, sentence)
    return Identity(cluster, at), password
