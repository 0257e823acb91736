"""What is in a bundle."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOW = "2026-11-24T00:00:00Z"
WINDOW = ("--since", "2026-11-23T02:12:00Z", "--until", "2026-11-23T02:16:00Z")

Write = Callable[..., Path]


def members(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def reports(bundle: Path) -> dict[str, Any]:
    """The JSON reports, by name."""
    return {
        Path(name).stem: json.loads(text)
        for name, text in members(bundle).items()
        if name.startswith("reports/")
    }


def unpacked(bundle: Path, folder: Path) -> Path:
    """The bundle as its reader has it; returns the folder of its store."""
    with zipfile.ZipFile(bundle) as opened:
        opened.extractall(folder)
    return folder / "store"
