"""Everything that can go wrong for a reason the user can act on.

AnalyzerError
├── UsageError      2   a command, an option, a time, a file or a configuration key is wrong
│   └── NothingSeen     no complete snapshot lies at or before the time
├── StoreError      4   the store is damaged or cannot be written
├── Unreachable    69   a cluster could not be reached or gave no usable answer
├── Busy           75   another collector holds the cluster; try again
├── Denied         77   credentials refused or rights missing
└── Interrupted   130   somebody ended the run: Ctrl-C, or a signal
"""


class AnalyzerError(Exception):
    """A sentence for the user; the exit code is the class's."""

    exit_code = 70


class UsageError(AnalyzerError):
    exit_code = 2


class ExtraMissing(UsageError):
    """*feature* needs an optional dependency group that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the extra '{extra}', which is not installed;"
            f" in a clone of the project: pip install '.[{extra}]'"
        )


class NothingSeen(UsageError):
    """No complete snapshot lies at or before the requested instant."""


class StoreError(AnalyzerError):
    exit_code = 4


class Unreachable(AnalyzerError):
    exit_code = 69


class Busy(AnalyzerError):
    exit_code = 75


class Denied(AnalyzerError):
    exit_code = 77


class Interrupted(AnalyzerError):
    exit_code = 130

    def __init__(self) -> None:
        super().__init__("stopped")
