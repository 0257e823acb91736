"""How files appear, in the store and where --output says."""

import errno
import os
import threading
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from analyzer.errors import Busy, StoreError, UsageError
from analyzer.store.layout import Store
from analyzer.store.publish import deliver, publish, sweep, unsynced


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, text: str) -> None:
    with deliver(path) as draft:
        draft.write_text(text)


def break_off(writing: AbstractContextManager[Path], error: Exception) -> None:
    with writing as draft:
        draft.write_text("half")
        raise error


def test_a_file_of_the_store_is_for_owner_and_group_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with publish(tmp_path / "store" / "a" / "file") as draft:
            draft.write_text("x")
        with Store(tmp_path / "store").lock("c1"):
            Store(tmp_path / "store").history.mkdir(exist_ok=True)
    finally:
        os.umask(before)
    paths = [tmp_path / "store", *(tmp_path / "store").rglob("*")]
    assert {oct(path.stat().st_mode & 0o007) for path in paths if path.name != "history"} == {"0o0"}


def test_a_fenced_writer_publishes_nothing_although_its_draft_is_whole(tmp_path: Path) -> None:
    def fenced() -> None:
        assert names(tmp_path) != ["file"]
        raise Busy("taken over")

    with (
        pytest.raises(Busy),
        publish(tmp_path / "file", before_rename=fenced) as draft,
    ):
        draft.write_text("x")
    assert names(tmp_path) == []


def test_a_draft_that_the_disk_does_not_take_is_one_sentence_and_no_file(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(StoreError, match=r"cannot write .*file: No space left on device"):
        break_off(publish(tmp_path / "file"), full)
    assert names(tmp_path) == []


def test_a_file_and_its_name_wait_for_the_disk_unless_the_store_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr("analyzer.store.publish._synced", True)
    monkeypatch.setattr(os, "fsync", waits.append)

    def write_one() -> int:
        waits.clear()
        with publish(tmp_path / "file") as draft:
            draft.write_text("x")
        return len(waits)

    assert write_one() == 2
    with unsynced():
        assert write_one() == 0
    assert write_one() == 2


def test_drafts_are_swept_when_nobody_works_on_them(tmp_path: Path) -> None:
    old, young, ahead, other = (tmp_path / f".{name}.9.140" for name in ("a", "b", "c", "d"))
    for path in (old, young, ahead):
        path.touch()
    os.utime(old, (1, 1))
    os.utime(ahead, (9e9, 9e9))
    other.mkdir()
    (tmp_path / ".profile").touch()
    sweep(tmp_path)
    assert names(tmp_path) == [".b.9.140", ".d.9.140", ".profile"]
    sweep(tmp_path, living=False)
    assert names(tmp_path) == [".d.9.140", ".profile"]


def test_a_writer_sweeps_what_killed_writers_left_in_its_cluster(tmp_path: Path) -> None:
    store = Store(tmp_path)
    mine, others = store.history_folder("c1"), store.history_folder("c2")
    for folder in (mine, others):
        folder.mkdir(parents=True)
        (folder / ".manifest.json.9.140").touch()
    with store.lock("c1"):
        pass
    assert names(mine) == []
    assert names(others) == [".manifest.json.9.140"]


def test_output_replaces_a_file_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    target.chmod(0o604)
    write(target, "after")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("after", 0o604)
    assert names(tmp_path) == ["out.csv"]


def test_output_through_a_link_writes_its_target(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    for target in ("place/there", "place/new"):
        link = tmp_path / f"link-{Path(target).name}"
        link.symlink_to(target)
        write(link, "text")
        assert link.is_symlink()
        assert (tmp_path / target).read_text() == "text"
    assert names(tmp_path / "place") == ["new", "there"]


def test_output_to_a_pipe_is_written_to_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    texts: list[str] = []
    reader = threading.Thread(target=lambda: texts.append(pipe.read_text()))
    reader.start()
    write(pipe, "text")
    reader.join(60)
    assert texts == ["text"]
    assert pipe.is_fifo()


def test_output_to_a_device_leaves_it_a_device() -> None:
    write(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(StoreError, match="/dev/full: No space left on device"):
        write(Path("/dev/full"), "text")


def test_output_to_standard_output_that_is_a_file_is_written_at_its_end(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    print("first", flush=True)
    write(Path("/dev/stdout"), "second\n")
    print("third", flush=True)
    assert capfd.readouterr().out == "first\nsecond\nthird\n"


def test_output_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    with pytest.raises(RuntimeError):
        break_off(deliver(target), RuntimeError())
    assert target.read_text() == "before"
    assert names(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("place", ["no/folder/out.csv", "file/out.csv", ".", "f" * 300])
def test_a_place_that_takes_no_file_is_a_matter_of_usage(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        write(tmp_path / place, "text")
    assert names(tmp_path) == ["file"]
