"""Many collectors, one store: one holder per cluster, whoever dies, sleeps or races."""

import errno
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from support.snapshot_rows import START, lone, row

from analyzer import demo, history
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.errors import Busy, StoreError
from analyzer.history import History, manifest
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store import lease
from analyzer.store import snapshot as snapshots
from analyzer.store.layout import Store

DEAD = """
import sys, time
from pathlib import Path
from analyzer.store.layout import Store
with Store(Path(sys.argv[1]), sys.argv[2]).lock("c1"):
    print("held", flush=True)
    time.sleep(600)
"""
# Each host adds to a number that nothing else protects.
RACE = """
import sys, time
from pathlib import Path
from analyzer.errors import Busy
from analyzer.store.layout import Store
root = Path(sys.argv[1])
store, done = Store(root, sys.argv[2]), 0
deadline = time.monotonic() + 60
while done < 40 and time.monotonic() < deadline:
    try:
        with store.lock("c1"):
            count = int((root / "count").read_text())
            time.sleep(0.001)
            (root / "count").write_text(str(count + 1))
            done += 1
    except Busy:
        time.sleep(0.001)
"""


def latest(store: Store, cluster: str = "c1") -> Path:
    return max((store.root / "leases" / cluster).glob("0*"))


def age(store: Store, seconds: float, cluster: str = "c1") -> None:
    """As if its holder had last been alive so long ago."""
    then = time.time() - seconds
    os.utime(latest(store, cluster), (then, then))


