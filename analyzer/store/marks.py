"""Marks: instants with names, one file for the whole store.

``marks.json`` is replaced atomically by one writer at a time. A name begins with a letter and is no
word of ours for a time, so that no text is both.
"""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, tzinfo

import msgspec

from analyzer import clock
from analyzer.errors import Busy, StoreError, UsageError
from analyzer.schema import Mark
from analyzer.store import lock
from analyzer.store.layout import Store
from analyzer.store.lease import Lease
from analyzer.store.publish import publish, sweep
from analyzer.store.regular import read_regular
from analyzer.text import did_you_mean, is_utf8

FORMAT = 1
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
# What people write for times, whether this program reads it or not.
_TIMES = {
    "now", "latest", "previous", "today", "yesterday", "tomorrow", "midnight", "noon", "utc", "z",
}  # fmt: skip
_LONGEST = 2000  # characters of a note or a ticket
_PATIENCE = 20.0  # seconds that a writer waits for another


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The file: its format, and the marks by instant."""

    format: int = FORMAT
    marks: tuple[Mark, ...] = ()


class _MarksHeader(msgspec.Struct):
    format: int


def is_name(text: str) -> bool:
    """Whether a mark may be called so: it can be no time."""
    return _NAME.fullmatch(text) is not None and text.lower() not in _TIMES


def read(store: Store) -> tuple[Mark, ...]:
    """Every mark, by instant; empty where none was set.

    Raises:
        StoreError: the file is damaged or of a newer format.
    """
    try:
        content = read_regular(store.marks)
        number = msgspec.json.decode(content, type=_MarksHeader).format
        if number > FORMAT:
            raise StoreError(
                f"{store.marks} has format {number}: a newer version of analyzer wrote it, and this"
                f" one knows {FORMAT} only"
            )
        marks = msgspec.json.decode(content, type=_File).marks
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise StoreError(
            f"{store.marks} is damaged ({error}); mend it, or move it away to do without marks"
        ) from error
    names = [mark.name.lower() for mark in marks]
    unfit = [mark.name for mark in marks if not is_name(mark.name) or mark.instant.tzinfo]
    unfit += [name for name in names if names.count(name) > 1]
    if unfit:
        raise StoreError(f"{store.marks} is damaged (of the mark {unfit[0]!r}); mend it")
    return marks


def find(marks: Sequence[Mark], name: str) -> Mark | None:
    """The mark of that name, without regard to case."""
    return next((mark for mark in marks if mark.name.lower() == name.lower()), None)


def baseline(marks: Sequence[Mark]) -> Mark | None:
    """The mark that reports of a pair compare with, if there is one."""
    return next((mark for mark in marks if mark.baseline), None)


def between(marks: Sequence[Mark], since: datetime, until: datetime) -> tuple[Mark, ...]:
    """The marks of a window, both ends included."""
    return tuple(mark for mark in marks if since <= mark.instant <= until)


def moment(
    store: Store, text: str, zone: tzinfo = UTC, present: datetime | None = None
) -> datetime:
    """Read a time as a user writes it: what ``clock.moment`` reads, or the name of a mark.

    Raises:
        UsageError: it is neither; names the nearest marks.
        StoreError: the marks are damaged, and it may be one.
    """
    name = text.strip()
    if not is_name(name):
        return clock.moment(text, zone, present)
    marks = read(store)
    mark = find(marks, name)
    if mark is None:
        near = did_you_mean(name, (mark.name for mark in marks))
        raise UsageError(
            f"'{text}' is not a time: {clock.ACCEPTED}; and no mark is called so{near}"
        )
    return mark.instant


def add(store: Store, mark: Mark) -> None:
    """Keep a mark. A mark of the same name and instant takes over what the new one says.

    Raises:
        UsageError: the name or the instant cannot be marked, or the name is taken.
        Busy: another process went on writing marks.
        StoreError: the marks are damaged or cannot be written; nothing was changed.
    """
    _check(mark)

    def put(marks: tuple[Mark, ...]) -> list[Mark]:
        stored = find(marks, mark.name)
        if stored is not None and stored.instant != mark.instant:
            raise UsageError(
                f"there is a mark '{stored.name}' of {clock.iso(stored.instant)} already:"
                f" 'analyzer mark --delete {stored.name}' takes it away"
            )
        newest = mark if stored is None else _merged(stored, mark)
        others = (item for item in marks if item is not stored)
        if newest.baseline:
            others = (msgspec.structs.replace(item, baseline=False) for item in others)
        return [*others, newest]

    _change(store, put)


def delete(store: Store, name: str) -> None:
    """Take a mark away.

    Raises:
        UsageError: there is none of that name; names the nearest.
        Busy, StoreError: as ``add``.
    """

    def take(marks: tuple[Mark, ...]) -> list[Mark]:
        if find(marks, name) is None:
            near = did_you_mean(name, (mark.name for mark in marks))
            raise UsageError(f"there is no mark '{name}'{near}")
        return [mark for mark in marks if mark.name.lower() != name.lower()]

    _change(store, take)


def write(
    store: Store, marks: Sequence[Mark], before_rename: Callable[[], None] = lambda: None
) -> None:
    """Replace the file, which nobody else writes meanwhile."""
    ordered = sorted(marks, key=lambda mark: (mark.instant, mark.name))
    content = msgspec.json.format(msgspec.json.encode(_File(marks=tuple(ordered))), indent=1)
    with publish(store.marks, before_rename=before_rename) as draft:
        draft.write_bytes(content + b"\n")


def _check(mark: Mark) -> None:
    if mark.name.lower() in _TIMES:
        raise UsageError(f"'{mark.name}' is a time already; a mark needs another name")
    if not is_name(mark.name):
        raise UsageError(
            f"'{mark.name}' cannot name a mark: a letter, then letters, digits, '.', '_' and '-',"
            " at most 64, so that it is never taken for a time"
        )
    if mark.instant > clock.now():
        raise UsageError(
            f"{clock.iso(mark.instant)} is to come: a mark names an instant of the past, or now"
        )
    for field, text in (("note", mark.note), ("ticket", mark.ticket)):
        if text is not None and len(text) > _LONGEST:
            raise UsageError(f"the {field} is longer than {_LONGEST} characters")
        if text is not None and not is_utf8(text):
            raise UsageError(f"the {field} is no text in the encoding of this terminal")


def _merged(stored: Mark, mark: Mark) -> Mark:
    return Mark(
        name=stored.name,
        instant=stored.instant,
        note=mark.note or stored.note,
        ticket=mark.ticket or stored.ticket,
        keep=mark.keep or stored.keep,
        baseline=mark.baseline or stored.baseline,
    )


def _change(store: Store, change: Callable[[tuple[Mark, ...]], Sequence[Mark]]) -> None:
    with ExitStack() as stack:
        lease = _writer(store, stack)
        write(store, change(read(store)), lease.check)


def _writer(store: Store, stack: ExitStack) -> Lease:
    """Be the one writer of marks until *stack* is left; waits a while for another."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            lease = stack.enter_context(lock.writer(store.root, "marks", store.host))
            break
        except Busy as error:
            if time.monotonic() > end:
                raise Busy("another process is writing marks; try again") from error
            time.sleep(0.02)
    sweep(store.root, store.marks.name, living=False)
    return lease
