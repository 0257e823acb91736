"""Pages by their URL: what they hold, when they are the same, what a wrong URL gets."""

import errno
import os
import re
import shlex
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from functools import partial
from html import unescape
from threading import Barrier
from urllib.parse import quote

import duckdb
import pytest
from click.testing import CliRunner
from starlette.types import ASGIApp
from support import catalogs
from support.array_builder import World
from support.asgi_client import Reply, ask
from support.console_app import HTML, pages

from analyzer import clock
from analyzer.cli import analyzer as program
from analyzer.console import exchange, front_page
from analyzer.console import pages as console_pages
from analyzer.console.address import PageAddress
from analyzer.console.exchange import PageRequest, PageResponse
from analyzer.console.view import View
from analyzer.engine.duckdb import DuckDB
from analyzer.errors import Busy
from analyzer.report import header
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

LNX4 = "iqn.1994-05.com.redhat:lnx4"


def look(app: ASGIApp, target: str, **headers: str) -> Reply:
    return ask(app, target, accept=HTML, **headers)


def text(reply: Reply) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", reply.body.decode()))


def commands(reply: Reply) -> list[list[str]]:
    """The command lines that a page shows."""
    lines = re.findall(r"<code[^>]*>(analyzer [^<]*)</code>", reply.body.decode())
    return [shlex.split(unescape(line))[1:] for line in lines]


