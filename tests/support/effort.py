"""How deep the suite looks: ``make test`` as far as people wait for it, ``make thorough`` all the way.

One switch, ``ANALYZER_THOROUGH``: more random examples, and the tests that are marked ``thorough``,
which ask again what another test asks in another way.
"""

import os

from hypothesis import settings

THOROUGH = bool(os.environ.get("ANALYZER_THOROUGH"))


def effort(quick: int, thorough: int) -> int:
    """How many examples, nights, kills or flips there are."""
    return thorough if THOROUGH else quick


# A history costs more than an example: few that are long, where much can come together.
few = settings(max_examples=effort(2, 60), deadline=None)
