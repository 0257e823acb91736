"""The HTTP client of one cluster: one persistent connection, one request at a time.

Retries are for transient errors (429, 502, 503, 504, resets, timeouts), never for a refusal.
Redirects are never followed, compressed bodies never accepted, credentials never sent to another
host, through a proxy or into a message.
"""

import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Self

import httpx
import msgspec

from analyzer.config.cluster import Cluster
from analyzer.errors import AnalyzerError, Denied, Interrupted, Unreachable, UsageError
from analyzer.ontap import tls
from analyzer.ontap.auth import Login
from analyzer.version import __version__

_TRANSIENT = {429, 502, 503, 504}
_REFUSED = {"6", "6691623"}  # ONTAP's codes for a missing right, whatever the status
_ATTEMPTS = 5
_LONGEST = 300  # characters of a reason
_GLANCE = 0.2  # seconds between two looks at whether the client was stopped
LARGEST = 256 * 1024 * 1024  # bytes of one answer


class RequestFailed(Exception):
    """A request that brought no usable answer.

    *status* is HTTP's, None if there was none; *kind* is the error with the exit status of it.
    """

    def __init__(
        self, reason: str, status: int | None = None, kind: type[AnalyzerError] | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.kind = kind or (Denied if status in {401, 403} else Unreachable)


class _Transient(RequestFailed):
    """May pass; *wait* is its ``Retry-After``, in seconds."""

    def __init__(self, reason: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(reason, status)
        self.wait = wait


class _Error(msgspec.Struct):
    message: str | None = None
    code: str | int | None = None

    def __str__(self) -> str:
        message = "".join(c if c.isprintable() else " " for c in self.message or "")
        code = f" (code {str(self.code)[:20]})" if self.code is not None else ""
        return f": {message}{code}" if message else code


class _Envelope(msgspec.Struct):
    error: _Error | None = None


_Result = httpx.Response | Exception


class Client:
    """Queries one cluster; use it as a context manager.

    ``timeout`` of the cluster is of one whole answer, from the request to its last byte;
    ``deadline`` is of all requests together, retries included, from now on.

    Once *stop* is set, the running request is cancelled. *sleep* and *transport* are for tests.
    ``date`` is the cluster's clock as the last answer, a refusal too, gave it (naive UTC).
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        stop: Event | None = None,
        sleep: Callable[[float], object] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.cluster = cluster
        self.deadline = time.monotonic() + cluster.run_seconds
        self._stop = stop or Event()
        self._sleep = sleep or self._stop.wait
        self._login = Login(cluster, lambda: max(1.0, self._seconds()))
        self.date: datetime | None = None
        self._refusal: RequestFailed | None = None
        self._socket: socket.socket | None = None
        try:
            trust = tls.context(cluster)
        except OSError as error:
            sentence = f"certificate files cannot be used: {error}"
            raise RequestFailed(sentence, kind=UsageError) from error
        self.http = httpx.Client(
            auth=self._login,
            verify=trust,
            transport=transport,
            timeout=httpx.Timeout(10.0, read=cluster.return_timeout + 15.0),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            follow_redirects=False,
            trust_env=False,
            event_hooks={"response": [_bound]},
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"analyzer/{__version__}",
                "X-Dot-Client-App": f"analyzer/{__version__}",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def get(self, target: str) -> bytes:
        """The body at a path with its query; transient errors are retried until the deadline.

        Raises:
            RequestFailed: no usable answer; says why in a sentence without secrets.
        """
        try:
            return self._retrying(target)
        except RequestFailed as failure:
            # Cut after secrets are hidden, else a part of one could stay.
            reason = self._login.hide(failure.reason)[:_LONGEST]
            hidden = RequestFailed(reason, failure.status, failure.kind)
            if failure.status == 401:
                self._refusal = hidden
            raise hidden from None

    def _retrying(self, target: str) -> bytes:
        if self._refusal is not None:
            raise self._refusal
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._once(target)
            except _Transient as failure:
                wait = failure.wait if failure.wait is not None else _backoff(attempt)
                if attempt == _ATTEMPTS or wait >= self.deadline - time.monotonic():
                    raise
                self._sleep(wait)
        raise AssertionError  # the last attempt returns or raises

    def _seconds(self) -> float:
        """The seconds that are left for one answer."""
        return min(self.cluster.timeout, self.deadline - time.monotonic())

    def _once(self, target: str) -> bytes:
        try:
            self._login.header()
            seconds = self._seconds()
            if seconds <= 0:
                raise self._late()
            response = self._exchange(target, seconds)
        except UsageError as error:
            raise RequestFailed(str(error), kind=UsageError) from error
        except TimeoutError as error:
            raise self._late() from error
        except (
            httpx.HTTPError,
            httpx.StreamError,
            httpx.InvalidURL,
            ValueError,
        ) as error:
            raise _failure(error) from error
        self.date = _date(response.headers.get("Date"))
        return _judge(response)

    def _late(self) -> RequestFailed:
        if time.monotonic() < self.deadline:
            return _Transient(f"no whole answer within {self.cluster.timeout:g} seconds")
        return RequestFailed(f"not done within {self.cluster.run_seconds:g} seconds")

    def _exchange(self, target: str, seconds: float) -> httpx.Response:
        """Send and read on a thread of its own, which is cut off when its time is over.

        Timeouts of httpx begin anew with every byte that trickles in.

        Raises:
            TimeoutError: that was not enough.
            Interrupted: the client was stopped meanwhile.
        """
        ended: SimpleQueue[_Result] = SimpleQueue()
        end = time.monotonic() + seconds
        # Parsed once: joined to a base, a long query is parsed three times.
        url = httpx.URL(self.cluster.url + target)
        extensions = {"trace": self._traced, "end": end}
        request = self.http.build_request("GET", url, extensions=extensions)

        def exchange() -> None:
            try:
                ended.put(self.http.send(request))
            except Exception as error:  # noqa: BLE001  # raised again where it is waited for
                ended.put(error)

        Thread(target=exchange, daemon=True).start()
        try:
            result = self._wait(ended, end)
        except (TimeoutError, Interrupted):
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
            raise
        if isinstance(result, Exception):
            raise result
        return result

    def _wait(self, ended: SimpleQueue[_Result], end: float) -> _Result:
        """The first item of *ended* before the instant *end*, or before the client is stopped."""
        while not self._stop.is_set():
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            with suppress(Empty):
                return ended.get(timeout=min(left, _GLANCE))
        raise Interrupted

    def _traced(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the connection's socket, so that it can be cut from another thread."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = info["return_value"].get_extra_info("socket")


class _Bounded(httpx.SyncByteStream):
    """A body that ends at a size and an instant, whatever the server sends."""

    def __init__(self, stream: httpx.SyncByteStream, end: float) -> None:
        self._stream, self._end = stream, end

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST:
                raise RequestFailed(f"the answer is larger than {LARGEST >> 20} MB")
            if time.monotonic() > self._end:
                raise TimeoutError
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _bound(response: httpx.Response) -> None:
    """A hook of httpx, before the body is read."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RequestFailed("the answer is compressed, which was not requested")
    assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101  # a client that is not async
    response.stream = _Bounded(response.stream, response.request.extensions["end"])


def _failure(error: Exception) -> RequestFailed:
    """An exception of httpx as an error of the request; ``Transient`` if it may pass."""
    if isinstance(error, httpx.TimeoutException):
        return _Transient("timed out")
    if tls.is_untrusted(error):
        return RequestFailed(f"its certificate is not trusted: {error}")
    if tls.is_unwelcome(error):
        return RequestFailed("it asks for a client certificate that it knows", kind=Denied)
    if isinstance(error, httpx.ConnectError):
        return _Transient(f"cannot connect: {error}")
    if isinstance(error, httpx.TransportError | httpx.StreamError):
        return _Transient(f"the connection broke: {error or type(error).__name__}")
    return RequestFailed(f"the address cannot be queried: {error}")


def _judge(response: httpx.Response) -> bytes:
    """The body, or why it is none.

    Raises:
        RequestFailed: a status or an error envelope that says so; transient if it may pass.
    """
    status, body = response.status_code, response.content
    error = _error(body) if status != 200 or b'"error"' in body[:200] else None
    if status == 200 and error is None:
        return body
    if 300 <= status < 400:
        raise RequestFailed(f"HTTP {status}: redirected elsewhere, which is not followed", status)
    reason = f"HTTP {status}{error or ''}"
    if status in _TRANSIENT:
        raise _Transient(reason, status, _retry_after(response.headers.get("Retry-After")))
    denied = status != 401 and error is not None and str(error.code) in _REFUSED
    raise RequestFailed(reason, status, Denied if denied else None)


def _error(body: bytes) -> _Error | None:
    try:
        error = msgspec.json.decode(body, type=_Envelope).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return error if error is not None and (error.message or error.code) else None


def explain(body: bytes) -> str:
    """ONTAP's own sentence in an error envelope, printable; '' if there is none."""
    return str(_error(body) or "")[:_LONGEST]


def _backoff(attempt: int) -> float:
    return float(min(30.0, 0.5 * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret


def _retry_after(text: str | None) -> float | None:
    """Seconds, of a header that holds seconds or a date."""
    if text is None:
        return None
    try:
        if text.strip().isdigit():
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC).replace(tzinfo=None) if text else None
    except (TypeError, ValueError, OverflowError):
        return None
