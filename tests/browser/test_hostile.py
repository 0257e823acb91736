"""Names from the array are text, whatever they say, in the page and in its pictures."""

import json
import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support import snapshot_rows as plain
from support.browser_tab import Tab
from support.pages import standing

from analyzer import demo
from analyzer.config import policy
from analyzer.output import chart
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store

pytest.importorskip("altair")

NASTY = (
    "<script>alert(1)</script>",
    "</svg></title></desc><img src=x onerror=alert(1)>",
    "'\"><a href=javascript:alert(1)>",
    "=cmd|' /c calc'!a0",
    "\u202egnp.exe\u2066",
    "\x00\x07\x1b[31m\ufffe\nline",
    "{{ 7 * 7 }} {% raw %} ${7*7} &lt;&#x0;",
    "]]><!--",
    "x" * 20_000,
    "url(http://example.invalid/x)",
)
END = plain.START + 2 * plain.STEP


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every nasty name is an initiator, an alias, an interface; each is lost."""
    rows = []
    for number, text in enumerate(NASTY):
        row = plain.row("s", number, number)
        rows.append(
            row
            | dict.fromkeys(("initiator", "alias", "interface", "interface_id"), text)
            | {"igroups": [{"uuid": text, "name": text}]}
        )
    rest = [plain.row("s", 99, 99)]
    looks = [plain.lone("complete", [*rows, *rest], 0), plain.lone("complete", rest, 5)]
    return plain.stored(str(tmp_path_factory.mktemp("hostile")), "store", looks)


@pytest.mark.browser
def test_nothing_of_the_array_runs_or_asks_or_overflows(tab: Tab, hostile: Store, tmp_path: Path):
    path = standing(hostile, tmp_path / "page.html", END)
    for width in (360, 1440):
        tab.open(path, width)
        assert tab.requests() == [path.as_uri()]
        assert tab.complaints() == []
        assert not tab.overflows()
    assert tab.js("document.scripts.length") == 1
    assert tab.js("document.querySelectorAll('img, a[href^=javascript], iframe').length") == 0
    assert tab.js("document.body.textContent.includes('<script>alert(1)</script>')")


@pytest.mark.parametrize("name", ["dropped-connections", "outages", "events", "paths"])
def test_a_picture_has_only_shapes_and_text(hostile: Store, name: str, tmp_path: Path):
    with demo.at(END + timedelta(minutes=1)):
        catalog = Catalog(hostile, tables=policy.tables(None))
        report = run.run(catalog, header.reports()[name], ReportRequest(since="1h"))
        catalog.close()
    assert report.rows
    for picture in chart.draw(report):
        text = picture.svg()
        root = ET.fromstring(text)
        tags = {part.tag.rpartition("}")[2] for part in root.iter()}
        assert tags <= {
            "svg",
            "title",
            "desc",
            "g",
            "path",
            "rect",
            "line",
            "circle",
            "text",
            "tspan",
        }
        names = {attribute for part in root.iter() for attribute in part.attrib}
        assert not [
            name for name in names if name.startswith("on") or "href" in name or name == "style"
        ]
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text)
        assert len(text) < 100_000
    chart.save(report, tmp_path / "one.json")
    assert "$schema" in json.loads((tmp_path / "one.json").read_text())
    chart.save(report, tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
