"""Prints the lower bounds of what analyzer needs at run time as constraints: ``make bounds``."""

import re
import tomllib
from itertools import chain
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

for dependency in chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()):
    match = re.match(r"([\w-]+)>=([\w.]+)", dependency)
    assert match, dependency
    print(f"{match[1]}=={match[2]}")
