"""Bundles of the recorded day, written by the command."""

import os
from pathlib import Path

import pytest
from support.bundles import NOW, WINDOW, Write

from analyzer import cli
from analyzer.store.layout import Store


def _written(store: Store, output: Path, *options: str) -> Path:
    was = os.environ.get("ANALYZER_NOW")
    os.environ["ANALYZER_NOW"] = NOW
    try:
        command = ["--store", str(store.root), "evidence", "--output", str(output), *options]
        assert cli.status(command) == 0
    finally:
        os.environ.pop("ANALYZER_NOW") if was is None else os.environ.update(ANALYZER_NOW=was)
    return output


@pytest.fixture
def write(recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a bundle of a store, by default of the recorded day; returns its path."""
    monkeypatch.chdir(tmp_path)

    def call(*options: str, store: Store = recorded) -> Path:
        return _written(store, tmp_path / "incident.zip", *options)

    return call


@pytest.fixture(scope="session")
def incident(recorded: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The night's first minutes."""
    return _written(recorded, tmp_path_factory.mktemp("incident") / "incident.zip", *WINDOW)


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_bytes(b"one key for every test of this folder")
    return path


@pytest.fixture(scope="session")
def anonymous(recorded: Store, tmp_path_factory: pytest.TempPathFactory, key: Path) -> Path:
    """The same as ``incident``, of nobody."""
    output = tmp_path_factory.mktemp("anonymous") / "incident.zip"
    return _written(recorded, output, *WINDOW, "--anonymise", "--key-file", str(key))
