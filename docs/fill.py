"""Puts real output into the pages, from the demonstration's store.

A block ``<!-- output: analyzer … -->`` … ``<!-- end -->`` holds what that command prints there.
``python docs/fill.py STORE`` rewrites README.md and the pages of this folder; a test compares.
"""

import io
import os
import re
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from analyzer import cli

ROOT = Path(__file__).parents[1]
NOW = "2026-11-24T00:00:00Z"
BLOCK = re.compile(r"<!-- output: (analyzer [^\n]*?) -->\n```\n.*?```\n<!-- end -->\n", re.DOTALL)


def pages() -> list[Path]:
    """Pages with blocks in them."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in paths if BLOCK.search(page.read_text(encoding="utf-8"))]


def output(command: str, store: Path) -> str:
    """What *command* prints, asked of *store* at the end of its day."""
    environment = {"ANALYZER_NOW": NOW, "ANALYZER_STORE": str(store), "COLUMNS": "100"}
    printed, complaints = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, environment), redirect_stdout(printed), redirect_stderr(complaints):
        cli.status(shlex.split(command)[1:])
    return printed.getvalue() + complaints.getvalue()


def filled(text: str, store: Path) -> str:
    """The page with fresh output in its blocks."""
    return BLOCK.sub(
        lambda block: (
            f"<!-- output: {block[1]} -->\n```\n{output(block[1], store)}```\n<!-- end -->\n"
        ),
        text,
    )


if __name__ == "__main__":
    store = Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else None
    if store is None or not (store / "history").is_dir():
        sys.exit("usage: python docs/fill.py STORE, a store that the demonstration left")
    for page in pages():
        page.write_text(filled(page.read_text(encoding="utf-8"), store), encoding="utf-8")
