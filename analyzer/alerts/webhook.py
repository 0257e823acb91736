"""Telling somebody else: one POST of JSON, tried three times.

The second door to the network, beside the one to the arrays: other hosts, other secrets, no
session to keep.
"""

import time
from typing import Any

import httpx

from analyzer.errors import Unreachable

TRIES = 3
SECONDS = 10.0


def post(url: str, body: dict[str, Any], token: str | None = None, *, pause: float = 1.0) -> None:
    """Send *body*; any 2xx is an answer.

    Raises:
        Unreachable: nobody took it. The message names the host, and neither path nor token.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    host = httpx.URL(url).host
    why = ""
    for attempt in range(TRIES):
        try:
            answer = httpx.post(url, json=body, headers=headers, timeout=SECONDS)
        except (httpx.HTTPError, OSError) as error:
            why = type(error).__name__
        else:
            if answer.is_success:
                return
            why = f"HTTP {answer.status_code}"
            if answer.status_code < 500 and answer.status_code != 429:
                break
        if attempt + 1 < TRIES:
            time.sleep(pause * 2**attempt)
    raise Unreachable(f"webhook at {host}: {why}; the next check tells it again")
