"""Tests in steps: before each asks something, the tests of its module wait for each other.

A report of a small history costs what opening a store and making its models costs. So what many
tests need is recorded in one store, which is asked once:

    together = in_steps(Watch, record_together)

    @together
    def test_a_path_is_lost(watch: Watch) -> Steps:
        night = watch("02:12 drop lnx1 L2")
        yield watch
        night.only("dropped-connections", initiator="lnx1")
"""

from collections.abc import Callable, Iterator, Sequence
from functools import update_wrapper
from inspect import Signature, signature
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Steps: TypeAlias = Iterator[Any]


def in_steps(
    build: Callable[[Path], Any], record: Callable[[Path, Sequence[Any]], object]
) -> Callable[[Callable[..., Steps]], Any]:
    """A decorator of tests that begin with what *build* makes; *record* takes what they yield."""

    def decorate(steps: Callable[..., Steps]) -> Any:
        def test(outcomes: dict[str, BaseException], request: Any, **_values: Any) -> None:
            if request.node.name in outcomes:
                raise outcomes[request.node.name]

        fixtures, values = signature(test).parameters, signature(steps).parameters
        wanted = [fixtures["outcomes"], fixtures["request"], *list(values.values())[1:]]
        update_wrapper(test, steps)
        vars(test).update(__signature__=Signature(wanted), build=build, record=record)
        return test

    return decorate


def alone(test: Callable[..., Any], *values: Any, **more: Any) -> None:
    """Run a test in steps by itself, at once; any other one as it is."""
    for _ in getattr(test, "__wrapped__", test)(*values, **more) or ():
        pass


def run(items: Sequence[Any], root: Path) -> dict[str, BaseException]:
    """Run the tests in steps among these, from yield to yield; returns what the failed ones raised."""
    raised: dict[str, BaseException] = {}
    items = [item for item in items if hasattr(item.obj, "record")]
    running = {item.name: _begin(item, root / str(number)) for number, item in enumerate(items)}
    for turn in count():
        waiting = {}
        for name, steps in running.items():
            try:
                waiting[name] = next(steps)
            except StopIteration:
                pass
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # it fails where it is reported
                raised[name] = error
        if not waiting:
            return raised
        running = {name: running[name] for name in waiting}
        items[0].obj.record(root / f"turn{turn}", list(waiting.values()))
    raise AssertionError


def _begin(item: Any, root: Path) -> Steps:
    values = item.callspec.params if hasattr(item, "callspec") else {}
    return item.obj.__wrapped__(item.obj.build(root), **values)
