"""Worker processes: planning does not stop for an interrupt, but a process can be ended.

Each worker answers one request at a time, in a bounded time and memory. One that exceeds them is
killed and replaced; the server itself never runs a statement.
"""

import os
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any, Protocol

from analyzer.errors import Busy
from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server.answers import unavailable
from analyzer.rest.server.authentication import Identity

_GRACE = 2.0  # seconds that a statement has to stop for its interrupt
_MEMORY = 4 << 30  # bytes of one worker, or half of the machine's
_TOO_LARGE = "the answer took too much memory"
_SPAWN = get_context("spawn")  # a fork would take half of the server's threads along


class Answerer(Protocol):
    """Answers a request within so many seconds: ``Answers`` in this process, ``Workers`` in others."""

    def answer(
        self, request: RestRequest, identity: Identity, seconds: float, /
    ) -> RestResponse: ...


class Workers:
    """As many processes as there are processors, four at most; each has an answerer of its own.

    *create* makes what answers in a worker; it is pickled.
    """

    def __init__(self, create: Callable[[], object], count: int | None = None) -> None:
        self._workers = [_Worker(create) for _ in range(count or min(4, os.cpu_count() or 2))]
        self._idle: LifoQueue[_Worker] = LifoQueue()  # the last one has its tables in memory
        for worker in self._workers:
            self._idle.put(worker)

    def answer(self, request: RestRequest, identity: Identity, seconds: float) -> RestResponse:
        """The answer, waiting for a worker included; 503 if there is none in time."""
        try:
            response: RestResponse = self.call("answer", request, identity, seconds=seconds)
        except Busy as error:
            return unavailable(str(error))
        return response

    def call(self, method: str, *arguments: object, seconds: float) -> Any:
        """Call a method of a worker's answerer; its last argument is the time left.

        Raises:
            Busy: there is no answer in this time, or not in the memory of a worker.
        """
        end = time.monotonic() + seconds
        try:
            worker = self._idle.get(timeout=seconds)
        except Empty:
            raise Busy("too many requests before this one") from None
        try:
            return worker.call(method, arguments, max(0.01, end - time.monotonic()))
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End them all, whatever they do."""
        for worker in self._workers:
            worker.close()


class _Worker:
    def __init__(self, create: Callable[[], object]) -> None:
        self._create = create
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_work, args=(self._create, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def call(self, method: str, arguments: tuple[object, ...], seconds: float) -> Any:
        if self._closed:
            raise Busy("the server ends")
        try:
            self._pipe.send((method, arguments, seconds))
            if self._pipe.poll(seconds + _GRACE):
                answer = self._pipe.recv()
                if isinstance(answer, Busy):
                    raise answer
                return answer
            sentence = "the answer took too long"
        except (EOFError, OSError):
            sentence = _TOO_LARGE
        self._end()
        if not self._closed:
            self._start()
        raise Busy(sentence)

    def close(self) -> None:
        self._closed = True
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        # Where DuckDB spills to; see history.parts.engine.
        scratch = Path(tempfile.gettempdir()) / f"analyzer-{self._process.pid}"
        shutil.rmtree(scratch, ignore_errors=True)


def _work(create: Callable[[], object], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = min(_MEMORY, physical // 2)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    answerer = create()
    with suppress(EOFError, OSError):  # the server is gone
        while True:
            method, arguments, seconds = pipe.recv()
            try:
                answer = getattr(answerer, method)(*arguments, seconds)
            except MemoryError:
                answer = Busy(_TOO_LARGE)
            pipe.send(answer)
