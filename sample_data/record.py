"""Writes the API answers beside it from the simulated array; a test compares.

``python sample_data/record.py`` rewrites them.
"""

import json
from pathlib import Path

from analyzer.inventories import INVENTORIES
from analyzer.simulate import base_world

FOLDER = Path(__file__).parent


def answers() -> dict[str, str]:
    """Each file's name and text."""
    world = base_world()
    told = {"sessions": world.sessions()}
    told |= {name: world.inventory(name) for name in INVENTORIES}
    return {
        f"{name}.json": json.dumps({"records": records, "num_records": len(records)}, indent=1)
        + "\n"
        for name, records in told.items()
    }


if __name__ == "__main__":
    for name, text in answers().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
