"""The command: where it listens, what it says, how it ends."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.collected_night import SESSIONS, Night

from analyzer import cli
from analyzer.cli import serve
from analyzer.rest.server import listen

Refused = Callable[..., str]


@contextmanager
def running(night: Night, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:  # fmt: skip
    """The program on a free port, and its URL."""
    command = [sys.executable, "-m", "analyzer", "--store", str(night.store.root), "serve", "--port", "0", *options]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    ) as program:  # fmt: skip
        assert program.stdout is not None
        try:
            yield program, program.stdout.readline().strip()
        finally:
            program.kill()


def count(url: str, context: ssl.SSLContext | None = None, **headers: str) -> int:
    there = urlsplit(url)
    assert there.hostname
    connection = (
        http.client.HTTPSConnection(there.hostname, there.port, timeout=60, context=context)
        if context
        else http.client.HTTPConnection(there.hostname, there.port, timeout=60)
    )
    try:
        connection.request("GET", f"{SESSIONS}?return_records=false", headers=headers)
        response = connection.getresponse()
        body = json.loads(response.read())
        return int(body["num_records"]) if response.status == 200 else response.status
    finally:
        connection.close()


def break_off(url: str, *parts: str) -> None:
    """Send the parts of a request, each when the one before was read, and hang up."""
    there = urlsplit(url)
    assert there.hostname
    assert there.port
    with socket.create_connection((there.hostname, there.port), timeout=60) as line:
        for part in parts:
            line.sendall(part.encode())
            count(url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_nothing_of_broken_clients_and_ends_politely(
    night: Night, number: signal.Signals
) -> None:
    with running(night) as (program, url):
        login = f"POST /login HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        break_off(url, login + "Content-Length: 100\r\n\r\ntoken=")
        break_off(url, login + "Transfer-Encoding: chunked\r\n\r\n", "zz\r\n")
        break_off(url, "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n")
        break_off(url, "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        break_off(url, "\x16\x03\x01\x02")
        assert count(url) == 71
        program.send_signal(number)
        out, err = program.communicate(timeout=60)
        assert (program.returncode, out) == (128 + number, "")
        assert err == f"serving prod-a from {night.store.root}; Ctrl-C ends it\n"


def test_it_speaks_tls_and_wants_its_token(night: Night, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=a -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [openssl, *command.split(), "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    options = ("--host", "0.0.0.0", "--tls-cert", str(certificate), "--tls-key", str(key), "--token-env", "SERVED")  # fmt: skip
    with running(night, *options, SERVED="pretend") as (program, url):
        assert url.startswith("https://0.0.0.0:")
        trusting = ssl.create_default_context(cafile=certificate)
        here = url.replace("0.0.0.0", "127.0.0.1")
        assert count(here, trusting) == 401
        assert count(here, trusting, Authorization="Bearer pretend") == 71
        program.terminate()
        _, err = program.communicate(timeout=60)
        assert "pretend" not in err
        assert "warning" not in err


@pytest.fixture
def refused(
    night: Night, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Refused:
    monkeypatch.setattr(listen, "run", lambda *_: pytest.fail("it would have served"))

    def call(*options: str) -> str:
        assert cli.status(["--store", str(night.store.root), "serve", *options]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        return err

    return call


def test_what_cannot_be_served_is_refused_in_a_sentence(refused: Refused, tmp_path: Path) -> None:
    empty = tmp_path / "token"
    empty.write_text("\n")
    for options, words in (
        (["--host", "0.0.0.0", "--port", "0"], "a token is needed"),
        (["--host", "no.such.name.invalid"], "cannot listen on no.such.name.invalid"),
        (["--token-env", "NOT_THERE"], "--token-env names NOT_THERE, which is not set"),
        (["--token-file", str(empty)], "--token-file gave nothing"),
        (["--token-file", str(tmp_path / "x")], "x: No such file"),
        (["--token-env", "A", "--token-file", "b"], "one of them"),
        (["--tls-cert", "a"], "belong together"),
        (["--tls-cert", str(empty), "--tls-key", str(empty), "--port", "0"], "cannot be used"),
        (["--cluster", "prod-b"], "no cluster 'prod-b'; it has prod-a"),
        (["--at", "someday"], "someday"),
        (["--port", "70000"], "70000"),
    ):
        assert words in refused(*options), options


def test_a_port_in_use_is_a_sentence(refused: Refused) -> None:
    with listen.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert refused("--port", str(port)).startswith(f"analyzer: cannot listen on 127.0.0.1 port {port}")  # fmt: skip


def test_without_the_extra_it_names_it(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "analyzer.rest.server.listen", raising=False)
    monkeypatch.delattr("analyzer.rest.server.listen", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "pip install '.[serve]'" in refused()


def test_a_token_never_comes_as_an_argument() -> None:
    names = {name for param in serve.serve.params for name in param.opts}
    assert "--token" not in names


def test_only_this_machine_is_loopback() -> None:
    with listen.bind("127.0.0.1", 0) as here, listen.bind("0.0.0.0", 0) as everywhere:
        assert listen.is_loopback(here)
        assert not listen.is_loopback(everywhere)


@pytest.mark.parametrize("sent", ["GET / HTTP/1.1\r\n\r\n", "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", f"GET /{'a' * 70_000} HTTP/1.1\r\nHost: localhost\r\n\r\n", f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'a' * 70_000}\r\n\r\n"])  # fmt: skip
def test_what_is_no_request_is_refused_on_the_wire(served: Night, sent: str) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as line:
        line.sendall(sent.encode("latin-1"))
        assert line.recv(64).startswith((b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 431"))
