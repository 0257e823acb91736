"""A query file with one deliberate mistake, for tests of the tests."""

import re
from pathlib import Path

from analyzer.report import header


def break_query(folder: Path, file: str, old: str, new: str) -> None:
    """Write the query *file* below *folder* with *new* for *old*; what is there is broken on.

    Whitespace is the formatter's: words and signs are what a break replaces.
    """
    path = folder / f"{file}.sql"
    text = (path if path.exists() else header.home() / f"{file}.sql").read_text()
    pattern = r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", old)))
    text, count = re.subn(pattern, lambda _match: new, text)
    assert count, f"{file}.sql no longer holds: {old}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
