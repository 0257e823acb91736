"""The event log (EMS): which messages there are, and how a query of events is answered."""

from dataclasses import replace

from analyzer.ontap.resources import EMS
from analyzer.rest.language import Clause, MemoryRecords, RestQuery, Slice
from analyzer.rest.language.condition import Condition, Either, Equal, Not
from analyzer.rest.language.error import invalid
from analyzer.rest.language.records import LIMIT

MESSAGES = {
    "cf.transition.info": "notice",
    "iscsi.loginIpNotAuthorized": "notice",
    "iscsi.notice": "notice",
    "vifmgr.lifbeinghosted": "debug",
    "vifmgr.lifdown.noports": "alert",
    "vifmgr.lifmoved.byadmin": "notice",
    "vifmgr.lifmoved.nodedown": "notice",
    "vifmgr.lifsuccessfullymoved": "notice",
    "vifmgr.portdown": "notice",
    "vifmgr.portup": "notice",
    "vserver.stop.succeeded": "notice",
}
"""Severity of each message that the array knows."""

_NO_DEBUG = Clause((EMS.by_name["message.severity"],), Not(Equal("debug")))


class EventRecords(MemoryRecords):
    """DEBUG is hidden unless a severity is requested; an unknown message fails the request."""

    def page(self, query: RestQuery, limit: int = LIMIT) -> Slice:
        filtered = {field.name for clause in query.clauses for field in clause.fields}
        for clause in query.clauses:
            if clause.fields[0].name == "message.name":
                _check(clause.condition)
        if "message.severity" not in filtered:
            query = replace(query, clauses=(*query.clauses, _NO_DEBUG))
        return super().page(query, limit)


def _check(condition: Condition) -> None:
    match condition:
        case Either(of):
            for part in of:
                _check(part)
        case Not(of):
            _check(of)
        case Equal(value) if value not in MESSAGES:
            raise invalid(str(value), "message.name")
