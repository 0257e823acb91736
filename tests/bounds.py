"""Prints the lower bounds of the runtime dependencies as constraints: ``make bounds``."""

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

for dependency in PROJECT["dependencies"]:
    found = re.match(r"([\w-]+)>=([\w.]+)", dependency)
    assert found, dependency
    print(f"{found[1]}=={found[2]}")
