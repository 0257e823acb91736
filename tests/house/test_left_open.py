"""The suite's own saving: an engine is left open for equal stores, and only for those."""

from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest

from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")


def test_the_next_catalog_of_an_equal_store_takes_the_engine_of_the_last(
    recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    equal = Store(Path(copytree(recorded.root, tmp_path / "store")))
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    with closing(Catalog(recorded)) as first:
        engine = first._engine
    with closing(Catalog(equal)) as second:
        assert second._engine is engine
        with closing(Catalog(equal)) as beside:
            assert beside._engine is not engine
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:05:00Z")
    with closing(Catalog(equal)) as later:
        assert later._engine is not engine
