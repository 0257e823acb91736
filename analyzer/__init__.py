"""Keeps the iSCSI sessions of ONTAP clusters and says true things about them.

``analyzer.open("store")`` gives its reports and tables to Python.
"""

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

from analyzer.version import __version__

if TYPE_CHECKING:
    from analyzer.report.archive import Archive

__all__ = ["__version__", "open"]


def open(  # noqa: A001  # as gzip.open and dbm.open
    store: str | PathLike[str],
    *,
    clusters: Sequence[str] = (),
    queries: Sequence[str | PathLike[str]] = (),
    policy: str | PathLike[str] | None = None,
) -> "Archive":
    """Open a store for reading: its reports and tables, as Polars frames or as rows.

    *clusters* are wildcards (all, if none), *queries* folders of query files beside ours, *policy*
    is a policy file. Nothing is written, and nobody waits for it.

    Raises:
        UsageError: there is no store, no such cluster, or a file of *queries* or *policy* is wrong.
        StoreError: no cluster's history can be read.

    Warns:
        UserWarning: the history of a cluster is damaged; it is left out, the others are there. Or
            the marks are, and are left out.
    """
    import warnings  # noqa: PLC0415  # the same
    from pathlib import Path  # noqa: PLC0415  # who only wants the version waits for nothing

    from analyzer.config import policy as policies  # noqa: PLC0415  # the same
    from analyzer.errors import UsageError  # noqa: PLC0415  # the same
    from analyzer.report.archive import Archive  # noqa: PLC0415  # the same
    from analyzer.store.layout import Store  # noqa: PLC0415  # the same

    there = Store(Path(store))
    if not there.exists():
        raise UsageError(f"there is no store at {there.root}")
    path = None if policy is None else Path(policy)
    folders = [Path(folder) for folder in queries]
    archive = Archive(there, clusters, folders, policies.tables(path))
    for cluster, reason in archive.damaged.items():
        warnings.warn(f"{cluster} is left out: {reason}", stacklevel=2)
    if archive.marks_problem is not None:
        warnings.warn(f"the marks are left out: {archive.marks_problem}", stacklevel=2)
    return archive
