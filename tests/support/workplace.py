"""A folder in which the commands of the pages can really run.

It has what a reader would have: a store (the recorded day), a configuration whose cluster
answers (a simulated array), saved answers, a folder of reports.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analyzer import clock
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store.layout import Store

ROOT = Path(__file__).parents[2]
NOW = "2026-11-24T00:05:00Z"  # after the last recorded snapshot: a new one can be collected
PASSWORD = {"PROD_A_PASSWORD": "demonstration"}

# Commands that a test cannot run, by how they begin or by an option, each with its reason.
EXEMPT = {
    "analyzer demo": "half a minute of work; its own test lives through it",
    "analyzer open": "runs until it is stopped; its own tests start it",
    "analyzer serve": "runs until it is stopped; its own tests start it",
    "analyzer simulate": "runs until it is stopped; its own tests start it",
    "analyzer check --test": "talks to destinations; its own tests have some",
    "--engine": "another engine is an extra that need not be installed",
    "/var/lib/": "a folder of the machine's own",
}


def exempt(command: str) -> str | None:
    """Why the command is not run, if it is not."""
    for part, reason in EXEMPT.items():
        if command.startswith(part) or (not part.startswith("analyzer") and part in command):
            return reason
    return None


@contextmanager
def workplace(folder: Path, recorded: Store) -> Iterator[Path]:
    """Set the folder up; the array answers meanwhile."""
    shutil.copytree(recorded.root, folder / "store")
    for path in (ROOT / "sample_data").glob("*.json"):
        shutil.copy(path, folder)
    text = (ROOT / "docs" / "writing-a-report.md").read_text(encoding="utf-8")
    (folder / "my-reports").mkdir()
    (query,) = re.findall(r"```sql\n(-- /// query.*?)```", text, re.DOTALL)
    (folder / "my-reports" / "initiators-by-alias.sql").write_text(query, encoding="utf-8")
    with SimulatedArray(base_world(), username="reader", password="demonstration") as array:
        array.clock = clock.now  # retention deletes nothing beside an array of another time
        (folder / "analyzer.toml").write_text(
            f'[[clusters]]\nname = "prod-a"\nurl = "{array.url}"\nusername = "reader"\n'
            'password_env = "PROD_A_PASSWORD"\ninterval = "5m"\n'
            '[retention]\ncompact_after = "14d"\nkeep = "400d"\n',
            encoding="utf-8",
        )
        yield folder
