"""The console over a socket, and a tab of a browser that looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager

from support.browser_tab import Tab
from support.console_app import console
from support.serving import serving

from analyzer.rest.server import listen
from analyzer.store.layout import Store


class Url:
    def __init__(self, text: str) -> None:
        self.text = text

    def as_uri(self) -> str:
        return self.text


@contextmanager
def served(store: Store, token: str | None = None) -> Iterator[str]:
    """The console of a store, on a free port."""
    with serving(console(store, token)) as listening:
        yield listen.url(listening, tls=False)


def look(tab: Tab, target: str, width: int = 1280, **how: bool) -> Tab:
    return tab.open(Url(target), width, **how)
