"""A model's Markdown as HTML: only the tags written here, only links to the web or to mail, and nothing that loads."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ....providers.json_values import is_blank
from ....providers.untrusted import harmless, harmless_pieces, one_line, span_without
from ..formulas import BLOCK, INLINE, model_parser, source
from .code import coloured
from .mathml import is_prose, mathml

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markupsafe import Markup

MAX_CHARACTERS = 200_000
"""Longer texts are shown as they are: nobody reads their layout, and parsing them takes seconds."""

_HIGHEST_HEADING = 5
"""A heading of an answer stands below the page's own, which end at 4."""

_PLAIN_TAGS = {
    "paragraph_open": "<p>", "paragraph_close": "</p>\n",
    "blockquote_open": "<blockquote>\n", "blockquote_close": "</blockquote>\n",
    "bullet_list_open": "<ul>\n", "bullet_list_close": "</ul>\n", "ordered_list_close": "</ol>\n",
    "list_item_open": "<li>", "list_item_close": "</li>\n",
    "table_open": '<div class="scroll" tabindex="0"><table>\n', "table_close": "</table></div>\n",
    "thead_open": "<thead>", "thead_close": "</thead>\n", "tbody_open": "<tbody>", "tbody_close": "</tbody>\n",
    "tr_open": "<tr>", "tr_close": "</tr>\n", "th_close": "</th>", "td_close": "</td>",
    "em_open": "<em>", "em_close": "</em>", "strong_open": "<strong>", "strong_close": "</strong>",
    "s_open": "<s>", "s_close": "</s>",
    "hr": "<hr>\n", "softbreak": "<br>\n", "hardbreak": "<br>\n",
}  # fmt: skip
_IN_TIGHT_LISTS = ("paragraph_open", "paragraph_close")
_ALIGNMENTS = {"text-align:right": "right", "text-align:center": "center"}


def markdown_html(text: str) -> str:
    """Return `text` as HTML, or as preformatted text where it is too long or too odd to be read as Markdown."""
    safe = harmless(text).strip("\n")
    if len(safe) <= MAX_CHARACTERS:
        try:
            if (html := _document(safe)) is not None:
                return html
        except Exception:  # noqa: S110 - whatever a model wrote, its answer is shown and its neighbours are not lost
            pass
    return plain_html(safe)


def plain_html(text: str) -> str:
    """Return `text` as it is, line for line."""
    return "".join(plain_pieces(text)) if text else ""


def plain_pieces(text: str, start: int = 0, end: int | None = None) -> Iterator[str]:
    """The same in pieces, none of which is long, of what lies between `start` and `end`."""
    yield '<div class="plain">'
    yield from map(escape, harmless_pieces(text, start, end))
    yield "</div>"


class Shown:
    """A text on a page, as often as it is asked for: Markdown, or as it is where it is too long for that.

    Of one that is not `marked_up` no Markdown is read. It gives pieces of HTML; there are none where there is no text.
    """

    __slots__ = ("_end", "_html", "_start", "_text")

    def __init__(self, text: str, *, marked_up: bool = True) -> None:
        self._text = text
        self._start, self._end = span_without("\r\n", text)
        self._html = ""
        if not is_blank(text) and len(text) <= MAX_CHARACTERS:
            self._html = markdown_html(text) if marked_up else plain_html(text.strip("\n"))

    def __bool__(self) -> bool:
        return bool(self._html) or (self._end > self._start and not is_blank(self._text))

    def __iter__(self) -> Iterator[Markup]:
        from markupsafe import Markup

        if self._html or not self:
            yield Markup(self._html)  # noqa: S704 - escaped there
        else:
            for piece in plain_pieces(self._text, self._start, self._end):
                yield Markup(piece)  # noqa: S704 - escaped there


def _document(text: str) -> str | None:
    """The text as HTML; None where the parser has left something out, as it does below its deepest level."""
    parser = model_parser()
    environment: dict[str, Any] = {}
    tokens = parser.parse(text, environment)
    if any(token.level >= parser.options["maxNesting"] - 1 for token in tokens):
        return None
    return (_blocks(tokens) + _unused_definitions(tokens, environment.get("references", {}))).strip() or None


