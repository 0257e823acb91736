"""The pages are true: links lead somewhere, commands exist, output is what is printed."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from analyzer import cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))


def commands(page: Path) -> list[list[str]]:
    """Every indented or fenced line that calls the program."""
    found = re.findall(r"(?m)^(?:    )?(analyzer [^\n>|]+)", page.read_text(encoding="utf-8"))
    return [shlex.split(line.split(" #")[0]) for line in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda page: page.name)
def test_commands_are_understood(page: Path) -> None:
    for words in commands(page):
        if "my-reports" in words:
            continue
        context = click.Context(cli.analyzer)
        command: click.Command = cli.analyzer
        rest = words[1:]
        while isinstance(command, click.Group):
            name, found, rest = command.resolve_command(context, rest)
            assert found is not None, words
            context = found.make_context(name, list(rest), parent=context, resilient_parsing=True)
            command = found
            if isinstance(found, click.Group):
                rest = [*context._protected_args, *context.args]
                if not rest:
                    break
        strict = [word for word in rest if word.startswith("--")]
        known = {name for option in command.get_params(context) for name in option.opts}
        assert {word.split("=")[0] for word in strict} <= known, words


def test_the_reference_is_what_the_program_says() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "reference.py"))["page"]()
    told = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert told == made, "python docs/reference.py rewrites it"


def test_the_sample_answers_are_what_the_simulated_array_says() -> None:
    made = runpy.run_path(str(ROOT / "sample_data" / "record.py"))["answers"]()
    for name, text in made.items():
        assert (ROOT / "sample_data" / name).read_text(encoding="utf-8") == text


def test_the_demonstration_tells_its_day_and_the_pages_show_it(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "analyzer", "demo", "--output", str(tmp_path / "demo")],
        cwd=ROOT, env=os.environ | {"COLUMNS": "100"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "cause               n2" in run.stdout
    assert "iqn.2019-03.io.unknown:guest" in run.stdout
    assert "unknown 2026-11-23 11:00–11:15" in run.stdout
    assert "11:0" not in "".join(line for line in run.stdout.splitlines() if "lost" in line)
    assert (tmp_path / "demo" / "day.html").is_file()
    fill = runpy.run_path(str(ROOT / "docs" / "fill.py"))
    for page in fill["pages"]():
        told = page.read_text(encoding="utf-8")
        assert fill["filled"](told, tmp_path / "demo" / "store") == told, (
            "python docs/fill.py STORE"
        )
