"""What a name may look like, and which names a wildcard matches."""

import re

from analyzer.errors import UsageError

_CLUSTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_cluster(name: str) -> str:
    """The name itself, if a cluster may be called so.

    Raises:
        UsageError: it could not be a folder's name everywhere.
    """
    if not _CLUSTER.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot name a cluster: letters, digits, '.', '_' and '-', at most 64"
        )
    return name


def like(pattern: str) -> str:
    """The wildcard ``*`` as a pattern for SQL's ``like … escape '^'``; nothing else is special."""
    return re.sub(r"([\^%_])", r"^\1", pattern).replace("*", "%")
