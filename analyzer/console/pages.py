"""Routes a URL to its page, in the process that has the store open; an error is a page too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from analyzer import clock
from analyzer.console import capacity_page, front_page, incident_page, object_page, report_page
from analyzer.console.address import PageAddress
from analyzer.console.exchange import PageRequest, PageResponse, error_page
from analyzer.console.view import View
from analyzer.errors import Busy, NothingSeen, StoreError, UsageError
from analyzer.report.catalog import Catalog

Render = Callable[[View], str | PageResponse]

PAGES: Mapping[str, Render] = {
    "": front_page.page,
    "capacity": capacity_page.page,
    "incident": incident_page.page,
    "initiator": object_page.page,
    "interface": object_page.page,
    "node": object_page.page,
    "reports": report_page.page,
}


_PRESENT = timedelta(minutes=1)  # for which the clock of an open catalog is the same
_CATALOG_PAGES = 25  # that one catalog answers: each may leave tables of models behind


@dataclass(slots=True)
class OpenCatalog:
    """A catalog that stays open for the next pages, and for how long."""

    catalog: Catalog
    clusters: tuple[str, ...]
    token: str
    pages: int = 0

    def serves(self, clusters: Sequence[str], token: str, now: datetime) -> bool:
        """Whether it is as true as one that is opened now, but for its clock.

        What is later than the clock is not seen, so what is latest may change with it alone.
        """
        return (
            (tuple(clusters), token) == (self.clusters, self.token)
            and not self.catalog.ahead
            and not self.catalog.marks_ahead
            and self.catalog.now <= now
            and self.pages < _CATALOG_PAGES
        )


class Pages:
    """Answers one request after the other, in one process.

    *open_catalog* opens the clusters that match; *on_error* is called with an unexpected exception
    (a bug).
    """

    def __init__(
        self,
        open_catalog: Callable[[Sequence[str]], Catalog],
        zone: tzinfo,
        on_error: Callable[[Exception], object] = repr,
    ) -> None:
        self.open_catalog, self.zone, self.on_error = open_catalog, zone, on_error
        self._open: OpenCatalog | None = None

    def page(self, request: PageRequest, seconds: float) -> PageResponse:
        """The page that a request reads, rendered within so many seconds.

        Raises:
            Busy: that was not enough.
        """
        try:
            return self._page(request, seconds)
        except NothingSeen as error:
            return error_page(404, str(error))
        except UsageError as error:
            return error_page(400, str(error))
        except StoreError as error:
            return error_page(500, str(error))
        except (Busy, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  # a bug must not look like an answer
            self.on_error(error)
            return error_page(500, "internal error; the server's log says more")

    def _page(self, request: PageRequest, seconds: float) -> PageResponse:
        address = PageAddress.read(request.path, request.query)
        zone = clock.zone(address.value("tz")) if address.value("tz") else self.zone
        render = PAGES.get(address.path.split("/")[1])
        if render is None:
            raise NothingSeen("there is no such page")
        catalog = self._opened(address.all_values("cluster"), request.store)
        try:
            with catalog.time_limit(seconds):
                content = render(View(address, catalog, zone, request.store))
        except BaseException:
            self._close()  # whatever state a statement left it in
            raise
        return PageResponse(content.encode()) if isinstance(content, str) else content

    def _opened(self, clusters: Sequence[str], token: str) -> Catalog:
        """The catalog of the last pages while it is valid: its models are not built anew."""
        now = clock.now()
        if self._open is None or not self._open.serves(clusters, token, now):
            self._close()
            self._open = OpenCatalog(self.open_catalog(clusters), tuple(clusters), token)
        self._open.pages += 1
        catalog = self._open.catalog
        if now >= catalog.now + _PRESENT:
            catalog.now = now
        return catalog

    def _close(self) -> None:
        if self._open is not None:
            self._open.catalog.close()
        self._open = None
