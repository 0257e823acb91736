"""What the array says to a request, before anything goes wrong with it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from analyzer.resource import RESOURCES, Resource
from analyzer.restquery import Query, QueryError, parse
from analyzer.restquery.error import BAD_URL, BODY, UNKNOWN_SVM, absent, bad, invalid
from analyzer.restquery.hal import HAL, JSON, collection, encode, linked, next_link, wants_links
from analyzer.restquery.page import Listing
from analyzer.restquery.selection import cut, tree
from analyzer.simulate.fault import Answer, Request
from analyzer.simulate.world import World

ALLOWED = "GET, HEAD, OPTIONS"
_KEPT = 256


class Speaker:
    """Answers from a world, and remembers answers for as long as the world rests."""

    def __init__(self, world: World, page_limit: int = 10_000, svm: str = "") -> None:
        self.world = world
        self.svm = svm
        self.page_limit = page_limit
        self._revision = -1
        self._listings: dict[tuple[str, str], Listing] = {}
        self._answers: dict[tuple[str, str, str, int | None], Answer] = {}

    def answer(self, request: Request, *, body: bool = False, most: int | None = None) -> Answer:
        """The answer to one request.

        Args:
            request: with credentials checked already.
            body: whether it carried one, which GET must not.
            most: records per page, whatever is asked (a short page).
        """
        if request.method == "OPTIONS":
            return Answer(200, b"", {"Allow": ALLOWED})
        links = wants_links(request.headers.get("accept"))
        if self._revision != self.world.revision:
            self._revision = self.world.revision
            self._listings.clear()
            self._answers.clear()
        headers = request.headers
        svm = self.svm or headers.get("x-dot-svm-uuid") or headers.get("x-dot-svm-name") or ""
        known = (request.target, str(links), svm, most)
        if known in self._answers and request.method in {"GET", "HEAD"} and not body:
            return self._answers[known]
        try:
            if request.method not in {"GET", "HEAD"}:
                raise QueryError(
                    405, 3, f'method "{request.method}" is not allowed'
                )  # one way out for all refusals
            if body:
                raise bad(BODY, "Body not allowed on this request")  # one way out for all refusals
            answer = self._records(request, svm, most, links=links)
        except QueryError as error:
            return refusal(error)
        if len(self._answers) >= _KEPT:
            self._answers.clear()
        self._answers[known] = answer
        return answer

    def _records(self, request: Request, svm: str, most: int | None, *, links: bool) -> Answer:
        resource, parts = find(request.path)
        release = self.world.version[:2]
        if resource.singleton or parts:
            query = parse(resource, request.query, release, instance=True)
            record = self._instance(resource, parts, svm)
            shown = cut(record, tree(query.fields))
            body = linked(resource, shown) if links and not resource.singleton else shown
            if links and resource.singleton:
                body["_links"] = {"self": {"href": resource.path}}
            return _answer(body, query, links=links)
        query = parse(resource, request.query, release)
        if most is not None:
            query = replace(query, max_records=min(most, query.max_records or most))
        page = self._listing(resource, svm).page(query, self.page_limit)
        body = collection(query, page, links=links)
        following = next_link(query, page)
        more = {"Link": f'<{following}>; rel="next"'} if following else {}
        return _answer(body, query, links=links, more=more)

    def _listing(self, resource: Resource, svm: str) -> Listing:
        known = (resource.name, svm)
        if known not in self._listings:
            records = self.world.inventory(resource.name)
            if svm:
                records = [one for one in records if svm in (one.get("svm") or one).values()]
            self._listings[known] = Listing(resource, records)
        return self._listings[known]

    def _instance(self, resource: Resource, parts: list[str], svm: str) -> Mapping[str, Any]:
        if resource.singleton:
            return self.world.inventory(resource.name)[0]
        key: list[str | int] = []
        for name, part in zip(resource.keys, parts, strict=True):
            if resource.by_name[name].kind == "integer":
                if not part.isdecimal():
                    raise invalid(part, name)
                key.append(int(part))
            else:
                key.append(part)
        record = self._listing(resource, svm).find(tuple(key))
        if record is not None:
            return record
        if resource.keys[0] == "svm.uuid" and all(
            one.uuid != parts[0] for one in self.world.svms.values()
        ):
            raise QueryError(404, UNKNOWN_SVM, f'SVM "{parts[0]}" does not exist', "svm.uuid")
        raise absent(resource.keys[-1])


def refusal(error: QueryError) -> Answer:
    return Answer(error.status, encode(error.body(), pretty=True), {"Content-Type": HAL})


def find(path: str) -> tuple[Resource, list[str]]:
    """The resource of a path, and the parts of its key that follow; slashes may be doubled.

    Raises:
        QueryError: 39387137, there is none.
    """
    said = [unquote(part) for part in path.split("/") if part]
    for resource in RESOURCES.values():
        own = resource.path.strip("/").split("/")
        rest = said[len(own) :]
        if said[: len(own)] == own and len(rest) in {0, len(resource.keys)}:
            return resource, rest
    raise QueryError(404, BAD_URL, "API not found")


def _answer(
    body: Mapping[str, Any], query: Query, *, links: bool, more: Mapping[str, str] | None = None
) -> Answer:
    kind = HAL if links else JSON
    return Answer(200, encode(body, pretty=query.pretty), {"Content-Type": kind, **(more or {})})
