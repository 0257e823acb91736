"""The query language of ONTAP's REST interface: parsed once, answered anywhere."""

from analyzer.rest.language.error import QueryError
from analyzer.rest.language.page import Page, page
from analyzer.rest.language.query import Clause, Query, parse

__all__ = ["Clause", "Page", "Query", "QueryError", "page", "parse"]
