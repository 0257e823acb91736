"""``policy check``: what cannot match anything is refused, what is over is told."""

from pathlib import Path

import pytest

from analyzer import cli


def check(text: str, config: str = "") -> int:
    Path("policy.toml").write_text(text)
    Path("analyzer.toml").write_text(config)
    return cli.status(["policy", "check"])


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T12:00:00Z")


def accept(**keys: str) -> str:
    lines = [f'{key} = "{value}"' for key, value in keys.items()]
    return "\n".join(["[[accept]]", "until = 2027-01-31", *lines])


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"fault": "single_nod"}, "there is no fault 'single_nod'; did you mean 'single_node'?"),
        ({"report": "outage"}, "there is no finding report 'outage'; did you mean 'outages'?"),
    ],
)
def test_what_no_finding_can_match_is_refused(
    capsys: pytest.CaptureFixture[str], entry: dict[str, str], sentence: str
) -> None:
    assert check(accept(fault="single_path") + "\n" + accept(**entry)) == 2
    assert f"policy.toml: accept[2]: {sentence}" in capsys.readouterr().err


def test_what_can_match_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(accept(fault="single_*", report="MULTIPATH-*")) == 0
    assert capsys.readouterr() == ("accepted: 1\n", "")


def test_what_is_over_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("[[accept]]\nuntil = 2026-11-23\n") == 0
    assert "accept[1]: ended at 2026-11-23T00:00:00Z" in capsys.readouterr().err


MAINTENANCE = "[[maintenance]]\nsince = 2026-12-05T22:00:00{}\nuntil = 2026-12-06T02:00:00{}\n"


@pytest.mark.parametrize(
    ("offset", "zone", "warns"),
    [("", "", True), ("Z", "", False), ("+01:00", "", False), ("", "Europe/Zurich", False)],
)
def test_a_maintenance_without_an_offset_or_a_zone_is_warned_of(
    capsys: pytest.CaptureFixture[str], offset: str, zone: str, *, warns: bool
) -> None:
    config = f'timezone = "{zone}"\n' * bool(zone) + MAINTENANCE.format(offset, offset)
    assert check("", config) == 0
    assert ("maintenance[1]: a time without an offset is UTC" in capsys.readouterr().err) is warns
