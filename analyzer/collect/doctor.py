"""Is everything in place, end to end, and if not: what to do."""

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from analyzer import clock, ontap
from analyzer.collect import gap
from analyzer.collect.due import MIRRORED
from analyzer.config.cluster import Cluster
from analyzer.errors import AnalyzerError, Denied, StoreError, Unreachable, UsageError
from analyzer.history import History, strays
from analyzer.history.manifest import misplaced
from analyzer.inventories import INVENTORIES
from analyzer.ontap import Client, RequestFailed
from analyzer.ontap.ems import LogPosition, read_log
from analyzer.ontap.listing import ClusterIdentity, ListingResult
from analyzer.ontap.record import SvmRecord
from analyzer.ontap.resource import Resource
from analyzer.ontap.resources import MEMBERS, RESOURCES
from analyzer.store.layout import Store
from analyzer.text import counted, escape_controls

_LEAST_FREE = 1 << 30  # bytes of disk
_MOST_SKEW = 60.0  # seconds that two clocks may differ

_ROLE = """\
security login rest-role create -role analyzer -access readonly -api /api/cluster
security login rest-role create -role analyzer -access readonly -api /api/svm/svms
security login rest-role create -role analyzer -access readonly -api /api/network/ip/interfaces
security login rest-role create -role analyzer -access readonly -api /api/network/ethernet/ports
security login rest-role create -role analyzer -access readonly -api /api/protocols/san
security login rest-role create -role analyzer -access readonly -api /api/support/ems
security login create -user-or-group-name {user} -application http -authentication-method password -role analyzer"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; *status* is ok, warn or fail."""

    cluster: str
    name: str
    status: str
    detail: str
    advice: str = ""
    exit_code: int = 0


def check_store(store: Store) -> Iterator[Check]:
    """Whether the store can be read and written, is whole, and has room."""
    root = next(path for path in (store.root, *store.root.parents) if path.exists())
    try:
        if root == store.root:
            with tempfile.NamedTemporaryFile(prefix=".doctor-", dir=root):
                detail = f"{root} can be written"
        else:
            detail = f"{store.root} is not there yet; the first snapshot makes it"
            if not root.is_dir() or not os.access(root, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(root))
        damaged = [_damage(store, cluster) for cluster in store.clusters()]
    except OSError as error:
        place = error.filename if error.filename and ".doctor-" not in error.filename else root
        advice = f"let the collector's user read and write {place}"
        detail = f"{place}: {error.strerror}"
        yield Check("", "store", "fail", detail, advice, StoreError.exit_code)
        return
    yield Check("", "store", "ok", detail)
    yield from (check for check in damaged if check is not None)
    for stray in strays(store):
        status, code = ("fail", StoreError.exit_code) if stray.data else ("warn", 0)
        yield Check("", "stray file", status, stray.sentence, exit_code=code)
    free = shutil.disk_usage(root).free
    if free < _LEAST_FREE:
        advice = "make room, or set [retention] and run 'analyzer compact'"
        yield Check("", "disk", "warn", f"{free / 1e9:.1f} GB left", advice)
    else:
        yield Check("", "disk", "ok", f"{free / 1e9:.0f} GB left")


def _damage(store: Store, cluster: str) -> Check | None:
    """The error of reading a cluster's history, if any."""
    problems = misplaced(store, cluster)
    try:
        with History.read(store, cluster):
            pass
    except StoreError as error:
        problems.append(str(error))
    if not problems:
        return None
    advice = f"run 'analyzer verify {cluster}', then 'analyzer rebuild {cluster}'"
    return Check(cluster, "history", "fail", problems[0], advice, StoreError.exit_code)


def check_cluster(cluster: Cluster) -> Iterator[Check]:
    """Secrets, name, trust, login, rights, release and clock of one cluster, in that order."""
    yield from _check_secret_files(cluster)
    host = urlsplit(cluster.url).hostname or ""
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        advice = "correct 'url', or the name service"
        yield _failed(cluster, "name", f"{host}: {error.strerror}", advice, Unreachable)
        return
    yield Check(cluster.name, "name", "ok", f"{host} is known")
    if cluster.in_clear:
        advice = "write https: everything can be read on the way, the password too"
        yield Check(cluster.name, "certificate", "warn", "none, since the url is http", advice)
    elif cluster.verify is False:
        advice = "set verify to the cluster's CA file"
        detail = "it is not checked (verify = false)"
        yield Check(cluster.name, "certificate", "warn", detail, advice)
    try:
        with Client(cluster) as client:
            identity = ontap.identity(client)
            if cluster.verify is not False and cluster.url.startswith("https:"):
                yield Check(cluster.name, "certificate", "ok", "it is trusted")
            yield from _check_answers(cluster, client, identity)
    except RequestFailed as failure:
        name = "certificate" if "certificate" in failure.reason else "login"
        yield _failed(cluster, name, failure.reason, _advice(cluster, failure), failure.kind)


def _check_secret_files(cluster: Cluster) -> Iterator[Check]:
    for path in cluster.exposed():
        detail = f"every user of this machine can read {path}"
        yield Check(cluster.name, "secret", "warn", detail, f"chmod o-rwx {path}")


