"""Scenes are recorded once, whoever watches them."""

import pytest
from support.scene import Watch


@pytest.fixture(scope="session")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    return Watch(tmp_path_factory.mktemp("scenes"))
