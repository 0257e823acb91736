"""How bad a finding is (contract: info < low < medium < high < critical)."""

SEVERITIES = ("critical", "high", "medium", "low", "info")


def at_least(least: str) -> tuple[str, ...]:
    """*least* and what is worse."""
    return SEVERITIES[: SEVERITIES.index(least) + 1]
