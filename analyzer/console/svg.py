"""SVG as text: elements whose attributes and text are escaped, whatever they say."""

from markupsafe import Markup, escape

from analyzer.text import beginning, escape_controls

_LONGEST = 300  # characters of a name within a drawing


def element(name: str, *children: str, **attributes: object) -> Markup:
    """An element; ``class_`` is written ``class``, ``data_lane`` is ``data-lane``.

    An attribute that is None is left out; *children* are markup, or text that is escaped.
    """
    written = "".join(
        f' {_hyphenated(key)}="{_text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(child if isinstance(child, Markup) else text(child) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")  # noqa: S704  # every part is escaped


def text(value: str) -> Markup:
    """A name from an array or a file, harmless and not too long."""
    return escape(beginning(escape_controls(value), _LONGEST))


def _text(value: object) -> Markup:
    """An attribute whole: half a path is none."""
    if isinstance(value, float):
        return escape(f"{value:g}")
    return escape(escape_controls(value if isinstance(value, str) else str(value)))


def _hyphenated(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