def killed(store: Store, host: str) -> None:
    """A holder on *host*, dead in the middle of its work."""
    with subprocess.Popen(
        [sys.executable, "-c", DEAD, str(store.root), host], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        child.send_signal(signal.SIGKILL)


def test_another_host_waits_and_learns_who_holds_it(tmp_path: Path) -> None:
    here, there = Store(tmp_path, "here"), Store(tmp_path, "there")
    with (
        here.lock("c1"),
        pytest.raises(Busy, match=f"c1: process {os.getpid()} on here is writing") as error,
        there.lock("c1"),
    ):
        pass
    assert error.value.exit_code == 75
    with there.lock("c1"), there.lock("c2"):
        pass


def test_a_dead_host_is_waited_for_and_then_replaced(tmp_path: Path) -> None:
    here = Store(tmp_path, "here")
    killed(here, "there")
    with pytest.raises(Busy, match=r"process \d+ on there"), here.lock("c1"):
        pass
    age(here, lease.LEASE_SECONDS - 10)
    with pytest.raises(Busy), here.lock("c1"):
        pass
    age(here, lease.LEASE_SECONDS + 10)
    history.record(here, lone("complete", [row("a", 1, 1)], 0))
    assert history.verify(here, "c1").problem is None


def test_a_dead_process_of_the_same_host_is_replaced_at_once(tmp_path: Path) -> None:
    here = Store(tmp_path, "here")
    killed(here, "here")
    with here.lock("c1"):
        pass


def test_a_holder_that_slept_too_long_publishes_nothing(tmp_path: Path) -> None:
    slow, quick = Store(tmp_path, "slow"), Store(tmp_path, "quick")
    history.record(slow, lone("complete", [row("a", 1, 1)], 0))
    with History.open(slow, "c1") as sleeping:
        age(slow, lease.LEASE_SECONDS + 10)
        history.record(quick, lone("complete", [row("a", 2, 2)], 5))
        committed = manifest.read(quick, "c1")
        with pytest.raises(Busy, match="on quick took over; nothing was published"):
            sleeping.record(lone("complete", [row("a", 3, 3)], 5 + 5))
        assert manifest.read(quick, "c1") == committed
        snapshot = lone("complete", [row("a", 4, 4)], 5)
        with pytest.raises(Busy, match="on quick took over; nothing was published"):
            snapshots.write(slow, snapshot, snapshots.attempt(snapshot), sleeping.check_lease)
    # What the fenced one stored is folded by the next, and nothing is lost or damaged.
    history.catch_up(quick, "c1")
    assert history.verify(quick, "c1") == history.Verified("c1", snapshots=3, read=3)


def test_a_holder_without_heartbeat_stops_by_itself(tmp_path: Path) -> None:
    held = lease.acquire(tmp_path / "c1", "c1", "here", lease_seconds=0.05, heartbeat_seconds=0.04)
    held._released.set()
    time.sleep(0.06)
    with pytest.raises(Busy, match="its lease ran out"):
        held.check()
    held.release()


def test_heartbeats_keep_the_lease(tmp_path: Path) -> None:
    held = lease.acquire(tmp_path / "c1", "c1", "here", heartbeat_seconds=0.02)
    os.utime(held.path, (1, 1))
    deadline = time.monotonic() + 60
    while held.path.stat().st_mtime == 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(Busy):
        lease.acquire(tmp_path / "c1", "c1", "there")
    held.release()
    lease.acquire(tmp_path / "c1", "c1", "there").release()


def test_two_hosts_that_race_never_both_hold(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    racers = [
        subprocess.Popen([sys.executable, "-c", RACE, str(tmp_path), host])
        for host in ("here", "there", "elsewhere")
    ]
    assert [racer.wait(60) for racer in racers] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "120"


def test_a_link_whose_answer_got_lost_is_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def lossy(source: Path, target: Path) -> None:
        link(source, target)
        raise FileExistsError(target)

    monkeypatch.setattr(os, "link", lossy)
    held = lease.acquire(tmp_path / "c1", "c1", "here")
    held.check()
    held.release()


def test_a_lease_leaves_few_files(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for _ in range(30):
        with store.lock("c1"):
            pass
    assert len(list((tmp_path / "leases" / "c1").iterdir())) <= 10


def test_a_copy_of_a_store_that_keeps_no_times_is_held_by_nobody(tmp_path: Path) -> None:
    with Store(tmp_path / "store", "there").lock("c1"):
        pass
    shutil.copytree(tmp_path / "store", tmp_path / "copy", copy_function=shutil.copyfile)
    with Store(tmp_path / "copy", "here").lock("c1"):
        pass


def test_a_lease_of_a_clock_that_was_ahead_blocks_no_longer_than_any_other(tmp_path: Path) -> None:
    here = Store(tmp_path, "here")
    killed(here, "there")
    age(here, -9 * 365 * 86400)
    with pytest.raises(Busy), here.lock("c1"):
        pass
    # From then on its time counts as that of a host that was alive at that moment.
    assert abs(latest(here).stat().st_mtime - time.time()) < lease.LEASE_SECONDS
    age(here, lease.LEASE_SECONDS + 10)
    with here.lock("c1"):
        pass


def test_pods_with_a_new_name_each_time_leave_few_files(tmp_path: Path) -> None:
    for number in range(30):
        with Store(tmp_path, f"pod-{number}").lock("c1"):
            pass
    assert len(list((tmp_path / "leases" / "c1").iterdir())) <= 10
    assert list((tmp_path / "locks").iterdir()) == []


def test_what_a_killed_pod_leaves_is_deleted_an_hour_later(tmp_path: Path) -> None:
    here = Store(tmp_path, "here")
    killed(here, "pod-1")
    (tmp_path / "leases" / "c1" / ".pod-1.77.140").touch()
    age(here, 7200)
    for path in (tmp_path / "locks" / "c1@pod-1", tmp_path / "leases" / "c1" / ".pod-1.77.140"):
        os.utime(path, (1, 1))
    with here.lock("c1"):
        assert [path.name for path in (tmp_path / "locks").iterdir()] == ["c1@here"]
    assert not list((tmp_path / "leases" / "c1").glob(".*"))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_a_share_without_locks_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match="cannot be locked") as raised, Store(tmp_path).lock("c1"):
        pass
    assert raised.value.exit_code == 4


def test_snapshots_and_coverage_say_which_host_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEASE_SECRET", "pretend")
    with SimulatedArray(base_world(), username="reader", password="pretend") as array:
        cluster = Cluster("c1", array.url, "reader", password_env="LEASE_SECRET")
        for minute, host in ((0, "here"), (5, "there"), (10, "there")):
            with demo.at(START + timedelta(minutes=minute)):
                (outcome,) = collector.collect(Store(tmp_path, host), [cluster])
                assert outcome.status == "complete", outcome.reason
    with demo.at(START + timedelta(minutes=10)):
        catalog = Catalog(Store(tmp_path))
        request = ReportRequest(since=START.isoformat(), until="now")
        rows = {
            name: run.run(catalog, catalog.reports[name], request).records()
            for name in ("snapshots", "coverage")
        }
        catalog.close()
    assert [row["collector"] for row in rows["snapshots"]] == ["here", "there", "there"]
    assert [row["collectors"] for row in rows["coverage"]] == [["here", "there"]]


def test_a_full_disk_is_one_sentence_with_its_place(
    tmp_path: Path,
) -> None:
    """A limit of the process stands for the disk: no file may have a byte."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with (
            pytest.raises(StoreError, match=f"cannot write {tmp_path}: File too large"),
            Store(tmp_path, "here").lock("c1"),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    with Store(tmp_path, "there").lock("c1"):
        pass
