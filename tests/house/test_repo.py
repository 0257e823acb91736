"""What must never be in the repository, and what must."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from analyzer.schema import ATTEMPT, TABLES

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_lock_file_is_kept() -> None:
    assert not [
        path
        for path in tracked()
        if re.search(r"(lock|pylock.*)\.(toml|json)$|uv\.lock$", path.name)
    ]


def test_no_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    host = re.compile("py" + r"pi\.org|pythonhosted\.|registry\.npm" + r"js|deb\.deb" + "ian")
    home = re.compile(r"(^|[^\w.])/(work|root|farm)/")
    for path in tracked():
        if path.name == Path(__file__).name:
            continue
        assert not host.search(text(path)), path
        assert not home.search(text(path)), path


def test_every_column_has_a_sentence() -> None:
    for column in [*ATTEMPT, *(column for table in TABLES for column in table.columns)]:
        assert column.sentence.endswith("."), column.name


def test_no_two_test_modules_share_a_name() -> None:
    names = [path.name for path in tracked() if path.name.startswith("test_")]
    assert sorted(set(names)) == sorted(names), "they are imported by name alone"


def test_no_two_classes_of_the_package_share_a_name() -> None:
    names = [
        node.name
        for path in tracked()
        if path.suffix == ".py" and (ROOT / "analyzer") in path.parents
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.ClassDef)
    ]
    assert [name for name in sorted(set(names)) if names.count(name) > 1] == []


def test_no_two_modules_share_a_name_but_a_command_may_be_named_for_its_room() -> None:
    names = [
        path.name
        for path in tracked()
        if path.suffix == ".py"
        and path.is_relative_to(ROOT / "analyzer")
        and not path.is_relative_to(ROOT / "analyzer" / "cli")
        and path.name != "__init__.py"
    ]
    assert [name for name in sorted(set(names)) if names.count(name) > 1] == []


def test_nothing_installs_the_other_project_of_the_name_analyzer() -> None:
    other = re.compile(r"pip\w* install[^\n]*['\" ]analyzer(\[|['\" ]|$)", re.MULTILINE)
    for path in tracked():
        if path.name != Path(__file__).name:
            assert not other.search(text(path)), path


def test_the_map_of_contributing_leads_to_rooms_that_are_there() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    questions = contributing.partition("| question | room |")[2].partition("\n\n")[0]
    rooms = re.findall(r"\| `([^`]+)` \|", questions)
    assert len(rooms) >= 20
    assert [room for room in rooms if not (ROOT / room).exists()] == []


def test_every_room_is_in_contributing() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    table = contributing.partition("| room | what it is |")[2].partition("\n\n")[0]
    files = [path.relative_to(ROOT / "analyzer") for path in tracked() if path.suffix == ".py"
             and path.is_relative_to(ROOT / "analyzer")]  # fmt: skip
    rooms = {path.parts[0].removesuffix(".py") for path in files} - {"__init__", "__main__"}
    assert {room for room in rooms if f"`{room}`" not in table} == set()


def test_no_module_is_longer_than_a_reader_holds_in_the_head() -> None:
    modules = [path for path in tracked() if path.is_relative_to(ROOT / "analyzer")]
    lengths = {str(path): len(text(path).splitlines()) for path in modules if path.suffix == ".py"}
    assert {name: length for name, length in lengths.items() if length > 350} == {}
