"""Small tables are held in memory, long ones are not: nobody can tell from the rows."""

import pytest

from analyzer.engine.tables import COLUMNS
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

NAMES = ", ".join(f"'{name}'" for name in COLUMNS)
HELD = (
    "select count(*) from information_schema.tables where table_type = 'LOCAL TEMPORARY'"
    f" and table_name in ({NAMES})"
)


def test_what_is_too_long_to_hold_is_read_where_it_lies_and_says_the_same(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Catalog(recorded)
    monkeypatch.setattr("analyzer.engine.tables._SMALL_ROWS", 2)
    lying = Catalog(recorded)
    for name in COLUMNS:
        rows = [sorted(catalog.run(f"from {name}").rows, key=str) for catalog in (held, lying)]
        assert rows[0] == rows[1], name
    # A table that is empty is made by the first statement that reads it.
    (all_of_them,), (few,) = held.run(HELD).rows[0], lying.run(HELD).rows[0]
    assert all_of_them == len(COLUMNS)
    assert 0 < few < all_of_them
