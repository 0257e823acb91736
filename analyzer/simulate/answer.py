"""What the array says to a request, before anything goes wrong with it."""

from analyzer.ontap.resources import RESOURCES, Release, Resource
from analyzer.rest.language import QueryError
from analyzer.rest.language.answer import Answer, Request, answer, check, refusal
from analyzer.rest.language.page import Listing
from analyzer.simulate.world import World

_KEPT = 256


class Speaker:
    """Answers from a world, and remembers answers for as long as the world rests."""

    def __init__(self, world: World, page_limit: int = 10_000, svm: str = "") -> None:
        self.world = world
        self.svm = svm
        self.limit = page_limit
        self._revision = -1
        self._listings: dict[tuple[str, str], Listing] = {}
        self._answers: dict[tuple[str, str, bool, str, int | None], Answer] = {}

    def answer(self, request: Request, *, body: bool = False, most: int | None = None) -> Answer:
        """The answer to one request.

        Args:
            request: with credentials checked already.
            body: whether it carried one, which GET must not.
            most: records per page, whatever is asked (a short page).
        """
        if self._revision != self.world.revision:
            self._revision = self.world.revision
            self._listings.clear()
            self._answers.clear()
        svm = self.svm or request.svm
        known = (request.method, request.target, request.links, svm, most)
        if known in self._answers and not body:
            return self._answers[known]
        try:
            told = check(request, body=body) or answer(self, RESOURCES, request, svm, most)
        except QueryError as error:
            return refusal(error)
        if len(self._answers) >= _KEPT:
            self._answers.clear()
        self._answers[known] = told
        return told

    @property
    def release(self) -> Release:
        return self.world.version[:2]

    def records(self, resource: Resource, svm: str) -> Listing:
        known = (resource.name, svm)
        if known not in self._listings:
            records = self.world.inventory(resource.name)
            if svm and not resource.singleton:
                records = [one for one in records if svm in (one.get("svm") or one).values()]
            self._listings[known] = Listing(resource, records)
        return self._listings[known]

    def knows(self, svm: str) -> bool:
        return any(one.uuid == svm for one in self.world.svms.values())
