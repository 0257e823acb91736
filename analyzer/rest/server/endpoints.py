"""The array's own endpoints: which cluster, which instant, and what it answered then."""

from dataclasses import dataclass, replace

from analyzer import clock
from analyzer.errors import UsageError
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import MISSING_VALUE, bad, invalid
from analyzer.rest.language.respond import RestRequest, RestResponse, refusal, respond
from analyzer.rest.server import instant
from analyzer.rest.server.authentication import Identity
from analyzer.rest.server.mapping import SERVED, served
from analyzer.rest.server.source import PAGE, ServedClusters, SnapshotSource

AT = "X-Analyzer-At"
TAKEN = "X-Analyzer-Taken-At"
CLUSTER = "X-Analyzer-Cluster"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """*cluster* ('' for the only one) and *at* are the defaults of a request that names none."""

    clusters: ServedClusters
    cluster: str = ""
    at: str = "latest"
    nearest: bool = False

    def answer(self, request: RestRequest, identity: Identity, seconds: float) -> RestResponse:
        """The answer of the array, as of the instant that is meant.

        Raises:
            QueryError: it cannot be answered, and no snapshot has to do with that.
            Busy: not in this time.
        """
        served(request.path)
        text = request.headers.get(AT.lower()) or identity.at or self.at
        try:
            when = instant.read(text, self.clusters.store)
        except UsageError as error:
            raise invalid(text, AT, f": {error}") from error
        with self.clusters[self._cluster(request, identity)].time_limit(seconds) as cluster:
            snapshot = cluster.snapshot(when, nearest=self.nearest)
            source = SnapshotSource(cluster, snapshot)
            try:
                response = respond(source, SERVED, request, request.svm, PAGE)
            except QueryError as error:
                response = refusal(error)
        headers = {**response.headers, TAKEN: clock.iso(snapshot.taken_at)}
        return replace(response, headers=headers)

    def _cluster(self, request: RestRequest, identity: Identity) -> str:
        """The cluster that is meant.

        Raises:
            QueryError: it is not in the store, or there are several and none is named.
        """
        stored = self.clusters.store.clusters()
        name = request.headers.get(CLUSTER.lower()) or identity.cluster or self.cluster
        names = ", ".join(stored) or "none"
        if name:
            if name not in stored:
                raise instant.absent(f"the store has no cluster '{name}'; it has {names}")
            return name
        if not stored:
            raise instant.absent("the store has no snapshots yet")
        if len(stored) > 1:
            sentence = f"which cluster? The store has {names}: name one in the header {CLUSTER}"
            raise bad(MISSING_VALUE, f"{sentence}, or log in as CLUSTER@TIME", CLUSTER)
        return stored[0]