def _unused_definitions(tokens: list[Token], definitions: dict[str, dict[str, Any]]) -> str:
    """The link definitions that no link uses: Markdown shows nothing of them, and nobody else would."""
    children = [child for token in tokens for child in token.children or ()]
    used = {str(child.attrs.get("href", child.attrs.get("src", ""))) for child in children}
    lines = [
        f"[{label}]: {' '.join(filter(None, (definition.get('href'), definition.get('title'))))}"
        for label, definition in definitions.items()
        if definition.get("href") not in used
    ]
    return f'<p class="place">{"<br>".join(map(_text, lines))}</p>' if lines else ""


def _blocks(tokens: list[Token]) -> str:
    return "".join(map(_block, tokens))


def _block(token: Token) -> str:
    match token.type:
        case "inline":
            return _inline(token.children or [])
        case "fence" | "code_block":
            language = escape(one_line(token.info, 40))
            named = f' data-language="{language}"' if language else ""
            return f'<pre tabindex="0"{named}><code>{coloured(token.content, token.info)}</code></pre>\n'
        case "heading_open" | "heading_close":
            return _heading(token)
        case _ if token.type == BLOCK:
            shown = mathml(token.content, display=True)
            return f'<div class="formula scroll" tabindex="0">{shown or _text(source(token))}</div>\n'
        case "ordered_list_open":
            start = token.attrs.get("start")
            return f'<ol start="{int(start)}">\n' if start is not None else "<ol>\n"
        case "th_open" | "td_open":
            aligned = _ALIGNMENTS.get(str(token.attrs.get("style")))
            return f'<{token.type[:2]} class="{aligned}">' if aligned else f"<{token.type[:2]}>"
        case kind if kind in _IN_TIGHT_LISTS and token.hidden:
            return "\n" if token.nesting < 0 else ""
        case kind:
            return _PLAIN_TAGS.get(kind) or _text(token.content)


def _heading(token: Token) -> str:
    written = int(token.tag.removeprefix("h"))
    level = min(written + _HIGHEST_HEADING - 1, 6)
    return f'<h{level} class="as-h{written}">' if token.nesting > 0 else f"</h{level}>\n"


def _inline(tokens: list[Token]) -> str:
    parts: list[str] = []
    open_links: list[str] = []
    for index, token in enumerate(tokens):
        match token.type:
            case "text":
                parts.append(_text(token.content))
            case _ if token.type == INLINE:
                is_formula = token.markup != "$" or not is_prose(token.content)
                parts.append((mathml(token.content) if is_formula else None) or _text(source(token)))
            case "code_inline":
                parts.append(f"<code>{_text(token.content)}</code>")
            case "image":
                told = (token.content, str(token.attrs.get("src", "")), str(token.attrs.get("title", "")))
                shown = " ".join(filter(None, told))
                parts.append(f'<span class="image">[image: {_text(shown)}]</span>')
            case "link_open":
                address = harmless(str(token.attrs.get("href", "")))
                said = index + 1 < len(tokens) and tokens[index + 1].content == address
                opening, closing = _link(address, str(token.attrs.get("title", "")), said=said)
                parts.append(opening)
                open_links.append(closing)
            case "link_close":
                parts.append(open_links.pop() if open_links else "")
            case kind:
                parts.append(_PLAIN_TAGS.get(kind) or _text(token.content))
    return "".join(parts) + "".join(reversed(open_links))


def _link(address: str, title: str, *, said: bool) -> tuple[str, str]:
    """What opens and closes a link; the place it leads to follows its text, whatever that text pretends.

    An address that is none of the web or of mail is written out and leads nowhere.
    """
    place = destination(address)
    if place is None:
        return "", "" if said or not address else f' <span class="place">({_text(address)})</span>'
    named = f' title="{_text(title)}"' if title else ""
    opening = f'<a href="{escape(address)}"{named} rel="noopener noreferrer nofollow" target="_blank">'
    return opening, "</a>" if said else f'</a> <span class="place">({_text(place)})</span>'


def destination(address: str) -> str | None:
    """The host of a web address or the mailbox of a `mailto:`; None for every other address."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return host or None
    if parts.scheme == "mailto":
        return parts.path if "@" in parts.path else None
    return None


def _text(text: str) -> str:
    """Escaped text, made harmless once more: entities such as `&#x202E;` come to life in the parser."""
    return escape(harmless(text))
