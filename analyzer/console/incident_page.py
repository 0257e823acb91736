"""The page of an incident."""

from analyzer.console.view import View


def page(view: View) -> str:
    """The window of the URL with its two handles."""
    return view.render("incident.html")
