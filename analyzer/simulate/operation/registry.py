"""Operations by name."""

from collections.abc import Callable

from analyzer.errors import UsageError
from analyzer.simulate.world import World

Operation = Callable[..., None]
OPERATIONS: dict[str, Operation] = {}


def operation(function: Operation) -> Operation:
    OPERATIONS[function.__name__] = function
    return function


def apply(world: World, name: str, *arguments: str) -> None:
    """Do one operation by its name.

    Raises:
        UsageError: there is none of that name, or its arguments do not fit.
    """
    if name not in OPERATIONS:
        raise UsageError(f"no operation '{name}'; there are {', '.join(OPERATIONS)}")
    try:
        OPERATIONS[name](world, *arguments)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"'{name} {' '.join(arguments)}' does not fit this world") from error
    world.revision += 1
