"""Errors of a request in ONTAP's form: a status, a code, a message, a target."""

from analyzer.errors import UsageError
from analyzer.ontap.resource import Json

METHOD = 3
ABSENT = 4
FORBIDDEN = 6
LIMIT = 7
INTERNAL = 262145
TOO_MANY = 262160
UNKNOWN_SVM = 2621462
UNEXPECTED = 262179
MISSING_VALUE = 262177
MISSING_BOUND = 262194
TWICE = 262188
INVALID = 262197
BODY = 262198
BRACES = 262286
SEARCH_ALONE = 262272
SEARCH_FIELDS_ALONE = 262273
SEARCH_FIELD = 262274
BAD_URL = 39387137


class QueryError(UsageError):
    """A request that cannot be answered; ``status`` is of HTTP, ``code`` is ONTAP's."""

    def __init__(self, status: int, code: int, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target

    def body(self) -> Json:
        """ONTAP's envelope; its code is an integer inside a string."""
        error = {"message": self.message, "code": str(self.code)}
        return {"error": error if self.target is None else {**error, "target": self.target}}


def bad(code: int, message: str, target: str | None = None) -> QueryError:
    return QueryError(400, code, message, target)


def invalid(value: str, name: str, hint: str = "") -> QueryError:
    return bad(INVALID, f'The value "{value}" is invalid for field "{name}"{hint}', name)


def absent(target: str | None = None) -> QueryError:
    return QueryError(404, ABSENT, "entry doesn't exist", target)
