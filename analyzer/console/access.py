"""Access to the console: a host name of ours, and the token, once; then a cookie."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

_NAME = "analyzer"
_SECONDS = 12 * 3600  # that a login lasts


@dataclass(frozen=True, slots=True)
class Access:
    """*token* is needed, if there is one; *answers_to* says of a Host header whether it is ours.

    The cookie holds its end and a keyed digest (HMAC-SHA256) of that, never the token; it is
    *secure* where it only goes over TLS.
    """

    token: str | None
    answers_to: Callable[[str], bool]
    secure: bool = False
    now: Callable[[], float] = time.time

    def is_token(self, text: str) -> bool:
        return self.token is None or hmac.compare_digest(text.encode(), self.token.encode())

    def admits(self, cookies: str, authorization: str) -> bool:
        """Whether a request with these headers may see pages."""
        if self.token is None:
            return True
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self.is_token(credentials.strip())
        try:
            morsel = SimpleCookie(cookies).get(_NAME)
        except CookieError:
            return False
        end, _, digest = (morsel.value if morsel else "").partition(".")
        if not (end.isascii() and end.isdecimal() and len(end) < 20):
            return False
        return hmac.compare_digest(digest, self._digest(end)) and int(end) > self.now()

    def cookie(self) -> str:
        """The Set-Cookie header of a login."""
        end = str(int(self.now()) + _SECONDS)
        secure = "; Secure" if self.secure else ""
        return (
            f"{_NAME}={end}.{self._digest(end)}; Max-Age={_SECONDS}; Path=/; HttpOnly;"
            f" SameSite=Strict{secure}"
        )

    def _digest(self, end: str) -> str:
        return hmac.new(
            (self.token or "").encode(), f"console until {end}".encode(), "sha256"
        ).hexdigest()
