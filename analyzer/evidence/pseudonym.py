"""Pseudonyms: for each name, address and uuid another one, always the same under one key.

A pseudonym is a keyed hash (BLAKE2b) of the value, as long for a short name as for a long one.
Addresses are anonymised prefix-preserving, as Crypto-PAn does it, keyed with BLAKE2b instead of AES:
two addresses that share their first bits still share as many. What a verdict reads of a value
survives: initiator names keep their form, addresses whether they are private, a uuid at the end of a
name stays one.
"""

import hashlib
import re
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import cycle
from uuid import UUID

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IQN = re.compile(r"iqn\.\d{4}-\d{2}\.([^:]+)(?::(.+))?", re.DOTALL)
_WORKER = re.compile(rf"(.+)-({_UUID})", re.DOTALL)  # an igroup that Trident created
_HTTP = re.compile(r"\bHTTP \d{3}\b|\[Errno \d+\]")


def _bits(address: IPv4Address | IPv6Address) -> str:
    return f"{int(address):0{address.max_prefixlen}b}"


# Special-use networks (RFC 6890), whose prefixes are preserved: a private address stays private.
_PRESERVED = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
        "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_BRANCHES = {
    (network.version, _bits(network.network_address)[:k])
    for network in _PRESERVED
    for k in range(network.prefixlen)
}

# What ONTAP calls its own policies, and kinds of values some of which name nobody.
_POLICIES = {"default-data-iscsi", "default-data-blocks", "default-management"}
_MAY_STAY = {"mask", "policy", "collector"}


