"""What a check talks to: a folder with a store and a configuration, and an HTTP server that hears."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from analyzer import cli
from analyzer.collect import files
from analyzer.store.layout import Store

SAMPLE = Path(__file__).parents[2] / "sample_data"
RECORDS: list[dict[str, Any]] = json.loads((SAMPLE / "sessions.json").read_text())["records"]


def see(store: Path, minute: str, *away: str) -> None:
    """A snapshot of that night without the sessions of these hosts."""
    there = [record for record in RECORDS
             if not any(host in record["initiator"]["name"] for host in away)]  # fmt: skip
    page = store.parent / "page.json"
    page.write_text(json.dumps({"records": there, "num_records": len(there)}))
    taken_at = datetime.fromisoformat(f"2026-11-23T{minute}")
    attempt, _ = files.bring(Store(store), "prod-a", taken_at, [page], future=True)
    assert attempt.status == "complete"


class Place:
    """A store, a configuration, and the command line beside them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.root, self.monkeypatch, self.capsys = root, monkeypatch, capsys
        monkeypatch.chdir(root)
        self.configure("")

    def configure(self, text: str) -> None:
        (self.root / "analyzer.toml").write_text(f'store = "store"\n{text}')

    def run(self, *words: str, now: str = "02:20") -> tuple[int, str, str]:
        self.monkeypatch.setenv("ANALYZER_NOW", f"2026-11-23T{now}:00Z")
        code = cli.status(list(words))
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def see(self, minute: str, *away: str) -> None:
        see(self.root / "store", minute, *away)


@dataclass
class Receiver:
    """What was heard: path, headers, body; *answers* are statuses by path, 204 where there is none.

    After so many bodies as *after* says the answer is 503.
    """

    port: int = 0
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    after: int | None = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def bodies(self, path: str) -> list[Any]:
        return [body for there, _, body in self.requests if there == path]

    def status(self, path: str) -> int:
        if self.after is not None and len(self.requests) > self.after:
            return 400
        return self.answers.get(path, 204)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.requests.append((self.path, dict(self.headers), body))
            self.send_response(receiver.status(self.path))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
