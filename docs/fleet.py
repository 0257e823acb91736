"""Eight weeks of one growing fleet, and their output in docs/planning.md.

``python docs/fleet.py FOLDER`` lives through them on a simulated array (half a minute), leaves the
store and its policy in FOLDER, and says whether the page's blocks
``<!-- output of the fleet: analyzer … -->`` … ``<!-- end -->`` are what the program prints there;
with ``--write`` it rewrites them.
"""

import os
import re
import shlex
import subprocess
import sys
from datetime import date, datetime, timedelta
from difflib import unified_diff
from pathlib import Path

from analyzer import demo
from analyzer.collect import collector
from analyzer.config.cluster import Cluster, Seconds
from analyzer.simulate import Replay, SimulatedArray, base_world, script
from analyzer.store.layout import Store

PAGE = Path(__file__).with_name("planning.md")
BLOCK = re.compile(
    r"<!-- output of the fleet: (analyzer [^\n]*?) -->\n```\n.*?```\n<!-- end -->\n", re.DOTALL
)
BEGIN = datetime(2026, 9, 1)
DAYS = 56
STEP = timedelta(hours=6)
POLICY = """\
[[limits]]
node = "n1"
sessions = 160

[[limits]]
node = "n2"
sessions = 160

[[hosts]]
initiator = "iqn.1994-05.com.redhat:lnx2"
name = "ledger-db"
"""


def events() -> list[tuple[date, str]]:
    """A new host every other day, a cluster of six on one day, one host short, one retired."""
    moves = []
    for number in range(DAYS // 2):
        address = f"192.168.10.{120 + number},192.168.20.{120 + number}"
        day = BEGIN.date() + timedelta(2 * number)
        moves.append((day, f"08:30 add_host app{number:02d} S1 {address} ig_app"))
    for number in range(6):
        address = f"192.168.10.{180 + number},192.168.20.{180 + number}"
        moves.append(
            (BEGIN.date() + timedelta(20), f"09:00 add_host vdi{number} S1 {address} ig_vdi")
        )
    moves.append((BEGIN.date() + timedelta(15), "07:00 shutdown lnx3"))
    moves.append((BEGIN.date() + timedelta(50), "07:00 drop lnx2 L3"))
    moves.append((BEGIN.date() + timedelta(50), "07:00 drop lnx2 L4"))
    return sorted(moves)


def live(folder: Path) -> None:
    """Collect the eight weeks into *folder*/store."""
    os.environ["FLEET_PASSWORD"] = "demonstration"  # noqa: S105  # nobody's
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    moves = [move for day, text in events() for move in script(day, text)]
    replay = Replay(base_world(), moves)
    with SimulatedArray(replay.world, username="reader", password="demonstration") as array:  # noqa: S106  # nobody's
        cluster = Cluster(
            "prod-a",
            array.url,
            "reader",
            password_env="FLEET_PASSWORD",  # noqa: S106  # a variable's name
            interval=Seconds(21600),
        )
        for number in range(DAYS * 4):
            instant = BEGIN + STEP * number
            with array.moving():
                replay.advance(instant)
            with demo.at(instant):
                collector.collect(Store(folder / "store"), [cluster])


def output(command: str, folder: Path) -> str:
    """What *command* prints in *folder* at the end of the eight weeks."""
    words = [sys.executable, "-m", "analyzer", *shlex.split(command)[1:]]
    end = BEGIN + STEP * (DAYS * 4 - 1)
    environment = os.environ | {"ANALYZER_NOW": end.isoformat(), "COLUMNS": "100"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def filled(text: str, folder: Path) -> str:
    """The page with fresh output in its blocks."""
    return BLOCK.sub(
        lambda block: (
            f"<!-- output of the fleet: {block[1]} -->\n```\n{output(block[1], folder)}```\n"
            "<!-- end -->\n"
        ),
        text,
    )


def main(folder: Path, *, write: bool) -> int:
    """Live through the weeks; returns 1 if the page is stale and was not to be written."""
    live(folder)
    page = PAGE.read_text(encoding="utf-8")
    fresh = filled(page, folder)
    if fresh == page:
        print(f"{PAGE.name} is what the program prints; the store is in {folder}")
        return 0
    if write:
        PAGE.write_text(fresh, encoding="utf-8")
        print(f"{PAGE.name} is rewritten; the store is in {folder}")
        return 0
    changed = unified_diff(
        page.splitlines(), fresh.splitlines(), "the page", "now", n=1, lineterm=""
    )
    print("\n".join(changed))
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), write="--write" in sys.argv[2:]))
