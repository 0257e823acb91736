"""Asking an ONTAP cluster over HTTP.

A failure is a value here: every listing says how it ended and why (``ListingResult``).
"""

from analyzer.ontap.client import Client, RequestFailed
from analyzer.ontap.decode import Malformed
from analyzer.ontap.listing import identity, inventory, members, sessions, unknown_fields

__all__ = [
    "Client",
    "Malformed",
    "RequestFailed",
    "identity",
    "inventory",
    "members",
    "sessions",
    "unknown_fields",
]
