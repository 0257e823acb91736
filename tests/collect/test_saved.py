"""Saved answers are taken as what they are, or refused by name and leave nothing."""

import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.collect import saved
from analyzer.errors import UsageError
from analyzer.inventories import INVENTORIES
from analyzer.simulate import base_world

Import = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """What a simulated array answers of its sessions and of each inventory."""
    world = base_world()
    records = {name: world.inventory(name) for name in INVENTORIES} | {"sessions": world.sessions()}
    return {
        name: json.dumps({"records": listed, "num_records": len(listed)})
        for name, listed in records.items()
    }


@pytest.fixture
def folder(answers: dict[str, str], tmp_path: Path) -> Path:
    """The answers, a file each."""
    for name, text in answers.items():
        (tmp_path / f"{name}.json").write_text(text)
    return tmp_path


@pytest.fixture
def take_in(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Import:
    """Import a file of the folder, the same instant each time; gives status and sentence."""
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T02:12:00Z")

    def run(*words: str, taken_at: str = "2026-11-23T02:10:00Z") -> tuple[int, str]:
        monkeypatch.chdir(folder)
        code = cli.status(["import", "--cluster", "c", "--taken-at", taken_at, *words])
        return code, capsys.readouterr().err

    return run


def stored(folder: Path) -> list[str]:
    return [path.name for path in (folder / "store").rglob("*.parquet") if "seed" not in str(path)]


FORMS: dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-be"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip of UTF-16": lambda text: gzip.compress(text.encode("utf-16")),
    "numbers as text": lambda text: json.dumps(
        json.loads(text, parse_int=lambda number: number)
    ).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_in_another_form_is_the_same_content(
    form: str, folder: Path, take_in: Import
) -> None:
    code, sentence = take_in("sessions.json", "--nodes", "nodes.json")
    assert (code, sentence.split(" at ")[0]) == (0, "c: complete")
    for name in ("sessions", "nodes"):
        text = (folder / f"{name}.json").read_text()
        (folder / f"other-{name}.json").write_bytes(FORMS[form](text))
    assert take_in("other-sessions.json", "--nodes", "other-nodes.json") == (code, sentence)


NO_ANSWERS = {
    "an empty file": (b"", "is empty"),
    "text": (b"HTTP/1.1 200 OK", "is no JSON"),
    "a web page": (b" <html>", "is a web page, not JSON"),
    "half of an answer": (b'{"records": [', "is no JSON: Input data was truncated"),
    "Latin-1": ('{"records": [{"tsih": "ü"}]}'.encode("latin-1"), "is no text"),
    "half of a gzip file": (gzip.compress(b"{}" * 99)[:20], "is a damaged gzip file"),
    "a deep nest": (b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_a_file_that_is_no_json_is_refused_by_name_and_leaves_no_attempt(
    kind: str, folder: Path, take_in: Import
) -> None:
    body, why = NO_ANSWERS[kind]
    (folder / "slip.json").write_bytes(body)
    for words in (["slip.json"], ["sessions.json", "slip.json"], ["sessions.json", "--svms", "slip.json"]):  # fmt: skip
        code, sentence = take_in(*words)
        assert (code, sentence.count("\n")) == (2, 1)
        assert sentence.startswith("analyzer: slip.json ")
        assert why in sentence
    assert stored(folder) == []


def test_a_file_whose_name_is_no_utf_8_may_stand_in_the_reason_of_a_failure(
    folder: Path, take_in: Import
) -> None:
    name = "b\udcfcro.json"  # Latin-1
    (folder / name).write_text('{"error": {"message": "not authorized", "code": "6"}}')
    code, sentence = take_in(name)
    assert (code, r"page 1 (b\udcfcro.json): an error envelope" in sentence) == (69, True)


def test_a_connection_that_is_listed_twice_counts_once(folder: Path, take_in: Import) -> None:
    listing = json.loads((folder / "sessions.json").read_text())
    session = listing["records"][0]
    session["connections"] *= 2
    session["connections"].append(session["connections"][0] | {"cid": 7})
    (folder / "twice.json").write_text(json.dumps(listing))
    take_in("sessions.json")
    count = len(listing["records"])
    status, sentence = take_in("twice.json", taken_at="2026-11-23T02:00:00Z")
    assert (status, f"{count} sessions, {count + 1} connections" in sentence) == (0, True)
    assert cli.status(["verify"]) == 0  # it came late, and can be restored


def test_what_is_larger_than_any_answer_is_not_read(
    folder: Path, take_in: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "LARGEST", 1 << 20)
    (folder / "bomb.json.gz").write_bytes(gzip.compress(bytes(1 << 22)))
    for name in ("bomb.json.gz", "/dev/zero"):
        code, sentence = take_in(name)
        assert (code, sentence) == (
            2,
            f"analyzer: {name} is larger than 1 MB, which no answer is\n",
        )


@pytest.mark.parametrize("option", INVENTORIES)
def test_an_inventory_of_the_wrong_kind_is_refused_by_name(
    option: str, folder: Path, take_in: Import
) -> None:
    code, sentence = take_in("sessions.json", f"--{option.replace('_', '-')}", "sessions.json")
    assert code == 2
    assert f"sessions.json is an answer of {saved.RESOURCES['sessions'].path}, not of" in sentence
    assert stored(folder) == []


@pytest.mark.parametrize("kind", ["sessions", *INVENTORIES])
@pytest.mark.parametrize("linked", [True, False])
def test_an_answer_is_taken_for_no_other_inventory_than_its_own(
    kind: str, answers: dict[str, str], *, linked: bool
) -> None:
    answer = json.loads(answers[kind])
    if linked:
        answer |= {"_links": {"self": {"href": f"{saved.RESOURCES[kind].path}?fields=*"}}}
    taken = set()
    for name in INVENTORIES:
        with suppress(UsageError):
            saved.check_kind(Path("slip.json"), name, json.dumps(answer).encode())
            taken.add(name)
    # Nobody's is an empty list that does not say of what.
    assert taken == (set(INVENTORIES) & {kind} if linked or answer["records"] else set(INVENTORIES))


def test_two_clusters_of_a_name_but_for_case_are_refused(folder: Path, take_in: Import) -> None:
    assert take_in("sessions.json")[0] == 0
    before = stored(folder)
    code, printed = take_in("sessions.json", "--cluster", "C")
    assert (code, printed) == (
        2,
        "analyzer: 'C': the store has the cluster 'c'; case does not count\n",
    )
    assert stored(folder) == before


def test_an_instant_far_ahead_of_the_clock_is_refused_unless_it_is_requested(
    folder: Path, take_in: Import
) -> None:
    assert take_in("sessions.json", taken_at="2026-11-23T02:17:00Z")[0] == 0
    code, sentence = take_in("sessions.json", taken_at="2026-11-23T02:18:00Z")
    assert code == 2
    assert "more than five minutes ahead of the clock; --future takes it" in sentence
    assert take_in("sessions.json", "--future", taken_at="2026-11-23T02:18:00Z")[0] == 0