class Pseudonyms:
    """Pseudonyms under one secret *key*; ``replaced`` holds those that were assigned so far."""

    def __init__(self, key: bytes) -> None:
        """Begin with nothing replaced."""
        self._key = hashlib.blake2b(key, digest_size=32).digest()
        self._flips: dict[tuple[int, str], int] = {}
        self.replaced: dict[tuple[str, str], str] = {}

    def _digest(self, kind: str, text: str, size: int = 5) -> bytes:
        message = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(message, key=self._key, digest_size=size).digest()

    def of(self, kind: str, text: str | None) -> str | None:
        """The pseudonym of a value of that kind; nothing stays nothing."""
        if not text:
            return text
        pseudonym = self.replaced.get((kind, text))
        if pseudonym is None:
            pseudonym = self.replaced[kind, text] = self._pseudonym(kind, text)
        return pseudonym

    def anew(self, key: bytes) -> "Pseudonyms":
        """The same values under another key."""
        other = Pseudonyms(key)
        for kind, text in self.replaced:
            other.of(kind, text)
        return other

    def _pseudonym(self, kind: str, text: str) -> str:
        replace = {
            "uuid": self._uuid,
            "svm_id": self._identity,
            "interface_id": self._identity,
            "igroup": self._igroup,
            "initiator": self._initiator,
            "address": self._address,
            "raw_address": self._raw_address,
            "subnet": self._subnet,
            "mask": self._mask,
            "policy": self._policy,
            "reason": self._reason,
            "collector": self._collector,
        }.get(kind, self._word)
        return replace(text, kind)

    def clashes(self) -> bool:
        """Whether a pseudonym is, by chance, a value that was to be hidden."""
        hidden = {value: pseudonym for value, pseudonym in self.replaced.items()
                  if value[0] not in _MAY_STAY}  # fmt: skip
        return not {text for _, text in hidden}.isdisjoint(hidden.values())

    def _word(self, text: str, kind: str) -> str:
        return f"{kind}-{self._digest(kind, text).hex()}"

    def _uuid(self, text: str, kind: str) -> str:
        if re.fullmatch(_UUID, text.lower()):
            return str(UUID(bytes=self._digest("uuid", text.lower(), 16)))
        return self._word(text, kind)

    def _identity(self, text: str, kind: str) -> str:
        """The pseudonym of an object's key: its uuid, else its name or its address."""
        if re.fullmatch(_UUID, text.lower()):
            return self._uuid(text, kind)
        return self._address(text, kind.removesuffix("_id"))

    def _igroup(self, text: str, kind: str) -> str:
        worker = _WORKER.fullmatch(text)
        if worker:
            return f"{self._word(worker[1], kind)}-{self._uuid(worker[2], kind)}"
        return self._word(text, kind)

    def _initiator(self, text: str, kind: str) -> str:
        """An initiator's name; another spelling of it is another spelling of its pseudonym."""
        lowered = text.strip().lower()
        pseudonym = self._plain_initiator(lowered, kind)
        if text == lowered:
            return pseudonym
        # Which letters are upper-case says nothing of the name: the first is, so that one is.
        marks = f"1{int.from_bytes(self._digest('spelling', text, 8), 'big'):064b}"
        letters = zip(pseudonym, cycle(marks))  # of an endless one
        return "".join(letter.upper() if mark == "1" else letter for letter, mark in letters)

    def _plain_initiator(self, text: str, kind: str) -> str:
        digest = self._digest(kind, text, 16).hex()
        iqn = _IQN.fullmatch(text)
        if iqn:
            authority = self._digest("authority", iqn[1], 4).hex()
            # An installation's default names are a finding: they stay recognisable.
            rest = f":{iqn[2]}" if iqn[2] else ""
            mark = "localhost-" if "localhost" in text else "default-" if ":default" in rest else ""
            return f"iqn.2000-01.invalid.a{authority}" + (f":{mark}{digest[:10]}" if rest else "")
        for prefix, digits in (("eui.", 16), ("naa.", 16), ("naa.", 32)):
            if re.fullmatch(rf"{prefix}[0-9a-f]{{{digits}}}", text):
                return prefix + digest[:digits]
        prefix = text[:4] if text.startswith(("iqn.", "eui.", "naa.")) else ""
        return f"{prefix}{kind}_{digest[:10]}"

    def _address(self, text: str, kind: str) -> str:
        try:
            address = ip_address(text)
        except ValueError:
            return self._word(text, kind)
        return str(self._moved(address))

    def _raw_address(self, text: str, kind: str) -> str:
        """Another spelling of an address is another spelling of its pseudonym."""
        try:
            address = ip_address(text.strip())
        except ValueError:
            return self._word(text, kind)
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None:
            return f"::ffff:{self._moved(mapped)}"
        return self._moved(address).exploded.upper()

    def _moved(self, address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
        """Two addresses that share their first bits still share as many, and no more."""
        bits = _bits(address)
        moved = 0
        for k, bit in enumerate(bits):
            moved = moved << 1 | int(bit) ^ self._flip(address.version, bits[:k])
        return type(address)(moved)

    def _flip(self, version: int, prefix: str) -> int:
        place = (version, prefix)
        if place not in self._flips:
            stays = place in _BRANCHES
            self._flips[place] = 0 if stays else self._digest(f"v{version}", prefix, 1)[0] & 1
        return self._flips[place]

    def _subnet(self, text: str, kind: str) -> str:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return self._word(text, kind)
        moved = self._moved(network.network_address)
        return str(ip_network(f"{moved}/{network.prefixlen}", strict=False))

    def _mask(self, text: str, kind: str) -> str:
        for whole in (IPv4Address(0), IPv6Address(0)):
            with suppress(ValueError):
                ip_network(f"{whole}/{text}")
                return text
        return self._word(text, kind)

    def _policy(self, text: str, kind: str) -> str:
        if text in _POLICIES:
            return text
        services = [word for word in ("iscsi", "blocks") if word in text]
        return "-".join([self._word(text, kind), *services])

    def _reason(self, text: str, kind: str) -> str:
        """The text of a failure may hold anything: only its status or error number stays."""
        statuses = sorted(set(_HTTP.findall(text)))
        return ", ".join([self._word(text, kind), *statuses])

    def _collector(self, text: str, kind: str) -> str:
        return text if text == "import" else self._word(text, kind)
