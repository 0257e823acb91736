"""Templates of messages: Jinja2 in its sandbox, in a process of bounded time and memory.

The sandbox keeps a template from the program's own objects, but not from a loop without end; a
process can be ended.
"""

import json
import os
import resource
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from analyzer.errors import UsageError
from analyzer.store.regular import check_regular
from analyzer.text import escape_markdown

if TYPE_CHECKING:  # the process that fills a template has no need of the configuration
    from analyzer.config.destination import Destination

LARGEST = 1 << 18  # characters of a template, bytes of what it gives
_SECONDS = 60.0  # of the wall clock, starting the process and all
_PROCESSOR = 5  # seconds of a processor
_MEMORY = 1 << 29  # bytes
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render(destination: "Destination", contexts: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The body for each of the contexts, which hold plain values only.

    Raises:
        UsageError: the template cannot be read, is wrong, or takes too long; names its line.
    """
    where = f"destination {destination.name}: {destination.template or 'body'}"
    source = destination.body or _read(where, destination.template or Path())
    # A fork would take the threads of Polars and DuckDB along; multiprocessing's spawn would load
    # the whole program, which takes longer than to fill the template.
    command = [sys.executable, "-P", "-m", "analyzer.alerts.template"]
    try:
        process = subprocess.run(
            command, input=json.dumps([source, list(contexts)]), timeout=_SECONDS, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="ascii",
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        answer = json.loads(process.stdout or "null")
    except subprocess.TimeoutExpired:
        answer = None
    if answer is None:
        raise UsageError(f"{where}: took more time or memory than a message may")
    bodies, problem = answer
    if problem:
        raise UsageError(f"{where}{problem}")
    return [body.encode() for body in bodies]


def _read(where: str, path: Path) -> str:
    try:
        with check_regular(path).open(encoding="utf-8-sig") as stream:
            text = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror or error if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{where}: cannot be read: {why}") from error
    if len(text) > LARGEST:
        raise UsageError(f"{where}: cannot be read: larger than {LARGEST >> 10} KiB")
    return text


def environment() -> ImmutableSandboxedEnvironment:
    """The sandbox, in which no undefined name is silent."""
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True)
    # What is no JSON is mostly a name that is not there, whose text is an error that has the name.
    sandbox.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": str}
    sandbox.filters |= {"markdown": escape_markdown, "slack": _slack}
    return sandbox


def _slack(text: str) -> str:
    """Text that Slack and Mattermost print as it is: no link, no mention of a channel."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def _work() -> None:
    """From the standard input a template and its contexts, to the output bodies and a problem."""
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR, _PROCESSOR))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    source, contexts = json.load(sys.stdin)
    try:
        template = environment().from_string(source)
        bodies = [template.render(context) for context in contexts]
        largest = max((len(body.encode()) for body in bodies), default=0)
        problem = f": gives more than {LARGEST >> 10} KiB" if largest > LARGEST else ""
    except UnicodeEncodeError:
        bodies, problem = [], ": gives half of a surrogate pair, which no text can hold"
    except TemplateSyntaxError as error:
        bodies, problem = [], f" line {error.lineno}: {error.message}"
    except MemoryError:
        return  # no answer says it
    except Exception as error:  # noqa: BLE001  # whatever a template does is the template's
        bodies, problem = [], f" line {_line(error)}: {_sentence(error)}"
    sys.stdout.write(json.dumps([[] if problem else bodies, problem]))


def _line(error: BaseException) -> int:
    """The template's line that raised; Jinja2 has rewritten the traceback for it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == "<template>"]  # fmt: skip
    return lines[-1] or 0 if lines else 0


def _sentence(error: BaseException) -> str:
    if isinstance(error, TemplateError):
        return error.message or type(error).__name__
    return f"{type(error).__name__}: {error}"[:500]


if __name__ == "__main__":
    _work()
