"""A bundle that is not what it was is found out, and never extracted."""

import hashlib
import io
import json
import os
import re
import stat
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import cli, evidence
from analyzer.errors import StoreError
from analyzer.evidence.bundle_manifest import hashed


def bundle_of(path: Path, files: dict[str, bytes], manifest: object = None) -> Path:
    """A small bundle; without *manifest*, a true one."""
    if manifest is None:
        listed = [
            {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        ]
        manifest = {"parameters": {"since": "a", "until": "b"}, "files": listed}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("manifest.json", json.dumps(manifest))
        for name, data in files.items():
            bundle.writestr(name, data)
    return path


FILES = {"page.html": b"<p>seen</p>" * 50, "store/x.parquet": bytes(range(256))}


def remade(tmp_path: Path, change: dict[str, bytes | None]) -> Path:
    """The bundle with members replaced, added, or (None) taken out."""
    whole = bundle_of(tmp_path / "whole.zip", FILES)
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(changed, "w") as new:
        for name in {**dict.fromkeys(old.namelist()), **change}:
            data = change.get(name, b"") if name in change else old.read(name)
            if data is not None:
                new.writestr(name, data)
    return changed


def test_a_written_bundle_is_what_it_says(
    incident: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.status(["evidence", "verify", str(incident)]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert evidence.verify(incident).sha256 in output.err
    assert "2026-11-23T02:12:00Z" in output.err


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"page.html": b"<p>unseen</p>" * 50}, "altered: page.html"),
        ({"page.html": b""}, "altered: page.html"),
        ({"page.html": None}, "missing: page.html"),
        ({"more.txt": b"x"}, "added: more.txt"),
        ({"../../etc/cron.d/x": b"x"}, "added: ../../etc/cron.d/x"),
        ({"\x1b[31m\u202ex": b"x"}, "added: \\u001b[31m\\u202ex"),
        ({"manifest.json": None}, "no evidence bundle"),
        ({"manifest.json": b"[]"}, "no evidence bundle"),
        ({"manifest.json": b"{" * 100_000}, "no evidence bundle"),
        ({"manifest.json": b'{"files": 3, "parameters": {}}'}, "no evidence bundle"),
    ],
)
def test_a_changed_bundle_is_status_4_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict, complaint: str
) -> None:
    path = remade(tmp_path, change)
    assert cli.status(["evidence", "verify", str(path)]) == 4
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["changed.zip", "whole.zip"]


def test_a_member_that_is_there_twice_is_named(tmp_path: Path) -> None:
    path = bundle_of(tmp_path / "twice.zip", FILES)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as bundle:
        warnings.simplefilter("ignore")
        bundle.writestr("page.html", b"another")
    with pytest.raises(StoreError, match=r"there twice: page\.html"):
        evidence.verify(path)


def test_no_file_is_a_wrong_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.status(["evidence", "verify", "nothing.zip"]) == 2
    assert "no such file" in capsys.readouterr().err


