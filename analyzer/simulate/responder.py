"""The array's answers, before any fault changes them."""

from urllib.parse import unquote

from analyzer.ontap.resource import Release, Resource
from analyzer.ontap.resources import EMS, RESOURCES
from analyzer.rest.language import MemoryRecords, QueryError
from analyzer.rest.language.error import absent
from analyzer.rest.language.respond import RestRequest, RestResponse, check, refusal, respond
from analyzer.simulate.event_records import EventRecords
from analyzer.simulate.world import World

_CACHED = 256


class Responder:
    """Answers from a world; responses are cached for as long as nothing in it changes."""

    def __init__(self, world: World, page_limit: int = 10_000, svm: str = "") -> None:
        self.world = world
        self.svm = svm
        self.limit = page_limit
        self._revision = -1
        self._records: dict[tuple[str, str], MemoryRecords] = {}
        self._responses: dict[tuple[str, str, bool, str, int | None], RestResponse] = {}

    def respond(
        self, request: RestRequest, *, body: bool = False, most: int | None = None
    ) -> RestResponse:
        """The response to an authorised request; *most* is an upper bound of records on a page."""
        if self._revision != self.world.revision:
            self._revision = self.world.revision
            self._records.clear()
            self._responses.clear()
        svm = self.svm or request.svm
        key = (request.method, request.target, request.links, svm, most)
        if key in self._responses and not body:
            return self._responses[key]
        served = {name: item for name, item in RESOURCES.items() if item.since <= self.release}
        try:
            response = check(request, body=body) or respond(self, served, request, svm, most)
        except QueryError as error:
            return refusal(error)
        if len(self._responses) >= _CACHED:
            self._responses.clear()
        self._responses[key] = response
        return response

    @property
    def release(self) -> Release:
        return self.world.version[:2]

    def records(self, resource: Resource, svm: str) -> MemoryRecords:
        key = (resource.path, svm)
        if key not in self._records:
            records = self.world.inventory(resource.name)
            if svm and not resource.singleton:
                records = [item for item in records if svm in (item.get("svm") or item).values()]
            if resource.name == "members":
                uuid = unquote(resource.path.split("/")[-2])
                if all(igroup.uuid != uuid for igroup in self.world.igroups.values()):
                    raise absent("uuid")
                records = [item for item in records if item["igroup"]["uuid"] == uuid]
            kind = EventRecords if resource is EMS else MemoryRecords
            self._records[key] = kind(resource, records)
        return self._records[key]

    def has_svm(self, uuid: str) -> bool:
        return any(svm.uuid == uuid for svm in self.world.svms.values())
