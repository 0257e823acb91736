"""Doctor: what is in place, what is not, and what to do about it."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from support.snapshot_rows import lone, row

from analyzer import clock, history
from analyzer.collect import doctor
from analyzer.config.cluster import Cluster
from analyzer.inventories import INVENTORIES
from analyzer.ontap.resources import RESOURCES
from analyzer.simulate import Fault, SimulatedArray, base_world
from analyzer.store.layout import Store

PASSWORD = "not-to-be-seen-4711"


@pytest.fixture
def array() -> Iterator[SimulatedArray]:
    with SimulatedArray(base_world(), username="reader", password=PASSWORD) as running:
        yield running


@pytest.fixture
def cluster(array: SimulatedArray, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("SECRET", PASSWORD)
    monkeypatch.setattr("analyzer.ontap.client._backoff", lambda _attempt: 0.01)
    return Cluster("prod-a", array.url, "reader", password_env="SECRET", deadline=60.0)


def checks_of(cluster: Cluster) -> dict[str, doctor.Check]:
    checks = {check.name: check for check in doctor.check_cluster(cluster)}
    assert PASSWORD not in str(checks)
    return checks


def test_all_is_well(cluster: Cluster) -> None:
    checks = checks_of(cluster)
    assert {check.status for check in checks.values()} == {"ok"}
    assert checks["login"].detail.startswith("NetApp Release 9.16.1")
    assert checks["/api/protocols/san/iscsi/sessions"].detail == "76 connections on 1 page"
    assert "new fields" not in checks


def test_a_name_that_nobody_knows(cluster: Cluster) -> None:
    (check,) = doctor.check_cluster(replace(cluster, url="https://no-such-host.invalid"))
    assert (check.name, check.status, check.exit_code) == ("name", "fail", 69)
    assert check.advice == "correct 'url', or the name service"


def test_nobody_answers(cluster: Cluster) -> None:
    checks = checks_of(replace(cluster, url="http://127.0.0.1:9", deadline=0.5))
    assert (checks["login"].status, checks["login"].exit_code) == ("fail", 69)
    assert "see that the management address answers HTTPS" in checks["login"].advice


def test_a_wrong_password(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "wrong")
    check = checks_of(cluster)["login"]
    assert (check.status, check.exit_code) == ("fail", 77)
    assert "wrong user or password: see 'username' (reader) and what password_env" in check.advice
    assert "rest-role" not in check.advice


@pytest.mark.parametrize("name", INVENTORIES)
def test_a_right_that_is_missing_is_named_by_its_endpoint(
    array: SimulatedArray, cluster: Cluster, name: str
) -> None:
    array.world.svms["S1"].subtype = "sync_source"  # so that there is a MetroCluster
    path = RESOURCES[name].path
    array.faults = [Fault("status", path, status=403)]
    checks = checks_of(cluster)
    bad = [name for name, check in checks.items() if check.status == "fail"]
    assert bad == [path]
    lost = INVENTORIES[name].lost
    assert checks[path].advice.startswith(f"without it {lost}; give the account")
    assert checks[path].exit_code == 77
    role = re.findall(r"-api (\S+)", checks[path].advice)
    assert any(path.startswith(right) for right in role), "the role lacks what is asked"


def test_what_a_release_does_not_have_is_no_missing_right(
    array: SimulatedArray, cluster: Cluster
) -> None:
    array.world.version = (9, 8, 0)
    check = checks_of(cluster)["/api/protocols/san/portsets"]
    assert (check.status, check.exit_code) == ("warn", 0)
    assert check.detail == "ONTAP has it from 9.9 on"


@pytest.mark.parametrize("name", ["lun_maps", "portsets", "ports", "ems", "messages"])
def test_what_an_array_does_not_have_is_no_missing_right(
    array: SimulatedArray, cluster: Cluster, name: str
) -> None:
    path = RESOURCES[name].path
    array.faults = [Fault("status", path, status=404)]
    checks = checks_of(cluster)
    assert [check for check in checks.values() if check.status == "fail"] == []
    assert (checks[path].status, checks[path].detail) == ("warn", "this array does not have it")
    assert checks[path].advice == f"without it {INVENTORIES[name].lost}"


def test_a_clock_that_is_off(array: SimulatedArray, cluster: Cluster) -> None:
    array.clock = lambda: clock.now() + timedelta(minutes=7)
    check = checks_of(cluster)["clock"]
    assert check.status == "warn"
    assert "s from ours" in check.detail
    assert "synchronise the clocks" in check.advice


def test_fields_that_are_newer_than_this_program_are_named_once(
    array: SimulatedArray, cluster: Cluster
) -> None:
    array.faults = [Fault("unknown_field", "*/iscsi/sessions")]
    check = checks_of(cluster)["new fields"]
    assert check.status == "ok"
    assert check.detail.endswith("not stored: novelty.a")


def test_a_certificate_that_is_not_checked_is_said(cluster: Cluster) -> None:
    assert checks_of(replace(cluster, verify=False))["certificate"].status == "warn"


def test_an_url_that_sends_in_clear_is_said(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: [])
    far = replace(cluster, url="http://array.invalid", deadline=0.5)
    assert next(c for c in doctor.check_cluster(far) if c.name == "certificate").status == "warn"


def test_a_secret_that_is_not_there_is_a_matter_of_configuration(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET")
    check = checks_of(cluster)["login"]
    assert (check.status, check.exit_code) == ("fail", 2)
    assert check.advice == "correct the configuration, or put there what it names"


@pytest.mark.parametrize("place", ["/dev/zero", "/etc", "/dev/null"])
def test_a_ca_file_that_is_a_folder_or_a_device_is_no_file(place: str) -> None:
    cluster = Cluster("prod-a", "https://127.0.0.1:9", username="u", password_env="P", verify=place)
    check = checks_of(cluster)["certificate"]
    assert (check.status, check.exit_code) == ("fail", 2)
    assert f"{place} is no file" in check.detail


def test_an_svm_that_is_not_there_is_named(cluster: Cluster) -> None:
    check = checks_of(replace(cluster, svms=("svm_sql", "svm_no")))["svms"]
    assert (check.status, check.detail) == ("warn", "there is no 'svm_no'")
    assert "svm_k8s" in check.advice


def test_the_rights_are_for_the_account_of_the_configuration(
    array: SimulatedArray, cluster: Cluster
) -> None:
    array.faults = [Fault("status", "*/iscsi/sessions", status=403)]
    advice = checks_of(cluster)["/api/protocols/san/iscsi/sessions"].advice
    assert "security login create -user-or-group-name reader -application http" in advice


def test_a_secret_that_everybody_can_read_is_reported(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    filed = replace(cluster, password_env=None, password_file=path)
    path.chmod(0o640)
    assert "secret" not in checks_of(filed)
    path.chmod(0o644)
    check = checks_of(filed)["secret"]
    assert (check.status, check.advice) == ("warn", f"chmod o-rwx {path}")


def test_a_history_that_is_damaged_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    history.record(store, lone("complete", [row("a", 1, 1)], 0))
    (store.history_folder("c1") / "manifest.json").write_text("{")
    checks = {check.name: check for check in doctor.check_store(store)}
    assert (checks["history"].status, checks["history"].exit_code) == ("fail", 4)
    assert str(store.history_folder("c1") / "manifest.json") in checks["history"].detail


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    checks = list(doctor.check_store(Store(tmp_path / "a" / "b")))
    assert [check.status for check in checks] == ["ok", "ok"]
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_can_be_written_and_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [check.status for check in doctor.check_store(Store(tmp_path / "new"))] == ["ok", "ok"]
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1))
    checks = list(doctor.check_store(Store(tmp_path)))
    assert [check.status for check in checks] == ["ok", "warn"]
    assert "retention" in checks[1].advice


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (check,) = doctor.check_store(Store(tmp_path / "file"))
    assert (check.status, check.exit_code) == ("fail", 4)
