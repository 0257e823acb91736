"""A page in a real browser, driven over a pipe: no port, no driver, no further dependency."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))),
    None,
)  # fmt: skip
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--remote-debugging-pipe",
)  # fmt: skip


class Tab:
    """One tab; *events* are what the browser told so far."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests_pipe, self.answers_pipe, self.buffer = requests, answers, b""
        self.number, self.events = 0, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    session: str | None = None

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.requests_pipe, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._hear()
            if reply.get("id") == self.number:
                assert "error" not in reply, reply
                return reply["result"]
            self.events.append(reply)

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            more = os.read(self.answers_pipe, 1 << 16)
            assert more, "the browser is gone"
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(line)

    def open(self, page: Path, width: int = 1440, *, scripts: bool = True, dark: bool = False):
        self._leave()
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.shape(width, dark=dark)
        began = time.monotonic()
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._hear())
        self.ask("Page.getLayoutMetrics")
        self.seconds = time.monotonic() - began
        return self

    def shape(self, width: int, *, dark: bool = False) -> None:
        """The screen of a phone, or a wider one; what is open stays open."""
        self.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def _leave(self) -> None:
        """Leave the page that is open: what it still asks for is no event of the next one."""
        self.events.clear()
        self.ask("Page.navigate", url="about:blank")
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._hear())
        self.events.clear()

    def js(self, text: str) -> Any:
        """The value of an expression."""
        answer = self.ask("Runtime.evaluate", expression=text, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def requests(self) -> list[str]:
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[Any]:
        loud = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
        return [event["params"] for event in self.events if event["method"] in loud]

    def overflows(self) -> bool:
        return self.ask("Page.getLayoutMetrics")["cssContentSize"]["width"] > self.js("innerWidth")


@contextmanager
def browser(profile: Path) -> Iterator[Tab]:
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    command = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out} 2>/dev/null'
    process = subprocess.Popen(
        ["bash", "-c", command, str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(theirs_in, theirs_out),
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Tab(ours_out, ours_in)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(ours_in)
        os.close(ours_out)
