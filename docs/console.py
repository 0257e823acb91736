"""Draws the screens of ``docs/console.md`` in a real browser (Chromium).

``python docs/console.py demo/store fleet`` rewrites them: from the store of ``make demo``, and from
the folder that ``python docs/fleet.py fleet`` made, whose policy has limits.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCREENS = Path(__file__).with_name("console")
DAY = "since=2026-11-23T00:00:00Z&until=2026-11-24T00:00:00Z"
INCIDENT = (
    "since=2026-11-23T01:40:00Z&until=2026-11-23T03:20:00Z"
    "&before=2026-11-23T02:10:00Z&after=2026-11-23T02:15:00Z"
)
# Name, path, height, and of which store.
PAGES = (
    ("status", f"/?{DAY}", 860, "demo"),
    ("incident", f"/incident?{INCIDENT}", 1000, "demo"),
    ("initiator", f"/initiator/iqn.1994-05.com.redhat:lnx4?{DAY}", 960, "demo"),
    ("capacity", "/capacity", 900, "fleet"),
    ("report", f"/reports/dropped-connections?{DAY}", 560, "demo"),
)
NOW = {"demo": "2026-11-24T00:00:00Z", "fleet": "2026-10-26T18:00:00Z"}
WIDTH = 1120
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def opened(store: Path, now: str) -> Iterator[str]:
    """The console of a store; its address."""
    command = [sys.executable, "-m", "analyzer", "--store", str(store.absolute()), "--quiet"]
    with subprocess.Popen(
        [*command, "open", "--no-browser"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "ANALYZER_NOW": now}, cwd=store.parent,
    ) as program:  # fmt: skip
        assert program.stdout is not None  # noqa: S101  # it is a pipe
        try:
            yield program.stdout.readline().strip()
        finally:
            program.terminate()


def draw(address: str, path: str, height: int, picture: Path) -> None:
    """One page, as it is on a screen of that height."""
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={profile}", f"--window-size={WIDTH},{height}",
                "--virtual-time-budget=10000", f"--screenshot={picture}", address + path,
            ],
            check=True, capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    stores = {"demo": Path(sys.argv[1]), "fleet": Path(sys.argv[2]) / "store"}
    SCREENS.mkdir(exist_ok=True)
    for which, store in stores.items():
        with opened(store, NOW[which]) as address:
            for name, path, height, of in PAGES:
                if of == which:
                    draw(address, path, height, SCREENS / f"{name}.png")
                    print(f"{name}.png: {(SCREENS / f'{name}.png').stat().st_size:,} bytes")
