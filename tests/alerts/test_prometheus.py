"""A real Prometheus on loopback: it scrapes, takes in the past, and answers rules and dashboard."""

import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

import pytest
from support.collected_night import collected

from analyzer import cli
from analyzer.simulate import SimulatedArray, apply, base_world
from analyzer.store.layout import Store

pytestmark = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="the package prometheus is not installed",
)
DOCS = Path(__file__).parents[2] / "docs" / "monitoring"
TOKEN = "not-to-be-seen"
SAMPLE = re.compile(r"(\w+)(\{.*\})? (\S+)(?: (\d+))?")


@dataclass
class Prometheus:
    """A running server: what its API answers, and the text of the past that it took in."""

    url: str
    analyzer: str
    past: str

    def ask(self, path: str, **query: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urlencode(query)}") as answer:
            return json.load(answer)["data"]

    def rows(self, expression: str) -> list[Any]:
        rows: list[Any] = self.ask("query", query=expression)["result"]
        return rows


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(
    *command: str, stderr: IO[str] | int = subprocess.DEVNULL, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=stderr, text=True,
        env={**os.environ, **environment},
    ) as program:  # fmt: skip
        try:
            yield program
        finally:
            program.kill()


def until(condition: Callable[[], bool], explain: Callable[[], Any] = str) -> None:
    end = time.monotonic() + 120.0
    while not condition():
        assert time.monotonic() < end, explain()
        time.sleep(0.3)


@contextmanager
def prometheus_server(folder: Path) -> Iterator[str]:
    """The address of a server over *folder*: its data, its configuration and its log."""

    def log_text() -> str:
        return (folder / "log").read_text()[-2000:]

    for _ in range(5):
        # Between our look and its start, another program may take the port.
        address = f"127.0.0.1:{free_port()}"
        with (folder / "log").open("w") as log, running(
            "prometheus", f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=10y",
            f"--web.listen-address={address}", stderr=log,
        ) as program:  # fmt: skip
            ready = f"http://{address}/-/ready"
            until(lambda: program.poll() is not None or get(ready)[0] == 200, log_text)  # noqa: B023  # called at once
            if program.poll() is None:
                yield f"http://{address}"
                return
    raise AssertionError(log_text())


