"""Operations on a world. Every operation takes keys, or patterns such as ``lnx*``.

Operations that take sessions away leave the hosts wanting them; ``recover`` is the hosts
trying again, with the ISID they had.
"""

from analyzer.simulate.operation import attribute, host, target  # noqa: F401  # they fill OPERATIONS
from analyzer.simulate.operation.registry import OPERATIONS, apply

__all__ = ["OPERATIONS", "apply"]
