"""The console over a socket, and a tab of a browser that looks at it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from support.browser_tab import Tab
from support.console_app import console

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
    listening = listen.bind("127.0.0.1", 0)
    server = listen.server(console(store, token))
    running = threading.Thread(target=partial(server.run, sockets=[listening]))
    running.start()
    while not server.started:
        time.sleep(0.01)
    yield listen.url(listening, tls=False)
    server.should_exit = True
    running.join()
    listening.close()


def look(tab: Tab, target: str, width: int = 1280, **how: bool) -> Tab:
    return tab.open(Url(target), width, **how)
