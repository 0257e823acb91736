"""Credentials of a cluster, as an authentication flow of httpx."""

import base64
from collections.abc import Callable, Generator

import httpx

from analyzer.config.cluster import Cluster


class Login(httpx.Auth):
    """Basic or bearer credentials, read when the first request needs them.

    A 401 is never repeated with what was refused, since accounts are locked after a few failures.
    A token may have expired: its command is run once more, once in the life of the login.
    """

    def __init__(self, cluster: Cluster, seconds: Callable[[], float]) -> None:
        """*seconds* is how long a command may take that prints the secret."""
        self._cluster = cluster
        self._seconds = seconds
        self._header: str | None = None
        self._renewable = cluster.can_renew
        self.secrets: tuple[str, ...] = ()
        """All that must not be shown: secrets, and how they were written into a header."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header; once after a 401, add it anew if the token is another one."""
        header = self.header()
        if header:
            request.headers["Authorization"] = header
        response = yield request
        if response.status_code == 401 and self._renewable:
            self._renewable = False
            self._header = None
            if self.header() != header:
                request.headers["Authorization"] = self.header()
                yield request

    def header(self) -> str:
        """The value of ``Authorization``; '' where nothing or a certificate logs in.

        Raises:
            UsageError: the secret cannot be had.
        """
        if self._header is None:
            self._header = self._read()
        return self._header

    def hide(self, text: str) -> str:
        """The text without secrets: a gateway may repeat the request that it did not like."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def _read(self) -> str:
        if not self._cluster.secret:
            return ""
        secret = self._cluster.reveal(within=self._seconds())
        if self._cluster.uses_token:
            scheme, credentials = "Bearer", secret
        else:
            # As UTF-8, since a password need not be ASCII.
            user = f"{self._cluster.username or ''}:{secret}"
            scheme, credentials = "Basic", base64.b64encode(user.encode()).decode()
        self.secrets = (*self.secrets, credentials, secret)
        return f"{scheme} {credentials}"
