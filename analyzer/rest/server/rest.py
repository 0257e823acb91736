"""The REST requests: which cluster, which instant, and what it answered then."""

from dataclasses import dataclass, replace

from analyzer import clock
from analyzer.errors import UsageError
from analyzer.rest.language import QueryError
from analyzer.rest.language.answer import Answer, Request, answer, find, refusal
from analyzer.rest.language.error import MISSING_VALUE, bad, invalid
from analyzer.rest.server import moment
from analyzer.rest.server.cluster import PAGE, Clusters, Snapshot
from analyzer.rest.server.door import Login
from analyzer.rest.server.record import SERVED

AT = "X-Analyzer-At"
TAKEN = "X-Analyzer-Taken-At"
CLUSTER = "X-Analyzer-Cluster"


@dataclass(frozen=True, slots=True)
class Rest:
    """*cluster* ('' for the only one) and *at* are what a request means that does not say."""

    clusters: Clusters
    cluster: str = ""
    at: str = "latest"
    nearest: bool = False

    def answer(self, request: Request, login: Login, seconds: float) -> Answer:
        """The answer of the array, as of the instant that is meant.

        Raises:
            QueryError: it cannot be answered, and no snapshot has to do with that.
            Busy: not in this time.
        """
        find(SERVED, request.path)
        said = request.headers.get(AT.lower()) or login.at or self.at
        try:
            when = moment.read(said)
        except UsageError as error:
            raise invalid(said, AT, f": {error}") from error
        with self.clusters[self._named(request, login)].asked(seconds) as cluster:
            at = cluster.moment(when, nearest=self.nearest)
            try:
                told = answer(Snapshot(cluster, at), SERVED, request, request.svm, PAGE)
            except QueryError as error:
                told = refusal(error)
        return replace(told, headers={**told.headers, TAKEN: clock.iso(at.taken_at)})

    def _named(self, request: Request, login: Login) -> str:
        """The cluster that is meant.

        Raises:
            QueryError: it is not in the store, or there are several and none is named.
        """
        there = self.clusters.store.clusters()
        named = request.headers.get(CLUSTER.lower()) or login.cluster or self.cluster
        listed = ", ".join(there) or "none"
        if named:
            if named not in there:
                raise moment.absent(f"the store has no cluster '{named}'; it has {listed}")
            return named
        if not there:
            raise moment.absent("the store has no snapshots yet")
        if len(there) > 1:
            sentence = f"which cluster? The store has {listed}: name one in the header {CLUSTER}"
            raise bad(MISSING_VALUE, f"{sentence}, or log in as CLUSTER@TIME", CLUSTER)
        return there[0]
