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

import msgspec
from polars.exceptions import PolarsError

from analyzer import clock, history
from analyzer.config import policy
from analyzer.console import html_file
from analyzer.errors import StoreError, UsageError
from analyzer.evidence.anonymise import anonymise
from analyzer.evidence.bundle_manifest import NAME, BundleManifest, Member, Parameters, hashed
from analyzer.evidence.pseudonym import Pseudonyms
from analyzer.output import json as as_json
from analyzer.output.value import to_json
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report
from analyzer.store import marks
from analyzer.store.layout import Store
from analyzer.store.publish import deliver
from analyzer.version import __version__

POLICY = "policy.toml"
_TRIES = 8
_CLUSTERS = """
    select cluster, max_by(version, taken_at) filter (version is not null) as ontap,
        count(*) as attempts, min(taken_at) as first, max(taken_at) as last
    from attempts group by cluster order by cluster
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first instant that a zip file knows
_README = """\
Evidence of iSCSI sessions, {since} to {until}, written by analyzer {version}.

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
class BundleRequest:
    """The window, clusters and key of a bundle; *anonymous* without *key* is under a random one."""

    since: datetime
    until: datetime
    clusters: Sequence[str]
    policy: str = ""
    anonymous: bool = False
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class WrittenBundle:
    """Result: how many files, and the SHA-256 of the manifest that names them."""

    files: int
    sha256: str


def write(store: Store, request: BundleRequest, output: Path) -> WrittenBundle:
    """Write the bundle atomically.

    Raises:
        UsageError: nothing was seen by the window's end.
        StoreError: a file of the store cannot be read, or *output* cannot be written.
    """
    # A place that takes no file is refused before the work.
    with deliver(output) as draft, TemporaryDirectory(prefix="analyzer-evidence-") as scratch:
        folder = Path(scratch)
        return _zip(folder, _fill(folder, store, request, output), draft)


def _fill(folder: Path, store: Store, request: BundleRequest, output: Path) -> BundleManifest:
    """Make the bundle's files in *folder*; returns the manifest, as yet without them."""
    try:
        _take(store, request, folder)
        return _reports(request, folder)
    except OSError as error:
        raise StoreError(f"cannot make {output}: {error.strerror or error}") from error
    except PolarsError as error:
        raise StoreError(f"a file of the store cannot be read: {error}") from error


def _take(store: Store, request: BundleRequest, folder: Path) -> None:
    """Make the bundle's own store in *folder*."""
    taken = _excerpt(store, request, folder)
    if not request.anonymous:
        if request.policy:
            (folder / POLICY).write_text(request.policy, encoding="utf-8")
        return
    pseudonyms = Pseudonyms(request.key or secrets.token_bytes(32))
    anonymise(taken, pseudonyms)
    if request.key is None and pseudonyms.clashes():
        # By chance a pseudonym is somebody's name or address: a few other keys are tried. In a
        # private network that is nearly full there may be none without, and it gives nobody away.
        others = (pseudonyms.anew(secrets.token_bytes(32)) for _ in range(_TRIES))
        better = next((other for other in others if not other.clashes()), None)
        if better is not None:
            shutil.rmtree(taken.root)
            anonymise(_excerpt(store, request, folder), better)


def _excerpt(store: Store, request: BundleRequest, folder: Path) -> Store:
    taken = Store(folder / "store")
    attempts = [
        history.excerpt(store, name, taken, request.since, request.until)
        for name in request.clusters
    ]
    if not any(instants and instants[0] <= request.until for instants in attempts):
        raise UsageError(f"nothing was looked at by {clock.iso(request.until)}")
    if of_window := marks.between(marks.read(store), request.since, request.until):
        marks.write(taken, of_window)
    return taken


def _reports(request: BundleRequest, folder: Path) -> BundleManifest:
    """Write what the bundle's own store says; returns the manifest, as yet without files."""
    path = folder / POLICY
    tables = policy.tables(path if path.exists() else None)
    catalog = Catalog(Store(folder / "store"), tables=tables)
    times = {"since": clock.iso(request.since), "until": clock.iso(request.until)}
    try:
        queries = [query for query in catalog.reports.values() if query.evidence]
        rest = [query for query in queries if query.page is None]
        sections = [*html_file.sections(queries), *rest]
        reports = html_file.reports(
            catalog, run.ReportRequest(since=times["since"], until=times["until"]), sections
        )
        clusters = catalog.select(_CLUSTERS).records()
    finally:
        catalog.close()
    # The page says of the others why they have no answer.
    answers = [report for report in reports if isinstance(report, Report)]
    names = tuple(row["cluster"] for row in clusters)
    now = clock.iso(clock.now())
    texts = {
        "page.html": html_file.of_reports(reports, f"Evidence: {', '.join(names)}"),
        "README.txt": _README.format(**times, now=now, version=__version__),
        **{f"reports/{report.name}.json": as_json.whole(report) for report in answers},
        **{f"queries/{report.name}.sql": f"{report.sql.strip()}\n" for report in answers},
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return BundleManifest(
        written_at=now,
        parameters=Parameters(**times, clusters=names),
        anonymised=request.anonymous,
        versions={
            "analyzer": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("duckdb", "polars")},
        },
        clusters=to_json(clusters),
        files=(),
    )


def _zip(folder: Path, manifest: BundleManifest, output: Path) -> WrittenBundle:
    paths = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    files = []
    for name in sorted(paths):
        with paths[name].open("rb") as stream:
            sha256, size = hashed(stream)
        files.append(Member(name, size, sha256))
    manifest = msgspec.structs.replace(manifest, files=tuple(files))
    text = json.dumps(msgspec.to_builtins(manifest), indent=1, ensure_ascii=False) + "\n"
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(_member(NAME), text)
        for file in files:
            with (
                bundle.open(_member(file.path), "w") as member,
                paths[file.path].open("rb") as data,
            ):
                shutil.copyfileobj(data, member)
    return WrittenBundle(len(files), hashlib.sha256(text.encode()).hexdigest())


def _member(name: str) -> zipfile.ZipInfo:
    """A member as every machine writes it at any time."""
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    member.create_system = 3
    return member
