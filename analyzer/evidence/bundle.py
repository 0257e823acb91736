"""One incident as one file: the store it is read from, the reports, their SQL, the versions.

Members are sorted and carry no time of their own, so that one store and one clock give the same
bytes.
"""

import hashlib
import json
import platform
import secrets
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from polars.exceptions import PolarsError

from analyzer import __version__, clock, history
from analyzer.config import policy
from analyzer.console import page
from analyzer.errors import StoreError, UsageError
from analyzer.evidence.anonymise import anonymise
from analyzer.evidence.manifest import NAME, hashed
from analyzer.evidence.pseudonym import Pseudonyms
from analyzer.output import json as as_json
from analyzer.output.value import to_json
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report
from analyzer.store.layout import Store
from analyzer.store.publish import deliver

POLICY = "policy.toml"
_TRIES = 8
_CLUSTERS = """
    select cluster, max_by(version, taken_at) filter (version is not null) as ontap,
        count(*) as attempts, min(taken_at) as first, max(taken_at) as last
    from attempts group by cluster order by cluster
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first instant that a zip file knows
_README = """\
Evidence of iSCSI sessions, {since} to {until}, made by analyzer {version}.

page.html      the reports as one page, with pictures
reports/       the same as JSON
queries/       the SQL of each, as it was run
store/         what they were read from: the history whole, the window's snapshots as files
policy.toml    what was expected of hosts, if anything; never in an anonymised bundle
manifest.json  versions, parameters, the SHA-256 of every file

Unpack it and ask again:

    ANALYZER_NOW={now} analyzer --store store report outages --since {since} --until {until}

'analyzer evidence verify FILE.zip' says whether the file is still what it was.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bundle is to be of; with *key*, or *anonymous* under a key that nobody keeps."""

    since: datetime
    until: datetime
    clusters: Sequence[str]
    policy: str = ""
    anonymous: bool = False
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was written: how many files, and the SHA-256 of the manifest that names them."""

    files: int
    sha256: str


def write(store: Store, asked: Asked, output: Path) -> Bundle:
    """Write the bundle, whole or not at all.

    Raises:
        UsageError: nothing was seen by the window's end.
        StoreError: a file of the store cannot be read, or *output* cannot be written.
    """
    try:
        with TemporaryDirectory(prefix="analyzer-evidence-") as scratch:
            folder = Path(scratch)
            _take(store, asked, folder)
            facts = _reports(asked, folder)
            with deliver(output) as draft:
                return _zip(folder, facts, draft)
    except OSError as error:
        raise StoreError(f"cannot make {output}: {error.strerror or error}") from error
    except PolarsError as error:
        raise StoreError(f"a file of the store cannot be read: {error}") from error


def _take(store: Store, asked: Asked, folder: Path) -> None:
    """Make the bundle's own store in *folder*."""
    taken = _excerpt(store, asked, folder)
    if not asked.anonymous:
        if asked.policy:
            (folder / POLICY).write_text(asked.policy, encoding="utf-8")
        return
    pseudonyms = Pseudonyms(asked.key or secrets.token_bytes(32))
    anonymise(taken, pseudonyms)
    if asked.key is None and pseudonyms.clashes():
        # By chance a pseudonym is somebody's name or address: a few other keys are tried. In a
        # private network that is nearly full there may be none without, and it gives nobody away.
        others = (pseudonyms.anew(secrets.token_bytes(32)) for _ in range(_TRIES))
        better = next((other for other in others if not other.clashes()), None)
        if better is not None:
            shutil.rmtree(taken.root)
            anonymise(_excerpt(store, asked, folder), better)


def _excerpt(store: Store, asked: Asked, folder: Path) -> Store:
    taken = Store(folder / "store")
    told = [
        history.excerpt(store, name, taken, asked.since, asked.until) for name in asked.clusters
    ]
    if not any(instants and instants[0] <= asked.until for instants in told):
        raise UsageError(f"nothing was looked at by {clock.iso(asked.until)}")
    return taken


def _reports(asked: Asked, folder: Path) -> dict[str, Any]:
    """Ask the bundle's own store; returns what the manifest says of it."""
    given = folder / POLICY
    tables = policy.tables(given if given.exists() else None)
    catalog = Catalog(Store(folder / "store"), tables=tables)
    try:
        request = run.Request(since=clock.iso(asked.since), until=clock.iso(asked.until))
        known = [query for query in catalog.reports.values() if query.evidence]
        rest = [query for query in known if query.page is None]
        made = page.reports(catalog, request, [*page.sections(known), *rest])
        clusters = catalog.run(_CLUSTERS).records()
    finally:
        catalog.close()
    for name, suffix in (("reports", "json"), ("queries", "sql")):
        (folder / name).mkdir()
        for report in made:
            if isinstance(report, Report):  # the page says of the others why they have no answer
                text = as_json.whole(report) if suffix == "json" else report.sql.strip() + "\n"
                (folder / name / f"{report.name}.{suffix}").write_text(text, encoding="utf-8")
    title = f"Evidence: {', '.join(told['cluster'] for told in clusters)}"
    (folder / "page.html").write_text(page.bound(made, title), encoding="utf-8")
    times = {"since": clock.iso(asked.since), "until": clock.iso(asked.until)}
    now = clock.iso(clock.now())
    (folder / "README.txt").write_text(
        _README.format(**times, now=now, version=__version__), encoding="utf-8"
    )
    return {
        "format": 1,
        "made": now,
        "parameters": {**times, "clusters": [told["cluster"] for told in clusters]},
        "anonymised": asked.anonymous,
        "versions": {
            "analyzer": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("duckdb", "polars")},
        },
        "clusters": to_json(clusters),
    }


def _zip(folder: Path, facts: dict[str, Any], output: Path) -> Bundle:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = []
    for path in paths:
        with path.open("rb") as stream:
            sha256, size = hashed(stream)
        files.append({"path": path.relative_to(folder).as_posix(), "size": size, "sha256": sha256})
    told = json.dumps({**facts, "files": files}, indent=1, ensure_ascii=False) + "\n"
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(_member(NAME), told)
        for path, entry in zip(paths, files, strict=True):
            with bundle.open(_member(str(entry["path"])), "w") as member, path.open("rb") as stream:
                shutil.copyfileobj(stream, member)
    return Bundle(len(files), hashlib.sha256(told.encode()).hexdigest())


def _member(name: str) -> zipfile.ZipInfo:
    """A member as every machine writes it at any time."""
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    member.create_system = 3
    return member
