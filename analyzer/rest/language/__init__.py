"""The query language of ONTAP's REST interface: parsed once, answered anywhere."""

from analyzer.rest.language.error import QueryError
from analyzer.rest.language.memory import MemoryRecords
from analyzer.rest.language.query import Clause, RestQuery, parse
from analyzer.rest.language.records import Slice

__all__ = ["Clause", "MemoryRecords", "QueryError", "RestQuery", "Slice", "parse"]
