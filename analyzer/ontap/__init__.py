"""Asking an ONTAP cluster: the only door to HTTP.

Failures are values here: every listing says how it ended and why (``Answer``).
"""

from analyzer.ontap.client import Answer, Array, Problem
from analyzer.ontap.decode import Malformed
from analyzer.ontap.listing import companion, identity, novelties, sessions

__all__ = [
    "Answer",
    "Array",
    "Malformed",
    "Problem",
    "companion",
    "identity",
    "novelties",
    "sessions",
]