def get(url: str, token: str = TOKEN) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with closing(urllib.request.urlopen(request, timeout=60)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:  # it does not listen yet
        return 0, ""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A server that scrapes a night which was just collected, and knows the day before it."""
    folder = tmp_path_factory.mktemp("prometheus")
    start = datetime.now(UTC).replace(microsecond=0, tzinfo=None) - timedelta(hours=22)
    store, world = Store(folder / "store"), base_world()
    with pytest.MonkeyPatch.context() as patch, SimulatedArray(world) as array:
        patch.delenv(
            "ANALYZER_NOW", raising=False
        )  # a fixture of a module comes before those of a test
        for minute in range(0, 22 * 60, 120):
            if minute == 720:
                with array.moving():
                    apply(world, "drop", "lnx1")
            assert collected(store, array, start + timedelta(minutes=minute)) == "complete"
        # How long an answer took is measured by the real clock only.
        assert collected(store, array, None) == "complete"
    now = (datetime.now(UTC) + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (folder / "analyzer.toml").write_text('[[limits]]\nnode = "*"\nsessions = 100\n')
    (folder / "token").write_text(TOKEN)
    words = ["--store", str(store.root), "--config", str(folder / "analyzer.toml")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYZER_NOW", now)
        past = ["export", "openmetrics", "--since", "1d", "--step", "2m"]
        assert cli.status([*words, *past, "--output", str(folder / "past.txt")]) == 0
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics",
                    str(folder / "past.txt"), str(folder / "data")], check=True, capture_output=True)  # fmt: skip
    serve = [sys.executable, "-m", "analyzer", *words, "serve", "--port", "0"]
    with running(*serve, "--token-file", str(folder / "token"), ANALYZER_NOW=now) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        until(lambda: get(f"{address}/metrics")[0] == 200)
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{DOCS / 'alerts.yml'}]\n"
            "scrape_configs:\n- job_name: analyzer\n"
            f"  authorization: {{credentials_file: {folder / 'token'}}}\n"
            f"  static_configs: [{{targets: ['{address.removeprefix('http://')}']}}]\n"
        )
        with prometheus_server(folder) as url:
            prometheus = Prometheus(url, address, (folder / "past.txt").read_text())

            def scraped() -> bool:
                try:
                    return len(prometheus.rows("count_over_time(analyzer_sessions[1m]) > 4")) > 0
                except OSError:
                    return False

            until(scraped, lambda: prometheus.ask("targets"))
            yield prometheus


def test_a_scrape_has_the_values_that_were_served(prometheus: Prometheus) -> None:
    status, text = get(f"{prometheus.analyzer}/metrics")
    assert status == 200
    served = {
        (match[1], match[2] or ""): float(match[3])
        for line in text.splitlines()
        if not line.startswith("#") and (match := SAMPLE.fullmatch(line))
    }
    rows = prometheus.rows('{__name__=~"analyzer_.*", job="analyzer"}')
    scraped = {}
    for row in rows:
        labels = {name: value for name, value in row["metric"].items()
                  if name not in {"__name__", "instance", "job"}}  # fmt: skip
        order = [name for name in ("cluster", "node", "svm", "severity", "state") if name in labels]
        key = ",".join(f'{name}="{labels[name]}"' for name in order)
        scraped[row["metric"]["__name__"], f"{{{key}}}"] = float(row["value"][1])
    assert len(served) > 30
    assert scraped == served
    assert prometheus.ask("targets")["activeTargets"][0]["health"] == "up"


def test_a_scrape_needs_the_token(prometheus: Prometheus) -> None:
    assert get(f"{prometheus.analyzer}/metrics", "wrong")[0] == 401


def test_the_past_is_read_back_value_by_value(prometheus: Prometheus) -> None:
    series: dict[tuple[str, str], dict[int, float]] = {}
    for line in prometheus.past.splitlines():
        match = SAMPLE.fullmatch(line)
        if match and not line.startswith("#"):
            series.setdefault((match[1], match[2]), {})[int(match[4])] = float(match[3])
    assert sum(map(len, series.values())) > 1_000
    for (name, labels), samples in series.items():
        (row,) = prometheus.ask(
            "query", query=f'{name}{labels[:-1]},job=""}}[2d]', time=str(max(samples) + 1)
        )["result"]
        assert {int(moment): float(value) for moment, value in row["values"]} == samples


def test_every_query_of_the_dashboard_returns_rows(prometheus: Prometheus) -> None:
    dashboard = json.loads((DOCS / "dashboard.json").read_text())
    expressions = [query["expr"] for panel in dashboard["panels"] for query in panel["targets"]]
    assert len(expressions) > 10
    for expression in expressions:
        rows = prometheus.rows(expression.replace("$cluster", ".*"))
        assert rows, expression
        assert not any(math.isnan(float(row["value"][1])) for row in rows), expression
    (variable,) = (name for name in dashboard["templating"]["list"] if name["type"] == "query")
    metric, label = re.findall(r"\w+", variable["query"])[1:]
    assert prometheus.ask(f"label/{label}/values", **{"match[]": metric}) == ["prod-a"]


def test_the_rules_run_there_and_one_fires(prometheus: Prometheus) -> None:
    def fires() -> bool:
        (group,) = prometheus.ask("rules")["groups"]
        assert all(rule["health"] in {"ok", "unknown"} for rule in group["rules"]), group
        return any(
            rule["name"] == "IscsiPathsLost" and rule["state"] == "firing"
            for rule in group["rules"]
        )

    until(fires)
    names = set(re.findall(r"analyzer_\w+", (DOCS / "alerts.yml").read_text()))
    assert len(names) > 6
    for name in names:
        assert prometheus.rows(name), name


def test_the_rules_pass_their_own_tests() -> None:
    for command in (["check", "rules", "alerts.yml"],
                    ["test", "rules", "alerts_test.yml", "growth_test.yml"]):  # fmt: skip
        result = subprocess.run(["promtool", *command], cwd=DOCS, capture_output=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
