"""Valid names, and the one wildcard: ``*``, without regard to case, everywhere."""

import re
from collections.abc import Collection
from functools import lru_cache

from analyzer.errors import UsageError

_CLUSTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_cluster(name: str) -> str:
    """The name itself, if a cluster may be called so.

    Raises:
        UsageError: it could not be a folder's name everywhere.
    """
    if not is_cluster(name):
        raise UsageError(
            f"'{name}' cannot name a cluster: letters, digits, '.', '_' and '-', at most 64"
        )
    return name


def matches(pattern: str, name: str) -> bool:
    """Whether the wildcard matches the whole name."""
    return _compiled(pattern.lower()).fullmatch(name.lower()) is not None


def matches_any(patterns: Collection[str], name: str) -> bool:
    """Whether one of the wildcards matches the whole name, or there is none to match."""
    return not patterns or any(matches(pattern, name) for pattern in patterns)


def is_cluster(name: str) -> bool:
    """Whether a cluster may be called so."""
    return _CLUSTER.fullmatch(name) is not None


def like(pattern: str) -> str:
    """The wildcard for SQL's ``lower(…) like … escape '^'``."""
    return re.sub(r"([\^%_])", r"^\1", pattern.lower()).replace("*", "%")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Possessive, part by part, as far as the next part: a pattern of many stars is linear.
    first, *rest = (re.escape(part) for part in pattern.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    text = first + "".join(f"(?>.*?{part})" for part in middle if part) + f".*{last}"
    return re.compile(text, re.DOTALL)
