"""Whom the client believes, and how it says who it is."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import collector, doctor
from analyzer.config.cluster import Cluster
from analyzer.ontap import tls
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store.layout import Store

PASSWORD = "not-to-be-seen-4711"


@dataclass(frozen=True)
class Authority:
    """A CA in a folder, and what it signs."""

    folder: Path

    def openssl(self, command: str) -> None:
        subprocess.run(
            ["openssl", *command.split()], cwd=self.folder, check=True, capture_output=True
        )

    def signed(self, name: str, san: str, days: int = 2) -> tuple[Path, Path]:
        """Files of certificate and key."""
        new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        (self.folder / "san").write_text(f"subjectAltName={san}")
        self.openssl(f"req {new} -keyout {name}.key -out {name}.csr -subj /CN={name}")
        self.openssl(f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial"
                     f" -days {days} -extfile san -out {name}.pem")  # fmt: skip
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make certificates with")
    issuer = Authority(tmp_path_factory.mktemp("ca"))
    new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    issuer.openssl(f"req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=ca -days 2")
    return issuer


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Collects once from an array with this certificate; gives the outcome and the array."""
    monkeypatch.setenv("SECRET", PASSWORD)
    running: list[SimulatedArray] = []

    def run(tls: tuple[Path, Path], ca: Path | None = None, **how: Any) -> collector.Outcome:
        array = SimulatedArray(base_world(), username="reader", password=PASSWORD, tls=tls)
        running.append(array)
        array.online()
        assert array._server is not None
        if ca is not None:
            context = array._server.socket.context
            context.load_verify_locations(ca)
            context.verify_mode = ssl.CERT_REQUIRED
        how = {"username": "reader", "password_env": "SECRET", "timeout": 20.0, **how}
        cluster = Cluster("a", array.url, **how)
        (outcome,) = collector.collect(Store(tmp_path / "store"), [cluster])
        (looked,) = [
            check for check in doctor.check_cluster(cluster) if check.name == "certificate"
        ]
        assert (looked.status == "fail") == (outcome.exit_code != 0)
        assert not outcome.exit_code or array.requests == []
        return outcome

    yield run
    for array in running:
        array.offline()


def test_a_ca_file_is_believed_and_wins_over_the_environment(
    authority: Authority, place: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls = authority.signed("array", "IP:127.0.0.1")
    assert place(tls, verify=authority.file).status == "complete"
    other = tmp_path / "other"
    other.mkdir()
    foreign = Authority(other)
    new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    foreign.openssl(f"req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=other -days 2")
    # What the environment trusts does not help where a file is named.
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    assert place(tls, verify=foreign.file).exit_code == 69
    monkeypatch.setenv("SSL_CERT_FILE", str(foreign.file))
    assert place(tls, verify=authority.file).exit_code == 0


@pytest.mark.parametrize(
    ("name", "san", "days", "why"),
    [
        ("expired", "IP:127.0.0.1", -1, "certificate has expired"),
        ("elsewhere", "DNS:other.example", 2, "not valid for '127.0.0.1'"),
    ],
)
def test_a_certificate_that_is_wrong_is_69_and_hears_no_password(
    authority: Authority, place: Any, name: str, san: str, days: int, why: str
) -> None:
    outcome = place(authority.signed(name, san, days), verify=authority.file)
    assert (outcome.status, outcome.exit_code) == ("failed", 69)
    assert outcome.reason.startswith("its certificate is not trusted: ")
    assert why in outcome.reason


def test_a_certificate_that_signs_itself_needs_its_own_file(
    authority: Authority, place: Any
) -> None:
    new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    authority.openssl(f"req -x509 {new} -keyout self.key -out self.pem -subj /CN=self -days 2"
                      " -addext subjectAltName=IP:127.0.0.1")  # fmt: skip
    tls = (authority.folder / "self.pem", authority.folder / "self.key")
    outcome = place(tls)
    assert outcome.exit_code == 69
    assert "self-signed certificate" in outcome.reason
    assert place(tls, verify=tls[0]).status == "complete"


def test_without_verification_anything_goes(authority: Authority, place: Any) -> None:
    tls = authority.signed("any", "DNS:other.example", -1)
    assert place(tls, verify=False).status == "complete"


def test_a_client_certificate_is_sent_where_it_is_requested(
    authority: Authority, place: Any
) -> None:
    tls = authority.signed("array", "IP:127.0.0.1")
    cert, key = authority.signed("reader", "DNS:reader")
    trusted = place(tls, authority.file, verify=authority.file, client_cert=cert, client_key=key)
    assert trusted.status == "complete"
    stranger = place(tls, authority.file, verify=authority.file)
    assert (stranger.status, stranger.exit_code) == ("failed", 77)
    assert stranger.reason == "it asks for a client certificate that it knows"


def test_authorities_are_read_once_for_all_clusters_and_again_when_they_change(
    authority: Authority, tmp_path: Path
) -> None:
    believed = tmp_path / "ca.pem"
    shutil.copy(authority.file, believed)
    first, second = (Cluster(name, "https://array.example", verify=str(believed)) for name in "ab")
    context = tls.context(first)
    assert tls.context(second) is context
    assert tls.context(Cluster("c", "https://array.example", verify=False)) is not context
    believed.write_bytes(2 * authority.file.read_bytes())
    assert tls.context(first) is not context
