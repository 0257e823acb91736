"""One cluster, one kept-alive connection, one request after the other.

Retries are for what may pass (429, 502, 503, 504, resets, timeouts), never for a refusal: an
account that is refused often is locked. Redirects are never followed, compressed bodies never
accepted, credentials never sent to another host, through a proxy or into a message.
"""

import base64
import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

import httpx
import msgspec

from analyzer import __version__
from analyzer.config.file import Cluster
from analyzer.errors import AnalyzerError, Denied, Unreachable, UsageError

_AGAIN = {429, 502, 503, 504}
_REFUSED = {"6", "6691623"}  # ONTAP's codes for a right that is missing, whatever the status
_TRIES = 5
_LONGEST = 300  # letters of a reason
_LARGEST = 256 * 1024 * 1024  # bytes of one page


class Problem(Exception):  # noqa: N818  # a reason, carried to where it is recorded
    """A request that brought no usable answer.

    *status* is HTTP's, None if there was none; *error* says what kind of trouble it is.
    """

    def __init__(
        self, reason: str, status: int | None = None, error: type[AnalyzerError] | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.error = error or (Denied if status in {401, 403} else Unreachable)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with status 200, and when the cluster says that it sent it (naive UTC)."""

    body: bytes
    dated: datetime | None


class _Error(msgspec.Struct):
    message: str | None = None
    code: str | int | None = None

    @property
    def words(self) -> str:
        """What it says, printable."""
        words = "".join(c if c.isprintable() else " " for c in self.message or "")
        code = f" (code {str(self.code)[:20]})" if self.code is not None else ""
        return f": {words}{code}" if words else code


class _Envelope(msgspec.Struct):
    error: _Error | None = None


class Array:
    """A cluster that can be asked; use it as a context manager.

    *sleep* and *transport* are seams for tests.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.cluster = cluster
        self.deadline = time.monotonic() + cluster.timeout
        self._sleep = sleep
        self._authorization: str | None = None
        self._hidden: tuple[str, ...] = ()
        self._renewed = False
        self._refused: Problem | None = None
        self.client = httpx.Client(
            base_url=cluster.url,
            verify=_trust(cluster),
            transport=transport,
            timeout=httpx.Timeout(10.0, read=cluster.return_timeout + 15.0),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            follow_redirects=False,
            trust_env=False,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"analyzer/{__version__}",
                "X-Dot-Client-App": f"analyzer/{__version__}",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()

    def get(self, target: str) -> Answer:
        """Ask for a path with its query; again where that may help, until the deadline.

        Raises:
            Problem: no usable answer; says why in a sentence without secrets.
        """
        try:
            return self._patiently(target)
        except Problem as problem:
            reason = problem.reason
            for secret in self._hidden:
                # A gateway may put the request that it did not like into its answer.
                reason = reason.replace(secret, "***")
            # Cut now and no sooner, else a part of a secret could stay.
            told = Problem(reason[:_LONGEST], problem.status, problem.error)
            if problem.status == 401:
                self._refused = told
            raise told from None

    def _patiently(self, target: str) -> Answer:
        if self._refused is not None:
            raise self._refused
        if self._authorization is None:
            self._authorize()
        attempt = 1
        while True:
            try:
                return self._once(target)
            except _Passing as passing:
                wait = passing.wait if passing.wait is not None else _backoff(attempt)
                left = self.deadline - time.monotonic()
                if attempt == _TRIES or wait >= left:
                    raise Problem(passing.reason, passing.status) from passing
                self._sleep(wait)
                attempt += 1
            except Problem as problem:
                if problem.status != 401 or self._renewed or not self.cluster.can_renew:
                    raise
                self._renewed = True
                before = self._authorization
                self._authorize()
                if self._authorization == before:
                    raise

    def _authorize(self) -> None:
        cluster = self.cluster
        if not cluster.secret:
            self._authorization = ""
            return
        try:
            secret = cluster.reveal(within=max(1.0, self.deadline - time.monotonic()))
        except UsageError as error:
            raise Problem(str(error), error=UsageError) from None
        if cluster.uses_token:
            told = secret
            self._authorization = f"Bearer {told}"
        else:
            # As UTF-8, since a password need not be ASCII.
            told = base64.b64encode(f"{cluster.username or ''}:{secret}".encode()).decode()
            self._authorization = f"Basic {told}"
        self._hidden = (*self._hidden, told, secret)

    def _once(self, target: str) -> Answer:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Problem(f"no whole answer within {self.cluster.timeout:g} seconds")
        try:
            request = self.client.build_request("GET", target)
            if self._authorization:
                request.headers["Authorization"] = self._authorization
            response, body = self._exchange(request, left)
        except httpx.TimeoutException as error:
            raise _Passing("timed out") from error
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY" in str(error):
                raise Problem(f"its certificate is not trusted: {error}") from error
            if _wants_certificate(error):
                raise Problem(_UNKNOWN, error=Denied) from error
            raise _Passing(f"cannot connect: {error}") from error
        except (httpx.TransportError, httpx.StreamError) as error:
            if _wants_certificate(error):
                raise Problem(_UNKNOWN, error=Denied) from error
            raise _Passing(f"the connection broke: {error or type(error).__name__}") from error
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise Problem(f"the address cannot be asked: {error}") from error
        return self._judge(response, body)

    def _exchange(self, request: httpx.Request, left: float) -> tuple[httpx.Response, bytes]:
        """Send and read, on a thread that can be left behind.

        The client's own timeouts begin anew with every byte that trickles in.
        """
        done: SimpleQueue[tuple[httpx.Response, bytes] | Exception] = SimpleQueue()

        def exchange() -> None:
            try:
                response = self.client.send(request, stream=True)
                try:
                    done.put((response, self._read(response)))
                finally:
                    response.close()
            except Exception as error:  # noqa: BLE001  # raised again where it is waited for
                done.put(error)

        Thread(target=exchange, daemon=True).start()
        try:
            told = done.get(timeout=left)
        except Empty:
            raise Problem(f"no whole answer within {self.cluster.timeout:g} seconds") from None
        if isinstance(told, Exception):
            raise told
        return told

    def _read(self, response: httpx.Response) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise Problem("the answer is compressed, which was not asked for")
        chunks, size = [], 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > _LARGEST:
                raise Problem(f"the answer is larger than {_LARGEST >> 20} MB")
            if time.monotonic() > self.deadline:
                raise Problem(f"no whole answer within {self.cluster.timeout:g} seconds")
            chunks.append(chunk)
        return b"".join(chunks)

    def _judge(self, response: httpx.Response, body: bytes) -> Answer:
        status = response.status_code
        error = _error(body) if status != 200 or b'"error"' in body[:200] else None
        if status == 200 and error is None:
            return Answer(body, _date(response.headers.get("Date")))
        if 300 <= status < 400:
            raise Problem(f"HTTP {status}: redirected elsewhere, which is not followed", status)
        reason = f"HTTP {status}{error.words if error else ''}"
        if status in _AGAIN:
            raise _Passing(reason, status, _retry_after(response.headers.get("Retry-After")))
        denied = status != 401 and error is not None and str(error.code) in _REFUSED
        raise Problem(reason, status, Denied if denied else None)


class _Passing(Exception):  # noqa: N818  # a problem that may pass
    def __init__(self, reason: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.wait = wait


def _trust(cluster: Cluster) -> ssl.SSLContext | bool:
    if cluster.url.startswith("http:"):
        return False
    try:
        context = ssl.create_default_context(
            cafile=str(cluster.verify) if not isinstance(cluster.verify, bool) else None
        )
        if cluster.verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cluster.client_cert and cluster.client_key:
            context.load_cert_chain(cluster.client_cert, cluster.client_key)
    except (OSError, ssl.SSLError) as error:
        raise Problem(f"certificate files cannot be used: {error}", error=UsageError) from error
    return context


_UNKNOWN = "it asks for a client certificate that it knows"


def _wants_certificate(error: Exception) -> bool:
    """Whether the cluster ended the handshake since it does not like who we are."""
    return "ALERT" in str(error) and "CERT" in str(error)


def _error(body: bytes) -> _Error | None:
    try:
        error = msgspec.json.decode(body, type=_Envelope).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return error if error is not None and (error.message or error.code) else None


def explained(body: bytes) -> str:
    """ONTAP's own words in an error envelope, printable; '' if there are none."""
    error = _error(body)
    return error.words[:_LONGEST] if error is not None else ""


def _backoff(attempt: int) -> float:
    return float(min(30.0, 0.5 * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret


def _retry_after(told: str | None) -> float | None:
    if told is None:
        return None
    try:
        if told.strip().isdigit():
            return float(told)
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def _date(told: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(told).astimezone(UTC).replace(tzinfo=None) if told else None
    except (TypeError, ValueError, OverflowError):
        return None


def same_place(base: str, href: str, path: str) -> bool:
    """Whether a next link stays at the same path of the same host."""
    try:
        parts, home = urlsplit(href), urlsplit(base)
        if parts.scheme or parts.netloc:
            if _origin(parts) != _origin(home):
                return False
        elif not href.startswith("/"):
            return False
    except ValueError:
        return False
    return parts.path == path


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None, bool]:
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, "@" in parts.netloc
