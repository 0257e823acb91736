"""Puts real output into the pages, from the demonstration's store.

A block ``<!-- output: analyzer … -->`` … ``<!-- end -->`` holds what that command prints there.
``python docs/fill.py STORE`` rewrites README.md and the pages of this folder; a test compares.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOW = "2026-11-24T00:00:00Z"
BLOCK = re.compile(r"<!-- output: (analyzer [^\n]*?) -->\n```\n.*?```\n<!-- end -->\n", re.DOTALL)


def pages() -> list[Path]:
    """Pages with blocks in them."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in found if BLOCK.search(page.read_text(encoding="utf-8"))]


def output(command: str, store: Path) -> str:
    """What *command* prints on stdout, asked of *store* at the end of its day."""
    words = [sys.executable, "-m", "analyzer", *shlex.split(command)[1:]]
    environment = os.environ | {"ANALYZER_NOW": NOW, "ANALYZER_STORE": str(store), "COLUMNS": "100"}
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def filled(text: str, store: Path) -> str:
    """The page with fresh output in its blocks."""
    return BLOCK.sub(
        lambda block: (
            f"<!-- output: {block[1]} -->\n```\n{output(block[1], store)}```\n<!-- end -->\n"
        ),
        text,
    )


if __name__ == "__main__":
    for page in pages():
        page.write_text(
            filled(page.read_text(encoding="utf-8"), Path(sys.argv[1]).resolve()), "utf-8"
        )
