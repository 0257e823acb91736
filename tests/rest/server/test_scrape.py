"""A scrape is answered at once from what was counted before it, and has the next one counted."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from support.answerers import Odd

from analyzer.errors import Busy
from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server import scrape as module
from analyzer.rest.server.authentication import Identity
from analyzer.rest.server.scrape import Scrape


class Counters:
    """Stands for the worker: counts when it is let, and fails where *problem* says so."""

    def __init__(self) -> None:
        self.turn = threading.Semaphore(0)
        self.counted = self.started = 0
        self.problem = ""
        self.closed = False

    def start(self) -> Any:
        self.started += 1
        return self

    def call(self, method: str, *, seconds: float) -> bytes:
        assert method == "count"
        assert seconds > 0
        assert self.turn.acquire(timeout=20)
        if self.problem:
            raise Busy(self.problem)
        self.counted += 1
        return b"%d" % self.counted

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def scrape(counters: Counters, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scrape]:
    monkeypatch.setattr(module, "_PAUSE", -1.0)

    def aged(text: bytes, seconds: float) -> bytes:
        assert seconds >= 0
        return text

    scrape = Scrape(Odd(), counters.start, aged, "text/x")
    yield scrape
    for _ in range(20):
        counters.turn.release()
    until(lambda: not scrape._counting)


def get(scrape: Scrape, seconds: float = 20.0, path: str = "/metrics") -> RestResponse:
    return scrape.answer(RestRequest("GET", path, "", {}), Identity(), seconds)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_first_waits_and_the_others_have_what_was_counted_before(
    scrape: Scrape, counters: Counters
) -> None:
    assert counters.started == 0, "nothing runs that nobody asks for"
    counters.turn.release()
    assert get(scrape).body == b"1"
    assert get(scrape).body == b"1", "it does not wait for the second"
    counters.turn.release()
    until(lambda: counters.counted == 2 and not scrape._counting)
    answer = get(scrape)
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"2", "text/x")
    assert counters.started == 1


def test_what_takes_longer_than_a_request_may_is_503_and_goes_on(
    scrape: Scrape, counters: Counters
) -> None:
    answer = get(scrape, 0.1)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    counters.turn.release()
    assert get(scrape).body == b"1"


def test_an_old_answer_is_not_given(
    scrape: Scrape, counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters.turn.release()
    assert get(scrape).body == b"1"
    until(lambda: not scrape._counting)
    monkeypatch.setattr(module, "_FRESH", 0.0)
    assert get(scrape, 0.1).status == 503


def test_a_problem_is_reported_once_the_last_answer_is_too_old(
    scrape: Scrape, counters: Counters
) -> None:
    counters.problem = "policy.toml: unknown threshold"
    counters.turn.release()
    answer = get(scrape)
    assert answer.status == 503
    assert msgspec.json.decode(answer.body)["error"]["message"] == counters.problem


def test_other_paths_are_answered_by_the_others(scrape: Scrape, counters: Counters) -> None:
    assert get(scrape, path="/metricsx").body == b"/metricsx"
    assert counters.started == 0


def test_closing_ends_the_worker(scrape: Scrape, counters: Counters) -> None:
    counters.turn.release()
    assert get(scrape).status == 200
    scrape.close()
    assert counters.closed
