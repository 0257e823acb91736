"""ONTAP's records as types; unknown fields are passed over.

An absent field, ``null`` and an empty list mean the same (ONTAP leaves out what is unset).
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Annotated

import msgspec

# What a column can hold; JSON knows no limit.
_Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def naive(instant: datetime) -> datetime:
    """An instant of the array in naive UTC."""
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)


class RecordPart(msgspec.Struct, forbid_unknown_fields=False, gc=False):
    """Fields are optional unless they say otherwise; no reference cycles, so no garbage collection."""


class _Identified(RecordPart):
    """A record that its uuid identifies."""

    uuid: str

    @property
    def key(self) -> Hashable:
        """The key of the record."""
        return self.uuid


class Named(RecordPart):
    uuid: str | None = None
    name: str | None = None


class Socket(RecordPart):
    address: str | None = None
    port: _Number | None = None


class Target(RecordPart):
    uuid: str | None = None
    name: str | None = None
    ip: Socket | None = None


class ConnectionRecord(RecordPart):
    cid: _Number | None = None
    authentication_type: str | None = None
    initiator_address: Socket | None = None
    interface: Target | None = None


class Initiator(RecordPart):
    name: str | None = None
    alias: str | None = None
    comment: str | None = None


class SessionRecord(RecordPart):
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
        """The key of the record."""
        svm = self.svm and (self.svm.uuid or self.svm.name)
        return svm, self.target_portal_group, self.tsih


class SvmRecord(_Identified):
    name: str | None = None
    state: str | None = None
    subtype: str | None = None
    san_multipathing: str | None = None


class Address(RecordPart):
    address: str | None = None
    netmask: str | int | None = None


class Location(RecordPart):
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


class Tracking(RecordPart):
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


class _State(RecordPart):
    state: str | None = None


class Ha(RecordPart):
    enabled: bool | None = None
    partners: list[Named] | None = None
    takeover: _State | None = None
    giveback: _State | None = None


class _Version(RecordPart):
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


class _Igroup(RecordPart):
    uuid: str
    name: str | None = None
    protocol: str | None = None


class _Lun(RecordPart):
    uuid: str


class LunMapRecord(RecordPart):
    igroup: _Igroup
    lun: _Lun
    svm: Named | None = None
    reporting_nodes: list[Named] | None = None

    @property
    def key(self) -> Hashable:
        """The key of the record."""
        return self.lun.uuid, self.igroup.uuid


class _SanInterface(RecordPart):
    uuid: str | None = None
    ip: Named | None = None
    fc: Named | None = None


class PortsetRecord(_Identified):
    name: str | None = None
    svm: Named | None = None
    protocol: str | None = None
    interfaces: list[_SanInterface] | None = None


class _Login(RecordPart):
    connected: bool | None = None
    last_seen_time: datetime | None = None
    interface: _SanInterface | None = None


class _TrackedConnection(RecordPart):
    logins: list[_Login] | None = None


class _InitiatorTracking(RecordPart):
    connections: list[_TrackedConnection] | None = None


class MemberRecord(RecordPart):
    """An initiator that an igroup owns, and its logins of the last 48 hours."""

    name: str
    connectivity_tracking: _InitiatorTracking | None = None

    @property
    def key(self) -> Hashable:
        """The key of the record."""
        return self.name

    @property
    def logins(self) -> list[_Login]:
        """Its logins, through whichever node."""
        tracking = self.connectivity_tracking
        connections = (tracking and tracking.connections) or []
        return [login for connection in connections for login in connection.logins or []]


class _Lag(RecordPart):
    member_ports: list[Named] | None = None
    active_ports: list[Named] | None = None


class _Vlan(RecordPart):
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


class _MirroredSvm(RecordPart):
    uuid: str
    name: str | None = None


class MetroclusterRecord(RecordPart):
    """An SVM of a MetroCluster, and the one at the other site that mirrors it."""

    svm: _MirroredSvm
    cluster: Named | None = None
    partner_svm: Named | None = None
    configuration_state: str | None = None

    @property
    def key(self) -> Hashable:
        """The key of the record."""
        return self.svm.uuid


class _Message(RecordPart):
    name: str
    severity: str | None = None


class _Parameter(RecordPart):
    name: str
    value: str | None = None


class EventRecord(RecordPart):
    """One entry of the event log; *index* counts the events of its node."""

    time: datetime
    index: _Number
    message: _Message
    node: Named | None = None
    log_message: str | None = None
    parameters: list[_Parameter] | None = None

    @property
    def node_name(self) -> str:
        """The node's name, else its uuid."""
        return (self.node and (self.node.name or self.node.uuid)) or ""

    @property
    def instant(self) -> datetime:
        """*time* in naive UTC."""
        return naive(self.time)

    @property
    def key(self) -> Hashable:
        """The key of the record."""
        return self.node_name, self.index, self.instant


class MessageRecord(RecordPart):
    """One message that the event log knows."""

    name: str

    @property
    def key(self) -> Hashable:
        """The key of the record."""
        return self.name


class ClusterRecord(RecordPart):
    """The answer of ``/api/cluster``."""

    uuid: str | None = None
    name: str | None = None
    version: _Version | None = None
