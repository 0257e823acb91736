"""Names from the array are text, whatever they say, in the page and in its pictures."""

import json
import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support import snapshot_rows as plain
from support.browser_tab import Tab
from support.pages import daily

from analyzer import demo
from analyzer.config import policy
from analyzer.output import chart
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
pytest.importorskip("altair")

END = plain.START + 2 * plain.STEP


@pytest.mark.browser
def test_nothing_of_the_array_runs_or_asks_or_overflows(tab: Tab, hostile: Store, tmp_path: Path):
    path = daily(hostile, tmp_path / "page.html", END)
    tab.open(path, 360)
    assert not tab.overflows()
    tab.shape(1440)
    assert not tab.overflows()
    assert tab.requests() == [path.as_uri()]
    assert tab.complaints() == []
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
