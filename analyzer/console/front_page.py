"""The first page: the facts of ``analyzer status``, with links to what they are about."""

from analyzer.console.view import View
from analyzer.report import status


def page(view: View) -> str:
    """What is open, still missing and new, how old the data is, ready for an upgrade or not."""
    return view.render("front.html", status=status.status(view.catalog, view.request()))
