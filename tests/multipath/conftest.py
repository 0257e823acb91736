"""The array that most tests of faults begin with."""

from pathlib import Path

import pytest
from support.array_builder import World, linux


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Four Linux hosts of one igroup, all paths there."""
    array = World(tmp_path)
    for number in range(1, 5):
        array.sessions += linux(number)
    return array
