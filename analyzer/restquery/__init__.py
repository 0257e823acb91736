"""The query language of ONTAP's REST interface: parsed once, answered anywhere."""

from analyzer.restquery.error import QueryError
from analyzer.restquery.page import Page, page
from analyzer.restquery.query import Clause, Query, parse, write

__all__ = ["Clause", "Page", "Query", "QueryError", "page", "parse", "write"]
