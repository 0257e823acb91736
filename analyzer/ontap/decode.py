"""ONTAP's JSON as typed records: decoded strictly, page by page; unknown fields are passed over.

An absent field, ``null`` and an empty list mean the same (ONTAP leaves out what is unset). Numbers
may come as text, as some gateways and exports write them.
"""

from collections.abc import Hashable
from typing import Annotated, Any, Generic, TypeVar

import msgspec

# What a column can hold; JSON knows no limit.
_Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Struct(msgspec.Struct, forbid_unknown_fields=False, gc=False):
    """Fields are optional unless they say otherwise; no reference cycles, so no garbage collection."""


class _Identified(_Struct):
    """A record that its uuid identifies."""

    uuid: str

    @property
    def key(self) -> Hashable:
        """What identifies the record."""
        return self.uuid


class Named(_Struct):
    uuid: str | None = None
    name: str | None = None


class Socket(_Struct):
    address: str | None = None
    port: _Number | None = None


class Target(_Struct):
    uuid: str | None = None
    name: str | None = None
    ip: Socket | None = None


class ConnectionRecord(_Struct):
    cid: _Number | None = None
    authentication_type: str | None = None
    initiator_address: Socket | None = None
    interface: Target | None = None


class Initiator(_Struct):
    name: str | None = None
    alias: str | None = None
    comment: str | None = None


class SessionRecord(_Struct):
    """One record of the sessions endpoint; group and TSIH are always there."""

    target_portal_group: str
    tsih: _Number
    svm: Named | None = None
    target_portal_group_tag: _Number | None = None
    isid: str | None = None
    initiator: Initiator | None = None
    connections: list[ConnectionRecord] | None = None
    igroups: list[Named] | None = None

    @property
    def key(self) -> Hashable:
        """What identifies the record."""
        svm = self.svm and (self.svm.uuid or self.svm.name)
        return svm, self.target_portal_group, self.tsih


class SvmRecord(_Identified):
    name: str | None = None
    state: str | None = None
    subtype: str | None = None
    san_multipathing: str | None = None


class Address(_Struct):
    address: str | None = None
    netmask: str | int | None = None


class Location(_Struct):
    is_home: bool | None = None
    home_node: Named | None = None
    node: Named | None = None
    home_port: Named | None = None
    port: Named | None = None
    failover: str | None = None


class InterfaceRecord(_Identified):
    name: str | None = None
    svm: Named | None = None
    ip: Address | None = None
    enabled: bool | None = None
    state: str | None = None
    location: Location | None = None
    service_policy: Named | None = None
    services: list[str] | None = None
    ipspace: Named | None = None


class Tracking(_Struct):
    connection_state: str | None = None
    required_nodes: list[Named] | None = None


class IgroupRecord(_Identified):
    name: str | None = None
    svm: Named | None = None
    os_type: str | None = None
    protocol: str | None = None
    portset: Named | None = None
    initiators: list[Named] | None = None
    connectivity_tracking: Tracking | None = None


class _State(_Struct):
    state: str | None = None


class Ha(_Struct):
    enabled: bool | None = None
    partners: list[Named] | None = None
    takeover: _State | None = None
    giveback: _State | None = None


class _Version(_Struct):
    full: str | None = None
    generation: int | None = None
    major: int | None = None
    minor: int | None = None


class NodeRecord(_Identified):
    name: str | None = None
    state: str | None = None
    model: str | None = None
    version: _Version | None = None
    ha: Ha | None = None


class _Igroup(_Struct):
    uuid: str
    name: str | None = None
    protocol: str | None = None


class _Lun(_Struct):
    uuid: str


class LunMapRecord(_Struct):
    igroup: _Igroup
    lun: _Lun
    svm: Named | None = None
    reporting_nodes: list[Named] | None = None

    @property
    def key(self) -> Hashable:
        """What identifies the record."""
        return self.lun.uuid, self.igroup.uuid


class _PortsetInterface(_Struct):
    uuid: str | None = None
    ip: Named | None = None
    fc: Named | None = None


class PortsetRecord(_Identified):
    name: str | None = None
    svm: Named | None = None
    protocol: str | None = None
    interfaces: list[_PortsetInterface] | None = None


class _Lag(_Struct):
    member_ports: list[Named] | None = None
    active_ports: list[Named] | None = None


class _Vlan(_Struct):
    base_port: Named | None = None


class PortRecord(_Identified):
    name: str | None = None
    node: Named | None = None
    enabled: bool | None = None
    state: str | None = None
    type: str | None = None
    reachability: str | None = None
    lag: _Lag | None = None
    vlan: _Vlan | None = None


class _MirroredSvm(_Struct):
    uuid: str
    name: str | None = None


class MetroclusterRecord(_Struct):
    """An SVM of a MetroCluster, and the one at the other site that mirrors it."""

    svm: _MirroredSvm
    cluster: Named | None = None
    partner_svm: Named | None = None
    configuration_state: str | None = None

    @property
    def key(self) -> Hashable:
        """What identifies the record."""
        return self.svm.uuid


class ClusterRecord(_Struct):
    """What ``/api/cluster`` says of itself."""

    uuid: str | None = None
    name: str | None = None
    version: _Version | None = None


class _Href(_Struct):
    href: str | None = None


class _Links(_Struct):
    next: _Href | None = None


Record = TypeVar("Record")


class Page(msgspec.Struct, Generic[Record]):
    """One page of a collection; ``errors`` means that something is missing from it."""

    records: list[Record]
    num_records: int | None = None
    links: _Links | None = msgspec.field(default=None, name="_links")
    errors: list[Any] | None = None

    @property
    def next(self) -> str | None:
        """The link to the next page, opaque."""
        return self.links.next.href if self.links and self.links.next else None


_KINDS: dict[str, type[msgspec.Struct]] = {
    "sessions": SessionRecord,
    "svms": SvmRecord,
    "interfaces": InterfaceRecord,
    "igroups": IgroupRecord,
    "nodes": NodeRecord,
    "lun_maps": LunMapRecord,
    "portsets": PortsetRecord,
    "ports": PortRecord,
    "metrocluster": MetroclusterRecord,
}
_DECODERS = {name: msgspec.json.Decoder(Page[kind], strict=False) for name, kind in _KINDS.items()}  # type: ignore[valid-type]
_CLUSTER = msgspec.json.Decoder(ClusterRecord, strict=False)


class Malformed(Exception):  # noqa: N818  # named as the reason reads
    """The body is not what the endpoint answers; the message says where."""


def page(name: str, body: bytes) -> "Page[Any]":
    """Decode one page of the resource *name*.

    Raises:
        Malformed: not JSON, no ``records``, or a field of the wrong type.
    """
    try:
        return _DECODERS[name].decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_explain(body, error)) from error


def cluster(body: bytes) -> ClusterRecord:
    """Decode the answer of ``/api/cluster``.

    Raises:
        Malformed: it is none.
    """
    try:
        return _CLUSTER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_explain(body, error)) from error


def _explain(body: bytes, error: Exception) -> str:
    if body[:64].lstrip()[:1] == b"<":
        return "the answer is a web page, not JSON"
    if not body.strip():
        return "the answer is empty"
    if isinstance(error, RecursionError):
        return "the answer is malformed: nested too deeply"
    if isinstance(error, msgspec.ValidationError) and "`records`" in str(error):
        return "the answer has no 'records'"
    return f"the answer is malformed: {error}"
