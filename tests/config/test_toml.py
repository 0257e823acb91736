"""The door to TOML: what a type does not allow is named by file, entry, key and nearest key."""

from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec
import pytest

from analyzer.config import toml
from analyzer.config.toml import Duration, Instant, Text
from analyzer.errors import UsageError


class Pump(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    REFUSED: ClassVar = {"colour": "is nobody's business"}

    name: Text
    rate: Annotated[float, msgspec.Meta(ge=1, le=10)] = 1.0
    every: Duration | None = None
    since: Instant | None = None
    folder: Path | None = None
    zone: tzinfo | None = None
    state: Literal["on", "off"] = "on"
    either: bool | str = True
    words: tuple[Text, ...] = ()
    levels: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = {}

    def __post_init__(self) -> None:
        if self.state == "off" and self.every is not None:
            raise ValueError("a pump that is off has no 'every'")


class Plant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pumps: tuple[Pump, ...] = ()
    spare: Pump | None = None


def read(text: str, kind: Any = Plant) -> Any:
    return toml.loads(text, kind, Path("/etc/plant.toml"))


def test_values_become_what_their_fields_say(tmp_path: Path) -> None:
    path = tmp_path / "plant.toml"
    path.write_text(
        '\ufeff[[pumps]]\nname = "a"\nrate = 2\nevery = "1h30m"\nsince = 2026-12-05T22:00:00+01:00\n'
        'folder = "sub/x"\nzone = "Europe/Zurich"\neither = "b"\nwords = ["v"]\nlevels = {l = 1}\n'
    )
    (pump,) = toml.load(path, Plant).pumps
    assert pump == Pump(
        "a", 2.0, Duration(minutes=90), Instant(2026, 12, 5, 21), tmp_path / "sub/x",
        ZoneInfo("Europe/Zurich"), "on", "b", ("v",), {"l": 1},
    )  # fmt: skip


@pytest.mark.parametrize("text", ["2027-01-31", "2027-01-31T00:00:00", '"2027-01-31T00:00Z"'])
def test_a_date_is_its_midnight(text: str) -> None:
    assert read(f"name = 'a'\nsince = {text}", Pump).since == datetime(2027, 1, 31)


FIRST = '[[pumps]]\nname = "a"\n'
SECOND = FIRST + '[[pumps]]\nname = "b"\n'
WRONG = {
    "an unknown key": (SECOND + "ratee = 1", "pumps[2]: unknown key 'ratee'; did you mean 'rate'?"),
    "a key like no other": (
        "q = 1",
        "unknown key 'q'; known are pumps, spare",
    ),
    "a refused key": (FIRST + "colour = 1", "pumps[1]: 'colour' is nobody's business"),
    "a missing key": ("[[pumps]]\nrate = 1", "pumps[1]: 'name' is missing"),
    "a missing key of a table": ("[spare]", "spare: 'name' is missing"),
    "a list that is a table": ("[pumps]\nname = 'a'", "'pumps' is written [[pumps]]"),
    "a table that is a text": ("spare = 'x'", "'spare' must be a table, not text"),
    "an entry that is a text": ("pumps = ['x']", "'pumps[1]' must be a table, not text"),
    "too little": (SECOND + "rate = 0", "pumps[2]: 'rate' must be a number >= 1.0"),
    "a number beyond numbers": (FIRST + "rate = " + "9" * 400, "pumps[1]: 'rate' is out of range"),
    "a number of too many digits": (FIRST + "rate = " + "9" * 5000, "limit"),
    "no number": (FIRST + "rate = nan", "pumps[1]: 'rate' must be a number >= 1.0"),
    "a truth for a number": (FIRST + "rate = true", "'rate' must be a number, not true or false"),
    "a number for two kinds": (FIRST + "either = 1", "'either' must be true or false or text, not"),
    "a word that is none of some": (FIRST + "state = 'of'", "pumps[1]: 'state' is one of on, off"),
    "no text": (FIRST + "words = ['']", "pumps[1]: 'words[1]' must be text of length >= 1"),
    "NUL": (FIRST + 'words = ["a\\u0000"]', "'pumps[1].words[1]' must be text without NUL"),
    "NUL in a path": (FIRST + 'folder = "a\\u0000"', "'pumps[1].folder' must be text without NUL"),
    "a value of a table": (
        FIRST + "levels = {low = 1, high = -1}",
        "pumps[1].levels: 'high' must be a whole number >= 0",
    ),
    "no duration": (FIRST + "every = 300", "pumps[1]: 'every' is wrong: '300' is not a duration"),
    "a duration of nothing": (FIRST + "every = '0m'", "'every' must be longer than nothing"),
    "a million years": (
        FIRST + "every = '52000000w'",
        "'every' must be longer than nothing and at",
    ),
    "longer than a history": (FIRST + "every = '999999999w'", "'every' is wrong: "),
    "no time": (
        FIRST + "since = '31.1.2027'",
        "'31.1.2027' is not a time: write 2026-11-23T02:10:00Z",
    ),
    "before the calendar": (
        FIRST + "since = 0001-01-01T00:00:00+01:00",
        "'since' is wrong: '0001-01-01T00:00:00+01:00' is not a time",
    ),
    "a home of nobody": (FIRST + "folder = '~nobody-of-that-name/x'", "'folder' is wrong: ~nobody"),
    "no zone": (FIRST + "zone = 'Zurich'", "'zone' is wrong: 'Zurich' is not a time zone"),
    "a zone that is a file": (
        FIRST + "zone = '/etc/passwd'",
        "'zone' is wrong: '/etc/passwd' is not a time zone",
    ),
    "keys that do not go together": (
        SECOND + "state = 'off'\nevery = '1h'",
        "pumps[2]: a pump that is off has no 'every'",
    ),
    "deep nesting": ("pumps = " + "[" * 50_000, "nested too deeply"),
    "deep nesting of tables": ("pumps = " + "{a=" * 5_000 + "1" + "}" * 5_000, "nested too deeply"),
    "deep nesting of dots": ("spare" + ".a" * 50_000 + " = 1", "nested too deeply"),
    "NUL in the file": ("\0", "Invalid"),
    "no TOML": ("[[pumps]", "Expected"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_what_a_type_does_not_allow_is_named(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value).startswith("/etc/plant.toml: ")
    assert sentence in str(caught.value)


def test_an_error_names_the_place_and_nothing_more() -> None:
    with pytest.raises(UsageError) as caught:
        read(SECOND + "ratee = 1")
    assert str(caught.value) == (
        "/etc/plant.toml: pumps[2]: unknown key 'ratee'; did you mean 'rate'?"
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.toml: cannot be read: No such file"):
        toml.load(tmp_path / "missing.toml", Plant)
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory"):
        toml.load(tmp_path, Plant)
    path = tmp_path / "plant.toml"
    path.write_bytes(b"\xff\xfe[\x00")
    with pytest.raises(UsageError, match=r"plant\.toml: cannot be read: not UTF-8 text"):
        toml.load(path, Plant)
    path.write_text("#" * (1 << 23))
    with pytest.raises(UsageError, match=r"plant\.toml: cannot be read: larger than 4 MiB"):
        toml.load(path, Plant)


def test_a_duration_is_a_timedelta() -> None:
    assert read("name = 'a'\nevery = '5m'", Pump).every == timedelta(minutes=5)
