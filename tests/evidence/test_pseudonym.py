"""What a verdict reads of a value survives in its pseudonym."""

import re
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.evidence.pseudonym import Pseudonyms

KEY = b"k" * 32
FORM = re.compile(
    r"iqn\.\d{4}-\d{2}\.[^:]+(:.+)?|eui\.[0-9a-f]{16}|naa\.([0-9a-f]{16}|[0-9a-f]{32})"
)
V4, V6 = st.ip_addresses(v=4), st.ip_addresses(v=6)


def of(kind: str, text: str) -> str:
    return str(Pseudonyms(KEY).of(kind, text))


def shared(first: str, other: str) -> int:
    """How many first bits two addresses share."""
    a, b = ip_address(first), ip_address(other)
    return a.max_prefixlen - (int(a) ^ int(b)).bit_length()


@given(pair=st.one_of(st.tuples(V4, V4), st.tuples(V6, V6)), near=st.integers(0, 128))
def test_addresses_share_as_many_first_bits_as_before(pair: tuple, near: int) -> None:
    first, other = pair
    width = first.max_prefixlen
    rest = (1 << max(width - near, 0)) - 1
    other = type(first)(int(first) & ~rest | int(other) & rest)
    assert shared(of("address", str(first)), of("address", str(other))) == shared(
        str(first), str(other)
    )


@given(address=V4, bits=st.integers(1, 32))
def test_an_address_is_in_its_subnet_as_before(address: object, bits: int) -> None:
    subnet = ip_network(f"{address}/{bits}", strict=False)
    assert ip_address(of("address", str(address))) in ip_network(of("subnet", str(subnet)))


@given(address=st.one_of(V4, V6))
def test_private_stays_private(address: object) -> None:
    plain, moved = ip_address(str(address)), ip_address(of("address", str(address)))
    for network in map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fe80::/10")):
        assert (plain in network) == (moved in network)


@pytest.mark.parametrize(
    "name",
    [
        "iqn.1994-05.com.redhat:db1", "iqn.1994-05.com.redhat", "eui.0123456789abcdef",
        "naa.0123456789abcdef", "naa.0123456789abcdef0123456789abcdef", "iqn.bad", "10000000c9",
        "iqn.1998-01.com.vmware:localhost-1a2b", "iqn.1993-08.org.debian:default",
    ],
)  # fmt: skip
def test_an_initiator_keeps_its_form(name: str) -> None:
    pseudonym = of("initiator", name)
    assert bool(FORM.fullmatch(pseudonym)) == bool(FORM.fullmatch(name))
    assert pseudonym[:4] == name[:4] or not name.startswith(("iqn.", "eui.", "naa."))
    assert ("localhost" in pseudonym) == ("localhost" in name)
    assert (":default" in pseudonym) == (":default" in name)
    assert len(pseudonym) == len(name) or name.startswith("iqn") or not FORM.fullmatch(name)


def test_names_of_one_authority_stay_of_one() -> None:
    first, same, other = (
        of("initiator", f"iqn.1994-05.{rest}")
        for rest in ("com.redhat:a", "com.redhat:b", "com.suse:a")
    )
    assert first != same
    assert first.split(":")[0] == same.split(":")[0] != other.split(":")[0]


def test_spellings_of_one_name_are_spellings_of_one_pseudonym() -> None:
    name = "iqn.1991-05.com.Microsoft:WIN1"
    assert of("initiator", name) != of("initiator", name.lower())
    assert of("initiator", name).lower() == of("initiator", name.lower())


def test_an_igroup_that_a_program_made_is_still_known_by_its_uuid() -> None:
    pseudonym = of("igroup", "trident-0f1e2d3c-1111-2222-3333-444455556666")
    assert re.fullmatch(r"igroup-[0-9a-f]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", pseudonym)
    assert "0f1e2d3c" not in pseudonym


def test_a_policy_still_says_what_it_serves() -> None:
    assert of("policy", "default-data-iscsi") == "default-data-iscsi"
    assert of("policy", "acme-iscsi").endswith("-iscsi")
    assert "acme" not in of("policy", "acme-iscsi")


def test_a_pseudonym_that_is_somebodys_name_is_noticed() -> None:
    pseudonyms = Pseudonyms(KEY)
    pseudonym = pseudonyms.of("svm", "payroll")
    assert not pseudonyms.clashes()
    pseudonyms.of("svm", pseudonym)
    assert pseudonyms.clashes()
    assert not pseudonyms.anew(b"o" * 32).clashes()