UNSAFE = [
    "../../slip.txt", "/tmp/slip.txt", "C:\\slip.txt", "C:slip.txt", "store/../../slip.txt", "store/./x",
    "store//x", "store/", "..", "a\\b", "store/x:stream", "a\nb", "x" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_leaves_the_folder_is_refused_though_the_manifest_has_it(
    tmp_path: Path, name: str
) -> None:
    path = bundle_of(tmp_path / "slip.zip", {**FILES, name: b"" if name.endswith("/") else b"x"})
    with pytest.raises(StoreError, match="unsafe names: "):
        evidence.verify(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_that_is_no_plain_file_is_refused(tmp_path: Path, kind: int) -> None:
    path = bundle_of(tmp_path / "link.zip", FILES | {"store/locks/a": b"/etc/passwd"})
    with zipfile.ZipFile(path) as old:
        whole = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in whole.items():
            member = zipfile.ZipInfo(name)
            member.create_system = 3
            member.external_attr = (kind if name == "store/locks/a" else stat.S_IFREG) << 16
            new.writestr(member, data)
    with pytest.raises(StoreError, match="no plain files: store/locks/a"):
        evidence.verify(path)


def test_a_member_that_is_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    path = bundle_of(tmp_path / "packed.zip", FILES)
    with zipfile.ZipFile(path) as old:
        whole = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as new:
        for name, data in whole.items():
            new.writestr(name, data)
    with pytest.raises(StoreError, match=r"no plain files: .*page\.html"):
        evidence.verify(path)


@pytest.mark.parametrize("names", [
    ["Page.html", "page.html"], ["caf\u00e9", "cafe\u0301"], ["store/a", "store/a."], ["a/x", "a /x"],
], ids=["case", "composition", "dot", "space of a folder"])  # fmt: skip
def test_names_that_some_systems_take_for_one_are_refused(tmp_path: Path, names: list[str]) -> None:
    path = bundle_of(tmp_path / "same.zip", FILES | dict.fromkeys(names, b"x"))
    with pytest.raises(StoreError, match=rf"there twice: .*{re.escape(names[1])}"):
        evidence.verify(path)


@pytest.mark.parametrize("header", ["directory", "own"])
def test_a_member_that_unzip_extracts_under_another_name_is_refused(
    tmp_path: Path, header: str
) -> None:
    path = bundle_of(tmp_path / "two.zip", FILES)
    with zipfile.ZipFile(path) as old:
        whole = {name: old.read(name) for name in old.namelist()}
    field = b"\x01" + zlib.crc32(b"page.html").to_bytes(4, "little") + b"store/x.parquet"
    with zipfile.ZipFile(path, "w") as new:
        for name, data in whole.items():
            member = zipfile.ZipInfo(name)
            if name == "page.html":
                member.extra = b"\x75\x70" + len(field).to_bytes(2, "little") + field
            new.writestr(member, data)
    content = path.read_bytes()
    hidden = content.index if header == "directory" else content.rindex
    place = hidden(b"\x75\x70" + len(field).to_bytes(2, "little"))
    path.write_bytes(content[:place] + b"\x76\x70" + content[place + 2 :])
    with pytest.raises(StoreError, match=r"of two names: page\.html"):
        evidence.verify(path)


def test_a_file_that_is_a_folder_of_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="files and folders: Store"):
        evidence.verify(bundle_of(tmp_path / "e.zip", FILES | {"Store": b""}))


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    assert cli.status(["evidence", "verify", str(tmp_path / "pipe.zip")]) == 2


def test_a_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    listed = [{"path": "page.html", "size": 1 << 40, "sha256": "0"}]
    manifest = {"parameters": {"since": "a", "until": "b"}, "files": listed}
    path = bundle_of(tmp_path / "bomb.zip", FILES, manifest)
    with pytest.raises(StoreError, match=r"1099511627776 bytes unpacked from \d+"):
        evidence.verify(path)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = bundle_of(tmp_path / "overlap.zip", {"a": bytes(100), "b": bytes(100)})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as bundle:
        first, second = (bundle.getinfo(name).header_offset for name in "ab")
    place = content.rindex(second.to_bytes(4, "little"))  # in the central directory, of b
    content[place : place + 4] = first.to_bytes(4, "little")
    path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="overlapping: a"):
        evidence.verify(path)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": "1"},
        {"files": [{"path": 5, "size": 1, "sha256": ""}]},
        {"files": [{"path": "a", "size": -1, "sha256": ""}]},
        {"parameters": {"since": "a"}},
        {"files": None},
    ],
)
def test_an_odd_manifest_is_none(tmp_path: Path, change: dict) -> None:
    manifest = {"parameters": {"since": "a", "until": "b"}, "files": [], **change}
    path = bundle_of(tmp_path / "odd.zip", {}, manifest)
    with pytest.raises(StoreError, match="no manifest that can be read"):
        evidence.verify(path)


class Endless(io.RawIOBase):
    """A member that never ends."""

    def read(self, size: int = -1) -> bytes:
        return bytes(size)


def test_a_file_that_is_cut_off_anywhere_is_damaged(tmp_path: Path) -> None:
    path = bundle_of(tmp_path / "cut.zip", FILES)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreError):
            evidence.verify(path)


def test_a_bomb_is_read_one_byte_further_than_its_manifest_says() -> None:
    assert hashed(Endless(), 10)[1] == 11


@given(data=st.data())
def test_no_damage_is_taken_for_whole_or_for_a_bug(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = bundle_of(tmp_path_factory.mktemp("fuzz") / "b.zip", FILES)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, 30))
    path.write_bytes(bytes(content[: len(content) - cut]))
    try:
        evidence.verify(path)
    except StoreError:
        return
    # What is still whole differs in bytes that are nobody's content, such as a time.
    with zipfile.ZipFile(path) as bundle:
        assert {name: bundle.read(name) for name in FILES} == FILES