def _check_answers(cluster: Cluster, client: Client, identity: ClusterIdentity) -> Iterator[Check]:
    release = identity.version or "the account may not read /api/cluster"
    yield Check(cluster.name, "login", "ok", release)
    if identity.date is not None:
        skew = (identity.date - clock.now()).total_seconds()
        far = abs(skew) > _MOST_SKEW
        advice = "synchronise the clocks: times in reports are the collector's" if far else ""
        status = "warn" if far else "ok"
        yield Check(cluster.name, "clock", status, f"{skew:+.0f} s from ours", advice)
    sessions = ontap.sessions(client, identity.release)
    path = RESOURCES["sessions"].path
    if sessions.status != "complete":
        failure = sessions.failure or RequestFailed(sessions.reason or "")
        yield _failed(cluster, path, failure.reason, _advice(cluster, failure), failure.kind)
    else:
        connections = counted(sum(frame.height for frame in sessions.frames), "connection")
        detail = f"{connections} on {counted(sessions.pages, 'page')}"
        yield Check(cluster.name, path, "ok", detail)
    yield from _check_fields(cluster, client)
    mirrored = False
    for name in INVENTORIES:
        if name == "metrocluster" and not mirrored:
            continue  # as the collector does: there is none
        if name == "ems":
            position = LogPosition(clock.now() - timedelta(days=1))
            inventory = read_log(client, identity.release, position).events
        else:
            inventory = ontap.inventory(client, name, identity.release)
        lost = INVENTORIES[name].lost
        yield _check_inventory(cluster, RESOURCES[name], inventory, identity, lost)
        if name == "svms" and inventory.failure is None:
            mirrored = any(svm.subtype in MIRRORED for svm in inventory.records)
            yield from _check_svms(cluster, inventory.records)
        if name == "igroups" and inventory.records:
            members = ontap.members(client, inventory.records[0].uuid, identity.release)
            yield _check_inventory(cluster, MEMBERS, members, identity, gap.LOST)


def _check_inventory(
    cluster: Cluster, resource: Resource, inventory: ListingResult, identity: ClusterIdentity,
    lost: str,
) -> Check:  # fmt: skip
    """Whether one inventory can be listed, and what reports lack without it."""
    failed = inventory.failure
    if failed is None:
        return Check(cluster.name, resource.path, "ok", counted(len(inventory.records), "record"))
    lost = f"without it {lost}"
    if failed.status in {400, 404} and identity.release < resource.since:
        release = ".".join(map(str, resource.since))
        return Check(cluster.name, resource.path, "warn", f"ONTAP has it from {release} on", lost)
    if failed.status == 404:  # no right of the account's is missing
        return Check(cluster.name, resource.path, "warn", "this array does not have it", lost)
    advice = f"{lost}; {_advice(cluster, failed)}"
    return _failed(cluster, resource.path, failed.reason, advice, failed.kind)


def _check_svms(cluster: Cluster, svms: list[SvmRecord]) -> Iterator[Check]:
    """SVMs of the configuration that the cluster does not have."""
    names = {name for svm in svms for name in (svm.uuid, svm.name) if name}
    for name in cluster.svms:
        if name not in names:
            advice = f"correct 'svms'; the cluster has {', '.join(sorted(names))}"
            yield Check(cluster.name, "svms", "warn", f"there is no '{name}'", advice)


def _check_fields(cluster: Cluster, client: Client) -> Iterator[Check]:
    """Fields that are newer than this program, named here and nowhere else."""
    try:
        fields = ontap.unknown_fields(client, "sessions")
    except RequestFailed:
        return
    if fields:
        detail = f"not known to this version and not stored: {', '.join(fields)}"
        yield Check(cluster.name, "new fields", "ok", escape_controls(detail)[:500])


def _failed(
    cluster: Cluster, name: str, detail: str, advice: str, error: type[AnalyzerError]
) -> Check:
    return Check(cluster.name, name, "fail", detail, advice, error.exit_code)


def _advice(cluster: Cluster, failure: RequestFailed) -> str:
    if failure.kind is UsageError:
        return "correct the configuration, or put there what it names"
    if failure.kind is Denied and "certificate" in failure.reason:
        return "set client_cert and client_key to those of an account of the cluster"
    if failure.status == 401:
        return _login_advice(cluster)
    if failure.kind is Denied:
        return f"give the account these rights:\n{_ROLE.format(user=cluster.username or 'NAME')}"
    if "certificate" in failure.reason:
        return "set verify to the file of the CA that signed it"
    return "see that the management address answers HTTPS from here"


def _login_advice(cluster: Cluster) -> str:
    """Advice after HTTP 401, which says nothing about rights."""
    secret = next(iter(cluster.secret), "client_cert")
    if cluster.uses_token:
        return f"the token is wrong or has expired: see what {secret} gives"
    return (
        f"wrong user or password: see 'username' ({cluster.username}) and what {secret} gives; on the"
        " cluster, that the account may log in by http and is not locked:\n"
        f"security login show -user-or-group-name {cluster.username} -application http"
    )
