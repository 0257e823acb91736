"""What a request may cost: a worker that takes more is ended, and the next one answers."""

import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from support.answerers import Odd

from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server.authentication import Identity
from analyzer.rest.server.workers import Workers


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers(Odd, count=1)
    yield workers
    workers.close()


def get(workers: Workers, path: str, seconds: float = 20.0) -> RestResponse:
    return workers.answer(RestRequest("GET", path, "", {}), Identity(), seconds)


def message(response: RestResponse) -> str:
    assert response.status == 503
    assert response.headers["Retry-After"] == "1"
    return str(msgspec.json.decode(response.body)["error"]["message"])


def test_a_request_that_does_not_stop_is_ended_and_the_next_is_answered(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.rest.server.workers._GRACE", 0.1)
    assert get(workers, "/").status == 200
    start = time.monotonic()
    assert message(get(workers, "/stuck", 0.1)) == "the answer took too long"
    assert time.monotonic() - start < 30
    assert get(workers, "/after").body == b"/after"


@pytest.mark.parametrize("path", ["/huge", "/dead"])
def test_a_request_that_takes_too_much_memory_is_ended_and_the_next_is_answered(
    workers: Workers, path: str
) -> None:
    assert message(get(workers, path)) == "the answer took too much memory"
    assert get(workers, "/after").status == 200


def wait_until_busy(workers: Workers) -> None:
    while not workers._idle.empty():
        time.sleep(0.01)


def test_waiting_for_a_worker_counts(workers: Workers) -> None:
    assert get(workers, "/").status == 200
    busy = workers._idle.get()
    assert message(get(workers, "/", 0.1)) == "too many requests before this one"
    workers._idle.put(busy)
    assert get(workers, "/").status == 200


def test_closing_ends_what_is_under_way() -> None:
    workers = Workers(Odd, count=1)
    assert get(workers, "/").status == 200
    responses: list[RestResponse] = []
    stuck = threading.Thread(target=lambda: responses.append(get(workers, "/stuck")))
    stuck.start()
    wait_until_busy(workers)
    workers.close()
    stuck.join(60)
    assert not stuck.is_alive()
    assert message(responses[0])
    assert message(get(workers, "/")) == "the server ends"