def run(store: Store, *arguments: str) -> str:
    result = CliRunner().invoke(program, ["--store", str(store.root), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout_bytes.decode()


def test_a_finding_of_the_first_page_names_its_cluster_where_there_are_several(world: World):
    world.take(3).without("lnx1").take()
    world.cluster, world.now = "prod-b", world.now - timedelta(minutes=20)
    catalog = catalogs.opened(Store(world.take(4).root), world.now)

    sections = front_page.front(View(PageAddress("/", ()), catalog)).sections
    findings = [finding for section in sections for finding in section.findings]
    assert findings
    assert {finding.cluster and finding.cluster.text for finding in findings} == {"prod-a"}


def test_the_first_page_has_what_the_terminals_has(app: ASGIApp, recorded: Store):
    page, terminal = text(look(app, "/")), run(recorded, "status", "--format", "json")
    assert terminal
    for line in run(recorded, "status", "--format", "markdown").splitlines():
        sentence = line.removeprefix("- ").partition(": ")[2].rpartition("  ")[2]
        if line.startswith(("- high", "- medium", "- low", "- critical")):
            assert sentence.removesuffix(" (recovered)").replace("\\", "") in page
    assert "1 not back" in page
    assert "recent from every cluster" in page


def test_the_host_that_never_came_back_is_one_click_away(app: ASGIApp):
    front = look(app, "/").body.decode()
    (href,) = set(re.findall(r'href="(/initiator/[^"]*lnx4[^"]*)"', front))
    page = text(look(app, unescape(href)))
    assert "sql_n2_a" in page
    assert "log in again from this one" in page


def test_a_finding_leads_to_the_time_around_it(app: ASGIApp):
    front = unescape(look(app, "/").body.decode())
    links = re.findall(r'href="(/incident\?[^"]*)"', front)
    wanted = "since=2026-11-23T01:40:00Z&until=2026-11-23T03:20:00Z"
    assert any(wanted in link for link in links), links
    assert any("before=2026-11-23T02:10:00Z&after=2026-11-23T02:15:00Z" in link for link in links)
    assert all(look(app, link).status == 200 for link in links)


@pytest.mark.parametrize("name", sorted(header.reports()))
def test_every_report_is_a_page_with_its_form_its_command_and_its_rule(app: ASGIApp, name: str):
    reply = look(app, f"/reports/{name}")
    assert reply.status == 200
    page = reply.body.decode()
    query = header.reports()[name]
    for parameter in (*query.time_options, *query.params):
        assert f'name="{parameter}"' in page
    assert ["report", name] in commands(reply)
    assert "The rule, as SQL" in page


REQUESTS = [
    ("outages", {"since": "26h", "severity": "medium"}),
    ("dropped-connections", {"initiator": "lnx4", "include_retracted": "true"}),
    ("dropped-connections", {"interface": "sql_n2_*", "since": "2026-11-23T02:00Z"}),
    ("events", {"change": "interface_*", "svm": "svm_sql", "tz": "Europe/Berlin"}),
    ("paths", {"node": "n2", "at": "2026-11-23T02:20:00Z", "cluster": "prod-a"}),
    ("timeline", {"initiator": "lnx4"}),
    ("changes", {"before": "2026-11-23T02:10Z", "after": "2026-11-23T02:15Z"}),
    ("what-if", {"hosts": "5", "like": "*esx*"}),
    ("failover", {"kind": "interface", "name": "sql_n1_a", "severity": "low"}),
    ("snapshots", {"since": "2026-11-23 03:00", "until": "2026-11-23 12:00", "tz": "Europe/Berlin"}),
    ("nodes", {"node": "n2", "at": "2026-11-23T02:20:00Z"}),
    ("interfaces", {"interface": "*_n2_*", "at": "2026-11-23T02:20:00Z"}),
]  # fmt: skip


# A window, a pair, an instant, a zone, a parameter of its own: the others are of these kinds.
QUICK = {"dropped-connections", "changes", "paths", "snapshots", "what-if"}


@pytest.mark.parametrize(("name", "values"), [
    pytest.param(name, values, marks=() if name in QUICK else pytest.mark.thorough)
    for name, values in REQUESTS
])  # fmt: skip
def test_the_rows_of_a_page_are_those_of_the_command_that_it_shows(
    app: ASGIApp, recorded: Store, name: str, values: dict[str, str]
):
    target = f"/reports/{name}?" + "&".join(f"{k}={quote(v)}" for k, v in values.items())
    reply = look(app, target)
    (command,) = [line for line in commands(reply) if line[:2] == ["report", name]]
    rows = run(recorded, *command, "--format", "csv")
    assert look(app, f"{target}&format=csv").body.decode() == rows
    assert look(app, f"{target}&format=json").body.decode() == run(
        recorded, *command, "--format", "json"
    )
    shown = len(re.findall(r"<tr[ >]", reply.body.decode()))
    assert shown == min(200, rows.count("\n") - 1) + (rows.count("\n") > 1)


def test_a_page_sorts_filters_and_goes_on_by_its_url(app: ASGIApp):
    def cells(query: str) -> list[str]:
        page = look(app, f"/reports/paths?{query}").body.decode()
        return re.findall(r'href="/interface/[^"]*">([^<]*)<', page)

    up, down = cells("sort=interface&initiator=lnx4"), cells("sort=-interface&initiator=lnx4")
    assert up == sorted(up) == down[::-1]
    assert len(set(up)) == 4
    assert set(cells("match=sql_n2_a")) == {"sql_n2_a"}
    assert cells("sort=interface&initiator=lnx4&first=2") == up[2:]
    for odd in ("first=-1", "first=x", "first=99999", "sort=nope", "sort=-"):
        assert look(app, f"/reports/paths?{odd}").status == 200


@pytest.mark.parametrize(
    ("target", "status", "sentence"),
    [("/reports/nope", 404, "no such report"),
     ("/initiator/nobody", 400, "nothing in the history is called 'nobody'"),
     ("/node/", 404, "which node"),
     ("/?since=whenever", 400, "is not a time"),
     ("/?cluster=nope", 400, "no cluster matches"),
     ("/?tz=Mars", 400, "is not a time zone"),
     ("/reports/what-if?hosts=many", 400, "hosts: 'many' is not a whole number"),
     ("/reports/what-if?hosts=-5", 400, "hosts: -5 is less than 0"),
     ("/reports/outages?severity=bad", 400, "is not one of"),
     ("/reports/paths?at=2020-01-01", 404, "no complete snapshot"),
     (f"/reports/paths?initiator={'*' * 300}", 400, "more than 200"),
     (f"/reports/events?ignore={'*' * 300}", 400, "ignore: more than 200")],
)  # fmt: skip
def test_a_url_that_cannot_be_requested_gets_a_sentence(
    app: ASGIApp, target: str, status: int, sentence: str
):
    reply = look(app, target)
    assert reply.status == status
    assert sentence in text(reply)


def test_a_page_that_is_still_true_is_not_made_again(
    app: ASGIApp, recorded: Store, monkeypatch: pytest.MonkeyPatch
):
    first = look(app, "/reports/outages")
    etag = first.headers["etag"]
    again = look(app, "/reports/outages", if_none_match=etag)
    assert (again.status, again.body) == (304, b"")
    assert look(app, "/reports/outages?since=2h", if_none_match=etag).status == 200
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:02:00Z")
    assert look(app, "/reports/outages", if_none_match=etag).status == 200


def test_a_page_that_several_people_open_is_made_once(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")  # no minute ends meanwhile
    addresses = []

    def page(view: View) -> str:
        addresses.append(str(view.address))
        return f"page {len(addresses)}"

    monkeypatch.setitem(console_pages.PAGES, "incident", page)
    answerer = pages(recorded)

    def body(query: str) -> bytes:
        return answerer.page(PageRequest("/incident", query), 5).body

    assert [body("by=host"), body("by=host"), body("by=node"), body("by=host")] == [
        b"page 1", b"page 1", b"page 2", b"page 1",
    ]  # fmt: skip
    landed(recorded)
    assert body("by=host") == b"page 1"
    monkeypatch.setattr(exchange, "_TOKEN_AGE", 0.0)
    assert body("by=host") == b"page 3"


def test_an_open_store_follows_the_clock_until_there_is_something_later(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
):
    opened: list[Catalog] = []

    def open_catalog(clusters: Sequence[str]) -> Catalog:
        opened.append(Catalog(recorded, clusters))
        return opened[-1]

    answerer = console_pages.Pages(open_catalog, UTC)
    shown = []
    for minute in ("00:00", "00:02", "00:04"):
        monkeypatch.setenv("ANALYZER_NOW", f"2026-11-24T{minute}:00Z")
        body = answerer.page(PageRequest("/incident"), 60).body.decode()
        shown.append(re.findall(r'name="until" value="([^"]*)"', body))
        monkeypatch.setattr(opened[0], "marks_ahead", minute == "00:02")
    assert shown == [[f"2026-11-24 {minute}"] for minute in ("00:00", "00:02", "00:04")]
    assert len(opened) == 2


def landed(store: Store) -> None:
    """As if a snapshot had landed."""
    manifest = store.history_folder("prod-a") / "manifest.json"
    stamp = manifest.stat()
    os.utime(manifest, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))


def test_a_store_that_cannot_be_read_is_an_error_page(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
):
    def stale(_store: Store) -> list[str]:
        raise OSError(errno.ESTALE, "Stale file handle", "/share/history")

    monkeypatch.setattr(Store, "clusters", stale)
    reply = pages(recorded).page(PageRequest("/incident"), 5)
    assert (reply.status, b"/share/history: Stale file handle" in reply.body) == (500, True)


def test_people_who_ask_for_one_page_at_once_share_one_worker(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")  # no minute ends meanwhile
    calls, everybody = [], Barrier(5)

    def make(request: PageRequest, _seconds: float) -> PageResponse:
        calls.append(request.query)
        time.sleep(0.2)  # while the others ask
        if request.query == "by=node":
            raise Busy("the answer took too long")
        return PageResponse(request.query.encode())

    shared = exchange.Exchange(recorded, UTC, make)

    def answer(query: str) -> bytes | str:
        everybody.wait(10)
        try:
            return shared.page(PageRequest("/incident", query), 10).body
        except Busy as error:
            return str(error)

    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(answer, ["by=host"] * 5)) == {b"by=host"}
        assert calls == ["by=host"]
        assert set(pool.map(answer, ["by=node"] * 5)) == {"the answer took too long"}
    with pytest.raises(Busy):
        shared.page(PageRequest("/incident", "by=node"), 10)
    assert calls[-1] == "by=node"


def test_a_page_that_takes_too_long_is_refused_wherever_the_interrupt_finds_it(recorded: Store):
    class Interrupted:
        def execute(self, *_arguments: object) -> None:
            raise duckdb.InterruptException("Interrupted!")

    engine = DuckDB(recorded, ["prod-a"], {}, clock.now())
    engine.close()
    engine._connection = Interrupted()
    for work in (partial(engine.rename_table, "a", "b"), partial(engine.drop_table, "a")):
        with pytest.raises(Busy):
            work()


def test_a_window_in_the_past_stays_whatever_the_clock_says(
    app: ASGIApp, monkeypatch: pytest.MonkeyPatch
):
    past = "/reports/outages?since=2026-11-23T01:00:00Z&until=2026-11-23T04:00:00Z"
    etag = look(app, past).headers["etag"]
    monkeypatch.setenv("ANALYZER_NOW", "2027-01-01T00:00:00Z")
    assert look(app, past, if_none_match=etag).status == 304
    moving = f"{past}&after=1h"
    etag = look(app, moving).headers["etag"]
    monkeypatch.setenv("ANALYZER_NOW", "2027-01-01T00:02:00Z")
    assert look(app, moving, if_none_match=etag).status == 200


def test_a_new_snapshot_is_noticed_by_the_stores_token(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exchange, "_TOKEN_AGE", 0.0)
    answerer = pages(recorded)
    token = answerer.page(PageRequest("/store"), 5).headers["ETag"]
    assert answerer.page(PageRequest("/store", etag=token), 5).status == 304
    landed(recorded)
    assert answerer.page(PageRequest("/store", etag=token), 5).status == 200


def test_an_object_is_found_by_its_name_and_shows_why(app: ASGIApp):
    page = text(look(app, f"/initiator/{quote(LNX4)}"))
    for words in ("partly_back", "192.168.10.104", "expected", "Everything that happened"):
        assert words in page
    assert "taken over by n1" in text(look(app, "/node/n2"))
    assert "sql_n2_a down on n2" in text(look(app, "/interface/sql_n2_a"))


def test_every_command_of_an_objects_page_runs(app: ASGIApp, recorded: Store):
    lines = commands(look(app, f"/initiator/{quote(LNX4)}?since=26h"))
    assert len(lines) >= 9
    for line in lines[:3]:
        assert run(recorded, *line, "--format", "json")
