"""Which inventories a run requests: some always, the rare ones once an hour or for a reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from analyzer.collect import events, gap
from analyzer.history import History
from analyzer.inventories import INVENTORIES
from analyzer.ontap.ems import LogPosition
from analyzer.store.snapshot import Listing

_RARELY = timedelta(hours=1)
_ANSWERED = ("complete", "refused", "missing")  # what failed is requested again in the next run
MIRRORED = ("sync_source", "sync_destination")

Bindings = frozenset[tuple[str, str | None]]
Listings = Mapping[str, Listing]


@dataclass(frozen=True, slots=True)
class Before:
    """The state of the history when a run begins.

    *sessions* is the count of the last complete snapshot, *answered* are the rare inventories that
    the array answered within the hour, *igroups* are those of the last listing with their portsets,
    *log* is where the reading of the event log goes on, *paths* are those before a gap, None
    where there is none.
    """

    sessions: int | None = None
    answered: frozenset[str] = frozenset()
    igroups: Bindings = field(default_factory=frozenset)
    log: LogPosition = field(default_factory=LogPosition)
    paths: pl.DataFrame | None = None


def before(history: History, taken_at: datetime, interval: float | None = None) -> Before:
    """The state of the history before a run at *taken_at*; one is expected every *interval* seconds.

    In a quiet round the manifest alone says it; only what it does not have as listed within the
    hour is looked for among the attempts: what was refused is not requested each time.
    """
    since = taken_at - _RARELY
    latest = {name: folded.latest.get("") for name, folded in history.manifest.tables.items()}
    rare = {name for name, inventory in INVENTORIES.items() if inventory.rare}
    names = {name for name in rare if (at := latest[name]) is not None and at > since}
    if rare - names - {"metrocluster"}:
        for attempt in history.attempts_since(since):
            if attempt.taken_at > since:
                names |= {name for name in rare if attempt.inventory_status(name) in _ANSWERED}
    log = events.position(history, taken_at)
    paths = gap.paths_before(history, taken_at, interval)
    return Before(history.manifest.sessions, frozenset(names), _bindings(history), log, paths)


def _bindings(history: History) -> Bindings:
    """The igroups of the last listing, with their portsets."""
    file = history.manifest.tables["igroups"].open
    if file is None:
        return frozenset()
    try:
        igroups = pl.read_parquet(
            history.folder / file, columns=["uuid", "portset"], hive_partitioning=False
        )
    except (OSError, pl.exceptions.PolarsError):
        return frozenset()  # folding reports the damage
    return frozenset(igroups.iter_rows())


def is_due(name: str, before: Before, listings: Listings, sessions: int) -> bool:
    """Whether a run requests the inventory *name*; *listings* are those that it has already.

    *sessions* is how many it listed.
    """
    if name in events.LOG:
        return False  # it is read on, not listed
    if not INVENTORIES[name].rare:
        return True
    if name == "metrocluster" and not _listed(listings, "svms", _mirrored):
        return False
    fewer = before.sessions is not None and sessions < before.sessions
    return (
        name not in before.answered
        or (name == "ports" and (fewer or _listed(listings, "interfaces", _astray)))
        or (name in {"lun_maps", "portsets"} and _regrouped(before, listings))
    )


def _listed(listings: Listings, name: str, condition: Callable[[pl.DataFrame], bool]) -> bool:
    listing = listings.get(name)
    return listing is not None and listing.status == "complete" and condition(listing.rows)


def _mirrored(svms: pl.DataFrame) -> bool:
    return not set(MIRRORED).isdisjoint(svms["subtype"])


def _astray(interfaces: pl.DataFrame) -> bool:
    """Whether an interface is down that should not be, or is away from home."""
    return any(  # an expression of Polars costs more than all of them
        is_home is False or (enabled and state not in {"up", None})
        for enabled, state, is_home in zip(
            interfaces["enabled"], interfaces["state"], interfaces["is_home"], strict=True
        )
    )


def _regrouped(before: Before, listings: Listings) -> bool:
    """Whether igroups came, went or were bound to other portsets since their last listing."""
    return _listed(
        listings,
        "igroups",
        lambda igroups: before.igroups != {*zip(igroups["uuid"], igroups["portset"], strict=True)},
    )
