"""Every report of planning on 5,000 hosts and 90 days of five-minute snapshots.

The floor is the bare scan of the columns of the spells that the reports need.
"""

from functools import partial

from analyzer import demo
from analyzer.config import policy
from analyzer.report import header
from analyzer.report.catalog import Catalog
from benchmarks import written
from benchmarks.figure import Figure, budget, folder, middle

NEEDED = (
    "initiator, initiator_address, interface_id, connections, igroups, seen_after, first_seen,"
    " last_seen, gone_by"
)
REPORTS = (
    "multipath-imbalance",
    "paths",
    "upgrade-readiness",
    "sessions-by-node",
    "sessions-by-hour",
    "growth",
    "forecast",
    "failover",
    "what-if",
    "idle-initiators",
    "compliance",
)
LIMITS = policy.tables(None, [policy.Limit(sessions=8000)])


def planning(hosts: int, snapshots: int) -> list[Figure]:
    """Each report against the bare scan."""
    end = written.last(snapshots)
    times = {"at": end, "now": end, "since": written.BEGIN, "until": end}
    with folder() as root, demo.at(end):
        opened = partial(Catalog, written.write(root, 1, hosts, snapshots), tables=LIMITS)
        figures = []
        for name in REPORTS:
            # A catalog makes a model once: each run has one of its own.
            spent = middle(lambda name=name: opened().run_query(header.reports()[name], times))  # type: ignore[misc]  # the loop's value
            figures.append(budget(f"{hosts:,} hosts, 90 days: {name}", spent, 5, "s"))
        catalog = opened()
        floor = middle(lambda: catalog.run(f"select bit_xor(hash({NEEDED})) as h from spells"))
        slowest = max(figure.ours for figure in figures)
        return [
            *figures,
            Figure("the slowest of them", slowest, floor, "s", "floor: scan of the spells"),
        ]
