"""Formulas as MathML, which browsers show without a script: only the elements and attributes that are named here."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

from ....providers.untrusted import harmless

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_CHARACTERS = 4000
"""Longer formulas are shown as they were written."""

_ELEMENTS = frozenset(
    ("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot", "mover",
     "munder", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose")
)  # fmt: skip
_ATTRIBUTES = {
    "display": re.compile(r"block|inline"), "displaystyle": re.compile(r"true|false"),
    "stretchy": re.compile(r"true|false"), "fence": re.compile(r"true|false"), "form": re.compile(r"prefix|postfix"),
    "accent": re.compile(r"true|false"), "mathvariant": re.compile(r"[a-z-]{1,24}"),
    "columnalign": re.compile(r"[a-z ]{1,40}"), "notation": re.compile(r"[a-z ]{1,40}"),
    "width": re.compile(r"-?[0-2]?(\.\d{1,4})?em"), "linethickness": re.compile(r"0|[0-2](\.\d{1,2})?(em|px)?"),
    "minsize": re.compile(r"[0-9](\.\d{1,3})?em"), "maxsize": re.compile(r"[0-9](\.\d{1,3})?em"),
}  # fmt: skip
_MACROS = re.compile(r"\\(?:re)?newcommand|\\(?:g|e|x)?def\b|\\let\b")
_WORD = re.compile(r"[A-Za-z]{2,}\s+[A-Za-z]{2,}|\d\s+[A-Za-z]{2,}")
_FORMAL = re.compile(r"[\\^_=+<>{}|]")


def is_prose(text: str) -> bool:
    """Whether what stands between two dollar signs reads like words between two amounts."""
    return _FORMAL.search(text) is None and _WORD.search(text) is not None


def mathml(formula: str, *, display: bool = False) -> str | None:
    """The formula as MathML, whose tooltip is its source; None where it cannot be read, or defines names of its own."""
    from latex2mathml.converter import convert_to_element

    if len(formula) > MAX_CHARACTERS or _MACROS.search(formula):
        return None
    try:
        element = convert_to_element(formula.strip(), display="block" if display else "inline")
        inside = "".join(map(_spelled, element))
    except Exception:
        return None  # whatever a model wrote, its source is shown
    kind = "block" if display else "inline"
    return f'<math display="{kind}" title="{escape(harmless(formula.strip()))}">{inside}</math>' if inside else None


def _spelled(element: Element) -> str:
    inside = escape(harmless(unescape(element.text or ""))) + "".join(map(_spelled, element))
    if element.tag not in _ELEMENTS:
        return f"<mrow>{inside}</mrow>"
    attributes = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if (allowed := _ATTRIBUTES.get(name)) and allowed.fullmatch(value)
    )
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"
