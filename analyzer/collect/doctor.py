"""Is everything in place, end to end, and if not: what to do."""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from analyzer import clock, ontap
from analyzer.config.cluster import Cluster
from analyzer.errors import AnalyzerError, Denied, StoreError, Unreachable, UsageError
from analyzer.ontap import Client, RequestFailed
from analyzer.ontap.listing import ClusterIdentity
from analyzer.ontap.resources import RESOURCES
from analyzer.schema import INVENTORIES
from analyzer.store.layout import Store

_LEAST = 1 << 30  # bytes of disk that should be left
_SKEW = 60.0  # seconds that two clocks may differ

ROLE = """\
security login rest-role create -role analyzer -access readonly -api /api/cluster
security login rest-role create -role analyzer -access readonly -api /api/svm/svms
security login rest-role create -role analyzer -access readonly -api /api/network/ip/interfaces
security login rest-role create -role analyzer -access readonly -api /api/protocols/san
security login create -user-or-group-name reader -application http -authentication-method password -role analyzer"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; *status* is ok, warn or fail."""

    cluster: str
    name: str
    status: str
    detail: str
    advice: str = ""
    exit_code: int = 0


def store(place: Store) -> Iterator[Check]:
    """Whether the store can be written and has room."""
    probe = place.root / f".doctor-{os.getpid()}"
    try:
        place.root.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        advice = f"let the collector's user write {place.root}"
        yield Check("", "store", "fail", str(error.strerror), advice, StoreError.exit_code)
        return
    yield Check("", "store", "ok", f"{place.root} can be written")
    left = shutil.disk_usage(place.root).free
    if left < _LEAST:
        advice = "make room, or set [retention] and run 'analyzer compact'"
        yield Check("", "disk", "warn", f"{left / 1e9:.1f} GB left", advice)
    else:
        yield Check("", "disk", "ok", f"{left / 1e9:.0f} GB left")


def cluster(one: Cluster) -> Iterator[Check]:
    """Name, trust, login, rights, release and clock of one cluster, in that order."""
    host = urlsplit(one.url).hostname or ""
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        advice = "correct 'url', or the name service"
        yield _bad(one, "name", f"{host}: {error.strerror}", advice, Unreachable)
        return
    yield Check(one.name, "name", "ok", f"{host} is known")
    if one.in_clear:
        advice = "write https: everything can be read on the way, the password too"
        yield Check(one.name, "certificate", "warn", "none, since the url is http", advice)
    elif one.verify is False:
        advice = "set verify to the cluster's CA file"
        yield Check(one.name, "certificate", "warn", "it is not checked (verify = false)", advice)
    try:
        with Client(one) as client:
            who = ontap.identity(client)
            if one.verify is not False and one.url.startswith("https:"):
                yield Check(one.name, "certificate", "ok", "it is trusted")
            yield from _asked(one, client, who)
    except RequestFailed as problem:
        name = "certificate" if "certificate" in problem.reason else "login"
        yield _bad(one, name, problem.reason, _advice(problem), problem.kind)


def _asked(one: Cluster, client: Client, who: ClusterIdentity) -> Iterator[Check]:
    yield Check(one.name, "login", "ok", who.version or "the account may not read /api/cluster")
    if who.date is not None:
        skew = (who.date - clock.now()).total_seconds()
        far = abs(skew) > _SKEW
        advice = "synchronise the clocks: times in reports are the collector's" if far else ""
        yield Check(one.name, "clock", "warn" if far else "ok", f"{skew:+.0f} s from ours", advice)
    whole = ontap.sessions(client, who.release)
    path = RESOURCES["sessions"].path
    if whole.status != "complete":
        problem = whole.failure or RequestFailed(whole.reason or "")
        yield _bad(one, path, problem.reason, _advice(problem), problem.kind)
    else:
        count = sum(frame.height for frame in whole.frames)
        yield Check(one.name, path, "ok", f"{count} connections on {whole.pages} pages")
    yield from _novel(one, client)
    for name in INVENTORIES:
        listing = ontap.inventory(client, name, who.release)
        path = RESOURCES[name].path
        if listing.failure is not None:
            advice = f"without it reports know less; {_advice(listing.failure)}"
            yield _bad(one, path, listing.failure.reason, advice, listing.failure.kind)
        else:
            yield Check(one.name, path, "ok", f"{len(listing.records)} records")
        if name == "svms" and listing.failure is None:
            yield from _strangers(one, listing.records)


def _strangers(one: Cluster, svms: list[Any]) -> Iterator[Check]:
    """SVMs of the configuration that the cluster does not have."""
    known = {name for svm in svms for name in (svm.uuid, svm.name) if name}
    for name in one.svms:
        if name not in known:
            advice = f"correct 'svms'; the cluster has {', '.join(sorted(known))}"
            yield Check(one.name, "svms", "warn", f"there is no '{name}'", advice)


def _novel(one: Cluster, client: Client) -> Iterator[Check]:
    """Fields that are newer than this program, named once here and nowhere else."""
    try:
        new = ontap.unknown_fields(client, "sessions")
    except RequestFailed:
        return
    if new:
        detail = f"not known to this version and not kept: {', '.join(new)}"
        yield Check(
            one.name, "new fields", "ok", "".join(c for c in detail if c.isprintable())[:500]
        )


def _bad(one: Cluster, name: str, detail: str, advice: str, error: type[AnalyzerError]) -> Check:
    return Check(one.name, name, "fail", detail, advice, error.exit_code)


def _advice(problem: RequestFailed) -> str:
    if problem.kind is UsageError:
        return "correct the configuration, or put there what it names"
    if problem.kind is Denied and "certificate" in problem.reason:
        return "set client_cert and client_key to those of an account of the cluster"
    if problem.kind is Denied:
        return f"give the account these rights:\n{ROLE}"
    if "certificate" in problem.reason:
        return "set verify to the file of the CA that signed it"
    return "see that the management address answers HTTPS from here"
