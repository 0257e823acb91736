"""Telling somebody else: one POST of JSON, tried three times.

The second door to the network, beside the one to the arrays: other hosts, other secrets, no
session to keep. What the receiver answers is not read beyond its status.
"""

import asyncio
import time
from typing import Any

import httpx

from analyzer.errors import Unreachable, UsageError

TRIES = 3
SECONDS = 10.0  # of one try, connecting and all; the body of the answer is not waited for


def post(url: str, body: dict[str, Any], token: str | None = None, *, pause: float = 1.0) -> None:
    """Send *body*; any 2xx is an answer, a redirect is not followed.

    Raises:
        UsageError: the address or the token cannot be sent.
        Unreachable: nobody took it. The message names the host, and neither path nor token.
    """
    if token is not None and not (token.isascii() and token.isprintable()):
        raise UsageError("webhook: the token holds a character that no header can have")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        request = httpx.Request("POST", url, json=body, headers=headers)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise UsageError(f"webhook: the address cannot be used: {error}") from error
    why = ""
    for attempt in range(TRIES):
        try:
            status = asyncio.run(_send(request))
        except (httpx.HTTPError, OSError, ValueError) as error:  # a name too long is a UnicodeError
            why = type(error).__name__
        else:
            if 200 <= status < 300:
                return
            why = f"HTTP {status}"
            if status < 500 and status != 429:
                break
        if attempt + 1 < TRIES:
            time.sleep(pause * 2**attempt)
    raise Unreachable(f"webhook at {request.url.host}: {why}; the next check tells it again")


async def _send(request: httpx.Request) -> int:
    async with asyncio.timeout(SECONDS), httpx.AsyncClient(follow_redirects=False) as client:
        response = await client.send(request, stream=True)
        await response.aclose()
        return response.status_code
