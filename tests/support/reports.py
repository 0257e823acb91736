"""Reports made by hand: rows and words without a store behind them."""

from datetime import datetime, timedelta
from typing import Any

from analyzer.report.coverage import Coverage, Gap
from analyzer.report.run import Report, ReportColumn

NIGHT = datetime(2026, 11, 23)
_TYPES = {datetime: "TIMESTAMP", int: "BIGINT", float: "DOUBLE", list: "VARCHAR[]", bool: "BOOLEAN"}


def at(text: str, day: int = 23) -> datetime:
    """``02:10`` of that night, or of another day of the month."""
    hour, minute = map(int, text.split(":"))
    return datetime(2026, 11, day, hour, minute)


def report(rows: list[dict[str, Any]], **words: Any) -> Report:
    """A report of these rows; columns and types are those of the rows."""
    names = list(rows[0]) if rows else words.pop("names")
    columns = tuple(ReportColumn(name, f"What {name} is.", _type(rows, name)) for name in names)
    defaults: dict[str, Any] = {
        "name": "losses",
        "title": "Losses",
        "description": "What was lost.",
        "parameters": {"since": NIGHT, "until": NIGHT + timedelta(hours=3)},
        "coverage": [coverage()],
        "kind": "finding" if "severity" in names else "table",
        "cannot_see": None,
        "sql": "select 1",
    }
    values = [tuple(row[name] for name in names) for row in rows]
    return Report(columns=columns, rows=values, **{**defaults, **words})


def _type(rows: list[dict[str, Any]], name: str) -> str:
    values = [row[name] for row in rows if row[name] is not None]
    return _TYPES.get(type(values[0]), "VARCHAR") if values else "VARCHAR"


def coverage(*unknown: tuple[datetime, datetime, str], complete: int = 36) -> Coverage:
    """What could be seen of one cluster, and the spans that could not."""
    return Coverage(cluster="prod-a", complete=complete, partial=0, failed=len(unknown), suspect=0,
                    unknown=tuple(Gap(*gap) for gap in unknown))  # fmt: skip


def losses(**words: Any) -> Report:
    """A night in which two hosts lost paths by one node: one is back, the other one is not."""
    return report(
        [
            _loss("iqn.1998-01.com.vmware:esx1-4f1a", "sql_n2_a", back=True),
            _loss("iqn.1998-01.com.vmware:esx1-4f1a", "sql_n2_b", back=True),
            _loss("iqn.1994-05.com.redhat:lnx4", "sql_n2_a", back=False),
            _loss("iqn.1994-05.com.redhat:l_n|x5*", "sql_n2_b", back=False, severity="critical"),
        ],
        brief=("initiator", "interface", "lost_after", "back_after", "severity", "detail"),
        ended=("recovered",),
        coverage=[coverage((at("01:00"), at("01:15"), "HTTP 503 <busy>"))],
        **words,
    )


def _loss(initiator: str, interface: str, *, back: bool, severity: str = "high") -> dict[str, Any]:
    return {
        "cluster": "prod-a",
        "svm": "svm_sql",
        "initiator": initiator,
        "interface": interface,
        "sessions_lost": 1024,
        "lost_after": at("02:10"),
        "lost_by": at("02:15"),
        "back_after": at("02:40") if back else None,
        "back_by": at("02:45") if back else None,
        "outage_min_seconds": 1500 if back else None,
        "status": "recovered" if back else "open",
        "members": [initiator, "iqn.1994-05.com.redhat:lnx1"],
        "severity": severity,
        "detail": "2 sessions left, on sql_n1_a, sql_n1_b; look at node n2"
        if back
        else "=1+1 is text, and so is a\nsecond line",
    }


def matrix() -> Report:
    """Three hosts and four interfaces; one hole where a session is expected, two where none is."""
    hosts = {"iqn.1994-05.com.redhat:lnx4": "lnx4", "iqn.1998-01.com.vmware:esx1-4f1a": None,
             "iqn.1991-05.com.microsoft:win1.corp.example": None}  # fmt: skip
    return report(
        [
            {
                "cluster": "prod-a", "svm": "svm_sql", "initiator": initiator, "host": host,
                "interface": f"sql_{node}_{side}", "node": node,
                "sessions": int((host, node, side) not in {("lnx4", "n2", "a"), ("lnx4", "n2", "b")}),
                "expected": (node, side) != ("n2", "b"),
                "host_addresses": ["192.168.10.104"],
            }
            for initiator, host in hosts.items()
            for node in ("n1", "n2")
            for side in "ab"
        ],
        name="paths", title="Paths", parameters={"at": at("03:00")},
        window=(at("02:55"), at("03:00")),
    )  # fmt: skip
