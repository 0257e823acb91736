"""Telling somebody else: one POST, tried three times.

The second door to the network, beside the one to the arrays: other hosts, other secrets, no
session to keep. What the receiver answers is not read beyond its status.
"""

import asyncio
import base64
import ssl
import time
from functools import cache

import httpx
import msgspec

from analyzer.alerts.state import NewsBody
from analyzer.config.destination import Destination
from analyzer.errors import Unreachable, UsageError

TRIES = 3
SECONDS = 10.0  # of one try, connecting and all; the body of the answer is not waited for


def post(url: str, body: NewsBody, token: str | None = None, *, pause: float = 1.0) -> int:
    """Send *body* as JSON; any 2xx is an answer, a redirect is not followed.

    Returns the status.

    Raises:
        UsageError: the address or the token cannot be sent.
        Unreachable: it was not delivered. The message names the host, and neither path nor token.
    """
    content = msgspec.json.encode(body)
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return _post("webhook", url, content, headers, pause)


def send(destination: Destination, content: bytes, *, pause: float = 1.0) -> int:
    """Send a body to a destination, likewise.

    Raises:
        UsageError: a secret is not where the configuration says, or cannot be sent.
        Unreachable: it was not delivered.
    """
    url, token = destination.reveal("url"), destination.reveal("token")
    headers = {"Content-Type": destination.content_type, **destination.headers}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    elif destination.username is not None:
        login = f"{destination.username}:{destination.reveal('password')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
    return _post(f"destination {destination.name}", url or "", content, headers, pause)


def _post(receiver: str, url: str, content: bytes, headers: dict[str, str], pause: float) -> int:
    proof = headers.get("Authorization", "")
    if not (proof.isascii() and proof.isprintable()):
        raise UsageError(f"{receiver}: the token holds a character that no header can have")
    try:
        request = httpx.Request("POST", url, content=content, headers=headers)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise UsageError(f"{receiver}: the address cannot be used: {error}") from error
    why = ""
    for attempt in range(TRIES):
        try:
            status = asyncio.run(_send(request))
        except (httpx.HTTPError, OSError, ValueError) as error:  # a name too long is a UnicodeError
            why = type(error).__name__
        else:
            if 200 <= status < 300:
                return status
            why = f"HTTP {status}"
            if status < 500 and status != 429:
                break
        if attempt + 1 < TRIES:
            time.sleep(pause * 2**attempt)
    raise Unreachable(f"{receiver} at {request.url.host}: {why}; the next check sends it again")


@cache
def _trust() -> ssl.SSLContext:
    """The certificate authorities, whose reading takes longer than to post."""
    return httpx.create_ssl_context()


async def _send(request: httpx.Request) -> int:
    client = httpx.AsyncClient(verify=_trust(), follow_redirects=False)
    async with asyncio.timeout(SECONDS), client:
        response = await client.send(request, stream=True)
        await response.aclose()
        return response.status_code
