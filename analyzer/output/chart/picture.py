"""One picture: its Altair chart, its words, and how it becomes a still image.

The SVG of a page is rebuilt from an allow-list of elements and attributes: nothing in it can run,
load from the network or carry a style that the page's content security policy would refuse. Text of
the array is in it as text only. Ink is ``currentColor``; the other colours are legible on light and
dark.
"""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

INK, FAINT = "#1b1f24", "#7a8490"
LOST, DOUBT, HEALTHY, CALM = "#d6453a", "#d98e04", "#2f8f5b", "#3b82c4"
SERIES = [CALM, DOUBT, HEALTHY, "#a463c9", LOST, "#1d9aa3", "#c2578a", "#8a7a45"]

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {"svg", "g", "path", "rect", "line", "circle", "text", "tspan"}
_ATTRIBUTES = {
    "d", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "r", "cx", "cy", "width", "height",
    "viewBox", "transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity",
    "stroke-dasharray", "opacity", "text-anchor", "font-family", "font-size", "font-weight",
    "font-style", "pointer-events",
}  # fmt: skip

VegaLite = dict[str, Any]  # a specification, as Altair writes it

ET.register_namespace("", "http://www.w3.org/2000/svg")


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with its words; *text* is its alternative for readers who cannot see it."""

    name: str
    title: str
    text: str
    chart: Any

    def specification(self) -> VegaLite:
        """The chart as Vega-Lite."""
        with unchecked():
            return self._specification()

    def _specification(self) -> VegaLite:
        styled = self.chart.configure(
            background="white",
            font="sans-serif",
            padding=8,
            axis=alt.AxisConfig(
                labelColor=INK, titleColor=INK, gridColor=FAINT, gridOpacity=0.25,
                domainColor=FAINT, tickColor=FAINT, labelFontSize=11, titleFontSize=11,
                titleFontWeight="normal",
            ),
            legend=alt.LegendConfig(
                labelColor=INK, titleColor=INK, orient="top", title=None, labelLimit=300,
                symbolOpacity=1,
            ),
            view=alt.ViewConfig(stroke=None),
        )  # fmt: skip
        specification: VegaLite = styled.to_dict(validate=False)  # the tests do, once
        return specification | {"description": self.text}

    def saved(self, suffix: str) -> bytes:
        """The picture as a file: ``.svg``, ``.png`` or ``.json``."""
        titled = self.specification() | {"title": {"text": self.title, "anchor": "start"}}
        if suffix == ".json":
            return json.dumps(titled, indent=1).encode() + b"\n"
        if suffix == ".png":
            return bytes(vl_convert.vegalite_to_png(titled, scale=2))
        return self._clean(titled, ink=INK).encode()

    def svg(self) -> str:
        """The picture as part of a page, without its title and its ground."""
        return self._clean(self.specification() | {"background": None}, ink="currentColor")

    def _clean(self, specification: VegaLite, ink: str) -> str:
        drawn = vl_convert.vegalite_to_svg(specification)
        root = _still(ET.fromstring(drawn), ink)  # noqa: S314  # rendered here, by the library
        root.set("role", "img")
        root.set("aria-label", f"{self.title}. {self.text}")
        for place, (tag, words) in enumerate((("title", self.title), ("desc", self.text))):
            part = ET.Element(_SVG + tag)
            part.text = words
            root.insert(place, part)
        return ET.tostring(root, encoding="unicode")


def unchecked() -> AbstractContextManager[None]:
    """Altair without schema validation of every object, which takes longer than drawing."""
    return debug_mode(arg=False)


def _still(element: ET.Element, ink: str) -> ET.Element:
    """A copy that has only elements and attributes of a still picture."""
    copy = ET.Element(element.tag)
    copy.text = element.text
    for name, value in element.attrib.items():
        if name in _ATTRIBUTES and "url(" not in value:
            copy.set(name, ink if value == INK else value)
    for child in element:
        if child.tag.removeprefix(_SVG) in _ELEMENTS:
            copy.append(_still(child, ink))
    return copy
